use std::net::IpAddr;

use proxmox_core::de;
use serde::{Deserialize, Serialize};

/// An interface as the guest sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AgentInterface {
    /// Its name in the guest, such as `eth0`.
    pub name: String,
    /// Its MAC, lower case.
    #[serde(rename = "hardware-address", default, deserialize_with = "de::opt_text")]
    pub mac: Option<String>,
    /// Its addresses; none while it has none.
    #[serde(rename = "ip-addresses", default)]
    pub addresses: Vec<AgentAddress>,
    /// Everything else that the agent sent.
    #[serde(flatten)]
    pub extra: de::Extra,
}

/// One address of an interface.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AgentAddress {
    /// The address as text.
    #[serde(rename = "ip-address")]
    pub text: String,
    /// The length of its network prefix.
    #[serde(default, deserialize_with = "de::opt_int")]
    pub prefix: Option<i64>,
}

impl AgentAddress {
    /// The address, unless the agent said something else. A zone (`%eth0`) is left out.
    #[must_use]
    pub fn ip(&self) -> Option<IpAddr> {
        self.text.split('%').next()?.parse().ok()
    }
}
