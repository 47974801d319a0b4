//! Names of variables and functions, as Python gives them.

use pyo3::exceptions::{PyTypeError, PyUnicodeEncodeError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};
use pyprior_core::{Language, NameTable, Names, ProgramNames, Renderer};

use crate::bounded::{MOST, bounded};
use crate::errors;

/// Names for writing a program.
pub(crate) enum Given {
    /// None are given: pools.
    Pools,
    /// Those of one program, binding by binding.
    Program(ProgramNames),
    /// Some, by token, the same in every scope; the others are of the pools.
    Table(Names),
}

/// Names from an object with `funcs` and `scopes`, as `encode` gives it, or from a dict such as `{"VAR_1": "x"}`.
pub(crate) fn given(language: &Language, names: Option<&Bound<'_, PyAny>>) -> PyResult<Given> {
    let Some(names) = names.filter(|names| !names.is_none()) else { return Ok(Given::Pools) };
    let py = names.py();
    // What has been written to since is the dict that it is.
    let edited = names.getattr_opt("edited")?.map_or(Ok(false), |edited| edited.is_truthy())?;
    if let (false, Some(funcs), Some(scopes)) = (edited, names.getattr_opt("funcs")?, names.getattr_opt("scopes")?) {
        let mut left = MOST;
        let funcs = texts(&funcs, &mut left)?;
        let scopes = bounded(&scopes, MOST, || too_many_names(py))?;
        let scopes = scopes.map(|scope| texts(&scope?, &mut left)).collect::<PyResult<_>>()?;
        let names = ProgramNames::new(funcs, scopes);
        return names.map(Given::Program).map_err(|error| errors::name(py, &error));
    }
    let names = names
        .cast::<PyDict>()
        .map_err(|_| PyTypeError::new_err("names are those that encode gives, or a dict from token names to names"))?;
    let (mut vars, mut funcs) = (Vec::new(), Vec::new());
    // As the vocabulary writes them.
    let number = |text: &str| text.parse::<u8>().ok().filter(|number| number.to_string() == text)?.checked_sub(1);
    for (token, name) in names {
        let token = token.extract::<String>()?;
        let name =
            name.extract::<String>().map_err(|error| match error.is_instance_of::<PyUnicodeEncodeError>(py) {
                true => errors::Raised::new::<errors::NamesError_>(
                    py,
                    format!("the name of {token} holds a lone surrogate"),
                )
                .with("kind", "bad_name")
                .with("name", &name)
                .err(),
                false => error,
            })?;
        let place = |stem: &str| token.strip_prefix(stem).and_then(number);
        let (list, nth) = match (place("VAR_"), place("FUNC_")) {
            (Some(nth), _) => (&mut vars, nth),
            (_, Some(nth)) => (&mut funcs, nth),
            _ => {
                let message = format!("{token:?} is no variable or function");
                let raised = errors::Raised::new::<errors::NamesError_>(py, message);
                return Err(raised.with("kind", "unknown_token").with("name", token).err());
            }
        };
        if list.len() <= usize::from(nth) {
            list.resize(usize::from(nth) + 1, None);
        }
        list[usize::from(nth)] = Some(name);
    }
    let scopes = vec![vars; language.config().max_funcs as usize + 1];
    let table = Names::default().with_table(NameTable { funcs, scopes });
    table.map(Given::Table).map_err(|error| errors::name(py, &error))
}

fn too_many_names(py: Python<'_>) -> PyErr {
    errors::too_many(py, "names", MOST as u64 + 1, MOST as u64)
}

/// A list of names, of which so many may still come.
fn texts(given: &Bound<'_, PyAny>, left: &mut usize) -> PyResult<Vec<String>> {
    let py = given.py();
    if given.is_instance_of::<PyString>() {
        return Err(PyTypeError::new_err("names are a list of texts, not one"));
    }
    let texts = bounded(given, *left, || too_many_names(py))?.map(|name| name?.extract());
    let texts = texts.collect::<PyResult<Vec<_>>>()?;
    *left -= texts.len();
    Ok(texts)
}

impl Given {
    /// The source of a whole program.
    pub(crate) fn render(self, py: Python<'_>, language: &Language, tokens: &[u32]) -> PyResult<String> {
        let renderer = match self {
            Given::Program(names) => {
                let source = py.detach(|| Renderer::new(language).render_named(tokens, &names).map(str::to_owned));
                return source.map_err(|error| errors::named(py, &error));
            }
            Given::Table(names) => Renderer::with_names(language, names),
            Given::Pools => Renderer::new(language),
        };
        let source = py.detach(|| {
            let mut renderer = renderer;
            renderer.render(tokens).map(str::to_owned)
        });
        source.map_err(|error| errors::decode(py, &error))
    }

    /// The source of the start of one, with its holes.
    pub(crate) fn partial(self, py: Python<'_>, language: &Language, tokens: &[u32]) -> PyResult<String> {
        match self {
            Given::Program(names) => {
                let mut renderer = Renderer::new(language);
                let source = renderer.partial_named(tokens, &names).map(str::to_owned);
                source.map_err(|error| errors::named(py, &error))
            }
            Given::Table(names) => Ok(py.detach(|| Renderer::with_names(language, names).partial(tokens).to_owned())),
            Given::Pools => Ok(py.detach(|| Renderer::new(language).partial(tokens).to_owned())),
        }
    }
}
