//! Descriptions that are made of parts: a level, what is said of all stages, what is said of one.

use serde::Deserialize as _;
use toml::{Table, Value};

use crate::description::Description;
use crate::error::DataError;
use crate::error::DescriptionError;
use crate::folder::holds_dataset;
use crate::level::Level;
use crate::store::Place;
use crate::tasks::Kind;

/// Stages that a curriculum may have.
const MAX_STAGES: usize = 1000;

/// A dataset of a curriculum, or the one that there is.
#[derive(Debug, Clone, PartialEq)]
pub struct Stage {
    /// Its name, which its folder has; none if the text has no stages.
    pub name: Option<String>,
    /// What it is.
    pub description: Description,
}

/// The datasets of one TOML text.
///
/// Without `level` and `[[stages]]` it is one, as [`Description`] says. A level gives defaults. Every stage has a `name`, and is
/// what the rest of the text says, with what it says itself instead; a list is replaced as a whole. The nth stage, from 0, has
/// the seed of the rest plus n unless it names one: so stages that differ in filters alone do not draw the same programs.
///
/// `level` and `seed` take the place of what the text says outside of stages.
///
/// # Errors
///
/// [`DescriptionError`]: what makes no sense in the text. Whether each description does is for [`Job::new`](crate::Job::new).
pub fn stages(text: &str, level: Option<&'static Level>, seed: Option<u64>) -> Result<Vec<Stage>, DescriptionError> {
    let one = |mut description: Description| {
        description.seed = seed.unwrap_or(description.seed);
        Ok(vec![Stage { name: None, description }])
    };
    let mut common = text.parse::<Table>()?;
    if let Some(level) = level {
        common.insert("level".to_owned(), Value::String(level.name.to_owned()));
    }
    let stages = match common.remove("stages") {
        None if !common.contains_key("level") => {
            // Straight from the text: an error then has its line.
            return one(toml::from_str(text)?);
        }
        None => return one(leveled(common)?),
        Some(Value::Array(stages)) if !stages.is_empty() && stages.len() <= MAX_STAGES => stages,
        Some(other) => {
            return Err(DescriptionError::Stages {
                what: format!("stages is {}; it must be 1 to 1,000 tables", other.type_str()),
            });
        }
    };
    let seed = match (seed, common.get("seed")) {
        (Some(seed), _) => seed,
        (None, Some(seed)) => seed.clone().try_into()?,
        (None, None) => Description::default().seed,
    };
    let mut read = Vec::<Stage>::new();
    for (nth, stage) in (0..).zip(stages) {
        let wrong = |what: &str| DescriptionError::Stages { what: format!("stage {nth}, counted from 0: {what}") };
        let Value::Table(mut stage) = stage else { return Err(wrong("it is no table")) };
        let Some(Value::String(name)) = stage.remove("name") else { return Err(wrong("it has no name")) };
        let letter = |letter: u8| letter.is_ascii_alphanumeric() || letter == b'_' || letter == b'-';
        // A stage that is called as a folder of datasets is would be taken for it.
        let of_tasks = |kind: &Kind| name.strip_suffix("_packed").unwrap_or(&name) == kind.name();
        let taken = matches!(name.as_str(), "manifest" | "data" | "jsonl" | "tokens") || Kind::ALL.iter().any(of_tasks);
        if name.is_empty() || taken || !name.bytes().all(letter) {
            return Err(wrong("a name is of letters, digits, - and _, and not that of a dataset's folder"));
        }
        if read.iter().any(|other| other.name.as_ref() == Some(&name)) {
            return Err(DescriptionError::Twice { field: "stages", name });
        }
        let mut table = common.clone();
        if !stage.contains_key("seed") {
            let seed = i64::try_from(seed).ok().and_then(|seed| seed.checked_add(nth));
            let seed = seed.ok_or_else(|| wrong("its seed is beyond 2^63"))?;
            stage.insert("seed".to_owned(), Value::Integer(seed));
        }
        overlay(&mut table, stage);
        let description = leveled(table).map_err(|error| wrong(&format!("{name:?}: {error}")))?;
        read.push(Stage { name: Some(name), description });
    }
    Ok(read)
}

/// Where the datasets of stages go, in their order: that without a name at the place itself, each other one in a folder of its
/// own below it.
///
/// # Errors
///
/// [`DataError::Occupied`]: a dataset has no datasets in its folder. Or nobody can tell.
pub fn places(place: &Place, stages: &[Stage]) -> Result<Vec<Place>, DataError> {
    if stages.iter().any(|stage| stage.name.is_some()) && holds_dataset(place)? {
        return Err(DataError::Occupied { place: place.to_string() });
    }
    let of = |stage: &Stage| stage.name.as_ref().map_or_else(|| place.clone(), |name| place.below(name));
    Ok(stages.iter().map(of).collect())
}

impl Description {
    /// This one with what a table says instead, as a stage says it instead of the rest: tables field by field; a list, or a table
    /// of another `kind`, as a whole.
    ///
    /// # Errors
    ///
    /// [`DescriptionError`] names a field that is not known, or of another type.
    pub fn with(&self, fields: Table) -> Result<Self, DescriptionError> {
        let mut whole = Table::try_from(self)?;
        overlay(&mut whole, fields);
        Ok(Self::deserialize(Value::Table(whole))?)
    }

    /// Reads TOML. Whether it makes sense is for [`Job::new`](crate::Job::new) to say.
    ///
    /// # Errors
    ///
    /// [`DescriptionError`]: what is wrong with the text, and where; [`DescriptionError::Stages`] if it has some, which
    /// [`stages`](crate::stages) reads.
    pub fn from_toml(text: &str) -> Result<Self, DescriptionError> {
        let mut stages = stages(text, None, None)?;
        match stages.pop() {
            Some(Stage { name: None, description }) => Ok(description),
            _ => Err(DescriptionError::Stages { what: "they are several datasets, and one is wanted here".to_owned() }),
        }
    }
}

/// A description over the level that it names.
fn leveled(mut table: Table) -> Result<Description, DescriptionError> {
    let level = table.remove("level").map(<&'static Level>::deserialize).transpose()?;
    let mut whole = level.map_or(Ok(Table::new()), |level| level.sets.parse::<Table>())?;
    overlay(&mut whole, table);
    Ok(Description::deserialize(Value::Table(whole))?)
}

/// Puts what `over` says in the place of what `under` does, table by table. A table of another `kind` is another thing, and
/// replaced.
fn overlay(under: &mut Table, over: Table) {
    for (name, value) in over {
        match (under.get_mut(&name), value) {
            (Some(Value::Table(under)), Value::Table(over))
                if over.get("kind").is_none_or(|kind| under.get("kind") == Some(kind)) =>
            {
                overlay(under, over);
            }
            (_, value) => drop(under.insert(name, value)),
        }
    }
}
