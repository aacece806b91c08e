//! Nodes, storages, lists, and what is not there.

use proxmox_sim::{GuestKind, Sim, SimGuest, SimNode, SimRequest, SimStorage};
use serde_json::{Value, json};

use crate::ask::Asker;

#[test]
fn the_default_cluster() {
    let ask = Asker::new();
    let names = |path: &str, key: &str| -> Vec<String> {
        let list = ask.get(path);
        list.as_array().unwrap().iter().map(|row| row[key].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names("/nodes", "node"), ["pve1", "pve2"]);
    assert_eq!(names("/nodes/pve2/storage", "storage"), ["local", "local-lvm", "shared"]);
    assert_eq!(names("/cluster/sdn/vnets", "vnet"), ["vnet0"]);
    assert_eq!(names("/nodes/pve1/qemu", "name"), ["handmade", "shop-db", "debian-12-cloud"]);
    let templates = ask.ok("GET", "/nodes/pve1/storage/local/content", &[("content", "vztmpl")]);
    assert_eq!(templates.as_array().unwrap().len(), 2);
    let bridges = ask.ok("GET", "/nodes/pve1/network", &[("type", "bridge")]);
    assert_eq!((bridges.as_array().unwrap().len(), &bridges[0]["iface"]), (1, &json!("vmbr0")));
    let guests = ask.sim.guests();
    let production = guests.iter().find(|g| g.vmid == 101).unwrap();
    assert_eq!(production.tags, ["production", "sdk-managed"]);
    assert!(guests.iter().all(|g| g.kind == GuestKind::Qemu && g.running == (g.vmid == 100)));
    assert_eq!(ask.get("/nodes/localhost/status")["uptime"], 172_800, "pve1 by another name");
}

#[test]
fn nextid_reserves_nothing() {
    let ask = Asker::new();
    assert_eq!(ask.get("/cluster/nextid"), "102");
    assert_eq!(ask.get("/cluster/nextid"), "102");
    assert_eq!(ask.ok("GET", "/cluster/nextid", &[("vmid", "555")]), "555");
    let text = ask.param_error("GET", "/cluster/nextid", &[("vmid", "100")], "vmid");
    assert_eq!(text, "VM 100 already exists");
}

#[test]
fn resources_have_all_kinds() {
    let ask = Asker::of(Sim::builder().guest(SimGuest::ct(200).node("pve2").name("ct1").disk(
        "rootfs",
        "shared",
        1 << 30,
    )));
    let count = |kind: &str| {
        ask.get("/cluster/resources").as_array().unwrap().iter().filter(|r| r["type"] == kind).count()
    };
    assert_eq!((count("qemu"), count("lxc"), count("node"), count("storage")), (3, 1, 2, 6));
    let vms = ask.ok("GET", "/cluster/resources", &[("type", "vm")]);
    assert_eq!(vms.as_array().unwrap().len(), 4);
    let text = ask.param_error("GET", "/cluster/resources", &[("type", "bogus")], "type");
    assert_eq!(text, "value 'bogus' does not have a value in the enumeration 'vm, storage, node, sdn'");
    let container = ask.get("/nodes/pve2/lxc/200/config");
    assert_eq!(container["rootfs"], "shared:200/vm-200-disk-0.raw,size=1G");
    assert_eq!(ask.task("POST", "/nodes/pve2/lxc/200/status/start", &[]), "OK");
    assert_eq!(ask.get("/nodes/pve2/lxc")[0]["status"], "running");
}

#[test]
fn nodes_can_be_down() {
    let ask = Asker::of(Sim::builder().node(SimNode::new("pve3").unreachable()));
    assert_eq!(ask.ok("GET", "/nodes/pve2/qemu", &[]), json!([]), "from the same endpoint");
    assert!(ask.sim.set_node_down("pve2", true));
    let down = ask.ask("GET", "/nodes/pve2/status", &[]);
    assert_eq!((down.status, down.reason.as_str(), down.body.len()), (595, "Connection refused", 0));
    let far = ask.ask("GET", "/nodes/pve3/qemu", &[]);
    assert_eq!((far.reason.as_str(), far.delay.as_secs()), ("No route to host", 3));
    let unknown = ask.refused("GET", "/nodes/nonode/status", &[]);
    assert!(unknown.0 == 500 && unknown.1.starts_with("hostname lookup 'nonode' failed"), "{unknown:?}");
    assert_eq!(ask.get("/nodes")[1]["status"], "offline");
    assert!(ask.sim.set_node_down("pve2", false));
    ask.get("/nodes/pve2/status");
    assert!(!ask.sim.set_node_down("nonode", true));
}

#[test]
fn what_is_not_there_is_501() {
    let ask = Asker::new();
    for (method, path) in
        [("GET", "/nope"), ("POST", "/version"), ("GET", "/cluster/nope"), ("PUT", "/nodes/pve1")]
    {
        let sentence = format!("Method '{method} {path}' not implemented");
        assert_eq!(ask.refused(method, path, &[]), (501, sentence));
    }
    let known = ask.refused("GET", "/nodes/pve1/apt/update", &[]);
    assert_eq!(known.0, 501);
    assert!(known.1.ends_with("not implemented by the simulator, PVE has it"), "{}", known.1);
    let answer = ask.sim.answer(&SimRequest::new("PATCH", "/version"));
    assert_eq!(
        (answer.status, answer.reason.as_str(), answer.body.len()),
        (501, "method 'PATCH' not available", 0)
    );
}

#[test]
fn storages_say_why_not() {
    let ask = Asker::of(Sim::builder().storage(SimStorage::new("off", "dir", "images").disabled()));
    let refused = |path: &str| ask.refused("GET", path, &[]).1;
    assert_eq!(refused("/nodes/pve1/storage/nost/content"), "storage 'nost' does not exist");
    assert_eq!(refused("/nodes/pve1/storage/off/content"), "storage 'off' is disabled");
    assert_eq!(ask.get("/nodes/pve1/storage/off/status")["active"], 0);
    let text = ask.param_error("GET", "/nodes/pve1/storage/nost/status", &[], "storage");
    assert_eq!(text, "No such storage.");
    let images = ask.ok("GET", "/nodes/pve1/storage", &[("content", "images"), ("enabled", "1")]);
    assert_eq!(images.as_array().unwrap().len(), 2, "{images}");
    let volume = ask.get("/nodes/pve1/storage/local/content/local:iso/debian-12-netinst.iso");
    assert_eq!(volume["format"], "iso");
    let delete = "/nodes/pve1/storage/local/content/iso/debian-12-netinst.iso";
    assert_eq!(ask.task("DELETE", delete, &[]), "OK");
    assert_eq!(ask.ok("GET", "/nodes/pve1/storage/local/content", &[("content", "iso")]), json!([]));
    assert_eq!(
        ask.ok("GET", "/nodes/pve2/storage/local/content", &[("content", "iso")]).as_array().unwrap().len(),
        1
    );
}

#[test]
fn pools_group_guests() {
    let ask = Asker::new();
    ask.ok("POST", "/pools", &[("poolid", "p1"), ("comment", "c")]);
    ask.ok("PUT", "/pools/p1", &[("vms", "100,101")]);
    let members = ask.get("/pools/p1")["members"].clone();
    assert_eq!(members.as_array().unwrap().len(), 2);
    let full = ask.refused("DELETE", "/pools/p1", &[]).1;
    assert_eq!(full, "delete pool failed: pool 'p1' is not empty (contains VM 100)");
    ask.task("POST", "/nodes/pve1/qemu/9000/clone", &[("newid", "200"), ("pool", "p1")]);
    let row = ask.ok("GET", "/cluster/resources", &[("type", "vm")]);
    assert!(row.as_array().unwrap().iter().any(|r| r["vmid"] == 200 && r["pool"] == "p1"), "{row}");
    assert_eq!(ask.refused("GET", "/pools/zz", &[]).1, "pool 'zz' does not exist");
}

#[test]
fn disks_have_smart() {
    let ask = Asker::new();
    let disks = ask.get("/nodes/pve1/disks/list");
    let dev = disks[0]["devpath"].as_str().unwrap();
    assert_eq!(ask.ok("GET", "/nodes/pve1/disks/smart", &[("disk", dev)])["health"], "PASSED");
    assert_eq!(ask.refused("GET", "/nodes/pve1/disks/smart", &[("disk", "/dev/zz")]).0, 500);
}

#[test]
fn two_runs_are_alike() {
    let run = || -> Vec<Value> {
        let start = std::time::Duration::from_secs(1_800_000_000);
        let ask = Asker::of(Sim::builder().start_at(start));
        ask.task("POST", "/nodes/pve1/qemu/9000/clone", &[("newid", "200"), ("full", "1")]);
        ["/nodes/pve1/qemu/200/config", "/nodes/pve1/tasks", "/cluster/resources"]
            .map(|path| ask.get(path))
            .to_vec()
    };
    assert_eq!(run(), run());
}

#[test]
fn requests_are_remembered_without_secrets() {
    let ask = Asker::new();
    ask.ask("POST", "/access/ticket", &[("username", "root@pam"), ("password", "hunter2")]);
    let seen = ask.sim.requests();
    assert_eq!((seen[0].method.as_str(), seen[0].path.as_str()), ("POST", "/access/ticket"));
    assert_eq!(
        (seen[0].param("username"), seen[0].param("password")),
        (Some("root@pam"), Some("<redacted>"))
    );
    ask.sim.forget_requests();
    assert!(ask.sim.requests().is_empty());
}
