#include "pubsub/coordinator/config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

#include "base/error.h"
#include "base/mem.h"
#include "codec/time_format.h"

enum {
  DEFAULT_DELAY_MS = 500,
  DEFAULT_DRAIN_IDLE_MS = 5000,
  DEFAULT_STREAMS = 2,
  MAX_STREAMS = 64,
  MAX_COLUMNS = 100000
};
#define DEFAULT_RESERVOIR_BYTES ((uint64_t)256 << 20)
#define MIN_RESERVOIR_BYTES ((uint64_t)8 << 20)

static const struct {
  const char *name;
  uint32_t bit;
} column_names[] = {
    {"message_id", FRL_PUBSUB_MESSAGE_ID},
    {"publish_time", FRL_PUBSUB_PUBLISH_TIME},
    {"payload", FRL_PUBSUB_PAYLOAD},
    {"attributes", FRL_PUBSUB_ATTRIBUTES},
    {"ordering_key", FRL_PUBSUB_ORDERING_KEY},
    {"ack_id", FRL_PUBSUB_ACK_ID},
};

uint32_t frl_coord_column_of(const char *name) {
  for (size_t i = 0; i < sizeof column_names / sizeof *column_names; i++) {
    if (strcmp(column_names[i].name, name) == 0) return column_names[i].bit;
  }
  return 0;
}

static frl_status bad_value(frl_error *err, const char *key, const char *want) {
  return frl_fail(err, FRL_E_INVALID, "option %s: expected %s", key, want);
}

static frl_status read_text(
    yyjson_val *root, const char *key, const char **out, frl_error *err) {
  yyjson_val *v = yyjson_obj_get(root, key);
  if (!v || yyjson_is_null(v)) return FRL_OK;
  if (!yyjson_is_str(v)) return bad_value(err, key, "a text");
  if (strlen(yyjson_get_str(v)) != yyjson_get_len(v)) {
    return bad_value(err, key, "a text without NUL");
  }
  if (yyjson_get_len(v)) *out = yyjson_get_str(v);
  return FRL_OK;
}

static frl_status read_number(
    yyjson_val *root, const char *key, uint64_t max, uint64_t *out, frl_error *err) {
  yyjson_val *v = yyjson_obj_get(root, key);
  if (!v || yyjson_is_null(v)) return FRL_OK;
  uint64_t number = 0;
  if (yyjson_is_uint(v)) {
    number = yyjson_get_uint(v);
  } else if (yyjson_is_str(v) && yyjson_get_len(v) > 0 && yyjson_get_len(v) < 20) {
    char *end = NULL;
    const char *text = yyjson_get_str(v);
    if (*text < '0' || *text > '9') return bad_value(err, key, "a whole number");
    number = strtoull(text, &end, 10);
    if (*end) return bad_value(err, key, "a whole number");
  } else {
    return bad_value(err, key, "a whole number");
  }
  if (number > max) {
    return frl_fail(
        err, FRL_E_INVALID, "option %s: at most %" PRIu64 " is allowed", key, max);
  }
  *out = number;
  return FRL_OK;
}

static frl_status read_bool(
    yyjson_val *root, const char *key, bool *out, frl_error *err) {
  yyjson_val *v = yyjson_obj_get(root, key);
  if (!v || yyjson_is_null(v)) return FRL_OK;
  if (yyjson_is_bool(v)) {
    *out = yyjson_get_bool(v);
  } else if (yyjson_equals_str(v, "true")) {
    *out = true;
  } else if (yyjson_equals_str(v, "false")) {
    *out = false;
  } else {
    return bad_value(err, key, "true or false");
  }
  return FRL_OK;
}

/** One of two words; *out says whether it is the second. */
static frl_status read_choice(yyjson_val *root, const char *key, const char *first,
    const char *second, bool *out, frl_error *err) {
  const char *word = NULL;
  FRL_TRY(read_text(root, key, &word, err));
  if (!word) return FRL_OK;
  *out = strcmp(word, second) == 0;
  if (*out || strcmp(word, first) == 0) return FRL_OK;
  return frl_fail(
      err, FRL_E_INVALID, "option %s: expected %s or %s", key, first, second);
}

