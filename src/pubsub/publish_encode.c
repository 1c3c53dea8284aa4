/** PublishRequest as a chain: small headers of our own, payloads where they lie. */
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "pubsub/publisher.h"
#include "wire/writer.h"

enum {
  REQUEST_TOPIC = 1,
  COPY_BELOW_BYTES = 512 /* a slice costs more than copying so little */
};

/** What the slices of one attempt need; freed when the last one is released. */
typedef struct attempt {
  frl_mem mem;
  frl_cargo **cargos;
  size_t n_cargos;
  uint8_t bytes[];
} attempt;

static void release_attempt(void *owner) {
  attempt *a = owner;
  for (size_t i = 0; i < a->n_cargos; i++) frl_cargo_unref(a->cargos[i]);
  const frl_mem mem = a->mem;
  frl_free(&mem, a->cargos);
  frl_free(&mem, a);
}

static bool is_borrowed(frl_cursor payload) {
  return frl_cursor_left(&payload) >= COPY_BELOW_BYTES;
}

static size_t own_bytes(const frl_publish_request *request) {
  const char *topic = request->publisher->topic;
  size_t n = frl_wire_field_bytes(REQUEST_TOPIC, strlen(topic));
  for (const frl_publish_span *s = request->spans; s; s = s->next) {
    const frl_publish_rows *rows = &s->cargo->rows;
    for (int64_t i = s->first; i < s->first + s->n; i++) {
      const frl_cursor payload = frl_publish_payload(rows, i);
      n += frl_publish_put_bytes(rows, i);
      if (!is_borrowed(payload)) n += frl_cursor_left(&payload);
    }
  }
  return n;
}

static frl_status attempt_create(attempt **out, const frl_publish_request *request) {
  const frl_mem *mem = &request->publisher->mem;
  size_t n_cargos = 0;
  for (const frl_publish_span *s = request->spans; s; s = s->next) n_cargos++;
  attempt *a = frl_malloc(mem, sizeof *a + own_bytes(request));
  frl_cargo **cargos = frl_calloc(mem, n_cargos, sizeof *cargos);
  if (!a || !cargos) {
    frl_free(mem, a);
    frl_free(mem, cargos);
    return FRL_E_NOMEM;
  }
  *a = (attempt){*mem, cargos, n_cargos};
  for (const frl_publish_span *s = request->spans; s; s = s->next) {
    *cargos++ = frl_cargo_ref(s->cargo);
  }
  *out = a;
  return FRL_OK;
}

static frl_status push(frl_chain *out, const uint8_t *from, const uint8_t *to) {
  return frl_chain_push(out, (frl_slice){from, (size_t)(to - from), NULL, NULL});
}

/* Writes headers into own memory from *at on; *open is where the open slice began. */
static frl_status push_rows(
    frl_chain *out, const frl_publish_span *span, uint8_t **at, const uint8_t **open) {
  const frl_publish_rows *rows = &span->cargo->rows;
  uint8_t *p = *at;
  for (int64_t i = span->first; i < span->first + span->n; i++) {
    const frl_cursor payload = frl_publish_payload(rows, i);
    const size_t n = frl_cursor_left(&payload);
    p = frl_publish_put_header(rows, i, p);
    if (is_borrowed(payload)) {
      FRL_TRY(push(out, *open, p));
      FRL_TRY(push(out, payload.pos, payload.end));
      *open = p;
    } else if (n) {
      memcpy(p, payload.pos, n);
      p += n;
    }
  }
  *at = p;
  return FRL_OK;
}

static frl_status push_request(
    const frl_publish_request *request, attempt *a, frl_chain *out) {
  const char *name = request->publisher->topic;
  const frl_cursor topic = frl_cursor_of(name, strlen(name));
  const size_t topic_bytes = frl_cursor_left(&topic);
  uint8_t *p = a->bytes;
  const uint8_t *open = p;
  p = frl_wire_put_varint(p, REQUEST_TOPIC << 3 | 2);
  p = frl_wire_put_varint(p, topic_bytes);
  memcpy(p, topic.pos, topic_bytes);
  p += topic_bytes;
  for (const frl_publish_span *s = request->spans; s; s = s->next) {
    FRL_TRY(push_rows(out, s, &p, &open));
  }
  return open < p ? push(out, open, p) : FRL_OK;
}

frl_status frl__publish_encode(const frl_publish_request *request, frl_chain *out) {
  attempt *a;
  FRL_TRY(attempt_create(&a, request));
  const frl_status st = push_request(request, a, out);
  if (st != FRL_OK) {
    frl_chain_deinit(out);
    release_attempt(a);
    return st;
  }
  frl_slice *last = &out->slices[out->n_slices - 1];
  last->release = release_attempt;
  last->owner = a;
  return FRL_OK;
}
