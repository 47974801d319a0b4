//! The rules of the language: which terminals a hole takes and which holes they open.
//!
//! This is the one place where the language is written down. Costs, legal sets and explanations are computed
//! from it.

use crate::config::LanguageConfig;
use crate::vocab::{Form, Vocab};

/// A class of tokens that no rule tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Terminal {
    // 0 is for tokens that are never legal.
    Func = 1,
    Var,
    BinOp,
    Compare,
    Const,
    /// `ARITY_k` of a definition in which no target is available, see [`Scope::target`].
    ArityFixed,
    /// `ARITY_k` of a definition that can assign.
    Arity,
    /// `BLK_1`, whose statement is the only one.
    BlockOfOne,
    /// `BLK_n` for n > 1.
    Block,
    Return,
    If,
    Assign,
    For,
    For2,
    Call,
    Print,
    Pad,
}

/// Number of terminals, rounded up so that a table row is found by a shift.
pub(crate) const TERMINALS: usize = 32;

/// What a position in the program is part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Context {
    /// The module's own block.
    Top,
    /// A block below a statement of the module.
    Mod,
    /// A function's body and what is below it.
    Func,
}

/// What never changes between the start of a function (or module) and its end.
///
/// Visible variables are always `VAR_1..VAR_m`, and m only grows towards the inside, so whether any leaf or any
/// target is available is settled by the m a scope starts with: were there none at its start, no statement could
/// add one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Scope {
    pub(crate) context: Context,
    /// Whether some variable or constant can stand as an expression.
    pub(crate) leaf: bool,
    /// Whether some variable can be assigned.
    pub(crate) target: bool,
}

impl Scope {
    /// The scope of blocks below a statement here; definitions stand only in the module's own block.
    pub(crate) fn below(self) -> Self {
        let context = if self.context == Context::Top { Context::Mod } else { self.context };
        Self { context, ..self }
    }
}

/// Where a statement stands in its block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Position {
    /// Others follow.
    Inner,
    /// The last of several.
    Last,
    /// The only one.
    Only,
}

/// What a statement opens, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Child {
    /// A variable to assign.
    Target,
    /// An expression.
    Expr,
    /// A comparison, whose token and two sides are to follow.
    Condition,
    /// Number of parameters and body of a definition.
    Definition,
    /// A block one control level down, whose outcome is nobody's business.
    Body,
    /// The two blocks of an `if`: it returns if and only if both do.
    Branches,
}

/// The rules of one language.
#[derive(Debug, Clone)]
pub(crate) struct Rules {
    pub(crate) max_vars: u32,
    pub(crate) max_expr_depth: u32,
    pub(crate) max_control_depth: u32,
    /// Functions that can be defined: up to the first excluded name, since definitions take names in order.
    pub(crate) funcs: u32,
    /// Lowest variable that is not excluded.
    first_var: Option<u32>,
    constants: bool,
    /// Smallest block size that is not excluded.
    pub(crate) least_block: Option<u32>,
    pub(crate) restricts_returning: bool,
    no_dead_code: bool,
    allowed_arities: Vec<bool>,
    allowed_terminals: [bool; TERMINALS],
}

impl Rules {
    /// The rules of `config`, of whose vocabulary `excluded` forbids the marked tokens.
    pub(crate) fn new(config: &LanguageConfig, vocab: &Vocab, excluded: &[bool]) -> Self {
        let family = |form: Form| {
            let ids = vocab.ids_of(form);
            excluded[(ids.start - vocab.offset()) as usize..(ids.end - vocab.offset()) as usize].iter()
        };
        let first_allowed = |form: Form| family(form).position(|&excluded| !excluded).map(|nth| nth as u32);
        let mut rules = Self {
            max_vars: config.max_vars,
            max_expr_depth: config.max_expr_depth,
            max_control_depth: config.max_control_depth,
            funcs: family(Form::Func).take_while(|&&excluded| !excluded).count() as u32,
            first_var: first_allowed(Form::Var).map(|nth| nth + 1),
            constants: first_allowed(Form::Const).is_some(),
            least_block: first_allowed(Form::Block).map(|nth| nth + 1),
            restricts_returning: config.restricts_returning(),
            no_dead_code: config.no_dead_code,
            allowed_arities: family(Form::Arity).map(|&excluded| !excluded).collect(),
            allowed_terminals: [false; TERMINALS],
        };
        // PAD follows the end whatever is excluded.
        rules.allowed_terminals[Terminal::Pad as usize] = true;
        for (&excluded, id) in excluded.iter().zip(vocab.offset()..) {
            if let Some((terminal, _)) =
                vocab.symbol(id).and_then(|symbol| rules.terminal(symbol)).filter(|_| !excluded)
            {
                rules.allowed_terminals[terminal as usize] = true;
            }
        }
        rules
    }

