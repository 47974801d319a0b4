//! Expressions and conditions, and holes wherever they stand.

use pyprior_core::{BinOp, Compare, Context, Position, Symbol};

use super::{At, Walk, lacking};
use crate::error::{Place, SketchError, SketchErrorKind};
use crate::program::{Op, Site};
use crate::source::constraint::Role;
use crate::source::tree::{Expr, ExprKind, HoleAt, Operator};
use crate::tally::Kind;

impl Walk<'_> {
    pub(super) fn condition(&mut self, condition: &Expr) -> Result<(), SketchError> {
        match &condition.kind {
            ExprKind::Hole(hole) => self.expr_hole(hole, 0),
            ExprKind::Operation(op @ (Operator::Compare(_) | Operator::Hole(_)), left, right) => {
                self.operator(op, condition.place)?;
                self.expr(left, 0)?;
                self.expr(right, 0)
            }
            _ => {
                Err(lacking(condition.place, "this condition", "a condition is a comparison by `<` or `==`, or a hole"))
            }
        }
    }

    fn operator(&mut self, op: &Operator, place: Place) -> Result<(), SketchError> {
        match op {
            Operator::BinOp(op) => {
                let sign = match op {
                    BinOp::Add => "`+`",
                    BinOp::Sub => "`-`",
                    BinOp::Mul => "`*`",
                };
                self.token(Symbol::BinOp(*op), Kind::of_op(Ok(*op)), place, sign)
            }
            Operator::Compare(op) => {
                let sign = if *op == Compare::Lt { "`<`" } else { "`==`" };
                self.token(Symbol::Compare(*op), Kind::of_op(Err(*op)), place, sign)
            }
            Operator::Hole(hole) => self.expr_hole(hole, 0),
        }
    }

    pub(super) fn expr(&mut self, expr: &Expr, depth: u32) -> Result<(), SketchError> {
        let place = expr.place;
        if depth > self.depth {
            let why = format!("expressions nest to depth {} (option max_expr_depth, constraint depth)", self.depth);
            return Err(lacking(place, "this expression", why));
        }
        let deeper = || -> Result<(), SketchError> {
            let why = format!("expressions nest to depth {} (option max_expr_depth, constraint depth)", self.depth);
            if depth < self.depth { Ok(()) } else { Err(lacking(place, "this operation", why)) }
        };
        match &expr.kind {
            ExprKind::Name(name) => {
                let Some(found) = self.scope.find(name).cloned() else {
                    return Err(SketchErrorKind::Unbound { name: name.clone() }.at(place));
                };
                let mut tally = self.weight(Kind::Read);
                for (counter, within) in self.counters.reads(name) {
                    tally.0[counter] = u16::from(within.is_none());
                }
                self.ops.push(Op::Read { name: found.register, tally });
                Ok(())
            }
            ExprKind::Const(value) => {
                self.token(Symbol::Const(*value), Kind::Const, place, &format!("the constant {value}"))
            }
            ExprKind::Hole(hole) => self.expr_hole(hole, depth),
            ExprKind::Operation(op, left, right) => {
                deeper()?;
                self.operator(op, place)?;
                self.expr(left, depth + 1)?;
                self.expr(right, depth + 1)
            }
            ExprKind::Call(name, args) => {
                deeper()?;
                let Some(function) = self.functions.iter().find(|function| function.name == *name).cloned() else {
                    return Err(SketchErrorKind::Unbound { name: name.clone() }.at(place));
                };
                if function.arity != args.len() {
                    let why = format!("it has {} parameters, and is given {} values", function.arity, args.len());
                    return Err(lacking(place, format!("`{name}`"), why));
                }
                if function.returns == Some(false) && self.language.grammar().calls_returning_only() {
                    let why = "it does not return on every path, and the language calls what returns alone";
                    return Err(lacking(place, format!("`{name}`"), why));
                }
                self.token(Symbol::Call, Kind::Call, place, "a call")?;
                let tally = self.weight(Kind::Callee);
                self.ops.push(Op::Callee { func: function.register, tally });
                args.iter().try_for_each(|arg| self.expr(arg, depth + 1))
            }
        }
    }

    fn expr_hole(&mut self, hole: &HoleAt, depth: u32) -> Result<(), SketchError> {
        // Expressions do not care about the statement that they are in.
        self.hole(hole, At { context: Context::Mod, control_depth: 0, position: Position::Only }, depth)
    }

    pub(super) fn hole(&mut self, at: &HoleAt, site: At, expr_depth: u32) -> Result<(), SketchError> {
        let nth = self.roles.at(at.place);
        let mut tracked = Vec::new();
        for name in &self.scope.names {
            for (counter, within) in self.counters.reads(&name.name) {
                // What is counted in a hole is counted at its first place.
                let first = self.holes[nth].sites.is_empty();
                if within.is_none_or(|within| within == nth && first) {
                    tracked.push((counter, name.register, name.number));
                }
            }
        }
        let shared = self.holes[nth].is_shared() || !self.holes[nth].sites.is_empty();
        let mut claims = [0; 3];
        if shared {
            for claim in &mut claims {
                *claim = self.register(None, at.place)?;
            }
        }
        let place = self.holes[nth].sites.len();
        let room = self.depth.saturating_sub(expr_depth);
        let role = self.holes[nth].role;
        let (visible, level) = ((self.scope.low, self.scope.high), self.scope.level);
        let At { context, control_depth, position } = site;
        self.holes[nth].depth = self.holes[nth].depth.min(room);
        self.holes[nth].sites.push(Site { context, control_depth, position, visible, level, tracked, claims });
        self.ops.push(Op::Hole { hole: nth, place });
        if matches!(role, Role::Stmt | Role::Block) {
            self.scope.high = self.language.config().max_vars as u16;
            self.scope.level = self.fresh_level();
        }
        Ok(())
    }
}
