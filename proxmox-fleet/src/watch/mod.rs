//! A cluster watched: its guests and nodes once in full, and then what changes, as typed [`Event`]s.
//!
//! Each look is one request, `GET /cluster/resources`, whatever the number of guests and of subscribers. It is asked without a `type`,
//! because only so it tells of guests *and* nodes; what else is in it is left aside. It needs no privilege, and shows the guests that
//! the credentials may audit (`VM.Audit`).
//!
//! There is no thread and no task behind it: whoever waits for the next event asks when the time has come, one for all. While
//! nobody waits nothing is asked. Time is the transport's, so it works in every runtime, without one, and in simulated time.
//!
//! ```
//! # async fn demo(pve: &proxmox_core::Pve) {
//! use proxmox_fleet::{Watch, watch::Event};
//!
//! let mut subscription = Watch::new(pve).subscribe();
//! loop {
//!     match subscription.next().await {
//!         Event::Snapshot { guests, .. } => println!("{} guests", guests.len()),
//!         Event::Changed { guest, what } => println!("{}: {what:?}", guest.vmid),
//!         Event::Stale { error, .. } => println!("nothing is known for now: {error}"),
//!         other => println!("{}", other.name()),
//!     }
//! }
//! # }
//! ```
//!
//! # What silence means
//!
//! - A poll that fails is [`Event::Stale`], once, and never a removal. The pause then doubles up to
//!   [`Settings::longest_pause`]. An answer that names no node at all is a failed poll too: every cluster has one.
//! - A guest whose node is not online is `unknown`, and stays so even when its row disappears. It is told as removed when its node
//!   is back without it, or has left the cluster.
//! - While some rows cannot be read ([`Event::Unreadable`]) nothing is told as removed.
//! - PVE leaves out of the list what the credentials may not audit, without a word. A list that has shrunk, or is empty, because a
//!   privilege was withdrawn looks exactly like one whose guests were deleted, and is told as [`Event::Removed`]. Whoever
//!   acts on removals for good asks for the guest first: `NotFound` confirms it, `PermissionDenied` does not.
//! - What began and ended between two looks is not seen.

mod diff;
mod event;
mod feed;
mod read;
mod settings;
mod shared;
mod subscription;
#[cfg(test)]
mod testing;
mod view;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use proxmox_core::Pve;

pub use diff::diff;
pub use event::{Change, Event, Removal};
pub use settings::Settings;
pub use subscription::{Blocking, Subscription};
pub use view::{Guest, Node, View};

use shared::Shared;

/// Watches the guests and nodes of a cluster for any number of subscribers. Clones are the same watch.
///
/// A setter makes another watch, which shares nothing with subscriptions that were made before it.
#[derive(Clone)]
pub struct Watch(Arc<Shared>);

impl Watch {
    /// A watch with the default [`Settings`].
    #[must_use]
    pub fn new(pve: &Pve) -> Self {
        Self::with(pve, Settings::default())
    }

    /// A watch with these settings.
    #[must_use]
    pub fn with(pve: &Pve, settings: Settings) -> Self {
        Self(Arc::new(Shared::new(pve.without_options(), settings)))
    }

    /// What it tells, and how often it looks.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    fn set(&self, set: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = self.0.settings.clone();
        set(&mut settings);
        Self::with(&self.0.pve, settings)
    }

    /// See [`Settings::interval`].
    #[must_use]
    pub fn interval(self, interval: Duration) -> Self {
        self.set(|settings| settings.interval = interval)
    }

    /// See [`Settings::longest_pause`].
    #[must_use]
    pub fn longest_pause(self, pause: Duration) -> Self {
        self.set(|settings| settings.longest_pause = pause)
    }

    /// See [`Settings::templates`].
    #[must_use]
    pub fn templates(self, templates: bool) -> Self {
        self.set(|settings| settings.templates = templates)
    }

    /// See [`Settings::cpu_points`].
    #[must_use]
    pub fn cpu_points(self, points: f64) -> Self {
        self.set(|settings| settings.cpu_points = points)
    }

    /// See [`Settings::memory_percent`].
    #[must_use]
    pub fn memory_percent(self, percent: f64) -> Self {
        self.set(|settings| settings.memory_percent = percent)
    }

    /// See [`Settings::queue`].
    #[must_use]
    pub fn queue(self, events: usize) -> Self {
        self.set(|settings| settings.queue = events)
    }

    /// One more who is told: first a snapshot, then what changes.
    #[must_use]
    pub fn subscribe(&self) -> Subscription {
        Subscription::new(Arc::clone(&self.0))
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch")
            .field("pve", &self.0.pve)
            .field("settings", &self.0.settings)
            .finish_non_exhaustive()
    }
}
