//! Taking away: an instance with what belongs to it, and what a failed creation has left.

use std::time::Duration;

use proxmox_core::config::ConfigBag;
use proxmox_core::guest::{DeleteOptions, Deleted};
use proxmox_core::task::TaskEntry;
use proxmox_core::{Error, ErrorKind, GuestKind, NodeName, Outcome, Result, VolId};
use proxmox_qemu::Vm;

use super::PveBackend;
use super::seed;

/// How long a creation may go on of which nobody waits for the end any more.
const PATIENCE: Duration = Duration::from_secs(300);
const PAUSE: Duration = Duration::from_secs(2);
/// Among how many tasks of a node an upload is looked for.
const RECENT: u32 = 100;

impl PveBackend {
    /// Deletes a machine with its disks, then its seed. True when there was something to delete.
    pub(super) async fn remove(&self, vm: &Vm) -> Result<bool> {
        let seeds = match vm.config().await {
            Ok(config) => seed::of(&config, vm.vmid()),
            Err(e) if e.is_not_found() => Vec::new(),
            Err(e) => return Err(e),
        };
        let deleted = vm.delete(DeleteOptions::new().stop_first().purge()).await?;
        for volid in seeds {
            self.drop_seed(vm.node(), &volid).await.map_err(|e| {
                e.with_outcome(Outcome::Applied).about(vm).with_advice(format!(
                    "the instance is deleted, and {volid} is not: delete it, it may hold secrets"
                ))
            })?;
        }
        Ok(matches!(deleted, Deleted::Done(_)))
    }

    async fn drop_seed(&self, node: &NodeName, volid: &VolId) -> Result<()> {
        self.pve.node(node)?.delete_volume(volid).await.map(drop)
    }

    /// Takes away what a failed creation has made, and says in its error what is left.
    pub(super) async fn undo(&self, word: &str, made: Made, failed: Error) -> Error {
        let mut left = Vec::new();
        if let Some(vm) = &made.vm
            && let Err(e) = self.unmake(vm, word).await
        {
            left.push(format!("{vm} ({})", e.message()));
        }
        if let Some(seed) = &made.seed
            && let Err(e) = self.take_seed(seed, failed.outcome()).await
        {
            left.push(format!("{} on node {} ({})", seed.volid, seed.node, e.message()));
        }
        if left.is_empty() {
            // What may have been applied is gone again, where it was known what it was.
            return match failed.outcome() {
                Outcome::Applied => failed.with_outcome(Outcome::Rejected),
                Outcome::MaybeApplied if made.vm.is_some() => failed.with_outcome(Outcome::Rejected),
                _ => failed,
            };
        }
        let text = format!("what was made could not be removed: {}", left.join("; "));
        failed.with_outcome(Outcome::Applied).with_advice(text)
    }

    /// Deletes the seed of a creation; one that never came is fine. Where it may still be on its way its arrival is waited for.
    async fn take_seed(&self, seed: &Seed, failed: Outcome) -> Result<()> {
        let on_its_way = !seed.arrived && failed == Outcome::MaybeApplied;
        let waited = if on_its_way { self.uploads_end(&seed.node).await } else { Ok(()) };
        self.drop_seed(&seed.node, &seed.volid).await?;
        waited
    }

    async fn uploads_end(&self, node: &NodeName) -> Result<()> {
        let end = self.pve.now() + PATIENCE;
        let arriving = |task: &TaskEntry| task.endtime.is_none() && task.upid.kind() == "imgcopy";
        while self.pve.node(node)?.tasks(RECENT).await?.iter().any(arriving) {
            if self.pve.now() >= end {
                let text = "uploads to the node do not end: it may still come";
                return Err(Error::new(ErrorKind::Timeout, Outcome::NotSent, text));
            }
            self.pve.sleep(PAUSE).await;
        }
        Ok(())
    }

    /// Deletes the machine of a creation, whether its tag is there yet or not. Once it is gone its number may be another's, so it must
    /// still carry the word: PVE takes no digest with a deletion, and this is as late as it can be looked at.
    async fn unmake(&self, vm: &Vm, word: &str) -> Result<()> {
        let (vm, config) = match vm.config().await {
            Ok(config) => (vm.clone(), config),
            // PVE says so of a machine that has moved, too.
            Err(e) if e.is_not_found() => match self.pve.cluster().find(vm.vmid().into()).await {
                Ok(found) if found.kind == GuestKind::Qemu => {
                    let vm = Vm::new(&self.pve, &found.node, found.vmid);
                    let config = vm.config().await?;
                    (vm, config)
                }
                Ok(_) => return Ok(()),
                Err(e) if e.is_not_found() => return Ok(()),
                Err(e) => return Err(e),
            },
            Err(e) => return Err(e),
        };
        check_own(&vm, &config, word)?;
        vm.delete(DeleteOptions::new().stop_first().purge()).force(vm.vmid()).await.map(drop)
    }

    /// The machine of a creation whose answer was lost: the only one that carries its word. While it is being made it carries nothing
    /// but a lock, so the end of that is waited for.
    pub(super) async fn stray(&self, name: &str, word: &str) -> Result<Option<Vm>> {
        let end = self.pve.now() + PATIENCE;
        loop {
            let rows = self.pve.cluster().guests().await?;
            let mut making = false;
            for row in rows.iter().filter(|row| row.kind == GuestKind::Qemu.segment()) {
                let (Some(node), Some(vmid)) = (row.node.as_ref().filter(|node| self.has(node)), row.vmid)
                else {
                    continue;
                };
                // What PVE calls those that have no name yet.
                let nameless = format!("VM {vmid}");
                if row.name.as_deref().is_some_and(|other| other != name && other != nameless) {
                    continue;
                }
                let vm = Vm::new(&self.pve, node, vmid);
                match vm.config().await {
                    Ok(config) if is_own(&config, word) => return Ok(Some(vm)),
                    Ok(config) => making |= matches!(config.lock(), Some("create" | "clone")),
                    Err(e) if e.is_not_found() => {}
                    Err(e) => return Err(e),
                }
            }
            if !making || self.pve.now() >= end {
                return Ok(None);
            }
            self.pve.sleep(PAUSE).await;
        }
    }
}

/// What a creation has made so far, or may have made.
#[derive(Debug, Default)]
pub(super) struct Made {
    pub(super) vm: Option<Vm>,
    pub(super) seed: Option<Seed>,
}

/// The file that a creation has put on a node, or wanted to.
#[derive(Debug)]
pub(super) struct Seed {
    pub(super) node: NodeName,
    pub(super) volid: VolId,
    /// Else it is perhaps not there, or not yet.
    pub(super) arrived: bool,
}

/// The line in the description by which a creation knows its own machine.
pub(super) fn marker(word: &str) -> String {
    format!("<!-- sdk-instance {word} -->")
}

/// Whether a machine is the one of this creation, and not another that has its number now.
fn is_own(config: &ConfigBag, word: &str) -> bool {
    config.description().is_some_and(|text| text.contains(&marker(word)))
}

/// # Errors
/// `WrongState` for a machine that is not, or no longer, known as the one of this creation.
pub(super) fn check_own(vm: &Vm, config: &ConfigBag, word: &str) -> Result<()> {
    if is_own(config, word) {
        return Ok(());
    }
    let text = "its description does not name this creation: the number is another machine's now, or the description was \
                changed; it is left alone";
    Err(Error::new(ErrorKind::WrongState, Outcome::NotSent, text).about(vm))
}
