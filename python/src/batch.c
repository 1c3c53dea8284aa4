/* ferrule.Batch: rows as Arrow columns, exported as often as anyone asks. */
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#include "native.h"

static _Atomic int64_t batches_alive;

typedef struct batch_object {
  PyObject_HEAD frl_batch *batch;
} batch_object;

int64_t frl_py_batches_alive(void) { return atomic_load(&batches_alive); }

frl_batch *frl_py_batch_get(PyObject *batch) { return ((batch_object *)batch)->batch; }

PyObject *frl_py_batch_new(frl_py_state *state, frl_batch *batch) {
  batch_object *self = (batch_object *)PyType_GenericAlloc(state->batch_type, 0);
  if (!self) {
    frl_batch_unref(batch);
    return NULL;
  }
  self->batch = batch;
  return (PyObject *)self;
}

/* An array that is counted until it is released. */
static void release_counted(struct ArrowArray *array) {
  struct ArrowArray *inner = array->private_data;
  inner->release(inner);
  free(inner);
  atomic_fetch_sub(&batches_alive, 1);
  array->release = NULL;
}

static int count_array(struct ArrowArray *array) {
  struct ArrowArray *inner = malloc(sizeof *inner);
  if (!inner) {
    PyErr_NoMemory();
    return -1;
  }
  *inner = *array;
  array->private_data = inner;
  array->release = release_counted;
  atomic_fetch_add(&batches_alive, 1);
  return 0;
}

static PyObject *create(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
  static char *names[] = {"source", NULL};
  PyObject *source;
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O:Batch", names, &source)) {
    return NULL;
  }
  frl_py_state *state = PyType_GetModuleState(type);
  struct ArrowSchema schema;
  struct ArrowArray array;
  if (frl_py_import_array(source, &schema, &array) < 0) return NULL;
  frl_batch *batch = NULL;
  frl_error err = {0};
  frl_status st = FRL_E_NOMEM;
  if (count_array(&array) == 0) {
    st = frl_kernel_check(&schema, &array,
        FRL_KERNEL_SKIP_NULLS | FRL_KERNEL_SKIP_UTF8 | FRL_KERNEL_SKIP_VALUES, NULL,
        &err);
    /* what is only handed on may have any form */
    if (st == FRL_E_UNSUPPORTED) st = FRL_OK;
    if (st == FRL_OK) st = frl_batch_take(&batch, NULL, &schema, &array, &err);
  }
  if (st == FRL_OK) return frl_py_batch_new(state, batch);
  frl_schema_release(&schema);
  frl_array_release(&array);
  return PyErr_Occurred() ? NULL : frl_py_raise(state, st, &err);
}

static PyObject *schema_capsule(PyObject *self) {
  struct ArrowSchema schema;
  frl_error err = {0};
  const frl_status st = frl_batch_export_schema(&schema, frl_py_batch_get(self), &err);
  if (st != FRL_OK) return frl_py_raise(frl_py_state_of(self), st, &err);
  return frl_py_schema_capsule(&schema);
}

static PyObject *arrow_c_schema(PyObject *self, PyObject *ignored) {
  (void)ignored;
  return schema_capsule(self);
}

frl_status frl_py_batch_share(
    struct ArrowArray *out, frl_batch *batch, frl_error *err) {
  const frl_status st = frl_batch_export(out, batch, 0, -1, err);
  if (st != FRL_OK) return st;
  /* the columns are structs of our own over shared buffers */
  for (int64_t i = 0; i < out->n_children; i++) {
    struct ArrowArray *column = out->children[i];
    const bool part = out->offset != 0 || column->length != out->length;
    if (part && column->null_count != 0) column->null_count = -1;
    column->offset += out->offset;
    column->length = out->length;
  }
  out->offset = 0;
  return FRL_OK;
}

static PyObject *array_capsule(PyObject *self) {
  struct ArrowArray array;
  frl_error err = {0};
  const frl_status st = frl_py_batch_share(&array, frl_py_batch_get(self), &err);
  if (st != FRL_OK) return frl_py_raise(frl_py_state_of(self), st, &err);
  return frl_py_array_capsule(&array);
}

/* A requested schema is advice: who asks looks at what it got. */
static int take_requested(PyObject *args, PyObject *kwargs) {
  static char *names[] = {"requested_schema", NULL};
  PyObject *requested = NULL;
  return PyArg_ParseTupleAndKeywords(args, kwargs, "|O", names, &requested) ? 0 : -1;
}

static PyObject *arrow_c_array(PyObject *self, PyObject *args, PyObject *kwargs) {
  if (take_requested(args, kwargs) < 0) return NULL;
  PyObject *schema = schema_capsule(self);
  PyObject *array = schema ? array_capsule(self) : NULL;
  PyObject *pair = array ? PyTuple_Pack(2, schema, array) : NULL;
  Py_XDECREF(schema);
  Py_XDECREF(array);
  return pair;
}

