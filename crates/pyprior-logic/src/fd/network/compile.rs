//! Relations to propagators: masks for one variable, bit matrices for two, and what fits for more.

use std::sync::Arc;

use super::matrix::{self, At, Key, Matrices, Matrix};
use super::propagate::Interrupt;
use super::test::Test;
use crate::Value;
use crate::fd::clock::Clock;
use crate::fd::domain::Integers;
use crate::fd::domains::{Conflict, Domains, ones, put};
use crate::fd::error::SolveError;
use crate::fd::expression::{EvaluationError, Expression, LinearForm, LinearOperator, canonical, has_truth};
use crate::fd::propagators::{
    AllDistinctPropagator, Kind, LazyPropagator, LinearPropagator, TablePropagator, Term, WideSumPropagator, each,
};
use crate::fd::relation::{Operator, Relation};
use crate::store::{Store, Universe, Var};

/// Most words of a matrix and its transpose: 4 MiB, which is 4,096 by 4,096 values.
const WIDEST_MATRIX: usize = 1 << 19;
/// Most pairs of a matrix that is made by testing each pair, and most where bounds of a sum would do as well.
const WIDEST_TESTED: usize = 1 << 20;
const WIDEST_LINEAR: usize = 1 << 12;
/// Most combinations of three and more variables that are tried to make a table.
const WIDEST_TABLE: u64 = 1 << 12;
/// The work of a test, in words of a domain.
pub(super) const TEST: usize = 16;
/// Numbers of variables and propagators stay below this.
const MOST: usize = 1 << 30;
/// Most words of all matrices: 1 GiB.
const MOST_WORDS: usize = 1 << 27;

/// A direction of a matrix, as seen from the variable that changed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Edge {
    pub(crate) other: Var,
    /// Where rows begin, and their width.
    pub(crate) rows: u32,
    pub(crate) words: u32,
    pub(crate) constraint: u32,
}

/// A propagator and its scope.
#[derive(Debug, Clone)]
pub(crate) struct Propagation {
    pub(crate) kind: Kind,
    pub(crate) start: u32,
    pub(crate) end: u32,
    pub(crate) constraint: u32,
    /// The relation, for messages.
    pub(crate) relation: Relation,
}

/// Lists back to back: those of item *i* from `start[i]` to `start[i + 1]`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lists<T> {
    start: Vec<u32>,
    items: Vec<T>,
}

impl<T: Copy> Lists<T> {
    fn new(count: usize, pairs: &[(u32, T)]) -> Lists<T> {
        let mut start = vec![0_u32; count + 2];
        for (list, _) in pairs {
            start[*list as usize + 2] += 1;
        }
        for list in 2..start.len() {
            start[list] += start[list - 1];
        }
        let Some((_, first)) = pairs.first() else { return Lists { start, items: Vec::new() } };
        let mut items = vec![*first; pairs.len()];
        for (list, item) in pairs {
            let place = &mut start[*list as usize + 1];
            items[*place as usize] = *item;
            *place += 1;
        }
        Lists { start, items }
    }

    #[inline]
    pub(crate) fn of(&self, list: u32) -> &[T] {
        &self.items[self.start[list as usize] as usize..self.start[list as usize + 1] as usize]
    }
}

/// All that propagates, immutable: flat arrays, shared by all branches of a search.
#[derive(Debug, Clone)]
pub(crate) struct Compiled {
    /// The variables, and the slot of a variable by its number.
    pub(crate) vars: Vec<Var>,
    pub(crate) slots: Vec<u32>,
    universes: Vec<Arc<Universe>>,
    pub(crate) bits: Vec<u64>,
    pub(crate) edges: Lists<Edge>,
    pub(crate) watching: Lists<u32>,
    /// Propagators of variables that are all different and have one universe: a value that is taken goes at once.
    pub(crate) groups: Lists<u32>,
    pub(crate) propagators: Vec<Propagation>,
    pub(crate) scopes: Vec<Var>,
    /// Slots of the variables of each posted relation.
    pub(crate) constraints: Lists<u32>,
}

