//! More or fewer processors, more or less memory, larger disks.

use proxmox_core::{ErrorKind, Growth, Outcome, Result, Size};

use super::{CONFIG, Domain, LIVE};
use crate::rpc::VolumeRef;
use crate::rpc::procedures::{device, domain, storage};
use crate::xml::DiskSource;

/// The most it may have.
const MAXIMUM: u32 = 4;
/// A size in bytes.
const BYTES: u32 = 1;

impl Domain {
    /// Makes a disk larger, by its target such as `vda`, and gives its new size: at once if the domain runs, else in its image. The
    /// guest's own partitions and file systems stay as they are.
    ///
    /// # Errors
    /// `InvalidInput` for a size that is less than the present one, `NotFound` for a disk that it does not have.
    pub async fn resize_disk(&self, target: &str, size: Growth) -> Result<Size> {
        let document = self.document().await?;
        let Some(disk) = document.disk(target) else {
            let all: Vec<_> = document.disks.iter().map(|disk| disk.target.as_str()).collect();
            let text = format!("it has no disk {target:?}");
            let error = self.error(ErrorKind::NotFound, Outcome::NotSent, text);
            let all = if all.is_empty() { "none".to_owned() } else { all.join(", ") };
            return Err(error.during("domain.resize_disk").with_advice(format!("it has {all}")));
        };
        // While it runs qemu has the image open, and only qemu may change it.
        let volume = match self.state().await?.is_active() {
            true => None,
            false => {
                self.nobody_writes(&disk.source).await?;
                Some(self.volume_of(&disk.source).await?)
            }
        };
        let now = match &volume {
            None => self.call(device::block_info(&self.found, target)).await?.capacity,
            Some(volume) => self.call(storage::volume_info(volume)).await?.capacity,
        };
        let now = Size::from_bytes(now);
        let wanted = size.of(now).map_err(|e| e.during("domain.resize_disk").about(self))?;
        if wanted > now {
            match &volume {
                None => self.call(device::resize_disk(&self.found, target, wanted.bytes(), BYTES)).await?,
                Some(volume) => self.call(storage::resize_volume(volume, wanted.bytes(), 0)).await?,
            }
        }
        Ok(wanted)
    }

    /// Another domain that runs on the same image would see it change under its feet.
    async fn nobody_writes(&self, source: &DiskSource) -> Result<()> {
        let users = self.host.volume_users(None).await?;
        let other = users.path(source).and_then(|path| users.writer(path, self.uuid()));
        let Some(other) = other else { return Ok(()) };
        let text = format!("its disk is one of domain {other} as well");
        let error = self.error(ErrorKind::Refused, Outcome::NotSent, text).during("domain.resize_disk");
        Err(error.with_advice("two domains that write to one disk destroy it: take it away from one of them"))
    }

    /// The volume that a disk is.
    pub(super) async fn volume_of(&self, source: &DiskSource) -> Result<VolumeRef> {
        match source {
            DiskSource::Volume { pool, volume } => {
                let pool = self.call(storage::pool_by_name(pool)).await?;
                self.call(storage::volume_by_name(&pool, volume)).await
            }
            DiskSource::File(path) | DiskSource::Block(path) => {
                self.call(storage::volume_by_path(path)).await
            }
            _ => {
                let text = "the disk is no volume, so libvirt cannot change it while the domain is off";
                Err(self.error(ErrorKind::Unsupported, Outcome::NotSent, text))
            }
        }
    }

    /// Sets the number of virtual CPUs: of a domain that runs as well, up to the most it was started with; one that is off may get any
    /// number.
    ///
    /// # Errors
    /// `InvalidInput` for none, and for more than it may have while it runs.
    pub async fn set_vcpus(&self, count: u32) -> Result<()> {
        let flags = self.everywhere().await?;
        let most = self.definition().await?.max_vcpus;
        if count > most {
            if flags & LIVE != 0 {
                return Err(self.too_many(
                    &format!("{count} virtual CPUs"),
                    &most.to_string(),
                    "domain.set_vcpus",
                ));
            }
            self.call(domain::set_vcpus(&self.found, count, CONFIG | MAXIMUM)).await?;
        }
        self.call(domain::set_vcpus(&self.found, count, flags)).await
    }

    /// Sets the memory, in whole KiB: of a domain that runs as well, by its balloon, up to the most it was started with; one that is
    /// off may get any amount.
    ///
    /// # Errors
    /// `InvalidInput` for more than it may have while it runs.
    pub async fn set_memory(&self, memory: Size) -> Result<()> {
        let flags = self.everywhere().await?;
        let most = self.definition().await?.memory;
        let kib = memory.bytes() >> 10;
        if memory > most {
            if flags & LIVE != 0 {
                return Err(self.too_many(
                    &format!("{memory} of memory"),
                    &most.to_string(),
                    "domain.set_memory",
                ));
            }
            self.call(domain::set_memory(&self.found, kib, CONFIG | MAXIMUM)).await?;
        }
        // Not each driver does both at once.
        if flags & LIVE != 0 {
            self.call(domain::set_memory(&self.found, kib, LIVE)).await?;
        }
        if flags & CONFIG != 0 {
            let kept = self.call(domain::set_memory(&self.found, kib, CONFIG)).await;
            // What runs has it already.
            return kept.map_err(|e| if flags & LIVE != 0 { e.with_outcome(Outcome::Applied) } else { e });
        }
        Ok(())
    }

    fn too_many(&self, wanted: &str, most: &str, operation: &'static str) -> proxmox_core::Error {
        let text = format!("{wanted} are more than the {most} that it may have while it runs");
        let error = self.error(ErrorKind::InvalidInput, Outcome::NotSent, text);
        error.during(operation).with_advice("shut it down first")
    }
}
