//! Instances as PVE has them.

use std::collections::BTreeSet;

use proxmox_core::backend::{Instance, InstanceId, InstanceState};
use proxmox_core::cluster::Resource;
use proxmox_core::config::Tags;
use proxmox_core::guest::GuestStatus;
use proxmox_core::{Call, Error, ErrorKind, Outcome, Policy, Result, Vmid, Work};
use proxmox_qemu::Vm;

use super::PveBackend;

impl PveBackend {
    /// All instances, by name. A row that cannot be read is left out.
    pub(super) async fn all(&self) -> Result<Vec<Instance>> {
        let rows = self.pve.cluster().guests().await?;
        let ours = |row: &&Resource| row.node.as_ref().is_some_and(|node| self.has(node));
        let mut all: Vec<Instance> =
            rows.iter().filter(ours).filter_map(|row| of_row(row, self.pve.policy())).collect();
        all.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
        Ok(all)
    }

    /// The machine of this id, wherever it is now.
    ///
    /// # Errors
    /// `NotFound` for nothing but a number that no guest has: who hears it may forget the id. `InvalidInput` for what is no number,
    /// `Refused` for a guest that is no instance, `WrongState` for one on a node that is not of this backend.
    pub(super) async fn vm(&self, id: &InstanceId) -> Result<Vm> {
        let vmid: Vmid = id.as_str().parse().map_err(|e: Error| {
            let text = format!("{:?} is no id of an instance of Proxmox VE: {}", id.as_str(), e.message());
            Error::invalid("id", text)
        })?;
        let rows = self.pve.cluster().guests().await?;
        let Some(row) = rows.iter().find(|row| row.vmid == Some(vmid)) else {
            return Err(match rows.complaints("the list of guests").next() {
                Some(why) => {
                    let text = format!("whether there is an instance {vmid} cannot be told: {why}");
                    Error::new(ErrorKind::Decode, Outcome::NotSent, text)
                }
                None => {
                    let text = format!("there is no instance {vmid} in region {}", self.name());
                    Error::new(ErrorKind::NotFound, Outcome::NotSent, text)
                }
            });
        };
        let not_one = |what| {
            let text = format!("guest {vmid} is {what}, and no instance");
            Err(Error::new(ErrorKind::Refused, Outcome::NotSent, text))
        };
        match &row.node {
            _ if row.kind != "qemu" => not_one("a container"),
            _ if row.template => not_one("a template"),
            Some(node) if self.has(node) => Ok(Vm::new(&self.pve, node, vmid)),
            Some(node) => {
                let text = format!("instance {vmid} is on node {node}, and not in region {}", self.name());
                Err(Error::new(ErrorKind::WrongState, Outcome::NotSent, text)
                    .with_advice(format!("ask the backend of node {node}, or the one of the whole cluster")))
            }
            None => {
                let text = format!("PVE does not say on which node instance {vmid} is");
                Err(Error::new(ErrorKind::Decode, Outcome::NotSent, text))
            }
        }
    }

    /// What a machine says of itself right now: the list of the cluster may be some seconds old.
    pub(super) async fn look(&self, vm: &Vm) -> Result<(GuestStatus, Instance)> {
        let status = vm.status().await?;
        let state = state(status.status.as_str(), status.qmpstatus.as_deref());
        let name = status.name.clone().unwrap_or_default();
        let mut instance = Instance::new(id(vm.vmid()), name, vm.node().as_str(), state);
        mark(&mut instance, &status.tags, self.pve.policy());
        instance.vcpus = status.cpus.and_then(count);
        instance.memory_mib = status.maxmem.and_then(mib);
        Ok((status, instance))
    }

    /// Switches off what is not off already. Somebody else doing the same meanwhile is fine.
    pub(super) async fn off(&self, vm: &Vm, how: Call<Work>) -> Result<()> {
        if self.look(vm).await?.1.state == InstanceState::Stopped {
            return Ok(());
        }
        match how.await {
            Ok(_) => Ok(()),
            Err(e) => match self.look(vm).await {
                Ok((_, instance)) if instance.state == InstanceState::Stopped => Ok(()),
                _ => Err(e),
            },
        }
    }

    /// These tags and the managed one, as PVE writes them.
    ///
    /// # Errors
    /// `InvalidInput` for what cannot be a tag.
    pub(super) fn tags(&self, tags: &[String]) -> Result<String> {
        let tags: Vec<String> = Tags::of(tags)?.iter().map(str::to_owned).collect();
        Ok(self.pve.policy().with_tag(&tags))
    }
}

pub(super) fn id(vmid: Vmid) -> InstanceId {
    InstanceId::new(vmid.to_string())
}

/// A row of the cluster's list, unless it is a container or a template.
pub(super) fn of_row(row: &Resource, policy: &Policy) -> Option<Instance> {
    if row.kind != "qemu" || row.template {
        return None;
    }
    let state = state(row.status.as_ref().map_or("unknown", |status| status.as_str()), None);
    let name = row.name.clone().unwrap_or_default();
    let mut instance = Instance::new(id(row.vmid?), name, row.node.as_ref()?.as_str(), state);
    mark(&mut instance, &row.tags, policy);
    instance.vcpus = row.maxcpu.and_then(count);
    instance.memory_mib = row.maxmem.and_then(mib);
    Some(instance)
}

/// Its tags, and whether it is managed.
pub(super) fn mark(instance: &mut Instance, tags: &[String], policy: &Policy) {
    let tags: BTreeSet<String> = tags.iter().cloned().collect();
    instance.managed = tags.contains(policy.tag());
    instance.tags = tags.into_iter().collect();
}

/// PVE's words for it. `prelaunch` and others are of a machine that is there.
pub(super) fn state(status: &str, qmp: Option<&str>) -> InstanceState {
    match (status, qmp) {
        (_, Some("internal-error" | "io-error" | "guest-panicked")) => InstanceState::Crashed,
        (_, Some("paused" | "suspended")) | ("paused" | "suspended", _) => InstanceState::Paused,
        ("running", _) => InstanceState::Running,
        ("stopped", _) => InstanceState::Stopped,
        _ => InstanceState::Unknown,
    }
}

pub(super) fn mib(bytes: i64) -> Option<u64> {
    u64::try_from(bytes).ok().map(|bytes| bytes >> 20)
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // A number of CPUs.
pub(super) fn count(cpus: f64) -> Option<u32> {
    (cpus.is_finite() && (0.0..1e6).contains(&cpus)).then_some(cpus as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states() {
        for (status, qmp, wanted) in [
            ("running", None, InstanceState::Running),
            ("running", Some("running"), InstanceState::Running),
            ("running", Some("prelaunch"), InstanceState::Running),
            ("running", Some("paused"), InstanceState::Paused),
            ("running", Some("io-error"), InstanceState::Crashed),
            ("stopped", Some("stopped"), InstanceState::Stopped),
            ("unknown", None, InstanceState::Unknown),
            ("new word", None, InstanceState::Unknown),
        ] {
            assert_eq!(state(status, qmp), wanted, "{status} {qmp:?}");
        }
        assert_eq!((count(2.0), count(-1.0), count(f64::NAN), mib(-1)), (Some(2), None, None, None));
    }
}
