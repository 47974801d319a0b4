//! Running programs, and calling their functions.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use rayon::prelude::*;

use super::code::{CARRIED, Program};
use super::coverage::Coverage;
use super::fault::{ExecError, Limits};
use super::machine::State;
use super::outcome::Outcome;
use super::steps::{StepRecorder, Steps};
use super::supply::PORTION;
use super::trace::{Recorder, Trace, Tracer, Untraced};
use super::value::{Room, Value};

/// Runs programs within limits; keep one to reuse its memory.
///
/// ```
/// use pyprior_core::{Language, LanguageConfig};
/// use pyprior_core::exec::{Limits, Machine, Program};
///
/// let language = Language::new(LanguageConfig::default())?;
/// let ids = |names: &str| names.split(' ').map(|name| language.vocab().id_of(name).unwrap()).collect::<Vec<_>>();
/// // def func(a): return a * a
/// // print(func(7))
/// let tokens = ids("BLK_2 FUNC_1 ARITY_1 BLK_1 RETURN MUL VAR_1 VAR_1 PRINT CALL FUNC_1 INT_7");
/// let program = Program::from_tokens(&language, &tokens)?;
/// let mut machine = Machine::new(Limits::default());
/// machine.run(&program)?;
/// assert_eq!((machine.stdout(), machine.steps()), ("49\n", 4)); // def, print, the call, return
/// machine.reset();
/// assert_eq!(machine.call(&program, 1, &[(-3).into()])?.to_string(), "9");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Machine {
    limits: Limits,
    state: State,
}

impl Machine {
    /// A machine with these limits.
    pub fn new(limits: Limits) -> Self {
        Self { limits, state: State::new(&limits) }
    }

    /// Steps, some 16 million, within which a run ends that is told to [stop](Self::stop_by). One with no more fuel is never
    /// stopped.
    pub const STOPS_WITHIN: u64 = PORTION;

    /// Has runs end soon after `stop` is set, by [`ExecError::Stopped`]. Where, no one can tell beforehand, unlike where limits
    /// end them.
    pub fn stop_by(&mut self, stop: &Arc<AtomicBool>) {
        self.state.supply.stop_by(stop);
    }

