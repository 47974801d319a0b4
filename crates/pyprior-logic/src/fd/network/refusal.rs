//! What cannot be posted or evaluated.

use super::propagate::Interrupt;
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

pub(crate) fn check_arity(relation: &Relation, found: usize) -> Result<(), Box<Refusal>> {
    let wanted = match relation {
        Relation::Expression(expression) => expression.variables(),
        Relation::Linear(linear) => linear.coefficients.len(),
        Relation::Table(table) if table.ragged.is_some() => {
            let (wanted, found) = (table.arity, table.ragged.unwrap_or(found));
            return Err(Box::new(Refusal::Arity { constraint: "a row of a table".into(), wanted, found }));
        }
        // A table without rows holds of nothing, however many variables.
        Relation::Table(table) if table.count > 0 => table.arity,
        _ => found,
    };
    if wanted == found {
        Ok(())
    } else {
        Err(Box::new(Refusal::Arity { constraint: relation.describe(), wanted, found }))
    }
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
