/** What the two ways into a batch share: rows (reader.c) and columns (columns.c). */
#ifndef FRL_ROW_READER_H
#define FRL_ROW_READER_H

#include <ferrule/row.h>

#include "arrow/columns.h"
#include "arrow/pool.h"
#include "row/plan.h"
#include "row/value_read.h"

enum { FRL_ROW_BLOCK = 1024 };

struct frl_row_reader {
  frl_mem mem;
  frl_row_node plan;
  frl_pool *pool;
  frl_columns *columns;
  frl_row_region block[FRL_ROW_BLOCK];
};

#endif /* FRL_ROW_READER_H */
