//! Levels and stages: what they set, and what has the last word.

use pyprior_core::Language;
use pyprior_data::{Description, Duplicates, Job, LEVELS, SourceDescription, stages};

use crate::common::{Folder, all};

#[test]
fn levels_have_one_vocabulary_and_make_programs() {
    let mut vocabularies = Vec::new();
    for level in &LEVELS {
        let mut description = Description::from_toml(&format!("level = {}", level.number)).unwrap();
        assert_eq!(description, Description::from_toml(&format!("level = {:?}", level.name)).unwrap());
        let language = Language::new(description.language.clone()).unwrap();
        vocabularies.push(language.vocab().names().map(str::to_owned).collect::<Vec<_>>());
        (description.rows, description.shard_rows) = (50, 50);
        description.duplicates = Duplicates::Keep;
        let folder = Folder::new("level");
        let summary = all(&description, folder.path()).unwrap();
        assert_eq!(summary.counts.rows, 50);
    }
    assert!(vocabularies.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn what_is_said_has_the_last_word() {
    let text = "level = \"hard\"\nkeep = []\n[language]\nmax_len = 50\n[source]\nkind = \"uniform\"";
    let description = Description::from_toml(text).unwrap();
    assert_eq!((description.language.max_len, description.language.max_control_depth), (Some(50), 3));
    assert_eq!(description.source, SourceDescription::Uniform);
    assert!(description.keep.is_empty() && !description.control.targets.is_empty());
    let told = Description::from_toml("level = 6").unwrap_err().to_string();
    assert!(told.contains("level is \"6\"; it must be trivial, easy, medium, hard or extreme, or 1 to 5"), "{told}");
}

#[test]
fn stages_are_the_common_part_with_changes() {
    let text = "
rows = 500
seed = 40
keep = [\"prints\"]
[language]
max_len = 25
[[stages]]
name = \"short\"
[stages.language]
max_len = 9
[[stages]]
name = \"seeded\"
seed = 7
keep = []
[[stages]]
name = \"named\"
level = \"trivial\"
";
    let read = stages(text, None, None).unwrap();
    let names = read.iter().map(|stage| stage.name.as_deref().unwrap()).collect::<Vec<_>>();
    assert_eq!(names, ["short", "seeded", "named"]);
    let short = &read[0].description;
    assert_eq!(
        (short.rows, short.seed, short.language.max_len, &short.keep[..]),
        (500, 40, Some(9), &["prints".to_owned()][..])
    );
    let seeded = &read[1].description;
    assert_eq!((seeded.seed, seeded.language.max_len, seeded.keep.len()), (7, Some(25), 0));
    // What is common says more than a level does.
    let named = &read[2].description;
    assert_eq!((named.seed, named.language.max_len, named.language.max_control_depth), (42, Some(25), 0));
    assert_eq!(named.keep, ["prints"]);
    for stage in read {
        Job::new(stage.description).unwrap();
    }
    // A seed from elsewhere is in the place of the common one.
    let seeds = |text: &str, seed| {
        let read = stages(text, None, Some(seed)).unwrap();
        read.into_iter().map(|stage| stage.description.seed).collect::<Vec<_>>()
    };
    assert_eq!(seeds(text, 100), [100, 7, 102]);
    assert_eq!(seeds("seed = 3", 9), [9]);
    assert_eq!(seeds("level = \"easy\"", 9), [9]);
    let told = stages(text, None, Some(i64::MAX as u64 - 1)).unwrap_err().to_string();
    assert_eq!(told, "stages: stage 2, counted from 0: its seed is beyond 2^63");
}

#[test]
fn what_makes_no_sense_is_refused() {
    for (text, told) in [
        ("stages = 3", "stages: stages is integer; it must be 1 to 1,000 tables"),
        ("stages = []", "stages: stages is array; it must be 1 to 1,000 tables"),
        ("stages = [3]", "stages: stage 0, counted from 0: it is no table"),
        ("[[stages]]\nrows = 3", "stages: stage 0, counted from 0: it has no name"),
        (
            "[[stages]]\nname = \"data\"",
            "stages: stage 0, counted from 0: a name is of letters, digits, - and _, and not that of a dataset's folder",
        ),
        (
            "[[stages]]\nname = \"trace_packed\"",
            "stages: stage 0, counted from 0: a name is of letters, digits, - and _, and not that of a dataset's folder",
        ),
        (
            "[[stages]]\nname = \"../a\"",
            "stages: stage 0, counted from 0: a name is of letters, digits, - and _, and not that of a dataset's folder",
        ),
        ("[[stages]]\nname = \"a\"\n[[stages]]\nname = \"a\"", "stages lists \"a\" twice"),
    ] {
        assert_eq!(stages(text, None, None).unwrap_err().to_string(), told);
    }
    let told = stages("[[stages]]\nname = \"a\"\nrow = 3", None, None).unwrap_err().to_string();
    assert!(told.contains("stage 0") && told.contains("unknown field `row`"), "{told}");
    let told = Description::from_toml("[[stages]]\nname = \"a\"").unwrap_err().to_string();
    assert_eq!(told, "stages: they are several datasets, and one is wanted here");
}
