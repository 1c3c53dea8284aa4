#include <stdio.h>
#include <string.h>

#include "interrupt.h"
#include "progress.h"
#include "pubsub_connection.h"
#include "pull_output.h"

enum { POLL_MS = 200, CLOSE_MS = 30000, MAX_UNACKED = 1000 };

typedef struct pull {
  const cli_args *args;
  frl_subscriber *subscriber;
  pull_output output;
  cli_progress progress;
  bool ack;
  uint64_t max;
  uint64_t idle_ms; /* 0: wait for ever */
  uint64_t rate;    /* messages a second; 0: no bound */
} pull;

static uint64_t payload_bytes(const pull *p, const struct ArrowArray *batch) {
  const int column = p->output.format == PULL_TEXT ? 0 : 2;
  const struct ArrowArray *payload = batch->children[column];
  const int32_t *offsets = (const int32_t *)payload->buffers[1] + payload->offset;
  return (uint64_t)(offsets[batch->offset + batch->length] - offsets[batch->offset]);
}

static frl_status write_held(pull *p, frl_held *held, frl_error *err) {
  struct ArrowArray batch = {0};
  frl_status st = frl_held_export(held, &batch, err);
  if (st == FRL_OK) st = pull_output_write(&p->output, &batch, err);
  if (st == FRL_OK) {
    cli_progress_add(&p->progress, (uint64_t)batch.length, payload_bytes(p, &batch));
  }
  frl_array_release(&batch);
  return st;
}

/* Settles only what the output has. */
static frl_status pull_messages(pull *p, frl_error *err) {
  double last_s = cli_now_s();
  while (p->progress.messages < p->max && !cli_interrupted()) {
    cli_progress_keep_rate(&p->progress, p->rate);
    const uint64_t left = p->max - p->progress.messages;
    const uint32_t rows = left > UINT32_MAX ? 0 : (uint32_t)left;
    frl_held *held = NULL;
    frl_status st = frl_subscriber_take(p->subscriber, rows, 0, POLL_MS, &held, err);
    if (st == FRL_E_TIMEOUT) {
      cli_progress_add(&p->progress, 0, 0);
      if (p->idle_ms && (cli_now_s() - last_s) * 1000 >= (double)p->idle_ms) break;
      continue;
    }
    if (st != FRL_OK) return st;
    last_s = cli_now_s();
    st = write_held(p, held, err);
    if (st != FRL_OK) return st;
    /* un-acked ones stay leased until the end, or they would come again and again */
    if (p->ack) frl_held_ack(held);
  }
  return FRL_OK;
}

static frl_status start(pull *p, frl_pubsub *pubsub, pull_format format,
    uint64_t reservoir_bytes, frl_error *err) {
  const frl_subscriber_options options = {
      .struct_size = sizeof options,
      .subscription = p->args->operands[0],
      .columns = pull_columns(format),
      .reservoir_bytes = reservoir_bytes,
  };
  /* first, since from the next line on messages are leased to us */
  frl_status st =
      pull_output_open(&p->output, format, cli_text(p->args, "output", "-"), err);
  if (st == FRL_OK) st = frl_subscriber_open(&p->subscriber, pubsub, &options, err);
  if (st != FRL_OK) return st;
  struct ArrowSchema schema = {0};
  st = frl_subscriber_schema(p->subscriber, &schema, err);
  if (st == FRL_OK) st = pull_output_begin(&p->output, &schema, err);
  frl_schema_release(&schema);
  return st;
}

/* The last word of the progress: what became of the messages on the server. */
static void tell_end(pull *p) {
  if (!p->ack) {
    cli_progress_finish(
        &p->progress, "given back un-acked (--ack keeps them from coming again)");
    return;
  }
  frl_subscriber_stats stats = {.struct_size = sizeof stats};
  frl_subscriber_get_stats(p->subscriber, &stats);
  char text[96] = "all acked";
  if (stats.ack_failed) {
    (void)snprintf(text, sizeof text, "%llu acks were refused: those may come again",
        (unsigned long long)stats.ack_failed);
  }
  cli_progress_finish(&p->progress, text);
}

