//! What each hole stands for, from where it is and what is said of it.

use std::collections::HashMap;

use pyprior_core::{BinOp, Compare, Language, Symbol};

use super::MAX_PLACES;
use crate::claim::bits;
use crate::error::{Place, SketchError, SketchErrorKind, unsupported};
use crate::source::constraint::{Bound, Claim, Constraint, Domain, Role, Term};
use crate::source::tree::{Block, Expr, ExprKind, HoleAt, Operator, StmtKind};

/// A hole as far as it is known before the program is compiled.
#[derive(Debug, Clone)]
pub(super) struct Sort {
    pub(super) name: String,
    pub(super) role: Role,
    pub(super) places: usize,
    pub(super) depth: Option<u32>,
    pub(super) values: Vec<i64>,
    pub(super) ops: Vec<Result<BinOp, Compare>>,
    pub(super) bounds: Vec<Bound>,
    pub(super) renamed: bool,
    /// Where something is said of it last, or else where it is first.
    last: Place,
}

/// Where a hole can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spot {
    Expr,
    /// The condition of an `if`.
    Cond,
    /// The operator of an expression, or of a condition.
    Op {
        condition: bool,
    },
    Stmt {
        alone: bool,
    },
    /// `...`
    Block {
        alone: bool,
    },
}

#[derive(Debug)]
pub(super) struct Roles {
    sorts: Vec<Sort>,
    by_name: HashMap<String, usize>,
    by_place: HashMap<Place, usize>,
}

impl Role {
    /// The word for it in constraints.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Role::Const => "const",
            Role::Var => "var",
            Role::Op => "op",
            Role::Expr => "expr",
            Role::Cond => "cond",
            Role::Stmt => "stmt",
            Role::Block => "block",
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Role::Const => "a constant",
            Role::Var => "a variable",
            Role::Op => "an operator",
            Role::Expr => "an expression",
            Role::Cond => "a condition",
            Role::Stmt => "a statement",
            Role::Block => "a block",
        }
    }
}

const OPS: [Result<BinOp, Compare>; 5] =
    [Ok(BinOp::Add), Ok(BinOp::Sub), Ok(BinOp::Mul), Err(Compare::Lt), Err(Compare::Eq)];

impl Roles {
    pub(super) fn new(language: &Language, block: &Block, constraints: &[Constraint]) -> Result<Self, SketchError> {
        let mut spots = Vec::new();
        block_spots(block, &mut spots);
        if spots.len() > MAX_PLACES {
            return Err(SketchErrorKind::TooMany { what: "occurrences of holes", limit: MAX_PLACES }.at(block.place));
        }
        let mut roles = Self { sorts: Vec::new(), by_name: HashMap::new(), by_place: HashMap::new() };
        let mut in_condition = Vec::new();
        for (hole, spot) in &spots {
            let name = hole.name.clone().unwrap_or_else(|| "_".to_owned());
            let found = roles.by_name.get(&name).copied().filter(|_| hole.name.is_some());
            let role = match spot {
                Spot::Expr => Role::Expr,
                Spot::Cond => Role::Cond,
                Spot::Op { .. } => Role::Op,
                Spot::Stmt { .. } => Role::Stmt,
                Spot::Block { .. } => Role::Block,
            };
            let nth = found.unwrap_or(roles.sorts.len());
            if found.is_none() {
                roles.sorts.push(Sort {
                    name: name.clone(),
                    role,
                    places: 0,
                    depth: None,
                    values: Vec::new(),
                    ops: OPS.to_vec(),
                    bounds: Vec::new(),
                    renamed: false,
                    last: hole.place,
                });
                if hole.name.is_some() {
                    roles.by_name.insert(name.clone(), nth);
                }
            }
            let sort = &mut roles.sorts[nth];
            sort.places += 1;
            if sort.role != role {
                return Err(kinds(&name, sort.role, role).at(hole.place));
            }
            if *spot == (Spot::Op { condition: true }) {
                in_condition.push(nth);
            }
            roles.by_place.insert(hole.place, nth);
        }
        for nth in in_condition {
            roles.sorts[nth].ops.retain(Result::is_err);
        }
        let mut texts = vec![Vec::new(); roles.sorts.len()];
        for constraint in constraints {
            match constraint {
                Constraint::Domain { holes, domain, place, text } => {
                    for (name, at) in holes {
                        let nth = roles.named(name, *at)?;
                        texts[nth].push(text.clone());
                        roles.sorts[nth].last = *at;
                        roles.sorts[nth].narrow(language, domain, *place)?;
                    }
                }
                Constraint::Renamed(name, place) => {
                    let nth = roles.named(name, *place)?;
                    if !matches!(roles.sorts[nth].role, Role::Expr | Role::Cond | Role::Var) {
                        let message = format!(
                            "{name} is {}, and alike up to renaming are expressions and conditions alone",
                            roles.sorts[nth].role.name()
                        );
                        return Err(unsupported(*place, message));
                    }
                    roles.sorts[nth].renamed = true;
                }
                _ => {}
            }
        }
        for (sort, texts) in roles.sorts.iter_mut().zip(texts) {
            sort.finish(language, texts)?;
        }
        for (hole, spot) in &spots {
            let sort = &roles.sorts[roles.by_place[&hole.place]];
            if sort.role == Role::Block && !matches!(spot, Spot::Stmt { alone: true } | Spot::Block { alone: true }) {
                let message = format!("{} stands for a block, and is not alone in its block", sort.name);
                return Err(unsupported(hole.place, message));
            }
        }
        Ok(roles)
    }

