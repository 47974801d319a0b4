//! The trail: what it takes to go back to a mark.
//!
//! Warren's trail, with the time stamps of finite-domain solvers: a domain is saved once between two marks, however often
//! it narrows. While no mark is open nothing is saved at all, so that long-running programs do not grow by it.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicU64, Ordering};

use super::{Store, Var};

/// One old value. 16 bytes.
#[derive(Debug, Clone, Copy)]
pub(super) enum Entry {
    Link {
        var: Var,
        old: u32,
    },
    Meta {
        var: Var,
        old: u32,
    },
    /// Two rings were joined here; exchanging the links again parts them.
    Rings {
        a: Var,
        b: Var,
    },
    /// The one word of a small domain. Its size is the number of its bits.
    Small {
        var: Var,
        old: u64,
    },
    /// The size of a domain of several words, which follow as `Word`s.
    Size {
        var: Var,
        old: u32,
    },
    Word {
        index: u32,
        old: u64,
    },
    Node {
        node: u32,
        old: u32,
    },
    /// A variable had a domain of this universe.
    Universe {
        var: Var,
        old: u32,
    },
}

/// A place on the trail to come back to. It is good for one [`undo_to`](Store::undo_to) or [`commit`](Store::commit).
#[derive(Debug)]
#[must_use = "what is marked stays on the trail until it is undone or committed"]
pub struct Mark {
    store: u64,
    level: usize,
    time: u64,
}

/// How long everything was when a mark was set.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    time: u64,
    trail: usize,
    cells: usize,
    words: usize,
    universes: usize,
    nodes: usize,
    args: usize,
    atoms: usize,
    functors: usize,
    failures: usize,
    events: u64,
    wakes: u64,
    partials: u32,
}

/// How many stores have set a mark.
static STORES: AtomicU64 = AtomicU64::new(0);

impl Store {
    /// Makes room for so many old values and marks, at once.
    pub fn reserve_trail(&mut self, values: usize, marks: usize) {
        self.trail.reserve(values);
        self.frames.reserve(marks);
        self.events.reserve(marks);
    }

    /// Opens a mark.
    pub fn mark(&mut self) -> Mark {
        if self.id == 0 {
            self.id = STORES.fetch_add(1, Ordering::Relaxed) + 1;
        }
        self.time += 1;
        self.frames.push(Frame {
            time: self.time,
            trail: self.trail.len(),
            cells: self.cells.len(),
            words: self.words.len(),
            universes: self.universes.len(),
            nodes: self.terms.nodes.len(),
            args: self.terms.args.len(),
            atoms: self.terms.atoms.len(),
            functors: self.terms.functors.len(),
            failures: self.terms.failures.len(),
            events: self.events.end(),
            wakes: self.wakes.end(),
            partials: self.partials.len() as u32,
        });
        Mark { store: self.id, level: self.frames.len(), time: self.time }
    }

    /// Puts everything back as it was at the mark, closing it and all that were opened after it: bindings, aliases, domains,
    /// needs, watches, and variables and terms made since, whose handles are then unknown to the store. Events that nobody
    /// took are forgotten; those that were taken are not given again.
    ///
    /// Does nothing, and says so by `false`, if the mark was closed already, by an undo or a commit of an earlier one, or is
    /// one of another store. (A clone takes the marks of its origin.)
    ///
    /// Tasks that have looked at the store since the mark look again at what they wait for.
    pub fn undo_to(&mut self, mark: Mark) -> bool {
        let Some(frame) = self.frame(&mark) else { return false };
        self.frames.truncate(mark.level - 1);
        while self.trail.len() > frame.trail {
            if let Some(entry) = self.trail.pop() {
                self.put_back(entry);
            }
        }
        self.cells.truncate(frame.cells);
        while self.names.last().is_some_and(|(var, _)| *var as usize >= frame.cells) {
            self.names.pop();
        }
        self.words.truncate(frame.words);
        self.universes.truncate(frame.universes);
        self.terms.truncate(frame.nodes, frame.args, frame.atoms, frame.functors, frame.failures);
        self.events.cut(frame.events);
        self.wakes.cut(frame.wakes);
        self.partials.truncate(frame.partials as usize);
        self.undone |= frame.time <= self.seen;
        self.time += 1;
        true
    }

    /// Closes the mark and all that were opened after it, and keeps what was done since.
    ///
    /// Does nothing, and says so by `false`, if the mark was closed already or is one of another store.
    pub fn commit(&mut self, mark: Mark) -> bool {
        if self.frame(&mark).is_none() {
            return false;
        }
        self.frames.truncate(mark.level - 1);
        if self.frames.is_empty() {
            self.trail.clear();
        }
        // Stamps of the closed mark need not be taken back: what it saved lies on the trail of the one around it.
        true
    }

