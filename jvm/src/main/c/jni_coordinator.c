#include <stdlib.h>

#include "jni_core.h"
#include "jni_support.h"

/* Hands a text of the library to Java; what failed before is thrown. */
static jbyteArray take_text(
    JNIEnv *env, frl_status status, char *text, const frl_error *err) {
  if (status != FRL_OK) {
    frl_jni_throw(env, status, err);
    return NULL;
  }
  jbyteArray bytes = frl_jni_bytes(env, text);
  frl_jni_core_get()->text_free(text);
  return bytes;
}

static jlong coordinator_open(JNIEnv *env, jclass self, jbyteArray config) {
  (void)self;
  char *text;
  if (!frl_jni_text(env, config, &text)) return 0;
  frl_coordinator *coordinator = NULL;
  frl_error err = {0};
  const frl_status st = frl_jni_core_get()->coordinator_open(&coordinator, text, &err);
  free(text);
  if (st != FRL_OK) frl_jni_throw(env, st, &err);
  return frl_jni_handle(coordinator);
}

static jbyteArray initial_offset(JNIEnv *env, jclass self, jlong handle) {
  (void)self;
  char *text = NULL;
  frl_error err = {0};
  const frl_status st =
      frl_jni_core_get()->initial_offset(frl_jni_pointer(handle), &text, &err);
  return take_text(env, st, text, &err);
}

static jbyteArray latest_offset(JNIEnv *env, jclass self, jlong handle,
    jbyteArray start, jlong max_rows, jlong max_bytes, jint executors, jint cores,
    jboolean first_of_query) {
  (void)self;
  char *from;
  if (!frl_jni_text(env, start, &from)) return NULL;
  const frl_batch_request request = {
      .struct_size = sizeof request,
      .max_rows = (uint64_t)max_rows,
      .max_bytes = (uint64_t)max_bytes,
      .executors = (uint32_t)executors,
      .cores = (uint32_t)cores,
      .first_of_query = first_of_query == JNI_TRUE,
  };
  char *text = NULL;
  frl_error err = {0};
  const frl_status st = frl_jni_core_get()->latest_offset(
      frl_jni_pointer(handle), from, &request, &text, &err);
  free(from);
  return take_text(env, st, text, &err);
}

static void drain(JNIEnv *env, jclass self, jlong handle) {
  (void)self;
  frl_error err = {0};
  const frl_status st = frl_jni_core_get()->drain(frl_jni_pointer(handle), &err);
  if (st != FRL_OK) frl_jni_throw(env, st, &err);
}

static jbyteArray plan(
    JNIEnv *env, jclass self, jlong handle, jbyteArray start, jbyteArray end) {
  (void)self;
  char *from;
  if (!frl_jni_text(env, start, &from)) return NULL;
  char *to;
  if (!frl_jni_text(env, end, &to)) {
    free(from);
    return NULL;
  }
  char *text = NULL;
  frl_error err = {0};
  const frl_status st =
      frl_jni_core_get()->plan(frl_jni_pointer(handle), from, to, &text, &err);
  free(from);
  free(to);
  return take_text(env, st, text, &err);
}

static void commit(JNIEnv *env, jclass self, jlong handle, jbyteArray end) {
  (void)self;
  char *text;
  if (!frl_jni_text(env, end, &text)) return;
  frl_error err = {0};
  const frl_status st = frl_jni_core_get()->commit(frl_jni_pointer(handle), text, &err);
  free(text);
  if (st != FRL_OK) frl_jni_throw(env, st, &err);
}

static jbyteArray metrics(JNIEnv *env, jclass self, jlong handle) {
  (void)self;
  char *text = NULL;
  frl_error err = {0};
  const frl_status st =
      frl_jni_core_get()->metrics(frl_jni_pointer(handle), &text, &err);
  return take_text(env, st, text, &err);
}

static void coordinator_stop(JNIEnv *env, jclass self, jlong handle,
    jbyteArray committed_end, jlong timeout_ms) {
  (void)self;
  char *text;
  if (!frl_jni_text(env, committed_end, &text)) return;
  frl_error err = {0};
  const frl_status st = frl_jni_core_get()->stop(
      frl_jni_pointer(handle), text, (int64_t)timeout_ms, &err);
  free(text);
  if (st != FRL_OK) frl_jni_throw(env, st, &err);
}

bool frl_jni_register_coordinator(JNIEnv *env, jclass native_class) {
  const frl_jni_method methods[] = {
      {"coordinatorOpen", "([B)J", (frl_jni_function)coordinator_open},
      {"initialOffset", "(J)[B", (frl_jni_function)initial_offset},
      {"latestOffset", "(J[BJJIIZ)[B", (frl_jni_function)latest_offset},
      {"drain", "(J)V", (frl_jni_function)drain},
      {"plan", "(J[B[B)[B", (frl_jni_function)plan},
      {"commit", "(J[B)V", (frl_jni_function)commit},
      {"metrics", "(J)[B", (frl_jni_function)metrics},
      {"coordinatorStop", "(J[BJ)V", (frl_jni_function)coordinator_stop},
  };
  return frl_jni_register(
      env, native_class, methods, sizeof methods / sizeof methods[0]);
}
