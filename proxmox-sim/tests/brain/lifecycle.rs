//! From a template to a running guest and back.

use crate::ask::Asker;
use proxmox_sim::{Sim, SimGuest, SimStorage};
use serde_json::json;

const VM: &str = "/nodes/pve1/qemu/200";

fn with_clone() -> Asker {
    let ask = Asker::new();
    assert_eq!(
        ask.task("POST", "/nodes/pve1/qemu/9000/clone", &[("newid", "200"), ("name", "web"), ("full", "1")]),
        "OK"
    );
    ask
}

#[test]
fn a_clone_is_locked_until_it_is_ready() {
    let ask = Asker::new();
    let upid =
        ask.ok("POST", "/nodes/pve1/qemu/9000/clone", &[("newid", "200"), ("name", "web"), ("full", "1")]);
    let config = ask.get(&format!("{VM}/config"));
    assert_eq!(
        (&config["lock"], &config["description"]),
        (&json!("clone"), &json!(" qmclone temporary file"))
    );
    assert_eq!(config.as_object().unwrap().len(), 3, "{config}");
    assert_eq!(ask.refused("PUT", &format!("{VM}/config"), &[("memory", "64")]).1, "VM is locked (clone)");
    let start = ask.task("POST", &format!("{VM}/status/start"), &[]);
    assert_eq!(start, "VM is locked (clone)", "it was when the task began");
    assert_eq!(ask.task("POST", &format!("{VM}/status/start"), &[]), "OK");
    assert_eq!(ask.status(upid.as_str().unwrap())["exitstatus"], "OK");
    let config = ask.get(&format!("{VM}/config"));
    assert_eq!(config["name"], "web");
    assert_eq!(config["scsi0"], "local-lvm:vm-200-disk-0,size=2G");
    assert_eq!(config["ide2"], "local-lvm:vm-200-cloudinit,media=cdrom");
    assert_eq!(config.get("template"), None);
    let source = ask.get("/nodes/pve1/qemu/9000/config");
    for key in ["net0", "smbios1", "vmgenid"] {
        assert_ne!(config[key], source[key], "{key}");
    }
    assert_eq!(source["template"], 1);
}

#[test]
fn a_full_clone_tells_how_far_it_is() {
    let ask = Asker::new();
    let upid = ask.ok("POST", "/nodes/pve1/qemu/9000/clone", &[("newid", "200"), ("full", "1")]);
    ask.pass(1);
    let running = ask.status(upid.as_str().unwrap());
    assert_eq!((&running["status"], running.get("exitstatus")), (&json!("running"), None));
    let early = ask.last_log();
    ask.pass(60);
    let log = ask.last_log();
    assert!(early.len() < log.len());
    assert_eq!(log[0], "create full clone of drive ide2 (local-lvm:vm-9000-cloudinit)");
    assert!(log.contains(&"transferred 2.0 GiB of 2.0 GiB (100.00%)".to_owned()), "{log:?}");
    assert_eq!(log.last().unwrap(), "TASK OK");
}

#[test]
fn a_linked_clone_stands_on_its_template() {
    let ask = Asker::new();
    let clone = "/nodes/pve1/qemu/9000/clone";
    assert_eq!(ask.task("POST", clone, &[("newid", "200")]), "OK");
    assert_eq!(
        ask.task("DELETE", "/nodes/pve1/qemu/9000", &[]),
        "base volume 'local-lvm:base-9000-disk-0' is still in use by linked cloned"
    );
    assert_eq!(
        ask.refused("POST", "/nodes/pve1/qemu/100/clone", &[("newid", "201"), ("full", "0")]).1,
        "Linked clone feature is not supported for 'local-lvm:vm-100-disk-0' (scsi0)"
    );
    assert_eq!(ask.task("DELETE", VM, &[]), "OK");
    assert_eq!(ask.task("DELETE", "/nodes/pve1/qemu/9000", &[]), "OK");
}

