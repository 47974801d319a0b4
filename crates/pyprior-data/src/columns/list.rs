//! Lists, or texts, one after the other in one piece of memory.

/// Lists of values back to back.
#[derive(Debug, Clone)]
pub struct Lists<T> {
    values: Vec<T>,
    /// Where each list ends, with a 0 before: as Arrow has it. Who adds looks at [`Columns::fits`](super::Columns::fits).
    offsets: Vec<i32>,
}

impl<T: Copy> Default for Lists<T> {
    fn default() -> Self {
        Self { values: Vec::new(), offsets: vec![0] }
    }
}

impl<T: Copy> Lists<T> {
    /// All values.
    pub fn values(&self) -> &[T] {
        &self.values
    }

    /// Where lists begin and end in the values: one more than there are lists.
    pub fn offsets(&self) -> &[i32] {
        &self.offsets
    }

    /// A list; `None` beyond the last.
    pub fn get(&self, nth: usize) -> Option<&[T]> {
        let (start, end) = (*self.offsets.get(nth)?, *self.offsets.get(nth + 1)?);
        self.values.get(start as usize..end as usize)
    }

    /// Adds a list, and says of how many values.
    pub(super) fn push(&mut self, list: &[T]) -> usize {
        self.values.extend_from_slice(list);
        self.offsets.push(i32::try_from(self.values.len()).unwrap_or(i32::MAX));
        list.len()
    }

    pub(super) fn clear(&mut self) {
        self.values.clear();
        self.offsets.truncate(1);
    }
}
