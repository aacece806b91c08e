use proxmox_core::Result;

use super::super::at::At;
use super::super::kinds::{Bus, DiskDevice, Format};
use super::super::{Element, check};

/// Where the content of a disk is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DiskSource {
    /// A volume of a pool, which the daemon looks up when the domain starts.
    Volume {
        /// The pool's name.
        pool: String,
        /// The volume's name.
        volume: String,
    },
    /// A file of the host.
    File(String),
    /// A block device of the host.
    Block(String),
    /// Nowhere: a drive without a medium.
    Empty,
    /// Something else, such as `network`; the element tells.
    Other(Element),
}

impl DiskSource {
    /// The path on the host, where there is one.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        match self {
            Self::File(path) | Self::Block(path) => Some(path),
            _ => None,
        }
    }

    pub(super) fn read(disk: &At<'_>) -> Self {
        let Some(source) = disk.element().child("source") else {
            return Self::Empty;
        };
        // Some versions write an empty name for no medium.
        let of = |name: &str| source.attribute(name).filter(|value| !value.is_empty()).map(str::to_owned);
        match (of("file"), of("dev"), of("pool"), of("volume")) {
            (Some(file), ..) => Self::File(file),
            (_, Some(device), ..) => Self::Block(device),
            (_, _, Some(pool), Some(volume)) => Self::Volume { pool, volume },
            // A drive whose medium is out keeps an empty element at times.
            _ if source.attributes().all(|(name, value)| name == "index" || value.is_empty())
                && source.children().next().is_none() =>
            {
                Self::Empty
            }
            _ => Self::Other(source.clone()),
        }
    }

    /// The type that a disk with this source has, and the element that names the source.
    pub(super) fn write(&self) -> Result<(&'static str, Option<Element>)> {
        let source = Element::new("source");
        Ok(match self {
            Self::Volume { pool, volume } => {
                check::name("disk.pool", pool)?;
                check::name("disk.volume", volume)?;
                ("volume", Some(source.with_attribute("pool", pool).with_attribute("volume", volume)))
            }
            Self::File(path) => {
                check::path("disk.file", path)?;
                ("file", Some(source.with_attribute("file", path)))
            }
            Self::Block(path) => {
                check::path("disk.device", path)?;
                ("block", Some(source.with_attribute("dev", path)))
            }
            Self::Empty => ("file", None),
            Self::Other(element) => {
                let why = "only volumes, files and block devices are attached";
                return Err(check::refused("disk", &element.to_xml().unwrap_or_default(), why));
            }
        })
    }
}

/// A disk of a domain, as the daemon tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Disk {
    /// What it is to the guest.
    pub device: DiskDevice,
    /// Its name within the domain, such as `vda`; guests may use another.
    pub target: String,
    /// How it is attached.
    pub bus: Option<Bus>,
    /// Where its content is.
    pub source: DiskSource,
    /// The format of the image.
    pub format: Option<Format>,
    /// What the image is based on, nearest first. Only told of a running domain, and of one that was defined with it.
    pub backing: Vec<Backing>,
    /// Whether what the guest discards is given back to the host: `unmap` or `ignore`.
    pub discard: Option<String>,
    /// Whether the guest may only read it.
    pub read_only: bool,
    /// The serial number that the guest sees.
    pub serial: Option<String>,
}

/// An image below another.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Backing {
    /// Where it is.
    pub source: DiskSource,
    /// Its format.
    pub format: Option<Format>,
}

impl Disk {
    pub(super) fn read(at: &At<'_>) -> Result<Self> {
        let target = at.need("target")?;
        let driver = |name| at.attribute_of("driver", name);
        let mut backing = Vec::new();
        let mut below = at.element().child("backingStore");
        // The last one of the chain is empty.
        while let Some(element) = below.filter(|element| element.child("source").is_some()) {
            let store = At::root(element, "backingStore")?;
            let format = store.attribute_of("format", "type").map(|word| Format::from(word.as_str()));
            backing.push(Backing { source: DiskSource::read(&store), format });
            below = element.child("backingStore");
        }
        Ok(Self {
            device: at.attribute("device").unwrap_or("disk").into(),
            target: target.need_attribute("dev")?.to_owned(),
            bus: target.attribute("bus").map(Bus::from),
            source: DiskSource::read(at),
            format: driver("type").as_deref().map(Format::from),
            backing,
            discard: driver("discard"),
            read_only: at.element().child("readonly").is_some(),
            serial: at.text_of("serial"),
        })
    }
}

