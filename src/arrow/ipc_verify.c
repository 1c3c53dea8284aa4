/**
 * Checks of received flatbuffers beyond those of flatcc's verifier, which sees to it
 * that nothing points outside, but not that anything is there.
 */
#include <stdbool.h>
#include <string.h>

#include "arrow/ipc_message.h"
#include "base/error.h"

/* enum values of Message.fbs */
enum { HEADER_SCHEMA = 1, HEADER_DICTIONARY_BATCH = 2, HEADER_RECORD_BATCH = 3 };
enum { STRUCT_BYTES = 16, MAX_DEPTH = 128 };

static uint32_t get_u16(const uint8_t *at) { return at[0] | (uint32_t)at[1] << 8; }

static uint32_t get_u32(const uint8_t *at) {
  return get_u16(at) | get_u16(at + 2) << 16;
}

static int64_t get_i64(const uint8_t *at) {
  return (int64_t)(get_u32(at) | (uint64_t)get_u32(at + 4) << 32);
}

/** The place of a table's field; NULL where it is left out. */
static const uint8_t *field(const uint8_t *table, unsigned index) {
  const int64_t back = (int32_t)get_u32(table);
  const uint8_t *fields = table - back;
  if (4 + 2 * index >= get_u16(fields)) return NULL;
  const uint32_t offset = get_u16(fields + 4 + (size_t)2 * index);
  return offset ? table + offset : NULL;
}

static const uint8_t *follow(const uint8_t *offset) { return offset + get_u32(offset); }

/** NULL where the field is left out. */
static const uint8_t *target(const uint8_t *offset) {
  return offset ? follow(offset) : NULL;
}

static uint32_t length_of(const uint8_t *vector) {
  return vector ? get_u32(vector) : 0;
}

/** The record batch of a message, also that within a dictionary batch. */
static const uint8_t *batch_table(const uint8_t *message) {
  const uint8_t *table = follow(message);
  const uint8_t *type = field(table, 1);
  const uint8_t *header = target(field(table, 2));
  if (!type || !header) return NULL;
  if (*type == HEADER_RECORD_BATCH) return header;
  return *type == HEADER_DICTIONARY_BATCH ? target(field(header, 1)) : NULL;
}

/** Every field, at any depth, has a type, and so has the index of a dictionary. */
static bool fields_are_whole(const uint8_t *table, unsigned fields, int depth) {
  const uint8_t *list = target(field(table, fields));
  const uint32_t count = length_of(list);
  if (depth > MAX_DEPTH) return false;
  for (uint32_t i = 0; i < count; i++) {
    const uint8_t *child = follow(list + 4 + (size_t)i * 4);
    const uint8_t *dictionary = target(field(child, 4));
    if (!field(child, 2) || !field(child, 3)) return false;
    if (dictionary && !field(dictionary, 1)) return false;
    if (!fields_are_whole(child, 5, depth + 1)) return false;
  }
  return true;
}

static frl_status missing(frl_error *err, const char *what) {
  return frl_fail(err, FRL_E_MALFORMED, "IPC: %s is missing", what);
}

frl_status frl_ipc_check_message(const uint8_t *message, frl_error *err) {
  const uint8_t *table = follow(message);
  const uint8_t *type = field(table, 1);
  const uint8_t *header = target(field(table, 2));
  if (!type || !header) return missing(err, "a message's header");
  if (*type == HEADER_SCHEMA && !fields_are_whole(header, 1, 0)) {
    return missing(err, "a field's type");
  }
  if (*type == HEADER_DICTIONARY_BATCH && !field(header, 1)) {
    return missing(err, "a dictionary's data");
  }
  return FRL_OK;
}

frl_status frl_ipc_check_footer(const uint8_t *footer, frl_error *err) {
  const uint8_t *schema = target(field(follow(footer), 1));
  if (!schema) return missing(err, "the footer's schema");
  return fields_are_whole(schema, 1, 0) ? FRL_OK : missing(err, "a field's type");
}

/** Bytes of a packed buffer when unpacked; -1: more than INT64_MAX, or none given. */
static int64_t unpacked_bytes(const uint8_t *buffer, int64_t length) {
  if (length < 8) return -1;
  const int64_t size = get_i64(buffer);
  return size == -1 ? length - 8 : size; /* -1: left as it is */
}

