use std::fmt;

use serde::{Deserialize, Serialize};

use super::url::{Shown, shown_url};
use crate::{Error, Result, Secret};

/// How large an instance is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstanceType {
    /// Its name: `small`, `c4-m8`.
    #[serde(rename = "instance_type")]
    pub name: String,
    /// Virtual CPUs.
    pub vcpus: u32,
    /// Memory in MiB.
    #[serde(alias = "memory_mb")]
    pub memory_mib: u64,
    /// Size of its disk in MiB.
    #[serde(alias = "storage_mb")]
    pub disk_mib: u64,
}

impl InstanceType {
    /// # Errors
    /// `InvalidInput` for one without name, CPUs, memory or disk.
    pub(super) fn check(&self) -> Result<()> {
        let bad = |what: &str| {
            Err(Error::invalid("instance_type", format!("instance type {:?}: {what}", self.name)))
        };
        match self {
            Self { name, .. } if name.trim().is_empty() => bad("it has no name"),
            Self { vcpus: 0, .. } => bad("it has no CPUs"),
            Self { memory_mib: 0..16, .. } => bad("it has less than 16 MiB of memory"),
            Self { disk_mib: 0, .. } => bad("it has no disk"),
            _ => Ok(()),
        }
    }
}

/// What an instance is made of. An address is printed as [`shown_url`] shows it, and serialised with all that it says.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Image {
    /// A file that the host fetches, with what it must be: `sha256:…` or `sha512:…`.
    Url {
        /// Where it is.
        url: String,
        /// What it must be. Without it nobody can tell an image from an error page.
        checksum: String,
    },
    /// A volume of the host: `local:import/debian-12.qcow2` of Proxmox VE, `pool/volume` of libvirt.
    Volume(String),
    /// A template that is cloned, by its name or number. Proxmox VE only.
    Template(String),
}

impl fmt::Debug for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url { url, checksum } => {
                f.debug_struct("Url").field("url", &Shown(url)).field("checksum", checksum).finish()
            }
            Self::Volume(volume) => f.debug_tuple("Volume").field(volume).finish(),
            Self::Template(template) => f.debug_tuple("Template").field(template).finish(),
        }
    }
}

/// What its card is plugged into.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Network {
    /// A bridge of the host.
    Bridge(String),
    /// A network of libvirt, or a vnet of Proxmox VE.
    Network(String),
}

/// What is wanted of [`Backend::create`](super::Backend::create).
///
/// ```
/// use proxmox_core::backend::{Image, InstanceSpec, InstanceType, Network};
///
/// let small = InstanceType { name: "small".into(), vcpus: 1, memory_mib: 1024, disk_mib: 10_240 };
/// let spec = InstanceSpec::new("web-1", small, Image::Volume("images/debian-12.qcow2".into()))
///     .network(Network::Bridge("br0".into()))
///     .user_data("#cloud-config\npackages: [qemu-guest-agent]\n")
///     .tags(["web"]);
/// assert!(!format!("{spec:?}").contains("packages"), "user data may hold secrets");
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct InstanceSpec {
    /// Its name, also that of its system: letters, digits and '-'.
    pub name: String,
    /// How large it is.
    pub size: InstanceType,
    /// What it is made of.
    pub image: Image,
    /// What its card is plugged into; what is usual on the backend, when nothing is said.
    pub network: Option<Network>,
    /// What cloud-init is to do: a document that begins with `#cloud-config`, or a script.
    pub user_data: Option<Secret>,
    /// Its tags, beside the managed one.
    pub tags: Vec<String>,
}

impl InstanceSpec {
    /// An instance without anything special.
    pub fn new(name: impl Into<String>, size: InstanceType, image: Image) -> Self {
        Self { name: name.into(), size, image, network: None, user_data: None, tags: Vec::new() }
    }

    /// What its card is plugged into.
    #[must_use]
    pub fn network(mut self, network: Network) -> Self {
        self.network = Some(network);
        self
    }

