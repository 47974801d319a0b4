//! What a program does, as far as it is complete: constraints that are checked by running it.

use std::sync::PoisonError;

use pyprior_core::exec::{Machine, Program, Value};
use pyprior_core::{Symbol, Vocab};

use crate::claim::{are_distinct, compare, compute, for_all, in_order, truth};
use crate::fill::Stop;
use crate::fill::row::{Completed, Row};
use crate::program::Function;
use crate::runner::{CHECK_STEPS, Runner};
use crate::sketch::Sketch;
use crate::source::constraint::{Claim, Formula, Order, Term};

/// What is checked: a row of a sketch, and the tokens that it has.
#[derive(Clone, Copy)]
pub(crate) struct Subject<'a> {
    pub(crate) sketch: &'a Sketch,
    pub(crate) row: &'a Row,
    pub(crate) tokens: &'a [u32],
}

/// What has been checked of a row.
#[derive(Debug, Clone)]
pub(crate) struct Checked {
    /// By claim.
    done: Vec<bool>,
    /// Functions and constants that there were when claims were looked at last.
    seen: (usize, usize),
    /// Whether a claim does not hold.
    pub(crate) violated: bool,
    /// Steps that runs have taken.
    pub(crate) steps: u64,
}

impl Checked {
    pub(crate) fn new(claims: usize) -> Self {
        Self { done: vec![false; claims], seen: (0, 0), violated: false, steps: 0 }
    }

    /// Whether nothing is left to check.
    pub(crate) fn is_idle(&self) -> bool {
        self.violated || self.done.iter().all(|done| *done)
    }

    /// Which claims are to be checked now: those for which all is there, each once.
    fn due(&mut self, row: Subject<'_>, complete: bool) -> Vec<usize> {
        let known = (row.row.completed.functions, row.row.chosen);
        if known == self.seen && !complete {
            return Vec::new();
        }
        self.seen = known;
        let program = &row.sketch.program;
        let functions = &program.functions[..known.0];
        let claims = program.behaviours.iter().enumerate().filter(|(nth, claim)| {
            !self.done[*nth] && (complete || (!claim.formula.prints() && claim_ready(claim, functions, row)))
        });
        let due = claims.map(|(nth, _)| nth).collect::<Vec<_>>();
        due.iter().for_each(|&nth| self.done[nth] = true);
        due
    }
}

/// Checks the claims for which all is there since the last token.
///
/// # Errors
///
/// [`Stop::Steps`] where that takes too long; whether they hold is not known then.
pub(crate) fn check(row: Subject<'_>, checked: &mut Checked, complete: bool) -> Result<(), Stop> {
    let due = checked.due(row, complete);
    if due.is_empty() {
        return Ok(());
    }
    let sketch = row.sketch;
    let vocab = sketch.language.vocab();
    let completed = row.row.completed;
    let first;
    let tokens = if complete {
        row.tokens
    } else {
        let Some(begun) = begun(vocab, row.tokens, completed) else { return Ok(()) };
        first = begun;
        &first
    };
    // A machine that came to grief is reset before every run.
    let mut runner = sketch.runner.lock().unwrap_or_else(PoisonError::into_inner);
    let Runner { compiler, machine } = &mut *runner;
    let Ok(compiled) = compiler.compile(vocab, tokens) else {
        // What the decoder has made compiles.
        checked.violated = true;
        return Ok(());
    };
    let mut run = Run { row, program: compiled, machine, printed: None, left: CHECK_STEPS };
    for nth in due {
        let claim = &sketch.program.behaviours[nth];
        if !for_all(claim, |values| Ok(run.formula(&claim.formula, values)? == Some(true)))? {
            checked.violated = true;
            break;
        }
    }
    checked.steps += CHECK_STEPS - run.left;
    Ok(())
}

/// The complete functions of a module as a program of their own.
fn begun(vocab: &Vocab, tokens: &[u32], completed: Completed) -> Option<Vec<u32>> {
    let head = vocab.id_of_symbol(Symbol::Block(completed.statements))?;
    Some([head].into_iter().chain(tokens.get(1..completed.tokens as usize)?.iter().copied()).collect())
}

/// Whether all that a claim needs is there.
fn claim_ready(claim: &Claim, functions: &[Function], row: Subject<'_>) -> bool {
    let holes = &row.sketch.program.holes;
    let mut ready = true;
    claim.formula.terms(&mut |term| match term {
        Term::Call(name, ..) => ready &= functions.iter().any(|function| function.name == *name),
        Term::Hole(name, _) => {
            let nth = holes.iter().position(|hole| hole.name == *name);
            ready &= nth.is_some_and(|nth| row.row.values[nth].is_some());
        }
        _ => {}
    });
    ready
}

struct Run<'a> {
    row: Subject<'a>,
    program: &'a Program,
    machine: &'a mut Machine,
    /// What the whole program prints, if it ends.
    printed: Option<Option<String>>,
    /// Steps that may still be taken.
    left: u64,
}

