#include <stdio.h>
#include <string.h>

#include "command.h"

enum { WORD_MAX = 63 };

static unsigned least(unsigned a, unsigned b) { return a < b ? a : b; }

/* Levenshtein's distance of two words; WORD_MAX for long ones. */
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

typedef struct search {
  const char *word;
  size_t n;
  const char *best;
  unsigned best_distance;
} search;

static search search_for(const char *word, size_t n) {
  return (search){.word = word, .n = n, .best_distance = WORD_MAX};
}

/* A third of a word may be wrong. */
static void consider(search *s, const char *name) {
  const unsigned d = distance(s->word, s->n, name, strlen(name));
  if (d >= s->best_distance || d > (s->n + 1) / 3) return;
  s->best = name;
  s->best_distance = d;
}

const char *cli_nearest_option(const cli_command *command, const char *name, size_t n) {
  search s = search_for(name, n);
  for (const cli_option *o = command->options; o && o->name; o++) consider(&s, o->name);
  return s.best;
}

const char *cli_nearest_command(int n_words, char **words) {
  char text[WORD_MAX + 1] = "";
  size_t n = 0;
  for (int i = 0; i < n_words; i++) {
    const int w = snprintf(text + n, sizeof text - n, "%s%s", n ? " " : "", words[i]);
    if (w < 0 || (size_t)w >= sizeof text - n) return NULL;
    n += (size_t)w;
  }
  search s = search_for(text, n);
  for (const cli_command *const *c = cli_commands; *c; c++) consider(&s, (*c)->name);
  return s.best;
}
