//! The kernels on the host: the same sources, one fiber for each thread of CUDA.
//!
//! For tests: a run is the same every time, in each of several schedules, and finds threads that wait for others in
//! vain and warps that diverge at a collective. It does not find what only real concurrency shows.

use std::ffi::{CString, c_char, c_int, c_uint, c_ulonglong, c_void};

use thiserror::Error;

use crate::launch::{self, Element, Launch, LaunchError};
use crate::{GROUPS, Mixing, Pair};

/// In which order threads and blocks have their turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schedule {
    /// By number.
    InOrder,
    /// From the last to the first.
    Reversed,
    /// Another order in every round, by a seed.
    Shuffled(u64),
}

/// Why a kernel has not run to its end.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EmulationError {
    /// There is no kernel of that name.
    #[error("there is no kernel {kernel}")]
    Unknown {
        /// What was asked for.
        kernel: String,
    },
    /// Threads wait for others that do not come.
    #[error("{kernel} is stuck: threads wait for others that do not come")]
    Stuck {
        /// The kernel.
        kernel: String,
    },
    /// Threads of a warp meet in different operations.
    #[error("{kernel}: threads of a warp meet in different operations")]
    Diverged {
        /// The kernel.
        kernel: String,
    },
    /// A slice has another length than the launch needs.
    #[error("{what}: {found} were given, {expected} are needed")]
    Len {
        /// What it holds.
        what: &'static str,
        /// What was given.
        found: usize,
        /// What is needed.
        expected: usize,
    },
    /// A row or line beyond the end.
    #[error("there is no row {row}: there are {rows}")]
    NoRow {
        /// What was asked for.
        row: u32,
        /// How many there are.
        rows: usize,
    },
    /// There is nothing to launch, or too much.
    #[error(transparent)]
    Launch(#[from] LaunchError),
}

