/**
 * What the files of the extension module ferrule._native share.
 *
 * The module sees Ferrule through its public headers and CPython through the limited
 * API of 3.11, so that one build serves every later version. It has no global state
 * but counters; types and exceptions live in the module's state.
 *
 * Functions that return PyObject * or int (0, -1) follow CPython's rule: on failure an
 * exception is set. The GIL is held wherever nothing else is said, and is given up
 * around a kernel's own functions.
 */
#ifndef FRL_PY_NATIVE_H
#define FRL_PY_NATIVE_H

#define PY_SSIZE_T_CLEAN
#ifndef Py_LIMITED_API
#define Py_LIMITED_API 0x030b0000
#endif
#include <Python.h>
#include <ferrule/batch.h>
#include <ferrule/error.h>
#include <ferrule/kernel_host.h>
#include <ferrule/schema.h>

typedef struct frl_py_state {
  PyTypeObject *schema_type;
  PyTypeObject *batch_type;
  PyTypeObject *kernel_type;
  PyTypeObject *run_type;
  PyObject *error;        /* ferrule.Error */
  PyObject *schema_error; /* ferrule.SchemaError */
  PyObject *kernel_error; /* ferrule.KernelError */
} frl_py_state;

/** Of an instance of one of the module's types, none of which can be subclassed. */
static inline frl_py_state *frl_py_state_of(PyObject *self) {
  return PyType_GetModuleState(Py_TYPE(self));
}

/** Raises what a status stands for; returns NULL. */
PyObject *frl_py_raise(frl_py_state *state, frl_status status, const frl_error *err);
/** Raises ferrule.SchemaError with a report, which it frees; returns NULL. */
PyObject *frl_py_raise_report(frl_py_state *state, char *report);
/** Raises ferrule.KernelError where the run has one to tell of, else as frl_py_raise.
 */
PyObject *frl_py_raise_run(frl_py_state *state, frl_status status, const frl_error *err,
    const frl_kernel *kernel, const frl_kernel_run *run);

/* ---- capsules: each takes what it is given, also when it fails ---- */

PyObject *frl_py_schema_capsule(struct ArrowSchema *schema);
PyObject *frl_py_array_capsule(struct ArrowArray *array);
PyObject *frl_py_stream_capsule(struct ArrowArrayStream *stream);

/**
 * From any object with __arrow_c_schema__, or a capsule of it. With a released out on
 * failure.
 */
int frl_py_import_schema(PyObject *object, struct ArrowSchema *out);
/** From __arrow_c_array__, or a tuple of two capsules. */
int frl_py_import_array(
    PyObject *object, struct ArrowSchema *schema, struct ArrowArray *array);
/** From __arrow_c_stream__, or a capsule of it. */
int frl_py_import_stream(PyObject *object, struct ArrowArrayStream *out);

/* ---- types ---- */

/** Each adds its type to the module and to its state. */
int frl_py_add_schema_type(PyObject *module, frl_py_state *state);
int frl_py_add_batch_type(PyObject *module, frl_py_state *state);
int frl_py_add_kernel_type(PyObject *module, frl_py_state *state);
int frl_py_add_run_type(PyObject *module, frl_py_state *state);
/** For the above: spec's type, under name. */
PyTypeObject *frl_py_add_type(PyObject *module, PyType_Spec *spec, const char *name);

/** A Schema of its own copy. */
PyObject *frl_py_schema_new(frl_py_state *state, const struct ArrowSchema *schema);
/** Borrowed from a Schema. */
const struct ArrowSchema *frl_py_schema_get(PyObject *schema);
/** ignore_nullable=, ignore_case=, any_string_offset=, types_only= into *out. */
int frl_py_match_options(PyObject *kwargs, frl_schema_match *out);

/** Takes the reference, also when it fails. */
PyObject *frl_py_batch_new(frl_py_state *state, frl_batch *batch);
/** Borrowed from a Batch. */
frl_batch *frl_py_batch_get(PyObject *batch);
/**
 * All of a batch, with its offset moved into the columns: pyarrow takes no struct that
 * begins elsewhere than at 0 for a batch. Needs no GIL.
 */
frl_status frl_py_batch_share(struct ArrowArray *out, frl_batch *batch, frl_error *err);
/** Imported batches that someone still holds. */
int64_t frl_py_batches_alive(void);

/**
 * Takes the run, also when it fails, and a reference to the kernel. Batches that come
 * of it are said to be of the schema label, which is copied; NULL: the kernel's own.
 */
PyObject *frl_py_run_new(frl_py_state *state, frl_kernel_run *run, frl_kernel *kernel,
    const struct ArrowSchema *label);

/* ---- streams ---- */

/** A stream of the batches; takes no reference but those of its own. */
int frl_py_stream_of_batches(struct ArrowArrayStream *out,
    const struct ArrowSchema *schema, frl_batch *const *batches, size_t n);
/**
 * What a kernel makes of a stream, batch by batch as it is asked for, on the thread
 * that asks and without the GIL. Takes source and run on success.
 */
int frl_py_stream_of_run(struct ArrowArrayStream *out, struct ArrowArrayStream *source,
    frl_kernel *kernel, frl_kernel_run *run);
/** Streams that someone still holds. */
int64_t frl_py_streams_alive(void);

#endif /* FRL_PY_NATIVE_H */
