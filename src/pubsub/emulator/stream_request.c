#include "pubsub/emulator/stream_request.h"

#include "base/error.h"
#include "base/mem.h"
#include "wire/reader.h"

enum {
  SUBSCRIPTION = 1,
  ACK_IDS = 2,
  MODIFY_SECONDS = 3,
  MODIFY_IDS = 4,
  DEADLINE = 5,
  CLIENT_ID = 6,
  MAX_MESSAGES = 7,
  MAX_BYTES = 8,
  PROTOCOL_VERSION = 10
};

/* Which fields are numbers; the others named above are bytes. */
static bool is_number(uint32_t number) {
  return number == DEADLINE || number == MAX_MESSAGES || number == MAX_BYTES ||
         number == PROTOCOL_VERSION;
}

static frl_status check_type(const frl_wire_field *f) {
  if (f->number > PROTOCOL_VERSION || f->number == 9) return FRL_OK;
  if (f->number == MODIFY_SECONDS) {
    return f->type == FRL_WIRE_BYTES || f->type == FRL_WIRE_VARINT ? FRL_OK
                                                                   : FRL_E_MALFORMED;
  }
  const uint8_t wanted = is_number(f->number) ? FRL_WIRE_VARINT : FRL_WIRE_BYTES;
  return f->type == wanted ? FRL_OK : FRL_E_MALFORMED;
}

/* Packed or one by one; to may be NULL to count only. */
static frl_status add_seconds(const frl_wire_field *f, int32_t *to, size_t *n) {
  if (f->type == FRL_WIRE_VARINT) {
    if (to) to[*n] = (int32_t)f->value;
    ++*n;
    return FRL_OK;
  }
  frl_cursor packed = f->bytes;
  while (packed.pos < packed.end) {
    uint64_t v = 0;
    FRL_TRY(frl_cursor_varint(&packed, &v));
    if (to) to[*n] = (int32_t)v;
    ++*n;
  }
  return FRL_OK;
}

static frl_status note(frl_em_stream_request *r, const frl_wire_field *f) {
  switch (f->number) {
    case SUBSCRIPTION:
      r->subscription = f->bytes;
      break;
    case ACK_IDS:
      r->n_acks++;
      break;
    case MODIFY_SECONDS:
      return add_seconds(f, NULL, &r->n_modify_seconds);
    case MODIFY_IDS:
      r->n_modify_ids++;
      break;
    case DEADLINE:
      r->deadline_s = (int32_t)f->value;
      r->has_deadline = f->value != 0;
      break;
    case CLIENT_ID:
      r->client_id = f->bytes;
      break;
    case MAX_MESSAGES:
      r->max_messages = (int64_t)f->value;
      break;
    case MAX_BYTES:
      r->max_bytes = (int64_t)f->value;
      break;
    case PROTOCOL_VERSION:
      r->protocol_version = (int64_t)f->value;
      break;
    default:
      break;
  }
  return FRL_OK;
}

static frl_status read_seconds(
    frl_em_stream_request *r, const frl_mem *mem, frl_cursor request) {
  if (r->n_modify_seconds == 0) return FRL_OK;
  r->modify_seconds = frl_calloc(mem, r->n_modify_seconds, sizeof(int32_t));
  if (!r->modify_seconds) return FRL_E_NOMEM;
  size_t n = 0;
  frl_wire_field f;
  while (frl_wire_next(&request, &f) == FRL_OK) {
    if (f.number == MODIFY_SECONDS) FRL_TRY(add_seconds(&f, r->modify_seconds, &n));
  }
  return FRL_OK;
}

frl_status frl_em_stream_request_read(
    frl_em_stream_request *out, const frl_mem *mem, frl_cursor request) {
  *out = (frl_em_stream_request){0};
  frl_cursor c = request;
  frl_wire_field f;
  frl_status st;
  while ((st = frl_wire_next(&c, &f)) == FRL_OK) {
    FRL_TRY(check_type(&f));
    FRL_TRY(note(out, &f));
  }
  if (st != FRL_END) return st;
  out->has_initial = frl_cursor_left(&out->subscription) > 0 ||
                     frl_cursor_left(&out->client_id) > 0 || out->max_messages != 0 ||
                     out->max_bytes != 0 || out->protocol_version != 0;
  return read_seconds(out, mem, request);
}

void frl_em_stream_request_deinit(frl_em_stream_request *r, const frl_mem *mem) {
  frl_free(mem, r->modify_seconds);
  r->modify_seconds = NULL;
}
