//! Layers that go around any transport.
//!
//! Each way to a node has, from the wire outwards, [`Limit`], [`Retry`] and [`Trace`] around it. The others
//! are for programs that ask for them.

mod limit;
mod retry;
mod tape;
#[cfg(test)]
mod testing;
mod trace;

pub use limit::Limit;
pub use retry::Retry;
pub use tape::{Record, Replay, Tape};
pub use trace::Trace;

/// Those that every way to a node has.
#[cfg(any(feature = "_http", feature = "_shell"))]
pub(crate) fn standard(builder: proxmox_core::PveBuilder, limit: Limit) -> proxmox_core::PveBuilder {
    // A permit is not held while a request waits to be tried again.
    builder.layer(limit).layer(Retry::new()).layer(Trace::new())
}
