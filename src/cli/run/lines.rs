//! `run --jsonl`: a program a line, and a line for each.

use std::io::{BufRead as _, BufReader, Read, Write};
use std::sync::Arc;

use pyprior_core::exec::{Limits, Machine, Value};
use pyprior_core::{EncodeError, Language};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::super::language::{LanguageArgs, Widening};
use super::loaded::{Loaded, Options, Record};

/// Lines run and written at a time.
const BATCH: usize = 1 << 14;
/// Bytes read ahead: what is there is run together, and what comes later waits for nothing.
const AHEAD: usize = 1 << 20;

/// A line.
#[derive(Deserialize)]
struct Task {
    source: Option<String>,
    tokens: Option<Vec<u32>>,
    call: Option<String>,
    /// Numbers of any size, or text.
    args: Option<Vec<Box<RawValue>>>,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<u32>,
}

impl Refusal {
    /// A line that says nothing to run.
    fn line(message: impl Into<String>) -> Self {
        Self { kind: "bad_line", message: message.into(), line: None, column: None }
    }

    /// A program that is none of the language.
    fn program(error: &anyhow::Error) -> Self {
        let kind = "refused";
        match error.downcast_ref::<EncodeError>() {
            Some(found) => {
                let (line, column) = (Some(found.line), Some(found.column));
                Self { kind, message: found.kind.to_string(), line, column }
            }
            None => Self { kind, message: error.to_string(), line: None, column: None },
        }
    }
}

/// Languages that programs are read in, and how.
struct Readers<'a> {
    tokens: &'a Language,
    source: Arc<Language>,
    options: Options,
}

/// Runs the lines of `input`, and writes their outcomes in order, as soon as those that are there have run.
pub(super) fn run(
    input: Box<dyn Read>,
    out: &mut dyn Write,
    args: &LanguageArgs,
    options: Options,
    limits: Limits,
) -> anyhow::Result<()> {
    let tokens = args.language(None)?;
    let mut widening = Widening::default();
    let mut input = BufReader::with_capacity(AHEAD, input);
    loop {
        let batch = read_batch(&mut input)?;
        if batch.is_empty() {
            return Ok(());
        }
        let texts = batch.iter().filter_map(|line| str::from_utf8(line).ok());
        let source = widening.language(texts, |constant| args.wide(constant))?;
        let readers = Readers { tokens: &tokens, source, options };
        let lines = batch.par_iter().filter(|line| !line.trim_ascii().is_empty());
        let run = |machine: &mut Machine, line: &Vec<u8>| match one(&readers, machine, line) {
            Ok(written) => Ok(written),
            Err(error) => serde_json::to_string(&Refused { value: Value::None, stdout: "", steps: 0, error }),
        };
        for written in lines.map_init(|| Machine::new(limits), run).collect::<Vec<_>>() {
            writeln!(out, "{}", written?)?;
        }
        out.flush()?;
    }
}

/// The next line, and those behind it that have been read already.
fn read_batch(input: &mut BufReader<Box<dyn Read>>) -> std::io::Result<Vec<Vec<u8>>> {
    let mut lines = Vec::new();
    while lines.len() < BATCH && (lines.is_empty() || input.buffer().contains(&b'\n')) {
        let mut line = Vec::new();
        if input.read_until(b'\n', &mut line)? == 0 {
            break;
        }
        lines.push(line);
    }
    Ok(lines)
}

/// The line that is written for a line.
fn one(readers: &Readers<'_>, machine: &mut Machine, line: &[u8]) -> Result<String, Refusal> {
    let line = line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(line);
    let task: Task = serde_json::from_slice(line).map_err(|error| Refusal::line(of_line(&error)))?;
    let args = task.args.iter().flatten().map(|arg| value(arg.get())).collect::<Result<Vec<_>, _>>()?;
    if task.call.is_none() && !args.is_empty() {
        return Err(Refusal::line("args without call"));
    }
    let loaded = match (&task.source, &task.tokens) {
        (_, Some(tokens)) => Loaded::tokens(readers.tokens, tokens),
        (Some(source), None) => Loaded::source(&readers.source, source, readers.options),
        (None, None) => return Err(Refusal::line("neither source nor tokens")),
    };
    let loaded = loaded.map_err(|error| Refusal::program(&error))?;
    let mut result = machine.run(&loaded.program).map(|()| Value::None);
    if let (Some(name), Ok(_)) = (&task.call, &result) {
        let func = loaded.function(name, args.len());
        result = func.and_then(|func| machine.call(&loaded.program, func, &args));
    }
    let outcome = machine.finish(result);
    // Where statements start is only looked for where it has to be told.
    let line = outcome.error.as_ref().filter(|error| error.statement().is_some()).and_then(|error| {
        let source = task.source.as_ref().filter(|_| task.tokens.is_none())?;
        Loaded::placed(&readers.source, source.as_bytes(), readers.options).ok()?.line(error)
    });
    serde_json::to_string(&Record::new(&outcome, line, None)).map_err(|error| Refusal::line(error.to_string()))
}

/// What is wrong with a line, which is the only one that is read.
fn of_line(error: &serde_json::Error) -> String {
    let (text, column) = (error.to_string(), error.column());
    match text.strip_suffix(&format!(" at line 1 column {column}")) {
        Some(what) => format!("{what} at column {column}"),
        None => text,
    }
}

/// The value that a JSON value stands for: a number of any size, true, false, null, or the text of a value.
fn value(json: &str) -> Result<Value, Refusal> {
    let text = match json {
        "true" => "True".to_owned(),
        "false" => "False".to_owned(),
        "null" => "None".to_owned(),
        _ if json.starts_with('"') => serde_json::from_str(json).unwrap_or_default(),
        _ => json.to_owned(),
    };
    text.parse().map_err(|error| Refusal::line(format!("args: {error}")))
}