#[test]
fn what_a_clone_refuses() {
    let ask = Asker::new();
    for (params, sentence) in [
        (&[("newid", "100")][..], "unable to create VM 100: config file already exists"),
        (&[("newid", "201"), ("full", "1"), ("storage", "nost")], "storage 'nost' does not exist"),
        (&[("newid", "201"), ("target", "pve9")], "no such cluster node 'pve9'"),
        (&[("newid", "201"), ("target", "pve2")], "can't clone VM to node 'pve2' (VM uses local storage)"),
        (&[("newid", "201"), ("pool", "nopool")], "pool 'nopool' does not exist"),
        (&[("newid", "201"), ("snapname", "nosnap")], "snapshot 'nosnap' does not exist"),
    ] {
        let refused = ask.refused("POST", "/nodes/pve1/qemu/9000/clone", params);
        assert_eq!(refused, (500, sentence.to_owned()));
    }
    let missing = ask.refused("POST", "/nodes/pve1/qemu/999/clone", &[("newid", "201")]);
    assert_eq!(missing.1, "unable to find configuration file for VM 999 on node 'pve1'");
    assert_eq!(ask.sim.guests().len(), 3, "nothing is left behind");
}

#[test]
fn a_clone_on_shared_storage_may_go_to_another_node() {
    let ask = Asker::of(Sim::builder().guest(SimGuest::vm(8000).disk("scsi0", "shared", 1 << 30).template()));
    let clone = "/nodes/pve1/qemu/8000/clone";
    assert_eq!(ask.task("POST", clone, &[("newid", "200"), ("target", "pve2"), ("full", "1")]), "OK");
    assert_eq!(ask.sim.guest(200).unwrap().node, "pve2");
    assert_eq!(ask.get("/nodes/pve2/qemu/200/config")["scsi0"], "shared:200/vm-200-disk-0.qcow2,size=1G");
    let gone = ask.refused("GET", "/nodes/pve1/qemu/200/config", &[]);
    assert_eq!(gone.1, "Configuration file 'nodes/pve1/qemu-server/200.conf' does not exist");
}

#[test]
fn a_stopped_clone_task_leaves_nothing() {
    let ask = Asker::new();
    let upid = ask.ok("POST", "/nodes/pve1/qemu/9000/clone", &[("newid", "200"), ("full", "1")]);
    let task = format!("/nodes/pve1/tasks/{}", upid.as_str().unwrap());
    assert!(ask.sim.guest(200).is_some());
    ask.ok("DELETE", &task, &[]);
    assert_eq!(ask.get(&format!("{task}/status"))["exitstatus"], "received interrupt");
    assert!(ask.sim.guest(200).is_none());
    let left = ask.ok("GET", "/nodes/pve1/storage/local-lvm/content", &[("vmid", "200")]);
    assert_eq!(left, json!([]));
}

#[test]
fn disks_only_grow() {
    let ask = with_clone();
    let resize = format!("{VM}/resize");
    assert_eq!(ask.task("PUT", &resize, &[("disk", "scsi0"), ("size", "+512M")]), "OK");
    assert_eq!(ask.get(&format!("{VM}/config"))["scsi0"], "local-lvm:vm-200-disk-0,size=2560M");
    assert_eq!(ask.task("PUT", &resize, &[("disk", "scsi0"), ("size", "8G")]), "OK");
    let volumes = ask.ok("GET", "/nodes/pve1/storage/local-lvm/content", &[("vmid", "200")]);
    assert!(volumes.as_array().unwrap().iter().any(|v| v["size"] == 8_u64 << 30), "{volumes}");
    for (disk, size, exit) in [
        ("scsi0", "1G", "shrinking disks is not supported"),
        ("scsi7", "9G", "disk 'scsi7' does not exist"),
        ("scsi0", "9T", "unable to resize disk 'scsi0': not enough space"),
    ] {
        assert_eq!(ask.task("PUT", &resize, &[("disk", disk), ("size", size)]), exit);
    }
    let text = ask.param_error("PUT", &resize, &[("disk", "scsi0"), ("size", "abc")], "size");
    assert_eq!(text, "value does not match the regex pattern");
}

