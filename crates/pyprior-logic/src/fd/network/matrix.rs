//! Bit matrices of relations between two variables, each made once.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use crate::Value;
use crate::fd::clock::Clock;
use crate::fd::domains::{has, ones, put};
use crate::fd::expression::{EvaluationError, Expression, Sides, canonical, has_truth};
use crate::fd::relation::{Linear, Predicate, Relation};
use crate::store::Universe;

use super::test::{TEST, Test};

/// Where a matrix lies in the arena, and how wide its rows are.
///
/// Row *i* of the one direction has a bit for each value of the second variable that goes with value *i* of the first; the
/// other direction is the transpose.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Matrix {
    pub(crate) rows: u32,
    pub(crate) columns: u32,
    /// Words of a row, words of a column.
    pub(crate) row_words: u32,
    pub(crate) column_words: u32,
    /// With how many values of the first variable a value of the second does not go, at most; and the other way round.
    pub(crate) row_conflicts: u32,
    pub(crate) column_conflicts: u32,
}

/// What a relation and the universes are known by, those by their numbers in the store: texts that read alike share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) relation: usize,
    pub(crate) first: u32,
    pub(crate) second: u32,
}

/// Words of a matrix over two universes, and of its transpose.
pub(crate) fn words(one: &Universe, two: &Universe) -> usize {
    one.len().saturating_mul(two.words()).saturating_add(two.len().saturating_mul(one.words()))
}

/// The arena of all matrices and masks of a network.
#[derive(Debug, Clone, Default)]
pub(crate) struct Matrices {
    pub(crate) bits: Vec<u64>,
    /// The newest, and those before.
    newest: Option<(Key, Matrix)>,
    known: Vec<(Key, Matrix)>,
    /// None while they are few.
    index: Option<HashMap<Key, Matrix>>,
}

/// Up to so many matrices a search from the end beats a hash table.
const SCANNED: usize = 16;

impl Matrices {
    pub(crate) fn with_room() -> Matrices {
        Matrices { bits: Vec::with_capacity(64), ..Matrices::default() }
    }

    #[inline]
    pub(crate) fn known(&self, key: Key) -> Option<Matrix> {
        match self.newest {
            Some((newest, matrix)) if newest == key => Some(matrix),
            _ => self.older(key),
        }
    }

    fn older(&self, key: Key) -> Option<Matrix> {
        match &self.index {
            Some(index) => index.get(&key).copied(),
            None => self.known.iter().rev().find(|(known, _)| *known == key).map(|(_, matrix)| *matrix),
        }
    }

    pub(crate) fn remember(&mut self, key: Key, matrix: Matrix) {
        let Some((key, matrix)) = self.newest.replace((key, matrix)) else { return };
        self.known.push((key, matrix));
        if let Some(index) = &mut self.index {
            index.insert(key, matrix);
        } else if self.known.len() > SCANNED {
            self.index = Some(self.known.iter().copied().collect());
        }
    }

    /// Room for a matrix, empty.
    pub(crate) fn empty(&mut self, first: &Universe, second: &Universe) -> Matrix {
        let (row_words, column_words) = (second.words(), first.words());
        let rows = self.bits.len();
        let columns = rows + first.len() * row_words;
        self.bits.resize(columns + second.len() * column_words, 0);
        Matrix {
            rows: rows as u32,
            columns: columns as u32,
            row_words: row_words as u32,
            column_words: column_words as u32,
            row_conflicts: u32::MAX,
            column_conflicts: u32::MAX,
        }
    }

    /// The matrix with its conflicts counted: to be called when all of it is written.
    pub(crate) fn counted(&self, matrix: Matrix, first: &Universe, second: &Universe) -> Matrix {
        let most = |start: u32, width: u32, lines: usize, of: usize| {
            let lines = self.bits[start as usize..][..lines * width as usize].chunks_exact(width.max(1) as usize);
            let least = lines.map(|line| line.iter().map(|word| word.count_ones()).sum::<u32>()).min();
            (of as u32).saturating_sub(least.unwrap_or(0))
        };
        Matrix {
            row_conflicts: most(matrix.columns, matrix.column_words, second.len(), first.len()),
            column_conflicts: most(matrix.rows, matrix.row_words, first.len(), second.len()),
            ..matrix
        }
    }

