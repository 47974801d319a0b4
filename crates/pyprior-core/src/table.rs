//! Slices that places are looked up in without a branch.

use std::ops::{Deref, DerefMut};

/// A slice that is not empty and has at most 2³¹ entries, with the place of its last one at hand: the lesser of that
/// and any place is inside.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Table<S> {
    slice: S,
    last: u32,
}

impl<S: Slice> Table<S> {
    /// A table of a slice; `None` if it is empty or too long.
    #[inline(always)]
    pub(crate) fn new(slice: S) -> Option<Self> {
        let last = slice.entries().len().wrapping_sub(1);
        (last <= i32::MAX as usize).then(|| Self { slice, last: last as u32 })
    }

    /// The place of the last entry.
    #[inline(always)]
    pub(crate) fn last(&self) -> u32 {
        self.last
    }

    /// The entry at a place; the last one beyond.
    #[inline(always)]
    pub(crate) fn at(&self, place: u32) -> &S::Entry {
        match self.slice.entries().get(place as usize) {
            Some(entry) => entry,
            None => self.last_entry(),
        }
    }

    /// Apart, so that [`at`](Self::at) is a branch that is always foretold right and not a choice between two places,
    /// which would be one more thing for the look-up to wait for.
    #[cold]
    #[inline(never)]
    fn last_entry(&self) -> &S::Entry {
        &self.slice.entries()[self.last as usize]
    }
}

impl<T> Table<Box<[T]>> {
    /// A table of all entries, or of `filler` if there are none.
    ///
    /// What is beyond 2³¹ entries is cut off: tables of that size do not come about, they would not fit any memory.
    pub(crate) fn filled(mut entries: Vec<T>, filler: T) -> Self {
        if entries.is_empty() {
            entries.push(filler);
        }
        entries.truncate(1 << 31);
        let last = (entries.len() - 1) as u32;
        Self { slice: entries.into_boxed_slice(), last }
    }
}

impl<S: Slice> Deref for Table<S> {
    type Target = [S::Entry];

    #[inline(always)]
    fn deref(&self) -> &[S::Entry] {
        self.slice.entries()
    }
}

impl<S: SliceMut> DerefMut for Table<S> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut [S::Entry] {
        self.slice.entries_mut()
    }
}

impl<S: SliceMut<Entry = u32>> Table<S> {
    /// The same table, lent.
    #[inline(always)]
    pub(crate) fn lend(&mut self) -> Area<'_> {
        Table { last: self.last, slice: self.slice.entries_mut() }
    }
}

impl<S: Slice<Entry = u32>> Table<S> {
    /// The same table, to be read.
    #[inline(always)]
    pub(crate) fn view(&self) -> View<'_> {
        Table { last: self.last, slice: self.slice.entries() }
    }
}

impl<'a> View<'a> {
    /// All words.
    #[inline(always)]
    pub(crate) fn words(self) -> &'a [u32] {
        self.slice
    }
}

/// Words to read.
pub(crate) type View<'a> = Table<&'a [u32]>;
/// Words to read and write.
pub(crate) type Area<'a> = Table<&'a mut [u32]>;

/// What a table can be made of: something whose number of entries does not change while a table has it.
pub(crate) trait Slice {
    type Entry;
    fn entries(&self) -> &[Self::Entry];
}

pub(crate) trait SliceMut: Slice {
    fn entries_mut(&mut self) -> &mut [Self::Entry];
}

impl<T> SliceMut for Box<[T]> {
    #[inline(always)]
    fn entries_mut(&mut self) -> &mut [T] {
        self
    }
}

impl<T> SliceMut for &mut [T] {
    #[inline(always)]
    fn entries_mut(&mut self) -> &mut [T] {
        self
    }
}

impl<T> Slice for Box<[T]> {
    type Entry = T;

    #[inline(always)]
    fn entries(&self) -> &[T] {
        self
    }
}

impl<T> Slice for &[T] {
    type Entry = T;

    #[inline(always)]
    fn entries(&self) -> &[T] {
        self
    }
}

impl<T> Slice for &mut [T] {
    type Entry = T;

    #[inline(always)]
    fn entries(&self) -> &[T] {
        self
    }
}
