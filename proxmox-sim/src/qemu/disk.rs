//! Disks: property strings, volume names, sizes.

use crate::guest::Guest;
use crate::state::State;

/// The value of a disk that was there before the simulation began.
pub(crate) fn built(
    _state: &mut State,
    guest: &Guest,
    key: &str,
    storage: &str,
    size: u64,
    _now: f64,
) -> String {
    format!("{storage}:vm-{}-disk-{key},size={size}", guest.vmid)
}
