//! Which values of calls reach something that a run can show.
//!
//! Values flow along edges between variables and results of functions; the sinks are prints, tests and loop counts of
//! code that the module reaches. Within a scope the order of statements does not count, save that stores which are
//! never read hand nothing on. So a value that is said to reach no sink reaches none.

use std::collections::BTreeSet;

use super::flat::{Flat, Kind, Node, Span};
use super::flow::Flow;
use super::functions::{Functions, live};
use super::liveness::Unread;

/// Where a value goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Sink,
    /// Not read again.
    Nowhere,
    /// A variable of a function, or of the module, which is `None`.
    Var(Option<u8>, u8),
    Result(u8),
}

/// A call that can run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call {
    pub(super) stmt: usize,
    pub(super) token: usize,
    pub(super) func: u8,
    /// Whether its value may reach a sink.
    pub(super) used: bool,
}

pub(super) fn calls(flat: &Flat, flow: &Flow, used: &Functions, unread: &[Unread]) -> Vec<Call> {
    let stores = unread.iter().filter_map(|unread| match unread {
        Unread::Store { stmt, .. } => Some(*stmt),
        _ => None,
    });
    let dead = stores.collect::<BTreeSet<_>>();
    let mut flows = Flows { edges: Vec::new(), calls: Vec::new(), open: Vec::new() };
    for (nth, stmt) in flat.stmts.iter().enumerate() {
        if !live(flat, flow, used, nth) {
            continue;
        }
        let scope = flat.scope_of(nth).func;
        let mut add = |span, place| flows.expr(flat, nth, scope, span, place);
        match stmt.kind {
            Kind::Assign { value, .. } if dead.contains(&nth) => add(value, Place::Nowhere),
            Kind::Assign { var, value } => add(value, Place::Var(scope, var)),
            Kind::Print(value) => add(value, Place::Sink),
            Kind::Return(value) => add(value, scope.map_or(Place::Sink, Place::Result)),
            Kind::If { .. } => flat.spans(nth).for_each(|span| add(span, Place::Sink)),
            Kind::For { .. } => flat.spans(nth).for_each(|span| add(span, Place::Sink)),
            Kind::Def { .. } => {}
        }
    }
    flows.settle()
}

struct Flows {
    /// From the first to the second, the second first for the search backwards.
    edges: Vec<(Place, Place)>,
    calls: Vec<(Call, Place)>,
    /// Operators and calls whose operands are being read: how many are left, and where the next one goes.
    open: Vec<(usize, Next)>,
}

#[derive(Debug, Clone, Copy)]
enum Next {
    Same(Place),
    /// Argument of a function, counted from 1; beyond 255 there is no parameter.
    Argument(u8, u8),
}

impl Flows {
    fn expr(&mut self, flat: &Flat, stmt: usize, scope: Option<u8>, span: Span, place: Place) {
        self.open.clear();
        self.open.push((1, Next::Same(place)));
        for expr in flat.nodes(span) {
            while self.open.last().is_some_and(|(left, _)| *left == 0) {
                self.open.pop();
            }
            let Some((left, next)) = self.open.last_mut() else { return };
            *left -= 1;
            let place = match next {
                Next::Same(place) => *place,
                Next::Argument(func, nth) => {
                    let place = Place::Var(Some(*func), *nth);
                    *nth = nth.saturating_add(1);
                    place
                }
            };
            match expr.node {
                Node::Var(var) => self.edges.push((place, Place::Var(scope, var))),
                Node::Call { func, args } => {
                    self.edges.push((place, Place::Result(func)));
                    self.calls.push((Call { stmt, token: expr.token, func, used: false }, place));
                    self.open.push((args, Next::Argument(func, 1)));
                }
                node => self.open.push((node.operands(), Next::Same(place))),
            }
        }
    }

    /// Follows the edges back from the sinks.
    fn settle(mut self) -> Vec<Call> {
        self.edges.sort_unstable();
        self.edges.dedup();
        let mut reached = BTreeSet::from([Place::Sink]);
        let mut work = vec![Place::Sink];
        while let Some(to) = work.pop() {
            let start = self.edges.partition_point(|edge| edge.0 < to);
            for &(_, from) in self.edges[start..].iter().take_while(|edge| edge.0 == to) {
                if reached.insert(from) {
                    work.push(from);
                }
            }
        }
        self.calls.into_iter().map(|(call, place)| Call { used: reached.contains(&place), ..call }).collect()
    }
}