/// A disk that a domain is to have.
///
/// ```
/// use libvirt_driver::xml::{Bus, DiskXml, Format};
/// let root = DiskXml::volume("default", "web1.qcow2").format(Format::Qcow2).discard();
/// let seed = DiskXml::volume("default", "web1-seed.iso").cdrom();
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiskXml {
    source: DiskSource,
    pub(super) device: DiskDevice,
    pub(super) bus: Option<Bus>,
    format: Format,
    discard: bool,
    read_only: bool,
    pub(super) target: Option<String>,
    serial: Option<String>,
}

impl DiskXml {
    /// A disk with this content, raw and on the paravirtual bus unless told otherwise.
    #[must_use]
    pub fn new(source: DiskSource) -> Self {
        Self {
            source,
            device: DiskDevice::Disk,
            bus: None,
            format: Format::Raw,
            discard: false,
            read_only: false,
            target: None,
            serial: None,
        }
    }

    /// A volume of a pool.
    #[must_use]
    pub fn volume(pool: &str, volume: &str) -> Self {
        Self::new(DiskSource::Volume { pool: pool.to_owned(), volume: volume.to_owned() })
    }

    /// A file of the host.
    #[must_use]
    pub fn file(path: &str) -> Self {
        Self::new(DiskSource::File(path.to_owned()))
    }

    /// In this format. A wrong one lets the guest see the image's inside, or lets it name files of the host as backing file: it is
    /// never guessed.
    #[must_use]
    pub fn format(mut self, format: Format) -> Self {
        self.format = format;
        self
    }

    /// Attached like this: virtio for disks, and for drives what the machine has, unless told otherwise.
    #[must_use]
    pub fn bus(mut self, bus: Bus) -> Self {
        self.bus = Some(bus);
        self
    }

    /// Gives back to the host what the guest discards.
    #[must_use]
    pub fn discard(mut self) -> Self {
        self.discard = true;
        self
    }

    /// As a drive with this medium, which is only read.
    #[must_use]
    pub fn cdrom(mut self) -> Self {
        self.device = DiskDevice::Cdrom;
        self.read_only = true;
        self
    }

    /// Only to be read.
    #[must_use]
    pub fn read_only(mut self) -> Self {
        self.read_only = true;
        self
    }

    /// Under this name, such as `vdb`, instead of the next free one.
    #[must_use]
    pub fn target(mut self, target: &str) -> Self {
        self.target = Some(target.to_owned());
        self
    }

    /// With this serial number, under which guests list it in `/dev/disk/by-id`; 20 characters on virtio.
    #[must_use]
    pub fn serial(mut self, serial: &str) -> Self {
        self.serial = Some(serial.to_owned());
        self
    }

    pub(super) fn source(&self) -> &DiskSource {
        &self.source
    }

    /// Whether the guest may change its content.
    pub(super) fn is_written(&self) -> bool {
        !self.read_only && self.device == DiskDevice::Disk
    }

    pub(super) fn write(&self, bus: &Bus, target: &str) -> Result<Element> {
        check::one_of("disk.bus", bus.as_str(), &["virtio", "sata", "scsi", "ide", "usb"])?;
        check_target(bus, target)?;
        check::format("disk.format", &self.format)?;
        if let Some(serial) = &self.serial {
            check::word("disk.serial", serial)?;
        }
        if self.source == DiskSource::Empty && self.device != DiskDevice::Cdrom {
            return Err(check::refused("disk", target, "only a drive may be without content"));
        }
        if self.device == DiskDevice::Cdrom && *bus == Bus::Virtio {
            let why = "its media cannot be taken out; choose sata or scsi";
            return Err(check::refused("disk.bus", bus.as_str(), why));
        }
        if self.read_only && self.device == DiskDevice::Disk && matches!(bus, Bus::Sata | Bus::Ide) {
            return Err(check::refused(
                "disk.bus",
                bus.as_str(),
                "its disks cannot be read-only; its drives are",
            ));
        }
        let (kind, source) = self.source.write()?;
        let mut driver = Element::new("driver")
            .with_attribute("name", "qemu")
            .with_attribute("type", self.format.as_str());
        if self.discard {
            driver.set_attribute("discard", "unmap");
        }
        let of_target =
            Element::new("target").with_attribute("dev", target).with_attribute("bus", bus.as_str());
        Ok(Element::new("disk")
            .with_attribute("type", kind)
            .with_attribute("device", self.device.as_str())
            .with(driver)
            .with_all(source)
            .with(of_target)
            .with_all(self.read_only.then(|| Element::new("readonly")))
            .with_all(self.serial.as_ref().map(|serial| Element::new("serial").with_text(serial))))
    }
}

