/** Loading kernel libraries. */
#include <assert.h>
#include <dlfcn.h>
#include <ferrule/kernel_host.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/mem.h"
#include "kernel/kernel.h"
#include "kernel/live.h"

enum { MAX_KERNELS = 10000, MAX_NAME_BYTES = 200 };

struct frl_kernel_lib {
  frl_mem mem;
  const frl_kernel_list *list;
  char *path;
};

static bool name_is_good(const char *name) {
  static const char letters[] =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
  const size_t n = name ? strlen(name) : 0;
  return n > 0 && n <= MAX_NAME_BYTES && strspn(name, letters) == n;
}

static frl_status check_list(
    const frl_kernel_list *list, const char *path, frl_error *err) {
  if (!list) return frl_fail(err, FRL_E_INVALID, "%s: its kernel list is NULL", path);
  if (list->abi_version != FRL_KERNEL_ABI_VERSION) {
    return frl_fail(err, FRL_E_UNSUPPORTED,
        "%s: kernel ABI version %d, this Ferrule knows %d: compile it again with the "
        "headers of this version",
        path, (int)list->abi_version, FRL_KERNEL_ABI_VERSION);
  }
  if (list->n_kernels < 0 || list->n_kernels > MAX_KERNELS ||
      (list->n_kernels > 0 && !list->kernels)) {
    return frl_fail(err, FRL_E_INVALID, "%s: its kernel list is broken", path);
  }
  for (int32_t i = 0; i < list->n_kernels; i++) {
    const frl_kernel_def *def = list->kernels[i];
    if (!def || !name_is_good(def->name)) {
      return frl_fail(err, FRL_E_INVALID,
          "%s: kernel %d has no name, or one with other characters than letters, "
          "digits, '_', '-', '.'",
          path, (int)i);
    }
    for (int32_t k = 0; k < i; k++) {
      if (strcmp(list->kernels[k]->name, def->name) == 0) {
        return frl_fail(
            err, FRL_E_INVALID, "%s: two kernels are called %s", path, def->name);
      }
    }
  }
  return FRL_OK;
}

static frl_status load(const frl_kernel_list **out, const char *path, frl_error *err) {
  if (strchr(path, '/') && access(path, F_OK) != 0) {
    return frl_fail(err, FRL_E_NOT_FOUND, "%s: no such file", path);
  }
  void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (!handle) {
    const char *why = dlerror();
    return frl_fail(
        err, FRL_E_UNSUPPORTED, "cannot load %s: %s", path, why ? why : "unknown");
  }
  /* POSIX: what dlsym gives can stand for a function */
  union {
    void *object;
    frl_kernel_list_fn function;
  } symbol = {.object = dlsym(handle, FRL_KERNEL_LIST_SYMBOL)};
  if (!symbol.object) {
    (void)dlclose(handle);
    return frl_fail(err, FRL_E_UNSUPPORTED,
        "%s: no kernel library, it does not export " FRL_KERNEL_LIST_SYMBOL, path);
  }
  const frl_kernel_list *list = symbol.function();
  const frl_status st = check_list(list, path, err);
  /* RTLD_NODELETE: stays mapped, the count of handles does not matter */
  (void)dlclose(handle);
  if (st == FRL_OK) *out = list;
  return st;
}

frl_status frl_kernel_lib_open(
    frl_kernel_lib **out, const char *path, const frl_mem *mem, frl_error *err) {
  *out = NULL;
  const frl_kernel_list *list = NULL;
  FRL_TRY(load(&list, path, err));
  frl_kernel_lib *lib = frl_calloc(mem, 1, sizeof *lib);
  char *copy = frl_strdup(mem, path);
  if (!lib || !copy) {
    frl_free(mem, lib);
    frl_free(mem, copy);
    return frl_fail(err, FRL_E_NOMEM, "%s: out of memory", path);
  }
  lib->mem = mem ? *mem : frl_mem_default;
  lib->list = list;
  lib->path = copy;
  (void)atomic_fetch_add(&frl__live.libs, 1);
  *out = lib;
  return FRL_OK;
}

void frl_kernel_lib_close(frl_kernel_lib *lib) {
  if (!lib) return;
  const frl_mem mem = lib->mem;
  frl_free(&mem, lib->path);
  frl_free(&mem, lib);
  (void)atomic_fetch_sub(&frl__live.libs, 1);
}

size_t frl_kernel_lib_count(const frl_kernel_lib *lib) {
  return (size_t)lib->list->n_kernels;
}

const char *frl_kernel_lib_name(const frl_kernel_lib *lib, size_t i) {
  return i < frl_kernel_lib_count(lib) ? lib->list->kernels[i]->name : NULL;
}

/** "a, b, c", as far as it fits. */
static void list_names(const frl_kernel_lib *lib, char *text, size_t room) {
  size_t used = 0;
  text[0] = '\0';
  for (size_t i = 0; i < frl_kernel_lib_count(lib); i++) {
    assert(lib->list->kernels[i]); /* seen to when it was opened */
    const char *name = lib->list->kernels[i]->name;
    const size_t n = strlen(name);
    if (used + n + 6 > room) {
      memcpy(text + used, ", ...", 6);
      return;
    }
    if (used) memcpy(text + used, ", ", 2);
    if (used) used += 2;
    memcpy(text + used, name, n + 1);
    used += n;
  }
}

frl_status frl_kernel_find(
    frl_kernel **out, frl_kernel_lib *lib, const char *name, frl_error *err) {
  *out = NULL;
  const frl_kernel_def *found = NULL;
  const size_t count = frl_kernel_lib_count(lib);
  if (!name && count == 1) found = lib->list->kernels[0];
  for (size_t i = 0; name && i < count; i++) {
    if (strcmp(lib->list->kernels[i]->name, name) == 0) found = lib->list->kernels[i];
  }
  if (!found) {
    char names[300];
    list_names(lib, names, sizeof names);
    return frl_fail(err, FRL_E_NOT_FOUND, "%s: %s%s; it has: %s", lib->path,
        name ? "there is no kernel " : "say which kernel", name ? name : "",
        count ? names : "none");
  }
  return frl_kernel_from_def(out, found, &lib->mem, err);
}
