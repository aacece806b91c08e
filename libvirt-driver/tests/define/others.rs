//! Volumes, pools, networks and snapshots of all shapes.

use std::net::Ipv4Addr;

use libvirt_driver::rpc::procedures::{domain, network, snapshot, storage};
use libvirt_driver::xml::{
    DiskXml, DomainXml, Format, Network, NetworkXml, Permissions, Pool, PoolXml, Snapshot, SnapshotXml,
    VirtType, Volume, VolumeXml,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::TestCaseError;
use proxmox_core::Size;

use super::daemon::daemon;
use super::words::{mostly, name, path, text, word};
use super::{Lab, must};

fn told<T: PartialEq + std::fmt::Debug>(told: T, sent: T, xml: &str) -> Result<(), TestCaseError> {
    if told == sent {
        return Ok(());
    }
    Err(TestCaseError::fail(format!("told {told:?}\nsent {sent:?}\n{xml}")))
}

#[test]
fn volumes() {
    let lab = Lab::new("qemu", "/system");
    let directory = daemon().pool().join("volumes");
    std::fs::create_dir(&directory).unwrap();
    let below = directory.join("an <image> & \"more\", ☃");
    std::fs::write(&below, vec![0; 4096]).unwrap();
    let (directory, below) = (directory.to_str().unwrap(), below.to_str().unwrap());
    let pool = lab.runtime.block_on(async {
        let xml = PoolXml::dir("volumes", directory).to_xml().unwrap();
        let pool = lab.libvirt.call(storage::define_pool(&xml)).await.unwrap();
        lab.libvirt.call(storage::start_pool(&pool, 0)).await.unwrap();
        pool
    });
    let amounts = (0_u64..1 << 32, option::of(0_u64..1 << 20), any::<bool>());
    let permissions = (
        option::of(prop_oneof![9 => 0_u32..0o1000, 1 => 0_u32..0o20000]),
        option::of(0_u32..70000),
        option::of(0_u32..70000),
    );
    let strategy = (
        name(),
        amounts,
        word(&["raw", "qcow2", "qcow2", "vmdk", "vdi"]),
        option::of(permissions),
        any::<bool>(),
    );
    lab.hold(
        100,
        &strategy,
        async |libvirt, (name, (capacity, allocation, odd), format, permissions, based)| {
            let format = Format::from(format.as_str());
            // Raw volumes are allocated whole where nothing is said.
            let allocation = if format == Format::Raw { allocation.or(Some(0)) } else { allocation };
            let capacity = if odd { capacity } else { capacity & !0xffff };
            let mut spec = VolumeXml::new(&name, Size::from_bytes(capacity), format.clone());
            spec = allocation.map(Size::from_bytes).into_iter().fold(spec, VolumeXml::allocation);
            let permissions = permissions.map(|(mode, owner, group)| Permissions { mode, owner, group });
            spec = permissions.into_iter().fold(spec, VolumeXml::permissions);
            spec = if based && format == Format::Qcow2 { spec.backing(below, Format::Raw) } else { spec };
            let Ok(xml) = spec.to_xml() else { return Ok(false) };
            let made = must(libvirt.call(storage::create_volume(&pool, &xml, 0)).await, &xml)?;
            let answer = libvirt.call(storage::volume_xml(&made)).await;
            must(libvirt.call(storage::delete_volume(&made)).await, &xml)?;
            let volume = must(Volume::parse(&must(answer, &xml)?), &xml)?;
            told((&volume.name, volume.format.as_ref()), (&name, Some(&format)), &xml)?;
            // qemu counts in whole sectors or more.
            let more = volume.capacity.bytes().wrapping_sub(capacity);
            told((more < 64 << 10, format == Format::Raw && more != 0), (true, false), &xml)?;
            told(
                volume.backing.map(|backing| backing.path),
                (based && format == Format::Qcow2).then(|| below.to_owned()),
                &xml,
            )?;
            let (is, wanted) = (volume.permissions, permissions);
            let kept = |of: fn(&Permissions) -> Option<u32>| {
                let wanted = wanted.as_ref().and_then(of);
                wanted.is_none() || is.as_ref().and_then(of) == wanted
            };
            told((kept(|p| p.mode), kept(|p| p.owner), kept(|p| p.group)), (true, true, true), &xml)?;
            Ok(true)
        },
    );
}

#[test]
fn pools() {
    Lab::new("qemu", "/system").hold(60, &(name(), path()), async |libvirt, (name, path)| {
        let Ok(xml) = PoolXml::dir(&name, &path).to_xml() else { return Ok(false) };
        let made = must(libvirt.call(storage::define_pool(&xml)).await, &xml)?;
        let answer = libvirt.call(storage::pool_xml(&made, 0)).await;
        must(libvirt.call(storage::undefine_pool(&made)).await, &xml)?;
        let pool = must(Pool::parse(&must(answer, &xml)?), &xml)?;
        // The daemon writes the same place without idle slashes. Two at the beginning mean something to POSIX.
        let first = if path.starts_with("//") && !path.starts_with("///") { "//" } else { "/" };
        let parts: Vec<_> = path.split('/').filter(|part| !part.is_empty()).collect();
        told((pool.name, pool.path), (name, Some(format!("{first}{}", parts.join("/")))), &xml)?;
        Ok(true)
    });
}

#[test]
fn networks() {
    let strange = select(vec![
        [0, 0, 0, 0],
        [255; 4],
        [127, 0, 0, 1],
        [224, 0, 0, 1],
        [10, 0, 0, 0],
        [10, 0, 0, 255],
        [169, 254, 0, 1],
    ]);
    let gateway = prop_oneof![9 => any::<[u8; 4]>(), 1 => strange];
    let offsets = option::of((0_u32..70, 0_u32..(1 << 17)));
    let bridge = option::of(mostly("[a-z][a-z0-9._:-]{0,14}"));
    let strategy = (name(), gateway, 0_u8..33, any::<bool>(), bridge, offsets);
    Lab::new("qemu", "/system").hold(
        150,
        &strategy,
        async |libvirt, (name, gateway, prefix, isolated, bridge, dhcp)| {
            let gateway = Ipv4Addr::from(gateway);
            let first_of =
                u32::from(gateway) & u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or_default();
            let dhcp = dhcp.map(|(first, more)| {
                // Now and then one that ends with its network.
                let most = u32::MAX.checked_shr(u32::from(prefix)).unwrap_or_default();
                let first = first_of.wrapping_add(first);
                (
                    Ipv4Addr::from(first),
                    Ipv4Addr::from(first.saturating_add(more).min(first_of.saturating_add(most))),
                )
            });
            let mut spec = NetworkXml::nat(&name, gateway, prefix);
            spec = if isolated { spec.isolated() } else { spec };
            spec = bridge.iter().fold(spec, |spec, bridge| spec.bridge(bridge));
            spec = dhcp.into_iter().fold(spec, |spec, (first, last)| spec.dhcp(first, last));
            let Ok(xml) = spec.to_xml() else { return Ok(false) };
            let made = must(libvirt.call(network::define(&xml)).await, &xml)?;
            let answer = libvirt.call(network::xml(&made)).await;
            must(libvirt.call(network::undefine(&made)).await, &xml)?;
            let network = must(Network::parse(&must(answer, &xml)?), &xml)?;
            told((network.name, network.forward), (name, (!isolated).then(|| "nat".to_owned())), &xml)?;
            told(bridge.is_none() || network.bridge == bridge, true, &xml)?;
            let [address] = &network.addresses[..] else { return Err(TestCaseError::fail(xml)) };
            let range = |(first, last): (Ipv4Addr, Ipv4Addr)| (first.into(), last.into());
            told((address.address, address.prefix), (gateway.into(), Some(prefix)), &xml)?;
            told(&address.ranges, &dhcp.map(range).into_iter().collect::<Vec<_>>(), &xml)?;
            Ok(true)
        },
    );
}

#[test]
fn snapshots() {
    let lab = Lab::new("test", "/default");
    let machine =
        DomainXml::new("moments", Size::mib(64), 1).virt_type(VirtType::Test).arch("i686").machine("pc");
    let machine = machine
        .disk(DiskXml::file("/a").format(Format::Qcow2))
        .disk(DiskXml::file("/b").format(Format::Qcow2));
    let domain = lab
        .runtime
        .block_on(async { lab.libvirt.call(domain::define(&machine.to_xml().unwrap(), 1)).await.unwrap() });
    // The test driver leaves no disk out.
    let disks = vec(word(&["vda", "vdb"]), 0..3);
    let strategy = (name(), text(), disks);
    lab.hold(100, &strategy, async |libvirt, (name, description, disks)| {
        let spec = SnapshotXml::new(&name).description(&description);
        let spec = disks.iter().fold(spec, |spec, disk| spec.disk(disk));
        let Ok(xml) = spec.to_xml() else { return Ok(false) };
        if disks.iter().any(|disk| !matches!(disk.as_str(), "vda" | "vdb")) {
            return Ok(false);
        }
        // Checked by the schema.
        let made = must(libvirt.call(snapshot::create(&domain, &xml, 1 << 9)).await, &xml)?;
        let answer = libvirt.call(snapshot::xml(&made)).await;
        must(libvirt.call(snapshot::delete(&made, 0)).await, &xml)?;
        let snapshot = must(Snapshot::parse(&must(answer, &xml)?), &xml)?;
        let description = Some(description).filter(|text| !text.is_empty());
        told((&snapshot.name, &snapshot.description), (&name, &description), &xml)?;
        let internal = |target: &String| {
            snapshot
                .disks
                .iter()
                .any(|disk| disk.target == *target && disk.mode.as_deref() == Some("internal"))
        };
        told(disks.iter().all(internal), true, &xml)?;
        Ok(true)
    });
}
