/* Lists, sorted and in pages. A page's token is the last name before it. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "net/rpc.h"
#include "pubsub/emulator/service.h"
#include "wire/writer.h"

enum {
  FIELD_PAGE_SIZE = 2,
  FIELD_PAGE_TOKEN = 3,
  FIELD_NEXT_TOKEN = 2,
  MAX_PAGE = 1000
};

static int by_name(const void *a, const void *b) {
  const frl_map_entry *const *x = a;
  const frl_map_entry *const *y = b;
  return strcmp((*x)->key, (*y)->key);
}

static bool is_under(const char *name, frl_cursor project) {
  const size_t n = frl_cursor_left(&project);
  return n == 0 || (strncmp(name, (const char *)project.pos, n) == 0 && name[n] == '/');
}

static bool is_behind(const char *name, frl_cursor token) {
  const size_t n = frl_cursor_left(&token);
  if (n == 0) return true;
  const int order = strncmp(name, (const char *)token.pos, n);
  return order > 0 || (order == 0 && name[n] != '\0');
}

static size_t collect(
    const frl_em_page *page, frl_cursor token, const frl_map_entry **out) {
  size_t n = 0;
  size_t at = 0;
  const frl_map_entry *e;
  while ((e = frl_map_next(page->map, &at))) {
    if (!is_under(e->key, page->project) || !is_behind(e->key, token)) continue;
    if (page->wanted && !page->wanted(page->ctx, e->value)) continue;
    out[n++] = e;
  }
  qsort(out, n, sizeof(const frl_map_entry *), by_name);
  return n;
}

frl_status frl_em_page_put(const frl_em_page *page, const frl_em_request *request,
    frl_buf *response, frl_error *err) {
  const int32_t asked = (int32_t)request->numbers[FIELD_PAGE_SIZE];
  if (asked < 0) {
    return frl_fail_grpc(err, FRL_GRPC_INVALID_ARGUMENT, "Invalid page_size");
  }
  const size_t max = asked == 0 || asked > MAX_PAGE ? MAX_PAGE : (size_t)asked;
  const frl_map_entry **entries =
      frl_calloc(&response->mem, page->map->len + 1, sizeof(const frl_map_entry *));
  if (!entries) return FRL_E_NOMEM;
  const size_t n = collect(page, request->fields[FIELD_PAGE_TOKEN], entries);
  frl_status st = FRL_OK;
  for (size_t i = 0; i < n && i < max && st == FRL_OK; i++) {
    st = page->put(response, entries[i]->key, entries[i]->value);
  }
  if (st == FRL_OK && n > max) {
    st = frl_wire_text(response, FIELD_NEXT_TOKEN, entries[max - 1]->key);
  }
  frl_free(&response->mem, entries);
  return st;
}
