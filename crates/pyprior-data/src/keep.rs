//! Which programs stay.

use crate::columns::Column;
use crate::description::DescriptionError;
use crate::expression::Expression;
use crate::row::Row;

/// Filters that a dataset may have: the verdict on a candidate is a byte.
const MAX_FILTERS: usize = 250;

/// What programs must be to stay, in order.
#[derive(Debug, Default)]
pub(crate) struct Filters {
    filters: Vec<Expression>,
    names: Vec<String>,
}

impl Filters {
    /// Reads texts of the field `field`, in order.
    pub(crate) fn add(&mut self, field: &str, texts: &[String]) -> Result<(), DescriptionError> {
        for text in texts {
            let expression =
                Expression::new(text).map_err(|source| DescriptionError::expression(field, text, source))?;
            let name = expression.to_string();
            if self.names.contains(&name) {
                return Err(DescriptionError::Twice { field: "keep", name });
            }
            if self.filters.len() == MAX_FILTERS {
                let value = "longer".to_owned();
                return Err(DescriptionError::Range { field: "keep", value, range: "at most 250 expressions" });
            }
            self.names.push(name);
            self.filters.push(expression);
        }
        Ok(())
    }

    /// Their names, in order: the expressions in one way of writing.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// The columns that they read.
    pub(crate) fn columns(&self) -> impl Iterator<Item = &'static Column> {
        self.filters.iter().flat_map(|filter| filter.columns().iter().copied())
    }

    /// The place of the first that does not hold.
    pub(crate) fn fails(&self, row: &Row<'_>) -> Option<usize> {
        self.filters.iter().position(|filter| !filter.holds(row))
    }
}
