/*
 * Decodes JSON records from standard input and writes an Arrow IPC stream to standard
 * output, for tests in other languages.
 *
 * usage: tool_json_decode DDL [mode=M] [zone=Z] [corrupt=C] [reason=R] [repeat=N]
 *            [SPARK-OPTION=VALUE]...
 * Input: for each record its length, four bytes, little end first, then its bytes.
 * What happened goes to standard error as one JSON line. With repeat=N the records are
 * decoded N times and the line says how many CPU seconds the last N - 1 took.
 */
#include <ferrule/schema.h>
#include <nanoarrow/nanoarrow.h>
#include <nanoarrow/nanoarrow_ipc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "codec/json.h"

enum { INPUT_MAX_BYTES = INT32_MAX };

typedef struct records {
  frl_buf data;
  frl_buf offsets; /* of int32_t */
  size_t n;
} records;

static void die(const char *what, const frl_error *err) {
  (void)fprintf(stderr, "tool_json_decode: %s: %s\n", what, err ? err->message : "");
  exit(2);
}

static void must(frl_status st, const char *what, const frl_error *err) {
  if (st != FRL_OK) die(what, err);
}

static void add_offset(records *r) {
  const int32_t at = (int32_t)r->data.len;
  must(frl_buf_append(&r->offsets, &at, sizeof at), "input", NULL);
  r->n++;
}

static void read_records(records *r, FILE *in) {
  frl_buf_init(&r->data, NULL, INPUT_MAX_BYTES);
  frl_buf_init(&r->offsets, NULL, INPUT_MAX_BYTES);
  must(frl_buf_reserve(&r->data, 1), "input", NULL);
  add_offset(r);
  uint8_t head[4];
  while (fread(head, 1, sizeof head, in) == sizeof head) {
    const size_t n = (size_t)head[0] | (size_t)head[1] << 8 | (size_t)head[2] << 16 |
                     (size_t)head[3] << 24;
    must(frl_buf_reserve(&r->data, n), "input", NULL);
    if (fread(r->data.data + r->data.len, 1, n, in) != n) die("input ends early", NULL);
    r->data.len += n;
    add_offset(r);
  }
  r->n--;
}

static const char *value_of(const char *argument, const char *name) {
  const size_t n = strlen(name);
  const bool is_it = strncmp(argument, name, n) == 0 && argument[n] == '=';
  return is_it ? argument + n + 1 : NULL;
}

/* Spark's name=true or name=false. */
static bool read_flag(frl_json_options *o, const char *argument) {
  const struct {
    const char *name;
    bool *flag;
    bool inverted;
  } flags[] = {{"allowSingleQuotes", &o->no_single_quotes, true},
      {"allowNonNumericNumbers", &o->no_non_numeric_numbers, true},
      {"allowComments", &o->comments, false},
      {"allowUnquotedFieldNames", &o->unquoted_field_names, false},
      {"allowNumericLeadingZeros", &o->leading_zeros, false},
      {"allowBackslashEscapingAnyCharacter", &o->escape_any_character, false},
      {"allowUnquotedControlChars", &o->unquoted_control_chars, false}};
  for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
    const char *v = value_of(argument, flags[i].name);
    if (!v) continue;
    *flags[i].flag = (strcmp(v, "true") == 0) != flags[i].inverted;
    return true;
  }
  return false;
}

static long read_options(frl_json_options *o, int argc, char **argv) {
  frl_error err;
  long repeat = 1;
  for (int i = 2; i < argc; i++) {
    const char *v;
    if ((v = value_of(argv[i], "mode")) != NULL) {
      must(frl_json_mode_parse(&o->mode, v, &err), "mode", &err);
    } else if ((v = value_of(argv[i], "zone")) != NULL) {
      o->time_zone = v;
    } else if ((v = value_of(argv[i], "dateFormat")) != NULL) {
      o->date_format = v;
    } else if ((v = value_of(argv[i], "timestampFormat")) != NULL) {
      o->timestamp_format = v;
    } else if ((v = value_of(argv[i], "timestampNTZFormat")) != NULL) {
      o->timestamp_ntz_format = v;
    } else if ((v = value_of(argv[i], "corrupt")) != NULL) {
      o->corrupt_column = v;
    } else if ((v = value_of(argv[i], "reason")) != NULL) {
      o->reason_column = v;
    } else if ((v = value_of(argv[i], "repeat")) != NULL) {
      repeat = strtol(v, NULL, 10);
    } else if (!read_flag(o, argv[i])) {
      die("unknown argument", NULL);
    }
  }
  return repeat;
}

/* pyarrow has no year-month intervals: they go out as the int32 they are. */
static void months_as_int32(struct ArrowSchema *schema) {
  if (strcmp(schema->format, "tiM") == 0) {
    if (ArrowSchemaSetFormat(schema, "i") != NANOARROW_OK) die("out of memory", NULL);
  }
  for (int64_t i = 0; i < schema->n_children; i++) months_as_int32(schema->children[i]);
}

