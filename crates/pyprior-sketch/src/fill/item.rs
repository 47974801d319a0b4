//! What is open inside a hole, which tokens it takes, and what they open.
//!
//! A hole that occurs several times is filled at all of its places at once: each is a *lane* with its own visible
//! variables, and a token is taken if it is legal in every lane.

use pyprior_core::{BinOp, Child, Compare, Context, Language, Position, StatementForm, Symbol};

use crate::program::{CALLABLE, Hole, Program};
use crate::source::constraint::Role;
use crate::tally::{Kind, Tally};

/// What does not change within one scope of a filling.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Env {
    pub(crate) hole: usize,
    /// Reads of these variables are counted: counter, lane, variable.
    pub(crate) tracked: Vec<(usize, usize, u16)>,
    /// How many different variables may be read, if not all that are visible may.
    pub(crate) most: Option<u16>,
    /// Those that have been, ascending, if there is such a limit.
    pub(crate) read: Vec<u16>,
    /// Whether this is inside of a definition that is part of the filling.
    pub(crate) body: bool,
}

/// Where a filling has come to, apart from what is open.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Inner {
    pub(crate) env: u32,
    /// Visible variables by lane.
    pub(crate) visible: Vec<u16>,
    pub(crate) target: u16,
    pub(crate) returns: bool,
    /// As in the registers.
    pub(crate) functions: Vec<u16>,
}

impl Inner {
    /// Memory that it takes, roughly.
    pub(crate) fn bytes(&self) -> usize {
        size_of::<Self>() + 2 * (self.visible.len() + self.functions.len())
    }
}

/// Which statements a block takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Zone {
    /// Those of the hole's own place.
    Here,
    /// So many levels of `if` and `for` below it.
    Below(u32),
    /// In a definition that is part of the filling, at this control depth.
    Body(u32),
}

impl Zone {
    fn below(self) -> Self {
        match self {
            Zone::Here => Zone::Below(1),
            Zone::Below(levels) => Zone::Below(levels + 1),
            Zone::Body(levels) => Zone::Body(levels + 1),
        }
    }
}

/// Something that is open.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Item {
    /// An expression in which so many levels of operators and calls fit.
    Expr(u32),
    Cond,
    Callee(u32),
    Target,
    Arity,
    Block(Zone),
    /// A statement; without a position, that of the hole.
    Stmt(Zone, Option<Position>),
    // What follows takes no token.
    /// The rest of a block: statements done, of how many, and whether one of them returns.
    Stmts {
        zone: Zone,
        done: u32,
        total: u32,
        any: bool,
    },
    Commit,
    Returns(bool),
    /// The body of a loop.
    Loop(Zone),
    EndLoop(Vec<u16>),
    /// The branches of an `if`.
    Then(Zone),
    Else(Zone, Vec<u16>),
    EndIf(Vec<u16>, bool),
    EndDef {
        visible: Vec<u16>,
        env: u32,
    },
}

/// A token, or tokens that make no difference to what comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Pick {
    /// Every constant of the language.
    Consts,
    Symbol(Symbol),
}

/// What can be taken, and what it does.
#[derive(Debug, Clone)]
pub(crate) struct Choice {
    pub(crate) pick: Pick,
    pub(crate) tally: Tally,
    pub(crate) inner: Inner,
    /// What it opens, in order.
    pub(crate) opens: Vec<Item>,
}

/// The grammar of fillings.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules<'a> {
    pub(crate) language: &'a Language,
    pub(crate) program: &'a Program,
}

/// Scopes of fillings, numbered.
#[derive(Debug, Default)]
pub(crate) struct Envs {
    envs: Vec<Env>,
    numbers: std::collections::HashMap<Env, u32>,
}

impl Envs {
    pub(crate) fn number(&mut self, env: Env) -> u32 {
        let next = self.envs.len() as u32;
        *self.numbers.entry(env).or_insert_with_key(|env| {
            self.envs.push(env.clone());
            next
        })
    }

