//! Guest configuration: text in PVE's own forms, kept as it is, with typed views on top.

mod bag;
mod propstr;

pub use bag::{ConfigBag, ConfigChange, Growth};
pub use propstr::PropertyString;

/// Splits tags the way PVE does: on `;`, `,` and space; lower case.
#[must_use]
pub fn split_tags(text: &str) -> Vec<String> {
    text.split([';', ',', ' '])
        .map(|tag| tag.trim().to_lowercase())
        .filter(|tag| !tag.is_empty())
        .collect()
}
