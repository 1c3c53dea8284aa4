#include "arrow/ipc_encode.h"

#include <stdbool.h>
#include <string.h>

#include "arrow/layout.h"
#include "arrow/schema_path.h"
#include "base/error.h"
#include "base/mem.h"

enum { MAX_DEPTH = 128 };

/** How an array of a format is taken apart. */
typedef struct ipc_shape {
  frl_layout_kind kind;
  size_t width_bytes;  /* FIXED */
  size_t offset_bytes; /* BYTES, LIST, MAP: 4 or 8 */
  int64_t list_size;   /* of a fixed-size list, else 0 */
} ipc_shape;

void frl_ipc_body_init(frl_ipc_body *body, const frl_mem *mem) {
  *body = (frl_ipc_body){.mem = mem ? *mem : frl_mem_default};
}

void frl_ipc_body_reset(frl_ipc_body *body) {
  for (size_t i = 0; i < body->n_copies; i++) frl_free(&body->mem, body->copies[i]);
  body->n_copies = 0;
  body->n_nodes = 0;
  body->n_parts = 0;
}

void frl_ipc_body_deinit(frl_ipc_body *body) {
  frl_ipc_body_reset(body);
  frl_free(&body->mem, body->copies);
  frl_free(&body->mem, body->nodes);
  frl_free(&body->mem, body->parts);
}

/** Makes room for one more element of a list. */
static frl_status grow(
    const frl_mem *mem, void **list, size_t used, size_t *room, size_t element) {
  if (used < *room) return FRL_OK;
  const size_t more = *room ? *room * 2 : 32;
  void *larger = frl_reallocarray(mem, *list, more, element);
  if (!larger) return FRL_E_NOMEM;
  *list = larger;
  *room = more;
  return FRL_OK;
}

static frl_status add_part(frl_ipc_body *body, const void *data, size_t n) {
  void *list = body->parts;
  FRL_TRY(
      grow(&body->mem, &list, body->n_parts, &body->room_parts, sizeof *body->parts));
  body->parts = list;
  body->parts[body->n_parts++] = (frl_ipc_part){data, n};
  return FRL_OK;
}

static frl_status add_node(frl_ipc_body *body, int64_t length, int64_t null_count) {
  void *list = body->nodes;
  FRL_TRY(
      grow(&body->mem, &list, body->n_nodes, &body->room_nodes, sizeof *body->nodes));
  body->nodes = list;
  body->nodes[body->n_nodes++] = (frl_ipc_node){length, null_count};
  return FRL_OK;
}

frl_status frl_ipc_body_room(frl_ipc_body *body, size_t n, void **out) {
  void *list = body->copies;
  FRL_TRY(grow(
      &body->mem, &list, body->n_copies, &body->room_copies, sizeof *body->copies));
  body->copies = list;
  *out = frl_malloc(&body->mem, n);
  if (!*out) return FRL_E_NOMEM;
  body->copies[body->n_copies++] = *out;
  return FRL_OK;
}

static frl_status shape_of(ipc_shape *out, const struct ArrowSchema *schema) {
  frl_layout layout;
  if (!schema || !schema->release || frl_layout_of(&layout, schema->format) != FRL_OK) {
    return FRL_E_INVALID;
  }
  if (schema->dictionary) return FRL_E_UNSUPPORTED;
  const char *format = schema->format;
  *out = (ipc_shape){
      .kind = layout.kind, .width_bytes = layout.width_bytes, .offset_bytes = 4};
  if (layout.kind != FRL_LAYOUT_OTHER) return FRL_OK;
  out->offset_bytes = 8;
  if (strcmp(format, "U") == 0 || strcmp(format, "Z") == 0) {
    out->kind = FRL_LAYOUT_BYTES;
    return FRL_OK;
  }
  out->kind = FRL_LAYOUT_LIST;
  if (strcmp(format, "+L") == 0) return FRL_OK;
  if (strncmp(format, "+w:", 3) != 0) return FRL_E_UNSUPPORTED;
  for (const char *c = format + 3; *c >= '0' && *c <= '9'; c++) {
    if (out->list_size > INT32_MAX / 10) return FRL_E_INVALID;
    out->list_size = out->list_size * 10 + (*c - '0');
  }
  return out->list_size > 0 ? FRL_OK : FRL_E_UNSUPPORTED;
}

