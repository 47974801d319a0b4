//! Ends what takes long, when somebody wants it to.

use std::fmt;

/// Says whether it is enough.
#[derive(Default)]
pub(crate) struct Interruption(Option<Box<dyn Fn() -> bool + Send + Sync>>);

impl Interruption {
    pub(crate) fn new(enough: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        Self(Some(Box::new(enough)))
    }

    pub(crate) fn is_wanted(&self) -> bool {
        self.0.as_ref().is_some_and(|enough| enough())
    }
}

impl fmt::Debug for Interruption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Interruption" } else { "no Interruption" })
    }
}
