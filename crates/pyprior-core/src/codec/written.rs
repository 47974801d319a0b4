//! Which names a source has been written with.

use std::ops::Range;

use super::program_names::ProgramNames;

/// Where in a source names are that are bound, in its order.
#[derive(Debug, Default)]
pub(super) struct Written {
    functions: Vec<(u8, Range<usize>)>,
    bindings: Vec<(u8, Range<usize>)>,
}

impl Written {
    pub(super) fn function(&mut self, func: u8, place: Range<usize>) {
        self.functions.push((func, place));
    }

    /// 0 is the scope of the module, j that of function j.
    pub(super) fn binding(&mut self, scope: u8, place: Range<usize>) {
        self.bindings.push((scope, place));
    }

    /// The names, from the source that they were written into.
    pub(super) fn names(&self, source: &str) -> ProgramNames {
        let count = self.functions.iter().map(|(func, _)| usize::from(*func)).max().unwrap_or(0);
        let (mut funcs, mut scopes) = (vec![String::new(); count], vec![Vec::new(); count + 1]);
        let text = |place: &Range<usize>| source.get(place.clone()).unwrap_or_default().to_owned();
        for (func, place) in &self.functions {
            if let Some(name) = usize::from(*func).checked_sub(1).and_then(|nth| funcs.get_mut(nth)) {
                *name = text(place);
            }
        }
        for (scope, place) in &self.bindings {
            if let Some(names) = scopes.get_mut(usize::from(*scope)) {
                names.push(text(place));
            }
        }
        ProgramNames::from_source(funcs, scopes)
    }
}
