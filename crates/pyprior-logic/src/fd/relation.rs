//! Relations, and constraints: relations over variables by name.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use super::domains::Propagator;
use super::expression::{Expression, ExpressionError};
use crate::Value;

/// A closure that says whether values go together.
pub type Predicate = dyn Fn(&[Value]) -> bool + Send + Sync;

/// How much an [`all_distinct`](Relation::all_distinct) prunes. The solutions are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Consistency {
    /// Values that are taken, and sets of values that as many variables need, where such a set is the domain of one of
    /// them. Matching only once the search has failed often.
    #[default]
    Adaptive,
    /// Every value that is in no solution of this constraint alone, by matching (Régin, AAAI 1994).
    Domain,
}

/// How a weighted sum compares with a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operator {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
}

/// `Σ coefficient · variable ⋈ bound`; exact for all numbers of 64 bits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Linear {
    pub(crate) coefficients: Vec<i64>,
    pub(crate) operator: Operator,
    pub(crate) bound: i64,
}

/// Rows of values that go together.
#[derive(Debug, Clone)]
pub struct Table {
    pub(crate) arity: usize,
    /// Number of rows.
    pub(crate) count: usize,
    pub(crate) rows: Vec<Value>,
    /// The length of a row that has another than the first.
    pub(crate) ragged: Option<usize>,
}

/// A relation between variables by position. Cheap to clone; made once, posted on many variables.
#[derive(Clone)]
#[non_exhaustive]
pub enum Relation {
    /// True values of an expression.
    Expression(Arc<Expression>),
    /// What a closure takes. It must be a function of the values alone.
    Predicate(Arc<Predicate>),
    /// A weighted sum.
    Linear(Arc<Linear>),
    /// The rows of a table.
    Table(Arc<Table>),
    /// Values that are all different.
    AllDistinct(Consistency),
    /// A propagator of one's own.
    Custom(Arc<dyn Propagator>),
}

impl Relation {
    /// Reads an expression in which `%s` stands for the variables from left to right.
    ///
    /// # Errors
    ///
    /// [`ExpressionError`] says where the text is wrong.
    pub fn template(text: &str) -> Result<Relation, ExpressionError> {
        Ok(Relation::Expression(Arc::new(Expression::template(text)?)))
    }

    /// Reads an expression over names, which stand for the variables in this order.
    ///
    /// # Errors
    ///
    /// [`ExpressionError`] says where the text is wrong.
    pub fn expression(names: &[&str], text: &str) -> Result<Relation, ExpressionError> {
        Ok(Relation::Expression(Arc::new(Expression::new(names, text)?)))
    }

    /// A closure over the values, by position.
    pub fn predicate(predicate: impl Fn(&[Value]) -> bool + Send + Sync + 'static) -> Relation {
        Relation::Predicate(Arc::new(predicate))
    }

    /// `Σ coefficient · variable ⋈ bound`. A coefficient for each variable.
    pub fn linear(coefficients: impl Into<Vec<i64>>, operator: Operator, bound: i64) -> Relation {
        Relation::Linear(Arc::new(Linear { coefficients: coefficients.into(), operator, bound }))
    }

    /// The rows of a table. Rows of different lengths are [refused](crate::fd::SolveError::Arity) where it is posted.
    pub fn table<R: IntoIterator<Item = T>, T: Into<Value>>(rows: impl IntoIterator<Item = R>) -> Relation {
        let mut table = Table { arity: 0, count: 0, rows: Vec::new(), ragged: None };
        let mut seen = HashSet::new();
        for (nth, row) in rows.into_iter().enumerate() {
            let row: Vec<Value> = row.into_iter().map(Into::into).collect();
            if nth == 0 {
                table.arity = row.len();
            }
            if row.len() != table.arity {
                table.ragged = Some(row.len());
            } else if seen.insert(row.clone()) {
                table.count += 1;
                table.rows.extend(row);
            }
        }
        Relation::Table(Arc::new(table))
    }

