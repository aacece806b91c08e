use serde_json::json;

use super::super::testing::{but, node, reading, rows, silent, view, vm, vmid};
use super::*;

/// Two nodes, a VM on each, and a template on the second.
fn usual() -> View {
    view([
        node("pve1", "online"),
        node("pve2", "online"),
        vm(100, "pve1"),
        vm(200, "pve2"),
        but(vm(900, "pve2"), json!({"template": 1})),
    ])
}

fn numbers(view: &View) -> Vec<u32> {
    view.guests().map(|guest| guest.vmid.get()).collect()
}

#[test]
fn only_guests_and_nodes() {
    let view = view([
        json!({"id": "storage/pve1/local", "type": "storage", "node": "pve1", "storage": "local", "status": "available"}),
        json!({"id": "/pool/web", "type": "pool", "pool": "web"}),
        json!({"id": "sdn/pve1/localnetwork", "type": "sdn", "node": "pve1", "sdn": "localnetwork", "status": "ok"}),
        but(vm(100, "pve1"), json!({"tags": "web;a;web", "lock": "backup", "cpu": 0.25})),
        node("pve1", "online"),
    ]);
    let guest = view.guest(vmid(100)).unwrap();
    assert_eq!((numbers(&view), view.nodes().count()), (vec![100], 1));
    assert_eq!((guest.tags.clone(), guest.cpu_percent), (vec!["a".to_owned(), "web".to_owned()], Some(25.0)));
    assert_eq!(guest.lock.as_deref(), Some("backup"));
}

#[test]
fn an_answer_without_nodes_is_none() {
    for list in [vec![], vec![vm(100, "pve1")]] {
        let error = read(rows(list), &usual(), false).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode, "{error}");
    }
}

#[test]
fn templates_count_when_asked_for() {
    let list = || rows([node("pve1", "online"), but(vm(100, "pve1"), json!({"template": 1}))]);
    let without = read(list(), &View::default(), false).unwrap().view;
    assert_eq!((numbers(&without), without.templates.len()), (vec![], 1));
    let with = read(list(), &View::default(), true).unwrap().view;
    assert_eq!((numbers(&with), with.templates.len()), (vec![100], 0));
}

#[test]
fn guests_of_a_silent_node_are_unknown_and_known_by_name() {
    for status in ["offline", "unknown"] {
        // In the first minutes PVE repeats its last word, then it says nothing.
        for row in [vm(200, "pve2"), silent(200, "pve2")] {
            let list =
                [node("pve1", "online"), node("pve2", status), vm(100, "pve1"), row, silent(900, "pve2")];
            let after = reading(list, &usual()).view;
            assert_eq!(numbers(&after), [100, 200], "the template is still one");
            let guest = after.guest(vmid(200)).unwrap();
            assert!(guest.is_unknown(), "{guest:?}");
            assert_eq!((guest.cpu_percent, guest.mem), (None, None));
            assert_eq!((guest.name.as_deref(), guest.maxmem), (Some("vm-200"), Some(4 << 30)));
            assert!(!after.guest(vmid(100)).unwrap().is_unknown());
        }
    }
}

#[test]
fn a_guest_is_removed_only_where_its_node_could_tell() {
    let nodes = |second: &str| vec![node("pve1", "online"), node("pve2", second), vm(100, "pve1")];
    let silent = reading(nodes("offline"), &usual()).view;
    assert_eq!(numbers(&silent), [100, 200]);
    assert!(silent.guest(vmid(200)).unwrap().is_unknown());
    // And so it stays.
    assert_eq!(numbers(&reading(nodes("offline"), &silent).view), [100, 200]);
    assert_eq!(numbers(&reading(nodes("online"), &silent).view), [100]);
    let without = [node("pve1", "online"), vm(100, "pve1")];
    assert_eq!(numbers(&reading(without, &silent).view), [100], "the node has left the cluster");
}

#[test]
fn a_guest_that_was_moved_from_a_dead_node_is_known() {
    let list = [node("pve1", "online"), node("pve2", "offline"), vm(100, "pve1"), vm(200, "pve1")];
    let guest = reading(list, &usual()).view.guests[&vmid(200)].clone();
    assert_eq!((guest.node.as_str(), guest.is_unknown()), ("pve1", false));
}

#[test]
fn nothing_is_removed_while_rows_cannot_be_read() {
    for (bad, why) in [
        (json!({"id": "qemu/200", "type": "qemu", "vmid": "x", "node": "pve2"}), "row 1: at vmid"),
        (json!({"id": "qemu/200", "type": "qemu", "node": "pve2"}), "qemu/200: it lacks vmid or node"),
        (json!({"id": "node/pve2", "type": "node", "status": "online"}), "node/pve2: it names no node"),
    ] {
        let reading = reading([node("pve1", "online"), bad], &usual());
        assert_eq!(reading.unreadable, 1);
        assert!(reading.why.as_ref().unwrap().starts_with(why), "{reading:?}");
        assert_eq!((numbers(&reading.view), reading.view.nodes().count()), (vec![100, 200], 2));
        assert_eq!(reading.view.templates, usual().templates);
        assert_eq!(reading.view.guests, usual().guests, "as they were");
    }
}
