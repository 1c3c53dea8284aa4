#include <errno.h>
#include <ferrule/emulator.h>
#include <ferrule/log.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "command.h"
#include "error_context.h"
#include "interrupt.h"

enum { NAME_MAX_BYTES = 600, POLL_MS = 50 };

static const char *project_of(const cli_args *args) {
  const char *project = cli_text(args, "project", getenv("GOOGLE_CLOUD_PROJECT"));
  return project && project[0] ? project : "demo";
}

/* "t", "p/t" or "projects/p/topics/t" as the latter. */
static bool full_name(const cli_args *args, const char *collection, const char *text,
    size_t n, char out[NAME_MAX_BYTES]) {
  const char *slash = memchr(text, '/', n);
  int written = 0;
  if (n > 9 && memcmp(text, "projects/", 9) == 0) {
    written = snprintf(out, NAME_MAX_BYTES, "%.*s", (int)n, text);
  } else if (slash) {
    const int project = (int)(slash - text);
    written = snprintf(out, NAME_MAX_BYTES, "projects/%.*s/%s/%.*s", project, text,
        collection, (int)n - project - 1, slash + 1);
  } else {
    written = snprintf(out, NAME_MAX_BYTES, "projects/%s/%s/%.*s", project_of(args),
        collection, (int)n, text);
  }
  return written > 0 && written < NAME_MAX_BYTES;
}

static frl_status make_topic(
    const cli_args *args, frl_emulator *emulator, const char *text, frl_error *err) {
  char name[NAME_MAX_BYTES];
  if (!full_name(args, "topics", text, strlen(text), name)) return FRL_E_LIMIT;
  const frl_status st = frl_emulator_create_topic(emulator, name, err);
  return st == FRL_E_EXISTS ? FRL_OK : st; /* it came from the data directory */
}

static frl_status make_subscription(
    const cli_args *args, frl_emulator *emulator, const char *text, frl_error *err) {
  const char *colon = strchr(text, ':');
  char topic[NAME_MAX_BYTES];
  char name[NAME_MAX_BYTES];
  if (!colon) return FRL_E_INVALID;
  if (!full_name(args, "topics", colon + 1, strlen(colon + 1), topic) ||
      !full_name(args, "subscriptions", text, (size_t)(colon - text), name)) {
    return FRL_E_LIMIT;
  }
  frl_status st = frl_emulator_create_topic(emulator, topic, err);
  if (st != FRL_OK && st != FRL_E_EXISTS) return st;
  st = frl_emulator_create_subscription(emulator, name, topic, 0, 0, err);
  return st == FRL_E_EXISTS ? FRL_OK : st;
}

static frl_status make_resources(
    const cli_args *args, frl_emulator *emulator, frl_error *err) {
  frl_status st = FRL_OK;
  const char *text;
  for (int i = 0; st == FRL_OK && (text = cli_each(args, "topic", i)); i++) {
    st = make_topic(args, emulator, text, err);
  }
  for (int i = 0; st == FRL_OK && (text = cli_each(args, "subscription", i)); i++) {
    st = make_subscription(args, emulator, text, err);
  }
  return st;
}

/* "host:port", "[address]:port", ":port" or "port" */
static bool split_address(
    const char *text, char *host, size_t host_max, uint16_t *port) {
  const char *colon = strrchr(text, ':');
  const char *digits = colon ? colon + 1 : text;
  char *end = NULL;
  const unsigned long value = strtoul(digits, &end, 10);
  const bool number = *digits >= '0' && *digits <= '9' && *end == '\0';
  if (!number || value > UINT16_MAX) return false;
  *port = (uint16_t)value;
  size_t n = colon ? (size_t)(colon - text) : 0;
  if (n >= host_max) return false;
  if (n == 0) {
    (void)snprintf(host, host_max, "localhost");
    return true;
  }
  if (n > 2 && text[0] == '[' && text[n - 1] == ']') {
    text++;
    n -= 2;
  } else if (memchr(text, ':', n)) {
    return false;
  }
  memcpy(host, text, n);
  host[n] = '\0';
  return true;
}

/* As split_address takes it. */
static void join_address(char *out, size_t max, const char *host, uint16_t port) {
  const bool v6 = strchr(host, ':') != NULL;
  (void)snprintf(out, max, v6 ? "[%s]:%u" : "%s:%u", host, port);
}

