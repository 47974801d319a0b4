//! What is learnt from.

use std::io::{BufRead as _, BufReader};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::{Context as _, bail};
use clap::Args;
use pyprior_candle::train::{Source, Trainer};
use pyprior_candle::{Budget, GenerateConfig, Generator};
use pyprior_core::{Language, Matcher, PriorConfig, ProgramFilter, ProgramSampler, Programs};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::cli::{language, output};

/// The data.
#[derive(Debug, Args)]
#[command(next_help_heading = "Data")]
pub(super) struct DataArgs {
    /// Files of programs to learn from, one a line, as `sample` writes them with --format jsonl, tokens or names; `-` for standard input. Without files, programs are drawn as `sample` does
    #[arg(value_name = "FILES")]
    files: Vec<PathBuf>,
    /// Seed of the weights, and of the programs or their order
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Whether to learn only from programs that do something: no dead stores, no unused defs, at most 1000 steps, and something printed or returned
    #[arg(long, value_name = "BOOL", default_value_t = true, action = clap::ArgAction::Set)]
    filter: bool,
}

impl DataArgs {
    pub(super) fn seed(&self) -> u64 {
        self.seed
    }
}

/// Where programs come from, and what of it must be the same for a training to go on.
pub(super) struct Data {
    pub(super) source: Source,
    pub(super) about: Value,
}

impl Data {
    pub(super) fn new(args: &DataArgs, language: &Arc<Language>, prior: Option<PriorConfig>) -> anyhow::Result<Self> {
        let DataArgs { ref files, seed, filter: filtered } = *args;
        if files.is_empty() {
            let sampler = match prior {
                Some(prior) => ProgramSampler::with_prior(language, prior, seed)?,
                None => ProgramSampler::new(language, seed),
            };
            let about = json!({"sampled": {"seed": seed, "prior": prior, "filter": filtered}});
            return Ok(Self { source: Source::Sampler { sampler, filtered }, about });
        }
        let mut reader = Reader::new(language, filtered);
        files.iter().try_for_each(|file| reader.read(file))?;
        let programs = reader.programs;
        if programs.is_empty() {
            bail!("there is no program in the files that passes the filter");
        }
        let mut digest = Sha256::new();
        for program in programs.iter() {
            digest.update((program.len() as u64).to_le_bytes());
            program.iter().for_each(|token| digest.update(token.to_le_bytes()));
        }
        let digest: String = digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        let about = json!({"files": {"seed": seed, "programs": programs.len(), "sha256": digest}});
        Ok(Self { source: Source::List { programs: Arc::new(programs), seed }, about })
    }
}

/// A line of JSON; what else it says is not needed.
#[derive(Deserialize)]
struct Line {
    tokens: Vec<u32>,
}

/// Reads programs and follows each in the language.
struct Reader<'a> {
    language: &'a Language,
    matcher: Matcher,
    filter: Option<ProgramFilter>,
    programs: Programs,
}

impl<'a> Reader<'a> {
    fn new(language: &'a Arc<Language>, filtered: bool) -> Self {
        let filter = filtered.then(|| ProgramFilter::new(language));
        Self { language, matcher: Matcher::new(language), filter, programs: Programs::default() }
    }

    fn read(&mut self, path: &Path) -> anyhow::Result<()> {
        for (line, number) in BufReader::new(output::open(path)?).lines().zip(1_u64..) {
            let place = || format!("{}, line {number}", path.display());
            let line = line.with_context(place)?;
            if !line.trim().is_empty() {
                self.line(line.trim()).with_context(place)?;
            }
        }
        Ok(())
    }

    fn line(&mut self, line: &str) -> anyhow::Result<()> {
        let tokens = match line.starts_with('{') {
            true => serde_json::from_str::<Line>(line)?.tokens,
            false => language::tokens(self.language.vocab(), line.split_whitespace())?,
        };
        self.matcher.reset();
        self.matcher.accept_tokens(&tokens)?;
        if !self.matcher.is_terminated() {
            bail!("the program ends too early");
        }
        if self.filter.as_mut().is_none_or(|filter| filter.check(&tokens).is_ok()) {
            self.programs.push(&tokens);
        }
        Ok(())
    }
}

/// Of some programs that the model generates, without a prior, what part passes the filter; none if it is to generate
/// none.
pub(super) fn generated_passing(trainer: &Trainer, programs: u64) -> anyhow::Result<Option<f64>> {
    if programs == 0 {
        return Ok(None);
    }
    let (model, language) = (trainer.learner().model()?, trainer.language());
    let config = GenerateConfig { prior: None, rows: 64, ..GenerateConfig::default() };
    let mut generator = Generator::new(&model, language, &[], config)?;
    let mut filter = ProgramFilter::new(language);
    let mut passing = 0_u64;
    let budget = Budget { programs: Some(programs), ..Budget::default() };
    generator.run(0, &budget, &AtomicBool::new(false), &mut |program| {
        passing += u64::from(filter.check(program.tokens).is_ok());
        ControlFlow::Continue(())
    })?;
    Ok(Some(passing as f64 / programs as f64))
}
