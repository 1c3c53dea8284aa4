#include "pubsub/reservoir/lot.h"

#include <assert.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "pubsub/reservoir/id_map.h"
#include "wire/reader.h"
#include "wire/writer.h"

enum {
  ACK_ID_MAX_BYTES = 64000,
  ACK_FIELD = 2, /* AcknowledgeRequest.ack_ids */
  ACK_HEADER_MAX = 4,
  NAME_MAX_BYTES = 255,
  FIRST_ROWS = 256,
  FIRST_ARENA_BYTES = FIRST_ROWS * 200
};

frl_status frl_lot_create(frl_lot **out, frl_pool *pool) {
  *out = NULL;
  frl_lot *lot = frl_calloc(frl_pool_mem(pool), 1, sizeof *lot);
  if (!lot) return FRL_E_NOMEM;
  atomic_init(&lot->refs, 1);
  lot->pool = frl_pool_ref(pool);
  *out = lot;
  return FRL_OK;
}

frl_lot *frl_lot_ref(frl_lot *lot) {
  (void)atomic_fetch_add_explicit(&lot->refs, 1, memory_order_relaxed);
  return lot;
}

void frl_lot_unref(frl_lot *lot) {
  if (!lot) return;
  if (atomic_fetch_sub_explicit(&lot->refs, 1, memory_order_acq_rel) != 1) return;
  frl_pool *pool = lot->pool;
  const frl_mem *mem = frl_pool_mem(pool);
  if (lot->extra) {
    for (uint32_t i = 0; i < lot->extra_cap; i++) frl_free(mem, lot->extra[i]);
    frl_free(mem, lot->extra);
  }
  frl_pool_put(pool, &lot->rows_buf);
  frl_pool_put(pool, &lot->arena);
  frl_batch_unref(lot->batch);
  frl_free(mem, lot);
  frl_pool_unref(pool);
}

static frl_status grow_rows(frl_lot *lot, size_t want_bytes) {
  FRL_TRY(frl_pool_grow(
      lot->pool, &lot->rows_buf, lot->n_rows * sizeof *lot->rows, want_bytes));
  lot->rows = (frl_lot_row *)(void *)lot->rows_buf.data;
  return FRL_OK;
}

frl_status frl_lot_expect(frl_lot *lot, size_t rows, size_t id_bytes) {
  if (rows) FRL_TRY(grow_rows(lot, rows * sizeof *lot->rows));
  if (!id_bytes) return FRL_OK;
  return frl_pool_grow(lot->pool, &lot->arena, lot->arena_len, id_bytes);
}

static frl_status room_for_row(frl_lot *lot, size_t arena_bytes) {
  const size_t rows_need = ((size_t)lot->n_rows + 1) * sizeof *lot->rows;
  if (rows_need > lot->rows_buf.cap) {
    const size_t first = FIRST_ROWS * sizeof *lot->rows;
    const size_t want = lot->rows_buf.cap ? lot->rows_buf.cap * 2 : first;
    FRL_TRY(grow_rows(lot, want));
  }
  if (arena_bytes > lot->arena.cap - lot->arena_len) {
    if (lot->arena_len > UINT32_MAX - arena_bytes) return FRL_E_LIMIT;
    size_t want = lot->arena.cap ? lot->arena.cap * 2 : FIRST_ARENA_BYTES;
    if (want < lot->arena_len + arena_bytes) want = lot->arena_len + arena_bytes;
    FRL_TRY(frl_pool_grow(lot->pool, &lot->arena, lot->arena_len, want));
  }
  return FRL_OK;
}

static uint8_t *put_ack_field(uint8_t *p, frl_cursor ack_id) {
  const size_t n = frl_cursor_left(&ack_id);
  *p++ = ACK_FIELD << 3 | FRL_WIRE_BYTES;
  p = frl_wire_put_varint(p, n);
  memcpy(p, ack_id.pos, n);
  return p + n;
}

static bool is_ack_id(frl_cursor ack_id) {
  const size_t n = frl_cursor_left(&ack_id);
  return n > 0 && n <= ACK_ID_MAX_BYTES;
}

