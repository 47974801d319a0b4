//! Source text to tree and tokens.
//!
//! ```text
//! position.rs   lines and columns
//! places.rs     where statements start
//! lacking.rs    what Python has and the language lacks
//! error.rs      refusals
//! scan.rs       before the parser: bounds what it is given, refuses tokens that no program holds
//! statements.rs the parser's tree to ours and to tokens, each token taken by a matcher
//! expressions.rs
//! prompt.rs     the same for the start of a program
//! outline.rs    what the statements of an input call, read and bind
//! carried.rs    the same for an input of a session, behind what it needs of earlier ones
//! constants.rs  constants of any size
//! bindings.rs   names to variables and functions
//! refusal.rs    what the matcher refuses, in words of source
//! ```

mod bindings;
pub(crate) mod carried;
pub(crate) mod constants;
pub(crate) mod error;
mod expressions;
mod lacking;
pub(crate) mod outline;
pub(crate) mod places;
mod position;
pub(crate) mod prompt;
mod refusal;
mod scan;
mod statements;

use std::sync::Arc;

use ruff_python_ast::ModModule;
use ruff_python_parser::{Parsed, parse_module};

use self::constants::Constants;
use self::error::{EncodeError, EncodeErrorKind};
use self::scan::{Scanned, scan};
use super::program_names::ProgramNames;
use crate::ast::Module;
use crate::language::Language;
use crate::matcher::Matcher;

/// How source is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncodeOptions {
    /// Whether a bare comparison as a value, `x = a < b`, is taken for `x = int(a < b)` in languages that write the
    /// latter. Off unless asked for: it changes what is printed, 1 for True. Where comparisons are
    /// [`Bool`](crate::ComparisonValues::Bool) it changes nothing.
    pub normalise: bool,
    /// Largest source in bytes; 1 MiB unless set. Reading takes memory of about 100 times the source at worst.
    pub max_source_bytes: usize,
}

impl Default for EncodeOptions {
    fn default() -> Self {
        Self { normalise: false, max_source_bytes: 1 << 20 }
    }
}

/// A program read from source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoded {
    /// Its tokens, without `PAD`: a legal program of the language, of at most its `max_len`.
    pub tokens: Vec<u32>,
    /// Its tree.
    pub tree: Module,
    /// The names of the source, with which [`Renderer::render_named`](crate::Renderer::render_named) writes it again.
    pub names: ProgramNames,
}

/// Reads Python source as programs of a language; keep one to reuse its memory.
///
/// The subset is every module whose syntax tree is that of a legal program as a [`Renderer`](crate::Renderer) writes
/// it, with any names, comments, blank lines, redundant parentheses and `elif`. Everything else is refused with
/// stage, line, column and reason. Names become numbers by scope and binding, so that what is written again with
/// [`Encoded::names`] runs exactly as the source does.
///
/// ```
/// use pyprior_core::{Encoder, Language, LanguageConfig, Renderer};
///
/// let language = Language::new(LanguageConfig::default())?;
/// let mut encoder = Encoder::new(&language);
/// let program = encoder.encode("count = (7)  # a remark\nprint(int(count < 9))\n")?;
/// let names = program.tokens.iter().filter_map(|&token| language.vocab().name(token)).collect::<Vec<_>>();
/// assert_eq!(names.join(" "), "BLK_2 ASSIGN VAR_1 INT_7 PRINT LT VAR_1 INT_9");
/// let mut renderer = Renderer::new(&language);
/// let source = renderer.render_named(&program.tokens, &program.names)?;
/// assert_eq!(source, "count = 7\nprint(int(count < 9))");
///
/// let error = encoder.encode("x = 1\nx += 1\n").unwrap_err();
/// assert_eq!(error.to_string(), "2:3: not part of the language: augmented assignments");
/// assert_eq!(error.hint(), Some("write `x = x + 1` for `x += 1`"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Encoder {
    options: EncodeOptions,
    matcher: Matcher,
    /// Where tokens do not say constants but places of constants.
    constants: Option<Constants>,
}

/// Why the source is refused, and at which byte.
#[derive(Debug)]
struct Refusal {
    at: usize,
    kind: EncodeErrorKind,
}

impl Refusal {
    fn in_source(self, source: &str) -> EncodeError {
        let (line, column) = position::line_and_column(source, self.at);
        EncodeError { line, column, kind: self.kind }
    }
}

impl Encoder {
    /// An encoder with the default options.
    pub fn new(language: &Arc<Language>) -> Self {
        Self::with_options(language, EncodeOptions::default())
    }

