/* Runs my_kernel as a host does: create, push, next, finish, release. */
#include <stdio.h>

#include "my_kernel.h"

static int failures;

static void expect(bool held, const char *what) {
  if (held) return;
  (void)fprintf(stderr, "FAILED: %s\n", what);
  failures++;
}

/* Rows of 1.5 and, without name and amount, null; one of -1 if broken. */
static void make_batch(struct ArrowArray *batch, bool broken) {
  input_writer writer;
  input row;
  expect(input_writer_init(&writer) == 0, "a writer");
  memset(&row, 0, sizeof row);
  row.name = frl_string_of("one");
  row.amount = broken ? -1 : 1.5;
  expect(input_writer_add(&writer, &row) == 0, "a row");
  row.is_null.name = true;
  row.is_null.amount = true;
  expect(input_writer_add(&writer, &row) == 0, "a row of nulls");
  expect(input_writer_finish(&writer, batch) == 0, "a batch");
  input_writer_deinit(&writer);
}

static void check_output(const struct ArrowArray *batch) {
  output_reader reader;
  output row;
  expect(output_reader_init(&reader) == 0, "a reader");
  expect(output_reader_bind(&reader, batch) == 0, "the declared columns");
  expect(reader.rows == 2, "two rows");
  expect(output_reader_get(&reader, 0, &row) == 0, "the first row");
  expect(frl_string_equal(row.name, frl_string_of("one")), "its name");
  expect(!row.is_null.doubled && row.doubled == 3, "its amount doubled");
  expect(output_reader_get(&reader, 1, &row) == 0, "the second row");
  expect(frl_string_equal(row.name, frl_string_of("?")), "a name in place of null");
  expect(row.is_null.doubled, "a null amount stays null");
  output_reader_deinit(&reader);
}

static void run(const frl_kernel_def *kernel, bool broken) {
  frl_kernel_instance instance;
  frl_kernel_error error = {-1, ""};
  struct ArrowArray batch;
  struct ArrowArray out;
  expect(kernel->create(kernel, NULL, 0, &instance, &error) == 0, "an instance");
  make_batch(&batch, broken);
  expect(instance.push(&instance, 0, &batch, &error) == 0, "the batch is taken");
  const int rc = instance.next(&instance, &out, &error);
  if (broken) {
    expect(rc != 0 && error.row == 0, "a negative amount fails in its row");
  } else {
    expect(rc == 0 && out.release, "output");
    check_output(&out);
    out.release(&out);
    expect(instance.next(&instance, &out, &error) == 0 && !out.release, "no more");
    expect(instance.finish(&instance, &error) == 0, "the end");
  }
  instance.release(&instance);
}

int main(void) {
  const frl_kernel_list *list = frl_kernel_list_v1();
  expect(list->n_kernels == 1, "one kernel");
  run(list->kernels[0], false);
  run(list->kernels[0], true);
  if (failures == 0) (void)puts("passed");
  return failures ? 1 : 0;
}
