/**
 * A kernel over rows: frames in, frames out, both in Java's byte arrays, so that
 * nothing Java reads can be freed under it.
 */
#include <ferrule/kernel_host.h>
#include <ferrule/row.h>
#include <ferrule/schema.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "jni_support.h"

/** A batch that waits for the one before to go through. */
typedef struct sealed_batch {
  struct ArrowArray array;
  struct sealed_batch *next;
} sealed_batch;

/** One instance of a kernel with its rows on both sides. */
typedef struct kernel_run {
  const frl_kernel *kernel; /* run keeps it */
  frl_row_reader *reader;
  frl_row_writer *writer;
  frl_kernel_run *run;
  struct ArrowArray output; /* what the writer stands in */
  sealed_batch *first;      /* as many as one row that comes in becomes */
  sealed_batch *last;
  int64_t rows_ns; /* from and to rows */
} kernel_run;

static int64_t now_ns(void) {
  struct timespec t;
  (void)clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static jlong kernel_load(JNIEnv *env, jclass self, jbyteArray path, jbyteArray name) {
  (void)self;
  char *texts[2] = {0};
  frl_kernel *kernel = NULL;
  if (frl_jni_text(env, path, &texts[0]) && frl_jni_text(env, name, &texts[1])) {
    frl_kernel_lib *lib = NULL;
    frl_error err = {0};
    frl_status st = frl_kernel_lib_open(&lib, texts[0], NULL, &err);
    if (st == FRL_OK) st = frl_kernel_find(&kernel, lib, texts[1], &err);
    frl_kernel_lib_close(lib);
    if (st != FRL_OK) frl_jni_throw(env, st, &err);
  }
  free(texts[0]);
  free(texts[1]);
  return frl_jni_handle(kernel);
}

static void kernel_unload(JNIEnv *env, jclass self, jlong kernel) {
  (void)env, (void)self;
  frl_kernel_unref(frl_jni_pointer(kernel));
}

static jbyteArray kernel_name(JNIEnv *env, jclass self, jlong kernel) {
  (void)self;
  return frl_jni_bytes(env, frl_kernel_name(frl_jni_pointer(kernel)));
}

static jint kernel_inputs(JNIEnv *env, jclass self, jlong kernel) {
  (void)env, (void)self;
  return frl_kernel_inputs(frl_jni_pointer(kernel));
}

static jbyteArray kernel_output_json(JNIEnv *env, jclass self, jlong kernel) {
  (void)self;
  return frl_jni_bytes(
      env, frl_kernel_json(frl_jni_pointer(kernel), FRL_KERNEL_OUTPUT));
}

/** Null where the columns are those of the kernel's input, else how they differ. */
static jbyteArray kernel_check_input(JNIEnv *env, jclass self, jlong kernel,
    jbyteArray given_json, jboolean ignore_case) {
  (void)self;
  char *json;
  if (!frl_jni_text(env, given_json, &json)) return NULL;
  frl_error err = {0};
  struct ArrowSchema given;
  frl_status st = frl_schema_from_json(&given, NULL, json, SIZE_MAX, &err);
  free(json);
  if (st != FRL_OK) {
    frl_jni_throw(env, st, &err);
    return NULL;
  }
  /* whether a null is there is looked at row by row */
  const frl_schema_match match = {
      .struct_size = sizeof match, .ignore_nullable = 1, .ignore_case = ignore_case};
  char *report = NULL;
  st =
      frl_kernel_check_input(&report, frl_jni_pointer(kernel), 0, &given, &match, &err);
  frl_schema_release(&given);
  jbyteArray out = NULL;
  if (report) {
    out = frl_jni_bytes(env, report);
  } else if (st != FRL_OK) {
    frl_jni_throw(env, st, &err);
  }
  frl_text_free(NULL, report);
  return out;
}

/** The oldest sealed batch; false: there is none. */
static bool take_sealed(kernel_run *run, struct ArrowArray *out) {
  sealed_batch *oldest = run->first;
  if (!oldest) return false;
  *out = oldest->array;
  run->first = oldest->next;
  if (!run->first) run->last = NULL;
  free(oldest);
  return true;
}

static void run_destroy(kernel_run *run) {
  struct ArrowArray waiting;
  while (take_sealed(run, &waiting)) frl_array_release(&waiting);
  frl_array_release(&run->output);
  frl_kernel_run_destroy(run->run);
  frl_row_reader_destroy(run->reader);
  frl_row_writer_destroy(run->writer);
  free(run);
}

/** Key, value, key, value, each with its NUL, as options that point into the text. */
static frl_kernel_option *split_options(char *text, size_t n_bytes, size_t *n) {
  size_t texts = 0;
  for (size_t i = 0; i < n_bytes; i++) texts += text[i] == '\0';
  *n = texts / 2;
  frl_kernel_option *options = calloc(*n + 1, sizeof *options);
  for (size_t i = 0; options && i < *n; i++) {
    options[i].key = text;
    text += strlen(text) + 1;
    options[i].value = text;
    text += strlen(text) + 1;
  }
  return options;
}

static frl_status run_init(kernel_run *run, frl_kernel *kernel,
    const frl_kernel_option *options, size_t n_options, frl_error *err) {
  run->kernel = kernel;
  frl_status st =
      frl_row_reader_create(&run->reader, frl_kernel_schema(kernel, 0), NULL, err);
  if (st == FRL_OK) {
    st = frl_row_writer_create(
        &run->writer, frl_kernel_schema(kernel, FRL_KERNEL_OUTPUT), NULL, err);
  }
  if (st == FRL_OK) {
    st = frl_kernel_run_create(&run->run, kernel, options, n_options, NULL, err);
  }
  return st;
}

static jlong kernel_open(JNIEnv *env, jclass self, jlong kernel, jbyteArray options) {
  (void)self;
  char *text;
  if (!frl_jni_text(env, options, &text)) return 0;
  size_t n = 0;
  const jsize bytes = (*env)->GetArrayLength(env, options);
  frl_kernel_option *split = split_options(text, (size_t)bytes, &n);
  kernel_run *run = calloc(1, sizeof *run);
  frl_error err = {0};
  frl_status st = FRL_E_NOMEM;
  if (split && run) st = run_init(run, frl_jni_pointer(kernel), split, n, &err);
  if (st != FRL_OK) {
    if (run) run_destroy(run);
    run = NULL;
    frl_jni_throw(env, st, &err);
  }
  free(split);
  free(text);
  return frl_jni_handle(run);
}

/** Rows do not know whose they are. */
static void throw_of_rows(
    JNIEnv *env, const kernel_run *run, frl_status status, const frl_error *err) {
  const char *why = err->message[0] ? err->message : frl_status_name(status);
  frl_error told = *err;
  const int n = snprintf(told.message, sizeof told.message, "kernel %s: %s",
      frl_kernel_name(run->kernel), why);
  frl_jni_throw(env, status, n > 0 ? &told : err);
}

/** The array is pinned only while its rows are copied to columns. */
static frl_status read_frames(
    JNIEnv *env, kernel_run *run, jbyteArray frames, jint n_bytes, frl_error *err) {
  void *bytes = (*env)->GetPrimitiveArrayCritical(env, frames, NULL);
  if (!bytes) return FRL_E_NOMEM;
  const frl_status st = frl_row_reader_add(run->reader, bytes, (size_t)n_bytes, err);
  (*env)->ReleasePrimitiveArrayCritical(env, frames, bytes, JNI_ABORT);
  return st;
}

static void kernel_push(
    JNIEnv *env, jclass self, jlong handle, jbyteArray frames, jint n_bytes) {
  (void)self;
  kernel_run *run = frl_jni_pointer(handle);
  frl_error err = {0};
  struct ArrowArray batch = {0};
  const int64_t start = now_ns();
  frl_status st = read_frames(env, run, frames, n_bytes, &err);
  if (st == FRL_OK) st = frl_row_reader_finish(run->reader, &batch, &err);
  run->rows_ns += now_ns() - start;
  if (st != FRL_OK) {
    throw_of_rows(env, run, st, &err);
    return;
  }
  st = frl_kernel_run_push(run->run, 0, &batch, &err);
  if (st != FRL_OK) frl_jni_throw(env, st, &err);
}

static jint kernel_width(JNIEnv *env, jclass self, jlong handle, jint column) {
  (void)env, (void)self;
  const kernel_run *run = frl_jni_pointer(handle);
  return frl_row_reader_width(run->reader, (size_t)column);
}

/** The arrays of one column, pinned while they are copied. */
typedef struct pinned {
  jarray arrays[3]; /* values, ends, nulls; the last two may be null */
  void *at[3];
} pinned;

static bool pin(JNIEnv *env, pinned *p) {
  for (int i = 0; i < 3; i++) {
    if (!p->arrays[i]) continue;
    p->at[i] = (*env)->GetPrimitiveArrayCritical(env, p->arrays[i], NULL);
    if (!p->at[i]) return false;
  }
  return true;
}

static void unpin(JNIEnv *env, pinned *p) {
  for (int i = 3; i-- > 0;) {
    if (!p->at[i]) continue;
    (*env)->ReleasePrimitiveArrayCritical(env, p->arrays[i], p->at[i], JNI_ABORT);
  }
}

static void kernel_add_values(JNIEnv *env, jclass self, jlong handle, jint column,
    jbyteArray data, jintArray ends, jbyteArray nulls, jint rows) {
  (void)self;
  kernel_run *run = frl_jni_pointer(handle);
  frl_error err = {0};
  const int64_t start = now_ns();
  const bool enough = (!ends || (*env)->GetArrayLength(env, ends) >= rows) &&
                      (!nulls || (*env)->GetArrayLength(env, nulls) >= rows);
  frl_row_values values = {.n_bytes = (size_t)(*env)->GetArrayLength(env, data)};
  frl_status st = enough && rows >= 0 ? FRL_OK : FRL_E_INVALID;
  if (st == FRL_OK) {
    pinned p = {.arrays = {data, ends, nulls}};
    st = FRL_E_NOMEM;
    if (pin(env, &p)) {
      values.data = p.at[0];
      values.ends = p.at[1];
      values.nulls = p.at[2];
      st = frl_row_reader_add_values(
          run->reader, (size_t)column, &values, (size_t)rows, &err);
    }
    unpin(env, &p);
  }
  run->rows_ns += now_ns() - start;
  if (st != FRL_OK) throw_of_rows(env, run, st, &err);
}

/** What the columns got becomes a batch that waits to be pushed. */
static void kernel_seal(JNIEnv *env, jclass self, jlong handle, jint rows) {
  (void)self;
  kernel_run *run = frl_jni_pointer(handle);
  frl_error err = {0};
  sealed_batch *made = calloc(1, sizeof *made);
  frl_status st = made ? FRL_OK : FRL_E_NOMEM;
  if (st == FRL_OK) st = frl_row_reader_end_rows(run->reader, (size_t)rows, &err);
  if (st == FRL_OK) st = frl_row_reader_finish(run->reader, &made->array, &err);
  if (st != FRL_OK) {
    free(made);
    throw_of_rows(env, run, st, &err);
    return;
  }
  if (run->last) {
    run->last->next = made;
  } else {
    run->first = made;
  }
  run->last = made;
}

static jboolean kernel_push_sealed(JNIEnv *env, jclass self, jlong handle) {
  (void)self;
  kernel_run *run = frl_jni_pointer(handle);
  struct ArrowArray batch;
  if (!take_sealed(run, &batch)) return JNI_FALSE;
  frl_error err = {0};
  const frl_status st = frl_kernel_run_push(run->run, 0, &batch, &err);
  if (st != FRL_OK) frl_jni_throw(env, st, &err);
  return JNI_TRUE;
}

static void kernel_finish(JNIEnv *env, jclass self, jlong handle) {
  (void)self;
  kernel_run *run = frl_jni_pointer(handle);
  frl_error err = {0};
  const frl_status st = frl_kernel_run_finish(run->run, &err);
  if (st != FRL_OK) frl_jni_throw(env, st, &err);
}

static frl_status write_frames(
    JNIEnv *env, kernel_run *run, jbyteArray frames, size_t *n_bytes, frl_error *err) {
  const jsize room = (*env)->GetArrayLength(env, frames);
  void *bytes = (*env)->GetPrimitiveArrayCritical(env, frames, NULL);
  if (!bytes) return FRL_E_NOMEM;
  size_t rows;
  const frl_status st =
      frl_row_writer_next(run->writer, bytes, (size_t)room, n_bytes, &rows, err);
  (*env)->ReleasePrimitiveArrayCritical(env, frames, bytes, 0);
  return st;
}

/** Bytes of rows written; 0 none until more is pushed; negative: room one row needs. */
static jint kernel_next(JNIEnv *env, jclass self, jlong handle, jbyteArray frames) {
  (void)self;
  kernel_run *run = frl_jni_pointer(handle);
  frl_error err = {0};
  frl_status st = FRL_OK;
  while (st == FRL_OK) {
    if (run->output.release) {
      size_t n_bytes = 0;
      const int64_t start = now_ns();
      st = write_frames(env, run, frames, &n_bytes, &err);
      run->rows_ns += now_ns() - start;
      if (st == FRL_OK) return (jint)n_bytes;
      if (st == FRL_E_LIMIT) return -(jint)n_bytes;
      if (st != FRL_END) break;
      frl_array_release(&run->output);
    }
    st = frl_kernel_run_next(run->run, &run->output, &err);
    if (st == FRL_NEED_MORE || st == FRL_END) return 0;
    if (st != FRL_OK) {
      frl_jni_throw(env, st, &err);
      return 0;
    }
    st = frl_row_writer_begin(run->writer, &run->output, &err);
  }
  throw_of_rows(env, run, st, &err);
  return 0;
}

static void kernel_stats(JNIEnv *env, jclass self, jlong handle, jlongArray out) {
  (void)self;
  const kernel_run *run = frl_jni_pointer(handle);
  frl_kernel_stats stats;
  frl_kernel_run_stats(run->run, &stats);
  const jlong values[] = {stats.batches_in, stats.rows_in, stats.batches_out,
      stats.rows_out, stats.kernel_ns, stats.check_ns, run->rows_ns};
  (*env)->SetLongArrayRegion(
      env, out, 0, (jsize)(sizeof values / sizeof values[0]), values);
}

static void kernel_close(JNIEnv *env, jclass self, jlong handle) {
  (void)env, (void)self;
  run_destroy(frl_jni_pointer(handle));
}

/** What is alive in this copy of the library: kernels, runs, batches. */
static void kernel_live(JNIEnv *env, jclass self, jlongArray out) {
  (void)self;
  frl_kernel_live live;
  frl_kernel_count_live(&live);
  const jlong values[] = {live.kernels, live.runs, live.batches_in, live.batches_out};
  (*env)->SetLongArrayRegion(
      env, out, 0, (jsize)(sizeof values / sizeof values[0]), values);
}

bool frl_jni_register_kernel(JNIEnv *env, jclass native_class) {
  const frl_jni_method methods[] = {
      {"kernelLoad", "([B[B)J", (frl_jni_function)kernel_load},
      {"kernelUnload", "(J)V", (frl_jni_function)kernel_unload},
      {"kernelName", "(J)[B", (frl_jni_function)kernel_name},
      {"kernelInputs", "(J)I", (frl_jni_function)kernel_inputs},
      {"kernelOutputJson", "(J)[B", (frl_jni_function)kernel_output_json},
      {"kernelCheckInput", "(J[BZ)[B", (frl_jni_function)kernel_check_input},
      {"kernelOpen", "(J[B)J", (frl_jni_function)kernel_open},
      {"kernelPush", "(J[BI)V", (frl_jni_function)kernel_push},
      {"kernelWidth", "(JI)I", (frl_jni_function)kernel_width},
      {"kernelAddValues", "(JI[B[I[BI)V", (frl_jni_function)kernel_add_values},
      {"kernelSeal", "(JI)V", (frl_jni_function)kernel_seal},
      {"kernelPushSealed", "(J)Z", (frl_jni_function)kernel_push_sealed},
      {"kernelFinish", "(J)V", (frl_jni_function)kernel_finish},
      {"kernelNext", "(J[B)I", (frl_jni_function)kernel_next},
      {"kernelStats", "(J[J)V", (frl_jni_function)kernel_stats},
      {"kernelClose", "(J)V", (frl_jni_function)kernel_close},
      {"kernelLive", "([J)V", (frl_jni_function)kernel_live},
  };
  return frl_jni_register(
      env, native_class, methods, sizeof methods / sizeof methods[0]);
}
