//! Screens as pixels of one palette, the same for every animation.
//!
//! Characters are drawn with a few levels between ink and background, for each pair of them that the theme has. So every
//! format shows the same pixels, and none has to guess a palette.

use std::collections::BTreeMap;

use super::ExportOptions;
use crate::font::FontSize;
use crate::screen::{Screen, Size, Style};
use crate::theme::{Rgb, pairs};

/// The index of what is transparent: of what stays as it is.
pub(super) const KEPT: u8 = 0;

/// Levels of a pair, the background included: so many that all pairs fit into 256 colours.
const LEVELS: usize = 8;

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
    /// Red, green, blue of each index.
    pub(super) palette: Vec<u8>,
}

impl Rasteriser {
    pub(super) fn new(options: &ExportOptions) -> Self {
        let mut palette = vec![0; 3 * (usize::from(KEPT) + 1)];
        let mut places = BTreeMap::new();
        for (back, ink) in pairs() {
            // A test holds the theme against what there is room for.
            places.insert((back, ink), (palette.len() / 3) as u8);
            palette.extend((0..LEVELS).flat_map(|level| mix(back, ink, level, LEVELS - 1)));
        }
        Self { font: options.font, pairs: places, palette }
    }

    /// Red, green, blue and alpha of an index.
    pub(super) fn rgba(&self, index: u8) -> [u8; 4] {
        match self.palette.chunks_exact(3).nth(usize::from(index)) {
            Some(&[r, g, b]) if index != KEPT => [r, g, b, 255],
            _ => [0; 4],
        }
    }

    /// Width and height in pixels.
    pub(super) fn size(&self, size: Size) -> (usize, usize) {
        let (width, height) = self.font.cell();
        (usize::from(size.cols) * width, usize::from(size.rows) * height)
    }

    pub(super) fn draw(&self, screen: &Screen) -> Pixels {
        let (width, height) = self.size(screen.size());
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
                        let level = (usize::from(ink) * (LEVELS - 1) + 127) / 255;
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

#[cfg(test)]
mod tests {
    use pyprior_core::exec::Limits;
    use pyprior_core::{Language, LanguageConfig, ProgramSampler};

    use super::{LEVELS, Rasteriser};
    use crate::export::ExportOptions;
    use crate::layout::draw;
    use crate::replay::Replay;
    use crate::screen::Size;

    #[test]
    fn every_cell_has_its_pair() -> Result<(), Box<dyn std::error::Error>> {
        let raster = Rasteriser::new(&ExportOptions::default());
        assert!(raster.palette.len() == 3 * (1 + raster.pairs.len() * LEVELS) && raster.palette.len() <= 3 * 256);
        let language = Language::new(LanguageConfig { max_len: Some(60), ..LanguageConfig::default() })?;
        // Wide, narrow, with a hint; ends that are well, out of fuel, or not reached.
        let sizes = [(Size { cols: 92, rows: 24 }, None), (Size { cols: 40, rows: 30 }, Some("hint"))];
        let sampled = ProgramSampler::new(&language, 3).sample(0..60)?;
        for (nth, tokens) in (0..sampled.len()).filter_map(|nth| Some((nth, sampled.get(nth)?))) {
            let tokens = &tokens[..tokens.len() / (1 + nth % 2)];
            let fuel = [1, 1000][nth / 2 % 2];
            let replay = Replay::new(&language, tokens)?.run(Limits { fuel, ..Limits::default() });
            for (size, hint) in sizes {
                for (frame, view) in replay.views().enumerate() {
                    let screen = draw(&replay, &view, frame, size, hint);
                    for cell in screen.rows().flatten() {
                        let pair = (cell.style.back, cell.style.ink);
                        assert!(raster.pairs.contains_key(&pair), "{pair:?} in frame {frame} of {tokens:?}");
                    }
                }
            }
        }
        Ok(())
    }
}
