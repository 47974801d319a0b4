//! `pyprior dataset --model`: programs of a model.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod command;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use candle_core::{DType, Device};
use command::{pyprior, pyprior_with_input, stderr, stdout};
use pyprior_candle::{Batch, CausalModel as _, ModelDir};
use pyprior_core::Matcher;
use serde_json::Value;

const MODEL: &str = "models/pyprior-tiny";

/// A folder of its own that is removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("pyprior-dataset-model-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn text(&self) -> &str {
        self.0.to_str().unwrap()
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// Every file below, with its bytes.
    fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let (mut files, mut folders) = (BTreeMap::new(), vec![self.0.clone()]);
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    files.insert(path.strip_prefix(&self.0).unwrap().to_owned(), fs::read(&path).unwrap());
                }
            }
        }
        files
    }

    fn description(&self) -> Value {
        let manifest = fs::read_to_string(self.0.join("manifest/dataset.json")).unwrap();
        serde_json::from_str::<Value>(&manifest).unwrap()["description"].take()
    }

    /// The rows of the first shard.
    fn rows(&self) -> Vec<Value> {
        let mut files =
            fs::read_dir(self.0.join("jsonl")).unwrap().map(|file| file.unwrap().path()).collect::<Vec<_>>();
        files.sort();
        let text = fs::read_to_string(&files[0]).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn dataset<'a>(folder: &'a Folder, flags: &[&'a str]) {
    let output = pyprior(&[&["dataset", folder.text()], flags].concat());
    assert!(output.status.success(), "{flags:?}: {}", stderr(&output));
}

/// What a command that fails says.
fn refused(flags: &[&str]) -> String {
    let folder = Folder::new("refused");
    let output = pyprior(&[&["dataset", folder.text()], flags].concat());
    assert_eq!(output.status.code(), Some(1), "{flags:?}: {}", stderr(&output));
    assert!(folder.files().is_empty(), "{flags:?}");
    stderr(&output).lines().last().unwrap().strip_prefix("error: ").unwrap().to_owned()
}

fn tokens(row: &Value) -> Vec<u32> {
    row["tokens"].as_array().unwrap().iter().map(|token| token.as_u64().unwrap() as u32).collect()
}

const SMALL: [&str; 11] =
    ["--model", MODEL, "--rows", "700", "--shard-rows", "300", "--max-len", "24", "--seed", "4", "--format"];

#[test]
fn the_same_bytes_for_any_threads_and_batch() {
    let flags = [&SMALL[..], &["parquet", "jsonl", "npy"]].concat();
    let reference = Folder::new("one");
    dataset(&reference, &[&flags[..], &["--threads", "1"]].concat());
    let files = reference.files();
    // Three shards in four files each with their records, the manifest, the card and two reports.
    assert_eq!(files.len(), 3 * 5 + 1 + 3);
    for (threads, batch) in [("2", None), ("3", None), ("2", Some("1")), ("1", Some("37")), ("3", Some("600"))] {
        let folder = Folder::new("many");
        let batch = batch.map_or_else(Vec::new, |rows| vec!["--batch-size", rows]);
        dataset(&folder, &[&flags[..], &["--threads", threads], &batch].concat());
        assert!(folder.files() == files, "{threads} threads, {batch:?}");
    }
    let parts = Folder::new("parts");
    for part in ["1/2", "0/2"] {
        dataset(&parts, &[&flags[..], &["--shard", part]].concat());
    }
    assert!(parts.files() == files);
}

#[test]
fn the_same_bytes_after_kills() {
    let flags = [&SMALL[..], &["parquet"]].concat();
    let (reference, folder) = (Folder::new("undisturbed"), Folder::new("killed"));
    dataset(&reference, &flags);
    for wait in [30, 90, 150, 210, 300] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_pyprior"))
            .args(["dataset", folder.text()])
            .args(&flags)
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(wait));
        let _ = child.kill();
        child.wait().unwrap();
    }
    dataset(&folder, &flags);
    assert!(folder.files() == reference.files());
}

