/* A package that does nothing, for the readme's loop: what it gives out was prepared, and what it takes it only counts.
   floor.py compiles and times it. Nothing is checked. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

/* A tuple of programs, each the tuple of its legal sets. */
static PyObject *programs, *program;
static Py_ssize_t next_program, steps;

static PyObject *legal(PyObject *row, PyObject *none) {
    PyObject *set = PyTuple_GET_ITEM(program, steps);
    Py_INCREF(set);
    return set;
}

static PyMethodDef row_methods[] = {{"legal", legal, METH_NOARGS, NULL}, {NULL}};
static PyTypeObject Row = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "floor.Row",
    .tp_basicsize = sizeof(PyObject),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_methods = row_methods,
};

typedef struct {
    PyObject_HEAD PyObject *rows;
} StatesObject;

static PyObject *rows(PyObject *states, void *none) {
    PyObject *rows = ((StatesObject *)states)->rows;
    Py_INCREF(rows);
    return rows;
}

static void states_dealloc(PyObject *states) {
    Py_DECREF(((StatesObject *)states)->rows);
    PyObject_Free(states);
}

static PyGetSetDef states_getset[] = {{"rows", rows, NULL, NULL, NULL}, {NULL}};
static PyTypeObject States = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "floor.States",
    .tp_basicsize = sizeof(StatesObject),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_getset = states_getset,
    .tp_dealloc = states_dealloc,
};

static PyObject *init(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *names) {
    program = PyTuple_GET_ITEM(programs, next_program);
    next_program = (next_program + 1) % PyTuple_GET_SIZE(programs);
    steps = 0;
    StatesObject *states = PyObject_New(StatesObject, &States);
    states->rows = PyTuple_New(1);
    PyTuple_SET_ITEM(states->rows, 0, (PyObject *)PyObject_New(PyObject, &Row));
    return (PyObject *)states;
}

static PyObject *done(PyObject *module, PyObject *states) {
    return PyBool_FromLong(steps == PyTuple_GET_SIZE(program));
}

static PyObject *advance(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *names) {
    steps++;
    Py_INCREF(args[0]);
    return args[0];
}

static PyObject *prepare(PyObject *module, PyObject *given) {
    Py_INCREF(given);
    Py_XSETREF(programs, given);
    next_program = 0;
    Py_RETURN_NONE;
}

static PyMethodDef functions[] = {
    {"init", (PyCFunction)(void (*)(void))init, METH_FASTCALL | METH_KEYWORDS, NULL},
    {"done", done, METH_O, NULL},
    {"advance", (PyCFunction)(void (*)(void))advance, METH_FASTCALL | METH_KEYWORDS, NULL},
    {"prepare", prepare, METH_O, NULL},
    {NULL},
};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "floor", NULL, -1, functions};

PyMODINIT_FUNC PyInit_floor(void) {
    if (PyType_Ready(&Row) < 0 || PyType_Ready(&States) < 0) return NULL;
    return PyModule_Create(&module);
}
