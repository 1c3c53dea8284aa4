#include <string.h>

#include "base/error.h"
#include "pubsub/admin.h"
#include "wire/reader.h"
#include "wire/writer.h"

/* google.pubsub.v1.Subscription */
enum {
  SUB_NAME = 1,
  SUB_TOPIC = 2,
  SUB_ACK_DEADLINE = 5,
  SUB_RETAIN_ACKED = 7,
  SUB_RETENTION = 8,
  SUB_ORDERING = 10,
  SUB_FILTER = 12,
  SUB_DEAD_LETTER = 13,
  SUB_DETACHED = 15,
  SUB_EXACTLY_ONCE = 16,
  /* DeadLetterPolicy */
  DEAD_LETTER_TOPIC = 1,
  DEAD_LETTER_ATTEMPTS = 2,
  DEAD_LETTER_MAX_BYTES = 2048,
  DURATION_SECONDS = 1
};

static frl_status encode_dead_letter(
    frl_buf *out, const char *topic, uint32_t max_attempts) {
  frl_buf policy;
  frl_buf_init(&policy, &out->mem, DEAD_LETTER_MAX_BYTES);
  frl_status st = frl_wire_text(&policy, DEAD_LETTER_TOPIC, topic);
  if (st == FRL_OK && max_attempts) {
    st = frl_wire_varint(&policy, DEAD_LETTER_ATTEMPTS, max_attempts);
  }
  if (st == FRL_OK) st = frl_wire_bytes(out, SUB_DEAD_LETTER, policy.data, policy.len);
  frl_buf_deinit(&policy);
  return st;
}

frl_status frl__encode_subscription(frl_buf *out, const char *name, const char *topic,
    const frl_subscription_options *options) {
  FRL_TRY(frl_wire_text(out, SUB_NAME, name));
  FRL_TRY(frl_wire_text(out, SUB_TOPIC, topic));
  if (options->ack_deadline_s) {
    FRL_TRY(frl_wire_varint(out, SUB_ACK_DEADLINE, options->ack_deadline_s));
  }
  if (options->retain_acked) FRL_TRY(frl_wire_bool(out, SUB_RETAIN_ACKED, 1));
  if (options->retention_s) {
    FRL_TRY(frl_wire_time(out, SUB_RETENTION, options->retention_s, 0));
  }
  if (options->ordered) FRL_TRY(frl_wire_bool(out, SUB_ORDERING, 1));
  if (options->filter && *options->filter) {
    FRL_TRY(frl_wire_text(out, SUB_FILTER, options->filter));
  }
  if (options->dead_letter_topic) {
    FRL_TRY(encode_dead_letter(
        out, options->dead_letter_topic, options->max_delivery_attempts));
  }
  return options->exactly_once ? frl_wire_bool(out, SUB_EXACTLY_ONCE, 1) : FRL_OK;
}

/* Texts longer than the field are cut: no valid one is. */
static void copy_text(char *out, size_t size, frl_cursor bytes) {
  size_t n = frl_cursor_left(&bytes);
  if (n > size - 1) n = size - 1;
  if (n) memcpy(out, bytes.pos, n);
  out[n] = '\0';
}

static frl_status take_dead_letter(frl_subscription_info *out, frl_cursor policy) {
  frl_wire_field f;
  frl_status st;
  while ((st = frl_wire_next(&policy, &f)) == FRL_OK) {
    if (f.number == DEAD_LETTER_TOPIC && f.type == FRL_WIRE_BYTES) {
      copy_text(out->dead_letter_topic, sizeof out->dead_letter_topic, f.bytes);
    }
    if (f.number == DEAD_LETTER_ATTEMPTS && f.type == FRL_WIRE_VARINT) {
      out->max_delivery_attempts = (uint32_t)f.value;
    }
  }
  return st == FRL_END ? FRL_OK : st;
}

static frl_status take_retention(frl_subscription_info *out, frl_cursor duration) {
  frl_wire_field f;
  frl_status st;
  while ((st = frl_wire_next(&duration, &f)) == FRL_OK) {
    if (f.number != DURATION_SECONDS || f.type != FRL_WIRE_VARINT) continue;
    out->retention_s = f.value < UINT32_MAX ? (uint32_t)f.value : UINT32_MAX;
  }
  return st == FRL_END ? FRL_OK : st;
}

static frl_status take_bytes(frl_subscription_info *out, const frl_wire_field *f) {
  switch (f->number) {
    case SUB_NAME:
      copy_text(out->name, sizeof out->name, f->bytes);
      return FRL_OK;
    case SUB_TOPIC:
      copy_text(out->topic, sizeof out->topic, f->bytes);
      return FRL_OK;
    case SUB_FILTER:
      copy_text(out->filter, sizeof out->filter, f->bytes);
      return FRL_OK;
    case SUB_RETENTION:
      return take_retention(out, f->bytes);
    case SUB_DEAD_LETTER:
      out->dead_letter = f->value > 0;
      return take_dead_letter(out, f->bytes);
    default:
      return FRL_OK;
  }
}

static void take_number(frl_subscription_info *out, const frl_wire_field *f) {
  if (f->number == SUB_ACK_DEADLINE) out->ack_deadline_s = (uint32_t)f->value;
  if (f->number == SUB_RETAIN_ACKED) out->retain_acked = f->value != 0;
  if (f->number == SUB_ORDERING) out->ordered = f->value != 0;
  if (f->number == SUB_DETACHED) out->detached = f->value != 0;
  if (f->number == SUB_EXACTLY_ONCE) out->exactly_once = f->value != 0;
}

frl_status frl__decode_subscription(frl_cursor message, frl_subscription_info *out) {
  *out = (frl_subscription_info){.struct_size = out->struct_size};
  frl_wire_field f;
  frl_status st;
  while ((st = frl_wire_next(&message, &f)) == FRL_OK) {
    if (f.type == FRL_WIRE_BYTES) FRL_TRY(take_bytes(out, &f));
    if (f.type == FRL_WIRE_VARINT) take_number(out, &f);
  }
  return st == FRL_END ? FRL_OK : st;
}
