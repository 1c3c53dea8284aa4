/* ferrule._native.Kernel: a kernel found in a library. */
#include <string.h>

#include "native.h"

typedef struct kernel_object {
  PyObject_HEAD frl_kernel *kernel;
} kernel_object;

static frl_kernel *kernel_get(PyObject *self) {
  return ((kernel_object *)self)->kernel;
}

static frl_status find(
    frl_kernel **out, const char *path, const char *name, frl_error *err) {
  frl_kernel_lib *lib = NULL;
  frl_status st = frl_kernel_lib_open(&lib, path, NULL, err);
  if (st == FRL_OK) st = frl_kernel_find(out, lib, name, err);
  frl_kernel_lib_close(lib);
  return st;
}

static PyObject *create(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
  static char *names[] = {"path", "name", NULL};
  PyObject *path = NULL;
  const char *name = NULL;
  if (!PyArg_ParseTupleAndKeywords(
          args, kwargs, "O&|z:Kernel", names, PyUnicode_FSConverter, &path, &name)) {
    return NULL;
  }
  frl_py_state *state = PyType_GetModuleState(type);
  frl_kernel *kernel = NULL;
  frl_error err = {0};
  const frl_status st = find(&kernel, PyBytes_AsString(path), name, &err);
  Py_DECREF(path);
  if (st != FRL_OK) return frl_py_raise(state, st, &err);
  kernel_object *self = (kernel_object *)PyType_GenericAlloc(type, 0);
  if (!self) {
    frl_kernel_unref(kernel);
    return NULL;
  }
  self->kernel = kernel;
  return (PyObject *)self;
}

static PyObject *schema(PyObject *self, PyObject *args) {
  int which;
  if (!PyArg_ParseTuple(args, "i:schema", &which)) return NULL;
  const struct ArrowSchema *found = frl_kernel_schema(kernel_get(self), which);
  if (!found) {
    PyErr_Format(PyExc_IndexError, "kernel %s has no input %d",
        frl_kernel_name(kernel_get(self)), which);
    return NULL;
  }
  return frl_py_schema_new(frl_py_state_of(self), found);
}

static PyObject *check_input(PyObject *self, PyObject *args, PyObject *kwargs) {
  frl_py_state *state = frl_py_state_of(self);
  int input;
  PyObject *given;
  frl_schema_match match;
  if (!PyArg_ParseTuple(args, "iO!:check_input", &input, state->schema_type, &given) ||
      frl_py_match_options(kwargs, &match) < 0) {
    return NULL;
  }
  char *report = NULL;
  frl_error err = {0};
  const frl_status st = frl_kernel_check_input(
      &report, kernel_get(self), input, frl_py_schema_get(given), &match, &err);
  if (st == FRL_OK) Py_RETURN_NONE;
  if (st != FRL_E_INVALID || !report) return frl_py_raise(state, st, &err);
  return frl_py_raise_report(state, report);
}

/* Borrowed texts of a dict of str to str; NULL with an exception. */
static frl_kernel_option *options_of(PyObject *dict, Py_ssize_t *n) {
  *n = PyDict_Size(dict);
  if (*n < 0) return NULL;
  frl_kernel_option *options = PyMem_Calloc((size_t)*n + 1, sizeof *options);
  if (!options) {
    PyErr_NoMemory();
    return NULL;
  }
  PyObject *key, *value;
  Py_ssize_t at = 0, i = 0;
  while (PyDict_Next(dict, &at, &key, &value)) {
    options[i].key = PyUnicode_AsUTF8AndSize(key, NULL);
    options[i].value = options[i].key ? PyUnicode_AsUTF8AndSize(value, NULL) : NULL;
    if (!options[i].value) {
      PyMem_Free(options);
      return NULL;
    }
    i++;
  }
  return options;
}

static frl_kernel_run *begin(PyObject *self, PyObject *dict, int skip) {
  Py_ssize_t n;
  frl_kernel_option *options = options_of(dict, &n);
  if (!options) return NULL;
  const frl_kernel_run_options how = {.struct_size = sizeof how, .skip = skip};
  frl_kernel *kernel = kernel_get(self);
  frl_kernel_run *run = NULL;
  frl_error err = {0};
  frl_status st;
  /* dict is the caller's own: nobody changes it meanwhile */
  Py_BEGIN_ALLOW_THREADS st =
      frl_kernel_run_create(&run, kernel, options, (size_t)n, &how, &err);
  Py_END_ALLOW_THREADS PyMem_Free(options);
  if (st != FRL_OK) frl_py_raise(frl_py_state_of(self), st, &err);
  return run;
}

/* Batches may be said to be of another schema only if its types are the same. */
static const struct ArrowSchema *label_of(PyObject *self, PyObject *label) {
  frl_py_state *state = frl_py_state_of(self);
  const struct ArrowSchema *wanted = frl_py_schema_get(label);
  const struct ArrowSchema *own =
      frl_kernel_schema(kernel_get(self), FRL_KERNEL_OUTPUT);
  const frl_schema_match match = {.struct_size = sizeof match};
  char *report = NULL;
  frl_error err = {0};
  const frl_status st =
      frl_schema_match_check(&report, NULL, wanted, own, &match, &err);
  if (st == FRL_OK) return wanted;
  if (st == FRL_E_INVALID && report) {
    frl_py_raise_report(state, report);
  } else {
    frl_py_raise(state, st, &err);
  }
  return NULL;
}

