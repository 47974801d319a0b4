//! The card and the report tell what the rows are.

use std::collections::{BTreeMap, HashMap};

use pyprior_data::Format;
use serde_json::Value;

use crate::common::{Folder, all, small};

#[test]
fn counts_are_those_of_the_rows() {
    let mut description = small(2_500, 600);
    description.keep = vec!["dead_stores == 0".to_owned(), "effective".to_owned()];
    description.write.formats = vec![Format::Parquet, Format::Jsonl];
    description.license = Some("cc0-1.0".into());
    let folder = Folder::new("reported");
    let summary = all(&description, folder.path()).unwrap();
    assert!(summary.complete);
    let files = folder.files();
    let text = |name: &str| String::from_utf8(files[name].clone()).unwrap();
    let lines = files.keys().filter(|name| name.ends_with(".jsonl")).map(|name| text(name)).collect::<String>();
    let rows = lines.lines().map(|line| serde_json::from_str::<BTreeMap<String, Value>>(line).unwrap());
    let rows = rows.collect::<Vec<_>>();
    let report: Value = serde_json::from_str(&text("report.json")).unwrap();
    assert_eq!(report["yield"]["candidates"], summary.counts.candidates);
    assert_eq!(report["yield"]["rejected"]["effective"], summary.counts.rejected.get("effective"));
    let table = &report["tables"]["data"]["train"];
    assert_eq!((&table["rows"], &table["files"]), (&2_500.into(), &5.into()));
    let parquet = files.iter().filter(|(name, _)| name.ends_with(".parquet"));
    assert_eq!(table["bytes"], parquet.map(|(_, bytes)| bytes.len()).sum::<usize>());
    let jsonl = files.iter().filter(|(name, _)| name.ends_with(".jsonl"));
    assert_eq!(report["other_files"]["jsonl"], jsonl.map(|(_, bytes)| bytes.len()).sum::<usize>());
    let numbers = report["statistics"]["numbers"].as_object().unwrap();
    assert!(numbers.contains_key("steps") && !numbers.contains_key("row"));
    for (name, counts) in numbers {
        let number = |value: &Value| value.as_i64().or(value.as_bool().map(i64::from));
        let values = rows.iter().filter_map(|row| number(&row[name])).collect::<Vec<_>>();
        assert_eq!(counts["count"], values.len(), "{name}");
        assert_eq!(counts["nulls"].as_u64().unwrap_or(0), (rows.len() - values.len()) as u64, "{name}");
        assert_eq!(counts["sum"], values.iter().sum::<i64>(), "{name}");
        let bins = counts["bins"].as_array().unwrap();
        for (nth, bin) in bins.iter().enumerate() {
            let next = bins.get(nth + 1).map_or(i64::MAX, |next| next[0].as_i64().unwrap());
            let inside = values.iter().filter(|&&value| (bin[0].as_i64().unwrap()..next).contains(&value)).count();
            assert_eq!(bin[1], inside, "{name}");
        }
    }
    let mut outputs = HashMap::<&str, u64>::new();
    rows.iter().for_each(|row| *outputs.entry(row["stdout"].as_str().unwrap()).or_default() += 1);
    for (_, output) in report["statistics"]["outputs"]["frequent"].as_object().unwrap() {
        let count = outputs[output["start"].as_str().unwrap()];
        assert!(output["count"].as_u64().unwrap() <= count);
        assert!(output["shards"] != 5 || output["count"] == count, "{output}");
    }
    assert_eq!(report["statistics"]["outputs"]["empty"].as_u64(), outputs.get("").copied().or(Some(0)));
    let statuses = report["statistics"]["texts"]["status"]["values"].as_object().unwrap();
    for (status, count) in statuses {
        assert_eq!(*count, rows.iter().filter(|row| row["status"] == *status).count());
    }
    // Whatever of it is drawn is drawn by nobody else.
    let page = text("report.html");
    for foreign in ["<script", "http:", "https:", "url(", "@import"] {
        assert!(!page.contains(foreign), "{foreign}");
    }
    assert!(page.matches("<svg").count() > 30 && page.contains("prefers-color-scheme: dark"));
    let card = text("README.md");
    for line in [
        "license: \"cc0-1.0\"",
        "    num_examples: 2500",
        "    path: data/train-*.parquet",
        "    list: uint16",
        "seed = 11",
    ] {
        assert!(card.lines().any(|found| found == line), "{line}");
    }
    assert!(!card.contains("report: "));
}

#[test]
fn without_parquet_there_is_a_card_for_json() {
    let mut description = small(50, 50);
    description.write.formats = vec![Format::JsonlZst];
    description.write.columns = vec!["tokens".into()];
    let folder = Folder::new("json");
    all(&description, folder.path()).unwrap();
    let card = String::from_utf8(folder.files()["README.md"].clone()).unwrap();
    assert!(card.contains("    path: jsonl/train-*.jsonl.zst\n") && !card.contains("dataset_info"), "{card}");
    let page = String::from_utf8(folder.files()["report.html"].clone()).unwrap();
    // Sections of what is not known are not there.
    assert!(page.contains("tokens of a program") && !page.contains("<h2>Outputs"));
}
