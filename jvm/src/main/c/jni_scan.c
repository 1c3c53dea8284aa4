#include <stdlib.h>

#include "jni_core.h"
#include "jni_support.h"

/* What scanNext returns; Native.java has the same numbers. */
enum { SCAN_BATCH = 0, SCAN_END = 1, SCAN_WAIT = 2 };

static jlong scan_open(JNIEnv *env, jclass self, jbyteArray partition,
    jbyteArray executor_id, jbyteArray host) {
  (void)self;
  char *texts[3] = {0};
  jlong handle = 0;
  if (frl_jni_text(env, partition, &texts[0]) &&
      frl_jni_text(env, executor_id, &texts[1]) && frl_jni_text(env, host, &texts[2])) {
    frl_scan *scan = NULL;
    frl_error err = {0};
    const frl_status st =
        frl_jni_core_get()->scan_open(&scan, texts[0], texts[1], texts[2], &err);
    if (st != FRL_OK) frl_jni_throw(env, st, &err);
    handle = frl_jni_handle(scan);
  }
  for (size_t i = 0; i < 3; i++) free(texts[i]);
  return handle;
}

static jlong scan_schema(JNIEnv *env, jclass self, jlong handle) {
  (void)self;
  struct ArrowSchema *schema = calloc(1, sizeof *schema);
  if (!schema) {
    frl_jni_throw(env, FRL_E_NOMEM, NULL);
    return 0;
  }
  frl_error err = {0};
  const frl_status st =
      frl_jni_core_get()->scan_schema(frl_jni_pointer(handle), schema, &err);
  if (st != FRL_OK) {
    free(schema);
    frl_jni_throw(env, st, &err);
    return 0;
  }
  return frl_jni_handle(schema);
}

static void schema_free(JNIEnv *env, jclass self, jlong address) {
  (void)env, (void)self;
  struct ArrowSchema *schema = frl_jni_pointer(address);
  if (schema->release) schema->release(schema);
  free(schema);
}

static jlong array_new(JNIEnv *env, jclass self) {
  (void)self;
  struct ArrowArray *array = calloc(1, sizeof *array);
  if (!array) frl_jni_throw(env, FRL_E_NOMEM, NULL);
  return frl_jni_handle(array);
}

static void array_free(JNIEnv *env, jclass self, jlong address) {
  (void)env, (void)self;
  struct ArrowArray *array = frl_jni_pointer(address);
  if (array->release) array->release(array);
  free(array);
}

static jint scan_next(
    JNIEnv *env, jclass self, jlong handle, jlong address, jlong timeout_ms) {
  (void)self;
  frl_error err = {0};
  const frl_status st = frl_jni_core_get()->scan_next(
      frl_jni_pointer(handle), frl_jni_pointer(address), (int64_t)timeout_ms, &err);
  switch (st) {
    case FRL_OK:
      return SCAN_BATCH;
    case FRL_END:
      return SCAN_END;
    case FRL_E_TIMEOUT:
      return SCAN_WAIT;
    default:
      frl_jni_throw(env, st, &err);
      return SCAN_END;
  }
}

static void scan_stats(JNIEnv *env, jclass self, jlong handle, jlongArray out) {
  (void)self;
  frl_scan_stats stats = {.struct_size = sizeof stats};
  frl_jni_core_get()->scan_get_stats(frl_jni_pointer(handle), &stats);
  const jlong values[] = {(jlong)stats.rows, (jlong)stats.bytes,
      (jlong)stats.dropped_rows, (jlong)stats.corrupt_rows, (jlong)stats.decode_ns,
      (jlong)stats.wait_ns, stats.relayed ? 1 : 0};
  (*env)->SetLongArrayRegion(
      env, out, 0, (jsize)(sizeof values / sizeof values[0]), values);
}

static void scan_close(JNIEnv *env, jclass self, jlong handle) {
  (void)env, (void)self;
  frl_jni_core_get()->scan_close(frl_jni_pointer(handle));
}

bool frl_jni_register_scan(JNIEnv *env, jclass native_class) {
  const frl_jni_method methods[] = {
      {"scanOpen", "([B[B[B)J", (frl_jni_function)scan_open},
      {"scanSchema", "(J)J", (frl_jni_function)scan_schema},
      {"schemaFree", "(J)V", (frl_jni_function)schema_free},
      {"arrayNew", "()J", (frl_jni_function)array_new},
      {"arrayFree", "(J)V", (frl_jni_function)array_free},
      {"scanNext", "(JJJ)I", (frl_jni_function)scan_next},
      {"scanStats", "(J[J)V", (frl_jni_function)scan_stats},
      {"scanClose", "(J)V", (frl_jni_function)scan_close},
  };
  return frl_jni_register(
      env, native_class, methods, sizeof methods / sizeof methods[0]);
}