/// What cannot be posted or evaluated, before variables have names.
#[derive(Debug, Clone)]
pub(crate) enum Refusal {
    Arity { constraint: String, wanted: usize, found: usize },
    NoDomain { var: Var },
    NotANumber { constraint: String, var: Var, value: String },
    Evaluation { constraint: String, number: u32, scope: Vec<Var>, values: Vec<Value>, source: EvaluationError },
    TooLarge { what: &'static str },
}

impl Refusal {
    pub(crate) fn named(self, name: &dyn Fn(Var) -> String) -> SolveError {
        match self {
            Refusal::Arity { constraint, wanted, found } => SolveError::Arity { constraint, wanted, found },
            Refusal::NoDomain { var } => SolveError::NoDomain { name: name(var) },
            Refusal::NotANumber { constraint, var, value } => {
                SolveError::NotANumber { constraint, name: name(var), value }
            }
            Refusal::Evaluation { constraint, number, scope, values, source } => {
                let assignment = scope.iter().zip(values).map(|(var, value)| format!("{} = {value}", name(*var)));
                let assignment = assignment.collect::<Vec<_>>().join(", ");
                match (assignment.is_empty(), source) {
                    (true, EvaluationError::Panicked { message }) => SolveError::Panicked { what: constraint, message },
                    (_, source) => SolveError::Evaluation { constraint, number: number as usize, assignment, source },
                }
            }
            Refusal::TooLarge { what } => SolveError::TooLarge { what },
        }
    }
}

pub(crate) fn check_arity(relation: &Relation, found: usize) -> Result<(), Box<Refusal>> {
    let wanted = match relation {
        Relation::Expression(expression) => expression.variables(),
        Relation::Linear(linear) => linear.coefficients.len(),
        Relation::Table(table) if table.ragged.is_some() => {
            let (wanted, found) = (table.arity, table.ragged.unwrap_or(found));
            return Err(Box::new(Refusal::Arity { constraint: "a row of a table".into(), wanted, found }));
        }
        // A table without rows holds of nothing, however many variables.
        Relation::Table(table) if table.count > 0 => table.arity,
        _ => found,
    };
    if wanted == found {
        Ok(())
    } else {
        Err(Box::new(Refusal::Arity { constraint: relation.describe(), wanted, found }))
    }
}

struct Compiler<'s> {
    store: &'s mut Store,
    clock: &'s mut Clock,
    vars: Vec<Var>,
    slots: Vec<u32>,
    universes: Vec<Arc<Universe>>,
    integers: Vec<(*const Universe, Option<Integers>)>,
    matrices: Matrices,
    edges: Vec<(u32, Edge)>,
    propagators: Vec<Propagation>,
    scopes: Vec<Var>,
    watching: Vec<(u32, u32)>,
    groups: Vec<(u32, u32)>,
    /// Expressions met: those that read alike count as one.
    expressions: Vec<Arc<Expression>>,
}

/// A relation being posted: its different variables, and where it has them.
struct Scope {
    vars: Vec<Var>,
    spread: Option<Box<[u32]>>,
}

const NONE: u32 = u32::MAX;