    /// The scope of the module, at whose start nothing is visible.
    pub(crate) fn module(&self) -> Scope {
        self.scope(Context::Top, 0)
    }

    /// The scope of a function with `arity` parameters.
    pub(crate) fn function(&self, arity: u32) -> Scope {
        self.scope(Context::Func, arity)
    }

    fn scope(&self, context: Context, visible: u32) -> Scope {
        let reaches = |limit: u32| self.first_var.is_some_and(|first| first <= limit);
        Scope { context, leaf: self.constants || reaches(visible), target: reaches((visible + 1).min(self.max_vars)) }
    }

    /// Terminal and argument of a token that may occur in programs, excluded or not. The argument is the name's
    /// number for variables and functions, the number of parameters, the number of statements less one.
    pub(crate) fn terminal(&self, symbol: crate::vocab::Symbol) -> Option<(Terminal, u32)> {
        use crate::vocab::Symbol;
        Some(match symbol {
            Symbol::Func(j) => (Terminal::Func, u32::from(j)),
            Symbol::Var(i) => (Terminal::Var, u32::from(i)),
            Symbol::BinOp(_) => (Terminal::BinOp, 0),
            Symbol::Compare(_) => (Terminal::Compare, 0),
            Symbol::Const(_) => (Terminal::Const, 0),
            Symbol::Arity(k) if self.function(u32::from(k)).target => (Terminal::Arity, u32::from(k)),
            Symbol::Arity(k) => (Terminal::ArityFixed, u32::from(k)),
            Symbol::Block(1) => (Terminal::BlockOfOne, 0),
            Symbol::Block(n) => (Terminal::Block, u32::from(n) - 1),
            Symbol::Return => (Terminal::Return, 0),
            Symbol::If => (Terminal::If, 0),
            Symbol::Assign => (Terminal::Assign, 0),
            Symbol::For => (Terminal::For, 0),
            Symbol::For2 => (Terminal::For2, 0),
            Symbol::Call => (Terminal::Call, 0),
            Symbol::Print => (Terminal::Print, 0),
            Symbol::Pad => (Terminal::Pad, 0),
            Symbol::Other(_) => return None,
        })
    }

    /// Whether some token of this terminal may occur.
    pub(crate) fn allows(&self, terminal: Terminal) -> bool {
        self.allowed_terminals[terminal as usize]
    }

    /// Numbers of parameters a definition may have, by whether it can assign: arities that are not excluded and
    /// whose body can hold an expression.
    pub(crate) fn arities(&self) -> impl Iterator<Item = (u32, Scope)> {
        let allowed = self.allowed_arities.iter().zip(0..).filter(|(allowed, _)| **allowed);
        allowed.map(|(_, arity)| (arity, self.function(arity))).filter(|(_, scope)| scope.leaf)
    }

    /// The statements that may stand at a position, each with what it opens.
    ///
    /// Whether a definition's name is still unused and how many tokens are left is for the row to say.
    pub(crate) fn statements(
        &self,
        scope: Scope,
        control_depth: u32,
        position: Position,
    ) -> impl Iterator<Item = (Terminal, &'static [Child])> {
        const ALL: [(Terminal, &[Child]); 7] = [
            (Terminal::Print, &[Child::Expr]),
            (Terminal::Assign, &[Child::Target, Child::Expr]),
            (Terminal::Return, &[Child::Expr]),
            (Terminal::If, &[Child::Condition, Child::Branches]),
            (Terminal::For, &[Child::Target, Child::Expr, Child::Body]),
            (Terminal::For2, &[Child::Target, Child::Expr, Child::Expr, Child::Body]),
            (Terminal::Func, &[Child::Definition]),
        ];
        let nests = control_depth < self.max_control_depth;
        let inner = position == Position::Inner;
        ALL.into_iter().filter(move |(terminal, _)| {
            self.allows(*terminal)
                && match terminal {
                    Terminal::Return => scope.context == Context::Func && !(inner && self.no_dead_code),
                    Terminal::If | Terminal::For | Terminal::For2 => nests,
                    Terminal::Func => scope.context == Context::Top && position != Position::Last && self.funcs > 0,
                    _ => true,
                }
        })
    }
}
