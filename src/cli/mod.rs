//! One file a subcommand, none with logic of its own.

mod check;
mod compare_tokens;
mod conformance;
mod dataset;
mod decode;
mod device;
mod encode;
mod generate;
mod interrupt;
mod language;
mod legal;
mod limits;
mod memory;
mod model;
mod output;
mod prior;
mod prompt;
mod repl;
mod run;
mod sample;
mod sampled;
mod score;
mod show;
mod sketch;
mod solve;
mod times;
mod train;
mod vocab;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Exit code of errors: bad input, refused configurations, files that cannot be read.
pub(crate) const EXIT_ERROR: u8 = 1;

/// Sample, check, render and read programs of a small total subset of Python, token by token.
#[derive(Debug, Parser)]
#[command(
    name = "pyprior",
    version,
    arg_required_else_help = true,
    after_help = "Exit codes: 0 done; 1 bad input, a refused configuration, or a difference found; 2 wrong usage; 130 interrupted, where Ctrl-C is waited for."
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Sample(sample::Sample),
    Generate(generate::Generate),
    Decode(decode::Decode),
    Encode(encode::Encode),
    Check(check::Check),
    Run(run::Run),
    Show(show::Show),
    Repl(repl::Repl),
    Train(train::Train),
    Dataset(dataset::Dataset),
    Sketch(sketch::SketchArgs),
    Solve(solve::Solve),
    Score(score::Score),
    CompareTokens(compare_tokens::CompareTokens),
    Legal(legal::Legal),
    Vocab(vocab::Vocab),
    Conformance(conformance::Conformance),
}

pub(crate) fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    match cli.command {
        Command::Sample(args) => args.run(),
        Command::Generate(args) => args.run(),
        Command::Decode(args) => args.run(),
        Command::Encode(args) => args.run(),
        Command::Check(args) => args.run(),
        Command::Run(args) => args.run(),
        Command::Show(args) => args.run(),
        Command::Repl(args) => args.run(),
        Command::Train(args) => args.run(),
        Command::Dataset(args) => args.run(),
        Command::Sketch(args) => args.run(),
        Command::Solve(args) => args.run(),
        Command::Score(args) => args.run(),
        Command::CompareTokens(args) => args.run(),
        Command::Legal(args) => args.run(),
        Command::Vocab(args) => args.run(),
        Command::Conformance(args) => args.run(),
    }
}
