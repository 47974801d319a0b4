//! README.md: what readers of a dataset are told, machines first.

mod features;
mod tables;

pub(crate) use tables::{Table, tables};

use std::fmt::Write as _;

use crate::description::{Description, SourceDescription};
use crate::manifest::Dedup;
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
    let config = |table| Config::of(report, table);
    let configs = tables.iter().filter_map(config).collect::<Vec<_>>();
    let mut out = "---\n".to_owned();
    front(&mut out, report, &configs);
    out.push_str("---\n\n");
    text(&mut out, report, &configs);
    out
}

/// A table that there are rows of, with what of it can be loaded. A split without rows is nowhere: `datasets` takes one for a
/// mistake.
struct Config<'a> {
    table: &'a Table,
    /// By split: files, and of Parquet what they hold.
    splits: Vec<(&'a str, String, Option<TableSize>)>,
}

impl<'a> Config<'a> {
    /// None of a table without rows, or in no format that can be loaded.
    fn of(report: &'a Report, table: &'a Table) -> Option<Self> {
        let formats = &report.manifest.description.write.formats;
        let splits = if let Some(splits) = report.tables.get(&table.folder) {
            let splits = splits.iter().filter(|(_, size)| size.rows > 0);
            let files = |split: &str| format!("{}/{split}-*.parquet", table.folder);
            splits.map(|(split, &size)| (split.as_str(), files(split), Some(size))).collect::<Vec<_>>()
        } else {
            // Without Parquet, what there is of JSON; types are found out by reading.
            let kinds = [(Format::Jsonl, "jsonl"), (Format::JsonlZst, "jsonl.zst")];
            let (_, end) = kinds.into_iter().find(|(format, _)| formats.contains(format))?;
            let splits = report.counts.splits.iter().filter(|&(_, rows)| rows > 0);
            splits.map(|(split, _)| (split, format!("{}/{split}-*.{end}", table.lines), None)).collect()
        };
        (!splits.is_empty()).then_some(Self { table, splits })
    }

    fn sizes(&self) -> impl Iterator<Item = (&'a str, TableSize)> {
        self.splits.iter().filter_map(|&(split, _, size)| Some((split, size?)))
    }
}

/// How a pass over a dataset is asked for.
pub(crate) fn deduplicated(pass: &Dedup) -> String {
    let by = serde_json::to_value(pass.by).unwrap_or_default();
    let by = by.as_str().unwrap_or_default();
    let shapes = match pass.max_per_shape {
        0 => String::new(),
        most => format!(" --max-per-shape {most}"),
    };
    format!("pyprior dataset dedup FOLDER --out UNIQUE --by {by}{shapes}")
}

/// Text in the cell of a table, as code.
fn cell(text: &str) -> String {
    let text = text.replace('|', "\\|").replace(['\n', '\r'], " ");
    let mark = "`".repeat(1 + longest_run(&text));
    match mark.len() {
        1 => format!("`{text}`"),
        _ => format!("{mark} {text} {mark}"),
    }
}

/// The longest run of backticks.
fn longest_run(text: &str) -> usize {
    text.split(|character| character != '`').map(str::len).max().unwrap_or(0)
}

