//! What the symbolic prior needs of each row, as plain numbers.

use pyprior_core::{Frontier, Prior, PriorShifts, TokenBitmask};

use super::SampleError;

/// The prior at the holes of a batch: `[rows, 17]` numbers of type `f32`, what each hole adds to the prior's logits
/// by group of tokens ([`PriorShifts`]).
///
/// Written on the host, which knows the holes; reused from step to step.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PriorRows {
    shifts: Vec<PriorShifts>,
}

impl PriorRows {
    /// Writes the numbers of the rows whose holes are `frontiers` (`None` for a finished row) and whose legal tokens
    /// are those of the bitmask.
    ///
    /// # Errors
    ///
    /// [`SampleError`] if the shapes do not agree; what was here stays.
    pub fn fill(
        &mut self,
        prior: &Prior,
        frontiers: &[Option<Frontier>],
        bitmask: &TokenBitmask,
    ) -> Result<(), SampleError> {
        let (found, rows) = (frontiers.len(), bitmask.rows());
        if found != rows {
            return Err(SampleError::Count { what: "frontiers", found, rows });
        }
        // All rows have the bitmask's vocabulary: if the first one fits, all do.
        if let Some(&frontier) = frontiers.first() {
            prior.row_shifts(frontier, bitmask, 0)?;
        }
        self.shifts.clear();
        for (slot, &frontier) in frontiers.iter().enumerate() {
            self.shifts.push(prior.row_shifts(frontier, bitmask, slot)?);
        }
        Ok(())
    }

    /// The numbers of each row.
    pub fn shifts(&self) -> &[PriorShifts] {
        &self.shifts
    }
}
