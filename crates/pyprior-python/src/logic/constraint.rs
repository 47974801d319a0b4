//! Relations over variables by name.

use pyo3::exceptions::PyTypeError;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyString, PyTuple};
use pyprior_logic::fd::{self, Consistency, Operator, Relation, SolveError};

use super::errors;
use super::objects::{self, Kept};
use crate::bounded::{MOST, bounded};
use crate::errors::{PyPriorError, Raised};
use crate::numbers::whole;
use crate::turns::{self, Turns, in_turns};

/// A relation over variables by name. Made by `make_expression`, `AllDistinct`, `linear` and `table`.
#[pyclass(frozen, module = "pyprior_rs._engine")]
pub struct Constraint {
    pub(super) relation: Made,
    pub(super) names: Vec<String>,
    kept: Kept,
}

/// What a constraint is made of.
pub(super) enum Made {
    Engine(Relation),
    /// A function of Python, over values by position.
    Function(Py<PyAny>),
}

impl Constraint {
    fn new(relation: Made, names: Vec<String>) -> Self {
        Self { relation, names, kept: Kept::new() }
    }
}

#[pymethods]
impl Constraint {
    /// The names of its variables, by position.
    #[getter]
    fn variables<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, &self.names)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        if let Made::Function(function) = &self.relation {
            visit.call(function)?;
        }
        self.kept.iter().try_for_each(|name| name.visit(&visit))
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let relation = match &self.relation {
            Made::Engine(relation) => format!("{relation:?}"),
            Made::Function(function) => function.bind(py).repr()?.to_string(),
        };
        Ok(format!("<Constraint {relation} over {}>", self.names.join(", ")))
    }
}

/// Names of variables; one text is not taken for several of one letter.
pub(super) fn names(variables: &Bound<'_, PyAny>) -> PyResult<Vec<String>> {
    let wrong = |what: &str| PyTypeError::new_err(format!("variables are a list or tuple of names, not {what}"));
    if variables.is_instance_of::<PyString>() {
        return Err(wrong("one name"));
    }
    let name = |name: PyResult<Bound<'_, PyAny>>| {
        let name = name?;
        name.extract::<String>().map_err(|error| match name.get_type().name() {
            // It is text, with half of a character in it.
            Ok(_) if name.is_instance_of::<PyString>() => error,
            Ok(kind) => wrong(&format!("one with {kind}s in it")),
            Err(error) => error,
        })
    };
    let refused = || errors::problem(variables.py(), &SolveError::TooLarge { what: "names of variables" }, None);
    in_turns(variables.py(), bounded(variables, MOST, refused)?).map(name).collect()
}

/// A constraint from text over the names of the variables, or with `%s` for each of them in turn; or from a function, which is
/// called with their values, by position, and says whether they go together.
///
/// Text is Python's: `+ - * // % **`, comparisons, `and or not`, `a if c else b`, indices, slices without a step, tuples and lists,
/// `abs min max len sum`, `startswith endswith lower upper`. A function must be one of its values alone. Raises
/// ExpressionError.
#[pyfunction]
#[pyo3(signature = (variables, formula))]
pub fn make_expression(variables: &Bound<'_, PyAny>, formula: &Bound<'_, PyAny>) -> PyResult<Constraint> {
    let (py, names) = (variables.py(), names(variables)?);
    if formula.is_instance_of::<PyString>() {
        let text = formula.extract::<String>()?;
        let read = names.iter().map(String::as_str).collect::<Vec<_>>();
        let relation = Relation::expression(&read, &text).map_err(|error| errors::expression(py, &error))?;
        return Ok(Constraint::new(Made::Engine(relation), names));
    }
    if formula.is_callable() {
        return Ok(Constraint::new(Made::Function(formula.clone().unbind()), names));
    }
    let kind = formula.get_type().name()?;
    Err(PyTypeError::new_err(format!("an expression is text or a function, not {kind}")))
}

