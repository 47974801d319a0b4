//! Prompts, line editing, history and completion.

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::Context as _;
use pyprior_core::exec::{Limits, Session};
use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::DefaultHistory;
use rustyline::validate::Validator;
use rustyline::{CompletionType, Config, Context, Editor, Helper};

use super::lines::Pending;
use super::shell::{COMMANDS, Next, Shell};

const KEYWORDS: [&str; 9] = ["def ", "return ", "if ", "else:", "elif ", "for ", "in ", "range(", "print("];
const INDENT: &str = "    ";

/// Completes names.
#[derive(Debug, Default)]
struct Names(Vec<String>);

impl Completer for Names {
    type Candidate = String;

    fn complete(&self, line: &str, at: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<String>)> {
        let before = line.get(..at).unwrap_or(line);
        if before.trim().is_empty() {
            return Ok((at, vec![INDENT.to_owned()]));
        }
        if before.starts_with(':') {
            let fitting = COMMANDS.iter().filter(|command| command.starts_with(before));
            return Ok((0, fitting.map(|&command| command.to_owned()).collect()));
        }
        let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
        let start = before.len()
            - before.chars().rev().take_while(|&letter| is_part(letter)).map(char::len_utf8).sum::<usize>();
        let prefix = &before[start..];
        if prefix.is_empty() {
            return Ok((at, Vec::new()));
        }
        let known = self.0.iter().map(String::as_str).chain(KEYWORDS);
        Ok((start, known.filter(|name| name.starts_with(prefix)).map(str::to_owned).collect()))
    }
}

impl Hinter for Names {
    type Hint = String;
}
impl Highlighter for Names {}
impl Validator for Names {}
impl Helper for Names {}

/// Reads from the terminal until it ends.
pub(super) fn run(mut shell: Shell<impl Fn(Limits) -> Session>) -> anyhow::Result<ExitCode> {
    let config = Config::builder().completion_type(CompletionType::List).build();
    let mut editor = Editor::<Names, DefaultHistory>::with_config(config).context("cannot use the terminal")?;
    editor.set_helper(Some(Names::default()));
    let version = env!("CARGO_PKG_VERSION");
    writeln!(
        std::io::stdout(),
        "pyprior {version}: Python's arithmetic, loops and functions; every input ends. :help, Ctrl-D ends."
    )?;
    let mut pending = Pending::default();
    loop {
        let mut ended = false;
        match editor.readline(if pending.is_empty() { ">>> " } else { "... " }) {
            Ok(lines) => pending.push(&lines, 1),
            Err(ReadlineError::Interrupted) => {
                pending.take();
                continue;
            }
            Err(ReadlineError::Eof) if pending.is_empty() => return Ok(ExitCode::SUCCESS),
            // As in Python, it ends what is open first.
            Err(ReadlineError::Eof) => ended = true,
            Err(error) => return Err(error).context("cannot read from the terminal"),
        }
        if pending.is_open() && !ended {
            continue;
        }
        let input = pending.take();
        if !input.text.trim().is_empty() {
            // One entry, however many lines.
            editor.add_history_entry(input.text.trim_end()).context("cannot keep the history")?;
        }
        if shell.take(&input)? == Next::Quit {
            return Ok(ExitCode::SUCCESS);
        }
        if let Some(names) = editor.helper_mut() {
            names.0 = shell.names().map(str::to_owned).collect();
        }
    }
}
