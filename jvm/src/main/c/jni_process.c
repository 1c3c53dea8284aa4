/* The process as a whole: version, the shared table, loading. */
#include <ferrule/version.h>

#include "jni_core.h"
#include "jni_log.h"
#include "jni_support.h"

static jbyteArray version(JNIEnv *env, jclass self) {
  (void)self;
  return frl_jni_bytes(env, FRL_VERSION);
}

static jlong core_address(JNIEnv *env, jclass self) {
  (void)env, (void)self;
  return frl_jni_handle(frl_jni_core_own());
}

static void core_use(JNIEnv *env, jclass self, jlong address) {
  (void)self;
  const frl_jni_core *core = frl_jni_pointer(address);
  if (core->struct_size == sizeof *core) {
    frl_jni_core_use(core);
  } else {
    frl_jni_throw(env, FRL_E_UNSUPPORTED, NULL);
  }
}

static jlong process_bytes(JNIEnv *env, jclass self) {
  (void)env, (void)self;
  return (jlong)frl_jni_core_get()->process_bytes();
}

static void process_close(JNIEnv *env, jclass self, jlong timeout_ms) {
  (void)env, (void)self;
  frl_jni_core_get()->process_close((int64_t)timeout_ms);
}

static void log_start(JNIEnv *env, jclass self, jint max_level) {
  (void)env, (void)self;
  frl_jni_log_start((enum frl_log_level)max_level);
}

bool frl_jni_register_process(JNIEnv *env, jclass native_class) {
  const frl_jni_method methods[] = {
      {"version", "()[B", (frl_jni_function)version},
      {"coreAddress", "()J", (frl_jni_function)core_address},
      {"coreUse", "(J)V", (frl_jni_function)core_use},
      {"processBytes", "()J", (frl_jni_function)process_bytes},
      {"processClose", "(J)V", (frl_jni_function)process_close},
      {"logStart", "(I)V", (frl_jni_function)log_start},
  };
  return frl_jni_register(
      env, native_class, methods, sizeof methods / sizeof methods[0]);
}

JNIEXPORT jint JNICALL JNI_OnLoad(JavaVM *vm, void *reserved) {
  (void)reserved;
  void *env_pointer = NULL;
  if ((*vm)->GetEnv(vm, &env_pointer, JNI_VERSION_1_8) != JNI_OK) return JNI_ERR;
  JNIEnv *env = env_pointer;
  if (!frl_jni_support_init(env) || !frl_jni_log_init(vm, env)) return JNI_ERR;
  jclass native_class = (*env)->FindClass(env, "org/ferrule/internal/Native");
  if (!native_class) return JNI_ERR;
  const bool registered = frl_jni_register_process(env, native_class) &&
                          frl_jni_register_coordinator(env, native_class) &&
                          frl_jni_register_scan(env, native_class) &&
                          frl_jni_register_kernel(env, native_class);
  (*env)->DeleteLocalRef(env, native_class);
  return registered ? JNI_VERSION_1_8 : JNI_ERR;
}
