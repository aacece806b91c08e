//! Who stands on which volume: domains by their disks, volumes by what they are based on.

use std::collections::HashMap;
use std::path::Path;

use proxmox_core::Result;

use super::each::of_each;
use super::{Host, not_done, read_domain};
use crate::clock::Patience;
use crate::rpc::procedures::{domain, storage};
use crate::rpc::{PoolRef, Uuid};
use crate::xml::{Disk, DiskDevice, DiskSource, Domain, Format, Volume};

/// How long a pool may be busy before nothing can be said of it.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(30);

/// What runs, as [`domain::xml`] takes it: nothing. What will run:
const INACTIVE: u32 = 2;

/// All volumes and all disks of a host, as they were at one moment.
pub(crate) struct VolumeUsers {
    /// Of each volume of a started pool: its path, and the path that it is based on.
    volumes: HashMap<String, Option<String>>,
    /// Pool and name of each, with its path.
    paths: HashMap<(String, String), String>,
    /// The pool that was read anew for this: what is not in `paths` of it is not there.
    fresh: Option<String>,
    /// What runs and what will run, of every domain.
    domains: Vec<(Uuid, Domain)>,
}

/// Why a volume is not free.
#[derive(Debug)]
pub(crate) struct User {
    pub(crate) text: String,
    /// Whether it is not known, but cannot be ruled out.
    pub(crate) doubtful: bool,
}

impl Host {
    /// Looks at all domains and at all volumes of started pools. The pool of this name is read anew, as files may have come without the
    /// daemon's knowing.
    ///
    /// # Errors
    /// What keeps any of it from being read: nothing is concluded from a part.
    pub(crate) async fn volume_users(&self, fresh: Option<&str>) -> Result<VolumeUsers> {
        let connection = self.connection();
        let mut users =
            VolumeUsers { volumes: HashMap::new(), paths: HashMap::new(), fresh: None, domains: Vec::new() };
        for pool in connection.call(storage::pools(0)).await? {
            if !connection.call(storage::pool_is_active(&pool)).await? {
                continue;
            }
            if fresh == Some(&pool.name) {
                self.read_anew(&pool).await?;
                users.fresh = Some(pool.name.clone());
            }
            let listed = connection.call(storage::volumes(&pool)).await?;
            let documents = of_each(&listed, async |volume| {
                Ok((volume.name.clone(), connection.call(storage::volume_xml(volume)).await?))
            });
            for (name, xml) in documents.await? {
                let volume = Volume::parse(&xml)?;
                match volume.path {
                    Some(path) => {
                        users.paths.insert((pool.name.clone(), name), path.clone());
                        users.volumes.insert(path, volume.backing.map(|backing| backing.path));
                    }
                    // It is there, and would be taken for gone.
                    None => users.fresh = users.fresh.filter(|fresh| *fresh != pool.name),
                }
            }
        }
        let all = connection.call(domain::list(0)).await?;
        let documents = of_each(&all, async |found| {
            let now = read_domain(self, found, 0).await?;
            let will = if now.id.is_some() { Some(read_domain(self, found, INACTIVE).await?) } else { None };
            Ok((found.uuid, now, will))
        });
        for (uuid, now, will) in documents.await? {
            users.domains.extend(std::iter::once(now).chain(will).map(|document| (uuid, document)));
        }
        Ok(users)
    }

    /// A pool that is at work is not read, and an interrupted reading would stop it: both are waited for.
    async fn read_anew(&self, pool: &PoolRef) -> Result<()> {
        let mut patience = Patience::new(PATIENCE);
        loop {
            match self.connection().call(storage::refresh_pool(pool)).await {
                Err(e) if e.message().contains("asynchronous jobs") => {
                    if !patience.pause().await {
                        let text = format!("pool {} is at work for {:?} now", pool.name, patience.whole());
                        let error = not_done(proxmox_core::ErrorKind::Busy, text);
                        return Err(error.with_advice("try again when what is copied there is done"));
                    }
                }
                other => return other,
            }
        }
    }
}

impl VolumeUsers {
    /// The path of a disk's source; `None` for what is no file or is in no started pool.
    pub(crate) fn path<'a>(&'a self, source: &'a DiskSource) -> Option<&'a str> {
        match source {
            DiskSource::Volume { pool, volume } => {
                self.paths.get(&(pool.clone(), volume.clone())).map(String::as_str)
            }
            other => other.path(),
        }
    }

    /// Whoever uses the volume at this path beside this domain, and beside the volumes that go with it.
    pub(crate) fn of(&self, path: &str, but: Uuid, beside: &[&str]) -> Option<User> {
        let sure = |text: String| Some(User { text, doubtful: false });
        for (other, backing) in &self.volumes {
            if other != path
                && !beside.contains(&other.as_str())
                && backing.is_some()
                && self.stands_on(other, path)
            {
                return sure(format!("volume {other} is based on it"));
            }
        }
        let mut doubt = None;
        for (_, document) in self.domains.iter().filter(|(uuid, _)| *uuid != but) {
            for disk in &document.disks {
                match self.disk_stands_on(disk, path) {
                    Some(true) => return sure(format!("domain {} uses it", document.name)),
                    // Nobody has it open, as someone may who runs.
                    None if document.id.is_none() && self.is_gone(disk) => {}
                    None => {
                        let text = format!(
                            "disk {} of domain {} is in no started pool, so that what it is based on cannot be seen",
                            disk.target, document.name
                        );
                        doubt = Some(User { text, doubtful: true });
                    }
                    Some(false) => {}
                }
            }
        }
        doubt
    }

