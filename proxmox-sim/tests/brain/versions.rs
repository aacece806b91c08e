//! 8.4 and 9.2 differ.

use proxmox_sim::{PveVersion, Sim, SimBuilder, SimGuest};
use serde_json::{Value, json};

use crate::ask::Asker;

fn both(build: impl Fn(SimBuilder) -> SimBuilder) -> [Asker; 2] {
    [PveVersion::V8, PveVersion::V9].map(|version| Asker::of(build(Sim::builder().version(version))))
}

#[test]
fn the_version() {
    let [eight, nine] = both(|b| b);
    assert_eq!(eight.get("/version")["version"], "8.4.21");
    assert_eq!(nine.get("/version")["release"], "9.2");
}

#[test]
fn figures() {
    let [eight, nine] = both(|b| b.guest(SimGuest::ct(200).running()));
    let path = "/nodes/pve1/qemu/100/status/current";
    assert_eq!(eight.get(path).get("memhost"), None);
    assert!(nine.get(path)["memhost"].is_u64() && nine.get(path)["pressurecpusome"].is_number());
    assert_eq!(nine.get("/nodes/pve1/qemu/101/status/current")["memhost"], 0);
    assert_eq!(nine.get("/nodes/pve1/qemu/101/status/current").get("pressurecpusome"), None);
    assert_eq!(nine.get("/nodes/pve1/lxc/200/status/current")["pressurecpufull"], "0.00");
    assert_eq!(eight.get("/nodes/pve1/status")["memory"].get("available"), None);
    assert!(nine.get("/nodes/pve1/status")["memory"]["available"].is_u64());
}

#[test]
fn networks_among_the_resources() {
    let [eight, nine] = both(|b| b);
    let kinds = |ask: &Asker| -> Vec<Value> {
        let rows = ask.get("/cluster/resources");
        rows.as_array().unwrap().iter().map(|row| row["type"].clone()).collect()
    };
    assert!(kinds(&eight).contains(&json!("sdn")) && !kinds(&eight).contains(&json!("network")));
    assert!(kinds(&nine).contains(&json!("network")) && !kinds(&nine).contains(&json!("sdn")));
    assert_eq!(nine.ok("GET", "/cluster/resources", &[("type", "sdn")]), json!([]));
}

#[test]
fn logs_of_unknown_tasks_and_first_lines_of_clones() {
    let [eight, nine] = both(|b| b);
    let log = "/nodes/pve1/tasks/UPID:pve1:0000507F:00036AE4:6B00C000:qmcreate:100:root@pam!test:/log";
    assert!(eight.get(log).is_object() && nine.get(log).is_array());
    for ask in [&eight, &nine] {
        ask.task("POST", "/nodes/pve1/qemu/9000/clone", &[("newid", "200")]);
    }
    assert_eq!(nine.last_log()[0], "creating a clone of VM 9000 with ID 200");
    assert!(eight.last_log()[0].starts_with("create "), "{:?}", eight.last_log());
}

#[test]
fn privileges_of_the_agent() {
    let [eight, nine] = both(|b| {
        b.user("bob@pve", "x").token("bob@pve!t", "s", false).grant("/vms/100", "bob@pve", "PVEVMUser")
    });
    let (eight, nine) = (eight.token("bob@pve!t", "s"), nine.token("bob@pve!t", "s"));
    let agent = |what: &str| format!("/nodes/pve1/qemu/100/agent/{what}");
    assert_eq!(
        eight.refused("POST", &agent("ping"), &[]),
        (403, "Permission check failed (/vms/100, VM.Monitor)".to_owned())
    );
    nine.ok("POST", &agent("ping"), &[]);
    nine.ok("GET", &agent("file-read"), &[("file", "/etc/hostname")]);
    assert_eq!(
        nine.refused("POST", &agent("exec"), &[("command", "hostname")]),
        (403, "Permission check failed (/vms/100, VM.GuestAgent.Unrestricted)".to_owned())
    );
}

#[test]
fn tags_on_create() {
    let [eight, nine] = both(|b| b);
    for (ask, tags) in [(eight, "Foo;bar,baz foo"), (nine, "bar;baz;foo")] {
        ask.task("POST", "/nodes/pve1/qemu", &[("vmid", "300"), ("tags", "Foo;bar,baz foo")]);
        assert_eq!(ask.get("/nodes/pve1/qemu/300/config")["tags"], tags);
    }
}

#[test]
fn parameters_come_and_go() {
    let [eight, nine] = both(|b| b);
    let config = "/nodes/pve1/qemu/101/config";
    nine.ok("PUT", config, &[("allow-ksm", "0")]);
    assert!(
        eight
            .param_error("PUT", config, &[("allow-ksm", "0")], "allow-ksm")
            .starts_with("property is not defined")
    );
    let unique = [("vmid", "300"), ("unique", "1")];
    assert_eq!(
        eight.param_error("POST", "/nodes/pve1/qemu", &unique, "archive"),
        "missing property - 'unique' requires this property"
    );
    assert_eq!(
        nine.param_error("POST", "/nodes/pve1/qemu", &unique, "archive"),
        "missing property required by 'unique'"
    );
}
