//! Files on a storage.

use proxmox_core::node::{Checksum, Download, FileKind, Upload};
use proxmox_core::{ErrorKind, FilePart, Outcome, PvePath, PveRequest, StorageId, VolId};

use proxmox_sim::WireFault;

use super::{Cap, Who, World, assert_is};

const SHA256: &str = "sha256:f09672273ce66d15a4db03d9ee7a274aaacf0b70b4f3901ce46a65d42ca95acb";

/// 200 bytes with the digest above.
fn content() -> Vec<u8> {
    super::IMAGE.repeat(20).into()
}

fn local() -> StorageId {
    "local".parse().unwrap()
}

async fn listed(world: &World, volid: &VolId) -> Option<i64> {
    let rows = world.node().content(&volid.storage(), None).await.unwrap();
    rows.iter().find(|row| row.volid == volid.to_string()).map(|row| row.size.unwrap())
}

pub async fn is_put_there_and_taken_away(world: &World) {
    if !world.needs(Cap::Files) {
        return;
    }
    let volid = world.node().upload_iso(&local(), "is-put-there.iso", content()).await.unwrap();
    assert_eq!(volid.to_string(), "local:iso/is-put-there.iso");
    assert_eq!(listed(world, &volid).await, Some(200));
    if let Some(simulated) = world.simulated() {
        assert_eq!(simulated.sim.file("local:iso/is-put-there.iso", "pve1"), Some(content()));
    }
    for _ in 0..2 {
        world.node().delete_volume(&volid).await.unwrap();
        assert_eq!(listed(world, &volid).await, None);
    }
}

pub async fn replaces_one_of_its_name(world: &World) {
    if !world.needs(Cap::Files) {
        return;
    }
    for size in [10, 5000] {
        let volid = world.node().upload_iso(&local(), "replaced.iso", vec![7; size]).await.unwrap();
        assert_eq!(listed(world, &volid).await, Some(i64::try_from(size).unwrap()));
    }
    world.node().delete_volume(&"local:iso/replaced.iso".parse().unwrap()).await.unwrap();
}

pub async fn what_arrives_is_what_was_meant(world: &World) {
    if !world.needs(Cap::Files) {
        return;
    }
    let node = world.node();
    let upload = |sum: &str| Upload::iso("meant.iso", content()).checksum(Checksum::parse(sum).unwrap());
    let wrong = format!("sha256:{}", "0".repeat(64));
    let error = node.upload(&local(), upload(&wrong)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TaskFailed, "{error:?}");
    assert!(error.to_string().contains("checksum mismatch: got 'f0967227"), "{error}");
    let volid = "local:iso/meant.iso".parse().unwrap();
    assert_eq!(listed(world, &volid).await, None);
    node.upload(&local(), upload(&SHA256.to_uppercase().replace("SHA", "sha"))).await.unwrap();
    assert_eq!(listed(world, &volid).await, Some(200));
    node.delete_volume(&volid).await.unwrap();
}

/// Whatever looks like a border between parts, an end of a line or of an argument; and more than a form may have.
pub async fn of_any_bytes(world: &World) {
    if !world.needs(Cap::Files) {
        return;
    }
    let mut all: Vec<u8> = b"\r\n--\r\n--proxmox-sdk--\r\n\0end of arguments\0\n".to_vec();
    all.extend((0..700 << 10).map(|n: u32| n.to_le_bytes()[usize::from(n.is_multiple_of(3))]));
    for content in [all, Vec::new(), b"\r\n".to_vec(), b"\n".to_vec()] {
        let volid = world.node().upload_iso(&local(), "any-bytes.iso", content.clone()).await.unwrap();
        assert_eq!(listed(world, &volid).await, Some(i64::try_from(content.len()).unwrap()));
        if let Some(simulated) = world.simulated() {
            let there = simulated.sim.file("local:iso/any-bytes.iso", "pve1").unwrap();
            assert!(there == content, "{} of {} bytes", there.len(), content.len());
        }
        world.node().delete_volume(&volid).await.unwrap();
    }
}

