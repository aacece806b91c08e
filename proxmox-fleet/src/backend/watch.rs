//! A watch of a cluster as one of instances.

use proxmox_core::backend::{Instance, InstanceEvent, InstanceWatch};
use proxmox_core::{Error, GuestKind, NodeName, Outcome, Policy, Pve, Result, async_trait};

use super::instances::{id, mark, mib, state};
use crate::watch::{Change, Event, Guest, Subscription, Watch};

/// Looks at the cluster again and again.
pub(super) struct Looks {
    subscription: Subscription,
    policy: Policy,
    node: Option<NodeName>,
}

impl Looks {
    pub(super) fn new(pve: &Pve, node: Option<NodeName>) -> Self {
        Self { subscription: Watch::new(pve).subscribe(), policy: pve.policy().clone(), node }
    }

    fn has(&self, node: &NodeName) -> bool {
        self.node.as_ref().is_none_or(|only| only == node)
    }

    fn instance(&self, guest: &Guest) -> Option<Instance> {
        if guest.kind != GuestKind::Qemu || guest.template || !self.has(&guest.node) {
            return None;
        }
        let name = guest.name.clone().unwrap_or_default();
        let state = state(guest.status.as_str(), None);
        let mut instance = Instance::new(id(guest.vmid), name, guest.node.as_str(), state);
        mark(&mut instance, &guest.tags, &self.policy);
        instance.memory_mib = guest.maxmem.and_then(mib);
        Some(instance)
    }

    fn read(&self, event: Event) -> Option<Result<InstanceEvent>> {
        Some(Ok(match event {
            Event::Snapshot { guests, .. } => {
                let mut all: Vec<Instance> = guests.iter().filter_map(|guest| self.instance(guest)).collect();
                all.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
                InstanceEvent::Listed(all)
            }
            Event::Added { guest } => InstanceEvent::Changed(self.instance(&guest)?),
            Event::Changed { guest, what } => match self.instance(&guest) {
                Some(instance) if what.iter().any(told) => InstanceEvent::Changed(instance),
                // It has gone to another node.
                None if guest.kind == GuestKind::Qemu && what.iter().any(|change| self.leaves(change)) => {
                    InstanceEvent::Gone(id(guest.vmid))
                }
                _ => return None,
            },
            Event::Removed { guest, .. } if guest.kind == GuestKind::Qemu && self.has(&guest.node) => {
                InstanceEvent::Gone(id(guest.vmid))
            }
            Event::Stale { kind, error, retry_seconds, .. } => {
                let error = Error::new(kind, Outcome::Rejected, error)
                    .with_advice(format!("the next look is in {retry_seconds} s: ask for the next event"));
                return Some(Err(error));
            }
            _ => return None,
        }))
    }

    fn leaves(&self, change: &Change) -> bool {
        matches!(change, Change::Node { from, .. } if self.has(from))
    }
}

/// How busy it is, is told by its telemetry.
fn told(change: &Change) -> bool {
    !matches!(change, Change::Cpu { .. } | Change::Mem { .. } | Change::Lock { .. })
}

#[async_trait]
impl InstanceWatch for Looks {
    async fn next(&mut self) -> Result<InstanceEvent> {
        loop {
            let event = self.subscription.next().await;
            if let Some(told) = self.read(event) {
                return told;
            }
        }
    }
}
