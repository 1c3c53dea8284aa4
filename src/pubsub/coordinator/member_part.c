/* What a member holds: rows of partitions, until the coordinator's verdict. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "pubsub/coordinator/member.h"
#include "pubsub/reservoir/reservoir.h"

void frl__part_free_rows(frl_part_rows *rows, size_t n) {
  for (size_t i = 0; i < n; i++) frl_batch_unref(rows[i].batch);
  free(rows);
}

static void part_free(frl_part *part) {
  frl__part_free_rows(part->rows, part->n);
  free(part);
}

frl_part *frl_part_get(frl_member *m, uint64_t batch, uint64_t partition) {
  frl_mutex_lock(&m->lock);
  if (batch <= m->closed_batch) {
    frl_mutex_unlock(&m->lock);
    return NULL;
  }
  frl_part *part = m->parts;
  while (part && (part->batch != batch || part->partition != partition)) {
    part = part->next;
  }
  if (!part && (part = calloc(1, sizeof *part)) != NULL) {
    part->refs = 1; /* the list's */
    part->batch = batch;
    part->partition = partition;
    part->last_take_ms = -1;
    part->next = m->parts;
    m->parts = part;
  }
  if (part) part->refs++;
  frl_mutex_unlock(&m->lock);
  return part;
}

void frl_part_release(frl_member *m, frl_part *part) {
  if (!part) return;
  frl_mutex_lock(&m->lock);
  const bool last = --part->refs == 0;
  frl_mutex_unlock(&m->lock);
  if (last) part_free(part);
}

static frl_status rows_push(
    frl_part_rows **rows, size_t *n, size_t *cap, const frl_part_rows *add) {
  if (*n == *cap) {
    const size_t more = *cap ? *cap * 2 : 16;
    frl_part_rows *grown = realloc(*rows, more * sizeof *grown);
    if (!grown) return FRL_E_NOMEM;
    *rows = grown;
    *cap = more;
  }
  (*rows)[(*n)++] = *add;
  return FRL_OK;
}

frl_status frl_part_add(frl_member *m, frl_part *part, frl_held *held) {
  const frl_span *span = &held->item->span;
  const frl_part_rows rows = {held, frl_batch_ref(held->batch), span->first, span->n};
  frl_mutex_lock(&m->lock);
  frl_status st = FRL_E_STATE;
  if (part->phase == FRL_PART_OPEN) {
    st = rows_push(&part->rows, &part->n, &part->cap, &rows);
  }
  if (st == FRL_OK) {
    part->n_rows += span->n;
    part->bytes += frl_held_bytes(held);
    m->held_bytes += frl_held_bytes(held);
    part->last_take_ms = frl_clock_now_ms(NULL);
  }
  frl_mutex_unlock(&m->lock);
  if (st != FRL_OK) frl_batch_unref(rows.batch);
  return st;
}

frl_status frl_part_seal(frl_member *m, frl_part *part, frl_error *err) {
  frl_mutex_lock(&m->lock);
  if (part->phase == FRL_PART_OPEN) part->phase = FRL_PART_FROZEN;
  frl_coord_part request = {.batch = part->batch,
      .partition = part->partition,
      .rows = part->n_rows,
      .bytes = part->bytes};
  frl_mutex_unlock(&m->lock);
  memcpy(request.run, m->task.run, sizeof request.run);
  memcpy(request.member, m->hello.member, sizeof request.member);
  frl_buf response;
  frl_buf_init(&response, NULL, 1024);
  const frl_status st = frl_member_call(m, "Sealed", &request, &response, err);
  frl_buf_deinit(&response);
  frl_mutex_lock(&m->lock);
  if (st == FRL_OK && part->phase == FRL_PART_FROZEN) part->phase = FRL_PART_READY;
  const bool closed = part->phase == FRL_PART_CLOSED;
  frl_cond_broadcast(&m->changed);
  frl_mutex_unlock(&m->lock);
  if (st == FRL_OK && closed) {
    return frl_fail(err, FRL_E_STATE, "the batch was closed meanwhile");
  }
  return st;
}

