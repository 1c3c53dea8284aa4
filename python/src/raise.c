/* frl_status and frl_error into Python's exceptions. */
#include <string.h>

#include "native.h"

static PyObject *text_of(const char *message) {
  return PyUnicode_DecodeUTF8(message, (Py_ssize_t)strlen(message), "replace");
}

/* Raises exception, whose reference it takes; NULL: one is set already. */
static void raise_taken(PyObject *exception) {
  if (!exception) return;
  PyErr_SetObject((PyObject *)Py_TYPE(exception), exception);
  Py_DECREF(exception);
}

PyObject *frl_py_raise(frl_py_state *state, frl_status status, const frl_error *err) {
  const char *message = err->message[0] ? err->message : frl_status_name(status);
  if (status == FRL_E_NOMEM) {
    PyErr_SetString(PyExc_MemoryError, message);
    return NULL;
  }
  PyObject *text = text_of(message);
  if (!text) return NULL;
  raise_taken(PyObject_CallFunction(state->error, "Os", text, frl_status_name(status)));
  Py_DECREF(text);
  return NULL;
}

PyObject *frl_py_raise_report(frl_py_state *state, char *report) {
  PyObject *text = text_of(report);
  frl_text_free(NULL, report);
  if (!text) return NULL;
  raise_taken(PyObject_CallFunction(
      state->schema_error, "Os", text, frl_status_name(FRL_E_INVALID)));
  Py_DECREF(text);
  return NULL;
}

PyObject *frl_py_raise_run(frl_py_state *state, frl_status status, const frl_error *err,
    const frl_kernel *kernel, const frl_kernel_run *run) {
  frl_kernel_failure failure;
  frl_kernel_run_failure(run, &failure);
  if (status != FRL_E_INVALID || !failure.message || !failure.message[0]) {
    return frl_py_raise(state, status, err);
  }
  PyObject *text = text_of(err->message);
  PyObject *detail = text ? text_of(failure.message) : NULL;
  if (detail) {
    raise_taken(PyObject_CallFunction(state->kernel_error, "OssOLLi", text,
        frl_status_name(status), frl_kernel_name(kernel), detail,
        (long long)failure.row, (long long)failure.row_in_batch, (int)failure.input));
  }
  Py_XDECREF(text);
  Py_XDECREF(detail);
  return NULL;
}
