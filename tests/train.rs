//! `pyprior train` as a user runs it: small models, few steps.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod command;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use command::{pyprior, pyprior_with_input, stderr, stdout};
use serde_json::Value;

/// A small model, with programs that are short.
const SMALL: &str = "--hidden 16 --layers 1 --heads 2 --intermediate 24 --max-len 20 --batch 8 --device cpu \
                     --eval-programs 20 --eval-samples 10 --eval-every 4 --lr 0.01";

fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("pyprior-train-{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// The flags of a small training, with some more, which take their place.
fn args<'a>(dir: &'a Path, more: &[&'a str]) -> Vec<&'a str> {
    let small: Vec<&str> = SMALL.split_whitespace().collect();
    let kept = small.chunks(2).filter(|pair| !more.contains(&pair[0])).flatten().copied();
    ["train", dir.to_str().unwrap()].into_iter().chain(kept).chain(more.iter().copied()).collect()
}

fn train(dir: &Path, more: &[&str]) -> Output {
    pyprior(&args(dir, more))
}

fn done(dir: &Path, more: &[&str]) -> String {
    let output = train(dir, more);
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(stdout(&output), "");
    stderr(&output).to_owned()
}

fn refused(dir: &Path, more: &[&str]) -> String {
    let output = train(dir, more);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    stderr(&output).to_owned()
}

fn lines(dir: &Path, kind: &str) -> Vec<Value> {
    let log = fs::read_to_string(dir.join("log.jsonl")).unwrap();
    let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.filter_map(|line| line.get(kind).cloned()).collect()
}

#[test]
fn a_training_and_the_same_in_two_parts() {
    let folder = folder("parts");
    let (whole, parts) = (folder.join("whole"), folder.join("parts"));
    let said = done(&whole, &["--steps", "10"]);
    assert!(said.contains("parameters; held out: uniform") && said.contains("step 8: held out"), "{said}");
    let mut names: Vec<_> =
        fs::read_dir(&whole).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort_unstable();
    let wanted = [
        "config.json",
        "curve.svg",
        "language.json",
        "log.jsonl",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
        "training.safetensors",
    ];
    assert_eq!(names, wanted);
    let (steps, evaluations) = (lines(&whole, "step"), lines(&whole, "evaluation"));
    assert_eq!(steps.len(), 10);
    assert!(steps[9]["loss"].as_f64() < steps[0]["loss"].as_f64());
    assert_eq!(evaluations.iter().map(|line| line["step"].as_u64().unwrap()).collect::<Vec<_>>(), [4, 8, 10]);
    let (first, last) = (&evaluations[0], &evaluations[2]);
    assert!(last["held_out"]["legal_mass"].as_f64() > first["held_out"]["legal_mass"].as_f64(), "{evaluations:?}");
    assert!(last["held_out"]["loss"].as_f64() < first["held_out"]["loss"].as_f64(), "{evaluations:?}");
    assert!(fs::read_to_string(whole.join("curve.svg")).unwrap().ends_with("</svg>\n"));

    // A step budget of 10 that a budget of tokens ends early, and the rest.
    let early = steps[2]["tokens"].to_string();
    done(&parts, &["--steps", "10", "--tokens", &early]);
    assert_eq!(lines(&parts, "step").len(), 3);
    let said = done(&parts, &["--steps", "10", "--resume", "--eval-every", "1"]);
    assert!(said.contains("going on from step 3"), "{said}");
    for file in ["model.safetensors", "config.json", "language.json", "tokenizer.json"] {
        assert_eq!(fs::read(whole.join(file)).unwrap(), fs::read(parts.join(file)).unwrap(), "{file}");
    }
    let losses = |dir| lines(dir, "step").into_iter().map(|line| line["loss"].clone()).collect::<Vec<_>>();
    assert_eq!(losses(&whole), losses(&parts));

    // Done is done; and what is there is not trained over.
    let before = fs::read(parts.join("training.safetensors")).unwrap();
    done(&parts, &["--steps", "10", "--resume"]);
    assert_eq!(lines(&parts, "step").len(), 10);
    let said = refused(&parts, &["--steps", "10"]);
    assert!(said.ends_with("has a training; --resume goes on with it\n"), "{said}");
    let said = refused(&parts, &["--steps", "20", "--resume", "--batch", "9"]);
    assert!(said.contains("config.batch.programs was 8 and is 9"), "{said}");
    let said = refused(&parts, &["--steps", "20", "--resume", "--w-print", "3"]);
    assert!(said.contains("data.sampled.prior.w_print was 1.0 and is 3.0"), "{said}");
    assert!(before == fs::read(parts.join("training.safetensors")).unwrap());
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn files_of_programs() {
    let folder = folder("files");
    let sample = |format: &str, more: &[&str]| {
        let path = folder.join(format!("{format}.txt"));
        let fixed = ["sample", "-n", "60", "--max-len", "20", "--format", format, "-o", path.to_str().unwrap()];
        assert!(pyprior(&[&fixed[..], more].concat()).status.success());
        path
    };
    // The same programs in three spellings are the same training.
    let models = ["jsonl", "tokens", "names"].map(|format| {
        let (path, dir) = (sample(format, &[]), folder.join(format));
        done(&dir, &[path.to_str().unwrap(), "--steps", "3", "--filter", "false"]);
        fs::read(dir.join("model.safetensors")).unwrap()
    });
    assert!(models[0] == models[1] && models[1] == models[2]);
    let text = fs::read_to_string(folder.join("names.txt")).unwrap();
    let piped = folder.join("piped");
    let output = pyprior_with_input(&args(&piped, &["-", "--steps", "3", "--filter", "false"]), &text);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(fs::read(piped.join("model.safetensors")).unwrap() == models[0]);
    let dir = folder.join("refused");
    let bad = folder.join("bad.txt");
    let text = format!("\n{text}");
    for (line, wanted) in [
        ("BLK_1 PRINT INT_1 INT_2", "bad.txt, line 62"),
        ("BLK_1 PRINT", "bad.txt, line 62: the program ends too early"),
        ("BLK_1 PRIMT INT_1", "unknown token \"PRIMT\"; did you mean \"PRINT\"?"),
        ("{\"tokens\": 1}", "bad.txt, line 62"),
    ] {
        fs::write(&bad, format!("{text}{line}\n")).unwrap();
        let said = refused(&dir, &[bad.to_str().unwrap(), "--steps", "1"]);
        assert!(said.contains(wanted), "{said}");
    }
    fs::write(&bad, "BLK_1 ASSIGN VAR_1 INT_1\n").unwrap();
    let said = refused(&dir, &[bad.to_str().unwrap(), "--steps", "1"]);
    assert!(said.contains("no program in the files that passes the filter"), "{said}");
    assert!(refused(&dir, &[folder.join("none").to_str().unwrap()]).contains("cannot read"));
    assert!(!dir.exists(), "what is refused leaves nothing");
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn what_is_refused() {
    let folder = folder("refused");
    let dir = folder.join("new");
    for (flags, wanted) in [
        (&["--resume"][..], "has no checkpoint to go on from"),
        (&["--heads", "3"], "--heads 3 does not divide --hidden 16"),
        (&["--heads", "0"], "--heads 0 does not divide --hidden 16"),
        (&["--kv-heads", "3"], "num_key_value_heads is 3"),
        (&["--layers", "0"], "num_hidden_layers is 0"),
        (&["--max-len", "none"], "any number of tokens"),
        (&["--positions", "20"], "programs of up to 20 tokens, and a model of 20 positions"),
        (&["--lr", "nan"], "learning rate is NaN"),
        (&["--batch", "0"], "batch is 0"),
        (&["--dtype", "bf16"], "computes in f32"),
        (&["--device", "cuda:0"], "--features cuda"),
        (&["--device", "metal"], "--features metal"),
        (&["--exclude", "PRINT,CALL", "--max-len", "12"], "passes the filter"),
    ] {
        let said = refused(&dir, flags);
        assert!(said.contains(wanted), "{flags:?}: {said}");
        assert!(!dir.exists(), "{flags:?}");
    }
    // A directory of something else stays as it is.
    fs::create_dir(&dir).unwrap();
    fs::write(dir.join("mine"), "kept").unwrap();
    assert!(refused(&dir, &["--steps", "1"]).contains("is not empty, and what is in it is no training"));
    assert_eq!(fs::read_dir(&dir).unwrap().count(), 1);
    assert!(refused(&dir.join("mine"), &["--steps", "1"]).contains("cannot write to"));
    // What is no checkpoint is not gone on with, and stays.
    fs::write(dir.join("training.safetensors"), "half").unwrap();
    assert!(refused(&dir, &["--steps", "1", "--resume"]).contains("not a whole checkpoint"));
    assert_eq!(fs::read(dir.join("training.safetensors")).unwrap(), b"half");
    // Wrong usage.
    for flags in [
        &["--device", "gpu"][..],
        &["--time", "soon"],
        &["--eval-every", "0"],
        &["--batch-tokens", "9", "--batch", "9"],
    ] {
        let output = pyprior(&[&["train", dir.to_str().unwrap()], flags].concat());
        assert_eq!(output.status.code(), Some(2), "{flags:?}");
    }
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_training_that_diverges_keeps_its_checkpoint() {
    let folder = folder("diverges");
    let dir = folder.join("model");
    let flags = ["--lr", "1e30", "--eval-every", "1", "--warm-up", "0", "--clip", "0", "--steps", "50"];
    let said = refused(&dir, &flags);
    assert!(said.contains("training has diverged"), "{said}");
    let steps = lines(&dir, "step").len();
    assert!(said.contains(&format!("the last checkpoint is that of step {steps}:")), "{said}");
    let bytes = fs::read(dir.join("training.safetensors")).unwrap();
    // It is whole: what goes on from it comes to the same end, and leaves it.
    let again = refused(&dir, &[&flags[..], &["--resume"]].concat());
    assert!(again.contains(&format!("the gradient of step {} is not finite", steps + 1)), "{again}");
    assert_eq!(fs::read(dir.join("training.safetensors")).unwrap(), bytes);
    // Where there was no checkpoint yet, none is spoken of.
    let said = refused(&folder.join("other"), &[&flags[..3], &["50"], &flags[4..]].concat());
    assert!(said.contains("there is no checkpoint yet"), "{said}");
    fs::remove_dir_all(folder).unwrap();
}

#[cfg(unix)]
#[test]
fn interrupted_and_gone_on_with() {
    let folder = folder("interrupted");
    let dir = folder.join("model");
    let args = args(&dir, &["--steps", "100000"]);
    let child = Command::new(env!("CARGO_BIN_EXE_pyprior")).args(&args).stderr(Stdio::piped()).spawn().unwrap();
    // The first checkpoint says that the loop runs.
    while !dir.join("training.safetensors").exists() {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", stderr(&output));
    assert!(stderr(&output).contains("interrupted; --resume goes on"), "{}", stderr(&output));
    let steps = lines(&dir, "step").len();
    assert!(steps >= 4);
    // Nothing is left of what was on its way.
    assert!(fs::read_dir(&dir).unwrap().all(|entry| !entry.unwrap().file_name().to_string_lossy().ends_with(".part")));
    let until = (steps + 2).to_string();
    let said = done(&dir, &["--steps", &until, "--resume"]);
    assert!(said.contains(&format!("going on from step {steps}")), "{said}");
    assert_eq!(lines(&dir, "step").len(), steps + 2);
    fs::remove_dir_all(folder).unwrap();
}
