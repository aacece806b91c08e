use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use super::{InstanceType, Network};
use crate::{Error, NodeName, Result, Secret};

/// Which kind of host a region is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum RegionKind {
    /// A plain libvirt host.
    #[default]
    Libvirt,
    /// A Proxmox VE cluster or node.
    Proxmox,
}

impl fmt::Display for RegionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Libvirt => "libvirt",
            Self::Proxmox => "proxmox",
        })
    }
}

/// A place to run instances in, as it is configured.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Region {
    /// A libvirt host.
    Libvirt(LibvirtRegion),
    /// A Proxmox VE cluster.
    Proxmox(PveRegion),
}

/// What every region has.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Common {
    /// Its name.
    pub name: String,
    /// Whether it may be used. Nothing is done in one that is switched off, and it is not listed.
    pub enabled: bool,
    /// The sizes that are offered there.
    pub instance_types: Vec<InstanceType>,
}

/// A libvirt host.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct LibvirtRegion {
    /// Name, whether it is enabled, sizes.
    pub common: Common,
    /// How it is reached: `qemu+ssh://user@host:port/system?keyfile=…`, with every parameter that libvirt knows.
    pub uri: String,
    /// The pool that disks go to; `default` when nothing is said.
    pub pool: Option<String>,
    /// What the cards of instances that name nothing are plugged into: a bridge, or a network of libvirt.
    pub network: Option<Network>,
    /// What runs machines: `kvm` when nothing is said, `qemu` where there is none.
    pub virt_type: Option<String>,
}

/// A Proxmox VE cluster.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PveRegion {
    /// Name, whether it is enabled, sizes.
    pub common: Common,
    /// Address of any node: `https://pve1:8006`.
    pub url: String,
    /// `user@realm!name`.
    pub token_id: String,
    /// Where the token's secret is.
    pub token_secret: SecretSource,
    /// SHA-256 fingerprint of the certificate, where it is pinned.
    pub fingerprint: Option<String>,
    /// The authority that signed the certificate, a file in PEM.
    pub ca_file: Option<PathBuf>,
    /// The storage that disks go to.
    pub storage: String,
    /// The bridge of cards.
    pub bridge: Option<String>,
}

/// Where a secret is. The list of regions itself need not hold it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum SecretSource {
    /// In this variable of the environment.
    Env(String),
    /// In this file, without the line's end.
    File(PathBuf),
    /// Here.
    Value(Secret),
}

impl Region {
    /// What every region has.
    #[must_use]
    pub const fn common(&self) -> &Common {
        match self {
            Self::Libvirt(region) => &region.common,
            Self::Proxmox(region) => &region.common,
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.common().name
    }

    /// Its kind.
    #[must_use]
    pub const fn kind(&self) -> RegionKind {
        match self {
            Self::Libvirt(_) => RegionKind::Libvirt,
            Self::Proxmox(_) => RegionKind::Proxmox,
        }
    }

    /// A size that is offered there.
    ///
    /// # Errors
    /// `NotFound`, naming those that are.
    pub fn instance_type(&self, name: &str) -> Result<&InstanceType> {
        let types = &self.common().instance_types;
        types.iter().find(|kind| kind.name == name).ok_or_else(|| {
            let all: Vec<&str> = types.iter().map(|kind| kind.name.as_str()).collect();
            let text = format!("region {} has no instance type {name:?}", self.name());
            Error::new(crate::ErrorKind::NotFound, crate::Outcome::NotSent, text).with_advice(format!(
                "it has {}",
                if all.is_empty() { "none".to_owned() } else { all.join(", ") }
            ))
        })
    }
}

impl PveRegion {
    /// The name under which one of its nodes is a region of its own: `eu-pve1`.
    #[must_use]
    pub fn node_region(&self, node: &NodeName) -> String {
        format!("{}-{node}", self.common.name)
    }
}

/// The regions of a program, checked: names are unique, and no two can be taken for each other.
///
/// As data it is a list. Each entry has `region_name`, and `backend_type`, which is `libvirt` unless it says `proxmox`.
///
/// ```
/// use proxmox_core::backend::{RegionKind, Regions};
///
/// let regions: Regions = serde_json::from_str(r#"[
///     {"region_name": "lab", "uri": "qemu+ssh://root@lab1/system",
///      "available_instance_types": [{"instance_type": "small", "vcpus": 1, "memory_mib": 1024, "disk_mib": 10240}]},
///     {"region_name": "eu", "backend_type": "proxmox", "url": "https://pve1:8006", "token_id": "ci@pve!sdk",
///      "token_secret_env": "EU_TOKEN", "storage": "local-lvm"},
///     {"region_name": "old", "enabled": false, "uri": "qemu+ssh://root@old1/system"}
/// ]"#).unwrap();
/// assert_eq!(regions.enabled().count(), 2);
/// assert_eq!(regions.get("lab").unwrap().kind(), RegionKind::Libvirt);
/// assert_eq!(regions.get("eu-pve2").unwrap().name(), "eu", "a node of it");
/// assert!(regions.get("old").is_err());
/// ```
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "Vec<Entry>")]
pub struct Regions(Vec<Region>);

