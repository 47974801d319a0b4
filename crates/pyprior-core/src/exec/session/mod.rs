//! A namespace that inputs fill one after the other.
//!
//! ```text
//! plan.rs   what an input needs of earlier ones; whether the functions of before stand with it
//! layout.rs statements numbered as the input has them
//! input.rs  the last input, to be looked at · error.rs
//! ```

mod error;
mod input;
mod layout;
mod plan;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

pub use self::error::SessionError;
use self::error::{MAX_BLOCK_STMTS, MAX_FUNCS, MAX_VARS};
pub use self::input::Input;
use self::layout::Layout;
use self::plan::{Functions, closure, plan};
use super::code::Program;
use super::fault::{ExecError, Limits};
use super::outcome::Outcome;
use super::run::Machine;
use super::trace::Tracer;
use super::value::Value;
use crate::codec::encode::carried::{Carried, EncodedInput, Function, VALUE};
use crate::codec::encode::outline::Outline;
use crate::codec::encode::{EncodeOptions, Encoder};
use crate::codec::program_names::ProgramNames;
use crate::config::{Calls, LanguageConfig};
use crate::language::Language;
use crate::vocab::Symbol;

/// Runs inputs, and keeps variables and functions for those that follow, as Python's own prompt does.
///
/// An input is a program of the language that may also read the variables and call the functions of earlier inputs, or
/// a single expression, whose value is the outcome's. What it leaves stays: variables that it has written, functions
/// that it has defined, also where it ends early. A function that is defined again is so for all that call it.
/// Functions never call each other in a circle, so every input ends.
///
/// The limits of the language hold for an input together with what it needs: a statement for each variable that it
/// reads, a def for each function that it calls, directly or not. How much a session holds has no bound.
///
/// ```
/// use pyprior_core::exec::{Limits, Session, SessionError, Value};
/// use pyprior_core::{Language, LanguageConfig};
///
/// let language = Language::new(LanguageConfig { max_block_stmts: 50, ..LanguageConfig::default() })?;
/// let mut session = Session::new(&language, Limits::default());
/// session.exec("def f(n):\n    return n * 2\nx = f(20)")?;
/// assert_eq!(session.exec("x + 1")?.value, Value::Int(41));
/// assert_eq!(session.exec("print(f(_))")?.stdout, "82\n"); // `_` is the last value
/// session.exec("def f(n):\n    return n * 3")?;
/// assert_eq!(session.call("f", &[Value::Int(5)])?.value, Value::Int(15));
/// assert_eq!(session.exec("print(y)").unwrap_err().to_string(), "1:7: `y` is read before it is assigned");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Session {
    language: Arc<Language>,
    encoder: Encoder,
    machine: Machine,
    vars: BTreeMap<String, Value>,
    funcs: Functions,
    /// What `_` stands for while nothing else is called so.
    value: Option<Value>,
    last: Option<Input>,
}

impl Session {
    /// An empty session; every input and every call has all of the limits for itself.
    pub fn new(language: &Arc<Language>, limits: Limits) -> Self {
        Self::with_options(language, EncodeOptions::default(), limits)
    }

    /// An empty session that reads source by options of one's own.
    pub fn with_options(language: &Arc<Language>, options: EncodeOptions, limits: Limits) -> Self {
        Self {
            language: Arc::clone(language),
            encoder: Encoder::with_options(language, options),
            machine: Machine::new(limits),
            vars: BTreeMap::new(),
            funcs: Functions::new(),
            value: None,
            last: None,
        }
    }

    /// Reads constants of any 64 bits: see [`Encoder::any_constants`]. Those of all inputs count together, and tokens of
    /// [`last`](Self::last) say their places.
    #[must_use]
    pub fn any_constants(mut self) -> Self {
        self.encoder = self.encoder.any_constants();
        self
    }

    /// The language.
    pub fn language(&self) -> &Arc<Language> {
        &self.language
    }

    /// The limits of each input.
    pub fn limits(&self) -> Limits {
        *self.machine.limits()
    }

    /// Sets the limits of each input from the next one on.
    pub fn set_limits(&mut self, limits: Limits) {
        self.machine.set_limits(limits);
    }

    /// Has inputs end soon after `stop` is set: see [`Machine::stop_by`]. What has happened until then stays.
    pub fn stop_by(&mut self, stop: &Arc<AtomicBool>) {
        self.machine.stop_by(stop);
    }