static frl_status check_node(
    const struct ArrowSchema *schema, const frl_schema_path *at, frl_error *err) {
  ipc_shape shape;
  if (at && at->depth > MAX_DEPTH) {
    return frl_schema_path_fail(err, FRL_E_LIMIT, "IPC", at, "nested too deep");
  }
  const frl_status st = shape_of(&shape, schema);
  if (st != FRL_OK || !schema) {
    return frl_schema_path_fail(err, st, "IPC", at,
        st == FRL_E_INVALID ? "no valid Arrow type" : "a type that is not written yet");
  }
  const bool list = shape.kind == FRL_LAYOUT_LIST || shape.kind == FRL_LAYOUT_MAP;
  if (list && schema->n_children != 1) {
    return frl_schema_path_fail(err, FRL_E_INVALID, "IPC", at, "a list of one child");
  }
  for (int64_t i = 0; i < schema->n_children; i++) {
    const struct ArrowSchema *child = schema->children[i];
    const char *name = child && child->name ? child->name : "";
    const frl_schema_path here = {at, name, at ? at->depth + 1 : 1};
    FRL_TRY(check_node(child, &here, err));
  }
  return FRL_OK;
}

frl_status frl_ipc_check_schema(const struct ArrowSchema *schema, frl_error *err) {
  FRL_TRY(check_node(schema, NULL, err));
  if (strcmp(schema->format, "+s") == 0) return FRL_OK;
  return frl_fail(err, FRL_E_INVALID, "IPC: the schema is no struct");
}

static bool bit(const uint8_t *bits, int64_t i) {
  return (bits[i >> 3] >> (i & 7) & 1) != 0;
}

/** n bits from start on. */
static frl_status add_bits(
    frl_ipc_body *body, const uint8_t *bits, int64_t start, int64_t n) {
  const size_t bytes = (size_t)(n / 8 + (n % 8 != 0));
  if (start % 8 == 0 || n == 0)
    return add_part(body, n ? bits + start / 8 : NULL, bytes);
  void *room;
  FRL_TRY(frl_ipc_body_room(body, bytes, &room));
  uint8_t *copy = room;
  const uint8_t *from = bits + start / 8;
  const unsigned shift = (unsigned)(start % 8);
  const size_t last = (size_t)((start + n - 1) / 8 - start / 8);
  for (size_t i = 0; i < bytes; i++) {
    /* the byte behind the last bit may not be ours to read */
    const unsigned high = i < last ? from[i + 1] : 0;
    copy[i] = (uint8_t)(from[i] >> shift | high << (8 - shift));
  }
  return add_part(body, copy, bytes);
}

static int64_t offset_at(const void *offsets, size_t width, int64_t i) {
  if (width == 4) return ((const int32_t *)offsets)[i];
  return ((const int64_t *)offsets)[i];
}

/** n + 1 offsets from start on, made to begin at 0. */
static frl_status add_offsets(
    frl_ipc_body *body, const void *offsets, size_t width, int64_t start, int64_t n) {
  static const int64_t zero = 0;
  if (n == 0) return add_part(body, &zero, width);
  const size_t bytes = (size_t)(n + 1) * width;
  const int64_t base = offset_at(offsets, width, start);
  if (base == 0) {
    return add_part(body, (const uint8_t *)offsets + (size_t)start * width, bytes);
  }
  void *copy;
  FRL_TRY(frl_ipc_body_room(body, bytes, &copy));
  for (int64_t i = 0; i <= n; i++) {
    const int64_t value = offset_at(offsets, width, start + i) - base;
    if (width == 4) {
      ((int32_t *)copy)[i] = (int32_t)value;
    } else {
      ((int64_t *)copy)[i] = value;
    }
  }
  return add_part(body, copy, bytes);
}

/** The node, and its validity unless there is no null. */
static frl_status add_validity(
    frl_ipc_body *body, const struct ArrowArray *a, int64_t start, int64_t n) {
  const uint8_t *bits = a->n_buffers > 0 ? a->buffers[0] : NULL;
  int64_t nulls = 0;
  if (bits && n == a->length && a->null_count >= 0) {
    nulls = a->null_count;
  } else if (bits) {
    for (int64_t i = 0; i < n; i++) nulls += !bit(bits, start + i);
  }
  FRL_TRY(add_node(body, n, nulls));
  return nulls ? add_bits(body, bits, start, n) : add_part(body, "", 0);
}

static frl_status collect(frl_ipc_body *body, const struct ArrowSchema *schema,
    const struct ArrowArray *a, int64_t first, int64_t n);

