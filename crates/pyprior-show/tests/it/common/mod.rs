//! Replays that the tests look at.

use std::num::NonZero;
use std::sync::Arc;

use pyprior_core::exec::Limits;
use pyprior_core::{Encoder, Language, LanguageConfig, ProgramSampler};
use pyprior_show::{Replay, Size};

pub(crate) type Error = Box<dyn std::error::Error>;

/// A language with little to list.
pub(crate) fn small() -> Result<Arc<Language>, Error> {
    let config = LanguageConfig {
        value_range: (0, 9),
        max_vars: 3,
        max_funcs: 2,
        max_block_stmts: 4,
        max_len: Some(40),
        ..LanguageConfig::default()
    };
    Ok(Language::new(config)?)
}

pub(crate) fn of_tokens(names: &str) -> Result<Replay, Error> {
    let language = small()?;
    let ids = names.split_whitespace().map(|name| language.vocab().id_of(name).ok_or("no such token"));
    Ok(Replay::new(&language, &ids.collect::<Result<Vec<_>, _>>()?)?.run(Limits::default()))
}

/// Replays `source` under its own names.
pub(crate) fn of_source(source: &str) -> Result<Replay, Error> {
    let language = small()?;
    let found = Encoder::new(&language).encode(source)?;
    Ok(Replay::new(&language, &found.tokens)?.with_names(found.names)?.run(Limits::default()))
}

/// Programs of several languages.
pub(crate) fn sampled(programs: u64) -> Result<Vec<Replay>, Error> {
    let configs = [
        LanguageConfig { max_len: Some(30), ..LanguageConfig::default() },
        LanguageConfig { max_len: Some(60), max_block_stmts: 5, max_vars: 40, ..LanguageConfig::default() },
        LanguageConfig {
            max_len: Some(80),
            max_expr_depth: 6,
            value_range: (-1000, 1000),
            ..LanguageConfig::default()
        },
        small()?.config().clone(),
    ];
    let mut replays = Vec::new();
    for (seed, config) in (1..).zip(configs) {
        let language = Language::new(config)?;
        let sampled = ProgramSampler::new(&language, seed).sample(0..programs)?;
        for nth in 0..sampled.len() {
            let tokens = sampled.get(nth).unwrap_or_default();
            replays.push(Replay::new(&language, tokens)?.run(Limits::default()));
        }
    }
    Ok(replays)
}

/// A terminal.
pub(crate) fn emulator(size: Size) -> Result<vt100::Parser, Error> {
    let length = |length: u16| NonZero::new(length).ok_or("an empty terminal");
    Ok(vt100::Parser::new(length(size.rows)?, length(size.cols)?, 0))
}
