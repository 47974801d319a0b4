//! Values of Python as the engine has them, and back.
//!
//! None, truth values, integers of 64 bits, text, tuples, lists and dicts are what they are. Everything else that can be
//! hashed is a constant for the engine, which goes by a name: see `_objects.py`. It is equal to what is of its type and `==`.

use std::sync::Arc;

use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyDict, PyInt, PyList, PyModule, PyString, PyTuple, PyType};
use pyprior_logic::{Record, Value};

use crate::errors::{PyPriorError, Raised};
use crate::turns::Turns;

/// A name that is in use as long as this lives.
pub(super) struct Name {
    pub(super) text: Arc<str>,
    named: Py<PyAny>,
    /// The object that was given: of several that are equal each its own. None of a type.
    pub(super) object: Option<Py<PyAny>>,
}

/// What keeps names in use.
pub(super) type Kept = Vec<Name>;

impl Name {
    pub(super) fn visit(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.named)?;
        visit.call(&self.object)
    }

    pub(super) fn clone_ref(&self, py: Python<'_>) -> Self {
        let object = self.object.as_ref().map(|object| object.clone_ref(py));
        Self { text: Arc::clone(&self.text), named: self.named.clone_ref(py), object }
    }
}

/// Finds the object that a name stands for, where it is known which of several that are equal; the name's first else.
pub(super) type Constants<'a, 'py> = dyn Fn(&str) -> Option<Bound<'py, PyAny>> + 'a;

/// Levels of tuples, lists and dicts in a value, at most: more are taken for a list that contains itself.
const DEEPEST: usize = 200;

pub(super) fn registry(py: Python<'_>) -> PyResult<&Bound<'_, PyModule>> {
    static MODULE: PyOnceLock<Py<PyModule>> = PyOnceLock::new();
    MODULE.get_or_try_init(py, || Ok(py.import("pyprior_rs._objects")?.unbind())).map(|module| module.bind(py))
}

fn is_enum(object: &Bound<'_, PyAny>) -> PyResult<bool> {
    static ENUM: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    object.is_instance(ENUM.import(object.py(), "enum", "Enum")?)
}

pub(super) fn is_variable(object: &Bound<'_, PyAny>) -> PyResult<bool> {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    object.is_instance(CLASS.import(object.py(), "pyprior_rs.logic._variables", "Var")?)
}

fn is_numpy_bool(object: &Bound<'_, PyAny>) -> PyResult<bool> {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    object.is_instance(CLASS.import(object.py(), "numpy", "bool_")?)
}

/// What a bound variable is used like, its value; anything else itself. Raises FreeVariableError.
pub(super) fn bound<'py>(object: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    if is_variable(object)? { object.getattr("value") } else { Ok(object.clone()) }
}

/// The value of what has no parts and is of a kind that the engine knows.
pub(super) fn plain(object: &Bound<'_, PyAny>) -> PyResult<Option<Value>> {
    if object.is_none() {
        return Ok(Some(Value::None));
    }
    if object.is_instance_of::<PyBool>() {
        return Ok(Some(Value::Bool(object.is_truthy()?)));
    }
    if object.is_instance_of::<PyInt>() {
        // A member of an enumeration is more than its number. Numbers beyond 64 bits go by a name.
        let is_number = object.is_exact_instance_of::<PyInt>() || !is_enum(object)?;
        return Ok(object.extract().ok().filter(|_| is_number).map(Value::Int));
    }
    if let Ok(text) = object.cast::<PyString>() {
        let is_text = object.is_exact_instance_of::<PyString>() || !is_enum(object)?;
        // Halves of characters have no place in the engine's text.
        return Ok(text.to_cow().ok().filter(|_| is_text).map(|text| Value::from(&*text)));
    }
    // Integers and truth values of numpy are none of Python's, but become such.
    if is_numpy_bool(object)? {
        return Ok(Some(Value::Bool(object.is_truthy()?)));
    }
    match object.get_type().hasattr("__index__")? {
        true => Ok(object.extract().ok().map(Value::Int)),
        false => Ok(None),
    }
}

/// The name that stands for an object. Raises TypeError if it cannot be hashed.
pub(super) fn named(object: &Bound<'_, PyAny>, kept: &mut Kept) -> PyResult<Arc<str>> {
    let named = registry(object.py())?.call_method1("named", (object,))?;
    keep(&named, Some(object), kept)
}

