use super::propstr::Parts;
use super::view::{bad, property_view, read};
use super::{PropertyString, Size};
use crate::{Result, StorageId, VolId};

/// A drive of a guest: `scsiN`, `virtioN`, `sataN`, `ideN`, `efidisk0`, `tpmstate0`, `unusedN`; of a container
/// `rootfs` and `mpN`.
///
/// ```
/// use proxmox_core::{Size, StorageId, config::Disk};
/// let disk = Disk::parse("local-lvm:vm-100-disk-0,discard=on,size=32G,ssd=1")?;
/// assert_eq!(disk.volid().unwrap().volume(), "vm-100-disk-0");
/// assert_eq!((disk.size(), disk.discard(), disk.ssd()), (Some(Size::gib(32)), true, true));
/// assert_eq!(disk.with_ssd(false).to_string(), "local-lvm:vm-100-disk-0,discard=on,size=32G,ssd=0");
///
/// let new = Disk::new_volume(&StorageId::parse("local-lvm")?, Size::gib(32)).with_discard(true);
/// assert_eq!(new.to_string(), "local-lvm:32,discard=on");
/// # Ok::<(), proxmox_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Disk(PropertyString);

property_view!(Disk);

/// What a drive holds.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DiskSource {
    /// A volume that exists: a disk, an ISO image, a cloud-init drive.
    Volume(VolId),
    /// The order to make a volume, `STORAGE:GIB`. PVE replaces it by the volume.
    New {
        /// Where.
        storage: StorageId,
        /// How large; with `import-from` PVE takes the image's size instead.
        size: Size,
    },
    /// The order to make a cloud-init drive, `STORAGE:cloudinit`.
    NewCloudInit {
        /// Where.
        storage: StorageId,
    },
    /// A CD-ROM drive without a disc, `none`.
    Empty,
    /// The node's own CD-ROM drive, `cdrom`.
    HostCdrom,
    /// A device or directory of the node.
    Path(String),
}

/// The volume: without a key, or under one of its two names.
fn file(properties: &PropertyString) -> Option<&str> {
    properties.default_value().or_else(|| properties.get("file")).or_else(|| properties.get("volume"))
}

fn source(text: &str) -> Result<DiskSource> {
    match text {
        "none" => return Ok(DiskSource::Empty),
        "cdrom" => return Ok(DiskSource::HostCdrom),
        path if path.starts_with('/') => return Ok(DiskSource::Path(path.to_owned())),
        _ => {}
    }
    let volid = VolId::parse(text)?;
    let number = volid.volume().bytes().all(|b| b.is_ascii_digit() || b == b'.');
    match volid.volume() {
        "cloudinit" => Ok(DiskSource::NewCloudInit { storage: volid.storage() }),
        gib if number => Ok(DiskSource::New { storage: volid.storage(), size: format!("{gib}G").parse()? }),
        _ => Ok(DiskSource::Volume(volid)),
    }
}

impl Disk {
    fn check(properties: &PropertyString) -> Result<()> {
        let file = file(properties).ok_or_else(|| bad("disk", properties, "it names no volume"))?;
        source(file).map_err(|e| bad("disk", properties, e.message()))?;
        read::<Size>("disk", properties, "size")?;
        Ok(())
    }

    /// A drive that holds a volume that exists.
    #[must_use]
    pub fn volume(volid: &VolId) -> Self {
        Self::holding(volid.as_str())
    }

    /// The order to make an empty volume; PVE allocates full KiB.
    #[must_use]
    pub fn new_volume(storage: &StorageId, size: Size) -> Self {
        const KIB_PER_GIB: u64 = 1 << 20;
        let kib = size.bytes().div_ceil(1024);
        let whole = kib / KIB_PER_GIB;
        // 20 binary places are at most 20 decimal ones: exact.
        let places = u128::from(kib % KIB_PER_GIB) * 10_u128.pow(20) / u128::from(KIB_PER_GIB);
        let places = format!("{places:020}");
        let places = places.trim_end_matches('0');
        let dot = if places.is_empty() { "" } else { "." };
        Self(format!("{storage}:{whole}{dot}{places}").into())
    }

