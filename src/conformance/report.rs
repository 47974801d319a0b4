//! What was compared, by kind of line and field.

use std::collections::BTreeMap;
use std::fmt;

/// Outcome of one comparison.
pub(crate) enum Outcome {
    Equal,
    /// Not equal, in a way that the exact rules call for and that has been confirmed; says which.
    Allowed(&'static str),
    Different(String),
    /// Says why.
    NotCompared(&'static str),
}

#[derive(Default)]
struct Counts {
    equal: u64,
    allowed: BTreeMap<&'static str, u64>,
    different: u64,
    not_compared: BTreeMap<&'static str, u64>,
}

/// Counts of all comparisons, and the differences in words.
#[derive(Default)]
pub(crate) struct Report {
    fields: BTreeMap<(&'static str, String), Counts>,
    differences: Vec<String>,
}

impl Report {
    pub(crate) fn add(&mut self, line: &'static str, field: &str, place: &dyn fmt::Display, outcome: Outcome) {
        let counts = self.fields.entry((line, field.to_owned())).or_default();
        match outcome {
            Outcome::Equal => counts.equal += 1,
            Outcome::Allowed(why) => *counts.allowed.entry(why).or_default() += 1,
            Outcome::NotCompared(why) => *counts.not_compared.entry(why).or_default() += 1,
            Outcome::Different(what) => {
                counts.different += 1;
                self.differences.push(format!("{place}: {line}.{field}: {what}"));
            }
        }
    }

    /// Counts comparisons that came out equal.
    pub(crate) fn add_equal(&mut self, line: &'static str, field: &str, count: u64) {
        self.fields.entry((line, field.to_owned())).or_default().equal += count;
    }

    /// Compares two values that must be equal.
    pub(crate) fn compare<T: PartialEq + fmt::Debug>(
        &mut self,
        line: &'static str,
        field: &str,
        place: &dyn fmt::Display,
        recorded: T,
        ours: T,
    ) {
        let outcome = match recorded == ours {
            true => Outcome::Equal,
            false => Outcome::Different(format!("recorded {recorded:?}, ours {ours:?}")),
        };
        self.add(line, field, place, outcome);
    }

    pub(crate) fn differences(&self) -> usize {
        self.differences.len()
    }

    pub(crate) fn display(&self, shown: usize) -> Display<'_> {
        Display { report: self, shown }
    }
}

pub(crate) struct Display<'a> {
    report: &'a Report,
    shown: usize,
}

impl fmt::Display for Display<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report { fields, differences } = self.report;
        writeln!(
            f,
            "{:<14}{:<18}{:>9}{:>9}{:>9}{:>11}{:>14}",
            "line", "field", "compared", "equal", "allowed", "different", "not compared"
        )?;
        let mut reasons = Vec::new();
        for ((line, field), counts) in fields {
            let allowed: u64 = counts.allowed.values().sum();
            let skipped: u64 = counts.not_compared.values().sum();
            let compared = counts.equal + allowed + counts.different;
            writeln!(
                f,
                "{line:<14}{field:<18}{compared:>9}{:>9}{allowed:>9}{:>11}{skipped:>14}",
                counts.equal, counts.different
            )?;
            for (why, count) in &counts.allowed {
                reasons.push(format!("allowed       {line}.{field}: {count}: {why}"));
            }
            for (why, count) in &counts.not_compared {
                reasons.push(format!("not compared  {line}.{field}: {count}: {why}"));
            }
        }
        writeln!(f)?;
        reasons.iter().try_for_each(|reason| writeln!(f, "{reason}"))?;
        writeln!(f, "\n{} differences", differences.len())?;
        differences.iter().take(self.shown).try_for_each(|difference| writeln!(f, "  {difference}"))?;
        match differences.len().saturating_sub(self.shown) {
            0 => Ok(()),
            more => writeln!(f, "  and {more} more"),
        }
    }
}
