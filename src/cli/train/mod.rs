//! `pyprior train`

mod course;
mod data;
mod place;
mod settings;
mod shown;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context as _;
use candle_core::DType;
use clap::{Args, ValueEnum};
use pyprior_candle::train::{Checkpoint, Evaluated, HeldOut, Trainer};
use pyprior_core::{Language, PriorConfig};

use self::course::{Course, EvaluationLine, StartLine};
use self::data::{Data, DataArgs, generated_passing};
use self::place::Place;
use self::settings::{BudgetArgs, ModelArgs, OptimizerArgs};
use self::shown::Shown;
use super::device::DeviceArg;
use super::interrupt;
use super::language::{DEFAULT_MAX_LEN, LanguageArgs};
use super::prior::PriorArgs;

/// Programs drawn to see how many pass the filter.
const PRIOR_SAMPLES: u64 = 10_000;

#[derive(Debug, Clone, Copy, ValueEnum)]
enum DtypeArg {
    F32,
    Bf16,
}

impl DtypeArg {
    fn dtype(self) -> DType {
        match self {
            Self::F32 => DType::F32,
            Self::Bf16 => DType::BF16,
        }
    }
}

/// Train a transformer on sampled programs, or on files of programs.
///
/// The directory gets the model (it loads in `generate` and in `transformers`), `training.safetensors` from which `--resume` goes on, `log.jsonl` and `curve.svg`. With the same flags a training on a CPU is the same to the bit, interrupted or not, unless its budget is one of time alone. Ctrl-C finishes the step, writes the checkpoint and exits with code 130.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  pyprior train my-model --steps 2000
  pyprior train my-model --steps 4000 --resume
  pyprior train my-model --time 40m --batch-tokens 4096 --lr 3e-3
  pyprior sample -n 100000 --format jsonl -o programs.jsonl
  pyprior train my-model programs.jsonl --steps 2000 --hidden 256 --layers 6")]
pub(crate) struct Train {
    /// Directory to write to: new, empty, or with --resume that of a training
    out: PathBuf,
    /// Go on from the directory's checkpoint, with the same flags; budget, evaluation and device may differ
    #[arg(long)]
    resume: bool,
    /// Where to compute: auto, cpu, cuda:N or metal
    #[arg(long, default_value = "auto")]
    device: DeviceArg,
    /// What products are computed in; weights are kept in f32. A CPU computes in f32
    #[arg(long, value_enum, default_value = "f32")]
    dtype: DtypeArg,
    /// What the model is written in
    #[arg(long, value_enum, default_value = "f32")]
    save_dtype: DtypeArg,
    /// Steps between evaluations, each with a checkpoint
    #[arg(long, value_name = "STEPS", default_value_t = 250, value_parser = clap::value_parser!(u64).range(1..))]
    eval_every: u64,
    /// Programs that are held out
    #[arg(long, value_name = "N", default_value_t = 500)]
    eval_programs: usize,
    /// Programs that are generated at each evaluation, to see how many pass the filter
    #[arg(long, value_name = "N", default_value_t = 200)]
    eval_samples: u64,
    #[command(flatten)]
    data: DataArgs,
    #[command(flatten)]
    budget: BudgetArgs,
    #[command(flatten)]
    optimizer: OptimizerArgs,
    #[command(flatten)]
    model: ModelArgs,
    #[command(flatten)]
    prior: PriorArgs,
    #[command(flatten)]
    language: LanguageArgs,
}

