use std::fmt;
use std::sync::Arc;

use futures_util::stream::{self, Stream};

use super::Event;
use super::shared::Shared;

/// One who is told: [`Watch::subscribe`](super::Watch::subscribe). Dropping it ends it.
///
/// What it does not fetch waits for it, and is replaced by a snapshot when it is too much
/// ([`Settings::queue`](super::Settings::queue)): a slow subscriber holds nobody up and misses no state, only steps on the way to it.
pub struct Subscription {
    shared: Arc<Shared>,
    id: u64,
}

impl Subscription {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        let id = shared.feed().enter();
        Self { shared, id }
    }

    /// The next event, when there is one. It never ends: a poll that fails is an event as well.
    ///
    /// Whoever waits here asks the cluster when the time has come, one for all. Nothing is lost when the future is dropped. A future
    /// that is neither polled nor dropped in the middle of a question holds the others up.
    pub async fn next(&mut self) -> Event {
        let Shared { pve, settings, turn, .. } = &*self.shared;
        loop {
            let now = pve.now();
            let wait = {
                let mut feed = self.shared.feed();
                if let Some(event) = feed.take(self.id, now) {
                    return event;
                }
                feed.wait(now)
            };
            if !wait.is_zero() {
                pve.sleep(wait).await;
                continue;
            }
            let _turn = turn.lock().await;
            // Somebody else may have asked meanwhile.
            if self.shared.feed().is_due(pve.now()) {
                let answer = pve.cluster().resources().await;
                self.shared.feed().settle(answer, pve.now(), settings);
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
        Box::pin(stream::unfold(self, async |mut subscription| Some((subscription.next().await, subscription))))
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
