//! A description, checked and compiled.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use pyprior_core::exec::Compiler;
use pyprior_core::{Language, PriorConfig, ProgramScorer, Vocab};
use sha2::{Digest as _, Sha256};

use crate::columns::Column;
use crate::control::{Control, PilotWork};
use crate::description::{Description, SourceDescription};
use crate::error::DataError;
use crate::examine::Wanted;
use crate::keep::Filters;
use crate::key::Shapes;
use crate::source::{Sampled, Source, SourceError};
use crate::splits::Splits;
use crate::table::Table;
use crate::tasks::TaskWriter;

/// A description, checked and compiled: what every shard is made from. Immutable; threads share it.
#[derive(Debug)]
pub struct Job {
    description: Description,
    language: Arc<Language>,
    source: Box<dyn Source>,
    tables: Vec<Table>,
    filters: Filters,
    splits: Splits,
    control: Option<Control>,
    wanted: Wanted,
    /// What filters and control read.
    decides: Wanted,
    scorer: Option<ProgramScorer>,
    shapes: Option<Shapes>,
    json: String,
}

impl Job {
    /// Checks and compiles a description. If targets are to be reached by acceptance, all threads look at a pilot.
    ///
    /// # Errors
    ///
    /// [`DataError`] says what is wrong with the description, its language or its prior.
    pub fn new(description: Description) -> Result<Self, DataError> {
        Self::prepare(description, None, &PilotWork { threads: 0, stop: &AtomicBool::new(false) })
    }

    /// The same for a description of a model's programs. `source` must draw what [`ModelDescription`](crate::ModelDescription)
    /// and the description's seed and language say, and depend on nothing else: then the files do not either.
    ///
    /// # Errors
    ///
    /// Those of [`new`](Self::new); [`SourceError::NotOfAModel`], or [`SourceError::Unsaid`] for what is left open.
    pub fn with_model(description: Description, source: Box<dyn Source>) -> Result<Self, DataError> {
        Self::prepare(description, Some(source), &PilotWork { threads: 0, stop: &AtomicBool::new(false) })
    }

    /// [`new`](Self::new), or [`with_model`](Self::with_model) if there is a model, where a pilot is looked at as `work` says.
    ///
    /// # Errors
    ///
    /// Those of both; [`DataError::Interrupted`] if it was asked to stop.
    pub fn prepare(
        description: Description,
        model: Option<Box<dyn Source>>,
        work: &PilotWork<'_>,
    ) -> Result<Self, DataError> {
        match model {
            Some(source) => {
                description.check()?;
                crate::control::refuse_steering(&description)?;
                let SourceDescription::Model(model) = description.source else {
                    return Err(SourceError::NotOfAModel.into());
                };
                model.check()?;
                let language = Language::new(description.language.clone())?;
                Self::with(description, language, Some(source), work)
            }
            None => {
                // Names of tokens are listed to steer by: as many as the language may have.
                Vocab::new(&description.language)?;
                let description = crate::control::steered(description)?;
                description.check()?;
                let language = Language::new(description.language.clone())?;
                Self::with(description, language, None, work)
            }
        }
    }

