//! Paths of the PVE API, below `/api2/json`.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use serde::{Deserialize, Serialize};

use crate::id::{GuestKind, NodeName, StorageId, Upid, Vmid, VolId};
use crate::{Error, Result};

/// All but RFC 3986's `pchar`, plus `%` itself and `;` and `+`, which servers read in more than one way.
const SEGMENT: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'+')
    .add(b';')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// A validated API path, such as `/nodes/pve1/qemu/100/config`.
///
/// It holds the *decoded* text: that is what `pvesh` takes, and what PVE's router sees (it reads `%2F` as a slash).
/// [`url_path`](Self::url_path) encodes it for HTTP. No segment is empty, `.` or `..`, and none holds a control
/// character, so no id can leave its place.
///
/// ```
/// use proxmox_core::PvePath;
/// let path = PvePath::parse("/nodes/pve1/qemu/100")?;
/// assert_eq!(path.to_string(), "/nodes/pve1/qemu/100");
/// assert!(PvePath::parse("/nodes/../access").is_err());
/// assert!(PvePath::parse("/nodes/%2e%2e/access").is_err());
/// # Ok::<(), proxmox_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct PvePath(String);

impl PvePath {
    /// Reads a path as people write it: with a leading `/`, plain or percent-encoded.
    ///
    /// # Errors
    /// `InvalidInput` for a missing slash, empty or dot segments, control characters, a query or a broken encoding.
    pub fn parse(text: &str) -> Result<Self> {
        let bad = |why: &str| Err(Error::invalid("path", format!("{text:?} is not an API path: {why}")));
        let Ok(decoded) = percent_decode_str(text).decode_utf8() else {
            return bad("its percent-encoding is not UTF-8");
        };
        let Some(rest) = decoded.strip_prefix('/') else {
            return bad("it must start with '/'");
        };
        if text.contains(['?', '#']) {
            return bad("parameters are given beside it");
        }
        if rest.is_empty() {
            return Ok(Self::root());
        }
        for segment in rest.split('/') {
            if let Err(why) = check(segment) {
                return bad(why);
            }
        }
        Ok(Self(decoded.into_owned()))
    }

    /// `/`
    #[must_use]
    pub fn root() -> Self {
        Self("/".to_owned())
    }

    /// `/nodes/{node}`
    #[must_use]
    pub fn node(node: &NodeName) -> Self {
        Self(format!("/nodes/{node}"))
    }

    /// `/nodes/{node}/qemu/{vmid}` or `/nodes/{node}/lxc/{vmid}`
    #[must_use]
    pub fn guest(node: &NodeName, kind: GuestKind, vmid: Vmid) -> Self {
        Self(format!("/nodes/{node}/{}/{vmid}", kind.segment()))
    }

    /// `/nodes/{node}/storage/{storage}`
    #[must_use]
    pub fn storage(node: &NodeName, storage: &StorageId) -> Self {
        Self(format!("/nodes/{node}/storage/{storage}"))
    }

    /// `/nodes/{node}/tasks/{upid}`, with the node taken from the UPID.
    #[must_use]
    pub fn task(upid: &Upid) -> Self {
        Self(format!("/nodes/{}/tasks/{upid}", upid.node()))
    }

    /// Appends a volume id. Its slashes stay slashes, as PVE reads them anyway.
    #[must_use]
    pub fn volume(mut self, volid: &VolId) -> Self {
        self.0.push('/');
        self.0.push_str(volid.as_str());
        self
    }

    /// Appends fixed text of the API's own, such as `"status/current"`.
    #[must_use]
    pub fn fixed(mut self, segments: &'static str) -> Self {
        debug_assert!(segments.split('/').all(|s| check(s).is_ok()), "{segments}");
        if !self.0.ends_with('/') {
            self.0.push('/');
        }
        self.0.push_str(segments);
        self
    }

    /// Appends one segment of outside text.
    ///
    /// # Errors
    /// `InvalidInput` when the text is empty, `.`, `..`, or holds a slash or a control character.
    pub fn segment(mut self, text: &str) -> Result<Self> {
        let why = if text.contains('/') { Err("it holds a '/'") } else { check(text) };
        if let Err(why) = why {
            return Err(Error::invalid("path", format!("{text:?} cannot be part of an API path: {why}")));
        }
        if !self.0.ends_with('/') {
            self.0.push('/');
        }
        self.0.push_str(text);
        Ok(self)
    }

    /// The decoded text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The decoded segments, in order.
    pub fn segments(&self) -> impl Iterator<Item = &str> {
        self.0.split('/').filter(|s| !s.is_empty())
    }

    /// The path as it goes into a URL.
    #[must_use]
    pub fn url_path(&self) -> Cow<'_, str> {
        utf8_percent_encode(&self.0, SEGMENT).into()
    }
}

fn check(segment: &str) -> Result<(), &'static str> {
    if segment.is_empty() {
        Err("it has an empty segment")
    } else if segment == "." || segment == ".." {
        Err("dot segments lead elsewhere")
    } else if segment.chars().any(char::is_control) {
        Err("it holds a control character")
    } else {
        Ok(())
    }
}

impl fmt::Display for PvePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for PvePath {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text)
    }
}

impl TryFrom<String> for PvePath {
    type Error = Error;
    fn try_from(text: String) -> Result<Self> {
        Self::parse(&text)
    }
}

impl TryFrom<&str> for PvePath {
    type Error = Error;
    fn try_from(text: &str) -> Result<Self> {
        Self::parse(text)
    }
}

impl From<PvePath> for String {
    /// In encoded form, so that reading it back gives the same path.
    fn from(path: PvePath) -> Self {
        path.url_path().into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refused() {
        for bad in [
            "",
            "nodes",
            "//nodes",
            "/nodes/",
            "/a//b",
            "/a/./b",
            "/a/../b",
            "/a/%2e%2e/b",
            "/a%2F..%2Fb",
            "/a?x=1",
            "/a#b",
            "/a\nb",
            "/a%0ab",
            "/a%00",
            "/%ff",
        ] {
            assert!(PvePath::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_segment_stays_in_its_place() {
        let node = PvePath::parse("/nodes").unwrap();
        for bad in ["", ".", "..", "a/b", "/", "a\0b"] {
            assert!(node.clone().segment(bad).is_err(), "{bad:?}");
        }
        assert_eq!(node.segment("a b%?#ü").unwrap().url_path(), "/nodes/a%20b%25%3F%23%C3%BC");
    }

    #[test]
    fn typed_paths() {
        let upid = Upid::parse("UPID:pve2:00007073:000445CD:6B00C445:qmstart:100:root@pam!t:").unwrap();
        assert_eq!(
            PvePath::task(&upid).fixed("status").url_path(),
            "/nodes/pve2/tasks/UPID:pve2:00007073:000445CD:6B00C445:qmstart:100:root@pam!t:/status"
        );
        assert_eq!(PvePath::root().fixed("version").as_str(), "/version");
    }

    proptest::proptest! {
        #[test]
        fn encoding_reads_back(text in "(/[^/?#\\p{C}]{1,8}){1,4}") {
            if let Ok(path) = PvePath::parse(&utf8_percent_encode(&text, SEGMENT).to_string()) {
                let again = PvePath::parse(&path.url_path()).unwrap();
                proptest::prop_assert_eq!(again, path);
            }
        }
    }
}