    /// An encoder with options of one's own.
    pub fn with_options(language: &Arc<Language>, options: EncodeOptions) -> Self {
        Self { options, matcher: Matcher::new(language), constants: None }
    }

    /// Reads constants of any 64 bits, whatever those of the language: what is to be run and not to be modelled. In the tokens each
    /// stands for its place among the different constants that this encoder has read, counted from 0, so a language of
    /// `value_range` (0, n - 1) has room for n of them; [`Encoded::tree`] has the numbers themselves.
    ///
    /// ```
    /// use pyprior_core::exec::{Limits, Machine, Program};
    /// use pyprior_core::{Encoder, Language, LanguageConfig};
    ///
    /// let language = Language::new(LanguageConfig { value_range: (0, 99), ..LanguageConfig::default() })?;
    /// let read = Encoder::new(&language).any_constants().encode("print(1000000 * 1000000)")?;
    /// let program = Program::from_module(&read.tree, language.config().comparison_values)?;
    /// assert_eq!(Machine::new(Limits::default()).outcome(&program, None).stdout, "1000000000000\n");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn any_constants(mut self) -> Self {
        self.constants = Some(Constants::default());
        self
    }

    /// Reads a program: about 10 µs for 30 tokens. Stack and memory are bounded whatever the source.
    ///
    /// # Errors
    ///
    /// [`EncodeError`] at the first place where the source is no program of the language.
    pub fn encode(&mut self, source: &str) -> Result<Encoded, EncodeError> {
        // Columns do not count a byte order mark.
        let source = source.strip_prefix('\u{feff}').unwrap_or(source);
        self.read(source).map_err(|refusal| refusal.in_source(source))
    }

    /// [`encode`](Self::encode) of bytes, which must be UTF-8; an encoding declaration is a comment like any other.
    ///
    /// # Errors
    ///
    /// [`EncodeError`] at the first byte that is no text, or as for text.
    pub fn encode_bytes(&mut self, source: &[u8]) -> Result<Encoded, EncodeError> {
        self.check_len(source.len()).map_err(|refusal| EncodeError { line: 1, column: 1, kind: refusal.kind })?;
        match str::from_utf8(source) {
            Ok(source) => self.encode(source),
            Err(error) => {
                let text = str::from_utf8(&source[..error.valid_up_to()]).unwrap_or_default();
                let text = text.strip_prefix('\u{feff}').unwrap_or(text);
                let (line, column) = position::line_and_column(text, text.len());
                Err(EncodeError { line, column, kind: EncodeErrorKind::NotUtf8 })
            }
        }
    }

    fn check_len(&self, bytes: usize) -> Result<(), Refusal> {
        // The parser counts bytes in 32 bits.
        let max = self.options.max_source_bytes.min(u32::MAX as usize);
        match bytes > max {
            true => Err(Refusal { at: 0, kind: EncodeErrorKind::TooLarge { bytes, max } }),
            false => Ok(()),
        }
    }

    fn read(&mut self, source: &str) -> Result<Encoded, Refusal> {
        let parsed = self.parse(source)?;
        self.matcher.reset();
        statements::module(&mut self.matcher, self.constants.as_mut(), self.options.normalise, parsed.suite())
    }

    /// Parses a source that the scan lets through, whose tree is then of bounded depth.
    fn parse(&self, source: &str) -> Result<Parsed<ModModule>, Refusal> {
        self.check_len(source.len())?;
        // CPython refuses them anywhere, even in comments.
        if let Some(at) = source.bytes().position(|byte| byte == 0) {
            return Err(Refusal { at, kind: EncodeErrorKind::Nul });
        }
        let (text, cut) = match scan(source, self.matcher.language().config().max_expr_depth)? {
            Scanned::Whole => (source, None),
            Scanned::Until(end) => (&source[..end], Some(end)),
        };
        let syntax = |at, message| Refusal { at, kind: EncodeErrorKind::Syntax { message } };
        let parsed = parse_module(text)
            .map_err(|error| syntax(error.location.start().to_usize(), in_our_style(&error.error.to_string())))?;
        if let Some(end) = cut {
            return Err(syntax(end.saturating_sub(1), "invalid syntax".to_owned()));
        }
        Ok(parsed)
    }
}

/// The parser's message in the style of ours; the parts of it that are not for people in words.
fn in_our_style(message: &str) -> String {
    if message.starts_with("ParseIntError") {
        return "invalid integer literal".to_owned();
    }
    let (first, rest) = message.split_at_checked(1).unwrap_or((message, ""));
    first.to_ascii_lowercase() + rest
}
