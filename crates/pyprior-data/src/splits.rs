//! Splits: into which files a program goes, as a function of the program alone.
//!
//! A program is its tokens, which are the same however variables and functions are called: so is its split, in any shard, of
//! any dataset with the same splits, vocabulary (but for where it begins), and, as far as expressions ask for it, limits, prior and
//! steps of a trace. What is known of a program only with its place, its random numbers or its model takes no part.

use crate::columns::Column;
use crate::description::{Description, SplitDescription};
use crate::error::DescriptionError;
use crate::expression::Expression;
use crate::row::Row;

/// Splits that a dataset may have: each has files of its own in every shard.
const MAX_SPLITS: usize = 64;

/// The splits of a dataset.
#[derive(Debug)]
pub(crate) struct Splits {
    /// The first is the one that takes what is left.
    names: Vec<String>,
    by_expression: Vec<(Expression, u8)>,
    /// Below which 53 bits of the hash a split has them, ascending.
    by_hash: Vec<(u64, u8)>,
}

impl Splits {
    pub(crate) fn new(description: &Description) -> Result<Self, DescriptionError> {
        let mut splits =
            Self { names: vec![description.split.clone()], by_expression: Vec::new(), by_hash: Vec::new() };
        check_name("split", &description.split)?;
        let (mut sum, mut rest_has_share) = (0.0, false);
        let mut seen = Vec::new();
        for SplitDescription { name, holds, share } in &description.splits {
            check_name("splits.name", name)?;
            if seen.contains(&name) {
                return Err(DescriptionError::Twice { field: "splits", name: name.clone() });
            }
            seen.push(name);
            let is_rest = *name == description.split;
            if !is_rest {
                splits.names.push(name.clone());
            }
            let range = |field, value: String, range| Err(DescriptionError::Range { field, value, range });
            if splits.names.len() > MAX_SPLITS {
                return range("splits", "longer".to_owned(), "at most 63 entries");
            }
            let nth = if is_rest { 0 } else { splits.names.len() - 1 } as u8;
            match (holds, share) {
                (Some(text), None) => splits.by_expression.push((expression(text)?, nth)),
                (None, Some(share)) if *share > 0.0 && *share <= 1.0 => {
                    sum += share;
                    rest_has_share |= is_rest;
                    // Shares that sum to one may do so a little beyond; the hash has 53 bits.
                    splits.by_hash.push(((sum * TWO_53).min(TWO_53) as u64, nth));
                }
                (None, Some(share)) => return range("splits.share", share.to_string(), "more than 0 and at most 1"),
                _ => return range("splits", format!("{name:?}"), "an entry with either where or share"),
            }
        }
        let whole = if rest_has_share { (sum - 1.0_f64).abs() < 1e-9 } else { sum < 1.0 + 1e-9 };
        match whole {
            true => Ok(splits),
            false => Err(DescriptionError::Shares { split: description.split.clone(), sum }),
        }
    }

    /// Their names; the first is that of what is left.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// Whether it takes a hash to tell.
    pub(crate) fn hashes(&self) -> bool {
        !self.by_hash.is_empty()
    }

    /// The columns that they read.
    pub(crate) fn columns(&self) -> impl Iterator<Item = &'static Column> {
        self.by_expression.iter().flat_map(|(expression, _)| expression.columns().iter().copied())
    }

    /// The split of a program, of whose tokens this is a hash, 0 if it takes none.
    pub(crate) fn of(&self, row: &Row<'_>, hash: u64) -> u8 {
        let told = self.by_expression.iter().find(|(expression, _)| expression.holds(row));
        let hashed = || self.by_hash.get(self.by_hash.partition_point(|&(end, _)| end <= hash >> 11));
        told.map(|&(_, nth)| nth).or_else(|| hashed().map(|&(_, nth)| nth)).unwrap_or(0)
    }
}

const TWO_53: f64 = (1_u64 << 53) as f64;

fn check_name(field: &'static str, name: &str) -> Result<(), DescriptionError> {
    let letter = |letter: u8| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == b'_';
    // `datasets` keeps `all` for itself.
    match !name.is_empty() && name != "all" && name.bytes().all(letter) {
        true => Ok(()),
        false => {
            let value = format!("{name:?}");
            Err(DescriptionError::Range { field, value, range: "lower-case letters, digits and _, and not \"all\"" })
        }
    }
}

fn expression(text: &str) -> Result<Expression, DescriptionError> {
    let expression =
        Expression::new(text).map_err(|source| DescriptionError::expression("splits.where", text, source))?;
    match expression.columns().iter().find(|column| !column.is_of_program()) {
        Some(column) => Err(DescriptionError::NotOfProgram { column: column.name }),
        None => Ok(expression),
    }
}