/// The name tells the daemon where on the bus a disk is, so two names must never mean one place.
fn check_target(bus: &Bus, target: &str) -> Result<()> {
    let places = target.strip_prefix(bus.prefix()).unwrap_or_default();
    let refused = |why: &str| Err(check::refused("disk.target", target, why));
    if !matches!(places.len(), 1 | 2) || !places.bytes().all(|b| b.is_ascii_lowercase()) {
        return refused(&format!("on {bus} expected {} and one or two small letters", bus.prefix()));
    }
    if *bus == Bus::Ide && !matches!(places, "a" | "b" | "c" | "d") {
        return refused("there is one IDE controller, with four places");
    }
    Ok(())
}

/// The targets of these disks: as told, and the next free name of the bus for the others.
pub(super) fn targets(disks: &[(DiskXml, Bus)]) -> Result<Vec<String>> {
    let mut taken: Vec<String> = Vec::new();
    for target in disks.iter().filter_map(|(disk, _)| disk.target.as_ref()) {
        if taken.contains(target) {
            return Err(check::refused("disk.target", target, "two disks have it"));
        }
        taken.push(target.clone());
    }
    let mut all = Vec::new();
    for (disk, bus) in disks {
        let target = match &disk.target {
            Some(target) => target.clone(),
            None => {
                let names = (0_usize..).map(|n| format!("{}{}", bus.prefix(), letters(n)));
                // There is one: the names do not end, and the disks do.
                let name = names.into_iter().find(|name| !taken.contains(name)).unwrap_or_default();
                taken.push(name.clone());
                name
            }
        };
        all.push(target);
    }
    Ok(all)
}

/// `a` to `z`, then `aa` and so on.
fn letters(mut n: usize) -> String {
    let mut text = String::new();
    loop {
        text.insert(0, char::from(b'a' + u8::try_from(n % 26).unwrap_or_default()));
        if n < 26 {
            return text;
        }
        n = n / 26 - 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_disks() {
        assert_eq!([0, 25, 26, 51, 52, 701, 702].map(letters), ["a", "z", "aa", "az", "ba", "zz", "aaa"]);
        let disk = || DiskXml::file("/x");
        let disks = [
            (disk(), Bus::Virtio),
            (disk().target("vda"), Bus::Virtio),
            (disk(), Bus::Sata),
            (disk(), Bus::Scsi),
            (disk(), Bus::Ide),
        ];
        assert_eq!(targets(&disks).unwrap(), ["vdb", "vda", "sda", "sdb", "hda"]);
        let twice = [(disk().target("x"), Bus::Sata), (disk().target("x"), Bus::Virtio)];
        assert!(targets(&twice).unwrap_err().to_string().contains("two disks"));
    }

    #[test]
    fn what_cannot_be_attached() {
        let write = |disk: DiskXml| disk.write(&Bus::Virtio, "vda").map(|e| e.to_xml().unwrap());
        for bad in [
            DiskXml::file("relative"),
            DiskXml::file("/a\nb"),
            DiskXml::volume("", "x"),
            DiskXml::volume("p", "../x"),
            DiskXml::new(DiskSource::Empty),
            DiskXml::new(DiskSource::Other(Element::new("source"))),
            DiskXml::file("/x").format(Format::Other("a b".into())),
            DiskXml::file("/x").serial("a b"),
        ] {
            assert!(write(bad.clone()).is_err(), "{bad:?}");
        }
        assert!(DiskXml::file("/x").read_only().write(&Bus::Sata, "sda").is_err());
        assert!(DiskXml::file("/x").cdrom().write(&Bus::Sata, "sda").is_ok());
        let text = write(DiskXml::volume("p", "<&'\">").discard().serial("s1")).unwrap();
        assert!(text.contains("volume=\"&lt;&amp;&apos;&quot;&gt;\""), "{text}");
        assert!(text.contains("discard=\"unmap\"") && text.contains("<serial>s1</serial>"), "{text}");
    }
}
