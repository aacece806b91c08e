//! Everything the simulated cluster knows.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use crate::acl::{Acl, User};
use crate::faults::Faults;
use crate::guest::Guest;
use crate::node::Node;
use crate::storage::Storage;
use crate::task::Task;
use crate::{PveVersion, SeenRequest};

/// The state of one cluster. Times are simulated seconds since 1970.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) version: PveVersion,
    pub(crate) nodes: BTreeMap<String, Node>,
    pub(crate) storages: BTreeMap<String, Storage>,
    pub(crate) guests: BTreeMap<u32, Guest>,
    pub(crate) pools: BTreeMap<String, Pool>,
    pub(crate) vnets: BTreeMap<String, Vnet>,
    /// What is in the files that came while the simulation ran, by volume, and by node where each has its own.
    pub(crate) files: BTreeMap<(String, Option<String>), Vec<u8>>,
    /// What can be fetched from elsewhere, by address.
    pub(crate) web: BTreeMap<String, Vec<u8>>,
    pub(crate) users: BTreeMap<String, User>,
    pub(crate) acl: Vec<Acl>,
    /// VMs that shut down by themselves, without a task.
    pub(crate) dying: Vec<Dying>,
    /// In the order of their start.
    pub(crate) tasks: Vec<Task>,
    pub(crate) seen: VecDeque<SeenRequest>,
    pub(crate) faults: Arc<Faults>,
    pub(crate) counters: Counters,
}

/// A VM that will have shut down at some time, if it is then still the same process.
#[derive(Debug)]
pub(crate) struct Dying {
    pub(crate) vmid: u32,
    pub(crate) pid: u32,
    pub(crate) end: f64,
}

#[derive(Debug, Default)]
pub(crate) struct Pool {
    pub(crate) comment: Option<String>,
    pub(crate) vms: Vec<u32>,
    pub(crate) storages: Vec<String>,
}

#[derive(Debug)]
pub(crate) struct Vnet {
    pub(crate) zone: String,
}

/// What is random in PVE is counted here, so that two runs are alike.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pid: u32,
    mac: u32,
    uuid: u64,
}

impl Counters {
    pub(crate) fn pid(&mut self) -> u32 {
        self.pid += 1;
        0x2000 + self.pid
    }

    /// A MAC address with PVE's own prefix.
    pub(crate) fn mac(&mut self) -> String {
        self.mac += 1;
        let [_, a, b, c] = self.mac.to_be_bytes();
        format!("BC:24:11:{:02X}:{b:02X}:{c:02X}", a | 0x40)
    }

    pub(crate) fn uuid(&mut self) -> String {
        self.uuid += 1;
        let mixed = self.uuid.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        format!(
            "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
            mixed >> 32,
            (mixed >> 16) & 0xffff,
            mixed & 0xfff,
            (mixed >> 12) & 0xfff,
            self.uuid
        )
    }
}

/// The simulated time as PVE shows it: whole seconds.
#[allow(clippy::cast_possible_truncation, reason = "seconds since 1970 fit")]
pub(crate) fn seconds(time: f64) -> i64 {
    time as i64
}

/// 40 hex digits that change with the text, where PVE has a SHA-1.
pub(crate) fn digest(parts: &[&str]) -> String {
    let round = |seed: u64| {
        let mut hash = 0xcbf2_9ce4_8422_2325 ^ seed;
        for byte in parts.iter().flat_map(|part| part.bytes().chain([0])) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        hash
    };
    let (a, b, c) = (round(0), round(0x5bd1_e995), round(0x1b87_3593));
    format!("{a:016x}{b:016x}{:08x}", c >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counted_values_have_their_form() {
        let mut counters = Counters::default();
        assert_eq!(counters.mac(), "BC:24:11:40:00:01");
        assert_ne!(counters.mac(), counters.mac());
        let uuid = counters.uuid();
        assert_eq!(uuid.len(), 36, "{uuid}");
        assert_ne!(uuid, counters.uuid());
    }

    #[test]
    fn digests_have_forty_digits_and_know_borders() {
        let one = digest(&["ab", "c"]);
        assert_eq!(one.len(), 40);
        assert_ne!(one, digest(&["a", "bc"]));
        assert_eq!(one, digest(&["ab", "c"]));
    }
}
