#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "error_context.h"
#include "interrupt.h"
#include "publish_work.h"
#include "pubsub_connection.h"

static frl_status open_input(int *fd, const char *path, frl_error *err) {
  *fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
  if (*fd >= 0) return FRL_OK;
  const int code = errno;
  (void)snprintf(err->message, sizeof err->message, "%s: %s", path, strerror(code));
  return code == ENOENT ? FRL_E_NOT_FOUND : FRL_E_IO;
}

static bool is_of_the_input(frl_status st) {
  switch (st) {
    case FRL_E_MALFORMED:
    case FRL_E_TRUNCATED:
    case FRL_E_LIMIT:
    case FRL_E_IO:
    case FRL_E_UNSUPPORTED:
      return true;
    default:
      return false;
  }
}

static frl_status publish_input(publish_work *w, const char *format, frl_error *err) {
  const char *path = w->args->n_operands > 1 ? w->args->operands[1] : "-";
  int fd;
  frl_status st = open_input(&fd, path, err);
  if (st != FRL_OK) return st;
  st = strcmp(format, "arrow") == 0
           ? publish_arrow(w, fd, err)
           : publish_text(w, fd, strcmp(format, "jsonl") == 0, err);
  if (fd != STDIN_FILENO) (void)close(fd);
  return is_of_the_input(st) ? cli_error_in_file(err, st, path) : st;
}

/* An input that ends in a failure: who mends it must know where to go on. */
static void tell_what_went_out(publish_work *w, frl_error *err) {
  frl_error late = {0};
  const frl_status st = publish_confirm(w, &late);
  if (st != FRL_OK) {
    cli_error_after(err,
        "; not all of the %llu messages before it are published: %.120s",
        (unsigned long long)w->sent,
        late.message[0] ? late.message : frl_status_name(st));
  } else if (w->sent) {
    cli_error_after(err, "; the messages before it, %llu, are published",
        (unsigned long long)w->sent);
  } else {
    cli_error_after(err, "; nothing is published");
  }
}

static int finish(publish_work *w, frl_status st, frl_error *err) {
  const bool cut = st == FRL_E_CANCELLED && !err->message[0];
  if (is_of_the_input(st)) tell_what_went_out(w, err);
  if (st == FRL_OK || st == FRL_END || cut) st = publish_confirm(w, err);
  frl_publisher_close(w->publisher, 0);
  if (st != FRL_OK) return cli_fail(w->args, st, err);
  cli_progress_finish(&w->progress, "every message confirmed");
  return cli_interrupted() ? CLI_INTERRUPTED : CLI_OK;
}

static bool is_format(const char *format) {
  return strcmp(format, "lines") == 0 || strcmp(format, "jsonl") == 0 ||
         strcmp(format, "arrow") == 0;
}

/* What would be passed over in silence is refused. */
static int check_message_options(const cli_args *args, const char *format) {
  const char *pair;
  for (int i = 0; (pair = cli_each(args, "attribute", i)) != NULL; i++) {
    if (pair[0] == '=' || !strchr(pair, '=')) {
      return cli_usage(args, "--attribute %s: KEY=VALUE is wanted", pair);
    }
  }
  if (cli_text(args, "ordering-key", NULL) && strcmp(format, "lines") != 0) {
    return cli_usage(args,
        "--ordering-key is for lines; with --format %s the messages name theirs "
        "(ordering_key)",
        format);
  }
  if (cli_text(args, "attribute", NULL) && strcmp(format, "arrow") == 0) {
    return cli_usage(args,
        "--attribute is for lines and jsonl; an Arrow input has a column attributes");
  }
  return CLI_OK;
}

static int run(const cli_args *args) {
  publish_work w = {.args = args, .limit = UINT64_MAX};
  uint64_t batch = 1000;
  uint64_t batch_bytes = 1 << 20;
  if (!cli_number(args, "rate", 1, 100000000, false, &w.rate) ||
      !cli_number(args, "limit", 1, UINT64_MAX, false, &w.limit) ||
      !cli_number(args, "batch-messages", 1, 1000, false, &batch) ||
      !cli_number(args, "batch-bytes", 1, 9000000, true, &batch_bytes)) {
    return CLI_USAGE;
  }
  const char *format = cli_text(args, "format", "lines");
  if (!is_format(format)) {
    return cli_usage(args, "--format %s: lines, jsonl or arrow are known", format);
  }
  int rc = check_message_options(args, format);
  if (rc != CLI_OK) return rc;
  frl_pubsub *pubsub = NULL;
  rc = cli_connect(args, &pubsub);
  if (rc != CLI_OK) return rc;
  const frl_publisher_options options = {
      .struct_size = sizeof options,
      .topic = args->operands[0],
      .max_batch_messages = (uint32_t)batch,
      .max_batch_bytes = (uint32_t)batch_bytes,
      .gzip = cli_flag(args, "gzip"),
  };
  frl_error err = {0};
  frl_status st = frl_publisher_open(&w.publisher, pubsub, &options, &err);
  if (st == FRL_OK) {
    cli_interrupt_catch();
    cli_progress_start(&w.progress, "published", cli_flag(args, "quiet"));
    st = publish_input(&w, format, &err);
    rc = finish(&w, st, &err);
  } else {
    rc = cli_fail(args, st, &err);
  }
  frl_pubsub_close(pubsub);
  return rc;
}

static const cli_option options_table[] = {
    CLI_CONNECTION_OPTIONS,
    {"format", "NAME",
        "lines: each line is a payload, without its line end (LF or CRLF). jsonl: each "
        "line is an object with data (a string, or any JSON value, sent as its text) "
        "or data_base64, attributes and ordering_key. arrow: an Arrow IPC stream or "
        "file with a column payload, and optionally attributes and ordering_key. What "
        "pubsub pull wrote as jsonl or arrow can be published again: the message_id "
        "and publish_time in it are passed over. Default: lines."},
    {"attribute", "KEY=VALUE",
        "An attribute of every message of lines and jsonl. Repeatable."},
    {"ordering-key", "KEY", "The ordering key of every message of lines."},
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
        "missing. Ends when the server has confirmed each of them; what cannot be "
        "read as a message ends it, named by its line or row, once all before it is "
        "confirmed. Empty lines are skipped: the service takes no message "
        "without payload and attributes. Ctrl-C ends it cleanly: what was read is sent "
        "and confirmed.",
    .examples =
        "  ferrule pubsub publish flights flights.jsonl --rate 5000\n"
        "  seq 1 1000 | ferrule pubsub publish numbers --attribute unit=one\n"
        "  ferrule pubsub publish flights rows.arrow --format arrow",
    .options = options_table,
    .min_operands = 1,
    .max_operands = 2,
    .run = run,
};
