use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use event_listener::{Event, EventListener};
use futures_util::future::{Either, select};
use proxmox_core::Pve;

use super::Settings;
use super::feed::{Feed, Ticket};

/// How long a question of somebody else is waited for. One that takes longer has most likely been left alone by its asker.
const PATIENCE: Duration = Duration::from_secs(60);

/// What all subscribers of one watch have in common.
pub(super) struct Shared {
    pub(super) pve: Pve,
    pub(super) settings: Settings,
    /// Never held while something is waited for.
    feed: Mutex<Feed>,
    /// Tells everybody that a question is over. A queue would let one who does not come when it is called hold up those behind it.
    over: Event,
    /// A question on such a transport cannot be left alone in its middle.
    blocking: bool,
}

impl Shared {
    pub(super) fn new(pve: Pve, settings: Settings) -> Self {
        let blocking = pve.info().blocking;
        Self { pve, settings, feed: Mutex::default(), over: Event::new(), blocking }
    }

    pub(super) fn feed(&self) -> MutexGuard<'_, Feed> {
        self.feed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// To be made while the feed is held, so that no end is missed.
    pub(super) fn listen(&self) -> EventListener {
        self.over.listen()
    }

    /// Asks, one for all.
    pub(super) async fn ask(&self, ticket: Ticket) {
        let _turn = Turn { shared: self, ticket };
        let answer = self.pve.cluster().resources().await;
        self.feed().settle(ticket, answer, self.pve.now(), &self.settings);
    }

    /// Waits until the question of somebody else is over, or takes the turn away from whoever seems to have left it alone.
    pub(super) async fn wait_for(&self, ticket: Ticket, over: EventListener) {
        if self.blocking {
            return over.await;
        }
        if let Either::Right(_) = select(over, pin!(self.pve.sleep(PATIENCE))).await {
            self.feed().release(ticket);
        }
    }
}

/// Ends with the question, also with one that is dropped in its middle.
struct Turn<'a> {
    shared: &'a Shared,
    ticket: Ticket,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.shared.feed().release(self.ticket);
        self.shared.over.notify(usize::MAX);
    }
}
