//! What the tests share: programs from text, and small random languages.

#![allow(dead_code, reason = "every test file compiles this module for itself and uses its own part")]

use pyprior_naive::{FORMS, Rules, Search, State, Tok, check, legal};
use std::collections::BTreeSet;

/// The tokens of a text; a name that is none becomes padding, which no program
/// has.
pub(crate) fn toks(text: &str) -> Vec<Tok> {
    let tok = |name: &str| name.parse().unwrap_or(Tok::Pad);
    text.split_whitespace().map(tok).collect()
}

/// The names of the tokens legal after this prefix, in token order; `refused`
/// if the prefix itself is not allowed.
pub(crate) fn legal_after(rules: &Rules, prefix: &str) -> String {
    let Ok(state) = State::of(rules, &toks(prefix)) else {
        return "refused".to_owned();
    };
    let legal = legal(rules, &mut Search::new(rules), &state);
    legal.iter().map(|t| t.name()).collect::<Vec<_>>().join(" ")
}

/// Whether a text is a program, by both readings of the rules, which agree.
pub(crate) fn is_program(rules: &Rules, text: &str) -> bool {
    let tokens = toks(text);
    let checked = check(rules, &tokens);
    let stepped = State::of(rules, &tokens).is_ok_and(|state| state.finished());
    assert_eq!(checked.is_ok(), stepped, "{text}: {checked:?} under {rules:?}");
    stepped
}

/// The defaults with the constants 0 and 1 only.
pub(crate) fn few_constants(rules: Rules) -> Rules {
    Rules { value_range: (0, 1), ..rules }
}

/// A deterministic source of numbers that look random.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    /// A number below `n`, or 0.
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)).checked_rem(n).unwrap_or(0)
    }

    pub(crate) fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    pub(crate) fn small(&mut self, n: u16) -> u16 {
        u16::try_from(self.below(u64::from(n))).unwrap_or(0)
    }

    pub(crate) fn size(&mut self, n: u64) -> usize {
        usize::try_from(self.below(n)).unwrap_or(0)
    }

    pub(crate) fn pick<T: Copy>(&mut self, items: &[T]) -> Option<T> {
        let n = u64::try_from(items.len()).unwrap_or(0);
        items.get(self.size(n)).copied()
    }

    /// A language, often small enough to list its programs.
    pub(crate) fn rules(&mut self) -> Rules {
        let mut exclude = BTreeSet::new();
        for form in FORMS {
            let often = matches!(form, "binop" | "compare" | "print" | "for" | "assign");
            if self.one_in(if often { 2 } else { 9 }) {
                exclude.insert(form.to_owned());
            }
        }
        // Most of what differs by name only is kept out, to get at longer
        // programs before there are too many.
        for name in [
            "SUB", "MUL", "EQ", "LT", "ADD", "FOR", "FOR2", "VAR_1", "VAR_2", "FUNC_1", "FUNC_2", "INT_0", "BLK_1",
            "BLK_2", "ARITY_0", "ARITY_1",
        ] {
            let often = matches!(name, "SUB" | "MUL" | "EQ" | "FOR2");
            if often != self.one_in(10) {
                exclude.insert(name.to_owned());
            }
        }
        Rules {
            max_funcs: self.small(3),
            max_vars: self.small(3),
            max_arity: self.small(3),
            value_range: (0, i64::from(self.one_in(5))),
            max_block_stmts: 1 + self.small(3),
            max_expr_depth: self.size(3),
            max_control_depth: self.size(3),
            no_dead_code: !self.one_in(3),
            calls_returning: self.one_in(2),
            dead_after_returning: self.one_in(2),
            exclude,
            max_len: (!self.one_in(6)).then(|| 4 + self.size(16)),
        }
    }
}
