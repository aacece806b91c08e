//! Commands one after the other, on one cluster.

mod common;

use std::io::Write;

use common::{cluster, run, still};
use proxmox_sim::{Fault, NodeRoot, ROOT_PASSWORD};

#[test]
fn a_vm_from_clone_to_delete() {
    for engine in ["reqwest", "ureq"] {
        let cluster = cluster();
        let pve = |line: &str| cluster.pve(&format!("--engine {engine} {line}"));
        assert_eq!(
            pve("qemu clone 9000 auto --name web-1 --full").ok(),
            "VM 102 on node pve1: cloned from 9000\n"
        );
        // The same again is the same.
        assert_eq!(
            pve("qemu clone 9000 102 --name web-1").ok(),
            "VM 102 on node pve1: this clone of 9000 was there already\n"
        );
        assert_eq!(
            pve("qemu set web-1 cores=2 description=hello delete=ciuser").ok(),
            "VM 102 on node pve1: changed\n"
        );
        assert_eq!(pve("qemu resize 102 scsi0 +1G").ok(), "VM 102 on node pve1: resized\n");
        let config = pve("--json qemu config 102").json();
        assert_eq!((&config["cores"], &config["ciuser"]), (&"2".into(), &serde_json::Value::Null));
        assert!(config["scsi0"].as_str().unwrap().contains("size=3G"), "{config}");
        assert_eq!(config["tags"], "sdk-managed");

        let started = pve("qemu start 102 --wait-ip").ok();
        let address = started.strip_prefix("VM 102 on node pve1: started, ").unwrap();
        assert_eq!(pve("qemu ip 102").ok(), address);
        assert_eq!(pve("qemu exec 102 -- hostname").ok(), "web-1\n");
        assert_eq!(pve("qemu suspend 102").ok(), "VM 102 on node pve1: suspended\n");
        assert!(pve("qemu status 102").ok().contains("qemu     paused\n"));
        assert_eq!(pve("qemu resume 102").ok(), "VM 102 on node pve1: resumed\n");
        assert_eq!(pve("qemu reset 102").ok(), "VM 102 on node pve1: reset\n");
        assert_eq!(pve("qemu reboot 102").ok(), "VM 102 on node pve1: rebooted\n");
        assert_eq!(pve("qemu delete 102").code, 1, "it runs");
        assert_eq!(pve("qemu shutdown 102").ok(), "VM 102 on node pve1: shut down\n");
        assert_eq!(pve("qemu delete 102 --purge").ok(), "VM 102 on node pve1: deleted\n");
        assert_eq!(
            pve("qemu delete 102 --purge").ok(),
            "VM 102 on node pve1: there is no such VM, nothing to delete\n"
        );
        assert!(cluster.sim().guest(102).is_none());
    }
}

#[test]
fn into_a_container_and_out_of_it() {
    let cluster = cluster();
    let root = NodeRoot::new(&cluster.server).unwrap();
    let pve = |line: &str| cluster.pve_there(&root, line);
    let archive = "local:vztmpl/alpine-3.20-default_20240908_amd64.tar.xz";
    pve(&format!("lxc create {archive} 200 --name web-1 --storage local-lvm --size 1 --start")).ok();
    assert_eq!(pve("lxc exec 200 -- hostname").ok(), "web-1\n");
    let failed = pve("lxc exec web-1 -- sh -c false");
    assert_eq!((failed.code, failed.stdout.as_str()), (1, ""));
    assert_eq!(failed.stderr, "error: the program in the guest ended with exit code 1\n");

    let (mut file, out) = (tempfile::NamedTempFile::new().unwrap(), tempfile::NamedTempFile::new().unwrap());
    file.write_all(b"hello\n\xff").unwrap();
    let (file, out) = (file.path().display().to_string(), out.path().display().to_string());
    let push = format!("lxc push 200 {file} /srv/x --perms 0600 --owner www-data");
    assert_eq!(pve(&push).ok(), "CT 200 on node pve1: written\n");
    assert_eq!(pve(&format!("lxc pull 200 /srv/x {out}")).ok(), "");
    assert_eq!(std::fs::read(&out).unwrap(), b"hello\n\xff");
    assert_eq!(pve("--json lxc pull 200 /srv/x").json()["base64"], "aGVsbG8K/w==");
    let read = pve("--json lxc exec 200 -- cat /srv/x").json();
    assert_eq!((&read["exitcode"], &read["out-data"]["base64"]), (&0.into(), &"aGVsbG8K/w==".into()));

    let planned = pve(&format!("--dry-run {push}")).ok();
    assert_eq!(planned, "pct push 200 '<redacted>' /srv/x --perms=600 --user=www-data\n");
    assert_eq!(pve("lxc pull 200 /nosuch").code, 3);
    // Over HTTPS nobody can, and it says who could.
    let api = cluster.pve("lxc exec 200 -- hostname");
    assert_eq!(api.code, 1);
    assert!(api.stderr.contains("hint: connect over ssh to node pve1"), "{api:?}");
}

