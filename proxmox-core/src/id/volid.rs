use super::{StorageId, invalid, textual_id};
use crate::Result;

/// The id of a volume: `STORAGE:VOLUME`, such as `local:iso/debian.iso` or `local-lvm:vm-100-disk-0`.
///
/// ```
/// use proxmox_core::VolId;
/// let volid = VolId::parse("local:vztmpl/debian-12.tar.zst")?;
/// assert_eq!(volid.storage().as_str(), "local");
/// assert_eq!(volid.volume(), "vztmpl/debian-12.tar.zst");
/// # Ok::<(), proxmox_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VolId(Box<str>);

impl VolId {
    /// Checks the form; whether the volume exists is the node's to say.
    ///
    /// # Errors
    /// `InvalidInput` for a missing storage or volume, `..` segments and control characters.
    pub fn parse(text: &str) -> Result<Self> {
        let expected = "expected STORAGE:VOLUME";
        let Some((storage, volume)) = text.split_once(':') else {
            return Err(invalid("volid", text, expected));
        };
        StorageId::parse(storage)?;
        let bad_segment = |s: &str| s.is_empty() || s == "." || s == "..";
        if volume.split('/').any(bad_segment) || volume.chars().any(char::is_control) {
            return Err(invalid("volid", text, expected));
        }
        Ok(Self(text.into()))
    }

    /// The storage that holds the volume.
    #[must_use]
    pub fn storage(&self) -> StorageId {
        let end = self.0.find(':').unwrap_or(self.0.len());
        StorageId::parse(&self.0[..end]).unwrap_or_else(|_| unreachable!("checked by VolId::parse"))
    }

    /// The part after the storage, `iso/debian.iso` or `vm-100-disk-0`.
    #[must_use]
    pub fn volume(&self) -> &str {
        self.0.split_once(':').map_or("", |(_, volume)| volume)
    }
}

textual_id!(VolId);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        for good in ["local:iso/a.iso", "local-lvm:vm-100-disk-0", "lab:100/vm-100-disk-0.qcow2"] {
            assert!(VolId::parse(good).is_ok(), "{good}");
        }
        for bad in ["local", "local:", ":x", "local:../x", "local:a//b", "local:a\nb"] {
            assert!(VolId::parse(bad).is_err(), "{bad}");
        }
    }
}
