//! The keys of a guest that hold one thing.

use super::{ConfigBag, PropertyString};

/// `2048`, or as a property string, `current=2048`.
pub(super) fn memory(text: &str) -> Option<u64> {
    let properties = PropertyString::from(text);
    properties.default_value().or_else(|| properties.get("current"))?.trim().parse().ok()
}

impl ConfigBag {
    /// The memory in MiB; `None` is PVE's default, 512.
    #[must_use]
    pub fn memory_mib(&self) -> Option<u64> {
        memory(self.get("memory")?)
    }

    /// The cores of each socket; `None` is PVE's default: 1 for a VM, all of the node's for a container.
    #[must_use]
    pub fn cores(&self) -> Option<u32> {
        self.int("cores")?.try_into().ok()
    }

    /// The sockets of a VM; `None` is PVE's default, 1.
    #[must_use]
    pub fn sockets(&self) -> Option<u32> {
        self.int("sockets")?.try_into().ok()
    }

    /// The guest's name: `name` of a VM, `hostname` of a container.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.get("name").or_else(|| self.get("hostname"))
    }

    /// The notes. A container's end in a newline that PVE adds.
    #[must_use]
    pub fn description(&self) -> Option<&str> {
        self.get("description")
    }

    /// The kind of guest system, `l26`, `win11`, `debian` …
    #[must_use]
    pub fn ostype(&self) -> Option<&str> {
        self.get("ostype")
    }

    /// What PVE is doing with the guest that forbids changes: `clone`, `backup`, `migrate` …
    #[must_use]
    pub fn lock(&self) -> Option<&str> {
        self.get("lock").filter(|lock| !lock.is_empty())
    }

    /// Whether PVE itself refuses to remove the guest or its disks.
    #[must_use]
    pub fn is_protected(&self) -> bool {
        self.flag("protection").unwrap_or(false)
    }

    /// Whether it is a template.
    #[must_use]
    pub fn is_template(&self) -> bool {
        self.flag("template").unwrap_or(false)
    }

    /// Whether the guest starts with its node.
    #[must_use]
    pub fn onboot(&self) -> bool {
        self.flag("onboot").unwrap_or(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_forms() {
        for (text, mib) in [
            ("2048", Some(2048)),
            ("current=2048", Some(2048)),
            ("512,new=1", Some(512)),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(memory(text), mib, "{text:?}");
        }
    }
}
