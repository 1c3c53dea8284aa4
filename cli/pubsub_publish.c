#include <errno.h>
#include <ferrule/batch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "interrupt.h"
#include "progress.h"
#include "publish_rows.h"
#include "pubsub_connection.h"

enum { BATCH_ROWS = 4096, BATCH_BYTES = 4 << 20 };

typedef struct publish {
  const cli_args *args;
  frl_publisher *publisher;
  publish_rows rows;
  cli_progress progress;
  bool json;
  uint64_t rate;  /* messages a second; 0: as fast as it goes */
  uint64_t limit; /* messages at most */
  uint64_t sent;
  uint64_t line;
} publish;

static frl_status submit_array(publish *p, const struct ArrowSchema *schema,
    struct ArrowArray *array, uint64_t bytes, frl_error *err) {
  const uint64_t rows = (uint64_t)array->length;
  cli_progress_keep_rate(&p->progress, p->rate);
  const frl_status st =
      frl_publisher_submit(p->publisher, schema, array, -1, NULL, NULL, err);
  frl_array_release(array);
  if (st != FRL_OK) return st;
  p->sent += rows;
  cli_progress_add(&p->progress, rows, bytes);
  return FRL_OK;
}

static frl_status submit_rows(publish *p, frl_error *err) {
  if (p->rows.rows == 0) return FRL_OK;
  const uint64_t bytes = p->rows.bytes;
  struct ArrowArray array = {0};
  const frl_status st = publish_rows_take(&p->rows, &array);
  if (st != FRL_OK) {
    frl_array_release(&array);
    return st;
  }
  return submit_array(p, &p->rows.schema, &array, bytes, err);
}

/* The fixed attributes that --attribute names. */
static frl_status add_fixed_attributes(publish *p, frl_error *err) {
  const char *pair;
  for (int i = 0; (pair = cli_each(p->args, "attribute", i)) != NULL; i++) {
    const char *equals = strchr(pair, '=');
    if (!equals) {
      (void)snprintf(
          err->message, sizeof err->message, "--attribute %s: no '=' in it", pair);
      return FRL_E_INVALID;
    }
    const frl_status st = publish_rows_attribute(
        &p->rows, pair, (size_t)(equals - pair), equals + 1, strlen(equals + 1));
    if (st != FRL_OK) return st;
  }
  return FRL_OK;
}

static frl_status add_line(publish *p, char *line, size_t n, frl_error *err) {
  frl_status st = add_fixed_attributes(p, err);
  if (st != FRL_OK) return st;
  if (p->json) {
    st = publish_rows_json(&p->rows, line, n, err);
  } else {
    const char *key = cli_text(p->args, "ordering-key", NULL);
    st = publish_rows_end(&p->rows, line, n, key, key ? strlen(key) : 0);
  }
  if (st == FRL_E_MALFORMED) {
    char why[sizeof err->message];
    memcpy(why, err->message, sizeof why);
    (void)snprintf(err->message, sizeof err->message, "line %llu: %.400s",
        (unsigned long long)p->line, why);
  }
  return st;
}

static bool batch_is_full(const publish *p) {
  /* a rate is kept evenly: a fiftieth of a second in one go */
  const uint64_t step = p->rate ? p->rate / 50 + 1 : BATCH_ROWS;
  const uint64_t rows = step < BATCH_ROWS ? step : BATCH_ROWS;
  return p->rows.rows >= rows || p->rows.bytes >= BATCH_BYTES;
}

static frl_status publish_lines(publish *p, FILE *in, frl_error *err) {
  char *line = NULL;
  size_t cap = 0;
  frl_status st = FRL_OK;
  ssize_t n;
  while (st == FRL_OK && p->sent + p->rows.rows < p->limit && !cli_interrupted() &&
         (n = getline(&line, &cap, in)) >= 0) {
    p->line++;
    if (n > 0 && line[n - 1] == '\n') n--;
    if (n == 0) continue; /* the service takes no empty message */
    st = add_line(p, line, (size_t)n, err);
    if (st == FRL_OK && batch_is_full(p)) st = submit_rows(p, err);
  }
  free(line);
  if (st == FRL_OK && ferror(in)) {
    (void)snprintf(err->message, sizeof err->message, "reading: %s", strerror(errno));
    st = FRL_E_IO;
  }
  return st == FRL_OK ? submit_rows(p, err) : st;
}

static frl_status publish_arrow(publish *p, const char *path, frl_error *err) {
  frl_ipc_reader *reader = NULL;
  frl_status st = strcmp(path, "-") == 0
                      ? frl_ipc_reader_open_fd(&reader, STDIN_FILENO, NULL, err)
                      : frl_ipc_reader_open(&reader, path, NULL, err);
  while (st == FRL_OK && p->sent < p->limit && !cli_interrupted()) {
    struct ArrowArray array = {0};
    st = frl_ipc_reader_next(reader, &array, err);
    if (st != FRL_OK) break;
    st = submit_array(p, frl_ipc_reader_schema(reader), &array, 0, err);
  }
  frl_ipc_reader_destroy(reader);
  return st == FRL_END ? FRL_OK : st;
}