    /// A domain that may write to the file at this path: in what runs, or in what will run.
    pub(crate) fn writer(&self, path: &str, but: Uuid) -> Option<&str> {
        let writes = |disk: &&Disk| {
            !disk.read_only && disk.device == DiskDevice::Disk && self.path(&disk.source) == Some(path)
        };
        let mut others = self.domains.iter().filter(|(uuid, _)| *uuid != but);
        others
            .find(|(_, document)| document.disks.iter().any(|disk| writes(&disk)))
            .map(|(_, other)| other.name.as_str())
    }

    /// Whether a disk's volume is gone, as those of a domain are that is just being deleted: then it is based on nothing.
    fn is_gone(&self, disk: &Disk) -> bool {
        match &disk.source {
            DiskSource::Volume { pool, .. } => {
                self.fresh.as_ref() == Some(pool) && self.path(&disk.source).is_none()
            }
            _ => false,
        }
    }

    /// Whether a disk is this volume, or is based on it; `None` when that cannot be seen.
    fn disk_stands_on(&self, disk: &Disk, path: &str) -> Option<bool> {
        let told = std::iter::once(&disk.source).chain(disk.backing.iter().map(|below| &below.source));
        let mut known = false;
        for source in told {
            let Some(at) = self.path(source) else { continue };
            if same_file(at, path) || self.stands_on(at, path) {
                return Some(true);
            }
            known |= self.volumes.contains_key(at);
        }
        let bare = disk.format == Some(Format::Raw) || disk.device != DiskDevice::Disk;
        // Of a domain that runs the daemon tells the whole chain.
        let told_all = !disk.backing.is_empty();
        let somewhere = matches!(disk.source, DiskSource::File(_) | DiskSource::Volume { .. });
        (known || bare || told_all || !somewhere).then_some(false)
    }

    /// Whether the volume at one path is based on that at another, however deep.
    fn stands_on(&self, path: &str, base: &str) -> bool {
        let mut at = path;
        // No chain is that long, and one in a circle is none.
        for _ in 0..64 {
            match self.volumes.get(at) {
                Some(Some(below)) if same_file(below, base) => return true,
                Some(Some(below)) => at = below,
                _ => return false,
            }
        }
        true
    }
}

/// Names of volumes hold a part of a UUID: two paths that end alike are taken for ways to one file.
fn same_file(a: &str, b: &str) -> bool {
    a == b || Path::new(a).file_name() == Path::new(b).file_name()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xml::{DiskXml, DomainXml};
    use proxmox_core::Size;

    const OWN: Uuid = Uuid([1; 16]);

    fn users(volumes: &[(&str, Option<&str>)], disks: &[DiskXml]) -> VolumeUsers {
        let machine = DomainXml::new("other", Size::mib(64), 1).uuid(uuid::Uuid::nil());
        let machine = disks.iter().cloned().fold(machine, DomainXml::disk);
        let document = Domain::parse(&machine.to_xml().unwrap()).unwrap();
        let paths = volumes.iter().map(|(path, _)| {
            (("p".to_owned(), path.rsplit('/').next().unwrap().to_owned()), (*path).to_owned())
        });
        VolumeUsers {
            paths: paths.collect(),
            volumes: volumes
                .iter()
                .map(|(path, base)| ((*path).to_owned(), base.map(str::to_owned)))
                .collect(),
            fresh: Some("p".to_owned()),
            domains: vec![(Uuid([2; 16]), document)],
        }
    }

    #[test]
    fn who_stands_on_a_volume() {
        let qcow2 = |disk: DiskXml| disk.format(Format::Qcow2);
        let own = ("/p/own", None);
        let of = |volumes: &[(&str, Option<&str>)], disks: &[DiskXml]| {
            users(volumes, disks).of("/p/own", OWN, &["/p/seed"]).map(|user| (user.text, user.doubtful))
        };
        assert_eq!(of(&[own, ("/p/x", None)], &[qcow2(DiskXml::volume("p", "x"))]), None);
        assert_eq!(of(&[own, ("/p/seed", Some("/p/own"))], &[]), None, "which goes with it");
        for (volumes, disk) in [
            (vec![own], DiskXml::volume("p", "own")),
            (vec![own], DiskXml::file("/p/own")),
            (vec![own], DiskXml::file("/by/another/way/own")),
        ] {
            let (text, doubtful) = of(&volumes, &[qcow2(disk)]).unwrap();
            assert!(text.contains("domain other uses it") && !doubtful, "{text}");
        }
        // In another pool, two deep.
        let chain = [own, ("/q/a", Some("/p/own")), ("/q/b", Some("/q/a"))];
        assert!(of(&chain, &[]).unwrap().0.contains("is based on it"));
        // An image that nobody lists may be based on anything, unless it is raw.
        assert!(of(&[own], &[qcow2(DiskXml::file("/elsewhere/x"))]).unwrap().1);
        assert_eq!(of(&[own], &[DiskXml::file("/elsewhere/x")]), None);
        assert_eq!(of(&[own], &[DiskXml::file("/elsewhere/x.iso").cdrom()]), None);
        // One that the pool does not have any more is based on nothing; what a pool has that was not read anew, nobody knows.
        assert_eq!(of(&[own], &[qcow2(DiskXml::volume("p", "gone"))]), None);
        assert!(of(&[own], &[qcow2(DiskXml::volume("q", "gone"))]).unwrap().1);
    }
}
