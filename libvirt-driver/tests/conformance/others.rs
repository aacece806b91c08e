//! What is not this SDK's alone: disks that others stand on, domains that others have changed.

#![allow(clippy::unwrap_used)] // These are tests.

use std::fs;
use std::process::Command;
use std::time::Duration;

use libvirt_driver::rpc::procedures::{device, domain as raw};
use libvirt_driver::seed::UserData;
use libvirt_driver::xml::{DiskXml, Format};
use libvirt_driver::{Image, NewDomain, Shutdown, State};
use proxmox_core::{ErrorKind, Outcome, Size};

use crate::cases::Place;
use crate::disks::Store;

pub(crate) async fn whatever_stands_on_a_disk_keeps_it(place: &Place) {
    let (host, connection) = (&place.host, place.host.connection());
    let store = Store::new(place, "ground").await;
    let other = Store::new(place, "upstairs").await;
    let base = host.create(&store.new_domain(place, "base")).await.unwrap();
    let name = store.own_volumes(host).await.remove(0);
    let directory = place.directory.join("ground");
    let keeps = async |why: &str| {
        // The definition goes with the first deletion, so each begins with the volume again.
        let kept = base.delete().await.unwrap();
        assert!(kept.volumes.is_empty() && kept.left.len() == 1, "{why}: {kept:?}");
        assert!(directory.join(&name).exists(), "{why}");
        kept.left[0].1.clone()
    };

    // An overlay of another pool, whose domain is off.
    let upstairs = NewDomain::new(place.machine("layer")).stopped().pool("upstairs");
    let upstairs = upstairs.disk(Image::volume("ground", &name), Size::mib(16)).overlay();
    let layer = host.create(&upstairs).await.unwrap();
    assert_eq!(other.own_volumes(host).await.len(), 1);
    let definition = connection.call(raw::lookup_by_name("base")).await.unwrap();
    let definition = connection.call(raw::xml(&definition, 2)).await.unwrap();
    assert!(keeps("an overlay elsewhere").await.contains("is based on it"));
    layer.delete().await.unwrap();
    let again = async || connection.call(raw::define(&definition, 0)).await.unwrap();

    // An overlay that somebody has made without the daemon's knowing.
    again().await;
    let over = directory.join("overlay.qcow2");
    let create = ["create", "-q", "-f", "qcow2", "-F", "qcow2", "-b"];
    let made = Command::new("qemu-img").args(create).arg(directory.join(&name)).arg(&over).status();
    assert!(made.unwrap().success());
    assert!(keeps("an overlay that was not listed").await.contains("overlay.qcow2 is based on it"));
    fs::remove_file(over).unwrap();

    // A domain that runs without it, and will have it.
    again().await;
    let spec = place.machine("second").to_xml().unwrap();
    let second = connection.call(raw::define(&spec, 0)).await.unwrap();
    let second = connection.call(raw::start(&second, 0)).await.unwrap();
    let disk = format!(
        "<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='{}'/><target dev='vdb' bus='virtio'/></disk>",
        directory.join(&name).display()
    );
    connection.call(device::attach(&second, &disk, 2)).await.unwrap();
    assert!(keeps("the next start of another").await.contains("domain second uses it"));
    connection.call(raw::destroy(&second, 0)).await.unwrap();
    connection.call(raw::undefine(&second, 0)).await.unwrap();

    // A domain that has it by another way.
    again().await;
    let link = place.directory.join("by-another-way");
    std::os::unix::fs::symlink(&directory, &link).unwrap();
    let disk = DiskXml::file(link.join(&name).to_str().unwrap()).format(Format::Qcow2);
    let spec = place.machine("third").disk(disk).to_xml().unwrap();
    let third = connection.call(raw::define(&spec, 0)).await.unwrap();
    assert!(keeps("a symbolic link").await.contains("domain third uses it"));
    connection.call(raw::undefine(&third, 0)).await.unwrap();

    // Its metadata in another domain makes nothing that domain's own.
    let copy = definition.replace(&format!("<uuid>{}</uuid>", base.uuid()), "").replace(">base<", ">copy<");
    connection.call(raw::define(&copy, 0)).await.unwrap();
    let deleted = host.domain("copy").await.unwrap().delete().await.unwrap();
    assert!(deleted.existed && deleted.volumes.is_empty() && directory.join(&name).exists(), "{deleted:?}");

    again().await;
    assert_eq!(base.delete().await.unwrap().volumes.len(), 1, "nobody is left");
}

