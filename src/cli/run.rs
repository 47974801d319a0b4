//! `pyprior run`

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use clap::Args;
use pyprior_core::exec::{ExecError, Limits, Machine, Outcome, Program, Trace, Value};
use pyprior_core::{Encoded, Encoder, Language, Place, ProgramNames};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::EXIT_ERROR;
use super::language::{LanguageArgs, largest_constant, tokens};
use super::limits::LimitArgs;
use super::output::{Output, read};

/// Lines run and written at a time.
const BATCH: usize = 1 << 14;

/// Run programs, within limits.
///
/// Reads a program as Python source of the language, or with --tokens as ids or names; with --jsonl a program a line, run in parallel and written in order. For source, knobs that are not given are wider than elsewhere: blocks of 255 statements, 100 names of each kind, depths 20 and 8, integers of 15 bits. A step is a statement executed, an iteration of a loop, or a call. What is printed is CPython's, to the letter.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  echo 'print(6 * 7)' | pyprior run
  pyprior run program.py --call f --args 1 -2
  pyprior run program.py --fuel 5000 --trace 100
  echo BLK_1 PRINT INT_7 | pyprior run --tokens --json
  pyprior sample -n 1000 --format jsonl | pyprior run --jsonl > outcomes.jsonl

With --jsonl each line is an object with source or tokens (ids), and optionally call and args (integers, or text for integers of any size, True, False, None). What is written for it: value (text), stdout, steps, and error (an object with kind, or null); kinds are out_of_fuel, output_limit, integer_limit, type_error, arguments, no_function, and refused for what is no program of the language.

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
    /// Arguments of the call: integers of any size
    #[arg(long, num_args = 0.., value_name = "VALUE", requires = "call", allow_negative_numbers = true)]
    args: Vec<Value>,
    /// Write the first N values that variables take, each with its statement and line: to standard error, or in the JSON
    #[arg(long, value_name = "N", num_args = 0..=1, default_missing_value = "1000", conflicts_with = "jsonl")]
    trace: Option<usize>,
    /// Write the outcome as a JSON object
    #[arg(long)]
    json: bool,
    /// The file holds a JSON object a line
    #[arg(long, conflicts_with_all = ["tokens", "call", "json"])]
    jsonl: bool,
    #[command(flatten)]
    output: Output,
    #[command(flatten)]
    limits: LimitArgs,
    #[command(flatten)]
    language: LanguageArgs,
}

/// A line of --jsonl.
#[derive(Deserialize)]
struct Task {
    source: Option<String>,
    tokens: Option<Vec<u32>>,
    call: Option<String>,
    #[serde(default)]
    args: Vec<Arg>,
}

/// An argument: a number, or its text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Arg {
    Int(i64),
    Text(Value),
}

/// What is written where there is nothing to run.
#[derive(Serialize)]
struct Refused {
    value: Value,
    stdout: &'static str,
    steps: u64,
    error: Refusal,
}

#[derive(Serialize)]
struct Refusal {
    kind: &'static str,
    message: String,
}

#[derive(Serialize)]
struct Traced<'a> {
    #[serde(flatten)]
    outcome: &'a Outcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace: Option<&'a Trace>,
}

/// Languages that programs are read in.
struct Readers {
    tokens: Arc<Language>,
    source: Arc<Language>,
}

/// A program with the names of its source and where its statements start, if it has one.
struct Loaded {
    program: Program,
    names: Option<ProgramNames>,
    places: Vec<Place>,
}

impl Loaded {
    fn source(language: &Arc<Language>, source: &str) -> anyhow::Result<Self> {
        Self::found(language, Encoder::new(language).encode(source)?, Vec::new())
    }

    /// Takes longer, and knows where statements start.
    fn placed(language: &Arc<Language>, source: &str) -> anyhow::Result<Self> {
        let (found, places) = Encoder::new(language).encode_with_places(source.as_bytes())?;
        Self::found(language, found, places)
    }

    fn found(language: &Language, found: Encoded, places: Vec<Place>) -> anyhow::Result<Self> {
        Ok(Self { program: Program::from_tokens(language, &found.tokens)?, names: Some(found.names), places })
    }

    fn tokens(language: &Language, tokens: &[u32]) -> anyhow::Result<Self> {
        Ok(Self { program: Program::from_tokens(language, tokens)?, names: None, places: Vec::new() })
    }

