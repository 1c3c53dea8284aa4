/** What the server's answers mean for the rows of a request. */
#include <string.h>

#include "base/error.h"
#include "base/map.h"
#include "net/rpc.h"
#include "pubsub/reservoir/leases.h"
#include "wire/reader.h"

enum verdict {
  DONE,    /* as asked */
  RETRY,   /* not now */
  REFUSED, /* never */
  BY_ID    /* the details name the ids that failed */
};

/* What a value of the failed ids' map may be. */
static char id_retry;
static char id_refused;

static bool begins(frl_cursor text, const char *prefix) {
  const size_t n = strlen(prefix);
  return frl_cursor_left(&text) >= n && memcmp(text.pos, prefix, n) == 0;
}

/* One entry of google.rpc.ErrorInfo.metadata: ack id, reason. */
static frl_status note_entry(frl_map *failed, frl_cursor entry) {
  frl_cursor id;
  frl_cursor reason;
  FRL_TRY(frl_wire_read_entry(entry, &id, &reason));
  void *value = NULL;
  if (begins(reason, "TRANSIENT_")) value = &id_retry;
  if (begins(reason, "PERMANENT_")) value = &id_refused;
  return value ? frl_map_put(failed, id.pos, frl_cursor_left(&id), value, NULL)
               : FRL_OK;
}

/* Walks one message; number is the field to go into, others are passed over. */
static frl_status each_bytes_field(frl_cursor message, uint32_t number, frl_map *failed,
    frl_status (*fn)(frl_map *failed, frl_cursor bytes)) {
  frl_wire_field f;
  frl_status st;
  while ((st = frl_wire_next(&message, &f)) == FRL_OK) {
    if (f.number != number || f.type != FRL_WIRE_BYTES) continue;
    FRL_TRY(fn(failed, f.bytes));
  }
  return st == FRL_END ? FRL_OK : st;
}

/* ErrorInfo: 3 map<string,string> metadata. */
static frl_status note_error_info(frl_map *failed, frl_cursor info) {
  return each_bytes_field(info, 3, failed, note_entry);
}

/* google.protobuf.Any: 1 type_url, 2 value. */
static frl_status note_any(frl_map *failed, frl_cursor any) {
  frl_cursor type;
  frl_cursor value;
  FRL_TRY(frl_wire_read_entry(any, &type, &value));
  static const char suffix[] = "google.rpc.ErrorInfo";
  const size_t n = sizeof suffix - 1;
  const size_t left = frl_cursor_left(&type);
  if (left < n || memcmp(type.end - n, suffix, n) != 0) return FRL_OK;
  return note_error_info(failed, value);
}

static bool is_transient(int32_t code) {
  switch (code) {
    case FRL_GRPC_DEADLINE_EXCEEDED:
    case FRL_GRPC_RESOURCE_EXHAUSTED:
    case FRL_GRPC_ABORTED:
    case FRL_GRPC_INTERNAL:
    case FRL_GRPC_UNAVAILABLE:
    case FRL_GRPC_CANCELLED: /* by our side, which still wants it */
      return true;
    default:
      return false;
  }
}

static enum verdict judge(const frl_lease_answer *answer, frl_map *failed) {
  if (answer->code == FRL_GRPC_OK) return DONE;
  if (answer->details) {
    /* google.rpc.Status: 3 repeated Any details */
    const frl_cursor status = frl_cursor_of(answer->details, answer->details_len);
    const frl_status st = each_bytes_field(status, 3, failed, note_any);
    if (st == FRL_OK && failed->len) return BY_ID;
  }
  return is_transient(answer->code) ? RETRY : REFUSED;
}

static enum verdict verdict_of_row(
    const frl_map *failed, const frl_lot *lot, uint32_t row) {
  const frl_cursor id = frl_lot_ack_id(lot, row);
  const void *value = frl_map_get(failed, id.pos, frl_cursor_left(&id));
  if (!value) return DONE;
  return value == &id_retry ? RETRY : REFUSED;
}

