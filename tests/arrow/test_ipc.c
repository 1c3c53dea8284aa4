/** Arrow IPC out and in again, and input that is not what it says. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants the above first */
#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <ferrule/schema.h>
#include <pthread.h>
#include <unistd.h>

#include "array_equal.h"
#include "base/buf.h"
#include "sample_batch.h"
#include "stingy_mem.h"

enum { N_BATCHES = 3, FIRST = 100 };
static const int batch_rows[N_BATCHES] = {10, 0, 6};

static frl_status to_buf(void *ctx, const void *data, size_t n, frl_error *err) {
  (void)err;
  return frl_buf_append(ctx, data, n);
}

/** Everything into bytes. */
static frl_status write_sample(frl_buf *out, const frl_ipc_writer_options *options) {
  struct ArrowSchema schema;
  struct ArrowArray batch = {0};
  frl_ipc_writer *w = NULL;
  const frl_mem *mem = options->mem;
  frl_status st = sample_schema(&schema, mem);
  if (st == FRL_OK)
    st = frl_ipc_writer_open_fn(&w, to_buf, out, &schema, options, NULL);
  for (int i = 0; st == FRL_OK && i < N_BATCHES; i++) {
    st = sample_batch(&batch, mem, &schema, FIRST * i, batch_rows[i]);
    if (st == FRL_OK) st = frl_ipc_writer_write(w, &batch, NULL);
    frl_array_release(&batch);
  }
  if (st == FRL_OK) st = frl_ipc_writer_finish(w, NULL);
  if (st == FRL_OK) assert_int_equal(frl_ipc_writer_bytes(w), out->len);
  frl_ipc_writer_destroy(w);
  frl_schema_release(&schema);
  return st;
}

/** Reads on to the end; what is read must be the sample's beginning. */
static frl_status check_some(frl_ipc_reader *r, int *n_batches, frl_error *err) {
  struct ArrowSchema schema;
  assert_int_equal(sample_schema(&schema, NULL), FRL_OK);
  int i = 0;
  frl_status st;
  for (;; i++) {
    struct ArrowArray got;
    struct ArrowArray want;
    st = frl_ipc_reader_next(r, &got, err);
    if (st != FRL_OK) break;
    assert_in_range(i, 0, N_BATCHES - 1);
    assert_int_equal(got.length, batch_rows[i]);
    assert_int_equal(sample_batch(&want, NULL, &schema, FIRST * i, batch_rows[i]), 0);
    assert_true(arrays_equal(&schema, &got, 0, &want, 0, got.length));
    assert_int_equal(got.children[1]->null_count, want.children[1]->null_count);
    got.release(&got);
    want.release(&want);
  }
  schema.release(&schema);
  *n_batches = i;
  return st;
}

/** All of the sample. */
static frl_status check_rest(frl_ipc_reader *r, frl_error *err) {
  int n;
  const frl_status st = check_some(r, &n, err);
  if (st == FRL_END) assert_int_equal(n, N_BATCHES);
  return st;
}

static void check_schema(const struct ArrowSchema *got) {
  struct ArrowSchema want;
  char *got_json;
  char *want_json;
  assert_int_equal(sample_schema(&want, NULL), FRL_OK);
  assert_int_equal(frl_schema_to_json(&got_json, NULL, got, NULL), FRL_OK);
  assert_int_equal(frl_schema_to_json(&want_json, NULL, &want, NULL), FRL_OK);
  assert_string_equal(got_json, want_json); /* CHAR(3) is in the metadata */
  frl_text_free(NULL, got_json);
  frl_text_free(NULL, want_json);
  want.release(&want);
}

static frl_status read_bytes(const frl_buf *bytes, int *n_batches, frl_error *err) {
  frl_ipc_reader *r;
  uint8_t *exact = malloc(bytes->len ? bytes->len : 1); /* ASan sees one too far */
  assert_non_null(exact);
  if (bytes->len) memcpy(exact, bytes->data, bytes->len);
  frl_status st = frl_ipc_reader_open_bytes(&r, exact, bytes->len, NULL, err);
  if (st == FRL_OK) st = check_some(r, n_batches, err);
  frl_ipc_reader_destroy(r);
  free(exact);
  return st;
}

static const enum frl_ipc_codec codecs[] = {FRL_IPC_PLAIN, FRL_IPC_LZ4, FRL_IPC_ZSTD};

