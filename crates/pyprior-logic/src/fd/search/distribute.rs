//! Strategies: which variable is decided next, and how its values are divided.

use crate::Value;
use crate::fd::domains::{has, ones};
use crate::store::{Store, Var};

/// What a strategy sees: the variables of the search by position, as propagation left them.
#[derive(Debug)]
pub struct View<'s> {
    pub(crate) store: &'s Store,
    pub(crate) variables: &'s [Var],
    pub(crate) weights: &'s [u32],
}

impl View<'_> {
    /// Number of variables.
    pub fn len(&self) -> usize {
        self.variables.len()
    }

    /// Whether there is no variable.
    pub fn is_empty(&self) -> bool {
        self.variables.is_empty()
    }

    /// Number of values left; 1 if the variable is decided.
    #[inline]
    pub fn size(&self, variable: usize) -> u32 {
        self.store.size(self.variables[variable])
    }

    /// Indices of the values left, in the order of the domain.
    pub fn indices(&self, variable: usize) -> impl Iterator<Item = u32> + '_ {
        ones(self.store.words(self.variables[variable]))
    }

    /// The value behind an index.
    pub fn value(&self, variable: usize, index: u32) -> Value {
        let domain = self.store.domain(self.variables[variable]);
        domain.and_then(|domain| domain.universe.value(index)).unwrap_or_default()
    }

    /// How many constraints the variable has, and how often one of them failed.
    #[inline]
    pub fn weight(&self, variable: usize) -> u32 {
        self.weights.get(variable).copied().unwrap_or(0)
    }
}

/// A way to divide the values of one open variable in two: first those that it names, then the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// One value.
    Value {
        /// Position of the variable.
        variable: usize,
        /// Index of the value.
        index: u32,
    },
    /// The values up to one, in the order of the domain.
    UpTo {
        /// Position of the variable.
        variable: usize,
        /// Index of the last of them.
        last: u32,
    },
    /// The values after one first.
    After {
        /// Position of the variable.
        variable: usize,
        /// Index of the last of the others.
        last: u32,
    },
    /// Some values, as a bitset of indices.
    Set {
        /// Position of the variable.
        variable: usize,
        /// The values.
        words: Vec<u64>,
    },
}

impl Choice {
    pub(super) fn variable(&self) -> usize {
        match self {
            Choice::Value { variable, .. }
            | Choice::UpTo { variable, .. }
            | Choice::After { variable, .. }
            | Choice::Set { variable, .. } => *variable,
        }
    }

    /// Whether some and not all of the values left are named.
    pub(crate) fn divides(&self, view: &View<'_>) -> bool {
        let Some(var) = view.variables.get(self.variable()) else { return false };
        let words = view.store.words(*var);
        match self {
            Choice::Value { index, .. } => has(words, *index) && view.store.size(*var) > 1,
            Choice::UpTo { last, .. } | Choice::After { last, .. } => {
                let least = view.store.min_index(*var);
                let greatest = view.store.max_index(*var);
                least.is_some_and(|least| least <= *last) && greatest.is_some_and(|greatest| *last < greatest)
            }
            Choice::Set { words: chosen, .. } => {
                let inside =
                    words.iter().enumerate().any(|(at, word)| word & chosen.get(at).copied().unwrap_or(0) != 0);
                inside && words.iter().enumerate().any(|(at, word)| word & !chosen.get(at).copied().unwrap_or(0) != 0)
            }
        }
    }

    /// Takes the choice (`first`) or what it leaves.
    #[inline]
    pub(crate) fn apply(&self, store: &mut Store, variables: &[Var], first: bool) -> bool {
        let var = variables[self.variable()];
        let changed = match (self, first) {
            (Choice::Value { index, .. }, true) => store.assign(var, *index),
            (Choice::Value { index, .. }, false) => store.discard(var, *index),
            (Choice::UpTo { last, .. }, true) | (Choice::After { last, .. }, false) => store.keep_range(var, 0..=*last),
            (Choice::UpTo { last, .. }, false) | (Choice::After { last, .. }, true) => {
                store.keep_range(var, last + 1..=u32::MAX - 1)
            }
            (Choice::Set { words, .. }, true) => store.keep(var, words),
            (Choice::Set { words, .. }, false) => store.discard_all(var, words),
        };
        changed.is_ok()
    }
}

/// A strategy of one's own.
///
/// It must be a function of what it sees: several threads may ask it at a time.
pub trait Distributor: Send + Sync {
    /// How to go on while some variable has two values or more; nothing where all are decided.
    fn choose(&self, view: &View<'_>) -> Option<Choice>;
}

/// Which variable is decided next, of those that have two values or more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum VariableOrder {
    /// The first.
    Input,
    /// One with the fewest values left.
    SmallestDomain,
    /// One with the fewest values for its constraints and their failures (dom/wdeg: Boussemart et al., ECAI 2004).
    #[default]
    WeightedDegree,
}

/// Which value is tried first, in the order of the domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ValueOrder {
    /// The first.
    #[default]
    Least,
    /// The last.
    Greatest,
    /// The one in the middle.
    Median,
}

/// How values are divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Distribution {
    /// One value, then the others.
    #[default]
    Enumerating,
    /// One half, then the other.
    Dichotomic,
}

/// The strategies that come along.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Order {
    /// Which variable.
    pub variables: VariableOrder,
    /// Which value first; of halves, the one that has it.
    pub values: ValueOrder,
    /// How values are divided.
    pub distribution: Distribution,
}

impl Distributor for Order {
    #[inline]
    fn choose(&self, view: &View<'_>) -> Option<Choice> {
        let variable = self.variable(view)?;
        Some(match (self.distribution, self.values) {
            (Distribution::Enumerating, ValueOrder::Least) => {
                Choice::Value { variable, index: view.store.min_index(view.variables[variable])? }
            }
            (Distribution::Enumerating, ValueOrder::Greatest) => {
                Choice::Value { variable, index: view.store.max_index(view.variables[variable])? }
            }
            (Distribution::Enumerating, ValueOrder::Median) => {
                let middle = (view.size(variable) as usize - 1) / 2;
                Choice::Value { variable, index: view.indices(variable).nth(middle)? }
            }
            (Distribution::Dichotomic, values) => {
                let middle = (view.size(variable) as usize - 1) / 2;
                let last = view.indices(variable).nth(middle)?;
                match values {
                    ValueOrder::Least | ValueOrder::Median => Choice::UpTo { variable, last },
                    ValueOrder::Greatest => Choice::After { variable, last },
                }
            }
        })
    }
}

impl Order {
    #[inline]
    fn variable(&self, view: &View<'_>) -> Option<usize> {
        let sizes = view.variables.iter().map(|var| view.store.size(*var));
        let mut open = sizes.enumerate().filter(|(_, size)| *size > 1);
        match self.variables {
            VariableOrder::Input => open.next().map(|(variable, _)| variable),
            VariableOrder::SmallestDomain => open.min_by_key(|(_, size)| *size).map(|(variable, _)| variable),
            VariableOrder::WeightedDegree => {
                // One value for no weight: more than any.
                let (mut best, mut fewest, mut heaviest) = (None, 1, 0);
                for (variable, size) in open {
                    let (size, weight) = (u64::from(size), u64::from(view.weight(variable)) + 1);
                    if size * heaviest < fewest * weight {
                        (best, fewest, heaviest) = (Some(variable), size, weight);
                    }
                }
                best
            }
        }
    }
}
