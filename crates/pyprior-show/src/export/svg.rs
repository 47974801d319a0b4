//! SVG 1.1, animated by CSS: a strip with all frames below each other, which rolls through a window.
//!
//! A line that frames have in common is written once. The last frame stands at the top of the strip, so that what does
//! not animate, or was asked not to, shows the finished program.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::Write;

use super::{ExportError, Film};
use crate::screen::{Cell, Style, width};
use crate::theme::{BACK, Rgb};

/// Width and height of a cell, and where its letters stand, in units of the image.
const CELL: (f64, f64) = (8.4, 19.0);
const BASELINE: f64 = 14.0;
const FONT: &str = "font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace";

pub(super) fn write(film: &Film<'_>, out: &mut dyn Write) -> Result<(), ExportError> {
    let size = film.options.size;
    let (width, height) = (f64::from(size.cols) * CELL.0, f64::from(size.rows) * CELL.1);
    let total = (0..film.len()).map(|frame| film.duration(frame)).sum::<std::time::Duration>().as_secs_f64();
    let mut lines = Lines::default();
    let (mut strip, mut rolls) = (String::new(), String::new());
    let mut at = 0.0;
    for (frame, (screen, duration)) in film.frames().enumerate() {
        let place = (frame + 1) % film.len();
        let top = place as f64 * height;
        for (row, cells) in screen.rows().enumerate() {
            let Some(id) = lines.id(cells) else { continue };
            let y = top + row as f64 * CELL.1;
            let _ = write!(strip, "<use href=\"#{id}\" y=\"{y:.0}\"/>");
        }
        strip.push('\n');
        let _ = writeln!(rolls, "{:.4}%{{transform:translateY({:.0}px)}}", 100.0 * at / total, -top);
        at += duration.as_secs_f64();
    }
    let Rgb(r, g, b) = BACK;
    write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" \
         height=\"{height:.0}\" role=\"img\">\n<title>{title}</title>\n<style>\ntext{{{FONT};white-space:pre}}\n\
         .b{{font-weight:bold}}\n.strip{{animation:roll {total:.2}s step-end infinite}}\n@keyframes roll{{\n{rolls}}}\n\
         @media (prefers-reduced-motion:reduce){{.strip{{animation:none}}}}\n</style>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"rgb({r},{g},{b})\"/>\n<defs>\n{defs}</defs>\n\
         <g class=\"strip\">\n{strip}</g>\n</svg>\n",
        title = escape(&film.title()),
        defs = lines.text,
    )?;
    Ok(())
}

/// Every line that occurs, once.
#[derive(Default)]
struct Lines {
    ids: HashMap<Vec<Cell>, Option<String>>,
    text: String,
}

impl Lines {
    /// What a line goes by; `None` if there is nothing to be seen of it.
    fn id(&mut self, cells: &[Cell]) -> Option<&str> {
        if !self.ids.contains_key(cells) {
            let drawn = line(cells);
            let id = (!drawn.is_empty()).then(|| format!("l{}", self.ids.len()));
            if let Some(id) = &id {
                let _ = writeln!(self.text, "<g id=\"{id}\">{drawn}</g>");
            }
            self.ids.insert(cells.to_vec(), id);
        }
        self.ids.get(cells)?.as_deref()
    }
}

/// A line: backgrounds, then runs of letters of one look, each as wide as its cells whatever the font.
fn line(cells: &[Cell]) -> String {
    let mut text = String::new();
    for (start, len, Style { back: Rgb(r, g, b), .. }) in runs(cells, |style| style.back) {
        if Rgb(r, g, b) != BACK {
            let (x, width) = (start as f64 * CELL.0, len as f64 * CELL.0);
            let height = CELL.1;
            let _ = write!(
                text,
                "<rect x=\"{x:.1}\" width=\"{width:.1}\" height=\"{height}\" fill=\"#{r:02x}{g:02x}{b:02x}\"/>"
            );
        }
    }
    for (start, len, Style { ink: Rgb(r, g, b), bold, .. }) in runs(cells, |style| (style.ink, style.bold, style.back))
    {
        let letters = cells[start..start + len].iter().filter_map(|cell| cell.letter).collect::<String>();
        let shown = letters.trim();
        if shown.is_empty() {
            continue;
        }
        // Spaces at the ends are places only, since not everything that draws SVG keeps them.
        let before = letters.len() - letters.trim_start().len();
        let cols = shown.chars().map(|letter| f64::from(width(letter))).sum::<f64>();
        let (x, length) = ((start + before) as f64 * CELL.0, cols * CELL.0);
        let class = if bold { " class=\"b\"" } else { "" };
        let _ = write!(
            text,
            "<text x=\"{x:.1}\" y=\"{BASELINE}\" textLength=\"{length:.1}\"{class} fill=\"#{r:02x}{g:02x}{b:02x}\">{}</text>",
            escape(shown)
        );
    }
    text
}

/// Runs of cells that are alike: where each starts, how long it is, and how its first cell looks.
fn runs<K: PartialEq>(cells: &[Cell], key: impl Fn(Style) -> K) -> Vec<(usize, usize, Style)> {
    let mut start = 0;
    let mut found = Vec::new();
    for run in cells.chunk_by(|a, b| key(a.style) == key(b.style)) {
        found.push((start, run.len(), run[0].style));
        start += run.len();
    }
    found
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