    fn named(&self, name: &str, place: Place) -> Result<usize, SketchError> {
        self.by_name.get(name).copied().ok_or_else(|| SketchErrorKind::NoHole { name: name.to_owned() }.at(place))
    }

    pub(super) fn sorts(&self) -> &[Sort] {
        &self.sorts
    }

    /// Number of the hole at a place.
    pub(super) fn at(&self, place: Place) -> usize {
        self.by_place.get(&place).copied().unwrap_or(0)
    }

    /// Whether a formula is about constants alone.
    pub(super) fn check_claim(&self, claim: &Claim) -> Result<(), SketchError> {
        let mut error = None;
        claim.formula.terms(&mut |term| {
            let Term::Hole(name, place) = term else { return };
            let found = self.named(name, *place).and_then(|nth| match self.sorts[nth].role {
                Role::Const => Ok(()),
                other => Err(unsupported(
                    *place,
                    format!("{name} stands for {}; relations are between constants (`{name} in 1..9`)", other.name()),
                )),
            });
            if let (Err(found), None) = (found, &error) {
                error = Some(found);
            }
        });
        error.map_or(Ok(()), Err)?;
        self.check_range(claim)
    }

    /// Whether the arithmetic of a relation stays within the integers that it is done in.
    fn check_range(&self, claim: &Claim) -> Result<(), SketchError> {
        let of = |value: i64| u64::BITS - value.unsigned_abs().leading_zeros();
        let hole = |name: &str| {
            let values = self.by_name.get(name).map_or(&[][..], |&nth| &self.sorts[nth].values);
            values.iter().map(|value| of(*value)).max().unwrap_or(0)
        };
        let over = claim.over.iter().map(|values| values.iter().map(|value| of(*value)).max().unwrap_or(0));
        let over = over.collect::<Vec<_>>();
        let mut fits = true;
        claim.formula.terms(&mut |term| fits &= bits(term, &hole, &over).is_none_or(|bits| bits <= 127));
        if fits {
            return Ok(());
        }
        Err(unsupported(claim.place, format!("`{}`: its arithmetic may go beyond integers of 127 bits", claim.text)))
    }
}

fn kinds(name: &str, one: Role, other: Role) -> SketchErrorKind {
    SketchErrorKind::Kinds { name: name.to_owned(), one: one.name(), other: other.name() }
}

