/* Who reads which partition, and from where. */
#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "pubsub/coordinator/ledger.h"

/** The open partition that a request names, and who asks. */
static frl_status find_part(frl_ledger *l, const frl_coord_part *asked,
    frl_ledger_batch **batch, frl_ledger_part **part, frl_ledger_member **member,
    frl_error *err) {
  if (strcmp(asked->run, l->run) != 0) {
    return frl_fail(err, FRL_E_STATE, "that run of the query is over");
  }
  *member = frl_ledger_member_of(l, asked->member);
  if (!*member || (*member)->state == FRL_EXECUTOR_GONE) {
    return frl_fail(err, FRL_E_STATE, "this executor is not known, or was given up");
  }
  *batch = frl__ledger_batch(l, asked->batch);
  if (!*batch || (*batch)->closed) {
    return frl_fail(err, FRL_E_STATE,
        "batch %" PRIu64 " is %s: its rows cannot be read again", asked->batch,
        asked->batch <= l->last_batch ? "closed" : "not planned");
  }
  if (asked->partition >= (*batch)->n_parts) {
    return frl_fail(err, FRL_E_INVALID, "partition %" PRIu64 " of %u in batch %" PRIu64,
        asked->partition, (*batch)->n_parts, asked->batch);
  }
  *part = &(*batch)->parts[asked->partition];
  return FRL_OK;
}

static uint64_t time_left_ms(const frl_ledger *l, frl_ledger_batch *b, int64_t now_ms) {
  enum { OPENING_MS = 2000 }; /* connecting takes time before the first message */
  uint64_t budget = l->options.max_delay_ms;
  if (b->opening && budget < OPENING_MS) budget = OPENING_MS;
  if (b->first_claim_ms < 0) b->first_claim_ms = now_ms;
  const uint64_t used = (uint64_t)(now_ms - b->first_claim_ms);
  return used < budget ? budget - used : 0;
}

/** A key of an ordered subscription would be split by a second part of the batch. */
static bool owns_another(
    const frl_ledger_batch *b, const frl_ledger_part *part, const void *owner) {
  for (uint32_t i = 0; i < b->n_parts; i++) {
    const frl_ledger_part *other = &b->parts[i];
    if (other == part || other->owner != owner) continue;
    if (other->state == FRL_PART_CLAIMED || other->rows) return true;
  }
  return false;
}

/**
 * What an earlier batch gives back must be on its way first: until then the reservoir
 * may hold later messages of the same keys.
 */
static bool must_settle_first(const frl_ledger *l, const frl_ledger_member *m) {
  return l->options.ordered && m->heard < m->last_seq;
}

static void grant_seal(const frl_ledger *l, frl_ledger_batch *b, frl_ledger_part *part,
    frl_ledger_member *m, int64_t now_ms, frl_coord_grant *out) {
  part->owner = m;
  if (l->options.ordered && owns_another(b, part, m)) {
    part->state = FRL_PART_SEALED;
    out->kind = FRL_GRANT_EMPTY;
    return;
  }
  part->state = FRL_PART_CLAIMED;
  out->kind = FRL_GRANT_SEAL;
  out->max_rows = part->max_rows;
  out->max_bytes = part->max_bytes;
  out->time_ms = time_left_ms(l, b, now_ms);
}

static void grant_sealed(
    frl_ledger_part *part, const frl_ledger_member *m, frl_coord_grant *out) {
  if (part->rows == 0) {
    out->kind = FRL_GRANT_EMPTY;
  } else if (part->owner == m) {
    out->kind = FRL_GRANT_LOCAL;
  } else if (part->owner->state == FRL_EXECUTOR_LIVE) {
    out->kind = FRL_GRANT_RELAY;
  } else {
    out->kind = FRL_GRANT_WAIT; /* it comes back, or is given up soon */
  }
}

static void grant_claimed(const frl_ledger *l, frl_ledger_batch *b,
    frl_ledger_part *part, frl_ledger_member *m, int64_t now_ms, frl_coord_grant *out) {
  if (part->owner == m) {
    grant_seal(l, b, part, m, now_ms, out);
  } else if (part->owner->state == FRL_EXECUTOR_LIVE) {
    out->kind = FRL_GRANT_RELAY;
  } else {
    out->kind = FRL_GRANT_WAIT;
  }
}

/** The rows of a batch read are not kept: who reads them twice would find none. */
static frl_status grant_stream(
    frl_ledger_part *part, frl_ledger_member *m, frl_coord_grant *out, frl_error *err) {
  if (part->state == FRL_PART_SEALED || part->state == FRL_PART_LOST) {
    return frl_fail(err, FRL_E_STATE,
        "a batch read gives its rows once, and this partition was read to its end: "
        "cache() the frame before what reads it twice, such as orderBy");
  }
  part->owner = m;
  part->state = FRL_PART_CLAIMED;
  out->kind = FRL_GRANT_STREAM;
  return FRL_OK;
}

frl_status frl_ledger_claim(frl_ledger *l, const frl_coord_part *asked, int64_t now_ms,
    frl_coord_grant *out, frl_error *err) {
  *out = (frl_coord_grant){0};
  frl_ledger_tick(l, now_ms);
  frl_ledger_batch *b;
  frl_ledger_part *part;
  frl_ledger_member *m;
  FRL_TRY(find_part(l, asked, &b, &part, &m, err));
  if (m->state != FRL_EXECUTOR_LIVE) {
    out->kind = FRL_GRANT_WAIT; /* closing: it will come anew */
    return FRL_OK;
  }
  if (m->last_claim < b->id) m->last_claim = b->id;
  if (l->options.batch_read) return grant_stream(part, m, out, err);
  switch (part->state) {
    case FRL_PART_FREE:
      if (must_settle_first(l, m)) {
        out->kind = FRL_GRANT_WAIT;
      } else {
        grant_seal(l, b, part, m, now_ms, out);
      }
      break;
    case FRL_PART_CLAIMED:
      grant_claimed(l, b, part, m, now_ms, out);
      break;
    case FRL_PART_SEALED:
      grant_sealed(part, m, out);
      break;
    case FRL_PART_LOST:
      out->kind = FRL_GRANT_EMPTY;
      break;
  }
  return FRL_OK;
}

frl_status frl_ledger_sealed(
    frl_ledger *l, const frl_coord_part *asked, frl_error *err) {
  frl_ledger_batch *b;
  frl_ledger_part *part;
  frl_ledger_member *m;
  FRL_TRY(find_part(l, asked, &b, &part, &m, err));
  const bool foreign = part->owner != m && !l->options.batch_read;
  if (foreign || part->state == FRL_PART_LOST) {
    return frl_fail(err, FRL_E_STATE, "the partition belongs to another executor now");
  }
  if (part->state == FRL_PART_SEALED && part->rows != asked->rows) {
    return frl_fail(err, FRL_E_STATE, "the partition was sealed with other rows");
  }
  part->state = FRL_PART_SEALED;
  part->rows = asked->rows;
  part->bytes = asked->bytes;
  return FRL_OK;
}

frl_status frl_ledger_owner(frl_ledger *l, const frl_coord_part *asked,
    frl_ledger_member **owner, frl_error *err) {
  frl_ledger_batch *b;
  frl_ledger_part *part;
  frl_ledger_member *m;
  FRL_TRY(find_part(l, asked, &b, &part, &m, err));
  if (!part->owner || part->owner->state != FRL_EXECUTOR_LIVE ||
      part->state == FRL_PART_LOST) {
    return frl_fail(
        err, FRL_E_STATE, "the executor that holds the partition cannot be reached");
  }
  *owner = part->owner;
  return FRL_OK;
}
