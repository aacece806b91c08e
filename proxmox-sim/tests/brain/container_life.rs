//! Containers are cloned, made templates, snapshotted and deleted.

use proxmox_sim::{PveVersion, Sim, SimGuest, SimStorage};
use serde_json::json;

use crate::ask::Asker;
use crate::container_create::with_container;

const CT: &str = "/nodes/pve1/lxc/200";
const CLONE: &str = "/nodes/pve1/lxc/200/clone";

#[test]
fn both_are_locked_while_one_is_copied() {
    let ask = with_container(Sim::builder());
    let params = [("newid", "201"), ("hostname", "copy"), ("description", "mine"), ("storage", "shared")];
    let upid = ask.ok("POST", CLONE, &params);
    assert_eq!(ask.get(&format!("{CT}/config"))["lock"], "disk");
    let unready = ask.get("/nodes/pve1/lxc/201/config");
    assert_eq!((&unready["lock"], &unready["hostname"]), (&json!("create"), &json!("copy")));
    assert_eq!(unready.get("rootfs"), None, "{unready}");
    assert_eq!(ask.refused("POST", CLONE, &[("newid", "202")]).1, "CT is locked (disk)");
    ask.pass(60);
    assert_eq!(ask.status(upid.as_str().unwrap())["exitstatus"], "OK");
    let (source, copy) = (ask.get(&format!("{CT}/config")), ask.get("/nodes/pve1/lxc/201/config"));
    assert_eq!((source.get("lock"), copy.get("lock")), (None, None));
    assert_eq!(copy["rootfs"], "shared:201/vm-201-disk-0.raw,size=8G");
    assert_eq!((&copy["description"], &copy["unprivileged"]), (&json!("mine\n"), &json!(1)));
    assert_ne!(copy["net0"], source["net0"]);
    assert_eq!(ask.last_log()[0], "create full clone of mountpoint rootfs (local-lvm:vm-200-disk-0)");
}

#[test]
fn a_stopped_clone_task_leaves_nothing() {
    let ask = with_container(Sim::builder());
    let upid = ask.ok("POST", CLONE, &[("newid", "201")]);
    ask.ok("DELETE", &format!("/nodes/pve1/tasks/{}", upid.as_str().unwrap()), &[]);
    assert!(ask.sim.guest(201).is_none());
    assert_eq!(ask.sim.guest(200).unwrap().lock, None);
    let left = ask.ok("GET", "/nodes/pve1/storage/local-lvm/content", &[("vmid", "201")]);
    assert_eq!(left, json!([]));
}

#[test]
fn linked_clones_stand_on_templates() {
    let ask = with_container(Sim::builder().version(PveVersion::V9));
    let refused = ask.refused("POST", CLONE, &[("newid", "201"), ("full", "0")]).1;
    assert_eq!(refused, "Linked clone feature for 'local-lvm:vm-200-disk-0' is not available");
    assert_eq!(ask.ok("POST", &format!("{CT}/template"), &[]), json!(null));
    ask.pass(5);
    assert_eq!(ask.sim.tasks().last().unwrap().kind, "vztemplate");
    let config = ask.get(&format!("{CT}/config"));
    assert_eq!(
        (&config["template"], &config["rootfs"]),
        (&json!(1), &json!("local-lvm:base-200-disk-0,size=8G"))
    );
    assert_eq!(ask.task("POST", CLONE, &[("newid", "201")]), "OK");
    assert_eq!(
        ask.last_log(),
        [
            "creating a clone of container 200 with ID 201",
            "create linked clone of mount point rootfs (local-lvm:base-200-disk-0)",
            "TASK OK"
        ]
    );
    let copy = ask.get("/nodes/pve1/lxc/201/config");
    assert_eq!((&copy["rootfs"], copy.get("template")), (&json!("local-lvm:vm-201-disk-0,size=8G"), None));
    let storage = [("newid", "202"), ("full", "0"), ("storage", "shared")];
    assert_eq!(ask.refused("POST", CLONE, &storage).1, "parameter 'storage' not allowed for linked clones");
    let start = ask.task("POST", &format!("{CT}/status/start"), &[]);
    assert_eq!(start, "you can't start a CT if it's a template");
    let snapshot = ask.task("POST", &format!("{CT}/snapshot"), &[("snapname", "s1")]);
    assert_eq!(snapshot, "you can't take a snapshot if it's a template");
    let again = ask.refused("POST", &format!("{CT}/template"), &[]).1;
    assert_eq!(again, "you can't convert a template to a template");
    let used = "base volume 'local-lvm:base-200-disk-0' is still in use by linked cloned";
    assert_eq!(ask.task("DELETE", CT, &[]), used);
    assert_eq!(ask.task("DELETE", "/nodes/pve1/lxc/201", &[]), "OK");
    assert_eq!(ask.task("DELETE", CT, &[]), "OK");
}