pub async fn a_lost_answer_is_not_sent_again(world: &World) {
    let Some(simulated) = world.simulated().filter(|_| world.needs(Cap::HttpFaults)) else {
        return;
    };
    let path = "/nodes/pve1/storage/local/upload";
    simulated.faults.add(WireFault::CloseAfterExecuting.on("POST", path));
    let before = world.writes().unwrap().len();
    let error = world.node().upload_iso(&local(), "lost.iso", content()).await.unwrap_err();
    assert!(error.is_maybe_applied(), "{error:?}");
    assert!(error.advice().unwrap().contains("local:iso/lost.iso"), "{error:?}");
    assert_eq!(world.writes().unwrap()[before..], [format!("POST {path}")]);
}

pub async fn may_be_fetched(world: &World) {
    if world.simulated().is_none() {
        return;
    }
    let fetch = |name: &str| {
        Download::new(FileKind::Import, name, super::IMAGE_URL).checksum(Checksum::parse(SHA256).unwrap())
    };
    let volid = world.node().download(&local(), fetch("fetched.raw")).await.unwrap();
    assert_eq!(volid.to_string(), "local:import/fetched.raw");
    assert_eq!(listed(world, &volid).await, Some(200));
    // It is there already, and is what it should be.
    world.node().download(&local(), fetch("fetched.raw")).await.unwrap();
    world.node().delete_volume(&volid).await.unwrap();
}

pub async fn what_cannot_be_fetched_is_told(world: &World) {
    if world.simulated().is_none() {
        return;
    }
    let wrong = Checksum::parse(&format!("sha256:{}", "0".repeat(64))).unwrap();
    for (download, why) in [
        (Download::new(FileKind::Import, "a.raw", "https://images.example/none.raw"), "exit code 8"),
        (Download::new(FileKind::Import, "a.raw", super::IMAGE_URL).checksum(wrong), "checksum mismatch"),
        (Download::new(FileKind::Import, "a.qcow2", super::IMAGE_URL), "not in qcow2 format"),
    ] {
        let error = world.node().download(&local(), download).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TaskFailed, "{error:?}");
        assert!(error.to_string().contains(why), "{error}");
    }
    assert_eq!(listed(world, &"local:import/a.raw".parse().unwrap()).await, None);
}

pub async fn what_is_refused_is_not_sent(world: &World) {
    let before = world.writes();
    for name in ["a.txt", "a b.iso", "../a.iso", ".iso", "a\".iso", ""] {
        let error = world.node().upload_iso(&local(), name, "x").await.unwrap_err();
        assert_is(&error, ErrorKind::InvalidInput, Outcome::NotSent);
    }
    // A raw request is looked at as well.
    let path = PvePath::storage(&world.node, &local()).fixed("upload");
    let raw = PveRequest::create(path).param("content", "iso").param("tmpfilename", "/etc/shadow");
    let error = world.pve.call(&raw.file(FilePart::new("a.iso", "x"))).await.unwrap_err();
    assert_is(&error, ErrorKind::InvalidInput, Outcome::NotSent);
    world.assert_nothing_written_since(&before);
}

pub async fn needs_a_privilege(world: &World) {
    let Some(auditor) = world.connect(Who::Auditor) else {
        return;
    };
    let node = auditor.node(&world.node).unwrap();
    let error = node.upload_iso(&local(), "a.iso", "x").await.unwrap_err();
    assert_is(&error, ErrorKind::PermissionDenied, Outcome::Rejected);
    assert!(error.to_string().contains("Datastore.AllocateTemplate"), "{error}");
}

pub async fn of_a_guest_stays(world: &World) {
    let before = world.writes();
    for volid in ["local-lvm:vm-100-disk-0", "local:backup/vzdump-qemu-100-2026_01_01-00_00_00.vma.zst"] {
        let error = world.node().delete_volume(&volid.parse().unwrap()).await.unwrap_err();
        assert_is(&error, ErrorKind::Refused, Outcome::NotSent);
    }
    world.assert_nothing_written_since(&before);
}
