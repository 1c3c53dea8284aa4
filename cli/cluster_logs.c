#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cluster.h"
#include "interrupt.h"

typedef struct printer {
  bool json;
  bool colours;
} printer;

static const char *const level_names[] = {"ERROR", "WARN", "INFO", "DEBUG"};
static const char *const level_colours[] = {"31;1", "33", "32", "2"};

/* Of the first letters after "spark-": each service keeps its own. */
static const char *service_colour(const char *service) {
  if (strcmp(service, "spark-master") == 0) return "35";
  if (strncmp(service, "spark-worker", 12) == 0) return "34";
  if (strcmp(service, "spark-connect") == 0) return "36";
  if (strcmp(service, "spark-app") == 0) return "1";
  return "90";
}

static void print_json_text(const char *text, size_t n) {
  (void)putchar('"');
  for (size_t i = 0; i < n; i++) {
    const unsigned char c = (unsigned char)text[i];
    if (c == '"' || c == '\\') {
      (void)printf("\\%c", c);
    } else if (c < 0x20 || c == 0x7f) {
      (void)printf("\\u%04x", c);
    } else {
      (void)putchar(c);
    }
  }
  (void)putchar('"');
}

static void print_json(const frl_cluster_line *l) {
  (void)printf("{\"time\": \"%s\", \"service\": ", l->time);
  print_json_text(l->service, strlen(l->service));
  (void)printf(", \"level\": \"%s\", \"logger\": ", level_names[l->level]);
  print_json_text(l->logger, l->logger_len);
  (void)printf(", \"message\": ");
  print_json_text(l->message, l->message_len);
  (void)printf("}\n");
}

static void print_text(const frl_cluster_line *l, bool colours) {
  const char *clock = strlen(l->time) > 19 ? l->time + 11 : "";
  const char *end = colours ? "\033[0m" : "";
  (void)printf("%s%s%s%-16s%s ", colours ? "\033[" : "",
      colours ? service_colour(l->service) : "", colours ? "m" : "", l->service, end);
  (void)printf("%-12.12s ", clock);
  (void)printf("%s%s%s%-5s%s ", colours ? "\033[" : "",
      colours ? level_colours[l->level] : "", colours ? "m" : "", level_names[l->level],
      end);
  if (l->logger_len) (void)printf("%.*s: ", (int)l->logger_len, l->logger);
  (void)printf("%.*s\n", (int)l->message_len, l->message);
}

static void print_line(void *ctx, const frl_cluster_line *line) {
  const printer *p = ctx;
  if (p->json) {
    print_json(line);
  } else {
    print_text(line, p->colours);
  }
}

/* A reader that went away ends it too. */
static bool is_cancelled(void *ctx) {
  (void)ctx;
  return fflush(stdout) != 0 || ferror(stdout) || cli_interrupted();
}

static bool wants_colours(void) {
  const char *no = getenv("NO_COLOR");
  return isatty(STDOUT_FILENO) && !(no && no[0]);
}

static int run(const cli_args *args) {
  const char *level = cli_text(args, "level", "info");
  printer p = {.json = cli_flag(args, "json"), .colours = wants_colours()};
  frl_cluster_logs_options options = {.struct_size = sizeof options,
      .folder = cli_cluster_folder(args),
      .service = cli_text(args, "service", NULL),
      .follow = !cli_flag(args, "no-follow"),
      .cancelled = is_cancelled,
      .each = print_line,
      .ctx = &p};
  static const char *const names[] = {"error", "warn", "info", "debug"};
  int found = -1;
  for (int i = 0; i < 4; i++) {
    if (strcmp(level, names[i]) == 0) found = i;
  }
  if (found < 0) {
    return cli_usage(args, "--level %s: error, warn, info or debug", level);
  }
  options.max_level = (enum frl_log_level)found;
  frl_error err = {0};
  cli_interrupt_catch();
  const frl_status st = frl_cluster_logs(&options, &err);
  /* as head does: who reads logs has seen enough, nothing is lost */
  if (fflush(stdout) != 0 && errno == EPIPE) (void)!freopen("/dev/null", "w", stdout);
  return st == FRL_OK ? CLI_OK : cli_fail(args, st, &err);
}

static const cli_option options_table[] = {
    CLI_CLUSTER_FOLDER,
    {"service", "NAME",
        "Only this one: spark-master, spark-worker, spark-connect, spark-app, "
        "pubsub-emulator, supervisor, or executor."},
    {"level", "LEVEL", "error, warn, info or debug, and what is worse. Default: info."},
    {"json", NULL, "A JSON object a line: time, service, level, logger, message."},
    {"no-follow", NULL, "Show what is there and end."},
    {0},
};

const cli_command cli_cluster_logs = {
    .name = "cluster logs",
    .summary = "Follow what all services say",
    .operands = "",
    .description =
        "The logs of all services, executors and applications as one stream, until "
        "Ctrl-C. Spark speaks of itself from WARN on, applications are heard in full. "
        "On a terminal it is coloured, but not where the environment has NO_COLOR.",
    .examples =
        "  ferrule cluster logs --service spark-app\n"
        "  ferrule cluster logs --no-follow --level warn --json",
    .options = options_table,
    .run = run,
};
