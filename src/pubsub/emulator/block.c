#include "pubsub/emulator/block.h"

#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "pubsub/emulator/ack_id.h"
#include "wire/reader.h"
#include "wire/writer.h"

enum {
  TAG_RECEIVED = 1 << 3 | 2,
  TAG_ACK_ID = 1 << 3 | 2,
  TAG_MESSAGE = 2 << 3 | 2,
  TAG_MESSAGE_ID = 3 << 3 | 2,
  TAG_PUBLISH_TIME = 4 << 3 | 2,
  TIME_MAX_BYTES = 16,
  /* tags, lengths, ack id, message id and time */
  FRAME_EXTRA_BYTES =
      2 * 6 + 2 + FRL_EM_ACK_ID_BYTES + 2 + FRL_EM_MESSAGE_ID_BYTES + 2 + TIME_MAX_BYTES
};

/* What was learnt of one message of the request. */
typedef struct facts {
  bool stamped;  /* it carries a message_id or publish_time, to be left out */
  bool has_data; /* not empty */
  uint32_t attributes;
  frl_cursor key;
} facts;

static frl_status check_attribute(frl_cursor entry, frl_error *err) {
  frl_cursor key;
  frl_cursor value;
  FRL_TRY(frl_wire_read_entry(entry, &key, &value));
  const size_t n = frl_cursor_left(&key);
  if (n == 0 || n > FRL_EM_ATTRIBUTE_KEY_MAX_BYTES) {
    return frl_fail(err, FRL_E_INVALID,
        "an attribute key of %zu bytes: 1 to %d are allowed", n,
        FRL_EM_ATTRIBUTE_KEY_MAX_BYTES);
  }
  if (n >= 4 && memcmp(key.pos, "goog", 4) == 0) {
    return frl_fail(err, FRL_E_INVALID, "an attribute key begins with \"goog\"");
  }
  if (frl_cursor_left(&value) > FRL_EM_ATTRIBUTE_VALUE_MAX_BYTES) {
    return frl_fail(err, FRL_E_INVALID,
        "an attribute value of %zu bytes: %d are allowed", frl_cursor_left(&value),
        FRL_EM_ATTRIBUTE_VALUE_MAX_BYTES);
  }
  if (!frl_wire_is_utf8(key) || !frl_wire_is_utf8(value)) {
    return frl_fail(err, FRL_E_INVALID, "an attribute is not valid UTF-8");
  }
  return FRL_OK;
}

static frl_status note_field(facts *f, const frl_wire_field *field, frl_error *err) {
  switch (field->number) {
    case 1:
      f->has_data = field->value > 0;
      return FRL_OK;
    case 2:
      f->attributes++;
      return check_attribute(field->bytes, err);
    case 3:
    case 4:
      f->stamped = true;
      return FRL_OK;
    case 5:
      f->key = field->bytes;
      return FRL_OK;
    default:
      return FRL_OK;
  }
}

static frl_status check_message(facts *f, frl_cursor message, frl_error *err) {
  *f = (facts){0};
  frl_wire_field field;
  frl_status st;
  while ((st = frl_wire_next(&message, &field)) == FRL_OK) {
    if (field.number <= 5 && field.type != FRL_WIRE_BYTES) return FRL_E_MALFORMED;
    FRL_TRY(note_field(f, &field, err));
  }
  if (st != FRL_END) return st;
  if (!f->has_data && f->attributes == 0) {
    return frl_fail(err, FRL_E_INVALID,
        "a message has neither data nor attributes: one of the two is required");
  }
  if (f->attributes > FRL_EM_ATTRIBUTES_MAX) {
    return frl_fail(err, FRL_E_INVALID, "a message has %u attributes: %d are allowed",
        f->attributes, FRL_EM_ATTRIBUTES_MAX);
  }
  if (frl_cursor_left(&f->key) > FRL_EM_ORDERING_KEY_MAX_BYTES) {
    return frl_fail(err, FRL_E_INVALID, "an ordering key of %zu bytes: %d are allowed",
        frl_cursor_left(&f->key), FRL_EM_ORDERING_KEY_MAX_BYTES);
  }
  if (!frl_wire_is_utf8(f->key)) {
    return frl_fail(err, FRL_E_INVALID, "an ordering key is not valid UTF-8");
  }
  return FRL_OK;
}

