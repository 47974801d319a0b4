//! A configuration compiled: the immutable thing that all matchers share.

use std::sync::Arc;

use crate::config::{ConfigError, LanguageConfig};
use crate::grammar::classes::{self, ClassRules};
use crate::grammar::cost::{Costs, INFINITE};
use crate::grammar::rules::{Rules, Terminal};
use crate::grammar::tables::Tables;
use crate::step::{Engine, Layout};
use crate::vocab::{Form, Vocab};

/// Tokens that a program may have where the configuration sets no bound.
pub(crate) const UNBOUNDED: u32 = 1 << 31;

/// A language: vocabulary, rules and compiled tables. Immutable; share it by [`Arc`].
///
/// Compiling takes about 0.3 ms at default knobs. A language that holds no program, or none of at most
/// `max_len` tokens, is refused here; after that the legal set of an unfinished row is never empty.
#[derive(Debug)]
pub struct Language {
    config: LanguageConfig,
    vocab: Vocab,
    min_len: u32,
    pub(crate) rules: Rules,
    pub(crate) classes: Vec<ClassRules>,
    pub(crate) excluded: Vec<bool>,
    pub(crate) engine: Engine,
}

impl Language {
    /// Validates and compiles a configuration.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] if a knob is out of range, an excluded name is unknown, no program can be completed, or
    /// `max_len` is below the length of the shortest program.
    pub fn new(config: LanguageConfig) -> Result<Arc<Self>, ConfigError> {
        let vocab = Vocab::new(&config)?;
        let excluded = vocab.excluded(&config.exclude)?;
        let rules = Rules::new(&config, &vocab, &excluded);
        let min_len = Costs::new(&rules).block(rules.module(), 0).least();
        if min_len >= INFINITE {
            return Err(ConfigError::NoProgram { reason: no_program(&rules, &vocab) });
        }
        if let Some(max_len) = config.max_len.filter(|&max_len| max_len < min_len) {
            return Err(ConfigError::MaxLenTooSmall { max_len, min_len });
        }
        let classes = classes::build(&rules);
        let returning = config.calls == crate::config::Calls::Returning;
        let tables = Tables::new(&rules, &vocab, &excluded, &classes, returning);
        let layout = Layout::new(config.max_control_depth, config.max_expr_depth, rules.funcs);
        let engine = Engine::new(tables, layout, min_len, config.max_len.unwrap_or(UNBOUNDED));
        Ok(Arc::new(Self { config, vocab, min_len, rules, classes, excluded, engine }))
    }

    /// The configuration this was compiled from.
    pub fn config(&self) -> &LanguageConfig {
        &self.config
    }

    /// Names, forms and ids of the tokens.
    pub fn vocab(&self) -> &Vocab {
        &self.vocab
    }

    /// Length of the shortest program, in tokens: the smallest `max_len` that the language accepts.
    pub fn min_len(&self) -> u32 {
        self.min_len
    }

    /// Words of a row in a [`TokenBitmask`](crate::TokenBitmask): `ceil(vocab / 32)`.
    pub fn bitmask_words(&self) -> usize {
        self.engine.tables.words
    }

    /// Bytes of a row's state, token history aside: fixed for the language.
    pub fn state_bytes(&self) -> usize {
        self.engine.layout.words * size_of::<u32>()
    }

    /// Bytes of the compiled tables.
    pub fn table_bytes(&self) -> usize {
        self.engine.tables.bytes()
    }
}

/// What keeps every program from being completed, in words.
fn no_program(rules: &Rules, vocab: &Vocab) -> String {
    let none = |form: Form| vocab.ids_of(form).is_empty();
    if rules.least_block.is_none() {
        let why = if none(Form::Block) { "max_block_stmts is 0" } else { "every BLK token is excluded" };
        return format!("a program starts with a block, and {why}");
    }
    let module = rules.module();
    if !module.leaf {
        return "without integer constants the module has no expression (no variable is ever assigned), so the one \
                possible program is a single def with parameters, and this language has none that can be completed"
            .to_owned();
    }
    let able = [Terminal::Print, Terminal::Assign].into_iter().any(|terminal| rules.allows(terminal));
    if able && !rules.allows(Terminal::Print) && !module.target {
        return "PRINT is excluded and no variable can be assigned at the top level".to_owned();
    }
    "no statement of the module can be completed: PRINT and ASSIGN are excluded, and no def can be".to_owned()
}
