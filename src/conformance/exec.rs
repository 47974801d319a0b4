//! What the recorded programs print, and what their functions give.

use pyprior_core::exec::{ExecError, Limits, Machine, Program, Value};
use pyprior_core::{Language, render_nodes};
use sha2::{Digest, Sha256};

use super::lines::Trace;
use super::report::{Outcome, Report};
use super::run::{Call, Run};

const LINE: &str = "trace";
/// More than the package got done before its clock stopped it.
const LIMITS: Limits =
    Limits { fuel: 20_000_000, output_bytes: 1 << 26, integer_bits: 1 << 24, integer_work: u64::MAX };
const SLOW: &str = "the package's clock decided";

impl Run {
    /// Why the recorded end does not say how the program ends.
    fn not_comparable(&self) -> Option<&'static str> {
        match self.err.as_deref() {
            Some("timeout" | "killed") => Some(SLOW),
            Some(error) if error.starts_with("MemoryError") || error.starts_with("ValueError: Exceeds") => {
                Some("a limit of the package's process, not of the language")
            }
            _ if self.slow => Some("took more than 60 ms: the verdict may depend on the machine"),
            _ => None,
        }
    }

    /// Runs a program from its start and compares.
    fn compare(&self, machine: &mut Machine, program: &Program) -> Outcome {
        if let Some(why) = self.not_comparable() {
            return Outcome::NotCompared(why);
        }
        let error = machine.run(program).err();
        self.outcome(error.as_ref(), machine.stdout())
    }

    /// Whether ours printed the same and ended the same way.
    fn outcome(&self, error: Option<&ExecError>, out: &str) -> Outcome {
        let recorded = self.err.as_deref();
        let ours = error.map(ToString::to_string);
        if self.ok != error.is_none() || recorded != ours.as_deref() {
            return Outcome::Different(format!("recorded {recorded:?}, ours {ours:?}"));
        }
        let same = match (&self.out, self.out_len, &self.out_sha256) {
            (_, Some(len), Some(digest)) => out.chars().count() == len && sha256(out) == *digest,
            (_, Some(len), None) => out.chars().count() == len,
            (Some(recorded), ..) => recorded == out,
            (None, ..) => true,
        };
        match same {
            true => Outcome::Equal,
            false => {
                let start = out.chars().take(200).collect::<String>();
                Outcome::Different(format!("recorded {:?}, ours {start:?}", self.out))
            }
        }
    }
}

impl Call {
    /// Calls the function with all of the fuel and compares.
    fn compare(&self, machine: &mut Machine, program: &Program) -> Outcome {
        if let Some(why) = self.run.not_comparable() {
            return Outcome::NotCompared(why);
        }
        let Some(func) = self.f.strip_prefix("func_").and_then(|number| number.parse().ok()) else {
            return Outcome::Different(format!("{:?} is no name of a function", self.f));
        };
        let args = self.args.iter().map(|&arg| Value::Int(arg)).collect::<Vec<_>>();
        machine.reset();
        let result = machine.call(program, func, &args);
        let value = result.as_ref().ok().map(ToString::to_string);
        // Long values are cut in the recording; their ends are in what is printed.
        if value != self.value {
            return Outcome::Different(format!("{}{args:?}: recorded {:?}, ours {value:?}", self.f, self.value));
        }
        self.run.outcome(result.as_ref().err(), machine.stdout())
    }
}

fn sha256(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Compares `render`, `exec` and its calls.
pub(super) fn replay(report: &mut Report, language: &Language, place: &str, trace: &Trace) {
    if let Some(recorded) = &trace.render {
        let outcome = match render_nodes(language, &trace.ids) {
            Ok(ours) if ours == *recorded => Outcome::Equal,
            ours => Outcome::Different(format!("recorded {recorded:?}, ours {ours:?}")),
        };
        report.add(LINE, "render", &place, outcome);
    }
    let Some(recorded) = &trace.exec else { return };
    if let Some(why) = recorded.not_comparable() {
        report.add(LINE, "exec", &place, Outcome::NotCompared(why));
        recorded.calls.iter().for_each(|_| report.add(LINE, "exec.calls", &place, Outcome::NotCompared(why)));
        return;
    }
    let program = match Program::from_tokens(language, &trace.ids) {
        Ok(program) => program,
        Err(error) => return report.add(LINE, "exec", &place, Outcome::Different(error.to_string())),
    };
    let mut machine = Machine::new(LIMITS);
    report.add(LINE, "exec", &place, recorded.compare(&mut machine, &program));
    for call in &recorded.calls {
        report.add(LINE, "exec.calls", &place, call.compare(&mut machine, &program));
    }
}

/// Compares what a program prints that was read from source.
pub(super) fn compare_tokens(recorded: &Run, language: &Language, tokens: &[u32]) -> Outcome {
    match Program::from_tokens(language, tokens) {
        Ok(program) => recorded.compare(&mut Machine::new(LIMITS), &program),
        Err(error) => Outcome::Different(error.to_string()),
    }
}
