//! Lists back to back.

/// Those of item *i* from `start[i]` to `start[i + 1]`. Without items there is nothing to start.
#[derive(Debug, Clone)]
pub(crate) struct Lists<T> {
    start: Vec<u32>,
    items: Vec<T>,
}

/// Lists of numbers in one piece of memory: where each ends, then the items.
#[derive(Debug, Clone)]
pub(crate) struct Rows {
    /// How many lists there are, and how many are ended.
    lists: usize,
    ended: usize,
    cells: Vec<u32>,
}

impl Rows {
    /// Room for so many lists and items in all, which are pushed one after another.
    pub(super) fn with_room(lists: usize, items: usize) -> Rows {
        let mut cells = Vec::with_capacity(lists + items);
        cells.extend(std::iter::repeat_n(lists as u32, lists));
        Rows { lists, ended: 0, cells }
    }

    /// A further item of the list that is not ended.
    #[inline]
    pub(super) fn push(&mut self, item: u32) {
        self.cells.push(item);
    }

    /// Ends a list. No more of them than there is room for.
    #[inline]
    pub(super) fn close(&mut self) {
        self.cells[self.ended] = self.cells.len() as u32;
        self.ended += 1;
    }

    pub(crate) fn of(&self, list: u32) -> &[u32] {
        let list = list as usize;
        if list >= self.ended {
            return &[];
        }
        let start = if list == 0 { self.lists } else { self.cells[list - 1] as usize };
        &self.cells[start..self.cells[list] as usize]
    }
}

impl<T: Copy> Lists<T> {
    /// Items with the numbers of their lists, by counting.
    pub(super) fn sorted(count: usize, pairs: &[(u32, T)]) -> Lists<T> {
        let Some((_, first)) = pairs.first() else { return Lists { start: Vec::new(), items: Vec::new() } };
        // Zeros by hand: a few are written sooner than an allocator finds memory that has them.
        let mut start: Vec<u32> = std::iter::repeat_n(0, count + 2).collect();
        for (list, _) in pairs {
            start[*list as usize + 2] += 1;
        }
        let mut sum = 0;
        for place in &mut start {
            sum += *place;
            *place = sum;
        }
        let mut items = vec![*first; pairs.len()];
        for (list, item) in pairs {
            let place = &mut start[*list as usize + 1];
            items[*place as usize] = *item;
            *place += 1;
        }
        Lists { start, items }
    }

    #[inline]
    pub(crate) fn of(&self, list: u32) -> &[T] {
        match self.start.get(list as usize..) {
            Some([start, end, ..]) => &self.items[*start as usize..*end as usize],
            _ => &[],
        }
    }
}
