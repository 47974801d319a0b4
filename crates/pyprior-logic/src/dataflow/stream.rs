//! Streams: lists `(head, tail)` that are read while they are written, and end in `None`.

use super::error::TaskError;
use super::flow::Flow;
use crate::store::{Term, Var};
use crate::terms::IntoTerm;
use crate::value::Value;

impl Flow {
    /// Reads a list of pairs `(head, tail)` that ends in `None`.
    #[must_use]
    pub fn reader(&self, list: Var) -> StreamReader {
        StreamReader::new(self.clone(), list)
    }

    /// Writes such a list.
    #[must_use]
    pub fn writer(&self, list: Var) -> StreamWriter {
        StreamWriter::new(self.clone(), list)
    }
}

/// Reads a stream from its beginning, or from wherever `list` is in it. Readers of one stream do not disturb each other.
#[derive(Debug, Clone)]
pub struct StreamReader {
    flow: Flow,
    list: Var,
}

impl StreamReader {
    pub(super) fn new(flow: Flow, list: Var) -> StreamReader {
        StreamReader { flow, list }
    }

    /// Waits for the next element, which makes the list needed; `None` at its end. The element itself may be free.
    ///
    /// # Errors
    /// [`TaskError::FailedValue`] if the list fails, [`TaskError::Kind`] on something that is no list.
    pub async fn next_term(&mut self) -> Result<Option<Term>, TaskError> {
        self.flow.wait(self.list).await?;
        match self.flow.with(|store| store.pair(self.list))? {
            Some(Some((head, tail))) => {
                self.list = match tail.as_var() {
                    Some(var) => var,
                    None => self.flow.with(|store| store.var_of(tail))?,
                };
                Ok(Some(head))
            }
            Some(None) => Ok(None),
            None => {
                let value = self.flow.with(|store| store.show(self.list))?;
                Err(TaskError::Kind { value, wanted: "a list of pairs" })
            }
        }
    }

    /// Waits for the next element and its value.
    ///
    /// # Errors
    /// As [`next_term`](StreamReader::next_term), and those of [`Flow::value`].
    pub async fn next(&mut self) -> Result<Option<Value>, TaskError> {
        match self.next_term().await? {
            Some(head) => Ok(Some(self.flow.value(head).await?)),
            None => Ok(None),
        }
    }

    /// The rest of the list.
    #[must_use]
    pub fn rest(&self) -> Var {
        self.list
    }
}

/// Writes a stream at its end.
#[derive(Debug)]
pub struct StreamWriter {
    flow: Flow,
    list: Var,
}

impl StreamWriter {
    pub(super) fn new(flow: Flow, list: Var) -> StreamWriter {
        StreamWriter { flow, list }
    }

    /// Adds an element.
    ///
    /// # Errors
    /// [`TaskError::Unify`] if somebody else has written this place, something else.
    pub fn push(&mut self, element: impl IntoTerm) -> Result<(), TaskError> {
        let tail = self.flow.newvar();
        self.flow.unify(self.list, (element, tail))?;
        self.list = tail;
        Ok(())
    }

    /// Waits until somebody reads here: what a lazy stream does before each element.
    ///
    /// # Errors
    /// Those of [`Flow::wait_needed`].
    pub async fn needed(&self) -> Result<(), TaskError> {
        self.flow.wait_needed(self.list).await
    }

    /// Ends the list.
    ///
    /// # Errors
    /// As [`push`](StreamWriter::push).
    pub fn close(self) -> Result<(), TaskError> {
        self.flow.bind(self.list, ())
    }

    /// Where the next element goes.
    #[must_use]
    pub fn rest(&self) -> Var {
        self.list
    }
}