static frl_status publish_text(publish *p, FILE *in, frl_error *err) {
  frl_status st = publish_rows_init(&p->rows);
  if (st == FRL_OK) st = publish_lines(p, in, err);
  publish_rows_deinit(&p->rows);
  return st;
}

static frl_status publish_input(publish *p, const char *format, frl_error *err) {
  const char *path = p->args->n_operands > 1 ? p->args->operands[1] : "-";
  if (strcmp(format, "arrow") == 0) return publish_arrow(p, path, err);
  p->json = strcmp(format, "jsonl") == 0;
  if (strcmp(path, "-") == 0) return publish_text(p, stdin, err);
  FILE *in = fopen(path, "rb");
  if (!in) {
    (void)snprintf(err->message, sizeof err->message, "%s: %s", path, strerror(errno));
    return errno == ENOENT ? FRL_E_NOT_FOUND : FRL_E_IO;
  }
  const frl_status st = publish_text(p, in, err);
  (void)fclose(in);
  return st;
}

static int finish(publish *p, frl_status st, frl_error *err) {
  if (st == FRL_OK) st = frl_publisher_flush(p->publisher, -1, err);
  frl_publisher_close(p->publisher, 0);
  if (st != FRL_OK) return cli_fail(p->args, st, err);
  cli_progress_finish(&p->progress, "every message confirmed");
  return cli_interrupted() ? CLI_INTERRUPTED : CLI_OK;
}

static bool is_format(const char *format) {
  return strcmp(format, "lines") == 0 || strcmp(format, "jsonl") == 0 ||
         strcmp(format, "arrow") == 0;
}

static int run(const cli_args *args) {
  publish p = {.args = args, .limit = UINT64_MAX};
  uint64_t batch = 1000;
  uint64_t batch_bytes = 1 << 20;
  if (!cli_number(args, "rate", 1, 100000000, false, &p.rate) ||
      !cli_number(args, "limit", 1, UINT64_MAX, false, &p.limit) ||
      !cli_number(args, "batch-messages", 1, 1000, false, &batch) ||
      !cli_number(args, "batch-bytes", 1, 9000000, true, &batch_bytes)) {
    return CLI_USAGE;
  }
  const char *format = cli_text(args, "format", "lines");
  if (!is_format(format)) {
    return cli_usage(args, "--format %s: lines, jsonl or arrow are known", format);
  }
  frl_pubsub *pubsub = NULL;
  int rc = cli_connect(args, &pubsub);
  if (rc != CLI_OK) return rc;
  const frl_publisher_options options = {
      .struct_size = sizeof options,
      .topic = args->operands[0],
      .max_batch_messages = (uint32_t)batch,
      .max_batch_bytes = (uint32_t)batch_bytes,
      .gzip = cli_flag(args, "gzip"),
  };
  frl_error err = {0};
  frl_status st = frl_publisher_open(&p.publisher, pubsub, &options, &err);
  if (st == FRL_OK) {
    cli_interrupt_catch();
    cli_progress_start(&p.progress, "published", cli_flag(args, "quiet"));
    st = publish_input(&p, format, &err);
    rc = finish(&p, st, &err);
  } else {
    rc = cli_fail(args, st, &err);
  }
  frl_pubsub_close(pubsub);
  return rc;
}

static const cli_option options_table[] = {
    CLI_CONNECTION_OPTIONS,
    {"format", "NAME",
        "lines: each line is a payload. jsonl: each line is an object with data (a "
        "string, or any JSON value, sent as its text), attributes and ordering_key. "
        "arrow: an Arrow IPC stream or file with a column payload, and optionally "
        "attributes and ordering_key. Default: lines."},
    {"attribute", "KEY=VALUE", "An attribute of every message. Repeatable."},
    {"ordering-key", "KEY", "The ordering key of every line."},
    {"rate", "N", "Messages a second at most. Default: as fast as the server takes."},
    {"limit", "N", "Stop after N messages."},
    {"batch-messages", "N", "Messages a request at most, up to 1000. Default: 1000."},
    {"batch-bytes", "N", "Bytes a request at most; 512k works. Default: 1m."},
    {"gzip", NULL, "Compress requests."},
    {"quiet", NULL, "No progress."},
    {0},
};

const cli_command cli_publish = {
    .name = "pubsub publish",
    .summary = "Publish messages from lines, JSON lines or an Arrow file",
    .operands = "TOPIC [FILE]",
    .description =
        "Publishes every message of FILE, or of standard input where it is - or "
        "missing. Ends when the server has confirmed each of them; a failure names "
        "the line or row. Empty lines are skipped: the service takes no message "
        "without payload and attributes.",
    .examples =
        "  ferrule pubsub publish flights flights.jsonl --rate 5000\n"
        "  seq 1 1000 | ferrule pubsub publish numbers --attribute unit=one\n"
        "  ferrule pubsub publish flights rows.arrow --format arrow",
    .options = options_table,
    .min_operands = 1,
    .max_operands = 2,
    .run = run,
};
