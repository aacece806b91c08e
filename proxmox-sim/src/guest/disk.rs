//! Disks: property strings, sizes, allocation.

use crate::answer::{Refusal, bad_param, failed};
use crate::guest::{Guest, GuestKind};
use crate::lxc;
use crate::state::State;
use crate::storage::{Image, Storage, storage_of};

/// A disk's property string, taken apart.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Drive {
    /// A volume id, `none`, `cdrom`, a path, or what asks for a new volume: `local-lvm:8`.
    pub(crate) file: String,
    /// Everything else.
    pub(crate) options: Vec<(String, String)>,
}

impl Drive {
    pub(crate) fn parse(text: &str) -> Self {
        let mut drive = Self { file: String::new(), options: Vec::new() };
        for part in text.split(',').map(str::trim).filter(|p| !p.is_empty()) {
            match part.split_once('=') {
                None | Some(("file" | "volume", _)) => {
                    part.split_once('=').map_or(part, |(_, file)| file).clone_into(&mut drive.file);
                }
                Some((key, value)) => drive.options.push((key.to_owned(), value.to_owned())),
            }
        }
        drive
    }

    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.options.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str())
    }

    pub(crate) fn set(&mut self, key: &str, value: impl Into<String>) {
        self.options.retain(|(k, _)| k != key);
        self.options.push((key.to_owned(), value.into()));
    }

    /// As PVE writes it: the volume, then the options by name.
    pub(crate) fn print(&self) -> String {
        let mut options = self.options.clone();
        options.sort();
        let mut text = self.file.clone();
        for (key, value) in options {
            text.push_str(&format!(",{key}={value}"));
        }
        text
    }

    pub(crate) fn is_cdrom(&self) -> bool {
        self.get("media") == Some("cdrom")
    }

    pub(crate) fn is_cloudinit(&self) -> bool {
        let file = self.file.rsplit([':', '/']).next().unwrap_or_default();
        file == "cloudinit"
            || (file.starts_with("vm-") && file.split('.').next().is_some_and(|s| s.ends_with("-cloudinit")))
    }

    /// Whether it has a volume of its own: no inserted image, no empty drive, no path.
    pub(crate) fn owns_volume(&self) -> bool {
        self.file.contains(':') && (!self.is_cdrom() || self.is_cloudinit())
    }

    /// Bytes, by its `size`.
    pub(crate) fn size(&self) -> u64 {
        self.get("size").and_then(parse_size).unwrap_or(0)
    }

    /// The volume it asks for: storage and bytes.
    pub(crate) fn asks_for(&self) -> Option<(&str, Ask)> {
        let (storage, rest) = self.file.split_once(':')?;
        if rest == "cloudinit" {
            return Some((storage, Ask::CloudInit));
        }
        let gib: f64 = rest.parse().ok().filter(|n: &f64| n.is_finite() && *n >= 0.0)?;
        let digits = rest.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a size in bytes")]
        digits.then_some((storage, Ask::Bytes((gib * f64::from(1 << 30)) as u64)))
    }
}

/// Bytes of a cloud-init drive.
const CLOUDINIT: u64 = 4 << 20;

pub(crate) enum Ask {
    Bytes(u64),
    CloudInit,
}

/// Whether a key of the configuration is a disk.
pub(crate) fn is_disk_key(kind: GuestKind, key: &str) -> bool {
    let family = key.trim_end_matches(|c: char| c.is_ascii_digit());
    match kind {
        GuestKind::Qemu => {
            key.len() > family.len()
                && matches!(family, "ide" | "sata" | "scsi" | "virtio" | "efidisk" | "tpmstate")
        }
        GuestKind::Lxc => key == "rootfs" || (key.len() > family.len() && family == "mp"),
    }
}

/// The disks of a guest in PVE's order.
pub(crate) fn disks(guest: &Guest) -> Vec<(String, Drive)> {
    let mut disks: Vec<_> = guest.config.iter().filter(|(key, _)| is_disk_key(guest.kind, key)).collect();
    disks.sort_by_key(|(key, _)| place(key));
    disks.into_iter().map(|(key, value)| (key.clone(), Drive::parse(value))).collect()
}

