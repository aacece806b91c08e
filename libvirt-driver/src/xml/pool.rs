use proxmox_core::{Result, Size};
use uuid::Uuid;

use super::at::At;
use super::{Element, check};

/// A storage pool, as the daemon tells of it. Its amounts are those of when it was last refreshed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pool {
    /// What it is: `dir`, `logical`, `netfs` and others.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// What lasts as long as it is defined.
    pub uuid: Uuid,
    /// How much it can hold.
    pub capacity: Size,
    /// How much is taken.
    pub allocation: Size,
    /// How much is free.
    pub available: Size,
    /// Where it is on the host.
    pub path: Option<String>,
}

impl Pool {
    /// Reads what `virStoragePoolGetXMLDesc` answers.
    ///
    /// # Errors
    /// `Decode` naming the element that is missing or not what it should be: a pool needs a type, a name and a UUID.
    pub fn parse(xml: &str) -> Result<Self> {
        let element = Element::parse(xml)?;
        let at = At::root(&element, "pool")?;
        let size = |name| Ok::<_, proxmox_core::Error>(at.size_of(name, "bytes")?.unwrap_or_default());
        Ok(Self {
            kind: at.need_attribute("type")?.to_owned(),
            name: at.need_text("name")?,
            uuid: at.uuid()?,
            capacity: size("capacity")?,
            allocation: size("allocation")?,
            available: size("available")?,
            path: at.child("target").and_then(|target| target.text_of("path")),
        })
    }
}

/// A pool that is to be: a directory of the host.
///
/// ```
/// let xml = libvirt_driver::xml::PoolXml::dir("images", "/srv/images").to_xml()?;
/// assert!(xml.starts_with("<pool type=\"dir\">"));
/// # Ok::<(), proxmox_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolXml {
    name: String,
    path: String,
}

impl PoolXml {
    /// This directory under this name.
    #[must_use]
    pub fn dir(name: &str, path: &str) -> Self {
        Self { name: name.to_owned(), path: path.to_owned() }
    }

    /// The document for `virStoragePoolDefineXML`.
    ///
    /// # Errors
    /// `InvalidInput` for a name that no file can have, and for a relative path.
    pub fn to_xml(&self) -> Result<String> {
        check::name("name", &self.name)?;
        check::path("path", &self.path)?;
        Element::new("pool")
            .with_attribute("type", "dir")
            .with(Element::new("name").with_text(&self.name))
            .with(Element::new("target").with(Element::new("path").with_text(&self.path)))
            .to_xml()
    }
}
