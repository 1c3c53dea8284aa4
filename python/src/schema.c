/* ferrule.Schema: columns as Arrow, Spark DDL and Spark JSON. */
#include <string.h>

#include "native.h"

typedef struct schema_object {
  PyObject_HEAD struct ArrowSchema schema;
} schema_object;

const struct ArrowSchema *frl_py_schema_get(PyObject *schema) {
  return &((schema_object *)schema)->schema;
}

/* Takes schema, also when it fails. */
static PyObject *schema_wrap(PyTypeObject *type, struct ArrowSchema *schema) {
  schema_object *self = (schema_object *)PyType_GenericAlloc(type, 0);
  if (!self) {
    frl_schema_release(schema);
    return NULL;
  }
  self->schema = *schema;
  return (PyObject *)self;
}

PyObject *frl_py_schema_new(frl_py_state *state, const struct ArrowSchema *schema) {
  struct ArrowSchema copy;
  frl_error err = {0};
  const frl_status st = frl_schema_copy(&copy, NULL, schema, &err);
  if (st != FRL_OK) return frl_py_raise(state, st, &err);
  return schema_wrap(state->schema_type, &copy);
}

static PyObject *create(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
  static char *names[] = {"source", NULL};
  PyObject *source;
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O:Schema", names, &source)) {
    return NULL;
  }
  struct ArrowSchema schema;
  if (frl_py_import_schema(source, &schema) < 0) return NULL;
  if (!schema.format || strcmp(schema.format, "+s") != 0) {
    frl_schema_release(&schema);
    PyErr_SetString(PyExc_ValueError, "the schema is not that of a struct");
    return NULL;
  }
  return schema_wrap(type, &schema);
}

typedef frl_status (*parse_fn)(
    struct ArrowSchema *, const frl_mem *, const char *, size_t, frl_error *);

static PyObject *parsed(PyObject *type, PyObject *text, parse_fn parse) {
  frl_py_state *state = PyType_GetModuleState((PyTypeObject *)type);
  Py_ssize_t n;
  const char *utf8 = PyUnicode_AsUTF8AndSize(text, &n);
  if (!utf8) return NULL;
  struct ArrowSchema schema;
  frl_error err = {0};
  const frl_status st = parse(&schema, NULL, utf8, (size_t)n, &err);
  if (st != FRL_OK) return frl_py_raise(state, st, &err);
  if (strcmp(schema.format, "+s") != 0) {
    frl_schema_release(&schema);
    PyErr_SetString(PyExc_ValueError, "a type, where columns were expected");
    return NULL;
  }
  return schema_wrap((PyTypeObject *)type, &schema);
}

static PyObject *from_ddl(PyObject *type, PyObject *text) {
  return parsed(type, text, frl_schema_from_ddl);
}

static PyObject *from_json(PyObject *type, PyObject *text) {
  return parsed(type, text, frl_schema_from_json);
}

/* Takes the text. */
static PyObject *text_taken(char *text) {
  PyObject *result = PyUnicode_FromString(text);
  frl_text_free(NULL, text);
  return result;
}

static PyObject *get_ddl(PyObject *self, void *ignored) {
  (void)ignored;
  char *text = NULL;
  frl_error err = {0};
  const frl_status st =
      frl_schema_to_ddl(&text, NULL, frl_py_schema_get(self), NULL, &err);
  if (st != FRL_OK) return frl_py_raise(frl_py_state_of(self), st, &err);
  return text_taken(text);
}

static PyObject *get_json(PyObject *self, void *ignored) {
  (void)ignored;
  char *text = NULL;
  frl_error err = {0};
  const frl_status st = frl_schema_to_json(&text, NULL, frl_py_schema_get(self), &err);
  if (st != FRL_OK) return frl_py_raise(frl_py_state_of(self), st, &err);
  return text_taken(text);
}

static PyObject *get_names(PyObject *self, void *ignored) {
  (void)ignored;
  const struct ArrowSchema *schema = frl_py_schema_get(self);
  PyObject *names = PyList_New(0);
  for (int64_t i = 0; names && i < schema->n_children; i++) {
    const char *text = schema->children[i]->name;
    PyObject *name = PyUnicode_FromString(text ? text : "");
    if (!name || PyList_Append(names, name) < 0) Py_CLEAR(names);
    Py_XDECREF(name);
  }
  return names;
}

static PyObject *to_capsule(PyObject *self, PyObject *ignored) {
  (void)ignored;
  struct ArrowSchema copy;
  frl_error err = {0};
  const frl_status st = frl_schema_copy(&copy, NULL, frl_py_schema_get(self), &err);
  if (st != FRL_OK) return frl_py_raise(frl_py_state_of(self), st, &err);
  return frl_py_schema_capsule(&copy);
}