/// Where a key stands among the disks.
fn place(key: &str) -> (usize, u32) {
    let family = key.trim_end_matches(|c: char| c.is_ascii_digit());
    let order = ["ide", "scsi", "virtio", "sata", "efidisk", "tpmstate", "rootfs", "mp"];
    let rank = order.iter().position(|f| *f == family).unwrap_or(order.len());
    (rank, key[family.len()..].parse().unwrap_or(0))
}

/// `2G` as bytes.
pub(crate) fn parse_size(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let shift = match text.get(digits.len()..)? {
        "" => 0,
        "K" => 10,
        "M" => 20,
        "G" => 30,
        "T" => 40,
        _ => return None,
    };
    let number: f64 = digits.parse().ok()?;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a size in bytes")]
    Some((number * (1_u64 << shift) as f64) as u64)
}

/// Bytes with the largest unit that leaves no fraction.
pub(crate) fn print_size(bytes: u64) -> String {
    let units = [(40, "T"), (30, "G"), (20, "M"), (10, "K")];
    let unit = units.iter().find(|(shift, _)| bytes > 0 && bytes.is_multiple_of(1_u64 << shift));
    unit.map_or_else(|| bytes.to_string(), |(shift, name)| format!("{}{name}", bytes >> shift))
}

/// Whether the disks of a request can be had, before anything is done.
pub(crate) fn check(ctx: &crate::ctx::Ctx<'_>, node: &str, value: &str) -> Result<(), Refusal> {
    let drive = Drive::parse(value);
    if !drive.file.contains(':') {
        return Ok(());
    }
    let id = storage_of(&drive.file);
    match drive.asks_for() {
        Some(_) => {
            let storage = ctx.state.usable(id, node)?;
            ctx.require(&format!("/storage/{id}"), &["Datastore.AllocateSpace"])?;
            if !storage.content.contains("images") {
                return bad_param("storage", format!("storage '{id}' does not support vm images"));
            }
            match drive.get("import-from") {
                Some(source) if ctx.state.volume(source, node).is_none() => {
                    failed(format!("volume '{source}' does not exist"))
                }
                _ => Ok(()),
            }
        }
        None => {
            ctx.state.usable(id, node)?;
            match ctx.state.volume(&drive.file, node) {
                Some(_) => Ok(()),
                None => failed(format!("volume '{}' does not exist", drive.file)),
            }
        }
    }
}

/// Makes the volume that a value asks for. The finished value, and the lines of the log.
pub(crate) fn allocate(
    state: &mut State,
    vmid: u32,
    node: &str,
    key: &str,
    value: &str,
    now: f64,
) -> Result<(String, Vec<String>), String> {
    let mut drive = Drive::parse(value);
    let Some((storage, ask)) = drive.asks_for() else {
        if let Some(volume) = state.volume(&drive.file, node) {
            let size = print_size(volume.size);
            drive.set("size", size);
        }
        return Ok((drive.print(), Vec::new()));
    };
    let Some(storage) = state.storages.get(storage) else {
        return Err(format!("storage '{storage}' does not exist"));
    };
    let kind = state.guests.get(&vmid).map_or(GuestKind::Qemu, |guest| guest.kind);
    let default = if drive.get("import-from").is_some() && storage.has_files() { "qcow2" } else { "raw" };
    let format = drive.get("format").unwrap_or(default).to_owned();
    let source = drive.get("import-from").and_then(|source| state.volume(source, node));
    let (volid, size) = match ask {
        Ask::CloudInit => {
            let format = if storage.has_files() { "qcow2" } else { "raw" };
            (storage.volid(vmid, &format!("vm-{vmid}-cloudinit"), format), CLOUDINIT)
        }
        Ask::Bytes(size) if kind == GuestKind::Lxc => {
            (storage.free_volid(vmid, container_format(storage, size)), size)
        }
        Ask::Bytes(size) => (storage.free_volid(vmid, &format), source.map_or(size, |source| source.size)),
    };
    let size = if key.starts_with("efidisk") { 528 << 10 } else { size };
    storage.fits(node, size)?;
    let cloudinit = matches!(ask, Ask::CloudInit);
    let image = Image { volid: &volid, node, content: content(kind), vmid, size, parent: None, now };
    state.add_image(image);
    drive.options.retain(|(k, _)| k != "format" && k != "import-from");
    drive.file.clone_from(&volid);
    if cloudinit {
        drive.set("media", "cdrom");
    } else {
        drive.set("size", print_size(size));
    }
    let value = drive.print();
    let lines = match kind {
        GuestKind::Qemu => vec![format!("{key}: successfully created disk '{value}'")],
        GuestKind::Lxc => lxc::mount::made(state, &volid, size),
    };
    Ok((value, lines))
}

