#include "json_rig.h"

#include <ferrule/schema.h>
#include <stdlib.h>
#include <string.h>

#include "support/cmocka_c.h"

frl_status json_rig_refusal(
    const char *ddl, const frl_json_options *options, frl_error *err) {
  struct ArrowSchema schema;
  assert_int_equal(frl_schema_from_ddl(&schema, NULL, ddl, SIZE_MAX, err), FRL_OK);
  frl_json_plan *plan;
  const frl_status st = frl_json_plan_create(&plan, &schema, options, NULL, err);
  frl_schema_release(&schema);
  frl_json_plan_destroy(plan);
  return st;
}

void json_rig_open(json_rig *rig, const char *ddl, const frl_json_options *options) {
  *rig = (json_rig){.plan = NULL};
  struct ArrowSchema schema;
  assert_int_equal(
      frl_schema_from_ddl(&schema, NULL, ddl, SIZE_MAX, &rig->error), FRL_OK);
  assert_int_equal(
      frl_json_plan_create(&rig->plan, &schema, options, NULL, &rig->error), FRL_OK);
  frl_schema_release(&schema);
  assert_int_equal(
      frl_json_decoder_create(&rig->decoder, rig->plan, NULL, NULL, &rig->error),
      FRL_OK);
}

void json_rig_close(json_rig *rig) {
  frl_array_release(&rig->rows);
  frl_json_decoder_destroy(rig->decoder);
  frl_json_plan_destroy(rig->plan);
}

static frl_status decode(
    json_rig *rig, const int32_t *offsets, const uint8_t *data, size_t n) {
  frl_array_release(&rig->rows);
  return frl_json_decode(
      rig->decoder, offsets, data, n, &rig->rows, &rig->result, &rig->error);
}

frl_status json_rig_decode(json_rig *rig, const char *const *texts, size_t n) {
  size_t total = 0;
  for (size_t i = 0; i < n; i++) total += strlen(texts[i]);
  int32_t *offsets = calloc(n + 1, sizeof *offsets);
  uint8_t *data = malloc(total ? total : 1); /* ASan sees one byte too far */
  assert_non_null(offsets);
  assert_non_null(data);
  for (size_t i = 0; i < n; i++) {
    const size_t len = strlen(texts[i]);
    if (len) memcpy(data + offsets[i], texts[i], len);
    offsets[i + 1] = offsets[i] + (int32_t)len;
  }
  const frl_status st = decode(rig, offsets, data, n);
  free(offsets);
  free(data);
  return st;
}

frl_status json_rig_decode_bytes(json_rig *rig, const void *record, size_t n) {
  const int32_t offsets[2] = {0, (int32_t)n};
  uint8_t *data = malloc(n ? n : 1);
  assert_non_null(data);
  if (n) memcpy(data, record, n);
  const frl_status st = decode(rig, offsets, data, 1);
  free(data);
  return st;
}

void json_rig_one(json_rig *rig, const char *text) {
  assert_int_equal(json_rig_decode(rig, &text, 1), FRL_OK);
  assert_int_equal(rig->rows.length, 1);
}

const struct ArrowArray *json_col(const json_rig *rig, size_t i) {
  return rig->rows.children[i];
}

bool json_null(const struct ArrowArray *col, size_t row) {
  if (col->n_buffers == 0) return true;
  const uint8_t *const bits = col->buffers[0];
  return bits && !(bits[row / 8] >> (row % 8) & 1);
}

int64_t json_i64(const struct ArrowArray *col, size_t row) {
  assert_false(json_null(col, row));
  return ((const int64_t *)col->buffers[1])[row];
}

int32_t json_i32(const struct ArrowArray *col, size_t row) {
  assert_false(json_null(col, row));
  return ((const int32_t *)col->buffers[1])[row];
}

double json_f64(const struct ArrowArray *col, size_t row) {
  assert_false(json_null(col, row));
  return ((const double *)col->buffers[1])[row];
}

bool json_bit(const struct ArrowArray *col, size_t row) {
  assert_false(json_null(col, row));
  return ((const uint8_t *)col->buffers[1])[row / 8] >> (row % 8) & 1;
}

int32_t json_offset(const struct ArrowArray *col, size_t row) {
  return ((const int32_t *)col->buffers[1])[row];
}

void json_assert_bytes(
    const struct ArrowArray *col, size_t row, const void *bytes, size_t n) {
  assert_false(json_null(col, row));
  const int32_t at = json_offset(col, row);
  assert_int_equal(json_offset(col, row + 1) - at, n);
  if (n) assert_memory_equal((const uint8_t *)col->buffers[2] + at, bytes, n);
}

void json_assert_text(const struct ArrowArray *col, size_t row, const char *text) {
  json_assert_bytes(col, row, text, strlen(text));
}
