//! Words of several rows side by side: what a step is written in, so that one source steps a single row and as many
//! rows at once as a vector register holds.
//!
//! Arithmetic wraps. What would be outside a table is at its last place, so that no look-up takes a branch and rows
//! of no interest can ride along; the places that count are always inside.

use crate::table::{Area, Slice, Table, View};

/// One 32-bit word of each of [`COUNT`](Words::COUNT) rows.
pub(crate) trait Words: Copy {
    /// Rows side by side.
    const COUNT: usize;
    /// A truth value a row.
    type Mask: Copy;

    /// The same word for every row.
    fn all(self, word: u32) -> Self;
    /// The number of each row, times `stride`.
    fn rows_times(self, stride: u32) -> Self;
    fn add(self, other: Self) -> Self;
    fn sub(self, other: Self) -> Self;
    fn mul(self, other: Self) -> Self;
    /// High and low half of the product.
    fn product(self, other: Self) -> [Self; 2];
    fn and(self, other: Self) -> Self;
    fn or(self, other: Self) -> Self;
    fn xor(self, other: Self) -> Self;
    /// Bits of `self` that are not in `other`.
    fn without(self, other: Self) -> Self;
    fn least(self, other: Self) -> Self;
    fn greatest(self, other: Self) -> Self;
    fn shl<const N: i32>(self) -> Self;
    fn shr<const N: i32>(self) -> Self;
    /// The bit that a shift by `N` to the left brings to the top, in all places: all ones or all zeros.
    fn spread<const N: i32>(self) -> Self;
    fn equals(self, other: Self) -> Self::Mask;
    /// Unsigned `self >= other`.
    fn at_least(self, other: Self) -> Self::Mask;
    /// `yes` where the mask holds, else `no`.
    fn select(mask: Self::Mask, yes: Self, no: Self) -> Self;
    /// The mask as bits, row 0 the lowest.
    fn bits(mask: Self::Mask) -> u32;

    /// The words of a table at these places.
    fn look_up<S: Slice<Entry = u32>>(self, table: &Table<S>) -> Self;
    /// The records of a table at these places, word by word.
    fn records(self, table: &Table<Box<[[u32; 4]]>>) -> [Self; 4];
    /// Writes words to these places.
    fn scatter(self, to: Area<'_>, words: Self);
    /// The first words of a slice; zeros where it is too short.
    fn load(self, from: &[u32]) -> Self;
    /// Writes the words to the start of a slice, if it is long enough.
    fn store(self, to: &mut [u32]);
    /// The first eight words of rows that begin at `first` and every `stride` words from there on; zeros where there
    /// are no such rows.
    fn heads(self, rows: View<'_>, first: u32, stride: u32) -> [Self; 8];
    /// Writes the first eight words of rows back.
    fn store_heads(heads: [Self; 8], rows: Area<'_>, first: u32, stride: u32);
}

/// Arithmetic with a constant.
pub(crate) trait WithConstants: Words {
    #[inline(always)]
    fn plus(self, word: u32) -> Self {
        self.add(self.all(word))
    }

    #[inline(always)]
    fn masked(self, word: u32) -> Self {
        self.and(self.all(word))
    }

    #[inline(always)]
    fn is(self, word: u32) -> Self::Mask {
        self.equals(self.all(word))
    }
}

impl<W: Words> WithConstants for W {}

/// A single row.
impl Words for u32 {
    const COUNT: usize = 1;
    type Mask = bool;

    #[inline(always)]
    fn all(self, word: u32) -> Self {
        word
    }

    #[inline(always)]
    fn rows_times(self, _: u32) -> Self {
        0
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.wrapping_add(other)
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        self.wrapping_sub(other)
    }

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        self.wrapping_mul(other)
    }

    #[inline(always)]
    fn product(self, other: Self) -> [Self; 2] {
        let wide = u64::from(self) * u64::from(other);
        [(wide >> 32) as u32, wide as u32]
    }

    #[inline(always)]
    fn and(self, other: Self) -> Self {
        self & other
    }

    #[inline(always)]
    fn or(self, other: Self) -> Self {
        self | other
    }

    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        self ^ other
    }

    #[inline(always)]
    fn without(self, other: Self) -> Self {
        self & !other
    }

    #[inline(always)]
    fn least(self, other: Self) -> Self {
        Ord::min(self, other)
    }

    #[inline(always)]
    fn greatest(self, other: Self) -> Self {
        Ord::max(self, other)
    }

    #[inline(always)]
    fn shl<const N: i32>(self) -> Self {
        self << N
    }

    #[inline(always)]
    fn shr<const N: i32>(self) -> Self {
        self >> N
    }

    #[inline(always)]
    fn spread<const N: i32>(self) -> Self {
        ((self << N) as i32 >> 31) as u32
    }

    #[inline(always)]
    fn equals(self, other: Self) -> bool {
        self == other
    }

    #[inline(always)]
    fn at_least(self, other: Self) -> bool {
        self >= other
    }

    #[inline(always)]
    fn select(mask: bool, yes: Self, no: Self) -> Self {
        std::hint::select_unpredictable(mask, yes, no)
    }

    #[inline(always)]
    fn bits(mask: bool) -> u32 {
        u32::from(mask)
    }

    #[inline(always)]
    fn look_up<S: Slice<Entry = u32>>(self, table: &Table<S>) -> Self {
        *table.at(self)
    }

    #[inline(always)]
    fn records(self, table: &Table<Box<[[u32; 4]]>>) -> [Self; 4] {
        *table.at(self)
    }

    #[inline(always)]
    fn scatter(self, mut to: Area<'_>, words: Self) {
        if let Some(place) = to.get_mut(self as usize) {
            *place = words;
        }
    }

    #[inline(always)]
    fn load(self, from: &[u32]) -> Self {
        from.first().copied().unwrap_or(0)
    }

    #[inline(always)]
    fn store(self, to: &mut [u32]) {
        if let Some(place) = to.first_mut() {
            *place = self;
        }
    }

    #[inline(always)]
    fn heads(self, rows: View<'_>, first: u32, _: u32) -> [Self; 8] {
        rows.get(first as usize..).and_then(|row| row.first_chunk()).copied().unwrap_or([0; 8])
    }

    #[inline(always)]
    fn store_heads(heads: [Self; 8], mut rows: Area<'_>, first: u32, _: u32) {
        if let Some(place) = rows.get_mut(first as usize..).and_then(|row| row.first_chunk_mut()) {
            *place = heads;
        }
    }
}