static void both_formats_and_all_codecs_round_trip(void **state) {
  (void)state;
  for (int file = 0; file < 2; file++) {
    for (size_t c = 0; c < 3; c++) {
      frl_buf bytes;
      frl_buf_init(&bytes, NULL, 1 << 24);
      const frl_ipc_writer_options options = {.file_format = file, .codec = codecs[c]};
      assert_int_equal(write_sample(&bytes, &options), FRL_OK);
      assert_int_equal(memcmp(bytes.data, "ARROW1", 6) == 0, file);
      frl_error err = {0};
      frl_ipc_reader *r;
      assert_int_equal(
          frl_ipc_reader_open_bytes(&r, bytes.data, bytes.len, NULL, &err), FRL_OK);
      check_schema(frl_ipc_reader_schema(r));
      assert_int_equal(check_rest(r, &err), FRL_END);
      struct ArrowArray more;
      assert_int_equal(frl_ipc_reader_next(r, &more, &err), FRL_END);
      assert_null(more.release);
      frl_ipc_reader_destroy(r);
      frl_buf_deinit(&bytes);
    }
  }
}

static void slices_of_a_shared_batch_round_trip(void **state) {
  (void)state;
  struct ArrowSchema schema;
  struct ArrowSchema shared_schema;
  struct ArrowArray whole;
  frl_batch *batch;
  assert_int_equal(sample_schema(&schema, NULL), FRL_OK);
  assert_int_equal(sample_batch(&whole, NULL, &schema, 0, 40), FRL_OK);
  assert_int_equal(frl_batch_take(&batch, NULL, &schema, &whole, NULL), FRL_OK);
  assert_null(schema.release);
  assert_int_equal(frl_batch_export_schema(&shared_schema, batch, NULL), FRL_OK);
  for (int64_t first = 0; first <= 40; first++) {
    for (int64_t n = 0; n <= 40 - first; n += n < 3 ? 1 : 7) {
      struct ArrowArray slice;
      struct ArrowArray got;
      frl_buf bytes;
      frl_ipc_writer *w;
      frl_ipc_reader *r;
      frl_buf_init(&bytes, NULL, 1 << 20);
      assert_int_equal(frl_batch_export(&slice, batch, first, n, NULL), FRL_OK);
      assert_int_equal(
          frl_ipc_writer_open_fn(&w, to_buf, &bytes, &shared_schema, NULL, NULL), 0);
      assert_int_equal(frl_ipc_writer_write(w, &slice, NULL), FRL_OK);
      assert_int_equal(frl_ipc_writer_finish(w, NULL), FRL_OK);
      frl_ipc_writer_destroy(w);
      assert_int_equal(
          frl_ipc_reader_open_bytes(&r, bytes.data, bytes.len, NULL, NULL), FRL_OK);
      assert_int_equal(frl_ipc_reader_next(r, &got, NULL), FRL_OK);
      assert_int_equal(got.length, n);
      assert_true(
          arrays_equal(&shared_schema, &got, 0, frl_batch_array(batch), first, n));
      got.release(&got);
      slice.release(&slice);
      frl_ipc_reader_destroy(r);
      frl_buf_deinit(&bytes);
    }
  }
  struct ArrowArray outside;
  assert_int_equal(frl_batch_export(&outside, batch, 30, 11, NULL), FRL_E_INVALID);
  assert_int_equal(frl_batch_export(&outside, batch, -1, 1, NULL), FRL_E_INVALID);
  frl_batch_unref(batch);
  check_schema(&shared_schema); /* it has kept the batch alive */
  shared_schema.release(&shared_schema);
}

static void every_prefix_is_cut_off(void **state) {
  (void)state;
  for (int file = 0; file < 2; file++) {
    frl_buf bytes;
    frl_buf_init(&bytes, NULL, 1 << 24);
    assert_int_equal(
        write_sample(&bytes, &(frl_ipc_writer_options){.file_format = file}), FRL_OK);
    frl_buf prefix = bytes;
    int ends = 0;
    int n;
    /* a file's first part is a stream */
    prefix.len = file ? bytes.len / 2 : 0;
    for (; prefix.len < bytes.len; prefix.len++) {
      frl_error err = {0};
      const frl_status st = read_bytes(&prefix, &n, &err);
      /* a stream may end without its mark: after the schema and after each batch */
      if (st == FRL_END) assert_int_equal(n, ends++);
      if (st == FRL_END) continue;
      assert_int_equal(st, FRL_E_TRUNCATED);
      assert_true(strlen(err.message) > 0);
    }
    assert_int_equal(ends, file ? 0 : N_BATCHES + 1);
    assert_int_equal(read_bytes(&bytes, &n, NULL), FRL_END);
    assert_int_equal(n, N_BATCHES);
    frl_buf_deinit(&bytes);
  }
}

