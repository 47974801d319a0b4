//! `pyprior solve`

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Args;
use pyprior_logic::fd::{Solution, SolveError, Solver, Stopped};
use pyprior_logic::problem::{Goal, Problem, json};

use super::EXIT_ERROR;
use super::output::{Output, read};

/// Solve a constraint problem.
///
/// Reads variables, domains and constraints in a small text form, and writes solutions as objects of JSON, one a line. A problem with `minimise` or `maximise` has its best solution written.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  pyprior solve examples/logic/conference.problem --count
  pyprior solve examples/logic/send_more.problem --first

The text form, a statement a line, # begins a comment:
  domain slots = 'AM', 'PM'            a domain to be used again
  var a, b in 1..3 * slots             variables; domains are ranges, lists, names, products of these
  group all = a, b                     variables to be listed again
  a[0] + 1 == b[0]                     a constraint: an expression of Python
  for x, y in all: x[1] != y[1]        for every choice of two of them
  all_distinct(*)                      different values; * is all variables
  table(a, b): ((1, 'AM'), (2, 'PM'))  rows of values
  minimise a[0]                        or maximise

Exit codes: 0 done, also without a solution; 1 bad input, or stopped at a limit before the search was through.")]
pub(crate) struct Solve {
    /// The problem; `-` for standard input
    file: PathBuf,
    /// One solution
    #[arg(long, conflicts_with_all = ["all", "count"])]
    first: bool,
    /// All solutions [default]
    #[arg(long, conflicts_with = "count")]
    all: bool,
    /// Their number
    #[arg(long)]
    count: bool,
    /// Most choices of the search
    #[arg(long, value_name = "N")]
    nodes: Option<u64>,
    /// Most seconds
    #[arg(long, value_name = "SECONDS")]
    time: Option<f64>,
    /// Search on all cores
    #[arg(long)]
    parallel: bool,
    #[command(flatten)]
    output: Output,
}

impl Solve {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        let name = self.file.display();
        let problem = Problem::parse(&read(&self.file)?).with_context(|| format!("{name}"))?;
        let mut solver = Solver::new().parallel(self.parallel);
        if let Some(nodes) = self.nodes {
            solver = solver.nodes(nodes);
        }
        if let Some(seconds) = self.time {
            solver = solver.time(Duration::try_from_secs_f64(seconds).context("--time")?);
        }
        let repository = problem.repository();
        let (mut stopped, mut found) = (None, self.count);
        let written = self.output.write(|out| {
            let mut line = |solution: &Solution| {
                found = true;
                writeln!(out, "{}", json(solution)).context("cannot write")
            };
            match problem.goal() {
                _ if self.count => writeln!(out, "{}", solver.count(repository)?)?,
                Goal::Satisfy if self.first => solver.solve_first(repository)?.iter().try_for_each(line)?,
                // One at a time, so that the first are there at once and memory does not grow.
                Goal::Satisfy if !self.parallel => {
                    for solution in solver.iter(repository)? {
                        line(&solution?)?;
                    }
                }
                Goal::Satisfy => {
                    let found = solver.solve(repository)?;
                    found.iter().try_for_each(|solution| line(&solution))?;
                    stopped = found.stopped();
                }
                goal => {
                    let best = match goal {
                        Goal::Minimise(objective) => solver.minimise(repository, objective)?,
                        Goal::Maximise(objective) => solver.maximise(repository, objective)?,
                        Goal::Satisfy => bail!("no objective"),
                    };
                    if let Some(best) = best {
                        line(&best.solution)?;
                        stopped = best.stopped;
                    }
                }
            }
            Ok(())
        });
        written.map_err(|error| self.placed(&problem, error))?;
        if let Some(limit) = stopped {
            writeln!(std::io::stderr(), "stopped at the limit of {limit}").context("cannot write to standard error")?;
            return Ok(ExitCode::from(EXIT_ERROR));
        }
        if !found && let Some((line, column)) = repository.contradiction()?.and_then(|nth| problem.statement(nth)) {
            let told =
                writeln!(std::io::stderr(), "note: {name}: {line}:{column}: nothing that is left satisfies this");
            told.context("cannot write to standard error")?;
        }
        Ok(ExitCode::SUCCESS)
    }

    /// An error with the place of the statement that it is about, if it is about one.
    fn placed(&self, problem: &Problem, error: anyhow::Error) -> anyhow::Error {
        let of_problem = match error.downcast_ref::<Stopped>() {
            Some(Stopped::Problem(of_problem)) => Some(of_problem),
            _ => error.downcast_ref::<SolveError>(),
        };
        match of_problem.and_then(|of_problem| problem.locate(of_problem)) {
            Some(located) => anyhow::Error::new(located).context(self.file.display().to_string()),
            None => error,
        }
    }
}
