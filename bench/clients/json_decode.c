/* Decodes a file of JSON lines into declared columns, round after round. */
#include <ferrule/schema.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/json.h"
#include "report.h"

enum { ROWS_PER_BATCH = 16384 };

static const char usage[] = "usage: json_decode LINES.jsonl DDL ROUNDS";

typedef struct lines {
  char *data;
  int32_t *offsets; /* of records, without their newlines counted apart */
  size_t n;
  size_t bytes;
} lines;

static bool read_file(const char *path, lines *l) {
  FILE *in = fopen(path, "rb");
  if (!in || fseek(in, 0, SEEK_END) != 0) return false;
  const long size = ftell(in);
  if (size <= 0 || size > INT32_MAX || fseek(in, 0, SEEK_SET) != 0) return false;
  l->bytes = (size_t)size;
  l->data = malloc(l->bytes);
  const bool ok = l->data && fread(l->data, 1, l->bytes, in) == l->bytes;
  (void)fclose(in);
  return ok;
}

/* A record keeps its newline: white space behind it costs the parser nothing. */
static bool find_lines(lines *l) {
  size_t count = 0;
  for (size_t i = 0; i < l->bytes; i++) count += l->data[i] == '\n';
  l->offsets = calloc(count + 1, sizeof *l->offsets);
  if (!l->offsets) return false;
  for (size_t i = 0; i < l->bytes; i++) {
    if (l->data[i] == '\n') l->offsets[++l->n] = (int32_t)(i + 1);
  }
  return l->n > 0;
}

static frl_status decode_all(
    frl_json_decoder *decoder, const lines *l, uint64_t *bad, frl_error *err) {
  for (size_t at = 0; at < l->n; at += ROWS_PER_BATCH) {
    const size_t left = l->n - at;
    struct ArrowArray out;
    frl_json_result result;
    const frl_status st =
        frl_json_decode(decoder, l->offsets + at, (const uint8_t *)l->data,
            left < ROWS_PER_BATCH ? left : ROWS_PER_BATCH, &out, &result, err);
    if (st != FRL_OK) return st;
    *bad += result.bad_rows;
    frl_array_release(&out);
  }
  return FRL_OK;
}

static frl_status run(
    const lines *l, const char *ddl, uint64_t rounds, frl_error *err) {
  struct ArrowSchema schema = {0};
  frl_json_plan *plan = NULL;
  frl_json_decoder *decoder = NULL;
  uint64_t bad = 0;
  frl_status st = frl_schema_from_ddl(&schema, NULL, ddl, strlen(ddl), err);
  if (st == FRL_OK) st = frl_json_plan_create(&plan, &schema, NULL, NULL, err);
  if (st == FRL_OK) st = frl_json_decoder_create(&decoder, plan, NULL, NULL, err);
  const bench_start start = bench_begin();
  for (uint64_t i = 0; st == FRL_OK && i < rounds; i++) {
    st = decode_all(decoder, l, &bad, err);
  }
  if (st == FRL_OK && bad > 0) {
    (void)snprintf(err->message, sizeof err->message, "%llu records did not fit",
        (unsigned long long)bad);
    st = FRL_E_MALFORMED;
  }
  if (st == FRL_OK) bench_report(&start, l->n * rounds, l->bytes * rounds);
  frl_json_decoder_destroy(decoder);
  frl_json_plan_destroy(plan);
  frl_schema_release(&schema);
  return st;
}

int main(int argc, char **argv) {
  if (argc != 4) {
    (void)fprintf(stderr, "%s\n", usage);
    return 2;
  }
  lines l = {0};
  if (!read_file(argv[1], &l) || !find_lines(&l)) {
    perror(argv[1]);
    return 1;
  }
  frl_error err = {0};
  const frl_status st = run(&l, argv[2], bench_number(argv[3], usage), &err);
  if (st != FRL_OK) (void)fprintf(stderr, "json_decode: %s\n", err.message);
  free(l.offsets);
  free(l.data);
  return st != FRL_OK;
}