#[test]
fn what_a_clone_refuses() {
    let ask = with_container(
        Sim::builder()
            .guest(SimGuest::ct(300).disk("rootfs", "shared", 1 << 30).config("mp0", "/srv,mp=/srv")),
    );
    for (params, sentence) in [
        (&[("newid", "100")][..], "VM 100 already exists on node 'pve1'"),
        (&[("newid", "201"), ("storage", "nost")], "storage 'nost' does not exist"),
        (&[("newid", "201"), ("target", "pve9")], "no such cluster node 'pve9'"),
        (&[("newid", "201"), ("target", "pve2")], "can't clone CT to node 'pve2' (CT uses local storage)"),
        (&[("newid", "201"), ("pool", "nopool")], "pool 'nopool' does not exist"),
        (&[("newid", "201"), ("snapname", "nosnap")], "snapshot 'nosnap' does not exist"),
    ] {
        assert_eq!(ask.refused("POST", CLONE, params), (500, sentence.to_owned()));
    }
    let bind = ask.refused("POST", "/nodes/pve1/lxc/300/clone", &[("newid", "201")]).1;
    assert_eq!(bind, "unable to clone mountpoint 'mp0' (type bind)");
    assert_eq!(ask.sim.guest(200).unwrap().lock, None);
    assert_eq!(ask.task("POST", &format!("{CT}/status/start"), &[]), "OK");
    let running = ask.refused("POST", CLONE, &[("newid", "201")]).1;
    assert_eq!(running, "Full clone of a running container is only possible from a snapshot");
    assert!(ask.sim.guest(201).is_none());
    let missing = ask.refused("POST", "/nodes/pve1/lxc/999/clone", &[("newid", "201")]).1;
    assert_eq!(missing, "Configuration file 'nodes/pve1/lxc/999.conf' does not exist");
}

#[test]
fn a_clone_on_shared_storage_may_go_to_another_node() {
    let ask = Asker::of(Sim::builder().guest(SimGuest::ct(200).disk("rootfs", "shared", 1 << 30)));
    assert_eq!(ask.task("POST", CLONE, &[("newid", "201"), ("target", "pve2")]), "OK");
    let copy = ask.get("/nodes/pve2/lxc/201/config");
    assert_eq!(copy["rootfs"], "shared:201/vm-201-disk-0.raw,size=1G");
}

#[test]
fn snapshots_are_for_storages_that_have_them() {
    let ask = with_container(Sim::builder().guest(SimGuest::ct(300).disk("rootfs", "shared", 1 << 30)));
    let none = ask.task("POST", "/nodes/pve1/lxc/300/snapshot", &[("snapname", "s1")]);
    assert_eq!(none, "snapshot feature is not available");
    let path = format!("{CT}/snapshot");
    assert_eq!(ask.task("POST", &path, &[("snapname", "s1"), ("description", "d")]), "OK");
    assert_eq!(ask.sim.tasks().last().unwrap().kind, "vzsnapshot");
    assert_eq!(ask.task("POST", &path, &[("snapname", "s1")]), "snapshot name 's1' already used");
    assert_eq!(ask.get(&format!("{path}/s1/config"))["hostname"], "web");
    ask.ok("PUT", &format!("{CT}/config"), &[("hostname", "other")]);
    assert_eq!(ask.task("POST", &format!("{path}/s1/rollback"), &[("start", "1")]), "OK");
    ask.pass(5);
    assert_eq!(ask.sim.tasks().last().unwrap().kind, "vzstart");
    let guest = ask.sim.guest(200).unwrap();
    assert_eq!((guest.name.as_deref(), guest.running), (Some("web"), true));
    assert_eq!(ask.task("POST", CLONE, &[("newid", "201"), ("snapname", "s1"), ("full", "1")]), "OK");
    let refused = ask.refused("POST", &format!("{CT}/template"), &[]).1;
    assert_eq!(refused, "unable to create template, because CT contains snapshots");
    assert_eq!(ask.task("DELETE", &format!("{path}/s1"), &[]), "OK");
    assert_eq!(ask.get(&path).as_array().unwrap().len(), 1);
}

