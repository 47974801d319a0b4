//! Which functions the module calls, directly or through others.

use super::flat::Flat;
use super::flow::Flow;

/// Functions by number.
pub(super) type Functions = [bool; 256];

/// The functions that calls which can run reach from the module. Calls from functions that are not called do not count.
pub(super) fn used(flat: &Flat, flow: &Flow) -> Functions {
    let calls_of = |scope: usize| {
        let runs = flat.scopes[scope].stmts.iter().filter(|&&nth| flow.runs[nth]);
        runs.flat_map(|&nth| flat.calls(nth))
    };
    // Trees made by hand may define a function several times: then all its bodies count.
    let mut bodies = vec![Vec::new(); 256];
    for (nth, scope) in flat.scopes.iter().enumerate() {
        if let Some(func) = scope.func {
            bodies[usize::from(func)].push(nth);
        }
    }
    let mut used = [false; 256];
    let mut scopes = vec![0];
    while let Some(scope) = scopes.pop() {
        for func in calls_of(scope).map(usize::from) {
            if !std::mem::replace(&mut used[func], true) {
                scopes.append(&mut bodies[func]);
            }
        }
    }
    used
}

/// Whether a statement belongs to the module or to a function that is used, and can run.
pub(super) fn live(flat: &Flat, flow: &Flow, used: &Functions, nth: usize) -> bool {
    flow.runs[nth] && flat.scope_of(nth).func.is_none_or(|func| used[usize::from(func)])
}
