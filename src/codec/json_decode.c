/** Records to rows: the parse, the modes, what is told about bad ones. */
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "codec/json_decoder.h"
#include "wire/reader.h"

enum { ARENA_KEPT_BYTES = 1 << 22, SCRATCH_MAX_BYTES = INT32_MAX };

static const yyjson_read_flag strict_flags =
    YYJSON_READ_NUMBER_AS_RAW | YYJSON_READ_STOP_WHEN_DONE;

static yyjson_doc *parse(frl_json_decoder *d, const char *text, size_t n,
    yyjson_read_flag flags, yyjson_read_err *problem) {
  frl_json_arena_reset(&d->arena);
  const yyjson_alc alc = frl_json_arena_alc(&d->arena);
  /* without YYJSON_READ_INSITU the text is only read */
  return yyjson_read_opts((char *)(uintptr_t)text, n, flags, &alc, problem);
}

static bool is_blank(const char *text, size_t n) {
  for (size_t i = 0; i < n; i++) {
    if (text[i] != ' ' && text[i] != '\t' && text[i] != '\n' && text[i] != '\r') {
      return false;
    }
  }
  return true;
}

/* The second try: what Spark allows beyond the standard. */
static yyjson_doc *parse_leniently(
    frl_json_decoder *d, const char *text, size_t n, yyjson_read_err *problem) {
  bool non_numeric;
  const frl_status st =
      frl_json_repair(&d->scratch, &non_numeric, text, n, d->plan->leniency);
  if (st != FRL_OK) {
    d->status = st;
    return NULL;
  }
  const size_t len = d->scratch.len;
  /* as it was: the first answer stands */
  if (!non_numeric && len == n && memcmp(d->scratch.data, text, n) == 0) return NULL;
  yyjson_read_err again;
  yyjson_doc *const doc = parse(d, (const char *)d->scratch.data, len,
      strict_flags | (non_numeric ? YYJSON_READ_ALLOW_INF_AND_NAN : 0), &again);
  if (!doc && again.code == YYJSON_READ_ERROR_MEMORY_ALLOCATION) *problem = again;
  return doc;
}

/* Nothing was left of a record that the second try refused. */
static bool is_comment(const frl_json_decoder *d) {
  return d->plan->leniency.comments &&
         is_blank((const char *)d->scratch.data, d->scratch.len);
}

/* Values lie in the order of the text; a container knows where its last one ends. */
static bool too_deep(yyjson_doc *doc) {
  if (yyjson_doc_get_val_count(doc) <= FRL_JSON_MAX_DEPTH) return false;
  yyjson_val *ends[FRL_JSON_MAX_DEPTH];
  size_t depth = 0;
  yyjson_val *const first = yyjson_doc_get_root(doc);
  yyjson_val *const last = first + yyjson_doc_get_val_count(doc);
  for (yyjson_val *v = first; v < last; v++) {
    while (depth && v >= ends[depth - 1]) depth--;
    if (!yyjson_is_ctn(v)) continue;
    if (depth == FRL_JSON_MAX_DEPTH) return true;
    ends[depth++] = unsafe_yyjson_get_next(v);
  }
  return false;
}

static frl_json_fit decode_record(frl_json_decoder *d, const char *text, size_t n) {
  yyjson_read_err problem;
  yyjson_doc *doc = parse(d, text, n, strict_flags, &problem);
  if (!doc && is_blank(text, n)) {
    d->result.empty_rows++;
    return FRL_FIT_OK;
  }
  d->status = FRL_OK;
  if (!doc && problem.code != YYJSON_READ_ERROR_MEMORY_ALLOCATION) {
    doc = parse_leniently(d, text, n, &problem);
  }
  if (!doc) {
    if (problem.code == YYJSON_READ_ERROR_MEMORY_ALLOCATION) d->status = FRL_E_NOMEM;
    if (d->status != FRL_OK) return FRL_FIT_STOP;
    if (!is_comment(d)) return frl_json_not_json(d, problem.msg, problem.pos);
    d->result.empty_rows++;
    return FRL_FIT_OK;
  }
  yyjson_val *const root = yyjson_doc_get_root(doc);
  if (too_deep(doc)) return frl_json_not_json(d, "nested deeper than 1000", n);
  if (!yyjson_is_obj(root)) return frl_json_misfit(d, &d->plan->root, root, NULL);
  return frl_json_object(
      d, &d->plan->root, d->fields, frl_columns_rows(d->columns), root);
}

