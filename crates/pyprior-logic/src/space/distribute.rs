//! Choices that fix variables with domains.

use crate::dataflow::{Flow, TaskError};
use crate::store::Var;

/// Chooses until all of these variables are fixed: each time that nothing else can run, the one of the fewest values
/// left is its lowest value, or is not. Variables without a domain are left alone.
///
/// # Errors
/// Those of the choices' contradictions, which fail the space.
pub async fn distribute(flow: Flow, vars: Vec<Var>) -> Result<(), TaskError> {
    loop {
        flow.stable().await?;
        let next = flow.with(|store| {
            let open = vars.iter().filter(|var| store.size(**var) > 1);
            let var = *open.min_by_key(|var| store.size(**var))?;
            Some((var, store.min_index(var)?))
        })?;
        let Some((var, lowest)) = next else { return Ok(()) };
        if flow.choose(2).await? == 1 {
            flow.with(|store| store.assign(var, lowest))??;
        } else {
            flow.with(|store| store.discard(var, lowest))??;
        }
    }
}
