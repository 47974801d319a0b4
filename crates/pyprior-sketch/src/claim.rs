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

/// The value of a term without calls; `None` by division by zero, and beyond 127 bits, which [`bits`] sees to.
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

/// Bits that the magnitude of a term takes at most, where each hole takes so many; `None` if it has a call.
pub(crate) fn bits(term: &Term, hole: &impl Fn(&str) -> u32, quantified: &[u32]) -> Option<u32> {
    let of = |value: i64| u64::BITS - value.unsigned_abs().leading_zeros();
    Some(match term {
        Term::Int(value) => of(*value),
        Term::Hole(name, _) => hole(name),
        Term::Quantified(nth) => quantified.get(*nth).copied().unwrap_or(u64::BITS),
        Term::Negative(inner) => bits(inner, hole, quantified)?,
        Term::Operation(op, left, right) => {
            let (left, right) = (bits(left, hole, quantified)?, bits(right, hole, quantified)?);
            match op {
                Arithmetic::Add | Arithmetic::Sub => left.max(right) + 1,
                Arithmetic::Mul => left.saturating_add(right),
                // Rounded down, a quotient is one more at most.
                Arithmetic::Quotient => left + 1,
                Arithmetic::Remainder => right,
            }
        }
        Term::None | Term::Call(..) => return None,
    })
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

/// Whether a formula holds, in Kleene's logic of three values: what is not known stays so under `not`, and beside what
/// decides nothing.
///
/// Reference: S. C. Kleene, *Introduction to Metamathematics* (1952), section 64.
pub(crate) fn truth<E>(
    formula: &Formula,
    atom: &mut impl FnMut(&Formula) -> Result<Option<bool>, E>,
) -> Result<Option<bool>, E> {
    // The value that decides, whatever the other side is.
    let (left, right, decides) = match formula {
        Formula::And(left, right) => (left, right, false),
        Formula::Or(left, right) => (left, right, true),
        Formula::Not(inner) => return Ok(truth(inner, atom)?.map(|holds| !holds)),
        Formula::Chain(..) | Formula::AllDistinct(_) | Formula::Prints(_) => return atom(formula),
    };
    let left = truth(left, atom)?;
    if left == Some(decides) {
        return Ok(left);
    }
    let right = truth(right, atom)?;
    Ok(if right == Some(decides) { right } else { left.and(right) })
}

/// Whether neighbours are in order; not known if one pair is not and no other is out of it.
pub(crate) fn in_order<T>(
    found: &[Option<T>],
    orders: &[Order],
    compare: impl Fn(Order, &T, &T) -> Option<bool>,
) -> Option<bool> {
    let pairs = found.windows(2).zip(orders).map(|(pair, order)| match pair {
        [Some(left), Some(right)] => compare(*order, left, right),
        _ => None,
    });
    let mut all = Some(true);
    for pair in pairs {
        if pair == Some(false) {
            return pair;
        }
        all = all.and(pair);
    }
    all
}

/// Whether no two are equal; not known if one has no value and no two of the others are.
pub(crate) fn are_distinct<T>(found: &[Option<T>], equal: impl Fn(&T, &T) -> bool) -> Option<bool> {
    let known = found.iter().flatten().collect::<Vec<_>>();
    let twice = (0..known.len()).any(|nth| known[..nth].iter().any(|other| equal(other, known[nth])));
    if twice { Some(false) } else { (known.len() == found.len()).then_some(true) }
}

fn relation(formula: &Formula, values: &Values<'_>) -> Option<bool> {
    let of = |terms: &[Term]| terms.iter().map(|term| value(term, values)).collect::<Vec<_>>();
    let found = truth::<std::convert::Infallible>(formula, &mut |atom| {
        Ok(match atom {
            Formula::Chain(terms, orders) => {
                in_order(&of(terms), orders, |order, left, right| Some(compare(order, left, right)))
            }
            Formula::AllDistinct(terms) => are_distinct(&of(terms), |one, other| one == other),
            _ => None,
        })
    });
    match found {
        Ok(found) => found,
        Err(never) => match never {},
    }
}

/// Work that a case of a relation counts for.
const CASE_WORK: u64 = 8;

/// Whether a relation holds, for all values of its variables. Every case is work; `None` when it has been used up.
pub(crate) fn holds(claim: &Claim, values: &Values<'_>, work: &mut u64) -> Option<bool> {
    for_all(claim, |quantified| {
        *work = work.checked_sub(CASE_WORK).ok_or(())?;
        Ok::<_, ()>(relation(&claim.formula, &Values { quantified, ..*values }) == Some(true))
    })
    .ok()
}

/// Whether something is the case for all values of a claim's variables.
pub(crate) fn for_all<E>(claim: &Claim, mut is: impl FnMut(&[i64]) -> Result<bool, E>) -> Result<bool, E> {
    if claim.over.is_empty() {
        return is(&[]);
    }
    let lists = &claim.over;
    let mut places = vec![0; lists.len()];
    let mut values = Vec::with_capacity(lists.len());
    loop {
        values.clear();
        values.extend(lists.iter().zip(&places).map(|(list, &place)| list[place]));
        if !is(&values)? {
            return Ok(false);
        }
        // The last runs fastest.
        let Some(nth) = (0..places.len()).rev().find(|&nth| places[nth] + 1 < lists[nth].len()) else {
            return Ok(true);
        };
        places[nth] += 1;
        places[nth + 1..].fill(0);
    }
}
