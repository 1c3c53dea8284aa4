/**
 * The library's log lines, handed to NativeLog.java on whatever thread they arise.
 *
 * A thread that the JVM does not know is attached as a daemon at its first line and
 * detached when it ends.
 */
#ifndef FRL_JNI_LOG_H
#define FRL_JNI_LOG_H

#include <ferrule/log.h>
#include <jni.h>
#include <stdbool.h>

/** Looks up what is called. False: an exception is pending. */
bool frl_jni_log_init(JavaVM *vm, JNIEnv *env);
/** From now on lines up to max_level reach Java. */
void frl_jni_log_start(enum frl_log_level max_level);

#endif /* FRL_JNI_LOG_H */
