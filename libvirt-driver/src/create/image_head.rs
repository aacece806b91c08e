//! The first bytes of an image: what it is, before it is written anywhere.

use proxmox_core::{Error, Outcome, Result, Size};

use crate::xml::Format;

/// So many bytes are looked at.
pub(super) const LENGTH: usize = 512;

/// What the first bytes tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ImageHead {
    pub(super) format: Format,
    /// What a guest would see, where the image itself says so.
    pub(super) capacity: Option<Size>,
}

impl ImageHead {
    /// Reads the first bytes: a qcow2 image, or one that is raw.
    ///
    /// An image that names other files is refused: the host would open them for the guest, whatever they are.
    pub(super) fn read(bytes: &[u8], name: &str) -> Result<Self> {
        let bad = |why: &str| Err(Error::invalid("image", format!("image {name}: {why}")));
        let text =
            String::from_utf8_lossy(&bytes[..bytes.len().min(LENGTH)]).trim_start().to_ascii_lowercase();
        match bytes {
            [] => bad("it is empty"),
            _ if text.starts_with("<!doctype") || text.starts_with("<html") || text.starts_with("<?xml") => {
                bad("it is a web page and no image")
            }
            [b'Q', b'F', b'I', 0xfb, rest @ ..] => {
                let word = |at: usize| Some(u32::from_be_bytes(rest.get(at..at + 4)?.try_into().ok()?));
                let long = |at: usize| Some(u64::from_be_bytes(rest.get(at..at + 8)?.try_into().ok()?));
                // After the magic: version, the place of the backing file's name, its length, cluster bits, size.
                let fields = (word(0), long(4), long(20));
                let (Some(version), Some(backing), Some(size)) = fields else {
                    return bad("its header is cut short");
                };
                let features = if version >= 3 { long(68).unwrap_or_default() } else { 0 };
                match version {
                    2 | 3 if backing != 0 => bad("it is based on another file, which it names"),
                    // Bit 2: the data is in a file of its own.
                    2 | 3 if features & 4 != 0 => bad("its data is in another file, which it names"),
                    2 | 3 => Ok(Self { format: Format::Qcow2, capacity: Some(Size::from_bytes(size)) }),
                    other => bad(&format!("it is qcow version {other}, and only 2 and 3 are known")),
                }
            }
            // Formats that qemu reads, and that would be a broken disk if they were taken for raw.
            [b'K', b'D', b'M', b'V', ..] => bad("it is a VMDK image: convert it to qcow2"),
            _ if bytes.starts_with(b"vhdxfile") => bad("it is a VHDX image: convert it to qcow2"),
            [0xfd, b'7', b'z', b'X', b'Z', ..]
            | [0x1f, 0x8b, ..]
            | [0x28, 0xb5, 0x2f, 0xfd, ..]
            | [b'B', b'Z', b'h', ..] => bad("it is compressed: unpack it first"),
            _ => Ok(Self { format: Format::Raw, capacity: None }),
        }
    }

    /// The error for one that cannot be read at all.
    pub(super) fn unreadable(name: &str, e: &std::io::Error) -> Error {
        Error::new(proxmox_core::ErrorKind::InvalidInput, Outcome::NotSent, format!("image {name}: {e}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn qcow2(version: u32, backing: u64, features: u64) -> Vec<u8> {
        let mut head = b"QFI\xfb".to_vec();
        head.extend(version.to_be_bytes());
        head.extend(backing.to_be_bytes());
        head.extend(0_u32.to_be_bytes());
        head.extend(16_u32.to_be_bytes());
        head.extend((10_u64 << 30).to_be_bytes());
        head.resize(72, 0);
        head.extend(features.to_be_bytes());
        head
    }

    #[test]
    fn what_they_tell() {
        let read = |bytes: &[u8]| ImageHead::read(bytes, "x");
        let good = ImageHead { format: Format::Qcow2, capacity: Some(Size::gib(10)) };
        assert_eq!(read(&qcow2(3, 0, 1)).unwrap(), good);
        assert_eq!(read(&qcow2(2, 0, 4)).unwrap(), good, "version 2 has no such field");
        assert_eq!(read(&[0xeb, 0x63, 0x90]).unwrap().format, Format::Raw);
        for (bytes, why) in [
            (&b""[..], "empty"),
            (b"\n  <!DOCTYPE html><title>404</title>", "web page"),
            (b"<HTML>", "web page"),
            (&qcow2(3, 104, 0), "based on another file"),
            (&qcow2(3, 0, 4), "data is in another file"),
            (&qcow2(1, 0, 0), "version 1"),
            (b"QFI\xfb\0\0", "cut short"),
            (b"KDMV", "VMDK"),
            (&[0x1f, 0x8b, 8], "compressed"),
        ] {
            let error = read(bytes).unwrap_err().to_string();
            assert!(error.contains(why), "{why}: {error}");
        }
    }
}
