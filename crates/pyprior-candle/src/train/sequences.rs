//! Programs to learn from, back to back.

use std::ops::Range;

/// Programs as a model learns them: behind the start token and each token, the next. Nothing is padded; positions begin
/// anew with each program, and no program sees another.
///
/// Every token of a program is to be foretold, those that are the only legal ones too; behind the last, nothing is:
/// programs end by themselves.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sequences {
    inputs: Vec<u32>,
    targets: Vec<u32>,
    /// Where each program ends.
    ends: Vec<usize>,
}

impl Sequences {
    /// No programs.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a program; `start` is what the model sees before its first token. A program without tokens adds nothing.
    pub fn push(&mut self, start: u32, program: &[u32]) {
        let Some((_, all_but_last)) = program.split_last() else { return };
        self.inputs.push(start);
        self.inputs.extend_from_slice(all_but_last);
        self.targets.extend_from_slice(program);
        self.ends.push(self.targets.len());
    }

    /// Takes all programs out.
    pub fn clear(&mut self) {
        self.inputs.clear();
        self.targets.clear();
        self.ends.clear();
    }

    /// Number of programs.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Number of tokens to be foretold, which is that of tokens seen.
    pub fn tokens(&self) -> usize {
        self.targets.len()
    }

    /// What the model sees, program after program.
    pub fn inputs(&self) -> &[u32] {
        &self.inputs
    }

    /// What it is to foretell at each place.
    pub fn targets(&self) -> &[u32] {
        &self.targets
    }

    /// Where each program ends.
    pub fn ends(&self) -> &[usize] {
        &self.ends
    }

    /// Tokens of the longest program.
    pub fn longest(&self) -> usize {
        self.ranges().map(|tokens| tokens.len()).max().unwrap_or(0)
    }

    /// The tokens of each program.
    pub(crate) fn ranges(&self) -> impl Iterator<Item = Range<usize>> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, &end)| start..end)
    }

    /// The same programs in parts of at most `most` tokens, or of one program.
    pub(crate) fn parts(&self, most: usize) -> Vec<Self> {
        let mut parts = Vec::new();
        let mut part = Self::new();
        for tokens in self.ranges() {
            if !part.is_empty() && part.tokens() + tokens.len() > most {
                parts.push(std::mem::take(&mut part));
            }
            part.inputs.extend_from_slice(&self.inputs[tokens.clone()]);
            part.targets.extend_from_slice(&self.targets[tokens]);
            part.ends.push(part.targets.len());
        }
        if !part.is_empty() {
            parts.push(part);
        }
        parts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_hold_every_program_once() {
        let mut all = Sequences::new();
        for program in [&[3, 4][..], &[], &[5], &[6, 7, 8, 9], &[10]] {
            all.push(1, program);
        }
        assert_eq!((all.len(), all.tokens(), all.longest()), (4, 8, 4));
        assert_eq!(all.inputs(), [1, 3, 1, 1, 6, 7, 8, 1]);
        assert_eq!(all.targets(), [3, 4, 5, 6, 7, 8, 9, 10]);
        let parts = all.parts(3);
        assert_eq!(parts.iter().map(|part| part.ends().to_vec()).collect::<Vec<_>>(), [vec![2, 3], vec![4], vec![1]]);
        let inputs: Vec<u32> = parts.iter().flat_map(|part| part.inputs().to_vec()).collect();
        assert_eq!(inputs, all.inputs());
    }
}