impl Sort {
    /// Takes what a domain says.
    fn narrow(&mut self, language: &Language, domain: &Domain, place: Place) -> Result<(), SketchError> {
        let role = match domain {
            Domain::Ints(_) => Role::Const,
            Domain::Ops(_) => Role::Op,
            Domain::Role { role, .. } => *role,
        };
        let before = self.role;
        self.role = match (self.role, role) {
            (one, other) if one == other => one,
            (Role::Expr, narrower @ (Role::Const | Role::Var)) | (narrower @ (Role::Const | Role::Var), Role::Expr) => {
                narrower
            }
            (Role::Stmt, Role::Block) => Role::Block,
            (one, other) => return Err(kinds(&self.name, one, other).at(place)),
        };
        match domain {
            Domain::Ints(ranges) => {
                let (low, high) = language.config().value_range;
                let inside = ranges.iter().flat_map(|range| (*range.start()).max(low)..=(*range.end()).min(high));
                let mut values = inside.collect::<Vec<_>>();
                values.sort_unstable();
                values.dedup();
                if before == Role::Const {
                    values.retain(|value| self.values.binary_search(value).is_ok());
                }
                self.values = values;
            }
            Domain::Ops(ops) => self.ops.retain(|op| ops.contains(op)),
            Domain::Role { role, depth, bounds } => {
                if *role == Role::Const && before != Role::Const {
                    let (low, high) = language.config().value_range;
                    self.values = (low..=high).collect();
                }
                self.depth = match (self.depth, *depth) {
                    (Some(one), Some(other)) => Some(one.min(other)),
                    (one, other) => one.or(other),
                };
                self.bounds.extend(bounds.iter().cloned());
            }
        }
        Ok(())
    }

    /// Leaves out what the language lacks.
    fn finish(&mut self, language: &Language, domains: Vec<String>) -> Result<(), SketchError> {
        let allowed = |symbol: Symbol| {
            language.vocab().id_of_symbol(symbol).is_some_and(|token| language.grammar().allows(token))
        };
        self.values.retain(|value| allowed(Symbol::Const(*value)));
        self.ops.retain(|op| match op {
            Ok(op) => allowed(Symbol::BinOp(*op)),
            Err(op) => allowed(Symbol::Compare(*op)),
        });
        let empty = match self.role {
            Role::Const => self.values.is_empty(),
            Role::Op => self.ops.is_empty(),
            _ => false,
        };
        if !empty {
            return Ok(());
        }
        let (low, high) = language.config().value_range;
        let own = match self.role {
            Role::Const => format!("constants of the language: {low}..{high}"),
            _ => "operators of its places and of the language".to_owned(),
        };
        let domains = domains.into_iter().chain([own]).collect::<Vec<_>>().join("; ");
        Err(SketchErrorKind::EmptyDomain { name: self.name.clone(), domains }.at(self.last))
    }
}

fn block_spots<'a>(block: &'a Block, spots: &mut Vec<(&'a HoleAt, Spot)>) {
    for stmt in &block.stmts {
        match &stmt.kind {
            StmtKind::Assign(_, value) | StmtKind::Print(value) | StmtKind::Return(value) => expr_spots(value, spots),
            StmtKind::If(condition, then, otherwise) => {
                match &condition.kind {
                    ExprKind::Hole(hole) => spots.push((hole, Spot::Cond)),
                    ExprKind::Operation(op, left, right) => {
                        if let Operator::Hole(hole) = op {
                            spots.push((hole, Spot::Op { condition: true }));
                        }
                        expr_spots(left, spots);
                        expr_spots(right, spots);
                    }
                    // Refused by the walk.
                    _ => {}
                }
                block_spots(then, spots);
                block_spots(otherwise, spots);
            }
            StmtKind::For(_, start, stop, body) => {
                start.iter().for_each(|start| expr_spots(start, spots));
                expr_spots(stop, spots);
                block_spots(body, spots);
            }
            StmtKind::Def(_, _, body) => block_spots(body, spots),
            StmtKind::Hole(hole) => spots.push((hole, Spot::Stmt { alone: block.stmts.len() == 1 })),
            StmtKind::Any(hole) => spots.push((hole, Spot::Block { alone: block.stmts.len() == 1 })),
        }
    }
}

fn expr_spots<'a>(expr: &'a Expr, spots: &mut Vec<(&'a HoleAt, Spot)>) {
    match &expr.kind {
        ExprKind::Name(_) | ExprKind::Const(_) => {}
        ExprKind::Hole(hole) => spots.push((hole, Spot::Expr)),
        ExprKind::Operation(op, left, right) => {
            if let Operator::Hole(hole) = op {
                spots.push((hole, Spot::Op { condition: false }));
            }
            expr_spots(left, spots);
            expr_spots(right, spots);
        }
        ExprKind::Call(_, args) => args.iter().for_each(|arg| expr_spots(arg, spots)),
    }
}
