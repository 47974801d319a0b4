//! Relations to propagators: masks for one variable, bit matrices for two, and what fits for more.

use std::sync::Arc;

use super::matrix::{self, Key, Matrices, Matrix};
use super::reach::{Edge, Reach};
use super::refusal::{Interrupt, Refusal, refused};
use super::test::{TEST, Test};
use crate::fd::clock::Clock;
use crate::fd::domain::Integers;
use crate::fd::domains::{Conflict, Domains};
use crate::fd::expression::{EvaluationError, Expression};
use crate::fd::propagators::Kind;
use crate::fd::relation::Relation;
use crate::store::{Store, Universe, Var};

/// Most words of a matrix and its transpose: 4 MiB, which is 4,096 by 4,096 values.
pub(super) const WIDEST_MATRIX: usize = 1 << 19;
/// Numbers of variables and propagators stay below this.
const MOST: usize = 1 << 30;
/// Most words of all matrices: 1 GiB.
const MOST_WORDS: usize = 1 << 27;

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

/// All that propagates, immutable: flat arrays, shared by all branches of a search.
#[derive(Debug, Clone)]
pub(crate) struct Compiled {
    /// How many variables the store had: those that came later have no constraints here.
    pub(crate) vars: usize,
    pub(crate) bits: Vec<u64>,
    pub(crate) reach: Reach,
    pub(crate) propagators: Vec<Propagation>,
    pub(crate) scopes: Vec<Var>,
}

pub(super) struct Compiler<'s> {
    pub(super) store: &'s mut Store,
    pub(super) clock: &'s mut Clock,
    integers: Vec<(u32, Option<Integers>)>,
    pub(super) matrices: Matrices,
    edges: Vec<(u32, Edge)>,
    propagators: Vec<Propagation>,
    scopes: Vec<Var>,
    watching: Vec<(u32, u32)>,
    /// Expressions met last: those that read alike count as one.
    expressions: [Option<&'s Arc<Expression>>; NEWEST],
    /// Where the next one goes.
    next: usize,
}

/// So many expressions are compared with a new one.
const NEWEST: usize = 8;

/// A relation being posted: its different variables, and where it has them.
pub(super) struct Scope {
    pub(super) vars: Vec<Var>,
    pub(super) spread: Option<Box<[u32]>>,
}

const NONE: u32 = u32::MAX;

