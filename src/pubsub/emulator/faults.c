#include "pubsub/emulator/faults.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "net/rpc.h"

static const char *const kinds[] = {[FRL_EM_KILL_STREAMS] = "kill-streams",
    [FRL_EM_REFUSE] = "refuse",
    [FRL_EM_DELAY] = "delay",
    [FRL_EM_EXPIRE_LEASES] = "expire-leases",
    [FRL_EM_DROP_ACKS] = "drop-acks",
    [FRL_EM_DUPLICATE] = "duplicate"};

/* What each kind heeds, separated by ", ". */
static const char *const settings[] = {
    [FRL_EM_KILL_STREAMS] = "after, every, how, status",
    [FRL_EM_REFUSE] = "method, calls, how, status",
    [FRL_EM_DELAY] = "method, calls, ms",
    [FRL_EM_EXPIRE_LEASES] = "no settings",
    [FRL_EM_DROP_ACKS] = "method, calls",
    [FRL_EM_DUPLICATE] = "every"};

static const char *const hows[] = {
    [FRL_EM_STATUS] = "status", [FRL_EM_RESET] = "reset", [FRL_EM_DROP] = "drop"};

static const char *const codes[] = {"OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE",
    "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED"};

enum { N_KINDS = sizeof kinds / sizeof *kinds, N_CODES = sizeof codes / sizeof *codes };

static bool is_text(frl_cursor word, const char *text) {
  const size_t n = strlen(text);
  return frl_cursor_left(&word) == n && memcmp(word.pos, text, n) == 0;
}

static int index_of(frl_cursor word, const char *const *texts, int n) {
  for (int i = 0; i < n; i++) {
    if (is_text(word, texts[i])) return i;
  }
  return -1;
}

static frl_status wrong(frl_error *err, frl_cursor word, const char *what) {
  const size_t n = frl_cursor_left(&word);
  return frl_fail(err, FRL_E_INVALID, "faults: \"%.*s\" is not %s",
      n < 60 ? (int)n : 60, (const char *)word.pos, what);
}

static frl_status read_number(frl_cursor word, uint64_t *out, frl_error *err) {
  const size_t n = frl_cursor_left(&word);
  uint64_t v = 0;
  if (n == 0 || n > 12) return wrong(err, word, "a number");
  for (const uint8_t *p = word.pos; p < word.end; p++) {
    if (!isdigit(*p)) return wrong(err, word, "a number");
    v = v * 10 + (uint64_t)(*p - '0');
  }
  *out = v;
  return FRL_OK;
}

static frl_status read_code(frl_cursor word, int32_t *out, frl_error *err) {
  *out = index_of(word, codes, N_CODES);
  if (*out >= 0) return FRL_OK;
  uint64_t v = 0;
  if (read_number(word, &v, NULL) != FRL_OK || v >= N_CODES) {
    return wrong(err, word, "a gRPC status");
  }
  *out = (int32_t)v;
  return FRL_OK;
}

static bool heeds(frl_em_fault_kind kind, frl_cursor name) {
  const char *at = settings[kind];
  for (;;) {
    const size_t n = strcspn(at, ",");
    if (frl_cursor_left(&name) == n && memcmp(name.pos, at, n) == 0) return true;
    if (!at[n]) return false;
    at += n + strlen(", ");
  }
}

static frl_status set(
    frl_em_fault *f, frl_cursor name, frl_cursor value, frl_error *err) {
  if (!heeds(f->kind, name)) {
    const size_t n = frl_cursor_left(&name);
    return frl_fail(err, FRL_E_INVALID,
        "faults: %s does not heed \"%.*s\": it takes %s", kinds[f->kind],
        n < 60 ? (int)n : 60, (const char *)name.pos, settings[f->kind]);
  }
  if (is_text(name, "status")) return read_code(value, &f->status, err);
  if (is_text(name, "calls")) return read_number(value, &f->calls, err);
  if (is_text(name, "after")) return read_number(value, &f->after, err);
  if (is_text(name, "every")) return read_number(value, &f->every, err);
  if (is_text(name, "ms")) return read_number(value, &f->ms, err);
  if (is_text(name, "how")) {
    const int how = index_of(value, hows, 3);
    if (how < 0) return wrong(err, value, "status, reset or drop");
    f->how = (frl_em_how)how;
    return FRL_OK;
  }
  const size_t n = frl_cursor_left(&value);
  if (n == 0 || n >= sizeof f->method) {
    return wrong(err, value, "a method of this server");
  }
  memcpy(f->method, value.pos, n);
  return FRL_OK;
}

