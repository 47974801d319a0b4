//! Whether a formula holds for constants.

use crate::source::constraint::{Arithmetic, Claim, Formula, Order, Term};

/// What is known.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Values<'a> {
    /// Names of holes.
    pub(crate) names: &'a [String],
    /// By hole.
    pub(crate) values: &'a [Option<i64>],
    pub(crate) quantified: &'a [i64],
}

/// The value of a term without calls; `None` beyond 127 bits and by division by zero, of which no relation holds.
fn value(term: &Term, values: &Values<'_>) -> Option<i128> {
    match term {
        Term::Int(value) => Some(i128::from(*value)),
        Term::Hole(name, _) => {
            let hole = values.names.iter().position(|hole| hole == name)?;
            values.values[hole].map(i128::from)
        }
        Term::Quantified(nth) => values.quantified.get(*nth).copied().map(i128::from),
        Term::Negative(inner) => value(inner, values)?.checked_neg(),
        Term::Operation(op, left, right) => compute(*op, value(left, values)?, value(right, values)?),
        Term::None | Term::Call(..) => None,
    }
}

/// An operation of integers as Python has it.
pub(crate) fn compute(op: Arithmetic, left: i128, right: i128) -> Option<i128> {
    match op {
        Arithmetic::Add => left.checked_add(right),
        Arithmetic::Sub => left.checked_sub(right),
        Arithmetic::Mul => left.checked_mul(right),
        Arithmetic::Quotient => {
            let quotient = left.checked_div(right)?;
            let inexact = left.checked_rem(right)? != 0;
            Some(if inexact && (left < 0) != (right < 0) { quotient - 1 } else { quotient })
        }
        Arithmetic::Remainder => {
            let rest = left.checked_rem(right)?;
            Some(if rest != 0 && (rest < 0) != (right < 0) { rest + right } else { rest })
        }
    }
}

pub(crate) fn compare<T: PartialOrd>(order: Order, left: &T, right: &T) -> bool {
    match order {
        Order::Less => left < right,
        Order::AtMost => left <= right,
        Order::Equal => left == right,
        Order::Unequal => left != right,
        Order::AtLeast => left >= right,
        Order::Greater => left > right,
    }
}

fn formula(formula_: &Formula, values: &Values<'_>) -> bool {
    match formula_ {
        Formula::Chain(terms, orders) => {
            let found = terms.iter().map(|term| value(term, values)).collect::<Vec<_>>();
            found.windows(2).zip(orders).all(|(pair, order)| match pair {
                [Some(left), Some(right)] => compare(*order, left, right),
                _ => false,
            })
        }
        Formula::AllDistinct(terms) => {
            let found = terms.iter().map(|term| value(term, values)).collect::<Option<Vec<_>>>();
            found.is_some_and(|mut found| {
                let count = found.len();
                found.sort_unstable();
                found.dedup();
                found.len() == count
            })
        }
        Formula::And(left, right) => formula(left, values) && formula(right, values),
        Formula::Or(left, right) => formula(left, values) || formula(right, values),
        Formula::Not(inner) => !formula(inner, values),
        Formula::Prints(_) => false,
    }
}

/// Whether a relation holds, for all values of its variables.
pub(crate) fn holds(claim: &Claim, values: &Values<'_>) -> bool {
    for_all(claim, |quantified| formula(&claim.formula, &Values { quantified, ..*values }))
}

/// Whether something is the case for all values of a claim's variables.
pub(crate) fn for_all(claim: &Claim, mut is: impl FnMut(&[i64]) -> bool) -> bool {
    let lists = claim.over.iter().map(|ranges| ranges.iter().cloned().flatten().collect::<Vec<_>>());
    let lists = lists.collect::<Vec<_>>();
    let mut places = vec![0; lists.len()];
    loop {
        let values = lists.iter().zip(&places).map(|(list, &place)| list[place]).collect::<Vec<_>>();
        if !is(&values) {
            return false;
        }
        // The last runs fastest.
        let Some(nth) = (0..places.len()).rev().find(|&nth| places[nth] + 1 < lists[nth].len()) else { return true };
        places[nth] += 1;
        places[nth + 1..].fill(0);
    }
}
