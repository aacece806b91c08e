use proxmox_core::{Error, Outcome, Result, Size};

use super::super::at::At;
use super::super::{Element, check, units};
use super::DiskSource;

/// A change of a domain's document that leaves alone what it is not about, known or not.
///
/// ```
/// use libvirt_driver::xml::{DiskSource, DomainEdit};
/// use proxmox_core::Size;
/// # let answer = "<domain type='qemu'><name>a</name><memory unit='KiB'>196608</memory><vcpu>1</vcpu><unheard-of/></domain>";
/// let changed = DomainEdit::parse(answer)?.memory(Size::mib(512))?.to_xml()?;
/// assert!(changed.contains("524288</memory>") && changed.contains("<unheard-of/>"));
/// # Ok::<(), proxmox_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DomainEdit(Element);

impl DomainEdit {
    /// Begins with the document of a domain: its inactive one, if the change is to last.
    ///
    /// # Errors
    /// `Decode` unless it is a domain.
    pub fn parse(xml: &str) -> Result<Self> {
        let element = Element::parse(xml)?;
        At::root(&element, "domain")?;
        Ok(Self(element))
    }

    /// Sets the title; an empty one takes it away.
    ///
    /// # Errors
    /// `InvalidInput` for several lines.
    pub fn title(self, title: &str) -> Result<Self> {
        if !title.is_empty() {
            check::line("title", title)?;
        }
        Ok(self.text("title", title))
    }

    /// Sets the description; an empty one takes it away.
    ///
    /// # Errors
    /// `InvalidInput` for characters that libvirt cannot keep.
    pub fn description(self, description: &str) -> Result<Self> {
        check::text("description", description)?;
        Ok(self.text("description", description))
    }

    fn text(mut self, name: &str, text: &str) -> Self {
        if text.is_empty() {
            self.0.remove_children(|child| child.name() == name);
        } else {
            self.0.edit(name, |element| element.set_text(text));
        }
        self
    }

    /// Sets the memory, now and at most. Where the memory is divided among cells or slots, this does not fit.
    ///
    /// # Errors
    /// `InvalidInput` for less than 1 MiB and for parts of a KiB; `Unsupported` with cells or slots.
    pub fn memory(mut self, size: Size) -> Result<Self> {
        check::memory("memory", size)?;
        let cells = self.0.child("cpu").is_some_and(|cpu| cpu.child("numa").is_some());
        if cells || self.0.child("maxMemory").is_some() {
            let why = "memory: the domain's memory is divided into cells or slots";
            return Err(Error::new(proxmox_core::ErrorKind::Unsupported, Outcome::NotSent, why));
        }
        for name in ["memory", "currentMemory"] {
            self.0.edit(name, |element| *element = units::kib(name, size));
        }
        Ok(self)
    }

    /// Sets how many processors there are, and how many there may be.
    ///
    /// # Errors
    /// `InvalidInput` unless there is one or more, and no more than the maximum.
    pub fn vcpus(mut self, now: u32, most: u32) -> Result<Self> {
        check::vcpus(now, most)?;
        self.0.edit("vcpu", |vcpu| {
            vcpu.set_text(most.to_string());
            vcpu.remove_attribute("current");
            if now != most {
                vcpu.set_attribute("current", now.to_string());
            }
        });
        Ok(self)
    }

    /// Puts another medium into a drive, or none. The document of that drive alone, which `virDomainUpdateDeviceFlags` takes, is
    /// [`disk`](Self::disk).
    ///
    /// # Errors
    /// `NotFound` if the domain has no such disk, `InvalidInput` if it is not a drive or the medium cannot be named.
    pub fn medium(mut self, target: &str, medium: &DiskSource) -> Result<Self> {
        let (kind, source) = medium.write()?;
        let drive = self.disks_mut().find(|disk| is_target(disk, target)).ok_or_else(|| no_disk(target))?;
        if drive.attribute("device") != Some("cdrom") {
            return Err(check::refused("target", target, "it is not a drive"));
        }
        drive.set_attribute("type", kind);
        // What the old medium was based on says nothing of the new one.
        drive.remove_children(|child| matches!(child.name(), "source" | "backingStore"));
        drive.nodes.extend(source.map(super::super::Node::Element));
        Ok(self)
    }

    /// Takes a disk away.
    ///
    /// # Errors
    /// `NotFound` if the domain has no such disk.
    pub fn without_disk(mut self, target: &str) -> Result<Self> {
        let devices = self.0.child_mut("devices");
        let gone =
            devices.map(|all| all.remove_children(|disk| disk.name() == "disk" && is_target(disk, target)));
        if gone.unwrap_or_default() == 0 { Err(no_disk(target)) } else { Ok(self) }
    }

    /// The element of one disk.
    ///
    /// # Errors
    /// `NotFound` if the domain has no such disk.
    pub fn disk(&self, target: &str) -> Result<&Element> {
        let mut disks = self.0.child("devices").into_iter().flat_map(Element::children);
        disks.find(|disk| disk.name() == "disk" && is_target(disk, target)).ok_or_else(|| no_disk(target))
    }

    fn disks_mut(&mut self) -> impl Iterator<Item = &mut Element> {
        let devices = self.0.child_mut("devices").into_iter().flat_map(Element::children_mut);
        devices.filter(|device| device.name() == "disk")
    }

    /// The whole document, for changes that have no name here.
    pub fn element(&mut self) -> &mut Element {
        &mut self.0
    }

    /// The changed document.
    ///
    /// # Errors
    /// `InvalidInput` for what XML cannot carry.
    pub fn to_xml(&self) -> Result<String> {
        self.0.to_xml()
    }
}

fn is_target(disk: &Element, target: &str) -> bool {
    disk.child("target").and_then(|element| element.attribute("dev")) == Some(target)
}

fn no_disk(target: &str) -> Error {
    let message = format!("the domain has no disk {target:?}");
    Error::new(proxmox_core::ErrorKind::NotFound, Outcome::NotSent, message)
}