    /// Reads and runs an input. Statements in the outcome are counted in the input, in preorder from 0; what happens in
    /// a function of an earlier one counts as at the statement that calls it.
    ///
    /// # Errors
    ///
    /// [`SessionError`] if the input is refused; then nothing has been run or changed. How a run ends is in the
    /// [`Outcome`].
    pub fn exec(&mut self, source: &str) -> Result<Outcome, SessionError> {
        let input = self.encoder.parse_input(source)?;
        let is_expression = input.expression().is_some();
        let outline = input.outline();
        let returning = self.language.config().calls == Calls::Returning;
        let carried = plan(&self.funcs, |name| self.get(name).is_some(), returning, &outline)?;

        let layout = layout(&outline, carried.vars.len(), carried.funcs.iter().map(|(before, func)| (*before, *func)));
        if outline.parts.len() < layout.len() {
            fits(self.language.config(), &outline, &carried, is_expression)?;
        }
        let encoded = self.encoder.encode_input(&input, &carried)?;
        let mut program = Program::from_placed(&self.language, &encoded.tokens, self.encoder.constants())?;
        let start = layout::start(&program, carried.vars.len() as u32);
        layout::number(&mut program, &layout);

        let registers = (1..).zip(carried.vars.iter().filter_map(|name| self.get(name).cloned())).collect::<Vec<_>>();
        let mut written = Written::new(&encoded.names);
        let result = self.machine.run_from(&program, start, registers, &mut written);
        let reached = if result.is_ok() { usize::MAX } else { self.machine.reached() };
        let mut outcome = self.machine.finish(result);
        let values = written.into_values();
        let defs = defined(&self.language, &encoded, &outline, &program, reached);

        if is_expression {
            // Nothing else of the module is written.
            outcome.value = values.into_iter().find_map(|(_, value)| value).unwrap_or_default();
            // As in Python, none is not kept.
            self.value = Some(outcome.value.clone()).filter(|value| *value != Value::None).or(self.value.take());
        } else {
            for (name, value) in values {
                let Some(value) = value else { continue };
                self.funcs.remove(name);
                self.vars.insert(name.to_owned(), value);
            }
        }
        for func in defs {
            self.vars.remove(&func.name);
            self.funcs.insert(func.name.clone(), func);
        }
        let Outline { places, .. } = outline;
        let EncodedInput { tokens, names, parts } = encoded;
        self.last = Some(Input { tokens, names, parts, layout, places });
        Ok(outcome)
    }

    /// Calls a function by its name. Statements in the outcome are counted from its def, which is 0; what happens in
    /// other functions counts as at the statement that calls them.
    ///
    /// # Errors
    ///
    /// [`SessionError`] if what the function calls is more than one program holds.
    pub fn call(&mut self, name: &str, args: &[Value]) -> Result<Outcome, SessionError> {
        self.machine.reset();
        let Some(needed) = closure(&self.funcs, name) else {
            return Ok(self.machine.finish(Err(ExecError::NoFunction { name: name.to_owned() })));
        };
        let arity = self.funcs.get(name).map_or(0, |func| usize::from(func.arity));
        if args.len() != arity {
            return Ok(self.machine.finish(Err(ExecError::arguments(name, arity, args.len()))));
        }
        let (program, number) = self.program(&needed)?;
        let result = self.machine.call(&program, number, args);
        Ok(self.machine.finish(result))
    }

    /// A program of functions, each behind what it calls, and the number of the last.
    fn program(&self, needed: &[&Function]) -> Result<(Program, u8), SessionError> {
        let (vocab, config) = (self.language.vocab(), self.language.config());
        let (max, knob) = (config.max_block_stmts, MAX_BLOCK_STMTS).min((config.max_funcs, MAX_FUNCS));
        let too_many = || SessionError::TooMany { knob, needed: needed.len(), max: max as usize };
        let number = |nth: usize| u8::try_from(nth + 1).ok();
        let last = number(needed.len().saturating_sub(1)).ok_or_else(too_many)?;
        let mut tokens = vec![vocab.id_of_symbol(Symbol::Block(last)).ok_or_else(too_many)?];
        for (nth, func) in needed.iter().enumerate() {
            let callee = |name: &str| number(needed.iter().position(|func| func.name == name)?);
            let own = number(nth).and_then(|number| func.renumbered(vocab, number, callee));
            tokens.extend(own.ok_or_else(too_many)?);
        }
        let mut program = Program::from_placed(&self.language, &tokens, self.encoder.constants())?;
        let is_last = |nth: usize| nth + 1 == needed.len();
        let layout = needed.iter().enumerate().map(|(nth, func)| (!is_last(nth), func.statements)).collect();
        layout::number(&mut program, &layout);
        Ok((program, last))
    }

    /// The value of a variable, `None` if there is none of the name. `_` is the last value of an expression, unless an
    /// input has called something so.
    pub fn get(&self, name: &str) -> Option<&Value> {
        let last = || self.value.as_ref().filter(|_| name == VALUE && !self.funcs.contains_key(name));
        self.vars.get(name).or_else(last)
    }

