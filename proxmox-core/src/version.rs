//! Which PVE answers.

use serde::{Deserialize, Serialize};

use crate::de;

/// What `GET /version` answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Version {
    /// Such as `8.4.21`.
    pub version: String,
    /// Such as `8.4`.
    #[serde(default, deserialize_with = "de::opt_text")]
    pub release: Option<String>,
    /// The commit it was built from.
    #[serde(default, deserialize_with = "de::opt_text")]
    pub repoid: Option<String>,
    /// Everything else that PVE sent.
    #[serde(flatten)]
    pub extra: de::Extra,
}

impl Version {
    /// The first number: privileges and parameters differ by it. 0 when there is none.
    #[must_use]
    pub fn major(&self) -> u32 {
        self.version.split('.').next().and_then(|n| n.parse().ok()).unwrap_or(0)
    }
}
