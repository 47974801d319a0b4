//! Running programs, and sessions.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyList, PyString, PyTuple};
use pyprior_core::ast::Module;
use pyprior_core::exec::{self, ExecError, Limits, Machine, Outcome, Program, SessionError, Value};
use pyprior_core::{Calls, ComparisonValues, EncodeError, EncodeErrorKind, Encoder, Language, LanguageConfig, Profile};
use rayon::prelude::*;

use crate::bounded::bounded;
use crate::language::PyLanguage;
use crate::locks::locked;
use crate::numbers::count;
use crate::turns::in_turns;
use crate::watched::watched;
use crate::{errors, numbers, pool, tree};

/// Languages whose limits are as wide as they go, for source whose tokens nobody sees: they say which constant is meant, so there is
/// room for few different ones or for many. Comparisons are integers or truth values.
static WIDE: [OnceLock<Option<Arc<Language>>>; 4] = [const { OnceLock::new() }; 4];
const CONSTANTS: [i64; 2] = [1024, 65_535];

fn wide(many: bool, bool_values: bool) -> Option<&'static Arc<Language>> {
    let cell = &WIDE[usize::from(many) + 2 * usize::from(bool_values)];
    let made = cell.get_or_init(|| {
        let config = LanguageConfig {
            max_funcs: 255,
            max_vars: 255,
            max_block_stmts: 255,
            max_expr_depth: 60,
            max_control_depth: 20,
            no_dead_code: false,
            calls: Calls::Any,
            value_range: (0, CONSTANTS[usize::from(many)] - 1),
            comparison_values: if bool_values { ComparisonValues::Bool } else { ComparisonValues::Int },
            ..LanguageConfig::default()
        };
        Language::new(config).ok()
    });
    made.as_ref()
}

/// What source is read as.
enum Read {
    Program(Program),
    /// An input of a session: the last of several statements may be a def there, and behind it nothing comes.
    Input(&'static Arc<Language>),
}

/// A program from source: as `sound` writes comparisons, or else as 0.0.2 does. Either way it runs as under CPython.
fn from_source(source: &str) -> Result<Read, String> {
    let (mut many, mut bool_values, mut refused) = (false, false, None::<EncodeError>);
    while let Some(language) = wide(many, bool_values) {
        let error = match Encoder::new(language).any_constants().encode(source) {
            Ok(read) => return compiled(&read.tree, language.config().comparison_values).map(Read::Program),
            Err(error) => error,
        };
        match error.kind {
            EncodeErrorKind::Empty => {
                return compiled(&Module { body: Vec::new() }, ComparisonValues::Int).map(Read::Program);
            }
            EncodeErrorKind::DefinitionLast => return Ok(Read::Input(language)),
            EncodeErrorKind::Constants { .. } if !many => many = true,
            EncodeErrorKind::BareComparison if !bool_values => bool_values = true,
            _ => return Err(format!("EncodeError: {}", refused.unwrap_or(error))),
        }
        refused = refused.or(Some(error));
    }
    Err(refused.map_or_else(String::new, |error| format!("EncodeError: {error}")))
}

fn compiled(module: &Module, comparison_values: ComparisonValues) -> Result<Program, String> {
    Program::from_module(module, comparison_values).map_err(|error| error.to_string())
}

/// Value, output, steps, and why it ended early.
type Ended<'py> = (Bound<'py, PyAny>, String, u64, Option<String>);

/// Steps that a run may take, and whether they stand for time.
#[derive(Clone, Copy)]
struct Fuel {
    steps: u64,
    timed: bool,
}

impl Fuel {
    fn limits(self) -> Limits {
        Limits { fuel: self.steps, ..Limits::default() }
    }

    fn ended<'py>(self, py: Python<'py>, outcome: Outcome) -> PyResult<Ended<'py>> {
        let error = outcome.error.map(|error| match error {
            ExecError::OutOfFuel { .. } if self.timed => "timeout".to_owned(),
            error => error.to_string(),
        });
        Ok((numbers::from_value(py, &outcome.value)?, outcome.stdout, outcome.steps, error))
    }
}

