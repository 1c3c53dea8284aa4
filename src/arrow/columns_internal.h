/** What the files columns*.c share. */
#ifndef FRL_ARROW_COLUMNS_INTERNAL_H
#define FRL_ARROW_COLUMNS_INTERNAL_H

#include "arrow/columns.h"

struct frl_columns {
  frl_pool *pool;
  frl_col root; /* STRUCT; its rows are the complete rows */
  size_t max_column_bytes;
  size_t max_rows;
  size_t first_rows;
  size_t first_value_bytes;
};

/** Rows that fit into the column's buffers as they are. */
size_t frl__col_rows_that_fit(const frl_col *c);

#endif /* FRL_ARROW_COLUMNS_INTERNAL_H */