static uint8_t *put_bytes(uint8_t *p, const uint8_t *data, size_t n) {
  if (n) memcpy(p, data, n);
  return p + n;
}

static uint8_t *put_id(uint8_t *p, uint64_t id) {
  *p++ = TAG_MESSAGE_ID;
  *p++ = FRL_EM_MESSAGE_ID_BYTES;
  for (int i = FRL_EM_MESSAGE_ID_BYTES - 1; i >= 0; i--, id /= 10) {
    p[i] = (uint8_t)('0' + id % 10);
  }
  return p + FRL_EM_MESSAGE_ID_BYTES;
}

/* The field publish_time; its bytes. */
static size_t encode_time(uint8_t out[TIME_MAX_BYTES + 2], int64_t publish_us) {
  uint8_t *p = out + 2;
  *p++ = 1 << 3;
  p = frl_wire_put_varint(p, (uint64_t)(publish_us / 1000000));
  *p++ = 2 << 3;
  p = frl_wire_put_varint(p, (uint64_t)(publish_us % 1000000) * 1000);
  out[0] = TAG_PUBLISH_TIME;
  out[1] = (uint8_t)(p - out - 2);
  return (size_t)(p - out);
}

/* The publisher's fields without those that only the server sets. */
static uint8_t *put_unstamped(uint8_t *p, frl_cursor message, bool copy, size_t *n) {
  frl_wire_field field;
  *n = 0;
  const uint8_t *begin = message.pos;
  while (frl_wire_next(&message, &field) == FRL_OK) {
    const size_t len = (size_t)(message.pos - begin);
    if (field.number != 3 && field.number != 4) {
      if (copy) p = put_bytes(p, begin, len);
      *n += len;
    }
    begin = message.pos;
  }
  return p;
}

static uint32_t at(const frl_em_block *b, const uint8_t *p) {
  return (uint32_t)(p - b->bytes);
}

/* Where the last field 5 of the body is. */
static void find_key(const frl_em_block *b, frl_em_message *m) {
  frl_cursor body = frl_cursor_of(b->bytes + m->body_at, m->body_len);
  frl_wire_field field;
  while (frl_wire_next(&body, &field) == FRL_OK) {
    if (field.number != 5 || field.type != FRL_WIRE_BYTES) continue;
    m->key_at = at(b, field.bytes.pos);
    m->key_len = (uint32_t)frl_cursor_left(&field.bytes);
  }
}

typedef struct stamp {
  uint64_t id;
  uint8_t time[TIME_MAX_BYTES + 2];
  size_t time_len;
} stamp;

static uint8_t *put_message(frl_em_block *b, frl_em_message *m, uint8_t *p,
    frl_cursor message, const facts *f, const stamp *s) {
  size_t own = frl_cursor_left(&message);
  if (f->stamped) (void)put_unstamped(NULL, message, false, &own);
  const size_t body = own + 2 + FRL_EM_MESSAGE_ID_BYTES + s->time_len;
  const size_t received =
      2 + FRL_EM_ACK_ID_BYTES + 1 + frl_wire_varint_bytes(body) + body;
  m->frame_at = at(b, p);
  *p++ = TAG_RECEIVED;
  p = frl_wire_put_varint(p, received);
  *p++ = TAG_ACK_ID;
  *p++ = FRL_EM_ACK_ID_BYTES;
  m->ack_at = at(b, p);
  memset(p, 'A', FRL_EM_ACK_ID_BYTES);
  p += FRL_EM_ACK_ID_BYTES;
  *p++ = TAG_MESSAGE;
  p = frl_wire_put_varint(p, body);
  m->body_at = at(b, p);
  m->body_len = (uint32_t)body;
  p = f->stamped ? put_unstamped(p, message, true, &own)
                 : put_bytes(p, message.pos, own);
  p = put_id(p, s->id);
  p = put_bytes(p, s->time, s->time_len);
  if (frl_cursor_left(&f->key) > 0) find_key(b, m);
  return p;
}