static frl_status collect_list(frl_ipc_body *body, const ipc_shape *shape,
    const struct ArrowSchema *schema, const struct ArrowArray *a, int64_t start,
    int64_t n) {
  if (a->n_children != 1) return FRL_E_INVALID;
  if (shape->list_size) {
    return collect(body, schema->children[0], a->children[0], start * shape->list_size,
        n * shape->list_size);
  }
  FRL_TRY(add_offsets(body, a->buffers[1], shape->offset_bytes, start, n));
  int64_t from = 0;
  int64_t to = 0;
  if (n > 0) {
    from = offset_at(a->buffers[1], shape->offset_bytes, start);
    to = offset_at(a->buffers[1], shape->offset_bytes, start + n);
  }
  return collect(body, schema->children[0], a->children[0], from, to - from);
}

static frl_status collect_bytes(frl_ipc_body *body, const ipc_shape *shape,
    const struct ArrowArray *a, int64_t start, int64_t n) {
  FRL_TRY(add_offsets(body, a->buffers[1], shape->offset_bytes, start, n));
  if (n == 0) return add_part(body, "", 0);
  const int64_t from = offset_at(a->buffers[1], shape->offset_bytes, start);
  const int64_t to = offset_at(a->buffers[1], shape->offset_bytes, start + n);
  if (to < from) return FRL_E_INVALID;
  if (to == from) return add_part(body, "", 0);
  return add_part(body, (const uint8_t *)a->buffers[2] + from, (size_t)(to - from));
}

static frl_status collect_children(frl_ipc_body *body, const struct ArrowSchema *schema,
    const struct ArrowArray *a, int64_t start, int64_t n) {
  if (a->n_children != schema->n_children) return FRL_E_INVALID;
  for (int64_t i = 0; i < a->n_children; i++) {
    FRL_TRY(collect(body, schema->children[i], a->children[i], start, n));
  }
  return FRL_OK;
}

static int64_t buffers_of(const ipc_shape *shape) {
  switch (shape->kind) {
    case FRL_LAYOUT_NULL:
      return 0;
    case FRL_LAYOUT_STRUCT:
      return 1;
    case FRL_LAYOUT_BYTES:
      return 3;
    case FRL_LAYOUT_LIST:
      return shape->list_size ? 1 : 2;
    default:
      return 2;
  }
}

/** Rows first .. first + n - 1 of the array, whose own offset comes on top. */
static frl_status collect(frl_ipc_body *body, const struct ArrowSchema *schema,
    const struct ArrowArray *a, int64_t first, int64_t n) {
  ipc_shape shape;
  FRL_TRY(shape_of(&shape, schema));
  if (!a || !a->release || a->n_buffers != buffers_of(&shape)) return FRL_E_INVALID;
  if (n < 0 || first < 0 || first > a->length || n > a->length - first) {
    return FRL_E_INVALID;
  }
  const int64_t start = a->offset + first;
  if (shape.kind == FRL_LAYOUT_NULL) return add_node(body, n, n);
  FRL_TRY(add_validity(body, a, start, n));
  switch (shape.kind) {
    case FRL_LAYOUT_BOOL:
      return add_bits(body, a->buffers[1], start, n);
    case FRL_LAYOUT_FIXED:
      return add_part(body,
          n ? (const uint8_t *)a->buffers[1] + (size_t)start * shape.width_bytes
            : (const uint8_t *)"",
          (size_t)n * shape.width_bytes);
    case FRL_LAYOUT_BYTES:
      return collect_bytes(body, &shape, a, start, n);
    case FRL_LAYOUT_STRUCT:
      return collect_children(body, schema, a, start, n);
    default:
      return collect_list(body, &shape, schema, a, start, n);
  }
}

static bool has_null_row(const struct ArrowArray *batch) {
  const uint8_t *bits = batch->n_buffers > 0 ? batch->buffers[0] : NULL;
  if (!bits || batch->null_count == 0) return false;
  for (int64_t i = 0; i < batch->length; i++) {
    if (!bit(bits, batch->offset + i)) return true;
  }
  return false;
}

frl_status frl_ipc_body_collect(frl_ipc_body *body, const struct ArrowSchema *schema,
    const struct ArrowArray *batch, frl_error *err) {
  frl_ipc_body_reset(body);
  if (!batch->release || batch->length < 0 || batch->offset < 0) {
    return frl_fail(err, FRL_E_INVALID, "IPC: the batch is released or broken");
  }
  if (has_null_row(batch)) {
    return frl_fail(err, FRL_E_INVALID, "IPC: the batch has a null row");
  }
  const frl_status st =
      collect_children(body, schema, batch, batch->offset, batch->length);
  if (st == FRL_OK) return FRL_OK;
  return frl_fail(err, st, "IPC: %s",
      st == FRL_E_NOMEM ? "out of memory" : "the batch is not of the writer's schema");
}
