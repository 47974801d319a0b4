//! Relations between constants as a problem of finite domains.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use pyprior_logic::Value;
use pyprior_logic::fd::{FiniteDomain, Operator, Relation, Repository, Solver};

use super::Stop;
use crate::claim::{Values, holds};
use crate::source::constraint::{Arithmetic, Claim, Formula, Order, Term};

/// Work that a choice of the solver counts for.
const NODE_WORK: u64 = 1_000;

/// Relations of some holes, by their positions.
#[derive(Debug, Default)]
pub(crate) struct Finite {
    posts: Vec<(Relation, Vec<usize>)>,
    /// Work that the closures may still take; a solver runs in one thread.
    left: Arc<AtomicU64>,
}

impl Finite {
    pub(crate) fn new<'c>(claims: impl Iterator<Item = &'c Claim>, holes: &[usize], names: &[String]) -> Self {
        let mut posts = Vec::new();
        let left = Arc::new(AtomicU64::new(0));
        let position = |name: &String| holes.iter().position(|&hole| names[hole] == *name);
        for claim in claims {
            if claim.over.is_empty() && post(&claim.formula, &position, &mut posts).is_some() {
                continue;
            }
            // Whatever it is: a closure over the holes that it is about.
            let mut about = Vec::new();
            claim.formula.terms(&mut |term| {
                if let Term::Hole(name, _) = term {
                    about.extend(position(name).filter(|place| !about.contains(place)));
                }
            });
            let own = about.iter().map(|&place| names[holes[place]].clone()).collect::<Vec<_>>();
            let claim = claim.clone();
            let left = Arc::clone(&left);
            let relation = Relation::predicate(move |values| {
                let values = values.iter().map(Value::as_int).collect::<Vec<_>>();
                let mut work = left.load(Ordering::Relaxed);
                let found = holds(&claim, &Values { names: &own, values: &values, quantified: &[] }, &mut work);
                // Once it has been used up nothing holds, so that the search ends soon; `solvable` then says why.
                left.store(if found.is_some() { work } else { 0 }, Ordering::Relaxed);
                found == Some(true)
            });
            posts.push((relation, about));
        }
        Self { posts, left }
    }

    /// Whether the holes have values from these domains.
    pub(crate) fn solvable(&self, domains: &[Vec<i64>], work: &mut u64) -> Result<bool, Stop> {
        let mut problem = Repository::default();
        let mut variables = Vec::with_capacity(domains.len());
        for (nth, domain) in domains.iter().enumerate() {
            match problem.variable(&format!("x{nth}"), &FiniteDomain::new(domain.iter().copied())) {
                Ok(variable) => variables.push(variable),
                // An empty domain.
                Err(_) => return Ok(false),
            }
        }
        for (relation, about) in &self.posts {
            let about = about.iter().map(|&place| variables[place]).collect::<Vec<_>>();
            problem.post(relation, &about).map_err(|_| Stop::Work)?;
        }
        // Half for choices, half for closures; what is left of the latter is for the next search.
        self.left.store(*work, Ordering::Relaxed);
        let found = Solver::new().nodes(*work / NODE_WORK).solve_first(&problem);
        *work = self.left.load(Ordering::Relaxed).saturating_sub(NODE_WORK);
        match found {
            Ok(solution) if *work > 0 || solution.is_some() => Ok(solution.is_some()),
            // Anything else is the limit.
            _ => Err(Stop::Work),
        }
    }
}

/// Posts what the solver knows to propagate; `None`, with nothing posted, where it is none of these.
fn post(
    formula: &Formula,
    position: &impl Fn(&String) -> Option<usize>,
    posts: &mut Vec<(Relation, Vec<usize>)>,
) -> Option<()> {
    match formula {
        Formula::AllDistinct(terms) => {
            let mut about = Vec::new();
            for term in terms {
                let Term::Hole(name, _) = term else { return None };
                about.push(position(name)?);
            }
            let mut distinct = about.clone();
            distinct.sort_unstable();
            distinct.dedup();
            if distinct.len() < about.len() {
                return None;
            }
            posts.push((Relation::all_distinct(), about));
        }
        Formula::Chain(terms, orders) => {
            let sums = terms.iter().map(|term| sum(term, position)).collect::<Option<Vec<_>>>()?;
            let mut found = Vec::new();
            for (pair, order) in sums.windows(2).zip(orders) {
                let [left, right] = pair else { return None };
                let difference = left.plus(right, -1)?;
                let weights = difference.weights.into_iter().filter(|(_, weight)| *weight != 0);
                let (about, coefficients): (Vec<_>, Vec<_>) = weights.unzip();
                if about.is_empty() {
                    return None;
                }
                let operator = match order {
                    Order::Less => Operator::Less,
                    Order::AtMost => Operator::AtMost,
                    Order::Equal => Operator::Equal,
                    Order::Unequal => Operator::NotEqual,
                    Order::AtLeast => Operator::AtLeast,
                    Order::Greater => Operator::Greater,
                };
                found.push((Relation::linear(coefficients, operator, difference.constant.checked_neg()?), about));
            }
            posts.extend(found);
        }
        Formula::And(left, right) => {
            let mut found = Vec::new();
            post(left, position, &mut found)?;
            post(right, position, &mut found)?;
            posts.extend(found);
        }
        Formula::Or(..) | Formula::Not(_) | Formula::Prints(_) => return None,
    }
    Some(())
}

/// A weighted sum of holes.
#[derive(Debug, Clone, Default)]
struct Sum {
    weights: BTreeMap<usize, i64>,
    constant: i64,
}

impl Sum {
    fn plus(&self, other: &Sum, times: i64) -> Option<Sum> {
        let mut sum = self.clone();
        sum.constant = sum.constant.checked_add(other.constant.checked_mul(times)?)?;
        for (&place, weight) in &other.weights {
            let slot = sum.weights.entry(place).or_default();
            *slot = slot.checked_add(weight.checked_mul(times)?)?;
        }
        Some(sum)
    }
}

fn sum(term: &Term, position: &impl Fn(&String) -> Option<usize>) -> Option<Sum> {
    match term {
        Term::Int(value) => Some(Sum { constant: *value, ..Sum::default() }),
        Term::Hole(name, _) => Some(Sum { weights: BTreeMap::from([(position(name)?, 1)]), constant: 0 }),
        Term::Negative(inner) => Sum::default().plus(&sum(inner, position)?, -1),
        Term::Operation(op, left, right) => {
            let (left, right) = (sum(left, position)?, sum(right, position)?);
            match op {
                Arithmetic::Add => left.plus(&right, 1),
                Arithmetic::Sub => left.plus(&right, -1),
                Arithmetic::Mul if left.weights.is_empty() => Sum::default().plus(&right, left.constant),
                Arithmetic::Mul if right.weights.is_empty() => Sum::default().plus(&left, right.constant),
                _ => None,
            }
        }
        Term::None | Term::Quantified(_) | Term::Call(..) => None,
    }
}
