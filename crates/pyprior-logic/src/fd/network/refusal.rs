//! What cannot be posted or evaluated.

use crate::Value;
use crate::fd::domains::Conflict;
use crate::fd::error::SolveError;
use crate::fd::expression::EvaluationError;
use crate::fd::relation::Relation;
use crate::store::Var;

/// What cannot be posted or evaluated, before variables have names.
#[derive(Debug, Clone)]
pub(crate) enum Refusal {
    Arity { constraint: String, wanted: usize, found: usize },
    NoDomain { var: Var },
    NotANumber { constraint: String, var: Var, value: String },
    Evaluation { constraint: String, number: u32, scope: Vec<Var>, values: Vec<Value>, source: EvaluationError },
    TooLarge { what: &'static str },
}

impl Refusal {
    pub(crate) fn named(self, name: &dyn Fn(Var) -> String) -> SolveError {
        match self {
            Refusal::Arity { constraint, wanted, found } => SolveError::Arity { constraint, wanted, found },
            Refusal::NoDomain { var } => SolveError::NoDomain { name: name(var) },
            Refusal::NotANumber { constraint, var, value } => {
                SolveError::NotANumber { constraint, name: name(var), value }
            }
            Refusal::Evaluation { constraint, number, scope, values, source } => {
                let assignment = scope.iter().zip(values).map(|(var, value)| format!("{} = {value}", name(*var)));
                let assignment = assignment.collect::<Vec<_>>().join(", ");
                match (assignment.is_empty(), source) {
                    (true, EvaluationError::Panicked { message }) => SolveError::Panicked { what: constraint, message },
                    (_, source) => SolveError::Evaluation { constraint, number: number as usize, assignment, source },
                }
            }
            Refusal::TooLarge { what } => SolveError::TooLarge { what },
        }
    }
}

/// Why propagation ended before a fixed point.
#[derive(Debug, Clone)]
pub(crate) enum Interrupt {
    /// No solution is left.
    Failed,
    /// The time is over.
    OutOfTime,
    /// Something is wrong with the problem.
    Refused(Box<Refusal>),
}

impl Interrupt {
    pub(super) fn refused(refusal: Refusal) -> Interrupt {
        Interrupt::Refused(Box::new(refusal))
    }

    /// With the number of the constraint that it is about.
    pub(super) fn at(mut self, constraint: u32) -> Interrupt {
        if let Interrupt::Refused(refusal) = &mut self
            && let Refusal::Evaluation { number, .. } = &mut **refusal
        {
            *number = constraint;
        }
        self
    }
}

/// Whether the relation takes so many variables.
#[inline]
pub(crate) fn check_arity(relation: &Relation, found: usize) -> Result<(), Box<Refusal>> {
    let fits = match relation {
        Relation::Expression(expression) => expression.variables() == found,
        Relation::Linear(linear) => linear.coefficients.len() == found,
        // A table without rows holds of nothing, however many variables.
        Relation::Table(table) => table.ragged.is_none() && (table.count == 0 || table.arity == found),
        Relation::Predicate(_) | Relation::AllDistinct(_) | Relation::Custom(_) => true,
    };
    if fits { Ok(()) } else { Err(wrong_arity(relation, found)) }
}

#[cold]
fn wrong_arity(relation: &Relation, found: usize) -> Box<Refusal> {
    let (constraint, wanted, found) = match relation {
        Relation::Expression(expression) => (relation.describe(), expression.variables(), found),
        Relation::Linear(linear) => (relation.describe(), linear.coefficients.len(), found),
        Relation::Table(table) => match table.ragged {
            Some(ragged) => ("a row of a table".into(), table.arity, ragged),
            None => (relation.describe(), table.arity, found),
        },
        Relation::Predicate(_) | Relation::AllDistinct(_) | Relation::Custom(_) => (relation.describe(), found, found),
    };
    Box::new(Refusal::Arity { constraint, wanted, found })
}

/// The refusal behind a conflict.
pub(super) fn refused(relation: &Relation, scope: &[Var], conflict: Conflict) -> Interrupt {
    match conflict {
        Conflict::Failed => Interrupt::Failed,
        Conflict::OutOfTime => Interrupt::OutOfTime,
        Conflict::Error { source, values } => Interrupt::refused(Refusal::Evaluation {
            constraint: relation.describe(),
            number: 0,
            scope: scope.to_vec(),
            values,
            source,
        }),
    }
}
