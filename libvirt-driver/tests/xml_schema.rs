//! What this crate writes is what libvirt's own schema says, and what its daemon's test driver gives back. Needs `virsh`,
//! `virt-xml-validate` and `xmllint`; without them the tests say that they are skipped, and fail where `CI=true`.

use std::process::{Command, Stdio};

use libvirt_driver::metadata::GuestMetadata;
use libvirt_driver::xml::{
    Domain, Format, NetworkXml, Permissions, PoolXml, SnapshotXml, VirtType, VolumeXml, examples,
};
use proxmox_core::config::Tags;
use proxmox_core::{Result, Size};

fn lacks(programs: &[&str]) -> bool {
    let there = |program: &str| {
        let mut command = Command::new(program);
        command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
    };
    let Some(missing) = programs.iter().find(|program| !there(program)) else {
        return false;
    };
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{missing} is missing");
    eprintln!(
        "SKIPPED: {missing} is missing, so libvirt was not asked: apt-get install libvirt-clients libxml2-utils"
    );
    true
}

fn metadata() -> Result<GuestMetadata> {
    GuestMetadata::new(Tags::of(["web"])?).marker("<ours> & 'mine'")
}

/// The test driver gives back what it was given.
#[test]
fn the_test_driver_of_libvirt() {
    if lacks(&["virsh"]) {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("domain.xml");
    for spec in examples::domains(&VirtType::Test) {
        let spec = spec.arch("i686").machine("pc").metadata(metadata().unwrap().element().unwrap());
        let xml = spec.to_xml().unwrap();
        let sent = Domain::parse(&xml).unwrap();
        std::fs::write(&file, &xml).unwrap();
        let script = format!("define {}; dumpxml {} --inactive", file.display(), sent.uuid);
        let output = Command::new("virsh").args(["-c", "test:///default", &script]).output().unwrap();
        let answer = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{}\n{xml}", String::from_utf8_lossy(&output.stderr));
        let got = Domain::parse(&answer[answer.find("<domain").unwrap()..]).unwrap();
        assert_eq!(GuestMetadata::of(&got).unwrap(), Some(metadata().unwrap()));
        assert_eq!(
            (
                &got.name,
                &got.title,
                &got.description,
                got.memory,
                got.current_memory,
                got.vcpus,
                got.max_vcpus
            ),
            (
                &sent.name,
                &sent.title,
                &sent.description,
                sent.memory,
                sent.current_memory,
                sent.vcpus,
                sent.max_vcpus
            )
        );
        assert_eq!((&got.disks, got.agent().is_some()), (&sent.disks, sent.agent().is_some()));
        assert_eq!(
            (&got.os.kernel, &got.os.cmdline, &got.os.loader),
            (&sent.os.kernel, &sent.os.cmdline, &sent.os.loader)
        );
        let nics =
            |domain: &Domain| domain.interfaces.iter().map(|nic| nic.source.clone()).collect::<Vec<_>>();
        assert_eq!(nics(&got), nics(&sent));
    }
}

#[test]
fn the_schema_of_libvirt() {
    if lacks(&["virt-xml-validate", "xmllint"]) {
        return;
    }
    let metadata = metadata().unwrap().element().unwrap();
    let domains = examples::domains(&VirtType::Kvm).map(|domain| domain.metadata(metadata.clone()).to_xml());
    let mut all: Vec<_> = domains.map(|xml| ("domain", xml.unwrap())).collect();
    let permissions = Permissions { mode: Some(0o600), owner: Some(0), group: Some(0) };
    let volume = VolumeXml::new("a <b>", Size::gib(1), Format::Qcow2).permissions(permissions);
    all.push(("storagevol", volume.allocation(Size::default()).backing("/x", Format::Raw).to_xml().unwrap()));
    all.push(("storagepool", PoolXml::dir("a", "/srv/a b").to_xml().unwrap()));
    let network = NetworkXml::nat("a", [10, 0, 0, 1].into(), 24);
    let network = network.dhcp([10, 0, 0, 2].into(), [10, 0, 0, 9].into()).bridge("virbr-a");
    all.push(("network", network.clone().isolated().to_xml().unwrap()));
    all.push(("network", network.to_xml().unwrap()));
    let snapshot = SnapshotXml::new("a").description("b\nc").memory(false).disk("vda").without_disk("sda");
    all.push(("domainsnapshot", snapshot.to_xml().unwrap()));

    let directory = tempfile::tempdir().unwrap();
    for (n, (schema, xml)) in all.iter().enumerate() {
        let file = directory.path().join(format!("{n}.xml"));
        std::fs::write(&file, xml).unwrap();
        let output = Command::new("virt-xml-validate").arg(&file).arg(schema).output().unwrap();
        assert!(output.status.success(), "{schema}: {}\n{xml}", String::from_utf8_lossy(&output.stderr));
    }
}