/// Works without the interpreter, for at most so many steps. Where they are so many that a machine can be stopped, Python can
/// interrupt it: then the flag is set, which machines are to stop by.
fn interruptible<T: Send>(py: Python<'_>, steps: u64, work: impl FnOnce(&Arc<AtomicBool>) -> T + Send) -> PyResult<T> {
    let stop = Arc::default();
    match steps <= Machine::STOPS_WITHIN {
        true => Ok(py.detach(|| work(&stop))),
        false => watched(py, &stop, |_| Ok(()), || work(&stop)),
    }
}

/// A machine with so much fuel that stops by a flag.
fn machine(fuel: Fuel, stop: &Arc<AtomicBool>) -> Machine {
    let mut machine = Machine::new(fuel.limits());
    machine.stop_by(stop);
    machine
}

/// Arguments of a call, at most: no function has as many parameters, and what goes on for ever must not fill the memory.
const MAX_INPUTS: usize = 1 << 16;

fn values(inputs: &Bound<'_, PyAny>) -> PyResult<Vec<Value>> {
    let py = inputs.py();
    let refused = || errors::too_many(py, "inputs", MAX_INPUTS as u64 + 1, MAX_INPUTS as u64);
    in_turns(py, bounded(inputs, MAX_INPUTS, refused)?).map(|input| numbers::to_value(&input?)).collect()
}

/// Threads of a batch, at most.
const MAX_WORKERS: usize = 1024;

/// What was given to be run, without Python.
enum Given {
    /// Source, and what its one def is called with behind it, if it is that of a `Func`.
    Source(String, Option<Call>),
    /// The same as a module.
    Tree(Module, Option<Call>),
    Refused(String),
}

impl Given {
    fn of(program: &Bound<'_, PyAny>, inputs: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        if program.is_instance_of::<PyString>() {
            let surrogate = || Self::Refused("EncodeError: the source holds a lone surrogate".to_owned());
            return Ok(program.extract().map_or_else(|_| surrogate(), |source| Self::Source(source, None)));
        }
        match tree::module(program) {
            Ok(module) => Ok(Self::Tree(module, Call::of(program, inputs)?)),
            Err(error) if error.is_instance_of::<errors::TreeError_>(program.py()) => {
                Self::by_name(program, || Call::of(program, inputs))
            }
            Err(error) => Err(error),
        }
    }

    /// Nodes whose names are not those of tokens, or not in their order.
    fn by_name(program: &Bound<'_, PyAny>, call: impl FnOnce() -> PyResult<Option<Call>>) -> PyResult<Self> {
        let py = program.py();
        match tree::source(program, ComparisonValues::Int) {
            Ok(source) => Ok(Self::Source(source, call()?)),
            Err(error) if error.is_instance_of::<errors::TreeError_>(py) => {
                Ok(Self::Refused(format!("TreeError: {}", error.value(py))))
            }
            Err(error) => Err(error),
        }
    }

    fn run(self, machine: &mut Machine, stop: &Arc<AtomicBool>) -> End {
        let (source, call) = match self {
            Self::Source(source, call) => (source, call),
            Self::Refused(reason) => return End::Refused(reason),
            Self::Tree(module, call) => {
                return match compiled(&module, ComparisonValues::Int) {
                    Ok(program) => End::Ran(outcome(machine, &program, call)),
                    Err(_) => End::Unnumbered(call),
                };
            }
        };
        match from_source(&source) {
            Ok(Read::Program(program)) => End::Ran(outcome(machine, &program, call)),
            Ok(Read::Input(language)) => {
                let mut session = exec::Session::new(language, *machine.limits()).any_constants();
                session.stop_by(stop);
                session.exec(&source).map_or_else(|error| End::Refused(format!("EncodeError: {error}")), End::Ran)
            }
            Err(reason) => End::Refused(reason),
        }
    }
}

/// Runs a module, and calls its one def behind it if it is to be called.
fn outcome(machine: &mut Machine, program: &Program, call: Option<Call>) -> Outcome {
    let result = machine.run(program).and_then(|()| match call {
        Some(Call { name, args }) => {
            program.check_call(1, &name, args.len())?;
            machine.call(program, 1, &args)
        }
        None => Ok(Value::None),
    });
    machine.finish(result)
}

