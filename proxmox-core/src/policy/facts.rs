use serde::Deserialize;

use crate::{Vmid, de};

/// What a verdict rests on, read from the guest's configuration just before.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct GuestFacts {
    /// Which guest.
    #[serde(skip, default = "unset")]
    pub vmid: Vmid,
    /// Its name; `hostname` for containers.
    #[serde(default, alias = "hostname", deserialize_with = "de::opt_text")]
    pub name: Option<String>,
    /// Its tags, lower case.
    #[serde(default, deserialize_with = "de::tags")]
    pub tags: Vec<String>,
    /// Its description.
    #[serde(default, deserialize_with = "text")]
    pub description: String,
    /// PVE's `protection` flag.
    #[serde(default, deserialize_with = "de::flag")]
    pub protection: bool,
    /// PVE's lock: `clone`, `backup`, `migrate` …
    #[serde(default, deserialize_with = "de::opt_text")]
    pub lock: Option<String>,
    /// Its pool, where the policy limits pools and it is one of those.
    #[serde(skip)]
    pub pool: Option<String>,
    /// The digest of the configuration that all this was read from.
    #[serde(default, deserialize_with = "de::opt_text")]
    pub digest: Option<String>,
}

fn text<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    de::opt_text(deserializer).map(Option::unwrap_or_default)
}

fn unset() -> Vmid {
    Vmid::MIN
}

impl GuestFacts {
    /// A guest of which nothing is known but the number.
    #[must_use]
    pub fn new(vmid: Vmid) -> Self {
        Self {
            vmid,
            name: None,
            tags: Vec::new(),
            description: String::new(),
            protection: false,
            lock: None,
            pool: None,
            digest: None,
        }
    }
}

/// What a verdict on an instance that is no guest of Proxmox VE rests on, read just before.
#[derive(Debug, Clone, Copy)]
pub struct InstanceFacts<'a> {
    /// Its name.
    pub name: &'a str,
    /// The host that it is on.
    pub host: &'a str,
    /// Its tags, lower case.
    pub tags: &'a [String],
    /// What its description says, and every other sign of who owns it.
    pub description: &'a str,
    /// Whether the caller has named it and wants it done all the same.
    pub forced: bool,
}
