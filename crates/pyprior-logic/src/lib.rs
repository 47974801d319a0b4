//! Logic variables, dataflow and finite domains over one trailed store.

mod store;
mod terms;
mod value;

pub use store::{DomainChange, DomainError, DomainEvent, DomainRef, Mark, Store, Term, Universe, Var};
pub use terms::{
    Entailment, FailedValue, IntoTerm, Part, Parts, ReadError, RebindingError, Structure, UnificationError, UnifyError,
};
pub use value::{Record, Value};
