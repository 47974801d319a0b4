//! Makes the picture at the top of the README: samples a program, runs it, and draws how it was decoded.
//!
//! ```text
//! cargo run --release --example demo                      # writes docs/decode.svg
//! cargo run --release --example demo -- demo.gif --play   # another format, and on the terminal
//! ```

use std::fs::File;
use std::io::{BufWriter, stdout};
use std::path::PathBuf;

use anyhow::Result;
use pyprior_core::exec::Limits;
use pyprior_core::{Language, LanguageConfig, PriorConfig, ProgramSampler};
use pyprior_show::{ExportOptions, Format, Replay, Size, Timing, export, play};

/// A row of seed 1 with most of the language in it: a function that returns in both branches, a comparison as a value,
/// calls within calls, a loop.
const ROW: u64 = 81_972;

fn main() -> Result<()> {
    let mut path = PathBuf::from("docs/decode.svg");
    let mut on_terminal = false;
    for arg in std::env::args().skip(1) {
        match arg.as_str() {
            "--play" => on_terminal = true,
            _ => path = arg.into(),
        }
    }
    let format = Format::from_path(&path)?;
    let config = LanguageConfig {
        value_range: (0, 9),
        max_vars: 4,
        max_funcs: 2,
        max_expr_depth: 2,
        max_len: Some(50),
        ..LanguageConfig::default()
    };
    let language = Language::new(config)?;
    let programs = ProgramSampler::with_prior(&language, PriorConfig::default(), 1)?.sample(ROW..ROW + 1)?;
    let replay = Replay::new(&language, programs.get(0).unwrap_or_default())?.run(Limits::default());
    let options = ExportOptions { size: Size { cols: 92, rows: 17 }, ..ExportOptions::default() };
    export(&replay, format, &options, &mut BufWriter::new(File::create(&path)?))?;
    println!("{}: {} frames of {} tokens", path.display(), replay.frames(), replay.tokens().len());
    if on_terminal {
        play(&replay, &Timing::default(), &mut stdout())?;
    }
    Ok(())
}