static bool list_has(frl_cursor list, uint64_t value) {
  uint64_t v;
  while (frl_coord_list_next(&list, &v) == FRL_OK) {
    if (v == value) return true;
  }
  return false;
}

/** Settles what the part holds; readers keep its rows. The lock is held. */
static void part_settle(frl_member *m, frl_part *part, bool ack) {
  for (size_t i = 0; i < part->n; i++) {
    frl_held *held = part->rows[i].held;
    part->rows[i].held = NULL;
    if (!held) continue;
    if (ack) {
      frl_held_ack(held);
    } else {
      frl_held_nack(held);
    }
  }
  m->held_bytes -= part->bytes;
  part->bytes = 0;
  part->phase = FRL_PART_CLOSED;
}

/** An ordered key's later messages must not overtake those that go back. */
static void nack_waiting(frl_member *m) {
  frl_held *held;
  while (frl_subscriber_take(m->subscriber, 0, 0, 0, &held, NULL) == FRL_OK) {
    frl_held_nack(held);
  }
}

/** Parts of the batch, or all, out of the list. The lock is held. */
static frl_part *unlink_parts(frl_member *m, uint64_t batch, bool all) {
  frl_part *out = NULL;
  for (frl_part **at = &m->parts; *at;) {
    frl_part *part = *at;
    if (!all && part->batch != batch) {
      at = &part->next;
      continue;
    }
    *at = part->next;
    part->next = out;
    out = part;
  }
  return out;
}

static void settle_list(frl_member *m, frl_part *list, frl_cursor acks) {
  bool returned = false;
  for (frl_part *part = list; part; part = part->next) {
    frl_mutex_lock(&m->lock);
    const bool ack = part->phase == FRL_PART_READY || part->phase == FRL_PART_FROZEN
                         ? list_has(acks, part->partition)
                         : false;
    if (!ack && part->n_rows) returned = true;
    part_settle(m, part, ack);
    frl_cond_broadcast(&m->changed);
    frl_mutex_unlock(&m->lock);
  }
  if (returned && m->ordered) nack_waiting(m);
  while (list) {
    frl_part *part = list;
    list = part->next;
    part->next = NULL;
    frl_part_release(m, part);
  }
}

void frl_part_settle(frl_member *m, uint64_t batch, frl_cursor acks) {
  frl_mutex_lock(&m->lock);
  if (batch > m->closed_batch) m->closed_batch = batch;
  frl_part *list = unlink_parts(m, batch, false);
  frl_mutex_unlock(&m->lock);
  settle_list(m, list, acks);
}

void frl_part_nack_all(frl_member *m) {
  frl_mutex_lock(&m->lock);
  frl_part *list = unlink_parts(m, 0, true);
  frl_part_rows *kept = m->kept;
  const size_t n_kept = m->n_kept;
  m->kept = NULL;
  m->n_kept = 0;
  frl_mutex_unlock(&m->lock);
  for (size_t i = 0; i < n_kept; i++) frl_held_nack(kept[i].held);
  frl__part_free_rows(kept, n_kept);
  settle_list(m, list, (frl_cursor){0});
}

frl_status frl_part_keep(frl_member *m, const frl_part_rows *rows, size_t n) {
  frl_status st = FRL_OK;
  frl_mutex_lock(&m->lock);
  frl_part_rows *grown = NULL;
  if (m->phase != FRL_MEMBER_READY) {
    st = FRL_E_CLOSED;
  } else if ((grown = realloc(m->kept, (m->n_kept + n + 1) * sizeof *grown)) == NULL) {
    st = FRL_E_NOMEM;
  } else {
    m->kept = grown;
    if (n) memcpy(grown + m->n_kept, rows, n * sizeof *rows);
    m->n_kept += n;
  }
  frl_mutex_unlock(&m->lock);
  return st;
}
