//! Source to tokens and back.

use pyo3::prelude::*;
use pyo3::types::{PyList, PyTuple};
use pyprior_core::ast::{Module, Stmt};
use pyprior_core::{EncodeOptions, Encoder, ProgramNames};

use rayon::prelude::*;

use crate::language::PyLanguage;
use crate::turns::Turns;
use crate::{errors, names, numbers, pool, tree};

/// Tokens; names of functions; of bindings by scope; the first name of each token.
type Encoded<'py> = (Bound<'py, PyTuple>, Vec<String>, Vec<Vec<String>>, Vec<(String, String)>);

/// Reads a program from text or bytes. Raises EncodeError.
#[pyfunction]
#[pyo3(signature = (language, source, normalise=false))]
pub fn encode<'py>(
    language: &Bound<'py, PyLanguage>,
    source: &Bound<'py, PyAny>,
    normalise: bool,
) -> PyResult<Encoded<'py>> {
    let (py, language) = (language.py(), &language.get().inner);
    let bytes = match source.extract::<&[u8]>() {
        Ok(bytes) => bytes.to_vec(),
        Err(_) => source.extract::<String>()?.into_bytes(),
    };
    let options = EncodeOptions { normalise, ..EncodeOptions::default() };
    let encoded = py.detach(|| {
        let encoded = Encoder::with_options(language, options).encode_bytes(&bytes)?;
        let flat = by_token(&encoded.tree, &encoded.names);
        Ok((encoded.tokens, encoded.names, flat))
    });
    let (tokens, names, flat) = encoded.map_err(|error| errors::encode(py, &error))?;
    Ok((Turns::new(py).tuple(tokens)?, names.funcs().to_vec(), names.scopes().to_vec(), flat))
}

/// The tokens of many programs, read on all cores. Raises EncodeError at the first that is refused.
#[pyfunction]
#[pyo3(signature = (language, sources, normalise=false))]
pub fn encode_many<'py>(
    language: &Bound<'py, PyLanguage>,
    sources: &Bound<'py, PyList>,
    normalise: bool,
) -> PyResult<Bound<'py, PyList>> {
    let (py, language) = (language.py(), &language.get().inner);
    let mut turns = Turns::new(py);
    let read = |source: Bound<'py, PyAny>| {
        let bytes = match source.extract::<&[u8]>() {
            Ok(bytes) => bytes.to_vec(),
            Err(_) => source.extract::<String>()?.into_bytes(),
        };
        turns.copied(bytes.len());
        Ok(bytes)
    };
    let sources = sources.iter().map(read).collect::<PyResult<Vec<_>>>()?;
    let options = EncodeOptions { normalise, ..EncodeOptions::default() };
    let encoded = pool::spread(py, || {
        let encoder = || Encoder::with_options(language, options.clone());
        let encode =
            |encoder: &mut Encoder, source: Vec<u8>| encoder.encode_bytes(&source).map(|encoded| encoded.tokens);
        sources.into_par_iter().map_init(encoder, encode).collect::<Vec<_>>()
    });
    let list = PyList::empty(py);
    for tokens in encoded {
        list.append(turns.tuple(tokens.map_err(|error| errors::encode(py, &error))?)?)?;
    }
    Ok(list)
}

/// The source of a whole program. Raises DecodeError, NamesError.
#[pyfunction]
#[pyo3(signature = (language, tokens, names=None))]
pub fn decode(
    language: &Bound<'_, PyLanguage>,
    tokens: &Bound<'_, PyAny>,
    names: Option<&Bound<'_, PyAny>>,
) -> PyResult<String> {
    let (language, ids) = (&language.get().inner, numbers::ids(tokens, "tokens")?);
    names::given(language, names)?.render(tokens.py(), language, &ids)
}

/// The source of the start of a program, with its holes.
#[pyfunction]
#[pyo3(signature = (language, tokens, names=None))]
pub fn partial(
    language: &Bound<'_, PyLanguage>,
    tokens: &Bound<'_, PyAny>,
    names: Option<&Bound<'_, PyAny>>,
) -> PyResult<String> {
    let (language, ids) = (&language.get().inner, numbers::ids(tokens, "tokens")?);
    names::given(language, names)?.partial(tokens.py(), language, &ids)
}

/// The tree of a whole program. Raises DecodeError.
#[pyfunction]
pub fn tokens_to_ast<'py>(
    language: &Bound<'py, PyLanguage>,
    tokens: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let (py, ids) = (tokens.py(), numbers::ids(tokens, "tokens")?);
    let module = language.get().inner.vocab().tokens_to_ast(&ids).map_err(|error| errors::decode(py, &error))?;
    tree::to_python(py, &module)
}

/// The tokens of a tree. Raises TreeError.
#[pyfunction]
pub fn ast_to_tokens<'py>(
    language: &Bound<'py, PyLanguage>,
    node: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyTuple>> {
    let (py, module) = (node.py(), tree::module(node)?);
    let vocab = language.get().inner.vocab();
    let tokens = py.detach(|| vocab.ast_to_tokens(&module)).map_err(|error| errors::tree(py, &error))?;
    Turns::new(py).tuple(tokens)
}

/// The first name that each token has in the program, as 0.0.2 has them: one table for all scopes.
fn by_token(module: &Module, names: &ProgramNames) -> Vec<(String, String)> {
    let mut found = Vec::<(String, String)>::new();
    let mut add = |token: String, name: Option<&String>| {
        if let Some(name) = name.filter(|_| found.iter().all(|(known, _)| *known != token)) {
            found.push((token, name.clone()));
        }
    };
    let mut scope = |nth: usize, bound: &[u8]| {
        let names = names.scopes().get(nth).map_or(&[][..], Vec::as_slice);
        bound.iter().zip(names).for_each(|(var, name)| add(format!("VAR_{var}"), Some(name)));
    };
    let (mut bound, mut defs) = (Vec::new(), Vec::new());
    bindings(&module.body, &mut bound, &mut defs);
    scope(0, &bound);
    for &(func, arity, body) in &defs {
        let mut bound = (1..=arity).collect();
        bindings(body, &mut bound, &mut Vec::new());
        scope(usize::from(func), &bound);
    }
    for (func, name) in (1..).zip(names.funcs()) {
        add(format!("FUNC_{func}"), Some(name));
    }
    found
}

/// Variables in the order in which a scope binds them, and the defs of the module. As deep as control flow nests.
fn bindings<'a>(body: &'a [Stmt], bound: &mut Vec<u8>, defs: &mut Vec<(u8, u8, &'a [Stmt])>) {
    for stmt in body {
        match stmt {
            Stmt::Assign { target, .. } => bound.push(*target),
            Stmt::For { target, body, .. } => {
                bound.push(*target);
                bindings(body, bound, defs);
            }
            Stmt::If { then, otherwise, .. } => {
                bindings(then, bound, defs);
                bindings(otherwise, bound, defs);
            }
            Stmt::Def { func, arity, body } => defs.push((*func, *arity, body)),
            Stmt::Print(_) | Stmt::Return(_) => {}
        }
    }
}
