use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{Vmid, invalid};
use crate::{Error, Result};

/// The two kinds of guest, named as PVE's paths name them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GuestKind {
    /// A virtual machine.
    Qemu,
    /// A container.
    Lxc,
}

impl GuestKind {
    /// The path segment: `qemu` or `lxc`.
    #[must_use]
    pub const fn segment(self) -> &'static str {
        match self {
            Self::Qemu => "qemu",
            Self::Lxc => "lxc",
        }
    }

    /// What people call it: `VM` or `CT`.
    #[must_use]
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Qemu => "VM",
            Self::Lxc => "CT",
        }
    }
}

/// How people refer to a guest: by vmid, or by its exact name.
///
/// ```
/// use proxmox_core::{GuestRef, Vmid};
/// assert_eq!("100".parse::<GuestRef>()?, GuestRef::Vmid(Vmid::new(100)?));
/// assert_eq!("web-1".parse::<GuestRef>()?, GuestRef::Name("web-1".into()));
/// assert!("99".parse::<GuestRef>().is_err());
/// # Ok::<(), proxmox_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum GuestRef {
    /// By number.
    Vmid(Vmid),
    /// By exact, case-sensitive name.
    Name(String),
}

impl FromStr for GuestRef {
    type Err = Error;
    /// Digits are always a vmid: a guest whose name is a number is not reached by name.
    fn from_str(text: &str) -> Result<Self> {
        if text.is_empty() || text.chars().any(|c| c.is_control() || c == '/') {
            return Err(invalid("guest reference", text, "expected a vmid or a guest's exact name"));
        }
        if text.bytes().all(|b| b.is_ascii_digit() || b == b'-') {
            text.parse().map(Self::Vmid)
        } else {
            Ok(Self::Name(text.to_owned()))
        }
    }
}

impl From<Vmid> for GuestRef {
    fn from(vmid: Vmid) -> Self {
        Self::Vmid(vmid)
    }
}

impl fmt::Display for GuestRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Vmid(vmid) => vmid.fmt(f),
            Self::Name(name) => write!(f, "{name:?}"),
        }
    }
}