static frl_status append_record(
    frl_json_decoder *d, frl_col *col, const char *text, size_t n) {
  if (!frl_wire_is_utf8(frl_cursor_of(text, n))) {
    FRL_TRY(frl_json_make_utf8(&d->scratch, text, n));
    text = (const char *)d->scratch.data;
    n = d->scratch.len;
  }
  return frl_col_append_bytes(col, text, n);
}

static void keep_reason(frl_json_decoder *d, size_t row) {
  if (d->result.n_reasons == FRL_JSON_REASONS) return;
  frl_json_reason *const kept = &d->reasons[d->result.n_reasons++];
  kept->row = row;
  memcpy(kept->text, d->reason, sizeof kept->text);
}

/* From the first dropped row on it is written down which rows stay. */
static frl_status start_kept(frl_json_decoder *d, size_t row, size_t n_rows) {
  if (d->result.dropped_rows++ > 0) return FRL_OK;
  if (d->kept_cap < n_rows) {
    int32_t *const grown = frl_reallocarray(&d->mem, d->kept, n_rows, sizeof *d->kept);
    if (!grown) return FRL_E_NOMEM;
    d->kept = grown;
    d->kept_cap = n_rows;
  }
  for (size_t i = 0; i < row; i++) d->kept[i] = (int32_t)i;
  d->n_kept = row;
  d->result.kept_rows = d->kept;
  return FRL_OK;
}

/* A row that does not fit, as the mode wants it; *keep is false to leave it out. */
static frl_status bad_row(frl_json_decoder *d, size_t row, size_t n_rows,
    const char *text, size_t n, bool *keep) {
  const frl_json_plan *const plan = d->plan;
  d->result.bad_rows++;
  keep_reason(d, row);
  if (plan->mode == FRL_JSON_FAILFAST) return FRL_E_MALFORMED;
  if (plan->mode == FRL_JSON_DROPMALFORMED) {
    *keep = false;
    return start_kept(d, row, n_rows);
  }
  if (plan->corrupt_column != SIZE_MAX) {
    FRL_TRY(append_record(d, d->fields[plan->corrupt_column], text, n));
  }
  if (plan->reason_column == SIZE_MAX) return FRL_OK;
  return frl_col_append_bytes(
      d->fields[plan->reason_column], d->reason, strlen(d->reason));
}

static frl_status decode_row(
    frl_json_decoder *d, size_t row, size_t n_rows, const char *text, size_t n) {
  d->want_reason =
      d->result.n_reasons < FRL_JSON_REASONS || d->plan->reason_column != SIZE_MAX;
  d->reason[0] = '\0';
  bool keep = true;
  const frl_json_fit fit = decode_record(d, text, n);
  if (fit == FRL_FIT_STOP) return d->status;
  if (fit != FRL_FIT_OK) FRL_TRY(bad_row(d, row, n_rows, text, n, &keep));
  if (!keep) {
    frl_columns_drop_row(d->columns);
    return FRL_OK;
  }
  if (d->result.kept_rows) d->kept[d->n_kept++] = (int32_t)row;
  return frl_columns_end_row(d->columns);
}

static frl_status decode_rows(frl_json_decoder *d, const int32_t *offsets,
    const uint8_t *data, size_t n_rows, frl_error *err) {
  for (size_t row = 0; row < n_rows; row++) {
    const char *const text = (const char *)data + offsets[row];
    const size_t n = (size_t)(offsets[row + 1] - offsets[row]);
    const frl_status st = decode_row(d, row, n_rows, text, n);
    if (st == FRL_OK) continue;
    if (st == FRL_E_MALFORMED) {
      return frl_fail(err, st, "JSON: row %zu: %s", row, d->reason);
    }
    return frl_fail(err, st, "JSON: row %zu: %s", row,
        st == FRL_E_LIMIT ? "a column is above 2 GiB" : "out of memory");
  }
  return FRL_OK;
}

