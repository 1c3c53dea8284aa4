/**
 * Spark DDL text as tokens. Spaces and comments (two hyphens to the end of the line,
 * slash-star to star-slash) are skipped.
 */
#ifndef FRL_ARROW_DDL_LEX_H
#define FRL_ARROW_DDL_LEX_H

#include <ferrule/error.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

typedef enum frl_ddl_token_kind {
  FRL_DDL_END,
  FRL_DDL_WORD,   /* letters, digits, underscores; may be a keyword */
  FRL_DDL_QUOTED, /* a name in backticks */
  FRL_DDL_NUMBER, /* decimal digits */
  FRL_DDL_STRING, /* a text in ' or ", also r'...' */
  FRL_DDL_PUNCT,  /* one character */
  FRL_DDL_BROKEN  /* an open quote, or what can stand nowhere; see fault */
} frl_ddl_token_kind;

typedef struct frl_ddl_token {
  frl_ddl_token_kind kind;
  const char *start;
  size_t len;
  const char *fault; /* BROKEN: what is wrong */
} frl_ddl_token;

typedef struct frl_ddl_lex {
  const char *begin;
  const char *pos;
  const char *end;
} frl_ddl_lex;

void frl_ddl_lex_init(frl_ddl_lex *lex, const char *text, size_t n);
frl_ddl_token frl_ddl_lex_next(frl_ddl_lex *lex);

/** Case does not matter; keyword in upper case. Only a WORD can be one. */
bool frl_ddl_is_word(const frl_ddl_token *token, const char *keyword);
bool frl_ddl_is_punct(const frl_ddl_token *token, char c);

/** Appends the name that a WORD or QUOTED token stands for. */
FRL_NODISCARD frl_status frl_ddl_name(frl_buf *out, const frl_ddl_token *token);
/** Appends the text that a STRING token stands for, as UTF-8. */
FRL_NODISCARD frl_status frl_ddl_string(frl_buf *out, const frl_ddl_token *token);

#endif /* FRL_ARROW_DDL_LEX_H */
