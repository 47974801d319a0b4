//! x86-64-v3: eight rows in the registers of AVX2.

use std::arch::x86_64::*;
use std::sync::atomic::{AtomicU8, Ordering};

use super::pair::Pair;
use super::{Isa, Task};
use crate::table::{Area, Slice, Table, View};
use crate::words::Words;

/// Proof that the processor has x86-64-v3: there is one only where [`V3::detect`] found it.
#[derive(Clone, Copy)]
pub(super) struct V3(());

/// A word of each of eight rows. Made from [`V3`] alone, so that one is proof of the instructions as well: the
/// reason why the calls below are sound that need no more than that.
#[derive(Clone, Copy)]
pub(super) struct Wide(__m256i);

impl V3 {
    /// Asks the processor, once.
    #[inline]
    pub(super) fn detect() -> Option<Self> {
        static KNOWN: AtomicU8 = AtomicU8::new(0);
        let has = match KNOWN.load(Ordering::Relaxed) {
            0 => {
                let has = is_x86_feature_detected!("avx2")
                    && is_x86_feature_detected!("bmi1")
                    && is_x86_feature_detected!("bmi2")
                    && is_x86_feature_detected!("popcnt")
                    && is_x86_feature_detected!("lzcnt")
                    && is_x86_feature_detected!("fma");
                KNOWN.store(1 + u8::from(has), Ordering::Relaxed);
                has
            }
            known => known == 2,
        };
        has.then_some(Self(()))
    }

    /// Runs a task compiled for x86-64-v3.
    #[inline]
    pub(super) fn run<T: Task>(self, task: T) -> T::Output {
        #[target_feature(enable = "avx2,bmi1,bmi2,popcnt,lzcnt,fma")]
        fn compiled_for_v3<T: Task>(v3: V3, task: T) -> T::Output {
            task.run(v3)
        }
        // SAFETY: `self` is proof of every feature named above.
        unsafe { compiled_for_v3(self, task) }
    }
}

impl Isa for V3 {
    type Words = Pair<Wide>;

    #[inline(always)]
    fn words(self) -> Pair<Wide> {
        // SAFETY: `self` is proof of AVX2.
        let zeros = Wide(unsafe { _mm256_setzero_si256() });
        Pair(zeros, zeros)
    }
}

/// Calls an AVX2 intrinsic that has no condition but that the processor has AVX2.
macro_rules! avx2 {
    ($intrinsic:ident $([$n:expr])? ($($argument:expr),*)) => {
        // SAFETY: a `Wide` is at hand, which is proof of AVX2; the intrinsic touches no memory.
        unsafe { $intrinsic $(::<$n>)? ($($argument),*) }
    };
}

impl Wide {
    #[inline(always)]
    fn to_array(self) -> [u32; 8] {
        // SAFETY: both are 32 bytes of plain integers.
        unsafe { std::mem::transmute::<__m256i, [u32; 8]>(self.0) }
    }

    /// Places that are inside a table.
    #[inline(always)]
    fn inside<S: Slice>(self, table: &Table<S>) -> Self {
        self.least(self.all(table.last()))
    }
}

/// Where eight rows begin, if their first eight words are all there.
#[inline(always)]
fn places_of(len: usize, first: u32, stride: u32) -> Option<[usize; 8]> {
    let (first, stride) = (first as usize, stride as usize);
    let row = |row: usize| first + row * stride;
    (row(7) + 8 <= len).then(|| [row(0), row(1), row(2), row(3), row(4), row(5), row(6), row(7)])
}

/// The words of a register by way of memory. The compiler would take it apart word by word, which keeps the units
/// busy that a step needs most.
#[inline(always)]
fn in_memory(words: &[u32; 8]) -> &[u32; 8] {
    let mut words: *const [u32; 8] = words;
    // SAFETY: no instruction at all; the pointer is as it was, so it points to the words for as long as they live.
    unsafe {
        std::arch::asm!("/* {0} */", inout(reg) words, options(nostack, preserves_flags));
        &*words
    }
}

/// Rows 0 and 4, 1 and 5 and so on, of 16 bytes each, side by side.
///
/// # Safety
///
/// The processor has AVX2, and each row can be read.
#[inline(always)]
unsafe fn pairs(rows: [*const __m128i; 8]) -> [__m256i; 4] {
    let [a, b, c, d, e, f, g, h] = rows;
    // SAFETY: what the caller vouches for.
    unsafe { [pair(a, e), pair(b, f), pair(c, g), pair(d, h)] }
}

