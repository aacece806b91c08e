//! What may stand in a line of a seed.

use crate::{Error, Result};

/// Text of one line that is not empty.
pub(super) fn line(field: &str, text: &str) -> Result<()> {
    match text.chars().find(|c| c.is_control()) {
        Some(char) => Err(refused(field, text, &format!("{char:?} has no place in it"))),
        None if text.is_empty() => Err(refused(field, text, "it is empty")),
        None => Ok(()),
    }
}

pub(super) fn refused(field: &str, value: &str, why: &str) -> Error {
    let shown: String = value.chars().take(80).collect();
    Error::invalid(field, format!("{field}: {shown:?} is refused: {why}"))
}
