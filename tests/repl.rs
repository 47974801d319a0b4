//! `pyprior repl` where standard input is no terminal.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

/// Exit code, standard output, standard error.
fn repl(args: &[&str], input: &str) -> (i32, String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_pyprior"))
        .arg("repl")
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn done(stdout: &str) -> (i32, String, String) {
    (0, stdout.to_owned(), String::new())
}

#[test]
fn keeps_what_inputs_leave() {
    let input =
        "x = 6\nx * 7\nprint(_ + 1)\n\ndef f(n):\n    # a remark\n    return n * n\n\nf(12)\nx = (f(3) +\n  1)\nx";
    assert_eq!(repl(&[], input), done("42\n43\n144\n10\n"));
    // A statement at the start of a line ends a block too; one is open at the end.
    let input = "def f(n):\n  return n + 1\nfor i in range(2): print(f(i))\nif i < 1:\n  y = 1\nelse:\n  y = 2\ny\nfor i in range(2):\n  print(i)";
    assert_eq!(repl(&[], input), done("1\n2\n2\n0\n1\n"));
    assert_eq!(repl(&[], ""), done(""));
    assert_eq!(repl(&["--normalise"], "1 < 2"), done("1\n"));
    assert_eq!(
        repl(&["--profile", "pyprior-0.0.2"], "def f(n):\n  print(n)\n\nf(3)\n(1 < 2)\n_"),
        done("3\nTrue\nTrue\n")
    );
}

#[test]
fn says_what_is_wrong_and_goes_on() {
    let input = "x = 1\n\nprint(x)\nprint(y)\ndef f(n):\n    m = n\n    return k\n\nx = x +\nx + 1\ndef f(n):\n  return n\n\ndef g(n):\n  return f(n)\n\ndef f(n):\n  return g(n)\n";
    let (code, stdout, stderr) = repl(&[], input);
    assert_eq!((code, stdout.as_str()), (1, "1\n2\n"));
    let said = stderr.lines().collect::<Vec<_>>();
    assert_eq!(said[0], "-:4:7: `y` is read before it is assigned");
    assert_eq!(said[1], "-:7:12: `k` is read before it is assigned");
    assert!(said[2].starts_with("-:9:8: expected an expression"), "{}", said[2]);
    assert_eq!(said[3..], ["-:17:1: with this def `f` calls itself: f -> g -> f (use a loop)"]);

    // What ends early has left what it has come to.
    let input = "x = 2\nfor i in range(9):\n  y = i\n  x = x * x\n\ny";
    let (code, stdout, stderr) = repl(&["--integer-bits", "64"], input);
    assert_eq!(
        (code, stdout.as_str(), stderr.as_str()),
        (1, "5\n", "-:4:3: an integer would have more than 64 bits\n")
    );
    let (_, stdout, stderr) =
        repl(&["--fuel", "9", "--output-limit", "3"], "for i in range(99):\n  print(i)\n\ni\nprint(1000)");
    assert_eq!((stdout.as_str(), stderr.lines().count()), ("0\n1\n", 2));
}

#[test]
fn commands() {
    let input = ":fuel\n:fuel 50\n:fuel\nx = 3\ndef area(w, h):\n  return w * h\n:vars\nx + 1\n:tokens\nfor i in range(0): print(x)\n:check\n:reset\n:vars\nprint(7)\n:quit\nprint(8)\n";
    let expected = "1000000\n50\nx = 3\narea(w, h)\n4\nASSIGN VAR_2 ADD VAR_1 INT_1\n1:1: empty-loop: the range is empty\n1:20: unreachable: this statement never runs: the range at line 1 is empty\n7\n";
    assert_eq!(repl(&[], input), done(expected));
    let (code, stdout, stderr) = repl(&[], "x = 1\n:wars\n:fuel many\n:vars x\n:tokens\n");
    assert_eq!((code, stdout.as_str()), (1, "ASSIGN VAR_1 INT_1\n"));
    assert_eq!(
        stderr,
        "-:2:1: there is no command :wars; :help lists them\n-:3:1: :fuel takes a number of steps\n-:4:1: :vars takes no \"x\"\n"
    );
    let (_, stdout, _) = repl(&[], "x = 2\nfor i in range(12): x = x * x\n\n:vars\n:help");
    assert!(stdout.contains("… (1234 digits)"), "{stdout}");
    assert!([":vars", ":tokens", ":check", ":fuel N", ":reset", ":quit"].iter().all(|name| stdout.contains(name)));
}

#[test]
fn answers_each_input_before_the_next() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_pyprior"))
        .arg("repl")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut stdin, mut stdout) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
    for (input, answer) in
        [("x = 3\nx\n", "3\n"), ("for i in range(1):\n  print(x + 1)\n\n", "4\n"), ("x * 5\n", "15\n")]
    {
        stdin.write_all(input.as_bytes()).unwrap();
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        assert_eq!(line, answer);
    }
    drop(stdin);
    assert!(child.wait().unwrap().success());
}
