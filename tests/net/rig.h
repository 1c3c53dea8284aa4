/**
 * A server and a client in one process over loopback, each on a loop of its own, and
 * a probe that runs one call from the test's thread.
 *
 * Methods of the server: /t.S/Echo (unary; metadata x-code answers that status),
 * /t.S/Bidi (each message comes back), /t.S/Source (the request "COUNT SIZE" is
 * answered with COUNT messages of SIZE bytes, as fast as they are taken), /t.S/Sink
 * (counts, answers the count), /t.S/Hang (never answers), /t.S/Drop (closes the
 * connection inside a message), /t.S/Reset (RST_STREAM). Metadata x-test comes back as
 * a header, x-gzip asks for compressed responses.
 */
#ifndef FRL_TESTS_NET_RIG_H
#define FRL_TESTS_NET_RIG_H

#include "base/buf.h"
#include "base/sync.h"
#include "net/grpc_client.h"
#include "net/grpc_server.h"
#include "support/cmocka_c.h"
#include "support/failing_mem.h"

typedef struct rig {
  void *services[32]; /* of the methods; see rig_service.c */
  frl_loop *server_loop;
  frl_loop *client_loop;
  frl_server *server;
  frl_channel *channel;
  char target[64];
  frl_server_options server_options;   /* may be set before rig_start */
  frl_channel_options channel_options; /* likewise; target is filled in */
  frl_mem server_mem;                  /* likewise; zero: the C library's */
  /* what the server saw, read and written on its loop only */
  uint64_t opened;
  uint64_t closed;
  uint64_t source_unsent_max;
} rig;

void rig_init(rig *r);
void rig_start(rig *r);
/** A server again, on the port of the former one. */
void rig_restart_server(rig *r);
void rig_stop_server(rig *r, uint32_t grace_ms);
void rig_stop(rig *r);
/** For cmocka: a rig on the heap, not started; and its end. */
int rig_set_up(void **state);
int rig_tear_down(void **state);
/** Lets both loops take a few turns, so that what was closed is freed. */
void rig_settle(rig *r);
/** The server's allocator refuses its n-th request from now on. */
void rig_fail_at(rig *r, failing_mem *failing, size_t n);
/** Reads a counter of the server on its loop. */
uint64_t rig_read(rig *r, const uint64_t *counter);

typedef struct probe {
  rig *rig;
  frl_call *call; /* loop only */
  frl_mutex lock;
  frl_cond changed;
  /* under the lock */
  uint32_t messages;
  uint64_t bytes;
  frl_buf last; /* the newest whole message */
  frl_buf current;
  bool headers;
  bool closed;
  bool refused; /* frl_call_start failed */
  int32_t code;
  char message[256];
  frl_buf details;
  char header_value[64];  /* of x-test */
  char trailer_value[64]; /* of x-trailer-bin */
  uint32_t writable;
  /* set before the start */
  frl_call_options options;
  uint32_t fail_after; /* messages, then the sink says FRL_E_LIMIT */
} probe;

void probe_init(probe *p, rig *r, const char *path);
void probe_start(probe *p);
/** A call of the path with one message, perhaps the last. */
void probe_begin(probe *p, rig *r, const char *path, const char *text, bool last);
/** false: frl_call_start failed, and the probe counts as closed. */
bool probe_try_start(probe *p);
void probe_send(probe *p, const void *data, size_t n, bool last);
void probe_send_text(probe *p, const char *text, bool last);
void probe_finish(probe *p);
void probe_cancel(probe *p);
void probe_consumed(probe *p, size_t n);
/** Waits at most 20 s; false = the time ran out, or the call ended first. */
bool probe_wait_messages(probe *p, uint32_t n);
/** The status code. Fails the test after 20 s. */
int32_t probe_wait_closed(probe *p);
void probe_deinit(probe *p);

/** A short unary call of /t.S/Echo; what comes back is looked at. */
frl_status rig_echo(rig *r, frl_error *err);
/** One unary call, its response in out. */
frl_status rig_unary(rig *r, const char *path, const void *data, size_t n,
    int64_t timeout_ms, frl_buf *out, frl_error *err);

#endif /* FRL_TESTS_NET_RIG_H */
