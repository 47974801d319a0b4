//! The report as a page that stands alone: no scripts, nothing loaded.

use std::fmt::Write as _;

use super::distinct::Distinct;
use super::histogram::Histogram;
use super::plot::{bars, compared, escape, grouped, lying, round, spark, standing};
use super::summary::Report;
use crate::columns::{COLUMNS, EXAMPLE_COLUMNS};

/// Units of fractions.
const FRACTION: f64 = 1.0 / 64.0;
/// Outputs that are named.
const NAMED: usize = 12;

const STYLE: &str = include_str!("style.css");

/// The page of a report.
pub(crate) fn page(report: &Report) -> String {
    let mut out = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" \
         content=\"width=device-width\">\n<title>Dataset report</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n"
    );
    for part in [header(report), yields(report), shapes(report), outputs(report), runs(report), asked(report)] {
        out.push_str(&part);
    }
    out.push_str(&columns(report));
    out.push_str(&files(report));
    out.push_str(&description(report));
    out.push_str("</body>\n</html>\n");
    out
}

fn count(number: u64) -> String {
    grouped(number.into())
}

fn share(part: u64, all: u64) -> String {
    let percent = 100.0 * part as f64 / all.max(1) as f64;
    match percent {
        0.0 => "0 %".to_owned(),
        ..0.01 => "< 0.01 %".to_owned(),
        ..1.0 => format!("{percent:.2} %"),
        _ => format!("{percent:.1} %"),
    }
}

/// A section, if there is something in it.
fn section(title: &str, inside: &str) -> String {
    if inside.is_empty() { String::new() } else { format!("<h2>{title}</h2>\n{inside}") }
}

fn figures(figures: Vec<String>) -> String {
    if figures.is_empty() {
        return String::new();
    }
    let all = figures.iter().fold(String::new(), |all, figure| all + "<figure>" + figure + "</figure>\n");
    format!("<div class=\"figures\">\n{all}</div>\n")
}

fn header(report: &Report) -> String {
    let (rows, description) = (report.counts.rows, &report.manifest.description);
    format!(
        "<h1>{} programs</h1>\n<p>In {} shards; from {} candidates; seed {}. Made by {}, description {}…</p>\n",
        count(rows),
        count(report.manifest.shards),
        count(report.counts.candidates),
        description.seed,
        escape(&report.manifest.made_by),
        escape(report.manifest.fingerprint.get(..16).unwrap_or_default()),
    )
}

fn yields(report: &Report) -> String {
    let counts = &report.counts;
    let all = counts.parts(!report.manifest.dedup.is_empty()).into_iter().map(|(name, number)| {
        (name, number as f64, format!("{}, {}", count(number), share(number, counts.candidates)))
    });
    section("What became of the candidates", &figures(vec![lying("Candidates", &all.collect::<Vec<_>>())]))
}

/// The plot of a column of numbers.
fn number(report: &Report, column: &str, about: &str) -> Option<String> {
    plot(report.statistics.numbers.get(column), about, 1.0)
}

fn plot(histogram: Option<&Histogram>, about: &str, unit: f64) -> Option<String> {
    let histogram = histogram.filter(|histogram| histogram.count > 0)?;
    Some(standing(about, &bars(histogram, unit)))
}

fn shapes(report: &Report) -> String {
    let statistics = &report.statistics;
    let length = plot(statistics.lengths.get("tokens"), "tokens of a program", 1.0);
    let source = plot(statistics.texts.get("source").map(|texts| &texts.bytes), "bytes of the source", 1.0);
    let compression = plot(statistics.fractions.get("compression"), "bytes of the source for each token", FRACTION);
    let depths = [
        ("statements", "statements"),
        ("expr_depth", "depth of operators and calls"),
        ("control_depth", "depth of if and for"),
        ("functions", "functions"),
    ];
    let depths = depths.into_iter().map(|(column, about)| number(report, column, about));
    let length = length.or_else(|| number(report, "length", "tokens of a program"));
    let mut plots = [length, forms(report)].into_iter().chain(depths).flatten().collect::<Vec<_>>();
    plots.extend([source, compression].into_iter().flatten());
    plots.extend(findings(report));
    section("Programs", &figures(plots))
}

