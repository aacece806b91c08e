//! `virt` and `regions` against a real libvirtd. The lane `libvirt` runs what needs one; what needs none runs everywhere.

// These are tests.
#![allow(clippy::unwrap_used)]

#[path = "../common/mod.rs"]
mod common;
#[path = "../../../libvirt-driver/tests/daemon/mod.rs"]
mod daemon;
mod help;
#[path = "../../../libvirt-driver/tests/lab/mod.rs"]
mod lab;
// Tests of this name need a daemon: the lane `tests` leaves them out.
mod real_libvirtd;

use common::{Ran, clean, run};

/// A program with nothing about libvirt in its environment but this.
fn program(name: &str, args: &[&str], uri: Option<&str>) -> Ran {
    let mut command = clean(name);
    command.env_remove("LIBVIRT_DEFAULT_URI").args(args);
    if let Some(uri) = uri {
        command.env("LIBVIRT_DEFAULT_URI", uri);
    }
    run(&mut command)
}
