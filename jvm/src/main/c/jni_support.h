/**
 * What every native method needs: texts, exceptions, handles.
 *
 * Texts cross as byte[] of UTF-8, never as Java strings, whose native form is not
 * UTF-8. A function that fails has thrown; the caller returns at once.
 *
 * Threads: any that the JVM knows.
 */
#ifndef FRL_JNI_SUPPORT_H
#define FRL_JNI_SUPPORT_H

#include <ferrule/error.h>
#include <jni.h>
#include <stdbool.h>
#include <stdint.h>

/** Looks up what is thrown. False: an exception is pending. */
bool frl_jni_support_init(JNIEnv *env);

/** Throws a FerruleException; err may be NULL. */
void frl_jni_throw(JNIEnv *env, frl_status status, const frl_error *err);

/**
 * A copy of the bytes with a NUL behind them, freed by the caller with free(); NULL
 * for null. False: an exception is pending, *out is NULL.
 */
bool frl_jni_text(JNIEnv *env, jbyteArray bytes, char **out);

/** The text as byte[]; NULL: an exception is pending. */
jbyteArray frl_jni_bytes(JNIEnv *env, const char *text);

static inline void *frl_jni_pointer(jlong handle) { return (void *)(intptr_t)handle; }

static inline jlong frl_jni_handle(const void *pointer) {
  return (jlong)(intptr_t)pointer;
}

/** Adds the native methods of one part of class Native. False: exception pending. */
bool frl_jni_register_coordinator(JNIEnv *env, jclass native_class);
bool frl_jni_register_scan(JNIEnv *env, jclass native_class);
bool frl_jni_register_kernel(JNIEnv *env, jclass native_class);
bool frl_jni_register_process(JNIEnv *env, jclass native_class);

typedef void (*frl_jni_function)(void);

/** One native method. */
typedef struct frl_jni_method {
  const char *name;
  const char *signature;
  frl_jni_function function;
} frl_jni_method;

bool frl_jni_register(
    JNIEnv *env, jclass native_class, const frl_jni_method *methods, size_t n_methods);

#endif /* FRL_JNI_SUPPORT_H */
