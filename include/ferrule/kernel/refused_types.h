/**
 * Names that are no types of Spark, or none that it hands to kernels: declaring one is
 * an error that says what to use.
 *
 * Part of <ferrule/kernel.h>; include that.
 */
#ifndef FERRULE_KERNEL_REFUSED_TYPES_H
#define FERRULE_KERNEL_REFUSED_TYPES_H

#include <ferrule/kernel/spark_types.h>

#define FRLK_REFUSE(message) FRLK_ASSERT(sizeof(char) == 0, message);

/* clang-format off */
#define FRLK_S_UINT8 FRLK_REFUSE("Spark has no unsigned integers: use SMALLINT")
#define FRLK_C_UINT8 int32_t
#define FRLK_D_UINT8 FRLK_D_INT
#define FRLK_R_UINT8 frlk_read_i32
#define FRLK_W_UINT8 frlk_write_i32
#define FRLK_S_UINT16 FRLK_REFUSE("Spark has no unsigned integers: use INT")
#define FRLK_C_UINT16 int32_t
#define FRLK_D_UINT16 FRLK_D_INT
#define FRLK_R_UINT16 frlk_read_i32
#define FRLK_W_UINT16 frlk_write_i32
#define FRLK_S_UINT32 FRLK_REFUSE("Spark has no unsigned integers: use BIGINT")
#define FRLK_C_UINT32 int32_t
#define FRLK_D_UINT32 FRLK_D_INT
#define FRLK_R_UINT32 frlk_read_i32
#define FRLK_W_UINT32 frlk_write_i32
#define FRLK_S_UINT64 FRLK_REFUSE("Spark has no unsigned integers: use DECIMAL(20,0)")
#define FRLK_C_UINT64 int32_t
#define FRLK_D_UINT64 FRLK_D_INT
#define FRLK_R_UINT64 frlk_read_i32
#define FRLK_W_UINT64 frlk_write_i32
#define FRLK_S_uint8_t FRLK_REFUSE("Spark has no unsigned integers: use SMALLINT")
#define FRLK_C_uint8_t int32_t
#define FRLK_D_uint8_t FRLK_D_INT
#define FRLK_R_uint8_t frlk_read_i32
#define FRLK_W_uint8_t frlk_write_i32
#define FRLK_S_uint16_t FRLK_REFUSE("Spark has no unsigned integers: use INT")
#define FRLK_C_uint16_t int32_t
#define FRLK_D_uint16_t FRLK_D_INT
#define FRLK_R_uint16_t frlk_read_i32
#define FRLK_W_uint16_t frlk_write_i32
#define FRLK_S_uint32_t FRLK_REFUSE("Spark has no unsigned integers: use BIGINT")
#define FRLK_C_uint32_t int32_t
#define FRLK_D_uint32_t FRLK_D_INT
#define FRLK_R_uint32_t frlk_read_i32
#define FRLK_W_uint32_t frlk_write_i32
#define FRLK_S_uint64_t FRLK_REFUSE("Spark has no unsigned integers: use DECIMAL(20,0)")
#define FRLK_C_uint64_t int32_t
#define FRLK_D_uint64_t FRLK_D_INT
#define FRLK_R_uint64_t frlk_read_i32
#define FRLK_W_uint64_t frlk_write_i32
#define FRLK_S_size_t FRLK_REFUSE("Spark has no unsigned integers: use BIGINT")
#define FRLK_C_size_t int32_t
#define FRLK_D_size_t FRLK_D_INT
#define FRLK_R_size_t frlk_read_i32
#define FRLK_W_size_t frlk_write_i32
#define FRLK_S_int8_t FRLK_REFUSE("no name of a column type: use TINYINT")
#define FRLK_C_int8_t int32_t
#define FRLK_D_int8_t FRLK_D_INT
#define FRLK_R_int8_t frlk_read_i32
#define FRLK_W_int8_t frlk_write_i32
#define FRLK_S_int16_t FRLK_REFUSE("no name of a column type: use SMALLINT")
#define FRLK_C_int16_t int32_t
#define FRLK_D_int16_t FRLK_D_INT
#define FRLK_R_int16_t frlk_read_i32
#define FRLK_W_int16_t frlk_write_i32
#define FRLK_S_int32_t FRLK_REFUSE("no name of a column type: use INT")
#define FRLK_C_int32_t int32_t
#define FRLK_D_int32_t FRLK_D_INT
#define FRLK_R_int32_t frlk_read_i32
#define FRLK_W_int32_t frlk_write_i32
#define FRLK_S_int64_t FRLK_REFUSE("no name of a column type: use BIGINT")
#define FRLK_C_int64_t int32_t
#define FRLK_D_int64_t FRLK_D_INT
#define FRLK_R_int64_t frlk_read_i32
#define FRLK_W_int64_t frlk_write_i32
#define FRLK_S_int FRLK_REFUSE("no name of a column type: use INT")
#define FRLK_C_int int32_t
#define FRLK_D_int FRLK_D_INT
#define FRLK_R_int frlk_read_i32
#define FRLK_W_int frlk_write_i32
#define FRLK_S_long FRLK_REFUSE("no name of a column type: use BIGINT")
#define FRLK_C_long int32_t
#define FRLK_D_long FRLK_D_INT
#define FRLK_R_long frlk_read_i32
#define FRLK_W_long frlk_write_i32
#define FRLK_S_float FRLK_REFUSE("no name of a column type: use FLOAT")
#define FRLK_C_float int32_t
#define FRLK_D_float FRLK_D_INT
#define FRLK_R_float frlk_read_i32
#define FRLK_W_float frlk_write_i32
#define FRLK_S_double FRLK_REFUSE("no name of a column type: use DOUBLE")
#define FRLK_C_double int32_t
#define FRLK_D_double FRLK_D_INT
#define FRLK_R_double frlk_read_i32
#define FRLK_W_double frlk_write_i32
#define FRLK_S_char FRLK_REFUSE("no name of a column type: use STRING")
#define FRLK_C_char int32_t
#define FRLK_D_char FRLK_D_INT
#define FRLK_R_char frlk_read_i32
#define FRLK_W_char frlk_write_i32
#define FRLK_S_INT8 FRLK_REFUSE("no name of a column type: use TINYINT")
#define FRLK_C_INT8 int32_t
#define FRLK_D_INT8 FRLK_D_INT
#define FRLK_R_INT8 frlk_read_i32
#define FRLK_W_INT8 frlk_write_i32
#define FRLK_S_INT16 FRLK_REFUSE("no name of a column type: use SMALLINT")
#define FRLK_C_INT16 int32_t
#define FRLK_D_INT16 FRLK_D_INT
#define FRLK_R_INT16 frlk_read_i32
#define FRLK_W_INT16 frlk_write_i32
#define FRLK_S_INT32 FRLK_REFUSE("no name of a column type: use INT")
#define FRLK_C_INT32 int32_t
#define FRLK_D_INT32 FRLK_D_INT
#define FRLK_R_INT32 frlk_read_i32
#define FRLK_W_INT32 frlk_write_i32
#define FRLK_S_INT64 FRLK_REFUSE("no name of a column type: use BIGINT")
#define FRLK_C_INT64 int32_t
#define FRLK_D_INT64 FRLK_D_INT
#define FRLK_R_INT64 frlk_read_i32
#define FRLK_W_INT64 frlk_write_i32
#define FRLK_S_BYTE FRLK_REFUSE("no name of a column type: use TINYINT")
#define FRLK_C_BYTE int32_t
#define FRLK_D_BYTE FRLK_D_INT
#define FRLK_R_BYTE frlk_read_i32
#define FRLK_W_BYTE frlk_write_i32
#define FRLK_S_SHORT FRLK_REFUSE("no name of a column type: use SMALLINT")
#define FRLK_C_SHORT int32_t
#define FRLK_D_SHORT FRLK_D_INT
#define FRLK_R_SHORT frlk_read_i32
#define FRLK_W_SHORT frlk_write_i32
#define FRLK_S_INTEGER FRLK_REFUSE("no name of a column type: use INT")
#define FRLK_C_INTEGER int32_t
#define FRLK_D_INTEGER FRLK_D_INT
#define FRLK_R_INTEGER frlk_read_i32
#define FRLK_W_INTEGER frlk_write_i32
#define FRLK_S_LONG FRLK_REFUSE("no name of a column type: use BIGINT")
#define FRLK_C_LONG int32_t
#define FRLK_D_LONG FRLK_D_INT
#define FRLK_R_LONG frlk_read_i32
#define FRLK_W_LONG frlk_write_i32
#define FRLK_S_REAL FRLK_REFUSE("no name of a column type: use FLOAT")
#define FRLK_C_REAL int32_t
#define FRLK_D_REAL FRLK_D_INT
#define FRLK_R_REAL frlk_read_i32
#define FRLK_W_REAL frlk_write_i32
#define FRLK_S_bool FRLK_REFUSE("no name of a column type: use BOOLEAN")
#define FRLK_C_bool int32_t
#define FRLK_D_bool FRLK_D_INT
#define FRLK_R_bool frlk_read_i32
#define FRLK_W_bool frlk_write_i32
#define FRLK_S__Bool FRLK_REFUSE("no name of a column type: use BOOLEAN")
#define FRLK_C__Bool int32_t
#define FRLK_D__Bool FRLK_D_INT
#define FRLK_R__Bool frlk_read_i32
#define FRLK_W__Bool frlk_write_i32
#define FRLK_S_BOOL FRLK_REFUSE("no name of a column type: use BOOLEAN")
#define FRLK_C_BOOL int32_t
#define FRLK_D_BOOL FRLK_D_INT
#define FRLK_R_BOOL frlk_read_i32
#define FRLK_W_BOOL frlk_write_i32
#define FRLK_S_UTF8 FRLK_REFUSE("no name of a column type: use STRING")
#define FRLK_C_UTF8 int32_t
#define FRLK_D_UTF8 FRLK_D_INT
#define FRLK_R_UTF8 frlk_read_i32
#define FRLK_W_UTF8 frlk_write_i32
#define FRLK_S_HALF_FLOAT FRLK_REFUSE("Spark has no half floats: use FLOAT")
#define FRLK_C_HALF_FLOAT int32_t
#define FRLK_D_HALF_FLOAT FRLK_D_INT
#define FRLK_R_HALF_FLOAT frlk_read_i32
#define FRLK_W_HALF_FLOAT frlk_write_i32
#define FRLK_S_FLOAT16 FRLK_REFUSE("Spark has no half floats: use FLOAT")
#define FRLK_C_FLOAT16 int32_t
#define FRLK_D_FLOAT16 FRLK_D_INT
#define FRLK_R_FLOAT16 frlk_read_i32
#define FRLK_W_FLOAT16 frlk_write_i32
#define FRLK_S_LARGE_STRING FRLK_REFUSE("Spark hands out strings of 32-bit offsets: use STRING")
#define FRLK_C_LARGE_STRING int32_t
#define FRLK_D_LARGE_STRING FRLK_D_INT
#define FRLK_R_LARGE_STRING frlk_read_i32
#define FRLK_W_LARGE_STRING frlk_write_i32
#define FRLK_S_LARGE_BINARY FRLK_REFUSE("Spark hands out binaries of 32-bit offsets: use BINARY")
#define FRLK_C_LARGE_BINARY int32_t
#define FRLK_D_LARGE_BINARY FRLK_D_INT
#define FRLK_R_LARGE_BINARY frlk_read_i32
#define FRLK_W_LARGE_BINARY frlk_write_i32
#define FRLK_S_STRING_VIEW FRLK_REFUSE("Spark hands out strings of 32-bit offsets: use STRING")
#define FRLK_C_STRING_VIEW int32_t
#define FRLK_D_STRING_VIEW FRLK_D_INT
#define FRLK_R_STRING_VIEW frlk_read_i32
#define FRLK_W_STRING_VIEW frlk_write_i32
#define FRLK_S_BINARY_VIEW FRLK_REFUSE("Spark hands out binaries of 32-bit offsets: use BINARY")
#define FRLK_C_BINARY_VIEW int32_t
#define FRLK_D_BINARY_VIEW FRLK_D_INT
#define FRLK_R_BINARY_VIEW frlk_read_i32
#define FRLK_W_BINARY_VIEW frlk_write_i32
#define FRLK_S_FIXED_SIZE_BINARY(n) FRLK_REFUSE("Spark has no fixed-size binaries: use BINARY")
#define FRLK_C_FIXED_SIZE_BINARY(n) int32_t
#define FRLK_D_FIXED_SIZE_BINARY(n) FRLK_D_INT
#define FRLK_R_FIXED_SIZE_BINARY(n) frlk_read_i32
#define FRLK_W_FIXED_SIZE_BINARY(n) frlk_write_i32
#define FRLK_S_DECIMAL256(p, s) FRLK_REFUSE("Spark: decimals have at most 38 digits: use DECIMAL(p,s)")
#define FRLK_C_DECIMAL256(p, s) int32_t
#define FRLK_D_DECIMAL256(p, s) FRLK_D_INT
#define FRLK_R_DECIMAL256(p, s) frlk_read_i32
#define FRLK_W_DECIMAL256(p, s) frlk_write_i32
#define FRLK_S_CHAR(n) FRLK_REFUSE("CHAR(n) has no Arrow form in Spark: use STRING")
#define FRLK_C_CHAR(n) int32_t
#define FRLK_D_CHAR(n) FRLK_D_INT
#define FRLK_R_CHAR(n) frlk_read_i32
#define FRLK_W_CHAR(n) frlk_write_i32
#define FRLK_S_VARCHAR(n) FRLK_REFUSE("VARCHAR(n) has no Arrow form in Spark: use STRING")
#define FRLK_C_VARCHAR(n) int32_t
#define FRLK_D_VARCHAR(n) FRLK_D_INT
#define FRLK_R_VARCHAR(n) frlk_read_i32
#define FRLK_W_VARCHAR(n) frlk_write_i32
#define FRLK_S_YEAR_MONTH_INTERVAL FRLK_REFUSE("year-month intervals have no Arrow form in mapInArrow: use INT months")
#define FRLK_C_YEAR_MONTH_INTERVAL int32_t
#define FRLK_D_YEAR_MONTH_INTERVAL FRLK_D_INT
#define FRLK_R_YEAR_MONTH_INTERVAL frlk_read_i32
#define FRLK_W_YEAR_MONTH_INTERVAL frlk_write_i32
#define FRLK_S_CALENDAR_INTERVAL FRLK_REFUSE("INTERVAL has no Arrow form in mapInArrow: use DAY_TIME_INTERVAL")
#define FRLK_C_CALENDAR_INTERVAL int32_t
#define FRLK_D_CALENDAR_INTERVAL FRLK_D_INT
#define FRLK_R_CALENDAR_INTERVAL frlk_read_i32
#define FRLK_W_CALENDAR_INTERVAL frlk_write_i32
#define FRLK_S_DATE64 FRLK_REFUSE("Spark: dates are days: use DATE")
#define FRLK_C_DATE64 int32_t
#define FRLK_D_DATE64 FRLK_D_INT
#define FRLK_R_DATE64 frlk_read_i32
#define FRLK_W_DATE64 frlk_write_i32
#define FRLK_S_TIMESTAMP_NS FRLK_REFUSE("Spark: timestamps are of microseconds: use TIMESTAMP")
#define FRLK_C_TIMESTAMP_NS int32_t
#define FRLK_D_TIMESTAMP_NS FRLK_D_INT
#define FRLK_R_TIMESTAMP_NS frlk_read_i32
#define FRLK_W_TIMESTAMP_NS frlk_write_i32
#define FRLK_S_TIMESTAMP_MS FRLK_REFUSE("Spark: timestamps are of microseconds: use TIMESTAMP")
#define FRLK_C_TIMESTAMP_MS int32_t
#define FRLK_D_TIMESTAMP_MS FRLK_D_INT
#define FRLK_R_TIMESTAMP_MS frlk_read_i32
#define FRLK_W_TIMESTAMP_MS frlk_write_i32
#define FRLK_S_VOID FRLK_REFUSE("a column of nothing but nulls has no C value: use any nullable type")
#define FRLK_C_VOID int32_t
#define FRLK_D_VOID FRLK_D_INT
#define FRLK_R_VOID frlk_read_i32
#define FRLK_W_VOID frlk_write_i32
#define FRLK_S_UNION(name) FRLK_REFUSE("Spark has no unions: use VARIANT or a STRUCT")
#define FRLK_C_UNION(name) int32_t
#define FRLK_D_UNION(name) FRLK_D_INT
#define FRLK_R_UNION(name) frlk_read_i32
#define FRLK_W_UNION(name) frlk_write_i32
#define FRLK_S_DICTIONARY(name) FRLK_REFUSE("Spark takes no dictionaries: use the type of the values")
#define FRLK_C_DICTIONARY(name) int32_t
#define FRLK_D_DICTIONARY(name) FRLK_D_INT
#define FRLK_R_DICTIONARY(name) frlk_read_i32
#define FRLK_W_DICTIONARY(name) frlk_write_i32
/* clang-format on */

#endif /* FERRULE_KERNEL_REFUSED_TYPES_H */