    /// The matrix of `==` or `!=` over one universe whose values all differ: its own transpose.
    pub(crate) fn equality(&mut self, universe: &Universe, equal: bool) -> Matrix {
        let words = universe.words();
        let rows = self.bits.len();
        self.bits.resize(rows + universe.len() * words, if equal { 0 } else { u64::MAX });
        for (index, row) in self.bits[rows..].chunks_exact_mut(words.max(1)).enumerate() {
            row[index / 64] ^= 1 << (index % 64);
        }
        let (rows, words) = (rows as u32, words as u32);
        let conflicts = if equal { universe.len().saturating_sub(1) as u32 } else { 1 };
        Matrix {
            rows,
            columns: rows,
            row_words: words,
            column_words: words,
            row_conflicts: conflicts,
            column_conflicts: conflicts,
        }
    }

    /// Room for one row, empty: a set of values.
    pub(crate) fn mask(&mut self, universe: &Universe) -> Matrix {
        let rows = self.bits.len() as u32;
        self.bits.resize(self.bits.len() + universe.words(), 0);
        let row_words = universe.words() as u32;
        Matrix { rows, columns: rows, row_words, column_words: 0, row_conflicts: u32::MAX, column_conflicts: u32::MAX }
    }

    /// The values that go with a value of the first variable.
    pub(crate) fn row(&mut self, matrix: Matrix, index: u32) -> &mut [u64] {
        let start = (matrix.rows + index * matrix.row_words) as usize;
        &mut self.bits[start..start + matrix.row_words as usize]
    }

    fn column(&mut self, matrix: Matrix, index: u32) -> &mut [u64] {
        let start = (matrix.columns + index * matrix.column_words) as usize;
        &mut self.bits[start..start + matrix.column_words as usize]
    }

    pub(crate) fn set(&mut self, matrix: Matrix, first: u32, second: u32) {
        put(self.row(matrix, first), second);
        put(self.column(matrix, second), first);
    }

    /// Fills the columns from the rows.
    pub(crate) fn transpose(&mut self, matrix: Matrix, rows: u32) {
        let words = matrix.row_words as usize;
        let (before, columns) = self.bits.split_at_mut(matrix.columns as usize);
        for first in 0..rows {
            let row = &before[matrix.rows as usize + first as usize * words..][..words];
            for second in ones(row) {
                put(&mut columns[second as usize * matrix.column_words as usize..], first);
            }
        }
    }
}

/// An error at two values, by index; the second is missing where one value is enough.
pub(crate) struct At {
    pub(crate) first: u32,
    pub(crate) second: u32,
    pub(crate) source: EvaluationError,
}

/// Fills a matrix from a comparison of two sides that read one variable each: `x[1] != y[1]`.
///
/// Each side is computed once a value. For `==` and `!=` values with the same result share one row.
pub(crate) fn compare(
    matrices: &mut Matrices,
    clock: &mut Clock,
    matrix: Matrix,
    sides: &Sides<'_>,
    first: &Universe,
    second: &Universe,
    mut failed: impl FnMut(Option<u32>, Option<u32>, EvaluationError) -> Result<(), At>,
) -> Result<(), At> {
    let (one, two) = (first.values(), second.values());
    let mut in_time = |_: &&Value| !clock.spend(TEST);
    let lefts: Vec<_> = one.iter().take_while(&mut in_time).map(|value| sides.at(0, value)).collect();
    let rights: Vec<_> = two.iter().take_while(&mut in_time).map(|value| sides.at(1, value)).collect();
    if clock.is_over() {
        return Ok(());
    }
    for (index, source) in (0..).zip(&lefts).filter_map(|(index, left)| Some((index, left.as_ref().err()?))) {
        failed(Some(index), None, source.clone())?;
    }
    for (index, source) in (0..).zip(&rights).filter_map(|(index, right)| Some((index, right.as_ref().err()?))) {
        failed(None, Some(index), source.clone())?;
    }
    let words = matrix.row_words as usize;
    if let Some(equal) = sides.equality() {
        // Results by number, since that is what projections are for: a few results, and a row for each.
        let mut distinct: Vec<Cow<'_, Value>> = Vec::with_capacity(8);
        let mut place = HashMap::new();
        let mut number = |results: Vec<Result<_, EvaluationError>>| {
            let numbers =
                results.into_iter().map(|result| result.ok().map(|value| number(value, &mut distinct, &mut place)));
            numbers.collect::<Vec<Option<u32>>>()
        };
        let (lefts, rights) = (number(lefts), number(rights));
        let mut rows = vec![0; distinct.len() * words];
        for (at, right) in (0_u32..).zip(&rights) {
            if clock.spend(1 + distinct.len()) {
                return Ok(());
            }
            match (right, equal) {
                (None, _) => {}
                (Some(right), true) => put(&mut rows[*right as usize * words..], at),
                (Some(right), false) => {
                    for other in (0..distinct.len()).filter(|other| *other != *right as usize) {
                        put(&mut rows[other * words..], at);
                    }
                }
            }
        }
        for (index, left) in (0_u32..).zip(&lefts) {
            if let Some(left) = left {
                matrices.row(matrix, index).copy_from_slice(&rows[*left as usize * words..][..words]);
            }
        }
    } else {
        for (index, left) in (0_u32..).zip(&lefts) {
            let Ok(left) = left else { continue };
            for (at, right) in (0_u32..).zip(&rights) {
                let Ok(right) = right else { continue };
                if clock.spend(TEST) {
                    return Ok(());
                }
                match sides.holds(left, right) {
                    Ok(true) => put(matrices.row(matrix, index), at),
                    Ok(false) => {}
                    Err(source) => failed(Some(index), Some(at), source)?,
                }
            }
        }
    }
    matrices.transpose(matrix, first.len() as u32);
    Ok(())
}