static void write_stream(const struct ArrowSchema *decoded, struct ArrowArray *array) {
  struct ArrowSchema schema;
  struct ArrowArrayView view;
  struct ArrowIpcOutputStream out;
  struct ArrowIpcWriter writer;
  struct ArrowError error;
  if (ArrowSchemaDeepCopy(decoded, &schema) != NANOARROW_OK) die("schema", NULL);
  months_as_int32(&schema);
  if (ArrowArrayViewInitFromSchema(&view, &schema, &error) != NANOARROW_OK ||
      ArrowArrayViewSetArray(&view, array, &error) != NANOARROW_OK ||
      ArrowArrayViewValidate(&view, NANOARROW_VALIDATION_LEVEL_FULL, &error) !=
          NANOARROW_OK ||
      ArrowIpcOutputStreamInitFile(&out, stdout, 0) != NANOARROW_OK ||
      ArrowIpcWriterInit(&writer, &out) != NANOARROW_OK ||
      ArrowIpcWriterWriteSchema(&writer, &schema, &error) != NANOARROW_OK ||
      ArrowIpcWriterWriteArrayView(&writer, &view, &error) != NANOARROW_OK ||
      ArrowIpcWriterWriteArrayView(&writer, NULL, &error) != NANOARROW_OK) {
    (void)fprintf(stderr, "tool_json_decode: %s\n", error.message);
    exit(2);
  }
  ArrowIpcWriterReset(&writer);
  ArrowArrayViewReset(&view);
  ArrowSchemaRelease(&schema);
  array->release(array);
}

static void print_text(const char *text) {
  (void)fputc('"', stderr);
  for (; *text; text++) {
    if (*text == '"' || *text == '\\') (void)fputc('\\', stderr);
    (void)fputc(*text, stderr);
  }
  (void)fputc('"', stderr);
}

static void print_result(const frl_json_result *r, double cpu_s) {
  (void)fprintf(stderr, "{\"rows\":%zu,\"bad\":%zu,\"dropped\":%zu,\"empty\":%zu",
      r->rows_out, r->bad_rows, r->dropped_rows, r->empty_rows);
  (void)fprintf(stderr, ",\"cpu_s\":%.6f,\"kept\":", cpu_s);
  for (size_t i = 0; r->kept_rows && i < r->rows_out; i++) {
    (void)fprintf(stderr, "%c%d", i ? ',' : '[', (int)r->kept_rows[i]);
  }
  (void)fputs(r->kept_rows ? r->rows_out ? "]" : "[]" : "null", stderr);
  (void)fputs(",\"reasons\":[", stderr);
  for (size_t i = 0; i < r->n_reasons; i++) {
    (void)fprintf(stderr, "%s[%zu,", i ? "," : "", r->reasons[i].row);
    print_text(r->reasons[i].text);
    (void)fputc(']', stderr);
  }
  (void)fputs("]}\n", stderr);
}

static double cpu_seconds(void) {
  struct timespec t;
  (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void decode(frl_json_plan *plan, const records *r, long repeat) {
  frl_error err;
  frl_json_decoder *decoder;
  must(frl_json_decoder_create(&decoder, plan, NULL, NULL, &err), "decoder", &err);
  frl_json_result result;
  struct ArrowArray array = {.release = NULL};
  double start = 0;
  for (long i = 0; i < repeat; i++) {
    if (array.release) array.release(&array);
    if (i == 1) start = cpu_seconds();
    const frl_status st = frl_json_decode(decoder, (const int32_t *)r->offsets.data,
        r->data.data, r->n, &array, &result, &err);
    if (st == FRL_E_MALFORMED) print_result(&result, 0);
    must(st, "decode", &err);
  }
  print_result(&result, repeat > 1 ? cpu_seconds() - start : 0);
  write_stream(frl_json_plan_schema(plan), &array);
  frl_json_decoder_destroy(decoder);
}

int main(int argc, char **argv) {
  if (argc < 2) die("usage: tool_json_decode DDL [NAME=VALUE]...", NULL);
  frl_error err;
  frl_json_options options = {.struct_size = sizeof options};
  const long repeat = read_options(&options, argc, argv);
  struct ArrowSchema schema;
  must(frl_schema_from_ddl(&schema, NULL, argv[1], SIZE_MAX, &err), "schema", &err);
  records input = {.n = 0};
  read_records(&input, stdin);
  frl_json_plan *plan;
  must(frl_json_plan_create(&plan, &schema, &options, NULL, &err), "plan", &err);
  frl_schema_release(&schema);
  decode(plan, &input, repeat);
  frl_json_plan_destroy(plan);
  frl_buf_deinit(&input.data);
  frl_buf_deinit(&input.offsets);
  return EXIT_SUCCESS;
}
