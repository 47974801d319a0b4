//! A decode as it went: what was legal at every step, and what was taken.

use std::ops::Range;
use std::sync::Arc;

use pyprior_core::exec::{Limits, Machine, Outcome, Program};
use pyprior_core::{Frontier, Language, Matcher, NamedError, Names, ProgramNames, Renderer, TokenError};

/// The decode of one program, finished or not, and how the program ran.
///
/// Every token has two frames, [`Phase::Legal`] and [`Phase::Taken`]; one more, [`Phase::End`], stands at the end.
#[derive(Debug, Clone)]
pub struct Replay {
    language: Arc<Language>,
    tokens: Vec<u32>,
    /// Those of the program, before the others.
    names: Option<ProgramNames>,
    pools: Names,
    outcome: Option<Outcome>,
}

/// What a frame shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phase {
    /// The hole that is to be filled, and all tokens that are legal there.
    Legal,
    /// The token that was taken, and what it has made of the source.
    Taken,
    /// Behind the last token.
    End,
}

/// One frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// What of the step it shows.
    pub phase: Phase,
    /// Tokens before the one that the frame is about.
    pub position: usize,
    /// The source with its holes, in phase [`Phase::Taken`] with the token taken.
    pub source: String,
    /// Bytes of the source to look at, ascending: the hole, or what the token has written.
    pub marks: Vec<Range<usize>>,
    /// Tokens that are legal at this step.
    pub legal: Vec<u32>,
    /// The token that is taken; known in both phases.
    pub token: Option<u32>,
    /// The hole, `None` when the program is finished.
    pub frontier: Option<Frontier>,
    /// Tokens that may still come, this one included, if the language has a limit.
    pub remaining: Option<u32>,
}

impl Replay {
    /// The decode of these tokens: a program, or the start of one. `PAD` behind the end is left out.
    ///
    /// # Errors
    ///
    /// [`TokenError`] at the first token that is not legal.
    pub fn new(language: &Arc<Language>, tokens: &[u32]) -> Result<Self, TokenError> {
        let pad = language.vocab().pad();
        let len = tokens.iter().rposition(|&token| token != pad).map_or(0, |last| last + 1);
        let tokens = tokens[..len].to_vec();
        Matcher::with_prefix(language, &tokens)?;
        Ok(Self { language: Arc::clone(language), tokens, names: None, pools: Names::default(), outcome: None })
    }

    /// Shows the source under the names that an [`Encoder`](pyprior_core::Encoder) read it with.
    ///
    /// # Errors
    ///
    /// [`NamedError`] if the names are those of another program.
    pub fn with_names(mut self, names: ProgramNames) -> Result<Self, NamedError> {
        let mut renderer = Renderer::new(&self.language);
        renderer.partial_named(&self.tokens, &names)?;
        if self.is_finished() {
            renderer.render_named(&self.tokens, &names)?;
        }
        self.names = Some(names);
        Ok(self)
    }

    /// Shows the source under names of a table and of pools, whatever the program.
    pub fn with_pools(mut self, pools: Names) -> Self {
        (self.names, self.pools) = (None, pools);
        self
    }

    /// Runs the program, whose output the last frame shows; one that is not finished is left as it is.
    pub fn run(mut self, limits: Limits) -> Self {
        if self.is_finished()
            && let Ok(program) = Program::from_tokens(&self.language, &self.tokens)
        {
            self.outcome = Some(Machine::new(limits).outcome(&program, None));
        }
        self
    }

    /// The language.
    pub fn language(&self) -> &Arc<Language> {
        &self.language
    }

    /// The tokens.
    pub fn tokens(&self) -> &[u32] {
        &self.tokens
    }

    /// How the program ran, if it did.
    pub fn outcome(&self) -> Option<&Outcome> {
        self.outcome.as_ref()
    }

    /// Whether the tokens are a whole program.
    pub fn is_finished(&self) -> bool {
        self.matcher(self.tokens.len()).is_terminated()
    }

    /// Number of frames: two for each token, and the last.
    pub fn frames(&self) -> usize {
        2 * self.tokens.len() + 1
    }

    /// What a frame shows.
    pub fn phase(&self, frame: usize) -> Phase {
        match frame % 2 {
            _ if frame / 2 >= self.tokens.len() => Phase::End,
            0 => Phase::Legal,
            _ => Phase::Taken,
        }
    }

    /// The source after so many tokens.
    pub fn source(&self, len: usize) -> String {
        self.source_with(&mut self.renderer(), len)
    }

    pub(crate) fn renderer(&self) -> Renderer<'_> {
        Renderer::with_names(&self.language, self.pools.clone())
    }

    pub(crate) fn source_with(&self, renderer: &mut Renderer<'_>, len: usize) -> String {
        let tokens = &self.tokens[..len.min(self.tokens.len())];
        match &self.names {
            // They have been checked against all of the tokens, so against the first of them.
            Some(names) => renderer.partial_named(tokens, names).map(str::to_owned).unwrap_or_default(),
            None => renderer.partial(tokens).to_owned(),
        }
    }

    pub(crate) fn matcher(&self, len: usize) -> Matcher {
        // Checked by `new`, so the other branch is never taken.
        Matcher::with_prefix(&self.language, &self.tokens[..len]).unwrap_or_else(|_| Matcher::new(&self.language))
    }
}
