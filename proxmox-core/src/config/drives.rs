//! The drives of a guest: which keys they are, and in which order.

use super::{ConfigBag, Disk, numbered};
use crate::{Error, ErrorKind, Outcome, Result};

/// The kinds of drive keys, in the order in which they are listed.
const DRIVES: [&str; 8] = ["ide", "sata", "scsi", "virtio", "efidisk", "tpmstate", "mp", "unused"];

/// Where a key stands among the drives; `None` when it is no drive.
pub(super) fn slot(key: &str) -> Option<(usize, u32)> {
    if key == "rootfs" {
        return Some((0, 0));
    }
    let (stem, n) = numbered(key)?;
    Some((DRIVES.iter().position(|drive| *drive == stem)? + 1, n))
}

impl ConfigBag {
    /// All drives with their keys, CD-ROM and unused ones too, by bus and number; an unreadable one does not spoil the
    /// others.
    #[must_use]
    pub fn disks(&self) -> Vec<(&str, Result<Disk>)> {
        let mut drives: Vec<_> =
            self.iter().filter_map(|(key, text)| slot(key).map(|at| (at, key, text))).collect();
        drives.sort_unstable();
        drives.into_iter().map(|(_, key, text)| (key, Disk::parse(text))).collect()
    }

    /// One drive.
    ///
    /// # Errors
    /// `NotFound` when the guest has none of this name, `InvalidInput` when `key` names no drive or its text is
    /// unreadable.
    pub fn disk(&self, key: &str) -> Result<Disk> {
        if slot(key).is_none() {
            return Err(Error::invalid("disk", format!("{key:?} is not a drive, such as scsi0")));
        }
        let Some(text) = self.get(key) else {
            let have: Vec<_> = self.disks().into_iter().map(|(key, _)| key).collect();
            let message = format!("disk {key:?} does not exist; the guest has {}", have.join(", "));
            return Err(Error::new(ErrorKind::NotFound, Outcome::NotSent, message));
        };
        Disk::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Size;

    #[test]
    fn drives_of_a_guest() {
        let bag: ConfigBag = serde_json::from_str(
            r#"{"scsihw":"virtio-scsi-pci","unused0":"lab:9/a.raw","scsi10":"lab:b,size=1G","scsi2":"broken","ide2":"none,media=cdrom","rootfs":"lab:c"}"#,
        )
        .unwrap();
        let keys: Vec<_> = bag.disks().iter().map(|(key, disk)| format!("{key} {}", disk.is_ok())).collect();
        assert_eq!(keys, ["rootfs true", "ide2 true", "scsi2 false", "scsi10 true", "unused0 true"]);
        assert_eq!(bag.disk("scsi10").unwrap().size(), Some(Size::gib(1)));
        assert!(bag.disk("scsi0").unwrap_err().is_not_found());
        assert!(bag.disk("net0").unwrap_err().message().contains("not a drive"));
    }
}
