//! Runs inputs and commands, and writes what comes of them.

use std::io::Write;

use anyhow::bail;
use pyprior_core::Place;
use pyprior_core::exec::{Limits, Session, Value};

use super::lines::Lines;

const HELP: &str = "\
Statements run and expressions print their values; an empty line ends a block. _ is the last value.
  :vars    variables and functions
  :tokens  tokens of the last input, a statement a line
  :check   what in the last input never runs or is never read
  :fuel N  most steps of an input; without N, what it is
  :reset   forgets variables and functions
  :quit    ends, as Ctrl-D does where no block is open
Ctrl-C drops what is typed; while an input runs it ends the program, so :fuel is what bounds a run.";

pub(super) const COMMANDS: [&str; 7] = [":vars", ":tokens", ":check", ":fuel", ":reset", ":quit", ":help"];

/// Digits of a value that `:vars` shows.
const SHOWN: usize = 60;

/// What comes of an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    Done,
    /// It was refused, or ended early.
    Failed,
    Quit,
}

pub(super) struct Shell<F> {
    new: F,
    session: Session,
    /// Whether somebody looks on: errors stand below the line that they are about.
    terminal: bool,
}

impl<F: Fn(Limits) -> Session> Shell<F> {
    pub(super) fn new(new: F, limits: Limits, terminal: bool) -> Self {
        Self { session: new(limits), new, terminal }
    }

    /// Names that an input can use.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let functions = self.session.functions().map(|(name, _)| name);
        self.session.variables().map(|(name, _)| name).chain(functions)
    }

    /// Runs an input, a command, or nothing.
    pub(super) fn take(&mut self, lines: &Lines) -> anyhow::Result<Next> {
        let text = lines.text.trim();
        let next = match text.strip_prefix(':') {
            Some(_) => match self.command(text) {
                Ok(next) => next,
                Err(error) if error.downcast_ref::<std::io::Error>().is_some() => return Err(error),
                Err(error) => {
                    self.fail(lines, None, &error.to_string())?;
                    Next::Failed
                }
            },
            None if text.lines().all(|line| line.trim().is_empty() || line.trim().starts_with('#')) => Next::Done,
            None => self.input(lines)?,
        };
        std::io::stdout().flush()?;
        Ok(next)
    }

    fn input(&mut self, lines: &Lines) -> anyhow::Result<Next> {
        let outcome = match self.session.exec(&lines.text) {
            Ok(outcome) => outcome,
            Err(error) => {
                let hint = error.hint().map(|hint| format!(" ({hint})")).unwrap_or_default();
                self.fail(lines, error.place(), &format!("{}{hint}", error.reason()))?;
                return Ok(Next::Failed);
            }
        };
        let mut out = std::io::stdout().lock();
        out.write_all(outcome.stdout.as_bytes())?;
        if outcome.value != Value::None {
            writeln!(out, "{}", outcome.value)?;
        }
        let Some(error) = outcome.error else { return Ok(Next::Done) };
        out.flush()?;
        let place = error.statement().and_then(|statement| self.session.last()?.place(statement as usize));
        self.fail(lines, place, &error.to_string())?;
        Ok(Next::Failed)
    }

    /// Says what is wrong with an input, and where.
    fn fail(&self, lines: &Lines, place: Option<Place>, reason: &str) -> std::io::Result<()> {
        std::io::stdout().flush()?;
        let mut err = std::io::stderr().lock();
        match (self.terminal, place) {
            (true, Some(Place { line, column })) => {
                let text = lines.text.lines().nth((line as usize).saturating_sub(1)).unwrap_or_default();
                // What stands before the caret is as wide as what stands before the place.
                let space = |letter| if letter == '\t' { '\t' } else { ' ' };
                let before = text.chars().take((column as usize).saturating_sub(1)).map(space).collect::<String>();
                writeln!(err, "    {text}\n    {before}^\nerror: {reason}")
            }
            (true, None) => writeln!(err, "error: {reason}"),
            (false, place) => {
                let Place { line, column } = place.unwrap_or(Place { line: 1, column: 1 });
                writeln!(err, "-:{}:{column}: {reason}", lines.first + line as usize - 1)
            }
        }
    }

    fn command(&mut self, text: &str) -> anyhow::Result<Next> {
        let mut words = text.split_whitespace();
        let (command, argument) = (words.next().unwrap_or_default(), words.next());
        if let Some(extra) = words.next().or(argument.filter(|_| command != ":fuel")) {
            bail!("{command} takes no {extra:?}");
        }
        let mut out = std::io::stdout().lock();
        match command {
            ":help" => writeln!(out, "{HELP}")?,
            ":vars" => {
                for (name, value) in self.session.variables() {
                    writeln!(out, "{name} = {}", shortened(value))?;
                }
                for (name, parameters) in self.session.functions() {
                    writeln!(out, "{name}({})", parameters.join(", "))?;
                }
            }
            ":tokens" => {
                let vocab = self.session.language().vocab();
                for tokens in self.session.last().into_iter().flat_map(|last| last.statements()) {
                    let names = tokens.iter().map(|&token| vocab.name(token).unwrap_or_default());
                    writeln!(out, "{}", names.collect::<Vec<_>>().join(" "))?;
                }
            }
            ":check" => {
                let vocab = self.session.language().vocab();
                let found = self.session.last().map(|last| last.findings(vocab)).unwrap_or_default();
                for (Place { line, column }, kind, message) in &found {
                    writeln!(out, "{line}:{column}: {}: {message}", kind.name())?;
                }
                if found.is_empty() && self.terminal {
                    writeln!(out, "nothing found")?;
                }
            }
            ":fuel" => match argument.map(str::parse) {
                None => writeln!(out, "{}", self.session.limits().fuel)?,
                Some(Ok(fuel)) => self.session.set_limits(Limits { fuel, ..self.session.limits() }),
                Some(Err(_)) => bail!(":fuel takes a number of steps"),
            },
            ":reset" => self.session = (self.new)(self.session.limits()),
            ":quit" => return Ok(Next::Quit),
            _ => bail!("there is no command {command}; :help lists them"),
        }
        Ok(Next::Done)
    }
}

/// A value on one line.
fn shortened(value: &Value) -> String {
    let text = value.to_string();
    match text.get(..SHOWN) {
        Some(start) if text.len() > SHOWN => format!("{start}… ({} digits)", text.trim_start_matches('-').len()),
        _ => text,
    }
}