impl Compiled {
    /// Takes the relations over one variable into the domains first, so that the others are computed at fewer values. All
    /// variables must have a domain.
    pub(crate) fn new<'r>(
        posted: impl Iterator<Item = (&'r Relation, &'r [Var])> + Clone,
        store: &'r mut Store,
        clock: &'r mut Clock,
    ) -> Result<Compiled, Interrupt> {
        // Sizes first: growing lists would take longer than what goes into them.
        let (mut pairs, mut wide, mut single) = (0, 0, false);
        for (relation, scope) in posted.clone() {
            single = single || is_single(relation, scope);
            match scope.len() {
                ..=1 => {}
                2 => pairs += 2,
                len => wide += len,
            }
        }
        let vars = store.len();
        let mut compiler = Compiler {
            store,
            clock,
            integers: Vec::new(),
            matrices: Matrices::with_room(),
            edges: Vec::with_capacity(pairs),
            propagators: Vec::with_capacity(wide.div_ceil(8)),
            scopes: Vec::with_capacity(wide),
            watching: Vec::with_capacity(wide),
            expressions: [const { None }; NEWEST],
            next: 0,
        };
        for alone in if single { &[true, false][..] } else { &[false] } {
            for (number, (relation, scope)) in posted.clone().enumerate() {
                if !single || is_single(relation, scope) == *alone {
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
        if vars >= MOST || compiler.propagators.len() >= MOST {
            return Err(Interrupt::refused(Refusal::TooLarge { what: "variables or constraints" }));
        }
        Ok(Compiled {
            vars,
            reach: Reach::new(vars, &compiler.edges, &compiler.watching),
            bits: compiler.matrices.bits,
            propagators: compiler.propagators,
            scopes: compiler.scopes,
        })
    }

    /// Whether anything but relations of two variables looks at a variable.
    pub(crate) fn is_watched(&self, var: Var) -> bool {
        !self.reach.watching(var).is_empty()
    }

    /// The variables of a propagator.
    #[inline]
    pub(crate) fn scope(&self, propagation: &Propagation) -> &[Var] {
        &self.scopes[propagation.start as usize..propagation.end as usize]
    }
}

/// Whether the relation reads one variable and no other.
fn is_single(relation: &Relation, scope: &[Var]) -> bool {
    match scope {
        [] | [_] => true,
        _ => {
            scope.iter().all(|var| *var == scope[0])
                || matches!(relation, Relation::Expression(expression) if expression.reads_one().is_some())
        }
    }
}

impl<'s> Compiler<'s> {
    /// The store's number of the variable's universe. All variables that come here have one.
    #[inline]
    pub(super) fn number(&self, var: Var) -> u32 {
        self.store.universe_number(var).unwrap_or(NONE)
    }

    pub(super) fn universe(&self, var: Var) -> Result<Arc<Universe>, Interrupt> {
        match self.store.domain(var) {
            Some(domain) => Ok(Arc::clone(domain.universe)),
            None => Err(Interrupt::refused(Refusal::NoDomain { var })),
        }
    }

    pub(super) fn universes(&self, vars: &[Var]) -> Result<Vec<Arc<Universe>>, Interrupt> {
        vars.iter().map(|var| self.universe(*var)).collect()
    }

    pub(super) fn integers(&mut self, var: Var) -> Result<Option<Integers>, Interrupt> {
        let number = self.number(var);
        if let Some((_, integers)) = self.integers.iter().rev().take(8).find(|(known, _)| *known == number) {
            return Ok(integers.clone());
        }
        let integers = Integers::of(&*self.universe(var)?);
        self.integers.push((number, integers.clone()));
        Ok(integers)
    }

    /// The one of the expressions met that reads as this one does.
    fn known(&mut self, expression: &'s Arc<Expression>) -> &'s Arc<Expression> {
        let known = self.expressions.iter().flatten().copied();
        if let Some(known) = known.clone().find(|known| Arc::ptr_eq(known, expression)) {
            return known;
        }
        if let Some(known) = known.clone().find(|known| known.reads_as(expression)) {
            return known;
        }
        self.expressions[self.next] = Some(expression);
        self.next = (self.next + 1) % NEWEST;
        expression
    }

    /// Posts a relation. Most are pairs whose matrix is there already.
    #[inline]
    fn post(&mut self, relation: &'s Relation, scope: &[Var], constraint: u32) -> Result<(), Interrupt> {
        if let [first, second] = *scope
            && first != second
            && let Some(name) = matrix::of_relation(relation)
            && self.pair_known(name, first, second)
        {
            return Ok(());
        }
        self.post_new(relation, scope, constraint)
    }

    fn post_new(&mut self, relation: &'s Relation, scope: &[Var], constraint: u32) -> Result<(), Interrupt> {
        match relation {
            Relation::Expression(expression) => {
                let expression = self.known(expression);
                if let Some(position) = expression.reads_one() {
                    return self.alone(relation, expression, scope[position]);
                }
                if let [first, second] = *scope
                    && first != second
                    && self.pair_known(matrix::of_expression(expression), first, second)
                {
                    return Ok(());
                }
                self.expression(relation, expression, scope, constraint)
            }
            Relation::Predicate(predicate) => {
                let scope = spread(scope);
                let all = self.all_universes(&scope)?;
                let test = Test::predicate(predicate, all, scope.spread.clone());
                self.test(relation, Some(matrix::of_predicate(predicate)), test, &scope, constraint)
            }
            Relation::Linear(linear) => self.weighted(relation, linear, scope, constraint),
            // A row of no values holds of no variables.
            Relation::Table(table) if scope.is_empty() && table.count > 0 => Ok(()),
            Relation::Table(table) => self.table(relation, &table.rows, scope, constraint),
            Relation::AllDistinct(consistency) => self.all_distinct(relation, *consistency, scope, constraint),
            Relation::Custom(propagator) => {
                self.propagator(relation, Kind::Custom(Arc::clone(propagator)), scope, constraint)
            }
        }
    }

    pub(super) fn all_universes(&mut self, scope: &Scope) -> Result<Vec<Arc<Universe>>, Interrupt> {
        let universes = self.universes(&scope.vars)?;
        Ok(match &scope.spread {
            None => universes,
            Some(spread) => spread.iter().map(|variable| Arc::clone(&universes[*variable as usize])).collect(),
        })
    }

    #[inline]
    pub(super) fn key(&self, relation: usize, first: Var, second: Var) -> Key {
        Key { relation, first: self.number(first), second: self.number(second) }
    }

    /// Posts a pair whose matrix is there already.
    #[inline]
    fn pair_known(&mut self, relation: usize, first: Var, second: Var) -> bool {
        let known = self.matrices.known(self.key(relation, first, second));
        if let Some(matrix) = known {
            self.pair(matrix, first, second);
        }
        known.is_some()
    }

    #[inline]
    pub(super) fn pair(&mut self, matrix: Matrix, first: Var, second: Var) {
        let (rows, words, conflicts) = (matrix.rows, matrix.row_words, matrix.row_conflicts);
        let forth = Edge { other: second, rows, words, conflicts };
        let (rows, words, conflicts) = (matrix.columns, matrix.column_words, matrix.column_conflicts);
        let back = Edge { other: first, rows, words, conflicts };
        self.edges.extend([(first.number(), forth), (second.number(), back)]);
    }

    pub(super) fn propagator(
        &mut self,
        relation: &Relation,
        kind: Kind,
        vars: &[Var],
        constraint: u32,
    ) -> Result<(), Interrupt> {
        let number = self.propagators.len() as u32;
        let start = self.scopes.len() as u32;
        self.scopes.extend_from_slice(vars);
        self.watching.extend(vars.iter().map(|var| (var.number(), number)));
        let (end, relation) = (self.scopes.len() as u32, relation.clone());
        self.propagators.push(Propagation { kind, start, end, constraint, relation });
        Ok(())
    }

    /// Whether the time ran out in a loop that counted its work.
    pub(super) fn in_time(&self) -> Result<(), Interrupt> {
        if self.clock.is_over() { Err(Interrupt::OutOfTime) } else { Ok(()) }
    }

    pub(super) fn at(
        &mut self,
        relation: &Relation,
        vars: &[Var],
        indices: &[u32],
        source: EvaluationError,
    ) -> Interrupt {
        let domains = Domains { store: self.store, scope: vars, clock: self.clock };
        let values = indices.iter().enumerate().map(|(position, index)| domains.value(position, *index)).collect();
        refused(relation, vars, Conflict::Error { source, values })
    }
}

/// The different variables of a scope.
pub(super) fn spread(scope: &[Var]) -> Scope {
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
