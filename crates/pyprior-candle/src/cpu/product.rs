//! Products of rows of numbers with a matrix that is packed for them.
//!
//! Of the matrix [inputs, outputs], 32 columns lie together: a panel, [inputs, 32]. A tile of the result is some rows by
//! the columns of a panel, and is kept in registers while the inputs go by: each step loads a line of the panel once for
//! all rows of the tile, and one number of each row. So the matrix is read once for up to twelve rows, from end to end.
//!
//! Every number of the result is one sum, in the order of inputs, whatever rows stand beside it: it has the same bits in
//! a batch of any size. Where the processor has fused multiplication (x86-64-v3 and later, NEON) it is used, so that
//! bits differ from those of a processor without.

use pulp::{Simd, WithSimd};

use super::aligned::Aligned;
use crate::ops::lanes::{LANES, Lanes, exp};

/// Columns of a panel.
pub(super) const PANEL: usize = 2 * LANES;
/// Most rows of a tile.
const ROWS: usize = 12;

/// Whether products are made with fused multiplication on this machine. Models on a CPU give the same bits wherever this is
/// the same, as far as the platform's sine and cosine do.
pub fn fuses() -> bool {
    !matches!(pulp::Arch::new(), pulp::Arch::Scalar)
}

type Panel = [f32; PANEL];
type Tile = [Panel; ROWS];

/// A matrix, packed.
#[derive(Debug)]
pub(super) struct Packed {
    inputs: usize,
    panels: Aligned,
}

/// What is done with a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Write {
    /// It takes the place of what is there.
    Place,
    /// It is added to what is there.
    Sum,
    /// Of panels with 16 columns of gate and the 16 of up that belong to them, silu(gate) · up takes the place of what is
    /// there.
    ///
    /// Shazeer, "GLU Variants Improve Transformer", 2020; silu(x) = x / (1 + e^-x).
    SiluMul,
}

/// Rows of numbers times a matrix.
#[derive(Debug)]
pub(super) struct Product<'a> {
    /// [rows, a multiple of 16, at least the inputs]; what is beyond the inputs is finite.
    pub(super) x: &'a [f32],
    pub(super) rows: usize,
    pub(super) matrix: &'a Packed,
    /// [rows, any width]. Columns beyond the width are left away, those beyond the matrix are zeros up to a whole panel.
    pub(super) out: &'a mut [f32],
    pub(super) write: Write,
}

impl Packed {
    /// A matrix of `outputs` columns; `at` says the number of an input and an output. `None` if there is no memory.
    pub(super) fn new(inputs: usize, outputs: usize, at: impl Fn(usize, usize) -> f32) -> Option<Self> {
        let (padded, count) = (inputs.next_multiple_of(LANES), outputs.div_ceil(PANEL));
        let mut panels = Aligned::zeros(padded.checked_mul(count)?.checked_mul(2)?)?;
        let per_panel = (padded * PANEL).max(1);
        for (nth, panel) in panels.numbers_mut().chunks_exact_mut(per_panel).enumerate() {
            for (input, line) in panel.chunks_exact_mut(PANEL).enumerate().take(inputs) {
                let columns = nth * PANEL..outputs.min((nth + 1) * PANEL);
                line.iter_mut().zip(columns).for_each(|(place, output)| *place = at(input, output));
            }
        }
        Some(Self { inputs, panels })
    }

    /// One number.
    pub(super) fn at(&self, input: usize, output: usize) -> f32 {
        let panel = output / PANEL * self.inputs.next_multiple_of(LANES);
        self.panels.numbers()[(panel + input) * PANEL + output % PANEL]
    }
}

impl WithSimd for Product<'_> {
    type Output = ();

    /// Sums of a tile shall fill half to three quarters of the registers.
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match (S::F32_LANES, S::REGISTER_COUNT) {
            (16, _) => self.multiply::<S, 2, 12>(simd),
            (8, _) => self.multiply::<S, 2, 6>(simd),
            (4, 32) => self.multiply::<S, 4, 6>(simd),
            (4, _) => self.multiply::<S, 4, 3>(simd),
            _ => self.multiply::<S, 16, 3>(simd),
        }
    }
}