/// The lines between the marks. Names that are given stand in quotation marks: YAML takes some words for what they are not.
/// Writing to a text does not fail.
fn front(out: &mut String, report: &Report, configs: &[Config<'_>]) {
    if let Some(license) = &report.manifest.description.license {
        let _ = writeln!(out, "license: \"{license}\"");
    }
    let rows = report.counts.rows;
    let _ = writeln!(out, "pretty_name: PyPrior programs\ntags:\n- code\n- synthetic\n- program-synthesis");
    let _ = writeln!(out, "size_categories:\n- {}", size_category(rows));
    let sized = configs.iter().filter(|config| config.sizes().next().is_some()).collect::<Vec<_>>();
    if !sized.is_empty() {
        out.push_str("dataset_info:\n");
    }
    for config in sized {
        let _ = writeln!(out, "- config_name: {}\n  features:", config.table.config);
        features::write(out, &config.table.schema, 2);
        out.push_str("  splits:\n");
        for (split, TableSize { rows, memory, .. }) in config.sizes() {
            let _ = writeln!(out, "  - name: \"{split}\"\n    num_bytes: {memory}\n    num_examples: {rows}");
        }
        let sum = |of: fn(&TableSize) -> u64| config.sizes().map(|(_, size)| of(&size)).fold(0, u64::saturating_add);
        let (download, memory) = (sum(|size| size.bytes), sum(|size| size.memory));
        let _ = writeln!(out, "  download_size: {download}\n  dataset_size: {memory}");
    }
    if !configs.is_empty() {
        out.push_str("configs:\n");
    }
    for config in configs {
        let _ = writeln!(out, "- config_name: {}\n  data_files:", config.table.config);
        for (split, files, _) in &config.splits {
            let _ = writeln!(out, "  - split: \"{split}\"\n    path: {files}");
        }
    }
}

/// As Hugging Face has them.
fn size_category(rows: u64) -> &'static str {
    const BELOW: [(u64, &str); 10] = [
        (1_000, "n<1K"),
        (10_000, "1K<n<10K"),
        (100_000, "10K<n<100K"),
        (1_000_000, "100K<n<1M"),
        (10_000_000, "1M<n<10M"),
        (100_000_000, "10M<n<100M"),
        (1_000_000_000, "100M<n<1B"),
        (10_000_000_000, "1B<n<10B"),
        (100_000_000_000, "10B<n<100B"),
        (1_000_000_000_000, "100B<n<1T"),
    ];
    BELOW.iter().find(|(most, _)| rows < *most).map_or("n>1T", |(_, name)| name)
}

fn text(out: &mut String, report: &Report, configs: &[Config<'_>]) {
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
    if !configs.is_empty() {
        out.push_str("\n```python\nfrom datasets import load_dataset\n\n");
        for Config { table, .. } in configs {
            let config = if table.config == "default" { String::new() } else { format!(", \"{}\"", table.config) };
            let _ = writeln!(
                out,
                "{} = load_dataset(\"path/to/this/folder\"{config})",
                table.config.replace('-', "_").replace("default", "programs")
            );
        }
        out.push_str("```\n");
    }
    for config in configs {
        columns(out, config);
    }
    made(out, report);
}

fn columns(out: &mut String, config: &Config<'_>) {
    let table = config.table;
    let _ = writeln!(out, "\n## {}\n\n{}\n", table.title, table.about);
    if config.sizes().next().is_some() {
        out.push_str("| split | files | rows | bytes |\n| --- | ---: | ---: | ---: |\n");
    }
    for (split, size) in config.sizes() {
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
    let parts = counts.parts(!report.manifest.dedup.is_empty());
    if parts.len() > 1 {
        out.push_str("| of the candidates | number |\n| --- | ---: |\n");
        for (name, count) in parts {
            let name = match name.strip_prefix("not (").and_then(|name| name.strip_suffix(')')) {
                Some(filter) => format!("not {}", cell(filter)),
                None => name,
            };
            let _ = writeln!(out, "| {name} | {count} |");
        }
        out.push('\n');
    }
    let (limits, passes, toml) = (&description.limits, &report.manifest.dedup, described(description));
    let fence = "`".repeat(3.max(1 + longest_run(&toml)));
    let model = if matches!(description.source, SourceDescription::Model(_)) { " --model DIR" } else { "" };
    let _ = writeln!(
        out,
        "A run may take {} steps and print {} bytes; an integer may have {} bits. Nothing is cut: a run that comes to a limit \
         says so in column `status`.\n\nWith {}, `pyprior dataset FOLDER --config dataset.toml{model}` makes the same files{} to \
         the byte, on any number of threads or machines. This is `dataset.toml`:\n\n{fence}toml\n{toml}\n{fence}",
        limits.fuel,
        limits.output_bytes,
        limits.integer_bits,
        report.manifest.made_by,
        if passes.is_empty() { "" } else { ", with the passes below," },
    );
    if !passes.is_empty() {
        out.push_str("\nThen duplicates of the whole dataset were left out:\n\n```sh\n");
        passes.iter().for_each(|pass| out.push_str(&(deduplicated(&pass.pass) + "\n")));
        out.push_str("```\n");
    }
    if let Some(license) = &description.license {
        let _ = writeln!(out, "\n## Licence\n\n{license}");
    }
}
