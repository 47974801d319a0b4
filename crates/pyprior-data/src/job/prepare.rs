//! A description is checked and compiled, and a pilot looked at.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use pyprior_core::{Language, PriorConfig, ProgramScorer, Vocab};

use super::Job;
use crate::bounds;
use crate::description::{Description, Duplicates, SourceDescription};
use crate::error::DataError;
use crate::keep::Filters;
use crate::key::Shapes;
use crate::pilot::{self, PilotWork};
use crate::source::{Sampled, Source, SourceError};
use crate::splits::Splits;
use crate::steer;
use crate::table::Table;
use crate::wanted::Wanted;

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
                steer::refuse_steering(&description)?;
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
                let description = steer::steered(description)?;
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
        if description.duplicates == Duplicates::Behaviour {
            wanted.run = true;
        }
        if wanted.examples {
            bounds::check(&description)?;
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
        job.control = pilot::control(&job, &measured, work)?;
        job.wanted = wanted;
        Ok(job)
    }
}
