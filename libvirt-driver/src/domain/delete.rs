//! The end of a domain, and of what was made for it.

use proxmox_core::{Effect, Error, ErrorKind, Outcome, Result};

use super::{Domain, Shutdown, State};
use crate::Driver;
use crate::host::{of_each, read_domain};
use crate::metadata::{Found, GuestMetadata, OwnVolume};
use crate::rpc::VolumeRef;
use crate::rpc::procedures::{domain, storage};
use crate::xml::{DiskSource, Volume};

/// What goes with a definition: managed save, what libvirt knows of snapshots, nvram, what it knows of checkpoints.
const ALL: u32 = 1 | 2 | 4 | 16;
/// The same for the test driver, which has no nvram.
const ALL_OF_TEST: u32 = 1 | 2;

/// What a deletion has done.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Deleted {
    /// Whether there was something to delete.
    pub existed: bool,
    /// The volumes that are gone with it.
    pub volumes: Vec<OwnVolume>,
    /// Volumes that were made for it and are still there, each with the reason.
    pub left: Vec<(OwnVolume, String)>,
}

impl Domain {
    /// Deletes it: stops it hard, removes the volumes that were made for it, and then its definition with managed save, nvram and what
    /// libvirt knows of its snapshots. One that is gone already is no error, nor is one that goes meanwhile; what is then left of its
    /// volumes is told.
    ///
    /// Volumes are those that its metadata names, because this SDK has made them for it; disks that others have attached stay. One
    /// that another domain uses as well, or that another volume is based on, stays too and is told.
    ///
    /// # Errors
    /// `Refused` by the gate. When a volume cannot be removed the definition stays, so that the call can be repeated.
    pub async fn delete(&self) -> Result<Deleted> {
        let own = match self.own_volumes().await {
            Ok(own) => own,
            Err(e) if e.is_not_found() => return Ok(Deleted::default()),
            Err(e) => return Err(e.with_outcome(Outcome::NotSent).during("domain.delete").about(self)),
        };
        let mut deleted = Deleted { existed: true, ..Deleted::default() };
        match self.take_down(own.clone(), &mut deleted).await {
            Err(e) if e.is_not_found() && self.is_gone().await => self.name_rest(own, &mut deleted).await,
            Err(e) => return Err(e),
            Ok(()) => {}
        }
        Ok(deleted)
    }

