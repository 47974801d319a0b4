//! Which candidates pass the filters. What costs most is found out last, and of those alone that have come so far.

use crate::demonstrate::{ExampleFinder, RunFollower};
use crate::error::ExamineError;
use crate::examine::Examiner;
use crate::job::Job;
use crate::row::Row;
use crate::wanted::Wanted;

/// Judges candidates, one after the other.
pub(crate) struct Judge<'a> {
    job: &'a Job,
    examiner: Examiner<'a>,
    finder: Option<ExampleFinder<'a>>,
    follower: Option<RunFollower<'a>>,
}

/// A candidate, with what is known of it so far.
pub(crate) struct Judged<'a, 'b> {
    /// Examples and trace are there if a filter or the control reads them.
    pub(crate) row: Row<'b>,
    /// The place of the first filter that does not hold.
    pub(crate) fails: Option<usize>,
    finder: Option<&'b mut ExampleFinder<'a>>,
    follower: Option<&'b mut RunFollower<'a>>,
}

impl<'a> Judge<'a> {
    pub(crate) fn new(job: &'a Job) -> Self {
        let (description, wanted) = (job.description(), job.wanted());
        let (limits, stdout) = (description.limits, description.writes("output_stdout"));
        let finder = || ExampleFinder::new(job.language(), limits, description.examples, stdout);
        let follower = || RunFollower::new(job.language(), limits, description.trace);
        Self {
            job,
            examiner: Examiner::new(job),
            finder: wanted.examples.then(finder),
            follower: wanted.trace.then(follower),
        }
    }

    /// Judges a candidate, of which the log-probabilities under the prior and the model are known.
    pub(crate) fn judge<'b>(
        &'b mut self,
        number: u64,
        tokens: &'b [u32],
        known: [Option<f64>; 2],
    ) -> Result<Judged<'a, 'b>, ExamineError> {
        let filters = self.job.filters();
        let row = self.examiner.examine(number, tokens, known)?;
        let fails = filters.fails_at_sight(&row);
        let (finder, follower) = (self.finder.as_mut(), self.follower.as_mut());
        let mut judged = Judged { row, fails, finder, follower };
        if fails.is_none() {
            judged.look(self.job.decides())?;
            judged.fails = filters.fails(&judged.row);
        }
        Ok(judged)
    }
}

impl<'b> Judged<'_, 'b> {
    /// What filters and the control read of a candidate, whichever filter it does not pass.
    pub(crate) fn decided(mut self, job: &Job) -> Result<Row<'b>, ExamineError> {
        self.look(job.decides())?;
        Ok(self.row)
    }

    /// All that is wanted of a candidate that stays.
    pub(crate) fn whole(mut self) -> Result<Row<'b>, ExamineError> {
        self.look(Wanted { examples: true, trace: true, ..Wanted::default() })?;
        Ok(self.row)
    }

    /// Finds out what is wanted of it and not known yet.
    fn look(&mut self, wanted: Wanted) -> Result<(), ExamineError> {
        let Row { seed, row, tokens, .. } = self.row;
        if let Some(finder) = self.finder.take_if(|_| wanted.examples) {
            self.row.examples = Some(finder.find(seed, row, tokens)?);
        }
        if let Some(follower) = self.follower.take_if(|_| wanted.trace) {
            self.row.trace = Some(follower.follow(tokens)?);
        }
        Ok(())
    }
}
