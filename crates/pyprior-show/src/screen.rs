//! A screen of cells, from which every output is made.

use unicode_width::UnicodeWidthChar as _;

use crate::theme::{BACK, Rgb, TEXT};

/// Columns and rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Size {
    /// Columns.
    pub cols: u16,
    /// Rows.
    pub rows: u16,
}

/// How a character looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Style {
    /// Colour of the character.
    pub ink: Rgb,
    /// Colour behind it.
    pub back: Rgb,
    /// Whether it is bold.
    pub bold: bool,
}

impl Style {
    /// Not bold, on the screen's own background.
    pub(crate) const fn ink(ink: Rgb) -> Self {
        Self { ink, back: BACK, bold: false }
    }

    pub(crate) const fn on(self, back: Rgb) -> Self {
        Self { back, ..self }
    }

    pub(crate) const fn bold(self) -> Self {
        Self { bold: true, ..self }
    }
}

/// One place of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Cell {
    /// The character; `None` for the second half of a wide one.
    pub letter: Option<char>,
    /// How it looks.
    pub style: Style,
}

/// Rows of cells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Screen {
    size: Size,
    cells: Vec<Cell>,
}

impl Screen {
    pub(crate) fn new(size: Size) -> Self {
        let cell = Cell { letter: Some(' '), style: Style::ink(TEXT) };
        Self { size, cells: vec![cell; usize::from(size.cols) * usize::from(size.rows)] }
    }

    /// Columns and rows.
    pub fn size(&self) -> Size {
        self.size
    }

    /// Rows from the top, each with its cells from the left.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &[Cell]> {
        // A screen without columns has no rows that one could see.
        self.cells.chunks_exact(usize::from(self.size.cols).max(1))
    }

    /// Characters alone, without spaces at the ends of lines.
    pub fn text(&self) -> String {
        let line = |row: &[Cell]| row.iter().filter_map(|cell| cell.letter).collect::<String>().trim_end().to_owned();
        self.rows().map(line).collect::<Vec<_>>().join("\n")
    }

    /// Fills a rectangle; what lies outside the screen is left out.
    pub(crate) fn fill(&mut self, cols: std::ops::Range<u16>, rows: std::ops::Range<u16>, style: Style) {
        for row in rows {
            for col in cols.clone() {
                self.set(col, row, Cell { letter: Some(' '), style });
            }
        }
    }

    /// Writes characters from a column on, up to and without another, and returns the column behind them. Characters
    /// without a width, such as marks that combine, are left out.
    pub(crate) fn put(&mut self, mut col: u16, row: u16, end: u16, text: &str, style: Style) -> u16 {
        for letter in text.chars() {
            let width = width(letter);
            if width == 0 {
                continue;
            }
            if col.saturating_add(width) > end.min(self.size.cols) {
                break;
            }
            self.set(col, row, Cell { letter: Some(letter), style });
            for half in 1..width {
                self.set(col + half, row, Cell { letter: None, style });
            }
            col += width;
        }
        col
    }

    fn set(&mut self, col: u16, row: u16, cell: Cell) {
        if col < self.size.cols
            && let Some(found) = self.cells.get_mut(usize::from(row) * usize::from(self.size.cols) + usize::from(col))
        {
            *found = cell;
        }
    }
}

/// Columns of a character: 0, 1 or 2.
pub(crate) fn width(letter: char) -> u16 {
    letter.width().map_or(0, |width| width.min(2) as u16)
}