    async fn take_down(&self, own: Vec<OwnVolume>, deleted: &mut Deleted) -> Result<()> {
        // Before anything is stopped: whether it may be deleted at all.
        self.host
            .allow(&self.found, Effect::Destroy, self.forced)
            .await
            .map_err(|e| e.during("domain.delete").about(self))?;
        let users = self.users_of(&own).await?;
        let persistent = self.is_defined().await?;
        self.stop().await?;
        for (volume, user) in own.into_iter().zip(users) {
            match user {
                Some(user) => deleted.left.push((volume, user)),
                None => {
                    if self.remove(&volume).await? {
                        deleted.volumes.push(volume);
                    }
                }
            }
        }
        if persistent {
            let flags = if self.host.connection().uri().driver == Driver::Test { ALL_OF_TEST } else { ALL };
            match self.call(domain::undefine(&self.found, flags)).await {
                Err(e) if !(e.is_not_found() || e.is_maybe_applied() && self.is_gone().await) => {
                    return Err(e);
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Somebody else has deleted it meanwhile, so that nothing tells any more whether its volumes may go: they are named.
    async fn name_rest(&self, own: Vec<OwnVolume>, deleted: &mut Deleted) {
        for volume in own {
            let known =
                deleted.volumes.contains(&volume) || deleted.left.iter().any(|(left, _)| *left == volume);
            if !known && !self.volume(&volume).await.is_err_and(|e| e.is_not_found()) {
                deleted.left.push((volume, "somebody else has deleted the domain meanwhile".to_owned()));
            }
        }
    }

    /// Shuts it down first, as [`shutdown`](Self::shutdown) does, and then deletes it.
    ///
    /// # Errors
    /// Those of both.
    pub async fn shutdown_and_delete(&self, how: Shutdown) -> Result<Deleted> {
        self.shutdown(how).await?;
        self.delete().await
    }

    async fn own_volumes(&self) -> Result<Vec<OwnVolume>> {
        Ok(match GuestMetadata::find(&self.definition().await?)? {
            Found::Element(metadata) => metadata.volumes().to_vec(),
            Found::Description(_) | Found::Nothing => Vec::new(),
        })
    }

    /// Whether it has a definition, and is not gone with its end.
    async fn is_defined(&self) -> Result<bool> {
        // virConnectListAllDomains: those with a definition.
        const PERSISTENT: u32 = 4;
        let all = self.call(domain::list(PERSISTENT)).await?;
        Ok(all.iter().any(|found| found.uuid == self.uuid()))
    }

    async fn is_gone(&self) -> bool {
        self.state().await.is_err_and(|e| e.is_not_found())
    }

    /// For each volume: who else uses it. What cannot be found out is an error: nothing is removed on a guess.
    async fn users_of(&self, volumes: &[OwnVolume]) -> Result<Vec<Option<String>>> {
        if volumes.is_empty() {
            return Ok(Vec::new());
        }
        let unknown = |e: Error| {
            let text = format!("who else uses its volumes cannot be found out: {}", e.message());
            Error::new(e.kind(), Outcome::NotSent, text).during("domain.delete").about(self).with_source(e)
        };
        let all = self.call(domain::list(0)).await.map_err(unknown)?;
        let others: Vec<_> = all.into_iter().filter(|found| found.uuid != self.uuid()).collect();
        let now = of_each(&others, |found| read_domain(&self.host, found, 0)).await.map_err(unknown)?;
        let mut users = Vec::new();
        for volume in volumes {
            let path = match self.volume(volume).await {
                Ok(found) => Some(self.call(storage::volume_path(&found)).await.map_err(unknown)?),
                Err(e) if e.is_not_found() => None,
                Err(e) => return Err(unknown(e)),
            };
            let is_it = |source: &DiskSource| match source {
                DiskSource::Volume { pool, volume: name } => *pool == volume.pool && *name == volume.name,
                other => path.is_some() && other.path() == path.as_deref(),
            };
            let uses = |disk: &crate::xml::Disk| {
                is_it(&disk.source) || disk.backing.iter().any(|below| is_it(&below.source))
            };
            let domain = now.iter().find(|other| other.disks.iter().any(uses));
            users.push(match (domain, path) {
                (Some(other), _) => Some(format!("domain {} uses it", other.name)),
                (None, Some(path)) => self.based_on(&volume.pool, &path).await.map_err(unknown)?,
                (None, None) => None,
            });
        }
        Ok(users)
    }

    /// The volume of a pool that is based on the one at this path.
    async fn based_on(&self, pool: &str, path: &str) -> Result<Option<String>> {
        let pool = self.call(storage::pool_by_name(pool)).await?;
        let volumes = self.call(storage::volumes(&pool)).await?;
        let documents = of_each(&volumes, |volume| self.call(storage::volume_xml(volume))).await?;
        for xml in &documents {
            let volume = Volume::parse(xml)?;
            if volume.backing.is_some_and(|backing| backing.path == path) {
                return Ok(Some(format!("volume {} is based on it", volume.name)));
            }
        }
        Ok(None)
    }

    async fn volume(&self, volume: &OwnVolume) -> Result<VolumeRef> {
        let pool = self.call(storage::pool_by_name(&volume.pool)).await?;
        self.call(storage::volume_by_name(&pool, &volume.name)).await
    }

    /// Removes a volume; false when it is gone already.
    async fn remove(&self, volume: &OwnVolume) -> Result<bool> {
        let found = match self.volume(volume).await {
            Ok(found) => found,
            Err(e) if e.is_not_found() => return Ok(false),
            Err(e) => return Err(e),
        };
        match self.call(storage::delete_volume(&found)).await {
            Ok(()) => Ok(true),
            Err(e) if e.is_not_found() => Ok(false),
            Err(e) if e.kind() == ErrorKind::WrongState && self.state().await.is_ok_and(State::is_active) => {
                Err(e.with_advice("it was started again meanwhile: delete it once more"))
            }
            Err(e) => Err(e),
        }
    }
}
