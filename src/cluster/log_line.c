#include "cluster/log_line.h"

#include <ctype.h>
#include <string.h>

static const char time_form[] = "dddd-dd-ddTdd:dd:dd.dddZ";

static bool is_time(const char *text, size_t n) {
  if (n < FRL_CLUSTER_TIME_BYTES) return false;
  for (size_t i = 0; i < FRL_CLUSTER_TIME_BYTES; i++) {
    const bool fits = time_form[i] == 'd' ? isdigit((unsigned char)text[i]) != 0
                                          : text[i] == time_form[i];
    if (!fits) return false;
  }
  return true;
}

static bool begins(const char *text, size_t n, const char *with) {
  const size_t m = strlen(with);
  return n >= m && memcmp(text, with, m) == 0;
}

/* 0: no level; else the bytes it takes, its blank included. */
static size_t level_of(const char *text, size_t n, enum frl_log_level *out) {
  static const struct {
    const char *name;
    enum frl_log_level level;
  } names[] = {{"FATAL ", FRL_LOG_ERROR}, {"ERROR ", FRL_LOG_ERROR},
      {"WARN ", FRL_LOG_WARN}, {"INFO ", FRL_LOG_INFO}, {"DEBUG ", FRL_LOG_DEBUG},
      {"TRACE ", FRL_LOG_DEBUG}};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    if (!begins(text, n, names[i].name)) continue;
    *out = names[i].level;
    return strlen(names[i].name);
  }
  return 0;
}

static bool parse_record(frl_cluster_line *out, frl_cluster_log_context *context,
    const char *text, size_t n) {
  if (!is_time(text, n) || n < FRL_CLUSTER_TIME_BYTES + 1 ||
      text[FRL_CLUSTER_TIME_BYTES] != ' ') {
    return false;
  }
  enum frl_log_level level = FRL_LOG_INFO;
  size_t at = FRL_CLUSTER_TIME_BYTES + 1;
  const size_t taken = level_of(text + at, n - at, &level);
  if (!taken) return false;
  at += taken;
  const char *colon = memchr(text + at, ':', n - at);
  if (!colon || colon + 1 >= text + n || colon[1] != ' ') return false;
  if (memchr(text + at, ' ', (size_t)(colon - text) - at))
    return false; /* a sentence */
  memcpy(context->time, text, FRL_CLUSTER_TIME_BYTES);
  context->time[FRL_CLUSTER_TIME_BYTES] = '\0';
  context->level = level;
  context->framed = true;
  out->level = level;
  out->logger = text + at;
  out->logger_len = (size_t)(colon - out->logger);
  out->message = colon + 2;
  out->message_len = (size_t)(text + n - out->message);
  return true;
}

/* "java.io.IOException: ..." stands alone below the record it belongs to. */
static bool is_exception(const char *text, size_t n) {
  size_t i = 0;
  size_t dots = 0;
  while (i < n && (isalnum((unsigned char)text[i]) || strchr("._$", text[i]))) {
    dots += text[i] == '.';
    i++;
  }
  return dots >= 2 && (i == n || text[i] == ':');
}

static bool continues(const char *text, size_t n) {
  return n == 0 || text[0] == '\t' || begins(text, n, "    at ") ||
         begins(text, n, "Caused by: ") || is_exception(text, n);
}

/* The worker writes how it started an executor: thousands of letters, a line of '=', an
   empty one. */
static bool is_command(frl_cluster_log_context *context, const char *text, size_t n) {
  size_t i = 0;
  if (begins(text, n, "Spark Executor Command: ")) {
    context->command = true;
    return true;
  }
  while (i < n && text[i] == '=') i++;
  if (context->command && i == n) return true;
  context->command = false;
  return false;
}

/* The time before a line of an application, which may be a record itself. */
static size_t stamp_of(frl_cluster_log_context *context, const char *text, size_t n) {
  if (!is_time(text, n) || n == FRL_CLUSTER_TIME_BYTES ||
      text[FRL_CLUSTER_TIME_BYTES] != ' ') {
    return 0;
  }
  memcpy(context->time, text, FRL_CLUSTER_TIME_BYTES);
  context->time[FRL_CLUSTER_TIME_BYTES] = '\0';
  return FRL_CLUSTER_TIME_BYTES + 1;
}

bool frl__cluster_log_parse(frl_cluster_line *out, frl_cluster_log_context *context,
    const char *text, size_t n) {
  if (n && text[n - 1] == '\r') n--;
  *out = (frl_cluster_line){.struct_size = sizeof *out};
  if (parse_record(out, context, text, n)) {
    out->time = context->time;
    context->command = false;
    return true;
  }
  const size_t stamp = stamp_of(context, text, n);
  text += stamp;
  n -= stamp;
  *out = (frl_cluster_line){.struct_size = sizeof *out,
      .level = FRL_LOG_INFO,
      .message = text,
      .message_len = n,
      .logger = text};
  if (begins(text, n, "WARNING: Using incubator modules")) return false;
  if (is_command(context, text, n)) return false;
  if (!parse_record(out, context, text, n)) {
    if (context->framed && continues(text, n)) {
      out->level = context->level;
    } else {
      context->framed = false;
    }
  }
  out->time = context->time;
  return true;
}
