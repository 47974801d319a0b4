//! A decode to look at.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use pyo3::exceptions::PyKeyboardInterrupt;
use pyo3::prelude::*;
use pyprior_core::exec::Limits;
use pyprior_show::{ExportError, ExportOptions, FontSize, Format, Phase, Quit, Replay, Timing};

use crate::language::PyLanguage;
use crate::names::{self, Given};
use crate::{errors, numbers};

fn replay(
    language: &Bound<'_, PyLanguage>,
    tokens: &Bound<'_, PyAny>,
    names: Option<&Bound<'_, PyAny>>,
    run: bool,
) -> PyResult<Replay> {
    let (py, language) = (language.py(), &language.get().inner);
    let (ids, names) = (numbers::ids(tokens, "tokens")?, names::given(language, names)?);
    let replay = Replay::new(language, &ids).map_err(|error| errors::token(py, &error, None))?;
    let replay = match names {
        Given::Program(names) => replay.with_names(names).map_err(|error| errors::named(py, &error))?,
        Given::Table(names) => replay.with_pools(names),
        Given::Pools => replay,
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

/// The size of the font whose height in pixels is nearest.
fn font(pixels: u32) -> FontSize {
    let away = |size: &FontSize| size.cell().1.abs_diff(pixels as usize);
    [FontSize::Small, FontSize::Medium, FontSize::Large].into_iter().min_by_key(away).unwrap_or_default()
}

/// What goes by an ending, as `ExportError.format` has it.
fn ending(format: Format) -> Option<&'static str> {
    let known = Format::ALL.iter().find(|(known, _)| *known == format)?;
    known.1.first().copied()
}

/// Writes a decode as an animation, in the format that the file's ending names: as a whole or not at all.
#[pyfunction]
#[pyo3(signature = (language, tokens, path, names=None, run=true, interval=0.7, font_size=20))]
pub fn export(
    language: &Bound<'_, PyLanguage>,
    tokens: &Bound<'_, PyAny>,
    path: PathBuf,
    names: Option<&Bound<'_, PyAny>>,
    run: bool,
    interval: f64,
    font_size: u32,
) -> PyResult<()> {
    let py = language.py();
    let format = Format::from_path(&path).map_err(|error| errors::export(py, &path, None, &error))?;
    let replay = replay(language, tokens, names, run)?;
    let options = ExportOptions { timing: timing(interval), font: font(font_size), ..ExportOptions::default() };
    let written = py.detach(|| write_whole(&path, |out| pyprior_show::export(&replay, format, &options, out)));
    written.map_err(|error| errors::export(py, &path, ending(format), &error))
}

/// Tells what is written at the same time apart.
static WRITTEN: AtomicU64 = AtomicU64::new(0);

/// Writes a file as a whole or not at all: beside it under another name, which gives way to its own at the end. What is no
/// regular file, such as a pipe, is written as it is.
fn write_whole(path: &Path, write: impl FnOnce(&mut dyn Write) -> Result<(), ExportError>) -> Result<(), ExportError> {
    let flushed = |file: File| {
        let mut out = BufWriter::new(file);
        write(&mut out)?;
        Ok(out.flush()?)
    };
    let before = fs::metadata(path).ok();
    let special = before.as_ref().is_some_and(|found| !found.is_file());
    // A link stays one.
    let path = &fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let Some(name) = path.file_name().filter(|_| !special) else { return flushed(File::create(path)?) };
    let nth = WRITTEN.fetch_add(1, Ordering::Relaxed);
    let beside = path.with_file_name(format!(".{}.{}-{nth}.part", name.to_string_lossy(), std::process::id()));
    // What a process of the same number was kept from finishing.
    let _ = fs::remove_file(&beside);
    let written = File::create_new(&beside).map_err(ExportError::from).and_then(|file| {
        if let Some(before) = before {
            file.set_permissions(before.permissions())?;
        }
        flushed(file)
    });
    written.and_then(|()| Ok(fs::rename(&beside, path)?)).inspect_err(|_| {
        // The first error is the one to be told.
        let _ = fs::remove_file(&beside);
    })
}

/// Plays a decode on the terminal that standard output is. Raises KeyboardInterrupt if it is left by Ctrl-C, which a terminal
/// sends as a key meanwhile.
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
    match language.py().detach(|| pyprior_show::play(&replay, &timing(interval), &mut io::stdout().lock()))? {
        Quit::Asked => Ok(()),
        Quit::Interrupted => Err(PyKeyboardInterrupt::new_err(())),
    }
}
