//! What domains use of their host, asked for by groups: each costs the daemon something.

use std::collections::BTreeMap;
use std::time::Duration;

use proxmox_core::{Result, Size};

use super::Host;
use crate::domain::State;
use crate::rpc::procedures::domain;
use crate::rpc::{DomainRef, DomainStats, TypedValue, Uuid};

/// Which figures are wanted. Ask for what is shown only: for disks, CPU time and single processors the daemon asks each qemu in turn,
/// about a millisecond of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Groups(u32);

impl Groups {
    /// Only what each does.
    pub const STATE: Self = Self(1);
    /// CPU time.
    pub const CPU: Self = Self(1 | 2);
    /// Memory.
    pub const MEMORY: Self = Self(1 | 4);
    /// Network cards.
    pub const NETWORK: Self = Self(1 | 16);
    /// Disks.
    pub const DISKS: Self = Self(1 | 32);
    /// All of these.
    pub const ALL: Self = Self(1 | 2 | 4 | 16 | 32);

    /// Both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// What a domain uses. Counters begin with its start; what was not asked for or is not known is `None`, or empty.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct DomainUsage {
    /// Its name.
    pub name: String,
    /// What lasts as long as it is defined.
    pub uuid: Uuid,
    /// What it does.
    pub state: State,
    /// CPU time since its start, over all its processors.
    pub cpu_time: Option<Duration>,
    /// Memory it has now.
    pub memory: Option<Size>,
    /// Memory it may have.
    pub max_memory: Option<Size>,
    /// Memory that its system does not use, if its balloon driver tells.
    pub unused_memory: Option<Size>,
    /// Memory of the process that runs it.
    pub resident: Option<Size>,
    /// Its network cards.
    pub nics: Vec<NicUse>,
    /// Its disks.
    pub disks: Vec<DiskUse>,
}

/// What went through a network card since the domain's start.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct NicUse {
    /// The host's name of it, such as `vnet3`.
    pub name: String,
    /// Bytes that the guest received.
    pub received: u64,
    /// Bytes that the guest sent.
    pub sent: u64,
}

/// What went through a disk since the domain's start, and how large it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct DiskUse {
    /// Its target, such as `vda`.
    pub target: String,
    /// Bytes read.
    pub read: u64,
    /// Bytes written.
    pub written: u64,
    /// What the guest sees.
    pub capacity: Size,
    /// What it takes on the host.
    pub allocated: Size,
}

impl Host {
    /// What all domains use, in one call, by name.
    ///
    /// # Errors
    /// When the daemon does not answer.
    pub async fn usage(&self, groups: Groups) -> Result<Vec<DomainUsage>> {
        self.usage_of(&[], groups).await
    }

    pub(crate) async fn usage_of(&self, domains: &[DomainRef], groups: Groups) -> Result<Vec<DomainUsage>> {
        let stats = self.connection().call(domain::stats(domains, groups.0, 0)).await?;
        let mut all: Vec<_> = stats.into_iter().map(DomainUsage::read).collect();
        all.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Ok(all)
    }
}

impl DomainUsage {
    fn read(stats: DomainStats) -> Self {
        let values: BTreeMap<_, _> =
            stats.values.iter().map(|(name, value)| (name.as_str(), value)).collect();
        let number = |name: &str| values.get(name).and_then(|value| whole(value));
        let kib = |name: &str| number(name).map(|kib| Size::from_bytes(kib << 10));
        let text = |name: &str| match values.get(name) {
            Some(TypedValue::String(text)) => text.clone(),
            _ => String::new(),
        };
        let bytes = |name: &str| Size::from_bytes(number(name).unwrap_or_default());
        let nics = (0..number("net.count").unwrap_or_default()).map(|n| NicUse {
            name: text(&format!("net.{n}.name")),
            received: number(&format!("net.{n}.rx.bytes")).unwrap_or_default(),
            sent: number(&format!("net.{n}.tx.bytes")).unwrap_or_default(),
        });
        let disks = (0..number("block.count").unwrap_or_default()).map(|n| DiskUse {
            target: text(&format!("block.{n}.name")),
            read: number(&format!("block.{n}.rd.bytes")).unwrap_or_default(),
            written: number(&format!("block.{n}.wr.bytes")).unwrap_or_default(),
            capacity: bytes(&format!("block.{n}.capacity")),
            allocated: bytes(&format!("block.{n}.allocation")),
        });
        let state =
            number("state.state").map_or(State::Unknown, |state| State::of(state.try_into().unwrap_or(-1)));
        // Where nothing runs there is no process to look at, and some daemons tell of their own instead.
        let cpu_time = number("cpu.time").filter(|_| state.is_active()).map(Duration::from_nanos);
        Self {
            state,
            cpu_time,
            memory: kib("balloon.current"),
            max_memory: kib("balloon.maximum"),
            unused_memory: kib("balloon.unused"),
            resident: kib("balloon.rss"),
            nics: nics.collect(),
            disks: disks.collect(),
            name: stats.domain.name,
            uuid: stats.domain.uuid,
        }
    }

