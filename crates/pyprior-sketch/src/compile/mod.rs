//! From the text's tree to operations over registers.
//!
//! ```text
//! roles.rs   what each hole stands for, from where it is and what is said of it
//! counts.rs  counters of the constraints of shape
//! walk.rs    the program, statement by statement; walk/expressions.rs: what stands in statements
//! scope.rs   names
//! ```

mod counts;
mod roles;
mod scope;
mod walk;

use pyprior_core::Language;

use crate::error::{SketchError, SketchErrorKind};
use crate::program::Program;
use crate::source::constraint::{Constraint, Term};
use crate::source::constraints::Constraints;
use crate::source::tree::Block;

use counts::Counters;
use roles::Roles;
use walk::Walk;

/// Occurrences of holes in a sketch, at most.
pub(crate) const MAX_PLACES: usize = 500;

/// Compiles a sketch; with `size`, its programs have that many tokens at most, and the counts of all sizes are kept
/// apart.
pub(crate) fn compile(
    language: &Language,
    block: &Block,
    constraints: &Constraints,
    size: Option<u16>,
) -> Result<Program, SketchError> {
    let constraints = &constraints.constraints;
    let roles = Roles::new(language, block, constraints)?;
    let counters = Counters::new(language, constraints, &roles, size)?;
    let mut depth = language.config().max_expr_depth;
    let (mut relations, mut behaviours) = (Vec::new(), Vec::new());
    for constraint in constraints {
        match constraint {
            Constraint::Depth(at_most) => depth = depth.min(*at_most),
            Constraint::Relation(claim) => relations.push(claim.clone()),
            Constraint::Behaviour(claim) => behaviours.push(claim.clone()),
            Constraint::Domain { .. } | Constraint::Bound(_) | Constraint::Renamed(..) => {}
        }
    }
    for claim in relations.iter().chain(&behaviours) {
        roles.check_claim(claim)?;
    }
    let mut program = Walk::new(language, &roles, &counters, depth).program(block, relations, behaviours)?;
    program.arithmetic = counters.arithmetic(size);
    program.tokens = counters.tokens();
    for claim in &program.behaviours {
        let mut error = None;
        claim.formula.terms(&mut |term| {
            let Term::Call(name, args, place) = term else { return };
            let found = program.functions.iter().find(|function| function.name == *name);
            let why = match found {
                None => Some("the sketch does not define it".to_owned()),
                Some(function) if function.arity != args.len() => {
                    Some(format!("it has {} parameters, and is given {} values", function.arity, args.len()))
                }
                Some(_) => None,
            };
            if let (Some(why), None) = (why, &error) {
                error = Some(SketchErrorKind::NotInLanguage { what: format!("`{name}`"), why }.at(*place));
            }
        });
        error.map_or(Ok(()), Err)?;
    }
    Ok(program)
}
