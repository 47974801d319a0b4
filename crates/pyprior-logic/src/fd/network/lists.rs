//! Lists back to back.

/// Those of item *i* from `start[i]` to `start[i + 1]`. Without items there is nothing to start.
#[derive(Debug, Clone)]
pub(crate) struct Lists<T> {
    start: Vec<u32>,
    items: Vec<T>,
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
