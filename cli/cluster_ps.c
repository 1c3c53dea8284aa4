#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cluster.h"

typedef struct listing {
  bool json;
  bool all_ready;
  uint32_t n;
} listing;

/* Names, addresses and reasons hold no quotes or control characters but by accident. */
static void print_json_text(const char *text) {
  (void)putchar('"');
  for (; *text; text++) {
    const unsigned char c = (unsigned char)*text;
    if (c == '"' || c == '\\') {
      (void)printf("\\%c", c);
    } else if (c < 0x20) {
      (void)printf("\\u%04x", c);
    } else {
      (void)putchar(c);
    }
  }
  (void)putchar('"');
}

static void print_json(const frl_cluster_service *s, bool first) {
  (void)printf("%s\n  {\"name\": ", first ? "" : ",");
  print_json_text(s->name);
  (void)printf(
      ", \"state\": \"%s\", \"pid\": %d, \"residentBytes\": %llu, "
      "\"restarts\": %u, \"sinceMicros\": %lld, \"url\": ",
      frl_cluster_state_name(s->state), s->pid, (unsigned long long)s->resident_bytes,
      s->restarts, (long long)s->since_us);
  print_json_text(s->url);
  (void)printf(", \"reason\": ");
  print_json_text(s->reason);
  (void)putchar('}');
}

static void age_text(char *out, size_t max, int64_t since_us) {
  const int64_t s = (int64_t)time(NULL) - since_us / 1000000;
  if (since_us == 0 || s < 0) {
    (void)snprintf(out, max, "-");
  } else if (s < 120) {
    (void)snprintf(out, max, "%llds", (long long)s);
  } else if (s < 7200) {
    (void)snprintf(out, max, "%lldm", (long long)(s / 60));
  } else {
    (void)snprintf(out, max, "%lldh", (long long)(s / 3600));
  }
}

static void print_row(const frl_cluster_service *s) {
  char age[32];
  char pid[16] = "-";
  char memory[32] = "-";
  age_text(age, sizeof age, s->since_us);
  if (s->pid) (void)snprintf(pid, sizeof pid, "%d", s->pid);
  if (s->resident_bytes) {
    (void)snprintf(memory, sizeof memory, "%llu MB",
        (unsigned long long)(s->resident_bytes >> 20));
  }
  (void)printf("%-16s %-9s %6s %8s %9s %8u  %s%s%s\n", s->name,
      frl_cluster_state_name(s->state), age, pid, memory, s->restarts, s->url,
      s->reason[0] && s->url[0] ? "  " : "", s->reason);
}

static void tell(void *ctx, const frl_cluster_service *s) {
  listing *l = ctx;
  const bool application = strcmp(s->name, "spark-app") == 0;
  if (!application && s->state != FRL_CLUSTER_READY) l->all_ready = false;
  if (l->json) {
    print_json(s, l->n == 0);
  } else {
    if (l->n == 0) {
      (void)printf("%-16s %-9s %6s %8s %9s %8s  %s\n", "SERVICE", "STATE", "SINCE",
          "PID", "RESIDENT", "RESTARTS", "ADDRESS");
    }
    print_row(s);
  }
  l->n++;
}

static int run(const cli_args *args) {
  listing l = {.json = cli_flag(args, "json"), .all_ready = true};
  bool supervised = false;
  frl_error err = {0};
  if (l.json) (void)printf("[");
  const frl_status st =
      frl_cluster_services(cli_cluster_folder(args), tell, &l, &supervised, &err);
  if (l.json) (void)printf("\n]\n");
  if (st == FRL_E_NOT_FOUND && l.json) return CLI_NOT_FOUND;
  if (st != FRL_OK) return cli_fail(args, st, &err);
  (void)fflush(stdout);
  cli_cluster_warn(args);
  return l.all_ready && supervised ? CLI_OK : CLI_FAILED;
}

static const cli_option options_table[] = {
    CLI_CLUSTER_FOLDER,
    {"json", NULL, "A JSON array with an object for each service."},
    {0},
};

const cli_command cli_cluster_ps = {
    .name = "cluster ps",
    .summary = "Show the cluster's services",
    .operands = "",
    .description =
        "A line for each service: its state and since when, process, resident memory, "
        "how often it was started again, its address, and why it ended. Ends with 0 "
        "only where every service is ready and a supervisor watches over them. A full "
        "disk and a newer build of jar, wheel or command are told on standard error.",
    .examples = "  ferrule cluster ps --json",
    .options = options_table,
    .run = run,
};
