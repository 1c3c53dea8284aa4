/** Where IPC bytes go to and come from: a path, a descriptor, a callback, memory. */
#ifndef FRL_ARROW_IPC_IO_H
#define FRL_ARROW_IPC_IO_H

#include <ferrule/batch.h>
#include <ferrule/error.h>
#include <ferrule/mem.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct frl_ipc_sink {
  frl_ipc_write_fn write; /* NULL: fd */
  void *ctx;
  int fd;
  char *path; /* where finish renames temp to; NULL: nothing to rename */
  char *temp;
  bool own_fd;
  frl_mem mem;
} frl_ipc_sink;

/** Creates or empties the file; atomic: a file beside it. FRL_E_IO, FRL_E_NOMEM. */
FRL_NODISCARD frl_status frl_ipc_sink_open(frl_ipc_sink *sink, const frl_mem *mem,
    const char *path, bool atomic, frl_error *err);
FRL_NODISCARD frl_status frl_ipc_sink_write(
    frl_ipc_sink *sink, const void *data, size_t n, frl_error *err);
/** Syncs and renames where atomic; closes what was opened. */
FRL_NODISCARD frl_status frl_ipc_sink_finish(frl_ipc_sink *sink, frl_error *err);
/** Closes; an unfinished atomic file is removed. */
void frl_ipc_sink_deinit(frl_ipc_sink *sink);

typedef struct frl_ipc_source {
  frl_ipc_read_fn read; /* NULL: fd, or bytes */
  void *ctx;
  int fd; /* -1: bytes */
  const uint8_t *bytes;
  bool own_fd;
  bool knows_left;
  uint64_t left; /* bytes to come, where known */
} frl_ipc_source;

/** FRL_E_NOT_FOUND, FRL_E_IO. */
FRL_NODISCARD frl_status frl_ipc_source_open(
    frl_ipc_source *source, const char *path, frl_error *err);
/** What is known of an open descriptor. */
void frl_ipc_source_of_fd(frl_ipc_source *source, int fd);
/** n bytes, fewer only at the end of the input. */
FRL_NODISCARD frl_status frl_ipc_source_read(
    frl_ipc_source *source, void *data, size_t n, size_t *got, frl_error *err);
void frl_ipc_source_deinit(frl_ipc_source *source);

#endif /* FRL_ARROW_IPC_IO_H */
