//! Names that are about to be taken.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use proxmox_core::{Error, ErrorKind, Outcome, Result};

/// The names that creations of this process are at work on. PVE itself lets any number of guests have the same.
#[derive(Debug, Clone, Default)]
pub(super) struct Names(Arc<Mutex<BTreeSet<String>>>);

/// A name that is kept from others until this is dropped.
#[derive(Debug)]
pub(super) struct Kept {
    name: String,
    all: Names,
}

impl Names {
    pub(super) fn keep(&self, name: &str) -> Result<Kept> {
        let fresh = self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned());
        if fresh {
            return Ok(Kept { name: name.to_owned(), all: self.clone() });
        }
        let text = format!("an instance named {name} is just being created");
        Err(Error::new(ErrorKind::AlreadyExists, Outcome::NotSent, text))
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.all.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.name);
    }
}
