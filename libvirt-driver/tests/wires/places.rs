//! Where guests keep and find things: pools, volumes, networks.

use std::fs;

use libvirt_driver::rpc::RemoteError;
use libvirt_driver::rpc::procedures::{network, storage};
use proxmox_core::{ErrorKind, Outcome};
use proxmox_sim::Sshd;

use super::Wires;
use super::daemon::daemon;

#[tokio::test]
async fn pools_and_volumes() {
    let sshd = Sshd::start().unwrap();
    let wires = Wires::open(&sshd, "qemu", "/system").await;
    let target = daemon().pool().join("w");
    let xml = format!(
        "<pool type='dir'><name>- w'1</name><target><path>{}</path></target></pool>",
        target.display()
    );
    let pool = wires.by_virsh(storage::define_pool(&xml)).await;
    wires.same(|| storage::pool_info(&pool)).await;
    assert!(!wires.same(|| storage::pool_is_active(&pool)).await);
    wires.refuse(ErrorKind::WrongState, || storage::volumes(&pool)).await;
    wires.by_virsh(storage::build_pool(&pool, 0)).await;
    wires.by_virsh(storage::start_pool(&pool, 0)).await;
    wires.by_virsh(storage::refresh_pool(&pool)).await;
    wires.by_virsh(storage::set_pool_autostart(&pool, true)).await;
    wires.by_virsh(storage::set_pool_autostart(&pool, false)).await;
    assert!(wires.same(|| storage::pool_is_active(&pool)).await);
    assert_eq!(wires.same(|| storage::pool_by_name("- w'1")).await, pool);
    assert_eq!(wires.same(|| storage::pool_by_uuid(pool.uuid)).await, pool);
    for flags in [0, 1, 2] {
        wires.same_but(|| storage::pools(flags), |all| all.sort_by(|a, b| a.name.cmp(&b.name))).await;
    }
    wires.same_but(|| storage::pool_info(&pool), |info| (info.allocation, info.available) = (0, 0)).await;
    wires.same(|| storage::pool_xml(&pool, 1)).await;
    assert_eq!(wires.same(|| storage::volumes(&pool)).await, []);

    let volume = |name: &str| {
        format!(
            "<volume><name>{name}</name><capacity unit='B'>1500000</capacity><target><format type='raw'/></target></volume>"
        )
    };
    let mut made = Vec::new();
    for name in ["a.raw", "-b  c.raw", "ünï.raw", "it's \"$x\"; x.raw"] {
        let one = wires.by_virsh(storage::create_volume(&pool, &volume(name), 0)).await;
        assert_eq!(wires.same(|| storage::volume_by_name(&pool, name)).await, one);
        assert_eq!(wires.same(|| storage::volume_by_key(&one.key)).await, one);
        let path = wires.same(|| storage::volume_path(&one)).await;
        assert_eq!(wires.same(|| storage::volume_by_path(&path)).await, one);
        made.push(one);
    }
    made.push(wires.by_virsh(storage::create_volume_from(&pool, &volume("copy.raw"), &made[1], 0)).await);
    let listed =
        wires.same_but(|| storage::volumes(&pool), |all| all.sort_by(|a, b| a.name.cmp(&b.name))).await;
    assert_eq!(listed.len(), 5);
    let one = &made[0];
    wires.same(|| storage::volume_xml(one)).await;

    let content: Vec<u8> = (0..1_500_000u32).map(|i| ((i * 7) >> 3) as u8).collect();
    let sent = wires.virsh.upload(storage::upload(one, 0, 0), &mut &*content).await.unwrap();
    assert_eq!(sent, 1_500_000);
    for way in [&wires.rpc, &wires.virsh] {
        let mut back = Vec::new();
        let received = way.download(storage::download(one, 0, 0), &mut back).await.unwrap();
        assert!(received == 1_500_000 && back == content, "{received} bytes came back");
        let mut part = Vec::new();
        way.download(storage::download(one, 1000, 5000), &mut part).await.unwrap();
        assert!(part == content[1000..6000]);
    }
    let mut small = Vec::new();
    wires.virsh.upload(storage::upload(one, 10, 3), &mut &b"abc"[..]).await.unwrap();
    wires.virsh.download(storage::download(one, 9, 5), &mut small).await.unwrap();
    assert_eq!(small, [content[9], b'a', b'b', b'c', content[13]]);

    for way in [&wires.rpc, &wires.virsh] {
        // Longer than it was said to be.
        let error = way.upload(storage::upload(one, 0, 1000), &mut &*vec![1; 3_000_000]).await.unwrap_err();
        assert!(RemoteError::of(&error).is_some(), "{error:?}");
    }

    wires.by_virsh(storage::resize_volume(one, 2_000_000, 0)).await;
    assert_eq!(wires.same(|| storage::volume_info(one)).await.capacity, 2_000_000);
    wires.refuse(ErrorKind::AlreadyExists, || storage::create_volume(&pool, &volume("a.raw"), 0)).await;
    wires.refuse(ErrorKind::WrongState, || storage::start_pool(&pool, 0)).await;
    for one in &made {
        wires.by_virsh(storage::delete_volume(one)).await;
        wires.refuse(ErrorKind::NotFound, || storage::volume_by_key(&one.key)).await;
    }
    wires.refuse(ErrorKind::NotFound, || storage::delete_volume(one)).await;
    wires.refuse(ErrorKind::NotFound, || storage::volume_info(one)).await;
    wires.refuse(ErrorKind::NotFound, || storage::volume_by_name(&pool, "a.raw")).await;
    let error = wires.virsh.upload(storage::upload(one, 0, 0), &mut &*content).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::NotFound, Outcome::Rejected), "{error}");
    let error = wires.virsh.download(storage::download(one, 0, 0), &mut Vec::new()).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::NotFound, Outcome::Rejected), "{error}");
    wires.by_virsh(storage::stop_pool(&pool)).await;
    wires.refuse(ErrorKind::WrongState, || storage::stop_pool(&pool)).await;
    wires.by_virsh(storage::undefine_pool(&pool)).await;
    wires.refuse(ErrorKind::NotFound, || storage::pool_by_name("- w'1")).await;
    wires.refuse(ErrorKind::NotFound, || storage::pool_info(&pool)).await;
    wires.refuse(ErrorKind::NotFound, || storage::pool_is_active(&pool)).await;
}