/** Every array that comes out is walked to its last byte, for ASan to see. */
static uint64_t touch(const struct ArrowSchema *schema, const struct ArrowArray *a) {
  uint64_t sum = 0;
  if (arrays_equal(schema, a, 0, a, 0, a->length)) sum++;
  return sum;
}

static void flipped_bytes_never_lead_outside(void **state) {
  (void)state;
  for (size_t c = 0; c < 3; c++) {
    frl_buf bytes;
    frl_buf_init(&bytes, NULL, 1 << 24);
    const frl_ipc_writer_options options = {.file_format = 1, .codec = codecs[c]};
    assert_int_equal(write_sample(&bytes, &options), FRL_OK);
    int refused = 0;
    const size_t step = codecs[c] == FRL_IPC_PLAIN ? 1 : 11; /* unpacking is slow */
    for (size_t i = 0; i < bytes.len; i += step) {
      frl_ipc_reader *r;
      struct ArrowArray got;
      const uint8_t was = bytes.data[i];
      bytes.data[i] = (uint8_t)(was ^ (i % 2 ? 0x80 : 0xff));
      frl_error err = {0};
      const frl_ipc_reader_options bounds = {.max_message_bytes = 1 << 20};
      frl_status st =
          frl_ipc_reader_open_bytes(&r, bytes.data, bytes.len, &bounds, &err);
      while (st == FRL_OK) {
        st = frl_ipc_reader_next(r, &got, &err);
        if (st == FRL_OK) (void)touch(frl_ipc_reader_schema(r), &got);
        frl_array_release(&got);
      }
      if (st != FRL_END) {
        refused++;
        assert_true(strlen(err.message) > 0);
      }
      frl_ipc_reader_destroy(r);
      bytes.data[i] = was;
    }
    assert_true(refused > 30);
    frl_buf_deinit(&bytes);
  }
}

static void messages_above_the_bound_are_refused(void **state) {
  (void)state;
  for (size_t c = 0; c < 3; c++) {
    frl_buf bytes;
    frl_buf_init(&bytes, NULL, 1 << 24);
    assert_int_equal(
        write_sample(&bytes, &(frl_ipc_writer_options){.codec = codecs[c]}), FRL_OK);
    frl_ipc_reader *r;
    struct ArrowArray got;
    frl_error err;
    const frl_ipc_reader_options bounds = {.max_message_bytes = 1500};
    assert_int_equal(
        frl_ipc_reader_open_bytes(&r, bytes.data, bytes.len, &bounds, &err), FRL_OK);
    assert_int_equal(frl_ipc_reader_next(r, &got, &err), FRL_E_LIMIT);
    assert_int_equal(frl_ipc_reader_next(r, &got, &err), FRL_E_STATE);
    frl_ipc_reader_destroy(r);
    frl_buf_deinit(&bytes);
  }
}

static bool round_trip_with(long grants) {
  stingy s = {.grants = grants};
  const frl_mem mem = stingy_mem(&s);
  frl_buf bytes;
  frl_buf_init(&bytes, NULL, 1 << 24);
  const frl_ipc_writer_options options = {
      .file_format = 1, .codec = FRL_IPC_ZSTD, .mem = &mem};
  frl_status st = write_sample(&bytes, &options);
  if (st == FRL_OK) {
    frl_ipc_reader *r;
    st = frl_ipc_reader_open_bytes(
        &r, bytes.data, bytes.len, &(frl_ipc_reader_options){.mem = &mem}, NULL);
    if (st == FRL_OK) st = check_rest(r, NULL);
    frl_ipc_reader_destroy(r);
  }
  frl_buf_deinit(&bytes);
  assert_int_equal(s.live, 0);
  assert_true(st == FRL_END || st == FRL_E_NOMEM);
  return st == FRL_END;
}

