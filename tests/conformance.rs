//! Replays the recorded traces, and files that are no such thing.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use flate2::Compression;
use flate2::write::GzEncoder;

fn traces() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/traces.jsonl.gz")
}

fn conformance(file: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_pyprior")).arg("conformance").arg(file).output().unwrap()
}

fn write(name: &str, bytes: &[u8]) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

/// Numbers of a field's row: compared, equal, allowed, different, not compared.
fn row(report: &str, line: &str, field: &str) -> Vec<u64> {
    let mut rows = report.lines().map(|row| row.split_whitespace().collect::<Vec<_>>());
    let found = rows.find(|row| row.len() == 7 && row[0] == line && row[1] == field);
    found.map(|row| row[2..].iter().map(|number| number.parse().unwrap()).collect()).unwrap_or_default()
}

#[test]
fn agrees_with_the_recording() {
    let output = conformance(&traces());
    let report = String::from_utf8(output.stdout).unwrap();
    println!("{report}");
    assert!(output.status.success());
    // Compared, equal, allowed; the allowed ones are confirmed by the exhaustive search.
    for (line, field, expected) in [
        ("trace", "legal", [42823, 42496, 327]),
        ("trace", "kind", [42823, 42823, 0]),
        ("trace", "frontier", [42823, 42823, 0]),
        ("trace", "src", [2522, 2517, 5]),
        ("trace", "partial", [19309, 19309, 0]),
        ("trace", "logits", [208_480, 208_480, 0]),
        ("trace", "apply.off", [21542, 21542, 0]),
        ("trace", "apply.additive", [21542, 21542, 0]),
        ("trace", "apply.fixed", [21542, 21542, 0]),
        ("trace", "apply.entropy", [21542, 21542, 0]),
        ("trace", "apply.illegal", [6260, 6260, 0]),
        ("config", "prior", [40, 40, 0]),
        ("config", "prior_base", [3170, 3170, 0]),
        ("config", "min_len", [40, 38, 2]),
        ("config", "dump", [40, 40, 0]),
        ("value", "tokens", [8, 8, 0]),
        ("value_decode", "x", [9, 9, 0]),
        ("init_error", "raises", [20, 18, 2]),
        ("encode", "ok", [1336, 1226, 110]),
        ("encode", "tokens", [332, 332, 0]),
        ("encode", "src_names", [242, 230, 12]),
        ("encode", "src_pool", [242, 242, 0]),
        ("encode", "exec_src", [242, 242, 0]),
        ("encode", "exec_names", [258, 258, 0]),
        ("encode", "exec_pool", [306, 306, 0]),
        ("trace", "exec", [2517, 2517, 0]),
        ("trace", "exec.calls", [527, 527, 0]),
        ("trace", "encode", [2517, 1999, 518]),
        ("trace", "src2", [1999, 1938, 61]),
        ("trace", "analysis.unused", [2517, 2517, 0]),
        ("trace", "analysis.stores", [2517, 2517, 0]),
        ("trace", "analysis.returns", [2517, 2517, 0]),
        ("trace", "analysis.value", [2517, 2517, 0]),
        ("trace", "analysis.dead", [2517, 2517, 0]),
    ] {
        assert_eq!(row(&report, line, field)[..3], expected, "{line}.{field}");
    }
}

