//! How guests and nodes fare: [`Guest::telemetry`](crate::Guest::telemetry), [`Node::telemetry`](crate::Node::telemetry), and
//! their `history`.
//!
//! Sizes are bytes, times are seconds. Everything that PVE may leave out is optional: absent is not zero. The names in JSON stay.
//!
//! ```
//! # async fn demo<K: proxmox_core::guest::Kind>(guest: proxmox_core::Guest<K>) -> proxmox_core::Result<()> {
//! use std::time::Duration;
//!
//! let first = guest.telemetry().await?;
//! guest.pve().sleep(Duration::from_secs(10)).await;
//! let second = guest.telemetry().await?.since(&first);
//! if let Some(rates) = second.rates {
//!     println!("{:?} B/s in, {:?} B/s out", rates.netin, rates.netout);
//! }
//! # Ok(()) }
//! ```

mod guest;
mod history;
mod node;
mod pressure;
mod rates;

pub use guest::{GuestTelemetry, ReadGuest};
pub use history::{GuestPoint, NodePoint, StoragePoint, Timeframe};
pub use node::{NodeTelemetry, ReadNode};
pub use pressure::Pressure;
pub use rates::Rates;