    /// What cloud-init is to do.
    #[must_use]
    pub fn user_data(mut self, text: impl Into<String>) -> Self {
        self.user_data = Some(Secret::from(text.into()));
        self
    }

    /// Tags beside the managed one.
    #[must_use]
    pub fn tags<S: Into<String>>(mut self, tags: impl IntoIterator<Item = S>) -> Self {
        self.tags = tags.into_iter().map(Into::into).collect();
        self
    }

    /// What can be seen to be wrong without asking anybody.
    ///
    /// # Errors
    /// `InvalidInput` for a name that is no host name or only a number, a type that is no size, an image without a checksum.
    pub fn check(&self) -> Result<()> {
        let name = &self.name;
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
        if name.is_empty()
            || name.len() > 63
            || !name.bytes().all(plain)
            || name.starts_with('-')
            || name.ends_with('-')
        {
            return Err(Error::invalid(
                "name",
                format!("{name:?} is not a host name: letters, digits and '-' inside"),
            ));
        }
        if name.bytes().all(|b| b.is_ascii_digit()) {
            return Err(Error::invalid("name", format!("{name:?} is a number: it could be taken for an id")));
        }
        self.size.check()?;
        if let Image::Url { url, checksum } = &self.image {
            if !(url.starts_with("https://") || url.starts_with("http://")) {
                return Err(Error::invalid("image", format!("{:?} is not an http address", Shown(url))));
            }
            let hex = |text: &str, length: usize| {
                text.len() == length && text.bytes().all(|b| b.is_ascii_hexdigit())
            };
            let known = checksum.split_once(':').is_some_and(|(kind, sum)| match kind {
                "sha256" => hex(sum, 64),
                "sha512" => hex(sum, 128),
                _ => false,
            });
            if !known {
                let text =
                    format!("checksum of {}: {checksum:?} is neither sha256:… nor sha512:…", shown_url(url));
                return Err(Error::invalid("image", text));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size() -> InstanceType {
        InstanceType { name: "small".into(), vcpus: 1, memory_mib: 512, disk_mib: 1024 }
    }

    #[test]
    fn what_is_wrong_is_said() {
        let sum = format!("sha256:{}", "0a".repeat(32));
        let url = |url: &str, checksum: &str| Image::Url { url: url.into(), checksum: checksum.into() };
        let good = InstanceSpec::new("web-1", size(), url("https://x.example/i.qcow2", &sum));
        good.check().unwrap();
        for name in ["", "-a", "a-", "a b", "a.b", "12", &"a".repeat(64)] {
            assert!(InstanceSpec { name: (*name).into(), ..good.clone() }.check().is_err(), "{name}");
        }
        for image in [
            url("ftp://x", &sum),
            url("https://x", ""),
            url("https://x", "md5:00"),
            url("https://x", "sha256:zz"),
        ] {
            assert!(InstanceSpec { image: image.clone(), ..good.clone() }.check().is_err(), "{image:?}");
        }
        for bad in [
            InstanceType { vcpus: 0, ..size() },
            InstanceType { memory_mib: 1, ..size() },
            InstanceType { disk_mib: 0, ..size() },
        ] {
            assert!(InstanceSpec { size: bad, ..good.clone() }.check().is_err());
        }
    }

    #[test]
    fn no_address_shows_its_secrets() {
        let url = |url: &str, checksum: &str| Image::Url { url: url.into(), checksum: checksum.into() };
        for bad in [
            url("ftp://me:hunter2@x.example/i.qcow2", ""),
            url("ftp://x.example/i.qcow2?signature=hunter2", ""),
            url("https://me:hunter2@x.example/i.qcow2?signature=hunter2", "md5:00"),
        ] {
            let spec = InstanceSpec::new("web-1", size(), bad.clone());
            let error = spec.check().unwrap_err();
            for text in [format!("{error:?}"), format!("{bad:?}"), format!("{spec:?}")] {
                assert!(!text.contains("hunter2") && text.contains("x.example/i.qcow2"), "{text}");
            }
        }
        assert_eq!(format!("{:?}", Image::Volume("a/b".into())), r#"Volume("a/b")"#);
    }
}