    /// Values that are all different, pruned as far as usual.
    pub fn all_distinct() -> Relation {
        Relation::AllDistinct(Consistency::default())
    }

    /// Over variables by name.
    pub fn on<'n>(self, variables: &[&'n str]) -> Constraint<'n> {
        Constraint { relation: self, variables: variables.into() }
    }
}

impl fmt::Debug for Relation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.describe())
    }
}

impl Relation {
    /// Whether it is the same object, so that it is looked at in no other way.
    pub(crate) fn is(&self, other: &Relation) -> bool {
        match (self, other) {
            (Relation::Expression(a), Relation::Expression(b)) => Arc::ptr_eq(a, b),
            (Relation::Linear(a), Relation::Linear(b)) => Arc::ptr_eq(a, b),
            (Relation::Table(a), Relation::Table(b)) => Arc::ptr_eq(a, b),
            (Relation::AllDistinct(a), Relation::AllDistinct(b)) => a == b,
            _ => false,
        }
    }

    /// The relation in words of its own, for messages.
    pub(crate) fn describe(&self) -> String {
        match self {
            Relation::Expression(expression) => expression.text().into(),
            Relation::Predicate(_) => "a closure".into(),
            Relation::Linear(linear) => format!("a sum of {} terms", linear.coefficients.len()),
            Relation::Table(table) => format!("a table of {} columns", table.arity),
            Relation::AllDistinct(_) => "all distinct".into(),
            Relation::Custom(propagator) => propagator.name().into(),
        }
    }
}

/// A relation over variables by name.
#[derive(Debug, Clone)]
pub struct Constraint<'n> {
    pub(crate) relation: Relation,
    pub(crate) variables: Vec<&'n str>,
}

impl Constraint<'_> {
    /// The relation.
    pub fn relation(&self) -> &Relation {
        &self.relation
    }

    /// The variables, by position.
    pub fn variables(&self) -> &[&str] {
        &self.variables
    }
}

/// What a constraint can be made of: text (`T` is [`Text`]) or a closure (`T` is [`Closure`]).
pub trait Formula<T> {
    /// The relation over these variables.
    ///
    /// # Errors
    ///
    /// [`ExpressionError`] for text that cannot be read.
    fn relation(self, variables: &[&str]) -> Result<Relation, ExpressionError>;
}

/// Marks formulas that are text.
#[derive(Debug)]
pub enum Text {}

/// Marks formulas that are closures.
#[derive(Debug)]
pub enum Closure {}

impl<S: AsRef<str>> Formula<Text> for S {
    fn relation(self, variables: &[&str]) -> Result<Relation, ExpressionError> {
        Ok(Relation::Expression(Arc::new(Expression::new(variables, self.as_ref())?)))
    }
}

impl<F: Fn(&[Value]) -> bool + Send + Sync + 'static> Formula<Closure> for F {
    fn relation(self, _: &[&str]) -> Result<Relation, ExpressionError> {
        Ok(Relation::predicate(self))
    }
}

/// A constraint from text over the names of the variables (or `%s` for each of them in turn), or from a closure over their
/// values.
///
/// ```
/// # use pyprior_logic::{Value, fd};
/// # fn main() -> Result<(), fd::ExpressionError> {
/// fd::make_expression(&["x", "y"], "x[1] != y[1]")?;
/// fd::make_expression(&["x", "y"], "%s < %s")?;
/// fd::make_expression(&["x", "y"], |values: &[Value]| values[0] != values[1])?;
/// # Ok(()) }
/// ```
///
/// # Errors
///
/// [`ExpressionError`] says where a text is wrong.
pub fn make_expression<'n, T>(
    variables: &[&'n str],
    formula: impl Formula<T>,
) -> Result<Constraint<'n>, ExpressionError> {
    Ok(formula.relation(variables)?.on(variables))
}

/// Variables whose values are all different.
#[allow(non_snake_case, reason = "the name that the constraint has in logilab-constraint")]
pub fn AllDistinct<'n>(variables: &[&'n str]) -> Constraint<'n> {
    Relation::all_distinct().on(variables)
}
