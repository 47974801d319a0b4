//! `pyprior repl`
//!
//! ```text
//! lines.rs    lines to inputs: where one ends
//! shell.rs    runs inputs and commands, writes what comes of them
//! terminal.rs prompts, line editing, history
//! ```

mod lines;
mod shell;
mod terminal;

use std::io::{BufRead as _, IsTerminal as _};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use pyprior_core::EncodeOptions;
use pyprior_core::exec::{Limits, Session};

use self::lines::Pending;
use self::shell::{Next, Shell};
use super::EXIT_ERROR;
use super::language::LanguageArgs;
use super::limits::LimitArgs;

/// Largest constant, unless a range is given: what is to come is not known, and more take longer to start.
const CONSTANT: i64 = 9_999;

/// Run statements as they are typed, and keep what they leave.
///
/// As at Python's prompt, later inputs read the variables and call the functions of earlier ones, an expression prints its value and leaves it in `_`, and an empty line ends a block. The language stays total: a def that would have functions call each other in a circle is refused, so every input ends. Knobs that are not given are as wide as for `run`, with integers from -9999 to 9999.
///
/// Where standard input is no terminal, statements are read from it line by line in the same way, without prompts; a statement at the start of a line also ends the block before it. What is refused or ends early is said on standard error, `-:LINE:COLUMN: reason`, and what follows goes on.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  pyprior repl
  pyprior repl --fuel 5000 --profile pyprior-0.0.2
  printf 'x = 6\\nx * 7\\n' | pyprior repl

A session:
  >>> def square(n):
  ...     return n * n
  ...
  >>> square(12)
  144
  >>> for i in range(3):
  ...     print(_ + i)
  ...
  144
  145
  146
  >>> :vars
  i = 2
  square(n)

Commands: :vars, :tokens and :check of the last input, :fuel N, :reset, :quit, :help. At a terminal, Tab completes names and indents, Ctrl-C drops the input, Ctrl-D ends a block that is open, or else the program. While an input runs, Ctrl-C ends the program: runs are bounded by their limits.

Exit codes: 0 done; 1 if anything of a standard input that is no terminal was refused or ended early; 2 wrong usage.")]
pub(crate) struct Repl {
    /// Take `a < b` as a value for `int(a < b)`
    #[arg(long)]
    normalise: bool,
    #[command(flatten)]
    limits: LimitArgs,
    #[command(flatten)]
    language: LanguageArgs,
}

impl Repl {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        let language = self.language.wide(CONSTANT)?;
        let limits = self.limits.limits();
        let options = EncodeOptions { normalise: self.normalise, ..EncodeOptions::default() };
        let new = move |limits| Session::with_options(&language, options.clone(), limits);
        match std::io::stdin().is_terminal() {
            true => terminal::run(Shell::new(new, limits, true)),
            false => piped(Shell::new(new, limits, false)),
        }
    }
}

/// Reads standard input to its end.
fn piped(mut shell: Shell<impl Fn(Limits) -> Session>) -> anyhow::Result<ExitCode> {
    let mut pending = Pending::default();
    let mut failed = false;
    for (nth, line) in std::io::stdin().lock().lines().enumerate() {
        let line = line.context("cannot read standard input")?;
        if pending.ends_before(&line) {
            failed |= shell.take(&pending.take())? == Next::Failed;
        }
        pending.push(&line, nth + 1);
        if !pending.is_open() {
            match shell.take(&pending.take())? {
                Next::Quit => return Ok(code(failed)),
                next => failed |= next == Next::Failed,
            }
        }
    }
    failed |= shell.take(&pending.take())? == Next::Failed;
    Ok(code(failed))
}

fn code(failed: bool) -> ExitCode {
    if failed { ExitCode::from(EXIT_ERROR) } else { ExitCode::SUCCESS }
}
