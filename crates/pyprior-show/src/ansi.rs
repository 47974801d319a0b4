//! A screen as escape sequences of a terminal (ECMA-48; colours as in ITU T.416).

use std::fmt::Write as _;

use crate::screen::{Screen, Style};
use crate::theme::Rgb;

/// What colours a terminal shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Colours {
    /// 24 bits.
    True,
    /// The 256 of xterm.
    Indexed,
    /// None: what is to be looked at is in reverse.
    None,
}

impl Colours {
    /// What the environment says: `NO_COLOR` set to anything means none (no-color.org), `COLORTERM` of `truecolor` or
    /// `24bit` all of them.
    pub fn detect() -> Self {
        let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        match set("COLORTERM") {
            _ if set("NO_COLOR").is_some() => Colours::None,
            Some(value) if value == "truecolor" || value == "24bit" => Colours::True,
            _ => Colours::Indexed,
        }
    }
}

/// What turns one screen into another, from whatever place the cursor is at. Without one before, or with one of
/// another size, all of it.
pub fn update(before: Option<&Screen>, screen: &Screen, colours: Colours) -> String {
    let before = before.filter(|before| before.size() == screen.size());
    let mut out = String::new();
    let mut style = None;
    for (row, cells) in screen.rows().enumerate() {
        let old = before.and_then(|before| before.rows().nth(row));
        let mut next = None;
        for (col, cell) in cells.iter().enumerate() {
            let Some(letter) = cell.letter else { continue };
            // A wide character is written anew when either half has changed.
            let halves = 1 + usize::from(cells.get(col + 1).is_some_and(|cell| cell.letter.is_none()));
            if old.is_some_and(|old| old[col..col + halves] == cells[col..col + halves]) {
                continue;
            }
            if next != Some(col) {
                // Writing to a String cannot fail.
                let _ = write!(out, "\x1b[{};{}H", row + 1, col + 1);
            }
            if style != Some(cell.style) {
                out.push_str(&select(cell.style, colours));
                style = Some(cell.style);
            }
            out.push(letter);
            next = Some(col + halves);
        }
    }
    if style.is_some() {
        out.push_str("\x1b[0m");
    }
    out
}

fn select(style: Style, colours: Colours) -> String {
    let bold = if style.bold { ";1" } else { "" };
    match colours {
        Colours::True => {
            let (Rgb(r, g, b), Rgb(x, y, z)) = (style.ink, style.back);
            format!("\x1b[0{bold};38;2;{r};{g};{b};48;2;{x};{y};{z}m")
        }
        Colours::Indexed => format!("\x1b[0{bold};38;5;{};48;5;{}m", indexed(style.ink), indexed(style.back)),
        // Dark on light is what everything is not.
        Colours::None if light(style.back) => format!("\x1b[0{bold};7m"),
        Colours::None => format!("\x1b[0{bold}m"),
    }
}

fn light(Rgb(r, g, b): Rgb) -> bool {
    [r, g, b].into_iter().map(u32::from).sum::<u32>() > 3 * 0x40
}

/// The nearest of xterm's colours 16 to 255: a cube of six levels each, and 24 greys.
fn indexed(colour: Rgb) -> u8 {
    const LEVELS: [u8; 6] = [0, 95, 135, 175, 215, 255];
    let Rgb(r, g, b) = colour;
    let near = |value: u8| (0..6).min_by_key(|&nth| LEVELS[nth].abs_diff(value)).unwrap_or(0);
    let (x, y, z) = (near(r), near(g), near(b));
    let cube = Rgb(LEVELS[x], LEVELS[y], LEVELS[z]);
    let mean = (u32::from(r) + u32::from(g) + u32::from(b)) / 3;
    let step = (mean.saturating_sub(3) / 10).min(23);
    let level = (8 + 10 * step) as u8;
    match distance(Rgb(level, level, level), colour) < distance(cube, colour) {
        true => 232 + step as u8,
        false => (16 + 36 * x + 6 * y + z) as u8,
    }
}

fn distance(Rgb(r, g, b): Rgb, Rgb(x, y, z): Rgb) -> u32 {
    [(r, x), (g, y), (b, z)].map(|(a, b)| u32::from(a.abs_diff(b)).pow(2)).into_iter().sum()
}

#[cfg(test)]
mod tests {
    use super::{distance, indexed};
    use crate::theme::Rgb;

    #[test]
    fn indexed_is_the_nearest_of_all() {
        let levels = [0, 95, 135, 175, 215, 255];
        let colour = |index: u8| match index {
            232.. => {
                let level = 8 + 10 * (index - 232);
                Rgb(level, level, level)
            }
            _ => {
                let at = |divisor: u8| levels[usize::from((index - 16) / divisor % 6)];
                Rgb(at(36), at(6), at(1))
            }
        };
        for value in 0..4096_u32 {
            let byte = |shift: u32| ((value >> shift & 15) * 17) as u8;
            let wanted = Rgb(byte(8), byte(4), byte(0));
            let least = (16..=255).map(|index| distance(colour(index), wanted)).min();
            // The mean is not quite the nearest grey, so that a neighbour may be as good as two levels better.
            assert!(distance(colour(indexed(wanted)), wanted) <= least.unwrap_or(0) + 100, "{wanted:?}");
        }
    }
}
