//! A prefix of a program: what is still missing and what is known so far.
//!
//! A program is its syntax tree in preorder, so a prefix is a stack of holes.
//! Between the holes lie acts: what happens once everything above them on the
//! stack is complete, such as a variable becoming visible after its value.

use crate::holes::{Act, Context, Hole, Item, Place, holes};
use crate::rules::Rules;
use crate::tok::Tok;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

/// The variables of the scope at hand. The sets are shared between copies of
/// the prefix until one of them changes, since a search makes many copies.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(crate) struct Scope {
    pub(crate) visible: Arc<BTreeSet<u16>>,
    /// What would be visible if a variable assigned in just one branch of an
    /// `IF` were visible after it. No rule asks for this: it is there to tell
    /// the variables refused for that reason from the others.
    pub(crate) with_either: Arc<BTreeSet<u16>>,
}

impl Scope {
    fn bind(&mut self, var: u16) {
        Arc::make_mut(&mut self.visible).insert(var);
        Arc::make_mut(&mut self.with_either).insert(var);
    }

    /// Makes what both branches made visible visible, besides what was before.
    fn merge(&mut self, one: &Scope, other: &Scope) {
        let both = one.visible.intersection(&other.visible);
        Arc::make_mut(&mut self.visible).extend(both);
        let either = one.with_either.union(&other.with_either);
        Arc::make_mut(&mut self.with_either).extend(either);
    }
}

/// A definition so far; the j-th of them is `FUNC_j`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Debug)]
pub(crate) struct Def {
    pub(crate) arity: u16,
    pub(crate) complete: bool,
    pub(crate) returns: bool,
}

/// A prefix of a program.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct State {
    pub(crate) len: usize,
    /// What is missing, the next hole last.
    pub(crate) stack: Vec<Item>,
    pub(crate) scope: Scope,
    /// Scopes to come back to.
    pub(crate) kept: Vec<Scope>,
    /// First branches that are complete: their scope and whether they return.
    pub(crate) branches: Vec<(Scope, bool)>,
    /// Variables to be bound by statements that are not that far yet.
    pub(crate) aims: Vec<u16>,
    pub(crate) defs: Vec<Def>,
    /// For each open block, whether one of its statements returns.
    pub(crate) open_blocks: Vec<bool>,
    /// Whether the block that was completed last returns; read by the act that
    /// follows its completion and by nothing later.
    pub(crate) closed_block_returns: bool,
}

/// A token that the rules do not allow at the end of a prefix.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NotHere(
    /// The token refused.
    pub Tok,
);

impl fmt::Display for NotHere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is not allowed here", self.0)
    }
}

impl std::error::Error for NotHere {}

impl State {
    /// The empty prefix. The rules have no say in it: every program is a block.
    #[must_use]
    pub fn start(_rules: &Rules) -> State {
        let top = Place { context: Context::Top, cd: 0, may_return: true };
        State {
            len: 0,
            stack: vec![Item::Hole(Hole::Block(top))],
            scope: Scope::default(),
            kept: Vec::new(),
            branches: Vec::new(),
            aims: Vec::new(),
            defs: Vec::new(),
            open_blocks: Vec::new(),
            closed_block_returns: false,
        }
    }

    /// The prefix that these tokens are.
    ///
    /// # Errors
    /// The first token that is no candidate where it stands.
    pub fn of(rules: &Rules, tokens: &[Tok]) -> Result<State, NotHere> {
        let mut state = State::start(rules);
        for &tok in tokens {
            state.push(rules, tok)?;
        }
        Ok(state)
    }

    /// How many tokens the prefix has, padding not counted.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether the prefix is the empty one.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether the program is complete.
    #[must_use]
    pub fn finished(&self) -> bool {
        self.hole().is_none()
    }

    /// How many holes are pending.
    #[must_use]
    pub fn pending(&self) -> usize {
        holes(&self.stack)
    }

