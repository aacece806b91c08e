//! The program `lifecycle`, when all goes well and when it does not.

#![allow(clippy::unwrap_used)] // helpers of tests, which no attribute marks as such

mod common;

use std::process::Stdio;

use common::{clean, cluster, golden, run};
use proxmox_sim::{Fault, ROOT_PASSWORD, SimServer};

const STEPS: [&str; 14] = [
    "version",
    "template",
    "clone",
    "config",
    "resources",
    "cloud-init",
    "resize",
    "size check",
    "start",
    "address",
    "exec",
    "telemetry",
    "shutdown",
    "delete",
];

#[allow(clippy::unwrap_used)] // A summary without steps is a failed test.
fn steps(summary: &serde_json::Value) -> Vec<&str> {
    summary["steps"].as_array().unwrap().iter().map(|step| step["name"].as_str().unwrap()).collect()
}

/// As in `lifecycle 2>&1 | head -1`: it comes to its end, and leaves no VM.
#[test]
fn it_goes_on_when_nobody_listens() {
    let cluster = cluster();
    let mut child = cluster
        .command(env!("CARGO_BIN_EXE_lifecycle"))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stderr.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(cluster.writes().iter().any(|write| write.contains("/clone")), "{:?}", cluster.writes());
    assert!(cluster.sim().guest(102).is_none(), "it has deleted what it made");
}

#[test]
fn it_needs_nothing() {
    let ran = run(clean(env!("CARGO_BIN_EXE_lifecycle")).arg("--json"));
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    let summary = ran.json();
    assert_eq!(steps(&summary), STEPS);
    assert_eq!((&summary["ok"], &summary["simulated"]), (&true.into(), &true.into()));
    assert_eq!((&summary["vmid"], &summary["template"]), (&102.into(), &9000.into()));
    assert!(summary["ip"]["address"].is_string() && summary["exec"]["out-data"].is_string());
    assert_eq!((&summary["error"], &summary["leftover"]), (&().into(), &().into()));
    for step in summary["steps"].as_array().unwrap() {
        assert!(step["request"].as_str().unwrap().starts_with("pvesh "), "{step}");
        assert!(step["ms"].is_u64() && step["ok"] == true, "{step}");
    }
}

/// What each step has asked for, and what came of it, without names and times.
fn told(summary: &serde_json::Value) -> Vec<String> {
    let name = summary["name"].as_str().unwrap();
    let step =
        |step: &serde_json::Value| format!("{} {}", step["request"], step["result"]).replace(name, "NAME");
    let passing =
        |text: &String| !["digest", "telemetry", "running, up"].iter().any(|word| text.contains(word));
    summary["steps"].as_array().unwrap().iter().map(step).filter(passing).collect()
}

#[test]
fn every_way_leads_to_the_same_end() {
    let run = |way: &str| {
        let ran = run(clean(env!("CARGO_BIN_EXE_lifecycle")).args(way.split_whitespace()).arg("--json"));
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{way}");
        ran.json()
    };
    std::thread::scope(|scope| {
        let ways = ["", "--engine reqwest", "--ssh-engine tunnel", "--ssh-engine pvesh", "--sim --local"];
        let mut runs = ways.map(|way| (way, scope.spawn(move || run(way)))).into_iter();
        let https = runs.next().unwrap().1.join().unwrap();
        for (way, run) in runs {
            let summary = run.join().unwrap();
            assert_eq!(told(&summary), told(&https), "{way}");
            for known in ["ok", "vmid", "template", "ip", "leftover", "error"] {
                assert_eq!(summary[known], https[known], "{known} {way}");
            }
            assert_eq!(summary["exec"]["exitcode"], 0, "{way}");
        }
    });
}

#[test]
fn for_people() {
    let cluster = cluster();
    let ran = cluster.lifecycle("");
    assert_eq!(ran.code, 0, "{ran:?}");
    let mut settings = insta::Settings::clone_current();
    settings.add_filter(
        r"up \d+\w( \d+\w)?, cpu \d+\.\d %, memory [^\n]*",
        "up <uptime>, cpu <cpu>, memory <memory>",
    );
    settings.bind(|| golden!("lifecycle", ran.stdout));
    let guests: Vec<u32> = cluster.sim().guests().iter().map(|guest| guest.vmid).collect();
    assert_eq!(guests, [100, 101, 9000]);
}

