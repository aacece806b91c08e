//! Changing the configuration of containers, and their size.

use proxmox_sim::Sim;
use serde_json::{Value, json};

use crate::ask::Asker;
use crate::container_create::with_container;

const CT: &str = "/nodes/pve1/lxc/200";
const CONFIG: &str = "/nodes/pve1/lxc/200/config";

fn started() -> Asker {
    let ask = with_container(Sim::builder());
    assert_eq!(ask.task("POST", &format!("{CT}/status/start"), &[]), "OK");
    ask
}

/// Keys that wait, with what for.
fn waiting(ask: &Asker) -> Vec<(String, Value)> {
    let rows = ask.get(&format!("{CT}/pending"));
    let rows = rows.as_array().unwrap().iter();
    let waits = |row: &Value| row.get("pending").or(row.get("delete")).cloned();
    rows.filter_map(|row| Some((row["key"].as_str().unwrap().to_owned(), waits(row)?))).collect()
}

#[test]
fn a_stopped_one_is_changed_at_once() {
    let ask = with_container(Sim::builder());
    let params = [("memory", "1024"), ("tags", "b;A b"), ("description", "x"), ("nameserver", "192.0.2.53")];
    assert_eq!(ask.ok("PUT", CONFIG, &params), json!(null));
    let config = ask.get(CONFIG);
    assert_eq!((&config["memory"], &config["tags"]), (&json!(1024), &json!("a;b")));
    assert_eq!(config["description"], "x\n");
    ask.ok("PUT", CONFIG, &[("delete", "description,nameserver,tags")]);
    let config = ask.get(CONFIG);
    assert!(["description", "nameserver", "tags"].iter().all(|key| config.get(*key).is_none()), "{config}");
    assert_eq!(waiting(&ask), []);
}

#[test]
fn a_running_one_takes_what_it_can() {
    let ask = started();
    let mac =
        |config: &Value| config["net0"].as_str().unwrap().split("hwaddr=").nth(1).unwrap()[..17].to_owned();
    let before = mac(&ask.get(CONFIG));
    let card = format!("name=eth0,bridge=vmbr0,hwaddr={before},ip=10.9.0.2/24");
    ask.ok(
        "PUT",
        CONFIG,
        &[
            ("memory", "1024"),
            ("cores", "3"),
            ("swap", "64"),
            ("hostname", "new"),
            ("net0", &card),
            ("mp0", "local-lvm:1,mp=/data"),
        ],
    );
    assert_eq!(waiting(&ask), []);
    let now = ask.ok("GET", CONFIG, &[("current", "1")]);
    assert_eq!((&now["memory"], &now["cores"], &now["hostname"]), (&json!(1024), &json!(3), &json!("new")));
    assert_eq!(now["mp0"], "local-lvm:vm-200-disk-1,mp=/data,size=1G");
    assert_eq!(mac(&now), before);

    ask.ok("PUT", CONFIG, &[("features", "nesting=1"), ("searchdomain", "lab.example"), ("delete", "mp0")]);
    let (features, domain) = (json!("nesting=1"), json!("lab.example"));
    let want = [("features", features.clone()), ("mp0", json!(1)), ("searchdomain", domain)];
    assert_eq!(waiting(&ask), want.map(|(key, value)| (key.to_owned(), value)));
    assert_eq!(ask.ok("GET", CONFIG, &[("current", "1")]).get("features"), None);
    assert_eq!(ask.get(CONFIG)["features"], features);
    ask.ok("PUT", CONFIG, &[("revert", "searchdomain")]);

    assert_eq!(ask.task("POST", &format!("{CT}/status/stop"), &[]), "OK");
    assert_eq!(waiting(&ask).len(), 2, "until it starts");
    assert_eq!(ask.task("POST", &format!("{CT}/status/start"), &[]), "OK");
    assert_eq!(waiting(&ask), []);
    let now = ask.ok("GET", CONFIG, &[("current", "1")]);
    assert_eq!((&now["features"], now.get("mp0"), now.get("searchdomain")), (&features, None, None));
    assert_eq!(now["unused0"], "local-lvm:vm-200-disk-1", "taken away, and kept");
    ask.ok("PUT", CONFIG, &[("delete", "unused0")]);
    let left = ask.ok("GET", "/nodes/pve1/storage/local-lvm/content", &[("vmid", "200")]);
    assert_eq!(left.as_array().unwrap().len(), 1);
}

