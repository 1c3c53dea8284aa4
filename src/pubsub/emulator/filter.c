#include "pubsub/emulator/filter.h"

#include <ctype.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "wire/reader.h"

/* A text of 256 bytes cannot hold more predicates and operators than this. */
enum { MAX_NODES = 128, MAX_DEPTH = 64 };

typedef enum kind { HAS, EQUALS, PREFIX, NOT, AND, OR } kind;

typedef struct node {
  kind kind;
  uint16_t left;
  uint16_t right;
  uint16_t key_at; /* in texts */
  uint16_t key_len;
  uint16_t value_at;
  uint16_t value_len;
} node;

struct frl_em_filter {
  frl_mem mem;
  uint16_t root;
  uint16_t n_nodes;
  uint16_t n_texts;
  node nodes[MAX_NODES];
  char texts[FRL_EM_FILTER_MAX_BYTES]; /* unquoted keys and values */
};

typedef struct parser {
  frl_em_filter *f;
  const char *text;
  size_t n;
  size_t at;
  int depth;
  frl_error *err;
} parser;

static frl_status wrong(const parser *p, const char *expected) {
  return frl_fail(
      p->err, FRL_E_INVALID, "filter: %s expected at byte %zu", expected, p->at);
}

static void skip_blanks(parser *p) {
  while (p->at < p->n && isspace((unsigned char)p->text[p->at])) p->at++;
}

static bool is_word_char(char c) {
  return isalnum((unsigned char)c) || c == '_' || c == '-';
}

/* A mark such as "(" or "!=". */
static bool take_mark(parser *p, const char *mark) {
  skip_blanks(p);
  const size_t n = strlen(mark);
  if (p->n - p->at < n || memcmp(p->text + p->at, mark, n) != 0) return false;
  p->at += n;
  return true;
}

static bool take_word(parser *p, const char *word) {
  const size_t before = p->at;
  if (!take_mark(p, word)) return false;
  if (p->at < p->n && is_word_char(p->text[p->at])) {
    p->at = before;
    return false;
  }
  return true;
}

static frl_status read_quoted(parser *p, uint16_t *at, uint16_t *len) {
  if (!take_mark(p, "\"")) return wrong(p, "a quoted text");
  frl_em_filter *f = p->f;
  *at = f->n_texts;
  for (; p->at < p->n && p->text[p->at] != '"'; p->at++) {
    char c = p->text[p->at];
    if (c == '\\') {
      if (++p->at == p->n) break;
      c = p->text[p->at];
      if (c != '"' && c != '\\') return wrong(p, "\\\" or \\\\");
    }
    f->texts[f->n_texts++] = c; /* never longer than the filter */
  }
  if (p->at == p->n) return wrong(p, "a closing quote");
  p->at++;
  *len = (uint16_t)(f->n_texts - *at);
  return FRL_OK;
}

static frl_status read_key(parser *p, node *out) {
  skip_blanks(p);
  if (p->at < p->n && p->text[p->at] == '"') {
    FRL_TRY(read_quoted(p, &out->key_at, &out->key_len));
    return out->key_len > 0 ? FRL_OK : wrong(p, "an attribute's name");
  }
  frl_em_filter *f = p->f;
  out->key_at = f->n_texts;
  while (p->at < p->n && is_word_char(p->text[p->at])) {
    f->texts[f->n_texts++] = p->text[p->at++];
  }
  out->key_len = (uint16_t)(f->n_texts - out->key_at);
  return out->key_len > 0 ? FRL_OK : wrong(p, "an attribute's name");
}

static frl_status add(parser *p, node n, uint16_t *index) {
  frl_em_filter *f = p->f;
  if (f->n_nodes == MAX_NODES) return wrong(p, "a shorter filter");
  *index = f->n_nodes;
  f->nodes[f->n_nodes++] = n;
  return FRL_OK;
}

static frl_status read_prefix(parser *p, uint16_t *index) {
  node n = {.kind = PREFIX};
  if (!take_mark(p, "(")) return wrong(p, "(");
  if (!take_word(p, "attributes") || !take_mark(p, ".")) {
    return wrong(p, "attributes.");
  }
  FRL_TRY(read_key(p, &n));
  if (!take_mark(p, ",")) return wrong(p, ",");
  FRL_TRY(read_quoted(p, &n.value_at, &n.value_len));
  if (!take_mark(p, ")")) return wrong(p, ")");
  return add(p, n, index);
}