static frl_status read_connection(
    frl_coord_config *c, yyjson_val *root, frl_error *err) {
  FRL_TRY(read_text(root, "projectId", &c->project_id, err));
  FRL_TRY(read_text(root, "subscriptionId", &c->subscription_id, err));
  FRL_TRY(read_text(root, "emulatorHost", &c->emulator_host, err));
  FRL_TRY(read_text(root, "endpoint", &c->endpoint, err));
  FRL_TRY(read_text(root, "credentialsFile", &c->credentials_file, err));
  FRL_TRY(read_text(root, "credentialsScopes", &c->credentials_scopes, err));
  FRL_TRY(read_text(root, "caFile", &c->ca_file, err));
  FRL_TRY(read_bool(root, "clearText", &c->clear_text, err));
  FRL_TRY(read_text(root, "coordinatorHost", &c->coordinator_host, err));
  FRL_TRY(read_number(root, "coordinatorPort", 65535, &c->coordinator_port, err));
  FRL_TRY(read_number(root, "coordinatorGraceMs", 600000, &c->grace_ms, err));
  FRL_TRY(read_bool(root, "allowSharedSubscription", &c->allow_shared, err));
  if (!c->subscription_id) {
    return frl_fail(err, FRL_E_INVALID, "option subscriptionId is missing");
  }
  return FRL_OK;
}

static frl_status read_batches(frl_coord_config *c, yyjson_val *root, frl_error *err) {
  FRL_TRY(read_number(root, "numPartitions", 10000, &c->num_partitions, err));
  FRL_TRY(read_number(root, "maxRowsPerBatch", INT64_MAX, &c->max_rows, err));
  FRL_TRY(read_number(root, "maxBytesPerBatch", INT64_MAX, &c->max_bytes, err));
  FRL_TRY(read_number(root, "maxBatchDelayMs", 3600000, &c->max_delay_ms, err));
  FRL_TRY(read_number(root, "reservoirBytes", INT64_MAX, &c->reservoir_bytes, err));
  FRL_TRY(read_number(root, "streamsPerExecutor", MAX_STREAMS, &c->streams, err));
  FRL_TRY(read_number(root, "drainIdleMs", 3600000, &c->drain_idle_ms, err));
  FRL_TRY(read_bool(root, "batchRead", &c->batch_read, err));
  FRL_TRY(read_choice(root, "acknowledge", "onCommit", "onRead", &c->ack_on_read, err));
  if (c->reservoir_bytes < MIN_RESERVOIR_BYTES) {
    return frl_fail(err, FRL_E_INVALID, "option reservoirBytes: at least %" PRIu64,
        MIN_RESERVOIR_BYTES);
  }
  if (c->streams == 0) c->streams = DEFAULT_STREAMS;
  return FRL_OK;
}

static frl_status read_names(frl_coord_config *c, yyjson_val *root, frl_error *err) {
  yyjson_val *columns = yyjson_obj_get(root, "columns");
  size_t i;
  size_t n;
  yyjson_val *v;
  if (columns && !yyjson_is_arr(columns)) return bad_value(err, "columns", "a list");
  yyjson_arr_foreach(columns, i, n, v) {
    const uint32_t bit = yyjson_is_str(v) ? frl_coord_column_of(yyjson_get_str(v)) : 0;
    if (!bit) return bad_value(err, "columns", "names of message columns");
    c->columns |= bit;
  }
  if (!columns) c->columns = FRL_PUBSUB_DEFAULT_COLUMNS;
  yyjson_val *output = yyjson_obj_get(root, "outputColumns");
  if (!output) output = columns;
  if (output && !yyjson_is_arr(output))
    return bad_value(err, "outputColumns", "a list");
  n = output ? yyjson_arr_size(output) : 5;
  if (n > MAX_COLUMNS) return bad_value(err, "outputColumns", "fewer names");
  c->output = calloc(n ? n : 1, sizeof *c->output);
  if (!c->output) return frl_fail(err, FRL_E_NOMEM, "options: out of memory");
  c->n_output = n;
  for (i = 0; !output && i < n; i++) c->output[i] = column_names[i].name;
  yyjson_arr_foreach(output, i, n, v) {
    if (!yyjson_is_str(v)) return bad_value(err, "outputColumns", "names");
    c->output[i] = yyjson_get_str(v);
  }
  return FRL_OK;
}

/* A pattern that is not built is told in the driver, before a task meets it. */
static frl_status read_format(
    yyjson_val *root, const char *key, const char **out, frl_error *err) {
  FRL_TRY(read_text(root, key, out, err));
  frl_time_format format;
  if (!*out) return FRL_OK;
  const frl_status st = frl_time_format_compile(&format, *out, err);
  if (st != FRL_OK) frl_error_prefix(err, "option %s: ", key);
  return st;
}