#[test]
fn programs_are_those_of_generate() {
    let folder = Folder::new("generate");
    let drawing = ["--temperature", "0.8", "--top-k", "20", "--top-p", "0.95", "--min-p", "0.001"];
    let flags = [&SMALL[..], &["jsonl", "--duplicates", "keep"], &drawing].concat();
    dataset(&folder, &flags);
    let generate = ["generate", "--device", "cpu", "--model", MODEL, "--seed", "4", "-n", "300", "--max-len", "24"];
    let output = pyprior(&[&generate[..], &["--format", "jsonl"], &drawing].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    let programs = stdout(&output).lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).collect::<Vec<_>>();
    let rows = folder.rows();
    assert_eq!((rows.len(), programs.len()), (300, 300));
    for (row, program) in rows.iter().zip(&programs) {
        assert_eq!(row["row"], program["id"]);
        assert_eq!(row["tokens"], program["tokens"]);
        assert_eq!(row["log_model"], program["log_probability"]);
        assert_eq!(row["source"], program["source"].as_str().unwrap().trim_end());
    }
}

/// Whole sequences, one at a time, no cache: what each token's probability is among the legal ones.
#[test]
fn log_model_is_the_sum_of_its_tokens() {
    let folder = Folder::new("scored");
    let flags = ["--model", MODEL, "--rows", "40", "--max-len", "24", "--temperature", "0.7", "--format", "jsonl"];
    dataset(&folder, &flags);
    let dir = ModelDir::load(Path::new(MODEL), &Device::Cpu, DType::F32).unwrap();
    let mut config = dir.language.config().clone();
    config.max_len = Some(24);
    let language = dir.language_of(config).unwrap();
    let bos = language.vocab().id_of("BOS").unwrap();
    let rows = folder.rows();
    assert_eq!(rows.len(), 40);
    for row in rows {
        let (tokens, mut sum, mut matcher) = (tokens(&row), 0.0, Matcher::new(&language));
        for (place, &token) in tokens.iter().enumerate() {
            let mut cache = dir.model.new_cache(1, tokens.len() + 1).unwrap();
            let mut batch = Batch::new();
            batch.push(0, &[&[bos], &tokens[..place]].concat());
            let logits = dir.model.forward(&mut cache, &batch).unwrap().to_vec2::<f32>().unwrap().remove(0);
            let scores = matcher.legal_tokens().map(|legal| (legal, f64::from(logits[legal as usize]) / 0.7));
            let scores = scores.collect::<BTreeMap<_, _>>();
            let greatest = scores.values().copied().fold(f64::NEG_INFINITY, f64::max);
            let total = scores.values().map(|score| (score - greatest).exp()).sum::<f64>();
            sum += scores[&token] - greatest - total.ln();
            matcher.accept_token(token).unwrap();
        }
        assert!(matcher.is_terminated());
        let told = row["log_model"].as_f64().unwrap();
        assert!((told - sum).abs() < 1e-5 * tokens.len() as f64, "{told} and {sum} of {} tokens", tokens.len());
        assert!(told < -0.01);
    }
}

#[test]
fn the_description_says_which_model() {
    let folder = Folder::new("described");
    dataset(&folder, &[&SMALL[..], &["npy", "--top-k", "9"]].concat());
    let source = folder.description()["source"].take();
    let sums = Command::new("sh")
        .args(["-c", "cd models/pyprior-tiny && sha256sum config.json model.safetensors | sha256sum"])
        .output()
        .unwrap();
    let sum = stdout(&sums).split(' ').next().unwrap();
    assert_eq!(sum.len(), 64);
    assert_eq!(source["sha256"], sum);
    assert_eq!((&source["kind"], &source["dtype"], &source["top_k"]), (&"model".into(), &"f32".into(), &9.into()));
    assert!(source["device"].as_str().unwrap().starts_with("cpu"));
    assert!(!folder.description().to_string().contains("pyprior-tiny"));
    assert_eq!(folder.description()["language"]["max_len"], 24);

    // The same from a file that says all of it, with the model that is part of the program.
    let place = Folder::new("file");
    let text = format!(
        "rows = 700\nshard_rows = 300\nseed = 4\nsource = {{ kind = \"model\", top_k = 9, sha256 = \"{sum}\" }}\n\
         write.formats = [\"npy\"]\nlanguage.max_len = 24\n"
    );
    let again = Folder::new("again");
    let config = place.file("dataset.toml", &text);
    dataset(&again, &["--config", &config]);
    assert!(again.files() == folder.files());
    // With another temperature it is another dataset.
    let output = pyprior(&["dataset", again.text(), "--config", &config, "--temperature", "2"]);
    assert!(stderr(&output).contains("source.temperature is 1.0 there, 2.0 here"), "{}", stderr(&output));
}

