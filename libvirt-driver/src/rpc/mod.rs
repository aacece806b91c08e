//! libvirt's own protocol, as its daemon speaks it over any stream of bytes.
//!
//! A [`Call`] is a procedure with its arguments, as a value; the [`procedures`] make them. A [`Client`] carries calls out, many at
//! once over one stream. [`Connection`](crate::Connection) finds the stream.

pub(crate) mod call;
mod client;
pub(crate) mod error;
mod events;
pub(crate) mod packet;
pub mod procedures;
mod shared;
mod stream;
mod tasks;
#[cfg(test)]
mod tests;
mod types;
pub mod xdr;

pub use call::Call;
pub use client::Client;
pub use error::RemoteError;
pub use events::{Event, Events};
pub use packet::Program;
pub use stream::Stream;
pub use types::{
    BlockInfo, DhcpLease, DomainInfo, DomainRef, DomainState, DomainStats, GuestAddress, GuestInterface,
    LifecycleEvent, NetworkRef, NodeInfo, PoolInfo, PoolRef, SnapshotRef, Text32, TypedValue, Uuid,
    VolumeInfo, VolumeRef,
};
