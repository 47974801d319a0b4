//! Counters of the constraints of shape.

use pyprior_core::Language;

use super::roles::Roles;
use crate::error::{Place, SketchError, SketchErrorKind};
use crate::source::constraint::{Bound, Constraint, Feature};
use crate::tally::{Arithmetic, COUNTERS, Kind, Limits, MAX_BOUND, Tally};

/// What one counter counts, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Counter {
    feature: Feature,
    /// A hole, or the whole program.
    within: Option<usize>,
    low: u32,
    high: Option<u32>,
    place: Place,
}

impl Counter {
    fn is_of_all_tokens(&self) -> bool {
        self.feature == Feature::Tokens && self.within.is_none()
    }
}

#[derive(Debug)]
pub(super) struct Counters {
    counters: Vec<Counter>,
}

impl Counters {
    pub(super) fn new(
        language: &Language,
        constraints: &[Constraint],
        roles: &Roles,
        size: Option<u16>,
    ) -> Result<Self, SketchError> {
        let mut found = Self { counters: Vec::new() };
        let start = Place { line: 1, column: 1 };
        if let Some(max_len) = language.config().max_len {
            let high = Some(max_len.min(MAX_BOUND));
            found.bound(&Bound { feature: Feature::Tokens, low: 0, high, place: start }, None)?;
        }
        if size.is_some() {
            found.bound(&Bound { feature: Feature::Tokens, low: 0, high: Some(MAX_BOUND), place: start }, None)?;
        }
        for constraint in constraints {
            if let Constraint::Bound(bound) = constraint {
                found.bound(bound, None)?;
            }
        }
        for (nth, sort) in roles.sorts().iter().enumerate() {
            for bound in &sort.bounds {
                found.bound(bound, Some(nth))?;
            }
        }
        // That of all tokens is always one of them: an enumeration goes by it.
        let others = found.counters.iter().filter(|counter| !counter.is_of_all_tokens());
        if let Some(counter) = others.skip(COUNTERS - 1).last() {
            let what = "different counts beside that of all tokens";
            return Err(SketchErrorKind::TooMany { what, limit: COUNTERS - 1 }.at(counter.place));
        }
        for counter in &found.counters {
            if let Some(high) = counter.high.filter(|high| *high < counter.low) {
                let what = match &counter.feature {
                    Feature::Tokens => "tokens".to_owned(),
                    Feature::Kinds(_) => "what this count counts".to_owned(),
                    Feature::Reads(name) => format!("reads of `{name}`"),
                };
                return Err(SketchErrorKind::EmptyBounds { what, low: counter.low, high }.at(counter.place));
            }
        }
        Ok(found)
    }

    fn bound(&mut self, bound: &Bound, within: Option<usize>) -> Result<(), SketchError> {
        let Bound { feature, low, high, place } = bound;
        let known = self.counters.iter_mut().find(|counter| counter.feature == *feature && counter.within == within);
        match known {
            Some(counter) => {
                counter.low = counter.low.max(*low);
                counter.high = counter.high.into_iter().chain(*high).min();
                counter.place = *place;
            }
            None => {
                self.counters.push(Counter { feature: feature.clone(), within, low: *low, high: *high, place: *place })
            }
        }
        Ok(())
    }

    /// Bounds; those of [`size`](Self::size) pinned to it.
    pub(super) fn arithmetic(&self, size: Option<u16>) -> Arithmetic {
        let limits = self.counters.iter().enumerate().map(|(nth, counter)| match size {
            Some(size) if nth == 0 => Limits { low: size, high: Some(size) },
            _ => Limits { low: counter.low as u16, high: counter.high.map(|high| high as u16) },
        });
        Arithmetic::new(limits.collect())
    }

    /// Fewest and most tokens that the constraints allow.
    pub(super) fn tokens(&self) -> (u32, Option<u32>) {
        let global = self.counters.iter().find(|counter| counter.is_of_all_tokens());
        global.map_or((0, None), |counter| (counter.low, counter.high))
    }

    /// What a token counts that stands in a hole, or in none; for all `places` of the hole.
    pub(super) fn weight(&self, kind: Kind, hole: Option<usize>, places: u16) -> Tally {
        let mut tally = Tally::default();
        for (value, counter) in tally.0.iter_mut().zip(&self.counters) {
            let counts = match &counter.feature {
                Feature::Tokens => true,
                Feature::Kinds(bits) => kind.is_in(*bits),
                Feature::Reads(_) => false,
            };
            *value = match counter.within {
                _ if !counts => 0,
                None => places,
                Some(within) => u16::from(Some(within) == hole),
            };
        }
        tally
    }

    /// Counters of the reads of a name, each with the hole that it is about.
    pub(super) fn reads<'a>(&'a self, name: &'a str) -> impl Iterator<Item = (usize, Option<usize>)> + 'a {
        let counters = self.counters.iter().enumerate();
        counters
            .filter(move |(_, counter)| matches!(&counter.feature, Feature::Reads(found) if found == name))
            .map(|(nth, counter)| (nth, counter.within))
    }

    /// Names whose reads are counted, with where that is said.
    pub(super) fn names(&self) -> impl Iterator<Item = (&str, Place)> {
        self.counters.iter().filter_map(|counter| match &counter.feature {
            Feature::Reads(name) => Some((name.as_str(), counter.place)),
            _ => None,
        })
    }
}
