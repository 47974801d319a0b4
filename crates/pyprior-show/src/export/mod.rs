//! Animations of a replay as files.

mod apng;
mod cast;
mod gif;
mod raster;
mod svg;
mod webp;

use std::ffi::OsStr;
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use thiserror::Error;

use crate::font::FontSize;
use crate::layout::draw;
use crate::replay::Replay;
use crate::screen::{Screen, Size};
use crate::timing::Timing;

/// File formats of animations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// GIF89a with a palette of all colours that occur.
    Gif,
    /// Animated PNG.
    Apng,
    /// WebP, lossless.
    WebP,
    /// SVG, animated by CSS; what does not animate shows the last frame.
    Svg,
    /// asciicast v2, the format of asciinema.
    Cast,
}

impl Format {
    /// Every format with the endings of its files.
    pub const ALL: [(Format, &'static [&'static str]); 5] = [
        (Format::Gif, &["gif"]),
        (Format::Apng, &["png", "apng"]),
        (Format::WebP, &["webp"]),
        (Format::Svg, &["svg"]),
        (Format::Cast, &["cast"]),
    ];

    /// The format that a file's name asks for.
    ///
    /// # Errors
    ///
    /// [`ExportError::Extension`] for other endings.
    pub fn from_path(path: &Path) -> Result<Self, ExportError> {
        let extension = path.extension().and_then(OsStr::to_str).unwrap_or_default().to_ascii_lowercase();
        let found = Self::ALL.into_iter().find(|(_, endings)| endings.contains(&extension.as_str()));
        found.map(|(format, _)| format).ok_or_else(|| ExportError::Extension { path: path.display().to_string() })
    }
}

/// How an animation looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ExportOptions {
    /// Columns and rows.
    pub size: Size,
    /// Size of the font; SVG and casts have none.
    pub font: FontSize,
    /// How long frames stand.
    pub timing: Timing,
}

impl ExportOptions {
    /// Smallest size.
    pub const MIN: Size = Size { cols: 20, rows: 8 };
    /// Largest size.
    pub const MAX: Size = Size { cols: 300, rows: 120 };
}

impl ExportOptions {
    /// Checks the size, before a file is opened.
    ///
    /// # Errors
    ///
    /// [`ExportError::Size`] if it is out of range.
    pub fn check(&self) -> Result<(), ExportError> {
        let (size, min, max) = (self.size, Self::MIN, Self::MAX);
        let fits = (min.cols..=max.cols).contains(&size.cols) && (min.rows..=max.rows).contains(&size.rows);
        if fits { Ok(()) } else { Err(ExportError::Size { size }) }
    }
}

impl Default for ExportOptions {
    /// 92 columns and 24 rows.
    fn default() -> Self {
        Self { size: Size { cols: 92, rows: 24 }, font: FontSize::default(), timing: Timing::default() }
    }
}

/// What stands in the way of an animation.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ExportError {
    /// No format goes by the file's ending.
    #[error("{path:?} does not end in one of .gif .png .apng .webp .svg .cast")]
    Extension {
        /// The file.
        path: String,
    },
    /// The size is out of range.
    #[error(
        "a screen of {}x{} characters; from {}x{} to {}x{} is possible",
        size.cols, size.rows, ExportOptions::MIN.cols, ExportOptions::MIN.rows,
        ExportOptions::MAX.cols, ExportOptions::MAX.rows
    )]
    Size {
        /// The size.
        size: Size,
    },
    /// Frames that a format has no room for.
    #[error("the animation is too long for its format")]
    TooLong,
    /// GIF.
    #[error("GIF")]
    Gif(#[from] ::gif::EncodingError),
    /// PNG.
    #[error("PNG")]
    Png(#[from] ::png::EncodingError),
    /// WebP.
    #[error("WebP")]
    WebP(#[from] image_webp::EncodingError),
    /// Writing.
    #[error("cannot write the animation")]
    Io(#[from] io::Error),
}

/// Writes a replay as an animation, one image for each frame.
///
/// The bytes depend on the replay and the options alone. Memory: two images, and the file itself for WebP.
///
/// # Errors
///
/// [`ExportError`]: the size is out of range, the format has no room, or the writer fails.
pub fn export(
    replay: &Replay,
    format: Format,
    options: &ExportOptions,
    out: &mut dyn Write,
) -> Result<(), ExportError> {
    options.check()?;
    let film = Film { replay, options };
    match format {
        Format::Gif => gif::write(&film, out)?,
        Format::Apng => apng::write(&film, out)?,
        Format::WebP => webp::write(&film, out)?,
        Format::Svg => svg::write(&film, out)?,
        Format::Cast => cast::write(&film, out)?,
    }
    Ok(out.flush()?)
}

/// What every format is made of.
struct Film<'a> {
    replay: &'a Replay,
    options: &'a ExportOptions,
}

impl Film<'_> {
    fn len(&self) -> usize {
        self.replay.frames()
    }

    fn duration(&self, frame: usize) -> Duration {
        self.options.timing.of(self.replay.phase(frame))
    }

    /// Screens, each with how long it stands.
    fn frames(&self) -> impl Iterator<Item = (Screen, Duration)> {
        let screen = |frame, view| draw(self.replay, &view, frame, self.options.size, None);
        self.replay.views().enumerate().map(move |(frame, view)| (screen(frame, view), self.duration(frame)))
    }

    /// A title for formats that have one.
    fn title(&self) -> String {
        format!("A program of {} tokens, decoded by PyPrior", self.replay.tokens().len())
    }
}
