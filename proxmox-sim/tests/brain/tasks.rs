//! Tasks: logs, lists, ends, and what tests can make go wrong.

use std::time::Duration;

use crate::ask::Asker;
use proxmox_sim::{Fault, Sim, SimGuest};
use serde_json::{Value, json};

#[test]
fn a_upid_has_all_its_fields() {
    let ask = Asker::of(Sim::builder()).token(proxmox_sim::ROOT_TOKEN_ID, proxmox_sim::ROOT_TOKEN_SECRET);
    let upid = ask.ok("POST", "/nodes/pve1/qemu/101/status/start", &[]);
    let upid = proxmox_core::Upid::parse(upid.as_str().unwrap()).unwrap();
    assert_eq!((upid.node().as_str(), upid.kind(), upid.subject()), ("pve1", "qmstart", Some("101")));
    assert_eq!(upid.user(), "root@pam!sim");
    let status = ask.status(upid.as_str());
    assert_eq!((&status["user"], &status["tokenid"]), (&json!("root@pam"), &json!("sim")));
    assert_eq!(status["starttime"], upid.starttime());
}

#[test]
fn logs_are_paged() {
    let ask = Asker::new();
    let upid = ask.ok("POST", "/nodes/pve1/qemu/9000/clone", &[("newid", "200"), ("full", "1")]);
    ask.pass(60);
    let log = format!("/nodes/pve1/tasks/{}/log", upid.as_str().unwrap());
    let whole = ask.ask("GET", &log, &[]);
    let body: Value = serde_json::from_slice(&whole.body).unwrap();
    let lines = body["data"].as_array().unwrap().clone();
    assert_eq!(body["total"], lines.len());
    let part = ask.ok("GET", &log, &[("start", "1"), ("limit", "2")]);
    assert_eq!(part.as_array().unwrap()[..], lines[1..3]);
    assert_eq!(part[0]["n"], 2);
    assert_eq!(ask.ok("GET", &log, &[("start", "1000")]), json!([]));
    assert_eq!(ask.ok("GET", &log, &[("limit", "0")]).as_array().unwrap().len(), lines.len());
}

#[test]
fn an_empty_log_says_so() {
    let ask = Asker::of(Sim::builder().guest(SimGuest::vm(200).running().stubborn()));
    let upid = ask.ok("POST", "/nodes/pve1/qemu/200/status/shutdown", &[]);
    let task = format!("/nodes/pve1/tasks/{}", upid.as_str().unwrap());
    assert_eq!(ask.get(&format!("{task}/log")), json!([{ "n": 1, "t": "no content" }]));
    let active = ask.ok("GET", "/nodes/pve1/tasks", &[("source", "active")]);
    assert_eq!((&active[0]["status"], &active[0]["saved"]), (&json!("RUNNING"), &json!("0")));
    ask.ok("DELETE", &task, &[]);
    assert_eq!(ask.last_log(), ["TASK ERROR: received interrupt"]);
    assert_eq!(ask.ok("GET", "/nodes/pve1/tasks", &[("source", "active")]), json!([]));
    let failed = ask.ok("GET", "/nodes/pve1/tasks", &[("errors", "1")]);
    assert_eq!(failed[0]["status"], "received interrupt");
}

#[test]
fn unknown_tasks() {
    let ask = Asker::new();
    let task = "/nodes/pve1/tasks/UPID:pve1:0000507F:00036AE4:6B00C000:qmcreate:100:root@pam!test:";
    assert_eq!(ask.param_error("GET", &format!("{task}/status"), &[], "upid"), "no such task");
    assert_eq!(
        ask.param_error("GET", "/nodes/pve1/tasks/xyz/status", &[], "upid"),
        "unable to parse worker upid"
    );
    let log = ask.get(&format!("{task}/log"));
    assert_eq!(log, json!({ "n": 1, "t": "unable to open file - No such file or directory" }));
}

#[test]
fn lists_are_filtered_and_newest_first() {
    let ask = Asker::new();
    ask.task("POST", "/nodes/pve1/qemu/101/status/start", &[]);
    ask.task("POST", "/nodes/pve1/qemu/101/status/start", &[]);
    ask.task("POST", "/nodes/pve1/qemu/100/status/stop", &[]);
    let kinds = |params: &[(&str, &str)]| -> Vec<String> {
        let list = ask.ok("GET", "/nodes/pve1/tasks", params);
        list.as_array().unwrap().iter().map(|t| t["type"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(kinds(&[]), ["qmstop", "qmstart", "qmstart"]);
    assert_eq!(kinds(&[("vmid", "101"), ("errors", "1")]), ["qmstart"]);
    assert_eq!(kinds(&[("typefilter", "qmstop")]), ["qmstop"]);
    assert_eq!(kinds(&[("limit", "1"), ("start", "1")]), ["qmstart"]);
    assert_eq!(kinds(&[("statusfilter", "ok")]), ["qmstop", "qmstart"]);
    assert_eq!(ask.get("/cluster/tasks").as_array().unwrap().len(), 3);
    assert!(ask.get("/nodes/pve2/tasks").as_array().unwrap().is_empty());
}

#[test]
fn warnings_are_counted() {
    let ask = Asker::of(Sim::builder().guest(SimGuest::vm(160).config("bios", "ovmf")));
    assert_eq!(ask.task("POST", "/nodes/pve1/qemu/160/status/start", &[]), "WARNINGS: 1");
    assert_eq!(
        ask.last_log(),
        ["WARN: no efidisk configured! Using temporary efivars disk.", "TASK WARNINGS: 1"]
    );
    assert!(ask.sim.guest(160).unwrap().running);
}

#[test]
fn faults_make_tasks_fail_warn_and_linger() {
    let ask = Asker::new();
    let start = "/nodes/pve1/qemu/101/status/start";
    ask.sim.faults().add(Fault::fail("qmstart", "no power").vmid(101));
    assert_eq!(ask.task("POST", start, &[]), "no power");
    assert!(!ask.sim.guest(101).unwrap().running);
    ask.sim.faults().add(Fault::warn("qmstart", &["odd", "very odd"]));
    assert_eq!(ask.task("POST", start, &[]), "WARNINGS: 2");

    ask.sim.faults().add(Fault::fail("qmclone", "no space"));
    let clone = "/nodes/pve1/qemu/9000/clone";
    assert_eq!(ask.task("POST", clone, &[("newid", "200")]), "no space");
    assert!(ask.sim.guest(200).is_none(), "a failed clone is undone");

    ask.sim.faults().add(Fault::slow("qmstop", Duration::from_secs(1000)));
    let upid = ask.ok("POST", "/nodes/pve1/qemu/101/status/stop", &[]);
    ask.pass(900);
    assert_eq!(ask.status(upid.as_str().unwrap())["status"], "running");
    ask.pass(200);
    assert_eq!(ask.status(upid.as_str().unwrap())["exitstatus"], "OK");
}
