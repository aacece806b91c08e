use std::fmt;

use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Guest, Kind};
use crate::call::{Ask, Call};
use crate::extra::keeping_extra;
use crate::{PveRequest, Vmid, de};

/// Whether a guest runs.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum GuestState {
    /// It runs (a paused VM counts as running; see [`GuestStatus::qmpstatus`]).
    Running,
    /// It is off.
    Stopped,
    /// What PVE says when it says something else.
    Other(String),
}

impl GuestState {
    /// PVE's own word.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Running => "running",
            Self::Stopped => "stopped",
            Self::Other(word) => word,
        }
    }
}

impl fmt::Display for GuestState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for GuestState {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for GuestState {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct V;
        impl Visitor<'_> for V {
            type Value = GuestState;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a state")
            }
            fn visit_str<E>(self, word: &str) -> Result<GuestState, E> {
                Ok(match word {
                    "running" => GuestState::Running,
                    "stopped" => GuestState::Stopped,
                    _ => GuestState::Other(word.to_owned()),
                })
            }
        }
        deserializer.deserialize_str(V)
    }
}

keeping_extra! {
    /// A guest's state and telemetry: a row of `GET /nodes/{node}/qemu` or `lxc`, and the answer of `…/status/current`.
    ///
    /// Sizes are bytes, counters count since the guest's start, and everything that PVE may leave out is optional.
    pub struct GuestStatus {
        /// Its number.
        pub vmid: Vmid,
        /// Its name.
        #[serde(default, deserialize_with = "de::opt_text")]
        pub name: Option<String>,
        /// Whether it runs.
        pub status: GuestState,
        /// What QEMU itself says: `running`, `paused`, `prelaunch` … VMs only.
        #[serde(default, deserialize_with = "de::opt_text")]
        pub qmpstatus: Option<String>,
        /// CPU use, as a fraction of all its CPUs: 0 to 1.
        #[serde(default, deserialize_with = "de::opt_float")]
        pub cpu: Option<f64>,
        /// How many CPUs it may use.
        #[serde(default, deserialize_with = "de::opt_float")]
        pub cpus: Option<f64>,
        /// Memory in use.
        #[serde(default, deserialize_with = "de::opt_int")]
        pub mem: Option<i64>,
        /// Memory it may use.
        #[serde(default, deserialize_with = "de::opt_int")]
        pub maxmem: Option<i64>,
        /// Memory it takes of the host. PVE 9, VMs only.
        #[serde(default, deserialize_with = "de::opt_int")]
        pub memhost: Option<i64>,
        /// Root disk in use. 0 for VMs: only the guest would know.
        #[serde(default, deserialize_with = "de::opt_int")]
        pub disk: Option<i64>,
        /// Size of the root disk.
        #[serde(default, deserialize_with = "de::opt_int")]
        pub maxdisk: Option<i64>,
        /// Bytes read from disks.
        #[serde(default, deserialize_with = "de::opt_int")]
        pub diskread: Option<i64>,
        /// Bytes written to disks.
        #[serde(default, deserialize_with = "de::opt_int")]
        pub diskwrite: Option<i64>,
        /// Bytes received.
        #[serde(default, deserialize_with = "de::opt_int")]
        pub netin: Option<i64>,
        /// Bytes sent.
        #[serde(default, deserialize_with = "de::opt_int")]
        pub netout: Option<i64>,
        /// Seconds since its start; 0 when it is off.
        #[serde(default, deserialize_with = "de::opt_int")]
        pub uptime: Option<i64>,
        /// PVE's lock: `clone`, `backup`, `migrate` …
        #[serde(default, deserialize_with = "de::opt_text")]
        pub lock: Option<String>,
        /// Whether it is a template.
        #[serde(default, deserialize_with = "de::flag")]
        pub template: bool,
        /// Its tags.
        #[serde(default, deserialize_with = "de::tags")]
        pub tags: Vec<String>,
        /// Process id on the node.
        #[serde(default, deserialize_with = "de::opt_int")]
        pub pid: Option<i64>,
    }
}

impl GuestStatus {
    /// CPU use in percent of all its CPUs.
    #[must_use]
    pub fn cpu_percent(&self) -> Option<f64> {
        self.cpu.map(|fraction| fraction * 100.0)
    }

    /// Memory use in percent.
    #[must_use]
    #[allow(clippy::cast_precision_loss)]
    pub fn mem_percent(&self) -> Option<f64> {
        match (self.mem, self.maxmem) {
            (Some(used), Some(all)) if all > 0 => Some(used as f64 / all as f64 * 100.0),
            _ => None,
        }
    }

    /// Whether it runs.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.status == GuestState::Running
    }
}

impl<K: Kind> Guest<K> {
    /// State and telemetry: `GET /nodes/{node}/{kind}/{vmid}/status/current`. Needs `VM.Audit`.
    ///
    /// # Errors
    /// `NotFound` when there is no such guest on this node.
    pub fn status(&self) -> Call<Ask<GuestStatus>> {
        self.pve.bind(Ask::new("guest.status", Ok(PveRequest::get(self.path().fixed("status/current")))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_both_versions() {
        let v8 = r#"{"vmid":100,"serial":1,"maxdisk":1073741824,"uptime":0,"status":"stopped","cpus":1,"cpu":0,"mem":0,
            "name":"tmpl","maxmem":268435456,"tags":"b;a","template":1}"#;
        let v8: GuestStatus = serde_json::from_str(v8).unwrap();
        assert_eq!((v8.status, v8.template, v8.tags.len()), (GuestState::Stopped, true, 2));
        assert!(v8.extra.get("serial").is_some());
        let v9 = r#"{"vmid":"200","status":"suspended","cpu":"0.5","memhost":7,"pressurecpusome":"0.00","mem":"N/A"}"#;
        let v9: GuestStatus = serde_json::from_str(v9).unwrap();
        assert_eq!((v9.cpu_percent(), v9.mem, v9.memhost), (Some(50.0), None, Some(7)));
        assert_eq!(v9.status, GuestState::Other("suspended".into()));
    }
}
