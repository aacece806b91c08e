use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use event_listener::EventListener;
use futures_util::stream::{self, Stream};

use super::Event;
use super::feed::Ticket;
use super::shared::Shared;

/// One who is told: [`Watch::subscribe`](super::Watch::subscribe). Dropping it ends it.
///
/// What it does not fetch waits for it, and is replaced by a snapshot when it is too much
/// ([`Settings::queue`](super::Settings::queue)): a slow subscriber holds nobody up and misses no state, only steps on the way to it.
pub struct Subscription {
    shared: Arc<Shared>,
    id: u64,
}

/// What is to be done until there is something to tell.
enum Step {
    Sleep(Duration),
    Ask(Ticket),
    WaitFor(Ticket, EventListener),
}

impl Subscription {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        let id = shared.feed().enter(shared.pve.now());
        Self { shared, id }
    }

    /// The next event, when there is one. It never ends: a poll that fails is an event as well.
    ///
    /// Whoever waits here asks the cluster when the time has come, one for all. Nothing is lost when the future is dropped. One that
    /// is neither polled nor dropped in the middle of its question holds the others up for a minute; then another asks in its place.
    pub async fn next(&mut self) -> Event {
        let shared = &*self.shared;
        loop {
            let now = shared.pve.now();
            let step = {
                let mut feed = shared.feed();
                if let Some(event) = feed.take(self.id, now) {
                    return event;
                }
                match (feed.wait(now), feed.asking()) {
                    (Duration::ZERO, Some(ticket)) => Step::WaitFor(ticket, shared.listen()),
                    (Duration::ZERO, None) => Step::Ask(feed.claim()),
                    (pause, _) => Step::Sleep(pause),
                }
            };
            match step {
                Step::Sleep(pause) => shared.pve.sleep(pause).await,
                Step::Ask(ticket) => shared.ask(ticket).await,
                Step::WaitFor(ticket, over) => shared.wait_for(ticket, over).await,
            }
        }
    }

    /// All events, as a stream.
    ///
    /// ```
    /// # async fn demo(pve: &proxmox_core::Pve) {
    /// use futures_util::StreamExt;
    /// use proxmox_fleet::{Watch, watch::Event};
    ///
    /// let mut offline = Watch::new(pve)
    ///     .subscribe()
    ///     .into_stream()
    ///     .filter(|event| std::future::ready(matches!(event, Event::NodeOffline { .. })));
    /// while let Some(event) = offline.next().await {
    ///     println!("{event:?}");
    /// }
    /// # }
    /// ```
    pub fn into_stream(self) -> impl Stream<Item = Event> + Send + Unpin {
        Box::pin(stream::unfold(self, async |mut subscription| {
            Some((subscription.next().await, subscription))
        }))
    }

    /// All events, for a program without a runtime: the iterator blocks its thread until there is one.
    #[must_use]
    pub fn blocking(self) -> Blocking {
        Blocking(self)
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.shared.feed().leave(self.id);
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription").field("pve", &self.shared.pve).finish_non_exhaustive()
    }
}

/// See [`Subscription::blocking`]. It never ends.
#[derive(Debug)]
pub struct Blocking(Subscription);

impl Iterator for Blocking {
    type Item = Event;
    fn next(&mut self) -> Option<Event> {
        let pve = self.0.shared.pve.clone();
        Some(pve.block_on(self.0.next()))
    }
}