impl Regions {
    /// Checks a list.
    ///
    /// # Errors
    /// `InvalidInput`, naming the region.
    pub fn new(regions: Vec<Region>) -> Result<Self> {
        let bad = |name: &str, why: &str| Error::invalid("regions", format!("region {name:?}: {why}"));
        let mut seen: BTreeMap<&str, &Region> = BTreeMap::new();
        for region in &regions {
            let name = region.name();
            let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
            if name.is_empty() || !name.bytes().all(plain) {
                return Err(bad(name, "a name has letters, digits, '-' and '_'"));
            }
            if seen.insert(name, region).is_some() {
                return Err(bad(name, "there are two of that name"));
            }
            for kind in &region.common().instance_types {
                kind.check().map_err(|e| bad(name, e.message()))?;
            }
        }
        // A node of region `eu` is `eu-pve1`, so no other region may be called that.
        for (name, _) in seen.iter().filter(|(_, region)| region.kind() == RegionKind::Proxmox) {
            let prefix = format!("{name}-");
            if let Some(other) = seen.keys().find(|other| other.starts_with(&prefix)) {
                return Err(bad(other, &format!("it could be taken for a node of region {name:?}")));
            }
        }
        Ok(Self(regions))
    }

    /// Those that may be used.
    pub fn enabled(&self) -> impl Iterator<Item = &Region> {
        self.0.iter().filter(|region| region.common().enabled)
    }

    /// The region of this name, or the one whose node it names.
    ///
    /// # Errors
    /// `NotFound` for an unknown name, `Refused` for a region that is switched off.
    pub fn get(&self, name: &str) -> Result<&Region> {
        let is_node = |region: &&Region| {
            let rest = name.strip_prefix(region.name()).and_then(|rest| rest.strip_prefix('-'));
            region.kind() == RegionKind::Proxmox && rest.is_some_and(|node| NodeName::parse(node).is_ok())
        };
        let exact = self.0.iter().find(|region| region.name() == name);
        let found = exact.or_else(|| self.0.iter().find(is_node));
        let say = |kind, text: String| Err(Error::new(kind, crate::Outcome::NotSent, text));
        match found {
            Some(region) if region.common().enabled => Ok(region),
            Some(region) => {
                say(crate::ErrorKind::Refused, format!("region {} is switched off", region.name()))
            }
            None => say(crate::ErrorKind::NotFound, format!("there is no region {name:?}")),
        }
    }
}

/// A region as it is written down.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    region_name: String,
    #[serde(default)]
    backend_type: RegionKind,
    #[serde(default = "yes")]
    enabled: bool,
    #[serde(default)]
    available_instance_types: Vec<InstanceType>,
    #[serde(alias = "connect_uri")]
    uri: Option<String>,
    pool: Option<String>,
    network: Option<String>,
    virt_type: Option<String>,
    url: Option<String>,
    #[serde(default, deserialize_with = "unseen")]
    token_id: Option<String>,
    #[serde(default, deserialize_with = "unseen")]
    token_secret: Option<String>,
    token_secret_env: Option<String>,
    token_secret_file: Option<PathBuf>,
    fingerprint: Option<String>,
    ca_file: Option<PathBuf>,
    storage: Option<String>,
    bridge: Option<String>,
}

/// A text that may be a secret: errors do not show what is there instead of one.
fn unseen<'de, D: Deserializer<'de>>(given: D) -> std::result::Result<Option<String>, D::Error> {
    Option::deserialize(given).map_err(|_| D::Error::custom("token_id and token_secret are texts"))
}

const fn yes() -> bool {
    true
}

impl TryFrom<Vec<Entry>> for Regions {
    type Error = Error;
    fn try_from(entries: Vec<Entry>) -> Result<Self> {
        Self::new(entries.into_iter().map(Region::try_from).collect::<Result<_>>()?)
    }
}

