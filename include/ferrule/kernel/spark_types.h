/**
 * What a declaration makes of each type's name: FRLK_C_ the C type, FRLK_D_ its
 * description, FRLK_S_ a compile-time check, FRLK_R_ and FRLK_W_ its reader and writer.
 *
 * Part of <ferrule/kernel.h>; include that.
 */
#ifndef FERRULE_KERNEL_SPARK_TYPES_H
#define FERRULE_KERNEL_SPARK_TYPES_H

#include <ferrule/kernel/builder.h>
#include <ferrule/kernel/column.h>
#include <ferrule/kernel/types.h>

/* clang-format off */
#define FRLK_C_BOOLEAN bool
#define FRLK_D_BOOLEAN {FRLK_BOOLEAN, 0, 0, NULL, NULL}
#define FRLK_S_BOOLEAN
#define FRLK_R_BOOLEAN frlk_read_bool
#define FRLK_W_BOOLEAN frlk_write_bool

#define FRLK_C_TINYINT int8_t
#define FRLK_D_TINYINT {FRLK_TINYINT, 0, 0, NULL, NULL}
#define FRLK_S_TINYINT
#define FRLK_R_TINYINT frlk_read_i8
#define FRLK_W_TINYINT frlk_write_i8

#define FRLK_C_SMALLINT int16_t
#define FRLK_D_SMALLINT {FRLK_SMALLINT, 0, 0, NULL, NULL}
#define FRLK_S_SMALLINT
#define FRLK_R_SMALLINT frlk_read_i16
#define FRLK_W_SMALLINT frlk_write_i16

#define FRLK_C_INT int32_t
#define FRLK_D_INT {FRLK_INT, 0, 0, NULL, NULL}
#define FRLK_S_INT
#define FRLK_R_INT frlk_read_i32
#define FRLK_W_INT frlk_write_i32

#define FRLK_C_BIGINT int64_t
#define FRLK_D_BIGINT {FRLK_BIGINT, 0, 0, NULL, NULL}
#define FRLK_S_BIGINT
#define FRLK_R_BIGINT frlk_read_i64
#define FRLK_W_BIGINT frlk_write_i64

#define FRLK_C_FLOAT float
#define FRLK_D_FLOAT {FRLK_FLOAT, 0, 0, NULL, NULL}
#define FRLK_S_FLOAT
#define FRLK_R_FLOAT frlk_read_f32
#define FRLK_W_FLOAT frlk_write_f32

#define FRLK_C_DOUBLE double
#define FRLK_D_DOUBLE {FRLK_DOUBLE, 0, 0, NULL, NULL}
#define FRLK_S_DOUBLE
#define FRLK_R_DOUBLE frlk_read_f64
#define FRLK_W_DOUBLE frlk_write_f64

#define FRLK_C_DECIMAL(p, s) frl_decimal
#define FRLK_D_DECIMAL(p, s) {FRLK_DECIMAL, p, s, NULL, NULL}
#define FRLK_S_DECIMAL(p, s) \
  FRLK_ASSERT((p) >= 1 && (p) <= 38, "Spark: DECIMAL(p,s) has 1 to 38 digits"); \
  FRLK_ASSERT((s) >= 0 && (s) <= (p), "DECIMAL(p,s): Spark needs 0 <= s <= p");
#define FRLK_R_DECIMAL(p, s) frlk_read_decimal
#define FRLK_W_DECIMAL(p, s) frlk_write_decimal

#define FRLK_C_STRING frl_string
#define FRLK_D_STRING {FRLK_STRING, 0, 0, NULL, NULL}
#define FRLK_S_STRING
#define FRLK_R_STRING frlk_read_string
#define FRLK_W_STRING frlk_write_string

/* STRING_COLLATE(UNICODE_CI) */
#define FRLK_C_STRING_COLLATE(collation) frl_string
#define FRLK_D_STRING_COLLATE(collation) {FRLK_STRING, 0, 0, #collation, NULL}
#define FRLK_S_STRING_COLLATE(collation)
#define FRLK_R_STRING_COLLATE(collation) frlk_read_string
#define FRLK_W_STRING_COLLATE(collation) frlk_write_string

#define FRLK_C_BINARY frl_binary
#define FRLK_D_BINARY {FRLK_BINARY, 0, 0, NULL, NULL}
#define FRLK_S_BINARY
#define FRLK_R_BINARY frlk_read_binary
#define FRLK_W_BINARY frlk_write_binary

/* days since 1970-01-01 */
#define FRLK_C_DATE int32_t
#define FRLK_D_DATE {FRLK_DATE, 0, 0, NULL, NULL}
#define FRLK_S_DATE
#define FRLK_R_DATE frlk_read_i32
#define FRLK_W_DATE frlk_write_i32

/* microseconds since 1970-01-01 00:00:00 UTC */
#define FRLK_C_TIMESTAMP int64_t
#define FRLK_D_TIMESTAMP {FRLK_TIMESTAMP, 0, 0, NULL, NULL}
#define FRLK_S_TIMESTAMP
#define FRLK_R_TIMESTAMP frlk_read_i64
#define FRLK_W_TIMESTAMP frlk_write_i64

