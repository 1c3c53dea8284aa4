/**
 * The native library as the Java classes call it: a table of entry points.
 *
 * A process can hold several copies of this library, one for each class loader that
 * has the jar (Spark Connect gives every session its own). Bounds such as
 * reservoirBytes hold for the process, so all copies of one version call the table of
 * the copy that came first; its address is kept by NativeLibrary.java. A copy is
 * never unloaded: it holds global references to classes of its loader.
 *
 * Threads: set once while the library is loaded, read from any thread afterwards.
 */
#ifndef FRL_JNI_CORE_H
#define FRL_JNI_CORE_H

#include <ferrule/batch.h>
#include <ferrule/coordinator.h>
#include <ferrule/error.h>
#include <ferrule/log.h>

typedef struct frl_jni_core {
  size_t struct_size;
  frl_status (*coordinator_open)(frl_coordinator **, const char *, frl_error *);
  frl_status (*latest_offset)(
      frl_coordinator *, const char *, const frl_batch_request *, char **, frl_error *);
  frl_status (*initial_offset)(frl_coordinator *, char **, frl_error *);
  frl_status (*drain)(frl_coordinator *, frl_error *);
  frl_status (*plan)(
      frl_coordinator *, const char *, const char *, char **, frl_error *);
  frl_status (*commit)(frl_coordinator *, const char *, frl_error *);
  frl_status (*metrics)(frl_coordinator *, char **, frl_error *);
  frl_status (*stop)(frl_coordinator *, const char *, int64_t, frl_error *);
  void (*text_free)(char *);
  frl_status (*scan_open)(
      frl_scan **, const char *, const char *, const char *, frl_error *);
  frl_status (*scan_schema)(frl_scan *, struct ArrowSchema *, frl_error *);
  frl_status (*scan_next)(frl_scan *, struct ArrowArray *, int64_t, frl_error *);
  void (*scan_get_stats)(const frl_scan *, frl_scan_stats *);
  void (*scan_close)(frl_scan *);
  uint64_t (*process_bytes)(void);
  void (*process_close)(int64_t);
} frl_jni_core;

/** The table in force. */
const frl_jni_core *frl_jni_core_get(void);
/** This copy's own table. */
const frl_jni_core *frl_jni_core_own(void);
/** Call another copy's table from now on; it must be of the same version. */
void frl_jni_core_use(const frl_jni_core *core);

#endif /* FRL_JNI_CORE_H */