static void every_failing_allocation_is_survived(void **state) {
  (void)state;
  long n = 0;
  while (!round_trip_with(n)) n++;
  assert_true(n > 100);
}

static char folder[64];

static int make_folder(void **state) {
  (void)state;
  (void)snprintf(folder, sizeof folder, "/tmp/ferrule-test-ipc-XXXXXX");
  return mkdtemp(folder) ? 0 : -1;
}

static int files_in_folder(void) {
  int n = 0;
  DIR *dir = opendir(folder);
  assert_non_null(dir);
  for (struct dirent *e; (e = readdir(dir));) n += e->d_name[0] != '.';
  (void)closedir(dir);
  return n;
}

static int remove_folder(void **state) {
  (void)state;
  char path[128];
  (void)snprintf(path, sizeof path, "%s/out.arrow", folder);
  (void)unlink(path);
  return rmdir(folder);
}

static void atomic_file_appears_with_finish_only(void **state) {
  (void)state;
  char path[128];
  (void)snprintf(path, sizeof path, "%s/out.arrow", folder);
  struct ArrowSchema schema;
  struct ArrowArray batch;
  assert_int_equal(sample_schema(&schema, NULL), FRL_OK);
  const frl_ipc_writer_options options = {.file_format = 1, .atomic = 1};
  for (int finish = 0; finish < 2; finish++) {
    frl_ipc_writer *w;
    assert_int_equal(frl_ipc_writer_open(&w, path, &schema, &options, NULL), FRL_OK);
    for (int i = 0; i < N_BATCHES; i++) {
      assert_int_equal(
          sample_batch(&batch, NULL, &schema, FIRST * i, batch_rows[i]), FRL_OK);
      assert_int_equal(frl_ipc_writer_write(w, &batch, NULL), FRL_OK);
      batch.release(&batch);
    }
    assert_int_equal(access(path, F_OK), -1);
    if (finish) assert_int_equal(frl_ipc_writer_finish(w, NULL), FRL_OK);
    assert_int_equal(files_in_folder(), 1);
    frl_ipc_writer_destroy(w);
    assert_int_equal(files_in_folder(), finish);
  }
  schema.release(&schema);
  frl_ipc_reader *r;
  assert_int_equal(frl_ipc_reader_open(&r, path, NULL, NULL), FRL_OK);
  assert_int_equal(check_rest(r, NULL), FRL_END);
  frl_ipc_reader_destroy(r);
}

static void path_that_is_not_there_is_said(void **state) {
  (void)state;
  frl_error err;
  frl_ipc_reader *r;
  assert_int_equal(
      frl_ipc_reader_open(&r, "/nowhere/at/all", NULL, &err), FRL_E_NOT_FOUND);
  assert_non_null(strstr(err.message, "/nowhere/at/all"));
  struct ArrowSchema schema;
  frl_ipc_writer *w;
  assert_int_equal(sample_schema(&schema, NULL), FRL_OK);
  for (int atomic = 0; atomic < 2; atomic++) {
    const frl_ipc_writer_options options = {.atomic = atomic};
    assert_int_equal(
        frl_ipc_writer_open(&w, "/nowhere/at/all", &schema, &options, &err), FRL_E_IO);
    assert_non_null(strstr(err.message, "/nowhere/at/all"));
  }
  schema.release(&schema);
}

static void *write_to_pipe(void *ctx) {
  const frl_buf *bytes = ((void **)ctx)[0];
  const int fd = *(const int *)((void **)ctx)[1];
  for (size_t at = 0; at < bytes->len; at += 100) { /* in pieces */
    const size_t n = bytes->len - at < 100 ? bytes->len - at : 100;
    if (write(fd, bytes->data + at, n) != (ssize_t)n) break;
  }
  (void)close(fd);
  return NULL;
}

static void pipe_is_read_as_a_file_is(void **state) {
  (void)state;
  for (int file = 0; file < 2; file++) {
    frl_buf bytes;
    frl_buf_init(&bytes, NULL, 1 << 24);
    assert_int_equal(
        write_sample(&bytes, &(frl_ipc_writer_options){.file_format = file}), FRL_OK);
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    void *ctx[] = {&bytes, &ends[1]};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, write_to_pipe, ctx), 0);
    frl_ipc_reader *r;
    const frl_status opened = frl_ipc_reader_open_fd(&r, ends[0], NULL, NULL);
    const frl_status st = opened == FRL_OK ? check_rest(r, NULL) : opened;
    (void)pthread_join(thread, NULL);
    assert_int_equal(st, FRL_END);
    frl_ipc_reader_destroy(r);
    (void)close(ends[0]);
    frl_buf_deinit(&bytes);
  }
}