static PyObject *arrow_c_stream(PyObject *self, PyObject *args, PyObject *kwargs) {
  if (take_requested(args, kwargs) < 0) return NULL;
  frl_batch *batch = frl_py_batch_get(self);
  struct ArrowArrayStream stream;
  if (frl_py_stream_of_batches(&stream, frl_batch_schema(batch), &batch, 1) < 0) {
    return NULL;
  }
  return frl_py_stream_capsule(&stream);
}

static PyObject *slice(PyObject *self, PyObject *args) {
  long long first, rows = -1;
  if (!PyArg_ParseTuple(args, "L|L:slice", &first, &rows)) return NULL;
  frl_py_state *state = frl_py_state_of(self);
  struct ArrowSchema schema = {.release = NULL};
  struct ArrowArray array = {.release = NULL};
  frl_batch *batch = NULL;
  frl_error err = {0};
  frl_status st = frl_batch_export(&array, frl_py_batch_get(self), first, rows, &err);
  if (st == FRL_OK) st = frl_batch_export_schema(&schema, frl_py_batch_get(self), &err);
  if (st == FRL_OK) st = frl_batch_take(&batch, NULL, &schema, &array, &err);
  if (st == FRL_OK) return frl_py_batch_new(state, batch);
  frl_schema_release(&schema);
  frl_array_release(&array);
  return frl_py_raise(state, st, &err);
}

/* What the schema promises of every value; the shape was checked before. */
static PyObject *validate(PyObject *self, PyObject *ignored) {
  (void)ignored;
  frl_batch *batch = frl_py_batch_get(self);
  frl_error err = {0};
  frl_status st;
  Py_BEGIN_ALLOW_THREADS st =
      frl_kernel_check(frl_batch_schema(batch), frl_batch_array(batch), 0, NULL, &err);
  Py_END_ALLOW_THREADS if (st != FRL_OK) return frl_py_raise(
      frl_py_state_of(self), st, &err);
  Py_RETURN_NONE;
}

static PyObject *get_schema(PyObject *self, void *ignored) {
  (void)ignored;
  return frl_py_schema_new(
      frl_py_state_of(self), frl_batch_schema(frl_py_batch_get(self)));
}

static PyObject *get_rows(PyObject *self, void *ignored) {
  (void)ignored;
  return PyLong_FromLongLong(frl_batch_rows(frl_py_batch_get(self)));
}

static Py_ssize_t length(PyObject *self) {
  return (Py_ssize_t)frl_batch_rows(frl_py_batch_get(self));
}

static PyObject *repr(PyObject *self) {
  frl_batch *batch = frl_py_batch_get(self);
  return PyUnicode_FromFormat("<ferrule.Batch of %lld rows, %lld columns>",
      (long long)frl_batch_rows(batch), (long long)frl_batch_schema(batch)->n_children);
}

static void dealloc(PyObject *self) {
  PyTypeObject *type = Py_TYPE(self);
  frl_batch_unref(frl_py_batch_get(self));
  PyObject_Free(self);
  Py_DECREF(type);
}

static PyMethodDef methods[] = {
    {"slice", slice, METH_VARARGS,
        PyDoc_STR("slice(first, rows=-1): rows of it, sharing the buffers.")},
    {"validate", validate, METH_NOARGS,
        PyDoc_STR("Checks every value: nulls, UTF-8, bounds.")},
    {"__arrow_c_schema__", arrow_c_schema, METH_NOARGS, NULL},
    {"__arrow_c_array__", (PyCFunction)(void (*)(void))arrow_c_array,
        METH_VARARGS | METH_KEYWORDS, NULL},
    {"__arrow_c_stream__", (PyCFunction)(void (*)(void))arrow_c_stream,
        METH_VARARGS | METH_KEYWORDS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef attributes[] = {
    {"schema", get_schema, NULL, PyDoc_STR("Its columns."), NULL},
    {"num_rows", get_rows, NULL, PyDoc_STR("Its number of rows."), NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_doc, PyDoc_STR("Batch(source)\n--\n\nRows as Arrow columns, from any object "
                          "with __arrow_c_array__.")},
    {Py_tp_new, create},
    {Py_tp_dealloc, dealloc},
    {Py_tp_repr, repr},
    {Py_tp_methods, methods},
    {Py_tp_getset, attributes},
    {Py_sq_length, length},
    {0, NULL},
};

static PyType_Spec spec = {
    .name = "ferrule.Batch",
    .basicsize = sizeof(batch_object),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = slots,
};

int frl_py_add_batch_type(PyObject *module, frl_py_state *state) {
  state->batch_type = frl_py_add_type(module, &spec, "Batch");
  return state->batch_type ? 0 : -1;
}
