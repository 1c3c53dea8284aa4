/* A task's read of one partition: claim, seal, hand out. */
#include <ferrule/coordinator.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <yyjson.h>

#include "base/clock.h"
#include "base/error.h"
#include "pubsub/coordinator/fetch.h"
#include "pubsub/coordinator/member.h"
#include "pubsub/coordinator/output.h"
#include "pubsub/coordinator/scan_read.h"

enum { ASK_AGAIN_MS = 50, MAX_FAILED_RELAYS = 10 };

/* ---- opening ---- */

static bool copy_text(char *to, size_t size, yyjson_val *v) {
  const size_t n = yyjson_get_len(v);
  if (!yyjson_is_str(v) || n == 0 || n >= size) return false;
  memcpy(to, yyjson_get_str(v), n + 1);
  return strlen(to) == n;
}

static frl_status read_task(frl_task *task, const char *text, frl_error *err) {
  *task = (frl_task){0};
  yyjson_doc *doc = yyjson_read(text, strlen(text), 0);
  yyjson_val *root = yyjson_doc_get_root(doc);
  yyjson_val *batch = yyjson_obj_get(root, "batch");
  yyjson_val *partition = yyjson_obj_get(root, "partition");
  const bool ok =
      copy_text(task->run, sizeof task->run, yyjson_obj_get(root, "run")) &&
      copy_text(task->address, sizeof task->address, yyjson_obj_get(root, "address")) &&
      copy_text(task->token, sizeof task->token, yyjson_obj_get(root, "token")) &&
      yyjson_is_uint(batch) && yyjson_is_uint(partition);
  if (ok) {
    task->batch = yyjson_get_uint(batch);
    task->partition = yyjson_get_uint(partition);
  }
  yyjson_doc_free(doc);
  return ok ? FRL_OK : frl_fail(err, FRL_E_INVALID, "not a partition of this source");
}

/** What the coordinator granted becomes the scan's next step. */
static frl_status begin_step(frl_scan *s, const frl_coord_grant *g, frl_error *err) {
  switch (g->kind) {
    case FRL_GRANT_SEAL:
    case FRL_GRANT_LOCAL:
      s->part = frl_part_get(s->member, s->task.batch, s->task.partition);
      if (!s->part) {
        return frl_fail(err, FRL_E_STATE, "the batch was closed meanwhile");
      }
      frl__scan_bound(s, g);
      s->step = FRL_SCAN_SEAL;
      return FRL_OK;
    case FRL_GRANT_RELAY:
      s->stats.relayed = true;
      s->step = FRL_SCAN_RELAY;
      return frl_fetch_open(&s->fetch, s->member, &s->task, err);
    case FRL_GRANT_STREAM:
      s->step = FRL_SCAN_STREAM;
      return FRL_OK;
    case FRL_GRANT_EMPTY:
      s->step = FRL_SCAN_END;
      return FRL_OK;
    case FRL_GRANT_WAIT:
      s->ask_at_ms = frl_clock_now_ms(NULL) + ASK_AGAIN_MS;
      s->step = FRL_SCAN_CLAIM;
      return FRL_OK;
    default:
      return frl_fail(err, FRL_E_UNSUPPORTED, "a grant that is not known");
  }
}

/** The member must be new where the old one has left meanwhile. */
static frl_status renew_member(frl_scan *s, frl_error *err) {
  frl_member *m = s->member;
  frl_mutex_lock(&m->lock);
  const bool usable = m->phase == FRL_MEMBER_READY;
  frl_mutex_unlock(&m->lock);
  if (usable) return FRL_OK;
  frl_member *fresh;
  FRL_TRY(frl_member_get(&fresh, &s->task, m->hello.executor, m->hello.host, err));
  s->member = fresh;
  frl_output_destroy(s->output); /* it refers to the old one's schema */
  s->output = NULL;
  frl_member_release(m);
  return frl_output_create(&s->output, fresh->config, &fresh->schema, err);
}

static frl_status claim(frl_scan *s, frl_error *err) {
  FRL_TRY(renew_member(s, err));
  frl_coord_grant grant;
  FRL_TRY(frl_member_claim(s->member, &s->task, &grant, err));
  return begin_step(s, &grant, err);
}

frl_status frl_scan_open(frl_scan **out, const char *partition, const char *executor_id,
    const char *host, frl_error *err) {
  *out = NULL;
  frl_scan *s = calloc(1, sizeof *s);
  if (!s) return frl_fail(err, FRL_E_NOMEM, "scan: out of memory");
  s->stats.struct_size = sizeof s->stats;
  frl_status st = read_task(&s->task, partition, err);
  if (st == FRL_OK) {
    st = frl_member_get(&s->member, &s->task,
        executor_id && *executor_id ? executor_id : "driver", host ? host : "", err);
  }
  if (st == FRL_OK) {
    st = frl_output_create(&s->output, s->member->config, &s->member->schema, err);
  }
  if (st == FRL_OK) st = claim(s, err);
  if (st != FRL_OK) {
    frl_scan_close(s);
    return st;
  }
  *out = s;
  return FRL_OK;
}