int frl_py_match_options(PyObject *kwargs, frl_schema_match *out) {
  static char *names[] = {
      "types_only", "ignore_nullable", "ignore_case", "any_string_offset", NULL};
  *out = (frl_schema_match){.struct_size = sizeof *out};
  PyObject *none = PyTuple_New(0);
  if (!none) return -1;
  const int good =
      PyArg_ParseTupleAndKeywords(none, kwargs, "|$pppp", names, &out->types_only,
          &out->ignore_nullable, &out->ignore_case, &out->any_string_offset);
  Py_DECREF(none);
  return good ? 0 : -1;
}

static PyObject *difference(PyObject *self, PyObject *args, PyObject *kwargs) {
  frl_py_state *state = frl_py_state_of(self);
  PyObject *given;
  frl_schema_match match;
  if (!PyArg_ParseTuple(args, "O!:difference", state->schema_type, &given) ||
      frl_py_match_options(kwargs, &match) < 0) {
    return NULL;
  }
  char *report = NULL;
  frl_error err = {0};
  const frl_status st = frl_schema_match_check(
      &report, NULL, frl_py_schema_get(self), frl_py_schema_get(given), &match, &err);
  if (st == FRL_OK) Py_RETURN_NONE;
  if (st != FRL_E_INVALID || !report) return frl_py_raise(state, st, &err);
  return text_taken(report);
}

static PyObject *repr(PyObject *self) {
  PyObject *ddl = get_ddl(self, NULL);
  if (!ddl) return NULL;
  PyObject *text = PyUnicode_FromFormat("<ferrule.Schema %U>", ddl);
  Py_DECREF(ddl);
  return text;
}

/* Two schemas are equal where Spark would find them so: comments count, too. */
static PyObject *compare(PyObject *self, PyObject *other, int op) {
  if ((op != Py_EQ && op != Py_NE) || Py_TYPE(self) != Py_TYPE(other)) {
    Py_RETURN_NOTIMPLEMENTED;
  }
  PyObject *mine = get_json(self, NULL);
  PyObject *theirs = mine ? get_json(other, NULL) : NULL;
  PyObject *result = theirs ? PyObject_RichCompare(mine, theirs, op) : NULL;
  Py_XDECREF(mine);
  Py_XDECREF(theirs);
  return result;
}

static Py_ssize_t length(PyObject *self) {
  return (Py_ssize_t)frl_py_schema_get(self)->n_children;
}

static void dealloc(PyObject *self) {
  PyTypeObject *type = Py_TYPE(self);
  frl_schema_release(&((schema_object *)self)->schema);
  PyObject_Free(self);
  Py_DECREF(type);
}

static PyMethodDef methods[] = {
    {"from_ddl", from_ddl, METH_O | METH_CLASS,
        PyDoc_STR("From Spark DDL: \"a INT NOT NULL, b ARRAY<STRING>\".")},
    {"from_json", from_json, METH_O | METH_CLASS,
        PyDoc_STR("From the JSON of Spark's StructType.")},
    {"difference", (PyCFunction)(void (*)(void))difference,
        METH_VARARGS | METH_KEYWORDS,
        PyDoc_STR("How another schema differs, in several lines; None if it fits.")},
    {"__arrow_c_schema__", to_capsule, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef attributes[] = {
    {"ddl", get_ddl, NULL, PyDoc_STR("Spark DDL."), NULL},
    {"json", get_json, NULL, PyDoc_STR("The JSON of Spark's StructType."), NULL},
    {"names", get_names, NULL, PyDoc_STR("The names of the columns."), NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_doc, PyDoc_STR("Schema(source)\n--\n\nThe columns of a batch, from any "
                          "object with __arrow_c_schema__.")},
    {Py_tp_new, create},
    {Py_tp_dealloc, dealloc},
    {Py_tp_repr, repr},
    {Py_tp_richcompare, compare},
    {Py_tp_hash, PyObject_HashNotImplemented},
    {Py_tp_methods, methods},
    {Py_tp_getset, attributes},
    {Py_sq_length, length},
    {0, NULL},
};

static PyType_Spec spec = {
    .name = "ferrule.Schema",
    .basicsize = sizeof(schema_object),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = slots,
};

int frl_py_add_schema_type(PyObject *module, frl_py_state *state) {
  state->schema_type = frl_py_add_type(module, &spec, "Schema");
  return state->schema_type ? 0 : -1;
}