    /// With a model's source, or the sampler.
    fn with(
        description: Description,
        language: Arc<Language>,
        source: Option<Box<dyn Source>>,
        work: &PilotWork<'_>,
    ) -> Result<Self, DataError> {
        let tables = Table::all(&description)?;
        let mut wanted = Wanted::default();
        tables.iter().flat_map(|table| &table.columns).for_each(|column| wanted.add(column.needs));
        let mut filters = Filters::default();
        filters.add(&description.keep)?;
        // What is wrong with a target is told of the target, not of the filter that its range is.
        let measured = description.control.measures()?;
        filters.add_ranges(&description.control.ranges())?;
        let splits = Splits::new(&description)?;
        // What the pilot looks at, which is less than what is written.
        let mut decides = Wanted::default();
        filters.columns().for_each(|column| decides.add(column.needs));
        measured.iter().flat_map(|measured| measured.measure.columns()).for_each(|column| decides.add(column.needs));
        wanted.join(decides);
        splits.columns().for_each(|column| wanted.add(column.needs));
        // Equal behaviour is the same end and the same output, of functions too.
        if description.duplicates == crate::description::Duplicates::Behaviour {
            wanted.run = true;
        }
        if wanted.examples {
            crate::bounds::check(&description)?;
        }
        let prior = match description.source {
            SourceDescription::Prior { prior } => prior,
            SourceDescription::Uniform => PriorConfig::default(),
            SourceDescription::Model(model) => model.prior.unwrap_or_default(),
        };
        let prior = wanted.prior.then_some(prior);
        let (source, scorer) = match source {
            Some(source) => {
                let scorer = prior.map(|prior| ProgramScorer::new(&language, prior)).transpose();
                (source, scorer.map_err(SourceError::from)?)
            }
            None => {
                let sampled = Sampled::new(&language, description.source, description.seed, prior)?;
                (Box::new(sampled) as Box<dyn Source>, None)
            }
        };
        let shapes = (description.max_per_shape > 0).then(|| Shapes::new(language.vocab()));
        let json = serde_json::to_string(&description).map_err(DataError::Describe)?;
        let mut job = Self {
            description,
            language,
            source,
            tables,
            filters,
            splits,
            control: None,
            wanted: decides,
            decides,
            scorer,
            shapes,
            json,
        };
        job.control = Control::new(&job, measured, work)?;
        job.wanted = wanted;
        Ok(job)
    }

    /// What it was made from.
    pub fn description(&self) -> &Description {
        &self.description
    }

    /// The description as JSON: what files carry.
    pub fn json(&self) -> &str {
        &self.json
    }

    /// SHA-256 of [`json`](Self::json) in lower-case hexadecimal digits.
    pub fn fingerprint(&self) -> String {
        hex(&Sha256::digest(self.json.as_bytes()))
    }

    /// The language of the programs.
    pub fn language(&self) -> &Arc<Language> {
        &self.language
    }

    /// Where programs come from.
    pub fn source(&self) -> &dyn Source {
        &*self.source
    }

    /// The columns of the programs that are written.
    pub fn columns(&self) -> &[&'static Column] {
        self.tables.first().map_or(&[], |table| &table.columns)
    }

    /// The tables that are written, that of the programs first.
    pub fn tables(&self) -> &[Table] {
        &self.tables
    }

    /// Whether token ids need more than 16 bits, as columns have them.
    pub fn is_wide(&self) -> bool {
        crate::write::is_wide(self.language.vocab().len())
    }

    /// The splits of the rows; the first is the one that takes what no other does.
    pub fn split_names(&self) -> &[String] {
        self.splits.names()
    }

    /// Writes the tasks of programs.
    pub(crate) fn task_writer(&self) -> TaskWriter<'_> {
        let Description { tasks, trace, examples, limits, .. } = &self.description;
        let compiler = Compiler::new(self.language.config().comparison_values);
        TaskWriter::new(self.language.vocab(), tasks, *trace, compiler, examples.limits(*limits))
    }

    pub(crate) fn filters(&self) -> &Filters {
        &self.filters
    }

    pub(crate) fn splits(&self) -> &Splits {
        &self.splits
    }

    pub(crate) fn control(&self) -> Option<&Control> {
        self.control.as_ref()
    }

    pub(crate) fn wanted(&self) -> Wanted {
        self.wanted
    }

    pub(crate) fn decides(&self) -> Wanted {
        self.decides
    }

    /// Shapes of programs, if they have a cap.
    pub(crate) fn shapes(&self) -> Option<&Shapes> {
        self.shapes.as_ref()
    }

    pub(crate) fn scorer(&self) -> Option<&ProgramScorer> {
        self.scorer.as_ref()
    }
}

/// Bytes in lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}
