//! `pyprior show`, as a user meets it where there is no terminal.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod command;

use std::path::{Path, PathBuf};
use std::process::Output;

use command::{pyprior, pyprior_with_input, stderr, stdout};

fn show(args: &[&str], input: &str) -> Output {
    pyprior_with_input(&[&["show"], args].concat(), input)
}

fn shown(args: &[&str], input: &str) -> String {
    let output = show(args, input);
    assert!(output.status.success(), "{}", stderr(&output));
    stdout(&output).to_owned()
}

fn refused(args: &[&str], input: &str) -> String {
    let output = show(args, input);
    assert!(!output.status.success() && stdout(&output).is_empty());
    stderr(&output).to_owned()
}

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

#[test]
fn source_under_its_names() {
    let text = shown(&["-"], "def area(side):\n    return side * side\nprint(area(12))\n");
    assert!(text.starts_with("  1  BLK_2  ("), "{text}");
    assert!(text.contains("     | def area(<params>):\n     | <stmt>\n"), "{text}");
    assert!(text.contains("     | def area(side):\n     |     return side * <expr>\n     | <stmt>\n"), "{text}");
    assert!(text.ends_with("\noutput:\n144\n(4 steps)\n"), "{text}");
}

#[test]
fn what_is_shown_is_what_is_sampled() {
    let flags = ["--seed", "5", "--max-len", "35", "--exclude", "CALL"];
    let sampled = pyprior(&[&["sample", "-n", "4", "--format", "names"][..], &flags].concat());
    let names = String::from_utf8(sampled.stdout).unwrap();
    let text = shown(&[&flags[..], &["--row", "3"]].concat(), "");
    let steps = text.lines().filter(|line| line.contains(" legal: "));
    let taken = steps.map(|line| line.split_whitespace().nth(1).unwrap()).collect::<Vec<_>>().join(" ");
    assert_eq!(Some(taken.as_str()), names.lines().nth(3));
}

#[test]
fn tokens_also_unfinished() {
    let text = shown(&["--tokens", "-"], "BLK_1 PRINT ADD INT_1");
    assert!(text.ends_with("     | print(1 + <expr>)\n"), "{text}");
    let error = refused(&["--tokens", "-"], "BLK_1 PRINT PRINT");
    assert!(error.contains("PRINT"), "{error}");
}

#[test]
fn files_by_their_ending() {
    for (ending, start) in [
        ("gif", &b"GIF89a"[..]),
        ("png", b"\x89PNG\r\n\x1a\n"),
        ("apng", b"\x89PNG\r\n\x1a\n"),
        ("webp", b"RIFF"),
        ("svg", b"<svg xmlns="),
        ("cast", b"{\"height\":10,"),
    ] {
        let file = path(&format!("decode.{ending}"));
        let args = ["-", "-o", file.to_str().unwrap(), "--size", "40x10", "--font-size", "16", "--delay", "40"];
        assert_eq!(shown(&args, "print(6 * 7)"), "");
        assert!(std::fs::read(&file).unwrap().starts_with(start), "{ending}");
    }
}

#[test]
fn takes_the_place_of_a_file() {
    let folder = path("whole");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir(&folder).unwrap();
    let file = folder.join("decode.svg");
    std::fs::write(&file, "before").unwrap();
    assert_eq!(shown(&["-", "-o", file.to_str().unwrap()], "print(6 * 7)"), "");
    assert!(std::fs::read(&file).unwrap().starts_with(b"<svg"));
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
}

#[test]
fn refusals() {
    let file = path("never.mp4");
    let error = refused(&["-o", file.to_str().unwrap()], "");
    assert!(error.contains("never.mp4") && error.contains(".gif .png .apng .webp .svg .cast"), "{error}");
    assert!(!file.exists());
    let file = path("never.gif");
    let name = file.to_str().unwrap();
    let error = refused(&["-o", name, "--size", "10x10"], "");
    assert!(error.contains("10x10") && error.contains("20x8 to 300x120"), "{error}");
    assert!(refused(&["-o", name, "--size", "big"], "").contains("columns x rows"));
    assert!(!file.exists(), "a file was opened before its size was checked");
    assert!(refused(&["--size", "80x24"], "").contains("--output"));
    assert!(refused(&["-"], "print(x)\n").contains("-: 1:7: `x` is read before it is assigned"));
    assert!(refused(&["no such file"], "").contains("no such file"));
    assert!(refused(&["--row", "18446744073709551615"], "").contains("row"));
}
