//! Whatever the builders of documents accept, a real daemon accepts too, by its schema and by its own checks; and what it then tells
//! is what was written.
//!
//! The cases are drawn anew in each run. One that fails is told with the document, after it has been made as small as it can be.

#![allow(clippy::unwrap_used, clippy::needless_pass_by_value)] // These are tests.

#[path = "../daemon/mod.rs"]
mod daemon;
mod machines;
mod others;
mod words;

use std::cell::Cell;

use daemon::daemon;
use libvirt_driver::metadata::GuestMetadata;
use libvirt_driver::rpc::procedures::domain;
use libvirt_driver::xml::{Disk, Domain, Element, Interface, Node};
use libvirt_driver::{Connection, LibvirtUri};
use machines::{Machine, machine};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestCaseResult, TestError, TestRunner};
use tokio::runtime::Runtime;
use uuid::Uuid;

/// One connection, and what runs it.
pub(crate) struct Lab {
    pub(crate) runtime: Runtime,
    pub(crate) libvirt: Connection,
}

impl Lab {
    pub(crate) fn new(driver: &str, path: &str) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let uri: LibvirtUri = daemon().uri(driver, path).parse().unwrap();
        let libvirt = runtime.block_on(Connection::open(&uri)).unwrap();
        Self { runtime, libvirt }
    }

    /// Tries so many cases. At least a quarter of them must be accepted by the builder: `try_one` says whether it was.
    pub(crate) fn hold<S: Strategy>(
        &self,
        cases: u32,
        strategy: &S,
        try_one: impl AsyncFn(&Connection, S::Value) -> Result<bool, TestCaseError>,
    ) {
        let accepted = Cell::new(0);
        let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
        let done = runner.run(strategy, |value| {
            let counts = self.runtime.block_on(try_one(&self.libvirt, value))?;
            accepted.set(accepted.get() + u32::from(counts));
            Ok(())
        });
        match done {
            Ok(()) => {}
            Err(TestError::Fail(why, _) | TestError::Abort(why)) => panic!("{why}"),
        }
        println!("{} of {cases} accepted", accepted.get());
        assert!(accepted.get() >= cases / 4, "of {cases} only {} were accepted", accepted.get());
    }
}

/// The daemon's error as a failure of the case.
pub(crate) fn must<T>(answer: proxmox_core::Result<T>, xml: &str) -> Result<T, TestCaseError> {
    answer.map_err(|e| TestCaseError::fail(format!("{e}\n{xml}")))
}

#[test]
fn domains() {
    Lab::new("qemu", "/system").hold(200, &machine(), async |libvirt, machine| {
        let Ok(xml) = machine.spec.to_xml() else { return Ok(false) };
        let found = must(libvirt.call(domain::define(&xml, 1)).await, &xml)?;
        let told = libvirt.call(domain::xml(&found, 2)).await;
        // Whatever was told: the next case finds the name free.
        must(libvirt.call(domain::undefine(&found, 4)).await, &xml)?;
        let sent = machine.spec.clone().uuid(Uuid::from_bytes(found.uuid.0));
        let (sent, told) =
            (must(sent.to_xml().and_then(|xml| Domain::parse(&xml)), &xml)?, must(told, &xml)?);
        let told = must(Domain::parse(&told), &told)?;
        same(&machine, &sent, &told).map_err(|e| TestCaseError::fail(format!("{e}\n{xml}")))?;
        Ok(true)
    });
}

fn same(machine: &Machine, sent: &Domain, told: &Domain) -> TestCaseResult {
    let some = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    prop_assert!(machine.uuid.is_none_or(|uuid| uuid == told.uuid));
    prop_assert_eq!(&told.name, &machine.name);
    prop_assert_eq!(&told.title, &some(&machine.title));
    prop_assert_eq!(&told.description, &some(&machine.description));
    prop_assert_eq!(
        (told.memory, told.current_memory, told.vcpus, told.max_vcpus),
        (sent.memory, sent.current_memory, sent.vcpus, sent.max_vcpus)
    );
    prop_assert_eq!((&told.virt_type, &told.os.arch), (&sent.virt_type, &sent.os.arch));
    if sent.cpu_mode.is_some() {
        prop_assert_eq!((&told.cpu_mode, &told.cpu_model), (&sent.cpu_mode, &sent.cpu_model));
    }
    // The machine's name may have been a short one.
    prop_assert_eq!(
        (&told.os.kernel, &told.os.initrd, &told.os.cmdline),
        (&sent.os.kernel, &sent.os.initrd, &sent.os.cmdline)
    );
    prop_assert_eq!((&told.os.loader, &told.os.nvram_template), (&sent.os.loader, &sent.os.nvram_template));
    // Who chooses nothing leaves it to the daemon.
    prop_assert!(sent.os.boot.is_empty() || told.os.boot == sent.os.boot);
    prop_assert_eq!(disks(told), disks(sent));
    prop_assert_eq!(nics(told, sent), sent.interfaces.clone());
    let serials = |domain: &Domain| -> Vec<_> {
        domain
            .serials
            .iter()
            .map(|serial| (serial.kind.clone(), serial.path.clone(), serial.log.clone()))
            .collect()
    };
    prop_assert_eq!(serials(told), serials(sent));
    prop_assert_eq!(told.agent().is_some(), sent.agent().is_some());
    prop_assert_eq!(GuestMetadata::of(told).unwrap(), GuestMetadata::of(sent).unwrap());
    let bare = |domain: &Domain| domain.metadata.as_ref().map(without_layout);
    prop_assert_eq!(bare(told), bare(sent));
    Ok(())
}

/// The daemon keeps them in an order of its own.
fn disks(domain: &Domain) -> Vec<Disk> {
    let mut disks = domain.disks.clone();
    disks.sort_by(|a, b| a.target.cmp(&b.target));
    disks
}

/// The daemon chooses the addresses that it was not told.
fn nics(told: &Domain, sent: &Domain) -> Vec<Interface> {
    let mut nics = told.interfaces.clone();
    for (nic, sent) in nics.iter_mut().zip(&sent.interfaces) {
        nic.mac = nic.mac.filter(|_| sent.mac.is_some());
    }
    nics
}

/// The daemon lays out elements of elements anew.
fn without_layout(element: &Element) -> Element {
    let mut bare = Element::new(element.name());
    for (name, value) in element.attributes() {
        bare.set_attribute(name, value);
    }
    if element.children().next().is_none() {
        return bare.with_text(element.text());
    }
    for node in element.nodes() {
        if let Node::Element(child) = node {
            bare.push(without_layout(child));
        }
    }
    bare
}
