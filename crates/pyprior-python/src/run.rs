//! Running programs, and sessions.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::sync::MutexExt as _;
use pyo3::types::{PyList, PyString, PyTuple};
use pyprior_core::ast::Module;
use pyprior_core::exec::{self, ExecError, Limits, Machine, Outcome, Program, SessionError, Value};
use pyprior_core::{Calls, ComparisonValues, EncodeError, EncodeErrorKind, Encoder, Language, LanguageConfig, Profile};
use rayon::prelude::*;

use crate::language::PyLanguage;
use crate::numbers::count;
use crate::turns::in_turns;
use crate::{errors, numbers, pool, tree};

/// A language whose limits are as wide as they go, for source whose tokens nobody sees.
pub(crate) fn widest() -> LanguageConfig {
    LanguageConfig {
        max_funcs: 255,
        max_vars: 255,
        max_block_stmts: 255,
        max_expr_depth: 60,
        max_control_depth: 20,
        no_dead_code: false,
        calls: Calls::Any,
        ..LanguageConfig::default()
    }
}

/// Such languages: small constants or all that there can be, comparisons as integers or as truth values.
static WIDE: [OnceLock<Option<Arc<Language>>>; 4] = [const { OnceLock::new() }; 4];
pub(crate) const CONSTANTS: [i64; 2] = [1024, 32_767];

pub(crate) fn wide(large: bool, bool_values: bool) -> Option<&'static Arc<Language>> {
    let cell = &WIDE[usize::from(large) + 2 * usize::from(bool_values)];
    let made = cell.get_or_init(|| {
        let largest = CONSTANTS[usize::from(large)];
        let comparison_values = if bool_values { ComparisonValues::Bool } else { ComparisonValues::Int };
        Language::new(LanguageConfig { value_range: (-largest, largest), comparison_values, ..widest() }).ok()
    });
    made.as_ref()
}

/// A program from source: as `sound` writes comparisons, or else as 0.0.2 does. Either way it runs as under CPython.
fn from_source(source: &str) -> Result<Program, String> {
    let (mut large, mut bool_values, mut refused) = (false, false, None::<EncodeError>);
    while let Some(language) = wide(large, bool_values) {
        let error = match Encoder::new(language).encode(source) {
            Ok(encoded) => return Program::from_tokens(language, &encoded.tokens).map_err(|error| error.to_string()),
            Err(error) => error,
        };
        match error.kind {
            EncodeErrorKind::Constant { .. } if !large => large = true,
            EncodeErrorKind::BareComparison if !bool_values => bool_values = true,
            _ => {
                refused = refused.or(Some(error));
                break;
            }
        }
        refused = refused.or(Some(error));
    }
    Err(refused.map_or_else(String::new, |error| format!("EncodeError: {error}")))
}

/// Value, output, steps, and why it ended early.
type Ended<'py> = (Bound<'py, PyAny>, String, u64, Option<String>);

fn ended<'py>(py: Python<'py>, outcome: Outcome) -> PyResult<Ended<'py>> {
    let error = outcome.error.map(|error| error.to_string());
    Ok((numbers::from_value(py, &outcome.value)?, outcome.stdout, outcome.steps, error))
}

fn limits(fuel: u64) -> Limits {
    Limits { fuel, ..Limits::default() }
}

fn values(inputs: &Bound<'_, PyAny>) -> PyResult<Vec<Value>> {
    inputs.try_iter()?.map(|input| numbers::to_value(&input?)).collect()
}

/// Threads of a batch, at most.
const MAX_WORKERS: usize = 1024;

/// What was given to be run, without Python.
enum Given {
    Source(String),
    /// Text that is no text: half of a character.
    Surrogate,
    /// A module, and what its one def is called with behind it.
    Tree(Module, Option<Vec<Value>>),
}

impl Given {
    fn of(program: &Bound<'_, PyAny>, inputs: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        if program.is_instance_of::<PyString>() {
            return Ok(program.extract().map_or(Self::Surrogate, Self::Source));
        }
        let call = match tree::is_func(program)? {
            true => Some(inputs.map(values).transpose()?.unwrap_or_default()),
            false => None,
        };
        Ok(Self::Tree(tree::module(program)?, call))
    }

    fn compile(self) -> Work {
        let compiled = match self {
            Self::Source(source) => from_source(&source).map(|program| (program, None)),
            Self::Surrogate => Err("EncodeError: the source holds a lone surrogate".to_owned()),
            Self::Tree(module, call) => Program::from_module(&module, ComparisonValues::Int)
                .map(|program| (program, call))
                .map_err(|error| error.to_string()),
        };
        compiled.map_or_else(Work::Refused, |(program, call)| Work::Ready(program, call))
    }
}

