/** A plan and a decoder for tests: DDL and texts in, values out. */
#ifndef FRL_TESTS_CODEC_JSON_RIG_H
#define FRL_TESTS_CODEC_JSON_RIG_H

#include <stdbool.h>

#include "codec/json.h"

typedef struct json_rig {
  frl_json_plan *plan;
  frl_json_decoder *decoder;
  struct ArrowArray rows; /* of the last call that succeeded */
  frl_json_result result;
  frl_error error;
} json_rig;

/** options may be NULL. Fails the test when the plan is refused. */
void json_rig_open(json_rig *rig, const char *ddl, const frl_json_options *options);
void json_rig_close(json_rig *rig);
/** NUL-terminated records. */
frl_status json_rig_decode(json_rig *rig, const char *const *texts, size_t n);
/** One record of n bytes. */
frl_status json_rig_decode_bytes(json_rig *rig, const void *record, size_t n);
/** One record that must be accepted by the call. */
void json_rig_one(json_rig *rig, const char *text);

/** What the plan's creation says; the message is in *err. */
frl_status json_rig_refusal(
    const char *ddl, const frl_json_options *options, frl_error *err);

/** Column i of the last rows; children of a column by ->children. */
const struct ArrowArray *json_col(const json_rig *rig, size_t i);
bool json_null(const struct ArrowArray *col, size_t row);
int64_t json_i64(const struct ArrowArray *col, size_t row);
int32_t json_i32(const struct ArrowArray *col, size_t row);
double json_f64(const struct ArrowArray *col, size_t row);
bool json_bit(const struct ArrowArray *col, size_t row);
int32_t json_offset(const struct ArrowArray *col, size_t row);
/** Fails unless the value is exactly these bytes. */
void json_assert_bytes(
    const struct ArrowArray *col, size_t row, const void *bytes, size_t n);
void json_assert_text(const struct ArrowArray *col, size_t row, const char *text);

#endif /* FRL_TESTS_CODEC_JSON_RIG_H */
