//! The procedures that this crate knows: each a function that makes a [`Call`](super::Call), in tables by what they are about.
//!
//! Numbers and types are libvirt's, flags are its own too: `0` is what `virsh` sends without options.

pub mod device;
pub mod domain;
pub mod events;
pub mod host;
pub mod network;
pub mod snapshot;
pub mod storage;

use super::xdr::{Decode, Malformed, Reader};

/// Lists come with their length once more.
pub(crate) fn listed<T: Decode>(bytes: &[u8]) -> Result<Vec<T>, Malformed> {
    Reader::all::<(Vec<T>, u32)>(bytes).map(|(items, _)| items)
}

/// Statistics come with their number once more.
pub(crate) fn statistics(bytes: &[u8]) -> Result<Vec<(String, u64)>, Malformed> {
    Reader::all::<(Vec<(String, u64)>, i32)>(bytes).map(|(items, _)| items)
}

/// So many statistics a host has. It takes no other number.
pub(crate) const STATISTICS: i32 = 4;

/// Asks for the items of a list, not only for their number.
pub(crate) const ITEMS: i32 = 1;