    /// The order to make a volume with what an image holds (`import-from`): a volume of content type `import` or
    /// `images`. The new volume is as large as the image; resize it afterwards.
    ///
    /// # Errors
    /// `InvalidInput` when the image's name cannot stand in a property string.
    pub fn import(storage: &StorageId, image: &VolId) -> Result<Self> {
        Self(format!("{storage}:0").into()).with("import-from", image)
    }

    /// The order to make a cloud-init drive.
    #[must_use]
    pub fn cloudinit(storage: &StorageId) -> Self {
        Self(format!("{storage}:cloudinit").into())
    }

    /// A CD-ROM drive with an ISO image in it.
    #[must_use]
    pub fn iso(image: &VolId) -> Self {
        let mut disk = Self::holding(image.as_str());
        disk.0.put("media", "cdrom");
        disk
    }

    /// A CD-ROM drive without a disc.
    #[must_use]
    pub fn empty_cdrom() -> Self {
        Self("none,media=cdrom".into())
    }

    /// A name with `=` can only be told from a pair when its key is given.
    fn holding(name: &str) -> Self {
        Self(if name.contains('=') { format!("file={name}") } else { name.to_owned() }.into())
    }

    /// What it holds.
    #[must_use]
    pub fn source(&self) -> DiskSource {
        file(&self.0).and_then(|file| source(file).ok()).unwrap_or(DiskSource::Empty)
    }

    /// The volume, if there is one already.
    #[must_use]
    pub fn volid(&self) -> Option<VolId> {
        match self.source() {
            DiskSource::Volume(volid) => Some(volid),
            _ => None,
        }
    }

    /// The size that the configuration states, or that is asked for. What the volume really has, its storage knows.
    #[must_use]
    pub fn size(&self) -> Option<Size> {
        match self.source() {
            DiskSource::New { size, .. } => Some(size),
            _ => self.0.get("size")?.parse().ok(),
        }
    }

    /// Whether the guest sees a CD-ROM drive. The cloud-init drive is one.
    #[must_use]
    pub fn is_cdrom(&self) -> bool {
        self.0.get("media") == Some("cdrom")
            || matches!(
                self.source(),
                DiskSource::Empty | DiskSource::HostCdrom | DiskSource::NewCloudInit { .. }
            )
    }

