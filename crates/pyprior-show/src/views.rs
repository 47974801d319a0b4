//! The frames one after the other.

use pyprior_core::{Matcher, Renderer};

use crate::holes::holes;
use crate::marks::written;
use crate::replay::{Phase, Replay, View};

impl Replay {
    /// A frame; behind the last, the last.
    ///
    /// Takes time linear in the tokens before it; [`views`](Self::views) takes less for all of them.
    pub fn view(&self, frame: usize) -> View {
        Views::new(self, frame).view()
    }

    /// The frames from the first on.
    pub fn views(&self) -> Views<'_> {
        Views::new(self, 0)
    }
}

/// The frames of a replay from one on, each in time linear in its source: the matcher goes on where it was, and a
/// source that two frames have in common is rendered once.
#[derive(Debug)]
pub struct Views<'r> {
    replay: &'r Replay,
    matcher: Matcher,
    renderer: Renderer<'r>,
    frame: usize,
    /// The source before the token of the frame.
    before: String,
}

impl<'r> Views<'r> {
    /// From a frame on; behind the last, from the last.
    pub(crate) fn new(replay: &'r Replay, frame: usize) -> Self {
        let frame = frame.min(replay.frames() - 1);
        let mut renderer = replay.renderer();
        let before = replay.source_with(&mut renderer, frame / 2);
        Self { replay, matcher: replay.matcher(frame / 2), renderer, frame, before }
    }

    /// The frame that is next.
    pub(crate) fn view(&mut self) -> View {
        let (phase, position) = (self.replay.phase(self.frame), self.frame / 2);
        let (source, marks) = match phase {
            Phase::Taken => {
                let after = self.replay.source_with(&mut self.renderer, position + 1);
                let marks = written(&self.before, &after);
                (after, marks)
            }
            // The source is written in the order of the tokens, so the hole to be filled is the first.
            _ => (self.before.clone(), holes(&self.before).next().into_iter().collect()),
        };
        View {
            phase,
            position,
            source,
            marks,
            legal: self.matcher.legal_tokens().collect(),
            token: self.replay.tokens().get(position).copied(),
            frontier: self.matcher.frontier(),
            remaining: self.matcher.remaining_budget(),
        }
    }
}

impl Iterator for Views<'_> {
    type Item = View;

    fn next(&mut self) -> Option<View> {
        if self.frame >= self.replay.frames() {
            return None;
        }
        let view = self.view();
        self.frame += 1;
        if let (Phase::Taken, Some(token)) = (view.phase, view.token) {
            self.before.clone_from(&view.source);
            // `Replay::new` has checked it.
            self.matcher.accept_token(token).ok()?;
        }
        Some(view)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.replay.frames() - self.frame;
        (left, Some(left))
    }
}

impl ExactSizeIterator for Views<'_> {}
