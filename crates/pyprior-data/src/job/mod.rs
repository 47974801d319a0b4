//! A description, checked and compiled.

mod prepare;

use std::sync::Arc;

use pyprior_core::exec::Compiler;
use pyprior_core::{Language, ProgramScorer};
use sha2::{Digest as _, Sha256};

use crate::columns::Column;
use crate::control::Control;
use crate::description::Description;
use crate::hex::hex;
use crate::keep::Filters;
use crate::key::Shapes;
use crate::source::Source;
use crate::splits::Splits;
use crate::table::Table;
use crate::tasks::TaskWriter;
use crate::wanted::Wanted;

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
