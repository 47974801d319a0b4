//! Which programs stay.

use crate::columns::{Column, Needs};
use crate::error::DescriptionError;
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
    /// Reads the expressions of `keep`, in order.
    pub(crate) fn add(&mut self, texts: &[String]) -> Result<(), DescriptionError> {
        for text in texts {
            if let Some(name) = self.push("keep", text)? {
                return Err(DescriptionError::Twice { field: "keep", name });
            }
        }
        Ok(())
    }

    /// Reads the ranges of targets, in order: those that are asked for already are left out.
    pub(crate) fn add_ranges(&mut self, texts: &[String]) -> Result<(), DescriptionError> {
        texts.iter().try_for_each(|text| self.push("control.targets.range", text).map(drop))
    }

    /// Reads a text of a field; its name if it is there already.
    fn push(&mut self, field: &'static str, text: &str) -> Result<Option<String>, DescriptionError> {
        let expression = Expression::new(text).map_err(|source| DescriptionError::expression(field, text, source))?;
        let name = expression.to_string();
        if self.names.contains(&name) {
            return Ok(Some(name));
        }
        if self.filters.len() == MAX_FILTERS {
            let range = "at most 250 expressions, ranges of targets included";
            return Err(DescriptionError::Range { field, value: "longer".to_owned(), range });
        }
        self.names.push(name);
        self.filters.push(expression);
        Ok(None)
    }

    /// Their names, in order: the expressions in one way of writing.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// The columns that they read.
    pub(crate) fn columns(&self) -> impl Iterator<Item = &'static Column> {
        self.filters.iter().flat_map(|filter| filter.columns().iter().copied())
    }

    /// The place of the first that does not hold, among those before the first that reads examples or a trace: what it takes
    /// to know those costs most.
    pub(crate) fn fails_at_sight(&self, row: &Row<'_>) -> Option<usize> {
        let looks = |column: &&Column| matches!(column.needs, Needs::Examples | Needs::Trace);
        let mut at_sight = self.filters.iter().take_while(|filter| !filter.columns().iter().any(looks));
        at_sight.position(|filter| !filter.holds(row))
    }

    /// The place of the first that does not hold.
    pub(crate) fn fails(&self, row: &Row<'_>) -> Option<usize> {
        self.filters.iter().position(|filter| !filter.holds(row))
    }
}