#[test]
fn features_are_those_of_the_storage() {
    let ask = with_container(
        Sim::builder()
            .storage(SimStorage::new("zfs", "zfspool", "rootdir"))
            .guest(SimGuest::ct(300).disk("rootfs", "shared", 1 << 30).mount(
                "mp0",
                "shared",
                2 << 30,
                "/data",
            ))
            .guest(SimGuest::ct(301).disk("rootfs", "zfs", 1 << 30).template()),
    );
    let has = |vmid: u32, feature: &str| {
        ask.ok("GET", &format!("/nodes/pve1/lxc/{vmid}/feature"), &[("feature", feature)])["hasFeature"] == 1
    };
    assert_eq!([has(200, "snapshot"), has(200, "clone"), has(200, "copy")], [true, false, true]);
    assert_eq!([has(300, "snapshot"), has(300, "clone"), has(300, "copy")], [false, false, true]);
    assert_eq!([has(301, "snapshot"), has(301, "clone"), has(301, "copy")], [false, true, true]);
    assert_eq!(ask.get("/nodes/pve1/lxc/301/config")["rootfs"], "zfs:basevol-301-disk-0,size=1G");
    assert_eq!(ask.get("/nodes/pve1/lxc/300/config")["mp0"], "shared:300/vm-300-disk-1.raw,mp=/data,size=2G");
}

#[test]
fn deleting_removes_what_belongs_to_it() {
    let ask = with_container(Sim::builder());
    assert!(ask.sim.set_config(200, "protection", Some("1")));
    assert_eq!(ask.refused("DELETE", CT, &[]).1, "can't remove CT 200 - protection mode enabled");
    assert!(ask.sim.set_config(200, "protection", None));
    assert!(ask.sim.set_lock(200, Some("backup")));
    assert_eq!(ask.refused("DELETE", CT, &[]).1, "CT is locked (backup)");
    assert!(ask.sim.set_lock(200, None));
    assert_eq!(ask.task("POST", &format!("{CT}/status/start"), &[]), "OK");
    assert_eq!(ask.refused("DELETE", CT, &[]).1, "unable to destroy CT 200 - container is running");
    assert_eq!(ask.task("DELETE", CT, &[("force", "1"), ("purge", "1")]), "OK");
    assert_eq!(
        ask.last_log(),
        [
            "forced to stop CT 200 before destroying!",
            "purging CT 200 from related configurations..",
            "TASK OK"
        ]
    );
    assert!(ask.sim.guest(200).is_none());
    let left = ask.ok("GET", "/nodes/pve1/storage/local-lvm/content", &[("vmid", "200")]);
    assert_eq!(left, json!([]));
    let gone = ask.refused("DELETE", CT, &[]).1;
    assert_eq!(gone, "Configuration file 'nodes/pve1/lxc/200.conf' does not exist");
    let vm = ask.refused("DELETE", "/nodes/pve1/lxc/101", &[]).1;
    assert_eq!(vm, "Configuration file 'nodes/pve1/lxc/101.conf' does not exist", "a VM is no container");
}

#[test]
fn volumes_move_to_other_storages() {
    let ask = with_container(Sim::builder());
    let path = format!("{CT}/move_volume");
    let upid = ask.ok("POST", &path, &[("volume", "rootfs"), ("storage", "shared")]);
    assert_eq!(ask.sim.guest(200).unwrap().lock.as_deref(), Some("disk"));
    ask.ok("DELETE", &format!("/nodes/pve1/tasks/{}", upid.as_str().unwrap()), &[]);
    assert_eq!(ask.sim.guest(200).unwrap().lock, None);
    assert_eq!(ask.ok("GET", "/nodes/pve1/storage/shared/content", &[("vmid", "200")]), json!([]));
    assert_eq!(ask.task("POST", &path, &[("volume", "rootfs"), ("storage", "shared")]), "OK");
    let config = ask.get(&format!("{CT}/config"));
    assert_eq!(config["rootfs"], "shared:200/vm-200-disk-0.raw,size=8G");
    assert_eq!((&config["unused0"], config.get("lock")), (&json!("local-lvm:vm-200-disk-0"), None));
    assert_eq!(
        ask.task("POST", &path, &[("volume", "rootfs"), ("storage", "local-lvm"), ("delete", "1")]),
        "OK"
    );
    assert_eq!(ask.ok("GET", "/nodes/pve1/storage/shared/content", &[("vmid", "200")]), json!([]));
    let wrong = ask.task("POST", &path, &[("volume", "rootfs"), ("storage", "local")]);
    assert_eq!(wrong, "content type 'rootdir' is not available or configured on storage 'local'");
    assert_eq!(ask.sim.guest(200).unwrap().lock, None);
    let text = ask.param_error("POST", &path, &[("volume", "rootfs")], "storage");
    assert_eq!(text, "both 'storage' and 'target-vmid' missing, either needs to be set");
    assert_eq!(ask.task("POST", &format!("{CT}/status/start"), &[]), "OK");
    let running = ask.refused("POST", &path, &[("volume", "rootfs"), ("storage", "shared")]).1;
    assert_eq!(running, "cannot move volumes of a running container");
}
