use super::{NodeName, invalid, textual_id};
use crate::Result;

/// The id of a PVE worker task, `UPID:node:pid:pstart:starttime:type:id:user:`.
///
/// ```
/// use proxmox_core::Upid;
/// let upid = Upid::parse("UPID:pve1:00007073:000445CD:6B00C445:qmclone:100:root@pam!test:")?;
/// assert_eq!(upid.node().as_str(), "pve1");
/// assert_eq!((upid.kind(), upid.subject(), upid.user()), ("qmclone", Some("100"), "root@pam!test"));
/// # Ok::<(), proxmox_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Upid(Box<str>);

impl Upid {
    /// Checks all fields.
    ///
    /// # Errors
    /// `InvalidInput` when a field is missing or malformed.
    pub fn parse(text: &str) -> Result<Self> {
        Self::fields(text)
            .map(|_| Self(text.into()))
            .ok_or_else(|| invalid("UPID", text, "expected UPID:node:pid:pstart:starttime:type:id:user:"))
    }

    /// node, pid, pstart, starttime, type, id, user
    fn fields(text: &str) -> Option<[&str; 7]> {
        let mut parts = text.strip_prefix("UPID:")?.strip_suffix(':')?.split(':');
        let mut fields = [""; 7];
        for field in &mut fields {
            *field = parts.next()?;
        }
        let [node, pid, pstart, starttime, kind, _, user] = fields;
        let hex =
            |s: &str, max: usize| (8..=max).contains(&s.len()) && s.bytes().all(|b| b.is_ascii_hexdigit());
        let plain = |s: &str| !s.contains(|c: char| c.is_control() || c == '/' || c.is_whitespace());
        let good = parts.next().is_none()
            && NodeName::parse(node).is_ok()
            && hex(pid, 8)
            && hex(pstart, 9)
            && hex(starttime, 8)
            && !kind.is_empty()
            && user.contains('@')
            && fields.iter().all(|s| plain(s));
        good.then_some(fields)
    }

    fn field(&self, index: usize) -> &str {
        Self::fields(&self.0).map_or("", |fields| fields[index])
    }

    fn number(&self, index: usize) -> u64 {
        u64::from_str_radix(self.field(index), 16).unwrap_or(0)
    }

    /// The node that runs the task: the only one that can be asked about it.
    #[must_use]
    pub fn node(&self) -> NodeName {
        NodeName::parse(self.field(0)).unwrap_or_else(|_| unreachable!("checked by Upid::parse"))
    }

    /// Process id of the worker.
    #[must_use]
    pub fn pid(&self) -> u64 {
        self.number(1)
    }

    /// Start time of the process in clock ticks since the node booted.
    #[must_use]
    pub fn pstart(&self) -> u64 {
        self.number(2)
    }

    /// Start of the task, seconds since 1970, by the node's clock.
    #[must_use]
    pub fn starttime(&self) -> u64 {
        self.number(3)
    }

    /// The kind of work: `qmclone`, `qmstart`, `vzdump` …
    #[must_use]
    pub fn kind(&self) -> &str {
        self.field(4)
    }

    /// What the work is about: a vmid, a file name, a storage; many tasks have none.
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        Some(self.field(5)).filter(|s| !s.is_empty())
    }

    /// Who started it: `user@realm`, or `user@realm!token`.
    #[must_use]
    pub fn user(&self) -> &str {
        self.field(6)
    }
}

textual_id!(Upid);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_fields() {
        let upid = Upid::parse("UPID:pve-2:000004D2:0000000AB:65000000:imgcopy::root@pam:").unwrap();
        assert_eq!(upid.node().as_str(), "pve-2");
        assert_eq!((upid.pid(), upid.pstart(), upid.starttime()), (1234, 171, 0x6500_0000));
        assert_eq!((upid.kind(), upid.subject(), upid.user()), ("imgcopy", None, "root@pam"));
    }

    #[test]
    fn malformed() {
        for bad in [
            "",
            "UPID",
            "UPID:pve1:",
            "UPID:pve1:00007073:000445CD:6B00C445:qmclone:100:root@pam",
            "UPID:pve1:00007073:000445CD:6B00C445:qmclone:100:nobody:",
            "UPID:../x:00007073:000445CD:6B00C445:qmclone:100:root@pam:",
            "UPID:pve1:zzzz7073:000445CD:6B00C445:qmclone:100:root@pam:",
            "UPID:pve1:00007073:000445CD:6B00C445:qmclone:100:root@pam:extra:",
            "UPID:pve1:00007073:000445CD:6B00C445:qm/clone:100:root@pam:",
        ] {
            assert!(Upid::parse(bad).is_err(), "{bad}");
        }
    }
}
