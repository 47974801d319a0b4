//! `pyprior run`
//!
//! ```text
//! loaded.rs  programs ready to run, and what is told of how they ran
//! lines.rs   --jsonl: many programs, a line each
//! ```

mod lines;
mod loaded;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use pyprior_core::exec::{Machine, Outcome, Trace, Value};

use self::loaded::{Loaded, Options, Record};
use super::EXIT_ERROR;
use super::language::{LanguageArgs, largest_constant, tokens};
use super::limits::LimitArgs;
use super::output::{Output, open, read_bytes};

/// Run programs, within limits.
///
/// Reads a program as Python source of the language, or with --tokens as ids or names; with --jsonl a program a line, run in parallel and written in order. For source, knobs that are not given are wider than elsewhere: blocks of 255 statements, 100 names of each kind, depths 20 and 8, integers of 15 bits. A step is a statement executed, an iteration of a loop, or a call. What is printed is CPython's, to the letter.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  echo 'print(6 * 7)' | pyprior run
  pyprior run program.py --call f --args 1 -2
  pyprior run program.py --fuel 5000 --trace=100
  echo BLK_1 PRINT INT_7 | pyprior run --tokens --json
  pyprior sample -n 1000 --format jsonl | pyprior run --jsonl > outcomes.jsonl

With --jsonl each line is an object with source or tokens (ids), and optionally call and args (integers of any size, true, false, null, or text). What is written for it: value (text), stdout, steps, and error (null, or an object with kind); kinds are out_of_fuel, output_limit, integer_limit, type_error, arguments, no_function, refused for what is no program of the language, and bad_line for what is no such object. Lines are run as they come. docs/running.md has all fields.

Exit codes: 0 done; 1 a run-time error or a limit, or bad input; 2 wrong usage. With --jsonl, outcomes are data and the exit code is 0.")]
pub(crate) struct Run {
    /// File with the program or programs, `-` for standard input
    #[arg(default_value = "-")]
    file: PathBuf,
    /// The file holds tokens, ids or names separated by spaces
    #[arg(long)]
    tokens: bool,
    /// Call this function afterwards, by its name in the source or as FUNC_1, and print its value
    #[arg(long, value_name = "FUNCTION")]
    call: Option<String>,
    /// Arguments of the call, integers, True, False or None; FILE stands before them
    #[arg(long, num_args = 0.., value_name = "VALUE", requires = "call", allow_negative_numbers = true)]
    args: Vec<Value>,
    /// Write the first N values that variables take, each with its statement and line: to standard error, or in the JSON
    #[arg(
        long,
        value_name = "N",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "1000",
        conflicts_with = "jsonl"
    )]
    trace: Option<usize>,
    /// Write the outcome as a JSON object
    #[arg(long)]
    json: bool,
    /// The file holds a JSON object a line
    #[arg(long, conflicts_with_all = ["tokens", "call", "json"])]
    jsonl: bool,
    /// Take `a < b` as a value for `int(a < b)`
    #[arg(long)]
    normalise: bool,
    #[command(flatten)]
    output: Output,
    #[command(flatten)]
    limits: LimitArgs,
    #[command(flatten)]
    language: LanguageArgs,
}

impl Run {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        let limits = self.limits.limits();
        let options = Options { normalise: self.normalise };
        if self.jsonl {
            let mut out = self.output.open()?;
            lines::run(open(&self.file)?, &mut out, &self.language, options, limits)?;
            return Ok(ExitCode::SUCCESS);
        }
        let place = || self.file.display().to_string();
        let text = read_bytes(&self.file, usize::MAX)?;
        let loaded = match self.tokens {
            true => {
                // Ids of tokens hang on the knobs; source does not, and is mostly wider than what is sampled.
                let language = self.language.language(None)?;
                let text = String::from_utf8_lossy(&text);
                tokens(language.vocab(), text.split_whitespace()).and_then(|ids| Loaded::tokens(&language, &ids))
            }
            false => {
                let constant = largest_constant([&*String::from_utf8_lossy(&text)]);
                Loaded::placed(&self.language.wide(constant)?, &text, options)
            }
        };
        let loaded = loaded.with_context(place)?;
        let mut machine = Machine::new(limits);
        let mut trace = Trace::default();
        let mut result = match self.trace {
            Some(limit) => machine.run_traced(&loaded.program, &mut trace, limit),
            None => machine.run(&loaded.program),
        }
        .map(|()| Value::None);
        if let (Some(name), Ok(_)) = (&self.call, &result) {
            result = loaded.function(name, self.args.len()).and_then(|func| match self.trace {
                Some(limit) => machine.call_traced(&loaded.program, func, &self.args, &mut trace, limit),
                None => machine.call(&loaded.program, func, &self.args),
            });
        }
        if let Some(names) = &loaded.names {
            trace.name(names);
            trace.place(&loaded.places);
        }
        let outcome = machine.finish(result);
        let line = outcome.error.as_ref().and_then(|error| loaded.line(error));
        self.write(&outcome, line, &trace)
    }

    /// `line` is that of the error.
    fn write(&self, outcome: &Outcome, line: Option<u32>, trace: &Trace) -> anyhow::Result<ExitCode> {
        let mut out = self.output.open()?;
        if self.json {
            let record = Record::new(outcome, line, self.trace.map(|_| trace));
            writeln!(out, "{}", serde_json::to_string(&record)?)?;
        } else {
            out.write_all(outcome.stdout.as_bytes())?;
            if self.call.is_some() && outcome.error.is_none() {
                writeln!(out, "{}", outcome.value)?;
            }
        }
        out.flush()?;
        if !self.json {
            let mut err = std::io::stderr().lock();
            for event in &trace.events {
                let token = || format!("VAR_{}", event.slot);
                let name = event.name.clone().unwrap_or_else(token);
                writeln!(err, "line {}: {name} = {}", event.line, event.value)?;
            }
            if trace.truncated {
                writeln!(err, "… and more")?;
            }
            if let Some(error) = &outcome.error {
                let place = line.map(|line| format!("line {line}: ")).unwrap_or_default();
                let steps = if outcome.steps == 1 { "step" } else { "steps" };
                writeln!(err, "error: {place}{error} ({} {steps})", outcome.steps)?;
            }
        }
        Ok(if outcome.error.is_some() { ExitCode::from(EXIT_ERROR) } else { ExitCode::SUCCESS })
    }
}