static int join_faults(const cli_args *args, char *out, size_t max) {
  out[0] = '\0';
  size_t n = 0;
  const char *text;
  for (int i = 0; (text = cli_each(args, "fault", i)); i++) {
    const int w = snprintf(out + n, max - n, "%s%s", n ? ";" : "", text);
    if (w < 0 || (size_t)w >= max - n) return -1;
    n += (size_t)w;
  }
  return 0;
}

static void print_stats(frl_emulator *emulator) {
  frl_emulator_stats s = {.struct_size = sizeof s};
  frl_emulator_get_stats(emulator, &s);
  (void)fprintf(stderr,
      "published %llu, delivered %llu, acked %llu, nacked %llu, expired %llu; now "
      "%llu not acked, %llu leased, %llu streams\n",
      (unsigned long long)s.published, (unsigned long long)s.delivered,
      (unsigned long long)s.acked, (unsigned long long)s.nacked,
      (unsigned long long)s.expired, (unsigned long long)s.messages,
      (unsigned long long)s.outstanding, (unsigned long long)s.streams);
}

static void serve(const cli_args *args, frl_emulator *emulator) {
  const bool verbose = cli_flag(args, "verbose");
  for (unsigned turn = 1; !cli_interrupted(); turn++) {
    (void)nanosleep(&(struct timespec){0, POLL_MS * 1000000L}, NULL);
    if (verbose && turn % (10000 / POLL_MS) == 0) print_stats(emulator);
  }
}

static void print_line(
    void *ctx, enum frl_log_level level, const char *facility, const char *line) {
  (void)ctx;
  (void)level;
  (void)fprintf(stderr, "%s: %s\n", facility, line);
}

static int fail_start(const cli_args *args, frl_status st, frl_error *err) {
  if (err->origin == FRL_ORIGIN_OS && err->origin_code == EADDRINUSE) {
    cli_error_after(err,
        "; end what listens there, or give another --host-port (port 0 lets the "
        "system choose)");
  }
  return cli_fail(args, st, err);
}

static int run_server(const cli_args *args) {
  char host[256];
  char faults[4096];
  const char *address = cli_text(args, "host-port", "localhost:8085");
  frl_emulator_options options = {.struct_size = sizeof options, .host = host};
  if (!split_address(address, host, sizeof host, &options.port)) {
    return cli_usage(args,
        "--host-port %s: HOST:PORT is wanted, such as localhost:8085 or [::1]:8085",
        address);
  }
  if (join_faults(args, faults, sizeof faults) != 0) {
    return cli_usage(args, "--fault: too much text");
  }
  options.faults = faults;
  options.data_dir = cli_text(args, "data-dir", NULL);
  if (!cli_number(args, "max-bytes", 1 << 20, 1ULL << 50, true, &options.max_bytes)) {
    return CLI_USAGE;
  }
  uint64_t status_port = 0;
  if (!cli_number(args, "status-port", 0, UINT16_MAX, false, &status_port)) {
    return CLI_USAGE;
  }
  options.status_page = cli_text(args, "status-port", NULL) != NULL;
  options.status_port = (uint16_t)status_port;
  frl_emulator *emulator = NULL;
  frl_error err = {0};
  cli_interrupt_catch();
  frl_log_set(
      print_line, NULL, cli_flag(args, "verbose") ? FRL_LOG_DEBUG : FRL_LOG_WARN);
  frl_status st = frl_emulator_start(&emulator, &options, &err);
  if (st == FRL_OK) st = make_resources(args, emulator, &err);
  if (st != FRL_OK) {
    frl_emulator_stop(emulator);
    if (err.message[0]) return fail_start(args, st, &err);
    return cli_usage(args, "--subscription takes SUBSCRIPTION:TOPIC, --topic a topic");
  }
  char ready[300];
  join_address(ready, sizeof ready, host, frl_emulator_port(emulator));
  (void)printf("ready on %s\n", ready);
  (void)fflush(stdout);
  if (!cli_flag(args, "quiet")) {
    (void)fprintf(stderr, "export PUBSUB_EMULATOR_HOST=%s\n", ready);
  }
  if (options.status_page) {
    (void)fprintf(stderr, "status page: http://127.0.0.1:%u/\n",
        frl_emulator_status_port(emulator));
  }
  serve(args, emulator);
  if (cli_flag(args, "verbose")) print_stats(emulator);
  frl_emulator_stop(emulator);
  return CLI_OK;
}

/* ---- asking a running one ---- */

