/* How many partitions a batch has, how large each may become, and where. */
#include <inttypes.h>

#include "base/error.h"
#include "base/mem.h"
#include "pubsub/coordinator/ledger.h"

/* Less than this is not worth a task of its own. */
#define PARTITION_BYTES ((double)(4 << 20))

/*
 * Bound of a partition of a drain's opening batch. Tasks wait while it is filled, and
 * nothing is read meanwhile; from then on the reservoirs fill while tasks read.
 */
#define OPENING_BYTES ((uint64_t)(16 << 20))

typedef struct supply {
  uint32_t live;
  uint32_t with_messages;
  double bytes; /* waiting, and expected within the batch's time */
} supply;

static supply look(const frl_ledger *l) {
  supply s = {0};
  for (const frl_ledger_member *m = l->members; m; m = m->next) {
    if (m->state != FRL_EXECUTOR_LIVE) continue;
    s.live++;
    if (m->stats.waiting_messages) s.with_messages++;
    s.bytes += (double)m->stats.waiting_bytes;
    s.bytes += m->bytes_per_ms * (double)l->options.max_delay_ms;
  }
  return s;
}

static uint32_t most(uint32_t a, uint32_t b) { return a > b ? a : b; }
static uint32_t least(uint32_t a, uint32_t b) { return a < b ? a : b; }

/** By cluster size and expected throughput, unless the option says how many. */
static uint32_t count_parts(const frl_ledger *l, const supply *s, bool opening,
    const frl_batch_request *request, uint64_t max_rows) {
  const uint32_t executors = most(most(request->executors, s->live), 1);
  const uint32_t slots = most(request->cores, executors);
  uint32_t n = slots;
  if (l->options.num_partitions) {
    n = (uint32_t)least((uint32_t)l->options.num_partitions, FRL_COORD_MAX_PARTITIONS);
  } else if (l->options.ordered && !l->options.batch_read) {
    n = opening ? executors : most(s->with_messages, 1);
  } else if (!opening && !l->options.batch_read) {
    const double wanted = s->bytes / PARTITION_BYTES + 1.0;
    n = wanted < (double)slots ? (uint32_t)wanted : slots;
    n = most(n, most(s->with_messages, 1));
  }
  if (max_rows && max_rows < n) n = (uint32_t)max_rows;
  return least(n, FRL_COORD_MAX_PARTITIONS);
}

static uint64_t tighter(uint64_t a, uint64_t b) {
  if (a == 0 || b == 0) return a ? a : b;
  return a < b ? a : b;
}

/** Part i of n of a whole; 0 stays "no bound". */
static uint64_t part_of(uint64_t whole, uint32_t n, uint32_t i) {
  if (whole == 0) return 0;
  const uint64_t part = whole / n + (i < whole % n ? 1 : 0);
  return part ? part : 1;
}

/** The member with the most waiting bytes for each part given to it so far. */
static frl_ledger_member *neediest(const frl_ledger *l) {
  frl_ledger_member *best = NULL;
  double best_score = 0;
  for (frl_ledger_member *m = l->members; m; m = m->next) {
    if (m->state != FRL_EXECUTOR_LIVE) continue;
    /* whoever has messages gets a part before anybody gets a second */
    double score = (double)m->stats.waiting_bytes + 1.0;
    if (m->stats.waiting_messages && m->parts_given == 0) score += 1e18;
    score /= (double)m->parts_given + 1.0;
    if (score > best_score) {
      best = m;
      best_score = score;
    }
  }
  if (best) best->parts_given++;
  return best;
}

/** Parts beyond those of the known reservoirs go anywhere: to executors without. */
static void place_parts(
    frl_ledger *l, frl_ledger_batch *b, const supply *s, uint32_t executors) {
  uint32_t placed = b->n_parts;
  if (executors > s->live && s->live) {
    placed = (uint32_t)((uint64_t)b->n_parts * s->live / executors);
    placed = most(placed, least(s->with_messages, b->n_parts));
  }
  for (frl_ledger_member *m = l->members; m; m = m->next) m->parts_given = 0;
  for (uint32_t i = 0; i < placed; i++) b->parts[i].preferred = neediest(l);
  for (frl_ledger_member *m = l->members; m; m = m->next) {
    /* one that had no part for want of parts was not passed by */
    if (m->stats.waiting_messages && m->parts_given) m->waited_in = b->id;
  }
}

frl_status frl__ledger_plan(frl_ledger *l, frl_ledger_batch *batch,
    const frl_batch_request *request, frl_error *err) {
  const supply s = look(l);
  const uint64_t max_rows = tighter(l->options.max_rows, request->max_rows);
  const uint64_t max_bytes = tighter(l->options.max_bytes, request->max_bytes);
  const uint32_t executors = most(most(request->executors, s.live), 1);
  const uint32_t n = count_parts(l, &s, batch->opening, request, max_rows);
  batch->parts = frl_calloc(&l->mem, n, sizeof *batch->parts);
  if (!batch->parts) return frl_fail(err, FRL_E_NOMEM, "coordinator: out of memory");
  batch->n_parts = n;
  /* parts of one executor share its memory */
  const uint32_t each = (n + executors - 1) / executors;
  uint64_t share = l->options.sealed_bytes / each;
  if (batch->opening && l->draining) share = tighter(share, OPENING_BYTES);
  for (uint32_t i = 0; i < n; i++) {
    batch->parts[i].max_rows = part_of(max_rows, n, i);
    batch->parts[i].max_bytes = tighter(part_of(max_bytes, n, i), share);
  }
  place_parts(l, batch, &s, executors);
  return FRL_OK;
}