static void batch_of_another_shape_is_refused(void **state) {
  (void)state;
  struct ArrowSchema schema;
  struct ArrowSchema other;
  struct ArrowArray batch;
  frl_buf bytes;
  frl_ipc_writer *w;
  frl_error err;
  frl_buf_init(&bytes, NULL, 1 << 20);
  assert_int_equal(sample_schema(&schema, NULL), FRL_OK);
  assert_int_equal(
      frl_schema_from_ddl(&other, NULL, "a INT, b INT", SIZE_MAX, NULL), FRL_OK);
  assert_int_equal(sample_batch(&batch, NULL, &schema, 0, 3), FRL_OK);
  assert_int_equal(frl_ipc_writer_open_fn(&w, to_buf, &bytes, &other, NULL, NULL), 0);
  assert_int_equal(frl_ipc_writer_write(w, &batch, &err), FRL_E_INVALID);
  assert_int_equal(frl_ipc_writer_write(w, &batch, &err), FRL_E_STATE);
  frl_ipc_writer_destroy(w);
  other.children[1]->format = "vu";
  assert_int_equal(frl_ipc_writer_open_fn(&w, to_buf, &bytes, &other, NULL, &err),
      FRL_E_UNSUPPORTED);
  assert_non_null(strstr(err.message, "\"b\""));
  batch.release(&batch);
  schema.release(&schema);
  other.release(&other);
  frl_buf_deinit(&bytes);
}

static void what_is_flushed_is_handed_over(void **state) {
  (void)state;
  struct ArrowSchema schema;
  struct ArrowArray batch;
  frl_buf bytes;
  frl_ipc_writer *w;
  frl_error err;
  frl_buf_init(&bytes, NULL, 1 << 20);
  assert_int_equal(sample_schema(&schema, NULL), FRL_OK);
  assert_int_equal(sample_batch(&batch, NULL, &schema, 0, 3), FRL_OK);
  assert_int_equal(frl_ipc_writer_open_fn(&w, to_buf, &bytes, &schema, NULL, NULL), 0);
  for (int i = 0; i < 3; i++) {
    assert_int_equal(frl_ipc_writer_write(w, &batch, NULL), FRL_OK);
    assert_int_equal(frl_ipc_writer_flush(w, NULL), FRL_OK);
    assert_int_equal(bytes.len, frl_ipc_writer_bytes(w));
  }
  assert_int_equal(frl_ipc_writer_finish(w, NULL), FRL_OK);
  assert_int_equal(frl_ipc_writer_flush(w, &err), FRL_E_STATE);
  frl_ipc_writer_destroy(w);
  const int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
  assert_true(full >= 0);
  assert_int_equal(frl_ipc_writer_open_fd(&w, full, &schema, NULL, NULL), FRL_OK);
  assert_int_equal(frl_ipc_writer_write(w, &batch, NULL), FRL_OK);
  assert_int_equal(frl_ipc_writer_flush(w, &err), FRL_E_IO);
  assert_int_equal(frl_ipc_writer_flush(w, &err), FRL_E_STATE);
  frl_ipc_writer_destroy(w);
  (void)close(full);
  batch.release(&batch);
  schema.release(&schema);
  frl_buf_deinit(&bytes);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(both_formats_and_all_codecs_round_trip),
      cmocka_unit_test(slices_of_a_shared_batch_round_trip),
      cmocka_unit_test(every_prefix_is_cut_off),
      cmocka_unit_test(flipped_bytes_never_lead_outside),
      cmocka_unit_test(messages_above_the_bound_are_refused),
      cmocka_unit_test(every_failing_allocation_is_survived),
      cmocka_unit_test_setup_teardown(
          atomic_file_appears_with_finish_only, make_folder, remove_folder),
      cmocka_unit_test(path_that_is_not_there_is_said),
      cmocka_unit_test(pipe_is_read_as_a_file_is),
      cmocka_unit_test(batch_of_another_shape_is_refused),
      cmocka_unit_test(what_is_flushed_is_handed_over),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
