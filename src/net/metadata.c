#include <string.h>

#include "base/mem.h"
#include "net/rpc.h"

enum { FIRST_ITEMS = 8 };

frl_status frl_metadata_add(frl_metadata *md, const frl_mem *mem, const char *name,
    const void *value, size_t value_len) {
  if (md->len == md->cap) {
    const size_t cap = md->cap ? md->cap * 2 : FIRST_ITEMS;
    frl_metadata_item *grown = frl_reallocarray(mem, md->items, cap, sizeof *grown);
    if (!grown) return FRL_E_NOMEM;
    md->items = grown;
    md->cap = cap;
  }
  /* one block for both: name, NUL, value, NUL */
  const size_t name_size = strlen(name) + 1;
  size_t size;
  if (frl_add_overflows(value_len, name_size + 1, &size)) return FRL_E_LIMIT;
  char *block = frl_malloc(mem, size);
  if (!block) return FRL_E_NOMEM;
  memcpy(block, name, name_size);
  if (value_len) memcpy(block + name_size, value, value_len);
  block[size - 1] = '\0';
  md->items[md->len++] =
      (frl_metadata_item){block, (uint8_t *)block + name_size, value_len};
  return FRL_OK;
}

const char *frl_metadata_get(const frl_metadata *md, const char *name) {
  for (size_t i = 0; i < md->len; i++) {
    if (strcmp(md->items[i].name, name) == 0) return (const char *)md->items[i].value;
  }
  return NULL;
}

void frl_metadata_deinit(frl_metadata *md, const frl_mem *mem) {
  for (size_t i = 0; i < md->len; i++) frl_free(mem, md->items[i].name);
  frl_free(mem, md->items);
  *md = (frl_metadata){0};
}
