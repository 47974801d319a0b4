//! `pyprior dataset`

mod again;
mod columns;
mod dedup;
mod finish;
mod init;
mod levels;
mod model;
mod progress;
mod settings;

use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::atomic::AtomicBool;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use pyprior_data::{DataError, Job, Manifest, Part, PilotWork, Place, SourceDescription, Stage, Work, make, places};

use self::progress::Shown;
use self::settings::Settings;
use super::interrupt;

/// Make a dataset: programs with what is known of them, in shards of Parquet, JSON lines or token arrays.
///
/// A description with stages makes a dataset of each, in a folder of its own below OUT.
///
/// The files depend on the description alone: not on threads, machines or interruptions. Whatever ends the command, the same one goes on; `--shard` makes some of the shards, so that any number of machines make the same dataset. Ctrl-C gives up the shards that are being made and exits with code 130. With the last shard come README.md, which `datasets.load_dataset` reads, and report.html.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
#[command(after_help = "\
Examples:
  pyprior dataset my-programs --rows 1000000
  pyprior dataset init dataset.toml
  pyprior dataset my-programs --config dataset.toml
  pyprior dataset my-programs --config dataset.toml --shard 3/16
  pyprior dataset my-programs --keep 'steps < 1000 and prints' --split test=0.05 'long=length > 24'
  pyprior dataset my-programs --target length=5..30/5
  pyprior dataset my-programs --model DIR --temperature 0.8
  pyprior dataset s3://bucket/my-programs --config dataset.toml
  pyprior dataset finish my-programs
  pyprior dataset again my-programs 4294967297
  pyprior dataset columns
  pyprior dataset levels
  pyprior dataset dedup my-programs --out my-unique-programs

Exit codes: 0 done; 1 refused, failed, or not to be written: what was done stays, and the same command goes on; 2 wrong usage; 130 interrupted.")]
pub(crate) struct Dataset {
    #[command(subcommand)]
    command: Option<Other>,
    /// Folder to write to: new, empty, or that of the same dataset; or, built with feature object-store, a URL: s3://bucket/prefix, gs://, az://, file:// (credentials come from the environment)
    #[arg(required = true)]
    out: Option<OsString>,
    /// Make part I, counted from 0, of N: the shards whose number leaves I when divided by N
    #[arg(long, value_name = "I/N", default_value = "0/1")]
    shard: Part,
    /// Threads that look at programs [default: all]
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true, value_parser = clap::value_parser!(u16).range(..=1024))]
    threads: u16,
    /// Tell how it goes, on standard error
    #[arg(long, value_enum, default_value = "auto")]
    progress: progress::When,
    /// Say nothing but errors
    #[arg(short, long, conflicts_with = "progress")]
    quiet: bool,
    #[command(flatten)]
    settings: Settings,
    #[command(flatten)]
    model: model::ModelArgs,
}

#[derive(Debug, Subcommand)]
enum Other {
    Init(init::Init),
    Again(again::Again),
    Columns(columns::Columns),
    Dedup(dedup::DedupArgs),
    Levels(levels::Levels),
    Finish(finish::Finish),
}

impl Dataset {
    pub(crate) fn run(mut self) -> anyhow::Result<ExitCode> {
        let out = match (self.command.take(), &self.out) {
            (Some(Other::Init(args)), _) => return args.run(),
            (Some(Other::Again(args)), _) => return args.run(),
            (Some(Other::Columns(args)), _) => return args.run(),
            (Some(Other::Dedup(args)), _) => return args.run(),
            (Some(Other::Finish(args)), _) => return args.run(),
            (Some(Other::Levels(args)), _) => return args.run(),
            (None, out) => out.clone().unwrap_or_default(),
        };
        let stop = interrupt::catch()?;
        let stages = self.settings.stages()?;
        let staged = stages.iter().any(|stage| stage.name.is_some());
        let places = places(&Place::parse(&out), &stages)?;
        // All of them are checked before one is made. A model is made again when its turn comes: several are large.
        let mut jobs = Vec::new();
        for (stage, place) in stages.into_iter().zip(places) {
            let Some(job) = self.job(&stage, stop)? else { return Ok(interrupt::code()) };
            let is_of_a_model = matches!(job.description().source, SourceDescription::Model(_));
            jobs.push((stage, place, Some(job).filter(|_| !staged || !is_of_a_model)));
        }
        for (stage, place, job) in jobs {
            let Some(job) = job.map_or_else(|| self.job(&stage, stop), |job| Ok(Some(job)))? else { break };
            let shown = Shown::new(if self.quiet { progress::When::Never } else { self.progress });
            let progress = |progress| shown.step(progress);
            let work = Work { threads: self.threads.into(), stop, progress: &progress };
            match make(&job, place, self.shard, &work) {
                Ok(summary) => shown.end(&summary, &Manifest::of(&job)),
                // What was asked for by Ctrl-C is told by the exit code.
                Err(DataError::Interrupted) if interrupt::asked() => {
                    shown.clear();
                    break;
                }
                Err(error) => {
                    shown.clear();
                    return Err(error.into());
                }
            }
        }
        Ok(interrupt::code())
    }

    /// None if it was asked to stop, which the exit code tells.
    fn job(&self, stage: &Stage, stop: &'static AtomicBool) -> anyhow::Result<Option<Job>> {
        let (description, threads) = (stage.description.clone(), self.threads.into());
        let job = match self.model.job(description, &self.settings, threads, stop) {
            Ok(Ok(job)) => Ok(job),
            Ok(Err(description)) => {
                Job::prepare(description, None, &PilotWork { threads, stop }).map_err(anyhow::Error::new)
            }
            Err(error) => Err(error),
        };
        match (job, &stage.name) {
            (Err(error), _) if interrupt::asked() && is_interruption(&error) => Ok(None),
            (job, Some(name)) => job.map(Some).with_context(|| format!("stage {name}")),
            (job, None) => job.map(Some),
        }
    }
}

/// Whether what was asked for by Ctrl-C is all that went wrong, which the exit code tells.
fn is_interruption(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(DataError::Interrupted))
}
