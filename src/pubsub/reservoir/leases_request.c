/** Composing and encoding the lease manager's requests. */
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "pubsub/reservoir/leases.h"
#include "wire/reader.h"
#include "wire/writer.h"

enum {
  REQUEST_MAX_BYTES = FRL_LEASE_MAX_BYTES + 8192,
  SUBSCRIPTION = 1,     /* of both requests */
  DEADLINE_SECONDS = 3, /* ModifyAckDeadlineRequest */
  MODIFY_ACK_IDS = 4    /* ModifyAckDeadlineRequest */
};

static uint8_t wanted_state(enum frl_lease_kind kind) {
  switch (kind) {
    case FRL_LEASE_ACK:
      return FRL_ROW_ACKING;
    case FRL_LEASE_NACK:
      return FRL_ROW_NACKING;
    default:
      return FRL_ROW_HELD;
  }
}

/* How many rows from the span's first on fit into the request; they are counted. */
static uint32_t add_rows(frl_lease_request *r, const frl_span *span) {
  const uint8_t wanted = wanted_state(r->kind);
  uint32_t i = 0;
  for (; i < span->n; i++) {
    const frl_lot_row *row = &span->lot->rows[span->first + i];
    if (row->state != wanted) continue;
    if (r->n_ids == FRL_LEASE_MAX_IDS) break;
    if (r->n_ids && r->id_bytes + row->ack_bytes > FRL_LEASE_MAX_BYTES) break;
    r->n_ids++;
    r->id_bytes += row->ack_bytes;
  }
  return i;
}

/* Moves the first n rows of the queue's head into the request. */
static bool move_head(frl_leases *l, frl_lease_queue *q, frl_lease_request *r,
    frl_lease_item **tail, uint32_t n) {
  frl_lease_item *item = q->head;
  if (n < item->span.n) {
    frl_lease_item *part =
        frl_lease_item_create(l, (frl_span){item->span.lot, item->span.first, n});
    if (!part) return false;
    part->since_ms = item->since_ms;
    item->span.first += n;
    item->span.n -= n;
    item = part;
  } else {
    q->head = item->next;
    if (!q->head) q->tail = NULL;
  }
  item->next = NULL;
  if (*tail) {
    (*tail)->next = item;
  } else {
    r->items = item;
  }
  *tail = item;
  return true;
}

static bool compose(frl_leases *l, frl_lease_queue *q, frl_lease_request *r) {
  frl_lease_item *tail = NULL;
  while (q->head) {
    const frl_lease_request before = *r;
    const uint32_t n = add_rows(r, &q->head->span);
    if (n == 0 || !move_head(l, q, r, &tail, n)) {
      r->n_ids = before.n_ids;
      r->id_bytes = before.id_bytes;
      break;
    }
  }
  return r->items != NULL;
}

bool frl_leases_next(
    frl_leases *l, enum frl_lease_kind kind, int64_t now_ms, frl_lease_request *out) {
  frl_lease_queue *q = &l->queues[kind];
  while (q->head && now_ms >= q->not_before_ms) {
    *out = (frl_lease_request){.kind = kind, .sent_ms = now_ms};
    if (!compose(l, q, out)) return false;
    if (out->n_ids) return true;
    /* renewals of rows that were all settled in the meantime */
    (void)frl_leases_answer(l, out, &(frl_lease_answer){0}, now_ms);
  }
  return false;
}

void frl_leases_put_back(frl_leases *l, frl_lease_request *request, int64_t now_ms) {
  frl_lease_queue *q = &l->queues[request->kind];
  q->not_before_ms = now_ms + frl_backoff_next_ms(&q->backoff);
  if (!request->items) return;
  frl_lease_item *last = request->items;
  while (last->next) last = last->next;
  last->next = q->head;
  q->head = request->items;
  if (!q->tail) q->tail = last;
  request->items = NULL;
}

static void release_lot(void *owner) { frl_lot_unref(owner); }

/* The rows' ack ids lie in one piece in the arena. */
static bool is_one_piece(const frl_span *span) {
  const frl_lot_row *row = &span->lot->rows[span->first];
  for (uint32_t i = 0; i < span->n; i++) {
    if (row[i].flags & (FRL_ROW_REPLACED | FRL_ROW_NAMED)) return false;
  }
  return true;
}

static frl_status push_piece(frl_chain *out, const frl_span *span) {
  const frl_lot_row *first = &span->lot->rows[span->first];
  const frl_lot_row *last = first + span->n - 1;
  const frl_slice slice = {span->lot->arena.data + first->ack_at,
      (size_t)last->ack_at + last->ack_bytes - first->ack_at, release_lot,
      frl_lot_ref(span->lot)};
  const frl_status st = frl_chain_push(out, slice);
  if (st != FRL_OK) frl_lot_unref(span->lot);
  return st;
}

static frl_status copy_ids(frl_buf *b, enum frl_lease_kind kind, const frl_span *span) {
  const uint8_t wanted = wanted_state(kind);
  for (uint32_t i = span->first; i < span->first + span->n; i++) {
    if (span->lot->rows[i].state != wanted) continue;
    const frl_cursor field = frl_lot_ack_field(span->lot, i);
    const size_t at = b->len;
    FRL_TRY(frl_buf_append(b, field.pos, frl_cursor_left(&field)));
    /* the fields lie there as AcknowledgeRequest has them */
    if (kind != FRL_LEASE_ACK) b->data[at] = MODIFY_ACK_IDS << 3 | FRL_WIRE_BYTES;
  }
  return FRL_OK;
}

/* Appends what was copied so far to the chain. */
static frl_status flush_copied(frl_chain *out, frl_buf *b) {
  if (b->len == 0) return FRL_OK;
  FRL_TRY(frl_chain_copy(out, b->data, b->len));
  frl_buf_clear(b);
  return FRL_OK;
}

static frl_status encode_items(
    const frl_lease_request *request, frl_chain *out, frl_buf *b) {
  for (const frl_lease_item *item = request->items; item; item = item->next) {
    if (request->kind == FRL_LEASE_ACK && is_one_piece(&item->span)) {
      FRL_TRY(flush_copied(out, b));
      FRL_TRY(push_piece(out, &item->span));
    } else {
      FRL_TRY(copy_ids(b, request->kind, &item->span));
    }
  }
  return flush_copied(out, b);
}

frl_status frl_lease_request_encode(const frl_leases *l,
    const frl_lease_request *request, const char *subscription, frl_chain *out) {
  frl_buf b;
  frl_buf_init(&b, &l->mem, REQUEST_MAX_BYTES);
  frl_status st = frl_wire_text(&b, SUBSCRIPTION, subscription);
  if (st == FRL_OK && request->kind != FRL_LEASE_ACK) {
    const int64_t seconds = request->kind == FRL_LEASE_NACK ? 0 : l->lease_ms / 1000;
    st = frl_wire_varint(&b, DEADLINE_SECONDS, (uint64_t)seconds);
  }
  if (st == FRL_OK) st = encode_items(request, out, &b);
  frl_buf_deinit(&b);
  return st;
}
