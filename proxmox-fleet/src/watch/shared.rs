use std::sync::{Mutex, MutexGuard, PoisonError};

use proxmox_core::Pve;

use super::Settings;
use super::feed::Feed;

/// What all subscribers of one watch have in common.
pub(super) struct Shared {
    pub(super) pve: Pve,
    pub(super) settings: Settings,
    /// Held by the one who asks.
    pub(super) turn: async_lock::Mutex<()>,
    /// Never held while something is waited for.
    feed: Mutex<Feed>,
}

impl Shared {
    pub(super) fn new(pve: Pve, settings: Settings) -> Self {
        Self { pve, settings, turn: async_lock::Mutex::new(()), feed: Mutex::default() }
    }

    pub(super) fn feed(&self) -> MutexGuard<'_, Feed> {
        self.feed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
