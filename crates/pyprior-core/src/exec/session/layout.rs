//! Making the program of an input one that is about the input alone.

use super::super::code::{CARRIED, Program};

/// Statements of a module, one behind the other: whether they are carried, and how many with those within them.
pub(super) type Layout = Vec<(bool, u32)>;

/// Numbers the statements of the input from 0, and has what is carried take no fuel.
pub(super) fn number(program: &mut Program, layout: &Layout) {
    let mut numbers = Vec::new();
    let (mut next, mut starts) = (0, Vec::new());
    for &(carried, count) in layout {
        if carried {
            starts.push(numbers.len() as u32);
        }
        for _ in 0..count {
            numbers.push(if carried { CARRIED } else { next });
            next += u32::from(!carried);
        }
    }
    let mut starts = starts.into_iter().peekable();
    for mark in &mut program.marks {
        if starts.next_if_eq(&mark.statement).is_some()
            && let Some(first) = program.code.get_mut(mark.pc as usize)
        {
            // Its own step; what a statement before it has left it to pay stays.
            first.cost = first.cost.saturating_sub(1);
        }
        mark.statement = numbers.get(mark.statement as usize).copied().unwrap_or(CARRIED);
    }
}

/// The instruction at which a statement of the module starts; statements are numbered as they were compiled.
pub(super) fn start(program: &Program, statement: u32) -> usize {
    program.marks.iter().find(|mark| mark.statement == statement).map_or(0, |mark| mark.pc as usize)
}
