#include "jni_log.h"

#include <pthread.h>

#include "jni_support.h"

static struct {
  JavaVM *vm;
  jclass log;
  jmethodID write;        /* (level, facility, line) */
  pthread_key_t attached; /* its value makes the destructor run */
} cached;

static void detach(void *unused) {
  (void)unused;
  (void)(*cached.vm)->DetachCurrentThread(cached.vm);
}

bool frl_jni_log_init(JavaVM *vm, JNIEnv *env) {
  cached.vm = vm;
  jclass local = (*env)->FindClass(env, "org/ferrule/internal/NativeLog");
  if (!local) return false;
  cached.log = (*env)->NewGlobalRef(env, local);
  (*env)->DeleteLocalRef(env, local);
  if (!cached.log) return false;
  cached.write = (*env)->GetStaticMethodID(env, cached.log, "write", "(I[B[B)V");
  if (!cached.write) return false;
  return pthread_key_create(&cached.attached, detach) == 0;
}

static JNIEnv *this_threads_env(void) {
  void *env = NULL;
  if ((*cached.vm)->GetEnv(cached.vm, &env, JNI_VERSION_1_8) == JNI_OK) return env;
  JavaVMAttachArgs args = {JNI_VERSION_1_8, (char *)"ferrule-native", NULL};
  if ((*cached.vm)->AttachCurrentThreadAsDaemon(cached.vm, &env, &args) != JNI_OK) {
    return NULL;
  }
  (void)pthread_setspecific(cached.attached, &cached);
  return env;
}

static void write_line(
    void *ctx, enum frl_log_level level, const char *facility, const char *line) {
  (void)ctx;
  JNIEnv *env = this_threads_env();
  /* with an exception pending nothing may be called; the line is not worth it */
  if (!env || (*env)->ExceptionCheck(env)) return;
  jbyteArray from = frl_jni_bytes(env, facility);
  jbyteArray text = from ? frl_jni_bytes(env, line) : NULL;
  if (text) {
    (*env)->CallStaticVoidMethod(
        env, cached.log, cached.write, (jint)level, from, text);
  }
  if ((*env)->ExceptionCheck(env)) (*env)->ExceptionClear(env);
  if (text) (*env)->DeleteLocalRef(env, text);
  if (from) (*env)->DeleteLocalRef(env, from);
}

void frl_jni_log_start(enum frl_log_level max_level) {
  frl_log_set(write_line, NULL, max_level);
}
