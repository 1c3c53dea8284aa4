#include "arrow/ddl_type.h"

#include <string.h>

#include "base/error.h"

static const struct {
  const char *word;
  frl_spark_kind kind;
} type_words[] = {{"ARRAY", FRL_SPARK_ARRAY}, {"BIGINT", FRL_SPARK_LONG},
    {"BINARY", FRL_SPARK_BINARY}, {"BOOLEAN", FRL_SPARK_BOOLEAN},
    {"BYTE", FRL_SPARK_BYTE}, {"CHAR", FRL_SPARK_CHAR}, {"CHARACTER", FRL_SPARK_CHAR},
    {"DATE", FRL_SPARK_DATE}, {"DEC", FRL_SPARK_DECIMAL},
    {"DECIMAL", FRL_SPARK_DECIMAL}, {"DOUBLE", FRL_SPARK_DOUBLE},
    {"FLOAT", FRL_SPARK_FLOAT}, {"GEOGRAPHY", FRL_SPARK_GEOGRAPHY},
    {"GEOMETRY", FRL_SPARK_GEOMETRY}, {"INT", FRL_SPARK_INT},
    {"INTEGER", FRL_SPARK_INT}, {"INTERVAL", FRL_SPARK_INTERVAL},
    {"LONG", FRL_SPARK_LONG}, {"MAP", FRL_SPARK_MAP}, {"NUMERIC", FRL_SPARK_DECIMAL},
    {"REAL", FRL_SPARK_FLOAT}, {"SHORT", FRL_SPARK_SHORT},
    {"SMALLINT", FRL_SPARK_SHORT}, {"STRING", FRL_SPARK_STRING},
    {"STRUCT", FRL_SPARK_STRUCT}, {"TIME", FRL_SPARK_TIME},
    {"TIMESTAMP", FRL_SPARK_TIMESTAMP}, {"TIMESTAMP_LTZ", FRL_SPARK_TIMESTAMP},
    {"TIMESTAMP_NTZ", FRL_SPARK_TIMESTAMP_NTZ}, {"TINYINT", FRL_SPARK_BYTE},
    {"VARCHAR", FRL_SPARK_VARCHAR}, {"VARIANT", FRL_SPARK_VARIANT},
    {"VOID", FRL_SPARK_VOID}};

static const char *const field_words[] = {
    "YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND"};

const char *frl_interval_field_name(frl_interval_field field) {
  return field_words[field];
}

void frl_ddl_advance(frl_ddl_reader *r) { r->now = frl_ddl_lex_next(&r->lex); }

void frl_ddl_reader_init(frl_ddl_reader *r, const char *text, size_t n) {
  *r = (frl_ddl_reader){0};
  frl_ddl_lex_init(&r->lex, text, n);
  frl_ddl_advance(r);
}

bool frl_ddl_take_word(frl_ddl_reader *r, const char *keyword) {
  if (!frl_ddl_is_word(&r->now, keyword)) return false;
  frl_ddl_advance(r);
  return true;
}

bool frl_ddl_take_punct(frl_ddl_reader *r, char c) {
  if (!frl_ddl_is_punct(&r->now, c)) return false;
  frl_ddl_advance(r);
  return true;
}

frl_status frl_ddl_blame(frl_ddl_reader *r, const char *fault) {
  r->blamed = r->now;
  r->fault = r->now.kind == FRL_DDL_BROKEN ? r->now.fault : fault;
  return FRL_E_MALFORMED;
}

static frl_status expect_punct(frl_ddl_reader *r, char c, const char *fault) {
  return frl_ddl_take_punct(r, c) ? FRL_OK : frl_ddl_blame(r, fault);
}