#[tokio::test]
async fn networks_and_their_leases() {
    let sshd = Sshd::start().unwrap();
    let wires = Wires::open(&sshd, "qemu", "/system").await;
    let xml = "<network><name>-w net</name><bridge name='lvtest7'/><ip address='10.77.7.1' prefix='24'>\
               <dhcp><range start='10.77.7.2' end='10.77.7.9'/></dhcp></ip></network>";
    let net = wires.by_virsh(network::define(xml)).await;
    assert_eq!(wires.same(|| network::lookup_by_name("-w net")).await, net);
    for flags in [0, 1, 2] {
        wires.same_but(|| network::list(flags), |all| all.sort_by(|a, b| a.name.cmp(&b.name))).await;
    }
    wires.same(|| network::xml(&net)).await;
    assert!(!wires.same(|| network::is_active(&net)).await);
    assert_eq!(wires.same(|| network::leases(&net, None)).await, []);
    // As dnsmasq's helper leaves them.
    let leases = r#"[{"ip-address":"10.77.7.3","mac-address":"52:54:00:00:00:03","hostname":"a-guest","client-id":"01:52:54:00:00:00:03","expiry-time":4102444799},
        {"ip-address":"10.77.7.4","mac-address":"52:54:00:00:00:04","expiry-time":1995210546}]"#;
    let directory = daemon().pool().with_file_name("lib").join("dnsmasq");
    fs::create_dir_all(&directory).unwrap();
    fs::write(directory.join("lvtest7.status"), leases).unwrap();
    let found = wires.same(|| network::leases(&net, None)).await;
    assert_eq!(found.len(), 2);
    assert_eq!(found[0].expires, 4_102_444_799);
    let found = wires.same(|| network::leases(&net, Some("52:54:00:00:00:04"))).await;
    assert_eq!((found.len(), &*found[0].address), (1, "10.77.7.4"));
    wires.refuse(ErrorKind::WrongState, || network::stop(&net)).await;
    wires.by_virsh(network::undefine(&net)).await;
    wires.refuse(ErrorKind::NotFound, || network::lookup_by_name("-w net")).await;
    wires.refuse(ErrorKind::NotFound, || network::xml(&net)).await;
    wires.refuse(ErrorKind::NotFound, || network::start(&net)).await;
    wires.refuse(ErrorKind::NotFound, || network::is_active(&net)).await;
}
