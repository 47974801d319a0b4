//! Screens as pixels of one palette for the whole animation.
//!
//! Characters are drawn with a few levels between ink and background, as many as 256 colours allow for all pairs of them
//! that occur. So every format shows the same pixels, and none has to guess a palette.

use std::collections::BTreeMap;

use super::Film;
use crate::font::FontSize;
use crate::screen::{Screen, Style};
use crate::theme::Rgb;

/// The index of what is transparent: of what stays as it is.
pub(super) const KEPT: u8 = 0;

/// Indices into a palette, row by row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pixels {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) data: Vec<u8>,
}

/// A part of an image: columns and rows of pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) left: usize,
    pub(super) top: usize,
    pub(super) width: usize,
    pub(super) height: usize,
}

pub(super) struct Rasteriser {
    font: FontSize,
    /// Index of the background of each pair, and of the level behind it.
    pairs: BTreeMap<(Rgb, Rgb), u8>,
    /// Levels of a pair, the background included.
    levels: usize,
    /// Red, green, blue of each index.
    pub(super) palette: Vec<u8>,
}

impl Rasteriser {
    pub(super) fn new(film: &Film<'_>) -> Self {
        let mut pairs = BTreeMap::new();
        for (screen, _) in film.frames() {
            for cell in screen.rows().flatten() {
                pairs.insert((cell.style.back, cell.style.ink), 0);
            }
        }
        // The theme has some forty pairs; were there more, some would share.
        let levels = (255 / pairs.len().max(1)).clamp(2, 8);
        let mut palette = vec![0; 3 * (usize::from(KEPT) + 1)];
        for ((back, ink), first) in pairs.iter_mut().take(255 / levels) {
            *first = (palette.len() / 3) as u8;
            for level in 0..levels {
                palette.extend(mix(*back, *ink, level, levels - 1));
            }
        }
        Self { font: film.options.font, pairs, levels, palette }
    }

    /// Red, green, blue and alpha of an index.
    pub(super) fn rgba(&self, index: u8) -> [u8; 4] {
        match self.palette.chunks_exact(3).nth(usize::from(index)) {
            Some(&[r, g, b]) if index != KEPT => [r, g, b, 255],
            _ => [0; 4],
        }
    }

    /// Width and height in pixels.
    pub(super) fn size(&self, screen: &Screen) -> (usize, usize) {
        let (width, height) = self.font.cell();
        (usize::from(screen.size().cols) * width, usize::from(screen.size().rows) * height)
    }

    pub(super) fn draw(&self, screen: &Screen) -> Pixels {
        let (width, height) = self.size(screen);
        let (cell_width, cell_height) = self.font.cell();
        let mut data = vec![0; width * height];
        for (row, cells) in screen.rows().enumerate() {
            for (col, cell) in cells.iter().enumerate() {
                let Style { ink, back, bold } = cell.style;
                let first = self.pairs.get(&(back, ink)).copied().unwrap_or(KEPT + 1);
                let glyph = self.font.glyph(cell.letter.unwrap_or(' '), bold);
                for y in 0..cell_height {
                    let start = (row * cell_height + y) * width + col * cell_width;
                    for (x, pixel) in data[start..start + cell_width].iter_mut().enumerate() {
                        let ink = glyph.get(y * cell_width + x).copied().unwrap_or(0);
                        let level = (usize::from(ink) * (self.levels - 1) + 127) / 255;
                        *pixel = first + level as u8;
                    }
                }
            }
        }
        Pixels { width, height, data }
    }
}

fn mix(Rgb(r, g, b): Rgb, Rgb(x, y, z): Rgb, level: usize, most: usize) -> [u8; 3] {
    let between = |from: u8, to: u8| {
        let sum = usize::from(from) * (most - level) + usize::from(to) * level;
        ((sum + most / 2) / most) as u8
    };
    [between(r, x), between(g, y), between(b, z)]
}

impl Pixels {
    fn whole(&self) -> Part {
        Part { left: 0, top: 0, width: self.width, height: self.height }
    }

    /// The smallest part in which this differs from what stood before, with its corner at even columns and rows, as
    /// WebP wants it; a single pixel if there is none.
    pub(super) fn changed(&self, before: Option<&Pixels>) -> Part {
        let Some(before) = before else { return self.whole() };
        let rows = || self.data.chunks_exact(self.width).zip(before.data.chunks_exact(self.width));
        let Some(top) = rows().position(|(new, old)| new != old) else {
            return Part { left: 0, top: 0, width: 1, height: 1 };
        };
        let bottom = rows().rposition(|(new, old)| new != old).unwrap_or(top);
        let differs = |col: &usize| rows().any(|(new, old)| new[*col] != old[*col]);
        let left = (0..self.width).find(differs).unwrap_or(0);
        let right = (0..self.width).rev().find(differs).unwrap_or(left);
        let (left, top) = (left & !1, top & !1);
        Part { left, top, width: right + 1 - left, height: bottom + 1 - top }
    }

    /// The pixels of a part, [`KEPT`] where they are as before: long runs of one index, which all formats store well.
    pub(super) fn cut(&self, part: Part, before: Option<&Pixels>) -> Vec<u8> {
        let indices = (part.top..part.top + part.height).flat_map(|row| {
            let start = row * self.width + part.left;
            start..start + part.width
        });
        let old = |index: usize| before.map(|before| before.data[index]);
        indices.map(|index| if old(index) == Some(self.data[index]) { KEPT } else { self.data[index] }).collect()
    }
}
