#include "pubsub/coordinator/output.h"

#include <assert.h>
#include <ferrule/schema.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "codec/json.h"

typedef struct source {
  bool json;
  int64_t child; /* of the decoded, or of the message's columns */
} source;

struct frl_output {
  const frl_coord_config *config;
  const struct ArrowSchema *messages;
  source *sources; /* of each output column */
  struct ArrowSchema schema;
  frl_json_mode mode;
  int64_t payload, message_id; /* children of messages; -1: not there */
  frl_json_plan *plan;         /* NULL: nothing is decoded */
  frl_json_decoder *decoder;
};

static int64_t child_named(const struct ArrowSchema *schema, const char *name) {
  for (int64_t i = 0; schema && i < schema->n_children; i++) {
    if (strcmp(schema->children[i]->name, name) == 0) return i;
  }
  return -1;
}

/* ---- the plan ---- */

static bool is_output(const frl_coord_config *config, const char *name) {
  for (size_t i = 0; i < config->n_output; i++) {
    if (strcmp(config->output[i], name) == 0) return true;
  }
  return false;
}

/** Whether a record's other fields matter for what becomes of it. */
static bool needs_all(const frl_output *o) {
  const frl_json_options *d = &o->config->decoding;
  return o->mode != FRL_JSON_PERMISSIVE ||
         is_output(
             o->config, d->corrupt_column ? d->corrupt_column : "_corrupt_record") ||
         (d->reason_column && is_output(o->config, d->reason_column));
}

/** A plan for the declared columns that matter; none where none does. */
static frl_status plan_columns(
    frl_output *o, const struct ArrowSchema *declared, frl_error *err) {
  const size_t n = (size_t)declared->n_children;
  struct ArrowSchema **children = calloc(n + 1, sizeof *children);
  if (!children) return frl_fail(err, FRL_E_NOMEM, "scan: out of memory");
  struct ArrowSchema view = *declared; /* borrows */
  view.children = children;
  view.n_children = 0;
  for (size_t i = 0; i < n; i++) {
    struct ArrowSchema *child = declared->children[i];
    if (needs_all(o) || is_output(o->config, child->name)) {
      children[view.n_children++] = child;
    }
  }
  frl_json_options options = o->config->decoding;
  options.mode = o->mode;
  frl_status st = FRL_OK;
  if (view.n_children) {
    st = frl_json_plan_create(&o->plan, &view, &options, NULL, err);
  }
  free(children);
  return st;
}

static frl_status plan_json(frl_output *o, frl_error *err) {
  const frl_coord_config *c = o->config;
  if (c->mode) FRL_TRY(frl_json_mode_parse(&o->mode, c->mode, err));
  struct ArrowSchema declared = {0};
  frl_status st = frl_schema_from_json(
      &declared, NULL, c->json_schema, strlen(c->json_schema), err);
  if (st == FRL_OK) st = plan_columns(o, &declared, err);
  frl_schema_release(&declared);
  if (st == FRL_OK && o->plan) {
    st = frl_json_decoder_create(&o->decoder, o->plan, NULL, NULL, err);
  }
  return st;
}

/** Where each output column comes from, and the schema they make up. */
static frl_status plan_output(frl_output *o, frl_error *err) {
  const frl_coord_config *c = o->config;
  const struct ArrowSchema *decoded = o->plan ? frl_json_plan_schema(o->plan) : NULL;
  struct ArrowSchema **children = calloc(c->n_output + 1, sizeof *children);
  o->sources = calloc(c->n_output + 1, sizeof *o->sources);
  frl_status st = FRL_OK;
  if (!children || !o->sources) st = frl_fail(err, FRL_E_NOMEM, "scan: out of memory");
  for (size_t i = 0; st == FRL_OK && i < c->n_output; i++) {
    source *s = &o->sources[i];
    s->child = child_named(decoded, c->output[i]);
    s->json = s->child >= 0;
    if (!s->json) s->child = child_named(o->messages, c->output[i]);
    if (s->child < 0) {
      st = frl_fail(err, FRL_E_INVALID, "scan: no column \"%s\"", c->output[i]);
    } else {
      const struct ArrowSchema *from = s->json ? decoded : o->messages;
      assert(from && from->children);
      children[i] = from->children[s->child];
    }
  }
  struct ArrowSchema view = *o->messages; /* borrows */
  view.children = children;
  view.n_children = (int64_t)c->n_output;
  if (st == FRL_OK) st = frl_schema_copy(&o->schema, NULL, &view, err);
  free(children);
  return st;
}

frl_status frl_output_create(frl_output **out, const frl_coord_config *config,
    const struct ArrowSchema *messages, frl_error *err) {
  *out = NULL;
  frl_output *o = calloc(1, sizeof *o);
  if (!o) return frl_fail(err, FRL_E_NOMEM, "scan: out of memory");
  o->config = config;
  o->messages = messages;
  o->payload = child_named(messages, "payload");
  o->message_id = child_named(messages, "message_id");
  frl_status st = config->json ? plan_json(o, err) : FRL_OK;
  if (st == FRL_OK) st = plan_output(o, err);
  if (st != FRL_OK) {
    frl_output_destroy(o);
    return st;
  }
  *out = o;
  return FRL_OK;
}

void frl_output_destroy(frl_output *o) {
  if (!o) return;
  frl_json_decoder_destroy(o->decoder);
  frl_json_plan_destroy(o->plan);
  frl_schema_release(&o->schema);
  free(o->sources);
  free(o);
}

frl_status frl_output_schema(
    const frl_output *o, struct ArrowSchema *out, frl_error *err) {
  return frl_schema_copy(out, NULL, &o->schema, err);
}

/* ---- batches ---- */

