use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Node;
use crate::call::{Call, Operation};
use crate::rows::Rows;
use crate::{ErrorKind, NodeName, Pve, PvePath, PveRequest, Result, de};

/// What SMART says of a disk.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum DiskHealth {
    /// `PASSED`, or `OK` as SAS and some NVMe disks say.
    Passed,
    /// `FAILED`
    Failed,
    /// Nothing is known.
    #[default]
    Unknown,
    /// What PVE says when it says something else.
    Other(String),
}

impl DiskHealth {
    /// The word: `PASSED`, `FAILED`, `UNKNOWN`, or PVE's own.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Passed => "PASSED",
            Self::Failed => "FAILED",
            Self::Unknown => "UNKNOWN",
            Self::Other(word) => word,
        }
    }
}

impl fmt::Display for DiskHealth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for DiskHealth {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for DiskHealth {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = de::opt_text(deserializer)?.unwrap_or_default().to_uppercase();
        Ok(match word.as_str() {
            "PASSED" | "OK" => Self::Passed,
            "FAILED" => Self::Failed,
            "" | "UNKNOWN" => Self::Unknown,
            _ => Self::Other(word),
        })
    }
}

/// A row of `GET /nodes/{node}/disks/list`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Disk {
    /// Such as `/dev/sda`.
    pub devpath: String,
    /// `hdd`, `ssd`, `nvme`, `unknown`.
    #[serde(rename = "type", default, deserialize_with = "de::opt_text")]
    pub kind: Option<String>,
    /// The model.
    #[serde(default, deserialize_with = "de::opt_text")]
    pub model: Option<String>,
    /// The serial number.
    #[serde(default, deserialize_with = "de::opt_text")]
    pub serial: Option<String>,
    /// Bytes.
    #[serde(default, deserialize_with = "de::opt_int")]
    pub size: Option<i64>,
    /// What SMART says.
    #[serde(default)]
    pub health: DiskHealth,
    /// Life that remains, in percent; SSDs only.
    #[serde(default, deserialize_with = "de::opt_float")]
    pub wearout: Option<f64>,
    /// What uses it: `LVM`, `ZFS`, `partitions`, `mounted` …
    #[serde(default, deserialize_with = "de::opt_text")]
    pub used: Option<String>,
    /// Everything else that PVE sent.
    #[serde(flatten)]
    pub extra: de::Extra,
}

/// The physical disks of a node, or why they are not seen.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Disks {
    /// The disks.
    pub disks: Rows<Disk>,
    /// Set when the list is empty for lack of a privilege.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Node {
    /// The physical disks with what SMART says: `GET /nodes/{node}/disks/list`. Needs `Sys.Audit`; without it the list is
    /// empty and says so. May take seconds: PVE asks each disk.
    pub fn disks(&self) -> Call<ReadDisks> {
        self.pve.bind(ReadDisks(self.name.clone()))
    }
}

/// See [`Node::disks`].
#[derive(Debug)]
pub struct ReadDisks(NodeName);

impl Operation for ReadDisks {
    type Output = Disks;
    fn name(&self) -> &'static str {
        "node.disks"
    }
    fn request(&self) -> Result<PveRequest> {
        Ok(PveRequest::get(PvePath::node(&self.0).fixed("disks/list")))
    }
    async fn run(self, pve: Pve) -> Result<Disks> {
        match pve.call(&self.request()?).await {
            Ok(answer) => Ok(Disks { disks: answer.rows()?, note: None }),
            Err(e) if e.kind() == ErrorKind::PermissionDenied => {
                let note = Some(format!("disks are not seen: {}", e.message()));
                Ok(Disks { disks: Rows::new(Vec::new(), Vec::new()), note })
            }
            Err(e) => Err(e),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_real_disks() {
        for (json, health, wearout) in [
            (
                r#"{"devpath":"/dev/sda","health":"PASSED","wearout":"N/A","model":"x ","size":1}"#,
                DiskHealth::Passed,
                None,
            ),
            (r#"{"devpath":"/dev/nvme0n1","health":"OK","wearout":97}"#, DiskHealth::Passed, Some(97.0)),
            (r#"{"devpath":"/dev/sdb","wearout":"12"}"#, DiskHealth::Unknown, Some(12.0)),
            (r#"{"devpath":"/dev/sdc","health":"FAILED!"}"#, DiskHealth::Other("FAILED!".into()), None),
        ] {
            let disk: Disk = serde_json::from_str(json).unwrap();
            assert_eq!((disk.health, disk.wearout), (health, wearout), "{json}");
        }
    }
}