static PyObject *run(PyObject *self, PyObject *args) {
  frl_py_state *state = frl_py_state_of(self);
  PyObject *options, *named = NULL;
  int skip;
  if (!PyArg_ParseTuple(args, "O!i|O!:run", &PyDict_Type, &options, &skip,
          state->schema_type, &named)) {
    return NULL;
  }
  const struct ArrowSchema *label = named ? label_of(self, named) : NULL;
  if (named && !label) return NULL;
  frl_kernel_run *made = begin(self, options, skip);
  return made ? frl_py_run_new(state, made, kernel_get(self), label) : NULL;
}

/* The source's schema is looked at now, its batches as they are asked for. */
static int check_source(PyObject *self, struct ArrowArrayStream *source) {
  frl_py_state *state = frl_py_state_of(self);
  struct ArrowSchema given;
  if (source->get_schema(source, &given) != 0) {
    const char *said = source->get_last_error(source);
    PyErr_Format(state->error, "input: %s", said ? said : "no schema");
    return -1;
  }
  const frl_schema_match match = {.struct_size = sizeof match, .ignore_nullable = 1};
  char *report = NULL;
  frl_error err = {0};
  const frl_status st =
      frl_kernel_check_input(&report, kernel_get(self), 0, &given, &match, &err);
  frl_schema_release(&given);
  if (st == FRL_OK) return 0;
  if (st == FRL_E_INVALID && report) {
    frl_py_raise_report(state, report);
  } else {
    frl_py_raise(state, st, &err);
  }
  return -1;
}

static PyObject *stream(PyObject *self, PyObject *args) {
  PyObject *object, *options;
  int skip;
  if (!PyArg_ParseTuple(args, "OO!i:stream", &object, &PyDict_Type, &options, &skip)) {
    return NULL;
  }
  struct ArrowArrayStream source, out;
  if (frl_py_import_stream(object, &source) < 0) return NULL;
  frl_kernel_run *made =
      check_source(self, &source) == 0 ? begin(self, options, skip) : NULL;
  if (!made || frl_py_stream_of_run(&out, &source, kernel_get(self), made) < 0) {
    source.release(&source);
    frl_kernel_run_destroy(made);
    return NULL;
  }
  return frl_py_stream_capsule(&out);
}

static PyObject *get_name(PyObject *self, void *ignored) {
  (void)ignored;
  return PyUnicode_FromString(frl_kernel_name(kernel_get(self)));
}

static PyObject *get_doc(PyObject *self, void *ignored) {
  (void)ignored;
  return PyUnicode_FromString(frl_kernel_doc(kernel_get(self)));
}

static PyObject *get_inputs(PyObject *self, void *ignored) {
  (void)ignored;
  return PyLong_FromLong(frl_kernel_inputs(kernel_get(self)));
}

static PyObject *get_flag(PyObject *self, void *flag) {
  return PyBool_FromLong(frl_kernel_flags(kernel_get(self)) & *(const int *)flag);
}

static PyObject *get_options(PyObject *self, void *ignored) {
  (void)ignored;
  const frl_kernel *kernel = kernel_get(self);
  const size_t n = frl_kernel_option_count(kernel);
  PyObject *options = PyList_New(0);
  for (size_t i = 0; options && i < n; i++) {
    const frl_kernel_option_doc *o = frl_kernel_option_at(kernel, i);
    PyObject *option = Py_BuildValue("(szz)", o->key, o->fallback, o->doc);
    if (!option || PyList_Append(options, option) < 0) Py_CLEAR(options);
    Py_XDECREF(option);
  }
  return options;
}

static void dealloc(PyObject *self) {
  PyTypeObject *type = Py_TYPE(self);
  frl_kernel_unref(kernel_get(self));
  PyObject_Free(self);
  Py_DECREF(type);
}

static PyMethodDef methods[] = {
    {"schema", schema, METH_VARARGS,
        PyDoc_STR("schema(which): of an input, from 0 on; -1: of the output.")},
    {"check_input", (PyCFunction)(void (*)(void))check_input,
        METH_VARARGS | METH_KEYWORDS,
        PyDoc_STR("Raises SchemaError unless batches of a Schema can be given.")},
    {"run", run, METH_VARARGS,
        PyDoc_STR("run(options, skip[, label]): a new instance.")},
    {"stream", stream, METH_VARARGS,
        PyDoc_STR("stream(source, options, skip): a capsule of what becomes of it.")},
    {NULL, NULL, 0, NULL},
};

static const int flags[] = {FRL_KERNEL_STATELESS, FRL_KERNEL_ROW_WISE};

static PyGetSetDef attributes[] = {
    {"name", get_name, NULL, NULL, NULL},
    {"doc", get_doc, NULL, NULL, NULL},
    {"inputs", get_inputs, NULL, NULL, NULL},
    {"options", get_options, NULL, NULL, NULL},
    {"stateless", get_flag, NULL, NULL, (void *)(uintptr_t)&flags[0]},
    {"row_wise", get_flag, NULL, NULL, (void *)(uintptr_t)&flags[1]},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_new, create},
    {Py_tp_dealloc, dealloc},
    {Py_tp_methods, methods},
    {Py_tp_getset, attributes},
    {0, NULL},
};

static PyType_Spec spec = {
    .name = "ferrule._native.Kernel",
    .basicsize = sizeof(kernel_object),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = slots,
};

int frl_py_add_kernel_type(PyObject *module, frl_py_state *state) {
  state->kernel_type = frl_py_add_type(module, &spec, "Kernel");
  return state->kernel_type ? 0 : -1;
}
