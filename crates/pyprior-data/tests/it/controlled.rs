//! Control: targets have the shares that they are to have, and what is held has those that it had.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;

use pyprior_data::{
    By, Compared, ComputeDevice, ControlRecord, DataError, Description, Drawn, Dtype, Duplicates, Format, Job,
    Manifest, ModelDescription, PilotWork, Source, SourceDescription, SourceError, Summary, Target,
};

use crate::common::{Folder, all, lines, part, small, told};

fn target(of: &str) -> Target {
    Target { of: of.to_owned(), range: None, bins: None, edges: Vec::new(), shares: Vec::new(), by: By::Acceptance }
}

fn uniform(of: &str, low: f64, high: f64, bins: u32) -> Target {
    Target { range: Some([low, high]), bins: Some(bins), ..target(of) }
}

/// How much more than usual is looked at.
fn scale() -> u64 {
    std::env::var("PYPRIOR_CONTROL").map_or(1, |scale| scale.parse().unwrap())
}

/// Without duplicates' part in it: that is what control is about.
fn described(rows: u64, targets: Vec<Target>, hold: &[&str]) -> Description {
    let mut description = small(rows, 50_000);
    description.duplicates = Duplicates::Keep;
    description.control.targets = targets;
    description.control.hold = Some(hold.iter().map(|name| (*name).to_owned()).collect());
    description.write.columns = vec!["row".to_owned()];
    description
}

/// A dataset, with what was asked for and what it has come to.
fn made(description: &Description) -> (Vec<Compared>, Summary, Manifest) {
    let folder = Folder::new("controlled");
    let summary = all(description, folder.path()).unwrap();
    let manifest = Manifest::of(&Job::new(description.clone()).unwrap());
    // What is written down is read back as it was.
    let text = serde_json::to_string(&manifest).unwrap();
    assert_eq!(serde_json::from_str::<Manifest>(&text).unwrap(), manifest);
    (manifest.compare(&summary.counts), summary, manifest)
}

/// Of every column, what chi-square is over its bins, how much it may be, and whether it is held.
///
/// Shares of N rows differ from what was asked for by chance, and because factors were fitted to a pilot of M programs, which
/// weighs as much as M times the yield programs at least. So chi-square over 1 + N / (M yield) has the distribution of that name.
/// Five standard deviations beyond its mean are allowed.
fn chi_squares(
    compared: &[Compared],
    counts: &pyprior_data::Yield,
    manifest: &Manifest,
) -> BTreeMap<String, (f64, f64, bool)> {
    let control = manifest.control.as_ref().unwrap();
    let rows = counts.rows as f64;
    let inflation = 1.0 + rows / (control.within as f64 * control.expected_yield);
    let mut columns = BTreeMap::<String, (f64, f64, bool)>::new();
    for bin in compared.iter().filter(|bin| bin.requested > 0.0) {
        let column = columns.entry(bin.of.clone()).or_insert((0.0, -1.0, bin.held));
        column.0 += rows * (bin.obtained - bin.requested).powi(2) / bin.requested / inflation;
        column.1 += 1.0;
    }
    for column in columns.values_mut() {
        column.1 += 5.0 * (2.0 * column.1).sqrt();
    }
    columns
}

#[test]
fn one_is_set_and_the_others_stay() {
    let hold = ["control_depth", "expr_depth", "count_for", "variables", "largest_constant", "steps"];
    let targets = vec![uniform("length", 7.0, 30.0, 6)];
    let mut description = described(25_000 * scale(), targets.clone(), &hold);
    description.control.pilot <<= scale() / 2;
    let (compared, summary, manifest) = made(&description);
    let columns = chi_squares(&compared, &summary.counts, &manifest);
    println!("{columns:?}\n{:?}", summary.counts);
    assert_eq!(columns.len(), 7);
    for (of, (chi_square, most, _)) in &columns {
        assert!(chi_square < most, "{of}: {chi_square} is more than {most}");
    }
    // The yield is what was told beforehand.
    let (passed, expected) = (summary.counts.rows + summary.counts.declined, manifest.control.unwrap().expected_yield);
    let obtained = summary.counts.rows as f64 / passed as f64;
    assert!((obtained / expected - 1.0).abs() < 0.02, "{obtained} of the programs, {expected} expected");
    // Natural shares are those of programs beyond the range too; of these the target has no bin.
    let natural = |of: &str| compared.iter().filter(|bin| bin.of == of).map(|bin| bin.natural).sum::<f64>();
    assert!((natural("control_depth") - 1.0).abs() < 1e-9 && (0.8..0.9).contains(&natural("length")));
    let (compared, summary, manifest) = made(&described(20_000, targets, &[]));
    assert_eq!(chi_squares(&compared, &summary.counts, &manifest).len(), 1);
}

