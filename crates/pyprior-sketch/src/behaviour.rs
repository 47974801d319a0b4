//! What a program does, as far as it is complete: constraints that are checked by running it.

use std::sync::PoisonError;

use pyprior_core::exec::{Compiler, Limits, Machine, Program, Value};
use pyprior_core::{Language, Symbol, Vocab};

use crate::claim::{compare, compute, for_all};
use crate::matcher::SketchMatcher;
use crate::program::Function;
use crate::source::constraint::{Claim, Formula, Order, Term};

/// What a run of a candidate may take: programs that take longer do not satisfy anything.
pub(crate) const LIMITS: Limits =
    Limits { fuel: 100_000, output_bytes: 1 << 16, integer_bits: 1 << 12, integer_work: 1 << 22 };

/// Whether a claim is violated that can be checked now, and could not be when only the first `before` functions of
/// the sketch were complete.
pub(crate) fn is_violated(row: &SketchMatcher, before: usize, complete: bool) -> bool {
    let sketch = row.sketch();
    let program = &sketch.program;
    let completed = row.row().completed;
    let ready = |functions: usize, claim: &Claim| claim_ready(claim, &program.functions[..functions], row);
    let now = program.behaviours.iter().filter(|claim| {
        let done = before > 0 && ready(before, claim) && !claim.formula.prints();
        !done && (complete || (!claim.formula.prints() && ready(completed.functions, claim)))
    });
    let claims = now.collect::<Vec<_>>();
    if claims.is_empty() {
        return false;
    }
    let tokens = row.tokens();
    let vocab = sketch.language.vocab();
    let first;
    let tokens = if complete {
        tokens
    } else {
        let Some(begun) = begun(vocab, tokens, completed.statements) else { return false };
        first = begun;
        &first
    };
    // A machine that came to grief is reset before every run.
    let mut runner = sketch.runner.lock().unwrap_or_else(PoisonError::into_inner);
    let Runner { compiler, machine } = &mut *runner;
    // What the decoder has made compiles.
    let Ok(compiled) = compiler.compile(vocab, tokens) else { return true };
    let mut run = Run { row, program: compiled, machine, printed: None };
    claims.into_iter().any(|claim| !for_all(claim, |values| run.formula(&claim.formula, values)))
}

/// What runs programs, kept for its memory.
#[derive(Debug)]
pub(crate) struct Runner {
    compiler: Compiler,
    machine: Machine,
}

impl Runner {
    pub(crate) fn new(language: &Language) -> Self {
        Self { compiler: Compiler::new(language.config().comparison_values), machine: Machine::new(LIMITS) }
    }
}

/// The first statements of a module as a program of their own.
fn begun(vocab: &Vocab, tokens: &[u32], statements: u8) -> Option<Vec<u32>> {
    let head = vocab.id_of_symbol(Symbol::Block(statements))?;
    Some([head].into_iter().chain(tokens.get(1..)?.iter().copied()).collect())
}

/// Whether all that a claim needs is there.
fn claim_ready(claim: &Claim, functions: &[Function], row: &SketchMatcher) -> bool {
    let holes = &row.sketch().program.holes;
    let mut ready = true;
    claim.formula.terms(&mut |term| match term {
        Term::Call(name, ..) => ready &= functions.iter().any(|function| function.name == *name),
        Term::Hole(name, _) => {
            let nth = holes.iter().position(|hole| hole.name == *name);
            ready &= nth.is_some_and(|nth| row.row().values[nth].is_some());
        }
        _ => {}
    });
    ready
}

struct Run<'a> {
    row: &'a SketchMatcher,
    program: &'a Program,
    machine: &'a mut Machine,
    /// What the whole program prints, if it ends.
    printed: Option<Option<String>>,
}

impl Run<'_> {
    fn formula(&mut self, formula: &Formula, values: &[i64]) -> bool {
        match formula {
            Formula::Chain(terms, orders) => {
                let found = terms.iter().map(|term| self.value(term, values)).collect::<Vec<_>>();
                found.windows(2).zip(orders).all(|(pair, order)| match pair {
                    [Some(left), Some(right)] => ordered(*order, left, right),
                    _ => false,
                })
            }
            Formula::AllDistinct(terms) => {
                let found = terms.iter().map(|term| self.value(term, values)).collect::<Option<Vec<_>>>();
                found.is_some_and(|found| {
                    let mut pairs = found.iter().enumerate();
                    pairs.all(|(nth, one)| found[nth + 1..].iter().all(|other| !ordered(Order::Equal, one, other)))
                })
            }
            Formula::And(left, right) => self.formula(left, values) && self.formula(right, values),
            Formula::Or(left, right) => self.formula(left, values) || self.formula(right, values),
            Formula::Not(inner) => !self.formula(inner, values),
            Formula::Prints(text) => {
                let (machine, program) = (&mut *self.machine, self.program);
                let printed = self.printed.get_or_insert_with(|| {
                    let ended = machine.run(program).is_ok();
                    ended.then(|| machine.stdout().to_owned())
                });
                printed.as_ref().is_some_and(|printed| printed == text)
            }
        }
    }

    /// The value of a term; `None` where a run ends early, or arithmetic goes beyond 127 bits or has no result.
    fn value(&mut self, term: &Term, values: &[i64]) -> Option<Value> {
        let arithmetic =
            |value: i128| i64::try_from(value).map(Value::Int).ok().or_else(|| value.to_string().parse().ok());
        match term {
            Term::Int(value) => Some(Value::Int(*value)),
            Term::None => Some(Value::None),
            Term::Quantified(nth) => values.get(*nth).copied().map(Value::Int),
            Term::Hole(name, _) => {
                let holes = &self.row.sketch().program.holes;
                let nth = holes.iter().position(|hole| hole.name == *name)?;
                self.row.row().values[nth].map(Value::Int)
            }
            Term::Negative(inner) => arithmetic(integer(&self.value(inner, values)?)?.checked_neg()?),
            Term::Operation(op, left, right) => {
                let (left, right) = (self.value(left, values)?, self.value(right, values)?);
                arithmetic(compute(*op, integer(&left)?, integer(&right)?)?)
            }
            Term::Call(name, args, _) => {
                let args = args.iter().map(|arg| self.value(arg, values)).collect::<Option<Vec<_>>>()?;
                let functions = &self.row.sketch().program.functions;
                let function = functions.iter().find(|function| function.name == *name)?;
                let number = *self.row.row().registers().get(usize::from(function.register))?;
                self.machine.reset();
                self.machine.call(self.program, number as u8, &args).ok()
            }
        }
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

/// Compares as Python does; what Python refuses to order is not ordered.
fn ordered(order: Order, left: &Value, right: &Value) -> bool {
    match (integer(left), integer(right)) {
        (Some(left), Some(right)) => compare(order, &left, &right),
        _ => match order {
            Order::Equal => left == right,
            Order::Unequal => left != right,
            _ => false,
        },
    }
}