/// What is to be run.
enum Work {
    Refused(String),
    /// A module, and what its one def is called with behind it.
    Ready(Program, Option<Vec<Value>>),
}

impl Work {
    fn run(&self, machine: &mut Machine) -> Outcome {
        match self {
            Work::Refused(reason) => {
                let error = Some(ExecError::Arguments { message: reason.clone() });
                Outcome { value: Value::None, stdout: String::new(), steps: 0, error }
            }
            Work::Ready(program, None) => machine.outcome(program, None),
            Work::Ready(program, Some(args)) => machine.outcome(program, Some((1, args))),
        }
    }

    /// What was refused says so itself; anything else in the machine's words.
    fn ended<'py>(&self, py: Python<'py>, outcome: Outcome) -> PyResult<Ended<'py>> {
        match self {
            Work::Refused(reason) => Ok((py.None().into_bound(py), String::new(), 0, Some(reason.clone()))),
            Work::Ready(..) => ended(py, outcome),
        }
    }
}

/// Runs one program: source, a `Module`, or a `Func` that is called with the inputs.
#[pyfunction]
#[pyo3(signature = (program, inputs, fuel))]
pub fn run_source<'py>(
    program: &Bound<'py, PyAny>,
    inputs: Option<&Bound<'py, PyAny>>,
    #[pyo3(from_py_with = count)] fuel: u64,
) -> PyResult<Ended<'py>> {
    let given = Given::of(program, inputs)?;
    let (work, outcome) = program.py().detach(|| {
        let work = given.compile();
        let outcome = work.run(&mut Machine::new(limits(fuel)));
        (work, outcome)
    });
    work.ended(program.py(), outcome)
}

/// Reads and runs programs on as many threads, all cores with 0, without the interpreter. Outcomes come in their order.
#[pyfunction]
#[pyo3(signature = (programs, inputs, fuel, workers))]
pub fn run_many<'py>(
    py: Python<'py>,
    programs: Vec<Bound<'py, PyAny>>,
    inputs: Option<Vec<Bound<'py, PyAny>>>,
    #[pyo3(from_py_with = count)] fuel: u64,
    #[pyo3(from_py_with = count)] workers: usize,
) -> PyResult<Bound<'py, PyList>> {
    if let Some(inputs) = inputs.as_ref().filter(|inputs| inputs.len() != programs.len()) {
        return Err(errors::wrong_length(py, "inputs", inputs.len(), programs.len()));
    }
    if workers > MAX_WORKERS {
        return Err(errors::too_many(py, "workers", workers as u64, MAX_WORKERS as u64));
    }
    let of = |(nth, program)| Given::of(program, inputs.as_ref().map(|inputs| &inputs[nth]));
    let given = in_turns(py, programs.iter().enumerate()).map(of).collect::<PyResult<Vec<_>>>()?;
    let ends = pool::spread(py, || {
        let run = |machine: &mut Machine, given: Given| {
            let work = given.compile();
            let outcome = work.run(machine);
            (work, outcome)
        };
        let machine = || Machine::new(limits(fuel));
        let spread = |given: Vec<Given>| given.into_par_iter().map_init(machine, run).collect::<Vec<_>>();
        match workers {
            0 => Ok(spread(given)),
            1 => {
                let mut machine = machine();
                Ok(given.into_iter().map(|given| run(&mut machine, given)).collect())
            }
            _ => {
                rayon::ThreadPoolBuilder::new().num_threads(workers).build().map(|pool| pool.install(|| spread(given)))
            }
        }
    });
    let ends = ends.map_err(|error| errors::Raised::new::<errors::PyPriorError>(py, error).err())?;
    let list = PyList::empty(py);
    for (work, outcome) in in_turns(py, ends) {
        list.append(work.ended(py, outcome)?)?;
    }
    Ok(list)
}