/** A whole number of at most max. */
static frl_status number(
    frl_ddl_reader *r, int32_t min, int32_t max, const char *fault, int32_t *out) {
  if (r->now.kind != FRL_DDL_NUMBER) return frl_ddl_blame(r, fault);
  int64_t value = 0;
  for (size_t i = 0; i < r->now.len && value <= max; i++) {
    value = value * 10 + (r->now.start[i] - '0');
  }
  if (value < min || value > max) return frl_ddl_blame(r, fault);
  *out = (int32_t)value;
  frl_ddl_advance(r);
  return FRL_OK;
}

static frl_status decimal(frl_ddl_reader *r, frl_spark_type *type) {
  type->a = 10;
  if (!frl_ddl_take_punct(r, '(')) return FRL_OK;
  FRL_TRY(number(
      r, 1, FRL_DECIMAL_MAX_PRECISION, "expected a precision from 1 to 38", &type->a));
  if (frl_ddl_take_punct(r, ',')) {
    FRL_TRY(
        number(r, 0, type->a, "expected a scale from 0 to the precision", &type->b));
  }
  return expect_punct(r, ')', "expected ) after DECIMAL(");
}

static frl_status text_length(frl_ddl_reader *r, frl_spark_type *type) {
  FRL_TRY(expect_punct(r, '(', "expected a length in parentheses"));
  FRL_TRY(number(r, 0, INT32_MAX, "expected a length", &type->a));
  return expect_punct(r, ')', "expected ) after the length");
}

/** Spark knows the two families of names below in upper case. */
static void set_collation(frl_spark_type *type, const char *name) {
  size_t n = strlen(name);
  for (size_t i = 0; i <= n; i++) type->collation[i] = name[i];
  char upper[FRL_COLLATION_MAX_BYTES + 1];
  for (size_t i = 0; i <= n; i++) {
    const char c = name[i];
    upper[i] = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
  }
  const bool known =
      strncmp(upper, "UTF8_", 5) == 0 || strncmp(upper, "UNICODE", 7) == 0;
  if (known) memcpy(type->collation, upper, n + 1);
  if (strcmp(upper, "UTF8_BINARY") == 0) type->collation[0] = '\0';
}

static bool collation_name(const frl_ddl_token *token, const char **name, size_t *n) {
  const bool quoted = token->kind == FRL_DDL_QUOTED;
  if (token->kind != FRL_DDL_WORD && !quoted) return false;
  *name = token->start + (quoted ? 1 : 0);
  *n = token->len - (quoted ? 2 : 0);
  if (*n == 0 || *n > FRL_COLLATION_MAX_BYTES) return false;
  for (size_t i = 0; i < *n; i++) {
    const char c = (*name)[i];
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!letter && !(c >= '0' && c <= '9') && c != '_') return false;
  }
  return true;
}

static frl_status collation(frl_ddl_reader *r, frl_spark_type *type) {
  if (!frl_ddl_take_word(r, "COLLATE")) return FRL_OK;
  const char *name;
  size_t n;
  if (!collation_name(&r->now, &name, &n)) {
    return frl_ddl_blame(r, "expected the name of a collation");
  }
  char text[FRL_COLLATION_MAX_BYTES + 1] = {0};
  memcpy(text, name, n);
  set_collation(type, text);
  frl_ddl_advance(r);
  return FRL_OK;
}

static frl_status without_time_zone(frl_ddl_reader *r, bool *out) {
  *out = frl_ddl_take_word(r, "WITHOUT");
  if (!*out) return FRL_OK;
  if (!frl_ddl_take_word(r, "TIME") || !frl_ddl_take_word(r, "ZONE")) {
    return frl_ddl_blame(r, "expected WITHOUT TIME ZONE");
  }
  return FRL_OK;
}

static frl_status time_of_day(frl_ddl_reader *r, frl_spark_type *type) {
  bool zoneless;
  type->a = FRL_TIME_DEFAULT_PRECISION;
  if (frl_ddl_take_punct(r, '(')) {
    FRL_TRY(number(
        r, 0, FRL_TIME_MAX_PRECISION, "expected a precision from 0 to 9", &type->a));
    FRL_TRY(expect_punct(r, ')', "expected ) after TIME("));
  }
  return without_time_zone(r, &zoneless);
}