/// Mean number of each form, most first.
fn forms(report: &Report) -> Option<String> {
    let forms = report.statistics.numbers.iter().filter_map(|(name, histogram)| {
        let form = name.strip_prefix("count_")?;
        Some((form.to_owned(), histogram.mean()?, format!("{:.2}", histogram.mean()?)))
    });
    let mut forms = forms.collect::<Vec<_>>();
    forms.sort_by(|one, other| other.1.total_cmp(&one.1));
    let about = "Tokens of a program by form, on average";
    (!forms.is_empty()).then(|| format!("{}<figcaption>{about}</figcaption>", lying(about, &forms)))
}

/// The share of programs with findings of each kind.
fn findings(report: &Report) -> Option<String> {
    const COLUMNS: [&str; 9] = [
        "unreachable",
        "constant_tests",
        "empty_loops",
        "dead_stores",
        "unused_loop_variables",
        "unused_parameters",
        "unused_functions",
        "mixed_returns",
        "unused_call_values",
    ];
    let found = COLUMNS.into_iter().filter_map(|column| {
        let histogram = report.statistics.numbers.get(column)?;
        let none = histogram.bins().first().filter(|bin| bin.low == 0).map_or(0, |bin| bin.count);
        let some = histogram.count - none;
        Some((column.replace('_', " "), some as f64, share(some, histogram.count)))
    });
    let found = found.collect::<Vec<_>>();
    let about = "Programs with findings of the analysis";
    (!found.is_empty()).then(|| format!("{}<figcaption>{about}</figcaption>", lying(about, &found)))
}

fn outputs(report: &Report) -> String {
    let Some(outputs) = &report.statistics.outputs else { return String::new() };
    let lines = number(report, "lines", "lines printed");
    let bytes = plot(report.statistics.texts.get("stdout").map(|texts| &texts.bytes), "bytes printed", 1.0);
    let rows = outputs.most(NAMED).into_iter().fold(String::new(), |rows, output| {
        let (more, least) = (output.bytes > output.start.len() as u64, output.shards < report.manifest.shards);
        let shown = output.start.replace('\n', "↵").replace(|character: char| character.is_control(), "␦");
        let text =
            if output.bytes == 0 { "<i>nothing</i>".to_owned() } else { format!("<code>{}</code>", escape(&shown)) };
        rows + &format!(
            "<tr><td>{text}{}</td><td>{}{}</td><td>{}</td></tr>\n",
            if more { "…" } else { "" },
            if least { "≥ " } else { "" },
            count(output.count),
            share(output.count, outputs.rows)
        )
    });
    let table = format!(
        "<table>\n<thead><tr><th>Most frequent outputs</th><th>rows</th><th>share</th></tr></thead>\n<tbody>\n{rows}</tbody>\n</table>"
    );
    let table = (!rows.is_empty()).then_some(table);
    let distinct = Distinct::estimate(&outputs.distinct).min(outputs.rows);
    let said = format!(
        "<p>{} rows print nothing ({}). There are about {} different outputs ({} of the rows; ± 1.6 %).</p>\n",
        count(outputs.empty),
        share(outputs.empty, outputs.rows),
        count(distinct),
        share(distinct, outputs.rows),
    );
    section("Outputs", &(said + &figures([lines, bytes, table].into_iter().flatten().collect())))
}

fn runs(report: &Report) -> String {
    let status = report.statistics.texts.get("status").and_then(|texts| texts.values.as_ref()).map(|values| {
        let all = values.values().sum::<u64>();
        let bar = |(name, &number): (&String, &u64)| {
            (name.replace('_', " "), number as f64, format!("{}, {}", count(number), share(number, all)))
        };
        let about = "How runs ended";
        format!("{}<figcaption>{about}</figcaption>", lying(about, &values.iter().map(bar).collect::<Vec<_>>()))
    });
    let plots = [
        status,
        number(report, "steps", "steps taken"),
        number(report, "step_bound", "most steps, told without running"),
        plot(report.statistics.fractions.get("log_prior"), "log-probability under the prior, nats", FRACTION),
        plot(report.statistics.fractions.get("log_model"), "log-probability under the model, nats", FRACTION),
    ];
    section("Runs", &figures(plots.into_iter().flatten().collect()))
}

