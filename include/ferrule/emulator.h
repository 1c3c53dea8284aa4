/**
 * An embedded Google Cloud Pub/Sub server for development and tests.
 *
 * It speaks the public v1 API over gRPC without credentials, so that the official
 * clients work unchanged against it. State lives in memory; with a data directory
 * it also survives the process.
 *
 * Threads: every function may be called from any thread.
 */
#ifndef FERRULE_EMULATOR_H
#define FERRULE_EMULATOR_H

#include <ferrule/error.h>
#include <ferrule/export.h>
#include <ferrule/mem.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct frl_emulator frl_emulator;

/** Zero means the default that stands behind each field. Texts are copied. */
typedef struct frl_emulator_options {
  size_t struct_size;
  const char *host;      /* "127.0.0.1" */
  uint16_t port;         /* 0: chosen by the system */
  const char *data_dir;  /* append-only log of the state; NULL: memory only */
  const char *cert_file; /* with key_file: TLS */
  const char *key_file;
  uint64_t max_bytes; /* 8 GiB of retained message bytes; publish beyond it
                         is answered RESOURCE_EXHAUSTED */
  const char *faults; /* faults to begin with, see frl_emulator_set_faults */
  const frl_mem *mem;
  bool status_page;     /* serve one on 127.0.0.1: /, /status.json and /metrics */
  uint16_t status_port; /* of the page; 0: chosen by the system */
} frl_emulator_options;

/** Listens and answers when it returns FRL_OK. */
FRL_API FRL_NODISCARD frl_status frl_emulator_start(
    frl_emulator **out, const frl_emulator_options *options, frl_error *err);
/** Ends open calls, closes the data directory, frees. NULL works. */
FRL_API void frl_emulator_stop(frl_emulator *emulator);
FRL_API uint16_t frl_emulator_port(const frl_emulator *emulator);
/** 0 without a status page. */
FRL_API uint16_t frl_emulator_status_port(const frl_emulator *emulator);

/** Full names: "projects/P/topics/T". FRL_E_EXISTS where it is there already. */
FRL_API FRL_NODISCARD frl_status frl_emulator_create_topic(
    frl_emulator *emulator, const char *topic, frl_error *err);
/** ack_deadline_s 0: 10. ordered: message ordering enabled. */
FRL_API FRL_NODISCARD frl_status frl_emulator_create_subscription(
    frl_emulator *emulator, const char *subscription, const char *topic,
    uint32_t ack_deadline_s, int ordered, frl_error *err);

/**
 * Replace the faults in force by those of the text; "" ends all. The same text is
 * taken by the control call /ferrule.emulator.v1.Control/SetFaults (field 1).
 * Its grammar is in docs/OPERATIONS.md under "Faults on request".
 */
FRL_API FRL_NODISCARD frl_status frl_emulator_set_faults(
    frl_emulator *emulator, const char *faults, frl_error *err);

/** Counts since the start, or of now. */
typedef struct frl_emulator_stats {
  size_t struct_size;
  uint64_t published, delivered, acked, nacked, expired, redelivered;
  uint64_t messages, bytes;      /* retained now, over all subscriptions' backlogs */
  uint64_t streams, outstanding; /* open StreamingPulls, leased messages, now */
} frl_emulator_stats;

FRL_API void frl_emulator_get_stats(frl_emulator *emulator, frl_emulator_stats *out);
/**
 * Messages of one subscription not yet acked, and how many of them are leased.
 * FRL_E_NOT_FOUND.
 */
FRL_API FRL_NODISCARD frl_status frl_emulator_backlog(frl_emulator *emulator,
    const char *subscription, uint64_t *unacked, uint64_t *leased, frl_error *err);

/**
 * The same two for an emulator in another process.
 *
 * @param address  "host:port"
 * @return also FRL_E_UNAVAILABLE, FRL_E_TIMEOUT.
 */
FRL_API FRL_NODISCARD frl_status frl_emulator_remote_set_faults(
    const char *address, const char *faults, frl_error *err);
FRL_API FRL_NODISCARD frl_status frl_emulator_remote_backlog(const char *address,
    const char *subscription, uint64_t *unacked, uint64_t *leased, frl_error *err);

#ifdef __cplusplus
}
#endif

#endif /* FERRULE_EMULATOR_H */