static void count(atomic_uint_fast64_t *counter, uint64_t n) {
  atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

/*
 * Queues n rows of the item again; without memory they are given up, to come again when
 * their leases end. The number of rows given up.
 */
static uint64_t settle_again(frl_leases *l, const frl_lease_item *from,
    enum frl_lease_kind kind, uint32_t first, uint32_t n) {
  if (n == 0) return 0;
  frl_lot *lot = from->span.lot;
  frl_lease_item *item = frl_lease_item_create(l, (frl_span){lot, first, n});
  if (item) {
    frl_leases_settle(l, item, kind, from->since_ms);
    return 0;
  }
  for (uint32_t i = 0; i < n; i++) frl__leases_row_done(l, lot, first + i);
  count(&l->ack_failed, n);
  return n;
}

/* The rows settled for good; runs of the others are queued again. */
static uint64_t settle_item(frl_leases *l, const frl_lease_item *item,
    enum frl_lease_kind kind, enum verdict verdict, const frl_map *failed) {
  frl_lot *lot = item->span.lot;
  uint64_t as_asked = 0;
  uint64_t refused = 0;
  uint64_t given_up = 0;
  uint32_t run = 0; /* rows before i that go again */
  const uint32_t end = item->span.first + item->span.n;
  for (uint32_t i = item->span.first; i < end; i++) {
    const enum verdict v = verdict == BY_ID ? verdict_of_row(failed, lot, i) : verdict;
    const bool again = v == RETRY || (lot->rows[i].flags & FRL_ROW_AGAIN);
    lot->rows[i].flags &= (uint8_t)~FRL_ROW_AGAIN;
    if (again) {
      run++;
      continue;
    }
    given_up += settle_again(l, item, kind, i - run, run);
    run = 0;
    if (v == DONE) {
      as_asked++;
    } else {
      refused++;
    }
    frl__leases_row_done(l, lot, i);
  }
  given_up += settle_again(l, item, kind, end - run, run);
  count(kind == FRL_LEASE_ACK ? &l->acked : &l->nacked, as_asked);
  count(&l->ack_failed, refused);
  return as_asked + refused + given_up;
}

/* A part of a renewal was answered; the last part decides when the next is due. */
static void renewed(
    frl_leases *l, frl_lot *lot, uint32_t n, bool ok, int64_t sent_ms, int64_t now_ms) {
  if (sent_ms < lot->renew_sent_ms) lot->renew_sent_ms = sent_ms;
  if (!ok) lot->renew_failed = true;
  lot->renew_rows -= n;
  if (lot->renew_rows) return;
  lot->renewing = false;
  if (lot->renew_failed) {
    lot->renew_at_ms = now_ms + l->lease_ms / 8;
  } else {
    lot->lease_until_ms = lot->renew_sent_ms + l->lease_ms;
    lot->renew_at_ms = lot->renew_sent_ms + l->lease_ms / 2;
    lot->lapsed = false;
  }
  lot->renew_failed = false;
  if (lot->awaits_receipt) {
    lot->awaits_receipt = false;
    l->on_ready(l->ctx, lot);
  }
}

/* Drops the rows whose receipt was refused: they come again under other ack ids. */
static void drop_refused(frl_leases *l, const frl_lease_item *item,
    enum verdict verdict, const frl_map *failed) {
  frl_lot *lot = item->span.lot;
  const uint32_t end = item->span.first + item->span.n;
  for (uint32_t i = item->span.first; i < end; i++) {
    const enum verdict row_verdict =
        verdict == BY_ID ? verdict_of_row(failed, lot, i) : verdict;
    if (row_verdict == REFUSED && lot->rows[i].state == FRL_ROW_HELD) {
      frl__leases_row_done(l, lot, i);
    }
  }
}

static void renew_item(frl_leases *l, const frl_lease_item *item, enum verdict verdict,
    const frl_map *failed, int64_t sent_ms, int64_t now_ms) {
  frl_lot *lot = item->span.lot;
  if (lot->awaits_receipt && verdict != DONE) drop_refused(l, item, verdict, failed);
  renewed(l, lot, item->span.n, verdict == DONE, sent_ms, now_ms);
}

static bool gives_up(const frl_lease_request *request, int64_t now_ms) {
  return request->kind != FRL_LEASE_EXTEND && request->items &&
         now_ms - request->items->since_ms > FRL_LEASE_GIVE_UP_MS;
}

uint64_t frl_leases_answer(frl_leases *l, frl_lease_request *request,
    const frl_lease_answer *answer, int64_t now_ms) {
  frl_map failed;
  frl_map_init(&failed, &l->mem);
  enum verdict verdict = judge(answer, &failed);
  if (verdict == RETRY && gives_up(request, now_ms)) verdict = REFUSED;
  uint64_t settled = 0;
  if (verdict == RETRY) frl_leases_put_back(l, request, now_ms);
  if (verdict == DONE) {
    frl_backoff_reset(&l->queues[request->kind].backoff);
    if (request->kind == FRL_LEASE_EXTEND) count(&l->extended, request->n_ids);
  }
  while (request->items) {
    frl_lease_item *item = request->items;
    request->items = item->next;
    if (request->kind == FRL_LEASE_EXTEND) {
      renew_item(l, item, verdict, &failed, request->sent_ms, now_ms);
    } else {
      settled += settle_item(l, item, request->kind, verdict, &failed);
    }
    frl__lease_item_free(l, item);
  }
  /* single ids that were queued again wait like whole requests */
  if (verdict == BY_ID) frl_leases_put_back(l, request, now_ms);
  frl_map_deinit(&failed);
  return settled;
}
