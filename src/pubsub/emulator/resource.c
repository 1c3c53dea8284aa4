#include "pubsub/emulator/resource.h"

#include <ctype.h>
#include <string.h>

#include "base/error.h"
#include "net/rpc.h"
#include "pubsub/emulator/filter.h"
#include "wire/reader.h"
#include "wire/writer.h"

enum {
  DAY_S = 24 * 3600,
  MIN_RETENTION_S = 600,
  MAX_RETENTION_S = 31 * DAY_S,
  DEFAULT_RETENTION_S = 7 * DAY_S,
  DEFAULT_TTL_S = 31 * DAY_S,
  MIN_DEADLINE_S = 10,
  MAX_DEADLINE_S = 600,
  DEFAULT_MIN_BACKOFF_MS = 10 * 1000,
  MAX_BACKOFF_MS = 600 * 1000
};

/* ---- names ---- */

static const char *const collections[] = {
    [FRL_EM_TOPIC] = "topics",
    [FRL_EM_SUBSCRIPTION] = "subscriptions",
    [FRL_EM_SNAPSHOT] = "snapshots",
};

static bool take_text(frl_cursor *c, const char *text) {
  const size_t n = strlen(text);
  if (frl_cursor_left(c) < n || memcmp(c->pos, text, n) != 0) return false;
  c->pos += n;
  return true;
}

static bool is_id(frl_cursor id) {
  const size_t n = frl_cursor_left(&id);
  if (n < 3 || n > 255 || !isalpha(id.pos[0])) return false;
  for (const uint8_t *p = id.pos; p < id.end; p++) {
    if (!isalnum(*p) && (!*p || !strchr("-_.~+%", *p))) return false;
  }
  return n < 4 || memcmp(id.pos, "goog", 4) != 0;
}

bool frl_em_name_is_valid(frl_em_kind kind, frl_cursor name) {
  if (!take_text(&name, "projects/")) return false;
  const uint8_t *begin = name.pos;
  while (name.pos < name.end && isgraph(*name.pos) && *name.pos != '/') name.pos++;
  if (name.pos == begin) return false;
  if (kind == FRL_EM_PROJECT) return name.pos == name.end;
  return take_text(&name, "/") && take_text(&name, collections[kind]) &&
         take_text(&name, "/") && is_id(name);
}

frl_status frl_em_name_check(frl_em_kind kind, frl_cursor name, frl_error *err) {
  if (frl_em_name_is_valid(kind, name)) return FRL_OK;
  const int n = frl_cursor_left(&name) < 300 ? (int)frl_cursor_left(&name) : 300;
  return frl_fail_grpc(err, FRL_GRPC_INVALID_ARGUMENT,
      "Invalid resource name given (name=%.*s): projects/PROJECT/%s/ID is wanted, with "
      "an ID of 3 to 255 letters, digits and -_.~+%%, beginning with a letter",
      n, (const char *)name.pos, kind == FRL_EM_PROJECT ? "..." : collections[kind]);
}

/* ---- fields ---- */

frl_status frl_em_fields_drop(frl_buf *resource, uint32_t number) {
  frl_cursor c = frl_cursor_of(resource->data, resource->len);
  size_t kept = 0;
  frl_wire_field field;
  const uint8_t *begin = c.pos;
  while (frl_wire_next(&c, &field) == FRL_OK) {
    const size_t n = (size_t)(c.pos - begin);
    if (field.number != number) {
      memmove(resource->data + kept, begin, n);
      kept += n;
    }
    begin = c.pos;
  }
  resource->len = kept;
  return FRL_OK;
}

frl_status frl_em_fields_replace(frl_buf *resource, frl_cursor from, uint32_t number) {
  FRL_TRY(frl_em_fields_drop(resource, number));
  frl_wire_field field;
  const uint8_t *begin = from.pos;
  while (frl_wire_next(&from, &field) == FRL_OK) {
    if (field.number == number) {
      FRL_TRY(frl_buf_append(resource, begin, (size_t)(from.pos - begin)));
    }
    begin = from.pos;
  }
  return FRL_OK;
}