    /// The hole that the next token fills.
    pub(crate) fn hole(&self) -> Option<Hole> {
        match self.stack.last() {
            Some(&Item::Hole(hole)) => Some(hole),
            _ => None,
        }
    }

    /// Appends a token.
    ///
    /// # Errors
    /// The token is no candidate here; the prefix is then as it was.
    pub fn push(&mut self, rules: &Rules, tok: Tok) -> Result<(), NotHere> {
        if !self.allows(rules, tok) {
            return Err(NotHere(tok));
        }
        self.fill(rules, tok);
        Ok(())
    }

    /// Fills the next hole with a token that is known to be a candidate.
    pub(crate) fn fill(&mut self, rules: &Rules, tok: Tok) {
        // A finished program has no hole, and padding changes nothing in it.
        if let Some(children) = self.children(rules, tok) {
            self.stack.pop();
            self.stack.extend(children.into_iter().rev());
            self.len = self.len.saturating_add(1);
            self.act();
        }
    }

    /// A prefix that misses nothing but this hole, in this situation, inside a block.
    pub(crate) fn alone(hole: Hole, scope: Scope, defs: Vec<Def>) -> State {
        State {
            len: 0,
            stack: vec![Item::Hole(hole)],
            scope,
            kept: vec![],
            branches: vec![],
            aims: vec![],
            defs,
            open_blocks: vec![false],
            closed_block_returns: false,
        }
    }

    /// Takes the hole on top off the stack, as if it had been filled with a subtree of this length that changes this.
    /// The caller vouches that there is one.
    pub(crate) fn skip(&mut self, length: usize, change: impl FnOnce(&mut State)) {
        self.stack.pop();
        self.len = self.len.saturating_add(length);
        change(self);
        self.act();
    }

    /// Puts these items before everything that is missing, first things first.
    pub(crate) fn expect(&mut self, items: &[Item]) {
        self.stack.extend(items.iter().rev());
        self.act();
    }

    /// Does what lies on the stack above the next hole.
    fn act(&mut self) {
        while let Some(&Item::Act(act)) = self.stack.last() {
            self.stack.pop();
            self.perform(act);
        }
    }

    fn perform(&mut self, act: Act) {
        // What is taken here was put there by the act that opened the
        // construct, so the defaults stand for nothing that happens.
        match act {
            Act::Aim(var) => self.aims.push(var),
            Act::Bind => {
                if let Some(var) = self.aims.pop() {
                    self.scope.bind(var);
                }
            }
            Act::KeepScope => self.kept.push(self.scope.clone()),
            Act::RestoreScope => self.scope = self.kept.pop().unwrap_or_default(),
            Act::OtherBranch { if_may_return } => {
                let before = self.kept.last().cloned().unwrap_or_default();
                let first = std::mem::replace(&mut self.scope, before);
                let returns = self.take_closed();
                if returns
                    && !if_may_return
                    && let Some(Item::Hole(Hole::Block(place))) = self.stack.last_mut()
                {
                    place.may_return = false;
                }
                self.branches.push((first, returns));
            }
            Act::CloseIf => {
                let before = self.kept.pop().unwrap_or_default();
                let (first, first_returns) = self.branches.pop().unwrap_or_default();
                let second = std::mem::replace(&mut self.scope, before);
                self.scope.merge(&first, &second);
                if self.take_closed() && first_returns {
                    self.perform(Act::Returns);
                }
            }
            Act::OpenDef => {
                self.kept.push(std::mem::take(&mut self.scope));
                self.defs.push(Def::default());
            }
            Act::Parameters(arity) => {
                (1..=arity).for_each(|var| self.scope.bind(var));
                if let Some(def) = self.defs.last_mut() {
                    def.arity = arity;
                }
            }
            Act::CloseDef => {
                self.scope = self.kept.pop().unwrap_or_default();
                let returns = self.take_closed();
                if let Some(def) = self.defs.last_mut() {
                    def.complete = true;
                    def.returns = returns;
                }
            }
            Act::OpenBlock => self.open_blocks.push(false),
            Act::Returns => {
                if let Some(block) = self.open_blocks.last_mut() {
                    *block = true;
                }
            }
            Act::CloseBlock => {
                self.closed_block_returns = self.open_blocks.pop().unwrap_or_default();
            }
        }
    }