static frl_status timestamp(frl_ddl_reader *r, frl_spark_type *type, bool plain) {
  bool zoneless = false;
  if (plain) FRL_TRY(without_time_zone(r, &zoneless));
  if (zoneless) type->kind = FRL_SPARK_TIMESTAMP_NTZ;
  return FRL_OK;
}

static bool take_field(frl_ddl_reader *r, int32_t *out) {
  for (int32_t i = 0; i <= FRL_INTERVAL_SECOND; i++) {
    if (frl_ddl_take_word(r, field_words[i])) {
      *out = i;
      return true;
    }
  }
  return false;
}

static frl_status interval(frl_ddl_reader *r, frl_spark_type *type) {
  if (!take_field(r, &type->a)) return FRL_OK;
  type->b = type->a;
  const bool months = type->a <= FRL_INTERVAL_MONTH;
  type->kind = months ? FRL_SPARK_INTERVAL_YEAR_MONTH : FRL_SPARK_INTERVAL_DAY_TIME;
  if (!frl_ddl_take_word(r, "TO")) return FRL_OK;
  const frl_ddl_reader before = *r;
  if (take_field(r, &type->b) && type->b > type->a &&
      months == (type->b <= FRL_INTERVAL_MONTH)) {
    return FRL_OK;
  }
  *r = before;
  return frl_ddl_blame(r, months ? "expected YEAR TO MONTH"
                                 : "expected a field smaller than the first, such as "
                                   "DAY TO SECOND");
}

static frl_status reference_system(frl_ddl_reader *r, frl_spark_type *type) {
  FRL_TRY(expect_punct(r, '(', "expected an SRID or ANY in parentheses"));
  if (frl_ddl_take_word(r, "ANY")) {
    type->a = FRL_SRID_ANY;
  } else {
    FRL_TRY(number(r, 0, INT32_MAX, "expected an SRID or ANY", &type->a));
  }
  return expect_punct(r, ')', "expected ) after the SRID");
}

static frl_status arguments(frl_ddl_reader *r, frl_spark_type *type, bool plain) {
  switch (type->kind) {
    case FRL_SPARK_DECIMAL:
      return decimal(r, type);
    case FRL_SPARK_CHAR:
    case FRL_SPARK_VARCHAR:
      return text_length(r, type);
    case FRL_SPARK_STRING:
      return collation(r, type);
    case FRL_SPARK_TIME:
      return time_of_day(r, type);
    case FRL_SPARK_TIMESTAMP:
      return timestamp(r, type, plain);
    case FRL_SPARK_INTERVAL:
      return interval(r, type);
    case FRL_SPARK_GEOMETRY:
    case FRL_SPARK_GEOGRAPHY:
      return reference_system(r, type);
    default:
      return FRL_OK;
  }
}

frl_status frl_ddl_read_type(frl_ddl_reader *r, frl_spark_type *out) {
  *out = (frl_spark_type){0};
  for (size_t i = 0; i < sizeof type_words / sizeof *type_words; i++) {
    if (!frl_ddl_is_word(&r->now, type_words[i].word)) continue;
    const bool plain = frl_ddl_is_word(&r->now, "TIMESTAMP");
    out->kind = type_words[i].kind;
    frl_ddl_advance(r);
    return arguments(r, out, plain);
  }
  return frl_ddl_blame(r, "expected a type");
}

frl_status frl_spark_type_parse(frl_spark_type *out, const char *text, size_t n) {
  frl_ddl_reader r;
  frl_ddl_reader_init(&r, text, n);
  FRL_TRY(frl_ddl_read_type(&r, out));
  const bool has_parts = out->kind >= FRL_SPARK_ARRAY;
  return r.now.kind == FRL_DDL_END && !has_parts ? FRL_OK : FRL_E_MALFORMED;
}