typedef struct path {
  const char *name;
  uint32_t number;
} path;

static const path topic_paths[] = {{"labels", 2}, {"message_storage_policy", 3},
    {"kms_key_name", 5}, {"schema_settings", 6}, {"message_retention_duration", 8},
    {"ingestion_data_source_settings", 10}, {"message_transforms", 13}, {"tags", 14},
    {NULL, 0}};

static const path subscription_paths[] = {{"push_config", 4},
    {"ack_deadline_seconds", 5}, {"retain_acked_messages", 7},
    {"message_retention_duration", 8}, {"labels", 9}, {"expiration_policy", 11},
    {"dead_letter_policy", 13}, {"retry_policy", 14},
    {"enable_exactly_once_delivery", 16}, {"bigquery_config", 18},
    {"cloud_storage_config", 22}, {"message_transforms", 25}, {"tags", 26},
    {"bigtable_config", 27}, {NULL, 0}};

static const path snapshot_paths[] = {{"expire_time", 3}, {"labels", 4}, {NULL, 0}};

static const path *const paths[] = {[FRL_EM_TOPIC] = topic_paths,
    [FRL_EM_SUBSCRIPTION] = subscription_paths,
    [FRL_EM_SNAPSHOT] = snapshot_paths};

/* Of "a.b" the field a is replaced. */
static uint32_t number_of(frl_em_kind kind, frl_cursor text) {
  size_t n = 0;
  while (n < frl_cursor_left(&text) && text.pos[n] != '.') n++;
  for (const path *p = paths[kind]; p->name; p++) {
    if (strlen(p->name) == n && memcmp(p->name, text.pos, n) == 0) return p->number;
  }
  return 0;
}

frl_status frl_em_fields_update(frl_buf *resource, frl_em_kind kind, frl_cursor from,
    frl_cursor mask, frl_error *err) {
  frl_wire_field field;
  size_t n = 0;
  while (frl_wire_next(&mask, &field) == FRL_OK) {
    if (field.number != 1 || field.type != FRL_WIRE_BYTES) continue;
    const uint32_t number = number_of(kind, field.bytes);
    if (number == 0) {
      const size_t len = frl_cursor_left(&field.bytes);
      return frl_fail_grpc(err, FRL_GRPC_INVALID_ARGUMENT,
          "Invalid update_mask provided in the UpdateRequest: '%.*s' is not a known "
          "update_mask path",
          len < 100 ? (int)len : 100, (const char *)field.bytes.pos);
    }
    FRL_TRY(frl_em_fields_replace(resource, from, number));
    n++;
  }
  if (n > 0) return FRL_OK;
  return frl_fail_grpc(err, FRL_GRPC_INVALID_ARGUMENT,
      "The update_mask in the UpdateRequest must be set, and must contain a non-empty "
      "paths list");
}

frl_status frl_em_request_read(
    frl_em_request *out, frl_cursor request, frl_error *err) {
  *out = (frl_em_request){0};
  frl_wire_field field;
  frl_status st;
  while ((st = frl_wire_next(&request, &field)) == FRL_OK) {
    if (field.number >= 16) continue;
    if (field.type == FRL_WIRE_BYTES) {
      out->fields[field.number] = field.bytes;
    } else {
      out->numbers[field.number] = field.value;
    }
  }
  if (st == FRL_END) return FRL_OK;
  return frl_fail_grpc(
      err, FRL_GRPC_INVALID_ARGUMENT, "the request is not a readable message");
}

/* ---- settings ---- */

static frl_status out_of_range(frl_error *err, const char *what) {
  return frl_fail_grpc(err, FRL_GRPC_INVALID_ARGUMENT, "Invalid %s", what);
}

