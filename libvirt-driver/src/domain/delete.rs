//! The end of a domain, and of what was made for it.

use proxmox_core::{Effect, Error, ErrorKind, Outcome, Result};

use super::{Domain, Shutdown};
use crate::Driver;
use crate::host::VolumeUsers;
use crate::metadata::{Found, GuestMetadata, OwnVolume};
use crate::rpc::VolumeRef;
use crate::rpc::procedures::{domain, storage};

/// What goes with a definition: managed save, what libvirt knows of snapshots, nvram, what it knows of checkpoints.
const ALL: u32 = 1 | 2 | 4 | 16;
/// The same for the test driver, which has no nvram.
const ALL_OF_TEST: u32 = 1 | 2;
/// Off because it was moved to another host, as `virDomainShutoffReason` counts.
const MIGRATED: i32 = 4;

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
    /// libvirt knows of its snapshots. One that is gone already is no error.
    ///
    /// Volumes are those that its metadata names, because this SDK has made them for it; disks that others have attached stay. One
    /// that another domain uses as well, in what runs or in what will, or that another volume of a started pool is based on, stays too and is
    /// told. So does one of which that cannot be seen, unless the handle is a [forced](Self::force) one: another domain has a disk in no
    /// started pool.
    ///
    /// # Errors
    /// `Refused` by the gate. When a volume cannot be removed the definition stays, so that the call can be repeated; the error then says
    /// what is done.
    pub async fn delete(&self) -> Result<Deleted> {
        let mut deleted = Deleted::default();
        match self.take_down(&mut deleted).await {
            Ok(()) => Ok(deleted),
            Err(e) if deleted.existed => Err(self.half_done(e, &deleted)),
            Err(e) if e.is_not_found() => Ok(deleted),
            Err(e) => Err(e.with_outcome(Outcome::NotSent).during("domain.delete").about(self)),
        }
    }

    async fn take_down(&self, deleted: &mut Deleted) -> Result<()> {
        let own = self.own_volumes().await?;
        // Before anything is stopped: whether it may be deleted at all, and whether that can be done.
        self.host.allow(&self.found, Effect::Destroy, self.forced).await?;
        self.look_around(&own).await?;
        let persistent = self.is_defined().await?;
        deleted.existed = true;
        match self.stop().await {
            Err(e) if !e.is_not_found() => return Err(e),
            _ => {}
        }
        // Once more: somebody may have started something meanwhile, or attached a disk.
        let users = self.look_around(&own).await?;
        let paths: Vec<_> =
            own.iter().filter_map(|volume| users.path(&volume.source()).map(str::to_owned)).collect();
        let beside: Vec<&str> = paths.iter().map(String::as_str).collect();
        let migrated = self.is_migrated().await?;
        for volume in own {
            let user = users.path(&volume.source()).and_then(|path| users.of(path, self.uuid(), &beside));
            match user {
                _ if migrated => {
                    deleted
                        .left
                        .push((volume, "the domain was moved to another host, which may use it".to_owned()));
                }
                Some(user) if !(user.doubtful && self.forced) => deleted.left.push((volume, user.text)),
                _ => {
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

    /// An error after something was done says what.
    fn half_done(&self, error: Error, deleted: &Deleted) -> Error {
        let gone: Vec<_> = deleted.volumes.iter().map(ToString::to_string).collect();
        let gone = if gone.is_empty() { String::new() } else { format!(", and without {}", gone.join(", ")) };
        let text = format!("{}; it was stopped{gone}", error.message());
        let outcome = if error.is_maybe_applied() { Outcome::MaybeApplied } else { Outcome::Applied };
        Error::new(error.kind(), outcome, text)
            .during("domain.delete")
            .about(self)
            .with_advice("delete it once more: what is gone already is no error")
            .with_source(error)
    }

    /// Shuts it down first, as [`shutdown`](Self::shutdown) does, and then deletes it.
    ///
    /// # Errors
    /// Those of both.
    pub async fn shutdown_and_delete(&self, how: Shutdown) -> Result<Deleted> {
        self.shutdown(how).await?;
        self.delete().await
    }

    /// The volumes that its metadata names as made for it. Metadata that was copied from another domain names that one.
    async fn own_volumes(&self) -> Result<Vec<OwnVolume>> {
        let uuid = self.uuid().to_string();
        Ok(match GuestMetadata::find(&self.definition().await?)? {
            Found::Element(metadata) => {
                metadata.volumes().iter().filter(|volume| volume.domain == uuid).cloned().collect()
            }
            Found::Description(_) | Found::Nothing => Vec::new(),
        })
    }

    async fn is_gone(&self) -> bool {
        self.state().await.is_err_and(|e| e.is_not_found())
    }

    async fn is_migrated(&self) -> Result<bool> {
        match self.call(domain::state(&self.found)).await {
            Ok(state) => Ok((state.state, state.reason) == (5, MIGRATED)),
            Err(e) if e.is_not_found() => Ok(false),
            Err(e) => Err(e),
        }
    }

    /// Who uses what on the host. What cannot be found out is an error: nothing is removed on a guess.
    async fn look_around(&self, own: &[OwnVolume]) -> Result<VolumeUsers> {
        self.host.volume_users(own.first().map(|volume| volume.pool.as_str())).await.map_err(|e| {
            let text = format!("who else uses its volumes cannot be found out: {}", e.message());
            let kind = if e.is_not_found() { ErrorKind::Unexpected } else { e.kind() };
            Error::new(kind, Outcome::NotSent, text).with_source(e)
        })
    }

    async fn volume(&self, volume: &OwnVolume) -> Result<VolumeRef> {
        let connection = self.host.connection();
        let pool = connection.call(storage::pool_by_name(&volume.pool)).await?;
        connection.call(storage::volume_by_name(&pool, &volume.name)).await
    }

    /// Removes a volume; false when it is gone already. The domain was judged before: it may itself be gone now.
    async fn remove(&self, volume: &OwnVolume) -> Result<bool> {
        let found = match self.volume(volume).await {
            Ok(found) => found,
            Err(e) if e.is_not_found() => return Ok(false),
            Err(e) => return Err(e),
        };
        match self.host.connection().call(storage::delete_volume(&found)).await {
            Ok(()) => Ok(true),
            Err(e) if e.is_not_found() => Ok(false),
            Err(e) => Err(e),
        }
    }
}