typedef struct assembled {
  struct ArrowArray **child_ptrs;
  struct ArrowArray *children;
  const void *no_validity;
} assembled;

static void assembled_release(struct ArrowArray *array) {
  assembled *own = array->private_data;
  for (int64_t i = 0; i < array->n_children; i++) frl_array_release(array->children[i]);
  array->release = NULL;
  free(own);
}

/** An empty struct of n children, to be filled by move. */
static frl_status assemble(struct ArrowArray *out, size_t n, int64_t rows) {
  assembled *own =
      calloc(1, sizeof *own + n * (sizeof *own->children + sizeof *own->child_ptrs));
  if (!own) return FRL_E_NOMEM;
  own->children = (struct ArrowArray *)(void *)(own + 1);
  own->child_ptrs = (struct ArrowArray **)(void *)(own->children + n);
  for (size_t i = 0; i < n; i++) own->child_ptrs[i] = &own->children[i];
  *out = (struct ArrowArray){.length = rows,
      .n_buffers = 1,
      .n_children = (int64_t)n,
      .buffers = &own->no_validity,
      .children = own->child_ptrs,
      .release = assembled_release,
      .private_data = own};
  return FRL_OK;
}

/** Moves a child out of its parent, whose offset and length become its own. */
static void move_child(
    struct ArrowArray *to, const struct ArrowArray *parent, int64_t child) {
  assert(parent);
  struct ArrowArray *from = parent->children[child];
  *to = *from;
  from->release = NULL;
  if (parent->offset == 0 && to->length == parent->length) return;
  to->offset += parent->offset;
  to->length = parent->length;
  if (to->null_count != 0) to->null_count = -1;
}

static frl_status name_bad_record(const frl_output *o,
    const struct ArrowArray *messages, const frl_json_result *result, frl_error *err) {
  if (!result->n_reasons || o->message_id < 0) return FRL_E_MALFORMED;
  const struct ArrowArray *ids = messages->children[o->message_id];
  const size_t at =
      result->reasons[0].row + (size_t)messages->offset + (size_t)ids->offset;
  const int32_t *offsets = ids->buffers[1];
  return frl_fail(err, FRL_E_MALFORMED,
      "message %.*s does not fit the schema (mode FAILFAST): %s",
      (int)(offsets[at + 1] - offsets[at]), (const char *)ids->buffers[2] + offsets[at],
      result->reasons[0].text);
}

uint64_t frl_output_payload_bytes(
    const frl_output *o, const struct ArrowArray *messages) {
  if (o->payload < 0 || messages->length == 0) return 0;
  const struct ArrowArray *payload = messages->children[o->payload];
  const int32_t *offsets =
      (const int32_t *)payload->buffers[1] + payload->offset + messages->offset;
  return (uint64_t)(offsets[messages->length] - offsets[0]);
}

static uint64_t thread_ns(void) {
  struct timespec t;
  (void)clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static frl_status decode(frl_output *o, const struct ArrowArray *messages,
    struct ArrowArray *decoded, frl_json_result *result, frl_output_counts *counts,
    frl_error *err) {
  const struct ArrowArray *payload = messages->children[o->payload];
  const int32_t *offsets = payload->buffers[1];
  const uint64_t begun_ns = thread_ns();
  const frl_status st =
      frl_json_decode(o->decoder, offsets + messages->offset + payload->offset,
          payload->buffers[2], (size_t)messages->length, decoded, result, err);
  counts->decode_ns += thread_ns() - begun_ns;
  if (st == FRL_E_MALFORMED) return name_bad_record(o, messages, result, err);
  if (st != FRL_OK) return st;
  counts->dropped_rows += result->dropped_rows;
  counts->corrupt_rows += result->bad_rows - result->dropped_rows;
  return FRL_OK;
}

static frl_status fill(const frl_output *o, const struct ArrowArray *messages,
    const struct ArrowArray *decoded, const frl_json_result *result,
    struct ArrowArray *out, frl_error *err) {
  const bool dropped = decoded && result->kept_rows;
  for (size_t i = 0; i < o->config->n_output; i++) {
    const source *s = &o->sources[i];
    if (s->json) {
      move_child(out->children[i], decoded, s->child);
    } else if (!dropped) {
      move_child(out->children[i], messages, s->child);
    } else {
      struct ArrowArray column;
      move_child(&column, messages, s->child);
      const frl_status st =
          frl__output_gather(out->children[i], o->messages->children[s->child], &column,
              result->kept_rows, result->rows_out, err);
      frl_array_release(&column);
      if (st != FRL_OK) return st;
    }
  }
  return FRL_OK;
}

static frl_status convert(frl_output *o, struct ArrowArray *messages,
    struct ArrowArray *out, frl_output_counts *counts, frl_error *err) {
  struct ArrowArray decoded = {0};
  frl_json_result result = {0};
  int64_t rows = messages->length;
  if (o->decoder) {
    FRL_TRY(decode(o, messages, &decoded, &result, counts, err));
    rows = (int64_t)result.rows_out;
  }
  frl_status st = assemble(out, o->config->n_output, rows);
  if (st != FRL_OK) {
    (void)frl_fail(err, st, "scan: out of memory");
  } else {
    st = fill(o, messages, o->decoder ? &decoded : NULL, &result, out, err);
    if (st != FRL_OK) frl_array_release(out);
  }
  frl_array_release(&decoded);
  return st;
}

frl_status frl_output_convert(frl_output *o, struct ArrowArray *messages,
    struct ArrowArray *out, frl_output_counts *counts, frl_error *err) {
  *out = (struct ArrowArray){0};
  const frl_status st = convert(o, messages, out, counts, err);
  frl_array_release(messages);
  return st;
}
