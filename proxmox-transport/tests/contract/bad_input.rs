//! What is seen to be wrong on this side: an error that names field and value, and nothing is sent.

use std::time::Duration;

use proxmox_core::guest::{CloneOptions, IpQuery, NewId};
use proxmox_core::{
    Error, ErrorKind, Growth, GuestRef, Outcome, PvePath, PveRequest, StorageId, TokenId, Upid, UserId, VolId,
};
use proxmox_qemu::{CloudInit, Exec, QemuNode, VmSpec};
use serde_json::Value;

use super::{World, assert_is};

#[track_caller]
fn assert_names(error: &Error, field: &str, value: &str) {
    assert_is(error, ErrorKind::InvalidInput, Outcome::NotSent);
    assert!(error.errors().keys().any(|name| name == field), "{field}: {error:?}");
    assert!(error.message().contains(value), "{value:?}: {error}");
}

pub async fn references(world: &World) {
    let before = world.arrived();
    let node = world.node();
    for bad in ["", "a/b", "..", "../etc", "pve1.example.com", "a b", "a\nb", "ä"] {
        let error = world.pve.node(bad).unwrap_err();
        assert_names(&error, "node name", &format!("{bad:?}"));
    }
    for bad in ["0", "99", "-1", "1000000000", "12a", "", "1e3"] {
        assert_names(&node.vm(bad).unwrap_err(), "vmid", &format!("{bad:?}"));
    }
    for bad in [0, 99, -5, 1_000_000_000] {
        assert_names(&node.vm(bad).unwrap_err(), "vmid", &bad.to_string());
    }
    for bad in ["", "a/b", "99", "a\nb"] {
        assert!(bad.parse::<GuestRef>().is_err(), "{bad:?}");
    }
    let error = |e: Result<(), Error>, field: &str, value: &str| assert_names(&e.unwrap_err(), field, value);
    error(StorageId::parse("lo/cal").map(drop), "storage id", "lo/cal");
    error(VolId::parse("local:../x").map(drop), "volid", "local:../x");
    error(Upid::parse("UPID:x").map(drop), "UPID", "UPID:x");
    error(UserId::parse("root").map(drop), "user id", "root");
    error(TokenId::parse("root@pam").map(drop), "token id", "root@pam");
    assert_eq!(world.arrived(), before);
}

pub async fn paths(world: &World) {
    let before = world.arrived();
    for bad in [
        "",
        "version",
        "nodes/pve1",
        "/nodes/../access",
        "/nodes/%2e%2e/access",
        "/nodes//pve1",
        "/nodes/pve1/",
        "/a\nb",
        "/a\0b",
        "/version?x=1",
    ] {
        let error = PvePath::parse(bad).unwrap_err();
        assert_names(&error, "path", &format!("{bad:?}"));
    }
    for bad in ["", "..", "a/b", "a\tb"] {
        assert!(PvePath::parse("/x").unwrap().segment(bad).is_err(), "{bad:?}");
    }
    assert_eq!(world.arrived(), before);
}

pub async fn parameters(world: &World) {
    let before = world.arrived();
    let get = || PveRequest::get(PvePath::parse("/version").unwrap());
    for (request, field, value) in [
        (get().param("a b", 1), "parameter", "a b"),
        (get().param("", 1), "parameter", "\"\""),
        (get().param("x", f64::NAN), "x", "NaN"),
        (get().param("x", "a\0b"), "x", "NUL"),
        (get().timeout(Duration::ZERO), "timeout", "longer than nothing"),
    ] {
        let error = world.pve.request::<Value>(request).await.unwrap_err();
        assert_names(&error, field, value);
    }
    assert_eq!(world.arrived(), before);
}

pub async fn operations(world: &World) {
    let before = world.arrived();
    let vm = world.vm(world.answering);
    for name in ["", "not a name", "-x", "ä", "a\nb"] {
        let error = vm.clone_to(CloneOptions::named(name)).await.unwrap_err();
        assert_names(&error, "name", &format!("{name:?}"));
    }
    let linked = CloneOptions::named("x").linked().storage(world.storage.clone());
    assert_names(&vm.clone_to(linked).await.unwrap_err(), "storage", "linked clone");
    for bad in ["", "scsi 0", "../x", "SCSI0"] {
        let error = vm.resize(bad, "+1G".parse().unwrap()).await.unwrap_err();
        assert_names(&error, "disk", bad);
    }
    for bad in ["", "big", "-1G", "1X", "+", "1..5G"] {
        assert!(bad.parse::<Growth>().is_err(), "{bad:?}");
    }
    for key in ["", "a b", "a,b", "revert"] {
        let error = vm.set_config([(key, "x")]).await.unwrap_err();
        assert_is(&error, ErrorKind::InvalidInput, Outcome::NotSent);
    }
    let agent = vm.agent();
    let error = agent.exec(Exec::new(Vec::<String>::new())).await.unwrap_err();
    assert_names(&error, "command", "empty");
    assert_names(&agent.exec(Exec::new([""])).await.unwrap_err(), "command", "empty");
    let long = Exec::new(["cat"]).input("x".repeat(64 * 1024 + 1));
    assert_names(&agent.exec(long).await.unwrap_err(), "input", "65537");
    let error = agent.file_write("/x", &"x".repeat(60 * 1024 + 1)).await.unwrap_err();
    assert_names(&error, "content", "61441");
    assert!(IpQuery::v4().subnet("10.0.0.0/33").is_err() && IpQuery::v4().subnet("2001:db8::/32").is_err());
    let keys = CloudInit::new().ssh_keys(["no\nkey"]);
    assert_is(&vm.cloud_init(keys).await.unwrap_err(), ErrorKind::InvalidInput, Outcome::NotSent);
    assert_eq!(world.arrived(), before);
}

pub async fn secrets_are_never_repeated(world: &World) {
    let vm = world.vm(world.answering);
    let error = TokenId::parse("root@pam!ci=12345678-aaaa").unwrap_err();
    assert!(!format!("{error} {error:?}").contains("12345678"), "{error:?}");
    let values = CloudInit::new().password("hunter2\0");
    let error = vm.cloud_init(values).await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
    let spec = VmSpec::named("x").param("cipassword", "hunter2");
    let call = world.vms().create(NewId::Vmid(world.number(60)), spec);
    let shown = format!("{call:?} {:?}", call.request().unwrap());
    assert!(!shown.contains("hunter2"), "{shown}");
}
