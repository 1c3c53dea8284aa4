/**
 * Topics, subscriptions and snapshots as the bytes of their messages.
 *
 * The server keeps what a client sent, fields that it does not know included, and
 * reads from it what it needs. An update replaces whole top-level fields.
 * Source of numbers and ranges: google/pubsub/v1/pubsub.proto.
 */
#ifndef FRL_PUBSUB_EMULATOR_RESOURCE_H
#define FRL_PUBSUB_EMULATOR_RESOURCE_H

#include <ferrule/error.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/cursor.h"

enum { FRL_EM_RESOURCE_MAX_BYTES = 1 << 20 };

typedef enum frl_em_kind {
  FRL_EM_TOPIC,
  FRL_EM_SUBSCRIPTION,
  FRL_EM_SNAPSHOT,
  FRL_EM_PROJECT
} frl_em_kind;

/** "projects/P/topics/T" and the like. */
bool frl_em_name_is_valid(frl_em_kind kind, frl_cursor name);
/** Fails with INVALID_ARGUMENT naming the name. */
FRL_NODISCARD frl_status frl_em_name_check(
    frl_em_kind kind, frl_cursor name, frl_error *err);

typedef struct frl_em_topic_settings {
  frl_cursor name;
  int64_t retention_s; /* 0: none */
} frl_em_topic_settings;

typedef struct frl_em_sub_settings {
  frl_cursor name;
  frl_cursor topic;
  frl_cursor filter;
  frl_cursor dead_letter_topic;
  int64_t ack_deadline_s; /* 0: not given */
  int64_t retention_s;    /* 0: not given */
  int64_t min_backoff_ms;
  int64_t max_backoff_ms;
  int64_t max_attempts; /* 0: not given */
  bool has_dead_letter;
  bool has_retry;
  bool has_expiration;
  bool retain_acked;
  bool ordered;
  bool exactly_once;
  bool detached;
} frl_em_sub_settings;

/** Views into the resource. INVALID_ARGUMENT where a value is out of its range. */
FRL_NODISCARD frl_status frl_em_topic_read(
    frl_em_topic_settings *out, frl_cursor resource, frl_error *err);
FRL_NODISCARD frl_status frl_em_sub_read(
    frl_em_sub_settings *out, frl_cursor resource, frl_error *err);

/** Fills the defaults of a new subscription into its bytes. */
FRL_NODISCARD frl_status frl_em_sub_add_defaults(
    frl_buf *resource, const frl_em_sub_settings *settings);

/** Takes all fields of a number out of the message. */
FRL_NODISCARD frl_status frl_em_fields_drop(frl_buf *resource, uint32_t number);
/** Replaces them by those of another message. */
FRL_NODISCARD frl_status frl_em_fields_replace(
    frl_buf *resource, frl_cursor from, uint32_t number);
/**
 * Applies one google.protobuf.FieldMask.
 * @return INVALID_ARGUMENT for an empty mask, an unknown path or a fixed field.
 */
FRL_NODISCARD frl_status frl_em_fields_update(frl_buf *resource, frl_em_kind kind,
    frl_cursor from, frl_cursor mask, frl_error *err);

/** A request with at most two strings, a page size and a page token. */
typedef struct frl_em_request {
  frl_cursor fields[16]; /* by number; bytes fields: the last of each number */
  uint64_t numbers[16];  /* varint fields */
} frl_em_request;
FRL_NODISCARD frl_status frl_em_request_read(
    frl_em_request *out, frl_cursor request, frl_error *err);

#endif /* FRL_PUBSUB_EMULATOR_RESOURCE_H */
