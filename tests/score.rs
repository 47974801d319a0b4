//! `pyprior score` as a user calls it: what is right, what is told, and how it ends.

#![allow(clippy::unwrap_used, clippy::panic)]

mod command;

use std::fs;
use std::path::PathBuf;

use command::{pyprior, pyprior_with_input, stderr, stdout};
use serde_json::Value;

const CONFIG: &str = "rows = 40
shard_rows = 20
keep = [\"has_examples\"]
[source]
kind = \"prior\"
[source.prior]
w_const = 0.4
w_var = 4.0
w_call = 2.0
length_decay = 1.0
[write]
formats = [\"jsonl\"]
[tasks]
kinds = [\"deduction\", \"abduction\", \"induction\", \"trace\"]
[language]
max_len = 40
max_vars = 4
max_arity = 2
max_funcs = 3
max_block_stmts = 3
exclude = [\"ARITY_0\"]
";

/// A dataset with tasks, in a folder that is removed at the end.
struct Dataset(PathBuf);

impl Dataset {
    fn new(name: &str) -> Self {
        let root = std::env::temp_dir().join(format!("pyprior-score-{name}-{}", std::process::id()));
        fs::create_dir_all(&root).unwrap();
        fs::write(root.join("config.toml"), CONFIG).unwrap();
        let made = Self(root);
        let (config, place) = (made.path("config.toml"), made.path("data"));
        let output = pyprior(&["dataset", &place, "--config", &config]);
        assert!(output.status.success(), "{}", stderr(&output));
        made
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }

    /// The tasks of a kind of the first shard.
    fn tasks(&self, kind: &str) -> Vec<Value> {
        let text = fs::read_to_string(self.path(&format!("data/{kind}/train-00000-of-00002.jsonl"))).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

impl Drop for Dataset {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn scores(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn answers_are_graded_and_counted() {
    let made = Dataset::new("graded");
    let output = pyprior(&["score", &made.path("data"), "--gold"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let graded = scores(stdout(&output));
    assert!(graded.len() > 300 && graded.iter().all(|score| score["score"] == 1));
    for kind in ["deduction", "abduction", "induction", "trace"] {
        assert!(stderr(&output).contains(&format!("{kind}: ")), "{}", stderr(&output));
    }
    // Several files, answers from standard input: one right, one with a frame too many, one to no task.
    let (trace, deduction) = (made.tasks("trace").swap_remove(0), made.tasks("deduction").swap_remove(0));
    let wrong =
        trace["answer"].as_str().unwrap().replacen("<|line_sep|>", "<|line_sep|>{}<|action_sep|><|line_sep|>", 1);
    let lines = [
        (&deduction["key"], &deduction["answer"]),
        (&deduction["key"], &"987654321".into()),
        (&trace["key"], &wrong.into()),
        (&"none".into(), &"1".into()),
    ];
    let lines = lines.map(|(id, answer)| serde_json::json!({"id": id, "answer": answer}).to_string() + "\n").concat();
    let files = ["deduction", "trace"].map(|kind| made.path(&format!("data/{kind}/train-00000-of-00002.jsonl")));
    let (out, config) = (made.path("scores.jsonl"), made.path("config.toml"));
    let arguments = ["score", &files[0], &files[1], "--answers", "-", "--config", &config, "-o", &out];
    let output = pyprior_with_input(&arguments, &lines);
    assert_eq!((output.status.code(), stdout(&output)), (Some(0), ""), "{}", stderr(&output));
    let graded = scores(&fs::read_to_string(&out).unwrap());
    let reasons =
        graded.iter().map(|score| (score["kind"].as_str(), score["score"].as_u64(), score["reason"].as_str()));
    let different = Some("different");
    let expected = [
        (Some("deduction"), Some(1), None),
        (Some("deduction"), Some(0), different),
        (Some("trace"), Some(0), different),
    ];
    assert!(reasons.eq(expected), "{graded:?}");
    let message = graded[1]["message"].as_str().unwrap();
    let right = deduction["answer"].as_str().unwrap();
    assert!(message.ends_with(&format!(" is said to be 987654321, not {right}")), "{message}");
    assert!(stderr(&output).contains("1 answers to no task"), "{}", stderr(&output));
}

#[test]
fn broken_tasks_end_with_1_and_bad_files_change_nothing() {
    let made = Dataset::new("broken");
    let mut task = made.tasks("deduction").swap_remove(0);
    let mut check: Value = serde_json::from_str(task["verification"].as_str().unwrap()).unwrap();
    check["output"] = "123456".into();
    task["verification"] = check.to_string().into();
    let (file, config, out) = (made.path("tasks.jsonl"), made.path("config.toml"), made.path("scores.jsonl"));
    fs::write(&file, format!("{task}\n")).unwrap();
    let output = pyprior(&["score", &file, "--gold", "--config", &config]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(scores(stdout(&output))[0]["reason"], "broken_task");
    // Without a manifest nobody says what language it is of.
    let output = pyprior(&["score", &file, "--gold"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("manifest/dataset.json"), "{}", stderr(&output));
    // What was there before stays where a file is bad further on.
    fs::write(&out, "before").unwrap();
    fs::write(&file, format!("{task}\n7\n")).unwrap();
    let output = pyprior(&["score", &file, "--gold", "--config", &config, "-o", &out]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("line 2 is not a task"), "{}", stderr(&output));
    assert_eq!(fs::read_to_string(&out).unwrap(), "before");
}
