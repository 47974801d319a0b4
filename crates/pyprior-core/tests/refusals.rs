//! What is refused, and in which words: the cases of `data/refusals.txt`, which says how they are written.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::Path;

use pyprior_core::{Encoder, Language, LanguageConfig, Profile};
use serde_json::Value;

/// The configuration of a header such as `sound {"max_vars": 1}`.
fn config(header: &str) -> LanguageConfig {
    let (profile, settings) = header.split_once(' ').unwrap_or((header, "{}"));
    let profile: Profile = serde_json::from_value(Value::from(profile)).unwrap();
    let base = LanguageConfig { max_block_stmts: 8, ..LanguageConfig::with_profile(profile) };
    let mut value = serde_json::to_value(base).unwrap();
    let settings: serde_json::Map<String, Value> = serde_json::from_str(settings).unwrap();
    value.as_object_mut().unwrap().extend(settings);
    serde_json::from_value(value).unwrap()
}

/// What the encoder says to a source.
fn message(header: &str, source: &str) -> String {
    let shown = [('␀', "\0"), ('␉', "\t"), ('␌', "\u{c}"), ('␍', "\r")];
    let source = shown.iter().fold(source.to_owned(), |source, (shown, meant)| source.replace(*shown, meant));
    let language = Language::new(config(header)).unwrap_or_else(|error| panic!("{header}: {error}"));
    match Encoder::new(&language).encode(&source) {
        Ok(_) => "accepted".to_owned(),
        Err(error) => {
            let hint = error.hint().map(|hint| format!("; {hint}")).unwrap_or_default();
            format!("{error} ({}{hint})", error.stage())
        }
    }
}

#[test]
fn every_refusal_says_why() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/refusals.txt");
    let text = std::fs::read_to_string(&path).unwrap();
    let (mut now, mut source, mut header, mut count) = (String::new(), String::new(), None, 0);
    for line in text.lines() {
        let mut line = line.to_owned();
        if let Some(found) = line.strip_prefix("### ") {
            header = Some(found.to_owned());
            source.clear();
        } else if line.starts_with(">>> ") {
            let header = header.take().unwrap_or_else(|| panic!("a message without a case: {line}"));
            line = format!(">>> {}", message(&header, source.strip_suffix('\n').unwrap_or("")));
            count += 1;
        } else if header.is_some() {
            source.push_str(&line);
            source.push('\n');
        }
        now.push_str(&line);
        now.push('\n');
    }
    assert!(count >= 300, "{count} cases");
    if std::env::var_os("PYPRIOR_REGENERATE").is_some() {
        std::fs::write(&path, &now).unwrap();
    }
    let changed = text.lines().zip(now.lines()).filter(|(before, now)| before != now).collect::<Vec<_>>();
    assert!(changed.is_empty() || std::env::var_os("PYPRIOR_REGENERATE").is_some(), "{changed:#?}");
    assert!(!now.contains(">>> accepted"), "a case is accepted");
}
