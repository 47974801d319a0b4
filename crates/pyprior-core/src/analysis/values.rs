//! Which values of calls reach something that a run can show.
//!
//! Values flow along edges between variables and results of functions; the sinks are prints, tests and loop counts of
//! code that the module reaches. Within a scope the order of statements does not count, save that stores which are
//! never read hand nothing on. So a value that is said to reach no sink reaches none.

use super::flat::{Flat, Kind, Node, Span};
use super::flow::Flow;
use super::functions::Functions;
use super::liveness::Liveness;

/// Where a value goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place(u32);

impl Place {
    const SINK: Self = Self(0);
    /// Not read again.
    const NOWHERE: Self = Self(1);

    /// A variable of a function, or of the module, which is `None`.
    fn var(scope: Option<u8>, var: u8) -> Self {
        Self((scope.map_or(1, |func| 2 + u32::from(func)) << 8) | u32::from(var))
    }

    fn result(func: u8) -> Self {
        Self((1 << 24) | u32::from(func))
    }
}

/// A call that can run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call {
    pub(super) stmt: usize,
    pub(super) token: usize,
    pub(super) func: u8,
    /// Whether its value may reach a sink.
    pub(super) used: bool,
    place: Place,
}

/// Follows values; keep one to reuse its memory.
#[derive(Debug, Clone, Default)]
pub(super) struct Values {
    pub(super) calls: Vec<Call>,
    /// From the second to the first, in order for the search backwards.
    edges: Vec<(Place, Place)>,
    /// Operators and calls whose operands are being read: how many are left, and where the next one goes.
    open: Vec<(usize, Next)>,
    /// By edge, of which the first of a place stands for all: whether a sink is reached from there.
    reached: Vec<bool>,
    work: Vec<Place>,
}

#[derive(Debug, Clone, Copy)]
enum Next {
    Same(Place),
    /// Argument of a function, counted from 1; beyond 255 there is no parameter.
    Argument(u8, u8),
}

impl Values {
    pub(super) fn find(&mut self, flat: &Flat, flow: &Flow, functions: &Functions, liveness: &Liveness) {
        self.calls.clear();
        if flat.forms.call == 0 {
            return;
        }
        self.edges.clear();
        for (nth, stmt) in flat.stmts.iter().enumerate() {
            if !functions.live(flat, flow, nth) {
                continue;
            }
            let scope = flat.scope_of(nth).func;
            let mut add = |span, place| self.expr(flat, nth, scope, span, place);
            match stmt.kind {
                Kind::Assign { value, .. } if liveness.dead[nth] => add(value, Place::NOWHERE),
                Kind::Assign { var, value } => add(value, Place::var(scope, var)),
                Kind::Print(value) => add(value, Place::SINK),
                Kind::Return(value) => add(value, scope.map_or(Place::SINK, Place::result)),
                Kind::If { .. } => flat.spans(nth).for_each(|span| add(span, Place::SINK)),
                Kind::For { .. } => flat.spans(nth).for_each(|span| add(span, Place::SINK)),
                Kind::Def { .. } => {}
            }
        }
        self.settle();
    }

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
                    let place = Place::var(Some(*func), *nth);
                    *nth = nth.saturating_add(1);
                    place
                }
            };
            match expr.node {
                Node::Var(var) => self.edges.push((place, Place::var(scope, var))),
                Node::Call { func, args } => {
                    self.edges.push((place, Place::result(func)));
                    self.calls.push(Call { stmt, token: expr.token, func, used: false, place });
                    self.open.push((args, Next::Argument(func, 1)));
                }
                node => self.open.push((node.operands(), Next::Same(place))),
            }
        }
    }

    /// Follows the edges back from the sinks.
    fn settle(&mut self) {
        let Self { calls, edges, reached, work, .. } = self;
        if calls.is_empty() {
            return;
        }
        edges.sort_unstable();
        reached.clear();
        reached.resize(edges.len(), false);
        work.push(Place::SINK);
        while let Some(to) = work.pop() {
            let first = edges.partition_point(|edge| edge.0 < to);
            // What has no edges leads to nothing.
            if reached.get(first).is_some_and(|reached| !reached) {
                for (_, from) in edges[first..].iter().take_while(|edge| edge.0 == to) {
                    reached[first] = true;
                    work.push(*from);
                }
            }
        }
        for call in calls {
            // A call is at an edge from its result to its place.
            call.used = reached[edges.partition_point(|edge| edge.0 < call.place)];
        }
    }
}