/// The columns that are held in tests against a run without targets.
const HELD: [&str; 6] = ["control_depth", "expr_depth", "count_for", "variables", "largest_constant", "steps"];

/// The values of columns in a dataset, ascending; null is less than any.
fn values(description: &Description) -> BTreeMap<&'static str, Vec<f64>> {
    let mut description = description.clone();
    description.write.columns = HELD.map(str::to_owned).to_vec();
    description.write.formats = vec![Format::Jsonl];
    let folder = Folder::new("values");
    all(&description, folder.path()).unwrap();
    let rows = lines(&folder, "jsonl");
    let of = |column| rows.iter().map(|row| row[column].as_f64().unwrap_or(f64::NEG_INFINITY)).collect::<Vec<_>>();
    let mut columns = HELD.map(|column| (column, of(column)));
    columns.iter_mut().for_each(|(_, values)| values.sort_by(f64::total_cmp));
    columns.into()
}

/// The largest difference of the shares of values up to any number.
fn kolmogorov(left: &[f64], right: &[f64]) -> f64 {
    let share = |values: &[f64], most: f64| values.partition_point(|&value| value <= most) as f64 / values.len() as f64;
    let far = left.iter().chain(right).map(|&most| (share(left, most) - share(right, most)).abs());
    far.fold(0.0, f64::max)
}

#[test]
fn what_is_held_is_that_of_a_run_without_targets() {
    let mut without = described(20_000 * scale(), Vec::new(), &[]);
    without.seed = 12;
    let natural = values(&without);
    let range = Target { range: Some([9.0, 30.0]), ..target("length") };
    for target in [uniform("length", 7.0, 30.0, 6), range] {
        let far = |hold: &[&str]| {
            let mut description = described(20_000 * scale(), vec![target.clone()], hold);
            description.control.pilot <<= scale() / 2;
            let values = values(&description);
            HELD.map(|column| (column, kolmogorov(&values[column], &natural[column])))
        };
        let (held, free) = (far(&HELD), far(&[]));
        println!("held {held:?}\nfree {free:?}");
        // Shares of bins are held, and what is in a bin may move; chance is 0.02 at this many rows, but for one in a thousand.
        for (column, distance) in held {
            assert!(distance < 0.035, "{column}: {distance}");
        }
        // Columns go along otherwise, so that all of this could have failed.
        assert!(free.iter().any(|(_, distance)| *distance > 0.05), "{free:?}");
    }
}

#[test]
fn beside_ranges_alone_nothing_is_held_unless_asked_for() {
    let range = Target { range: Some([9.0, 30.0]), ..target("length") };
    let mut description = described(500, vec![range.clone()], &[]);
    description.control.hold = None;
    let job = Job::new(description.clone()).unwrap();
    assert_eq!(Manifest::of(&job).control, None);
    description.control.targets.push(uniform("count_print", 0.0, 1.0, 2));
    let job = Job::new(description).unwrap();
    let control = Manifest::of(&job).control.unwrap();
    assert_eq!(control.let_go, [""; 0]);
    let columns = control.columns;
    // What has a range is set, and so is not held.
    let held = columns.iter().filter(|column| column.held).map(|column| column.of.as_str()).collect::<Vec<_>>();
    assert_eq!(held, HELD);
    // No program of four tokens has a loop.
    let told = refusal(|it| {
        it.control.targets = vec![Target { range: Some([3.0, 4.0]), ..target("length") }];
        it.control.hold = Some(vec!["control_depth".to_owned()]);
    });
    let start = "control: the targets and columns that are held exclude each other: control_depth in 1";
    assert!(told.starts_with(start) && told.contains("comes to 0.0000"), "{told}");
}

/// Loops are nesting: a third of the programs with two of them cannot be, and as many without nesting as before.
#[test]
fn what_targets_exclude_is_let_go_unless_it_was_named() {
    let target = uniform("count_for", 0.0, 2.0, 3);
    let mut description = described(3000, vec![target], &["control_depth"]);
    let why = told(&Job::new(description.clone()).unwrap_err());
    assert!(why.starts_with("control: the targets and columns that are held exclude each other: "), "{why}");
    description.control.hold = None;
    let job = Job::new(description.clone()).unwrap();
    let control = Manifest::of(&job).control.unwrap();
    assert!(control.let_go.contains(&"control_depth".to_owned()) && control.let_go.len() < 6, "{:?}", control.let_go);
    // All the others are held, with shares that come out, and no one that was let go could have stayed.
    let held = |control: &ControlRecord| {
        let held = control.columns.iter().filter(|column| column.held).map(|column| column.of.clone());
        held.collect::<Vec<_>>()
    };
    assert_eq!(held(&control).len() + control.let_go.len(), 6);
    for more in &control.let_go {
        let mut description = description.clone();
        description.control.hold = Some(held(&control).into_iter().chain([more.clone()]).collect());
        let why = told(&Job::new(description).unwrap_err());
        assert!(why.contains("exclude each other") || why.contains("least_yield"), "{more}: {why}");
    }
    description.control.hold = Some(held(&control));
    assert_eq!(Manifest::of(&Job::new(description).unwrap()).control.unwrap().columns, control.columns);
}

