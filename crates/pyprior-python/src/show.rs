//! A decode to look at.

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::PathBuf;
use std::time::Duration;

use pyo3::prelude::*;
use pyprior_core::ProgramNames;
use pyprior_core::exec::Limits;
use pyprior_show::{ExportOptions, Format, Phase, Replay, Timing};

use crate::errors::{self, Raised};
use crate::language::PyLanguage;
use crate::numbers;

fn replay(
    language: &Bound<'_, PyLanguage>,
    tokens: &Bound<'_, PyAny>,
    names: Option<&Bound<'_, PyAny>>,
    run: bool,
) -> PyResult<Replay> {
    let py = language.py();
    let ids = numbers::ids(tokens, "tokens")?;
    let replay = Replay::new(&language.get().inner, &ids).map_err(|error| errors::token(py, &error, None))?;
    let replay = match names.filter(|names| !names.is_none()) {
        Some(names) => {
            let names = ProgramNames::new(names.getattr("funcs")?.extract()?, names.getattr("scopes")?.extract()?);
            let names = names.map_err(|error| errors::name(py, &error))?;
            replay.with_names(names).map_err(|error| errors::named(py, &error))?
        }
        None => replay,
    };
    Ok(if run { py.detach(|| replay.run(Limits::default())) } else { replay })
}

/// A frame for each token and one before the first: source so far, kind of the next hole, legal names, the name taken.
type Frames = Vec<(String, Option<&'static str>, Vec<String>, Option<String>)>;

/// The steps of a decode, as 0.0.2 shows them.
#[pyfunction]
#[pyo3(signature = (language, tokens, names=None))]
pub fn frames(
    language: &Bound<'_, PyLanguage>,
    tokens: &Bound<'_, PyAny>,
    names: Option<&Bound<'_, PyAny>>,
) -> PyResult<Frames> {
    let replay = replay(language, tokens, names, false)?;
    let vocab = language.get().inner.vocab();
    let name = |id: u32| vocab.name(id).unwrap_or_default().to_owned();
    let views = replay.views().filter(|view| view.phase != Phase::Taken);
    let of = |view: pyprior_show::View| {
        let kind = view.frontier.map(|hole| hole.kind.name());
        (view.source, kind, view.legal.iter().map(|&id| name(id)).collect(), view.token.map(name))
    };
    Ok(views.map(of).collect())
}

fn timing(interval: f64) -> Timing {
    let seconds = if interval.is_finite() { interval.clamp(0.02, 60.0) } else { 0.7 };
    Timing { token: Duration::from_secs_f64(seconds), ..Timing::default() }
}

/// Writes a decode as an animation, in the format that the file's ending names.
#[pyfunction]
#[pyo3(signature = (language, tokens, path, names=None, run=true, interval=0.7))]
pub fn export(
    language: &Bound<'_, PyLanguage>,
    tokens: &Bound<'_, PyAny>,
    path: PathBuf,
    names: Option<&Bound<'_, PyAny>>,
    run: bool,
    interval: f64,
) -> PyResult<()> {
    let py = language.py();
    let refuse = |error: &dyn std::error::Error| Raised::new::<errors::ExportError_>(py, error).err();
    let format = Format::from_path(&path).map_err(|error| refuse(&error))?;
    let replay = replay(language, tokens, names, run)?;
    let options = ExportOptions { timing: timing(interval), ..ExportOptions::default() };
    let mut file = BufWriter::new(File::create(&path)?);
    py.detach(|| pyprior_show::export(&replay, format, &options, &mut file)).map_err(|error| refuse(&error))
}

/// Plays a decode on the terminal that standard output is.
#[pyfunction]
#[pyo3(signature = (language, tokens, names=None, run=true, interval=0.7))]
pub fn play(
    language: &Bound<'_, PyLanguage>,
    tokens: &Bound<'_, PyAny>,
    names: Option<&Bound<'_, PyAny>>,
    run: bool,
    interval: f64,
) -> PyResult<()> {
    let replay = replay(language, tokens, names, run)?;
    Ok(language.py().detach(|| pyprior_show::play(&replay, &timing(interval), &mut io::stdout().lock()))?)
}
