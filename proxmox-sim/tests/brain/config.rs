//! What a configuration takes, keeps and shows.

use crate::ask::Asker;
use proxmox_sim::SimRequest;
use serde_json::json;

const CONFIG: &str = "/nodes/pve1/qemu/101/config";

#[test]
fn types_vary_as_in_pve() {
    let ask = Asker::new();
    ask.ok("PUT", CONFIG, &[("memory", "512"), ("cores", "2"), ("onboot", "1"), ("cpulimit", "1.5")]);
    let config = ask.get(CONFIG);
    assert_eq!((&config["memory"], &config["cores"]), (&json!("512"), &json!(2)));
    assert_eq!((&config["onboot"], &config["cpulimit"]), (&json!(1), &json!("1.5")));
    assert_eq!(config["digest"].as_str().unwrap().len(), 40);
}

#[test]
fn tags_are_normalised_on_put_and_raw_on_create() {
    let ask = Asker::new();
    for (given, kept) in
        [("b;a;B", "a;b"), ("a,b", "a;b"), ("a b", "a;b"), ("x;;y", "x;y"), ("A-b_c+d.e", "a-b_c+d.e")]
    {
        ask.ok("PUT", CONFIG, &[("tags", given)]);
        assert_eq!(ask.get(CONFIG)["tags"], kept);
    }
    for bad in ["-bad", "ümlaut"] {
        let text = ask.param_error("PUT", CONFIG, &[("tags", bad)], "tags");
        assert_eq!(text, "invalid format - invalid characters in tag\n");
    }
    ask.task("POST", "/nodes/pve1/qemu", &[("vmid", "300"), ("tags", "Foo;bar,baz foo")]);
    assert_eq!(ask.get("/nodes/pve1/qemu/300/config")["tags"], "Foo;bar,baz foo");
}

#[test]
fn a_digest_guards_against_others() {
    let ask = Asker::new();
    let before = ask.get(CONFIG)["digest"].as_str().unwrap().to_owned();
    ask.ok("PUT", CONFIG, &[("digest", &before), ("description", "d1")]);
    for digest in [before.as_str(), "zz"] {
        let refused = ask.refused("PUT", CONFIG, &[("digest", digest), ("description", "d2")]);
        assert_eq!(refused, (500, "checksum mismatch (file change by other user?)".to_owned()));
    }
    assert_eq!(ask.get(CONFIG)["description"], "d1");
}

#[test]
fn ssh_keys_are_encoded_once_more() {
    let ask = Asker::new();
    let good = "ssh-ed25519%20AAAA%2B%2F%20user%40host";
    ask.ok("PUT", CONFIG, &[("sshkeys", good)]);
    assert_eq!(ask.get(CONFIG)["sshkeys"], good);
    for bad in ["ssh-ed25519 AAAA+/ user@host", "ssh-ed25519%20AAAA/", "ssh-ed25519+AAAA"] {
        let text = ask.param_error("PUT", CONFIG, &[("sshkeys", bad)], "sshkeys");
        assert_eq!(text, format!("invalid format - invalid urlencoded string: {bad}\n"));
    }
    let dump = ask.ok("GET", "/nodes/pve1/qemu/101/cloudinit/dump", &[("type", "user")]);
    assert!(dump.as_str().unwrap().contains("  - ssh-ed25519 AAAA+/ user@host\n"), "{dump}");
}

#[test]
fn passwords_are_not_shown() {
    let ask = Asker::new();
    ask.ok("PUT", CONFIG, &[("cipassword", "hunter2")]);
    assert_eq!(ask.get(CONFIG)["cipassword"], "**********");
    assert!(!format!("{:?} {:?}", ask.sim.guests(), ask.sim.requests()).contains("hunter2"));
}

#[test]
fn what_is_refused() {
    let ask = Asker::new();
    assert_eq!(ask.refused("PUT", CONFIG, &[]), (500, "no options specified".to_owned()));
    let text = ask.param_error("PUT", CONFIG, &[("delete", "tags"), ("tags", "x")], "delete");
    assert_eq!(text, "you can't use '-tags' and -delete tags' at the same time");
    assert_eq!(ask.param_error("PUT", CONFIG, &[("delete", "bogus")], "delete"), "unknown option 'bogus'");
    let conflict = ask.param_error("PUT", CONFIG, &[("vmid", "102"), ("name", "x")], "vmid");
    assert_eq!(conflict, "duplicate parameter (already defined in URI) with conflicting values!");
    ask.ok("PUT", CONFIG, &[("vmid", "101"), ("node", "pve1"), ("name", "x")]);
    let plus = ask.refused("PUT", CONFIG, &[("cores", "+2")]).1;
    assert_eq!(plus, "unable to parse value of 'cores' - type check ('integer') failed - got '+2'");
    let null = ask.sim.answer(&SimRequest::new("PUT", CONFIG).json("onboot", json!(null)));
    assert_eq!(null.reason, "unable to parse value of 'onboot' - got undefined value");
    let float =
        ask.sim.answer(&SimRequest::new("PUT", CONFIG).json("cores", json!(2.0)).json("onboot", json!(true)));
    assert_eq!(float.status, 200);
    assert_eq!((&ask.get(CONFIG)["cores"], &ask.get(CONFIG)["onboot"]), (&json!(2), &json!(1)));
    let volume = ask.refused("PUT", CONFIG, &[("scsi1", "local-lvm:vm-101-disk-9")]).1;
    assert_eq!(volume, "volume 'local-lvm:vm-101-disk-9' does not exist");
}

