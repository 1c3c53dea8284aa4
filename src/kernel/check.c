/**
 * Whether an array is a batch of a schema.
 *
 * The shape is looked at first, once and for whole arrays, so that the values can be
 * read. Then values are checked in runs of rows that can be seen: what lies below a
 * null struct or list does not count.
 */
#include <ferrule/schema.h>
#include <stdio.h>
#include <string.h>

#include "arrow/layout.h"
#include "arrow/schema_path.h"
#include "arrow/spark_type.h"
#include "base/error.h"
#include "kernel/kernel.h"
#include "kernel/value.h"

enum { MAX_DEPTH = 2 * FRL_SCHEMA_MAX_DEPTH + 4 };

typedef struct checker {
  int32_t skip;
  frl_error *err;
  int64_t row; /* of the fault, in the array that is being looked at */
} checker;

typedef struct column {
  const struct ArrowSchema *schema;
  const struct ArrowArray *array;
  const frl_schema_path *path;
} column;

static frl_status fault(checker *c, const column *col, const char *message) {
  c->row = -1;
  return frl_schema_path_fail(c->err, FRL_E_INVALID, "batch", col->path, message);
}

static frl_status fault_at(
    checker *c, const column *col, int64_t row, const char *message) {
  c->row = row;
  return frl_schema_path_fail(c->err, FRL_E_INVALID, "batch", col->path, message);
}

static const char *name_of(const struct ArrowSchema *field) {
  return field->name ? field->name : "";
}

static int64_t buffers_of(frl_layout_kind kind) {
  switch (kind) {
    case FRL_LAYOUT_NULL:
      return 0;
    case FRL_LAYOUT_STRUCT:
      return 1;
    case FRL_LAYOUT_BYTES:
      return 3;
    default:
      return 2;
  }
}

/** A fault of an offset: in the row of a column; below, rows are not the batch's. */
static frl_status offset_fault(
    checker *c, const column *col, int depth, int64_t row, const char *message) {
  return depth == 1 ? fault_at(c, col, row, message) : fault(c, col, message);
}

/** Offsets of a string or list column: from 0 on, never backwards. *last: the end. */
static frl_status offsets_shape(
    checker *c, const column *col, int depth, int64_t *last) {
  const struct ArrowArray *a = col->array;
  const int32_t *offsets = a->buffers[1];
  *last = 0;
  if (a->length == 0) return FRL_OK;
  if (!offsets) return fault(c, col, "its offsets are missing");
  offsets += a->offset;
  if (offsets[0] < 0) return offset_fault(c, col, depth, 0, "an offset is negative");
  int32_t backwards = 0;
  for (int64_t i = 0; i < a->length; i++) backwards |= offsets[i + 1] < offsets[i];
  for (int64_t i = 0; backwards && i < a->length; i++) {
    if (offsets[i + 1] < offsets[i]) {
      return offset_fault(c, col, depth, i, "its offsets run backwards");
    }
  }
  *last = offsets[a->length];
  return FRL_OK;
}

static frl_status shape(checker *c, const column *col, int64_t needed, int depth);

static frl_status children_shape(
    checker *c, const column *col, int64_t needed, int depth) {
  for (int64_t i = 0; i < col->schema->n_children; i++) {
    const struct ArrowSchema *schema = col->schema->children[i];
    if (!schema) return fault(c, col, "a field of its schema is missing");
    const frl_schema_path path = {col->path, name_of(schema), depth + 1};
    const column child = {schema, col->array->children[i], &path};
    FRL_TRY(shape(c, &child, needed, depth + 1));
  }
  return FRL_OK;
}

static frl_status values_shape(
    checker *c, const column *col, frl_layout_kind kind, int depth) {
  const struct ArrowArray *a = col->array;
  int64_t last = 0;
  switch (kind) {
    case FRL_LAYOUT_BYTES:
      FRL_TRY(offsets_shape(c, col, depth, &last));
      return last > 0 && !a->buffers[2] ? fault(c, col, "its bytes are missing")
                                        : FRL_OK;
    case FRL_LAYOUT_LIST:
    case FRL_LAYOUT_MAP:
      FRL_TRY(offsets_shape(c, col, depth, &last));
      return children_shape(c, col, last, depth);
    case FRL_LAYOUT_STRUCT:
      return children_shape(c, col, a->offset + a->length, depth);
    case FRL_LAYOUT_NULL:
      return FRL_OK;
    default:
      return a->length && !a->buffers[1] ? fault(c, col, "its values are missing")
                                         : FRL_OK;
  }
}

