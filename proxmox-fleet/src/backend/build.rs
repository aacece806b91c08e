//! Making an instance, step by step. Each step notes what it has made, or may have made.

use proxmox_core::backend::{Instance, Network};
use proxmox_core::config::{ConfigBag, ConfigChange, Disk, Net, Size};
use proxmox_core::guest::{CloneOptions, NewId};
use proxmox_core::{Error, ErrorKind, Outcome, Result, VolId};
use proxmox_qemu::{QemuNode as _, Vm, VmSpec};

use super::create::Wish;
use super::image::Origin;
use super::undo::{Made, Seed, check_own, marker};
use super::{BRIDGE, PveBackend, seed};

/// What every processor of the last ten years has; PVE's own default lacks what today's systems are built for.
const CPU: &str = "x86-64-v2-AES";

impl PveBackend {
    pub(super) async fn build(&self, wish: &Wish<'_>, origin: Origin, made: &mut Made) -> Result<Instance> {
        let cloned = matches!(origin, Origin::Template(_));
        let vm = match self.born(wish, origin).await {
            Ok(vm) => vm,
            Err(e) => {
                if matches!(e.outcome(), Outcome::MaybeApplied | Outcome::Applied) {
                    // Where it cannot be found, the error goes on to say that it may be there.
                    made.vm = self.stray(&wish.spec.name, &wish.word).await.unwrap_or_default();
                }
                return Err(e);
            }
        };
        made.vm = Some(vm.clone());
        let config = vm.config().await?;
        check_own(&vm, &config, &wish.word)?;
        let mut change = if cloned { self.shaped(wish, &config)? } else { ConfigChange::new() };
        if let Some(data) = &wish.data {
            let slot = seed::slot(&config).ok_or_else(no_slot)?;
            let volid = self.seed_of(wish.room, &vm, &wish.word)?;
            // Noted first: it may lie there though the answer is lost.
            let (node, arrived) = (vm.node().clone(), false);
            let noted = made.seed.insert(Seed { node, volid: volid.clone(), arrived });
            self.put_seed(&vm, &volid, &wish.spec.name, data.clone(), &wish.word).await?;
            noted.arrived = true;
            change = change.set(slot, Disk::iso(&volid).to_string());
        }
        if !change.is_empty() {
            if let Some(digest) = config.digest() {
                // What was looked at is what is changed, however long the upload took.
                change = change.with_digest(digest);
            }
            vm.set_config(change).await?;
        }
        let wanted = Size::from_bytes(wish.spec.size.disk_mib.saturating_mul(1 << 20));
        if let Some((slot, size)) = first_disk(&config)
            && size < wanted
        {
            vm.resize(&slot, wanted.into()).await?;
        }
        vm.start().await?;
        Ok(self.look(&vm).await?.1)
    }

    /// A machine that is off, with its first disk.
    async fn born(&self, wish: &Wish<'_>, origin: Origin) -> Result<Vm> {
        match origin {
            Origin::Volume(volid) => {
                let spec = self.described(wish, &volid)?;
                self.pve.node(&wish.room.node)?.vms().create(NewId::Auto, spec).await
            }
            Origin::Template(template) => {
                let options = CloneOptions::named(&wish.spec.name)
                    .full()
                    .storage(self.storage.clone())
                    .description(marker(&wish.word));
                let options = match wish.room.node == *template.node() {
                    true => options,
                    false => options.target(wish.room.node.clone()),
                };
                Ok(template.clone_to(options).await?.guest)
            }
        }
    }