#[test]
fn without_the_guest_it_says_so() {
    let cluster = cluster();
    let mut command = cluster.command(env!("CARGO_BIN_EXE_lifecycle"));
    command.env_remove("PVE_TOKEN_ID").env("PVE_USER", "root@pam").env("PVE_PASSWORD", ROOT_PASSWORD);
    let ran = run(command.args(["--skip-guest", "--json"]));
    assert_eq!(ran.code, 0, "{ran:?}");
    let summary = ran.json();
    assert_eq!(summary["skipped"], serde_json::json!(["address", "exec", "size check"]));
    assert!(["address", "exec", "size check"].iter().all(|left_out| !steps(&summary).contains(left_out)));
    assert!(cluster.lifecycle("--skip-guest").ok().contains("left out (--skip-guest)"));
}

#[test]
fn a_failed_step_leaves_nothing_behind() {
    let cluster = cluster();
    cluster.sim().faults().add(Fault::fail("qmstart", "no memory left"));
    let ran = cluster.lifecycle("");
    assert_eq!(ran.code, 7, "{ran:?}");
    assert!(ran.stdout.contains("✗ start"), "{ran:?}");
    assert!(
        ran.stderr.contains("error: guest.start (VM 102 on node pve1): the task failed: no memory left"),
        "{ran:?}"
    );
    assert!(ran.stderr.contains("VM 102 on node pve1 is deleted: nothing remains."), "{ran:?}");
    assert!(cluster.sim().guest(102).is_none());
}

#[test]
fn what_is_kept_is_named() {
    let cluster = cluster();
    cluster.sim().faults().add(Fault::fail("resize", "no space left"));
    let ran = cluster.lifecycle("--keep --json");
    assert_eq!(ran.code, 7, "{ran:?}");
    let summary = ran.json();
    assert_eq!((&summary["ok"], &summary["error"]["kind"]), (&false.into(), &"task_failed".into()));
    assert_eq!(summary["leftover"]["vmid"], 102);
    assert_eq!(
        summary["leftover"]["delete"],
        "pvesh delete /nodes/pve1/qemu/102 --purge 1 --destroy-unreferenced-disks 0"
    );
    assert!(
        ran.stderr.contains("remains on node pve1") && ran.stderr.contains("pve qemu delete 102 --purge"),
        "{ran:?}"
    );
    assert!(cluster.sim().guest(102).is_some());
    cluster.pve("qemu delete 102 --purge").ok();
}

#[test]
fn a_clone_that_cannot_be_deleted_is_named() {
    let cluster = cluster();
    cluster.sim().faults().add(Fault::fail("qmstart", "no memory left"));
    cluster.sim().faults().add(Fault::fail("qmdestroy", "disk is busy"));
    let ran = cluster.lifecycle("");
    assert_eq!(ran.code, 7, "{ran:?}");
    assert!(
        ran.stderr.contains("warning: deleting it failed") && ran.stderr.contains("disk is busy"),
        "{ran:?}"
    );
    assert!(ran.stderr.contains("pve qemu delete 102 --purge"), "{ran:?}");
}

#[test]
fn nothing_is_made_before_the_template_is_found() {
    let server =
        SimServer::start(proxmox_sim::Sim::builder().bare().node(proxmox_sim::SimNode::new("pve1")).build());
    let server = server.unwrap();
    let ran = run(clean(env!("CARGO_BIN_EXE_lifecycle"))
        .args(["--url", &server.url(), "--fingerprint", server.fingerprint()])
        .args(["--token-id", proxmox_sim::ROOT_TOKEN_ID])
        .env("PVE_TOKEN_SECRET", proxmox_sim::ROOT_TOKEN_SECRET));
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(
        ran.stderr.contains("error: there is no VM template") && ran.stderr.contains("hint: name one"),
        "{ran:?}"
    );
    assert!(server.sim().requests().iter().all(|request| request.method == "GET"));
}
