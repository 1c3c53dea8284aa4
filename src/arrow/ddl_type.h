/**
 * Reading the types that have no parts from DDL tokens.
 */
#ifndef FRL_ARROW_DDL_TYPE_H
#define FRL_ARROW_DDL_TYPE_H

#include <ferrule/error.h>
#include <stdbool.h>
#include <stddef.h>

#include "arrow/ddl_lex.h"
#include "arrow/spark_type.h"

/** Tokens with one of look-ahead, and the first fault. */
typedef struct frl_ddl_reader {
  frl_ddl_lex lex;
  frl_ddl_token now;
  const char *fault;    /* constant text; NULL: none */
  frl_ddl_token blamed; /* the token at fault */
} frl_ddl_reader;

void frl_ddl_reader_init(frl_ddl_reader *r, const char *text, size_t n);
void frl_ddl_advance(frl_ddl_reader *r);
/** Takes the word, or the character, if it is next. */
bool frl_ddl_take_word(frl_ddl_reader *r, const char *keyword);
bool frl_ddl_take_punct(frl_ddl_reader *r, char c);
/** Notes the fault at the current token: FRL_E_MALFORMED. */
frl_status frl_ddl_blame(frl_ddl_reader *r, const char *fault);

/**
 * One type, its arguments included. For ARRAY, MAP and STRUCT only the word is taken.
 * FRL_E_MALFORMED, with the fault noted.
 */
FRL_NODISCARD frl_status frl_ddl_read_type(frl_ddl_reader *r, frl_spark_type *out);

/** The whole text is one type without parts. FRL_E_MALFORMED. */
FRL_NODISCARD frl_status frl_spark_type_parse(
    frl_spark_type *out, const char *text, size_t n);

#endif /* FRL_ARROW_DDL_TYPE_H */