    /// The limits.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Sets the limits, empties the output and fills up the fuel.
    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
        self.reset();
    }

    /// What was printed since the last [`run`](Self::run) or [`reset`](Self::reset).
    pub fn stdout(&self) -> &str {
        // What programs print is ASCII, hence text.
        std::str::from_utf8(&self.state.out).unwrap_or_default()
    }

    /// Steps since the last [`run`](Self::run) or [`reset`](Self::reset).
    pub fn steps(&self) -> u64 {
        self.limits.fuel - self.state.left
    }

    /// Empties the output and fills up the fuel and what else is limited.
    pub fn reset(&mut self) {
        self.state.out.clear();
        self.state.left = self.limits.fuel;
        self.state.room = Room::new(&self.limits);
    }

    /// Runs a module from its start, with all of the fuel.
    ///
    /// # Errors
    ///
    /// [`ExecError`] says why it ended early; what was printed until then stays.
    pub fn run(&mut self, program: &Program) -> Result<(), ExecError> {
        self.run_with(program, &mut Untraced).map(drop)
    }

    /// Runs a module as [`run`](Self::run) does, and adds what it writes to `trace`, up to `limit` events in all.
    ///
    /// # Errors
    ///
    /// As for [`run`](Self::run).
    pub fn run_traced(&mut self, program: &Program, trace: &mut Trace, limit: usize) -> Result<(), ExecError> {
        self.run_with(program, &mut Recorder { trace, limit }).map(drop)
    }

    /// Calls a function by its number, as in `FUNC_1`, with what is left of the fuel and of the output. The call takes
    /// a step, as all do. Functions see no variables but their own, so the module need not have run.
    ///
    /// # Errors
    ///
    /// [`ExecError`]: why it ended early, or that no such function takes so many arguments.
    pub fn call(&mut self, program: &Program, func: u8, args: &[Value]) -> Result<Value, ExecError> {
        self.enter(program, func, args, &mut Untraced)
    }

    /// Calls a function as [`call`](Self::call) does, and adds what it writes to `trace`, up to `limit` events in all.
    ///
    /// # Errors
    ///
    /// As for [`call`](Self::call).
    pub fn call_traced(
        &mut self,
        program: &Program,
        func: u8,
        args: &[Value],
        trace: &mut Trace,
        limit: usize,
    ) -> Result<Value, ExecError> {
        self.enter(program, func, args, &mut Recorder { trace, limit })
    }

    /// Runs a module as [`run`](Self::run) does, and adds what it does, step by step, up to `limit` steps in all.
    ///
    /// # Errors
    ///
    /// As for [`run`](Self::run).
    pub fn run_steps(&mut self, program: &Program, steps: &mut Steps, limit: usize) -> Result<(), ExecError> {
        self.run_with(program, &mut StepRecorder { steps, limit, before: usize::MAX - 1 }).map(drop)
    }

    /// Calls a function as [`call`](Self::call) does, and adds what it does, step by step, up to `limit` steps in all.
    ///
    /// # Errors
    ///
    /// As for [`call`](Self::call).
    pub fn call_steps(
        &mut self,
        program: &Program,
        func: u8,
        args: &[Value],
        steps: &mut Steps,
        limit: usize,
    ) -> Result<Value, ExecError> {
        self.enter(program, func, args, &mut StepRecorder { steps, limit, before: usize::MAX - 1 })
    }

    /// Calls a function as [`call`](Self::call) does, and adds the ways that it goes; they must be those of that function.
    ///
    /// # Errors
    ///
    /// As for [`call`](Self::call).
    pub fn call_covered(
        &mut self,
        program: &Program,
        func: u8,
        args: &[Value],
        mut ways: &mut Coverage,
    ) -> Result<Value, ExecError> {
        ways.start();
        self.enter(program, func, args, &mut ways)
    }

    /// Runs a module and tells the tracer.
    pub(super) fn run_with<T: Tracer>(&mut self, program: &Program, tracer: &mut T) -> Result<Value, ExecError> {
        self.reset();
        self.execute(program, None, tracer)
    }

    /// Runs a module from an instruction on, with all of the fuel and values in its registers.
    pub(super) fn run_from<T: Tracer>(
        &mut self,
        program: &Program,
        start: usize,
        registers: Vec<(usize, Value)>,
        tracer: &mut T,
    ) -> Result<Value, ExecError> {
        self.reset();
        self.state.reserve(program.frame as usize);
        for (register, value) in registers {
            self.state.stack[register] = value;
        }
        self.state.start = start;
        let result = self.execute(program, None, tracer);
        self.state.start = 0;
        result
    }

    /// Where the module has come to, as an instruction.
    pub(super) fn reached(&self) -> usize {
        self.state.reached()
    }

    fn enter<T: Tracer>(
        &mut self,
        program: &Program,
        number: u8,
        args: &[Value],
        tracer: &mut T,
    ) -> Result<Value, ExecError> {
        let nth = program.entry(number, args.len(), || format!("func_{number}"))?;
        let statement = program.marks.get(program.funcs[nth].mark as usize).map_or(0, |mark| mark.statement);
        let admitted = args.iter().try_for_each(|arg| self.state.room.admit(arg));
        admitted.map_err(|fault| fault.at(statement, &self.limits))?;
        let Some(left) = self.state.left.checked_sub(1) else {
            return Err(ExecError::OutOfFuel { fuel: self.limits.fuel });
        };
        self.state.left = left;
        self.state.reserve(0);
        for (nth, value) in (1..).zip(args) {
            self.state.stack[nth].clone_from(value);
        }
        if T::STEPS {
            tracer.entered(program, nth);
        }
        if T::ON {
            args.iter().zip(1..).for_each(|(value, slot)| tracer.passed(program, nth, slot, value));
        }
        self.execute(program, Some(nth), tracer)
    }

    fn execute<T: Tracer>(
        &mut self,
        program: &Program,
        func: Option<usize>,
        tracer: &mut T,
    ) -> Result<Value, ExecError> {
        self.state.execute(program, func, &self.limits, tracer).map_err(|fault| {
            let statement = |pc: usize| program.mark(pc).map_or(0, |mark| mark.statement);
            let statement = match statement(self.state.pc) {
                // In a function: the frame at the bottom goes on behind its call.
                CARRIED => statement(self.state.reached().saturating_sub(1)),
                own => own,
            };
            fault.at(statement, &self.limits)
        })
    }

    /// Runs a module and, if that goes well and a call is given, the call; both within one measure of fuel and output.
    pub fn outcome(&mut self, program: &Program, call: Option<(u8, &[Value])>) -> Outcome {
        let result = self.run(program).and_then(|()| match call {
            Some((func, args)) => self.call(program, func, args),
            None => Ok(Value::None),
        });
        self.finish(result)
    }

    /// Takes what was printed for an [`Outcome`].
    pub fn finish(&mut self, result: Result<Value, ExecError>) -> Outcome {
        let (steps, stdout) =
            (self.steps(), String::from_utf8(std::mem::take(&mut self.state.out)).unwrap_or_default());
        match result {
            Ok(value) => Outcome { value, stdout, steps, error: None },
            Err(error) => Outcome { value: Value::None, stdout, steps, error: Some(error) },
        }
    }
}

/// Runs programs on all threads of the current rayon pool; outcomes come in the order of the programs, and are the same
/// for any number of threads.
pub fn run_batch(programs: &[Program], limits: Limits) -> Vec<Outcome> {
    programs.par_iter().map_init(|| Machine::new(limits), |machine, program| machine.outcome(program, None)).collect()
}
