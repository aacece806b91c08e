//! A fleet of Proxmox VE: nodes, clusters, and what needs attention on them.
//!
//! [`Snapshot::gather`] reads one cluster or host in few requests. [`Report::of`] is a pure function of what was read: guests
//! by node, health of nodes and disks, storages, and [`Flag`]s by the rules of [`Thresholds`]. A report is shown by
//! [`Report::markdown`] and [`Report::html`], and it is serialisable.
//!
//! [`Watch`] goes on looking, and tells what has changed as typed events.
//!
//! [`PveBackend`] is a cluster, or a node of one, as a place where instances live: made, listed and deleted with the same words as on
//! hosts of libvirt.
//!
//! What does not answer does not spoil the rest: it is named with the reason, and its guests are *unknown*, never gone.
//!
//! ```
//! # async fn demo(pve: proxmox_core::Pve, now: i64) -> proxmox_core::Result<()> {
//! use proxmox_fleet::{Gather, Report, Snapshot, Thresholds};
//!
//! let seen = Snapshot::gather(&pve, Gather::new(now).with_addresses()).await?;
//! let report = Report::of(&[seen], &Thresholds::default());
//! for flag in &report.flags {
//!     println!("{} {}: {}", flag.severity, flag.subject, flag.sentence);
//! }
//! println!("{}", report.markdown());
//! # Ok(()) }
//! ```

pub mod backend;
mod flag;
mod gather;
mod html;
pub mod human;
mod markdown;
mod report;
mod snapshot;
mod thresholds;
pub mod watch;

pub use backend::PveBackend;
pub use flag::{Flag, Rule, Severity, Subject};
pub use gather::Gather;
pub use report::{
    DiskRow, Fill, GuestCondition, GuestRow, NodeCondition, NodeRow, Report, Source, StorageRow, Summary,
};
pub use snapshot::{Addresses, GuestSeen, NodeSeen, Snapshot};
pub use thresholds::{Levels, Thresholds};
pub use watch::Watch;