/// The report on the recording's first lines, each changed; there must be differences.
fn changed(name: &str, change: impl Fn(&mut serde_json::Value)) -> String {
    use std::io::Read;
    let mut text = String::new();
    flate2::read::GzDecoder::new(std::fs::File::open(traces()).unwrap()).read_to_string(&mut text).unwrap();
    let lines = text.lines().take(40).map(|line| {
        let mut line: serde_json::Value = serde_json::from_str(line).unwrap();
        change(&mut line);
        line.to_string() + "\n"
    });
    let output = conformance(&write(name, lines.collect::<String>().as_bytes()));
    assert_eq!(output.status.code(), Some(1));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_changed_recording_is_a_difference() {
    let report = changed("changed.jsonl", |line| {
        if line["t"] == "trace" && line["k"] == 1 {
            line["kind"][0] = "stmt".into();
            line["legal"][0] = "ff".into();
            line["frontier"][0][1] = 9.into();
            line["src"] = "pass".into();
            line["exec"]["out"] = "changed".into();
        }
        if line["t"] == "trace" && line["k"] == 2 {
            line["exec"]["calls"][0]["value"] = "1".into();
        }
        if line["t"] == "trace" && line["k"] == 5 {
            line["exec"]["calls"][0]["out"] = "changed".into();
        }
    });
    for field in ["kind", "legal", "frontier", "src", "padded_same_src", "encode", "exec"] {
        assert_eq!(row(&report, "trace", field)[3], 1, "{field}");
    }
    assert_eq!(row(&report, "trace", "exec.calls")[3], 2);
    assert!(report.contains("\n9 differences\n  config 0 trace 1: "), "{report}");
}

#[test]
fn a_changed_encode_line_is_a_difference() {
    let config = r#"{"t":"config","c":1000,"tok":{},"vocab":268}"#;
    let line = |source: &str, rest: &str| format!("{{\"t\":\"encode\",\"c\":1000,\"src\":{source:?},{rest}}}");
    let lines = [
        r#"{"t":"meta"}"#.to_owned(),
        config.to_owned(),
        // As recorded; other tokens; tokens of a source that is none; and other text under names and without.
        line("x = 1", r#""ok":true,"tokens":[240,244,5,125],"src_pool":"a = 1","src_names":"x = 1""#),
        line("x = 1", r#""ok":true,"tokens":[240,244,5,126]"#),
        line("x = y", r#""ok":true,"tokens":[240,244,5,125]"#),
        line("x = 1", r#""ok":true,"tokens":[240,244,5,125],"src_pool":"b = 1""#),
        // What is printed: as recorded; other text; an exception; a source that ours refuses, with reason and without.
        line("print(3)", r#""ok":true,"tokens":[240,248,127],"exec_src":{"ok":true,"out":"3\n"}"#),
        line("print(3)", r#""ok":true,"tokens":[240,248,127],"exec_src":{"ok":true,"out":"4\n"}"#),
        line("print(3)", r#""ok":true,"tokens":[240,248,127],"exec_src":{"ok":false,"err":"ValueError: 3","out":""}"#),
        line("pass", r#""ok":true,"tokens":[240,248,127],"exec_src":{"ok":true,"out":""}"#),
        line("x = y", r#""ok":true,"tokens":[240,244,5,125],"exec_src":{"ok":true,"out":""}"#),
        line("x = 1", r#""ok":true,"tokens":[240,244,5,125],"src_pool":"a = 1","exec_pool":{"ok":true,"out":"1\n"}"#),
        line("x = 1", r#""ok":true,"tokens":[240,244,5,125],"exec_names":{"ok":true,"out":"1\n"}"#),
    ];
    let output = conformance(&write("encode.jsonl", (lines.join("\n") + "\n").as_bytes()));
    let report = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{report}");
    assert_eq!(row(&report, "encode", "ok"), [11, 8, 1, 2, 0], "{report}");
    assert_eq!(row(&report, "encode", "tokens"), [8, 7, 0, 1, 0]);
    assert_eq!(row(&report, "encode", "src_pool"), [3, 2, 0, 1, 0]);
    assert_eq!(row(&report, "encode", "src_names"), [1, 1, 0, 0, 0]);
    assert_eq!(row(&report, "encode", "exec_src"), [4, 1, 0, 3, 1]);
    assert_eq!(row(&report, "encode", "exec_pool"), [1, 0, 0, 1, 0]);
    assert_eq!(row(&report, "encode", "exec_names"), [0, 0, 0, 0, 1]);
}

#[test]
fn padding_behind_a_prompt_is_not_read_back() {
    let config = r#"{"t":"config","c":0,"tok":{"value_range":[0,9]},"max_len":3,"vocab":79}"#;
    // A prompt of a whole program and PAD, as the package records it: its own source has the program's tokens alone.
    let trace = |encode: &str| {
        format!(
            r#"{{"t":"trace","c":0,"k":0,"prefix":[51,59,27,78],"ids":[51,59,27,78],"legal":[],"frontier":[],"kind":[],"done":true,
            "legal_done":[78],"src":"print(2)","encode":{encode},"src2":true}}"#
        )
        .replace('\n', "")
    };
    for (encode, expected) in [
        (r#"{"ok":true,"names":{},"same":false,"tokens":[51,59,27]}"#, [1, 1, 0, 0, 0]),
        (r#"{"ok":true,"names":{},"same":false,"tokens":[51,59,28]}"#, [1, 0, 0, 1, 0]),
        // It refuses some of its own.
        (r#"{"ok":false,"stage":"expr","line":1}"#, [1, 0, 1, 0, 0]),
    ] {
        let file = [r#"{"t":"meta"}"#, config, &trace(encode), ""].join("\n");
        let output = conformance(&write("padding.jsonl", file.as_bytes()));
        let report = String::from_utf8(output.stdout).unwrap();
        assert_eq!(row(&report, "trace", "encode"), expected, "{report}{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn a_changed_prior_is_a_difference() {
    let add = |value: &mut serde_json::Value, by: f64| *value = (value.as_f64().unwrap() + by).into();
    let report = changed("prior.jsonl", |line| {
        if line["t"] == "config" {
            add(&mut line["prior_base"][7], 3e-5);
        }
        if line["t"] == "trace" && line["k"] == 3 {
            add(&mut line["logits"][0][1][20], 3e-5);
            for mode in ["off", "additive", "fixed"] {
                add(&mut line["apply"][0][2][mode][0], -3e-5);
            }
            line["apply"][0][2]["entropy"].as_array_mut().unwrap().pop();
        }
    });
    let fields = ["logits", "apply.off", "apply.additive", "apply.fixed", "apply.entropy"];
    for (line, field) in fields.map(|field| ("trace", field)).into_iter().chain([("config", "prior_base")]) {
        assert_eq!(row(&report, line, field)[3], 1, "{field}\n{report}");
    }
    assert!(report.contains("\n6 differences\n"), "{report}");
    let report = changed("unknown.jsonl", |line| {
        if line["t"] == "config" {
            line["prior"]["w_vra"] = 1.into();
        }
    });
    assert!(report.contains("config 0: config.prior: unknown field \"w_vra\" of the prior; did you mean \"w_var\"?"));
}

#[test]
fn foreign_and_truncated_files_are_refused() {
    let whole = std::fs::read(traces()).unwrap();
    let mut foreign = GzEncoder::new(Vec::new(), Compression::fast());
    foreign.write_all(b"{\"hello\": 1}\n").unwrap();
    let orphan = b"{\"t\":\"meta\"}\n{\"t\":\"trace\",\"c\":5,\"k\":0}\n";
    let cases = [
        (write("truncated.gz", &whole[..whole.len() / 2]), "truncated.gz:"),
        (write("foreign.gz", &foreign.finish().unwrap()), "foreign.gz:1: not a line of a trace file"),
        (write("binary", &[0, 159, 146, 150]), "binary:1"),
        (write("empty", b""), "holds no traces"),
        (write("orphan", orphan), "configuration 5, which has not been given"),
        (PathBuf::from("no/such/file"), "cannot read no/such/file"),
    ];
    for (path, expected) in cases {
        let output = conformance(&path);
        assert_eq!(output.status.code(), Some(1), "{}", path.display());
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(text.starts_with("error: ") && text.contains(expected), "{text}");
    }
}
