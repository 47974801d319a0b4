//! Why a token is not legal, in words.

use std::fmt;

use crate::frontier::{HoleKind, frontier};
use crate::grammar::classes::{Effect, Hole};
use crate::grammar::rules::{Context, Position, Terminal};
use crate::matcher::Matcher;
use crate::vocab::Symbol;

/// The reason why a token is not legal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum WhyNot {
    /// The id is beyond the vocabulary.
    OutOfRange,
    /// It belongs to the base vocabulary.
    BaseVocabulary,
    /// The program is complete; only `PAD` may follow.
    Finished,
    /// It is excluded by the configuration.
    Excluded,
    /// Such tokens do not fill a hole of this kind.
    WrongKind(HoleKind),
    /// The variable is not visible; visible ones are `VAR_1` to `VAR_visible`.
    NotVisible {
        /// Number of visible variables.
        visible: u32,
    },
    /// Only visible variables and the lowest one that is not visible can be assigned.
    NotNextVariable {
        /// Number of visible variables.
        visible: u32,
    },
    /// Functions are defined in order of their names; this one's turn is not now.
    NotNextFunction {
        /// The function that a definition would name now; `None` when all names are used or the next one excluded.
        next: Option<u32>,
    },
    /// A definition must not be the last of several statements.
    DefinitionLast,
    /// Definitions stand only in the module's own block.
    DefinitionNested,
    /// The function is not defined, or not completely.
    NotDefined,
    /// The function can fall through without a `return`.
    NotReturning,
    /// No function can be called here.
    NothingCallable,
    /// Expressions nest no deeper.
    ExprDepth,
    /// Statements nest no deeper.
    ControlDepth,
    /// `RETURN` stands only in functions.
    ReturnOutsideFunction,
    /// Nothing may stand behind a statement that returns, and others follow.
    ReturnNotLast,
    /// With it the statement around would return on every path, and others follow that one.
    MustFallThrough,
    /// A definition with this many parameters has nothing to compute with.
    NoLeaf,
    /// What it opens can never be closed under the rules.
    NeverCloses,
    /// The program would grow too long.
    TooLong {
        /// Tokens that the shortest completion with it would have beyond `max_len`.
        excess: u32,
    },
}

impl fmt::Display for WhyNot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            WhyNot::OutOfRange => write!(f, "the id is beyond the vocabulary"),
            WhyNot::BaseVocabulary => write!(f, "it belongs to the base vocabulary"),
            WhyNot::Finished => write!(f, "the program is complete, only PAD may follow"),
            WhyNot::Excluded => write!(f, "it is excluded"),
            WhyNot::WrongKind(kind) => write!(f, "such a token does not fill a hole of kind '{}'", kind.name()),
            WhyNot::NotVisible { visible: 0 } => write!(f, "no variable is visible here"),
            WhyNot::NotVisible { visible } => write!(f, "only VAR_1 to VAR_{visible} are visible here"),
            WhyNot::NotNextVariable { visible } => {
                write!(f, "variables are assigned in order; the next new one is VAR_{}", visible + 1)
            }
            WhyNot::NotNextFunction { next: Some(next) } => {
                write!(f, "functions are defined in order; the next one is FUNC_{next}")
            }
            WhyNot::NotNextFunction { next: None } => write!(f, "no function can be defined any more"),
            WhyNot::DefinitionLast => write!(f, "a def must not be the last of several statements"),
            WhyNot::DefinitionNested => write!(f, "a def stands only in the module's own block"),
            WhyNot::NotDefined => write!(f, "the function is not defined yet, or not completely"),
            WhyNot::NotReturning => write!(f, "the function does not return on every path"),
            WhyNot::NothingCallable => write!(f, "no function can be called yet"),
            WhyNot::ExprDepth => write!(f, "expressions nest no deeper (max_expr_depth)"),
            WhyNot::ControlDepth => write!(f, "statements nest no deeper (max_control_depth)"),
            WhyNot::ReturnOutsideFunction => write!(f, "RETURN stands only in functions"),
            WhyNot::ReturnNotLast => write!(f, "nothing may stand behind a RETURN, and other statements follow"),
            WhyNot::MustFallThrough => {
                write!(f, "the statement around it would return on every path, and other statements follow")
            }
            WhyNot::NoLeaf => write!(f, "a def with these parameters would have neither variable nor constant"),
            WhyNot::NeverCloses => write!(f, "what it opens cannot be closed under the rules of this language"),
            WhyNot::TooLong { excess } => write!(f, "the program would need {excess} tokens more than max_len"),
        }
    }
}