impl Compiled {
    /// Takes the relations over one variable into the domains first, so that the others are computed at fewer values.
    /// The first slots are those of `variables`, which have a domain each.
    pub(crate) fn new<'r>(
        posted: impl Iterator<Item = (&'r Relation, &'r [Var])> + Clone,
        variables: &[Var],
        store: &mut Store,
        clock: &mut Clock,
    ) -> Result<Compiled, Interrupt> {
        // Sizes first: growing lists would take longer than what goes into them.
        let (mut count, mut places) = (0, 0);
        for (_, scope) in posted.clone() {
            count += 1;
            places += scope.len();
        }
        let mut compiler = Compiler {
            slots: vec![NONE; store.len()],
            vars: Vec::with_capacity(variables.len()),
            universes: Vec::with_capacity(variables.len()),
            store,
            clock,
            integers: Vec::new(),
            matrices: Matrices::with_room(),
            edges: Vec::with_capacity(places),
            propagators: Vec::new(),
            scopes: Vec::new(),
            watching: Vec::new(),
            groups: Vec::new(),
            expressions: Vec::new(),
        };
        let mut constraints = Vec::with_capacity(places);
        for var in variables {
            compiler.slot(*var)?;
        }
        for (number, (_, scope)) in posted.clone().enumerate() {
            for var in scope {
                constraints.push((number as u32, compiler.slot(*var)?));
            }
        }
        for alone in [true, false] {
            for (number, (relation, scope)) in posted.clone().enumerate() {
                let one = scope.iter().all(|var| *var == scope[0])
                    || matches!(relation, Relation::Expression(expression) if expression.reads_one().is_some());
                if one == alone {
                    if compiler.clock.spend(TEST) {
                        return Err(Interrupt::OutOfTime);
                    }
                    compiler.post(relation, scope, number as u32).map_err(|interrupt| interrupt.at(number as u32))?;
                    if compiler.matrices.bits.len() > MOST_WORDS {
                        return Err(Interrupt::refused(Refusal::TooLarge { what: "matrices" }));
                    }
                }
            }
        }
        let slots = compiler.vars.len();
        let propagators = compiler.propagators.len();
        if slots >= MOST || propagators >= MOST {
            return Err(Interrupt::refused(Refusal::TooLarge { what: "variables or constraints" }));
        }
        Ok(Compiled {
            edges: Lists::new(slots, &compiler.edges),
            watching: Lists::new(slots, &compiler.watching),
            groups: Lists::new(slots, &compiler.groups),
            constraints: Lists::new(count, &constraints),
            vars: compiler.vars,
            slots: compiler.slots,
            universes: compiler.universes,
            bits: compiler.matrices.bits,
            propagators: compiler.propagators,
            scopes: compiler.scopes,
        })
    }

    /// Whether the variables still have the universes that this was compiled for.
    pub(crate) fn fits(&self, store: &Store) -> bool {
        self.vars
            .iter()
            .zip(&self.universes)
            .all(|(var, universe)| store.domain(*var).is_some_and(|domain| Arc::ptr_eq(domain.universe, universe)))
    }

    /// The slots of a variable and of what it is aliased with.
    #[inline]
    pub(crate) fn slot(&self, var: Var) -> Option<u32> {
        self.slots.get(var.index()).copied().filter(|slot| *slot != NONE)
    }
}

