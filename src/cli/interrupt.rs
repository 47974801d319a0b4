//! Ctrl-C: the first asks for an end in good order, the second ends at once.

use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context as _;

/// Exit code of what was interrupted: 128 and the number of the signal, as shells have it.
const CODE: u8 = 130;

static ASKED: AtomicBool = AtomicBool::new(false);

/// From now on the first Ctrl-C sets the flag that is returned, and the second ends the process with code 130.
pub(crate) fn catch() -> anyhow::Result<&'static AtomicBool> {
    let caught = || {
        if ASKED.swap(true, Ordering::Relaxed) {
            end();
        }
    };
    ctrlc::set_handler(caught).context("cannot catch Ctrl-C")?;
    Ok(&ASKED)
}

/// What to exit with where all went well: code 130 if Ctrl-C asked for the end.
pub(crate) fn code() -> ExitCode {
    if asked() { ExitCode::from(CODE) } else { ExitCode::SUCCESS }
}

/// Whether Ctrl-C has asked for the end.
pub(crate) fn asked() -> bool {
    ASKED.load(Ordering::Relaxed)
}

/// Ends the process as a second Ctrl-C does: for one who waits for somebody that does not answer.
pub(crate) fn end() -> ! {
    std::process::exit(CODE.into())
}
