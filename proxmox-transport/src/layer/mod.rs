//! Layers that go around any transport.
//!
//! [`Api::connect`](crate::Api::connect) puts [`Retry`], [`Limit`] and [`Trace`] around the wire, in this order. The others
//! are for programs that ask for them.

mod dry_run;
mod limit;
mod retry;
mod tape;
#[cfg(test)]
mod testing;
mod trace;

pub use dry_run::DryRun;
pub use limit::Limit;
pub use retry::Retry;
pub use tape::{Record, Replay, Tape};
pub use trace::Trace;