static frl_status read_decoding(frl_json_options *o, yyjson_val *root, frl_error *err) {
  o->struct_size = sizeof *o;
  FRL_TRY(read_text(root, "columnNameOfCorruptRecord", &o->corrupt_column, err));
  FRL_TRY(read_text(root, "columnNameOfCorruptReason", &o->reason_column, err));
  FRL_TRY(read_text(root, "sessionTimeZone", &o->time_zone, err));
  FRL_TRY(read_format(root, "dateFormat", &o->date_format, err));
  FRL_TRY(read_format(root, "timestampFormat", &o->timestamp_format, err));
  FRL_TRY(read_format(root, "timestampNTZFormat", &o->timestamp_ntz_format, err));
  bool single_quotes = true;
  bool non_numeric = true;
  FRL_TRY(read_bool(root, "allowSingleQuotes", &single_quotes, err));
  FRL_TRY(read_bool(root, "allowNonNumericNumbers", &non_numeric, err));
  o->no_single_quotes = !single_quotes;
  o->no_non_numeric_numbers = !non_numeric;
  FRL_TRY(read_bool(root, "allowComments", &o->comments, err));
  FRL_TRY(read_bool(root, "allowUnquotedFieldNames", &o->unquoted_field_names, err));
  FRL_TRY(read_bool(root, "allowNumericLeadingZeros", &o->leading_zeros, err));
  FRL_TRY(read_bool(
      root, "allowBackslashEscapingAnyCharacter", &o->escape_any_character, err));
  return read_bool(root, "allowUnquotedControlChars", &o->unquoted_control_chars, err);
}

static frl_status read_payload(frl_coord_config *c, yyjson_val *root, frl_error *err) {
  const char *format = NULL;
  FRL_TRY(read_choice(root, "payloadType", "binary", "string", &c->payload_utf8, err));
  FRL_TRY(read_text(root, "payloadFormat", &format, err));
  if (format && strcmp(format, "json") == 0) {
    c->json = true;
  } else if (format && strcmp(format, "raw") != 0) {
    return bad_value(err, "payloadFormat", "json or raw");
  }
  FRL_TRY(read_text(root, "mode", &c->mode, err));
  FRL_TRY(read_decoding(&c->decoding, root, err));
  yyjson_val *schema = yyjson_obj_get(root, "jsonSchema");
  if (yyjson_is_str(schema)) {
    FRL_TRY(read_text(root, "jsonSchema", &c->json_schema, err));
  } else if (schema && !yyjson_is_null(schema)) {
    return bad_value(err, "jsonSchema", "a schema's JSON as text");
  }
  if (c->json && !c->json_schema) {
    return frl_fail(err, FRL_E_INVALID, "payloadFormat=json needs a schema");
  }
  return FRL_OK;
}

static frl_status config_read(frl_coord_config *c, size_t n, frl_error *err) {
  yyjson_read_err why;
  c->doc = yyjson_read_opts(c->text, n, 0, NULL, &why);
  yyjson_val *root = yyjson_doc_get_root(c->doc);
  if (!yyjson_is_obj(root)) {
    return frl_fail(err, FRL_E_INVALID, "the options are no JSON object%s%s",
        c->doc ? "" : ": ", c->doc ? "" : why.msg);
  }
  FRL_TRY(read_connection(c, root, err));
  FRL_TRY(read_batches(c, root, err));
  FRL_TRY(read_names(c, root, err));
  FRL_TRY(read_payload(c, root, err));
  if (c->json) {
    /* what is decoded, and what a bad record is called by */
    c->columns |= FRL_PUBSUB_PAYLOAD | FRL_PUBSUB_MESSAGE_ID;
  }
  /* no column at all would mean the default ones */
  if (c->columns == 0) c->columns = FRL_PUBSUB_PUBLISH_TIME;
  return FRL_OK;
}

frl_status frl_coord_config_parse(
    frl_coord_config **out, const char *text, size_t n, frl_error *err) {
  *out = NULL;
  frl_coord_config *c = calloc(1, sizeof *c);
  if (!c) return frl_fail(err, FRL_E_NOMEM, "options: out of memory");
  c->max_delay_ms = DEFAULT_DELAY_MS;
  c->drain_idle_ms = DEFAULT_DRAIN_IDLE_MS;
  c->reservoir_bytes = DEFAULT_RESERVOIR_BYTES;
  c->text = frl_strndup(NULL, text, n);
  const frl_status st = c->text ? config_read(c, n, err)
                                : frl_fail(err, FRL_E_NOMEM, "options: out of memory");
  if (st != FRL_OK) {
    frl_coord_config_destroy(c);
    return st;
  }
  *out = c;
  return FRL_OK;
}

void frl_coord_config_destroy(frl_coord_config *config) {
  if (!config) return;
  yyjson_doc_free(config->doc);
  free(config->output);
  free(config->text);
  free(config);
}

frl_status frl_coord_config_connect(frl_pubsub **out, const frl_coord_config *config,
    uint32_t timeout_ms, frl_error *err) {
  const frl_pubsub_options options = {
      .struct_size = sizeof options,
      .project_id = config->project_id,
      .emulator_host = config->emulator_host,
      .endpoint = config->endpoint,
      .credentials_file = config->credentials_file,
      .ca_file = config->ca_file,
      .clear_text = config->clear_text,
      .timeout_ms = timeout_ms,
      .scopes = config->credentials_scopes,
  };
  return frl_pubsub_open(out, &options, err);
}
