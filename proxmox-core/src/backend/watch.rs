use super::{Instance, InstanceId};
use crate::{Result, async_trait};

/// What happens to instances, as it comes to be known.
///
/// How soon depends on the backend: libvirt tells of itself, Proxmox VE is asked again and again. What began and ended in between
/// may be left out.
#[async_trait]
pub trait InstanceWatch: Send {
    /// Waits for the next event. The first is [`Listed`](InstanceEvent::Listed).
    ///
    /// # Errors
    /// While nothing is known, because nobody answers. That is no end: the next call waits on. An instance that is not seen is not
    /// gone.
    async fn next(&mut self) -> Result<InstanceEvent>;
}

/// What has become of instances.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum InstanceEvent {
    /// All that there are, those that are not managed too: at the beginning, and again whenever changes may have been missed.
    Listed(Vec<Instance>),
    /// One is new, or its state, name, node or tags are.
    Changed(Instance),
    /// One is not there any more.
    Gone(InstanceId),
}
