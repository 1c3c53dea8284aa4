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
  SUB_ORDERING = 10,
  SUB_FILTER = 12,
  SUB_DEAD_LETTER = 13,
  SUB_DETACHED = 15,
  SUB_EXACTLY_ONCE = 16
};

frl_status frl__encode_subscription(frl_buf *out, const char *name, const char *topic,
    const frl_subscription_options *options) {
  FRL_TRY(frl_wire_text(out, SUB_NAME, name));
  FRL_TRY(frl_wire_text(out, SUB_TOPIC, topic));
  if (options->ack_deadline_s) {
    FRL_TRY(frl_wire_varint(out, SUB_ACK_DEADLINE, options->ack_deadline_s));
  }
  if (options->ordered) FRL_TRY(frl_wire_bool(out, SUB_ORDERING, 1));
  if (options->filter && *options->filter) {
    FRL_TRY(frl_wire_text(out, SUB_FILTER, options->filter));
  }
  return options->exactly_once ? frl_wire_bool(out, SUB_EXACTLY_ONCE, 1) : FRL_OK;
}

/* Names longer than the field are cut: no valid one is. */
static void copy_name(char *out, size_t size, frl_cursor bytes) {
  size_t n = frl_cursor_left(&bytes);
  if (n > size - 1) n = size - 1;
  if (n) memcpy(out, bytes.pos, n);
  out[n] = '\0';
}

static void take_bytes(frl_subscription_info *out, const frl_wire_field *f) {
  if (f->number == SUB_NAME) copy_name(out->name, sizeof out->name, f->bytes);
  if (f->number == SUB_TOPIC) copy_name(out->topic, sizeof out->topic, f->bytes);
  if (f->number == SUB_DEAD_LETTER) out->dead_letter = f->value > 0;
}

static void take_number(frl_subscription_info *out, const frl_wire_field *f) {
  if (f->number == SUB_ACK_DEADLINE) out->ack_deadline_s = (uint32_t)f->value;
  if (f->number == SUB_ORDERING) out->ordered = f->value != 0;
  if (f->number == SUB_DETACHED) out->detached = f->value != 0;
  if (f->number == SUB_EXACTLY_ONCE) out->exactly_once = f->value != 0;
}

frl_status frl__decode_subscription(frl_cursor message, frl_subscription_info *out) {
  *out = (frl_subscription_info){.struct_size = out->struct_size};
  frl_wire_field f;
  frl_status st;
  while ((st = frl_wire_next(&message, &f)) == FRL_OK) {
    if (f.type == FRL_WIRE_BYTES) take_bytes(out, &f);
    if (f.type == FRL_WIRE_VARINT) take_number(out, &f);
  }
  return st == FRL_END ? FRL_OK : st;
}