#[test]
fn a_template_of_ones_own() {
    let cluster = cluster();
    cluster.pve("qemu clone 9000 200 --name golden --full").ok();
    assert_eq!(cluster.pve("qemu template golden").ok(), "VM 200 on node pve1: turned into a template\n");
    let linked = cluster.pve("--json qemu clone 200 auto --name from-golden").json();
    assert_eq!(linked["vmid"], 102);
    assert!(cluster.sim().guest(200).unwrap().template);
}

#[test]
fn snapshots_are_taken_listed_and_gone_back_to() {
    let cluster = cluster();
    cluster.pve("qemu clone 9000 200 --name web-1 --full").ok();
    assert_eq!(cluster.pve("qemu snapshot list web-1").ok(), "there are no snapshots\n");
    let made = cluster.pve("qemu snapshot create web-1 before --description upgrade").ok();
    assert_eq!(made, "VM 200 on node pve1: snapshot before made\n");
    cluster.pve("qemu set 200 cores=4").ok();
    let listed = cluster.pve("qemu snapshot list 200").ok();
    let lines: Vec<&str> = listed.lines().collect();
    assert!(
        lines.len() == 2 && lines[0].ends_with("DESCRIPTION") && !lines[0].contains("MEMORY"),
        "{listed}"
    );
    assert!(lines[1].starts_with("before ") && lines[1].ends_with(" upgrade"), "{listed}");
    assert_eq!(cluster.pve("--json qemu snapshot list 200").json()[0]["name"], "before");
    let back = cluster.pve("qemu snapshot rollback 200 before").ok();
    assert_eq!(back, "VM 200 on node pve1: as it was in before\n");
    assert_eq!(cluster.sim().guest(200).unwrap().config["cores"], "1");
    assert_eq!(cluster.pve("qemu snapshot rollback 200 nosuch").code, 7);
    assert_eq!(cluster.pve("qemu snapshot create 100 x").code, 4);
    cluster.pve("qemu snapshot delete 200 before").ok();
    assert_eq!(cluster.sim().guest(200).unwrap().snapshots, [""; 0]);
}

