//! Making VMs.

use crate::guest::Guest;
use crate::state::{State, seconds};

/// What PVE itself puts into every configuration.
pub(crate) fn fill_in(state: &mut State, guest: &mut Guest, now: f64) {
    if guest.kind == crate::GuestKind::Qemu {
        for (key, value) in [
            ("smbios1", format!("uuid={}", state.counters.uuid())),
            ("vmgenid", state.counters.uuid()),
            ("meta", format!("creation-qemu=9.2.0,ctime={}", seconds(now))),
        ] {
            guest.config.entry(key.to_owned()).or_insert(value);
        }
    }
}