    /// The number of a function.
    fn function(&self, name: &str) -> Result<u8, ExecError> {
        let named = self.names.as_ref().and_then(|names| names.funcs().iter().position(|func| func == name));
        let token = || name.strip_prefix("FUNC_").or(name.strip_prefix("func_"))?.parse().ok();
        let number = named.and_then(|nth| u8::try_from(nth + 1).ok()).or_else(token);
        number.ok_or_else(|| ExecError::NoFunction { name: name.to_owned() })
    }
}

impl Run {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        let language = self.language.language(None)?;
        // Ids of tokens hang on the knobs; source does not, and is mostly wider than what is sampled.
        let text = read(&self.file)?;
        let source = self.language.wide(largest_constant([&*text]))?;
        let readers = Readers { tokens: Arc::clone(&language), source };
        let limits = self.limits.limits();
        if self.jsonl {
            return self.lines(&readers, limits, &text);
        }
        let place = || self.file.display().to_string();
        let loaded = match self.tokens {
            true => Loaded::tokens(&language, &tokens(language.vocab(), text.split_whitespace())?),
            false => Loaded::placed(&readers.source, &text),
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
            result = loaded.function(name).and_then(|func| match self.trace {
                Some(limit) => machine.call_traced(&loaded.program, func, &self.args, &mut trace, limit),
                None => machine.call(&loaded.program, func, &self.args),
            });
        }
        if let Some(names) = &loaded.names {
            trace.name(names);
            trace.place(&loaded.places);
        }
        self.write(&machine.finish(result), &trace, &loaded.places)
    }

    fn write(&self, outcome: &Outcome, trace: &Trace, places: &[Place]) -> anyhow::Result<ExitCode> {
        let mut out = self.output.open()?;
        if self.json {
            let record = Traced { outcome, trace: self.trace.map(|_| trace) };
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
                let place = error.statement().and_then(|statement| places.get(statement as usize));
                let place = place.map(|place| format!("line {}: ", place.line)).unwrap_or_default();
                writeln!(err, "error: {place}{error} ({} steps)", outcome.steps)?;
            }
        }
        Ok(if outcome.error.is_some() { ExitCode::from(EXIT_ERROR) } else { ExitCode::SUCCESS })
    }

    fn lines(&self, readers: &Readers, limits: Limits, text: &str) -> anyhow::Result<ExitCode> {
        let mut out = self.output.open()?;
        let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()).collect::<Vec<_>>();
        for batch in lines.chunks(BATCH) {
            let run = |machine: &mut Machine, &(nth, line): &(usize, &str)| {
                let place = || format!("{}:{}", self.file.display(), nth + 1);
                let task = serde_json::from_str(line).context("no JSON object with source or tokens");
                one(readers, machine, task.with_context(place)?).with_context(place)
            };
            let written = batch.par_iter().map_init(|| Machine::new(limits), run).collect::<Vec<_>>();
            for line in written {
                writeln!(out, "{}", line?)?;
            }
        }
        out.flush()?;
        Ok(ExitCode::SUCCESS)
    }
}

/// The line that is written for a line.
fn one(readers: &Readers, machine: &mut Machine, task: Task) -> anyhow::Result<String> {
    let loaded = match (&task.source, &task.tokens) {
        (_, Some(tokens)) => Loaded::tokens(&readers.tokens, tokens),
        (Some(source), None) => Loaded::source(&readers.source, source),
        (None, None) => bail!("neither source nor tokens"),
    };
    let loaded = match loaded {
        Ok(loaded) => loaded,
        Err(error) => {
            let error = Refusal { kind: "refused", message: error.to_string() };
            return Ok(serde_json::to_string(&Refused { value: Value::None, stdout: "", steps: 0, error })?);
        }
    };
    let mut result = machine.run(&loaded.program).map(|()| Value::None);
    if let (Some(name), Ok(_)) = (&task.call, &result) {
        let value = |arg: &Arg| match arg {
            Arg::Int(value) => Value::Int(*value),
            Arg::Text(value) => value.clone(),
        };
        let args = task.args.iter().map(value).collect::<Vec<_>>();
        result = loaded.function(name).and_then(|func| machine.call(&loaded.program, func, &args));
    }
    Ok(serde_json::to_string(&machine.finish(result))?)
}