impl Product<'_> {
    /// In tiles of up to `MOST` rows and `WIDE` registers.
    #[inline(always)]
    fn multiply<S: Simd, const WIDE: usize, const MOST: usize>(mut self, simd: S) {
        let Some(stride) = self.x.len().checked_div(self.rows) else { return };
        let padded = self.matrix.inputs.next_multiple_of(LANES);
        let (panels, _) = self.matrix.panels.numbers().as_chunks::<PANEL>();
        let blocks = self.rows.div_ceil(MOST);
        let mut tile: Tile = [[0.0; PANEL]; ROWS];
        for (nth, panel) in panels.chunks_exact(padded.max(1)).enumerate() {
            for block in 0..blocks {
                // Blocks are as even as they can be: one of a single row would wait for its own sums.
                let (begin, end) = (block * self.rows / blocks, (block + 1) * self.rows / blocks);
                let rows = &self.x[begin * stride..end * stride];
                for first in (0..PANEL / S::F32_LANES).step_by(WIDE) {
                    macro_rules! tile {
                        ($($count:literal)*) => {
                            match end - begin {
                                $($count if $count <= MOST => {
                                    sums::<S, $count, WIDE>(simd, rows, stride, padded / LANES, panel, first, &mut tile)
                                })*
                                _ => {}
                            }
                        };
                    }
                    tile!(1 2 3 4 5 6 7 8 9 10 11 12);
                }
                self.write(begin, nth, &tile[..end - begin]);
            }
        }
    }

    /// Takes a tile: the rows from `begin` on, of panel `nth`.
    #[inline(always)]
    fn write(&mut self, begin: usize, nth: usize, tile: &[Panel]) {
        let wide = if self.write == Write::SiluMul { LANES } else { PANEL };
        let stride = self.out.len() / self.rows;
        let width = stride.saturating_sub(nth * wide).min(wide);
        let rows = self.out[begin * stride..].chunks_exact_mut(stride.max(1));
        let places = rows.filter_map(|row| row.get_mut(nth * wide..nth * wide + width));
        for (out, sums) in places.zip(tile) {
            match self.write {
                Write::Place => out.copy_from_slice(&sums[..width]),
                Write::Sum => out.iter_mut().zip(sums).for_each(|(out, sum)| *out += sum),
                Write::SiluMul => {
                    let (gate, up) = sums.split_at(LANES);
                    let pairs = out.iter_mut().zip(gate.iter().zip(up));
                    pairs.for_each(|(out, (gate, up))| *out = gate * up / (1.0 + exp(-gate)));
                }
            }
        }
    }
}