#[test]
fn power_in_wrong_states_are_failing_tasks() {
    let ask = with_clone();
    let power = |what: &str| ask.task("POST", &format!("{VM}/status/{what}"), &[]);
    assert_eq!(power("stop"), "OK", "a stopped one");
    assert_eq!(power("shutdown"), "OK", "a stopped one");
    assert_eq!(power("start"), "OK");
    assert_eq!(power("start"), "VM 200 already running");
    assert_eq!(ask.refused("DELETE", VM, &[]).1, "VM 200 is running - destroy failed");
    assert_eq!(power("suspend"), "OK");
    assert_eq!(ask.get(&format!("{VM}/status/current"))["qmpstatus"], "paused");
    assert_eq!(
        ask.refused("POST", &format!("{VM}/status/shutdown"), &[]).1,
        "VM is paused - cannot shutdown"
    );
    assert_eq!(power("resume"), "OK");
    assert_eq!(power("reset"), "OK");
    assert_eq!(power("reboot"), "OK");
    assert_eq!(power("shutdown"), "OK");
    assert_eq!(ask.refused("POST", &format!("{VM}/status/reset"), &[]).1, "VM 200 not running");
    let start = |vmid: u32| ask.task("POST", &format!("/nodes/pve1/qemu/{vmid}/status/start"), &[]);
    assert_eq!(start(9000), "you can't start a vm if it's a template");
    assert_eq!(start(999), "Configuration file 'nodes/pve1/qemu-server/999.conf' does not exist");
    assert!(ask.sim.set_lock(200, Some("backup")));
    assert_eq!(start(200), "VM is locked (backup)");
}

#[test]
fn who_does_not_obey_runs_into_the_timeout() {
    let ask = Asker::of(Sim::builder().guest(SimGuest::vm(200).running().stubborn()));
    let shutdown = format!("{VM}/status/shutdown");
    assert_eq!(ask.task("POST", &shutdown, &[("timeout", "5")]), "VM quit/powerdown failed - got timeout");
    assert!(ask.sim.guest(200).unwrap().running);
    assert_eq!(ask.task("POST", &shutdown, &[("timeout", "5"), ("forceStop", "1")]), "OK");
    assert!(!ask.sim.guest(200).unwrap().running);
}

#[test]
fn creating_says_what_it_made() {
    let ask = Asker::new();
    let params =
        [("vmid", "300"), ("memory", "64"), ("scsi0", "local-lvm:1,ssd=1"), ("net0", "virtio,bridge=vmbr0")];
    assert_eq!(ask.task("POST", "/nodes/pve1/qemu", &params), "OK");
    assert_eq!(
        ask.last_log(),
        ["scsi0: successfully created disk 'local-lvm:vm-300-disk-0,size=1G,ssd=1'", "TASK OK"]
    );
    let config = ask.get("/nodes/pve1/qemu/300/config");
    assert_eq!(config["boot"], "order=scsi0;net0");
    assert!(config["net0"].as_str().unwrap().starts_with("virtio=BC:24:11:"), "{config}");
    assert_eq!(ask.ok("GET", "/nodes/pve1/qemu", &[]).as_array().unwrap().len(), 4);

    let taken = ask.refused("POST", "/nodes/pve1/qemu", &[("vmid", "300")]);
    assert_eq!(taken, (500, "unable to create VM 300 - VM 300 already exists on node 'pve1'".to_owned()));
    let none = ask.refused("POST", "/nodes/pve1/qemu", &[("vmid", "301"), ("scsi0", "nost:1")]);
    assert_eq!(none.1, "storage 'nost' does not exist");
    let wrong = [("vmid", "301"), ("scsi0", "local:1")];
    let text = ask.param_error("POST", "/nodes/pve1/qemu", &wrong, "storage");
    assert_eq!(text, "storage 'local' does not support vm images");
    let huge = [("vmid", "301"), ("scsi0", "local-lvm:999999")];
    assert!(ask.task("POST", "/nodes/pve1/qemu", &huge).starts_with("unable to create VM 301 - "));
    assert!(ask.sim.guest(301).is_none());
}

