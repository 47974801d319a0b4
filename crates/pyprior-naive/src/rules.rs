//! The knobs and switches a language is chosen by.

use crate::tok::Tok;
use std::collections::BTreeSet;

/// One language: the size of its vocabulary, its depths, its switches, what is
/// excluded from it and how long its programs may be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rules {
    /// Functions are `FUNC_1..=FUNC_max_funcs`.
    pub max_funcs: u16,
    /// Variables are `VAR_1..=VAR_max_vars`.
    pub max_vars: u16,
    /// Arities are `ARITY_0..=ARITY_k` with k the smaller of this and `max_vars`.
    pub max_arity: u16,
    /// The smallest and the largest constant; no constants if they are out of order.
    pub value_range: (i64, i64),
    /// Blocks are `BLK_1..=BLK_max_block_stmts`.
    pub max_block_stmts: u16,
    /// An operator or a call may stand only at expression depths below this.
    pub max_expr_depth: usize,
    /// `IF`, `FOR` and `FOR2` may stand only at control depths below this.
    pub max_control_depth: usize,
    /// Whether `RETURN` is kept to the last place of its block.
    pub no_dead_code: bool,
    /// Whether only definitions whose body returns are callable.
    pub calls_returning: bool,
    /// Whether, as long as `no_dead_code` holds, only the last statement of a
    /// block may be one that returns, so that an `IF` before the last place has
    /// a branch that does not.
    pub dead_after_returning: bool,
    /// Forms (a whole family each) and token names that may not be used.
    pub exclude: BTreeSet<String>,
    /// The most tokens a program may have; `None` for any number.
    pub max_len: Option<usize>,
}

impl Rules {
    /// The documented defaults of the vocabulary with the switches as the
    /// original decoder has them, and no bound on the length.
    #[must_use]
    pub fn original() -> Rules {
        Rules {
            max_funcs: 5,
            max_vars: 15,
            max_arity: 15,
            value_range: (-99, 99),
            max_block_stmts: 2,
            max_expr_depth: 3,
            max_control_depth: 2,
            no_dead_code: true,
            calls_returning: false,
            dead_after_returning: false,
            exclude: BTreeSet::new(),
            max_len: None,
        }
    }

    /// As [`Rules::original`], with the switches of the `sound` profile.
    #[must_use]
    pub fn sound() -> Rules {
        Rules { calls_returning: true, dead_after_returning: true, ..Rules::original() }
    }

    /// The same language with these forms or tokens excluded.
    #[must_use]
    pub fn excluding(mut self, names: &[&str]) -> Rules {
        self.exclude = names.iter().map(|&n| n.to_owned()).collect();
        self
    }

    /// The same language with this bound on the length.
    #[must_use]
    pub fn within(mut self, max_len: Option<usize>) -> Rules {
        self.max_len = max_len;
        self
    }

    /// The largest arity there is a token for: more parameters than variables
    /// cannot be named.
    #[must_use]
    pub fn top_arity(&self) -> u16 {
        self.max_arity.min(self.max_vars)
    }

    /// Whether the token is excluded, by its form or by its own name.
    #[must_use]
    pub fn excludes(&self, tok: Tok) -> bool {
        // The end of a program is marked by PAD whatever is excluded.
        tok != Tok::Pad
            && !self.exclude.is_empty()
            && (self.exclude.contains(tok.form()) || self.exclude.contains(&tok.name()))
    }

    /// Whether the vocabulary has the token at all, excluded or not.
    #[must_use]
    pub fn has(&self, tok: Tok) -> bool {
        match tok {
            Tok::Func(j) => (1..=self.max_funcs).contains(&j),
            Tok::Var(v) => (1..=self.max_vars).contains(&v),
            Tok::Int(n) => self.value_range.0 <= n && n <= self.value_range.1,
            Tok::Arity(k) => k <= self.top_arity(),
            Tok::Blk(n) => (1..=self.max_block_stmts).contains(&n),
            _ => true,
        }
    }

    /// Whether any rule asks what returns.
    pub(crate) fn asks_what_returns(&self) -> bool {
        self.calls_returning || self.only_last_returns()
    }

    /// Whether the rule against statements after a returning one is in force.
    #[must_use]
    pub fn only_last_returns(&self) -> bool {
        self.no_dead_code && self.dead_after_returning
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arity_is_bounded_by_the_variables() {
        let mut rules = Rules::original();
        rules.max_vars = 2;
        assert_eq!(rules.top_arity(), 2);
        assert!(rules.has(Tok::Arity(2)) && !rules.has(Tok::Arity(3)));
        rules.max_arity = 1;
        assert!(!rules.has(Tok::Arity(2)));
    }

    #[test]
    fn exclusion_is_by_form_and_by_name() {
        let rules = Rules::original().excluding(&["for", "VAR_2", "special"]);
        assert!(rules.excludes(Tok::For) && rules.excludes(Tok::For2));
        assert!(rules.excludes(Tok::Var(2)) && !rules.excludes(Tok::Var(1)));
        assert!(!rules.excludes(Tok::Pad));
    }

    #[test]
    fn the_dead_code_switch_needs_no_dead_code() {
        let mut rules = Rules::sound();
        assert!(rules.only_last_returns());
        rules.no_dead_code = false;
        assert!(!rules.only_last_returns());
    }
}
