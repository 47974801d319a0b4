//! Chooses instruction sets at run time: the one place of `unsafe` in this crate.
//!
//! A default build targets plain x86-64. Work handed to [`run`] is compiled a second time for x86-64-v3 (AVX2, BMI,
//! POPCNT), where it steps eight rows at once, and that copy is used where the processor has it. Results are the
//! same; only the speed differs.

#[cfg(target_arch = "x86_64")]
mod pair;
#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code)]
mod x86;

use crate::words::Words;

/// An instruction set that the processor has.
pub(crate) trait Isa: Copy {
    /// What rows are stepped in.
    type Words: Words;
    /// Zeros.
    fn words(self) -> Self::Words;
}

/// What every processor has: one row at a time.
#[derive(Clone, Copy)]
pub(crate) struct Plain;

impl Isa for Plain {
    type Words = u32;

    #[inline(always)]
    fn words(self) -> u32 {
        0
    }
}

/// A piece of work whose inner loop is worth compiling twice. `run` must be `#[inline(always)]`, or it keeps the
/// instructions of the caller.
pub(crate) trait Task {
    type Output;
    fn run<I: Isa>(self, isa: I) -> Self::Output;
}

/// Runs a task with the best instructions at hand.
#[inline]
pub(crate) fn run<T: Task>(task: T) -> T::Output {
    #[cfg(target_arch = "x86_64")]
    if let Some(v3) = x86::V3::detect() {
        return v3.run(task);
    }
    task.run(Plain)
}