#[test]
fn a_mount_point_that_waits_is_made_at_the_restart() {
    let ask = started();
    ask.ok("PUT", CONFIG, &[("mp0", "local-lvm:1,mp=/data")]);
    ask.ok("PUT", CONFIG, &[("mp0", "shared:2,mp=/data")]);
    assert_eq!(waiting(&ask), [("mp0".to_owned(), json!("shared:2,mp=/data"))]);
    assert_eq!(ask.task("POST", &format!("{CT}/status/reboot"), &[]), "OK");
    let config = ask.get(CONFIG);
    assert_eq!(config["mp0"], "shared:200/vm-200-disk-0.raw,mp=/data,size=2G");
    assert_eq!(config["unused0"], "local-lvm:vm-200-disk-1");
}

#[test]
fn what_a_change_refuses() {
    let ask = with_container(Sim::builder());
    let refused = |params: &[(&str, &str)]| ask.refused("PUT", CONFIG, params);
    for (params, sentence) in [
        (&[][..], "no options specified"),
        (&[("delete", "memory")], "unable to delete required option 'memory'"),
        (&[("delete", "rootfs")], "unable to delete required option 'rootfs'"),
        (&[("delete", "unprivileged")], "unable to delete read-only option: 'unprivileged'"),
        (&[("unprivileged", "0")], "unable to modify read-only option: 'unprivileged'"),
        (&[("mp0", "nost:1,mp=/x")], "storage 'nost' does not exist"),
        (&[("mp0", "local:1,mp=/x")], "storage 'local' does not allow content type 'rootdir' (Container)"),
        (
            &[("memory", "64"), ("digest", "0000000000000000000000000000000000000000")],
            "detected modified configuration - file changed by other user? Try again.",
        ),
    ] {
        assert_eq!(refused(params), (500, sentence.to_owned()), "{params:?}");
    }
    assert_eq!(ask.param_error("PUT", CONFIG, &[("delete", "bogus")], "delete"), "unknown option 'bogus'");
    let both = [("delete", "cores"), ("cores", "1")];
    let text = ask.param_error("PUT", CONFIG, &both, "delete");
    assert_eq!(text, "you can't use '-cores' and -delete cores' at the same time");
    let digest = ask.get(CONFIG)["digest"].as_str().unwrap().to_owned();
    ask.ok("PUT", CONFIG, &[("memory", "64"), ("digest", &digest)]);

    ask.ok("PUT", CONFIG, &[("protection", "1")]);
    let text = refused(&[("mp0", "local-lvm:1,mp=/x")]).1;
    assert_eq!(text, "can't update CT 200 drive 'mp0' - protection mode enabled");
    assert!(ask.sim.set_lock(200, Some("backup")));
    assert_eq!(refused(&[("memory", "64")]).1, "CT is locked (backup)");
    let gone = ask.refused("PUT", "/nodes/pve1/lxc/999/config", &[("memory", "64")]).1;
    assert_eq!(gone, "Configuration file 'nodes/pve1/lxc/999.conf' does not exist");
}

#[test]
fn volumes_only_grow() {
    let ask = with_container(Sim::builder());
    let resize = format!("{CT}/resize");
    assert_eq!(ask.task("PUT", &resize, &[("disk", "rootfs"), ("size", "+512M")]), "OK");
    assert_eq!(ask.get(CONFIG)["rootfs"], "local-lvm:vm-200-disk-0,size=8704M");
    assert_eq!(ask.task("PUT", &resize, &[("disk", "rootfs"), ("size", "10G")]), "OK");
    let volumes = ask.ok("GET", "/nodes/pve1/storage/local-lvm/content", &[("vmid", "200")]);
    assert_eq!(volumes[0]["size"], 10_u64 << 30);
    assert_eq!(ask.get(&format!("{CT}/status/current"))["maxdisk"], 10_u64 << 30);
    for (disk, size, sentence) in [
        ("rootfs", "1G", "unable to shrink disk size"),
        ("rootfs", "10G", "disk is already at specified size"),
        ("mp7", "1G", "format error"),
    ] {
        let refused = ask.refused("PUT", &resize, &[("disk", disk), ("size", size)]);
        assert_eq!(refused, (500, sentence.to_owned()), "{disk} {size}");
    }
    let answer = ask.ask("PUT", &resize, &[("disk", "mp7"), ("size", "1G")]);
    assert_eq!(answer.errors().keys().collect::<Vec<_>>(), ["mp", "volume"]);
    assert!(
        ask.param_error("PUT", &resize, &[("disk", "scsi0"), ("size", "1G")], "disk").contains("enumeration")
    );
    assert!(ask.sim.set_lock(200, Some("disk")));
    let refused = ask.refused("PUT", &resize, &[("disk", "rootfs"), ("size", "20G")]).1;
    assert_eq!(refused, "CT is locked (disk)");
}