/* Counts the messages and finds the topic. */
static frl_status survey(
    frl_cursor request, frl_cursor *topic, size_t *n_messages, frl_error *err) {
  const size_t size = frl_cursor_left(&request);
  *n_messages = 0;
  *topic = (frl_cursor){request.pos, request.pos};
  if (size > FRL_EM_REQUEST_MAX_BYTES) {
    return frl_fail(err, FRL_E_INVALID,
        "a publish request of %zu bytes: %d are allowed", size,
        FRL_EM_REQUEST_MAX_BYTES);
  }
  frl_wire_field field;
  frl_status st;
  while ((st = frl_wire_next(&request, &field)) == FRL_OK) {
    if (field.number > 2) continue;
    if (field.type != FRL_WIRE_BYTES) return FRL_E_MALFORMED;
    if (field.number == 1) *topic = field.bytes;
    if (field.number == 2) ++*n_messages;
  }
  if (st != FRL_END) return st;
  if (*n_messages == 0) {
    return frl_fail(err, FRL_E_INVALID, "a publish request without messages");
  }
  if (*n_messages > FRL_EM_REQUEST_MAX_MESSAGES) {
    return frl_fail(err, FRL_E_INVALID,
        "%zu messages in one publish request: %d are allowed", *n_messages,
        FRL_EM_REQUEST_MAX_MESSAGES);
  }
  return FRL_OK;
}

static frl_em_block *alloc_block(
    const frl_mem *mem, size_t n_messages, size_t request_bytes) {
  const size_t head = sizeof(frl_em_block) + n_messages * sizeof(frl_em_message);
  const size_t room = request_bytes + n_messages * FRAME_EXTRA_BYTES;
  frl_em_block *b = frl_malloc(mem, head + room);
  if (!b) return NULL;
  *b = (frl_em_block){.refs = 1,
      .n_messages = (uint32_t)n_messages,
      .bytes = (uint8_t *)b + head,
      .held_bytes = head + room,
      .mem = mem ? *mem : frl_mem_default};
  memset(b->messages, 0, n_messages * sizeof(frl_em_message));
  return b;
}

static frl_status fill(frl_em_block *b, frl_cursor request, frl_error *err) {
  stamp s = {.id = b->first_id};
  s.time_len = encode_time(s.time, b->publish_us);
  uint8_t *p = b->bytes;
  frl_em_message *m = b->messages;
  frl_wire_field field;
  while (frl_wire_next(&request, &field) == FRL_OK) {
    if (field.number != 2) continue;
    facts f;
    FRL_TRY(check_message(&f, field.bytes, err));
    p = put_message(b, m++, p, field.bytes, &f, &s);
    s.id++;
  }
  b->n_bytes = (size_t)(p - b->bytes);
  return FRL_OK;
}

frl_status frl_em_block_create(frl_em_block **out, const frl_mem *mem,
    frl_cursor request, uint64_t first_id, int64_t publish_us, frl_cursor *topic,
    frl_error *err) {
  *out = NULL;
  size_t n = 0;
  frl_status st = survey(request, topic, &n, err);
  if (st == FRL_E_MALFORMED || st == FRL_E_TRUNCATED) {
    return frl_fail(err, st, "the publish request cannot be read");
  }
  if (st != FRL_OK) return st;
  frl_em_block *b = alloc_block(mem, n, frl_cursor_left(&request));
  if (!b) return frl_fail(err, FRL_E_NOMEM, "publish: out of memory");
  b->first_id = first_id;
  b->publish_us = publish_us;
  st = fill(b, request, err);
  if (st != FRL_OK) {
    frl_em_block_unref(b);
    if (st == FRL_E_INVALID) return st;
    return frl_fail(err, st, "a message of the publish request cannot be read");
  }
  *out = b;
  return FRL_OK;
}