static frl_status unreadable(frl_error *err) {
  return frl_fail_grpc(
      err, FRL_GRPC_INVALID_ARGUMENT, "the resource is not a readable message");
}

/* A field of a message type must be one: what is inside is read later. */
static frl_status check_shape(const frl_wire_field *f, uint64_t bytes_fields) {
  if (f->number > 63) return FRL_OK;
  const bool wants_bytes = (bytes_fields >> f->number) & 1;
  return wants_bytes == (f->type == FRL_WIRE_BYTES) ? FRL_OK : FRL_E_MALFORMED;
}

static frl_status read_duration_s(frl_cursor bytes, int64_t *seconds) {
  int32_t nanos = 0;
  *seconds = 0;
  return frl_wire_read_time(bytes, seconds, &nanos);
}

static frl_status read_duration_ms(frl_cursor bytes, int64_t *ms) {
  int64_t seconds = 0;
  int32_t nanos = 0;
  FRL_TRY(frl_wire_read_time(bytes, &seconds, &nanos));
  if (seconds < 0 || seconds > MAX_BACKOFF_MS || nanos < 0) return FRL_E_INVALID;
  *ms = seconds * 1000 + nanos / 1000000;
  return FRL_OK;
}

static bool is_retention(int64_t s) {
  return s >= MIN_RETENTION_S && s <= MAX_RETENTION_S;
}

frl_status frl_em_topic_read(
    frl_em_topic_settings *out, frl_cursor resource, frl_error *err) {
  static const uint64_t bytes_fields = 1u << 1 | 1u << 2 | 1u << 3 | 1u << 5 | 1u << 6 |
                                       1u << 8 | 1u << 10 | 1u << 13 | 1u << 14;
  *out = (frl_em_topic_settings){0};
  frl_wire_field f;
  frl_status st;
  bool retained = false;
  while ((st = frl_wire_next(&resource, &f)) == FRL_OK) {
    if (check_shape(&f, bytes_fields) != FRL_OK) return unreadable(err);
    if (f.number == 1) out->name = f.bytes;
    if (f.number == 8) {
      if (read_duration_s(f.bytes, &out->retention_s) != FRL_OK) return unreadable(err);
      retained = true;
    }
  }
  if (st != FRL_END) return unreadable(err);
  FRL_TRY(frl_em_name_check(FRL_EM_TOPIC, out->name, err));
  if (retained && !is_retention(out->retention_s)) {
    return out_of_range(err, "message_retention_duration: 10 minutes to 31 days");
  }
  return FRL_OK;
}

static frl_status read_dead_letter(frl_em_sub_settings *s, frl_cursor message) {
  s->has_dead_letter = true;
  s->max_attempts = 0;
  frl_wire_field f;
  frl_status st;
  while ((st = frl_wire_next(&message, &f)) == FRL_OK) {
    if (f.number == 1) s->dead_letter_topic = f.bytes;
    if (f.number == 2) s->max_attempts = (int32_t)f.value;
  }
  return st == FRL_END ? FRL_OK : st;
}

static frl_status read_retry(frl_em_sub_settings *s, frl_cursor message) {
  s->has_retry = true;
  s->min_backoff_ms = DEFAULT_MIN_BACKOFF_MS;
  s->max_backoff_ms = MAX_BACKOFF_MS;
  frl_wire_field f;
  frl_status st;
  while ((st = frl_wire_next(&message, &f)) == FRL_OK) {
    if (f.number == 1) FRL_TRY(read_duration_ms(f.bytes, &s->min_backoff_ms));
    if (f.number == 2) FRL_TRY(read_duration_ms(f.bytes, &s->max_backoff_ms));
  }
  return st == FRL_END ? FRL_OK : st;
}

