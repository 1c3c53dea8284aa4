/**
 * The allocator that an application may hand in.
 *
 * Where a `const frl_mem *` is taken, NULL means the C library's. The struct is
 * copied; its functions must be callable from any thread and must stay valid as
 * long as any object made with it lives.
 */
#ifndef FERRULE_MEM_H
#define FERRULE_MEM_H

#include <ferrule/export.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct frl_mem {
  /** As realloc: ptr NULL allocates; size is never 0. NULL = out of memory. */
  void *(*realloc)(void *ctx, void *ptr, size_t size);
  /** As free: ptr may be NULL. */
  void (*free)(void *ctx, void *ptr);
  void *ctx;
} frl_mem;

#ifdef __cplusplus
}
#endif

#endif /* FERRULE_MEM_H */
