//! Characters as levels of ink, from a font that is compiled in (Noto Sans Mono, SIL Open Font License).

use noto_sans_mono_bitmap::{FontWeight, RasterHeight, RasterizedChar, get_raster, get_raster_width};

/// Height of a cell in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum FontSize {
    /// 16 pixels.
    Small,
    /// 20 pixels.
    #[default]
    Medium,
    /// 24 pixels.
    Large,
}

impl FontSize {
    fn raster(self) -> RasterHeight {
        match self {
            FontSize::Small => RasterHeight::Size16,
            FontSize::Medium => RasterHeight::Size20,
            FontSize::Large => RasterHeight::Size24,
        }
    }

    /// Width and height of a cell in pixels.
    pub fn cell(self) -> (usize, usize) {
        (get_raster_width(FontWeight::Regular, self.raster()), self.raster().val())
    }

    /// The pixels of a character, row by row, 0 for none to 255 for full; what the font lacks is its mark for that.
    pub(crate) fn glyph(self, letter: char, bold: bool) -> &'static [u8] {
        let weight = if bold { FontWeight::Bold } else { FontWeight::Regular };
        let find = |letter| get_raster(letter, weight, self.raster());
        find(letter).or_else(|| find('\u{fffd}')).as_ref().map_or(&[], RasterizedChar::pixels)
    }
}