/// Up to so many results a search from the front beats a hash table.
const FEW: usize = 16;

/// The number of a result among those met.
fn number<'v>(
    value: Cow<'v, Value>,
    distinct: &mut Vec<Cow<'v, Value>>,
    place: &mut HashMap<Cow<'v, Value>, u32>,
) -> u32 {
    let value = if has_truth(&value) { Cow::Owned(canonical(value.into_owned())) } else { value };
    let known = match distinct.len() {
        ..=FEW => distinct.iter().position(|known| *known == value).map(|number| number as u32),
        _ => place.get(&value).copied(),
    };
    known.unwrap_or_else(|| {
        let number = distinct.len() as u32;
        if distinct.len() == FEW {
            place.extend(distinct.iter().cloned().zip(0..));
        }
        if distinct.len() >= FEW {
            place.insert(value.clone(), number);
        }
        distinct.push(value);
        number
    })
}

/// Fills a matrix by testing every pair of values; beside each universe the values that are left.
pub(crate) fn test(
    matrices: &mut Matrices,
    clock: &mut Clock,
    matrix: Matrix,
    test: &Test,
    (first, left): (&Universe, &[u64]),
    (second, right): (&Universe, &[u64]),
) -> Result<bool, At> {
    let mut whole = true;
    for i in 0..first.len() as u32 {
        for j in 0..second.len() as u32 {
            if test.spend(clock, TEST) {
                return Ok(false);
            }
            match test.holds(&[i, j]) {
                Ok(true) => matrices.set(matrix, i, j),
                Ok(false) => {}
                Err(source) if has(left, i) && has(right, j) => return Err(At { first: i, second: j, source }),
                Err(_) => whole = false,
            }
        }
    }
    Ok(whole)
}

/// What a relation is known by in a [`Key`]: where it lies, since relations are shared by reference. None of those that are
/// not looked up.
#[inline]
pub(crate) fn of_relation(relation: &Relation) -> Option<usize> {
    match relation {
        Relation::Expression(expression) => Some(of_expression(expression)),
        Relation::Predicate(predicate) => Some(of_predicate(predicate)),
        Relation::Linear(linear) => Some(of_linear(linear)),
        Relation::Table(_) | Relation::AllDistinct(_) | Relation::Custom(_) => None,
    }
}

/// As [`of_relation`].
pub(crate) fn of_expression(expression: &Arc<Expression>) -> usize {
    Arc::as_ptr(expression) as usize
}

/// As [`of_relation`].
pub(crate) fn of_predicate(predicate: &Arc<Predicate>) -> usize {
    Arc::as_ptr(predicate).cast::<u8>() as usize
}

/// As [`of_relation`].
pub(crate) fn of_linear(linear: &Arc<Linear>) -> usize {
    Arc::as_ptr(linear) as usize
}
