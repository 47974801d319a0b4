//! `pyprior compare-tokens`, as a user meets it.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod command;

use std::path::{Path, PathBuf};

use command::{pyprior, pyprior_with_input, stderr, stdout};
use pyprior_candle::LlamaConfig;
use pyprior_compare::Shape;
use serde_json::Value;

fn compare(args: &[&str]) -> std::process::Output {
    pyprior(&[&["compare-tokens"], args].concat())
}

fn json(args: &[&str]) -> Value {
    let output = compare(&[&["--json"], args].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    serde_json::from_str(stdout(&output)).unwrap()
}

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
fn the_corpus_and_one_language() {
    let corpus = json(&["-n", "40"]);
    let [of] = &corpus["comparisons"].as_array().unwrap()[..] else { panic!() };
    assert_eq!((&of["tokenizer"], &of["text_vocab"]), (&Value::from("gpt2"), &Value::from(50_257)));
    let groups = of["groups"].as_array().unwrap();
    assert_eq!((groups.len(), of["all"]["programs"].as_u64()), (8, Some(320)));
    // The first of the corpus is what the flags describe if they say nothing.
    let one = json(&["-n", "40", "--sampled"]);
    let one = &one["comparisons"][0]["all"];
    for field in ["tokens", "text_tokens", "ratio", "ratios", "forms", "parts", "vocab"] {
        assert_eq!(one[field], groups[0][field], "{field}");
    }
    assert_ne!(one["ratio"], json(&["-n", "40", "--sampled", "--seed", "1"])["comparisons"][0]["all"]["ratio"]);
    let digits = json(&["-n", "40", "--sampled", "--value-range", "0", "9"]);
    assert_eq!(digits["comparisons"][0]["all"]["vocab"], 79);
}

#[test]
fn tables_and_pictures() {
    let folder = folder("compare-plots");
    let output = compare(&["-n", "40", "--plots", folder.to_str().unwrap()]);
    let text = stdout(&output);
    assert!(
        text.starts_with("gpt2: 50257 tokens in the vocabulary\n\n| programs | number | tokens | gpt2 |"),
        "{text}"
    );
    assert!(text.contains("\n| all | 320 | ") && text.contains("\n| 0.0.2, uniform | 40 | "), "{text}");
    for name in ["ratios.svg", "lengths.svg"] {
        let svg = std::fs::read_to_string(folder.join(name)).unwrap();
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
    }
    let under = folder.join("ratios.svg").join("below");
    let refused = compare(&["-n", "1", "--plots", under.to_str().unwrap()]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(stderr(&refused).contains("cannot write"), "{}", stderr(&refused));
}

#[test]
fn files() {
    let folder = folder("compare-files");
    let file = |name: &str, text: &str| {
        std::fs::write(folder.join(name), text).unwrap();
        folder.join(name).to_str().unwrap().to_owned()
    };
    let long = file(
        "long.py",
        "# What this does is said here at some length.\ncounted_so_far = 1234\nprint(counted_so_far)\n",
    );
    let bad = file("bad.py", "x = 1\nx += 1\n");
    let of = json(&[&long]);
    let [given, written] = &of["comparisons"][0]["groups"].as_array().unwrap()[..] else { panic!() };
    // BLK_2 ASSIGN VAR_1 INT_1234 PRINT VAR_1
    assert_eq!((given["tokens"]["mean"].as_f64(), written["tokens"]["mean"].as_f64()), (Some(6.0), Some(6.0)));
    assert!(given["ratio"].as_f64() > written["ratio"].as_f64());
    // "a = 1234\nprint(a)" by tiktoken: a| =| 12|34|\n|print|(|a|).
    assert_eq!(written["text_tokens"]["mean"], 9.0);
    let piped = pyprior_with_input(&["compare-tokens", "--json", "-"], &std::fs::read_to_string(&long).unwrap());
    assert_eq!(serde_json::from_str::<Value>(stdout(&piped)).unwrap(), of);
    // What is no program is told, and the rest is measured.
    let output = compare(&["--json", &long, &bad, "no/such/file"]);
    assert_eq!(output.status.code(), Some(1));
    let report: Value = serde_json::from_str(stdout(&output)).unwrap();
    assert_eq!(report["comparisons"], of["comparisons"]);
    assert_eq!(report["refused"].as_array().unwrap().len(), 2);
    assert!(stderr(&output).contains(&format!("{bad}: 2:3: ")), "{}", stderr(&output));
    let none = compare(&[&bad]);
    assert_eq!(none.status.code(), Some(1));
    assert!(stderr(&none).contains("none of the files is a program"), "{}", stderr(&none));
}

#[test]
fn other_tokenizers() {
    let folder = folder("compare-tokenizers");
    let own = folder.join("tokenizer.json");
    std::fs::write(&own, stdout(&pyprior(&["vocab", "--format", "tokenizer"]))).unwrap();
    let gpt2 = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/gpt2/tokenizer.json");
    let paths = [&own, &gpt2].map(|path| path.to_str().unwrap());
    let of = json(&["-n", "20", "--sampled", "--tokenizer", paths[0], "--tokenizer", paths[1]]);
    let names = of["comparisons"].as_array().unwrap().iter().map(|of| of["tokenizer"].as_str().unwrap());
    assert_eq!(names.collect::<Vec<_>>(), ["compare-tokenizers", "gpt2"]);
    assert_eq!(of["comparisons"][1], json(&["-n", "20", "--sampled"])["comparisons"][0]);
    std::fs::write(&own, "{}").unwrap();
    let refused = compare(&["--tokenizer", paths[0]]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(stderr(&refused).contains("compare-tokenizers is no tokenizer.json"), "{}", stderr(&refused));
}

#[test]
fn what_makes_no_sense() {
    let code = |args: &[&str]| compare(args).status.code();
    assert_eq!(code(&["-n", "0"]), Some(2));
    // The corpus has languages of its own.
    assert_eq!(code(&["--value-range", "0", "9"]), Some(2));
    assert_eq!(code(&["--uniform"]), Some(2));
    assert_eq!(code(&["--sampled", "some.py"]), Some(2));
    assert_eq!(code(&["--uniform", "some.py"]), Some(2));
    assert_eq!(code(&["--layers", "2"]), Some(2));
    assert_eq!(code(&["-n", "1", "--cost", "--hidden", "10", "--heads", "3"]), Some(1));
}

#[test]
fn cost() {
    let of =
        json(&["-n", "8", "--sampled", "--cost", "--hidden", "16", "--layers", "1", "--heads", "2", "--rows", "4"]);
    let (all, cost) = (&of["comparisons"][0]["all"], &of["comparisons"][0]["cost"]);
    let (own, text) = (&cost["tokens"], &cost["text"]);
    assert_eq!((&own["vocab"], &text["vocab"]), (&Value::from(268), &Value::from(50_257)));
    assert_eq!(own["steps"], all["tokens"]["mean"]);
    // One more step, which ends the text.
    assert_eq!(text["steps"].as_f64(), all["text_tokens"]["mean"].as_f64().map(|mean| mean + 1.0));
    for side in [own, text] {
        let seconds = ["seconds", "model_seconds", "draw_seconds"].map(|field| side[field].as_f64().unwrap());
        assert!(seconds[1] > 0.0 && seconds[1] + seconds[2] <= seconds[0], "{seconds:?}");
    }
    assert!(text["seconds"].as_f64() > own["seconds"].as_f64());
}

/// The arithmetic of the comparison and the models that are computed with count the same weights.
#[test]
fn shapes_are_those_of_models() {
    for (hidden, intermediate, layers, heads, kv_heads, head_dim, tied) in
        [(128, 344, 4, 4, 4, 32, true), (64, 100, 3, 6, 2, 10, false)]
    {
        for vocab in [268, 50_257] {
            let config = LlamaConfig {
                vocab_size: vocab,
                hidden_size: hidden,
                intermediate_size: intermediate,
                num_hidden_layers: layers,
                num_attention_heads: heads,
                num_key_value_heads: kv_heads,
                head_dim,
                max_position_embeddings: 64,
                rms_norm_eps: 1e-6,
                rope_theta: 1e4,
                tie_word_embeddings: tied,
            };
            let [hidden, intermediate, layers, heads, kv_heads, head_dim] =
                [hidden, intermediate, layers, heads, kv_heads, head_dim].map(|n| n as u64);
            let shape = Shape { hidden, intermediate, layers, heads, kv_heads, head_dim, tied };
            assert_eq!(shape.cost(vocab as u64, 1).parameters, config.parameters() as u64);
        }
    }
}