/// # Safety
///
/// As for [`pairs`].
#[inline(always)]
unsafe fn pair(low: *const __m128i, high: *const __m128i) -> __m256i {
    // SAFETY: what the caller vouches for.
    unsafe { _mm256_inserti128_si256::<1>(_mm256_castsi128_si256(_mm_loadu_si128(low)), _mm_loadu_si128(high)) }
}

/// Swaps rows and columns of the two 4 × 4 squares of four registers.
#[inline(always)]
fn transpose_4(rows: [__m256i; 4]) -> [__m256i; 4] {
    let [a, b, c, d] = rows;
    let (ab, cd) = (avx2!(_mm256_unpacklo_epi32(a, b)), avx2!(_mm256_unpacklo_epi32(c, d)));
    let (ef, gh) = (avx2!(_mm256_unpackhi_epi32(a, b)), avx2!(_mm256_unpackhi_epi32(c, d)));
    [
        avx2!(_mm256_unpacklo_epi64(ab, cd)),
        avx2!(_mm256_unpackhi_epi64(ab, cd)),
        avx2!(_mm256_unpacklo_epi64(ef, gh)),
        avx2!(_mm256_unpackhi_epi64(ef, gh)),
    ]
}

impl Words for Wide {
    const COUNT: usize = 8;
    type Mask = __m256i;

    #[inline(always)]
    fn all(self, word: u32) -> Self {
        Self(avx2!(_mm256_set1_epi32(word as i32)))
    }