impl Train {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        let interrupted = interrupt::catch()?;
        let place = Place::new(&self.out, self.resume)?;
        let language = self.language.language(Some(DEFAULT_MAX_LEN))?;
        let data = Data::new(&self.data, &language, self.prior.config())?;
        let config = self.optimizer.config(self.model.config(&language)?, self.data.seed());
        let device = self.device.open()?;
        let dtype = self.dtype.dtype();
        let (trainer, before) = match self.resume {
            true => {
                let checkpoint = Checkpoint::load(&place.checkpoint())?;
                checkpoint
                    .check(&place.checkpoint(), &config, language.config(), &data.about)
                    .context("--resume goes on with the same flags only")?;
                let state = &checkpoint.state;
                let trainer = Trainer::resume(config, &language, &data.source, state, &device, dtype)?;
                (trainer, Some(state.progress.steps))
            }
            false => (Trainer::new(config, &language, &data.source, &device, dtype)?, None),
        };
        let prior = self.prior.config().unwrap_or_default();
        let held_out = self.held_out(&trainer, &data, &language, prior)?;
        place.make()?;
        let course = match before {
            Some(steps) => Course::reopen(&place.log(), steps)?,
            None => Course::default(),
        };
        let run = Run { args: &self, place, data, trainer, held_out, course, shown: Shown::new() };
        run.run(interrupted)?;
        Ok(interrupt::code())
    }

    fn held_out(
        &self,
        trainer: &Trainer,
        data: &Data,
        language: &Arc<Language>,
        prior: PriorConfig,
    ) -> anyhow::Result<HeldOut> {
        let programs = data.source.held_out(self.eval_programs)?;
        Ok(HeldOut::new(language, prior, &programs, trainer.start_token())?)
    }
}

/// A training on its way.
struct Run<'a> {
    args: &'a Train,
    place: Place,
    data: Data,
    trainer: Trainer,
    held_out: HeldOut,
    course: Course,
    shown: Shown,
}

impl Run<'_> {
    fn run(mut self, interrupted: &AtomicBool) -> anyhow::Result<()> {
        let budget = self.args.budget.budget();
        if self.course.is_empty() {
            let drawn = self.data.source.passing(PRIOR_SAMPLES)?;
            let passing = drawn.map(|passing| passing as f64 / PRIOR_SAMPLES as f64);
            let parameters = self.trainer.config().model.parameters();
            self.course.start(StartLine { parameters, baselines: self.held_out.baselines(), passing });
        }
        self.shown.start(self.course.first(), &self.trainer);
        let mut saved = (self.trainer.progress().steps > 0).then_some(self.trainer.progress().steps);
        loop {
            let lasts = budget.lasts(&self.trainer.progress());
            let steps = self.trainer.progress().steps;
            let stops = !lasts || interrupted.load(Ordering::Relaxed);
            // Even a training without a step leaves a model; one that has nothing left to do leaves all as it is.
            if saved != Some(steps) && (stops || steps > 0 && steps.is_multiple_of(self.args.eval_every)) {
                if !interrupted.load(Ordering::Relaxed) {
                    self.evaluate()?;
                }
                self.save().with_context(|| kept(saved))?;
                saved = Some(steps);
            }
            if stops {
                break;
            }
            let report = self.trainer.step(&budget).with_context(|| kept(saved))?;
            self.course.step(report);
            self.shown.step(&report, budget.done(&self.trainer.progress()));
        }
        self.shown.end(&self.place, interrupted.load(Ordering::Relaxed));
        Ok(())
    }

    fn evaluate(&mut self) -> anyhow::Result<()> {
        let progress = self.trainer.progress();
        if self.course.evaluated_at(progress.steps) || self.held_out.programs() == 0 {
            return Ok(());
        }
        let held_out = self.trainer.evaluate(&self.held_out)?;
        let passing = generated_passing(&self.trainer, self.args.eval_samples)?;
        let evaluated = Evaluated { step: progress.steps, tokens: progress.tokens, held_out };
        let line = EvaluationLine { evaluated, passing };
        self.course.evaluation(line);
        self.shown.evaluation(&line);
        Ok(())
    }

    fn save(&mut self) -> anyhow::Result<()> {
        self.trainer.tick();
        let trainer = &self.trainer;
        let state = trainer.state()?;
        self.place.save_model(trainer, &state, self.args.save_dtype.dtype())?;
        let language = trainer.language().config().clone();
        let checkpoint =
            Checkpoint { config: trainer.config().clone(), language, data: self.data.about.clone(), state };
        checkpoint.save(&self.place.checkpoint())?;
        self.course.write(&self.place.log())?;
        self.place.save_curve(&self.course)
    }
}

/// What is left of a training that fails.
fn kept(saved: Option<u64>) -> String {
    match saved {
        Some(step) => format!("the last checkpoint is that of step {step}"),
        None => "there is no checkpoint yet".to_owned(),
    }
}