/// How the function of a `Func` is called.
struct Call {
    name: String,
    args: Vec<Value>,
}

impl Call {
    /// None for other programs.
    fn of(program: &Bound<'_, PyAny>, inputs: Option<&Bound<'_, PyAny>>) -> PyResult<Option<Self>> {
        if !tree::is_func(program)? {
            return Ok(None);
        }
        let name = program.getattr("name")?.to_string();
        Ok(Some(Self { name, args: inputs.map_or(Ok(Vec::new()), values)? }))
    }
}

/// How a run ended.
enum End {
    Ran(Outcome),
    Refused(String),
    /// It is a tree whose variables are not numbered as tokens number them: by name it may be a program.
    Unnumbered(Option<Call>),
}

/// The end of a run as Python has it; of a tree that is not numbered, that of the same program by name.
fn told<'py>(program: &Bound<'py, PyAny>, fuel: Fuel, end: End) -> PyResult<Ended<'py>> {
    let py = program.py();
    match end {
        End::Ran(outcome) => fuel.ended(py, outcome),
        // What was refused says so itself.
        End::Refused(reason) => Ok((py.None().into_bound(py), String::new(), 0, Some(reason))),
        End::Unnumbered(call) => {
            let given = Given::by_name(program, || Ok(call))?;
            let end = interruptible(py, fuel.steps, |stop| given.run(&mut machine(fuel, stop), stop))?;
            told(program, fuel, end)
        }
    }
}

/// Runs one program: source, a `Module`, or a `Func` that is called with the inputs. `timed` is whether the fuel stands for time.
#[pyfunction]
#[pyo3(signature = (program, inputs, fuel, timed=false))]
pub fn run_source<'py>(
    program: &Bound<'py, PyAny>,
    inputs: Option<&Bound<'py, PyAny>>,
    #[pyo3(from_py_with = count)] fuel: u64,
    timed: bool,
) -> PyResult<Ended<'py>> {
    let (given, fuel) = (Given::of(program, inputs)?, Fuel { steps: fuel, timed });
    let end = interruptible(program.py(), fuel.steps, |stop| given.run(&mut machine(fuel, stop), stop))?;
    told(program, fuel, end)
}

/// Reads and runs programs on as many threads, all cores with 0, without the interpreter. Outcomes come in their order.
#[pyfunction]
#[pyo3(signature = (programs, inputs, fuel, workers, timed=false))]
pub fn run_many<'py>(
    py: Python<'py>,
    programs: Vec<Bound<'py, PyAny>>,
    inputs: Option<Vec<Bound<'py, PyAny>>>,
    #[pyo3(from_py_with = count)] fuel: u64,
    #[pyo3(from_py_with = count)] workers: usize,
    timed: bool,
) -> PyResult<Bound<'py, PyList>> {
    if let Some(inputs) = inputs.as_ref().filter(|inputs| inputs.len() != programs.len()) {
        return Err(errors::wrong_length(py, "inputs", inputs.len(), programs.len()));
    }
    if workers > MAX_WORKERS {
        return Err(errors::too_many(py, "workers", workers as u64, MAX_WORKERS as u64));
    }
    let fuel = Fuel { steps: fuel, timed };
    let inputs = |nth: usize| inputs.as_ref().map(|inputs| &inputs[nth]);
    let of = |(nth, program)| Given::of(program, inputs(nth));
    let given = in_turns(py, programs.iter().enumerate()).map(of).collect::<PyResult<Vec<_>>>()?;
    let (threads, all) = (pool::threads(py), fuel.steps.saturating_mul(programs.len() as u64));
    let work = |stop: &Arc<AtomicBool>| {
        let run = |machine: &mut Machine, given: Given| match stop.load(Ordering::Relaxed) {
            // Nobody will see it.
            true => End::Refused(String::new()),
            false => given.run(machine, stop),
        };
        let machine = || machine(fuel, stop);
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
    };
    let ends = interruptible(py, all, |stop| pool::on(threads.as_deref(), || work(stop)))?;
    let ends = ends.map_err(|error| errors::Raised::new::<errors::PyPriorError>(py, error).err())?;
    let list = PyList::empty(py);
    for (program, end) in programs.iter().zip(in_turns(py, ends)) {
        list.append(told(program, fuel, end)?)?;
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
    let fuel = Fuel { steps: fuel, timed: false };
    let outcome = interruptible(py, fuel.steps, |stop| {
        Program::from_tokens(inner, &ids).map(|program| machine(fuel, stop).outcome(&program, None))
    })?;
    fuel.ended(py, outcome.map_err(|error| errors::compile(py, &error))?)
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
    let fuel = Fuel { steps: fuel, timed: false };
    let inner = &language.get().inner;
    let outcome = interruptible(py, fuel.steps, |stop| {
        let program = Program::from_tokens(inner, &ids)?;
        Ok(machine(fuel, stop).outcome(&program, Some((func, &args))))
    })?;
    fuel.ended(py, outcome.map_err(|error| errors::compile(py, &error))?)
}

