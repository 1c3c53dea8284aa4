/* ferrule._native.Run: one instance of a kernel, fed and read batch by batch.
 *
 * The GIL is given up inside the kernel, so other threads could come in: a run that is
 * busy refuses them.
 */
#include <stdbool.h>

#include "native.h"

typedef struct run_object {
  PyObject_HEAD frl_kernel_run *run;
  frl_kernel *kernel;
  struct ArrowSchema label;
  bool busy;
} run_object;

PyObject *frl_py_run_new(frl_py_state *state, frl_kernel_run *run, frl_kernel *kernel,
    const struct ArrowSchema *label) {
  const struct ArrowSchema *own = frl_kernel_schema(kernel, FRL_KERNEL_OUTPUT);
  run_object *self = (run_object *)PyType_GenericAlloc(state->run_type, 0);
  if (!self) {
    frl_kernel_run_destroy(run);
    return NULL;
  }
  self->run = run;
  self->kernel = frl_kernel_ref(kernel);
  frl_error err = {0};
  const frl_status st = frl_schema_copy(&self->label, NULL, label ? label : own, &err);
  if (st == FRL_OK) return (PyObject *)self;
  self->label.release = NULL;
  Py_DECREF(self);
  return frl_py_raise(state, st, &err);
}

static int enter(run_object *self) {
  if (self->busy) {
    PyErr_SetString(PyExc_RuntimeError, "the run is in use by another thread");
    return -1;
  }
  if (!self->run) {
    PyErr_SetString(PyExc_ValueError, "the run is closed");
    return -1;
  }
  self->busy = true;
  return 0;
}

/* Raises SchemaError where a batch of this schema cannot be given. */
static int fits(run_object *self, int input, const struct ArrowSchema *schema) {
  frl_py_state *state = frl_py_state_of((PyObject *)self);
  /* Spark's schemas are wider than its data: nulls are looked for, batch by batch */
  const frl_schema_match match = {
      .struct_size = sizeof match, .ignore_nullable = 1, .ignore_case = 1};
  frl_error err = {0};
  const frl_status st =
      frl_kernel_check_input(NULL, self->kernel, input, schema, &match, &err);
  if (st == FRL_OK) return 0;
  char *report = NULL;
  if (st == FRL_E_INVALID &&
      frl_kernel_check_input(&report, self->kernel, input, schema, &match, &err) ==
          FRL_E_INVALID &&
      report) {
    frl_py_raise_report(state, report);
  } else {
    frl_py_raise(state, st, &err);
  }
  return -1;
}

static PyObject *push(PyObject *object, PyObject *args) {
  run_object *self = (run_object *)object;
  int input;
  PyObject *source;
  if (!PyArg_ParseTuple(args, "iO:push", &input, &source)) return NULL;
  struct ArrowSchema schema;
  struct ArrowArray array;
  if (frl_py_import_array(source, &schema, &array) < 0) return NULL;
  const int bad = fits(self, input, &schema) < 0 || enter(self) < 0;
  frl_schema_release(&schema);
  if (bad) {
    frl_array_release(&array);
    return NULL;
  }
  frl_kernel_run *run = self->run;
  frl_error err = {0};
  frl_status st;
  Py_BEGIN_ALLOW_THREADS st = frl_kernel_run_push(run, input, &array, &err);
  Py_END_ALLOW_THREADS self->busy = false;
  if (st == FRL_OK) Py_RETURN_NONE;
  return frl_py_raise_run(frl_py_state_of(object), st, &err, self->kernel, run);
}

static PyObject *finish(PyObject *object, PyObject *ignored) {
  (void)ignored;
  run_object *self = (run_object *)object;
  if (enter(self) < 0) return NULL;
  frl_kernel_run *run = self->run;
  frl_error err = {0};
  frl_status st;
  Py_BEGIN_ALLOW_THREADS st = frl_kernel_run_finish(run, &err);
  Py_END_ALLOW_THREADS self->busy = false;
  if (st == FRL_OK) Py_RETURN_NONE;
  return frl_py_raise_run(frl_py_state_of(object), st, &err, self->kernel, run);
}

