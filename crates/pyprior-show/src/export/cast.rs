//! asciicast v2: a header and one event a line, each JSON (docs.asciinema.org/manual/asciicast/v2).

use std::io::Write;
use std::time::Duration;

use serde_json::json;

use super::{ExportError, Film};
use crate::ansi::{Colours, update};

/// Hides the cursor.
const HIDE: &str = "\x1b[?25l";

pub(super) fn write(film: &Film<'_>, out: &mut dyn Write) -> Result<(), ExportError> {
    let size = film.options.size;
    let header = json!({ "version": 2, "width": size.cols, "height": size.rows, "title": film.title() });
    writeln!(out, "{header}")?;
    let mut at = Duration::ZERO;
    let mut before = None;
    for (screen, duration) in film.frames() {
        let hide = if before.is_none() { HIDE } else { "" };
        let text = format!("{hide}{}", update(before.as_ref(), &screen, Colours::True));
        writeln!(out, "{}", json!([at.as_secs_f64(), "o", text]))?;
        at += duration;
        before = Some(screen);
    }
    // Players end with the last event: an empty one keeps the last frame for its time.
    writeln!(out, "{}", json!([at.as_secs_f64(), "o", ""]))?;
    Ok(())
}
