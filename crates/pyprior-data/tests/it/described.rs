//! Descriptions: the commented one says the defaults, and what makes no sense is refused with its place.

use pyprior_core::PriorConfig;
use pyprior_core::exec::Limits;
use pyprior_data::tasks::{Kind, Layout};
use pyprior_data::{DataError, Description, Duplicates, Format, Job, PREDICATES, SourceDescription};

use crate::common::told;

#[test]
fn the_commented_description_is_the_default() {
    let mut written = Description::from_toml(Description::INIT).unwrap();
    assert_eq!(written, Description::default());
    // It says so by naming every field: one that the text left out would not show in the comparison.
    let text: toml::Table = Description::INIT.parse().unwrap();
    let fields = |value: serde_json::Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    for (table, default) in [
        ("limits", serde_json::to_value(written.limits).unwrap()),
        ("write", serde_json::to_value(&written.write).unwrap()),
        ("control", serde_json::to_value(&written.control).unwrap()),
        ("examples", serde_json::to_value(written.examples).unwrap()),
        ("trace", serde_json::to_value(written.trace).unwrap()),
        ("tasks", serde_json::to_value(&written.tasks).unwrap()),
    ] {
        let table = text[table].as_table().unwrap();
        fields(default).iter().for_each(|field| assert!(table.contains_key(field), "{field}"));
    }
    for field in fields(serde_json::to_value(&written).unwrap()) {
        assert!(text.contains_key(&field), "{field}");
    }
    for predicate in &PREDICATES {
        assert!(Description::INIT.contains(&format!("#   {} ", predicate.name)), "{}", predicate.name);
        written.keep.push(predicate.name.to_owned());
    }
    Job::new(written).unwrap();
}

#[test]
fn short_texts_leave_the_rest_to_defaults() {
    let text = "rows = 5\nkeep = [\"prints\"]\n[source]\nkind = \"uniform\"\n[write]\nformats = [\"npy\"]";
    let description = Description::from_toml(text).unwrap();
    assert_eq!((description.rows, description.shard_rows), (5, Description::default().shard_rows));
    assert_eq!(description.keep, ["prints"]);
    assert_eq!(description.source, SourceDescription::Uniform);
    assert_eq!(description.write.formats, [Format::Npy]);
    assert_eq!(description.duplicates, Duplicates::Tokens);
    let prior = Description::from_toml("[source]\nkind = \"prior\"\nprior = { w_call = 9.0 }").unwrap().source;
    assert_eq!(prior, SourceDescription::Prior { prior: PriorConfig { w_call: 9.0, ..PriorConfig::default() } });
}

#[test]
fn shards_are_counted() {
    for (rows, shard_rows, all) in [(1, 10, vec![1]), (10, 10, vec![10]), (21, 10, vec![10, 10, 1])] {
        let description = Description { rows, shard_rows, ..Description::default() };
        assert_eq!(description.shards(), all.len() as u64);
        let found = (0..description.shards()).map(|shard| description.rows_of(shard));
        assert_eq!(found.collect::<Vec<_>>(), all);
        assert_eq!(description.rows_of(description.shards()), 0);
    }
}

