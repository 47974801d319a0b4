//! `pyprior generate`
//!
//! ```text
//! prompts.rs    what programs start with
//! writer.rs     programs in the order of their numbers, on a thread of its own
//! progress.rs   how far it is
//! ```

mod progress;
mod prompts;
mod writer;

use std::cell::RefCell;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::mpsc::{self, SyncSender, TrySendError};
use std::time::Duration;

use anyhow::Context as _;
use clap::error::ErrorKind;
use clap::{Args, ValueEnum};
use pyprior_candle::{Budget, GenerateConfig, Generator};
use pyprior_core::{ApplyMode, PriorConfig, TruncationConfig};

use self::progress::{Progress, When};
use self::prompts::Prompts;
use self::writer::Finished;
use super::device::DeviceArg;
use super::interrupt;
use super::language::LanguageArgs;
use super::limits::LimitArgs;
use super::model::{Loaded, ModelArg, rows};
use super::output::Output;
use super::prior::WeightArgs;
use super::sampled::{Drawn, Format};
use super::times::duration;

/// Programs where nothing bounds them.
const DEFAULT_PROGRAMS: u64 = 10;
/// Programs that wait to be written, and those that wait to be run before.
const WAITING: [usize; 2] = [1 << 12, 1 << 6];
/// How long a writer may take to end after Ctrl-C: one whose reader does not read never would.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often one looks who waits for another.
const PAUSE: Duration = Duration::from_millis(1);

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ApplyArg {
    /// The prior speaks where the model does not know: by the entropy of the model over the legal tokens
    Entropy,
    /// (1 - alpha) of the model, alpha of the prior
    Fixed,
    /// The prior's logits times alpha on top of the model's
    Additive,
    /// The model alone
    Off,
}

/// Generate programs with a transformer.
///
/// At every token the model's logits are masked to what is legal, so that every program is one of the language whatever the model says. Program number i of a seed is the same for every -n and every batch.
#[derive(Debug, Args)]
// Limits of a run that is none would be a slip.
#[command(mut_group("LimitArgs", |limits| limits.requires("run")))]
#[command(after_help = "\
Examples:
  pyprior generate -n 10
  pyprior generate -n 10 --run --temperature 0.8
  pyprior generate --model DIR -n 100000 --format jsonl -o programs.jsonl
  pyprior generate --time 60 --exclude for --max-len 30
  pyprior generate --model random --apply entropy --w-call 8
  echo 'def f(a, b)' | pyprior generate --prompt -
  pyprior generate --prompts prompts.txt -n 1000")]
pub(crate) struct Generate {
    /// Directory of the model, or `random` for logits that know nothing [default: the model pyprior-tiny, which is part of this program]
    #[arg(long, value_name = "DIR|random")]
    model: Option<PathBuf>,
    /// Where the model computes: auto, cpu, cuda:N or metal; auto takes a GPU if there is one
    #[arg(long, default_value = "auto")]
    device: DeviceArg,
    /// Number of programs [default: 10, or as many as --tokens and --time allow]
    #[arg(short, long = "count", value_name = "N")]
    n: Option<u64>,
    /// Begin no step once there are this many tokens, prompts not counted
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    tokens: Option<u64>,
    /// Begin no step after this time, such as 90s, 40m or 2h
    #[arg(long, value_parser = duration, allow_negative_numbers = true)]
    time: Option<Duration>,
    /// Programs that are made side by side [default: 256 on a CPU, 1024 elsewhere, fewer where memory is short]
    #[arg(long, value_name = "ROWS")]
    batch_size: Option<u64>,
    /// Seed of the random numbers
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Tokens that every program starts with, by name or id
    #[arg(long, num_args = 1.., value_name = "TOKEN")]
    prefix: Vec<String>,
    /// Source that every program goes on from, `-` for standard input: statements of the module, or what ends with the opening of a block, such as a signature `def f(a, b)`
    #[arg(long, value_name = "FILE", conflicts_with = "prefix")]
    prompt: Option<PathBuf>,
    /// Prompts, one a line, that programs take in turns: tokens by name or id, source such as a signature, or a JSON object with `tokens`, `names` or `source`
    #[arg(long, value_name = "FILE", conflicts_with_all = ["prefix", "prompt"])]
    prompts: Option<PathBuf>,
    /// What to write
    #[arg(long, value_enum, default_value = "source")]
    format: Format,
    /// Run the programs, within the limits below, and write what they print beside them
    #[arg(long)]
    run: bool,
    /// Whether to tell on standard error how it goes: programs and tokens a second, and the share of time of model, masks and sampling
    #[arg(long, value_enum, default_value = "auto", value_name = "WHEN")]
    progress: When,
    #[command(flatten)]
    output: Output,
    #[command(flatten)]
    drawing: DrawingArgs,
    #[command(flatten)]
    limits: LimitArgs,
    #[command(flatten)]
    prior: WeightArgs,
    #[command(flatten)]
    language: LanguageArgs,
}