impl Compiler<'_> {
    fn slot(&mut self, var: Var) -> Result<u32, Interrupt> {
        if let Some(slot) = self.slots.get(var.index()).filter(|slot| **slot != NONE) {
            return Ok(*slot);
        }
        let Some(domain) = self.store.domain(var) else { return Err(Interrupt::refused(Refusal::NoDomain { var })) };
        let slot = self.vars.len() as u32;
        self.universes.push(Arc::clone(domain.universe));
        self.vars.push(var);
        if let Some(place) = self.slots.get_mut(var.index()) {
            *place = slot;
        }
        Ok(slot)
    }

    fn universe(&mut self, var: Var) -> Result<Arc<Universe>, Interrupt> {
        let slot = self.slot(var)?;
        Ok(Arc::clone(&self.universes[slot as usize]))
    }

    fn universes(&mut self, vars: &[Var]) -> Result<Vec<Arc<Universe>>, Interrupt> {
        vars.iter().map(|var| self.universe(*var)).collect()
    }

    fn integers(&mut self, var: Var) -> Result<Option<Integers>, Interrupt> {
        let universe = self.universe(var)?;
        if let Some((_, integers)) =
            self.integers.iter().rev().take(8).find(|(known, _)| *known == Arc::as_ptr(&universe))
        {
            return Ok(integers.clone());
        }
        let integers = Integers::of(&universe);
        self.integers.push((Arc::as_ptr(&universe), integers.clone()));
        Ok(integers)
    }

    fn post(&mut self, relation: &Relation, scope: &[Var], constraint: u32) -> Result<(), Interrupt> {
        match relation {
            Relation::Expression(expression) => {
                let known = self.expressions.iter().rev().take(8).find(|known| known.reads_as(expression));
                let expression = match known {
                    Some(known) => Arc::clone(known),
                    None => {
                        self.expressions.push(Arc::clone(expression));
                        Arc::clone(expression)
                    }
                };
                let name = matrix::of_expression(&expression);
                if let Some(position) = expression.reads_one() {
                    return self.alone(relation, &expression, position, scope[position]);
                }
                if let [first, second] = *scope
                    && first != second
                    && self.pair_known(name, first, second, constraint)?
                {
                    return Ok(());
                }
                self.expression(relation, &expression, scope, constraint)
            }
            Relation::Predicate(predicate) => {
                let scope = spread(scope);
                let name = matrix::of_predicate(predicate);
                if let [first, second] = scope.vars[..]
                    && scope.spread.is_none()
                    && self.pair_known(name, first, second, constraint)?
                {
                    return Ok(());
                }
                let all = self.all_universes(&scope)?;
                let test = Test::predicate(predicate, all, scope.spread.clone());
                self.test(relation, Some(name), test, &scope, constraint)
            }
            Relation::Linear(linear) => {
                if let [first, second] = *scope
                    && first != second
                    && self.pair_known(Arc::as_ptr(linear) as usize, first, second, constraint)?
                {
                    return Ok(());
                }
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
                let wide =
                    terms.iter().map(|(position, factor)| (*position, i128::from(*factor) * sign)).collect::<Vec<_>>();
                for (position, _) in &wide {
                    let var = scope[*position as usize];
                    if self.integers(var)?.is_none() {
                        let universe = self.universe(var)?;
                        let value = universe.iter().find(|value| value.as_int().is_none()).unwrap_or_default();
                        let constraint = relation.describe();
                        return Err(Interrupt::refused(Refusal::NotANumber {
                            constraint,
                            var,
                            value: value.to_string(),
                        }));
                    }
                }
                self.linear(relation, &wide, operator, bound, scope, constraint)
            }
            // A row of no values holds of no variables.
            Relation::Table(table) if scope.is_empty() && table.count > 0 => Ok(()),
            Relation::Table(table) => self.table(relation, &table.rows, scope, constraint),
            Relation::AllDistinct(consistency) => {
                if scope.iter().enumerate().any(|(place, var)| scope[..place].contains(var)) {
                    return Err(Interrupt::Failed);
                }
                if scope.len() < 2 {
                    return Ok(());
                }
                let own = scope.iter().map(|var| &self.universes[self.slots[var.index()] as usize]);
                let distinct = match AllDistinctPropagator::plain(*consistency, own) {
                    Some(plain) => plain,
                    None => AllDistinctPropagator::mixed(*consistency, &self.universes(scope)?),
                };
                self.propagator(relation, Kind::AllDistinct(distinct), scope, constraint)
            }
            Relation::Custom(propagator) => {
                self.propagator(relation, Kind::Custom(Arc::clone(propagator)), scope, constraint)
            }
        }
    }

    fn all_universes(&mut self, scope: &Scope) -> Result<Vec<Arc<Universe>>, Interrupt> {
        let universes = self.universes(&scope.vars)?;
        Ok(match &scope.spread {
            None => universes,
            Some(spread) => spread.iter().map(|variable| Arc::clone(&universes[*variable as usize])).collect(),
        })
    }

    fn expression(
        &mut self,
        relation: &Relation,
        expression: &Arc<Expression>,
        scope: &[Var],
        constraint: u32,
    ) -> Result<(), Interrupt> {
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
                    return self.linear_matrix(expression, &forms, (first, &a), (second, &b), constraint);
                }
            }
            [first, second] if different.spread.is_none() => {
                let (one, two) = (self.universe(first)?, self.universe(second)?);
                if let Some(sides) = expression.sides()
                    && words(&one, &two) <= WIDEST_MATRIX
                {
                    let matrix = self.matrices.empty(&one, &two);
                    let mut clean = true;
                    let (left, right) = (self.store.words(first), self.store.words(second));
                    let (matrices, clock) = (&mut self.matrices, &mut *self.clock);
                    let made = matrix::compare(matrices, clock, matrix, &sides, &one, &two, |i, j, source| {
                        clean = false;
                        let counts = i.is_none_or(|i| super::matrix_has(left, i))
                            && j.is_none_or(|j| super::matrix_has(right, j));
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
                    if clean {
                        let key = self.key(matrix::of_expression(expression), first, second)?;
                        self.matrices.remember(key, matrix);
                    }
                    return self.pair(matrix, first, second, constraint);
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
    fn alone(
        &mut self,
        relation: &Relation,
        expression: &Arc<Expression>,
        position: usize,
        var: Var,
    ) -> Result<(), Interrupt> {
        let universe = self.universe(var)?;
        let relation_name = matrix::of_expression(expression);
        let key = Key { relation: relation_name, first: Arc::as_ptr(&universe) as usize, second: 0 };
        let known = match self.matrices.known(key) {
            Some(known) => known,
            None => {
                let matrix = self.matrices.mask(&universe);
                let mut clean = true;
                let mut values = vec![Value::None; position + 1];
                for index in 0..universe.len() as u32 {
                    if self.clock.spend(TEST) {
                        return Err(Interrupt::OutOfTime);
                    }
                    values[position] = universe.value(index).unwrap_or_default();
                    match expression.holds(&values) {
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
        constraint: u32,
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
        let key = self.key(matrix::of_expression(expression), first, second)?;
        self.matrices.remember(key, matrix);
        self.pair(matrix, first, second, constraint)
    }

    fn key(&mut self, relation: usize, first: Var, second: Var) -> Result<Key, Interrupt> {
        let (first, second) = (self.slot(first)? as usize, self.slot(second)? as usize);
        let name = |slot: usize| Arc::as_ptr(&self.universes[slot]) as usize;
        Ok(Key { relation, first: name(first), second: name(second) })
    }

    /// Posts a pair whose matrix is there already.
    fn pair_known(&mut self, relation: usize, first: Var, second: Var, constraint: u32) -> Result<bool, Interrupt> {
        let key = self.key(relation, first, second)?;
        match self.matrices.known(key) {
            Some(matrix) => self.pair(matrix, first, second, constraint).map(|()| true),
            None => Ok(false),
        }
    }

    fn pair(&mut self, matrix: Matrix, first: Var, second: Var, constraint: u32) -> Result<(), Interrupt> {
        let (a, b) = (self.slot(first)?, self.slot(second)?);
        let forth = Edge { other: second, rows: matrix.rows, words: matrix.row_words, constraint };
        let back = Edge { other: first, rows: matrix.columns, words: matrix.column_words, constraint };
        self.edges.push((a, forth));
        self.edges.push((b, back));
        Ok(())
    }

    /// A sum; positions may come more than once, and variables too.
    fn linear(
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
            let product =
                integers.magnitude(&self.universes[self.slots[var.index()] as usize]).checked_mul(factor.abs());
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
                if let (Relation::Linear(linear), true) = (relation, vars == scope) {
                    let key = self.key(Arc::as_ptr(linear) as usize, first, second)?;
                    self.matrices.remember(key, matrix);
                }
                self.pair(matrix, first, second, constraint)
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

    /// What is known by nothing but tests of values.
    fn test(
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
                    if self.clock.spend(TEST) {
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
                if one.len().saturating_mul(two.len()) > WIDEST_TESTED || words(&one, &two) > WIDEST_MATRIX {
                    return self.propagator(relation, Kind::Lazy(LazyPropagator { test }), &scope.vars, constraint);
                }
                let matrix = self.matrices.empty(&one, &two);
                let (left, right) = (self.store.words(first), self.store.words(second));
                let (matrices, clock) = (&mut self.matrices, &mut *self.clock);
                let made = matrix::test(matrices, clock, matrix, &test, (&one, left), (&two, right));
                self.in_time()?;
                match made {
                    Ok(whole) => {
                        if let Some(name) = name.filter(|_| whole && scope.spread.is_none()) {
                            let key = self.key(name, first, second)?;
                            self.matrices.remember(key, matrix);
                        }
                        self.pair(matrix, first, second, constraint)
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
                    if clock.spend(TEST) {
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
    fn table(&mut self, relation: &Relation, rows: &[Value], scope: &[Var], constraint: u32) -> Result<(), Interrupt> {
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
                if words(&one, &two) > WIDEST_MATRIX {
                    let kind = Kind::Table(TablePropagator::new(&[one.len(), two.len()], rows));
                    return self.propagator(relation, kind, vars, constraint);
                }
                let matrix = self.matrices.empty(&one, &two);
                for row in rows.chunks_exact(2) {
                    self.matrices.set(matrix, row[0], row[1]);
                }
                self.pair(matrix, first, second, constraint)
            }
            _ => {
                let sizes: Vec<usize> = self.universes(vars)?.iter().map(|universe| universe.len()).collect();
                self.propagator(relation, Kind::Table(TablePropagator::new(&sizes, rows)), vars, constraint)
            }
        }
    }

    fn propagator(&mut self, relation: &Relation, kind: Kind, vars: &[Var], constraint: u32) -> Result<(), Interrupt> {
        let number = self.propagators.len() as u32;
        let start = self.scopes.len() as u32;
        self.scopes.extend_from_slice(vars);
        self.watching.reserve(vars.len());
        for var in vars {
            let slot = self.slot(*var)?;
            self.watching.push((slot, number));
        }
        if let Kind::AllDistinct(distinct) = &kind
            && distinct.is_plain()
        {
            for var in vars {
                let slot = self.slot(*var)?;
                self.groups.push((slot, number));
            }
        }
        let (end, relation) = (self.scopes.len() as u32, relation.clone());
        self.propagators.push(Propagation { kind, start, end, constraint, relation });
        Ok(())
    }

    fn in_time(&self) -> Result<(), Interrupt> {
        if self.clock.is_over() { Err(Interrupt::OutOfTime) } else { Ok(()) }
    }

    fn at(&mut self, relation: &Relation, vars: &[Var], indices: &[u32], source: EvaluationError) -> Interrupt {
        let domains = Domains { store: self.store, scope: vars, clock: self.clock };
        let values = indices.iter().enumerate().map(|(position, index)| domains.value(position, *index)).collect();
        refused(relation, vars, Conflict::Error { source, values })
    }
}

/// The refusal behind a conflict.
pub(super) fn refused(relation: &Relation, scope: &[Var], conflict: Conflict) -> Interrupt {
    match conflict {
        Conflict::Failed => Interrupt::Failed,
        Conflict::OutOfTime => Interrupt::OutOfTime,
        Conflict::Error { source, values } => Interrupt::refused(Refusal::Evaluation {
            constraint: relation.describe(),
            number: 0,
            scope: scope.to_vec(),
            values,
            source,
        }),
    }
}

/// Words of a matrix over two universes, and of its transpose.
fn words(one: &Universe, two: &Universe) -> usize {
    one.len().saturating_mul(two.words()).saturating_add(two.len().saturating_mul(one.words()))
}

/// The different variables of a scope.
fn spread(scope: &[Var]) -> Scope {
    let mut vars: Vec<Var> = Vec::with_capacity(scope.len());
    let places: Box<[u32]> = scope
        .iter()
        .map(|var| match vars.iter().position(|known| known == var) {
            Some(place) => place as u32,
            None => {
                vars.push(*var);
                vars.len() as u32 - 1
            }
        })
        .collect();
    let spread = (vars.len() < scope.len()).then_some(places);
    Scope { vars, spread }
}
