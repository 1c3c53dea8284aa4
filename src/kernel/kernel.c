/** A kernel as its host sees it: the definition and its schemas. */
#include "kernel/kernel.h"

#include <ferrule/schema.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "kernel/live.h"

static frl_status fill_face(frl_kernel_face *face, const frl_kernel *k,
    const struct ArrowSchema *given, const char *what, frl_error *err) {
  frl_status st = frl_kernel_check_forms(given, what, err);
  if (st != FRL_OK) return st;
  st = frl_schema_copy(&face->schema, &k->mem, given, err);
  if (st == FRL_OK) {
    st = frl_schema_to_ddl(&face->ddl, &k->mem, &face->schema, NULL, err);
  }
  if (st == FRL_OK) {
    st = frl_schema_to_json(&face->json, &k->mem, &face->schema, err);
  }
  if (st != FRL_OK) frl_error_prefix(err, "%s: ", what);
  return st;
}

static frl_status read_face(
    frl_kernel_face *face, const frl_kernel *k, int32_t which, frl_error *err) {
  const frl_kernel_def *def = k->def;
  char what[300];
  if (which == FRL_KERNEL_OUTPUT) {
    (void)snprintf(what, sizeof what, "kernel %s, output", def->name);
  } else {
    (void)snprintf(what, sizeof what, "kernel %s, input %d", def->name, (int)which);
  }
  struct ArrowSchema given = {0};
  const int rc = which == FRL_KERNEL_OUTPUT ? def->output_schema(def, &given)
                                            : def->input_schema(def, which, &given);
  if (rc != 0) {
    return frl_fail(
        err, FRL_E_INVALID, "%s: its schema could not be made: %s", what, strerror(rc));
  }
  if (!given.release || !given.format || strcmp(given.format, "+s") != 0) {
    frl_schema_release(&given);
    return frl_fail(err, FRL_E_INVALID, "%s: its schema is not a struct", what);
  }
  const frl_status st = fill_face(face, k, &given, what, err);
  frl_schema_release(&given);
  return st;
}

static frl_status check_def(const frl_kernel_def *def, frl_error *err) {
  if (def->n_inputs < 1 || def->n_inputs > FRL_KERNEL_MAX_INPUTS) {
    return frl_fail(err, FRL_E_INVALID, "kernel %s: %d inputs, 1 or 2 are possible",
        def->name, (int)def->n_inputs);
  }
  if (!def->input_schema || !def->output_schema || !def->create) {
    return frl_fail(err, FRL_E_INVALID, "kernel %s: a function is missing", def->name);
  }
  for (size_t i = 0; i < sizeof def->reserved / sizeof *def->reserved; i++) {
    if (def->reserved[i]) {
      return frl_fail(err, FRL_E_UNSUPPORTED,
          "kernel %s: it was made for a newer Ferrule", def->name);
    }
  }
  if (def->n_options < 0 || (def->n_options > 0 && !def->options)) {
    return frl_fail(err, FRL_E_INVALID, "kernel %s: its options are broken", def->name);
  }
  for (int64_t i = 0; i < def->n_options; i++) {
    if (!def->options[i].key) {
      return frl_fail(
          err, FRL_E_INVALID, "kernel %s: an option has no name", def->name);
    }
  }
  return FRL_OK;
}

frl_status frl_kernel_from_def(
    frl_kernel **out, const frl_kernel_def *def, const frl_mem *mem, frl_error *err) {
  *out = NULL;
  FRL_TRY(check_def(def, err));
  frl_kernel *k = frl_calloc(mem, 1, sizeof *k);
  if (!k) return frl_fail(err, FRL_E_NOMEM, "kernel %s: out of memory", def->name);
  k->mem = mem ? *mem : frl_mem_default;
  k->def = def;
  atomic_init(&k->refs, 1);
  (void)atomic_fetch_add(&frl__live.kernels, 1);
  frl_status st = read_face(&k->output, k, FRL_KERNEL_OUTPUT, err);
  for (int32_t i = 0; st == FRL_OK && i < def->n_inputs; i++) {
    st = read_face(&k->inputs[i], k, i, err);
  }
  if (st != FRL_OK) {
    frl_kernel_unref(k);
    return st;
  }
  *out = k;
  return FRL_OK;
}

frl_kernel *frl_kernel_ref(frl_kernel *kernel) {
  (void)atomic_fetch_add(&kernel->refs, 1);
  return kernel;
}

static void release_face(frl_kernel_face *face, const frl_mem *mem) {
  frl_schema_release(&face->schema);
  frl_text_free(mem, face->ddl);
  frl_text_free(mem, face->json);
}

void frl_kernel_unref(frl_kernel *kernel) {
  if (!kernel || atomic_fetch_sub(&kernel->refs, 1) != 1) return;
  const frl_mem mem = kernel->mem;
  release_face(&kernel->output, &mem);
  for (int i = 0; i < FRL_KERNEL_MAX_INPUTS; i++) {
    release_face(&kernel->inputs[i], &mem);
  }
  frl_free(&mem, kernel);
  (void)atomic_fetch_sub(&frl__live.kernels, 1);
}

const char *frl_kernel_name(const frl_kernel *kernel) { return kernel->def->name; }

const char *frl_kernel_doc(const frl_kernel *kernel) {
  return kernel->def->doc ? kernel->def->doc : "";
}

int32_t frl_kernel_flags(const frl_kernel *kernel) { return kernel->def->flags; }
int32_t frl_kernel_inputs(const frl_kernel *kernel) { return kernel->def->n_inputs; }

size_t frl_kernel_option_count(const frl_kernel *kernel) {
  return (size_t)kernel->def->n_options;
}

const frl_kernel_option_doc *frl_kernel_option_at(const frl_kernel *kernel, size_t i) {
  return i < frl_kernel_option_count(kernel) ? &kernel->def->options[i] : NULL;
}

static const frl_kernel_face *face_of(const frl_kernel *kernel, int32_t which) {
  if (which == FRL_KERNEL_OUTPUT) return &kernel->output;
  return which >= 0 && which < kernel->def->n_inputs ? &kernel->inputs[which] : NULL;
}

const struct ArrowSchema *frl_kernel_schema(const frl_kernel *kernel, int32_t which) {
  const frl_kernel_face *face = face_of(kernel, which);
  return face ? &face->schema : NULL;
}

const char *frl_kernel_ddl(const frl_kernel *kernel, int32_t which) {
  const frl_kernel_face *face = face_of(kernel, which);
  return face ? face->ddl : NULL;
}

const char *frl_kernel_json(const frl_kernel *kernel, int32_t which) {
  const frl_kernel_face *face = face_of(kernel, which);
  return face ? face->json : NULL;
}