/// How tokens are drawn.
#[derive(Debug, Args)]
#[command(next_help_heading = "Drawing")]
struct DrawingArgs {
    /// How the symbolic prior has a say [default: off; entropy for --model random]
    #[arg(long, value_enum)]
    apply: Option<ApplyArg>,
    /// Weight of the prior in modes additive and fixed [default: 1; 0.5 in mode fixed]
    #[arg(long, allow_negative_numbers = true)]
    alpha: Option<f64>,
    /// Divides the logits; 0 takes the likeliest token
    #[arg(long, default_value_t = 1.0, allow_negative_numbers = true)]
    temperature: f64,
    /// Draw among this many of the likeliest tokens
    #[arg(long, value_name = "K")]
    top_k: Option<u32>,
    /// Draw among the likeliest tokens that have this probability together
    #[arg(long, value_name = "P", default_value_t = 1.0, allow_negative_numbers = true)]
    top_p: f64,
    /// Draw among the tokens that are this many times as likely as the likeliest
    #[arg(long, value_name = "P", default_value_t = 0.0, allow_negative_numbers = true)]
    min_p: f64,
}

impl Generate {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        if self.run && matches!(self.format, Format::Tokens | Format::Names) {
            let message = "with --run the format is source or jsonl: the others have no place for what is printed\n";
            return Err(clap::Error::raw(ErrorKind::ArgumentConflict, message).into());
        }
        let device = self.device.open()?;
        let model = ModelArg::from(self.model.as_deref());
        let prior = self.prior(&model)?;
        let Loaded { model, language } = model.load(self.seed, &device, &self.language)?;
        let prompts = match (&self.prompt, &self.prompts) {
            (Some(file), _) => Prompts::of_source(&language, file)?,
            (_, Some(file)) => Prompts::of_lines(&language, file)?,
            _ => Prompts::of_tokens(&language, &self.prefix)?,
        };
        let bounded = self.tokens.is_some() || self.time.is_some();
        let programs = self.n.or((!bounded).then_some(DEFAULT_PROGRAMS));
        let capacity = language.config().max_len.map_or(0, |max_len| max_len as usize + 1);
        let config = GenerateConfig {
            seed: self.seed,
            rows: rows(&*model, capacity, programs, self.batch_size)?,
            prior,
            truncation: self.drawing.truncation(),
        };
        let budget = Budget { programs, tokens: self.tokens, time: self.time };
        let progress = RefCell::new(Progress::new(self.progress, budget));
        let mut generator = Generator::new(&*model, &language, &prompts.starts, config)?;
        let out = self.output.open()?;
        let limits = self.run.then(|| self.limits.limits());
        let cancel = interrupt::catch()?;
        generator.on_step(|stats| progress.borrow_mut().step(stats));
        let (language, prompts) = (&language, &prompts);
        std::thread::scope(|scope| {
            let (finished, to_write) = mpsc::sync_channel(WAITING[usize::from(self.run)]);
            let format = (language, self.format, limits);
            let written = scope.spawn(move || writer::write(to_write, out, format, prompts));
            let stats = generator.run(0, &budget, cancel, &mut |program| {
                let drawn = Drawn {
                    prompt: program.prompt,
                    log_probability: program.log_probability,
                    entropy: program.entropy,
                };
                send(&finished, Finished { number: program.number, tokens: program.tokens.to_vec(), drawn })
            });
            drop(finished);
            let mut waited = Duration::ZERO;
            while interrupt::asked() && !written.is_finished() {
                std::thread::sleep(PAUSE);
                waited += PAUSE;
                if waited > PATIENCE {
                    interrupt::end();
                }
            }
            match written.join() {
                Ok(written) => written.with_context(|| self.output.failure())?,
                Err(panic) => std::panic::resume_unwind(panic),
            }
            progress.borrow().end(&stats?);
            Ok(interrupt::code())
        })
    }

    /// The prior with the mode in which it has a say.
    fn prior(&self, model: &ModelArg) -> anyhow::Result<Option<PriorConfig>> {
        let default = if *model == ModelArg::Random { ApplyArg::Entropy } else { ApplyArg::Off };
        let mut prior = self.prior.config();
        let apply = self.drawing.apply.unwrap_or(default);
        let conflict = |message| Err(clap::Error::raw(ErrorKind::ArgumentConflict, message).into());
        if self.drawing.alpha.is_some() && matches!(apply, ApplyArg::Off | ApplyArg::Entropy) {
            return conflict("--alpha is for --apply fixed and --apply additive\n");
        }
        if apply == ApplyArg::Off && prior != PriorConfig::default() {
            return conflict("the prior has no say with --apply off, so that its weights say nothing\n");
        }
        let (apply, alpha) = match apply {
            ApplyArg::Entropy => (ApplyMode::Entropy, prior.alpha),
            ApplyArg::Fixed => (ApplyMode::Fixed, 0.5),
            ApplyArg::Additive => (ApplyMode::Additive, prior.alpha),
            ApplyArg::Off => return Ok(None),
        };
        prior.apply = apply;
        prior.alpha = self.drawing.alpha.unwrap_or(alpha);
        Ok(Some(prior))
    }
}

/// Hands a program to the writer. While it has enough to do, Ctrl-C is looked for.
fn send(writer: &SyncSender<Finished>, mut program: Finished) -> ControlFlow<()> {
    loop {
        program = match writer.try_send(program) {
            Ok(()) => return ControlFlow::Continue(()),
            Err(TrySendError::Full(program)) if !interrupt::asked() => program,
            // A writer that has gone has an error of its own to tell.
            Err(_) => return ControlFlow::Break(()),
        };
        std::thread::sleep(PAUSE);
    }
}

impl DrawingArgs {
    fn truncation(&self) -> TruncationConfig {
        TruncationConfig { temperature: self.temperature, top_k: self.top_k, top_p: self.top_p, min_p: self.min_p }
    }
}