#[test]
fn the_guests_own_output() {
    let cluster = cluster();
    let ran = cluster.pve_args(["--force", "qemu", "exec", "100", "--", "false"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (1, ""));
    assert_eq!(ran.stderr, "error: the program in the guest ended with exit code 1\n");
    let ran = cluster.pve_args(["--force", "--json", "qemu", "exec", "100", "--", "false"]);
    assert_eq!((ran.code, &ran.json()["exitcode"]), (1, &1.into()));
    let mut input = tempfile::NamedTempFile::new().unwrap();
    input.write_all(b"from a file\n").unwrap();
    let file = input.path().to_str().unwrap();
    let ran = cluster.pve_args(["--force", "qemu", "exec", "100", "--input", file, "--", "cat"]);
    assert_eq!(ran.ok(), "from a file\n");
}

#[test]
fn force_is_for_the_guest_that_is_named() {
    let cluster = cluster();
    assert_eq!(cluster.pve("qemu stop 100").code, 4);
    assert_eq!(cluster.pve("qemu stop 100 --force").ok(), "VM 100 on node pve1: stopped\n");
    let upid = cluster.pve("--force create /nodes/pve1/qemu/100/status/start").ok();
    assert!(upid.starts_with("UPID:pve1:"), "{upid}");
    cluster.pve(&format!("task wait {}", upid.trim())).ok();
    assert!(cluster.sim().guest(100).unwrap().running);
}

#[test]
fn a_dry_run_changes_nothing() {
    let cluster = still();
    for line in [
        "qemu clone 9000 auto --name x",
        "qemu set 101 cores=8",
        "qemu start 101 --wait-ip",
        "--force qemu delete 101 --purge",
        "--force delete /nodes/pve1/qemu/100",
        "qemu snapshot create 101 x",
        "create /pools poolid=x",
    ] {
        let ran = cluster.pve(&format!("--dry-run {line}"));
        assert_eq!((ran.code, ran.stderr.as_str()), (0, "dry run, not sent:\n"), "{line}");
        assert!(
            !ran.stdout.is_empty() && ran.stdout.lines().all(|line| line.starts_with("pvesh ")),
            "{ran:?}"
        );
    }
    assert!(cluster.pve("--dry-run qemu list").ok().contains("handmade"), "reads are not dry");
    assert_eq!(cluster.writes(), [""; 0]);
}

#[test]
fn preflight_examines_and_sends_nothing() {
    let cluster = still();
    for (line, code, text) in [
        (
            "qemu start 101",
            0,
            "nothing stands in the way of: pvesh create /nodes/pve1/qemu/101/status/start\n",
        ),
        ("--force qemu exec 100 -- id", 0, "nothing stands in the way of: "),
        ("qemu stop 100", 1, "error   gate: VM 100 on node pve1: refused by rule managed-tag"),
        ("qemu set 100 memory=1 --force", 0, "nothing"),
        ("qemu resize 101 scsi9 +1G", 1, "error   disk-missing: "),
        ("lxc create local:vztmpl/none.tar.zst 100 --name c", 1, "error   vmid-taken: number 100"),
        ("delete /nodes/pve1/storage/local-lvm/content/vm-100-disk-0", 1, "refused by rule guest-data"),
    ] {
        let ran = cluster.pve(&format!("preflight {line}"));
        assert_eq!((ran.code, ran.stderr.as_str()), (code, ""), "{line}: {ran:?}");
        assert!(ran.stdout.contains(text), "{line}: {ran:?}");
    }
    let found = cluster.pve("--json preflight qemu stop 100").json();
    assert_eq!(found["findings"][0]["code"], "gate");
    assert_eq!(cluster.writes(), [""; 0]);
}

#[test]
fn raw_requests_take_arrays_and_files() {
    let cluster = cluster();
    let mut text = tempfile::NamedTempFile::new().unwrap();
    text.write_all(b"two\nlines").unwrap();
    let description = format!("description=@{}", text.path().display());
    cluster.pve_args(["--force", "set", "/nodes/pve1/qemu/101/config", &description]).ok();
    assert_eq!(cluster.sim().guest(101).unwrap().config["description"], "two\nlines");
    let ran = cluster.pve_args([
        "--force",
        "--json",
        "create",
        "/nodes/pve1/qemu/100/agent/exec",
        "command=uname",
        "command=-s",
    ]);
    assert!(ran.json()["pid"].is_number(), "{ran:?}");
}

#[test]
fn tasks() {
    let cluster = cluster();
    cluster.sim().faults().add(Fault::warn("qmstart", &["old machine type"]));
    let started = cluster.pve("qemu start 101").ok();
    assert_eq!(started, "VM 101 on node pve1: started\n  WARN: old machine type\n");
    let upid = cluster.sim().tasks().last().unwrap().upid.clone();
    let list = cluster.pve("task list").ok();
    assert!(list.contains("qmstart") && list.contains("WARNINGS: 1") && list.contains(&upid), "{list}");
    let status = cluster.pve(&format!("task status {upid}")).ok();
    assert!(status.contains("task     qmstart\n") && status.contains("end      WARNINGS: 1\n"), "{status}");
    let log = cluster.pve(&format!("task log {upid}")).ok();
    assert!(log.contains("WARN: old machine type\n"), "{log}");
    let waited = cluster.pve(&format!("task wait {upid}")).ok();
    assert_eq!(waited, "the task ended with warnings:\n  WARN: old machine type\n");

    let slow = std::time::Duration::from_secs(100_000);
    cluster.sim().faults().add(Fault::slow("qmstop", slow));
    let upid = cluster.pve("--force create /nodes/pve1/qemu/101/status/stop").ok();
    let upid = upid.trim();
    assert!(cluster.pve(&format!("task status {upid}")).ok().contains("status   running\n"));
    assert_eq!(cluster.pve(&format!("task stop {upid}")).ok(), "the task is asked to stop\n");
    let ran = cluster.pve(&format!("task wait {upid}"));
    assert!(ran.code == 7 && ran.stderr.contains("stopped before its end"), "{ran:?}");
}

#[test]
fn with_user_and_password() {
    let cluster = cluster();
    let mut command = cluster.command(env!("CARGO_BIN_EXE_pve"));
    command.env_remove("PVE_TOKEN_ID").env_remove("PVE_TOKEN_SECRET");
    command.env("PVE_PASSWORD", ROOT_PASSWORD);
    let ran = run(command.args(["--user", "root@pam", "qemu", "set", "101", "cores=3"]));
    assert_eq!(ran.ok(), "VM 101 on node pve1: changed\n");
}

#[test]
fn with_a_secret_file_and_a_fingerprint() {
    let cluster = cluster();
    let mut secret = tempfile::NamedTempFile::new().unwrap();
    writeln!(secret, "{}", proxmox_sim::ROOT_TOKEN_SECRET).unwrap();
    let mut command = cluster.command(env!("CARGO_BIN_EXE_pve"));
    command.env_remove("PVE_TOKEN_SECRET").env_remove("PVE_CA");
    command.args(["--fingerprint", cluster.server.fingerprint(), "--token-secret-file"]);
    run(command.arg(secret.path()).args(["get", "/version"])).ok();
}