    #[inline(always)]
    fn rows_times(self, stride: u32) -> Self {
        let rows = Self(avx2!(_mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7)));
        rows.mul(self.all(stride))
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(avx2!(_mm256_add_epi32(self.0, other.0)))
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Self(avx2!(_mm256_sub_epi32(self.0, other.0)))
    }

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        Self(avx2!(_mm256_mullo_epi32(self.0, other.0)))
    }

    #[inline(always)]
    fn product(self, other: Self) -> [Self; 2] {
        let even = avx2!(_mm256_mul_epu32(self.0, other.0));
        let (ours, theirs) = (avx2!(_mm256_srli_epi64[32](self.0)), avx2!(_mm256_srli_epi64[32](other.0)));
        let odd = avx2!(_mm256_mul_epu32(ours, theirs));
        let even_high = avx2!(_mm256_srli_epi64[32](even));
        let odd_low = avx2!(_mm256_slli_epi64[32](odd));
        let high = avx2!(_mm256_blend_epi32[0xaa](even_high, odd));
        let low = avx2!(_mm256_blend_epi32[0xaa](even, odd_low));
        [Self(high), Self(low)]
    }

    #[inline(always)]
    fn and(self, other: Self) -> Self {
        Self(avx2!(_mm256_and_si256(self.0, other.0)))
    }

    #[inline(always)]
    fn or(self, other: Self) -> Self {
        Self(avx2!(_mm256_or_si256(self.0, other.0)))
    }

    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        Self(avx2!(_mm256_xor_si256(self.0, other.0)))
    }

    #[inline(always)]
    fn without(self, other: Self) -> Self {
        Self(avx2!(_mm256_andnot_si256(other.0, self.0)))
    }

    #[inline(always)]
    fn least(self, other: Self) -> Self {
        Self(avx2!(_mm256_min_epu32(self.0, other.0)))
    }

    #[inline(always)]
    fn greatest(self, other: Self) -> Self {
        Self(avx2!(_mm256_max_epu32(self.0, other.0)))
    }

    #[inline(always)]
    fn shl<const N: i32>(self) -> Self {
        Self(avx2!(_mm256_slli_epi32[N](self.0)))
    }

    #[inline(always)]
    fn shr<const N: i32>(self) -> Self {
        Self(avx2!(_mm256_srli_epi32[N](self.0)))
    }

    #[inline(always)]
    fn spread<const N: i32>(self) -> Self {
        Self(avx2!(_mm256_srai_epi32[31](self.shl::<N>().0)))
    }

    #[inline(always)]
    fn equals(self, other: Self) -> __m256i {
        avx2!(_mm256_cmpeq_epi32(self.0, other.0))
    }

    #[inline(always)]
    fn at_least(self, other: Self) -> __m256i {
        avx2!(_mm256_cmpeq_epi32(self.greatest(other).0, self.0))
    }

    #[inline(always)]
    fn select(mask: __m256i, yes: Self, no: Self) -> Self {
        Self(avx2!(_mm256_blendv_epi8(no.0, yes.0, mask)))
    }

    #[inline(always)]
    fn bits(mask: __m256i) -> u32 {
        let mask = avx2!(_mm256_castsi256_ps(mask));
        avx2!(_mm256_movemask_ps(mask)) as u32
    }

    #[inline(always)]
    fn look_up<S: Slice<Entry = u32>>(self, table: &Table<S>) -> Self {
        let places = self.inside(table);
        // SAFETY: a `Wide` is proof of AVX2; every place is inside the table, and below 2³¹.
        Self(unsafe { _mm256_i32gather_epi32::<4>(table.as_ptr().cast(), places.0) })
    }

    #[inline(always)]
    fn records(self, table: &Table<Box<[[u32; 4]]>>) -> [Self; 4] {
        let places = self.inside(table).to_array();
        // SAFETY: every place is inside the table, and an entry is 16 bytes.
        let rows = unsafe { (*in_memory(&places)).map(|place| table.as_ptr().add(place as usize).cast()) };
        // SAFETY: each points to 16 bytes.
        let [a, b, c, d] = unsafe { transpose_4(pairs(rows)) };
        [Self(a), Self(b), Self(c), Self(d)]
    }

    #[inline(always)]
    fn scatter(self, mut to: Area<'_>, words: Self) {
        let (places, words) = (self.inside(&to).to_array(), words.to_array());
        for (&place, &word) in in_memory(&places).iter().zip(in_memory(&words)) {
            // SAFETY: every place is inside.
            unsafe { *to.get_unchecked_mut(place as usize) = word };
        }
    }

    #[inline(always)]
    fn load(self, from: &[u32]) -> Self {
        match from.first_chunk::<8>() {
            // SAFETY: a `Wide` is proof of AVX2; eight words are read from eight words.
            Some(from) => Self(unsafe { _mm256_loadu_si256(from.as_ptr().cast()) }),
            None => self.all(0),
        }
    }

    #[inline(always)]
    fn store(self, to: &mut [u32]) {
        if let Some(to) = to.first_chunk_mut::<8>() {
            *to = self.to_array();
        }
    }

    #[inline(always)]
    fn heads(self, rows: View<'_>, first: u32, stride: u32) -> [Self; 8] {
        let Some(places) = places_of(rows.len(), first, stride) else { return [self.all(0); 8] };
        // SAFETY: from each place on there are eight words.
        let starts = unsafe { places.map(|place| rows.as_ptr().add(place).cast::<__m128i>()) };
        // SAFETY: the first four of the eight words.
        let [a, b, c, d] = unsafe { transpose_4(pairs(starts)) };
        // SAFETY: the other four.
        let [e, f, g, h] = unsafe { transpose_4(pairs(starts.map(|start| start.add(1)))) };
        [Self(a), Self(b), Self(c), Self(d), Self(e), Self(f), Self(g), Self(h)]
    }

    #[inline(always)]
    fn store_heads(heads: [Self; 8], mut rows: Area<'_>, first: u32, stride: u32) {
        let Some(places) = places_of(rows.len(), first, stride) else { return };
        let [a, b, c, d, e, f, g, h] = heads;
        let (low, high) = (transpose_4([a.0, b.0, c.0, d.0]), transpose_4([e.0, f.0, g.0, h.0]));
        let rows = rows.as_mut_ptr();
        for row in 0..4 {
            // SAFETY: a `Wide` is proof of AVX2; from each place on there are eight words.
            unsafe {
                let (first, second) = (rows.add(places[row]).cast(), rows.add(places[row + 4]).cast());
                _mm256_storeu_si256(first, _mm256_permute2x128_si256::<0x20>(low[row], high[row]));
                _mm256_storeu_si256(second, _mm256_permute2x128_si256::<0x31>(low[row], high[row]));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sampler::philox::philox4x32_10;
    use crate::step::LANES;

    const COUNT: usize = <Pair<Wide> as Words>::COUNT;

    /// Words of every kind: small, large, equal, of a row each; the same for the same seed.
    fn words(seed: u32) -> [u32; COUNT] {
        std::array::from_fn(|row| {
            let [kind, word, ..] = philox4x32_10([seed, row as u32, 0, 0], [7, 9]);
            [word, word % 40, u32::MAX - word % 3, word % 2, i32::MAX as u32 + word % 3][kind as usize % 5]
        })
    }

    fn each(wide: Pair<Wide>) -> [u32; COUNT] {
        let mut each = [0; COUNT];
        wide.store(&mut each);
        each
    }

    /// What a function of words of rows gives must be what it gives for each row by itself.
    macro_rules! same {
        ($v3:expr, |$a:ident, $b:ident| $what:expr) => {
            for seed in 0..200 {
                let (first, second) = (words(seed), words(seed + 1000));
                let zeros = $v3.words();
                let ($a, $b) = (zeros.load(&first), zeros.load(&second));
                let wide = each($what);
                for row in 0..COUNT {
                    let ($a, $b) = (first[row], second[row]);
                    assert_eq!(wide[row], $what, "{} of {first:?} and {second:?}", stringify!($what));
                }
            }
        };
    }

    #[test]
    fn rows_side_by_side_are_rows_by_themselves() {
        let Some(v3) = V3::detect() else {
            println!("skipped: the processor has no x86-64-v3");
            return;
        };
        const { assert!(COUNT <= LANES) };
        same!(v3, |a, b| a.add(b));
        same!(v3, |a, b| a.sub(b));
        same!(v3, |a, b| a.mul(b));
        same!(v3, |a, b| a.product(b)[0]);
        same!(v3, |a, b| a.product(b)[1]);
        same!(v3, |a, b| a.and(b));
        same!(v3, |a, b| a.or(b));
        same!(v3, |a, b| a.xor(b));
        same!(v3, |a, b| a.without(b));
        same!(v3, |a, b| a.least(b));
        same!(v3, |a, b| a.greatest(b));
        same!(v3, |a, b| a.or(b).shl::<7>());
        same!(v3, |a, b| a.or(b).shr::<22>());
        same!(v3, |a, b| a.or(b).spread::<17>());
        same!(v3, |a, b| Words::select(a.equals(b), a.all(1), a.all(2)));
        same!(v3, |a, b| Words::select(a.at_least(b), a.all(1), a.all(2)));
        same!(v3, |a, b| Words::select(b.at_least(a), a, b));
    }

    #[test]
    fn look_ups_and_writes_stay_inside() {
        let Some(v3) = V3::detect() else {
            println!("skipped: the processor has no x86-64-v3");
            return;
        };
        let zeros = v3.words();
        for len in [1, 2, 7, 41] {
            let table = Table::filled((100..100 + len).collect(), 0);
            let records = Table::filled((0..len).map(|i| [i, i + 1000, i + 2000, i + 3000]).collect(), [0; 4]);
            for seed in 0..100 {
                let places = words(seed);
                let wide = each(zeros.load(&places).look_up(&table));
                let wide_records = zeros.load(&places).records(&records).map(each);
                let (mut written, mut expected) = (vec![0; len as usize], vec![0; len as usize]);
                let mut area = Table::new(written.as_mut_slice()).expect("some entries");
                zeros.load(&places).scatter(area.lend(), zeros.load(&words(seed + 1)));
                for row in 0..COUNT {
                    let inside = places[row].min(len - 1);
                    assert_eq!(wide[row], 100 + inside);
                    let record: [u32; 4] = std::array::from_fn(|word| wide_records[word][row]);
                    assert_eq!(record, [0, 1000, 2000, 3000].map(|base| base + inside));
                    expected[inside as usize] = words(seed + 1)[row];
                }
                assert_eq!(written, expected, "{places:?}");
            }
        }
    }

    #[test]
    fn heads_are_the_first_words_of_rows() {
        let Some(v3) = V3::detect() else {
            println!("skipped: the processor has no x86-64-v3");
            return;
        };
        let zeros = v3.words();
        for (first, stride) in [(0, 8), (5, 8), (3, 11), (40, 33)] {
            let len = (first + (COUNT as u32 - 1) * stride + 8) as usize;
            let mut rows: Vec<u32> = (0..len as u32).map(|i| i * 7).collect();
            let before = rows.clone();
            let mut area = Table::new(rows.as_mut_slice()).expect("some entries");
            let heads = zeros.heads(area.view(), first, stride);
            for (word, head) in heads.map(each).iter().enumerate() {
                for (row, &found) in head.iter().enumerate() {
                    assert_eq!(found, before[first as usize + row * stride as usize + word]);
                }
            }
            Pair::store_heads(heads.map(|head| head.add(head.all(1))), area.lend(), first, stride);
            for (i, (&after, &before)) in rows.iter().zip(&before).enumerate() {
                let behind = (i as u32).checked_sub(first);
                let in_head = behind.is_some_and(|behind| behind % stride < 8);
                assert_eq!(after, before + u32::from(in_head), "word {i}");
            }
            // One word short: the last row is not there, and neither it nor its half is read or written.
            let short = &mut rows[..len - 1];
            let copy = short.to_vec();
            let mut area = Table::new(&mut *short).expect("some entries");
            let last = zeros.heads(area.view(), first, stride).map(each).map(|word| word[COUNT - 1]);
            assert_eq!(last, [0; 8]);
            Pair::store_heads(heads, area.lend(), first, stride);
            let second_half = (first + COUNT as u32 / 2 * stride) as usize;
            assert_eq!(short[second_half..], copy[second_half..]);
        }
    }
}