frl_status frl_lot_add(frl_lot *lot, uint64_t key, frl_cursor ack_id, frl_cursor id) {
  if (!is_ack_id(ack_id)) return FRL_E_MALFORMED;
  const size_t name_bytes = frl_cursor_left(&id);
  const bool named = !frl_id_key_is_exact(key) && name_bytes <= NAME_MAX_BYTES;
  const size_t need =
      frl_cursor_left(&ack_id) + ACK_HEADER_MAX + (named ? 1 + name_bytes : 0);
  FRL_TRY(room_for_row(lot, need));
  uint8_t *p = lot->arena.data + lot->arena_len;
  if (named) {
    if (name_bytes) memcpy(p, id.pos, name_bytes);
    p += name_bytes;
    *p++ = (uint8_t)name_bytes;
  }
  uint8_t *field = p;
  p = put_ack_field(p, ack_id);
  lot->rows[lot->n_rows] = (frl_lot_row){.key = key,
      .ack_at = (uint32_t)(field - lot->arena.data),
      .ack_bytes = (uint16_t)(p - field),
      .flags = named ? FRL_ROW_NAMED : 0};
  lot->arena_len = (size_t)(p - lot->arena.data);
  lot->n_rows++;
  lot->open_rows++;
  return FRL_OK;
}

static frl_cursor row_name(const frl_lot *lot, const frl_lot_row *r) {
  if (!(r->flags & FRL_ROW_NAMED)) return frl_cursor_of(NULL, 0);
  const uint8_t *end = lot->arena.data + r->ack_at - 1;
  return frl_cursor_of(end - *end, *end);
}

void frl_lot_drop_last(frl_lot *lot) {
  const frl_lot_row *last = &lot->rows[lot->n_rows - 1];
  const frl_cursor name = row_name(lot, last);
  lot->arena_len =
      name.pos ? (size_t)(name.pos - lot->arena.data) : (size_t)last->ack_at;
  lot->n_rows--;
  lot->open_rows--;
}

bool frl_lot_has_id(const frl_lot *lot, uint32_t row, frl_cursor id) {
  const frl_lot_row *r = &lot->rows[row];
  if (frl_id_key_is_exact(r->key)) return true;
  if (!(r->flags & FRL_ROW_NAMED)) return false;
  const frl_cursor name = row_name(lot, r);
  const size_t n = frl_cursor_left(&name);
  return n == frl_cursor_left(&id) && (n == 0 || memcmp(name.pos, id.pos, n) == 0);
}

/* extra[] reaches as far as the rows do. */
static frl_status room_for_extra(frl_lot *lot) {
  if (lot->extra_cap >= lot->n_rows) return FRL_OK;
  const size_t cap = lot->rows_buf.cap / sizeof *lot->rows;
  uint8_t **grown =
      frl_reallocarray(frl_pool_mem(lot->pool), lot->extra, cap, sizeof *lot->extra);
  if (!grown) return FRL_E_NOMEM;
  for (size_t i = lot->extra_cap; i < cap; i++) grown[i] = NULL;
  lot->extra = grown;
  lot->extra_cap = (uint32_t)cap;
  return FRL_OK;
}

frl_status frl_lot_replace_ack(frl_lot *lot, uint32_t row, frl_cursor ack_id) {
  if (!is_ack_id(ack_id)) return FRL_E_MALFORMED;
  FRL_TRY(room_for_extra(lot));
  const frl_mem *mem = frl_pool_mem(lot->pool);
  uint8_t *field = frl_malloc(mem, frl_cursor_left(&ack_id) + ACK_HEADER_MAX);
  if (!field) return FRL_E_NOMEM;
  const uint8_t *end = put_ack_field(field, ack_id);
  frl_free(mem, lot->extra[row]);
  lot->extra[row] = field;
  lot->rows[row].ack_bytes = (uint16_t)(end - field);
  lot->rows[row].flags |= FRL_ROW_REPLACED;
  return FRL_OK;
}

frl_cursor frl_lot_ack_field(const frl_lot *lot, uint32_t row) {
  const frl_lot_row *r = &lot->rows[row];
  const uint8_t *p =
      r->flags & FRL_ROW_REPLACED ? lot->extra[row] : lot->arena.data + r->ack_at;
  return frl_cursor_of(p, r->ack_bytes);
}

frl_cursor frl_lot_ack_id(const frl_lot *lot, uint32_t row) {
  frl_cursor c = frl_lot_ack_field(lot, row);
  assert(c.pos);
  c.pos++;
  while (*c.pos++ & 0x80) continue;
  return c;
}
