use proxmox_core::Result;

use super::at::At;
use super::{Domain, Element, check};

/// A snapshot of a domain, as the daemon tells of it. Which one is current, the document does not say: the daemon is asked for it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Snapshot {
    /// Its name.
    pub name: String,
    /// Text for people.
    pub description: Option<String>,
    /// What the domain was doing, in libvirt's word: `running`, `paused`, `shutoff`, `disk-snapshot` and others.
    pub state: String,
    /// When it was made, in seconds since 1970.
    pub created: Option<i64>,
    /// The snapshot that was current before.
    pub parent: Option<String>,
    /// Where the memory is: `internal`, `external` or `no`.
    pub memory: Option<String>,
    /// What became of each disk.
    pub disks: Vec<SnapshotDisk>,
    /// The domain as it was.
    pub domain: Option<Domain>,
}

/// What becomes of a disk in a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SnapshotDisk {
    /// Its target within the domain, such as `vda`.
    pub target: String,
    /// `internal`, `external` or `no`.
    pub mode: Option<String>,
}

impl Snapshot {
    /// Reads what `virDomainSnapshotGetXMLDesc` answers.
    ///
    /// # Errors
    /// `Decode` naming the element that is missing or not what it should be: a snapshot needs a name and a state.
    pub fn parse(xml: &str) -> Result<Self> {
        let element = Element::parse(xml)?;
        let at = At::root(&element, "domainsnapshot")?;
        let mut disks = Vec::new();
        if let Some(all) = at.child("disks") {
            for disk in all.children("disk") {
                let target = disk.need_attribute("name")?.to_owned();
                disks.push(SnapshotDisk { target, mode: disk.attribute("snapshot").map(str::to_owned) });
            }
        }
        // Old snapshots hold nothing but the UUID of their domain.
        let domain = element.child("domain").filter(|domain| domain.child("name").is_some());
        Ok(Self {
            name: at.need_text("name")?,
            description: at.text_of("description"),
            state: at.need_text("state")?.trim().to_owned(),
            created: at.child("creationTime").map(|time| time.number()).transpose()?,
            parent: at.child("parent").and_then(|parent| parent.text_of("name")),
            memory: at.attribute_of("memory", "snapshot"),
            disks,
            domain: domain.map(Domain::read).transpose()?,
        })
    }

    /// Whether reverting to it resumes the guest where it was, instead of leaving it off.
    #[must_use]
    pub fn has_memory(&self) -> bool {
        self.memory.as_deref().is_some_and(|mode| mode != "no")
    }
}

/// A snapshot that is to be. Without a word on its disks, all are taken, inside of their images.
///
/// ```
/// use libvirt_driver::xml::SnapshotXml;
/// let xml = SnapshotXml::new("before-upgrade").description("still <good>").without_disk("sda").to_xml()?;
/// assert!(xml.contains("<disk name=\"sda\" snapshot=\"no\"/>"));
/// # Ok::<(), proxmox_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotXml {
    name: String,
    description: String,
    memory: Option<bool>,
    disks: Vec<(String, &'static str)>,
}

impl SnapshotXml {
    /// With this name.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), description: String::new(), memory: None, disks: Vec::new() }
    }

    /// With this text for people.
    #[must_use]
    pub fn description(mut self, description: &str) -> Self {
        description.clone_into(&mut self.description);
        self
    }

    /// With the memory inside of the first image, or without it. The daemon's own choice is to take it if the domain runs.
    #[must_use]
    pub fn memory(mut self, take: bool) -> Self {
        self.memory = Some(take);
        self
    }

    /// With this disk, inside of its image.
    #[must_use]
    pub fn disk(mut self, target: &str) -> Self {
        self.disks.push((target.to_owned(), "internal"));
        self
    }

    /// Without this disk.
    #[must_use]
    pub fn without_disk(mut self, target: &str) -> Self {
        self.disks.push((target.to_owned(), "no"));
        self
    }

    /// The document for `virDomainSnapshotCreateXML`.
    ///
    /// # Errors
    /// `InvalidInput` for a name that libvirt refuses, text that it cannot keep, and a disk that is named twice.
    pub fn to_xml(&self) -> Result<String> {
        check::snapshot_name(&self.name)?;
        check::text("description", &self.description)?;
        let mut snapshot = Element::new("domainsnapshot").with(Element::new("name").with_text(&self.name));
        if !self.description.is_empty() {
            snapshot.push(Element::new("description").with_text(&self.description));
        }
        if let Some(take) = self.memory {
            let mode = if take { "internal" } else { "no" };
            snapshot.push(Element::new("memory").with_attribute("snapshot", mode));
        }
        let mut disks = Element::new("disks");
        for (n, (target, mode)) in self.disks.iter().enumerate() {
            check::word("disk", target)?;
            if self.disks[..n].iter().any(|(other, _)| other == target) {
                return Err(check::refused("disk", target, "it is there twice"));
            }
            disks.push(Element::new("disk").with_attribute("name", target).with_attribute("snapshot", *mode));
        }
        snapshot.with_all((!self.disks.is_empty()).then_some(disks)).to_xml()
    }
}