frl_status frl_scan_schema(frl_scan *scan, struct ArrowSchema *out, frl_error *err) {
  return frl_output_schema(scan->output, out, err);
}

/* ---- reading ---- */

/** Decodes one batch of the reservoir's and counts it. */
static frl_status hand_out(
    frl_scan *s, struct ArrowArray *messages, struct ArrowArray *out, frl_error *err) {
  frl_output_counts counts = {0};
  s->stats.bytes += frl_output_payload_bytes(s->output, messages);
  const frl_status st = frl_output_convert(s->output, messages, out, &counts, err);
  frl_member *m = s->member;
  s->stats.decode_ns += counts.decode_ns;
  s->stats.dropped_rows += counts.dropped_rows;
  s->stats.corrupt_rows += counts.corrupt_rows;
  (void)atomic_fetch_add(&m->decode_ns, counts.decode_ns);
  (void)atomic_fetch_add(&m->dropped_rows, counts.dropped_rows);
  (void)atomic_fetch_add(&m->corrupt_rows, counts.corrupt_rows);
  if (st == FRL_OK) s->stats.rows += (uint64_t)out->length;
  return st;
}

/** A relay that fails before its first row: the owner may have gone just now. */
static frl_status next_relayed(
    frl_scan *s, struct ArrowArray *messages, int64_t timeout_ms, frl_error *err) {
  const frl_status st = frl_fetch_next(s->fetch, messages, timeout_ms, err);
  if (st >= 0 || st == FRL_E_TIMEOUT || s->stats.rows > 0) return st;
  if (++s->failed_relays > MAX_FAILED_RELAYS) return st;
  frl_fetch_close(s->fetch);
  s->fetch = NULL;
  s->stats.relayed = false;
  s->ask_at_ms = frl_clock_now_ms(NULL) + ASK_AGAIN_MS;
  s->step = FRL_SCAN_CLAIM;
  return frl__scan_wait(s, timeout_ms);
}

static frl_status next_messages(
    frl_scan *s, struct ArrowArray *messages, int64_t timeout_ms, frl_error *err) {
  switch (s->step) {
    case FRL_SCAN_CLAIM:
      return frl__scan_wait(s, timeout_ms);
    case FRL_SCAN_SEAL:
      return frl__scan_seal(s, timeout_ms, err);
    case FRL_SCAN_READ:
      return frl__scan_read(s, messages, err);
    case FRL_SCAN_RELAY:
      return next_relayed(s, messages, timeout_ms, err);
    case FRL_SCAN_STREAM:
      return frl__scan_stream(s, messages, timeout_ms, err);
    case FRL_SCAN_END:
      break;
  }
  return FRL_END;
}

static uint64_t now_ns(void) {
  struct timespec t;
  (void)clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

frl_status frl_scan_next(
    frl_scan *scan, struct ArrowArray *out, int64_t timeout_ms, frl_error *err) {
  *out = (struct ArrowArray){0};
  const int64_t until_ms = frl_clock_now_ms(NULL) + timeout_ms;
  for (;;) {
    const int64_t left_ms = until_ms - frl_clock_now_ms(NULL);
    struct ArrowArray messages = {0};
    const uint64_t begun_ns = now_ns();
    const frl_status st =
        next_messages(scan, &messages, left_ms > 0 ? left_ms : 0, err);
    scan->stats.wait_ns += now_ns() - begun_ns;
    if (st == FRL_NEED_MORE) { /* the step is over */
      if (scan->step == FRL_SCAN_CLAIM) FRL_TRY(claim(scan, err));
      continue;
    }
    if (st == FRL_END) scan->step = FRL_SCAN_END;
    if (st != FRL_OK) return st;
    const frl_status handed = hand_out(scan, &messages, out, err);
    if (handed != FRL_OK || out->length > 0) return handed;
    frl_array_release(out); /* all rows of it were dropped */
    *out = (struct ArrowArray){0};
  }
}

void frl_scan_get_stats(const frl_scan *scan, frl_scan_stats *out) {
  const size_t given = out->struct_size;
  const size_t n = given < sizeof *out ? given : sizeof *out;
  memcpy(out, &scan->stats, n);
  out->struct_size = given;
}

void frl_scan_close(frl_scan *scan) {
  if (!scan) return;
  frl_fetch_close(scan->fetch);
  frl__scan_end(scan);
  frl_output_destroy(scan->output);
  frl_member_release(scan->member);
  free(scan);
}