/// Puts down that a name is in use: that of an object, or of a type.
pub(super) fn keep(named: &Bound<'_, PyAny>, object: Option<&Bound<'_, PyAny>>, kept: &mut Kept) -> PyResult<Arc<str>> {
    let text: Arc<str> = named.getattr("name")?.cast::<PyString>()?.to_str()?.into();
    let object = object.map(|object| object.clone().unbind());
    kept.push(Name { text: Arc::clone(&text), named: named.clone().unbind(), object });
    Ok(text)
}

/// The value of an object without free variables in it. Raises FreeVariableError at the first.
pub(super) fn value<'py>(object: &Bound<'py, PyAny>, kept: &mut Kept, turns: &mut Turns<'py>) -> PyResult<Value> {
    Reading { kept, turns, left: LARGEST }.value(object, DEEPEST)
}

/// Parts of a value, at most; one that stands in several places counts in each, so a few can be more than any memory holds.
const LARGEST: u32 = 1 << 22;

/// A value that is being read.
struct Reading<'a, 'py> {
    kept: &'a mut Kept,
    turns: &'a mut Turns<'py>,
    /// Parts that it may still have.
    left: u32,
}

impl<'py> Reading<'_, 'py> {
    fn value(&mut self, object: &Bound<'py, PyAny>, levels: usize) -> PyResult<Value> {
        self.turns.made(1);
        self.left = self.left.checked_sub(1).ok_or_else(|| {
            Raised::new::<PyPriorError>(object.py(), format!("a value of more than {LARGEST} parts")).err()
        })?;
        let object = &bound(object)?;
        if let Some(value) = plain(object)? {
            return Ok(value);
        }
        let Some(levels) = levels.checked_sub(1) else {
            return Err(Raised::new::<PyPriorError>(object.py(), "a value that contains itself, or is too deep").err());
        };
        if let Ok(tuple) = object.cast::<PyTuple>() {
            let items = tuple.iter().map(|item| self.value(&item, levels)).collect::<PyResult<_>>()?;
            return Ok(Value::Tuple(items));
        }
        // Of lists and dicts a copy is gone over: others may change them meanwhile.
        if let Ok(list) = object.cast::<PyList>() {
            let items = list.to_tuple().iter().map(|item| self.value(&item, levels)).collect::<PyResult<_>>()?;
            return Ok(Value::List(items));
        }
        if let Ok(dict) = object.cast::<PyDict>() {
            let pairs = dict.copy()?;
            let pairs = pairs.iter().map(|(key, item)| Ok((self.value(&key, levels)?, self.value(&item, levels)?)));
            return Ok(Value::map(pairs.collect::<PyResult<Vec<_>>>()?));
        }
        let name = named(object, self.kept)?;
        Ok(Value::Record(Arc::new(Record { name, fields: Vec::new() })))
    }
}

/// The object of a value.
pub(super) fn object<'py>(
    py: Python<'py>,
    value: &Value,
    constants: &Constants<'_, 'py>,
) -> PyResult<Bound<'py, PyAny>> {
    Ok(match value {
        Value::None => py.None().into_bound(py),
        Value::Bool(truth) => PyBool::new(py, *truth).to_owned().into_any(),
        Value::Int(number) => number.into_pyobject(py)?.into_any(),
        Value::Str(text) => PyString::new(py, text).into_any(),
        Value::Tuple(items) => {
            let items = items.iter().map(|item| object(py, item, constants)).collect::<PyResult<Vec<_>>>()?;
            PyTuple::new(py, items)?.into_any()
        }
        Value::List(items) => {
            let items = items.iter().map(|item| object(py, item, constants)).collect::<PyResult<Vec<_>>>()?;
            PyList::new(py, items)?.into_any()
        }
        Value::Map(pairs) => {
            let dict = PyDict::new(py);
            for (key, item) in pairs.iter() {
                dict.set_item(object(py, key, constants)?, object(py, item, constants)?)?;
            }
            dict.into_any()
        }
        Value::Record(record) => {
            let fields = PyDict::new(py);
            for (name, item) in &record.fields {
                fields.set_item(&**name, object(py, item, constants)?)?;
            }
            again(py, &record.name, &fields, constants)?
        }
    })
}

/// The object that goes by a name, with these parts if the name is that of a type.
pub(super) fn again<'py>(
    py: Python<'py>,
    name: &str,
    fields: &Bound<'py, PyDict>,
    constants: &Constants<'_, 'py>,
) -> PyResult<Bound<'py, PyAny>> {
    if let Some(object) = constants(name) {
        return Ok(object);
    }
    registry(py)?.call_method1("again", (name, fields))
}
