use serde::{Deserialize, Serialize};

use super::Node;
use crate::call::{Ask, Call};
use crate::rows::Rows;
use crate::{Cluster, PvePath, PveRequest, de};

/// A row of `GET /nodes/{node}/network`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Interface {
    /// Its name, such as `vmbr0`.
    pub iface: String,
    /// `bridge`, `OVSBridge`, `bond`, `eth`, `vlan`, `vnet` …
    #[serde(rename = "type", default)]
    pub kind: String,
    /// Whether it is up.
    #[serde(default, deserialize_with = "de::flag")]
    pub active: bool,
    /// Its IPv4 address with prefix.
    #[serde(default, deserialize_with = "de::opt_text")]
    pub cidr: Option<String>,
    /// Its IPv6 address with prefix.
    #[serde(default, deserialize_with = "de::opt_text")]
    pub cidr6: Option<String>,
    /// What a bridge bridges.
    #[serde(default, deserialize_with = "de::opt_text")]
    pub bridge_ports: Option<String>,
    /// Whether a bridge tells VLANs apart.
    #[serde(default, deserialize_with = "de::flag")]
    pub bridge_vlan_aware: bool,
    /// What an administrator noted.
    #[serde(default, deserialize_with = "de::opt_text")]
    pub comments: Option<String>,
    /// Everything else that PVE sent.
    #[serde(flatten)]
    pub extra: de::Extra,
}

/// A row of `GET /cluster/sdn/vnets`: a virtual network, which guests use like a bridge.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Vnet {
    /// Its name.
    pub vnet: String,
    /// Its zone.
    #[serde(default, deserialize_with = "de::opt_text")]
    pub zone: Option<String>,
    /// Its VLAN or VXLAN id.
    #[serde(default, deserialize_with = "de::opt_int")]
    pub tag: Option<i64>,
    /// Another name.
    #[serde(default, deserialize_with = "de::opt_text")]
    pub alias: Option<String>,
    /// Everything else that PVE sent.
    #[serde(flatten)]
    pub extra: de::Extra,
}

impl Node {
    /// All network interfaces: `GET /nodes/{node}/network`. Needs `Sys.Audit` for all of them.
    pub fn interfaces(&self) -> Call<Ask<Rows<Interface>>> {
        self.pve.bind(Ask::rows("node.interfaces", Ok(PveRequest::get(self.path().fixed("network")))))
    }

    /// What a guest's network device may be plugged into: Linux and OVS bridges, and SDN vnets where they are listed.
    /// `GET /nodes/{node}/network?type=any_bridge`. PVE leaves out what the credentials may not use (`SDN.Use`).
    pub fn bridges(&self) -> Call<Ask<Rows<Interface>>> {
        let request = PveRequest::get(self.path().fixed("network")).param("type", "any_bridge");
        self.pve.bind(Ask::rows("node.bridges", Ok(request)))
    }
}

impl Cluster {
    /// The SDN vnets: `GET /cluster/sdn/vnets`. PVE leaves out those without `SDN.Audit` or `SDN.Allocate`.
    pub fn vnets(&self) -> Call<Ask<Rows<Vnet>>> {
        let request = PvePath::parse("/cluster/sdn/vnets").map(PveRequest::get);
        self.pve().bind(Ask::rows("cluster.vnets", request))
    }
}
