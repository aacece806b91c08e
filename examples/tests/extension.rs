//! The program `extension`: what is not in the SDK, on guests of both kinds.

mod common;

use common::{clean, cluster, run};
use proxmox_sim::NodeRoot;

const EXTENSION: &str = env!("CARGO_BIN_EXE_extension");
const BOTH: &str = "VM 102 on node pve1: 2 packages upgraded\nCT 103 on node pve1: 2 packages upgraded\n";

#[test]
fn it_needs_nothing() {
    let ran = run(&mut clean(EXTENSION));
    assert_eq!(ran.ok(), BOTH);
}

#[test]
fn over_ssh_it_is_the_same() {
    let ran = run(clean(EXTENSION).args(["--ssh-engine", "tunnel"]));
    assert_eq!(ran.ok(), BOTH);
}

#[test]
fn over_https_there_is_no_way_into_a_container() {
    let ran = run(clean(EXTENSION).arg("--sim"));
    assert_eq!((ran.code, ran.stdout.as_str()), (1, "VM 102 on node pve1: 2 packages upgraded\n"), "{ran:?}");
    assert!(
        ran.stderr.contains("error: apt.upgrade (CT 103 on node pve1): PVE's API cannot do that"),
        "{ran:?}"
    );
}

#[test]
fn the_gate_is_there_as_well() {
    let cluster = cluster();
    let root = NodeRoot::new(&cluster.server).unwrap();
    let ran = run(clean(EXTENSION).arg("--local").arg("--node-root").arg(root.path()).arg("handmade"));
    assert_eq!(ran.code, 4, "{ran:?}");
    assert!(ran.stderr.contains("apt.upgrade (VM 100 on node pve1): refused by rule managed-tag"), "{ran:?}");
    assert!(cluster.writes().is_empty());
}
