//! `pyprior dataset`

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

use anyhow::Context as _;
use clap::{Args, Subcommand};
use pyprior_data::{DataError, Job, Manifest, Part, Place, Work, make};

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
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    threads: usize,
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
    Columns(columns::Columns),
    Dedup(dedup::DedupArgs),
    Levels(levels::Levels),
    Finish(finish::Finish),
}

impl Dataset {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        let out = match (self.command, self.out) {
            (Some(Other::Init(args)), _) => return args.run(),
            (Some(Other::Columns(args)), _) => return args.run(),
            (Some(Other::Dedup(args)), _) => return args.run(),
            (Some(Other::Finish(args)), _) => return args.run(),
            (Some(Other::Levels(args)), _) => return args.run(),
            (None, out) => out.unwrap_or_default(),
        };
        let stop = interrupt::catch()?;
        let stages = self.settings.stages()?;
        let staged = stages.iter().any(|stage| stage.name.is_some());
        let jobs = stages.into_iter().map(|stage| {
            let named = || stage.name.as_ref().map_or_else(String::new, |name| format!("stage {name}"));
            let place = Place::parse(&out);
            let place = stage.name.as_ref().map_or_else(|| place.clone(), |name| place.below(name));
            let job = match self.model.job(stage.description, &self.settings, self.threads, stop) {
                Ok(Ok(job)) => Ok(job),
                Ok(Err(description)) => Job::new(description).map_err(anyhow::Error::new),
                Err(error) => Err(error),
            };
            let job = if stage.name.is_some() { job.with_context(named)? } else { job? };
            Ok((place, job))
        });
        // All of them are checked before one is made, and so is what is there: a dataset has no datasets in its folder.
        anyhow::ensure!(
            !staged || !std::path::Path::new(&out).join("manifest").exists(),
            "{} holds a dataset, and stages need a folder of their own",
            Place::parse(&out)
        );
        for (place, job) in jobs.collect::<anyhow::Result<Vec<_>>>()? {
            let shown = Shown::new(if self.quiet { progress::When::Never } else { self.progress });
            let progress = |progress| shown.step(progress);
            let work = Work { part: self.shard, threads: self.threads, stop, progress: &progress };
            match make(&job, place, &work) {
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
}
