//! Two regions, one of each kind, by the same code.

use libvirt_driver::Connection;

use crate::daemon::Daemon;
use crate::{lab, program};

const REGIONS: &str = env!("CARGO_BIN_EXE_regions");

/// The daemon's own network and pool, with a guest's image in it, as `regions --libvirt` looks for them.
pub(super) async fn host(daemon: &Daemon) -> String {
    let uri = daemon.uri("qemu", "/system");
    let connection = Connection::open(&uri.parse().unwrap()).await.unwrap();
    let directory = daemon.pool().join("default");
    std::fs::create_dir_all(&directory).unwrap();
    std::fs::copy(lab::image(), directory.join("tiny.qcow2")).unwrap();
    lab::pool(&connection, daemon, "default").await;
    lab::network(&connection, "default", 5).await;
    uri
}

#[tokio::test]
async fn two_regions_live_by_the_same_code() {
    let daemon = Daemon::start();
    let uri = host(&daemon).await;
    let args = ["--sim", "--virt-type", "qemu", "--image", "local=default/tiny.qcow2", "--name", "twin"];
    let ran = program(REGIONS, &[&args[..], &["--wait", "120"]].concat(), Some(&uri));
    assert_eq!(ran.code, 0, "{ran:?}");
    let line = |start: &str| {
        let found = ran.stdout.lines().filter(|line| line.starts_with(start));
        found.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect::<Vec<_>>()
    };
    assert!(line("local   libvirt").len() == 1 && line("sim     proxmox").len() == 1, "{ran:?}");
    assert!(line("local   tiny").iter().all(|line| line.ends_with("3 GiB yes")), "{ran:?}");
    assert!(line("local   giant").iter().all(|line| line.contains("no,")), "{ran:?}");
    // Both are listed, each in its place.
    let listed = line("local").into_iter().filter(|line| line.contains("twin running 1 256 MiB sdk-managed"));
    assert_eq!(listed.count(), 1, "{ran:?}");
    assert_eq!(line("sim-pve").iter().filter(|line| line.contains(" twin running 1 256 MiB")).count(), 1);
    for region in ["sim", "local"] {
        for what in ["made on ", "tagged example sdk-managed", "its agent says it is ", "deleted"] {
            assert!(ran.stderr.contains(&format!("{region}: {what}")), "{what}: {ran:?}");
        }
    }
    assert!(ran.stderr.contains("local: its agent says it is twin, at 10.77.5."), "{ran:?}");

    // Nothing is left, and what fails in one is done in the other.
    let ran = program(REGIONS, &[&args[..4], &["local=default/nosuch"], &args[5..]].concat(), Some(&uri));
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.stderr.contains("sim: deleted") && ran.stderr.contains("error: region local: "), "{ran:?}");
    assert!(!ran.stdout.lines().any(|line| line.starts_with("local") && line.contains("twin")), "{ran:?}");
}
