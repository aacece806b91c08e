use super::propstr::Parts;
use super::view::property_view;
use super::{ConfigBag, PropertyString};
use crate::Result;

/// The QEMU guest agent of a VM, `agent`: `1`, or `enabled=1,fstrim_cloned_disks=1`.
///
/// ```
/// use proxmox_core::config::Agent;
/// let agent = Agent::parse("1")?.with_fstrim_cloned_disks(true);
/// assert_eq!(agent.to_string(), "1,fstrim_cloned_disks=1");
/// assert!(agent.is_enabled() && agent.freeze_fs());
/// # Ok::<(), proxmox_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Agent(PropertyString);

property_view!(Agent);

/// One setting, three names: PVE 9's own, PVE 8's, and an older one. PVE 9 takes them all.
const FREEZE: [&str; 3] = ["freeze-fs", "freeze-fs-on-backup", "guest-fsfreeze"];

impl Agent {
    /// Nothing in it can be wrong: what says neither yes nor no is PVE's default.
    #[allow(clippy::unnecessary_wraps)]
    fn check(_: &PropertyString) -> Result<()> {
        Ok(())
    }

    /// Switched on, with PVE's defaults.
    #[must_use]
    pub fn enabled() -> Self {
        Self("enabled=1".into())
    }

    /// Whether PVE talks to an agent at all.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        let text = self.0.default_value().or_else(|| self.0.get("enabled"));
        text.and_then(super::flag).unwrap_or(false)
    }

    /// The channel: `virtio`, which is the default, or `isa`.
    #[must_use]
    pub fn channel(&self) -> &str {
        self.0.get("type").unwrap_or("virtio")
    }

    /// Whether PVE trims the file systems after a clone or a disk move. Default no.
    #[must_use]
    pub fn fstrim_cloned_disks(&self) -> bool {
        self.0.flag("fstrim_cloned_disks").unwrap_or(false)
    }

    /// Whether PVE freezes the file systems for a backup. Default yes.
    #[must_use]
    pub fn freeze_fs(&self) -> bool {
        FREEZE.iter().find_map(|key| self.0.flag(key)).unwrap_or(true)
    }

    /// Switches it on or off.
    #[must_use]
    pub fn with_enabled(mut self, on: bool) -> Self {
        if self.0.default_value().is_some() {
            self.0.put_default(u8::from(on));
        } else {
            self.0.put("enabled", u8::from(on));
        }
        self
    }

    /// Trims the file systems after a clone or a disk move, or not.
    #[must_use]
    pub fn with_fstrim_cloned_disks(mut self, on: bool) -> Self {
        self.0.put("fstrim_cloned_disks", u8::from(on));
        self
    }

    /// Freezes the file systems for a backup, or not. Under the name that stands there, else under PVE 8's, which PVE 9
    /// takes as well.
    #[must_use]
    pub fn with_freeze_fs(mut self, on: bool) -> Self {
        let key = FREEZE.into_iter().find(|key| self.0.get(key).is_some()).unwrap_or(FREEZE[1]);
        self.0.put(key, u8::from(on));
        self
    }

    /// What two texts of one meaning share.
    pub(super) fn meaning(&self) -> (bool, bool, bool, Parts<'_>) {
        let mut rest = self.0.sorted();
        let named = |key: &str| key == "enabled" || key == "fstrim_cloned_disks" || FREEZE.contains(&key);
        rest.retain(|(key, _)| key.is_some_and(|key| !named(key)));
        (self.is_enabled(), self.fstrim_cloned_disks(), self.freeze_fs(), rest)
    }
}

impl ConfigBag {
    /// The guest agent's settings; `None` when there are none, so that PVE does not talk to it.
    #[must_use]
    pub fn agent(&self) -> Option<Agent> {
        self.get("agent").and_then(|text| Agent::parse(text).ok())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn forms() {
        for (text, enabled, fstrim, freeze) in [
            ("1", true, false, true),
            ("0", false, false, true),
            ("enabled=1,fstrim_cloned_disks=1", true, true, true),
            ("enabled=1,freeze-fs-on-backup=0", true, false, false),
            ("1,freeze-fs=0,type=isa", true, false, false),
            ("guest-fsfreeze=0", false, false, false),
            ("", false, false, true),
        ] {
            let agent = Agent::parse(text).unwrap();
            let read = (agent.is_enabled(), agent.fstrim_cloned_disks(), agent.freeze_fs());
            assert_eq!(read, (enabled, fstrim, freeze), "{text}");
        }
        assert_eq!(Agent::parse("1,type=isa").unwrap().channel(), "isa");
        assert_eq!(Agent::enabled().channel(), "virtio");
        let meaning = |text| format!("{:?}", Agent::parse(text).unwrap().meaning());
        assert_eq!(meaning("1,type=isa"), meaning("type=isa,enabled=1,freeze-fs=1"));
        assert_ne!(meaning("1"), meaning("1,type=isa"));
    }

    #[test]
    fn one_part_changes() {
        assert_eq!(Agent::parse("1,x=y").unwrap().with_enabled(false).to_string(), "0,x=y");
        assert_eq!(Agent::parse("x=y").unwrap().with_enabled(true).to_string(), "x=y,enabled=1");
        assert_eq!(Agent::enabled().with_freeze_fs(false).to_string(), "enabled=1,freeze-fs-on-backup=0");
        assert_eq!(Agent::parse("1,freeze-fs=0").unwrap().with_freeze_fs(true).to_string(), "1,freeze-fs=1");
    }

    proptest! {
        #[test]
        fn keeps_every_text(text: String, on: bool) {
            let agent = Agent::parse(&text).unwrap();
            prop_assert_eq!(agent.to_string(), text);
            let agent = agent.with_enabled(on).with_fstrim_cloned_disks(on).with_freeze_fs(on);
            prop_assert_eq!((agent.is_enabled(), agent.fstrim_cloned_disks(), agent.freeze_fs()), (on, on, on));
        }
    }
}