#[test]
fn a_pilot_can_be_stopped() {
    let description = described(500, vec![uniform("length", 7.0, 30.0, 6)], &[]);
    let work = PilotWork { threads: 1, stop: &AtomicBool::new(true) };
    let error = Job::prepare(description.clone(), None, &work).unwrap_err();
    assert!(matches!(error, DataError::Interrupted), "{error}");
    // A model that is asked to stop has not failed.
    let mut description = description;
    description.source = SourceDescription::Model(ModelDescription {
        sha256: Some([0; 32].into()),
        device: Some(ComputeDevice::Cpu),
        dtype: Some(Dtype::F32),
        ..ModelDescription::default()
    });
    let error = Job::with_model(description.clone(), Box::new(Stopped)).unwrap_err();
    assert!(matches!(error, DataError::Interrupted), "{error}");
    description.control.targets = vec![Target { by: By::Steering, ..uniform("length", 7.0, 30.0, 6) }];
    let error = Job::with_model(description, Box::new(Stopped)).unwrap_err();
    assert_eq!(
        told(&error),
        "control: the target of \"length\": steering is for programs that are drawn without a model; by = \"acceptance\" is for all"
    );
}

#[derive(Debug)]
struct Stopped;

impl Source for Stopped {
    fn draw(&self, _: std::ops::Range<u64>, _: &mut Drawn) -> Result<(), SourceError> {
        Err(SourceError::Stopped)
    }

    fn chunk(&self) -> u64 {
        1
    }
}

#[test]
fn several_are_set_together() {
    let steps = Target { edges: vec![1.0, 3.0, 6.0, 12.0, 200.0], shares: vec![4.0, 3.0, 2.0, 1.0], ..target("steps") };
    let range = Target { range: Some([1.0, 4.0]), ..target("count_for + count_if") };
    let targets = vec![steps, range, uniform("largest_constant", 50.0, 99.0, 2)];
    let mut description = described(2_000 * scale(), targets, &["count_call"]);
    description.keep = vec!["finished".to_owned()];
    let (compared, summary, manifest) = made(&description);
    let columns = chi_squares(&compared, &summary.counts, &manifest);
    println!("{columns:?}\n{:?}", summary.counts);
    assert_eq!(columns.keys().collect::<Vec<_>>(), ["count_call", "largest_constant", "steps"]);
    for (of, (chi_square, most, _)) in &columns {
        assert!(chi_square < most, "{of}: {chi_square} is more than {most}");
    }
    let steps = compared.iter().filter(|bin| bin.of == "steps").map(|bin| (bin.values.as_str(), bin.requested));
    assert!(steps.eq([("1..2", 0.4), ("3..5", 0.3), ("6..11", 0.2), ("12..200", 0.1)]));
    // A range is a filter with a yield of its own.
    assert!(summary.counts.rejected.get("count_for + count_if in 1..4") > 0);
}

#[test]
fn bytes_do_not_show_threads() {
    let mut description = described(3_000, vec![uniform("length", 7.0, 30.0, 4)], &["control_depth"]);
    (description.shard_rows, description.control.pilot) = (800, 4_000);
    let (one, many) = (Folder::new("one"), Folder::new("many"));
    part(&description, one.path(), 1, "0/1").unwrap();
    for text in ["1/2", "0/2"] {
        part(&description, many.path(), 3, text).unwrap();
    }
    assert!(one.files() == many.files());
}

#[test]
fn ranges_are_kept_to_by_filters_or_by_the_language() {
    let range = |of: &str, high: f64, by| Target { range: Some([0.0, high]), by, ..target(of) };
    for (of, high) in
        [("length", 12.0), ("expr_depth", 1.0), ("control_depth", 1.0), ("functions", 0.0), ("largest_constant", 9.0)]
    {
        let mut rejected = Vec::new();
        for by in [By::Acceptance, By::Steering] {
            let mut description = described(500, vec![range(of, high, by)], &[]);
            description.write.columns = vec![of.to_owned()];
            description.write.formats = vec![Format::Jsonl];
            let folder = Folder::new("range");
            let summary = all(&description, folder.path()).unwrap();
            let text = String::from_utf8(folder.files()["jsonl/train-00000-of-00001.jsonl"].clone()).unwrap();
            for line in text.lines() {
                let value = serde_json::from_str::<serde_json::Value>(line).unwrap()[of].as_f64().unwrap();
                assert!(value <= high, "{line}");
            }
            rejected.push(summary.counts.rejected.total());
        }
        // Programs without a constant have no largest one, and no range takes null.
        let of_null = of == "largest_constant";
        assert!(rejected[0] > 0 && (rejected[1] == 0 || of_null), "{of}: {rejected:?}");
    }
}