static int finish(pull *p, frl_status st, frl_error *err) {
  frl_error late = {0};
  const frl_status closed = pull_output_close(&p->output, &late);
  if (st == FRL_OK && closed != FRL_OK) {
    st = closed;
    *err = late;
  }
  if (st == FRL_OK) st = frl_subscriber_flush(p->subscriber, CLOSE_MS, err);
  if (st == FRL_OK) tell_end(p);
  frl_subscriber_close(p->subscriber, CLOSE_MS);
  if (st != FRL_OK) return cli_fail(p->args, st, err);
  return cli_interrupted() ? CLI_INTERRUPTED : CLI_OK;
}

static bool parse_format(const char *name, pull_format *out) {
  if (strcmp(name, "text") == 0) {
    *out = PULL_TEXT;
  } else if (strcmp(name, "jsonl") == 0) {
    *out = PULL_JSONL;
  } else if (strcmp(name, "arrow") == 0) {
    *out = PULL_ARROW;
  } else {
    return false;
  }
  return true;
}

static int run(const cli_args *args) {
  pull p = {.args = args, .ack = cli_flag(args, "ack")};
  p.max = p.ack ? UINT64_MAX : MAX_UNACKED;
  uint64_t reservoir_bytes = 0;
  if (!cli_number(args, "max", 1, UINT64_MAX, false, &p.max) ||
      !cli_number(args, "idle-ms", 1, 86400000, false, &p.idle_ms) ||
      !cli_number(args, "rate", 1, 100000000, false, &p.rate) ||
      !cli_number(
          args, "reservoir-bytes", 1 << 20, 1ULL << 40, true, &reservoir_bytes)) {
    return CLI_USAGE;
  }
  if (p.ack && cli_flag(args, "no-ack")) {
    return cli_usage(args, "--ack and --no-ack contradict each other");
  }
  pull_format format = PULL_TEXT;
  const char *name = cli_text(args, "format", "text");
  if (!parse_format(name, &format)) {
    return cli_usage(args, "--format %s: text, jsonl or arrow are known", name);
  }
  frl_pubsub *pubsub = NULL;
  int rc = cli_connect(args, &pubsub);
  if (rc != CLI_OK) return rc;
  cli_interrupt_catch();
  cli_progress_start(&p.progress, "pulled", cli_flag(args, "quiet"));
  frl_error err = {0};
  frl_status st = start(&p, pubsub, format, reservoir_bytes, &err);
  if (st == FRL_OK) st = pull_messages(&p, &err);
  rc = finish(&p, st, &err);
  frl_pubsub_close(pubsub);
  return rc;
}

static const cli_option options_table[] = {
    CLI_CONNECTION_OPTIONS,
    {"ack", NULL,
        "Ack each message once it is written to the output, so that it does not come "
        "again."},
    {"no-ack", NULL,
        "Keep every message leased until the end and then give it back un-acked. This "
        "is the default."},
    {"format", "NAME",
        "text: the payloads, one a line. jsonl: an object a line with message_id, "
        "publish_time, data (data_base64 where it is not UTF-8), attributes and "
        "ordering_key. arrow: an Arrow IPC stream. Default: text."},
    {"output", "FILE", "Write there. Default: standard output."},
    {"max", "N", "Stop after N messages. Default: with --ack go on, else 1000."},
    {"idle-ms", "N", "Stop when nothing came for N milliseconds. Default: go on."},
    {"rate", "N", "Messages a second at most, about. Default: no bound."},
    {"reservoir-bytes", "N",
        "Memory for messages that wait to be written; 64m works. When it is full the "
        "server waits. Default: 256m."},
    {"quiet", NULL, "No progress."},
    {0},
};

const cli_command cli_pull = {
    .name = "pubsub pull",
    .summary = "Receive messages to the terminal, JSON lines or an Arrow file",
    .operands = "SUBSCRIPTION",
    .description =
        "Receives messages over a streaming pull and writes them out. With --ack a "
        "message is acked after it was written, never before. Ctrl-C ends it cleanly: "
        "what was not written goes back to the subscription.",
    .examples =
        "  ferrule pubsub pull flights-sub --max 10\n"
        "  ferrule pubsub pull flights-sub --ack --format arrow --output rows.arrows "
        "--idle-ms 5000",
    .options = options_table,
    .min_operands = 1,
    .max_operands = 1,
    .run = run,
};
