/* The module itself: its state, its functions. */
#include <ferrule/version.h>

#include "native.h"

static PyObject *kernel_names(PyObject *module, PyObject *path) {
  frl_py_state *state = PyModule_GetState(module);
  PyObject *bytes = NULL;
  if (!PyUnicode_FSConverter(path, &bytes)) return NULL;
  frl_error err = {0};
  frl_kernel_lib *lib = NULL;
  const frl_status st = frl_kernel_lib_open(&lib, PyBytes_AsString(bytes), NULL, &err);
  Py_DECREF(bytes);
  if (st != FRL_OK) return frl_py_raise(state, st, &err);
  const size_t n = frl_kernel_lib_count(lib);
  PyObject *names = PyList_New(0);
  for (size_t i = 0; names && i < n; i++) {
    PyObject *name = PyUnicode_FromString(frl_kernel_lib_name(lib, i));
    if (!name || PyList_Append(names, name) < 0) Py_CLEAR(names);
    Py_XDECREF(name);
  }
  frl_kernel_lib_close(lib);
  return names;
}

static PyObject *live(PyObject *module, PyObject *ignored) {
  (void)module;
  (void)ignored;
  frl_kernel_live count;
  frl_kernel_count_live(&count);
  return Py_BuildValue("{s:L,s:L,s:L,s:L,s:L,s:L,s:L}", "libs", (long long)count.libs,
      "kernels", (long long)count.kernels, "runs", (long long)count.runs, "batches_in",
      (long long)count.batches_in, "batches_out", (long long)count.batches_out,
      "batches_held", (long long)frl_py_batches_alive(), "streams",
      (long long)frl_py_streams_alive());
}

/* A capsule of the stream that gives batches, a sequence of Batch, in order. */
static PyObject *stream_of(PyObject *module, PyObject *args) {
  frl_py_state *state = PyModule_GetState(module);
  PyObject *schema, *batches;
  if (!PyArg_ParseTuple(args, "O!O!:stream_of", state->schema_type, &schema,
          &PyList_Type, &batches)) {
    return NULL;
  }
  const Py_ssize_t n = PyList_Size(batches);
  frl_batch **held = PyMem_Calloc((size_t)n + 1, sizeof *held);
  if (!held) return PyErr_NoMemory();
  for (Py_ssize_t i = 0; i < n; i++) {
    PyObject *batch = PyList_GetItem(batches, i);
    if (!PyObject_TypeCheck(batch, state->batch_type)) {
      PyMem_Free(held);
      PyErr_Format(PyExc_TypeError, "batch %zd is no ferrule.Batch", i);
      return NULL;
    }
    held[i] = frl_py_batch_get(batch);
  }
  struct ArrowArrayStream stream;
  const int failed =
      frl_py_stream_of_batches(&stream, frl_py_schema_get(schema), held, (size_t)n);
  PyMem_Free(held);
  return failed ? NULL : frl_py_stream_capsule(&stream);
}

static PyMethodDef functions[] = {
    {"kernel_names", kernel_names, METH_O,
        PyDoc_STR("The names of the kernels in a library.")},
    {"live", live, METH_NOARGS,
        PyDoc_STR("How many native objects this process holds, by kind.")},
    {"stream_of", stream_of, METH_VARARGS,
        PyDoc_STR("A stream capsule of a Schema and a list of Batch.")},
    {NULL, NULL, 0, NULL},
};

static int look_up_exceptions(frl_py_state *state) {
  PyObject *errors = PyImport_ImportModule("ferrule._errors");
  if (!errors) return -1;
  state->error = PyObject_GetAttrString(errors, "Error");
  state->schema_error = PyObject_GetAttrString(errors, "SchemaError");
  state->kernel_error = PyObject_GetAttrString(errors, "KernelError");
  Py_DECREF(errors);
  return state->error && state->schema_error && state->kernel_error ? 0 : -1;
}

PyTypeObject *frl_py_add_type(PyObject *module, PyType_Spec *spec, const char *name) {
  PyObject *type = PyType_FromModuleAndSpec(module, spec, NULL);
  if (!type) return NULL;
  if (PyModule_AddObjectRef(module, name, type) < 0) {
    Py_DECREF(type);
    return NULL;
  }
  return (PyTypeObject *)type; /* the state's reference */
}

static int fill(PyObject *module) {
  frl_py_state *state = PyModule_GetState(module);
  if (look_up_exceptions(state) < 0 || frl_py_add_schema_type(module, state) < 0 ||
      frl_py_add_batch_type(module, state) < 0 ||
      frl_py_add_kernel_type(module, state) < 0 ||
      frl_py_add_run_type(module, state) < 0 ||
      PyModule_AddIntConstant(module, "SKIP_NULLS", FRL_KERNEL_SKIP_NULLS) < 0 ||
      PyModule_AddIntConstant(module, "SKIP_UTF8", FRL_KERNEL_SKIP_UTF8) < 0 ||
      PyModule_AddIntConstant(module, "SKIP_VALUES", FRL_KERNEL_SKIP_VALUES) < 0) {
    return -1;
  }
  return PyModule_AddStringConstant(module, "__version__", FRL_VERSION);
}

static int traverse(PyObject *module, visitproc visit, void *arg) {
  frl_py_state *state = PyModule_GetState(module);
  Py_VISIT(state->schema_type);
  Py_VISIT(state->batch_type);
  Py_VISIT(state->kernel_type);
  Py_VISIT(state->run_type);
  Py_VISIT(state->error);
  Py_VISIT(state->schema_error);
  Py_VISIT(state->kernel_error);
  return 0;
}

static int clear(PyObject *module) {
  frl_py_state *state = PyModule_GetState(module);
  Py_CLEAR(state->schema_type);
  Py_CLEAR(state->batch_type);
  Py_CLEAR(state->kernel_type);
  Py_CLEAR(state->run_type);
  Py_CLEAR(state->error);
  Py_CLEAR(state->schema_error);
  Py_CLEAR(state->kernel_error);
  return 0;
}

static void free_state(void *module) { (void)clear(module); }

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, fill},
    {0, NULL},
};

static PyModuleDef definition = {
    .m_base = PyModuleDef_HEAD_INIT,
    .m_name = "ferrule._native",
    .m_doc = PyDoc_STR("Ferrule's native library."),
    .m_size = sizeof(frl_py_state),
    .m_methods = functions,
    .m_slots = slots,
    .m_traverse = traverse,
    .m_clear = clear,
    .m_free = free_state,
};

PyMODINIT_FUNC PyInit__native(void);
PyMODINIT_FUNC PyInit__native(void) { return PyModuleDef_Init(&definition); }
