//! A list in which one broken row does not spoil the others.

use std::ops::Deref;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

/// The rows of a list that decoded, in order; those that did not are in [`rejects`](Self::rejects).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Rows<T> {
    items: Vec<T>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    rejects: Vec<Reject>,
}

/// A row that did not decode.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Reject {
    /// Its place in the list, from 0.
    pub index: usize,
    /// What did not fit, and where in the row.
    pub why: String,
    /// The row as PVE sent it, at most 500 bytes of it.
    pub row: String,
}

impl<T> Rows<T> {
    pub(crate) fn new(items: Vec<T>, rejects: Vec<Reject>) -> Self {
        Self { items, rejects }
    }

    /// The rows that did not decode.
    #[must_use]
    pub fn rejects(&self) -> &[Reject] {
        &self.rejects
    }

    /// A sentence for each row that could not be read. `what` names the list: `its disks`.
    pub fn complaints(&self, what: &str) -> impl Iterator<Item = String> {
        self.rejects()
            .iter()
            .map(move |reject| format!("row {} of {what} cannot be read: {}", reject.index, reject.why))
    }

    /// Leaves rows out that are read well and not meant.
    pub(crate) fn retain(mut self, meant: impl FnMut(&T) -> bool) -> Self {
        self.items.retain(meant);
        self
    }

    /// The good rows alone.
    #[must_use]
    pub fn into_vec(self) -> Vec<T> {
        self.items
    }
}

impl<T: DeserializeOwned> Rows<T> {
    pub(crate) fn sort_out(raw: &[Box<RawValue>]) -> Self {
        let mut rows = Self::new(Vec::with_capacity(raw.len()), Vec::new());
        for (index, row) in raw.iter().enumerate() {
            let mut deserializer = serde_json::Deserializer::from_str(row.get());
            match serde_path_to_error::deserialize(&mut deserializer) {
                Ok(item) => rows.items.push(item),
                Err(e) => {
                    let text = row.get();
                    let end =
                        (0..=text.len().min(500)).rev().find(|&i| text.is_char_boundary(i)).unwrap_or(0);
                    let why = format!("at {}: {}", e.path(), e.inner());
                    rows.rejects.push(Reject { index, why, row: text[..end].to_owned() });
                }
            }
        }
        rows
    }
}

impl<T> Deref for Rows<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        &self.items
    }
}

impl<T> IntoIterator for Rows<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;
    fn into_iter(self) -> Self::IntoIter {
        self.items.into_iter()
    }
}

impl<'a, T> IntoIterator for &'a Rows<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;
    fn into_iter(self) -> Self::IntoIter {
        self.items.iter()
    }
}
