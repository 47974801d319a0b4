//! Programs written in the order of their numbers, beside the thread that makes them.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use pyprior_core::exec::Limits;
use pyprior_core::{Language, Renderer};

use super::super::interrupt;
use super::super::sampled::{Drawn, Format, Program, ProgramWriter, Runner, words};
use super::prompts::Prompts;

/// A program as it comes out of the loop.
pub(super) struct Finished {
    pub(super) number: u64,
    pub(super) tokens: Vec<u32>,
    pub(super) drawn: Drawn,
}

/// Bytes that are gathered before they are written, and the time after which they are written anyway.
const ENOUGH: usize = 1 << 16;
const LONG: Duration = Duration::from_millis(100);

/// Writes programs as they come, in the order of their numbers: those that finish early wait. When no more come, what
/// waits is written too. Programs are run as they come; behind Ctrl-C no other is begun to be run.
pub(super) fn write(
    finished: Receiver<Finished>,
    mut out: Box<dyn Write + Send>,
    (language, format, limits): (&Arc<Language>, Format, Option<Limits>),
    prompts: &Prompts,
) -> anyhow::Result<()> {
    let words = words(language, format);
    let mut writer = ProgramWriter {
        format,
        language,
        renderer: Renderer::new(language),
        names: None,
        words: &words,
        runner: limits.map(|limits| Runner::new(language, limits)),
    };
    let (mut waiting, mut next) = (BTreeMap::new(), 0);
    let mut text = Text { format, bytes: Vec::new(), follows: false };
    let mut written = Instant::now();
    loop {
        // Nothing is kept back while nothing comes.
        let Finished { number, tokens, drawn } = match finished.try_recv() {
            Ok(program) if text.bytes.len() < ENOUGH && written.elapsed() < LONG => program,
            found => {
                text.write(&mut out)?;
                written = Instant::now();
                match found.or_else(|_| finished.recv()) {
                    Ok(program) => program,
                    Err(_) => break,
                }
            }
        };
        if limits.is_some() && interrupt::asked() {
            continue;
        }
        writer.names = prompts.names(number);
        let mut one = Vec::new();
        let program = Program { id: number, tokens: &tokens, drawn: Some(drawn), follows: false };
        writer.write(&mut one, program)?;
        waiting.insert(number, one);
        while let Some(one) = waiting.remove(&next) {
            text.push(&one);
            next += 1;
        }
    }
    waiting.into_values().for_each(|one| text.push(&one));
    Ok(text.write(&mut out)?)
}

/// What is to be written next.
struct Text {
    format: Format,
    bytes: Vec<u8>,
    /// Whether something stands before it.
    follows: bool,
}

impl Text {
    fn push(&mut self, program: &[u8]) {
        if self.follows && self.format == Format::Source {
            self.bytes.push(b'\n');
        }
        self.bytes.extend_from_slice(program);
        self.follows = true;
    }

    fn write(&mut self, out: &mut dyn Write) -> std::io::Result<()> {
        out.write_all(&self.bytes)?;
        self.bytes.clear();
        out.flush()
    }
}
