//! Targets that limit the language.

use crate::control::By;
use crate::description::Description;
use crate::error::{ControlError, DescriptionError};

/// A description, of whose language numbers are in range, with limits of the language where targets are steered. Doing so again
/// changes nothing.
pub(crate) fn steered(mut description: Description) -> Result<Description, DescriptionError> {
    let language = &mut description.language;
    for target in description.control.targets.iter().filter(|target| target.by == By::Steering) {
        let refuse = |what| Err(ControlError::Target { of: target.of.clone(), what }.into());
        let high = match target.bounds() {
            Some([_, high]) if high >= 0.0 => high as u32,
            _ => return refuse("steering takes a range up to 0 or more"),
        };
        match target.of.as_str() {
            "length" => language.max_len = Some(language.max_len.map_or(high, |max_len| max_len.min(high))),
            "expr_depth" => language.max_expr_depth = language.max_expr_depth.min(high),
            "control_depth" => language.max_control_depth = language.max_control_depth.min(high),
            // The vocabulary stays as it is: what programs mean does not change with the targets.
            "functions" => exclude(
                &mut language.exclude,
                (high.saturating_add(1)..=language.max_funcs).map(|func| format!("FUNC_{func}")),
            ),
            "largest_constant" => {
                let (low, top) = language.value_range;
                let constants = (low..=top).filter(|value| value.unsigned_abs() > high.into());
                exclude(&mut language.exclude, constants.map(|value| format!("INT_{value}")));
            }
            _ => return refuse("steering is for length, expr_depth, control_depth, functions and largest_constant"),
        }
    }
    Ok(description)
}

/// Programs of a model have the language that it was made for.
pub(crate) fn refuse_steering(description: &Description) -> Result<(), DescriptionError> {
    match description.control.targets.iter().find(|target| target.by == By::Steering) {
        Some(target) => {
            let what = "steering is for programs that are drawn without a model; by = \"acceptance\" is for all";
            Err(ControlError::Target { of: target.of.clone(), what }.into())
        }
        None => Ok(()),
    }
}

fn exclude(names: &mut Vec<String>, more: impl Iterator<Item = String>) {
    let known = names.iter().cloned().collect::<std::collections::HashSet<_>>();
    names.extend(more.filter(|name| !known.contains(name)));
}