/// Variables whose values are all different. With `matching` every value goes that is in no solution of this constraint alone,
/// from the start; without, that is begun once the search has failed often.
#[pyfunction]
#[pyo3(name = "AllDistinct", signature = (variables, *, matching=false))]
pub fn all_distinct(variables: &Bound<'_, PyAny>, matching: bool) -> PyResult<Constraint> {
    let consistency = if matching { Consistency::Domain } else { Consistency::Adaptive };
    Ok(Constraint::new(Made::Engine(Relation::AllDistinct(consistency)), names(variables)?))
}

const OPERATORS: [(&str, Operator); 6] = [
    ("==", Operator::Equal),
    ("!=", Operator::NotEqual),
    ("<", Operator::Less),
    ("<=", Operator::AtMost),
    (">", Operator::Greater),
    (">=", Operator::AtLeast),
];

/// A weighted sum: `linear(("x", "y"), (2, -3), "<=", 7)` is 2 x - 3 y <= 7. Exact for all integers of 64 bits. Coefficients are
/// any iterable of integers, also of numpy or torch.
#[pyfunction]
#[pyo3(signature = (variables, coefficients, operator, bound))]
pub fn linear(
    variables: &Bound<'_, PyAny>,
    coefficients: &Bound<'_, PyAny>,
    operator: &str,
    #[pyo3(from_py_with = whole)] bound: i64,
) -> PyResult<Constraint> {
    let (py, names) = (variables.py(), names(variables)?);
    let Some((_, operator)) = OPERATORS.iter().find(|(spelling, _)| *spelling == operator) else {
        let known = OPERATORS.map(|(spelling, _)| spelling).join(" ");
        return Err(Raised::new::<PyPriorError>(py, format!("no operator {operator:?}: there are {known}")).err());
    };
    let refused = || errors::problem(py, &SolveError::TooLarge { what: "coefficients" }, None);
    let coefficients = in_turns(py, bounded(coefficients, MOST, refused)?).map(|item| whole(&item?));
    let relation = Relation::linear(coefficients.collect::<PyResult<Vec<i64>>>()?, *operator, bound);
    let constraint = Constraint::new(Made::Engine(relation), names);
    fits(py, &constraint)?;
    Ok(constraint)
}

/// Variables whose values are one of the rows. Of 2^24 values at most in all; more are a ProblemError.
#[pyfunction]
#[pyo3(signature = (variables, rows))]
pub fn table(variables: &Bound<'_, PyAny>, rows: &Bound<'_, PyAny>) -> PyResult<Constraint> {
    let (py, names) = (variables.py(), names(variables)?);
    let (mut kept, mut all) = (Kept::new(), Vec::new());
    let refused = || errors::problem(py, &SolveError::TooLarge { what: "a table" }, None);
    let (mut turns, mut cells) = (Turns::new(py), 0_usize);
    for row in bounded(rows, MOST, refused)? {
        turns.made(1);
        let items = bounded(&row?, MOST - cells, refused)?;
        let values = items.map(|item| objects::value(&item?, &mut kept, &mut turns)).collect::<PyResult<Vec<_>>>()?;
        cells += values.len();
        all.push(values);
    }
    // Without rows the engine has no width to tell: nothing goes together then.
    let relation = turns::without(py, cells, || match all.is_empty() {
        true => Relation::predicate(|_| false),
        false => Relation::table(all),
    });
    let constraint = Constraint { relation: Made::Engine(relation), names, kept };
    fits(py, &constraint)?;
    Ok(constraint)
}

/// Whether the relation takes as many variables: what is wrong is told where it stands.
fn fits(py: Python<'_>, constraint: &Constraint) -> PyResult<()> {
    let Made::Engine(relation) = &constraint.relation else { return Ok(()) };
    let mut problem = fd::Repository::default();
    let trial = (|| {
        let numbers = (0..constraint.names.len()).map(|number| number.to_string());
        let variables = problem.variables(numbers, &fd::FiniteDomain::range(0..=0))?;
        problem.post(relation, &variables)
    })();
    trial.map_err(|error| errors::problem(py, &error, None))
}
