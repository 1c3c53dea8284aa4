/**
 * One gRPC message on its way out, and a queue of them.
 *
 * The message is its five-byte prefix and the caller's slices, counted: a client
 * keeps it until the server has answered, so that it can be sent again on another
 * connection. Threads: the loop's.
 */
#ifndef FRL_NET_MSG_H
#define FRL_NET_MSG_H

#include <stdbool.h>

#include "base/chain.h"

typedef struct frl_msg {
  uint32_t refs;
  uint8_t prefix[5];
  size_t prefix_len; /* 5, or 0 for plain bytes */
  size_t bytes;      /* with the prefix */
  frl_chain chain;
  frl_mem mem;
} frl_msg;

/** Moves the chain on FRL_OK. FRL_E_LIMIT: more than 4 GiB - 1. One reference. */
FRL_NODISCARD frl_status frl_msg_create(
    frl_msg **out, frl_chain *chain, bool compressed, const frl_mem *mem);
/** Bytes that are no gRPC message. Otherwise the same. */
FRL_NODISCARD frl_status frl_msg_create_plain(
    frl_msg **out, frl_chain *chain, const frl_mem *mem);
frl_msg *frl_msg_ref(frl_msg *msg);
/** Takes void * to serve as a slice's release. */
void frl_msg_unref(void *msg);

typedef struct frl_msgq {
  frl_msg **items; /* items[head .. end - 1] */
  size_t head;
  size_t end;
  size_t cap;
} frl_msgq;

/** Takes over one reference on FRL_OK. */
FRL_NODISCARD frl_status frl_msgq_push(frl_msgq *q, frl_msg *msg, const frl_mem *mem);
/** The first, or NULL. */
frl_msg *frl_msgq_first(const frl_msgq *q);
/** Takes the first out; its reference is the caller's. */
frl_msg *frl_msgq_pop(frl_msgq *q);
/** Gives all references up. */
void frl_msgq_deinit(frl_msgq *q, const frl_mem *mem);

#endif /* FRL_NET_MSG_H */