    /// The variables that inputs have written, by name.
    pub fn variables(&self) -> impl ExactSizeIterator<Item = (&str, &Value)> {
        self.vars.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// The functions with the names of their parameters, by name.
    pub fn functions(&self) -> impl ExactSizeIterator<Item = (&str, &[String])> {
        self.funcs.values().map(|func| {
            let parameters = func.bindings.get(..usize::from(func.arity)).unwrap_or_default();
            (func.name.as_str(), parameters)
        })
    }

    /// The last input that was not refused.
    pub fn last(&self) -> Option<&Input> {
        self.last.as_ref()
    }
}

/// Whether an input is within the limits of a program together with what is carried. What is too much by itself is
/// refused where it stands, as is what too many variables of inner blocks lead to: those come and go.
fn fits(
    config: &LanguageConfig,
    outline: &Outline<'_>,
    carried: &Carried<'_>,
    is_expression: bool,
) -> Result<(), SessionError> {
    let own = outline.parts.iter().filter(|part| part.def.is_some()).count();
    // A def is not the last statement, so one more counts.
    let open = usize::from(outline.parts.last().is_some_and(|part| part.def.is_some()));
    let vars = carried.vars.iter().chain(outline.parts.iter().filter(|part| part.assigns).flat_map(|part| &part.binds));
    let vars = vars.copied().chain(is_expression.then_some(VALUE)).collect::<HashSet<_>>().len();
    let funcs = carried.funcs.len();
    let statements = carried.vars.len() + funcs + outline.parts.len() + open;
    let limits = [
        (MAX_BLOCK_STMTS, statements, config.max_block_stmts, true),
        (MAX_FUNCS, funcs + own, config.max_funcs, funcs > 0),
        (MAX_VARS, vars, config.max_vars, !carried.vars.is_empty()),
    ];
    match limits.into_iter().find(|&(_, needed, max, carries)| carries && needed > max as usize) {
        Some((knob, needed, max, _)) => Err(SessionError::TooMany { knob, needed, max: max as usize }),
        None => Ok(()),
    }
}

/// Which statements of the program are carried.
fn layout<'f>(outline: &Outline<'_>, vars: usize, funcs: impl Iterator<Item = (usize, &'f Function)>) -> Layout {
    let mut layout = vec![(true, 1); vars];
    let mut funcs = funcs.peekable();
    for (nth, part) in outline.parts.iter().enumerate() {
        while let Some((_, func)) = funcs.next_if(|(before, _)| *before <= nth) {
            layout.push((true, func.statements));
        }
        layout.push((false, part.statements));
    }
    layout
}

/// The functions that the input has defined before `reached`.
fn defined(
    language: &Language,
    encoded: &EncodedInput,
    outline: &Outline<'_>,
    program: &Program,
    reached: usize,
) -> Vec<Function> {
    let vocab = language.vocab();
    let symbol = |token: &u32| match vocab.symbol(*token) {
        Some(Symbol::Func(func)) => Some(func),
        _ => None,
    };
    let name = |func: u8| encoded.names.funcs().get(usize::from(func).checked_sub(1)?);
    let parts =
        outline.parts.iter().zip(&encoded.parts).filter_map(|(part, range)| Some((part, part.def?.name, range)));
    let found = parts.filter_map(|(part, own, range)| {
        let tokens = encoded.tokens.get(range.clone())?.to_vec();
        let number = symbol(tokens.first()?)?;
        let func = program.funcs.get(program.find(number)?).filter(|func| (func.entry as usize) <= reached)?;
        let mut called = tokens.iter().filter_map(symbol).filter(|&func| func != number).collect::<Vec<_>>();
        called.sort_unstable();
        called.dedup();
        Some(Function {
            name: own.to_owned(),
            arity: func.arity,
            statements: part.statements,
            number,
            callees: called.into_iter().filter_map(|func| Some((func, name(func)?.clone()))).collect(),
            bindings: encoded.names.scopes().get(usize::from(number)).cloned().unwrap_or_default(),
            tokens,
        })
    });
    found.collect()
}

/// The last value that each name of the module was given.
struct Written<'n> {
    names: &'n [String],
    /// For each binding, the first of its name.
    first: Vec<usize>,
    /// By first binding.
    values: Vec<Option<Value>>,
}

impl<'n> Written<'n> {
    fn new(names: &'n ProgramNames) -> Self {
        let names = names.scopes().first().map_or(&[][..], Vec::as_slice);
        let mut seen = std::collections::HashMap::new();
        let first = names.iter().enumerate().map(|(nth, name)| *seen.entry(name).or_insert(nth)).collect();
        Self { names, first, values: vec![None; names.len()] }
    }

    /// By binding: none where the name has another before, or nothing was written.
    fn into_values(self) -> Vec<(&'n str, Option<Value>)> {
        self.names.iter().map(String::as_str).zip(self.values).collect()
    }
}

impl Tracer for Written<'_> {
    const ON: bool = true;

    fn wrote(&mut self, program: &Program, pc: usize, scope: u8, _: u32, value: &Value) {
        if scope != 0 {
            return;
        }
        let first = program.mark(pc).and_then(|mark| self.first.get(mark.binding as usize));
        if let Some(kept) = first.and_then(|&first| self.values.get_mut(first)) {
            *kept = Some(value.clone());
        }
    }

    fn passed(&mut self, _: &Program, _: usize, _: u32, _: &Value) {}
}