    /// The part of one processor that it used between an earlier look and this one, which lie so far apart: 2.0 is two processors.
    /// `None` when the time is not known, or the domain was started in between.
    #[must_use]
    pub fn cpu_since(&self, earlier: &Self, apart: Duration) -> Option<f64> {
        let used = self.cpu_time?.checked_sub(earlier.cpu_time?)?;
        (!apart.is_zero()).then(|| used.as_secs_f64() / apart.as_secs_f64())
    }
}

/// A figure that counts something, of whatever width it was sent.
fn whole(value: &TypedValue) -> Option<u64> {
    match *value {
        TypedValue::Int(n) => n.try_into().ok(),
        TypedValue::UInt(n) => Some(n.into()),
        TypedValue::Long(n) => n.try_into().ok(),
        TypedValue::ULong(n) => Some(n),
        TypedValue::Double(_) | TypedValue::Boolean(_) | TypedValue::String(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_as_they_are_sent() {
        let text = |text: &str| TypedValue::String(text.to_owned());
        let values = [
            ("state.state", TypedValue::Int(1)),
            ("cpu.time", TypedValue::ULong(3_000_000_000)),
            ("balloon.current", TypedValue::ULong(196_608)),
            ("net.count", TypedValue::UInt(1)),
            ("net.0.name", text("vnet0")),
            ("net.0.rx.bytes", TypedValue::ULong(90)),
            ("block.count", TypedValue::UInt(1)),
            ("block.0.name", text("vda")),
            ("block.0.wr.bytes", TypedValue::ULong(512)),
            ("block.0.capacity", TypedValue::ULong(1 << 30)),
        ];
        let values = values.map(|(name, value)| (name.to_owned(), value)).to_vec();
        let domain = DomainRef { name: "a".to_owned(), uuid: Uuid([0; 16]), id: 1 };
        let usage = DomainUsage::read(DomainStats { domain, values });
        assert_eq!((usage.state, usage.cpu_time), (State::Running, Some(Duration::from_secs(3))));
        assert_eq!((usage.memory, usage.max_memory), (Some(Size::mib(192)), None));
        assert_eq!(usage.nics, [NicUse { name: "vnet0".to_owned(), received: 90, sent: 0 }]);
        assert_eq!((usage.disks[0].target.as_str(), usage.disks[0].written), ("vda", 512));
        assert_eq!(usage.disks[0].capacity, Size::gib(1));

        let off = |name: &str| match name {
            "state.state" => TypedValue::Int(5),
            _ => TypedValue::ULong(9),
        };
        let values = ["state.state", "cpu.time"].map(|name| (name.to_owned(), off(name))).to_vec();
        let domain = DomainRef { name: "b".to_owned(), uuid: Uuid([1; 16]), id: -1 };
        let time = DomainUsage::read(DomainStats { domain, values }).cpu_time;
        assert_eq!(time, None, "of a domain that is off it is the daemon's own");

        let earlier = DomainUsage { cpu_time: Some(Duration::from_secs(1)), ..usage.clone() };
        assert_eq!(usage.cpu_since(&earlier, Duration::from_secs(4)), Some(0.5));
        assert_eq!(earlier.cpu_since(&usage, Duration::from_secs(4)), None, "it was started anew");
    }
}