#[test]
fn changes_of_a_running_vm_wait() {
    let ask = Asker::new();
    let (config, pending) = ("/nodes/pve1/qemu/100/config", "/nodes/pve1/qemu/100/pending");
    ask.ok("PUT", config, &[("memory", "4096"), ("name", "renamed"), ("delete", "description")]);
    assert_eq!(ask.get(config)["memory"], "4096");
    let current = ask.ok("GET", config, &[("current", "1")]);
    assert_eq!((&current["memory"], &current["name"]), (&json!("2048"), &json!("renamed")));
    let rows = ask.get(pending);
    let memory = rows.as_array().unwrap().iter().find(|row| row["key"] == "memory").unwrap();
    assert_eq!(memory, &json!({ "key": "memory", "value": "2048", "pending": "4096" }));
    ask.ok("PUT", config, &[("revert", "memory")]);
    assert_eq!(ask.get(config)["memory"], "2048");
    ask.ok("PUT", config, &[("cores", "4")]);
    assert_eq!(ask.task("POST", "/nodes/pve1/qemu/100/status/reboot", &[]), "OK");
    assert_eq!(ask.ok("GET", config, &[("current", "1")])["cores"], 4);
}

#[test]
fn detached_disks_are_kept_as_unused() {
    let ask = Asker::new();
    ask.ok("PUT", CONFIG, &[("scsi1", "local-lvm:1")]);
    assert_eq!(ask.get(CONFIG)["scsi1"], "local-lvm:vm-101-disk-1,size=1G");
    ask.ok("PUT", CONFIG, &[("delete", "scsi1")]);
    assert_eq!(ask.get(CONFIG)["unused0"], "local-lvm:vm-101-disk-1");
    ask.ok("PUT", CONFIG, &[("scsi2", "local-lvm:vm-101-disk-1,discard=on")]);
    let config = ask.get(CONFIG);
    assert_eq!(config["scsi2"], "local-lvm:vm-101-disk-1,discard=on,size=1G");
    assert_eq!(config.get("unused0"), None);
    ask.ok("PUT", CONFIG, &[("delete", "scsi2")]);
    ask.ok("PUT", CONFIG, &[("delete", "unused0")]);
    let left = ask.ok("GET", "/nodes/pve1/storage/local-lvm/content", &[("vmid", "101")]);
    assert_eq!(left.as_array().unwrap().len(), 1, "{left}");
}

#[test]
fn a_cloudinit_drive_comes_and_goes() {
    let ask = Asker::new();
    let regenerate = "/nodes/pve1/qemu/101/cloudinit";
    assert_eq!(ask.refused("PUT", regenerate, &[]).0, 500);
    ask.ok("PUT", CONFIG, &[("ide2", "local-lvm:cloudinit"), ("ipconfig0", "ip=10.0.0.9/24,gw=10.0.0.1")]);
    assert_eq!(ask.get(CONFIG)["ide2"], "local-lvm:vm-101-cloudinit,media=cdrom");
    ask.ok("PUT", regenerate, &[]);
    let text = ask.param_error("PUT", CONFIG, &[("ipconfig0", "10.0.0.9/24")], "ipconfig0");
    assert!(text.starts_with("invalid format - "), "{text}");
    ask.ok("PUT", CONFIG, &[("delete", "ide2")]);
    assert_eq!(ask.get(CONFIG).get("unused0"), None);
}

#[test]
fn cards_keep_their_address() {
    let ask = Asker::new();
    ask.ok("PUT", CONFIG, &[("net0", "virtio,bridge=vmbr0,tag=5")]);
    assert_eq!(ask.get(CONFIG)["net0"], "virtio=BC:24:11:00:01:01,bridge=vmbr0,tag=5");
    let text = ask.param_error("PUT", CONFIG, &[("net0", "virtio,bridge=vmbr0,bogus=1")], "net0");
    assert!(text.contains("net0.bogus: property is not defined in schema"), "{text}");
}

#[test]
fn post_changes_in_a_task() {
    let ask = Asker::new();
    assert_eq!(ask.task("POST", CONFIG, &[("description", "slow")]), "OK");
    assert_eq!(ask.sim.tasks()[0].kind, "qmconfig");
    assert_eq!(ask.get(CONFIG)["description"], "slow");
}