pub(crate) async fn a_domain_without_definition_goes_with_its_volumes(place: &Place) {
    let (host, connection) = (&place.host, place.host.connection());
    let store = Store::new(place, "fleeting").await;
    let data = UserData::new("#cloud-config\n").unwrap();
    let domain = host.create(&store.new_domain(place, "fleeting").user_data(data)).await.unwrap();
    domain.start().await.unwrap();
    let found = connection.call(raw::lookup_by_name("fleeting")).await.unwrap();
    connection.call(raw::undefine(&found, 0)).await.unwrap();
    domain.set_tags(["sdk-managed", "x"]).await.unwrap();
    domain.set_memory(Size::mib(48)).await.unwrap();
    assert!(domain.tags().await.unwrap().contains("x"));
    let deleted = domain.delete().await.unwrap();
    assert!(deleted.existed && deleted.volumes.len() == 2 && deleted.left.is_empty(), "{deleted:?}");
    assert!(store.own_volumes(host).await.is_empty());
}

pub(crate) async fn disks_of_others_are_not_written_to(place: &Place) {
    let (host, connection) = (&place.host, place.host.connection());
    let store = Store::new(place, "theirs").await;
    let file = place.directory.join("theirs/theirs.raw");
    fs::write(&file, vec![0; 1 << 20]).unwrap();
    store.volumes(host).await;
    let theirs = || DiskXml::volume("theirs", "theirs.raw").format(Format::Raw);
    let ours = NewDomain::new(place.machine("ours").disk(theirs())).stopped();
    // First it is nobody's: then it may be ours.
    let domain = host.create(&ours).await.unwrap();
    let by_path = DiskXml::file(file.to_str().unwrap()).format(Format::Raw);
    let spec = place.machine("foreign").disk(by_path).to_xml().unwrap();
    let foreign = connection.call(raw::define(&spec, 0)).await.unwrap();
    connection.call(raw::start(&foreign, 0)).await.unwrap();
    let error = domain.resize_disk("vda", "3M".parse().unwrap()).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Refused, Outcome::NotSent), "{error}");
    assert_eq!(fs::metadata(&file).unwrap().len(), 1 << 20);
    domain.delete().await.unwrap();
    assert!(file.exists());
    let error = host.create(&ours).await.unwrap_err();
    assert!(error.kind() == ErrorKind::Refused && error.to_string().contains("domain foreign"), "{error}");
    let read = NewDomain::new(place.machine("ours").disk(theirs().read_only())).stopped();
    host.create(&read).await.unwrap().delete().await.unwrap();
    connection.call(raw::destroy(&foreign, 0)).await.unwrap();
    connection.call(raw::undefine(&foreign, 0)).await.unwrap();
}

/// A machine that tells of its end by the port for that, and is kept to be looked at.
pub(crate) async fn what_has_crashed_is_not_off(place: &Place) {
    let (host, connection) = (&place.host, place.host.connection());
    let file = place.directory.join("crash.raw");
    let mut sector = vec![0_u8; 1 << 20];
    // mov dx,505h; mov al,1; out dx,al; hlt; jmp $-1
    sector[..9].copy_from_slice(&[0xba, 0x05, 0x05, 0xb0, 0x01, 0xee, 0xf4, 0xeb, 0xfd]);
    sector[510..512].copy_from_slice(&[0x55, 0xaa]);
    fs::write(&file, sector).unwrap();
    let xml = format!(
        "<domain type='qemu'><name>crash</name><metadata><sdk:guest xmlns:sdk='https://proxmox-sdk.dev/libvirt/1'>\
         <sdk:tag>sdk-managed</sdk:tag></sdk:guest></metadata><memory unit='MiB'>64</memory><vcpu>1</vcpu>\
         <os><type arch='x86_64' machine='pc'>hvm</type></os><features><acpi/></features><on_crash>preserve</on_crash>\
         <devices><disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='{}'/>\
         <target dev='hda' bus='ide'/></disk><panic model='isa'/></devices></domain>",
        file.display()
    );
    connection.call(raw::define(&xml, 0)).await.unwrap();
    let domain = host.domain("crash").await.unwrap();
    domain.start().await.unwrap();
    let crashed = async {
        while domain.state().await.unwrap() != State::Crashed {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), crashed).await.unwrap();
    assert!(domain.start().await.is_err(), "it does not run");
    domain.set_tags(["sdk-managed", "x"]).await.unwrap();
    assert!(domain.document().await.unwrap().id.is_some());
    domain.shutdown(Shutdown::new().timeout(Duration::from_millis(300)).then_stop()).await.unwrap();
    assert_eq!(domain.state().await.unwrap(), State::Off);
    domain.delete().await.unwrap();
}
