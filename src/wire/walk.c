#include "wire/walk.h"

#include "base/mem.h"

enum { HEADER_MAX = 5 + 10 };

void frl_walk_init(frl_walk *w, const frl_mem *mem, size_t max_field_bytes,
    frl_walk_fn on_field, void *ctx) {
  w->on_field = on_field;
  w->ctx = ctx;
  w->carry_need = 0;
  w->max_field_bytes = max_field_bytes;
  size_t carry_max;
  if (frl_add_overflows(max_field_bytes, HEADER_MAX, &carry_max)) carry_max = SIZE_MAX;
  frl_buf_init(&w->carry, mem, carry_max);
}

void frl_walk_deinit(frl_walk *w) { frl_buf_deinit(&w->carry); }

void frl_walk_reset(frl_walk *w) {
  frl_buf_clear(&w->carry);
  w->carry_need = 0;
}

/*
 * The whole size of the field that begins at c, from its first bytes: FRL_OK, or
 * FRL_E_TRUNCATED while they do not say yet.
 */
static frl_status field_size(frl_cursor c, size_t max, size_t *size) {
  const uint8_t *start = c.pos;
  uint32_t number;
  uint8_t type;
  uint64_t len = 0;
  frl_status st = frl_wire_read_tag(&c, &number, &type);
  if (st != FRL_OK) return st;
  switch (type) {
    case FRL_WIRE_VARINT:
      st = frl_cursor_varint(&c, &len);
      len = 0;
      break;
    case FRL_WIRE_FIXED64:
      len = 8;
      break;
    case FRL_WIRE_FIXED32:
      len = 4;
      break;
    default:
      st = frl_cursor_varint(&c, &len);
      break;
  }
  if (st != FRL_OK) return st;
  if (type == FRL_WIRE_BYTES && len > max) return FRL_E_LIMIT;
  *size = (size_t)(c.pos - start) + (size_t)len;
  return FRL_OK;
}

static frl_status carry_finish(frl_walk *w) {
  frl_cursor c = frl_cursor_of(w->carry.data, w->carry.len);
  frl_wire_field f;
  frl_status st = frl_wire_next(&c, &f);
  if (st == FRL_OK) st = w->on_field(w->ctx, &f);
  frl_walk_reset(w);
  return st;
}

/* Takes from c what the carried field still lacks. */
static frl_status carry_more(frl_walk *w, frl_cursor *c) {
  while (w->carry_need == 0) {
    if (c->pos == c->end) return FRL_OK;
    frl_status st = frl_buf_append_u8(&w->carry, *c->pos++);
    if (st != FRL_OK) return st;
    st = field_size(
        frl_cursor_of(w->carry.data, w->carry.len), w->max_field_bytes, &w->carry_need);
    if (st != FRL_OK && st != FRL_E_TRUNCATED) return st;
  }
  const size_t lack = w->carry_need - w->carry.len;
  const size_t n = lack < frl_cursor_left(c) ? lack : frl_cursor_left(c);
  const frl_status st = frl_buf_append(&w->carry, c->pos, n);
  if (st != FRL_OK) return st;
  c->pos += n;
  return w->carry.len == w->carry_need ? carry_finish(w) : FRL_OK;
}

/* The chunk ends inside the field at c: keep its beginning. */
static frl_status carry_start(frl_walk *w, frl_cursor *c) {
  frl_status st = field_size(*c, w->max_field_bytes, &w->carry_need);
  if (st == FRL_E_TRUNCATED) w->carry_need = 0;
  if (st != FRL_OK && st != FRL_E_TRUNCATED) return st;
  /* once the size is known the room is made at once */
  if (w->carry_need) st = frl_buf_reserve(&w->carry, w->carry_need);
  if (st != FRL_OK && st != FRL_E_TRUNCATED) return st;
  st = frl_buf_append(&w->carry, c->pos, frl_cursor_left(c));
  c->pos = c->end;
  return st;
}

/* As frl_wire_next, without a call where the field is as most are. */
static inline frl_status next_field(frl_cursor *c, frl_wire_field *f) {
  if (!frl_wire_short_field(c, &f->number, &f->bytes)) return frl_wire_next(c, f);
  f->type = FRL_WIRE_BYTES;
  f->value = frl_cursor_left(&f->bytes);
  return FRL_OK;
}

frl_status frl_walk_feed(frl_walk *w, const uint8_t *data, size_t n) {
  frl_cursor c = frl_cursor_of(data, n);
  while (c.pos < c.end) {
    frl_status st;
    if (w->carry.len) {
      st = carry_more(w, &c);
    } else {
      frl_wire_field f;
      st = next_field(&c, &f);
      if (st == FRL_OK && f.type == FRL_WIRE_BYTES && f.value > w->max_field_bytes) {
        st = FRL_E_LIMIT;
      } else if (st == FRL_OK) {
        st = w->on_field(w->ctx, &f);
      } else if (st == FRL_E_TRUNCATED) {
        st = carry_start(w, &c);
      }
    }
    if (st != FRL_OK) return st;
  }
  return FRL_OK;
}

frl_status frl_walk_end(frl_walk *w) {
  const bool inside = w->carry.len != 0;
  frl_walk_reset(w);
  return inside ? FRL_E_TRUNCATED : FRL_OK;
}
