//! What a host with real disks must do: images, copies, seeds, and nothing left behind.

#![allow(clippy::unwrap_used)] // These are tests.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use libvirt_driver::rpc::procedures::{domain as raw, storage};
use libvirt_driver::rpc::{PoolRef, VolumeRef};
use libvirt_driver::seed::UserData;
use libvirt_driver::xml::{DiskXml, Format, KernelXml, PoolXml, SnapshotXml, Volume};
use libvirt_driver::{Checksum, Domain, Groups, Host, Image, NewDomain, State};
use proxmox_core::{ErrorKind, Outcome, Size};
use wiremock::matchers::path;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::cases::Place;

/// A pool that is this test's own, and an image in a file.
pub(crate) struct Store {
    pool: PoolRef,
    image: PathBuf,
    sum: Checksum,
}

impl Store {
    pub(crate) async fn new(place: &Place, name: &str) -> Self {
        let host = &place.host;
        let directory = place.directory.join(name);
        fs::create_dir_all(&directory).unwrap();
        let xml = PoolXml::dir(name, directory.to_str().unwrap()).to_xml().unwrap();
        let pool = host.connection().call(storage::define_pool(&xml)).await.unwrap();
        host.connection().call(storage::start_pool(&pool, 0)).await.unwrap();
        let image = place.directory.join(format!("{name}.image"));
        let made =
            Command::new("qemu-img").args(["create", "-q", "-f", "qcow2"]).arg(&image).arg("4M").status();
        assert!(made.unwrap().success());
        let sum = sum_of(&image);
        Self { pool, image, sum }
    }

    fn image(&self) -> Image {
        Image::file(self.image.to_str().unwrap(), self.sum.clone())
    }

    pub(crate) fn new_domain(&self, place: &Place, name: &str) -> NewDomain {
        NewDomain::new(place.machine(name)).stopped().pool(&self.pool.name).disk(self.image(), Size::mib(16))
    }

    pub(crate) async fn volumes(&self, host: &Host) -> Vec<VolumeRef> {
        host.connection().call(storage::refresh_pool(&self.pool)).await.unwrap();
        host.connection().call(storage::volumes(&self.pool)).await.unwrap()
    }

    /// All but images.
    pub(crate) async fn own_volumes(&self, host: &Host) -> Vec<String> {
        let mut names: Vec<_> = self.volumes(host).await.into_iter().map(|volume| volume.name).collect();
        names.retain(|name| !name.starts_with("sdk-image-"));
        names.sort();
        names
    }
}

fn sum_of(file: &PathBuf) -> Checksum {
    let told = Command::new("sha256sum").arg(file).output().unwrap().stdout;
    let hex = String::from_utf8(told).unwrap().split(' ').next().unwrap().to_owned();
    format!("sha256:{hex}").parse().unwrap()
}

async fn capacity(host: &Host, domain: &Domain, pool: &PoolRef) -> Size {
    let name = format!("{}-{}.qcow2", domain.name(), &domain.uuid().to_string()[..8]);
    let volume = host.connection().call(storage::volume_by_name(pool, &name)).await.unwrap();
    Volume::parse(&host.connection().call(storage::volume_xml(&volume)).await.unwrap()).unwrap().capacity
}