/* the same of a clock on the wall */
#define FRLK_C_TIMESTAMP_NTZ int64_t
#define FRLK_D_TIMESTAMP_NTZ {FRLK_TIMESTAMP_NTZ, 0, 0, NULL, NULL}
#define FRLK_S_TIMESTAMP_NTZ
#define FRLK_R_TIMESTAMP_NTZ frlk_read_i64
#define FRLK_W_TIMESTAMP_NTZ frlk_write_i64

/* nanoseconds since midnight, whatever the precision p */
#define FRLK_C_TIME(p) int64_t
#define FRLK_D_TIME(p) {FRLK_TIME, p, 0, NULL, NULL}
#define FRLK_S_TIME(p) \
  FRLK_ASSERT((p) >= 0 && (p) <= 6, "Spark: TIME(p) has 0 to 6 digits of seconds");
#define FRLK_R_TIME(p) frlk_read_i64
#define FRLK_W_TIME(p) frlk_write_i64

/* microseconds; INTERVAL(DAY, SECOND) is DAY_TIME_INTERVAL */
#define FRLK_C_INTERVAL(from, to) int64_t
#define FRLK_D_INTERVAL(from, to) \
  {FRLK_INTERVAL, (int32_t)FRLK_IV_##from, (int32_t)FRLK_IV_##to, NULL, NULL}
#define FRLK_S_INTERVAL(from, to) \
  FRLK_ASSERT(FRLK_IV_##from <= FRLK_IV_##to, "INTERVAL(from, to) runs from the larger unit down: DAY, HOUR, MINUTE, SECOND");
#define FRLK_R_INTERVAL(from, to) frlk_read_i64
#define FRLK_W_INTERVAL(from, to) frlk_write_i64

#define FRLK_C_DAY_TIME_INTERVAL int64_t
#define FRLK_D_DAY_TIME_INTERVAL FRLK_D_INTERVAL(DAY, SECOND)
#define FRLK_S_DAY_TIME_INTERVAL
#define FRLK_R_DAY_TIME_INTERVAL frlk_read_i64
#define FRLK_W_DAY_TIME_INTERVAL frlk_write_i64

#define FRLK_C_VARIANT frl_variant
#define FRLK_D_VARIANT {FRLK_VARIANT, 0, 0, NULL, NULL}
#define FRLK_S_VARIANT
#define FRLK_R_VARIANT frlk_read_variant
#define FRLK_W_VARIANT frlk_write_variant

#define FRLK_C_GEOMETRY(srid) frl_geometry
#define FRLK_D_GEOMETRY(srid) {FRLK_GEOMETRY, srid, 0, NULL, NULL}
#define FRLK_S_GEOMETRY(srid) \
  FRLK_ASSERT((srid) >= 0, "GEOMETRY(srid): use GEOMETRY_ANY for any SRID");
#define FRLK_R_GEOMETRY(srid) frlk_read_geometry
#define FRLK_W_GEOMETRY(srid) frlk_write_geometry

#define FRLK_C_GEOMETRY_ANY frl_geometry
#define FRLK_D_GEOMETRY_ANY {FRLK_GEOMETRY, -1, 0, NULL, NULL}
#define FRLK_S_GEOMETRY_ANY
#define FRLK_R_GEOMETRY_ANY frlk_read_geometry
#define FRLK_W_GEOMETRY_ANY frlk_write_geometry

#define FRLK_C_GEOGRAPHY(srid) frl_geometry
#define FRLK_D_GEOGRAPHY(srid) {FRLK_GEOGRAPHY, srid, 0, NULL, NULL}
#define FRLK_S_GEOGRAPHY(srid) \
  FRLK_ASSERT((srid) >= 0, "GEOGRAPHY(srid): use GEOGRAPHY_ANY for any SRID");
#define FRLK_R_GEOGRAPHY(srid) frlk_read_geometry
#define FRLK_W_GEOGRAPHY(srid) frlk_write_geometry

#define FRLK_C_GEOGRAPHY_ANY frl_geometry
#define FRLK_D_GEOGRAPHY_ANY {FRLK_GEOGRAPHY, -1, 0, NULL, NULL}
#define FRLK_S_GEOGRAPHY_ANY
#define FRLK_R_GEOGRAPHY_ANY frlk_read_geometry
#define FRLK_W_GEOGRAPHY_ANY frlk_write_geometry

/* what FRL_ARRAY, FRL_MAP, FRL_STRUCT and FRL_ROW have declared */
#define FRLK_C_ARRAY(name) name
#define FRLK_D_ARRAY(name) {FRLK_ARRAY, 0, 0, NULL, name##_info}
#define FRLK_S_ARRAY(name)
#define FRLK_R_ARRAY(name) name##_frlk_read
#define FRLK_W_ARRAY(name) name##_frlk_write

#define FRLK_C_MAP(name) name
#define FRLK_D_MAP(name) {FRLK_MAP, 0, 0, NULL, name##_info}
#define FRLK_S_MAP(name)
#define FRLK_R_MAP(name) name##_frlk_read
#define FRLK_W_MAP(name) name##_frlk_write

#define FRLK_C_STRUCT(name) name
#define FRLK_D_STRUCT(name) {FRLK_STRUCT, 0, 0, NULL, name##_info}
#define FRLK_S_STRUCT(name)
#define FRLK_R_STRUCT(name) name##_frlk_read
#define FRLK_W_STRUCT(name) name##_frlk_write
/* clang-format on */

#endif /* FERRULE_KERNEL_SPARK_TYPES_H */
