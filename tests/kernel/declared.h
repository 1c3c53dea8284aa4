/** Row types of every Spark type that kernels can have, declared as a user does. */
#ifndef FRL_TESTS_KERNEL_DECLARED_H
#define FRL_TESTS_KERNEL_DECLARED_H

#include <ferrule/kernel.h>

/** The DDL that is expected of it is `col` STRING, `int_col` BIGINT. */
#define TEST_STRUCT(X) X(STRING, col) X(BIGINT, int_col)
FRL_ROW(test_struct, TEST_STRUCT)

/* clang-format off */
#define PLAIN(X) \
  X(BOOLEAN, flag) \
  X(TINYINT, tiny) \
  X(SMALLINT, small, NOT_NULL) \
  X(INT, whole, COMMENT("it's \"a\" \\ b\n\x01 \xc3\xbc")) \
  X(BIGINT, big) \
  X(FLOAT, single) \
  X(DOUBLE, wide) \
  X(DECIMAL(38, 10), money, NAME("mo`ney"), NOT_NULL, COMMENT("")) \
  X(STRING, text) \
  X(STRING_COLLATE(UNICODE_CI), name) \
  X(BINARY, bytes) \
  X(DATE, day) \
  X(TIMESTAMP, instant) \
  X(TIMESTAMP_NTZ, local, NAME("a b.c")) \
  X(TIME(6), moment) \
  X(TIME(0), second) \
  X(DAY_TIME_INTERVAL, span) \
  X(INTERVAL(HOUR, MINUTE), hours) \
  X(INTERVAL(DAY, DAY), days) \
  X(VARIANT, thing) \
  X(GEOMETRY(4326), place) \
  X(GEOMETRY(3857), tile) \
  X(GEOMETRY_ANY, anything) \
  X(GEOGRAPHY(4326), region) \
  X(GEOGRAPHY_ANY, world)
/* clang-format on */
FRL_ROW(plain, PLAIN)

FRL_ARRAY(numbers, BIGINT)
FRL_ARRAY(words, STRING_COLLATE(UTF8_LCASE), NOT_NULL)
FRL_ARRAY(grid, ARRAY(numbers))
FRL_ARRAY(flags, BOOLEAN)
#define POINT(X) X(DOUBLE, lat, NOT_NULL) X(DOUBLE, lon, COMMENT("east"))
FRL_STRUCT(point, POINT)
FRL_ARRAY(track, STRUCT(point))
FRL_MAP(counts, STRING, BIGINT)
FRL_MAP(tracks, STRUCT(point), ARRAY(track), NOT_NULL)
FRL_MAP(deep, INT, MAP(tracks))
#define INNER(X) X(MAP(counts), seen, NOT_NULL) X(STRUCT(point), at) X(VARIANT, any)
FRL_STRUCT(inner, INNER)
/* clang-format off */
#define NESTED(X) \
  X(ARRAY(numbers), numbers_col) \
  X(ARRAY(words), words_col, NOT_NULL) \
  X(ARRAY(grid), grid_col) \
  X(ARRAY(flags), flags_col) \
  X(STRUCT(point), point_col, NOT_NULL) \
  X(ARRAY(track), track_col) \
  X(MAP(counts), counts_col) \
  X(MAP(deep), deep_col) \
  X(STRUCT(inner), inner_col)
/* clang-format on */
FRL_ROW(nested, NESTED)

#endif /* FRL_TESTS_KERNEL_DECLARED_H */
