/**
 * Hostile schemas: the declaration written for one, and how one differs from others.
 * The input is a DDL or, if it begins with a brace, schema JSON; behind a NUL byte may
 * stand a second one to be compared with.
 */
#include <ferrule/kernel_host.h>
#include <ferrule/schema.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "declared.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool held) {
  if (!held) abort();
}

static bool read(struct ArrowSchema *out, const uint8_t *data, size_t n) {
  const char *text = n ? (const char *)data : "";
  const bool json = n > 0 && (*data == '{' || *data == '"');
  const frl_status st = json ? frl_schema_from_json(out, NULL, text, n, NULL)
                             : frl_schema_from_ddl(out, NULL, text, n, NULL);
  return st == FRL_OK;
}

/** Every quote and parenthesis of the declaration that is open is closed. */
static void must_be_closed(const char *text) {
  int depth = 0;
  bool quoted = false;
  for (; *text; text++) {
    must(*text == '\n' || (unsigned char)*text >= 0x20);
    if (quoted && *text == '\\') {
      text++;
    } else if (*text == '"') {
      quoted = !quoted;
    } else if (!quoted) {
      depth += (*text == '(') - (*text == ')');
      must(depth >= 0);
    }
  }
  must(depth == 0 && !quoted);
}

static void declare(const struct ArrowSchema *schema) {
  char *text;
  frl_error err;
  const frl_status st = frl_kernel_header(&text, NULL, schema, "row", &err);
  if (st == FRL_OK) {
    must_be_closed(text);
  } else {
    must(!text && memchr(err.message, 0, sizeof err.message));
  }
  frl_text_free(NULL, text);
}

static void compare(const struct ArrowSchema *a, const struct ArrowSchema *b) {
  char *report;
  frl_error err;
  const frl_status st = frl_schema_match_check(&report, NULL, a, b, NULL, &err);
  must((st == FRL_E_INVALID) == (report != NULL) || st == FRL_E_INVALID);
  if (report) must(strstr(report, "needed: ") && strstr(report, "given:  "));
  frl_text_free(NULL, report);
  char why[64];
  (void)plain_check(b, why, sizeof why);
  must(memchr(why, 0, sizeof why) || nested_check(b, NULL, 0) >= 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const uint8_t *gap = size ? memchr(data, 0, size) : NULL;
  const size_t first = gap ? (size_t)(gap - data) : size;
  struct ArrowSchema a;
  struct ArrowSchema b;
  if (!read(&a, data, first)) return 0;
  declare(&a);
  const bool same = frl_schema_match_check(NULL, NULL, &a, &a, NULL, NULL) == FRL_OK;
  must(same || a.n_children == 0 || strcmp(a.format, "+s") != 0);
  if (gap && read(&b, gap + 1, size - first - 1)) {
    compare(&a, &b);
    frl_schema_release(&b);
  }
  frl_schema_release(&a);
  return 0;
}
