//! The terminal sessions in the README files, typed again. Those about libvirt hosts are run by the lane `libvirt`.

#![allow(clippy::unwrap_used)] // These are tests.

mod common;

use std::thread;

use common::transcript::{Shell, sessions};

const PROGRAMS: [(&str, &str); 4] = [
    ("pve", env!("CARGO_BIN_EXE_pve")),
    ("lifecycle", env!("CARGO_BIN_EXE_lifecycle")),
    ("extension", env!("CARGO_BIN_EXE_extension")),
    ("regions", env!("CARGO_BIN_EXE_regions")),
];

#[test]
fn sessions_print_what_they_are_shown_to_print() {
    let all = [sessions("README.md"), sessions("examples/README.md")];
    assert!(all.iter().all(|of_one| !of_one.is_empty()));
    thread::scope(|scope| {
        for session in all.iter().flatten().filter(|session| !session.is_about(&["virt"])) {
            scope.spawn(|| session.run(&Shell { programs: &PROGRAMS, ..Shell::default() }));
        }
    });
}