static frl_status count_frames(frl_cursor frames, size_t *n) {
  frl_wire_field field;
  frl_status st;
  *n = 0;
  while ((st = frl_wire_next(&frames, &field)) == FRL_OK) {
    if (field.number != 1 || field.type != FRL_WIRE_BYTES) return FRL_E_MALFORMED;
    ++*n;
  }
  if (st != FRL_END) return st;
  return *n > 0 && *n <= FRL_EM_REQUEST_MAX_MESSAGES ? FRL_OK : FRL_E_MALFORMED;
}

/* A frame is an ack id and, behind it to the end, the message. */
static frl_status find_parts(
    const frl_em_block *b, frl_em_message *m, frl_cursor frame) {
  frl_wire_field field;
  FRL_TRY(frl_wire_next(&frame, &field));
  if (field.number != 1 || field.type != FRL_WIRE_BYTES ||
      field.value != FRL_EM_ACK_ID_BYTES) {
    return FRL_E_MALFORMED;
  }
  m->ack_at = at(b, field.bytes.pos);
  const frl_status st = frl_wire_next(&frame, &field);
  if (st != FRL_OK || field.number != 2 || field.type != FRL_WIRE_BYTES ||
      frame.pos != frame.end) {
    return FRL_E_MALFORMED;
  }
  m->body_at = at(b, field.bytes.pos);
  m->body_len = (uint32_t)field.value;
  find_key(b, m);
  return FRL_OK;
}

frl_status frl_em_block_restore(frl_em_block **out, const frl_mem *mem,
    frl_cursor frames, uint64_t first_id, int64_t publish_us) {
  *out = NULL;
  size_t n = 0;
  const size_t size = frl_cursor_left(&frames);
  if (size > (size_t)4 * FRL_EM_REQUEST_MAX_BYTES) return FRL_E_MALFORMED;
  FRL_TRY(count_frames(frames, &n));
  frl_em_block *b = alloc_block(mem, n, size);
  if (!b) return FRL_E_NOMEM;
  b->first_id = first_id;
  b->publish_us = publish_us;
  memcpy(b->bytes, frames.pos, size);
  b->n_bytes = size;
  frl_cursor c = frl_cursor_of(b->bytes, size);
  frl_wire_field field;
  frl_status st = FRL_OK;
  for (size_t i = 0; i < n && st == FRL_OK; i++) {
    b->messages[i].frame_at = at(b, c.pos);
    st = frl_wire_next(&c, &field);
    if (st == FRL_OK) st = find_parts(b, &b->messages[i], field.bytes);
  }
  if (st != FRL_OK) {
    frl_em_block_unref(b);
    return st == FRL_END ? FRL_E_MALFORMED : st;
  }
  *out = b;
  return FRL_OK;
}

frl_em_block *frl_em_block_ref(frl_em_block *block) {
  block->refs++;
  return block;
}

void frl_em_block_unref(void *owner) {
  frl_em_block *b = owner;
  if (--b->refs > 0) return;
  if (b->retained) *b->retained -= b->held_bytes;
  const frl_mem mem = b->mem;
  frl_free(&mem, b);
}

void frl_em_block_count(frl_em_block *block, uint64_t *retained) {
  block->retained = retained;
  *retained += block->held_bytes;
}

frl_cursor frl_em_block_body(const frl_em_block *block, uint32_t index) {
  const frl_em_message *m = &block->messages[index];
  return frl_cursor_of(block->bytes + m->body_at, m->body_len);
}

frl_cursor frl_em_block_key(const frl_em_block *block, uint32_t index) {
  const frl_em_message *m = &block->messages[index];
  return frl_cursor_of(block->bytes + m->key_at, m->key_len);
}