/// What a description that was changed is refused with.
fn refusal(change: impl FnOnce(&mut Description)) -> String {
    let mut description = Description::default();
    change(&mut description);
    match Job::new(description) {
        Err(error @ (DataError::Description(_) | DataError::Language(_) | DataError::Source(_))) => told(&error),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_makes_no_sense_is_refused() {
    assert_eq!(refusal(|it| it.rows = 0), "rows is 0; it must be 1 or more");
    assert_eq!(refusal(|it| it.shard_rows = 0), "shard_rows is 0; it must be 1 to 1,073,741,824");
    assert_eq!(refusal(|it| it.seed = 1 << 63), "seed is 9223372036854775808; it must be below 2^63");
    assert_eq!(
        refusal(|it| it.split = "a/b".into()),
        "split is \"a/b\"; it must be lower-case letters, digits and _, and not \"all\""
    );
    assert_eq!(refusal(|it| it.patience = 0), "patience is 0; it must be 1 to 4,294,967,296");
    assert_eq!(refusal(|it| it.write.zstd_level = 0), "write.zstd_level is 0; it must be 1 to 22");
    assert_eq!(refusal(|it| it.write.group_rows = 0), "write.group_rows is 0; it must be 1 to 1,048,576");
    assert_eq!(refusal(|it| it.write.formats.clear()), "write.formats is empty: nothing would be written");
    assert_eq!(refusal(|it| it.keep = vec!["prints".into(); 2]), "keep lists \"prints\" twice");
    assert_eq!(refusal(|it| it.write.columns = vec!["step".into()]), "write.columns: there is no column \"step\"");
    assert_eq!(refusal(|it| it.write.columns = vec!["row".into(); 2]), "write.columns lists \"row\" twice");
    let shards = "10000000 rows in shards of 1 are 10000000 shards; at most 2097152 are supported";
    assert_eq!(refusal(|it| (it.rows, it.shard_rows) = (10_000_000, 1)), shards);
    let max_len = "language.max_len is missing: programs of a dataset are bounded";
    assert_eq!(refusal(|it| it.language.max_len = None), max_len);
    let short = "language: max_len is 1, but the shortest program of this language has 3 tokens";
    assert_eq!(refusal(|it| it.language.max_len = Some(1)), short);
    let prior = PriorConfig { w_call: -1.0, ..PriorConfig::default() };
    let refused = "source.prior: w_call is -1; it must be a finite number, 0 or more";
    assert_eq!(refusal(|it| it.source = SourceDescription::Prior { prior }), refused);
    let npy = "write.formats: npy is made of column tokens, which write.columns leaves out";
    assert_eq!(refusal(|it| (it.write.formats, it.write.columns) = (vec![Format::Npy], vec!["row".into()])), npy);
}

#[test]
fn examples_and_tasks_that_make_no_sense_are_refused() {
    assert_eq!(refusal(|it| it.examples.count = 0), "examples.count is 0; it must be 1 to 256");
    assert_eq!(refusal(|it| it.examples.tries = 1 << 17), "examples.tries is 131072; it must be 1 to 65,536");
    let range = "it must be upwards, and of fewer than 2^63 values";
    assert_eq!(refusal(|it| it.examples.range = (3, 2)), format!("examples.range is 3 to 2; {range}"));
    let (low, high) = (i64::MIN, i64::MAX);
    assert_eq!(refusal(|it| it.examples.range = (low, high)), format!("examples.range is {low} to {high}; {range}"));
    assert_eq!(refusal(|it| it.trace.steps = 0), "trace.steps is 0; it must be 1 to 65,536");
    assert_eq!(refusal(|it| it.tasks.kinds = vec![Kind::Trace; 2]), "tasks.kinds lists \"trace\" twice");
    assert_eq!(refusal(|it| it.tasks.rows = 0), "tasks.rows is 0; it must be 1 to 256");
    assert_eq!(refusal(|it| it.tasks.shown = 256), "tasks.shown is 256; it must be 1 to 255");
    assert_eq!(refusal(|it| it.tasks.length = 7), "tasks.length is 7; it must be 8 to 1,048,576");
    let neither = "tasks.tokens and tasks.text are both false: nothing of the tasks would be written";
    assert_eq!(
        refusal(|it| (it.tasks.kinds, it.tasks.tokens, it.tasks.text) = (vec![Kind::Trace], false, false)),
        neither
    );
}

#[test]
fn what_would_be_written_nowhere_is_refused() {
    let of = |table: &str| {
        format!(
            "table {table} has text alone, and write.formats is npy alone, which takes numbers: nothing of it would be written"
        )
    };
    let npy = |it: &mut Description| (it.write.formats, it.tasks.kinds) = (vec![Format::Npy], vec![Kind::Trace]);
    let tokens = |it: &mut Description| {
        npy(it);
        it.tasks.tokens = false;
    };
    assert_eq!(refusal(tokens), of("trace"));
    let packed = |it: &mut Description| {
        npy(it);
        it.tasks.layout = Layout::Packed;
    };
    assert_eq!(refusal(packed), of("trace"));
    let mut description = Description::default();
    packed(&mut description);
    description.tasks.text = false;
    Job::new(description).unwrap();
}

#[test]
fn what_would_not_be_bounded_is_refused_where_examples_are_made() {
    let tasks = |change: fn(&mut Description)| {
        refusal(|it| {
            it.tasks.kinds = vec![Kind::Deduction, Kind::Trace];
            change(it);
        })
    };
    let bits = "limits.integer_bits is 400000; it must be at most 332,000 where examples are made";
    assert_eq!(tasks(|it| it.limits.integer_bits = 400_000), bits);
    let filtered = |it: &mut Description| (it.limits.integer_bits, it.keep) = (400_000, vec!["examples > 3".into()]);
    assert_eq!(refusal(filtered), bits);
    Job::new(Description { limits: Limits { integer_bits: 400_000, ..Limits::default() }, ..Description::default() })
        .unwrap();
    assert!(
        tasks(|it| (it.limits.integer_bits, it.examples.tries) = (300_000, 65_536)).starts_with("examples.tries is")
    );
    let printed = |it: &mut Description| {
        (it.limits.output_bytes, it.write.columns) = (1 << 26, vec!["output_stdout".into()]);
    };
    assert!(refusal(printed).starts_with("examples.count is 8; it must be at most 268,435,456, divided by"));
    let padded =
        |it: &mut Description| (it.tasks.layout, it.tasks.length, it.tasks.rows) = (Layout::Padded, 1 << 20, 256);
    assert!(tasks(padded).starts_with("tasks.rows is 256; it must be at most 53,687,091, divided by"));
}

#[test]
fn what_is_unknown_is_refused_with_its_line() {
    for text in
        ["rows = 1\nrow = 2", "[write]\nformat = 1", "[source]\nkind = \"tea\"", "[language]\nmax_leng = 1", "="]
    {
        let error = Description::from_toml(text).unwrap_err().to_string();
        assert!(error.contains("TOML parse error at line"), "{text:?}: {error}");
    }
}
