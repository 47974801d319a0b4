//! `pyprior sketch`

mod by_model;

use std::io::{Read as _, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use clap::{Args, ValueEnum};
use pyprior_candle::CausalModel;
use pyprior_core::{Language, LanguageConfig};
use pyprior_sketch::{
    ByPrior, Chooser, DEFAULT_TRIES, DEFAULT_WORK, Enumerator, Filling, Sampler, Sketch, SketchSource, Uniform,
};
use serde::Serialize;

use self::by_model::{ByModel, Failure};
use super::device::DeviceArg;
use super::language::{DEFAULT_MAX_LEN, LanguageArgs};
use super::model::{Loaded, ModelArg};
use super::output::Output;
use super::prior::PriorArgs;

/// Fill a sketch: a program with holes, and what must hold of it.
///
/// Fillings are drawn at random, or enumerated with --all, shorter ones first and each once. The options of the sketch set the language; flags go before them. The form is in docs/sketches.md.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  pyprior sketch examples/sketches/worksheet.sketch -n 5
  pyprior sketch examples/sketches/debugging.sketch --all
  pyprior sketch examples/sketches/worksheet.sketch --model shipped
  pyprior sketch examples/sketches/pairs.sketch -n 1000 --format jsonl -o pairs.jsonl
  printf 'print(X + Y)\\n---\\nX, Y in 1..9\\nX + Y == 17' | pyprior sketch - --all")]
pub(crate) struct SketchArgs {
    /// The sketch, `-` for standard input
    file: PathBuf,
    /// Number of programs; with --all, at most so many [default: 10; with --all, all]
    #[arg(short, long = "count")]
    n: Option<u64>,
    /// Every program that fits, shorter ones first; that there are no others is proved when it ends
    #[arg(long, conflicts_with = "seed")]
    all: bool,
    /// No program twice
    #[arg(long, conflicts_with = "all")]
    distinct: bool,
    /// Seed of the random numbers
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// What to write
    #[arg(long, value_enum, default_value = "source")]
    format: SketchFormat,
    /// Most tries for one program that does not behave as the sketch asks for
    #[arg(long, value_name = "TRIES", default_value_t = DEFAULT_TRIES)]
    tries: u64,
    /// Most tokens that --all takes, those that lead nowhere included [default: no limit]
    #[arg(long, value_name = "STEPS", requires = "all")]
    steps: Option<u64>,
    /// Most work that a question about the sketch may take: whether it can be filled from a prefix on
    #[arg(long, value_name = "WORK", default_value_t = DEFAULT_WORK)]
    work: u64,
    /// A model chooses among the legal tokens: a directory, `random`, or `shipped` for the one that comes along [default: the prior chooses]
    #[arg(long, value_name = "DIR", conflicts_with = "all")]
    model: Option<PathBuf>,
    /// Where the model computes: auto, cpu, cuda:N, metal
    #[arg(long, value_name = "DEVICE", default_value = "auto", requires = "model")]
    device: DeviceArg,
    #[command(flatten)]
    output: Output,
    #[command(flatten)]
    prior: PriorArgs,
    #[command(flatten)]
    language: LanguageArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum SketchFormat {
    /// Python source under the names of the sketch, programs separated by an empty line
    Source,
    /// One program a line, ids separated by spaces
    Tokens,
    /// One program a line, names separated by spaces
    Names,
    /// One JSON object a line: id, tokens, names, source
    Jsonl,
}

#[derive(Serialize)]
struct Record<'a> {
    id: u64,
    tokens: &'a [u32],
    names: Vec<&'a str>,
    source: String,
}

/// A model that chooses.
type Model = Box<dyn CausalModel>;

impl SketchArgs {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        let name = self.file.display();
        let mut text = String::new();
        if self.file.as_os_str() == "-" {
            std::io::stdin().read_to_string(&mut text).context("cannot read standard input")?;
        } else {
            text = std::fs::read_to_string(&self.file).with_context(|| format!("cannot read {name}"))?;
        }
        let source = SketchSource::parse(&text).with_context(|| format!("{name}"))?;
        let (language, model) = self.language(&source).with_context(|| format!("{name}"))?;
        let mut out = self.output.open()?;
        let written = if self.all {
            let mut all = Enumerator::new(&language, &source).with_context(|| format!("{name}"))?.with_work(self.work);
            if let Some(steps) = self.steps {
                all = all.with_node_limit(steps);
            }
            let most = usize::try_from(self.n.unwrap_or(u64::MAX)).unwrap_or(usize::MAX);
            self.write(&language, &mut *out, all.take(most))?
        } else {
            let sketch = Sketch::with_work(&language, &source, self.work).with_context(|| format!("{name}"))?;
            let mut failure = Failure::default();
            let chooser: Box<dyn Chooser> = match (model, self.prior.config()) {
                (Some(model), _) => {
                    let model = ByModel::new(model, &language, self.seed)?;
                    failure = model.failure();
                    Box::new(model)
                }
                (None, Some(prior)) => Box::new(ByPrior::new(&sketch, prior, self.seed)?),
                (None, None) => Box::new(Uniform::new(self.seed)),
            };
            let sampler = Sampler::new(&sketch, chooser)?.with_tries(self.tries);
            let mut sampler = if self.distinct { sampler.distinct() } else { sampler };
            let mut sample = || -> anyhow::Result<Filling> {
                let filling = sampler.sample();
                failure.check()?;
                Ok(filling?)
            };
            self.write(&language, &mut *out, (0..self.n.unwrap_or(10)).map(|_| sample()))?
        };
        out.flush().with_context(|| self.output.failure())?;
        if written == 0 && self.n != Some(0) {
            bail!("the sketch cannot be filled: no program of the language satisfies it");
        }
        Ok(ExitCode::SUCCESS)
    }

    /// The language of the sketch, with a model in whose vocabulary it is.
    fn language(&self, source: &SketchSource) -> anyhow::Result<(Arc<Language>, Option<Model>)> {
        let configure = |base| Ok(self.language.over(source.widened(source.config(base)?)));
        Ok(match &self.model {
            None => {
                let base = LanguageConfig { max_len: Some(DEFAULT_MAX_LEN), ..LanguageConfig::default() };
                (Language::new(configure(base)?)?, None)
            }
            Some(model) => {
                let model = ModelArg::from(Some(model.as_path()).filter(|path| *path != Path::new("shipped")));
                let Loaded { model, language } = model.load_for(self.seed, &self.device.open()?, configure)?;
                (language, Some(model))
            }
        })
    }

    /// Writes programs as they come; how many there were.
    fn write<E: Into<anyhow::Error>>(
        &self,
        language: &Language,
        out: &mut dyn Write,
        fillings: impl Iterator<Item = Result<Filling, E>>,
    ) -> anyhow::Result<u64> {
        let name = |token: &u32| language.vocab().name(*token).unwrap_or_default();
        let mut id = 0;
        for filling in fillings {
            let filling = filling.map_err(Into::into)?;
            let tokens = filling.tokens();
            let text = match self.format {
                SketchFormat::Source => format!("{}{}", if id > 0 { "\n" } else { "" }, filling.source()),
                SketchFormat::Tokens => tokens.iter().map(u32::to_string).collect::<Vec<_>>().join(" "),
                SketchFormat::Names => tokens.iter().map(name).collect::<Vec<_>>().join(" "),
                SketchFormat::Jsonl => {
                    let names = tokens.iter().map(name).collect();
                    serde_json::to_string(&Record { id, tokens, names, source: filling.source() })?
                }
            };
            writeln!(out, "{text}").with_context(|| self.output.failure())?;
            id += 1;
        }
        Ok(id)
    }
}
