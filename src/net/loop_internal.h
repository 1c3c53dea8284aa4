/** What the other files of net/ need of a loop beyond loop.h. Loop thread only. */
#ifndef FRL_NET_LOOP_INTERNAL_H
#define FRL_NET_LOOP_INTERNAL_H

#include <stddef.h>
#include <uv.h>

#include "net/loop.h"

/** Work put off to the end of the loop's turn. Zero-initialise; embed. */
typedef struct frl_task {
  struct frl_task *next;
  struct frl_task *prev;
  void (*run)(struct frl_task *task);
  bool queued;
} frl_task;

uv_loop_t *frl__loop_uv(frl_loop *loop);
const frl_mem *frl__loop_mem(const frl_loop *loop);
/** Runs task->run once before the loop waits again; does nothing if queued. */
void frl__loop_defer(frl_loop *loop, frl_task *task);
void frl__loop_undefer(frl_loop *loop, frl_task *task);
/** The loop's one buffer for reading, valid until control returns to libuv. */
uint8_t *frl__loop_read_buf(frl_loop *loop, size_t *size);
/** A second one, for decrypted bytes; NULL = out of memory. */
uint8_t *frl__loop_plain_buf(frl_loop *loop, size_t *size);

#endif /* FRL_NET_LOOP_INTERNAL_H */
