//! Containers start and stop, and have addresses.

use proxmox_sim::{Sim, SimGuest};
use serde_json::{Value, json};

use crate::ask::Asker;
use crate::container_create::with_container;

const CT: &str = "/nodes/pve1/lxc/200";

#[test]
fn power_in_wrong_states_is_refused() {
    let ask = with_container(Sim::builder());
    let power = |what: &str| ask.task("POST", &format!("{CT}/status/{what}"), &[]);
    let refused = |what: &str| ask.refused("POST", &format!("{CT}/status/{what}"), &[]).1;
    for what in ["stop", "shutdown", "suspend"] {
        assert_eq!(refused(what), "CT 200 not running", "{what}");
    }
    assert_eq!(refused("reboot"), "VM 200 not running");
    assert_eq!(power("start"), "OK");
    assert_eq!(ask.get(&format!("{CT}/status/current"))["status"], "running");
    assert_eq!(
        (refused("start"), refused("resume")),
        ("CT 200 already running".to_owned(), "CT 200 already running".to_owned())
    );
    let pid = ask.get(&format!("{CT}/status/current"))["pid"].clone();
    assert_eq!(power("reboot"), "OK");
    assert_ne!(ask.get(&format!("{CT}/status/current"))["pid"], pid);
    let suspended = power("suspend");
    assert_eq!(suspended, "command 'lxc-checkpoint -n 200 -s -D /var/lib/vz/dump' failed: exit code 1");
    assert!(ask.sim.guest(200).unwrap().running);
    assert_eq!(power("shutdown"), "OK");
    assert!(power("resume").starts_with("command 'lxc-checkpoint -n 200 -r"));
    assert!(ask.sim.set_lock(200, Some("backup")));
    assert_eq!(power("start"), "CT is locked (backup)");
    assert!(ask.sim.set_lock(200, Some("mounted")));
    assert_eq!(power("start"), "OK", "a mounted one may start");
    assert!(ask.sim.set_lock(200, Some("backup")));
    for what in ["stop", "shutdown"] {
        assert_eq!(power(what), "CT is locked (backup)", "{what}");
    }
    assert_eq!(ask.task("POST", &format!("{CT}/status/stop"), &[("skiplock", "1")]), "OK");
    let missing = ask.task("POST", "/nodes/pve1/lxc/999/status/start", &[]);
    assert_eq!(missing, "Configuration file 'nodes/pve1/lxc/999.conf' does not exist");
}

#[test]
fn what_a_start_cannot_find() {
    let card = "name=eth0,bridge=vmbr77,hwaddr=BC:24:11:00:00:01,type=veth";
    let ask = Asker::of(
        Sim::builder()
            .guest(SimGuest::ct(200).config("net0", card))
            .guest(SimGuest::ct(201).config("rootfs", "local-lvm:gone,size=1G")),
    );
    let start = |vmid: u32| ask.task("POST", &format!("/nodes/pve1/lxc/{vmid}/status/start"), &[]);
    assert_eq!(start(200), "startup for container '200' failed");
    assert_eq!(ask.last_log()[0], "bridge 'vmbr77' does not exist");
    assert_eq!(start(201), "volume 'local-lvm:gone' does not exist");
}

#[test]
fn who_does_not_obey_runs_into_the_timeout() {
    let ask = Asker::of(Sim::builder().guest(SimGuest::ct(200).running().stubborn()));
    let shutdown = format!("{CT}/status/shutdown");
    assert_eq!(ask.task("POST", &shutdown, &[("timeout", "5")]), "container did not stop");
    assert!(ask.sim.guest(200).unwrap().running);
    assert_eq!(ask.task("POST", &shutdown, &[("timeout", "5"), ("forceStop", "1")]), "OK");
    assert!(!ask.sim.guest(200).unwrap().running);
}

#[test]
fn a_stop_overrules_a_shutdown() {
    let ask = Asker::of(Sim::builder().guest(SimGuest::ct(200).running().stubborn()));
    let shutdown = ask.ok("POST", &format!("{CT}/status/shutdown"), &[]);
    let shutdown = shutdown.as_str().unwrap();
    ask.pass(5);
    assert_eq!(ask.task("POST", &format!("{CT}/status/stop"), &[("overrule-shutdown", "1")]), "OK");
    assert_eq!(ask.last_log()[0], format!("overruled vzshutdown tasks: {shutdown}"));
    assert_eq!(ask.status(shutdown)["exitstatus"], "received interrupt");
}

#[test]
fn a_lease_takes_a_while_and_a_fixed_address_does_not() {
    let ask = with_container(Sim::builder());
    ask.ok(
        "PUT",
        &format!("{CT}/config"),
        &[("net1", "name=eth1,bridge=vmbr0,ip=10.0.0.5/24,ip6=2001:db8::5/64,hwaddr=BC:24:11:66:3F:2A")],
    );
    let interfaces = || ask.get(&format!("{CT}/interfaces"));
    assert_eq!(interfaces(), Value::Null, "while it is stopped");
    ask.ok("POST", &format!("{CT}/status/start"), &[]);
    ask.pass(2);
    let early = interfaces();
    assert_eq!((&early[0]["name"], &early[0]["inet"]), (&json!("lo"), &json!("127.0.0.1/8")));
    assert_eq!((&early[1]["name"], early[1].get("inet")), (&json!("eth0"), None));
    assert_eq!(
        early[2]["ip-addresses"],
        json!([
            { "ip-address": "10.0.0.5", "ip-address-type": "inet", "prefix": 24 },
            { "ip-address": "2001:db8::5", "ip-address-type": "inet6", "prefix": 64 },
            { "ip-address": "fe80::be24:11ff:fe66:3f2a", "ip-address-type": "inet6", "prefix": 64 },
        ])
    );
    assert_eq!(
        (&early[2]["inet"], &early[2]["hwaddr"]),
        (&json!("10.0.0.5/24"), &json!("bc:24:11:66:3f:2a"))
    );
    ask.pass(3);
    assert_eq!(interfaces()[1]["inet"], "10.77.0.202/16");
}

#[test]
fn the_rest_of_what_there_is_to_read() {
    let ask = Asker::of(
        Sim::builder().guest(SimGuest::ct(200).name("web").disk("rootfs", "local-lvm", 1 << 30).running()),
    );
    let names = |path: &str| -> Vec<String> {
        let rows = ask.get(path);
        rows.as_array().unwrap().iter().map(|row| row["subdir"].as_str().unwrap().to_owned()).collect()
    };
    assert!(names(CT).contains(&"interfaces".to_owned()));
    assert!(names(&format!("{CT}/status")).contains(&"reboot".to_owned()));
    let points = ask.ok("GET", &format!("{CT}/rrddata"), &[("timeframe", "hour")]);
    assert_eq!(points.as_array().unwrap().len(), 70);
    assert_eq!(points[69]["maxdisk"], 1_u64 << 30);
    assert_eq!(ask.get(&format!("{CT}/status/current"))["cpus"], 8, "all of the node");
    let row = &ask.get("/nodes/pve1/lxc")[0];
    assert_eq!((&row["name"], &row["vmid"]), (&json!("web"), &json!(200)));
}

#[test]
fn a_stop_during_a_reboot_wins() {
    let ask = Asker::of(Sim::builder().guest(SimGuest::ct(200).running()));
    ask.ok("POST", &format!("{CT}/status/reboot"), &[]);
    ask.pass(1);
    assert_eq!(ask.task("POST", &format!("{CT}/status/stop"), &[]), "OK");
    assert!(!ask.sim.guest(200).unwrap().running);
}