    /// Does all of something or nothing of it: an `Err` or a panic leaves the store as it was. Transactions
    /// nest.
    ///
    /// ```
    /// # use pyprior_logic::{Store, UnifyError};
    /// let mut store = Store::new();
    /// let (x, y) = (store.newvar(), store.newvar());
    /// let outcome = store.transaction(|s| -> Result<(), UnifyError> {
    ///     s.unify(x, 1)?;
    ///     s.unify((x, y), (2, 3))
    /// });
    /// assert!(outcome.is_err() && store.is_free(x));
    /// ```
    pub fn transaction<T, E>(&mut self, action: impl FnOnce(&mut Store) -> Result<T, E>) -> Result<T, E> {
        let mark = self.mark();
        match catch_unwind(AssertUnwindSafe(|| action(self))) {
            Ok(Ok(done)) => {
                self.commit(mark);
                Ok(done)
            }
            Ok(Err(error)) => {
                self.undo_to(mark);
                Err(error)
            }
            Err(panic) => {
                self.undo_to(mark);
                resume_unwind(panic)
            }
        }
    }

    /// Does something and takes it back, whatever comes of it.
    pub(crate) fn trial<T>(&mut self, action: impl FnOnce(&mut Store, &Mark) -> T) -> T {
        let mark = self.mark();
        let done = catch_unwind(AssertUnwindSafe(|| action(self, &mark)));
        self.undo_to(mark);
        done.unwrap_or_else(|panic| resume_unwind(panic))
    }

    /// The variables that were bound, aliased or narrowed since a mark.
    pub(crate) fn bound_since(&self, mark: &Mark) -> Vec<Var> {
        let Some(frame) = self.frame(mark) else { return Vec::new() };
        let vars = self.trail[frame.trail..].iter().filter_map(|entry| match entry {
            // A domain with one value that was written down as a binding is no change.
            Entry::Link { var, .. } if !self.was_fixed(*var) => Some(vec![*var, self.root(*var)]),
            Entry::Small { var, .. } | Entry::Size { var, .. } => Some(vec![*var]),
            _ => None,
        });
        // A variable with a domain that was bound to a structure: how its parts go on matters, too.
        let parts = self.partials[frame.partials as usize..].iter().flat_map(|var| self.free_in((*var).into()));
        let mut vars: Vec<_> = vars.flatten().chain(parts).filter(|var| var.index() < frame.cells).collect();
        vars.sort_unstable();
        vars.dedup();
        vars
    }

    fn was_fixed(&self, var: Var) -> bool {
        let cell = &self.cells[var.index()];
        cell.size == 1 && cell.link().is_bound()
    }

    /// How many marks are open.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.frames.len()
    }

    fn frame(&self, mark: &Mark) -> Option<Frame> {
        let frame = self.frames.get(mark.level.wrapping_sub(1))?;
        (frame.time == mark.time && mark.store == self.id).then_some(*frame)
    }

    pub(super) fn save(&mut self, entry: Entry) {
        if !self.frames.is_empty() {
            self.trail.push(entry);
        }
    }

    /// Saves a domain unless that was done since the last mark or undo.
    pub(super) fn save_domain(&mut self, root: Var) {
        let cell = self.cells[root.index()];
        if cell.stamp == self.time || self.frames.is_empty() {
            return;
        }
        self.cells[root.index()].stamp = self.time;
        let count = self.universes[cell.universe as usize].width;
        if count == 1 {
            self.trail.push(Entry::Small { var: root, old: self.words[cell.offset as usize] });
            return;
        }
        self.trail.push(Entry::Size { var: root, old: cell.size });
        for index in cell.offset..cell.offset + count {
            self.trail.push(Entry::Word { index, old: self.words[index as usize] });
        }
    }

    pub(super) fn set_link(&mut self, var: Var, link: u32) {
        let old = self.cells[var.index()].link;
        self.save(Entry::Link { var, old });
        self.cells[var.index()].link = link;
    }

    pub(super) fn set_meta(&mut self, var: Var, meta: u32) {
        let old = self.cells[var.index()].meta;
        if old != meta {
            self.save(Entry::Meta { var, old });
            self.cells[var.index()].meta = meta;
        }
    }

    pub(super) fn join_rings(&mut self, a: Var, b: Var) {
        self.save(Entry::Rings { a, b });
        self.exchange_rings(a, b);
    }

    fn exchange_rings(&mut self, a: Var, b: Var) {
        let (of_a, of_b) = (self.cells[a.index()].next, self.cells[b.index()].next);
        self.cells[a.index()].next = of_b;
        self.cells[b.index()].next = of_a;
    }

    fn put_back(&mut self, entry: Entry) {
        match entry {
            Entry::Link { var, old } => self.cells[var.index()].link = old,
            Entry::Meta { var, old } => self.cells[var.index()].meta = old,
            Entry::Rings { a, b } => self.exchange_rings(a, b),
            Entry::Small { var, old } => {
                let cell = &mut self.cells[var.index()];
                cell.size = old.count_ones();
                self.words[cell.offset as usize] = old;
            }
            Entry::Size { var, old } => self.cells[var.index()].size = old,
            Entry::Word { index, old } => self.words[index as usize] = old,
            Entry::Universe { var, old } => self.cells[var.index()].universe = old,
            Entry::Node { node, old } => self.terms.nodes[node as usize].link = old,
        }
    }
}
