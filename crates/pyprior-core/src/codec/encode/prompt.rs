//! The start of a program from source: what a sampler is to continue.

use ruff_python_parser::parse_module;
use ruff_text_size::TextSize;

use super::error::{EncodeError, EncodeErrorKind as Kind};
use super::scan::{Scanned, scan};
use super::{Encoder, Refusal, in_our_style, position, statements};
use crate::codec::program_names::ProgramNames;

/// The start of a program, for one number of statements of its module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    /// The tokens: a prefix of legal programs of the language.
    pub tokens: Vec<u32>,
    /// Statements of the module, of which the prompt has the first ones.
    pub statements: u8,
    /// The names of the source, with which [`Renderer::render_continued`](crate::Renderer::render_continued) writes a
    /// program that goes on from it.
    pub names: ProgramNames,
}

impl Encoder {
    /// Reads the start of a program.
    ///
    /// Complete statements are the first of the module, behind which at least one more follows: one prompt for each
    /// number of statements that the module may have, ascending. A source whose last line opens a block (`for i in
    /// range(3):`) goes on inside that block, and so does a signature, `def f(a, b)` with or without its colon: one
    /// prompt, whose module ends with that statement if the language allows it. So a signature by itself starts a
    /// program that is a single function.
    ///
    /// ```
    /// use pyprior_core::{Encoder, Language, LanguageConfig};
    ///
    /// let language = Language::new(LanguageConfig::default())?;
    /// let prompts = Encoder::new(&language).encode_prompts("def area(width, height)")?;
    /// let names = prompts[0].tokens.iter().filter_map(|&token| language.vocab().name(token)).collect::<Vec<_>>();
    /// assert_eq!(names, ["BLK_1", "FUNC_1", "ARITY_2"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`EncodeError`] at the first place where the source is no start of a program of the language.
    pub fn encode_prompts(&mut self, source: &str) -> Result<Vec<Prompt>, EncodeError> {
        let source = source.strip_prefix('\u{feff}').unwrap_or(source);
        self.read_prompts(source).map_err(|refusal| {
            let at = refusal.at.min(source.len());
            let (line, column) = position::line_and_column(source, at);
            EncodeError { line, column, kind: refusal.kind }
        })
    }

    fn read_prompts(&mut self, source: &str) -> Result<Vec<Prompt>, Refusal> {
        self.check_len(source.len())?;
        if let Some(at) = source.bytes().position(|byte| byte == 0) {
            return Err(Refusal { at, kind: Kind::Nul });
        }
        let (text, open) = close(source);
        let syntax = |at, message| Refusal { at, kind: Kind::Syntax { message } };
        if let Scanned::Until(end) = scan(&text, self.matcher.language().config().max_expr_depth)? {
            return Err(syntax(end.saturating_sub(1), "invalid syntax".to_owned()));
        }
        let parsed = parse_module(&text)
            .map_err(|error| syntax(error.location.start().to_usize(), in_our_style(&error.error.to_string())))?;
        let body = parsed.suite();
        let max = self.matcher.language().config().max_block_stmts as usize;
        if open.is_none() && body.len() == max {
            let max = self.matcher.language().config().max_block_stmts;
            return Err(Refusal { at: text.trim_end().len(), kind: Kind::Filled { max } });
        }
        let first = if open.is_some() { body.len() } else { body.len() + 1 };
        let mut prompts = Vec::new();
        let mut refused = None;
        for statements in (first..=max.max(first)).filter_map(|count| u8::try_from(count).ok()) {
            self.matcher.reset();
            match statements::start(&mut self.matcher, self.options.normalise, body, statements, open) {
                Ok(names) => {
                    prompts.push(Prompt { tokens: self.matcher.tokens().to_vec(), statements, names });
                    if open.is_some() {
                        break;
                    }
                }
                Err(refusal) => refused = refused.or(Some(refusal)),
            }
        }
        match refused {
            Some(refusal) if prompts.is_empty() => Err(refusal),
            _ if prompts.is_empty() => Err(Refusal { at: 0, kind: Kind::Empty }),
            _ => Ok(prompts),
        }
    }
}

/// The source as whole statements, and where the block begins that it leaves open: there stands a name in its place.
fn close(source: &str) -> (String, Option<TextSize>) {
    let code = |line: &str| line.split('#').next().unwrap_or_default().trim_end().len();
    let starts = [0].into_iter().chain(source.match_indices('\n').map(|(at, _)| at + 1));
    let mut lines = starts.zip(source.split('\n')).filter(|(_, line)| code(line) > 0);
    let (Some(first), last) = (lines.next(), lines.last()) else { return (source.to_owned(), None) };
    let signature = last.is_none() && first.1.trim_start().starts_with("def ");
    let (start, last) = last.unwrap_or(first);
    let end = start + code(last);
    let signature = signature && source[..end].ends_with(')');
    if !signature && !source[..end].ends_with(':') {
        return (source.to_owned(), None);
    }
    let indent = &last[..last.len() - last.trim_start().len()];
    let colon = if signature { ":" } else { "" };
    let text = format!("{}{colon}\n{indent}    _", &source[..end]);
    let open = TextSize::try_from(text.len() - 1).ok();
    (text, open)
}