static int ask_backlog(const cli_args *args) {
  char name[NAME_MAX_BYTES];
  const char *text = args->operands[1];
  if (!full_name(args, "subscriptions", text, strlen(text), name)) {
    return cli_usage(args, "%s: not a subscription's name", text);
  }
  uint64_t unacked = 0;
  uint64_t leased = 0;
  frl_error err = {0};
  const frl_status st = frl_emulator_remote_backlog(
      cli_text(args, "host-port", "localhost:8085"), name, &unacked, &leased, &err);
  if (st != FRL_OK) return cli_fail(args, st, &err);
  (void)printf("%llu messages not acked on %s, %llu of them leased\n",
      (unsigned long long)unacked, name, (unsigned long long)leased);
  return CLI_OK;
}

static int ask_faults(const cli_args *args) {
  frl_error err = {0};
  const frl_status st = frl_emulator_remote_set_faults(
      cli_text(args, "host-port", "localhost:8085"), args->operands[1], &err);
  return st == FRL_OK ? CLI_OK : cli_fail(args, st, &err);
}

static int run(const cli_args *args) {
  if (args->n_operands == 0) return run_server(args);
  const bool two = args->n_operands == 2;
  if (two && strcmp(args->operands[0], "backlog") == 0) return ask_backlog(args);
  if (two && strcmp(args->operands[0], "faults") == 0) return ask_faults(args);
  return cli_usage(
      args, "nothing, \"backlog SUBSCRIPTION\" or \"faults TEXT\" is wanted");
}

static const cli_option options_table[] = {
    {"host-port", "HOST:PORT",
        "Where it listens; port 0 lets the system choose. Default: localhost:8085."},
    {"project", "ID",
        "Project of short names. Default: the environment's GOOGLE_CLOUD_PROJECT, else "
        "demo."},
    {"topic", "NAME",
        "Make this topic at the start, where it is not there. T, PROJECT/T or "
        "projects/PROJECT/topics/T. May be given several times."},
    {"subscription", "SUB:TOPIC",
        "Make this subscription, and its topic, at the start. Names as for --topic. "
        "May "
        "be given several times."},
    {"data-dir", "DIR",
        "Keep the state there, so that it survives the process, even a kill. Default: "
        "memory only."},
    {"max-bytes", "N",
        "Messages held at most; publishing beyond it fails with RESOURCE_EXHAUSTED. "
        "512m "
        "works. Default: 8g."},
    {"fault", "TEXT",
        "A fault to begin with, such as \"refuse method=Publish status=UNAVAILABLE "
        "calls=3\". May be given several times."},
    {"status-port", "PORT",
        "Serve a status page on 127.0.0.1:PORT: topics, subscriptions, backlog, "
        "throughput; /status.json and /metrics tell the same. 0 lets the system "
        "choose. Default: none."},
    {"verbose", NULL, "Every call, and counts every ten seconds and at the end."},
    {"quiet", NULL, "Only the line that says that it is ready."},
    {0},
};

const cli_command cli_emulator = {
    .name = "emulator",
    .summary = "Run a Google Cloud Pub/Sub server for development and tests",
    .operands = "[backlog SUBSCRIPTION | faults TEXT]",
    .description =
        "Serves the Pub/Sub API in clear text and without credentials, so that "
        "Google's "
        "client libraries, with PUBSUB_EMULATOR_HOST set, and Ferrule work against it "
        "unchanged. When it is ready it prints \"ready on HOST:PORT\" as its first "
        "line. Ctrl-C ends it.\n\n"
        "\"backlog SUBSCRIPTION\" asks the emulator that runs at --host-port how many "
        "messages are not acked. \"faults TEXT\" replaces its faults in force; an "
        "empty "
        "text ends them.\n\n"
        "A fault is a kind and settings: kill-streams [after=N] [every=MS], refuse and "
        "delay ms=MS [method=NAME] [calls=N], expire-leases, drop-acks "
        "[method=NAME] [calls=N], duplicate [every=N]; with how=status|reset|drop and "
        "status=CODE for the first "
        "two. Several are separated by semicolons.",
    .examples =
        "  ferrule emulator --topic flights --subscription flights-sub:flights\n"
        "  export PUBSUB_EMULATOR_HOST=localhost:8085\n"
        "  # later, from another shell\n"
        "  ferrule emulator faults \"kill-streams every=2000\"",
    .options = options_table,
    .min_operands = 0,
    .max_operands = 2,
    .run = run,
};