/// The sums of `COUNT` rows and `WIDE` registers of a panel, from its register `first` on.
#[inline(always)]
fn sums<S: Simd, const COUNT: usize, const WIDE: usize>(
    simd: S,
    x: &[f32],
    stride: usize,
    lines: usize,
    panel: &[Panel],
    first: usize,
    tile: &mut Tile,
) {
    let rows: [&[Lanes]; COUNT] = std::array::from_fn(|row| &x[row * stride..][..stride].as_chunks().0[..lines]);
    let panel = &panel.as_chunks::<LANES>().0[..lines];
    let mut sums = [[simd.splat_f32s(0.0); WIDE]; COUNT];
    for (line, inputs) in panel.iter().enumerate() {
        for (input, columns) in inputs.iter().enumerate() {
            let columns = &S::as_simd_f32s(columns).0[first..first + WIDE];
            let columns: [S::f32s; WIDE] = std::array::from_fn(|i| columns[i]);
            for row in 0..COUNT {
                let x = simd.splat_f32s(rows[row][line][input]);
                for i in 0..WIDE {
                    sums[row][i] = simd.mul_add_e_f32s(columns[i], x, sums[row][i]);
                }
            }
        }
    }
    for (tile, sums) in tile.iter_mut().zip(sums) {
        S::as_mut_simd_f32s(tile).0[first..first + WIDE].copy_from_slice(&sums);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::lanes::vectorised;

    /// Numbers in [-1, 1), by formula.
    fn numbers(seed: usize, count: usize) -> Vec<f32> {
        let number = |i: usize| (i * 2_654_435_761 + seed * 40_503) % 65_521;
        (0..count).map(|i| number(number(i)) as f32 / 32_760.5 - 1.0).collect()
    }

    /// x [rows, inputs] with every row filled up, and the product by `run`.
    fn product(
        rows: usize,
        inputs: usize,
        x: &[f32],
        matrix: &Packed,
        out: &mut [f32],
        write: Write,
        run: &dyn Fn(Product<'_>),
    ) {
        let stride = inputs.next_multiple_of(LANES);
        let mut filled = vec![0.0; rows * stride];
        for (filled, x) in filled.chunks_mut(stride).zip(x.chunks(inputs)) {
            filled[..inputs].copy_from_slice(x);
        }
        run(Product { x: &filled, rows, matrix, out, write });
    }

    /// A set of instructions, whether it multiplies and adds at once, and what multiplies with it.
    type Instructions = (&'static str, bool, fn(Product<'_>));

    /// Every set of instructions that this machine has.
    fn instructions() -> Vec<Instructions> {
        let mut all: Vec<Instructions> = vec![
            ("scalar", false, |product| product.with_simd(pulp::Scalar)),
            ("best", fuses(), |product| vectorised(product)),
        ];
        #[cfg(target_arch = "x86_64")]
        if pulp::x86::V3::is_available() {
            all.push(("v3", true, |product| {
                if let Some(simd) = pulp::x86::V3::try_new() {
                    pulp::Simd::vectorize(simd, product);
                }
            }));
        }
        all
    }

    #[test]
    fn products_are_those_of_f64_on_every_machine() {
        let shapes = [(1, 1, 1), (1, 5, 33), (2, 16, 32), (3, 17, 31), (5, 128, 268), (7, 344, 128), (12, 33, 65)];
        let shapes = shapes.into_iter().chain([(13, 50, 91), (25, 90, 96), (64, 128, 100), (2, 20_000, 3)]);
        for (rows, inputs, outputs) in shapes {
            let (x, w) = (numbers(1, rows * inputs), numbers(2, inputs * outputs));
            let matrix = Packed::new(inputs, outputs, |input, output| w[input * outputs + output]).unwrap();
            assert!((0..inputs * outputs).all(|i| matrix.at(i / outputs, i % outputs) == w[i]));
            let mut fused = None;
            for (name, fuses, run) in instructions() {
                let mut out = vec![f32::NAN; rows * outputs];
                product(rows, inputs, &x, &matrix, &mut out, Write::Place, &run);
                for (nth, found) in out.iter().enumerate() {
                    let (row, output) = (nth / outputs, nth % outputs);
                    let terms =
                        (0..inputs).map(|i| f64::from(x[row * inputs + i]) * f64::from(w[i * outputs + output]));
                    let (sum, size) = terms.fold((0.0, 0.0), |(sum, size), term| (sum + term, size + term.abs()));
                    // Half a unit in the last place for each of the sums.
                    let most = 1e-30 + 2.0 * f64::from(f32::EPSILON) * size * (inputs as f64).sqrt();
                    assert!((f64::from(*found) - sum).abs() <= most, "{name}, {rows} x {inputs} x {outputs}, {nth}");
                }
                if fuses {
                    let bits: Vec<u32> = out.iter().map(|x| x.to_bits()).collect();
                    assert_eq!(*fused.get_or_insert_with(|| bits.clone()), bits, "{name}");
                }
            }
        }
    }

    #[test]
    fn a_row_has_the_same_bits_among_others() {
        for (inputs, outputs) in [(128, 40), (37, 268)] {
            let (x, w) = (numbers(3, 40 * inputs), numbers(4, inputs * outputs));
            let matrix = Packed::new(inputs, outputs, |input, output| w[input * outputs + output]).unwrap();
            for (name, _, run) in instructions() {
                let rows = |rows: usize, x: &[f32]| {
                    let mut out = vec![0.0; rows * outputs];
                    product(rows, inputs, x, &matrix, &mut out, Write::Place, &run);
                    out.iter().map(|x| x.to_bits()).collect::<Vec<_>>()
                };
                let single: Vec<u32> = x.chunks(inputs).flat_map(|x| rows(1, x)).collect();
                for count in 2..=40 {
                    assert_eq!(rows(count, &x[..count * inputs]), single[..count * outputs], "{name}, {count} rows");
                }
            }
        }
    }

    #[test]
    fn sums_and_gates() {
        let (rows, inputs) = (5, 19);
        for width in [1, 16, 20, 48] {
            let (x, w) = (numbers(5, rows * inputs), numbers(6, inputs * 2 * width));
            let at =
                |input: usize, column: usize| match (column % PANEL / LANES, column / PANEL * LANES + column % LANES) {
                    (half, nth) if nth < width => w[input * 2 * width + half * width + nth],
                    _ => 0.0,
                };
            let matrix = Packed::new(inputs, 2 * width.next_multiple_of(LANES), at).unwrap();
            let dot = |row: usize, column: usize| -> f64 {
                (0..inputs).map(|i| f64::from(x[row * inputs + i]) * f64::from(w[i * 2 * width + column])).sum()
            };
            let plain = Packed::new(inputs, width, |input, output| w[input * 2 * width + output]).unwrap();
            for (name, _, run) in instructions() {
                let mut gated = vec![7.0; rows * width];
                product(rows, inputs, &x, &matrix, &mut gated, Write::SiluMul, &run);
                let mut added = vec![7.0; rows * width];
                product(rows, inputs, &x, &plain, &mut added, Write::Sum, &run);
                for nth in 0..rows * width {
                    let (gate, up) = (dot(nth / width, nth % width), dot(nth / width, width + nth % width));
                    let silu = gate / (1.0 + (-gate).exp()) * up;
                    assert!((f64::from(gated[nth]) - silu).abs() < 1e-5, "{name}, {width}, {nth}");
                    assert!((f64::from(added[nth]) - 7.0 - gate).abs() < 1e-5, "{name}, {width}, {nth}");
                }
            }
        }
    }
}