fn asked(report: &Report) -> String {
    let legend = "<p class=\"legend\"><span class=\"natural\"></span> without asking <span class=\"wanted\"></span> asked for \
                  <span class=\"own\"></span> here</p>\n";
    let plots = report.distributions.iter().map(|asked| {
        let about = if asked.held { format!("{}, held", asked.column) } else { asked.column.clone() };
        compared(&about, asked)
    });
    let plots = plots.collect::<Vec<_>>();
    if plots.is_empty() {
        return String::new();
    }
    let let_go = match report.manifest.control.as_ref().map(|control| &control.let_go[..]) {
        None | Some([]) => String::new(),
        Some(names) => {
            format!("<p>Not held, since targets exclude it or leave too little: {}.</p>\n", escape(&names.join(", ")))
        }
    };
    section("What was asked for, and what came", &(legend.to_owned() + &let_go + &figures(plots)))
}

fn columns(report: &Report) -> String {
    let statistics = &report.statistics;
    let numbers = statistics.numbers.iter().map(|(name, histogram)| (name.clone(), histogram, 1.0));
    let fractions = statistics.fractions.iter().map(|(name, histogram)| (name.clone(), histogram, FRACTION));
    let lengths = statistics.lengths.iter().map(|(name, histogram)| (format!("{name}, number"), histogram, 1.0));
    let texts = statistics.texts.iter().map(|(name, texts)| (format!("{name}, bytes"), &texts.bytes, 1.0));
    let mut all = numbers.chain(fractions).chain(lengths).chain(texts).collect::<Vec<_>>();
    // In the order of the files; what is not known there comes last.
    let place = |name: &str| {
        let mut known = COLUMNS.iter().chain(&EXAMPLE_COLUMNS);
        known.position(|column| name.split(',').next() == Some(column.name))
    };
    all.sort_by_key(|(name, _, _)| place(name).unwrap_or(usize::MAX));
    let mut rows = String::new();
    for (name, histogram, unit) in all {
        let value = |value: i128| if unit == 1.0 { grouped(value) } else { round(value as f64 * unit) };
        let quantile = |of_1000| histogram.quantile(of_1000).map_or_else(String::new, value);
        let (min, max, mean) = match histogram.mean() {
            Some(mean) => (value(histogram.min), value(histogram.max), round(mean * unit)),
            None => Default::default(),
        };
        // Writing to a text does not fail.
        let _ = writeln!(
            rows,
            "<tr><td>{}</td><td>{}</td><td>{min}</td><td>{}</td><td>{mean}</td><td>{}</td><td>{max}</td><td>{}</td></tr>",
            escape(&name),
            if histogram.nulls > 0 {
                share(histogram.nulls, histogram.nulls.saturating_add(histogram.count))
            } else {
                String::new()
            },
            quantile(500),
            quantile(950),
            spark(&bars(histogram, unit)),
        );
    }
    let table = format!(
        "<div class=\"wide\"><table>\n<thead><tr><th>Column</th><th>missing</th><th>least</th><th>half ≤</th><th>mean</th>\
         <th>95 % ≤</th><th>most</th><th></th></tr></thead>\n<tbody>\n{rows}</tbody>\n</table></div>\n"
    );
    if rows.is_empty() { String::new() } else { section("Columns", &table) }
}

fn files(report: &Report) -> String {
    let mut rows = String::new();
    for (folder, splits) in &report.tables {
        for (split, size) in splits {
            let _ = writeln!(
                rows,
                "<tr><td>{}/{}-*.parquet</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
                escape(folder),
                escape(split),
                count(size.files),
                count(size.rows),
                count(size.bytes),
                count(size.memory)
            );
        }
    }
    for (kind, &bytes) in &report.other_files {
        let _ =
            writeln!(rows, "<tr><td>*.{}</td><td></td><td></td><td>{}</td><td></td></tr>", escape(kind), count(bytes));
    }
    let table = format!(
        "<div class=\"wide\"><table>\n<thead><tr><th>Files</th><th>number</th><th>rows</th><th>bytes</th><th>bytes in \
         memory</th></tr></thead>\n<tbody>\n{rows}</tbody>\n</table></div>\n"
    );
    section("Files", &table)
}

fn description(report: &Report) -> String {
    let text = crate::card::described(&report.manifest.description);
    let passes = report.manifest.dedup.iter().fold(String::new(), |all, pass| {
        let line = crate::card::deduplicated(&pass.pass);
        all + &format!("<p>Then <code>{}</code>.</p>\n", escape(&line))
    });
    section("Description", &format!("<pre>{}</pre>\n{passes}", escape(&text)))
}