    fn take_closed(&mut self) -> bool {
        std::mem::take(&mut self.closed_block_returns)
    }

    /// What takes the place of the next hole when it is filled with this token,
    /// first things first; `None` if the hole does not take such tokens at all.
    pub(crate) fn children(&self, rules: &Rules, tok: Tok) -> Option<Vec<Item>> {
        use Item::{Act as A, Hole as H};
        let expr = H(Hole::Expr(0));
        Some(match (self.hole()?, tok) {
            (Hole::Block(place), Tok::Blk(n)) => {
                let mut items = vec![A(Act::OpenBlock)];
                for i in 1..=n {
                    let (last, only) = (i == n, n == 1);
                    let block = place;
                    items.push(H(Hole::Stmt { block, last, only }));
                }
                items.push(A(Act::CloseBlock));
                items
            }
            (Hole::Stmt { block, last, .. }, _) => {
                // Only the last statement of a block may be one that returns,
                // and that only if the block may.
                let may_return = !rules.only_last_returns() || (last && block.may_return);
                let body = H(Hole::Block(Place {
                    context: block.context.inner(),
                    cd: block.cd.saturating_add(1),
                    may_return: true,
                }));
                match tok {
                    Tok::Assign => vec![H(Hole::Target), expr, A(Act::Bind)],
                    Tok::Print => vec![expr],
                    Tok::Return => vec![expr, A(Act::Returns)],
                    Tok::If => vec![
                        H(Hole::Cond),
                        A(Act::KeepScope),
                        body,
                        A(Act::OtherBranch { if_may_return: may_return }),
                        body,
                        A(Act::CloseIf),
                    ],
                    Tok::For | Tok::For2 => {
                        let mut items = vec![H(Hole::Target), expr];
                        if tok == Tok::For2 {
                            items.push(expr);
                        }
                        items.extend([A(Act::KeepScope), A(Act::Bind), body]);
                        items.push(A(Act::RestoreScope));
                        items
                    }
                    Tok::Func(_) => vec![
                        A(Act::OpenDef),
                        H(Hole::Arity),
                        H(Hole::Block(Place { context: Context::Func, cd: 0, may_return: true })),
                        A(Act::CloseDef),
                    ],
                    _ => return None,
                }
            }
            (Hole::Target, Tok::Var(var)) => vec![A(Act::Aim(var))],
            (Hole::Cond, Tok::Lt | Tok::Eq) => vec![expr, expr],
            (Hole::Expr(_), Tok::Var(_) | Tok::Int(_)) => vec![],
            (Hole::Expr(ed), Tok::Add | Tok::Sub | Tok::Mul | Tok::Lt | Tok::Eq) => {
                let operand = H(Hole::Expr(ed.saturating_add(1)));
                vec![operand, operand]
            }
            (Hole::Expr(ed), Tok::Call) => vec![H(Hole::Callee(ed))],
            (Hole::Callee(ed), Tok::Func(j)) => {
                let arguments = self.def(j).map_or(0, |def| usize::from(def.arity));
                vec![H(Hole::Expr(ed.saturating_add(1))); arguments]
            }
            (Hole::Arity, Tok::Arity(k)) => vec![A(Act::Parameters(k))],
            _ => return None,
        })
    }

    /// The definition of `FUNC_j`, if it has begun.
    pub(crate) fn def(&self, j: u16) -> Option<&Def> {
        self.defs.get(usize::from(j).checked_sub(1)?)
    }
}