static frl_status read_predicate(parser *p, uint16_t *index) {
  if (take_word(p, "hasPrefix")) return read_prefix(p, index);
  if (!take_word(p, "attributes")) return wrong(p, "attributes or hasPrefix");
  node n = {.kind = HAS};
  if (take_mark(p, ":")) {
    FRL_TRY(read_key(p, &n));
    return add(p, n, index);
  }
  if (!take_mark(p, ".")) return wrong(p, "\":\" or \".\"");
  FRL_TRY(read_key(p, &n));
  n.kind = EQUALS;
  const bool differs = take_mark(p, "!=");
  if (!differs && !take_mark(p, "=")) return wrong(p, "= or !=");
  FRL_TRY(read_quoted(p, &n.value_at, &n.value_len));
  FRL_TRY(add(p, n, index));
  if (!differs) return FRL_OK;
  return add(p, (node){.kind = NOT, .left = *index}, index);
}

static frl_status read_expression(parser *p, uint16_t *index);

static frl_status read_term(parser *p, uint16_t *index) {
  if (++p->depth > MAX_DEPTH) return wrong(p, "less nesting");
  frl_status st = FRL_OK;
  if (take_word(p, "NOT") || take_mark(p, "-")) {
    st = read_term(p, index);
    if (st == FRL_OK) st = add(p, (node){.kind = NOT, .left = *index}, index);
  } else if (take_mark(p, "(")) {
    st = read_expression(p, index);
    if (st == FRL_OK && !take_mark(p, ")")) st = wrong(p, ")");
  } else {
    st = read_predicate(p, index);
  }
  p->depth--;
  return st;
}

static frl_status read_expression(parser *p, uint16_t *index) {
  FRL_TRY(read_term(p, index));
  int joined = -1;
  for (;;) {
    int by = -1;
    if (take_word(p, "AND")) by = AND;
    if (by < 0 && take_word(p, "OR")) by = OR;
    if (by < 0) return FRL_OK;
    if (joined >= 0 && by != joined) return wrong(p, "parentheses between AND and OR");
    joined = by;
    uint16_t right = 0;
    FRL_TRY(read_term(p, &right));
    FRL_TRY(add(p, (node){.kind = (kind)by, .left = *index, .right = right}, index));
  }
}

frl_status frl_em_filter_compile(
    frl_em_filter **out, const frl_mem *mem, frl_cursor text, frl_error *err) {
  *out = NULL;
  const size_t n = frl_cursor_left(&text);
  if (n > FRL_EM_FILTER_MAX_BYTES) {
    return frl_fail(err, FRL_E_INVALID, "filter: %zu bytes, %d are allowed", n,
        FRL_EM_FILTER_MAX_BYTES);
  }
  frl_em_filter *f = frl_calloc(mem, 1, sizeof *f);
  if (!f) return frl_fail(err, FRL_E_NOMEM, "filter: out of memory");
  f->mem = mem ? *mem : frl_mem_default;
  parser p = {.f = f, .text = (const char *)text.pos, .n = n, .err = err};
  frl_status st = read_expression(&p, &f->root);
  skip_blanks(&p);
  if (st == FRL_OK && p.at < p.n) st = wrong(&p, "the end, AND or OR");
  if (st != FRL_OK) {
    frl_em_filter_destroy(f);
    return st;
  }
  *out = f;
  return FRL_OK;
}

void frl_em_filter_destroy(frl_em_filter *filter) {
  if (!filter) return;
  const frl_mem mem = filter->mem;
  frl_free(&mem, filter);
}

/* The value of the attribute; false where the message has none of that name. */
static bool find_attribute(
    const frl_em_filter *f, const node *n, frl_cursor message, frl_cursor *value) {
  bool found = false;
  frl_wire_field field;
  while (frl_wire_next(&message, &field) == FRL_OK) {
    if (field.number != 2) continue;
    frl_cursor key;
    frl_cursor v;
    if (frl_wire_read_entry(field.bytes, &key, &v) != FRL_OK) continue;
    if (frl_cursor_left(&key) != n->key_len ||
        memcmp(key.pos, f->texts + n->key_at, n->key_len) != 0) {
      continue;
    }
    *value = v; /* of equal keys the last one counts */
    found = true;
  }
  return found;
}

static bool predicate_holds(const frl_em_filter *f, const node *n, frl_cursor message) {
  frl_cursor value;
  if (!find_attribute(f, n, message, &value)) return false;
  if (n->kind == HAS) return true;
  const size_t len = frl_cursor_left(&value);
  if (len < n->value_len || (n->kind == EQUALS && len != n->value_len)) return false;
  return n->value_len == 0 ||
         memcmp(value.pos, f->texts + n->value_at, n->value_len) == 0;
}

static bool holds(const frl_em_filter *f, uint16_t index, frl_cursor message) {
  const node *n = &f->nodes[index];
  switch (n->kind) {
    case NOT:
      return !holds(f, n->left, message);
    case AND:
      return holds(f, n->left, message) && holds(f, n->right, message);
    case OR:
      return holds(f, n->left, message) || holds(f, n->right, message);
    default:
      return predicate_holds(f, n, message);
  }
}

bool frl_em_filter_matches(const frl_em_filter *filter, frl_cursor message) {
  return !filter || holds(filter, filter->root, message);
}