/** needed: rows that the parent will ask for. */
static frl_status shape(checker *c, const column *col, int64_t needed, int depth) {
  const struct ArrowArray *a = col->array;
  frl_layout layout;
  if (depth > MAX_DEPTH) return fault(c, col, "nested too deep");
  if (!a) return fault(c, col, "its array is missing");
  if (!a->release) return fault(c, col, "its array is released");
  if (frl_layout_of(&layout, col->schema->format) != FRL_OK) {
    return fault(c, col, "no Arrow type");
  }
  if (layout.kind == FRL_LAYOUT_OTHER || a->dictionary || col->schema->dictionary) {
    c->row = -1;
    return frl_schema_path_fail(c->err, FRL_E_UNSUPPORTED, "batch", col->path,
        "dictionaries, views, unions, runs and large forms are not taken");
  }
  if (a->length < 0 || a->offset < 0 || a->offset > INT64_MAX / 32 - a->length) {
    return fault(c, col, "a negative length or offset");
  }
  if (a->length < needed) return fault(c, col, "it has fewer rows than it must have");
  if (a->n_buffers != buffers_of(layout.kind) || (a->n_buffers && !a->buffers)) {
    return fault(c, col, "another number of buffers than its type has");
  }
  if (a->n_children != col->schema->n_children || (a->n_children && !a->children)) {
    return fault(c, col, "another number of children than its type has");
  }
  if (layout.kind == FRL_LAYOUT_LIST && a->n_children != 1) {
    return fault(c, col, "a list has one child");
  }
  if (a->null_count < -1 || a->null_count > a->length) {
    return fault(c, col, "an impossible null count");
  }
  if (a->null_count > 0 && a->n_buffers && !a->buffers[0]) {
    return fault(c, col, "nulls are counted, but no validity bitmap is there");
  }
  return values_shape(c, col, layout.kind, depth);
}

/* ---- values ---- */

static bool is_valid(const uint8_t *bits, int64_t i) {
  return !bits || (bits[i >> 3] >> (i & 7) & 1) != 0;
}

/** The bitmap, or NULL where no row is null. */
static const uint8_t *validity(const struct ArrowArray *a) {
  return a->n_buffers && a->null_count != 0 ? a->buffers[0] : NULL;
}

/** The next run of valid rows in [*from, end), as [*from, result). */
static int64_t next_run(const uint8_t *bits, int64_t base, int64_t *from, int64_t end) {
  if (!bits) return end;
  while (*from < end && !is_valid(bits, base + *from)) (*from)++;
  int64_t to = *from;
  while (to < end && is_valid(bits, base + to)) to++;
  return to;
}

static frl_status values(checker *c, const column *col, int64_t from, int64_t n);

static frl_status no_nulls(checker *c, const column *col, int64_t from, int64_t n) {
  const struct ArrowArray *a = col->array;
  const bool nothing = a->n_buffers == 0 && n > 0; /* the type of nulls */
  if (nothing) return fault_at(c, col, from, "null in a column that is NOT NULL");
  const uint8_t *bits = validity(a);
  if (!bits) return FRL_OK;
  for (int64_t i = from; i < from + n; i++) {
    if (!is_valid(bits, a->offset + i)) {
      return fault_at(c, col, i, "null in a column that is NOT NULL");
    }
  }
  return FRL_OK;
}

static frl_status struct_values(
    checker *c, const column *col, int64_t from, int64_t n) {
  const struct ArrowArray *a = col->array;
  for (int64_t i = 0; i < a->n_children; i++) {
    const struct ArrowSchema *schema = col->schema->children[i];
    const frl_schema_path path = {col->path, name_of(schema), 0};
    const column child = {schema, a->children[i], &path};
    const frl_status st = values(c, &child, a->offset + from, n);
    if (st != FRL_OK) {
      if (c->row >= 0) c->row -= a->offset;
      return st;
    }
  }
  return FRL_OK;
}

static frl_status list_values(checker *c, const column *col, int64_t from, int64_t n) {
  const struct ArrowArray *a = col->array;
  const int32_t *offsets = (const int32_t *)a->buffers[1] + a->offset;
  const struct ArrowSchema *schema = col->schema->children[0];
  const frl_schema_path path = {col->path, name_of(schema), 0};
  const column child = {schema, a->children[0], &path};
  const frl_status st =
      values(c, &child, offsets[from], offsets[from + n] - offsets[from]);
  if (st == FRL_OK || c->row < 0) return st;
  int64_t row = from;
  while (row + 1 < from + n && offsets[row + 1] <= c->row) row++;
  c->row = row;
  return st;
}