    /// Whether it is the cloud-init drive, or the order to make one.
    #[must_use]
    pub fn is_cloudinit(&self) -> bool {
        let volid = match self.source() {
            DiskSource::NewCloudInit { .. } => return true,
            DiskSource::Volume(volid) => volid,
            _ => return false,
        };
        let name = volid.volume().rsplit('/').next().unwrap_or_default();
        let name = name.split_once('.').map_or(name, |(stem, _)| stem);
        let owner = name.strip_prefix("vm-").and_then(|rest| rest.strip_suffix("-cloudinit"));
        name == "cloudinit"
            || owner.is_some_and(|id| !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit()))
    }

    /// Whether it orders PVE to make a volume.
    #[must_use]
    pub fn is_new(&self) -> bool {
        matches!(self.source(), DiskSource::New { .. } | DiskSource::NewCloudInit { .. })
    }

    /// `none`, `writethrough`, `writeback`, `unsafe`, `directsync`; `None` is PVE's default, no cache.
    #[must_use]
    pub fn cache(&self) -> Option<&str> {
        self.0.get("cache")
    }

    /// The image format, where the text states it: `raw`, `qcow2`, `vmdk`.
    #[must_use]
    pub fn format(&self) -> Option<&str> {
        self.0.get("format")
    }

    /// Whether freed blocks go back to the storage.
    #[must_use]
    pub fn discard(&self) -> bool {
        self.0.get("discard") == Some("on")
    }

    /// Whether the guest is told that it is an SSD.
    #[must_use]
    pub fn ssd(&self) -> bool {
        self.0.flag("ssd").unwrap_or(false)
    }

    /// Whether it has an I/O thread of its own.
    #[must_use]
    pub fn iothread(&self) -> bool {
        self.0.flag("iothread").unwrap_or(false)
    }

    /// Whether backups include it; `None` is PVE's default: yes for a VM's disk, no for a container's mount point.
    #[must_use]
    pub fn backup(&self) -> Option<bool> {
        self.0.flag("backup")
    }

    /// Returns freed blocks to the storage, or not.
    #[must_use]
    pub fn with_discard(mut self, on: bool) -> Self {
        self.0.put("discard", if on { "on" } else { "ignore" });
        self
    }

    /// Presents it as an SSD, or not.
    #[must_use]
    pub fn with_ssd(mut self, on: bool) -> Self {
        self.0.put("ssd", u8::from(on));
        self
    }

    /// Gives it an I/O thread of its own, or not. Needs `virtio-scsi-single` on SCSI.
    #[must_use]
    pub fn with_iothread(mut self, on: bool) -> Self {
        self.0.put("iothread", u8::from(on));
        self
    }

    /// Includes it in backups, or not.
    #[must_use]
    pub fn with_backup(mut self, on: bool) -> Self {
        self.0.put("backup", u8::from(on));
        self
    }

    /// Sets the cache mode.
    ///
    /// # Errors
    /// `InvalidInput` for what cannot stand in a property string; the modes are PVE's to know.
    pub fn with_cache(self, mode: &str) -> Result<Self> {
        self.with("cache", mode)
    }

    /// Volume first, then the other parts sorted: what two texts of one meaning share.
    pub(super) fn meaning(&self) -> (Option<&str>, Parts<'_>) {
        let mut rest = self.0.sorted();
        rest.retain(|(key, _)| key.is_some_and(|key| key != "file" && key != "volume"));
        (file(&self.0), rest)
    }

    /// This drive's options on that drive's volume. Size and format are the volume's; `import-from` is spent.
    pub(super) fn on_volume_of(&self, other: &Self) -> Self {
        let (held, theirs) = other.meaning();
        let own = self.meaning().1;
        let of_volume = |key: &str| matches!(key, "size" | "format" | "import-from");
        let mut text = held.unwrap_or("none").to_owned();
        if text.contains('=') {
            text.insert_str(0, "file=");
        }
        let kept = own.iter().filter(|(key, _)| key.is_some_and(|key| !of_volume(key)));
        let fixed = theirs.iter().filter(|(key, _)| {
            // PVE marks every cloud-init drive as a CD-ROM by itself.
            let marked = *key == Some("media") && other.is_cloudinit() && self.0.get("media").is_none();
            marked || key.is_some_and(of_volume)
        });
        for (key, value) in kept.chain(fixed) {
            text.push_str(&format!(",{}={value}", key.unwrap_or_default()));
        }
        Self(text.into())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_pve_stores() {
        for (text, volid, size, cdrom, cloudinit) in [
            (
                "lab:101/vm-101-disk-0.qcow2,discard=on,iothread=1,size=1G,ssd=1",
                Some("lab:101/vm-101-disk-0.qcow2"),
                Some(Size::gib(1)),
                false,
                false,
            ),
            (
                "lab2:101/vm-101-disk-0.raw,size=1G",
                Some("lab2:101/vm-101-disk-0.raw"),
                Some(Size::gib(1)),
                false,
                false,
            ),
            (
                "lab:101/vm-101-cloudinit.qcow2,media=cdrom",
                Some("lab:101/vm-101-cloudinit.qcow2"),
                None,
                true,
                true,
            ),
            (
                "local-lvm:vm-100-cloudinit,media=cdrom,size=4M",
                Some("local-lvm:vm-100-cloudinit"),
                Some(Size::mib(4)),
                true,
                true,
            ),
            (
                "local:iso/debian-12.iso,media=cdrom,size=631M",
                Some("local:iso/debian-12.iso"),
                Some(Size::mib(631)),
                true,
                false,
            ),
            ("none,media=cdrom", None, None, true, false),
            (
                "lab:120/base-120-disk-0.qcow2/161/vm-161-disk-0.qcow2",
                Some("lab:120/base-120-disk-0.qcow2/161/vm-161-disk-0.qcow2"),
                None,
                false,
                false,
            ),
            (
                "lab:100/vm-100-disk-0.qcow2,size=2052M",
                Some("lab:100/vm-100-disk-0.qcow2"),
                Some(Size::mib(2052)),
                false,
                false,
            ),
            (
                "lab:201/vm-201-disk-1.raw,mp=/data,size=1G",
                Some("lab:201/vm-201-disk-1.raw"),
                Some(Size::gib(1)),
                false,
                false,
            ),
            (
                "local-lvm:vm-1-not-cloudinit,size=1G",
                Some("local-lvm:vm-1-not-cloudinit"),
                Some(Size::gib(1)),
                false,
                false,
            ),
            ("media=cdrom,file=local:iso/a.iso", Some("local:iso/a.iso"), None, true, false),
            ("/dev/disk/by-id/x,cache=none", None, None, false, false),
        ] {
            let disk = Disk::parse(text).unwrap();
            assert_eq!(disk.volid().map(|v| v.to_string()).as_deref(), volid, "{text}");
            assert_eq!(
                (disk.size(), disk.is_cdrom(), disk.is_cloudinit()),
                (size, cdrom, cloudinit),
                "{text}"
            );
            assert_eq!((disk.to_string().as_str(), disk.is_new()), (text, false));
        }
        let disk = Disk::parse("lab:x,discard=on,iothread=1,backup=0,cache=writeback,format=raw").unwrap();
        assert_eq!(
            (disk.discard(), disk.iothread(), disk.ssd(), disk.backup()),
            (true, true, false, Some(false))
        );
        assert_eq!((disk.cache(), disk.format()), (Some("writeback"), Some("raw")));
    }

    #[test]
    fn orders() {
        let local = StorageId::parse("local-lvm").unwrap();
        let image = VolId::parse("local:import/debian.qcow2").unwrap();
        for (disk, text) in [
            (Disk::new_volume(&local, Size::gib(32)), "local-lvm:32"),
            (Disk::new_volume(&local, Size::mib(10_752)), "local-lvm:10.5"),
            (Disk::new_volume(&local, Size::mib(4)), "local-lvm:0.00390625"),
            (Disk::import(&local, &image).unwrap(), "local-lvm:0,import-from=local:import/debian.qcow2"),
            (Disk::cloudinit(&local), "local-lvm:cloudinit"),
        ] {
            assert_eq!(disk.to_string(), text);
            assert!(disk.is_new() && disk.volid().is_none());
            assert_eq!(Disk::parse(text).unwrap(), disk);
        }
        assert!(Disk::cloudinit(&local).is_cloudinit() && Disk::cloudinit(&local).is_cdrom());
        assert_eq!(Disk::iso(&image).to_string(), "local:import/debian.qcow2,media=cdrom");
        let odd = VolId::parse("local:iso/a=b.iso").unwrap();
        assert_eq!(Disk::iso(&odd).volid(), Some(odd.clone()));
        assert_eq!(Disk::volume(&odd).to_string(), "file=local:iso/a=b.iso");
        assert_eq!(Disk::empty_cdrom().source(), DiskSource::Empty);
        let options =
            Disk::cloudinit(&local).with_backup(false).with_iothread(true).with_cache("none").unwrap();
        assert_eq!(options.to_string(), "local-lvm:cloudinit,backup=0,iothread=1,cache=none");
    }

    #[test]
    fn malformed() {
        for bad in [
            "",
            "size=32G",
            "local-lvm",
            "local:../x",
            "local-lvm:vm-1-disk-0,size=big",
            "local:1.2.3",
            "a b:1",
        ] {
            let error = Disk::parse(bad).unwrap_err();
            assert!(error.to_string().contains(&format!("{bad:?}")), "{error}");
        }
    }

    proptest! {
        #[test]
        fn keeps_every_text_and_never_panics(
            text in prop_oneof![any::<String>(), "(file=|volume=)?(none|cdrom|[a-z]{2}:[0-9a-z./]{0,9})(,(size|media|file)=[0-9a-zG.]{0,5}){0,3}"],
        ) {
            if let Ok(disk) = Disk::parse(&text) {
                prop_assert_eq!(disk.to_string(), text);
                let _ = (disk.source(), disk.size(), disk.is_cdrom(), disk.is_cloudinit());
                let changed = disk.clone().with_ssd(true);
                prop_assert_eq!((changed.source(), changed.ssd()), (disk.source(), true));
                prop_assert_eq!(disk.on_volume_of(&disk).source(), disk.source());
            }
        }

        #[test]
        fn an_order_states_its_size_exactly(bytes in 0..1_u64 << 60) {
            let disk = Disk::new_volume(&StorageId::parse("local").unwrap(), Size::from_bytes(bytes));
            prop_assert_eq!(disk.size(), Some(Size::from_bytes(bytes.next_multiple_of(1024))));
        }
    }
}