    /// A new machine. PVE's own cloud-init tells it its name, and to ask for an address, where nobody tells it more.
    fn described(&self, wish: &Wish<'_>, image: &VolId) -> Result<VmSpec> {
        let (spec, size) = (wish.spec, &wish.spec.size);
        let bridge = self.bridge_of(spec.network.as_ref()).unwrap_or(BRIDGE);
        let vm = VmSpec::named(&spec.name)
            .cores(size.vcpus)
            .memory_mib(memory(size.memory_mib)?)
            .param("cpu", CPU)
            .param("scsi0", Disk::import(&self.storage, image)?.with_discard(true).to_string())
            .param("boot", "order=scsi0")
            .net(0, &Net::virtio().with_bridge(bridge)?)
            // Without one some images panic once their disk has grown.
            .param("serial0", "socket")
            .agent()
            .param("tags", wish.tags.as_str())
            .param("description", marker(&wish.word));
        Ok(match wish.data {
            Some(_) => vm,
            None => vm.cloud_init_drive("ide2", &self.storage).param("ipconfig0", "ip=dhcp"),
        })
    }

    /// What makes a copy the machine that is wanted. The template's tags stay: some may protect.
    fn shaped(&self, wish: &Wish<'_>, config: &ConfigBag) -> Result<ConfigChange> {
        let size = &wish.spec.size;
        let mut tags: Vec<String> = config.tags().iter().map(str::to_owned).collect();
        tags.extend(wish.spec.tags.iter().filter(|tag| !config.tags().contains(tag)).cloned());
        let mut change = ConfigChange::new()
            .set("cores", size.vcpus)
            .set("sockets", 1)
            .set("memory", memory(size.memory_mib)?)
            .set("agent", "1")
            .set("tags", self.tags(&tags)?);
        if config.get("serial0").is_none() {
            change = change.set("serial0", "socket");
        }
        if let Some(bridge) = self.bridge_of(wish.spec.network.as_ref()) {
            let card = match config.nets().into_iter().find(|(number, _)| *number == 0) {
                Some((_, card)) => card?,
                None => Net::virtio(),
            };
            change = change.set("net0", card.with_bridge(bridge)?.to_string());
        }
        Ok(change)
    }

    /// Bridges and vnets are the same to a card.
    fn bridge_of<'s>(&'s self, network: Option<&'s Network>) -> Option<&'s str> {
        match network {
            Some(Network::Bridge(name) | Network::Network(name)) => Some(name),
            _ => self.bridge.as_deref(),
        }
    }
}

fn memory(mib: u64) -> Result<u32> {
    let wrong =
        || Error::invalid("memory_mib", format!("memory_mib: {mib} MiB are more than a machine can have"));
    u32::try_from(mib).map_err(|_| wrong())
}

fn no_slot() -> Error {
    let text = "the template has no drive left for the seed: ide0 to ide3 are taken";
    Error::new(ErrorKind::WrongState, Outcome::Rejected, text)
}

/// The disk that it boots from, with its size.
fn first_disk(config: &ConfigBag) -> Option<(String, Size)> {
    let order = config.boot_order();
    let named = order.iter().flat_map(|order| order.devices()).map(str::to_owned);
    let usual = ["scsi0", "virtio0", "sata0", "ide0"].map(str::to_owned);
    named.chain(usual).find_map(|slot| {
        let disk = config.disk(&slot).ok().filter(|disk| !disk.is_cdrom() && !disk.is_cloudinit())?;
        Some((slot, disk.size()?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_disk() {
        let disk = |pairs: &[(&str, &str)]| {
            let bag: ConfigBag = pairs.iter().copied().collect();
            first_disk(&bag).map(|(slot, size)| (slot, size.bytes()))
        };
        let found = disk(&[
            ("boot", "order=ide2;net0;virtio1"),
            ("ide2", "local:iso/x.iso,media=cdrom,size=1G"),
            ("virtio1", "local-lvm:vm-100-disk-1,size=2G"),
            ("scsi0", "local-lvm:vm-100-disk-0,size=1G"),
        ]);
        assert_eq!(found, Some(("virtio1".to_owned(), 2 << 30)));
        assert_eq!(
            disk(&[("scsi0", "local-lvm:vm-100-disk-0,size=1G")]),
            Some(("scsi0".to_owned(), 1 << 30))
        );
        assert_eq!(disk(&[("ide2", "local-lvm:vm-100-cloudinit,media=cdrom,size=4M")]), None);
    }
}
