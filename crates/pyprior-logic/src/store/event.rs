//! What happened to variables that somebody watches.

use super::{Store, Var, cell};

/// A domain, or the class of a variable with a domain, changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DomainEvent {
    /// The root of the class at the time of the event.
    pub var: Var,
    /// What happened.
    pub kind: DomainChange,
}

/// How a domain changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DomainChange {
    /// It lost values, and has two or more left.
    Narrowed,
    /// It has one value left.
    Fixed,
    /// The variable was aliased: what holds of one member of its class holds of all.
    Aliased,
}

/// What tasks that wait for a variable are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wake {
    /// It has a value, a failed one perhaps.
    Bound(Var),
    /// Its domain lost values.
    Narrowed(Var),
    /// Its value is needed.
    Needed(Var),
    /// A root went under another one.
    Aliased { over: Var, under: Var },
}

/// First in, first out. Positions count from the beginning of time, so that an undo can cut back what is pending.
#[derive(Debug, Clone)]
pub(super) struct Queue<T> {
    items: Vec<T>,
    head: usize,
    /// How many went through before `items`.
    past: u64,
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Queue { items: Vec::new(), head: 0, past: 0 }
    }
}

impl<T: Copy> Queue<T> {
    pub(super) fn reserve(&mut self, items: usize) {
        self.items.reserve(items);
    }

    pub(super) fn push(&mut self, item: T) {
        self.items.push(item);
    }

    pub(super) fn pop(&mut self) -> Option<T> {
        let item = self.items.get(self.head).copied();
        match item {
            Some(_) => self.head += 1,
            None => self.clear(),
        }
        item
    }

    pub(super) fn clear(&mut self) {
        self.past += self.items.len() as u64;
        self.items.clear();
        self.head = 0;
    }

    pub(super) fn end(&self) -> u64 {
        self.past + self.items.len() as u64
    }

    pub(super) fn cut(&mut self, end: u64) {
        let keep = usize::try_from(end.saturating_sub(self.past)).unwrap_or(usize::MAX);
        self.items.truncate(keep.max(self.head));
    }

    #[cfg(test)]
    pub(super) fn pending(&self) -> &[T] {
        &self.items[self.head..]
    }
}

impl Store {
    /// Reports every later change of the domain of this variable, and of what it is aliased with, by
    /// [`next_event`](Store::next_event). Taken back by an undo.
    #[inline]
    pub fn watch_domain(&mut self, var: Var) {
        self.set_flag(var, cell::WATCH_DOMAIN);
    }

    /// The oldest event that was not taken yet.
    pub fn next_event(&mut self) -> Option<DomainEvent> {
        self.events.pop()
    }

    /// Forgets all events that were not taken.
    pub fn clear_events(&mut self) {
        self.events.clear();
    }

    pub(crate) fn watch_tasks(&mut self, var: Var) {
        self.seen = self.time;
        self.set_flag(var, cell::WATCH_TASKS);
    }

    pub(crate) fn next_wake(&mut self) -> Option<Wake> {
        self.wakes.pop()
    }

    /// Tasks look at the store. Whether anything was undone that they had seen; then no word that they were given holds, nor
    /// need a variable be watched that they wait for.
    pub(crate) fn look(&mut self) -> bool {
        self.seen = self.time;
        std::mem::take(&mut self.undone)
    }

    /// Makes a variable needed: tasks that produce it by need may go on. A binding does so, too.
    pub fn need(&mut self, var: Var) {
        if let Some(root) = self.known_root(var)
            && !self.cells[root.index()].has(cell::NEEDED)
        {
            self.set_flag(root, cell::NEEDED);
            self.wake(root, Wake::Needed(root));
        }
    }

    /// Whether somebody waits for the variable, or did; true of a bound one.
    #[must_use]
    pub fn is_needed(&self, var: Var) -> bool {
        self.known_root(var).is_some_and(|root| {
            let cell = &self.cells[root.index()];
            cell.has(cell::NEEDED) || !cell.is_free()
        })
    }

    pub(super) fn wake(&mut self, root: Var, wake: Wake) {
        let cell = &self.cells[root.index()];
        if cell.has(cell::WATCH_TASKS | cell::IN_PARTIAL) {
            self.stale |= cell.has(cell::IN_PARTIAL);
            self.tell(root, wake);
        }
    }

    pub(super) fn tell(&mut self, root: Var, wake: Wake) {
        if self.cells[root.index()].has(cell::WATCH_TASKS) {
            self.wakes.push(wake);
        }
    }

    pub(super) fn report(&mut self, root: Var, kind: DomainChange) {
        if self.cells[root.index()].has(cell::WATCH_DOMAIN) {
            self.events.push(DomainEvent { var: root, kind });
        }
    }

    #[inline]
    pub(super) fn set_flag(&mut self, var: Var, flag: u32) {
        if let Some((root, cell)) = self.root_cell(var)
            && !cell.has(flag)
        {
            let meta = cell.meta | flag;
            self.set_meta(root, meta);
        }
    }
}
