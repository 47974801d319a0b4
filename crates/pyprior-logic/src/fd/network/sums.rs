//! Expressions and sums: masks for one variable, bit matrices for two, propagators for more.

use std::sync::Arc;

use super::compile::{Compiler, WIDEST_MATRIX, spread};
use super::matrix::{self, At, Key};
use super::refusal::{Interrupt, Refusal};
use super::test::{TEST, Test};
use crate::fd::domain::Integers;
use crate::fd::domains::{has, ones, put};
use crate::fd::expression::{Expression, LinearForm, LinearOperator, has_truth};
use crate::fd::propagators::{Kind, LinearPropagator, Term, WideSumPropagator};
use crate::fd::relation::{Linear, Operator, Relation};
use crate::store::Var;

/// Most pairs of values of a matrix where bounds of a sum would do as well.
const WIDEST_LINEAR: usize = 1 << 12;

impl Compiler<'_> {
    pub(super) fn expression(
        &mut self,
        relation: &Relation,
        expression: &Arc<Expression>,
        scope: &[Var],
        constraint: u32,
    ) -> Result<(), Interrupt> {
        if let [first, second] = *scope
            && first != second
            && let Some(equal) = expression.sides().and_then(|sides| sides.plain_equality())
            && self.number(first) == self.number(second)
            && let Some(domain) = self.store.domain(first)
        {
            let universe = domain.universe;
            let truths = universe.as_slice().is_some_and(|values| values.iter().any(has_truth));
            if universe.len().saturating_mul(universe.len()) <= WIDEST_LINEAR && !truths {
                let matrix = self.matrices.equality(universe, equal);
                let key = self.key(matrix::of_expression(expression), first, second);
                self.matrices.remember(key, matrix);
                self.pair(matrix, first, second);
                return Ok(());
            }
        }
        let different = spread(scope);
        let (forms, whole) = expression.linear_parts();
        let mut numbers = !forms.is_empty();
        for (position, _) in forms.iter().flat_map(|form| &form.terms) {
            numbers = numbers && self.integers(scope[*position as usize])?.is_some();
        }
        match different.vars[..] {
            [] => {}
            [first, second] if numbers && whole && different.spread.is_none() => {
                let (one, two) = (self.universe(first)?, self.universe(second)?);
                if one.len().saturating_mul(two.len()) <= WIDEST_LINEAR
                    && let (Some(a), Some(b)) = (self.integers(first)?, self.integers(second)?)
                {
                    return self.linear_matrix(expression, &forms, (first, &a), (second, &b));
                }
            }
            [first, second] if different.spread.is_none() => {
                let (one, two) = (self.universe(first)?, self.universe(second)?);
                if let Some(sides) = expression.sides()
                    && matrix::words(&one, &two) <= WIDEST_MATRIX
                {
                    let matrix = self.matrices.empty(&one, &two);
                    let mut clean = true;
                    let (left, right) = (self.store.words(first), self.store.words(second));
                    let (matrices, clock) = (&mut self.matrices, &mut *self.clock);
                    let made = matrix::compare(matrices, clock, matrix, &sides, &one, &two, |i, j, source| {
                        clean = false;
                        let counts = i.is_none_or(|i| has(left, i)) && j.is_none_or(|j| has(right, j));
                        if !counts {
                            return Ok(());
                        }
                        let first = i.or_else(|| ones(left).next()).unwrap_or(0);
                        Err(At { first, second: j.or_else(|| ones(right).next()).unwrap_or(0), source })
                    });
                    if let Err(at) = made {
                        return Err(self.at(relation, &different.vars, &[at.first, at.second], at.source));
                    }
                    self.in_time()?;
                    let matrix = self.matrices.counted(matrix, &one, &two);
                    if clean {
                        let key = self.key(matrix::of_expression(expression), first, second);
                        self.matrices.remember(key, matrix);
                    }
                    self.pair(matrix, first, second);
                    return Ok(());
                }
            }
            _ => {}
        }
        if numbers && different.vars.len() > 1 {
            for form in &forms {
                let wide = form.terms.iter().map(|(at, factor)| (*at, i128::from(*factor))).collect::<Vec<_>>();
                self.linear(relation, &wide, form.operator, i128::from(form.bound), scope, constraint)?;
            }
            if whole {
                return Ok(());
            }
        }
        let all = self.all_universes(&different)?;
        let test = Test::expression(expression, all, different.spread.clone());
        let name = matrix::of_expression(expression);
        self.test(relation, Some(name), test, &different, constraint)
    }

    /// An expression over one variable. Its mask is made once for a universe, if it has a value everywhere there.
    pub(super) fn alone(
        &mut self,
        relation: &Relation,
        expression: &Arc<Expression>,
        var: Var,
    ) -> Result<(), Interrupt> {
        let universe = self.universe(var)?;
        let key = Key { relation: matrix::of_expression(expression), first: self.number(var), second: u32::MAX };
        let known = match self.matrices.known(key) {
            Some(known) => known,
            None => {
                let matrix = self.matrices.mask(&universe);
                let mut clean = true;
                for (index, value) in (0..).zip(&*universe.values()) {
                    if self.clock.spend(TEST) {
                        return Err(Interrupt::OutOfTime);
                    }
                    match expression.holds_at(value) {
                        Ok(true) => put(self.matrices.row(matrix, 0), index),
                        Ok(false) => {}
                        Err(source) if self.store.contains(var, index) => {
                            return Err(self.at(relation, &[var], &[index], source));
                        }
                        Err(_) => clean = false,
                    }
                }
                if clean {
                    self.matrices.remember(key, matrix);
                }
                matrix
            }
        };
        let mask = self.matrices.row(known, 0);
        self.store.keep(var, mask).map(|_| ()).map_err(|_| Interrupt::Failed)
    }

    /// A matrix of sums, made in numbers.
    fn linear_matrix(
        &mut self,
        expression: &Arc<Expression>,
        forms: &[LinearForm],
        (first, a): (Var, &Integers),
        (second, b): (Var, &Integers),
    ) -> Result<(), Interrupt> {
        let (one, two) = (self.universe(first)?, self.universe(second)?);
        let matrix = self.matrices.empty(&one, &two);
        let factor = |form: &LinearForm, position: u32| {
            form.terms.iter().find(|term| term.0 == position).map_or(0, |term| i128::from(term.1))
        };
        // What the second variable adds, once for each of its values.
        let seconds: Vec<Vec<i128>> = forms
            .iter()
            .map(|form| (0..two.len() as u32).map(|j| factor(form, 1) * i128::from(b.at(j))).collect())
            .collect();
        let mut row = vec![0_u64; two.words()];
        for i in 0..one.len() as u32 {
            row.fill(u64::MAX);
            for (form, seconds) in forms.iter().zip(&seconds) {
                let rest = i128::from(form.bound) - factor(form, 0) * i128::from(a.at(i));
                for (words, seconds) in row.iter_mut().zip(seconds.chunks(64)) {
                    let holds = |second: &i128| match form.operator {
                        LinearOperator::Equal => *second == rest,
                        LinearOperator::NotEqual => *second != rest,
                        LinearOperator::AtMost => *second <= rest,
                    };
                    *words &= (0..).zip(seconds).fold(0, |word, (bit, second)| word | u64::from(holds(second)) << bit);
                }
            }
            self.matrices.row(matrix, i).copy_from_slice(&row);
        }
        self.matrices.transpose(matrix, one.len() as u32);
        let matrix = self.matrices.counted(matrix, &one, &two);
        let key = self.key(matrix::of_expression(expression), first, second);
        self.matrices.remember(key, matrix);
        self.pair(matrix, first, second);
        Ok(())
    }

    pub(super) fn linear(
        &mut self,
        relation: &Relation,
        terms: &[(u32, i128)],
        operator: LinearOperator,
        bound: i128,
        scope: &[Var],
        constraint: u32,
    ) -> Result<(), Interrupt> {
        let mut sums: Vec<(Var, i128)> = Vec::with_capacity(terms.len());
        for (position, factor) in terms {
            let var = scope[*position as usize];
            match sums.iter_mut().find(|(known, _)| *known == var) {
                Some((_, sum)) => *sum += factor,
                None => sums.push((var, *factor)),
            }
        }
        sums.retain(|(_, factor)| *factor != 0);
        let vars: Vec<Var> = sums.iter().map(|(var, _)| *var).collect();
        let mut terms = Vec::with_capacity(sums.len());
        let mut magnitude = bound.checked_abs();
        for (var, factor) in &sums {
            let Some(integers) = self.integers(*var)? else {
                return Err(Interrupt::refused(Refusal::TooLarge { what: "coefficients" }));
            };
            let product = integers.magnitude(&*self.universe(*var)?).checked_mul(factor.abs());
            if product.is_none() {
                return Err(Interrupt::refused(Refusal::TooLarge { what: "coefficients" }));
            }
            magnitude = magnitude.zip(product).and_then(|(sum, product)| sum.checked_add(product));
            if let Ok(factor) = i64::try_from(*factor) {
                terms.push(Term { factor, integers });
            }
        }
        if terms.len() < sums.len() || magnitude.is_none_or(|sum| sum > LinearPropagator::WIDEST) {
            return self.wide_sum(relation, &sums, operator, bound, constraint);
        }
        let linear = LinearPropagator { terms, operator, bound };
        match vars[..] {
            [] => {
                let holds = match operator {
                    LinearOperator::Equal => bound == 0,
                    LinearOperator::NotEqual => bound != 0,
                    LinearOperator::AtMost => bound >= 0,
                };
                if holds { Ok(()) } else { Err(Interrupt::Failed) }
            }
            [var] => {
                let universe = self.universe(var)?;
                let mut mask = vec![0; universe.words()];
                linear.values(&universe, &mut mask);
                self.store.keep(var, &mask).map(|_| ()).map_err(|_| Interrupt::Failed)
            }
            [first, second] => {
                let (one, two) = (self.universe(first)?, self.universe(second)?);
                if one.len().saturating_mul(two.len()) > WIDEST_LINEAR {
                    return self.propagator(relation, Kind::Linear(linear), &vars, constraint);
                }
                let matrix = self.matrices.empty(&one, &two);
                linear.pairs(&one, &two, |i, j| self.matrices.set(matrix, i, j));
                let matrix = self.matrices.counted(matrix, &one, &two);
                if let (Relation::Linear(linear), true) = (relation, vars == scope) {
                    let key = self.key(matrix::of_linear(linear), first, second);
                    self.matrices.remember(key, matrix);
                }
                self.pair(matrix, first, second);
                Ok(())
            }
            _ => self.propagator(relation, Kind::Linear(linear), &vars, constraint),
        }
    }

    /// A sum that may leave 128 bits, or has a factor that leaves 64.
    fn wide_sum(
        &mut self,
        relation: &Relation,
        sums: &[(Var, i128)],
        operator: LinearOperator,
        bound: i128,
        constraint: u32,
    ) -> Result<(), Interrupt> {
        let mut terms = Vec::with_capacity(sums.len());
        for (var, factor) in sums {
            terms.extend(self.integers(*var)?.map(|integers| (*factor, integers)));
        }
        let vars: Vec<Var> = sums.iter().map(|(var, _)| *var).collect();
        let sum = WideSumPropagator { terms, operator, bound };
        self.propagator(relation, Kind::WideSum(sum), &vars, constraint)
    }

    /// A weighted sum as it was posted.
    pub(super) fn weighted(
        &mut self,
        relation: &Relation,
        linear: &Linear,
        scope: &[Var],
        constraint: u32,
    ) -> Result<(), Interrupt> {
        let mut terms: Vec<(u32, i64)> = (0..).zip(linear.coefficients.iter().copied()).collect();
        let (operator, flip, slack) = match linear.operator {
            Operator::Equal => (LinearOperator::Equal, false, 0),
            Operator::NotEqual => (LinearOperator::NotEqual, false, 0),
            Operator::AtMost => (LinearOperator::AtMost, false, 0),
            Operator::Less => (LinearOperator::AtMost, false, 1),
            Operator::AtLeast => (LinearOperator::AtMost, true, 0),
            Operator::Greater => (LinearOperator::AtMost, true, 1),
        };
        terms.retain(|(_, factor)| *factor != 0);
        let sign = if flip { -1 } else { 1 };
        let bound = i128::from(linear.bound) * sign - slack;
        let wide = terms.iter().map(|(position, factor)| (*position, i128::from(*factor) * sign)).collect::<Vec<_>>();
        for (position, _) in &wide {
            let var = scope[*position as usize];
            if self.integers(var)?.is_none() {
                let universe = self.universe(var)?;
                let value = universe.iter().find(|value| value.as_int().is_none()).unwrap_or_default();
                let constraint = relation.describe();
                return Err(Interrupt::refused(Refusal::NotANumber { constraint, var, value: value.to_string() }));
            }
        }
        self.linear(relation, &wide, operator, bound, scope, constraint)
    }
}
