#include "jni_support.h"

#include <stdlib.h>
#include <string.h>

static struct {
  jclass exception;
  jmethodID exception_new; /* (code, origin, originCode, retriable, message) */
} cached;

bool frl_jni_support_init(JNIEnv *env) {
  jclass local = (*env)->FindClass(env, "org/ferrule/FerruleException");
  if (!local) return false;
  cached.exception = (*env)->NewGlobalRef(env, local);
  (*env)->DeleteLocalRef(env, local);
  if (!cached.exception) return false;
  cached.exception_new =
      (*env)->GetMethodID(env, cached.exception, "<init>", "(IIIZ[B)V");
  return cached.exception_new != NULL;
}

void frl_jni_throw(JNIEnv *env, frl_status status, const frl_error *err) {
  const char *text = err && err->message[0] ? err->message : frl_status_name(status);
  jbyteArray message = frl_jni_bytes(env, text);
  if (!message) return;
  jobject exception = (*env)->NewObject(env, cached.exception, cached.exception_new,
      (jint)status, (jint)(err ? err->origin : 0), (jint)(err ? err->origin_code : 0),
      (jboolean)(err && err->retriable ? JNI_TRUE : JNI_FALSE), message);
  if (exception) (void)(*env)->Throw(env, (jthrowable)exception);
}

bool frl_jni_text(JNIEnv *env, jbyteArray bytes, char **out) {
  *out = NULL;
  if (!bytes) return true;
  const jsize n = (*env)->GetArrayLength(env, bytes);
  char *text = malloc((size_t)n + 1);
  if (!text) {
    frl_jni_throw(env, FRL_E_NOMEM, NULL);
    return false;
  }
  (*env)->GetByteArrayRegion(env, bytes, 0, n, (jbyte *)text);
  text[n] = '\0';
  *out = text;
  return true;
}

jbyteArray frl_jni_bytes(JNIEnv *env, const char *text) {
  const size_t n = strlen(text);
  if (n > INT32_MAX) {
    frl_jni_throw(env, FRL_E_LIMIT, NULL);
    return NULL;
  }
  jbyteArray bytes = (*env)->NewByteArray(env, (jsize)n);
  if (bytes) (*env)->SetByteArrayRegion(env, bytes, 0, (jsize)n, (const jbyte *)text);
  return bytes;
}

/* ISO C has no conversion from function to object pointer; JNI wants one. */
static void *as_object(frl_jni_function function) {
  void *address;
  memcpy(&address, &function, sizeof address);
  return address;
}

bool frl_jni_register(
    JNIEnv *env, jclass native_class, const frl_jni_method *methods, size_t n_methods) {
  for (size_t i = 0; i < n_methods; i++) {
    const frl_jni_method *m = &methods[i];
    JNINativeMethod native = {
        (char *)m->name, (char *)m->signature, as_object(m->function)};
    if ((*env)->RegisterNatives(env, native_class, &native, 1) != JNI_OK) return false;
  }
  return true;
}
