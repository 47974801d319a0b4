//! Runs the command line as a user does.

use std::io::Write;
use std::process::{Command, Output, Stdio};

pub(crate) fn pyprior(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_pyprior")).args(args).output().unwrap()
}

pub(crate) fn pyprior_with_input(args: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_pyprior"))
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    std::thread::scope(|scope| {
        // Answers may come before all of the input is taken; a refused command line reads nothing of it.
        scope.spawn(move || stdin.write_all(input.as_bytes()));
        child.wait_with_output().unwrap()
    })
}

pub(crate) fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

pub(crate) fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}
