/*
 * The decoder takes any bytes: it must give well-formed columns, the same whatever was
 * decoded before, and keep every row that it does not say was dropped.
 *
 * Input: byte 0 chooses the mode, and by its highest bit whether all is allowed that
 * options can allow; then records, each ended by byte 0x1e.
 */
#include <ferrule/schema.h>
#include <nanoarrow/nanoarrow.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "codec/json.h"

enum { RECORDS_MAX = 64, RECORD_END = 0x1e };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char ddl[] =
    "a INT, b STRING, c BOOLEAN, d DOUBLE, e DECIMAL(12,3), f TIMESTAMP, g DATE,"
    "h BINARY, i TINYINT, j FLOAT, k TIMESTAMP_NTZ, l ARRAY<STRING>,"
    "m MAP<STRING, ARRAY<INT>>, n STRUCT<x: BIGINT, y: ARRAY<STRUCT<z: SMALLINT>>>,"
    "o INTERVAL DAY TO SECOND, p INTERVAL YEAR TO MONTH, q TIME(6), r VOID,"
    "_corrupt_record STRING, why STRING";

static frl_json_plan *plan_of(frl_json_mode mode, bool lenient) {
  static frl_json_plan *plans[2][3];
  if (plans[lenient][mode]) return plans[lenient][mode];
  const frl_json_options options = {.struct_size = sizeof options,
      .mode = mode,
      .reason_column = "why",
      .comments = lenient,
      .unquoted_field_names = lenient,
      .leading_zeros = lenient,
      .escape_any_character = lenient,
      .unquoted_control_chars = lenient};
  struct ArrowSchema schema;
  if (frl_schema_from_ddl(&schema, NULL, ddl, SIZE_MAX, NULL) != FRL_OK) abort();
  if (frl_json_plan_create(&plans[lenient][mode], &schema, &options, NULL, NULL) !=
      FRL_OK) {
    abort();
  }
  frl_schema_release(&schema);
  return plans[lenient][mode];
}

static size_t split(const uint8_t *data, size_t size, int32_t *offsets, uint8_t *out) {
  size_t n = 0;
  size_t used = 0;
  offsets[0] = 0;
  for (size_t i = 0; i < size && n < RECORDS_MAX; i++) {
    if (data[i] == RECORD_END) {
      offsets[++n] = (int32_t)used;
    } else {
      out[used++] = data[i];
    }
  }
  if (n < RECORDS_MAX) offsets[++n] = (int32_t)used;
  return n;
}

static void check_rows(const struct ArrowSchema *schema, struct ArrowArray *rows) {
  struct ArrowArrayView view;
  struct ArrowError error;
  if (ArrowArrayViewInitFromSchema(&view, schema, &error) != NANOARROW_OK ||
      ArrowArrayViewSetArray(&view, rows, &error) != NANOARROW_OK ||
      ArrowArrayViewValidate(&view, NANOARROW_VALIDATION_LEVEL_FULL, &error) !=
          NANOARROW_OK) {
    abort();
  }
  ArrowArrayViewReset(&view);
}

static void check_result(const frl_json_result *r, size_t n, int64_t rows) {
  if ((size_t)rows != r->rows_out || r->rows_out + r->dropped_rows != n) abort();
  if (r->bad_rows + r->empty_rows > n || r->n_reasons > r->bad_rows) abort();
  for (size_t i = 0; r->kept_rows && i < r->rows_out; i++) {
    if ((size_t)r->kept_rows[i] >= n) abort();
    if (i && r->kept_rows[i] <= r->kept_rows[i - 1]) abort();
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0 || size > 1 << 16) return 0;
  const frl_json_mode mode = (frl_json_mode)((data[0] & 0x7f) % 3);
  frl_json_plan *const plan = plan_of(mode, data[0] >> 7);
  int32_t offsets[RECORDS_MAX + 1];
  uint8_t *text = malloc(size);
  frl_json_decoder *decoder;
  if (!text || frl_json_decoder_create(&decoder, plan, NULL, NULL, NULL) != FRL_OK) {
    abort();
  }
  const size_t n = split(data + 1, size - 1, offsets, text);
  for (int i = 0; i < 2; i++) {
    struct ArrowArray rows = {.release = NULL};
    frl_json_result result;
    frl_error err;
    const frl_status st =
        frl_json_decode(decoder, offsets, text, n, &rows, &result, &err);
    if (st != FRL_OK) {
      if (st != FRL_E_MALFORMED || mode != FRL_JSON_FAILFAST) abort();
      continue;
    }
    if (mode == FRL_JSON_FAILFAST && result.bad_rows) abort();
    check_result(&result, n, rows.length);
    check_rows(frl_json_plan_schema(plan), &rows);
    rows.release(&rows);
  }
  frl_json_decoder_destroy(decoder);
  free(text);
  return 0;
}