/// What storages call the disks of a guest.
pub(crate) const fn content(kind: GuestKind) -> &'static str {
    match kind {
        GuestKind::Qemu => "images",
        GuestKind::Lxc => "rootdir",
    }
}

/// The form of a container's volume: a directory where the storage has such, and where no size is asked for.
pub(crate) fn container_format(storage: &Storage, size: u64) -> &'static str {
    let subvol = storage.kind == "zfspool" || (storage.has_files() && size == 0);
    if subvol { "subvol" } else { "raw" }
}

/// The value of a disk that was there before the simulation began. Without a size it is a cloud-init drive.
pub(crate) fn built(state: &mut State, guest: &Guest, storage: &str, size: Option<u64>, now: f64) -> String {
    let (vmid, node) = (guest.vmid, guest.node.as_str());
    let content = content(guest.kind);
    let Some(store) = state.storages.get(storage) else {
        return String::new();
    };
    let format = match guest.kind {
        GuestKind::Qemu if store.has_files() => "qcow2",
        GuestKind::Qemu => "raw",
        GuestKind::Lxc => container_format(store, size.unwrap_or_default()),
    };
    let mut volid = match size {
        Some(_) => store.free_volid(vmid, format),
        None => store.volid(vmid, &format!("vm-{vmid}-cloudinit"), format),
    };
    if guest.is_template() && size.is_some() {
        volid = crate::guest::volumes::base_name(&volid, vmid);
    }
    let bytes = size.unwrap_or(CLOUDINIT);
    state.add_image(Image { volid: &volid, node, content, vmid, size: bytes, parent: None, now });
    size.map_or_else(|| format!("{volid},media=cdrom"), |size| format!("{volid},size={}", print_size(size)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_both_ways() {
        for (text, bytes) in
            [("2G", 2 << 30), ("512M", 512 << 20), ("2560M", 2560 << 20), ("1T", 1 << 40), ("7", 7)]
        {
            assert_eq!(parse_size(text), Some(bytes));
            assert_eq!(print_size(bytes), text);
        }
        assert_eq!(parse_size("1.5G"), Some(3 << 29));
        assert_eq!(parse_size("x"), None);
    }

    #[test]
    fn drives_are_printed_with_sorted_options() {
        let drive = Drive::parse("lab:101/vm-101-disk-0.qcow2,ssd=1,discard=on,size=1G");
        assert_eq!(drive.print(), "lab:101/vm-101-disk-0.qcow2,discard=on,size=1G,ssd=1");
        assert_eq!(drive.size(), 1 << 30);
        assert!(drive.owns_volume());
        assert!(!Drive::parse("local:iso/x.iso,media=cdrom").owns_volume());
        assert!(Drive::parse("lab:101/vm-101-cloudinit.qcow2,media=cdrom").is_cloudinit());
        assert!(Drive::parse("file=local-lvm:cloudinit").is_cloudinit());
        assert_eq!(Drive::parse("none,media=cdrom").file, "none");
    }

    #[test]
    fn keys_of_disks() {
        for (key, is) in
            [("scsi0", true), ("scsihw", false), ("virtio12", true), ("virtiofs0", false), ("efidisk0", true)]
        {
            assert_eq!(is_disk_key(GuestKind::Qemu, key), is, "{key}");
        }
    }
}
