//! A decode as plain text, for what is no terminal.

use std::io::{self, Write};

use crate::menu::groups;
use crate::replay::{Phase, Replay};

/// Writes every step: its token, what was legal, and the source behind it; then the output.
///
/// # Errors
///
/// Those of the writer.
pub fn write_plain(replay: &Replay, mut out: impl Write) -> io::Result<()> {
    let vocab = replay.language().vocab();
    for view in replay.views() {
        match view.phase {
            Phase::Legal => {
                let name = view.token.and_then(|token| vocab.name(token)).unwrap_or_default();
                let count = view.legal.len();
                let menu = groups(vocab, &view.legal, view.token);
                let words = menu.iter().flat_map(|group| group.words.iter().map(|word| word.text));
                let words = words.collect::<Vec<_>>().join(" ");
                writeln!(out, "{:>3}  {name}  ({count} legal: {words})", view.position + 1)?;
            }
            Phase::Taken => {
                for line in view.source.lines() {
                    writeln!(out, "     | {line}")?;
                }
            }
            Phase::End => {}
        }
    }
    if let Some(outcome) = replay.outcome() {
        writeln!(out, "\noutput:")?;
        out.write_all(outcome.stdout.as_bytes())?;
        match &outcome.error {
            Some(error) => writeln!(out, "({error})")?,
            None if outcome.steps == 1 => writeln!(out, "(1 step)")?,
            None => writeln!(out, "({} steps)", outcome.steps)?,
        }
    }
    Ok(())
}