static frl_cursor next_word(frl_cursor *text) {
  while (text->pos < text->end && isspace(*text->pos)) text->pos++;
  const uint8_t *begin = text->pos;
  while (text->pos < text->end && !isspace(*text->pos)) text->pos++;
  return (frl_cursor){begin, text->pos};
}

static frl_status read_fault(frl_em_fault *f, frl_cursor text, frl_error *err) {
  const frl_cursor kind = next_word(&text);
  const int index = index_of(kind, kinds, N_KINDS);
  if (index < 0) {
    return wrong(err, kind,
        "one of kill-streams, refuse, delay, expire-leases, drop-acks, duplicate");
  }
  *f = (frl_em_fault){.kind = (frl_em_fault_kind)index,
      .status = FRL_GRPC_UNAVAILABLE,
      .calls = UINT64_MAX};
  for (;;) {
    const frl_cursor word = next_word(&text);
    if (word.pos == word.end) break;
    const uint8_t *equals = memchr(word.pos, '=', frl_cursor_left(&word));
    if (!equals) return wrong(err, word, "of the form name=value");
    FRL_TRY(set(
        f, (frl_cursor){word.pos, equals}, (frl_cursor){equals + 1, word.end}, err));
  }
  if (f->kind == FRL_EM_DELAY && f->ms == 0) {
    return frl_fail(err, FRL_E_INVALID, "faults: delay needs ms=MILLISECONDS");
  }
  if (f->kind == FRL_EM_DUPLICATE && f->every == 0) f->every = 1;
  return FRL_OK;
}

static bool is_blank(frl_cursor text) {
  const frl_cursor word = next_word(&text);
  return word.pos == word.end;
}

frl_status frl_em_faults_parse(frl_em_faults *out, frl_cursor text, frl_error *err) {
  frl_em_faults read = {.n = 0};
  while (text.pos < text.end) {
    const uint8_t *begin = text.pos;
    while (text.pos < text.end && *text.pos != ';') text.pos++;
    const frl_cursor one = {begin, text.pos};
    if (text.pos < text.end) text.pos++;
    if (is_blank(one)) continue;
    if (read.n == FRL_EM_FAULTS_MAX) {
      return frl_fail(
          err, FRL_E_INVALID, "faults: %d at most at a time", FRL_EM_FAULTS_MAX);
    }
    FRL_TRY(read_fault(&read.items[read.n], one, err));
    read.n++;
  }
  *out = read;
  return FRL_OK;
}

static bool is_for(const frl_em_fault *f, const char *path) {
  if (!f->method[0] || strcmp(f->method, path) == 0) return true;
  const char *name = strrchr(path, '/');
  return name && strcmp(name + 1, f->method) == 0;
}

const frl_em_fault *frl_em_faults_use(
    frl_em_faults *f, frl_em_fault_kind kind, const char *path) {
  for (size_t i = 0; i < f->n; i++) {
    frl_em_fault *one = &f->items[i];
    if (one->kind != kind || one->calls == 0 || !is_for(one, path)) continue;
    if (one->calls != UINT64_MAX) one->calls--;
    return one;
  }
  return NULL;
}

frl_em_fault *frl_em_faults_find(frl_em_faults *f, frl_em_fault_kind kind) {
  for (size_t i = 0; i < f->n; i++) {
    if (f->items[i].kind == kind) return &f->items[i];
  }
  return NULL;
}
