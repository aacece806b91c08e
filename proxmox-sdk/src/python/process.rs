//! What belongs to one process: after a fork the child has the memory and none of the threads.

use std::mem;
use std::process;

use pyo3::PyResult;

use super::error::closed;

/// A value that only the process may use that made it. A child of it neither uses nor ends it: connections, threads and ssh
/// masters are the parent's, and a lock that one of its threads held would never open again.
pub(crate) struct OfProcess<T> {
    pid: u32,
    value: Option<T>,
}

impl<T> OfProcess<T> {
    pub(crate) fn new(value: T) -> Self {
        Self { pid: process::id(), value: Some(value) }
    }

    /// Whether this is the process that made it.
    pub(crate) fn is_here(&self) -> bool {
        self.pid == process::id()
    }

    /// The value. `what` names it in the error.
    pub(crate) fn get(&self, what: &str) -> PyResult<&T> {
        match &self.value {
            Some(value) if self.is_here() => Ok(value),
            _ => Err(closed(&format!("{what} was made before a fork: the child needs one of its own"))),
        }
    }
}

impl<T> OfProcess<T> {
    /// The value, if this is the process that made it.
    pub(crate) fn into_inner(mut self) -> Option<T> {
        if self.is_here() { self.value.take() } else { None }
    }
}

impl<T> Drop for OfProcess<T> {
    fn drop(&mut self) {
        if !self.is_here() {
            mem::forget(self.value.take());
        }
    }
}
