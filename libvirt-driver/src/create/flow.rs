//! From a description to a domain that runs, or back to nothing.

use std::io::Cursor;
use std::time::{SystemTime, UNIX_EPOCH};

use proxmox_core::config::Tags;
use proxmox_core::{Effect, Error, ErrorKind, Outcome, Result, Size};
use uuid::Uuid;

use super::NewDomain;
use super::image::short;
use super::rollback::{Made, roll_back};
use crate::domain::Domain;
use crate::host::{Host, not_done};
use crate::metadata::GuestMetadata;
use crate::rpc::procedures::{domain, network, storage};
use crate::rpc::{self, DomainRef, PoolRef, VolumeRef};
use crate::seed::CloudSeed;
use crate::xml::{DiskSource, DiskXml, Format, InterfaceSource, Volume, VolumeXml};

/// Checks the definition by libvirt's schema.
const VALIDATE: u32 = 1;

impl Host {
    /// Makes a domain: fetches its image where it is not there yet, makes its disk and its seed, defines it with the managed tag, and
    /// starts it.
    ///
    /// Its volumes are named after it and its UUID, and go with it when it is deleted. What a failure has left is removed; what cannot
    /// be removed is named. A future that is dropped half-way removes nothing.
    ///
    /// # Errors
    /// `AlreadyExists` for a name that is taken: that domain is not touched. `NotFound` for a pool, network, volume or URL that there is
    /// not, `WrongState` for a pool or network that is not started and a pool that is full, `InvalidInput` for what can be seen to be
    /// wrong.
    pub async fn create(&self, new: &NewDomain) -> Result<Domain> {
        let name = new.machine.name().to_owned();
        let named = |e: Error| e.during("domain.create").about(format!("domain {name} on {}", self.name()));
        let mut made = Vec::new();
        match self.build(new, &mut made).await {
            Ok(found) => Ok(Domain::new(self.clone(), found)),
            Err(e) => Err(named(roll_back(self, made, e).await)),
        }
    }

    async fn build(&self, new: &NewDomain, made: &mut Vec<Made>) -> Result<DomainRef> {
        let uuid = Uuid::new_v4();
        let name = new.machine.name();
        let metadata = self.metadata_of(name, &new.tags)?;
        // What is wrong with the machine itself is said before anything is asked or made.
        new.machine.clone().uuid(uuid).metadata(metadata.element()?).to_xml()?;
        let seed = self.seed_of(new, uuid)?;
        self.is_free(name).await?;
        self.networks_are_up(new).await?;
        self.disks_are_free(new.machine.disk_sources()).await?;
        let mut machine = new.machine.clone().uuid(uuid);
        let mut metadata = metadata;
        if new.disk.is_some() || seed.is_some() {
            let pool = self.active_pool(&new.pool).await?;
            if let Some((image, size)) = &new.disk {
                let image = self.ensure_image(&new.pool, image).await?;
                let volume = format!("{name}-{}.qcow2", short(uuid));
                made.push(Made::Volume(pool.clone(), volume.clone()));
                self.make_disk(&pool, &volume, &image, *size, new.overlay).await?;
                metadata = metadata.volume(&pool.name, &volume, &uuid.to_string());
                machine =
                    machine.first_disk(DiskXml::volume(&pool.name, &volume).format(Format::Qcow2).discard());
            }
            if let Some(seed) = seed {
                let volume = format!("{name}-{}-seed.iso", short(uuid));
                made.push(Made::Volume(pool.clone(), volume.clone()));
                self.make_seed(&pool, &volume, seed).await?;
                metadata = metadata.volume(&pool.name, &volume, &uuid.to_string());
                // A disk and no drive: kernels for clouds know nothing of SATA.
                machine = machine.disk(DiskXml::volume(&pool.name, &volume).read_only());
            }
        }
        let xml = machine.metadata(metadata.element()?).to_xml()?;
        made.push(Made::Domain(rpc::Uuid(uuid.into_bytes()), name.to_owned()));
        let found = self.connection().call(domain::define(&xml, VALIDATE)).await?;
        if new.autostart {
            self.connection().call(domain::set_autostart(&found, true)).await?;
        }
        if new.start {
            return self.connection().call(domain::start(&found, 0)).await;
        }
        Ok(found)
    }

