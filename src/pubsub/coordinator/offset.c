/* Offsets as Spark keeps them: {"run":"...","batch":N}. */
#include <inttypes.h>
#include <string.h>
#include <yyjson.h>

#include "base/error.h"
#include "base/mem.h"
#include "pubsub/coordinator/ledger.h"

enum { MAX_OFFSET_BYTES = 4096 };

static bool is_run(const char *text, size_t n) {
  if (n == 0 || n >= FRL_COORD_ID_SIZE) return false;
  return strspn(text, "0123456789abcdef") == n;
}

static frl_status offset_of(frl_offset *out, yyjson_val *root) {
  yyjson_val *run = yyjson_obj_get(root, "run");
  yyjson_val *batch = yyjson_obj_get(root, "batch");
  const char *text = yyjson_get_str(run);
  const size_t n = yyjson_get_len(run);
  if (!text || !yyjson_is_uint(batch)) return FRL_E_MALFORMED;
  if (!is_run(text, n)) return FRL_E_MALFORMED;
  *out = (frl_offset){.batch = yyjson_get_uint(batch)};
  memcpy(out->run, text, n);
  return FRL_OK;
}

frl_status frl_offset_parse(frl_offset *out, const char *text, frl_error *err) {
  const size_t n = strlen(text);
  frl_status st = FRL_E_MALFORMED;
  if (n <= MAX_OFFSET_BYTES) {
    yyjson_doc *doc = yyjson_read(text, n, 0);
    st = offset_of(out, yyjson_doc_get_root(doc));
    yyjson_doc_free(doc);
  }
  if (st == FRL_OK) return FRL_OK;
  return frl_fail(err, st,
      "not an offset of this source: %.80s (a checkpoint of another source?)", text);
}

frl_status frl_offset_format(char **out, const frl_offset *offset) {
  frl_buf b;
  frl_buf_init(&b, NULL, MAX_OFFSET_BYTES);
  frl_status st = frl_buf_printf(
      &b, "{\"run\":\"%s\",\"batch\":%" PRIu64 "}", offset->run, offset->batch);
  if (st == FRL_OK) st = frl_buf_append_u8(&b, 0);
  size_t n;
  if (st == FRL_OK) *out = (char *)frl_buf_take(&b, &n);
  frl_buf_deinit(&b);
  return st;
}