    pub(crate) fn get(&self, number: u32) -> &Env {
        &self.envs[number as usize]
    }
}

impl<'a> Rules<'a> {
    pub(crate) fn allows(self, symbol: Symbol) -> bool {
        self.language.vocab().id_of_symbol(symbol).is_some_and(|token| self.language.grammar().allows(token))
    }

    pub(crate) fn hole(self, env: &Env) -> &'a Hole {
        &self.program.holes[env.hole]
    }

    /// Whether some constant may stand in an expression.
    pub(crate) fn constants(self) -> bool {
        let mut ids = self.language.vocab().ids_of(pyprior_core::Form::Const);
        ids.any(|token| self.language.grammar().allows(token))
    }

    /// Operators that may be used.
    pub(crate) fn binops(self) -> impl Iterator<Item = BinOp> + 'a {
        [BinOp::Add, BinOp::Sub, BinOp::Mul].into_iter().filter(move |op| self.allows(Symbol::BinOp(*op)))
    }

    pub(crate) fn compares(self) -> impl Iterator<Item = Compare> + 'a {
        [Compare::Lt, Compare::Eq].into_iter().filter(move |op| self.allows(Symbol::Compare(*op)))
    }

    /// Variables that may be read, each with what that counts.
    pub(crate) fn reads(self, env: &Env, inner: &Inner) -> Vec<(u16, Tally)> {
        let weight = self.hole(env).weights[Kind::Read as usize];
        let visible = inner.visible.iter().copied().min().unwrap_or(0);
        let full = env.most.is_some_and(|most| env.read.len() >= usize::from(most));
        let legal = (1..=visible)
            .filter(|&var| self.allows(Symbol::Var(var as u8)) && (!full || env.read.binary_search(&var).is_ok()));
        let counted = legal.map(|var| {
            let mut tally = weight;
            for &(counter, _, number) in &env.tracked {
                tally.0[counter] += u16::from(number == var);
            }
            (var, tally)
        });
        counted.collect()
    }

    /// Functions that may be called: number and arity.
    pub(crate) fn callees(self, inner: &Inner) -> impl Iterator<Item = (u8, u32)> {
        let callable = inner.functions.iter().zip(1..).filter(|(word, _)| *word & CALLABLE != 0);
        let callees = callable.map(|(&word, func)| (func, u32::from(word & !CALLABLE) - 1)).collect::<Vec<_>>();
        callees.into_iter()
    }

    /// Forms of the statements that are legal in every lane, with what they open.
    fn forms(self, env: &Env, zone: Zone, position: Option<Position>) -> Vec<(StatementForm, &'static [Child])> {
        let grammar = self.language.grammar();
        let sites = &self.hole(env).sites;
        let mut common: Option<Vec<(StatementForm, &'static [Child])>> = None;
        for site in sites {
            let position = position.unwrap_or(site.position);
            let below = if site.context == Context::Top { Context::Mod } else { site.context };
            let (context, depth) = match zone {
                Zone::Here => (site.context, site.control_depth),
                Zone::Below(levels) => (below, site.control_depth + levels),
                Zone::Body(levels) => (Context::Func, levels),
            };
            let mut forms = grammar.statements(context, depth, position).collect::<Vec<_>>();
            if let Some(common) = &common {
                forms.retain(|(form, _)| common.iter().any(|(other, _)| other == form));
            }
            // A function's name is used once.
            if sites.len() > 1 {
                forms.retain(|(form, _)| *form != StatementForm::Def);
            }
            common = Some(forms);
        }
        common.unwrap_or_default()
    }

    /// The choices at something that takes a token.
    pub(crate) fn choices(self, envs: &mut Envs, item: &Item, inner: &Inner) -> Vec<Choice> {
        let env = envs.get(inner.env).clone();
        let hole = self.hole(&env);
        let weight = |kind: Kind| hole.weights[kind as usize];
        let plain = |symbol: Symbol, kind: Kind, opens: Vec<Item>| Choice {
            pick: Pick::Symbol(symbol),
            tally: weight(kind),
            inner: inner.clone(),
            opens,
        };
        let mut choices = Vec::new();
        match item {
            Item::Expr(depth) => {
                if hole.role != Role::Var && self.constants() {
                    let tally = weight(Kind::Const);
                    choices.push(Choice { pick: Pick::Consts, tally, inner: inner.clone(), opens: Vec::new() });
                }
                for (var, tally) in self.reads(&env, inner) {
                    let pick = Pick::Symbol(Symbol::Var(var as u8));
                    let mut inner = inner.clone();
                    if let (Some(_), Err(at)) = (env.most, env.read.binary_search(&var)) {
                        let mut env = env.clone();
                        env.read.insert(at, var);
                        inner.env = envs.number(env);
                    }
                    choices.push(Choice { pick, tally, inner, opens: Vec::new() });
                }
                if let Some(below) = depth.checked_sub(1).filter(|_| hole.role != Role::Var) {
                    let operands = || vec![Item::Expr(below), Item::Expr(below)];
                    for op in self.binops() {
                        choices.push(plain(Symbol::BinOp(op), Kind::of_op(Ok(op)), operands()));
                    }
                    for op in self.compares() {
                        choices.push(plain(Symbol::Compare(op), Kind::of_op(Err(op)), operands()));
                    }
                    if self.allows(Symbol::Call) && self.callees(inner).next().is_some() {
                        choices.push(plain(Symbol::Call, Kind::Call, vec![Item::Callee(below)]));
                    }
                }
            }
            Item::Cond => {
                for op in self.compares() {
                    let operands = vec![Item::Expr(hole.depth), Item::Expr(hole.depth)];
                    choices.push(plain(Symbol::Compare(op), Kind::of_op(Err(op)), operands));
                }
            }
            Item::Callee(depth) => {
                for (func, arity) in self.callees(inner) {
                    let args = (0..arity).map(|_| Item::Expr(*depth)).collect();
                    choices.push(plain(Symbol::Func(func), Kind::Callee, args));
                }
            }
            Item::Target => {
                let least = u32::from(inner.visible.iter().copied().min().unwrap_or(0));
                for var in (1..=(least + 1).min(self.language.config().max_vars)).map(|var| var as u8) {
                    if self.allows(Symbol::Var(var)) {
                        let mut choice = plain(Symbol::Var(var), Kind::Target, Vec::new());
                        choice.inner.target = u16::from(var);
                        choices.push(choice);
                    }
                }
            }
            Item::Arity => {
                for arity in 0..=self.language.config().effective_arity().min(255) as u8 {
                    if self.allows(Symbol::Arity(arity)) {
                        let end = Item::EndDef { visible: inner.visible.clone(), env: inner.env };
                        let opens = vec![Item::Block(Zone::Body(0)), end];
                        let mut choice = plain(Symbol::Arity(arity), Kind::Arity, opens);
                        choice.inner.visible = vec![u16::from(arity)];
                        choice.inner.env = envs.number(Env { tracked: Vec::new(), body: true, ..env.clone() });
                        if let Some(word) = choice.inner.functions.iter_mut().find(|word| **word == 0) {
                            *word = u16::from(arity) + 1;
                        }
                        choices.push(choice);
                    }
                }
            }
            Item::Block(zone) => {
                for total in 1..=self.language.config().max_block_stmts.min(255) {
                    if self.allows(Symbol::Block(total as u8)) {
                        let rest = Item::Stmts { zone: *zone, done: 0, total, any: false };
                        choices.push(plain(Symbol::Block(total as u8), Kind::Block, vec![rest]));
                    }
                }
            }
            Item::Stmt(zone, position) => {
                for (form, children) in self.forms(&env, *zone, *position) {
                    let Some(symbol) = self.symbol(form, inner) else { continue };
                    let mut opens = Vec::with_capacity(children.len() + 1);
                    for child in children {
                        opens.push(match child {
                            Child::Target => Item::Target,
                            Child::Expr => Item::Expr(hole.depth),
                            Child::Condition => Item::Cond,
                            Child::Definition => Item::Arity,
                            Child::Body => Item::Loop(zone.below()),
                            Child::Branches => Item::Then(zone.below()),
                        });
                    }
                    match form {
                        StatementForm::Assign => opens.push(Item::Commit),
                        StatementForm::Print => opens.push(Item::Returns(false)),
                        StatementForm::Return => opens.push(Item::Returns(true)),
                        _ => {}
                    }
                    choices.push(plain(symbol, Kind::of_form(form), opens));
                }
            }
            _ => {}
        }
        choices
    }

    fn symbol(self, form: StatementForm, inner: &Inner) -> Option<Symbol> {
        Some(match form {
            StatementForm::Print => Symbol::Print,
            StatementForm::Assign => Symbol::Assign,
            StatementForm::Return => Symbol::Return,
            StatementForm::If => Symbol::If,
            StatementForm::For => Symbol::For,
            StatementForm::For2 => Symbol::For2,
            StatementForm::Def => {
                let next = inner.functions.iter().position(|word| *word == 0)?;
                Symbol::Func(next as u8 + 1)
            }
        })
    }

    /// Whether an item takes a token.
    pub(crate) fn takes(item: &Item) -> bool {
        matches!(
            item,
            Item::Expr(_) | Item::Cond | Item::Callee(_) | Item::Target | Item::Arity | Item::Block(_) | Item::Stmt(..)
        )
    }

    /// What an item that takes no token does: what it opens, in order; `None` if it may not be.
    pub(crate) fn settle(self, item: Item, inner: &mut Inner) -> Option<Vec<Item>> {
        let mut opens = Vec::new();
        match item {
            Item::Stmts { zone, done, total, mut any } => {
                if done > 0 && done < total {
                    if self.language.grammar().restricts_returning() && inner.returns {
                        return None;
                    }
                    any |= inner.returns;
                }
                if done == total {
                    inner.returns |= any;
                } else {
                    let position = match (done + 1 == total, total) {
                        (true, 1) => Position::Only,
                        (true, _) => Position::Last,
                        (false, _) => Position::Inner,
                    };
                    opens.push(Item::Stmt(zone, Some(position)));
                    opens.push(Item::Stmts { zone, done: done + 1, total, any });
                }
            }
            Item::Commit => {
                let target = std::mem::take(&mut inner.target);
                inner.visible.iter_mut().for_each(|visible| *visible = target.max(*visible));
                inner.returns = false;
            }
            Item::Returns(returns) => inner.returns = returns,
            Item::Loop(zone) => {
                let before = inner.visible.clone();
                let target = std::mem::take(&mut inner.target);
                inner.visible.iter_mut().for_each(|visible| *visible = target.max(*visible));
                opens.extend([Item::Block(zone), Item::EndLoop(before)]);
            }
            Item::EndLoop(before) => {
                inner.visible = before;
                inner.returns = false;
            }
            Item::Then(zone) => opens.extend([Item::Block(zone), Item::Else(zone, inner.visible.clone())]),
            Item::Else(zone, before) => {
                let then = std::mem::replace(&mut inner.visible, before);
                opens.extend([Item::Block(zone), Item::EndIf(then, inner.returns)]);
            }
            Item::EndIf(then, returns) => {
                inner.visible.iter_mut().zip(then).for_each(|(visible, then)| *visible = then.min(*visible));
                inner.returns &= returns;
            }
            Item::EndDef { visible, env } => {
                let callable = inner.returns || !self.language.grammar().calls_returning_only();
                if let Some(word) = inner.functions.iter_mut().rev().find(|word| **word != 0).filter(|_| callable) {
                    *word |= CALLABLE;
                }
                inner.visible = visible;
                inner.env = env;
                inner.returns = false;
            }
            _ => {}
        }
        Some(opens)
    }
}