impl Run<'_> {
    /// Whether a formula holds; `None` where that hangs on what has no value.
    fn formula(&mut self, formula: &Formula, values: &[i64]) -> Result<Option<bool>, Stop> {
        self.spend(1)?;
        truth(formula, &mut |atom| {
            Ok(match atom {
                Formula::Chain(terms, orders) => in_order(&self.values(terms, values)?, orders, ordered),
                Formula::AllDistinct(terms) => {
                    let equal = |one: &Value, other: &Value| ordered(Order::Equal, one, other) == Some(true);
                    are_distinct(&self.values(terms, values)?, equal)
                }
                Formula::Prints(text) => self.prints()?.map(|printed| printed == text),
                Formula::And(..) | Formula::Or(..) | Formula::Not(_) => None,
            })
        })
    }

    fn spend(&mut self, steps: u64) -> Result<(), Stop> {
        self.left = self.left.checked_sub(steps).ok_or(Stop::Steps)?;
        Ok(())
    }

    fn prints(&mut self) -> Result<Option<&str>, Stop> {
        if self.printed.is_none() {
            let ended = self.machine.run(self.program).is_ok();
            self.spend(self.machine.steps())?;
            self.printed = Some(ended.then(|| self.machine.stdout().to_owned()));
        }
        Ok(self.printed.as_ref().and_then(Option::as_deref))
    }

    fn values(&mut self, terms: &[Term], values: &[i64]) -> Result<Vec<Option<Value>>, Stop> {
        terms.iter().map(|term| self.value(term, values)).collect()
    }

    /// The value of a term; `None` where a run ends early, or arithmetic goes beyond 127 bits or has no result.
    fn value(&mut self, term: &Term, values: &[i64]) -> Result<Option<Value>, Stop> {
        let arithmetic =
            |value: i128| i64::try_from(value).map(Value::Int).ok().or_else(|| value.to_string().parse().ok());
        Ok(match term {
            Term::Int(value) => Some(Value::Int(*value)),
            Term::None => Some(Value::None),
            Term::Quantified(nth) => values.get(*nth).copied().map(Value::Int),
            Term::Hole(name, _) => {
                let nth = self.row.sketch.program.holes.iter().position(|hole| hole.name == *name);
                nth.and_then(|nth| self.row.row.values[nth]).map(Value::Int)
            }
            Term::Negative(inner) => {
                let inner = self.value(inner, values)?;
                inner.as_ref().and_then(integer).and_then(i128::checked_neg).and_then(arithmetic)
            }
            Term::Operation(op, left, right) => {
                let (left, right) = (self.value(left, values)?, self.value(right, values)?);
                let sides = left.as_ref().and_then(integer).zip(right.as_ref().and_then(integer));
                sides.and_then(|(left, right)| compute(*op, left, right)).and_then(arithmetic)
            }
            Term::Call(name, args, _) => match self.values(args, values)?.into_iter().collect::<Option<Vec<_>>>() {
                Some(args) => self.call(name, &args)?,
                None => None,
            },
        })
    }

    fn call(&mut self, name: &str, args: &[Value]) -> Result<Option<Value>, Stop> {
        let functions = &self.row.sketch.program.functions;
        let function = functions.iter().find(|function| function.name == name);
        let number = function.and_then(|function| self.row.row.registers().get(usize::from(function.register)));
        let Some(&number) = number else { return Ok(None) };
        self.machine.reset();
        let value = self.machine.call(self.program, number as u8, args).ok();
        self.spend(self.machine.steps())?;
        Ok(value)
    }
}

fn integer(value: &Value) -> Option<i128> {
    match value {
        Value::Int(value) => Some(i128::from(*value)),
        Value::Bool(value) => Some(i128::from(*value)),
        Value::Big(value) => value.to_string().parse().ok(),
        Value::None => None,
    }
}

/// Compares as Python does; of what Python refuses to order it is not known.
fn ordered(order: Order, left: &Value, right: &Value) -> Option<bool> {
    if let (Some(left), Some(right)) = (integer(left), integer(right)) {
        return Some(compare(order, &left, &right));
    }
    match (left, right, order) {
        (Value::None, _, Order::Equal) | (_, Value::None, Order::Equal) => Some(left == right),
        (Value::None, _, Order::Unequal) | (_, Value::None, Order::Unequal) => Some(left != right),
        (Value::None, ..) | (_, Value::None, _) => None,
        _ => {
            let sides = (magnitude(left), magnitude(right));
            Some(compare(order, &sides.0, &sides.1))
        }
    }
}

/// What orders integers of any length: the sign, and, as far as it counts upwards, the digits.
fn magnitude(value: &Value) -> (bool, i64, String) {
    let text = match value {
        Value::Big(value) => value.to_string(),
        value => integer(value).unwrap_or_default().to_string(),
    };
    match text.strip_prefix('-') {
        // More digits, or larger ones, are less.
        Some(digits) => {
            let complement = |digit: char| char::from_digit(9 - digit.to_digit(10).unwrap_or(0), 10).unwrap_or('0');
            (false, -(digits.len() as i64), digits.chars().map(complement).collect())
        }
        None => (true, text.len() as i64, text),
    }
}