fn refusal(change: impl FnOnce(&mut Description)) -> String {
    let mut description = described(100, Vec::new(), &[]);
    description.control.pilot = 2_000;
    change(&mut description);
    match Job::new(description) {
        Err(DataError::Description(error)) => told(&error),
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("accepted"),
    }
}

#[test]
fn what_makes_no_sense_is_refused() {
    let set = |target: Target| refusal(|it| it.control.targets = vec![target]);
    assert_eq!(
        set(target("length")),
        "control: the target of \"length\": it is a range, a range with bins, or edges with or without shares"
    );
    assert_eq!(
        set(uniform("length", 9.0, 3.0, 2)),
        "control: the target of \"length\": the range is upside down: the first number must not exceed the second"
    );
    assert_eq!(
        set(uniform("length", 3.0, 4.0, 3)),
        "control: the target of \"length\": bins must be 1 to 250, and no more than there are values in the range"
    );
    let edges = Target { edges: vec![1.0, 1.0], ..target("length") };
    assert_eq!(set(edges), "control: the target of \"length\": edges must ascend, and there may be 251 of them");
    let shares = Target { edges: vec![1.0, 2.0], shares: vec![0.0], ..target("length") };
    assert!(set(shares).contains("there must be a share for each bin"));
    assert!(set(uniform("lenght", 3.0, 9.0, 2)).contains("there is no column \"lenght\"; did you mean \"length\"?"));
    assert!(set(uniform("stdout", 3.0, 9.0, 2)).contains("expected a number, and this is a text"));
    let steered = Target { by: By::Steering, ..uniform("steps", 3.0, 9.0, 2) };
    assert!(set(steered).contains("steering is for length, expr_depth, control_depth, functions and largest_constant"));
    // A bin that no program is in.
    let told = set(uniform("length", 3.0, 60.0, 2));
    assert_eq!(told, "control: length: no program of 2000 has 32..60, and 0.5000 of the rows are to");
    // Shares that exclude each other: no program of three tokens has a loop.
    let told = refusal(|it| {
        it.control.targets = vec![
            Target { edges: vec![3.0, 4.0, 30.0], shares: vec![0.9, 0.1], ..target("length") },
            Target { edges: vec![0.0, 1.0, 9.0], ..target("count_for") },
        ];
    });
    assert!(told.starts_with("control: the targets and columns that are held exclude each other: "), "{told}");
    // More thrown away than is allowed.
    let told = refusal(|it| {
        it.control.targets = vec![Target { edges: vec![3.0, 4.0, 30.0], shares: vec![0.99, 0.01], ..target("length") }];
        it.control.least_yield = 0.9;
    });
    assert!(told.starts_with("control: the targets leave 0."), "{told}");
    assert!(told.contains("rarest for what is asked of it is length in 3:"), "{told}");
    let told = refusal(|it| {
        it.control.targets = vec![uniform("length", 3.0, 30.0, 2)];
        it.keep = vec!["length < 3".to_owned()];
    });
    assert_eq!(
        told,
        "control: 0 of 131072 programs pass the filters, too few to tell distributions from; at least 1000 are needed"
    );
    assert_eq!(refusal(|it| it.control.pilot = 1), "control.pilot is 1; it must be 1,000 to 16,777,216");
    assert_eq!(
        refusal(|it| it.control.least_yield = 0.0),
        "control.least_yield is 0; it must be more than 0 and at most 1"
    );
    let twice = |it: &mut Description| {
        it.control.targets = vec![uniform("length", 3.0, 30.0, 2), uniform("length", 3.0, 30.0, 3)]
    };
    assert_eq!(refusal(twice), "control.targets lists \"length\" twice");
    // Of the target, and not of a filter that it would be.
    assert_eq!(
        set(Target { range: Some([3.0, f64::INFINITY]), ..target("length") }),
        "control: the target of \"length\": range and edges must be between -2^53 and 2^53"
    );
    // No names are listed for a language that there is not.
    let mut description = described(10, vec![Target { by: By::Steering, ..uniform("functions", 0.0, 1.0, 1) }], &[]);
    description.language.max_funcs = u32::MAX;
    let error = Job::new(description).unwrap_err();
    assert_eq!(crate::common::told(&error), "language: max_funcs is 4294967295; at most 255 is supported");
}
