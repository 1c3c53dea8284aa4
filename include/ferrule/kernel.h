/**
 * Kernels in C: one list of fields declares a row type, one macro makes a kernel of it.
 *
 *   #include <ferrule/kernel.h>
 *
 *   #define IN_FIELDS(X) X(STRING, col) X(BIGINT, int_col)
 *   FRL_ROW(in, IN_FIELDS)
 *   #define OUT_FIELDS(X) X(STRING, col, NOT_NULL) X(BIGINT, twice, COMMENT("2n"))
 *   FRL_ROW(out, OUT_FIELDS)
 *
 *   static int twice(const in *row, out *made, frl_kernel_error *error) {
 *     if (row->is_null.col) return frl_kernel_fail(error, -1, "col is null");
 *     made->col = row->col;
 *     made->twice = 2 * row->int_col;
 *     made->is_null.twice = row->is_null.int_col;
 *     return 0;
 *   }
 *   FRL_MAP_KERNEL(doubling, in, out, twice, "Doubles a number.")
 *   FRL_KERNELS(&doubling_kernel)
 *
 *   cc -shared -fPIC -O3 -ffp-contract=off -I... doubling.c -o libdoubling.so
 *
 * Nothing is linked: all of this header is compiled into the library. C11 or C++11.
 * Compile with -ffp-contract=off, or sums of products differ from Spark's.
 *
 * Fields: X(TYPE, member), then in any order NOT_NULL, COMMENT("..."), NAME("...") for
 * a column whose name is no C identifier. TYPE is one of
 *
 *   BOOLEAN        bool               BINARY                 frl_binary
 *   TINYINT        int8_t             DATE                   int32_t, days
 *   SMALLINT       int16_t            TIMESTAMP              int64_t, us UTC
 *   INT            int32_t            TIMESTAMP_NTZ          int64_t, us
 *   BIGINT         int64_t            TIME(p)                int64_t, ns of the day
 *   FLOAT          float              DAY_TIME_INTERVAL      int64_t, us
 *   DOUBLE         double             INTERVAL(DAY, HOUR)... int64_t, us
 *   DECIMAL(p,s)   frl_decimal        VARIANT                frl_variant
 *   STRING         frl_string         GEOMETRY(srid), GEOMETRY_ANY,
 *   STRING_COLLATE(UNICODE_CI)        GEOGRAPHY(srid), GEOGRAPHY_ANY
 *                  frl_string                                frl_geometry
 *
 *   ARRAY(T)  MAP(T)  STRUCT(T)  of a T that was declared before by
 *
 *   FRL_ARRAY(T, TYPE)             T.items, T.is_null, T.n
 *   FRL_ARRAY(T, TYPE, NOT_NULL)   the same, and no item is null
 *   FRL_MAP(T, TYPE, TYPE)         T.keys, T.values, T.is_null, T.n
 *   FRL_MAP(T, TYPE, TYPE, NOT_NULL)   the same, and no value is null
 *   FRL_STRUCT(T, FIELDS)          as FRL_ROW, without schema, reader, writer
 *
 * What Spark does not take does not compile, and the error says what to use.
 *
 * FRL_ROW(T, FIELDS) makes, all of them static:
 *
 *   T                              the struct; T.is_null has a bool for each member
 *   int T_schema(struct ArrowSchema *out)            0 or ENOMEM
 *   size_t T_ddl(char *out, size_t room)             Spark DDL, as snprintf
 *   size_t T_json(char *out, size_t room)            StructType JSON, as snprintf
 *   int T_check(const struct ArrowSchema *, char *why, size_t room)   0 or EINVAL
 *   T_reader: T_reader_init, _bind(r, batch), _get(r, row, &t), _deinit; r.rows
 *   T_writer: T_writer_init, _add(w, &t), _rows, _bytes, _finish(w, &batch), _deinit
 *
 * A reader borrows the batch: strings and binaries point into it, and are valid, as are
 * lists, until the next _bind or _deinit. r.col.member is the column as a frl_column
 * for frl_is_null, frl_get_i64 and the like (<ferrule/kernel/column.h>): loops over
 * columns are faster than rows. In the same way w.col.member takes frl_put_i64 and the
 * like (<ferrule/kernel/builder.h>), and whole runs of values at once
 * (<ferrule/kernel/bulk.h>); every column must have got as many values when _finish is
 * called. A failed _add takes its row back; w.fault names the column.
 *
 * Kernels, each of which defines NAME_kernel for FRL_KERNELS:
 *
 *   FRL_MAP_KERNEL(NAME, IN, OUT, FN, DOC)
 *     int FN(const IN *in, OUT *out, frl_kernel_error *error), a row for a row
 *   FRL_FLAT_MAP_KERNEL(NAME, IN, OUT, FN, DOC)
 *     int FN(const IN *in, OUT_writer *out, frl_kernel_error *error), any number
 *   FRL_KERNEL(NAME, IN, OUT, STATE, FLAGS, OPTIONS, DOC), with STATE a type of yours
 *     int NAME_init(STATE *, const frl_kernel_option *, int64_t n, frl_kernel_error *)
 *     int NAME_batch(STATE *, IN_reader *, OUT_writer *, frl_kernel_error *)
 *     int NAME_finish(STATE *, OUT_writer *, frl_kernel_error *)
 *     void NAME_free(STATE *)
 *     The state is zeroed before init and freed only after an init that gave 0. batch
 *     and finish give 0, or FRL_KERNEL_MORE to be called again after the rows written
 *     so far were handed out. OPTIONS is an array of frl_kernel_option_doc that ends
 *     with {NULL, NULL, NULL}, or frl_no_options.
 *   FRL_COGROUP_KERNEL(NAME, LEFT, RIGHT, OUT, STATE, FLAGS, OPTIONS, DOC)
 *     the same, with NAME_left and NAME_right in place of NAME_batch
 *
 * Each gives 0 or an errno value, which is above 0; frl_kernel_fail(error, row, "...")
 * gives one and fills the error. Over rows the row is filled in.
 *
 * Threads: everything belongs to one thread at a time; there is no shared state.
 */
#ifndef FERRULE_KERNEL_H
#define FERRULE_KERNEL_H

#include <ferrule/kernel/builder.h>
#include <ferrule/kernel/bulk.h>
#include <ferrule/kernel/column.h>
#include <ferrule/kernel/declare.h>
#include <ferrule/kernel/define.h>
#include <ferrule/kernel/types.h>
#include <ferrule/kernel_abi.h>

#endif /* FERRULE_KERNEL_H */
