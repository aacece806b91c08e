use serde::{Deserialize, Deserializer, Serialize};

use super::Node;
use crate::call::{Ask, Call};
use crate::{PveRequest, de};

/// What `GET /nodes/{node}/status` answers. Sizes are bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct NodeStatus {
    /// CPU use, as a fraction of all CPUs: 0 to 1.
    #[serde(default, deserialize_with = "de::opt_float")]
    pub cpu: Option<f64>,
    /// The processors.
    #[serde(default)]
    pub cpuinfo: CpuInfo,
    /// Load over 1, 5 and 15 minutes; PVE sends text.
    #[serde(default, deserialize_with = "loads")]
    pub loadavg: Vec<f64>,
    /// Memory.
    #[serde(default)]
    pub memory: Usage,
    /// Swap.
    #[serde(default)]
    pub swap: Usage,
    /// Root file system.
    #[serde(default)]
    pub rootfs: Usage,
    /// Seconds since boot.
    #[serde(default, deserialize_with = "de::opt_int")]
    pub uptime: Option<i64>,
    /// The kernel.
    #[serde(default, deserialize_with = "de::opt_text")]
    pub kversion: Option<String>,
    /// Such as `pve-manager/8.4.21/…`.
    #[serde(default, deserialize_with = "de::opt_text")]
    pub pveversion: Option<String>,
    /// Everything else that PVE sent.
    #[serde(flatten)]
    pub extra: de::Extra,
}

/// The processors of a node.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CpuInfo {
    /// Logical CPUs.
    #[serde(default, deserialize_with = "de::opt_int")]
    pub cpus: Option<i64>,
    /// Cores of all sockets.
    #[serde(default, deserialize_with = "de::opt_int")]
    pub cores: Option<i64>,
    /// Sockets.
    #[serde(default, deserialize_with = "de::opt_int")]
    pub sockets: Option<i64>,
    /// The model.
    #[serde(default, deserialize_with = "de::opt_text")]
    pub model: Option<String>,
    /// Everything else that PVE sent.
    #[serde(flatten)]
    pub extra: de::Extra,
}

/// How much of something is used, in bytes.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Usage {
    /// All of it.
    #[serde(default, deserialize_with = "de::opt_int")]
    pub total: Option<i64>,
    /// In use.
    #[serde(default, deserialize_with = "de::opt_int")]
    pub used: Option<i64>,
    /// Not in use.
    #[serde(default, deserialize_with = "de::opt_int")]
    pub free: Option<i64>,
}

impl Usage {
    /// Use in percent.
    #[must_use]
    #[allow(clippy::cast_precision_loss)]
    pub fn percent(&self) -> Option<f64> {
        match (self.used, self.total) {
            (Some(used), Some(total)) if total > 0 => Some(used as f64 / total as f64 * 100.0),
            _ => None,
        }
    }
}

fn loads<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<f64>, D::Error> {
    #[derive(Deserialize)]
    struct Load(#[serde(deserialize_with = "de::opt_float")] Option<f64>);
    Ok(Vec::<Load>::deserialize(deserializer)?.into_iter().filter_map(|load| load.0).collect())
}

impl Node {
    /// Load, memory, file system, versions: `GET /nodes/{node}/status`. Needs `Sys.Audit` on the node.
    ///
    /// # Errors
    /// `NodeUnreachable` when the API server cannot reach the node, `PermissionDenied`.
    pub fn status(&self) -> Call<Ask<NodeStatus>> {
        self.pve.bind(Ask::new("node.status", Ok(PveRequest::get(self.path().fixed("status")))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_real_answer() {
        let status: NodeStatus = serde_json::from_str(
            r#"{"memory":{"free":20586446848,"total":25276510208,"used":3619614720},"uptime":2532,
            "cpuinfo":{"sockets":1,"mhz":"2596.122","cpus":2,"model":"AMD EPYC","cores":2},"swap":{"free":0,"total":0,"used":0},
            "rootfs":{"total":270553174016,"avail":78637740032,"free":251618164736,"used":18935009280},"cpu":0,
            "pveversion":"pve-manager/8.4.21/x","loadavg":["1.28","3.11","3.37"],"wait":0}"#,
        )
        .unwrap();
        assert_eq!(status.loadavg, [1.28, 3.11, 3.37]);
        assert_eq!(status.cpuinfo.cpus, Some(2));
        assert_eq!(status.memory.percent().map(f64::round), Some(14.0));
        assert_eq!(status.swap.percent(), None);
        assert!(status.extra.get("wait").is_some());
    }
}
