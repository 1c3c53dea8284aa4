#include <stdio.h>
#include <string.h>

#include "error_context.h"
#include "interrupt.h"
#include "line_reader.h"
#include "publish_rows.h"
#include "publish_work.h"

enum {
  BATCH_ROWS = 4096,
  BATCH_BYTES = 4 << 20,
  LINE_MAX_BYTES = PUBLISH_MESSAGE_MAX_BYTES + 2,     /* and its end */
  JSON_LINE_MAX_BYTES = 8 * PUBLISH_MESSAGE_MAX_BYTES /* escapes take more room */
};

typedef struct text {
  publish_work *work;
  publish_rows rows;
  line_reader lines;
  bool json;
} text;

static frl_status submit_rows(text *t, frl_error *err) {
  if (t->rows.rows == 0) return FRL_OK;
  const uint64_t bytes = t->rows.bytes;
  struct ArrowArray array = {0};
  const frl_status st = publish_rows_take(&t->rows, &array);
  if (st != FRL_OK) {
    frl_array_release(&array);
    return st;
  }
  return publish_submit(t->work, &t->rows.schema, &array, bytes, err);
}

/* The fixed attributes that --attribute names. */
static frl_status add_fixed_attributes(text *t) {
  const char *pair;
  for (int i = 0; (pair = cli_each(t->work->args, "attribute", i)) != NULL; i++) {
    const size_t key = strcspn(pair, "=");
    const char *value = pair + key + 1;
    const frl_status st =
        publish_rows_attribute(&t->rows, pair, key, value, strlen(value));
    if (st != FRL_OK) return st;
  }
  return FRL_OK;
}

static frl_status add_line(text *t, char *line, size_t n, frl_error *err) {
  frl_status st = add_fixed_attributes(t);
  if (st != FRL_OK) return st;
  if (t->json) {
    st = publish_rows_json(&t->rows, line, n, err);
  } else {
    const char *key = cli_text(t->work->args, "ordering-key", NULL);
    st = publish_rows_end(&t->rows, line, n, key, key ? strlen(key) : 0, err);
  }
  if (st == FRL_E_MALFORMED) {
    cli_error_before(err, st, "line %llu", (unsigned long long)t->lines.line);
  }
  return st;
}

static bool batch_is_full(const text *t) {
  return t->rows.rows >= publish_step(t->work, BATCH_ROWS) ||
         t->rows.bytes >= BATCH_BYTES;
}

/* Some editors put a mark before the first line. */
static void skip_byte_order_mark(const text *t, char **line, size_t *n) {
  if (!t->json || t->lines.line != 1) return;
  if (*n < 3 || memcmp(*line, "\xef\xbb\xbf", 3) != 0) return;
  *line += 3;
  *n -= 3;
}

static frl_status publish_lines(text *t, frl_error *err) {
  const publish_work *w = t->work;
  frl_status st = FRL_OK;
  while (st == FRL_OK && w->sent + t->rows.rows < w->limit && !cli_interrupted()) {
    char *line;
    size_t n;
    st = line_reader_next(&t->lines, &line, &n, err);
    if (st != FRL_OK) break;
    skip_byte_order_mark(t, &line, &n);
    if (n == 0) continue; /* the service takes no empty message */
    st = add_line(t, line, n, err);
    if (st == FRL_OK && batch_is_full(t)) st = submit_rows(t, err);
  }
  if (st == FRL_E_NOMEM) return st;
  /* what was read whole goes out, before a bad line or an interrupt too */
  frl_error why = {0};
  const frl_status submitted = submit_rows(t, &why);
  if (submitted != FRL_OK) *err = why;
  return submitted != FRL_OK ? submitted : st;
}

frl_status publish_text(publish_work *w, int fd, bool json, frl_error *err) {
  text t = {.work = w, .json = json};
  line_reader_init(&t.lines, fd, json ? JSON_LINE_MAX_BYTES : LINE_MAX_BYTES);
  frl_status st =
      publish_rows_init(&t.rows, frl_publisher_max_message_bytes(w->publisher));
  if (st == FRL_OK) st = publish_lines(&t, err);
  publish_rows_deinit(&t.rows);
  line_reader_deinit(&t.lines);
  return st;
}
