//! What happens to the instances of a host: told by the daemon, and looked for as well.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use proxmox_core::backend::{Backend as _, Instance, InstanceEvent, InstanceId, InstanceWatch};
use proxmox_core::{ErrorKind, Result, async_trait};
use tokio::time::{Instant, timeout_at};

use super::LibvirtBackend;
use crate::clock::Patience;
use crate::rpc::{Event, Events};

/// Between two looks at everything. The daemon tells of lives, and not of tags.
const LOOK: Duration = Duration::from_secs(10);

/// How long an error waits before it is told.
const REST: Duration = Duration::from_secs(1);

/// A watch of a libvirt host.
pub(super) struct LibvirtWatch {
    backend: LibvirtBackend,
    /// The daemon's own word, while there is a connection that carries it.
    events: Option<Events>,
    known: BTreeMap<InstanceId, Instance>,
    /// What is yet to be told.
    news: VecDeque<InstanceEvent>,
    /// When to look at everything; `None` when all that is known may be wrong.
    look: Option<Instant>,
}

impl LibvirtWatch {
    pub(super) fn new(backend: LibvirtBackend) -> Self {
        Self { backend, events: None, known: BTreeMap::new(), news: VecDeque::new(), look: None }
    }

    /// From nothing: subscribes, then lists, so that nothing falls in between.
    async fn begin(&mut self) -> Result<()> {
        self.events = match self.backend.host.events().await {
            Ok(events) => Some(events),
            // By `virsh` the daemon tells nothing of itself: looking is all there is.
            Err(e) if e.kind() == ErrorKind::Unsupported => None,
            Err(e) => return Err(e),
        };
        let all = self.backend.list().await?;
        self.known = all.iter().map(|instance| (instance.id.clone(), instance.clone())).collect();
        self.look = Some(Instant::now() + LOOK);
        self.news.clear();
        self.news.push_back(InstanceEvent::Listed(all));
        Ok(())
    }

    /// Looks at everything, and notes what is other than it was.
    async fn compare(&mut self) -> Result<()> {
        let all = self.backend.list().await?;
        self.look = Some(Instant::now() + LOOK);
        let gone: Vec<_> =
            self.known.keys().filter(|id| all.iter().all(|instance| instance.id != **id)).cloned().collect();
        gone.into_iter().for_each(|id| self.gone(id));
        all.into_iter().for_each(|instance| self.seen(instance));
        Ok(())
    }

    fn gone(&mut self, id: InstanceId) {
        if self.known.remove(&id).is_some() {
            self.news.push_back(InstanceEvent::Gone(id));
        }
    }

    fn seen(&mut self, instance: Instance) {
        if self.known.insert(instance.id.clone(), instance.clone()).as_ref() != Some(&instance) {
            self.news.push_back(InstanceEvent::Changed(instance));
        }
    }

    /// Looks at the one that something happened to.
    async fn look_at(&mut self, id: InstanceId) -> Result<()> {
        match self.backend.get(&id).await {
            Ok(instance) => self.seen(instance),
            Err(e) if e.is_not_found() => self.gone(id),
            Err(e) => return Err(e),
        }
        Ok(())
    }

    /// Waits until there may be news, and looks for them.
    async fn wait(&mut self) -> Result<()> {
        let Some(look) = self.look else { return self.begin().await };
        let told = match &mut self.events {
            Some(events) => timeout_at(look, events.next()).await,
            None => timeout_at(look, std::future::pending()).await,
        };
        match told {
            Err(_) => self.compare().await,
            Ok(Ok(Event::Lifecycle(event))) => {
                self.look_at(InstanceId::new(event.domain.uuid.to_string())).await
            }
            Ok(Ok(Event::Missed(_))) => self.begin().await,
            Ok(Err(e)) => Err(e),
        }
    }
}

#[async_trait]
impl InstanceWatch for LibvirtWatch {
    async fn next(&mut self) -> Result<InstanceEvent> {
        loop {
            if let Some(event) = self.news.pop_front() {
                return Ok(event);
            }
            if let Err(e) = self.wait().await {
                // Whoever asks again at once is not to begin a connection at once.
                Patience::new(REST).pause().await;
                self.look = None;
                return Err(e.during("backend.watch").about(&self.backend.host));
            }
        }
    }
}