pub(crate) async fn a_disk_is_made_of_an_image_and_goes_with_its_domain(place: &Place) {
    let host = &place.host;
    let store = Store::new(place, "copies").await;
    let data = UserData::new("#!/bin/sh\necho hello\n").unwrap();
    let whole = host.create(&store.new_domain(place, "whole").user_data(data)).await.unwrap();
    let images = store.volumes(host).await.len() - 2;
    assert_eq!(images, 2, "the image, and the sign that it is whole");
    let layer = host.create(&store.new_domain(place, "layer").overlay()).await.unwrap();
    assert_eq!(store.volumes(host).await.len(), images + 3, "the image is not fetched again");
    for domain in [&whole, &layer] {
        assert_eq!(capacity(host, domain, &store.pool).await, Size::mib(16));
    }
    let document = whole.document().await.unwrap();
    let targets: Vec<_> = document.disks.iter().map(|disk| (disk.target.as_str(), disk.read_only)).collect();
    assert_eq!(targets, [("vda", false), ("vdb", true)]);

    assert_eq!(whole.resize_disk("vda", "+16M".parse().unwrap()).await.unwrap(), Size::mib(32));
    assert_eq!(capacity(host, &whole, &store.pool).await, Size::mib(32));
    let error = whole.resize_disk("vda", "8M".parse().unwrap()).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::InvalidInput, Outcome::NotSent), "{error}");
    whole.start().await.unwrap();
    assert_eq!(whole.resize_disk("vda", "48M".parse().unwrap()).await.unwrap(), Size::mib(48));
    assert_eq!(whole.resize_disk("vda", "48M".parse().unwrap()).await.unwrap(), Size::mib(48));

    let deleted = whole.delete().await.unwrap();
    assert_eq!((deleted.volumes.len(), deleted.left.len()), (2, 0), "{deleted:?}");
    let again = host.create(&store.new_domain(place, "whole")).await.unwrap();
    again.delete().await.unwrap();
    layer.delete().await.unwrap();
    assert!(store.own_volumes(host).await.is_empty());
    assert_eq!(store.volumes(host).await.len(), images);

    // The whole image as a volume, with its sum.
    let volume =
        store.volumes(host).await.into_iter().find(|volume| !volume.name.ends_with(".whole")).unwrap();
    let image = Image::volume(&store.pool.name, &volume.name);
    let sized =
        |image| NewDomain::new(place.machine("of-volume")).stopped().pool("copies").disk(image, Size::mib(1));
    let domain = host.create(&sized(image.clone().checksum(store.sum.clone()))).await.unwrap();
    assert_eq!(capacity(host, &domain, &store.pool).await, Size::mib(4), "never smaller than its image");
    domain.delete().await.unwrap();
    let other: Checksum = format!("sha256:{}", "0".repeat(64)).parse().unwrap();
    let error = host.create(&sized(image.checksum(other))).await.unwrap_err();
    assert!(error.kind() == ErrorKind::InvalidInput && error.to_string().contains("checksum"), "{error}");
    assert_eq!(store.volumes(host).await.len(), images);
}

pub(crate) async fn a_disk_that_others_use_stays(place: &Place) {
    let host = &place.host;
    let store = Store::new(place, "shared").await;
    let first = host.create(&store.new_domain(place, "first")).await.unwrap();
    let own = store.own_volumes(host).await;
    let disk = DiskXml::volume("shared", &own[0]).format(Format::Qcow2);
    let xml = place.machine("second").disk(disk).to_xml().unwrap();
    let second = host.connection().call(raw::define(&xml, 0)).await.unwrap();
    let deleted = first.delete().await.unwrap();
    assert!(deleted.volumes.is_empty() && deleted.left[0].1.contains("domain second uses it"), "{deleted:?}");
    assert_eq!(store.own_volumes(host).await, own);
    host.connection().call(raw::undefine(&second, 0)).await.unwrap();

    let base = host.create(&store.new_domain(place, "base")).await.unwrap();
    let name = store.own_volumes(host).await.into_iter().find(|name| name.starts_with("base-")).unwrap();
    let layer = host
        .create(
            &NewDomain::new(place.machine("layer"))
                .stopped()
                .pool("shared")
                .disk(Image::volume("shared", &name), Size::mib(16))
                .overlay(),
        )
        .await
        .unwrap();
    let deleted = base.delete().await.unwrap();
    assert!(deleted.left[0].1.contains("is based on it"), "{deleted:?}");
    layer.delete().await.unwrap();
}

