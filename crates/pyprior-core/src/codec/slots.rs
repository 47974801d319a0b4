//! Which name stands for which variable at a point of a program.
//!
//! Tokens number variables, source names them. Visible variables are always `VAR_1..VAR_m`, so a scope is a list of
//! names; reading source turns names into numbers by it, writing source numbers into names. Both go through the same
//! steps, so that a name means one variable wherever it can be read.

/// The names of the visible variables of one scope, by number.
///
/// `None` is a variable that is visible to the rules but that no name stands for: the two branches of an `if` gave it
/// different ones. Nothing can read it; it can be assigned.
#[derive(Debug, Clone)]
pub(crate) struct Slots<N> {
    names: Vec<Option<N>>,
    /// Copies of `names` that open statements come back to, one behind the other.
    saved: Vec<Option<N>>,
}

/// Number of names in a saved copy.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Saved(usize);

/// What a binding would do wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Clash<N> {
    /// The name stands for another visible variable.
    Taken,
    /// The variable is visible under this name.
    Renamed(N),
    /// The variable is not the next new one.
    NotNext,
}

impl<N> Default for Slots<N> {
    fn default() -> Self {
        Self { names: Vec::new(), saved: Vec::new() }
    }
}

impl<N: Copy + PartialEq> Slots<N> {
    pub(crate) fn clear(&mut self) {
        self.names.clear();
        self.saved.clear();
    }

    /// The variable that a name stands for.
    pub(crate) fn find(&self, name: N) -> Option<u8> {
        self.names.iter().zip(1..).find_map(|(&found, var)| (found == Some(name)).then_some(var))
    }

    /// The variable that an assignment to a name assigns: its own; else the next new one; else, where all of `max` are
    /// visible, one that has lost its name.
    pub(crate) fn target(&self, name: N, max: u32) -> Option<u8> {
        let fresh = || u8::try_from(self.names.len() + 1).ok().filter(|&var| u32::from(var) <= max);
        let nameless = || self.names.iter().zip(1..).find_map(|(found, var)| found.is_none().then_some(var));
        self.find(name).or_else(fresh).or_else(nameless)
    }

    /// The name of a variable that is read.
    pub(crate) fn name(&self, var: u8) -> Option<N> {
        *self.names.get(usize::from(var).checked_sub(1)?)?
    }

    /// Whether an assignment may write a variable under a name.
    pub(crate) fn check(&self, var: u8, name: N) -> Result<(), Clash<N>> {
        match self.find(name) {
            Some(found) if found == var => Ok(()),
            Some(_) => Err(Clash::Taken),
            None if usize::from(var) == self.names.len() + 1 => Ok(()),
            None => match usize::from(var).checked_sub(1).and_then(|nth| self.names.get(nth)) {
                Some(Some(before)) => Err(Clash::Renamed(*before)),
                Some(None) => Ok(()),
                None => Err(Clash::NotNext),
            },
        }
    }

    /// After an assignment the name stands for the variable.
    pub(crate) fn bind(&mut self, var: u8, name: N) {
        let nth = usize::from(var).saturating_sub(1);
        if nth == self.names.len() {
            self.names.push(Some(name));
        } else if let Some(found) = self.names.get_mut(nth) {
            *found = Some(name);
        }
    }

    /// Keeps a copy of the names, for [`restore`](Self::restore) or [`swap`](Self::swap).
    pub(crate) fn save(&mut self) -> Saved {
        self.saved.extend_from_slice(&self.names);
        Saved(self.names.len())
    }

    /// Behind a loop: the names before it. Calls `lost` for each name that goes out of sight.
    pub(crate) fn restore(&mut self, before: Saved, mut lost: impl FnMut(N)) {
        let start = self.saved.len() - before.0;
        self.names.iter().skip(before.0).for_each(|name| name.iter().copied().for_each(&mut lost));
        self.names.clear();
        self.names.extend_from_slice(&self.saved[start..]);
        self.saved.truncate(start);
    }

    /// Between the branches of an `if`: back to the names before it, keeping those of the first branch.
    pub(crate) fn swap(&mut self, before: Saved) -> Saved {
        let start = self.saved.len() - before.0;
        let first = Saved(self.names.len());
        // The copy and the names change places.
        self.saved.extend_from_slice(&self.names);
        self.names.clear();
        self.names.extend_from_slice(&self.saved[start..start + before.0]);
        self.saved.drain(start..start + before.0);
        first
    }

    /// Behind an `if`: what both branches see, under the names that both give. Calls `lost` for each other name, with
    /// whether both branches have it.
    pub(crate) fn merge(&mut self, first: Saved, mut lost: impl FnMut(N, bool)) {
        let start = self.saved.len() - first.0;
        let Self { names, saved } = self;
        let then = &saved[start..];
        for (nth, name) in names.iter().enumerate() {
            if let Some(name) = name.filter(|_| then.get(nth) != Some(name)) {
                lost(name, then.contains(&Some(name)));
            }
        }
        for (nth, name) in then.iter().enumerate() {
            if let Some(name) = name.filter(|_| names.get(nth) != Some(name)) {
                lost(name, names.contains(&Some(name)));
            }
        }
        names.truncate(then.len());
        for (name, then) in names.iter_mut().zip(then) {
            *name = name.filter(|_| name == then);
        }
        saved.truncate(start);
    }
}