impl TryFrom<Entry> for Region {
    type Error = Error;
    fn try_from(entry: Entry) -> Result<Self> {
        let name = entry.region_name.clone();
        let bad = |why: String| Error::invalid("regions", format!("region {name:?}: {why}"));
        let kind = entry.backend_type;
        let foreign = |given: &[(&str, bool)]| match given.iter().find(|(_, given)| *given) {
            Some((field, _)) => Err(bad(format!("{field} is not for a {kind} region"))),
            None => Ok(()),
        };
        let needed = |field: &str, value: Option<String>| {
            value.filter(|value| !value.is_empty()).ok_or_else(|| bad(format!("it lacks {field}")))
        };
        let common = Common {
            name: entry.region_name,
            enabled: entry.enabled,
            instance_types: entry.available_instance_types,
        };
        match kind {
            RegionKind::Libvirt => {
                foreign(&[
                    ("url", entry.url.is_some()),
                    ("token_id", entry.token_id.is_some()),
                    ("token_secret", entry.token_secret.is_some()),
                    ("token_secret_env", entry.token_secret_env.is_some()),
                    ("token_secret_file", entry.token_secret_file.is_some()),
                    ("fingerprint", entry.fingerprint.is_some()),
                    ("ca_file", entry.ca_file.is_some()),
                    ("storage", entry.storage.is_some()),
                ])?;
                let uri = needed("uri", entry.uri)?;
                let network = match (entry.bridge, entry.network) {
                    (Some(_), Some(_)) => return Err(bad("it has both a bridge and a network".to_owned())),
                    (Some(bridge), None) => Some(Network::Bridge(bridge)),
                    (None, network) => network.map(Network::Network),
                };
                let (pool, virt_type) = (entry.pool, entry.virt_type);
                Ok(Self::Libvirt(LibvirtRegion { common, uri, pool, network, virt_type }))
            }
            RegionKind::Proxmox => {
                foreign(&[
                    ("uri", entry.uri.is_some()),
                    ("pool", entry.pool.is_some()),
                    ("network", entry.network.is_some()),
                    ("virt_type", entry.virt_type.is_some()),
                ])?;
                if entry.fingerprint.is_some() && entry.ca_file.is_some() {
                    return Err(bad(
                        "it has both a fingerprint and a ca_file: one of them is trusted".to_owned()
                    ));
                }
                let token_secret = match (entry.token_secret, entry.token_secret_env, entry.token_secret_file)
                {
                    (Some(value), None, None) => SecretSource::Value(Secret::from(value)),
                    (None, Some(variable), None) => SecretSource::Env(variable),
                    (None, None, Some(file)) => SecretSource::File(file),
                    (None, None, None) => {
                        return Err(bad("it lacks token_secret_env or token_secret_file".to_owned()));
                    }
                    _ => return Err(bad("its secret is in more than one place".to_owned())),
                };
                Ok(Self::Proxmox(PveRegion {
                    common,
                    url: needed("url", entry.url)?,
                    token_id: needed("token_id", entry.token_id)?,
                    token_secret,
                    fingerprint: entry.fingerprint,
                    ca_file: entry.ca_file,
                    storage: needed("storage", entry.storage)?,
                    bridge: entry.bridge,
                }))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Regions, String> {
        serde_json::from_str(json).map_err(|e| e.to_string())
    }

    #[test]
    fn what_is_wrong_is_said_with_the_region() {
        for (json, text) in [
            (r#"[{"region_name":"a"}]"#, "region \"a\": it lacks uri"),
            (r#"[{"region_name":"a b","uri":"x"}]"#, "a name has letters"),
            (r#"[{"region_name":"a","uri":"x"},{"region_name":"a","uri":"y"}]"#, "two of that name"),
            (r#"[{"region_name":"a","uri":"x","storage":"local"}]"#, "storage is not for a libvirt region"),
            (r#"[{"region_name":"a","uri":"x","colour":"red"}]"#, "unknown field `colour`"),
            (r#"[{"region_name":"a","backend_type":"xen"}]"#, "unknown variant `xen`"),
            (
                r#"[{"region_name":"a","backend_type":"proxmox","url":"u","token_id":"t","storage":"s"}]"#,
                "it lacks token_secret_env",
            ),
            (
                r#"[{"region_name":"a","backend_type":"proxmox","url":"u","token_id":"t","storage":"s","token_secret":"x","token_secret_env":"Y"}]"#,
                "more than one place",
            ),
            (
                r#"[{"region_name":"a","backend_type":"proxmox","url":"u","token_id":"t","storage":"s","token_secret_env":"Y","ca_file":"c","fingerprint":"f"}]"#,
                "both a fingerprint and a ca_file",
            ),
            (
                r#"[{"region_name":"a","backend_type":"proxmox","url":"u","token_id":"t","storage":"s","token_secret_env":"Y"},
                   {"region_name":"a-b","uri":"x"}]"#,
                "could be taken for a node of region \"a\"",
            ),
            (
                r#"[{"region_name":"a","uri":"x","available_instance_types":[{"instance_type":"s","vcpus":0,"memory_mb":512,"storage_mb":1}]}]"#,
                "it has no CPUs",
            ),
        ] {
            let error = read(json).unwrap_err();
            assert!(error.contains(text), "{json}: {error}");
        }
    }

    #[test]
    fn secrets_are_not_shown() {
        let regions = read(
            r#"[{"region_name":"a","backend_type":"proxmox","url":"u","token_id":"t","storage":"s","token_secret":"hunter2"}]"#,
        )
        .unwrap();
        assert!(!format!("{regions:?}").contains("hunter2"));
        for given in
            [r#""token_secret":123456789"#, r#""token_secret":[123456789]"#, r#""token_id":123456789"#]
        {
            let error =
                read(&format!(r#"[{{"region_name":"a","backend_type":"proxmox",{given}}}]"#)).unwrap_err();
            assert!(error.contains("are texts") && !error.contains("12345"), "{error}");
        }
        assert!(regions.get("a").unwrap().instance_type("small").unwrap_err().is_not_found());
    }
}