frl_status frl_json_decode(frl_json_decoder *decoder, const int32_t *offsets,
    const uint8_t *data, size_t n_rows, struct ArrowArray *out, frl_json_result *result,
    frl_error *err) {
  decoder->result = (frl_json_result){.reasons = decoder->reasons};
  decoder->n_kept = 0;
  frl_status st = decode_rows(decoder, offsets, data, n_rows, err);
  decoder->result.rows_out = frl_columns_rows(decoder->columns);
  if (st == FRL_OK) st = frl_columns_finish(decoder->columns, out, err);
  if (st != FRL_OK) {
    frl_columns_drop_row(decoder->columns);
    frl_columns_truncate(decoder->columns, 0);
    decoder->result.rows_out = 0;
  }
  frl_json_arena_reset(&decoder->arena);
  frl_json_arena_trim(&decoder->arena, ARENA_KEPT_BYTES);
  if (decoder->scratch.cap > ARENA_KEPT_BYTES) frl_buf_deinit(&decoder->scratch);
  if (result) *result = decoder->result;
  return st;
}

static frl_status open_columns(frl_json_decoder *d, frl_pool *pool, frl_error *err) {
  if (pool) {
    d->pool = frl_pool_ref(pool);
  } else {
    FRL_TRY(frl_pool_create(&d->pool, &d->mem, ARENA_KEPT_BYTES, err));
  }
  const frl_columns_options options = {.struct_size = sizeof options, .pool = d->pool};
  FRL_TRY(frl_columns_create(&d->columns, &d->plan->schema, &options, err));
  const size_t n = frl_columns_count(d->columns);
  d->fields = frl_calloc(&d->mem, n, sizeof *d->fields);
  d->memo = frl_calloc(&d->mem, d->plan->memo_len, sizeof *d->memo);
  if (!d->fields || !d->memo) {
    return frl_fail(err, FRL_E_NOMEM, "JSON decoder: out of memory");
  }
  for (size_t i = 0; i < n; i++) d->fields[i] = frl_columns_at(d->columns, i);
  for (size_t i = 0; i < d->plan->memo_len; i++) d->memo[i] = FRL_JSON_NO_FIELD;
  return FRL_OK;
}

frl_status frl_json_decoder_create(frl_json_decoder **out, const frl_json_plan *plan,
    frl_pool *pool, const frl_mem *mem, frl_error *err) {
  *out = NULL;
  frl_json_decoder *d = frl_calloc(mem, 1, sizeof *d);
  if (!d) return frl_fail(err, FRL_E_NOMEM, "JSON decoder: out of memory");
  d->plan = plan;
  d->mem = mem ? *mem : frl_mem_default;
  frl_json_arena_init(&d->arena, mem);
  frl_buf_init(&d->scratch, mem, SCRATCH_MAX_BYTES);
  frl_zones_init(&d->zones, mem, NULL);
  frl_status st = open_columns(d, pool, err);
  if (st == FRL_OK) {
    st = frl_zones_get(&d->zones, plan->time_zone, strlen(plan->time_zone), &d->zone);
    if (st != FRL_OK) {
      (void)frl_fail(err, st, "JSON: time zone %s: not readable", plan->time_zone);
    }
  }
  if (st != FRL_OK) {
    frl_json_decoder_destroy(d);
    return st;
  }
  *out = d;
  return FRL_OK;
}

void frl_json_decoder_destroy(frl_json_decoder *d) {
  if (!d) return;
  const frl_mem mem = d->mem;
  frl_columns_destroy(d->columns);
  frl_pool_unref(d->pool);
  frl_free(&mem, d->fields);
  frl_free(&mem, d->memo);
  frl_free(&mem, d->kept);
  frl_json_arena_deinit(&d->arena);
  frl_buf_deinit(&d->scratch);
  frl_zones_deinit(&d->zones);
  frl_free(&mem, d);
}
