use proxmox_core::{Result, Size};

use super::at::At;
use super::kinds::Format;
use super::{Element, check, units};

/// A volume of a pool, as the daemon tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Volume {
    /// Its name within the pool.
    pub name: String,
    /// Its name within the host.
    pub key: Option<String>,
    /// What it is: `file`, `block`, `dir` or `network`.
    pub kind: Option<String>,
    /// What the guest sees.
    pub capacity: Size,
    /// What it takes on the host.
    pub allocation: Size,
    /// Where it is on the host.
    pub path: Option<String>,
    /// Its format.
    pub format: Option<Format>,
    /// What it is based on.
    pub backing: Option<BackingVolume>,
    /// Who may do what with it.
    pub permissions: Option<Permissions>,
}

/// What a volume is based on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackingVolume {
    /// Where it is on the host.
    pub path: String,
    /// Its format.
    pub format: Option<Format>,
}

/// Who may do what with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Permissions {
    /// The mode bits, such as `0o600`.
    pub mode: Option<u32>,
    /// The owner's number.
    pub owner: Option<u32>,
    /// The group's number.
    pub group: Option<u32>,
}

impl Volume {
    /// Reads what `virStorageVolGetXMLDesc` answers.
    ///
    /// # Errors
    /// `Decode` naming the element that is missing or not what it should be: a volume needs a name and a capacity.
    pub fn parse(xml: &str) -> Result<Self> {
        let element = Element::parse(xml)?;
        let at = At::root(&element, "volume")?;
        let target = at.child("target");
        let backing = at.child("backingStore");
        Ok(Self {
            name: at.need_text("name")?,
            key: at.text_of("key"),
            kind: at.attribute("type").map(str::to_owned),
            capacity: at.need("capacity")?.size("bytes")?,
            allocation: at.size_of("allocation", "bytes")?.unwrap_or_default(),
            path: target.and_then(|target| target.text_of("path")),
            format: target.and_then(|target| format(&target)),
            backing: backing.and_then(|store| {
                Some(BackingVolume { path: store.text_of("path")?, format: format(&store) })
            }),
            permissions: target
                .as_ref()
                .and_then(|target| target.child("permissions"))
                .map(|at| Permissions::read(&at))
                .transpose()?,
        })
    }
}

fn format(at: &At<'_>) -> Option<Format> {
    at.attribute_of("format", "type").as_deref().map(Format::from)
}

impl Permissions {
    fn read(at: &At<'_>) -> Result<Self> {
        let number = |name| at.child(name).map(|child| child.number::<i64>()).transpose();
        // -1 stands for nobody in particular.
        let id = |number: Option<i64>| number.and_then(|n| u32::try_from(n).ok());
        let mode = at.child("mode").map(|mode| {
            let text = mode.element().text();
            u32::from_str_radix(text.trim(), 8).map_err(|_| mode.error(&format!("{text:?} is not a mode")))
        });
        Ok(Self { mode: mode.transpose()?, owner: id(number("owner")?), group: id(number("group")?) })
    }

    fn write(self) -> Element {
        let number = |name, n: Option<u32>| n.map(|n| Element::new(name).with_text(n.to_string()));
        Element::new("permissions")
            .with_all(self.mode.map(|mode| Element::new("mode").with_text(format!("{mode:04o}"))))
            .with_all(number("owner", self.owner))
            .with_all(number("group", self.group))
    }
}

/// A volume that is to be.
///
/// ```
/// use libvirt_driver::xml::{Format, VolumeXml};
/// use proxmox_core::Size;
/// let xml = VolumeXml::new("web1.qcow2", Size::gib(10), Format::Qcow2)
///     .backing("/var/lib/libvirt/images/debian-12.qcow2", Format::Qcow2)
///     .to_xml()?;
/// assert!(xml.contains("<capacity unit=\"bytes\">10737418240</capacity>"));
/// # Ok::<(), proxmox_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VolumeXml {
    name: String,
    capacity: Size,
    allocation: Option<Size>,
    format: Format,
    backing: Option<(String, Format)>,
    permissions: Option<Permissions>,
}

impl VolumeXml {
    /// A volume of this name, capacity and format.
    #[must_use]
    pub fn new(name: &str, capacity: Size, format: Format) -> Self {
        let name = name.to_owned();
        Self { name, capacity, allocation: None, format, backing: None, permissions: None }
    }

    /// Taking this much of the host at once: without it the daemon allocates raw images whole, and others as they grow.
    #[must_use]
    pub fn allocation(mut self, size: Size) -> Self {
        self.allocation = Some(size);
        self
    }

    /// Based on this file, which must stay as it is.
    #[must_use]
    pub fn backing(mut self, path: &str, format: Format) -> Self {
        self.backing = Some((path.to_owned(), format));
        self
    }

    /// With these permissions instead of the pool's usual ones.
    #[must_use]
    pub fn permissions(mut self, permissions: Permissions) -> Self {
        self.permissions = Some(permissions);
        self
    }

    /// The document for `virStorageVolCreateXML`.
    ///
    /// # Errors
    /// `InvalidInput` naming what is wrong: a name that no file can have, a backing path that is relative, a raw volume with a backing
    /// file, more allocation than capacity, mode bits that there are not.
    pub fn to_xml(&self) -> Result<String> {
        check::name("name", &self.name)?;
        check::format("format", &self.format)?;
        let of_format = |format: &Format| Element::new("format").with_attribute("type", format.as_str());
        let mut volume = Element::new("volume").with(Element::new("name").with_text(&self.name));
        volume.push(units::bytes("capacity", self.capacity));
        if let Some(allocation) = self.allocation {
            if allocation > self.capacity {
                return Err(check::refused(
                    "allocation",
                    &allocation.to_string(),
                    "it is more than the capacity",
                ));
            }
            volume.push(units::bytes("allocation", allocation));
        }
        let mut target = Element::new("target").with(of_format(&self.format));
        if let Some(permissions) = self.permissions {
            if permissions.mode.is_some_and(|mode| mode > 0o777) {
                return Err(check::refused(
                    "permissions",
                    &format!("{permissions:?}"),
                    "there is no such mode",
                ));
            }
            target.push(permissions.write());
        }
        if self.format == Format::Qcow2 {
            // The daemon's default is the format of before 2012, which cannot grow while it has snapshots.
            target.push(Element::new("compat").with_text("1.1"));
        }
        volume.push(target);
        if let Some((path, format)) = &self.backing {
            check::path("backing", path)?;
            check::format("backing.format", format)?;
            if self.format == Format::Raw {
                return Err(check::refused("backing", path, "a raw volume cannot be based on another"));
            }
            let path = Element::new("path").with_text(path);
            volume.push(Element::new("backingStore").with(path).with(of_format(format)));
        }
        volume.to_xml()
    }
}
