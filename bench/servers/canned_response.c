#include <stdlib.h>
#include <string.h>

#include "canned.h"

/* Fields other than the payload and the ack id take less than this. */
enum { MESSAGE_SLACK = 160 };

static uint8_t *put_varint(uint8_t *p, uint64_t v) {
  while (v >= 0x80) {
    *p++ = (uint8_t)(v | 0x80);
    v >>= 7;
  }
  *p++ = (uint8_t)v;
  return p;
}

static uint8_t *put_bytes(uint8_t *p, unsigned field, const void *data, size_t n) {
  p = put_varint(p, field << 3 | 2);
  p = put_varint(p, n);
  memcpy(p, data, n);
  return p + n;
}

static uint8_t *put_attribute(uint8_t *p, const char *key, const char *value) {
  uint8_t entry[64];
  uint8_t *end = put_bytes(entry, 1, key, strlen(key));
  end = put_bytes(end, 2, value, strlen(value));
  return put_bytes(p, 2, entry, (size_t)(end - entry));
}

/* google.pubsub.v1.PubsubMessage; *id_at receives where its id's digits lie in it. */
static uint8_t *put_message(
    uint8_t *p, size_t index, const uint8_t *payload, size_t n, size_t *id_at) {
  const uint8_t *start = p;
  p = put_bytes(p, 1, payload, n);
  p = put_attribute(p, "origin", "sensor-7");
  p = put_attribute(p, "kind", "reading");
  char id[CANNED_ID_DIGITS];
  memset(id, '1', sizeof id);
  p = put_bytes(p, 3, id, sizeof id);
  *id_at = (size_t)(p - start) - sizeof id;
  uint8_t time[24];
  uint8_t *end = put_varint(time, 1 << 3);
  end = put_varint(end, 1700000000 + index);
  end = put_varint(end, 2 << 3);
  end = put_varint(end, 123456000);
  return put_bytes(p, 4, time, (size_t)(end - time));
}

/* Payloads that do not compress, the same in every run. */
static void fill_payload(uint8_t *out, size_t n, uint64_t *state) {
  for (size_t i = 0; i < n; i++) {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    out[i] = (uint8_t)(*state >> 24);
  }
}

static uint8_t *put_received(canned_response *r, uint8_t *p, size_t index,
    const uint8_t *message, size_t message_len) {
  char ack[CANNED_ACK_BYTES + 1];
  memset(ack, 'A', CANNED_ACK_BYTES);
  uint8_t *body = malloc(message_len + CANNED_ACK_BYTES + 16);
  if (!body) return NULL;
  uint8_t *end = put_bytes(body, 1, ack, CANNED_ACK_BYTES);
  const size_t ack_in_body = (size_t)(end - body) - CANNED_ACK_BYTES;
  end = put_bytes(end, 2, message, message_len);
  const size_t n = (size_t)(end - body);
  p = put_bytes(p, 1, body, n);
  r->ack_at[index] = (size_t)(p - r->data) - n + ack_in_body;
  r->id_at[index] += (size_t)(p - r->data) - message_len;
  free(body);
  return p;
}

bool canned_response_make(canned_response *r, size_t messages, size_t payload_bytes) {
  const size_t each = payload_bytes + CANNED_ACK_BYTES + MESSAGE_SLACK;
  r->messages = messages;
  r->data = malloc(messages * each + 16);
  r->ack_at = calloc(messages, sizeof *r->ack_at);
  r->id_at = calloc(messages, sizeof *r->id_at);
  uint8_t *payload = malloc(payload_bytes + 1);
  uint8_t *message = malloc(each);
  bool ok = r->data && r->ack_at && r->id_at && payload && message;
  uint64_t state = 88172645463325252u;
  uint8_t *p = ok ? r->data + 5 : NULL;
  for (size_t i = 0; ok && i < messages; i++) {
    fill_payload(payload, payload_bytes, &state);
    const uint8_t *end = put_message(message, i, payload, payload_bytes, &r->id_at[i]);
    p = put_received(r, p, i, message, (size_t)(end - message));
    ok = p != NULL;
  }
  free(payload);
  free(message);
  if (!ok) return false;
  r->len = (size_t)(p - r->data);
  const size_t n = r->len - 5;
  r->data[0] = 0;
  for (int i = 0; i < 4; i++) r->data[1 + i] = (uint8_t)(n >> (24 - 8 * i));
  return true;
}

/* Real ids are decimal numbers that follow each other within a publish request. */
static void put_id(uint8_t *at, uint64_t v) {
  for (int k = CANNED_ID_DIGITS - 1; k > 0; k--) {
    at[k] = (uint8_t)('0' + v % 10);
    v /= 10;
  }
}

void canned_response_number(const canned_response *r, uint8_t *data, uint64_t *next) {
  static const char digits[] = "0123456789abcdef";
  for (size_t i = 0; i < r->messages; i++) {
    uint64_t v = (*next)++;
    put_id(data + r->id_at[i], v);
    uint8_t *at = data + r->ack_at[i];
    for (int k = CANNED_ACK_DIGITS - 1; k >= 0; k--) {
      at[k] = (uint8_t)digits[v & 15];
      v >>= 4;
    }
  }
}