    /// What it carries from its first moment. The policy is asked as if it were there.
    pub(super) fn metadata_of(&self, name: &str, tags: &Tags) -> Result<GuestMetadata> {
        let mut tags = tags.clone();
        tags.insert(self.policy().tag())?;
        let carried: Vec<String> = tags.iter().map(str::to_owned).collect();
        let marker = self.policy().marker_text();
        self.verdict(name, &carried, marker.unwrap_or_default(), Effect::Write, false)?;
        let metadata = GuestMetadata::new(tags);
        match marker {
            Some(marker) => metadata.marker(marker),
            None => Ok(metadata),
        }
    }

    fn seed_of(&self, new: &NewDomain, uuid: Uuid) -> Result<Option<Vec<u8>>> {
        if new.user_data.is_none() && new.network_config.is_none() {
            return Ok(None);
        }
        let mut seed = CloudSeed::new(&uuid.to_string()).hostname(new.machine.name());
        if let Some(data) = &new.user_data {
            seed = seed.user_data(data.clone());
        }
        if let Some(config) = &new.network_config {
            seed = seed.network_config(proxmox_core::ExposeSecret::expose_secret(config));
        }
        let now =
            SystemTime::now().duration_since(UNIX_EPOCH).map(|since| since.as_secs()).unwrap_or_default();
        seed.to_iso(u32::try_from(now).unwrap_or(u32::MAX)).map(Some)
    }

    pub(super) async fn is_free(&self, name: &str) -> Result<()> {
        match self.connection().call(domain::lookup_by_name(name)).await {
            Err(e) if e.is_not_found() => Ok(()),
            Err(e) => Err(e.with_outcome(Outcome::NotSent)),
            Ok(taken) => {
                let text = format!("there is a domain {name} already, with the UUID {}", taken.uuid);
                Err(not_done(ErrorKind::AlreadyExists, text)
                    .with_advice("choose another name, or delete that one first"))
            }
        }
    }

    async fn networks_are_up(&self, new: &NewDomain) -> Result<()> {
        for source in new.machine.nic_sources() {
            let InterfaceSource::Network(name) = source else { continue };
            let found = self.connection().call(network::lookup_by_name(name)).await?;
            if !self.connection().call(network::is_active(&found)).await? {
                let error = not_done(ErrorKind::WrongState, format!("network {name} is not started"));
                return Err(error.with_advice("start it on the host, and let it start with it (autostart)"));
            }
        }
        Ok(())
    }

    /// Two domains that write to one disk destroy it, and one of them may be nobody's here.
    pub(super) async fn disks_are_free(&self, sources: impl Iterator<Item = &DiskSource>) -> Result<()> {
        let sources: Vec<_> = sources.collect();
        if sources.is_empty() {
            return Ok(());
        }
        let users = self.volume_users(None).await?;
        for path in sources.iter().filter_map(|source| users.path(source)) {
            if let Some(other) = users.writer(path, rpc::Uuid([0; 16])) {
                let text = format!(
                    "{path} is a disk of domain {other} already, and two that write to it destroy it"
                );
                return Err(not_done(ErrorKind::Refused, text)
                    .with_advice("copy it, or attach it as one that is only read"));
            }
        }
        Ok(())
    }

    /// The guest's own disk: a copy of the image, or what will differ from it.
    async fn make_disk(
        &self,
        pool: &PoolRef,
        name: &str,
        image: &VolumeRef,
        size: Size,
        overlay: bool,
    ) -> Result<()> {
        let connection = self.connection();
        let base = Volume::parse(&connection.call(storage::volume_xml(image)).await?)?;
        let size = size.max(base.capacity);
        if overlay {
            let path = connection.call(storage::volume_path(image)).await?;
            let format = base.format.unwrap_or(Format::Raw);
            let spec = VolumeXml::new(name, size, Format::Qcow2).backing(&path, format);
            return connection.call(storage::create_volume(pool, &spec.to_xml()?, 0)).await.map(drop);
        }
        self.has_room(pool, base.allocation.bytes()).await?;
        let spec = VolumeXml::new(name, base.capacity, Format::Qcow2);
        let made = connection.call(storage::create_volume_from(pool, &spec.to_xml()?, image, 0)).await?;
        if size > base.capacity {
            connection.call(storage::resize_volume(&made, size.bytes(), 0)).await?;
        }
        Ok(())
    }

    async fn make_seed(&self, pool: &PoolRef, name: &str, iso: Vec<u8>) -> Result<()> {
        let size = Size::from_bytes(iso.len() as u64);
        let spec = VolumeXml::new(name, size, Format::Raw);
        let made = self.connection().call(storage::create_volume(pool, &spec.to_xml()?, 0)).await?;
        let length = iso.len() as u64;
        self.connection().upload(storage::upload(&made, 0, length), &mut Cursor::new(iso)).await.map(drop)
    }
}
