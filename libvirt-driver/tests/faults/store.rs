//! A pool and an image, and what is left of a creation.

use std::fs;
use std::os::unix::fs::MetadataExt as _;

use libvirt_driver::rpc::PoolRef;
use libvirt_driver::rpc::procedures::{domain, storage};
use libvirt_driver::seed::UserData;
use libvirt_driver::xml::{DomainXml, PoolXml, VirtType};
use libvirt_driver::{Checksum, Connection, Host, Image, LibvirtUri, NewDomain};
use proxmox_core::{Error, Size};

use crate::daemon::{Daemon, daemon};

pub(crate) async fn open(uri: &str) -> Connection {
    let uri: LibvirtUri = uri.parse().unwrap();
    Connection::open(&uri).await.unwrap()
}

pub(crate) async fn host(uri: &str) -> Host {
    Host::new(open(uri).await).await.unwrap()
}

pub(crate) fn machine(name: &str) -> DomainXml {
    DomainXml::new(name, Size::mib(64), 1).virt_type(VirtType::Qemu)
}

pub(crate) fn sum_of(content: &[u8]) -> Checksum {
    let digest = ring::digest::digest(&ring::digest::SHA256, content);
    let hex: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}").parse().unwrap()
}

/// A pool of one test, looked at over a connection that nothing disturbs.
pub(crate) struct Store {
    pub(crate) libvirt: Connection,
    pub(crate) pool: PoolRef,
    pub(crate) image: Image,
}

impl Store {
    pub(crate) async fn new(daemon: &Daemon, name: &str) -> Self {
        Self::at(daemon, name, &daemon.pool().join(name)).await
    }

    pub(crate) async fn at(daemon: &Daemon, name: &str, directory: &std::path::Path) -> Self {
        let libvirt = open(&daemon.uri("qemu", "/system")).await;
        let xml = PoolXml::dir(name, directory.to_str().unwrap()).to_xml().unwrap();
        let pool = libvirt.call(storage::define_pool(&xml)).await.unwrap();
        // The daemon makes the directory: it may be in a place that only the daemon sees.
        libvirt.call(storage::build_pool(&pool, 0)).await.unwrap();
        libvirt.call(storage::start_pool(&pool, 0)).await.unwrap();
        let file = daemon.pool().join(format!("{name}.image"));
        let content = vec![7; 1 << 20];
        fs::write(&file, &content).unwrap();
        Self { libvirt, pool, image: Image::file(file.to_str().unwrap(), sum_of(&content)) }
    }

    pub(crate) fn new_domain(&self, name: &str) -> NewDomain {
        NewDomain::new(machine(name))
            .stopped()
            .pool(&self.pool.name)
            .disk(self.image.clone(), Size::mib(2))
            .user_data(UserData::new("#cloud-config\n").unwrap())
            .autostart()
    }

    /// The volumes that are there, without whole images: those are for the next creation.
    pub(crate) async fn volumes(&self) -> Vec<String> {
        self.libvirt.call(storage::refresh_pool(&self.pool)).await.unwrap();
        let all = self.libvirt.call(storage::volumes(&self.pool)).await.unwrap();
        let names: Vec<_> = all.into_iter().map(|volume| volume.name).collect();
        let is_whole = |name: &String| name.ends_with(".whole") || names.contains(&format!("{name}.whole"));
        names.iter().filter(|name| !is_whole(name)).cloned().collect()
    }

    /// Takes all volumes away, so that the image is fetched once more.
    pub(crate) async fn without_images(&self) {
        for volume in self.libvirt.call(storage::volumes(&self.pool)).await.unwrap() {
            self.libvirt.call(storage::delete_volume(&volume)).await.unwrap();
        }
    }

    /// Whether there is a volume with so many bytes in it.
    pub(crate) fn is_filled(&self, bytes: u64) -> bool {
        let files = fs::read_dir(daemon().pool().join(&self.pool.name)).unwrap();
        files.map(|file| file.unwrap().metadata().unwrap().blocks() * 512).any(|size| size >= bytes)
    }

    /// What a failed creation has left is nothing, or is named. It is cleaned up.
    pub(crate) async fn left_by(&self, name: &str, error: &Error, when: &str) {
        let text = error.to_string();
        for volume in self.volumes().await {
            assert!(
                text.contains("left behind") && text.contains(&volume),
                "{when}: {volume} is not named: {text}"
            );
            let volume = self.libvirt.call(storage::volume_by_name(&self.pool, &volume)).await.unwrap();
            self.libvirt.call(storage::delete_volume(&volume)).await.unwrap();
        }
        match self.libvirt.call(domain::lookup_by_name(name)).await {
            Ok(found) => {
                assert!(text.contains(&format!("domain {name} (")), "{when}: {name} is not named: {text}");
                self.end(&found).await;
            }
            Err(e) => assert!(e.is_not_found(), "{e}"),
        }
    }

    /// Ends a domain, whatever it does.
    pub(crate) async fn end(&self, found: &libvirt_driver::rpc::DomainRef) {
        let _ = self.libvirt.call(domain::destroy(found, 0)).await;
        let _ = self.libvirt.call(domain::undefine(found, 1 | 2 | 4)).await;
    }
}
