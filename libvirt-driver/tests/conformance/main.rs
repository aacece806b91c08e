//! The same cases over every way to a daemon, and over libvirt's own test driver.

#![allow(clippy::unwrap_used)] // These are tests.

mod cases;
#[path = "../daemon/mod.rs"]
mod daemon;
mod disks;
mod others;

use cases::Place;
use daemon::Daemon;
use libvirt_driver::{Connection, Host, LibvirtUri, Wire};
use proxmox_sim::Sshd;

/// A way to a host.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    Local,
    Ssh,
    /// The same, by the host's `virsh`.
    Virsh,
    TestDriver,
}

/// What must live as long as the connection.
struct Open {
    place: Place,
    _sshd: Option<Sshd>,
    _daemon: Daemon,
}

async fn open(way: Way) -> Open {
    // Its own, so that names that two cases have in common do not meet.
    let daemon = Daemon::start();
    let sshd = matches!(way, Way::Ssh | Way::Virsh).then(|| Sshd::start().unwrap());
    let uri = match (&sshd, way) {
        (Some(sshd), _) => format!(
            "qemu+ssh://{}/system?keyfile={}&known_hosts={}&socket={}",
            sshd.target(),
            sshd.identity_file().display(),
            sshd.known_hosts_file().display(),
            daemon.socket().display(),
        ),
        (None, Way::TestDriver) => daemon.uri("test", "/default"),
        (None, _) => daemon.uri("qemu", "/system"),
    };
    let uri: LibvirtUri = uri.parse().unwrap();
    let wire = if way == Way::Virsh { Wire::Virsh } else { Wire::Rpc };
    let connection = Connection::builder(&uri).wire(wire).open().await.unwrap();
    let host = Host::new(connection).await.unwrap();
    let place = Place { host, qemu: way != Way::TestDriver, directory: daemon.pool() };
    Open { place, _sshd: sshd, _daemon: daemon }
}

macro_rules! conformance {
    (everywhere: $($case:ident)* ; with_disks: $($disks:ident)* ; among_others: $($others:ident)*) => {
        conformance!(@ local Way::Local; cases $($case)*; disks $($disks)*; others $($others)*);
        conformance!(@ ssh Way::Ssh; cases $($case)*; disks $($disks)*; others $($others)*);
        conformance!(@ virsh Way::Virsh; cases $($case)*; disks $($disks)*; others $($others)*);
        conformance!(@ test_driver Way::TestDriver; cases $($case)*);
    };
    (@ $name:ident $way:expr; $($file:ident $($case:ident)*);*) => {
        mod $name {
            use super::*;
            $($(
                #[tokio::test]
                async fn $case() {
                    let open = open($way).await;
                    $file::$case(&open.place).await;
                }
            )*)*
        }
    };
}

conformance! {
    everywhere:
    a_whole_life
    what_does_not_shut_down_is_stopped_only_when_asked
    names_that_are_taken_or_none
    what_is_not_managed_is_only_looked_at
    what_is_protected_is_not_interrupted
    tags_are_in_what_runs_and_what_will
    sizes_change
    snapshots_are_made_reverted_and_removed
    hosts_are_measured
    what_is_missing_is_said_before_anything_is_made
    machines_in_the_words_of_virt_install
    ; with_disks:
    a_disk_is_made_of_an_image_and_goes_with_its_domain
    a_disk_that_others_use_stays
    images_that_are_none_leave_nothing
    a_failed_creation_leaves_nothing
    disks_have_snapshots
    ; among_others:
    whatever_stands_on_a_disk_keeps_it
    a_domain_without_definition_goes_with_its_volumes
    disks_of_others_are_not_written_to
    what_has_crashed_is_not_off
}
