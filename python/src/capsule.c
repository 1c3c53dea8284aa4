/* The Arrow PyCapsule interface: C Data structs in and out of Python objects.
 *
 * https://arrow.apache.org/docs/format/CDataInterface/PyCapsuleInterface.html
 */
#include <string.h>

#include "native.h"

static const char *const SCHEMA = "arrow_schema";
static const char *const ARRAY = "arrow_array";
static const char *const STREAM = "arrow_array_stream";

/* A consumer moves the struct out: release is NULL then. */
static void destroy_schema(PyObject *capsule) {
  struct ArrowSchema *schema = PyCapsule_GetPointer(capsule, SCHEMA);
  frl_schema_release(schema);
  PyMem_Free(schema);
}

static void destroy_array(PyObject *capsule) {
  struct ArrowArray *array = PyCapsule_GetPointer(capsule, ARRAY);
  frl_array_release(array);
  PyMem_Free(array);
}

static void destroy_stream(PyObject *capsule) {
  struct ArrowArrayStream *stream = PyCapsule_GetPointer(capsule, STREAM);
  if (stream && stream->release) stream->release(stream);
  PyMem_Free(stream);
}

PyObject *frl_py_schema_capsule(struct ArrowSchema *schema) {
  struct ArrowSchema *own = PyMem_Malloc(sizeof *own);
  if (!own) {
    frl_schema_release(schema);
    return PyErr_NoMemory();
  }
  *own = *schema;
  PyObject *capsule = PyCapsule_New(own, SCHEMA, destroy_schema);
  if (!capsule) {
    frl_schema_release(own);
    PyMem_Free(own);
  }
  return capsule;
}

PyObject *frl_py_array_capsule(struct ArrowArray *array) {
  struct ArrowArray *own = PyMem_Malloc(sizeof *own);
  if (!own) {
    frl_array_release(array);
    return PyErr_NoMemory();
  }
  *own = *array;
  PyObject *capsule = PyCapsule_New(own, ARRAY, destroy_array);
  if (!capsule) {
    frl_array_release(own);
    PyMem_Free(own);
  }
  return capsule;
}

PyObject *frl_py_stream_capsule(struct ArrowArrayStream *stream) {
  struct ArrowArrayStream *own = PyMem_Malloc(sizeof *own);
  if (!own) {
    stream->release(stream);
    return PyErr_NoMemory();
  }
  *own = *stream;
  PyObject *capsule = PyCapsule_New(own, STREAM, destroy_stream);
  if (!capsule) {
    own->release(own);
    PyMem_Free(own);
  }
  return capsule;
}

/* What object's method gives, or object itself if it is no such object. */
static PyObject *called(PyObject *object, const char *method) {
  PyObject *bound = PyObject_GetAttrString(object, method);
  if (bound) {
    PyObject *result = PyObject_CallNoArgs(bound);
    Py_DECREF(bound);
    return result;
  }
  if (!PyErr_ExceptionMatches(PyExc_AttributeError)) return NULL;
  PyErr_Clear();
  Py_INCREF(object);
  return object;
}

static int refuse(PyObject *object, const char *method) {
  PyErr_Format(PyExc_TypeError, "%R has no %s and is no capsule of it",
      (PyObject *)Py_TYPE(object), method);
  return -1;
}

/* The struct in a capsule; raises where it was moved out before. */
static void *opened(PyObject *capsule, const char *name) {
  void *found = PyCapsule_GetPointer(capsule, name);
  if (!found && !PyErr_Occurred()) {
    PyErr_Format(PyExc_ValueError, "an empty capsule %s", name);
  }
  return found;
}

static int consumed(const char *name) {
  PyErr_Format(PyExc_ValueError, "the capsule %s was consumed before", name);
  return -1;
}

static int move_schema(PyObject *capsule, struct ArrowSchema *out) {
  struct ArrowSchema *found = opened(capsule, SCHEMA);
  if (!found) return -1;
  if (!found->release) return consumed(SCHEMA);
  *out = *found;
  found->release = NULL;
  return 0;
}

static int move_array(PyObject *capsule, struct ArrowArray *out) {
  struct ArrowArray *found = opened(capsule, ARRAY);
  if (!found) return -1;
  if (!found->release) return consumed(ARRAY);
  *out = *found;
  found->release = NULL;
  return 0;
}

int frl_py_import_schema(PyObject *object, struct ArrowSchema *out) {
  out->release = NULL;
  PyObject *capsule = called(object, "__arrow_c_schema__");
  if (!capsule) return -1;
  const int rc = PyCapsule_IsValid(capsule, SCHEMA)
                     ? move_schema(capsule, out)
                     : refuse(object, "__arrow_c_schema__");
  Py_DECREF(capsule);
  return rc;
}

int frl_py_import_array(
    PyObject *object, struct ArrowSchema *schema, struct ArrowArray *array) {
  schema->release = NULL;
  array->release = NULL;
  PyObject *pair = called(object, "__arrow_c_array__");
  if (!pair) return -1;
  int rc;
  if (!PyTuple_Check(pair) || PyTuple_Size(pair) != 2) {
    rc = refuse(object, "__arrow_c_array__");
  } else {
    rc = move_schema(PyTuple_GetItem(pair, 0), schema);
    if (rc == 0) rc = move_array(PyTuple_GetItem(pair, 1), array);
    if (rc < 0) frl_schema_release(schema);
  }
  Py_DECREF(pair);
  return rc;
}

int frl_py_import_stream(PyObject *object, struct ArrowArrayStream *out) {
  out->release = NULL;
  PyObject *capsule = called(object, "__arrow_c_stream__");
  if (!capsule) return -1;
  int rc = -1;
  if (!PyCapsule_IsValid(capsule, STREAM)) {
    rc = refuse(object, "__arrow_c_stream__");
  } else {
    struct ArrowArrayStream *found = opened(capsule, STREAM);
    if (found && !found->release) {
      rc = consumed(STREAM);
    } else if (found) {
      *out = *found;
      found->release = NULL;
      rc = 0;
    }
  }
  Py_DECREF(capsule);
  return rc;
}