/** Rows from .. from + n - 1, of which none is null, and n is not 0. */
static frl_status run_values(
    checker *c, const column *col, frl_layout_kind kind, int64_t from, int64_t n) {
  if (kind == FRL_LAYOUT_STRUCT) return struct_values(c, col, from, n);
  if (kind == FRL_LAYOUT_LIST || kind == FRL_LAYOUT_MAP) {
    return list_values(c, col, from, n);
  }
  const char *why = NULL;
  int64_t row = -1;
  const char *format = col->schema->format;
  if (*format == 'u' && !(c->skip & FRL_KERNEL_SKIP_UTF8)) {
    row = frl_value_bad_utf8(col->array, from, n);
    why = "not UTF-8";
  } else if (*format == 'd' && !(c->skip & FRL_KERNEL_SKIP_VALUES)) {
    row = frl_value_bad_decimal(format, col->array, from, n);
    why = "a decimal with more digits than its type has";
  } else if (strcmp(format, "ttn") == 0 && !(c->skip & FRL_KERNEL_SKIP_VALUES)) {
    row = frl_value_bad_time(col->array, from, n);
    why = "a time of day that is not within the day";
  }
  return row < 0 ? FRL_OK : fault_at(c, col, row, why);
}

/** Whether single values need a look: none of most fixed types can be wrong. */
static bool is_looked_at(const checker *c, const column *col, frl_layout_kind kind,
    int64_t from, int64_t n) {
  const char *format = col->schema->format;
  if (kind == FRL_LAYOUT_NULL || kind == FRL_LAYOUT_BOOL) return false;
  if (kind == FRL_LAYOUT_FIXED) return *format == 'd' || strcmp(format, "ttn") == 0;
  if (kind != FRL_LAYOUT_BYTES) return true;
  if (*format != 'u' || (c->skip & FRL_KERNEL_SKIP_UTF8)) return false;
  /* what lies under nulls is good too, nearly always */
  return frl_value_bad_utf8(col->array, from, n) >= 0;
}

static frl_status values(checker *c, const column *col, int64_t from, int64_t n) {
  frl_layout layout;
  if (n == 0) return FRL_OK;
  FRL_TRY(frl_layout_of(&layout, col->schema->format));
  if (!(col->schema->flags & ARROW_FLAG_NULLABLE) &&
      !(c->skip & FRL_KERNEL_SKIP_NULLS)) {
    FRL_TRY(no_nulls(c, col, from, n));
  }
  if (!is_looked_at(c, col, layout.kind, from, n)) return FRL_OK;
  const uint8_t *bits = validity(col->array);
  const int64_t end = from + n;
  while (from < end) {
    const int64_t to = next_run(bits, col->array->offset, &from, end);
    if (to > from) FRL_TRY(run_values(c, col, layout.kind, from, to - from));
    from = to;
  }
  return FRL_OK;
}

frl_status frl_kernel_check(const struct ArrowSchema *schema,
    const struct ArrowArray *array, int32_t skip, int64_t *row, frl_error *err) {
  checker c = {.skip = skip, .err = err, .row = -1};
  const column root = {schema, array, NULL};
  frl_status st = FRL_OK;
  if (!schema || !schema->release || !schema->format ||
      strcmp(schema->format, "+s") != 0) {
    st = frl_fail(err, FRL_E_INVALID, "batch: its schema is not a struct");
  }
  if (st == FRL_OK) {
    st = shape(&c, &root, 0, 0);
    /* a column may be longer than the batch, and begin before it */
    if (st != FRL_OK && c.row >= 0) {
      c.row -= array->offset;
      if (c.row >= array->length) c.row = -1;
    }
  }
  if (st == FRL_OK) {
    const uint8_t *bits = validity(array);
    for (int64_t i = 0; st == FRL_OK && bits && i < array->length; i++) {
      if (is_valid(bits, array->offset + i)) continue;
      st = fault_at(&c, &root, i, "a row itself is null");
    }
  }
  if (st == FRL_OK) st = values(&c, &root, 0, array->length);
  if (row) *row = st == FRL_OK || c.row < 0 ? -1 : c.row;
  if (st != FRL_OK && c.row >= 0) {
    frl_error_prefix(err, "row %lld: ", (long long)c.row);
  }
  return st;
}
