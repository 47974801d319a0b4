//! What is known by nothing but its values: tests, closures and tables.

use super::compile::{Compiler, Scope, WIDEST_MATRIX, spread};
use super::matrix;
use super::refusal::Interrupt;
use super::test::{TEST, Test};
use crate::Value;
use crate::fd::domains::{ones, put};
use crate::fd::expression::{canonical, has_truth};
use crate::fd::propagators::{Kind, LazyPropagator, TablePropagator, each};
use crate::fd::relation::Relation;
use crate::store::{Universe, Var};

/// Most pairs of a matrix that is made by testing each pair.
const WIDEST_TESTED: usize = 1 << 20;
/// Most combinations of three and more variables that are tried to make a table.
const WIDEST_TABLE: u64 = 1 << 12;

impl Compiler<'_> {
    /// What is known by nothing but tests of values.
    pub(super) fn test(
        &mut self,
        relation: &Relation,
        name: Option<usize>,
        test: Test,
        scope: &Scope,
        constraint: u32,
    ) -> Result<(), Interrupt> {
        match scope.vars[..] {
            [] => match test.holds(&[]) {
                Ok(true) => Ok(()),
                Ok(false) => Err(Interrupt::Failed),
                Err(source) => Err(self.at(relation, &[], &[], source)),
            },
            [var] => {
                let universe = self.universe(var)?;
                let mut mask = vec![0; universe.words()];
                let left: Vec<u32> = ones(self.store.words(var)).collect();
                for index in left {
                    if test.spend(self.clock, TEST) {
                        return Err(Interrupt::OutOfTime);
                    }
                    match test.holds(&[index]) {
                        Ok(true) => put(&mut mask, index),
                        Ok(false) => {}
                        Err(source) => return Err(self.at(relation, &scope.vars, &[index], source)),
                    }
                }
                self.store.keep(var, &mask).map(|_| ()).map_err(|_| Interrupt::Failed)
            }
            [first, second] => {
                let (one, two) = (self.universe(first)?, self.universe(second)?);
                if one.len().saturating_mul(two.len()) > WIDEST_TESTED || matrix::words(&one, &two) > WIDEST_MATRIX {
                    return self.propagator(relation, Kind::Lazy(LazyPropagator { test }), &scope.vars, constraint);
                }
                let matrix = self.matrices.empty(&one, &two);
                let (left, right) = (self.store.words(first), self.store.words(second));
                let (matrices, clock) = (&mut self.matrices, &mut *self.clock);
                let made = matrix::test(matrices, clock, matrix, &test, (&one, left), (&two, right));
                self.in_time()?;
                match made {
                    Ok(whole) => {
                        let matrix = self.matrices.counted(matrix, &one, &two);
                        if let Some(name) = name.filter(|_| whole && scope.spread.is_none()) {
                            let key = self.key(name, first, second);
                            self.matrices.remember(key, matrix);
                        }
                        self.pair(matrix, first, second);
                        Ok(())
                    }
                    Err(at) => Err(self.at(relation, &scope.vars, &[at.first, at.second], at.source)),
                }
            }
            _ => {
                let sizes = scope.vars.iter().map(|var| u64::from(self.store.size(*var)));
                if sizes.fold(1, u64::saturating_mul) > WIDEST_TABLE {
                    return self.propagator(relation, Kind::Lazy(LazyPropagator { test }), &scope.vars, constraint);
                }
                let left: Vec<Vec<u32>> = scope.vars.iter().map(|var| ones(self.store.words(*var)).collect()).collect();
                let mut rows = Vec::new();
                let clock = &mut *self.clock;
                let tried = each(&left, |indices| {
                    if test.spend(clock, TEST) {
                        return Ok(());
                    }
                    let holds = test.holds(indices).map_err(|source| (indices.to_vec(), source))?;
                    if holds {
                        rows.extend_from_slice(indices);
                    }
                    Ok(())
                });
                if let Err((indices, source)) = tried {
                    return Err(self.at(relation, &scope.vars, &indices, source));
                }
                self.in_time()?;
                self.rows(relation, rows, &scope.vars, constraint)
            }
        }
    }

    /// Rows of values. What is in no domain, and rows that give one variable two values, hold of nothing.
    pub(super) fn table(
        &mut self,
        relation: &Relation,
        rows: &[Value],
        scope: &[Var],
        constraint: u32,
    ) -> Result<(), Interrupt> {
        let different = spread(scope);
        let universes = self.universes(scope)?;
        let mut indices = Vec::new();
        // By Python's equality a row may stand for several: (1, 2) also for (True, 2).
        let truths: Vec<bool> = universes
            .iter()
            .map(|universe| universe.as_slice().is_some_and(|values| values.iter().any(has_truth)))
            .collect();
        let like = |universe: &Universe, truths: bool, value: &Value| -> Vec<u32> {
            let number = matches!(value, Value::Int(0 | 1) | Value::Bool(_)) || canonical(value.clone()) != *value;
            match universe.index_of(value) {
                Some(index) if !number => vec![index],
                _ if !truths => universe.index_of(&canonical(value.clone())).into_iter().collect(),
                _ => (0..)
                    .zip(universe.iter())
                    .filter(|(_, own)| crate::fd::expression::equal(own, value))
                    .map(|(index, _)| index)
                    .collect(),
            }
        };
        for row in rows.chunks_exact(scope.len().max(1)) {
            let choices: Vec<Vec<u32>> = universes
                .iter()
                .zip(&truths)
                .zip(row)
                .map(|((universe, truths), value)| like(universe, *truths, value))
                .collect();
            let told: Result<(), ()> = each(&choices, |chosen| {
                match &different.spread {
                    None => indices.extend_from_slice(chosen),
                    Some(spread) => {
                        let own = |variable: u32| spread.iter().position(|other| *other == variable).unwrap_or(0);
                        if spread.iter().zip(chosen).all(|(variable, index)| chosen[own(*variable)] == *index) {
                            indices.extend((0..different.vars.len() as u32).map(|variable| chosen[own(variable)]));
                        }
                    }
                }
                Ok(())
            });
            let _: Result<(), ()> = told;
        }
        self.rows(relation, indices, &different.vars, constraint)
    }

    fn rows(&mut self, relation: &Relation, rows: Vec<u32>, vars: &[Var], constraint: u32) -> Result<(), Interrupt> {
        if rows.is_empty() {
            return Err(Interrupt::Failed);
        }
        match *vars {
            [] => Ok(()),
            [var] => {
                let mut mask = vec![0; self.universe(var)?.words()];
                rows.iter().for_each(|index| put(&mut mask, *index));
                self.store.keep(var, &mask).map(|_| ()).map_err(|_| Interrupt::Failed)
            }
            [first, second] => {
                let (one, two) = (self.universe(first)?, self.universe(second)?);
                if matrix::words(&one, &two) > WIDEST_MATRIX {
                    let kind = Kind::Table(TablePropagator::new(&[one.len(), two.len()], rows));
                    return self.propagator(relation, kind, vars, constraint);
                }
                let matrix = self.matrices.empty(&one, &two);
                for row in rows.chunks_exact(2) {
                    self.matrices.set(matrix, row[0], row[1]);
                }
                let matrix = self.matrices.counted(matrix, &one, &two);
                self.pair(matrix, first, second);
                Ok(())
            }
            _ => {
                let sizes: Vec<usize> = self.universes(vars)?.iter().map(|universe| universe.len()).collect();
                self.propagator(relation, Kind::Table(TablePropagator::new(&sizes, rows)), vars, constraint)
            }
        }
    }
}
