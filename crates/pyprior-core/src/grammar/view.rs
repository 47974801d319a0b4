//! The rules as others may read them: those who reason about programs as trees instead of stepping through them.

use super::rules::{Child, Context, Position, Scope, Terminal};
use crate::config::Calls;
use crate::language::Language;

/// A form of statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StatementForm {
    /// `PRINT`.
    Print,
    /// `ASSIGN`.
    Assign,
    /// `RETURN`.
    Return,
    /// `IF`.
    If,
    /// `FOR`: `for v in range(n)`.
    For,
    /// `FOR2`: `for v in range(low, high)`.
    For2,
    /// `FUNC_j`: a definition.
    Def,
}

/// The rules of a language, excluded tokens taken into account.
///
/// What depends on a program's past is not among them: which variables are visible, which functions are defined, how
/// many tokens are left.
///
/// ```
/// use pyprior_core::{Context, Language, LanguageConfig, Position, StatementForm};
///
/// let language = Language::new(LanguageConfig::default())?;
/// let forms = |context, position| {
///     let rules = language.grammar().statements(context, 0, position);
///     rules.map(|(form, _)| form).collect::<Vec<_>>()
/// };
/// assert!(!forms(Context::Mod, Position::Last).contains(&StatementForm::Return));
/// assert!(forms(Context::Func, Position::Last).contains(&StatementForm::Return));
/// assert!(!forms(Context::Func, Position::Inner).contains(&StatementForm::Return)); // nothing may stand behind it
/// # Ok::<(), pyprior_core::ConfigError>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Grammar<'a> {
    language: &'a Language,
}

impl Language {
    /// The rules.
    pub fn grammar(&self) -> Grammar<'_> {
        Grammar { language: self }
    }
}

impl<'a> Grammar<'a> {
    /// Whether a token may occur in programs at all: it is one of the language's and not excluded.
    pub fn allows(self, token: u32) -> bool {
        let local = token.checked_sub(self.language.vocab().offset());
        local.and_then(|local| self.language.excluded.get(local as usize)).is_some_and(|excluded| !excluded)
    }

    /// The statements that may stand at a position, each with what it opens in order; their own tokens aside.
    pub fn statements(
        self,
        context: Context,
        control_depth: u32,
        position: Position,
    ) -> impl Iterator<Item = (StatementForm, &'static [Child])> + 'a {
        let scope = Scope { context, leaf: true, target: true };
        self.language.rules.statements(scope, control_depth, position).filter_map(|(terminal, children)| {
            let form = match terminal {
                Terminal::Print => StatementForm::Print,
                Terminal::Assign => StatementForm::Assign,
                Terminal::Return => StatementForm::Return,
                Terminal::If => StatementForm::If,
                Terminal::For => StatementForm::For,
                Terminal::For2 => StatementForm::For2,
                Terminal::Func => StatementForm::Def,
                _ => return None,
            };
            Some((form, children))
        })
    }

    /// Functions that can be defined: definitions take names in order, so those from the first excluded one on are out
    /// of reach.
    pub fn functions(self) -> u32 {
        self.language.rules.funcs
    }

    /// Whether only the last statement of a block may be one that returns on every path.
    pub fn restricts_returning(self) -> bool {
        self.language.rules.restricts_returning
    }

    /// Whether a function can be called only if it returns on every path.
    pub fn calls_returning_only(self) -> bool {
        self.language.config().calls == Calls::Returning
    }
}
