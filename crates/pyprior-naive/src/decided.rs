//! Which rules decided anything: evidence that a run has exercised them.

use std::collections::{BTreeMap, BTreeSet};

/// Names of the rules that are counted. Exclusions are counted under
/// `exclude:` and the form of the excluded token.
pub mod rule {
    /// A definition is not the last of several statements.
    pub const DEF_LAST: &str = "def-last";
    /// A definition takes the next unused function.
    pub const DEF_ORDER: &str = "def-order";
    /// Definitions stand at the top only.
    pub const DEF_CONTEXT: &str = "def-context";
    /// A callee is callable, and `CALL` needs one that is.
    pub const CALLABLE: &str = "callable";
    /// Of the above, what only a definition's not returning forbids.
    pub const CALLS_RETURNING: &str = "calls=returning";
    /// `RETURN` is the last statement of its block.
    pub const RETURN_LAST: &str = "return-last";
    /// `RETURN` stands in definitions only.
    pub const RETURN_CONTEXT: &str = "return-context";
    /// `RETURN` would make an `IF` return where no statement may.
    pub const RETURNS_IN_IF: &str = "returns-in-IF";
    /// A variable that is read is visible.
    pub const SCOPE: &str = "scope";
    /// Of the variables refused as not visible, those that a finished `IF` of
    /// this scope assigned in just one branch.
    pub const SCOPE_MERGE: &str = "scope-merge";
    /// A target is visible or the lowest-numbered variable that is not.
    pub const TARGET_ORDER: &str = "target-order";
    /// Operators and calls only below the expression depth.
    pub const EXPR_DEPTH: &str = "expr-depth";
    /// `IF`, `FOR` and `FOR2` only below the control depth.
    pub const CONTROL_DEPTH: &str = "control-depth";
    /// Every pending hole needs at least one token.
    pub const LENGTH: &str = "length";
}

/// How many prefixes each rule decided.
///
/// A prefix counts once for a rule if the rule alone removes a token there: a
/// token of the hole's kind that all the other rules allow. A token that two
/// rules forbid is removed by neither alone, and counts for neither.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Decided {
    counts: BTreeMap<&'static str, u64>,
}

impl Decided {
    /// No prefixes yet.
    #[must_use]
    pub fn new() -> Decided {
        Decided::default()
    }

    /// How many prefixes this rule decided.
    #[must_use]
    pub fn get(&self, rule: &str) -> u64 {
        self.counts.get(rule).copied().unwrap_or(0)
    }

    /// Every rule that decided something, by name, and how often.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        self.counts.iter().map(|(&rule, &n)| (rule, n))
    }

    /// Adds another run's counts to these.
    pub fn add(&mut self, other: &Decided) {
        for (rule, n) in other.iter() {
            *self.counts.entry(rule).or_insert(0) += n;
        }
    }

    /// Counts one prefix for each of these rules.
    pub(crate) fn prefix(&mut self, rules: BTreeSet<&'static str>) {
        for rule in rules {
            *self.counts.entry(rule).or_insert(0) += 1;
        }
    }
}

/// The name under which an exclusion of this form is counted.
pub(crate) fn exclusion(form: &str) -> &'static str {
    match form {
        "func" => "exclude:func",
        "var" => "exclude:var",
        "binop" => "exclude:binop",
        "compare" => "exclude:compare",
        "const" => "exclude:const",
        "arity" => "exclude:arity",
        "block" => "exclude:block",
        "return" => "exclude:return",
        "if" => "exclude:if",
        "assign" => "exclude:assign",
        "for" => "exclude:for",
        "call" => "exclude:call",
        "print" => "exclude:print",
        _ => "exclude:special",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tok::FORMS;

    #[test]
    fn every_form_has_its_own_counter() {
        for form in FORMS {
            assert_eq!(exclusion(form), format!("exclude:{form}"));
        }
    }

    #[test]
    fn counts_add_up() {
        let mut one = Decided::new();
        one.prefix(BTreeSet::from([rule::SCOPE, rule::LENGTH]));
        let mut two = one.clone();
        two.prefix(BTreeSet::from([rule::SCOPE]));
        one.add(&two);
        assert_eq!((one.get("scope"), one.get("length")), (3, 2));
        assert_eq!(one.get("callable"), 0);
    }
}
