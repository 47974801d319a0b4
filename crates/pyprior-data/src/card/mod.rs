//! README.md: what readers of a dataset are told, machines first.

mod features;
mod tables;

pub(crate) use tables::{Table, tables};

use std::fmt::Write as _;

use crate::description::{Description, SourceDescription};
use crate::report::{Report, TableSize};
use crate::write::Format;

/// The description as TOML, or as JSON where TOML has no word for a number.
pub(crate) fn described(description: &Description) -> String {
    toml::to_string(description)
        .or_else(|_| serde_json::to_string_pretty(description))
        .unwrap_or_default()
        .trim_end()
        .to_owned()
}

/// The card of a dataset: front matter in YAML as Hugging Face's `datasets` reads it, and a text.
pub(crate) fn readme(report: &Report, tables: &[Table]) -> String {
    let there = tables.iter().filter(|table| report.tables.contains_key(&table.folder)).collect::<Vec<_>>();
    let mut out = "---\n".to_owned();
    front(&mut out, report, tables, &there);
    out.push_str("---\n\n");
    text(&mut out, report, &there);
    out
}

/// The lines between the marks. Names that are given stand in quotation marks: YAML takes some words for what they are not.
/// Writing to a text does not fail.
fn front(out: &mut String, report: &Report, all: &[Table], tables: &[&Table]) {
    let description = &report.manifest.description;
    if let Some(license) = &description.license {
        let _ = writeln!(out, "license: \"{license}\"");
    }
    let rows = report.counts.rows;
    let _ = writeln!(out, "pretty_name: PyPrior programs\ntags:\n- code\n- synthetic\n- program-synthesis");
    let _ = writeln!(out, "size_categories:\n- {}", size_category(rows));
    if !tables.is_empty() {
        out.push_str("dataset_info:\n");
    }
    for table in tables {
        let Some(splits) = report.tables.get(&table.folder) else { continue };
        let _ = writeln!(out, "- config_name: {}\n  features:", table.config);
        features::write(out, &table.schema, 2);
        out.push_str("  splits:\n");
        for (split, size) in splits {
            let TableSize { rows, memory, .. } = size;
            let _ = writeln!(out, "  - name: \"{split}\"\n    num_bytes: {memory}\n    num_examples: {rows}");
        }
        let sum = |of: fn(&TableSize) -> u64| splits.values().map(of).sum::<u64>();
        let (download, memory) = (sum(|size| size.bytes), sum(|size| size.memory));
        let _ = writeln!(out, "  download_size: {download}\n  dataset_size: {memory}");
    }
    out.push_str("configs:\n");
    for table in tables {
        let _ = writeln!(out, "- config_name: {}\n  data_files:", table.config);
        for split in report.tables.get(&table.folder).into_iter().flat_map(|splits| splits.keys()) {
            let _ = writeln!(out, "  - split: \"{split}\"\n    path: {}/{split}-*.parquet", table.folder);
        }
    }
    if tables.is_empty() {
        // Without Parquet, what there is of JSON; types are found out by reading.
        let end = if description.write.formats.contains(&Format::Jsonl) { "jsonl" } else { "jsonl.zst" };
        for Table { config, lines, .. } in all {
            let _ = writeln!(out, "- config_name: {config}\n  data_files:");
            for (split, _) in report.counts.splits.iter() {
                let _ = writeln!(out, "  - split: \"{split}\"\n    path: {lines}/{split}-*.{end}");
            }
        }
    }
}

/// As Hugging Face has them.
fn size_category(rows: u64) -> &'static str {
    const BELOW: [(u64, &str); 7] = [
        (1_000, "n<1K"),
        (10_000, "1K<n<10K"),
        (100_000, "10K<n<100K"),
        (1_000_000, "100K<n<1M"),
        (10_000_000, "1M<n<10M"),
        (100_000_000, "10M<n<100M"),
        (1_000_000_000, "100M<n<1B"),
    ];
    BELOW.iter().find(|(most, _)| rows < *most).map_or("1B<n<10B", |(_, name)| name)
}

fn text(out: &mut String, report: &Report, tables: &[&Table]) {
    let (manifest, counts) = (&report.manifest, &report.counts);
    let description = &manifest.description;
    let source = match description.source {
        SourceDescription::Uniform => "every legal token as likely as any other".to_owned(),
        _ => "as its `[source]` below says".to_owned(),
    };
    let _ = write!(
        out,
        "# PyPrior programs\n\n{} programs of a small total subset of Python, of at most {} tokens, drawn {source}: {} \
         candidates, of which {} were duplicates. Every one was made by {}; a program is made again from its seed and row.\n\n",
        counts.rows,
        description.language.max_len.unwrap_or(0),
        counts.candidates,
        counts.duplicates,
        manifest.made_by,
    );
    out.push_str("What the rows are like: [report.html](report.html), and [report.json](report.json) for programs.\n");
    if !tables.is_empty() {
        out.push_str("\n```python\nfrom datasets import load_dataset\n\n");
        for table in tables {
            let config = if table.config == "default" { String::new() } else { format!(", \"{}\"", table.config) };
            let _ = writeln!(
                out,
                "{} = load_dataset(\"path/to/this/folder\"{config})",
                table.config.replace('-', "_").replace("default", "programs")
            );
        }
        out.push_str("```\n");
    }
    for table in tables {
        columns(out, report, table);
    }
    made(out, report);
}

fn columns(out: &mut String, report: &Report, table: &Table) {
    let _ = writeln!(out, "\n## {}\n\n{}\n", table.title, table.about);
    out.push_str("| split | files | rows | bytes |\n| --- | ---: | ---: | ---: |\n");
    for (split, size) in report.tables.get(&table.folder).into_iter().flatten() {
        let _ = writeln!(out, "| {split} | {} | {} | {} |", size.files, size.rows, size.bytes);
    }
    out.push_str("\n| column | type | meaning |\n| --- | --- | --- |\n");
    for (name, kind, about) in &table.columns {
        let _ = writeln!(out, "| `{name}` | {kind} | {} |", about.replace('|', "\\|"));
    }
}

fn made(out: &mut String, report: &Report) {
    let (description, counts) = (&report.manifest.description, &report.counts);
    out.push_str("\n## How it was made\n\n");
    if counts.rejected.iter().len() > 0 || counts.duplicates > 0 {
        out.push_str("| of the candidates | number |\n| --- | ---: |\n");
        for (name, count) in counts.rejected.iter() {
            let _ = writeln!(out, "| not {name} | {count} |");
        }
        let _ = writeln!(out, "| duplicates in a shard | {} |\n| rows | {} |\n", counts.duplicates, counts.rows);
    }
    let limits = &description.limits;
    let _ = writeln!(
        out,
        "A run may take {} steps and print {} bytes; an integer may have {} bits. Nothing is cut: a run that comes to a limit \
         says so in column `status`.\n\nWith {}, `pyprior dataset FOLDER --config dataset.toml` makes the same files to the \
         byte, on any number of threads or machines. This is `dataset.toml`:\n\n```toml\n{}\n```",
        limits.fuel,
        limits.output_bytes,
        limits.integer_bits,
        report.manifest.made_by,
        described(description),
    );
    if let Some(license) = &description.license {
        let _ = writeln!(out, "\n## Licence\n\n{license}");
    }
}