#[test]
fn a_prior_has_a_say_and_a_language_may_be_smaller() {
    let folder = Folder::new("mixed");
    let text = "rows = 200\nduplicates = \"keep\"\nseed = 4\nwrite.formats = [\"jsonl\"]\n\
        [source]\nkind = \"model\"\nprior = { w_print = 9.0, apply = \"additive\", alpha = 2.0 }\n\
        [language]\nmax_len = 20\nvalue_range = [-3, 9]\nmax_vars = 2\nexclude = [\"for\"]\n";
    let output = pyprior_with_input(&["dataset", folder.text(), "--config", "-"], text);
    assert!(output.status.success(), "{}", stderr(&output));
    let flags = "generate --device cpu --seed 4 -n 200 --max-len 20 --format jsonl --apply additive --alpha 2 --w-print 9 \
        --value-range -3 9 --max-vars 2 --exclude for";
    let output = pyprior(&flags.split(' ').filter(|flag| !flag.is_empty()).collect::<Vec<_>>());
    let programs = stdout(&output).lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).collect::<Vec<_>>();
    let rows = folder.rows();
    assert_eq!((rows.len(), programs.len()), (200, 200), "{}", stderr(&output));
    for (row, program) in rows.iter().zip(&programs) {
        assert_eq!((&row["tokens"], &row["log_model"]), (&program["tokens"], &program["log_probability"]));
        assert!(!row["source"].as_str().unwrap().contains("for "));
    }
}

#[test]
fn what_is_no_model_is_refused_at_once() {
    let place = Folder::new("models");
    let told = refused(&["--model", "/nowhere/at/all"]);
    assert!(told.starts_with("model /nowhere/at/all") || told.starts_with("cannot read /nowhere/at/all"), "{told}");
    let copy = |name: &str| {
        let to = place.0.join(name);
        fs::create_dir_all(&to).unwrap();
        for file in fs::read_dir(MODEL).unwrap() {
            let file = file.unwrap().path();
            fs::copy(&file, to.join(file.file_name().unwrap())).unwrap();
        }
        to
    };
    let broken = copy("broken");
    let weights = fs::read(broken.join("model.safetensors")).unwrap();
    fs::write(broken.join("model.safetensors"), &weights[..weights.len() / 2]).unwrap();
    let told = refused(&["--model", broken.to_str().unwrap()]);
    assert!(told.contains("not a whole safetensors file"), "{told}");
    let foreign = copy("foreign");
    fs::copy("models/gpt2/tokenizer.json", foreign.join("tokenizer.json")).unwrap();
    assert!(refused(&["--model", foreign.to_str().unwrap()]).contains("tokenizer.json: token"), "foreign");

    let config =
        place.file("wide.toml", "[source]\nkind = \"model\"\n[language]\nmax_len = 20\nvalue_range = [-999, 999]\n");
    assert!(refused(&["--config", &config]).contains("is not in the model's vocabulary"));
    assert!(refused(&["--model", MODEL, "--max-len", "256"]).contains("the model takes 255"));
    assert!(refused(&["--model", MODEL, "--temperature", "-1"]).contains("temperature is -1"));
    assert!(refused(&["--temperature", "1"]).contains("no model"));
    let other = format!("[source]\nkind = \"model\"\nsha256 = \"{}\"\n", "0".repeat(64));
    let told = refused(&["--config", &place.file("other.toml", &other)]);
    assert!(told.starts_with("source.sha256 is \"0000") && told.contains("here it is "), "{told}");
    let wrong = place.file("wrong.toml", "[source]\nkind = \"model\"\ndevice = \"cuda\"\n");
    assert_eq!(refused(&["--config", &wrong]), "source.device is \"cuda\" in the description; here it is \"cpu\"");
    if cfg!(not(feature = "cuda")) {
        assert!(refused(&["--model", MODEL, "--device", "cuda:0"]).contains("this build cannot use CUDA devices"));
    }
}