static PyObject *wrapped(run_object *self, struct ArrowArray *array) {
  frl_py_state *state = frl_py_state_of((PyObject *)self);
  struct ArrowSchema schema = {.release = NULL};
  frl_batch *batch = NULL;
  frl_error err = {0};
  frl_status st = frl_schema_copy(&schema, NULL, &self->label, &err);
  if (st == FRL_OK) st = frl_batch_take(&batch, NULL, &schema, array, &err);
  if (st == FRL_OK) return frl_py_batch_new(state, batch);
  frl_schema_release(&schema);
  frl_array_release(array);
  return frl_py_raise(state, st, &err);
}

static PyObject *next(PyObject *object, PyObject *ignored) {
  (void)ignored;
  run_object *self = (run_object *)object;
  if (enter(self) < 0) return NULL;
  frl_kernel_run *run = self->run;
  struct ArrowArray array = {.release = NULL};
  frl_error err = {0};
  frl_status st;
  Py_BEGIN_ALLOW_THREADS st = frl_kernel_run_next(run, &array, &err);
  Py_END_ALLOW_THREADS self->busy = false;
  if (st == FRL_NEED_MORE || st == FRL_END) Py_RETURN_NONE;
  if (st == FRL_OK) return wrapped(self, &array);
  return frl_py_raise_run(frl_py_state_of(object), st, &err, self->kernel, run);
}

static PyObject *close_run(PyObject *object, PyObject *ignored) {
  (void)ignored;
  run_object *self = (run_object *)object;
  if (!self->run) Py_RETURN_NONE;
  if (enter(self) < 0) return NULL;
  frl_kernel_run *run = self->run;
  self->run = NULL;
  self->busy = false;
  Py_BEGIN_ALLOW_THREADS frl_kernel_run_destroy(run);
  Py_END_ALLOW_THREADS Py_RETURN_NONE;
}

static PyObject *get_stats(PyObject *object, void *ignored) {
  (void)ignored;
  run_object *self = (run_object *)object;
  if (enter(self) < 0) return NULL;
  frl_kernel_stats s;
  frl_kernel_run_stats(self->run, &s);
  self->busy = false;
  return Py_BuildValue("{s:L,s:L,s:L,s:L,s:L,s:L}", "batches_in",
      (long long)s.batches_in, "rows_in", (long long)s.rows_in, "batches_out",
      (long long)s.batches_out, "rows_out", (long long)s.rows_out, "kernel_ns",
      (long long)s.kernel_ns, "check_ns", (long long)s.check_ns);
}

static void dealloc(PyObject *object) {
  run_object *self = (run_object *)object;
  PyTypeObject *type = Py_TYPE(object);
  frl_kernel_run_destroy(self->run);
  frl_kernel_unref(self->kernel);
  frl_schema_release(&self->label);
  PyObject_Free(object);
  Py_DECREF(type);
}

static PyMethodDef methods[] = {
    {"push", push, METH_VARARGS, PyDoc_STR("push(input, batch): a batch of an input.")},
    {"next", next, METH_NOARGS,
        PyDoc_STR("The next batch of output; None: push or finish comes next.")},
    {"finish", finish, METH_NOARGS, PyDoc_STR("No batch will follow.")},
    {"close", close_run, METH_NOARGS, PyDoc_STR("Gives back what it holds.")},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef attributes[] = {
    {"stats", get_stats, NULL, PyDoc_STR("Batches, rows and nanoseconds so far."),
        NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_dealloc, dealloc},
    {Py_tp_methods, methods},
    {Py_tp_getset, attributes},
    {0, NULL},
};

static PyType_Spec spec = {
    .name = "ferrule._native.Run",
    .basicsize = sizeof(run_object),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE |
             Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = slots,
};

int frl_py_add_run_type(PyObject *module, frl_py_state *state) {
  state->run_type = frl_py_add_type(module, &spec, "Run");
  return state->run_type ? 0 : -1;
}
