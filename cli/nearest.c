#include <stdio.h>
#include <string.h>

#include "command.h"

enum { WORD_MAX = 63 };

static unsigned least(unsigned a, unsigned b) { return a < b ? a : b; }

/* Levenshtein's distance of two words; UINT_MAX-like for long ones. */
static unsigned distance(const char *a, size_t n, const char *b, size_t m) {
  unsigned row[WORD_MAX + 1];
  if (n > WORD_MAX || m > WORD_MAX) return WORD_MAX;
  for (unsigned k = 0; k <= m; k++) row[k] = k;
  for (size_t i = 1; i <= n; i++) {
    unsigned corner = row[0];
    row[0] = (unsigned)i;
    for (size_t k = 1; k <= m; k++) {
      const unsigned changed = corner + (a[i - 1] == b[k - 1] ? 0 : 1);
      corner = row[k];
      row[k] = least(changed, least(row[k], row[k - 1]) + 1);
    }
  }
  return row[m];
}

/* A third of a word may be wrong. */
static bool is_near(unsigned d, size_t n) { return d * 3 <= n + 1; }

const char *cli_nearest_option(const cli_command *command, const char *name, size_t n) {
  const char *best = NULL;
  unsigned best_distance = WORD_MAX;
  for (const cli_option *o = command->options; o && o->name; o++) {
    const unsigned d = distance(name, n, o->name, strlen(o->name));
    if (d >= best_distance || !is_near(d, n)) continue;
    best = o->name;
    best_distance = d;
  }
  return best;
}

const char *cli_nearest_command(int n_words, char **words) {
  char text[WORD_MAX + 1] = "";
  size_t n = 0;
  for (int i = 0; i < n_words; i++) {
    const int w = snprintf(text + n, sizeof text - n, "%s%s", n ? " " : "", words[i]);
    if (w < 0 || (size_t)w >= sizeof text - n) return NULL;
    n += (size_t)w;
  }
  const char *best = NULL;
  unsigned best_distance = WORD_MAX;
  for (const cli_command *const *c = cli_commands; *c; c++) {
    const unsigned d = distance(text, n, (*c)->name, strlen((*c)->name));
    if (d >= best_distance || !is_near(d, n)) continue;
    best = (*c)->name;
    best_distance = d;
  }
  return best;
}
