//! The hole classes of a language: every hole that can occur, told apart just as far as its legal tokens, costs
//! or successors differ. There are 30 to 60 of them at usual knobs.

use std::collections::HashMap;

use super::cost::{Costs, INFINITE, add};
use super::rules::{Child, Context, Position, Rules, Scope, Terminal};

/// What tells one hole class from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Hole {
    /// Behind the end of the program.
    End,
    /// A block that pays `penalty` for returning. `second` marks the second branch of an `if`: it pays that
    /// penalty instead if the first branch returned.
    Block { scope: Scope, control_depth: u32, penalty: u32, second: Option<u32> },
    /// A statement of a block that pays `penalty` for returning.
    Statement { scope: Scope, control_depth: u32, position: Position, penalty: u32 },
    /// A name to assign by a statement of this kind.
    Target(Terminal),
    /// The comparison of an `if`.
    Condition,
    /// An expression.
    Expr { depth: u32 },
    /// The function that a call at this depth calls.
    Callee { depth: u32 },
    /// The number of parameters of a definition.
    Arity,
}

impl Hole {
    /// Level of the visibility stack at which this hole opens; `None` if it keeps its statement's.
    /// Blocks below the module's count from 0, a function's own block stands at level 1.
    pub(crate) fn level(self) -> Option<u32> {
        match self {
            Hole::Block { scope, control_depth, .. } | Hole::Statement { scope, control_depth, .. } => {
                Some(control_depth + u32::from(scope.context == Context::Func))
            }
            _ => None,
        }
    }
}

/// What taking a token does to a row, in the terms of [`super::tables::Production`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Nothing but the holes.
    None,
    /// The current block returns.
    Returns,
    /// The named variable becomes visible in the current block.
    Assign,
    /// The named variable becomes visible in the block below, of which the current one learns nothing.
    Bind,
    /// The block below starts with what is visible here.
    Branch,
    /// A call whose least cost depends on the functions at hand.
    Call,
    /// The callee of a call, which fixes the number of arguments.
    Callee,
    /// A definition begins.
    Define,
    /// The parameters of a definition become visible.
    Parameters,
}

/// Where a row goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// At the top of the stack.
    Pop,
    /// At a class.
    Class(u16),
}

/// What a row is to return to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Push {
    /// Nothing.
    None,
    /// A class.
    Once(u16),
    /// The rest of a block, to be taken as often as the argument says, the last time at the next class.
    Rest(u16),
    /// The two branches of an `if`, the second of which is the next class.
    Branches(u16),
}

/// One token, or family of tokens alike, that a class takes.
#[derive(Debug, Clone)]
pub(crate) struct Alternative {
    pub(crate) terminal: Terminal,
    /// Tokens that it costs beyond the cheapest way to close the hole, as `base + arg * per_arg`, wrapping.
    pub(crate) base: u32,
    pub(crate) per_arg: u32,
    pub(crate) next: Next,
    pub(crate) push: Push,
    pub(crate) effect: Effect,
}

/// A hole class with all that it takes.
#[derive(Debug, Clone)]
pub(crate) struct ClassRules {
    pub(crate) hole: Hole,
    pub(crate) alternatives: Vec<Alternative>,
    /// The class that stands instead if the first branch returned.
    pub(crate) if_first_returned: Option<u16>,
}

/// Numbers the classes reachable from the module's block, which comes first, and writes down their rules.
pub(crate) fn build(rules: &Rules) -> Vec<ClassRules> {
    let mut builder = Builder { rules, costs: Costs::new(rules), ids: HashMap::new(), holes: Vec::new() };
    builder.id(Hole::Block { scope: rules.module(), control_depth: 0, penalty: 0, second: None });
    builder.id(Hole::End);
    let mut classes = Vec::new();
    // Writing down a class's rules numbers the classes it leads to, so the list grows while it is walked.
    while classes.len() < builder.holes.len() {
        let hole = builder.holes[classes.len()];
        classes.push(builder.class(hole));
    }
    classes
}

struct Builder<'a> {
    rules: &'a Rules,
    costs: Costs<'a>,
    ids: HashMap<Hole, u16>,
    holes: Vec<Hole>,
}