impl Matcher {
    /// Why a token is not legal next; `None` if it is.
    pub fn why_not(&self, token: u32) -> Option<WhyNot> {
        if self.is_legal(token) {
            return None;
        }
        let language = self.language();
        let vocab = language.vocab();
        if token as usize >= vocab.len() {
            return Some(WhyNot::OutOfRange);
        }
        let Some(local) = token.checked_sub(vocab.offset()) else { return Some(WhyNot::BaseVocabulary) };
        let Some(frontier) = frontier(language, self.row()) else { return Some(WhyNot::Finished) };
        let wrong = WhyNot::WrongKind(frontier.kind);
        let found = vocab.symbol(token).and_then(|symbol| Some((symbol, language.rules.terminal(symbol)?)));
        let Some((symbol, (terminal, arg))) = found.filter(|(symbol, _)| *symbol != Symbol::Pad) else {
            return Some(wrong);
        };
        if kinds(symbol).contains(&frontier.kind) {
            if language.excluded[local as usize] {
                return Some(WhyNot::Excluded);
            }
            return Some(self.misfit(terminal, arg));
        }
        Some(wrong)
    }

    /// Why a token that fits the kind of hole and is not excluded is still not legal.
    fn misfit(&self, terminal: Terminal, arg: u32) -> WhyNot {
        let language = self.language();
        let (engine, row) = (&language.engine, self.row());
        let class = &language.classes[engine.hole(row)];
        let visible = engine.visible(row);
        let defined = engine.defined(row);
        match (class.hole, terminal) {
            (Hole::Expr { .. }, Terminal::Var) => return WhyNot::NotVisible { visible },
            (Hole::Target(_), Terminal::Var) => return WhyNot::NotNextVariable { visible },
            (Hole::Expr { depth }, Terminal::BinOp | Terminal::Compare | Terminal::Call)
                if depth >= language.rules.max_expr_depth =>
            {
                return WhyNot::ExprDepth;
            }
            (Hole::Expr { .. }, Terminal::Call) if engine.call_need(row).is_none() => return WhyNot::NothingCallable,
            (Hole::Callee { .. }, _) => match engine.func(row, arg) {
                None => return WhyNot::NotDefined,
                Some((_, false)) if self.in_body_of(arg) => return WhyNot::NotDefined,
                Some((_, false)) => return WhyNot::NotReturning,
                Some((_, true)) => {}
            },
            (Hole::Statement { scope, control_depth, position, .. }, _) => match terminal {
                Terminal::Func if scope.context != Context::Top => return WhyNot::DefinitionNested,
                Terminal::Func if position == Position::Last => return WhyNot::DefinitionLast,
                Terminal::Func if arg != defined + 1 || arg > language.rules.funcs => {
                    let next = Some(defined + 1).filter(|&next| next <= language.rules.funcs);
                    return WhyNot::NotNextFunction { next };
                }
                Terminal::If | Terminal::For | Terminal::For2 if control_depth >= language.rules.max_control_depth => {
                    return WhyNot::ControlDepth;
                }
                Terminal::Return if scope.context != Context::Func => return WhyNot::ReturnOutsideFunction,
                Terminal::Return if position == Position::Inner => return WhyNot::ReturnNotLast,
                Terminal::Return if class.alternatives.iter().all(|found| found.terminal != terminal) => {
                    return WhyNot::MustFallThrough;
                }
                _ => {}
            },
            (Hole::Arity, _) if !language.rules.function(arg).leaf => return WhyNot::NoLeaf,
            _ => {}
        }
        let Some(found) = class.alternatives.iter().find(|found| found.terminal == terminal) else {
            return WhyNot::NeverCloses;
        };
        let need = match found.effect {
            Effect::Call => engine.call_need(row).unwrap_or(0),
            Effect::Callee => {
                let arity = engine.func(row, arg).map_or(0, |(arity, _)| arity);
                (arity + 1).saturating_sub(engine.call_need(row).unwrap_or(0))
            }
            _ => found.base.wrapping_add(found.per_arg.wrapping_mul(arg)),
        };
        WhyNot::TooLong { excess: need.saturating_sub(engine.slack(row)) }
    }

    /// Whether the row stands in the body of this function, the newest.
    fn in_body_of(&self, func: u32) -> bool {
        let engine = &self.language().engine;
        engine.defined(self.row()) == func && engine.in_function(self.row())
    }
}

/// Kinds of holes that tokens like this one can fill.
fn kinds(symbol: Symbol) -> &'static [HoleKind] {
    match symbol {
        Symbol::Func(_) => &[HoleKind::Stmt, HoleKind::Callee],
        Symbol::Var(_) => &[HoleKind::Expr, HoleKind::Var],
        Symbol::BinOp(_) | Symbol::Const(_) | Symbol::Call => &[HoleKind::Expr],
        Symbol::Compare(_) => &[HoleKind::Expr, HoleKind::Cond],
        Symbol::Arity(_) => &[HoleKind::Arity],
        Symbol::Block(_) => &[HoleKind::Block],
        Symbol::Return | Symbol::If | Symbol::Assign | Symbol::For | Symbol::For2 | Symbol::Print => &[HoleKind::Stmt],
        Symbol::Other(_) | Symbol::Pad => &[],
    }
}