/** Rows of a batch and of its nodes: Spark counts them in 31 bits. */
static frl_status check_lengths(const uint8_t *batch, frl_error *err) {
  const uint8_t *rows = field(batch, 0);
  const uint8_t *nodes = target(field(batch, 1));
  const uint32_t count = length_of(nodes);
  int64_t worst = rows ? get_i64(rows) : 0;
  for (uint32_t i = 0; i < count && worst >= 0 && worst <= INT32_MAX; i++) {
    worst = get_i64(nodes + 4 + (size_t)i * STRUCT_BYTES);
  }
  if (worst < 0) return frl_fail(err, FRL_E_MALFORMED, "IPC: a negative length");
  if (worst <= INT32_MAX) return FRL_OK;
  return frl_fail(err, FRL_E_LIMIT, "IPC: an array of %lld rows", (long long)worst);
}

/** Adds the unpacked size of one buffer to the total. */
static frl_status check_buffer(const frl_ipc_extent *extent, bool packed,
    const uint8_t *body, size_t max_bytes, size_t *total, frl_error *err) {
  if (!packed || extent->length == 0) return FRL_OK;
  const int64_t unpacked = unpacked_bytes(body + extent->offset, extent->length);
  if (unpacked < 0) {
    return frl_fail(err, FRL_E_MALFORMED, "IPC: a packed buffer without valid size");
  }
  if ((uint64_t)unpacked > max_bytes - *total) {
    return frl_fail(
        err, FRL_E_LIMIT, "IPC: a batch unpacks to more than %zu bytes", max_bytes);
  }
  *total += (size_t)unpacked;
  return FRL_OK;
}

static uint32_t buffers_of(const char *format) {
  switch (*format) {
    case 'n':
      return 0;
    case 'u':
    case 'U':
    case 'z':
    case 'Z':
      return 3;
    case '+':
      break;
    default:
      return 2;
  }
  switch (format[1]) {
    case 's':
    case 'w':
      return 1;
    case 'r':
      return 0;
    case 'u': /* unions: dense ones have offsets too */
      return format[2] == 'd' ? 2 : 1;
    default:
      return 2;
  }
}

void frl_ipc_count(frl_ipc_counts *counts, const struct ArrowSchema *schema) {
  counts->nodes++;
  counts->buffers += buffers_of(schema->format);
  for (int64_t i = 0; i < schema->n_children; i++) {
    frl_ipc_count(counts, schema->children[i]);
  }
}

static frl_status check_counts(
    const uint8_t *batch, const frl_ipc_counts *expected, frl_error *err) {
  if (!expected) return FRL_OK;
  if (length_of(target(field(batch, 1))) == expected->nodes &&
      length_of(target(field(batch, 2))) == expected->buffers) {
    return FRL_OK;
  }
  return frl_fail(err, FRL_E_MALFORMED, "IPC: a dictionary not of its schema's type");
}

frl_status frl_ipc_check_batch(const uint8_t *message, const uint8_t *body,
    size_t body_bytes, size_t max_bytes, const frl_ipc_counts *expected,
    frl_error *err) {
  const uint8_t *batch = batch_table(message);
  if (!batch) return missing(err, "a batch");
  FRL_TRY(check_counts(batch, expected, err));
  FRL_TRY(check_lengths(batch, err));
  const uint8_t *buffers = target(field(batch, 2));
  const uint32_t count = length_of(buffers);
  const bool packed = field(batch, 3) != NULL;
  size_t total = 0;
  for (uint32_t i = 0; i < count; i++) {
    const uint8_t *at = buffers + 4 + (size_t)i * STRUCT_BYTES;
    const frl_ipc_extent extent = {get_i64(at), get_i64(at + 8)};
    if (extent.offset < 0 || extent.length < 0 ||
        (uint64_t)extent.offset > body_bytes ||
        (uint64_t)extent.length > body_bytes - (uint64_t)extent.offset) {
      return frl_fail(err, FRL_E_MALFORMED, "IPC: buffer %u lies outside its body", i);
    }
    if (extent.length && extent.offset % 8) {
      return frl_fail(err, FRL_E_MALFORMED, "IPC: buffer %u is not aligned", i);
    }
    FRL_TRY(check_buffer(&extent, packed, body, max_bytes, &total, err));
  }
  return FRL_OK;
}