pub(crate) async fn images_that_are_none_leave_nothing(place: &Place) {
    let host = &place.host;
    let store = Store::new(place, "empty").await;
    let server = MockServer::start().await;
    let page = ResponseTemplate::new(200).set_body_raw("<!DOCTYPE html><html>not here</html>", "text/html");
    Mock::given(path("/page")).respond_with(page).mount(&server).await;
    let image =
        ResponseTemplate::new(200).set_body_raw(fs::read(&store.image).unwrap(), "application/octet-stream");
    Mock::given(path("/image")).respond_with(image).mount(&server).await;
    let at = |place: &str, sum: &Checksum| Image::url(format!("{}/{place}", server.uri()), sum.clone());
    let wrong: Checksum = format!("sha256:{}", "0".repeat(64)).parse().unwrap();
    for (image, kind, text) in [
        (at("nope", &store.sum), ErrorKind::NotFound, "404"),
        (at("page?signature=hunter2", &store.sum), ErrorKind::InvalidInput, "web page"),
        (at("image", &wrong), ErrorKind::InvalidInput, "checksum"),
        (Image::file("/nowhere", store.sum.clone()), ErrorKind::InvalidInput, "/nowhere"),
        (Image::volume("empty", "nope"), ErrorKind::NotFound, "nope"),
    ] {
        let new = NewDomain::new(place.machine("none")).stopped().pool("empty").disk(image, Size::mib(8));
        let error = host.create(&new).await.unwrap_err();
        assert!(error.kind() == kind && error.to_string().contains(text), "{error}");
        assert!(!error.to_string().contains("left behind"), "{error}");
        assert!(!format!("{error:?} {new:?}").contains("hunter2"), "{error:?} {new:?}");
        assert!(store.volumes(host).await.is_empty(), "{text}");
    }
    let new = NewDomain::new(place.machine("some"))
        .stopped()
        .pool("empty")
        .disk(at("image", &store.sum), Size::mib(8));
    host.create(&new).await.unwrap().delete().await.unwrap();
    assert!(host.domain("none").await.unwrap_err().is_not_found());
}

pub(crate) async fn a_failed_creation_leaves_nothing(place: &Place) {
    let host = &place.host;
    let store = Store::new(place, "failed").await;
    let data = || UserData::new("#cloud-config\n").unwrap();
    let with = |machine| {
        NewDomain::new(machine)
            .pool("failed")
            .disk(store.image(), Size::mib(16))
            .user_data(data())
            .autostart()
    };
    // One that cannot be defined, and one that cannot be started.
    let undefined = with(place.machine("broken").emulator("/nowhere/qemu"));
    let unstarted = with(place.machine("broken").kernel(KernelXml::new("/nowhere/vmlinuz")));
    for new in [undefined, unstarted] {
        let error = host.create(&new).await.unwrap_err();
        assert!(error.to_string().contains("/nowhere/"), "{error}");
        assert!(!error.to_string().contains("left behind"), "{error}");
        assert!(store.own_volumes(host).await.is_empty());
        assert!(host.domain("broken").await.unwrap_err().is_not_found());
    }
}

pub(crate) async fn disks_have_snapshots(place: &Place) {
    let host = &place.host;
    let store = Store::new(place, "moments").await;
    let data = UserData::new("#cloud-config\n").unwrap();
    let domain = host.create(&store.new_domain(place, "disks").user_data(data)).await.unwrap();
    domain.snapshot(&SnapshotXml::new("cold").description("<off> & quiet")).await.unwrap();
    domain.start().await.unwrap();
    domain.snapshot(&SnapshotXml::new("warm")).await.unwrap();
    let before = domain.usage(Groups::DISKS).await.unwrap().disks[0].capacity;
    let grown = domain.resize_disk("vda", "+8M".parse().unwrap()).await.unwrap();
    assert_eq!(Some(grown), before.checked_add(Size::mib(8)), "a disk with snapshots can grow");
    let error = domain.snapshot(&SnapshotXml::new("warm")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{error}");
    let all = domain.snapshots().await.unwrap();
    let names: Vec<_> = all.iter().map(|snapshot| (snapshot.name.as_str(), snapshot.has_memory())).collect();
    assert_eq!(names, [("cold", false), ("warm", true)]);
    domain.stop().await.unwrap();
    domain.revert("warm").await.unwrap();
    assert_eq!(domain.state().await.unwrap(), State::Running);
    domain.revert("cold").await.unwrap();
    assert_eq!(domain.state().await.unwrap(), State::Off);
    domain.add_tag("production").await.unwrap();
    domain.force("disks").unwrap().revert("cold").await.unwrap();
    assert!(domain.remove_tag("production").await.is_err(), "it has kept the tag that protects it");
    domain.force("disks").unwrap().remove_tag("production").await.unwrap();
    domain.delete_snapshot("warm").await.unwrap();
    assert_eq!(domain.snapshots().await.unwrap().len(), 1);
    let deleted = domain.delete().await.unwrap();
    assert!(
        deleted.volumes.len() == 2 && deleted.left.is_empty(),
        "one snapshot does not keep it: {deleted:?}"
    );
}
