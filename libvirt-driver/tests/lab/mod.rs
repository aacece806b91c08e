//! What a guest that really boots needs of its host: an image, a pool, a network.

// It belongs to tests.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use libvirt_driver::Connection;
use libvirt_driver::rpc::procedures::{network, storage};
use libvirt_driver::rpc::{NetworkRef, PoolRef};
use libvirt_driver::xml::{NetworkXml, PoolXml};

use super::daemon::Daemon;

static IMAGE: LazyLock<PathBuf> = LazyLock::new(|| {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/guest-image");
    // It says on stderr what it does, and what it lacks.
    let output = Command::new(script).stdin(Stdio::null()).stderr(Stdio::inherit()).output().unwrap();
    assert!(output.status.success(), "NOT TESTED with a guest: {script} has built no image, see above");
    PathBuf::from(String::from_utf8(output.stdout).unwrap().trim())
});

/// A small qcow2 image, built once and kept for later runs. It boots by BIOS with 128 MiB, takes in a seed from a drive on IDE or SCSI or
/// from a disk (a drive on SATA it does not see), asks for an address by DHCP, and runs the guest agent. It keeps nothing: each boot is its
/// first.
pub(crate) fn image() -> &'static Path {
    &IMAGE
}

/// A running pool of this name in the daemon's directory for pools.
pub(crate) async fn pool(libvirt: &Connection, daemon: &Daemon, name: &str) -> PoolRef {
    let directory = daemon.pool().join(name);
    std::fs::create_dir_all(&directory).unwrap();
    let xml = PoolXml::dir(name, directory.to_str().unwrap()).to_xml().unwrap();
    let pool = libvirt.call(storage::define_pool(&xml)).await.unwrap();
    libvirt.call(storage::start_pool(&pool, 0)).await.unwrap();
    pool
}

/// A running network of this name, which hands out 10.77.`subnet`.10 and up by DHCP. One daemon has each subnet once.
pub(crate) async fn network(libvirt: &Connection, name: &str, subnet: u8) -> NetworkRef {
    let at = |host| [10, 77, subnet, host].into();
    let xml = NetworkXml::nat(name, at(1), 24).dhcp(at(10), at(99)).to_xml().unwrap();
    let found = libvirt.call(network::define(&xml)).await.unwrap();
    libvirt.call(network::start(&found)).await.unwrap();
    found
}
