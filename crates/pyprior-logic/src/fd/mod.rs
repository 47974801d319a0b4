//! Finite domains: variables with a set of values each, relations between them, and search.
//!
//! A problem is variables, a [`FiniteDomain`] for each, and [`Constraint`]s; a [`Repository`] holds them and a [`Solver`] looks
//! for solutions. The conference that logilab-constraint and PyPy's `cslib` come with:
//!
//! ```
//! use pyprior_logic::fd::{self, FiniteDomain, Repository, Solver};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let variables = ["c01", "c02", "c03", "c04", "c05", "c06", "c07", "c08", "c09", "c10"];
//! let values = FiniteDomain::product(&[
//!     FiniteDomain::new(["room A", "room B", "room C"]),
//!     FiniteDomain::new(["day 1 AM", "day 1 PM", "day 2 AM", "day 2 PM"]),
//! ]);
//! let mut constraints = Vec::new();
//! // Internet access is in room C only.
//! for conf in ["c03", "c04", "c05", "c06"] {
//!     constraints.push(fd::make_expression(&[conf], format!("{conf}[0] == 'room C'"))?);
//! }
//! // Speakers only available on day 1, on day 2.
//! for conf in ["c01", "c05", "c10"] {
//!     constraints.push(fd::make_expression(&[conf], "%s[1].startswith('day 1')")?);
//! }
//! for conf in ["c02", "c03", "c04", "c09"] {
//!     constraints.push(fd::make_expression(&[conf], "%s[1].startswith('day 2')")?);
//! }
//! // Try to satisfy people willing to attend several conferences.
//! for group in [
//!     ["c01", "c02", "c03", "c10"],
//!     ["c02", "c06", "c08", "c09"],
//!     ["c03", "c05", "c06", "c07"],
//!     ["c01", "c03", "c07", "c08"],
//! ] {
//!     for a in group {
//!         for b in group.into_iter().filter(|b| *b > a) {
//!             constraints.push(fd::make_expression(&[a, b], "%s[1] != %s[1]")?);
//!         }
//!     }
//! }
//! constraints.push(fd::AllDistinct(&variables));
//!
//! let domains = variables.map(|name| (name, values.clone()));
//! let problem = Repository::new(&variables, domains, constraints)?;
//! assert_eq!(Solver::new().solve(&problem)?.len(), 64);
//! # Ok(()) }
//! ```
//!
//! # What propagates
//!
//! A relation over one variable is taken into its domain. One over two becomes a bit matrix, and every value without a
//! partner goes (arc consistency); variables that share domain and relation share the matrix. Sums of whole numbers
//! make their bounds consistent; tables, and expressions whose values have few combinations, are made arc consistent;
//! wider expressions and closures are looked at when at most 256 combinations are left. All different values: see
//! [`Consistency`]. The rest is search, and the solutions are exactly those of the relations.
//!
//! # Errors in expressions
//!
//! An expression must have a value wherever it is looked at: at all combinations of values that the relations over one
//! variable leave, for relations over two variables (of up to 2²⁰ pairs of values) and those made into tables. Where it has none (`1 // x` at 0), solving
//! ends with [`SolveError::Evaluation`]. `x != 0 and 1 // x == y` is guarded, as in Python.
//!
//! Wider expressions and closures are looked at where the search comes: whether an error shows depends on its order and on the
//! other relations. Linear parts of a conjunction are taken first, so `1 // x == y and x != 0` has solutions although Python
//! would raise at 0. Sums are exact, and do not end with an error where Python's numbers leave 64 bits on the way.

mod clock;
mod domain;
mod domains;
mod error;
mod expression;
mod header;
mod names;
mod network;
mod panics;
mod propagators;
mod relation;
mod repository;
mod search;

pub use self::domain::FiniteDomain;
pub use self::domains::{Conflict, Domains, Propagator};
pub use self::error::SolveError;
pub use self::expression::{EvaluationError, Expression, ExpressionError, SyntaxProblem};
pub use self::network::Network;
pub use self::relation::{
    AllDistinct, Closure, Consistency, Constraint, Formula, Linear, Operator, Predicate, Relation, Table, Text,
    make_expression,
};
pub use self::repository::{Repository, Variable};
pub use self::search::{
    Best, Choice, Distribution, Distributor, Found, Limit, Order, Solution, Solutions, Solver, Statistics, Stopped,
    ValueOrder, VariableOrder, View,
};
