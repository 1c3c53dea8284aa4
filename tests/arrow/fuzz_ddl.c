/**
 * DDL and schema JSON: what is read must be written so that it is read as the same.
 * An input that begins with a brace is JSON, any other DDL.
 */
#include <ferrule/schema.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool held) {
  if (!held) abort();
}

static char *ddl_of(const struct ArrowSchema *schema) {
  char *text = NULL;
  must(frl_schema_to_ddl(&text, NULL, schema, NULL, NULL) == FRL_OK);
  return text;
}

static char *json_of(const struct ArrowSchema *schema) {
  char *text = NULL;
  must(frl_schema_to_json(&text, NULL, schema, NULL) == FRL_OK);
  return text;
}

static void through_ddl(const struct ArrowSchema *schema) {
  struct ArrowSchema again;
  char *first = ddl_of(schema);
  must(frl_schema_from_ddl(&again, NULL, first, SIZE_MAX, NULL) == FRL_OK);
  char *second = ddl_of(&again);
  must(strcmp(first, second) == 0);
  frl_text_free(NULL, first);
  frl_text_free(NULL, second);
  frl_schema_release(&again);
}

static void through_json(const struct ArrowSchema *schema) {
  struct ArrowSchema again;
  char *first = json_of(schema);
  must(frl_schema_from_json(&again, NULL, first, SIZE_MAX, NULL) == FRL_OK);
  char *second = json_of(&again);
  must(strcmp(first, second) == 0);
  frl_text_free(NULL, first);
  frl_text_free(NULL, second);
  frl_schema_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct ArrowSchema schema;
  frl_error err;
  const bool json = size > 0 && (*data == '{' || *data == '"');
  const char *text = size ? (const char *)data : "";
  const frl_status st = json ? frl_schema_from_json(&schema, NULL, text, size, &err)
                             : frl_schema_from_ddl(&schema, NULL, text, size, &err);
  if (st != FRL_OK) {
    must(schema.release == NULL && memchr(err.message, 0, sizeof err.message));
    return 0;
  }
  through_ddl(&schema);
  through_json(&schema);
  frl_schema_release(&schema);
  return 0;
}
