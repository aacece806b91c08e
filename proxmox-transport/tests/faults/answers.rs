//! Answers that arrive whole and are not what they should be: no panic, no guess, and one bad row spoils nothing.

use proxmox_core::guest::GuestState;
use proxmox_core::{ErrorKind, Outcome, PvePath, PveRequest};
use proxmox_qemu::QemuNode;
use proxmox_sim::WireFault;
use serde_json::Value;

use crate::lab::{IDLE, Lab, RUNNING, Way};
use crate::on_each_way;

on_each_way!(
    a_broken_row_does_not_spoil_the_list
    unknown_words_and_keys_are_kept
    what_is_no_list_is_an_error
    a_number_of_another_form_is_read
    a_upid_that_is_none_is_an_error
    nonsense_is_an_error_and_never_a_panic
    the_place_in_the_answer_is_named
);

fn says(lab: &Lab, method: &str, path: &str, body: &str) {
    lab.faults.add(WireFault::Body(body.to_owned()).on(method, path));
}

const LIST: &str = "/nodes/pve1/qemu";

fn a_broken_row_does_not_spoil_the_list(way: Way) {
    let lab = Lab::new(way);
    let rows = r#"{"data":[{"vmid":100,"status":"running","name":"a"},{"vmid":"no","status":"running"},null,
        {"status":"stopped"},{"vmid":"101","status":"stopped"}]}"#;
    says(&lab, "GET", LIST, rows);
    let vms = lab.pve.node("pve1").unwrap().vms();
    let list = lab.run(async { vms.list().await }).unwrap();
    assert_eq!(list.iter().map(|vm| vm.vmid.get()).collect::<Vec<_>>(), [100, 101]);
    let rejected: Vec<_> = list.rejects().iter().map(|reject| reject.index).collect();
    assert_eq!(rejected, [1, 2, 3]);
    assert!(list.rejects()[0].row.contains("\"no\""));
}

fn unknown_words_and_keys_are_kept(way: Way) {
    let lab = Lab::new(way);
    let body = r#"{"data":{"vmid":103,"status":"hibernating","name":"x","new-in-10":{"a":[1]}},"more":1}"#;
    says(&lab, "GET", LIST, body);
    let vm = lab.vm(IDLE);
    let status = lab.run(async { vm.status().await }).unwrap();
    assert_eq!(status.status, GuestState::Other("hibernating".to_owned()));
    assert!(status.extra.get("new-in-10").is_some());
}

fn what_is_no_list_is_an_error(way: Way) {
    let lab = Lab::new(way);
    for body in [r#"{"data":{"n":1}}"#, r#"{"data":null}"#, r#"{"data":"x"}"#] {
        says(&lab, "GET", LIST, body);
        let vms = lab.pve.node("pve1").unwrap().vms();
        let error = lab.run(async { vms.list().await }).unwrap_err();
        assert_eq!(
            (error.kind(), error.outcome()),
            (ErrorKind::Decode, Outcome::Rejected),
            "{body}: {error:?}"
        );
    }
}

fn a_number_of_another_form_is_read(way: Way) {
    let lab = Lab::new(way);
    let body = r#"{"data":{"vmid":"103","status":"running","cpu":"0.25","mem":1.0e9,"maxmem":"N/A","template":"1","tags":""}}"#;
    says(&lab, "GET", LIST, body);
    let vm = lab.vm(IDLE);
    let status = lab.run(async { vm.status().await }).unwrap();
    assert_eq!((status.cpu, status.mem, status.maxmem), (Some(0.25), Some(1_000_000_000), None));
    assert!(status.template && status.tags.is_empty());
}

/// PVE's answer to a write that was executed; what it said is unreadable.
fn a_upid_that_is_none_is_an_error(way: Way) {
    for body in [
        r#"{"data":null}"#,
        r#"{"data":"OK"}"#,
        r#"{"data":"UPID:pve1:x"}"#,
        r#"{"data":7}"#,
        r#"{"data":"UPID:../x:00007073:000445CD:6B00C445:qmstart:103:root@pam:"}"#,
    ] {
        let lab = Lab::new(way);
        says(&lab, "POST", LIST, body);
        let vm = lab.vm(IDLE);
        let error = lab.run(async { vm.start().await }).unwrap_err();
        assert_eq!(
            (error.kind(), error.outcome()),
            (ErrorKind::Decode, Outcome::MaybeApplied),
            "{body}: {error:?}"
        );
        lab.assert_no_write_twice();
    }
}

fn nonsense_is_an_error_and_never_a_panic(way: Way) {
    let lab = Lab::new(way);
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let deep_data = format!(r#"{{"data":{deep}}}"#);
    let long = format!(r#"{{"data":"{}"#, "x".repeat(1 << 20));
    for body in [
        "null",
        "0",
        "\"\"",
        "{}",
        "[]",
        "{\"data\"",
        "{\"data\":",
        "{\"data\":nul",
        "{\"data\":1}}",
        "{\"data\":\"\\ud800\"}",
        "\u{feff}{\"data\":[]}",
        "<!DOCTYPE html><html></html>",
        "\0\0\0\0",
        &deep,
        &deep_data,
        &long,
    ] {
        let shown = &body[..body.len().min(40)];
        says(&lab, "GET", LIST, body);
        let vms = lab.pve.node("pve1").unwrap().vms();
        match lab.run(async { vms.list().await }) {
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Decode, "{shown}: {error:?}");
                assert!(error.to_string().len() < 2000, "{shown}: the error repeats it all");
            }
            // A row too deep to be looked into is a row that does not fit.
            Ok(list) => assert!(list.is_empty() && list.rejects().len() == 1, "{shown}"),
        }

        says(&lab, "GET", LIST, body);
        let get = PveRequest::get(PvePath::parse(LIST).unwrap());
        let raw = lab.run(async { lab.pve.request::<Vec<Value>>(get).await });
        assert_eq!(raw.expect_err(shown).kind(), ErrorKind::Decode, "{shown}");
    }
}

fn the_place_in_the_answer_is_named(way: Way) {
    let lab = Lab::new(way);
    let body = r#"{"data":{"vmid":7,"status":"running"}}"#;
    says(&lab, "GET", LIST, body);
    let vm = lab.vm(RUNNING);
    let error = lab.run(async { vm.status().await }).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert!(error.message().contains("data.vmid"), "{error}");
    assert_eq!(error.operation(), Some("guest.status"));
}
