use super::{invalid, textual_id};
use crate::Result;

/// The name of a cluster node: a host name of one label, as `/nodes` lists it.
///
/// ```
/// use proxmox_core::NodeName;
/// assert!(NodeName::parse("pve1").is_ok());
/// assert!(NodeName::parse("pve1.example.com").is_err());
/// assert!(NodeName::parse("../etc").is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeName(Box<str>);

impl NodeName {
    /// Checks that `text` is one host name label: letters, digits and inner hyphens, at most 63.
    ///
    /// # Errors
    /// `InvalidInput` naming the value; a name with dots is the usual mistake and is called out.
    pub fn parse(text: &str) -> Result<Self> {
        let inner = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
        let edge = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_alphanumeric());
        let bytes = text.as_bytes();
        let good = bytes.len() <= 63
            && bytes.iter().all(|&b| inner(b))
            && edge(bytes.first().copied())
            && edge(bytes.last().copied());
        if good {
            Ok(Self(text.into()))
        } else if text.contains('.') && !text.contains("..") && !text.contains('/') {
            Err(invalid("node name", text, "use the short name that /nodes lists, not a domain name"))
        } else {
            Err(invalid("node name", text, "letters, digits and hyphens only, as /nodes lists it"))
        }
    }
}

textual_id!(NodeName);

/// The id of a storage, as `/storage` lists it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StorageId(Box<str>);

impl StorageId {
    /// Checks PVE's rule: a letter, then letters, digits, `-`, `_` and `.`, ending in a letter or digit.
    ///
    /// # Errors
    /// `InvalidInput` naming the value.
    pub fn parse(text: &str) -> Result<Self> {
        let bytes = text.as_bytes();
        let good = bytes.len() >= 2
            && bytes.iter().all(|&b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
            && bytes[0].is_ascii_alphabetic()
            && bytes[bytes.len() - 1].is_ascii_alphanumeric();
        if good {
            Ok(Self(text.into()))
        } else {
            Err(invalid("storage id", text, "a letter, then letters, digits, '-', '_' or '.', at least two"))
        }
    }
}

textual_id!(StorageId);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn node_names() {
        for good in ["pve1", "a", "Node-7", "1st"] {
            assert!(NodeName::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "-a", "a-", "a/b", "..", "a b", "a\n", "ä", &"x".repeat(64)] {
            let error = NodeName::parse(bad).unwrap_err();
            assert!(error.to_string().contains("node name"), "{error}");
        }
        let hint = NodeName::parse("pve1.lan").unwrap_err().to_string();
        assert!(hint.contains("short name"), "{hint}");
    }

    #[test]
    fn storage_ids() {
        for good in ["local", "local-lvm", "nfs_1.a"] {
            assert!(StorageId::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "x", "1local", "local-", "lo/cal", "local:iso"] {
            assert!(StorageId::parse(bad).is_err(), "{bad}");
        }
    }
}
