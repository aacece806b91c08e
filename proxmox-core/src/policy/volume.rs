//! Whose a volume is, by its name.

use super::Subject;
use crate::{PveRequest, Vmid};

/// The number in `vm-100-disk-0`, `base-100-disk-0.qcow2`, `subvol-200-disk-0`, as text.
pub(super) fn numbered(name: &str) -> Option<&str> {
    let rest = ["vm-", "base-", "subvol-", "basevol-"].iter().find_map(|prefix| name.strip_prefix(prefix))?;
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    (end > 0).then(|| &rest[..end])
}

/// The number of the guest that a volume belongs to. A linked clone's begins with that of its base.
fn owner(volume: &str) -> Option<&str> {
    let path = volume.split_once(':').map_or(volume, |(_, path)| path);
    let mut segments = path.rsplit('/');
    numbered(segments.next()?).or_else(|| {
        segments.find(|segment| !segment.is_empty() && segment.bytes().all(|b| b.is_ascii_digit()))
    })
}

/// A drive or mount point of a request that is another guest's volume: its key, and that guest's number. Whoever has it may write
/// to it, grow it, and free it.
pub(super) fn of_another<'a>(request: &'a PveRequest, subject: &Subject) -> Option<(&'a str, String)> {
    let own = match subject {
        Subject::Guest(Some(at)) | Subject::Overwritten(at) => Some(at.vmid),
        Subject::NewGuest => request.params.text("vmid").and_then(|text| text.parse().ok()),
        Subject::Guest(None) | Subject::Copy | Subject::Apart | Subject::Far(..) => return None,
    };
    request.params.iter().filter(|(key, _)| is_slot(key)).find_map(|(key, value)| {
        value.texts().iter().find_map(|text| other_in(text, own)).map(|number| (key, number))
    })
}

fn other_in(line: &str, own: Option<Vmid>) -> Option<String> {
    let volumes = line.split(',').filter_map(|part| match part.split_once('=') {
        None => Some(part),
        Some(("file" | "volume", volume)) => Some(volume),
        // What is imported from is only read.
        Some(_) => None,
    });
    let is_own = |number: &str| own.is_some_and(|own| number.parse() == Ok(own.get()));
    volumes.filter_map(|volume| owner(volume.trim())).find(|number| !is_own(number)).map(str::to_owned)
}

fn is_slot(key: &str) -> bool {
    let bus = key.trim_end_matches(|c: char| c.is_ascii_digit());
    matches!(bus, "ide" | "sata" | "scsi" | "virtio" | "efidisk" | "tpmstate" | "unused" | "rootfs" | "mp")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owners() {
        for (volume, number) in [
            ("local-lvm:vm-101-disk-0", Some("101")),
            ("local:101/vm-101-disk-0.qcow2", Some("101")),
            ("local-zfs:base-9000-disk-0/vm-105-disk-0", Some("105")),
            ("local:9000/base-9000-disk-0.qcow2/105/vm-105-disk-0.qcow2", Some("105")),
            ("local:101/anything.raw", Some("101")),
            ("local-zfs:subvol-200-disk-1", Some("200")),
            ("/dev/pve/vm-101-disk-0", Some("101")),
            ("local-lvm:32", None),
            ("local-lvm:cloudinit", None),
            ("local:iso/vm.iso", None),
            ("none", None),
        ] {
            assert_eq!(owner(volume), number, "{volume}");
        }
    }

    #[test]
    fn only_the_volume_of_a_line_is_looked_at() {
        let own = Some(Vmid::new(105).unwrap());
        for line in [
            "local-lvm:vm-105-disk-0,serial=vm-101-disk-0",
            "local-lvm:0,import-from=local-lvm:vm-101-disk-0",
            "local-lvm:subvol-105-disk-0,mp=/srv/vm-101-disk",
        ] {
            assert_eq!(other_in(line, own), None, "{line}");
        }
        for line in
            ["local-lvm:vm-101-disk-0", "cache=none,file=a:vm-101-disk-0", "volume=a:subvol-101-disk-0"]
        {
            assert_eq!(other_in(line, own).as_deref(), Some("101"), "{line}");
        }
    }
}