/// A namespace that inputs fill one after the other. See `pyprior_rs.Session`.
#[pyclass(frozen, module = "pyprior_rs._engine")]
pub struct Session {
    inner: Mutex<exec::Session>,
}

#[pymethods]
impl Session {
    #[new]
    fn new(py: Python<'_>, profile: &str) -> PyResult<Self> {
        let profile = match profile {
            "sound" => Profile::Sound,
            "pyprior-0.0.2" => Profile::PyPrior002,
            _ => return Err(errors::unknown_value(py, "profile", profile, "\"sound\" or \"pyprior-0.0.2\"")),
        };
        let bool_values = profile == Profile::PyPrior002;
        let language = py.detach(|| wide(true, bool_values)).ok_or_else(|| PyTypeError::new_err("no language"))?;
        Ok(Self { inner: Mutex::new(exec::Session::new(language, Limits::default()).any_constants()) })
    }

    /// Runs an input, and behind it calls a function by its name. Raises SessionError if either is refused, and what is wrong with the
    /// arguments before anything runs. Each of the two has all of the fuel.
    #[pyo3(signature = (source, call, inputs, fuel, timed=false))]
    fn exec<'py>(
        &self,
        py: Python<'py>,
        source: &str,
        call: Option<&str>,
        inputs: &Bound<'py, PyAny>,
        #[pyo3(from_py_with = count)] fuel: u64,
        timed: bool,
    ) -> PyResult<Ended<'py>> {
        let (args, fuel) = (values(inputs)?, Fuel { steps: fuel, timed });
        let outcome = interruptible(py, fuel.steps, |stop| {
            let mut session = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
            session.set_limits(fuel.limits());
            session.stop_by(stop);
            let outcome = match session.exec(source) {
                Err(SessionError::Encode(error)) if error.kind == EncodeErrorKind::Empty => {
                    Outcome { value: Value::None, stdout: String::new(), steps: 0, error: None }
                }
                other => other?,
            };
            let Some(name) = call.filter(|_| outcome.error.is_none()) else { return Ok(outcome) };
            let called = session.call(name, &args)?;
            Ok(Outcome { stdout: outcome.stdout + &called.stdout, steps: outcome.steps + called.steps, ..called })
        })?;
        fuel.ended(py, outcome.map_err(|error| errors::session(py, &error))?)
    }

    /// The variables that inputs have written: a list of name and value.
    fn variables<'py>(&self, py: Python<'py>) -> PyResult<Vec<(String, Bound<'py, PyAny>)>> {
        let held = {
            let session = locked(py, &self.inner);
            session.variables().map(|(name, value)| (name.to_owned(), value.clone())).collect::<Vec<_>>()
        };
        held.into_iter().map(|(name, value)| Ok((name, numbers::from_value(py, &value)?))).collect()
    }

    /// The functions: a list of name and names of parameters.
    fn functions<'py>(&self, py: Python<'py>) -> PyResult<Vec<(String, Bound<'py, PyTuple>)>> {
        let held = {
            let session = locked(py, &self.inner);
            session.functions().map(|(name, params)| (name.to_owned(), params.to_vec())).collect::<Vec<_>>()
        };
        held.into_iter().map(|(name, params)| Ok((name, PyTuple::new(py, params)?))).collect()
    }
}