#[test]
fn create_with_start_starts_in_a_task_of_its_own() {
    let ask = Asker::new();
    let params = [("vmid", "300"), ("net0", "virtio,bridge=vmbr77"), ("start", "1")];
    assert_eq!(ask.task("POST", "/nodes/pve1/qemu", &params), "OK");
    ask.pass(60);
    let tasks = ask.sim.tasks();
    assert_eq!(tasks[0].log, ["Execute autostart", "TASK OK"]);
    assert_eq!(tasks[1].kind, "qmstart");
    assert_eq!(tasks[1].exitstatus.as_deref(), Some("start failed: QEMU exited with code 1"));
}

#[test]
fn templates_are_not_made_twice() {
    let ask = Asker::of(
        Sim::builder().storage(SimStorage::new("lab", "dir", "images")).guest(SimGuest::vm(200).disk(
            "scsi0",
            "lab",
            1 << 30,
        )),
    );
    let template = format!("{VM}/template");
    assert_eq!(ask.task("POST", &format!("{VM}/snapshot"), &[("snapname", "s1")]), "OK");
    let refused = ask.refused("POST", &template, &[]).1;
    assert_eq!(refused, "unable to create template, because VM contains snapshots");
    assert_eq!(ask.task("DELETE", &format!("{VM}/snapshot/s1"), &[]), "OK");
    assert_eq!(ask.task("POST", &template, &[]), "OK");
    assert_eq!(ask.get(&format!("{VM}/config"))["scsi0"], "lab:200/base-200-disk-0.qcow2,size=1G");
    assert_eq!(ask.refused("POST", &template, &[]).1, "you can't convert a template to a template");
    assert_eq!(ask.task("POST", &format!("{VM}/clone"), &[("newid", "201")]), "OK");
    assert_eq!(
        ask.get("/nodes/pve1/qemu/201/config")["scsi0"],
        "lab:200/base-200-disk-0.qcow2/201/vm-201-disk-0.qcow2,size=1G"
    );
}

#[test]
fn deleting_removes_what_belongs_to_it() {
    let ask = with_clone();
    assert!(ask.sim.set_config(200, "protection", Some("1")));
    assert_eq!(ask.refused("DELETE", VM, &[]).1, "can't remove VM 200 - protection mode enabled");
    assert!(ask.sim.set_config(200, "protection", None));
    assert_eq!(ask.task("DELETE", VM, &[("purge", "1")]), "OK");
    assert_eq!(ask.last_log(), ["purging VM 200 from related configurations..", "TASK OK"]);
    assert!(ask.sim.guest(200).is_none());
    assert_eq!(ask.ok("GET", "/nodes/pve1/storage/local-lvm/content", &[("vmid", "200")]), json!([]));
    let gone = ask.refused("DELETE", VM, &[]).1;
    assert_eq!(gone, "Configuration file 'nodes/pve1/qemu-server/200.conf' does not exist");
}

#[test]
fn snapshots_form_a_tree() {
    let ask = Asker::new();
    let path = "/nodes/pve1/qemu/101/snapshot";
    for name in ["s1", "s2"] {
        assert_eq!(ask.task("POST", path, &[("snapname", name), ("description", "d")]), "OK");
    }
    assert_eq!(ask.task("POST", path, &[("snapname", "s1")]), "snapshot name 's1' already used");
    assert_eq!(ask.refused("POST", path, &[("snapname", "current")]).0, 500);
    assert_eq!(ask.task("POST", &format!("{path}/s1/rollback"), &[]), "OK");
    let list = ask.get(path);
    let rows: Vec<_> = list.as_array().unwrap().iter().map(|row| (&row["name"], &row["parent"])).collect();
    let (s1, s2, current, none) = (json!("s1"), json!("s2"), json!("current"), json!(null));
    assert_eq!(rows, [(&s1, &none), (&s2, &s1), (&current, &s1)]);
    assert_eq!(ask.task("DELETE", &format!("{path}/zz"), &[]), "snapshot 'zz' does not exist");
}
