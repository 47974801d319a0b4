//! What a token has written.

use std::ops::Range;

use crate::holes::holes;

/// What of the source after a token is new: its text, or the holes where it has written nothing else.
pub(crate) fn written(before: &str, after: &str) -> Vec<Range<usize>> {
    let same = |(a, b): &(u8, u8)| a == b;
    let hole = holes(before).next().unwrap_or(before.len()..before.len());
    let start = hole.start.min(after.len());
    let (old, new) = (&before.as_bytes()[hole.end..], &after.as_bytes()[start..]);
    let kept = old.iter().copied().rev().zip(new.iter().copied().rev()).take_while(same).count();
    let mut end = after.len() - kept;
    while !after.is_char_boundary(end) {
        end += 1;
    }
    let inside = holes(after).filter(|hole| hole.start >= start && hole.end <= end).collect::<Vec<_>>();
    let mut texts = Vec::new();
    let mut at = start;
    for hole in inside.iter().chain([&(end..end)]) {
        if !after[at..hole.start].trim().is_empty() {
            texts.push(at..hole.start);
        }
        at = hole.end;
    }
    if texts.is_empty() { inside } else { texts }
}