/// Runs a program of tokens in their language.
#[pyfunction]
#[pyo3(signature = (language, tokens, fuel))]
pub fn run_tokens<'py>(
    language: &Bound<'py, PyLanguage>,
    tokens: &Bound<'py, PyAny>,
    #[pyo3(from_py_with = count)] fuel: u64,
) -> PyResult<Ended<'py>> {
    let (py, ids) = (language.py(), numbers::ids(tokens, "tokens")?);
    let inner = &language.get().inner;
    let outcome = py
        .detach(|| Program::from_tokens(inner, &ids).map(|program| Machine::new(limits(fuel)).outcome(&program, None)));
    ended(py, outcome.map_err(|error| errors::compile(py, &error))?)
}

/// Runs a program of tokens in their language and calls one of its functions, by number.
#[pyfunction]
#[pyo3(signature = (language, tokens, func, inputs, fuel))]
pub fn call_func<'py>(
    language: &Bound<'py, PyLanguage>,
    tokens: &Bound<'py, PyAny>,
    #[pyo3(from_py_with = count)] func: u8,
    inputs: &Bound<'py, PyAny>,
    #[pyo3(from_py_with = count)] fuel: u64,
) -> PyResult<Ended<'py>> {
    let (py, ids, args) = (language.py(), numbers::ids(tokens, "tokens")?, values(inputs)?);
    let inner = &language.get().inner;
    let outcome = py.detach(|| {
        let program = Program::from_tokens(inner, &ids)?;
        Ok(Machine::new(limits(fuel)).outcome(&program, Some((func, &args))))
    });
    ended(py, outcome.map_err(|error| errors::compile(py, &error))?)
}

/// A namespace that inputs fill one after the other. See `pyprior_rs.Session`.
#[pyclass(frozen, module = "pyprior_rs._engine")]
pub struct Session {
    inner: Mutex<exec::Session>,
}

impl Session {
    fn work<'py>(
        &self,
        py: Python<'py>,
        work: impl FnOnce(&mut exec::Session) -> Result<Outcome, SessionError> + Send,
    ) -> PyResult<Ended<'py>> {
        let outcome = py.detach(|| work(&mut self.inner.lock().unwrap_or_else(PoisonError::into_inner)));
        ended(py, outcome.map_err(|error| errors::session(py, &error))?)
    }
}

#[pymethods]
impl Session {
    #[new]
    fn new(py: Python<'_>, profile: &str, #[pyo3(from_py_with = count)] fuel: u64) -> PyResult<Self> {
        let profile = match profile {
            "sound" => Profile::Sound,
            "pyprior-0.0.2" => Profile::PyPrior002,
            _ => return Err(errors::unknown_value(py, "profile", profile, "\"sound\" or \"pyprior-0.0.2\"")),
        };
        let bool_values = profile == Profile::PyPrior002;
        let language = py.detach(|| wide(true, bool_values)).ok_or_else(|| PyTypeError::new_err("no language"))?;
        Ok(Self { inner: Mutex::new(exec::Session::new(language, limits(fuel))) })
    }

    /// Runs an input. Raises SessionError if it is refused.
    fn exec<'py>(&self, py: Python<'py>, source: &str) -> PyResult<Ended<'py>> {
        self.work(py, |session| session.exec(source))
    }

    /// Calls a function of an earlier input by its name.
    fn call<'py>(&self, py: Python<'py>, name: &str, inputs: &Bound<'py, PyAny>) -> PyResult<Ended<'py>> {
        let args = values(inputs)?;
        self.work(py, |session| session.call(name, &args))
    }

    /// The variables that inputs have written: a list of name and value.
    fn variables<'py>(&self, py: Python<'py>) -> PyResult<Vec<(String, Bound<'py, PyAny>)>> {
        let held = {
            let session = self.inner.lock_py_attached(py).unwrap_or_else(PoisonError::into_inner);
            session.variables().map(|(name, value)| (name.to_owned(), value.clone())).collect::<Vec<_>>()
        };
        held.into_iter().map(|(name, value)| Ok((name, numbers::from_value(py, &value)?))).collect()
    }

    /// The functions: a list of name and names of parameters.
    fn functions<'py>(&self, py: Python<'py>) -> PyResult<Vec<(String, Bound<'py, PyTuple>)>> {
        let held = {
            let session = self.inner.lock_py_attached(py).unwrap_or_else(PoisonError::into_inner);
            session.functions().map(|(name, params)| (name.to_owned(), params.to_vec())).collect::<Vec<_>>()
        };
        held.into_iter().map(|(name, params)| Ok((name, PyTuple::new(py, params)?))).collect()
    }
}