/// Logits to be changed, by type; half precision as bits.
#[derive(Debug)]
pub enum LogitsMut<'a> {
    /// Single precision.
    F32(&'a mut [f32]),
    /// Half precision.
    F16(&'a mut [u16]),
    /// The upper half of single precision.
    Bf16(&'a mut [u16]),
}

/// Logits to be read, by type; half precision as bits.
#[derive(Debug, Clone, Copy)]
pub enum Logits<'a> {
    /// Single precision.
    F32(&'a [f32]),
    /// Half precision.
    F16(&'a [u16]),
    /// The upper half of single precision.
    Bf16(&'a [u16]),
}

/// The prior of a vocabulary, and what rows add to it.
#[derive(Debug, Clone, Copy)]
pub struct PriorArrays<'a> {
    /// Logits before shifts, `[vocab]`.
    pub base: &'a [Pair],
    /// Group of each token, below [`GROUPS`], `[vocab]`.
    pub group: &'a [u8],
    /// Bits of the tokens whose weight is not 0, `[ceil(vocab / 32)]`.
    pub positive: &'a [u32],
    /// `[rows]`
    pub shifts: &'a [[f32; GROUPS]],
}

/// What the sampling kernel takes.
#[derive(Debug, Clone, Copy)]
pub struct Sample<'a> {
    /// `[rows, vocab]`
    pub logits: Logits<'a>,
    /// Number of tokens.
    pub vocab: usize,
    /// The token bitmask, `[rows, ceil(vocab / 32)]`.
    pub words: &'a [u32],
    /// The prior, where it has a say.
    pub prior: Option<PriorArrays<'a>>,
    /// `[rows]`
    pub row_numbers: &'a [u64],
    /// `[rows]`
    pub steps: &'a [u32],
    /// How model and prior are put together.
    pub mixing: Mixing,
    /// Seed of the random numbers.
    pub seed: u64,
}

#[allow(unsafe_code)]
unsafe extern "C" {
    fn pyprior_emulate(
        kernel: *const c_char,
        grid: *const c_uint,
        block: *const c_uint,
        arguments: *const *mut c_void,
        schedule: c_int,
        seed: c_ulonglong,
    ) -> c_int;
    fn pyprior_arguments(kernel: *const c_char) -> c_int;
}

/// A pointer to an argument, as a launch takes it.
fn argument<T>(value: &T) -> *mut c_void {
    std::ptr::from_ref(value).cast_mut().cast()
}

/// Runs a kernel.
///
/// # Safety
///
/// The arguments are those that the kernel takes, in number and type, and the pointers among them are valid for all
/// that the launch reads and writes.
#[allow(unsafe_code)]
pub unsafe fn launch(launch: Launch, arguments: &[*mut c_void], schedule: Schedule) -> Result<(), EmulationError> {
    let kernel = launch.kernel.to_owned();
    let Ok(name) = CString::new(launch.kernel) else { return Err(EmulationError::Unknown { kernel }) };
    let (order, seed) = match schedule {
        Schedule::InOrder => (0, 0),
        Schedule::Reversed => (1, 0),
        Schedule::Shuffled(seed) => (2, seed),
    };
    // SAFETY: the name ends with 0, and both functions read it alone; arguments are the caller's promise, their number is
    // held against what the kernel takes.
    let outcome = unsafe {
        let expected = usize::try_from(pyprior_arguments(name.as_ptr())).ok();
        let Some(expected) = expected else { return Err(EmulationError::Unknown { kernel }) };
        if expected != arguments.len() {
            return Err(EmulationError::Len { what: "arguments", found: arguments.len(), expected });
        }
        let (grid, block) = ([launch.blocks, 1, 1], [launch.threads, 1, 1]);
        pyprior_emulate(name.as_ptr(), grid.as_ptr(), block.as_ptr(), arguments.as_ptr(), order, seed)
    };
    match outcome {
        0 => Ok(()),
        2 => Err(EmulationError::Stuck { kernel }),
        3 => Err(EmulationError::Diverged { kernel }),
        _ => Err(EmulationError::Unknown { kernel }),
    }
}

fn check(what: &'static str, found: usize, expected: usize) -> Result<(), EmulationError> {
    if found == expected { Ok(()) } else { Err(EmulationError::Len { what, found, expected }) }
}

/// Masks rows of logits in place. `words` has a row for each of `rows`, or, without those, for each row of the logits.
///
/// # Errors
///
/// [`EmulationError`]; the logits are as they were if lengths or rows do not fit.
pub fn token_bitmask(
    logits: LogitsMut<'_>,
    vocab: usize,
    words: &[u32],
    rows: Option<&[u32]>,
    schedule: Schedule,
) -> Result<(), EmulationError> {
    let (place, len, element) = match logits {
        LogitsMut::F32(logits) => (logits.as_mut_ptr().cast::<c_void>(), logits.len(), Element::F32),
        LogitsMut::F16(logits) => (logits.as_mut_ptr().cast(), logits.len(), Element::F16),
        LogitsMut::Bf16(logits) => (logits.as_mut_ptr().cast(), logits.len(), Element::Bf16),
    };
    let all = len.checked_div(vocab).unwrap_or(0);
    check("logits", len, all * vocab)?;
    let count = rows.map_or(all, <[u32]>::len);
    check("words", words.len(), count * vocab.div_ceil(32))?;
    if let Some(&row) = rows.into_iter().flatten().find(|&&row| row as usize >= all) {
        return Err(EmulationError::NoRow { row, rows: all });
    }
    let how = launch::token_bitmask(element, count, vocab)?;
    let rows = rows.map_or(std::ptr::null(), <[u32]>::as_ptr);
    let (words, count, vocab) = (words.as_ptr(), count as u32, vocab as u32);
    let arguments = [argument(&place), argument(&words), argument(&rows), argument(&count), argument(&vocab)];
    // SAFETY: lengths and rows have been checked, and the slices live to the end of this function.
    #[allow(unsafe_code)]
    unsafe {
        launch(how, &arguments, schedule)
    }
}

/// Draws a token for each row: the four words that [`Sampled::read`](crate::Sampled::read) takes.
///
/// # Errors
///
/// [`EmulationError`].
pub fn sample(call: &Sample<'_>, schedule: Schedule) -> Result<Vec<[u32; 4]>, EmulationError> {
    let &Sample { vocab, words, prior, row_numbers, steps, mixing, seed, .. } = call;
    let (logits, len, element) = match call.logits {
        Logits::F32(logits) => (logits.as_ptr().cast::<c_void>(), logits.len(), Element::F32),
        Logits::F16(logits) => (logits.as_ptr().cast(), logits.len(), Element::F16),
        Logits::Bf16(logits) => (logits.as_ptr().cast(), logits.len(), Element::Bf16),
    };
    let (rows, width) = (row_numbers.len(), vocab.div_ceil(32));
    check("logits", len, rows * vocab)?;
    check("words", words.len(), rows * width)?;
    check("steps", steps.len(), rows)?;
    if let Some(PriorArrays { base, group, positive, shifts }) = prior {
        check("logits of the prior", base.len(), vocab)?;
        check("groups of the prior", group.len(), vocab)?;
        check("groups below 17", group.iter().filter(|&&group| usize::from(group) < GROUPS).count(), vocab)?;
        check("words of the prior", positive.len(), width)?;
        check("shifts of the prior", shifts.len(), rows)?;
    }
    let how = launch::sample(element, rows, vocab)?;
    #[repr(align(16))]
    #[derive(Clone, Copy)]
    struct Aligned([u32; 4]);
    let mut out = vec![Aligned([0; 4]); rows];
    let place = out.as_mut_ptr();
    let base = prior.map_or(std::ptr::null(), |prior| prior.base.as_ptr());
    let group = prior.map_or(std::ptr::null(), |prior| prior.group.as_ptr());
    let positive = prior.map_or(std::ptr::null(), |prior| prior.positive.as_ptr());
    let shifts = prior.map_or(std::ptr::null(), |prior| prior.shifts.as_ptr());
    let (words, row_numbers, steps) = (words.as_ptr(), row_numbers.as_ptr(), steps.as_ptr());
    let (count, vocab) = (rows as u32, vocab as u32);
    let (is_entropy, is_greedy) = (u32::from(mixing.is_entropy), u32::from(mixing.is_greedy));
    let Mixing { model, prior: factor, scale, .. } = mixing;
    let arguments = [
        argument(&logits),
        argument(&words),
        argument(&base),
        argument(&group),
        argument(&positive),
        argument(&shifts),
        argument(&row_numbers),
        argument(&steps),
        argument(&place),
        argument(&count),
        argument(&vocab),
        argument(&is_entropy),
        argument(&is_greedy),
        argument(&model),
        argument(&factor),
        argument(&scale),
        argument(&seed),
    ];
    // SAFETY: lengths have been checked, and the slices live to the end of this function.
    #[allow(unsafe_code)]
    unsafe {
        launch(how, &arguments, schedule)?;
    }
    Ok(out.into_iter().map(|Aligned(words)| words).collect())
}

/// Writes lines of `from`, each `width` numbers, to the places `lines` of `into`.
///
/// # Errors
///
/// [`EmulationError`]; `into` is as it was if lengths or lines do not fit.
pub fn write_lines(
    into: &mut [u16],
    from: &[u16],
    lines: &[u32],
    width: usize,
    schedule: Schedule,
) -> Result<(), EmulationError> {
    check("numbers", from.len(), lines.len() * width)?;
    let rows = into.len().checked_div(width).unwrap_or(0);
    if let Some(&row) = lines.iter().find(|&&line| line as usize >= rows) {
        return Err(EmulationError::NoRow { row, rows });
    }
    let is_aligned = into.as_ptr().align_offset(16) == 0 && from.as_ptr().align_offset(16) == 0;
    let (how, units) = launch::write_lines(lines.len(), 2 * width, is_aligned)?;
    let (into, from, count) = (into.as_mut_ptr(), from.as_ptr(), lines.len() as u32);
    let lines = lines.as_ptr();
    let arguments = [argument(&into), argument(&from), argument(&lines), argument(&count), argument(&units)];
    // SAFETY: lengths and lines have been checked, and the slices live to the end of this function.
    #[allow(unsafe_code)]
    unsafe {
        launch(how, &arguments, schedule)
    }
}

/// The random words of rows, `[rows, vocab]`.
///
/// # Errors
///
/// [`EmulationError`].
pub fn random_words(
    row_numbers: &[u64],
    steps: &[u32],
    vocab: usize,
    seed: u64,
    schedule: Schedule,
) -> Result<Vec<u32>, EmulationError> {
    check("steps", steps.len(), row_numbers.len())?;
    let mut out = vec![0_u32; row_numbers.len() * vocab];
    let how = launch::random_words(row_numbers.len(), vocab)?;
    let (place, vocab) = (out.as_mut_ptr(), vocab as u32);
    let (rows, steps) = (row_numbers.as_ptr(), steps.as_ptr());
    let arguments = [argument(&place), argument(&rows), argument(&steps), argument(&vocab), argument(&seed)];
    // SAFETY: lengths have been checked, and the slices live to the end of this function.
    #[allow(unsafe_code)]
    unsafe {
        launch(how, &arguments, schedule)?;
    }
    Ok(out)
}