impl Builder<'_> {
    fn id(&mut self, hole: Hole) -> u16 {
        if let Some(&id) = self.ids.get(&hole) {
            return id;
        }
        let id = self.holes.len() as u16;
        self.ids.insert(hole, id);
        self.holes.push(hole);
        id
    }

    /// Ids of the inner, the last and the only statement of a block, always three in a row: a row gets from the
    /// inner statements to the last by adding one.
    fn statements(&mut self, scope: Scope, control_depth: u32, penalty: u32) -> (u16, u16) {
        let barred = self.rules.restricts_returning && scope.context == Context::Func;
        let inner = if barred { INFINITE } else { 0 };
        // A penalty of its own keeps the three together even where two penalties share an inner class.
        let group = Hole::Statement { scope, control_depth, position: Position::Last, penalty };
        let first = match self.ids.get(&group) {
            Some(&last) => last - 1,
            None => {
                let first = self.holes.len() as u16;
                self.holes.push(Hole::Statement { scope, control_depth, position: Position::Inner, penalty: inner });
                self.id(group);
                self.holes.push(Hole::Statement { scope, control_depth, position: Position::Only, penalty });
                first
            }
        };
        (first, first + 2)
    }

    fn class(&mut self, hole: Hole) -> ClassRules {
        let mut if_first_returned = None;
        let alternatives = match hole {
            Hole::End => vec![alternative(Terminal::Pad, 0, self.id(Hole::End))],
            Hole::Block { scope, control_depth, penalty, second } => {
                let instead = second.filter(|&second| second != penalty);
                if_first_returned =
                    instead.map(|penalty| self.id(Hole::Block { scope, control_depth, penalty, second: None }));
                self.block(scope, control_depth, penalty)
            }
            Hole::Statement { scope, control_depth, position, penalty } => {
                self.statement(scope, control_depth, position, penalty)
            }
            Hole::Target(statement) => {
                let expr = self.id(Hole::Expr { depth: 0 });
                let effect = if statement == Terminal::Assign { Effect::Assign } else { Effect::Bind };
                let push = if statement == Terminal::For2 { Push::Once(expr) } else { Push::None };
                vec![Alternative { push, effect, ..alternative(Terminal::Var, 0, expr) }]
            }
            Hole::Condition => {
                let expr = self.id(Hole::Expr { depth: 0 });
                vec![Alternative { push: Push::Once(expr), ..alternative(Terminal::Compare, 0, expr) }]
            }
            Hole::Expr { depth } => self.expr(depth),
            Hole::Callee { depth } => {
                let argument = self.id(Hole::Expr { depth: depth + 1 });
                vec![Alternative { effect: Effect::Callee, ..alternative(Terminal::Func, 0, argument) }]
            }
            Hole::Arity => self.arity(),
        };
        let alternatives = alternatives.into_iter().filter(|found| self.rules.allows(found.terminal)).collect();
        ClassRules { hole, alternatives, if_first_returned }
    }

    fn block(&mut self, scope: Scope, control_depth: u32, penalty: u32) -> Vec<Alternative> {
        let hole = self.costs.block(scope, control_depth).under(penalty);
        let (inner_id, only_id) = self.statements(scope, control_depth, penalty);
        let one = self.costs.statement(scope, control_depth, Position::Only).then(1).under(penalty);
        let inner = self.costs.inner(scope, control_depth);
        let last = self.costs.statement(scope, control_depth, Position::Last).then(1).under(penalty);
        let mut alternatives = Vec::new();
        if one < INFINITE {
            alternatives.push(alternative(Terminal::BlockOfOne, one.wrapping_sub(hole), only_id));
        }
        if add(inner, last) < INFINITE {
            alternatives.push(Alternative {
                per_arg: inner,
                push: Push::Rest(inner_id),
                ..alternative(Terminal::Block, last.wrapping_sub(hole), inner_id)
            });
        }
        alternatives
    }

    fn statement(&mut self, scope: Scope, control_depth: u32, position: Position, penalty: u32) -> Vec<Alternative> {
        let hole = self.costs.statement(scope, control_depth, position).under(penalty);
        let mut alternatives = Vec::new();
        for rule in self.rules.statements(scope, control_depth, position) {
            let cost = self.costs.rule(scope, control_depth, rule).under(penalty);
            if cost >= INFINITE {
                continue;
            }
            let (terminal, children) = rule;
            let next = match children[0] {
                Child::Target => Hole::Target(terminal),
                Child::Condition => Hole::Condition,
                Child::Definition => Hole::Arity,
                _ => Hole::Expr { depth: 0 },
            };
            let push = match children.last() {
                Some(Child::Body) => Push::Once(self.body(scope, control_depth)),
                Some(Child::Branches) => Push::Branches(self.branches(scope, control_depth, penalty)),
                _ => Push::None,
            };
            let effect = match terminal {
                Terminal::Return => Effect::Returns,
                Terminal::If => Effect::Branch,
                Terminal::Func => Effect::Define,
                _ => Effect::None,
            };
            let next = self.id(next);
            alternatives.push(Alternative { push, effect, ..alternative(terminal, cost - hole, next) });
        }
        alternatives
    }

    fn body(&mut self, scope: Scope, control_depth: u32) -> u16 {
        self.id(Hole::Block { scope: scope.below(), control_depth: control_depth + 1, penalty: 0, second: None })
    }

    /// Id of the first branch of an `if` that pays `penalty` for returning. The second has the next one: a row gets
    /// from the first to the second by adding one.
    fn branches(&mut self, scope: Scope, control_depth: u32, penalty: u32) -> u16 {
        let (scope, control_depth) = (scope.below(), control_depth + 1);
        // Outside functions nothing returns, so there is nothing to tell apart by penalty.
        let penalty = if scope.context == Context::Func { penalty } else { 0 };
        let second = Hole::Block { scope, control_depth, penalty: 0, second: Some(penalty) };
        if let Some(&second) = self.ids.get(&second) {
            return second - 1;
        }
        let first = match scope.context {
            Context::Func => self.costs.block(scope, control_depth).penalty_of_first_branch(penalty),
            _ => 0,
        };
        let id = self.holes.len() as u16;
        // A first branch of its own keeps the two together even where it is like another block.
        self.holes.push(Hole::Block { scope, control_depth, penalty: first, second: None });
        self.id(second);
        id
    }

    fn expr(&mut self, depth: u32) -> Vec<Alternative> {
        let mut alternatives: Vec<_> = [Terminal::Var, Terminal::Const]
            .into_iter()
            .map(|leaf| Alternative { next: Next::Pop, ..alternative(leaf, 0, 0) })
            .collect();
        if depth < self.rules.max_expr_depth {
            let below = self.id(Hole::Expr { depth: depth + 1 });
            for operator in [Terminal::BinOp, Terminal::Compare] {
                alternatives.push(Alternative { push: Push::Once(below), ..alternative(operator, 2, below) });
            }
            if self.rules.allows(Terminal::Call) && self.rules.allows(Terminal::Func) {
                let callee = self.id(Hole::Callee { depth });
                alternatives.push(Alternative { effect: Effect::Call, ..alternative(Terminal::Call, 0, callee) });
            }
        }
        alternatives
    }

    fn arity(&mut self) -> Vec<Alternative> {
        let hole = self.costs.definition();
        let mut alternatives = Vec::new();
        for terminal in [Terminal::ArityFixed, Terminal::Arity] {
            let mut scopes = self.rules.arities().map(|(_, scope)| scope);
            let Some(scope) = scopes.find(|scope| scope.target == (terminal == Terminal::Arity)) else { continue };
            let cost = add(1, self.costs.body(scope));
            if cost < INFINITE {
                let body = self.id(Hole::Block { scope, control_depth: 0, penalty: 0, second: None });
                let effect = Effect::Parameters;
                alternatives.push(Alternative { effect, ..alternative(terminal, cost - hole, body) });
            }
        }
        alternatives
    }
}

fn alternative(terminal: Terminal, base: u32, next: u16) -> Alternative {
    Alternative { terminal, base, per_arg: 0, next: Next::Class(next), push: Push::None, effect: Effect::None }
}