static frl_status read_sub_field(frl_em_sub_settings *s, const frl_wire_field *f) {
  switch (f->number) {
    case 1:
      s->name = f->bytes;
      break;
    case 2:
      s->topic = f->bytes;
      break;
    case 5:
      s->ack_deadline_s = (int32_t)f->value;
      break;
    case 7:
      s->retain_acked = f->value != 0;
      break;
    case 8:
      return read_duration_s(f->bytes, &s->retention_s);
    case 10:
      s->ordered = f->value != 0;
      break;
    case 11:
      s->has_expiration = true;
      break;
    case 12:
      s->filter = f->bytes;
      break;
    case 13:
      return read_dead_letter(s, f->bytes);
    case 14:
      return read_retry(s, f->bytes);
    case 15:
      s->detached = f->value != 0;
      break;
    case 16:
      s->exactly_once = f->value != 0;
      break;
    default:
      break;
  }
  return FRL_OK;
}

static frl_status check_sub(const frl_em_sub_settings *s, frl_error *err) {
  FRL_TRY(frl_em_name_check(FRL_EM_SUBSCRIPTION, s->name, err));
  if (s->ack_deadline_s != 0 &&
      (s->ack_deadline_s < MIN_DEADLINE_S || s->ack_deadline_s > MAX_DEADLINE_S)) {
    return out_of_range(err, "ack_deadline_seconds: 10 to 600");
  }
  if (s->retention_s != 0 && !is_retention(s->retention_s)) {
    return out_of_range(err, "message_retention_duration: 10 minutes to 31 days");
  }
  if (s->has_retry &&
      (s->min_backoff_ms > MAX_BACKOFF_MS || s->max_backoff_ms > MAX_BACKOFF_MS ||
          s->min_backoff_ms > s->max_backoff_ms)) {
    return out_of_range(err, "retry_policy: backoffs of 0 to 600 seconds");
  }
  if (!s->has_dead_letter || frl_cursor_left(&s->dead_letter_topic) == 0) return FRL_OK;
  FRL_TRY(frl_em_name_check(FRL_EM_TOPIC, s->dead_letter_topic, err));
  if (s->max_attempts != 0 && (s->max_attempts < 5 || s->max_attempts > 100)) {
    return out_of_range(err, "max_delivery_attempts: 5 to 100");
  }
  return FRL_OK;
}

frl_status frl_em_sub_read(
    frl_em_sub_settings *out, frl_cursor resource, frl_error *err) {
  static const uint64_t bytes_fields = 1u << 1 | 1u << 2 | 1u << 4 | 1u << 8 | 1u << 9 |
                                       1u << 11 | 1u << 12 | 1u << 13 | 1u << 14 |
                                       1u << 17 | 1u << 18 | 1u << 22 | 1u << 23 |
                                       1u << 25 | 1u << 26 | 1u << 27;
  *out = (frl_em_sub_settings){0};
  frl_wire_field f;
  frl_status st;
  while ((st = frl_wire_next(&resource, &f)) == FRL_OK) {
    if (check_shape(&f, bytes_fields) != FRL_OK) return unreadable(err);
    if (read_sub_field(out, &f) != FRL_OK) return unreadable(err);
  }
  return st == FRL_END ? check_sub(out, err) : unreadable(err);
}

frl_status frl_em_sub_add_defaults(
    frl_buf *resource, const frl_em_sub_settings *settings) {
  if (settings->ack_deadline_s == 0) {
    FRL_TRY(frl_em_fields_drop(resource, 5));
    FRL_TRY(frl_wire_varint(resource, 5, MIN_DEADLINE_S));
  }
  if (settings->retention_s == 0) {
    FRL_TRY(frl_em_fields_drop(resource, 8));
    FRL_TRY(frl_wire_time(resource, 8, DEFAULT_RETENTION_S, 0));
  }
  if (!settings->has_expiration) {
    size_t mark = 0;
    FRL_TRY(frl_wire_begin(resource, 11, &mark));
    FRL_TRY(frl_wire_time(resource, 1, DEFAULT_TTL_S, 0));
    FRL_TRY(frl_wire_end(resource, mark));
  }
  return FRL_OK;
}
