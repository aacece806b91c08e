//! What is written is what is read.

use proptest::option;
use proptest::prelude::*;
use proxmox_core::Size;
use proxmox_core::config::MacAddr;
use uuid::Uuid;

use super::super::*;

/// What libvirt takes as a name, with all that means something to XML or a shell.
fn name() -> impl Strategy<Value = String> {
    "[a-zA-Z<>&'\"$`;☃é][a-zA-Z0-9<>&'\" $`;☃é._-]{0,20}"
        .prop_filter("a UUID", |s| Uuid::try_parse(s).is_err())
}

fn path() -> impl Strategy<Value = String> {
    "/[a-zA-Z0-9<>&'\"☃._-][a-zA-Z0-9<>&'\" /☃._-]{0,19}"
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z<>&'\"\\]\n\t☃😀\u{85} !\\[-]{0,40}", "\\PC{0,20}"]
}

fn title() -> impl Strategy<Value = String> {
    "[a-z<>&'\"\\]☃😀 !\\[-]{0,40}"
}

fn source() -> impl Strategy<Value = DiskSource> {
    prop_oneof![
        (name(), name()).prop_map(|(pool, volume)| DiskSource::Volume { pool, volume }),
        path().prop_map(DiskSource::File),
        path().prop_map(DiskSource::Block),
    ]
}

fn nic() -> impl Strategy<Value = (InterfaceSource, Option<MacAddr>)> {
    let source = prop_oneof![
        name().prop_map(InterfaceSource::Network),
        "[a-z0-9._-]{1,15}"
            .prop_filter("a path", |s| s != "." && s != "..")
            .prop_map(InterfaceSource::Bridge),
        Just(InterfaceSource::User),
    ];
    let mac = "[0-9a-f][02468ace](:[0-9a-f]{2}){5}".prop_map(|text| MacAddr::parse(&text).unwrap());
    (source, option::of(mac))
}

fn disk() -> impl Strategy<Value = (DiskSource, Bus, Format, bool, bool)> {
    let bus = proptest::sample::select(vec![Bus::Virtio, Bus::Sata, Bus::Scsi, Bus::Usb]);
    let format = prop_oneof![Just(Format::Raw), Just(Format::Qcow2)];
    // There are no drives on the paravirtual bus.
    (source(), bus, format, any::<bool>(), any::<bool>()).prop_map(|(source, bus, format, discard, cdrom)| {
        let cdrom = cdrom && bus != Bus::Virtio;
        (source, bus, format, discard, cdrom)
    })
}

proptest! {
    #[test]
    fn domains(
        (name, uuid, title, description) in (name(), any::<u128>(), title(), text()),
        (kib, more, vcpus, more_vcpus) in (1024_u64..1 << 40, 0_u64..1 << 40, 1_u32..128, 0_u32..128),
        kernel in option::of((path(), path(), "[a-z=,\"<&>]([a-z=, \"<&>☃]{0,20}[a-z])?")),
        efi in option::of((path(), path())),
        disks in proptest::collection::vec(disk(), 0..30),
        nics in proptest::collection::vec(nic(), 0..4),
        log in option::of(path()),
        agent: bool,
    ) {
        let size = |kib: u64| Size::from_bytes(kib << 10);
        let mut spec = DomainXml::new(&name, size(kib), vcpus).uuid(Uuid::from_u128(uuid)).title(&title)
            .description(&description).max_memory(size(kib + more)).max_vcpus(vcpus + more_vcpus);
        if let Some((kernel, initrd, cmdline)) = &kernel {
            spec = spec.kernel(KernelXml::new(kernel).initrd(initrd).cmdline(cmdline));
        }
        if let Some((loader, template)) = &efi {
            let (loader, nvram_template) = (loader.clone(), template.clone());
            spec = spec.firmware(FirmwareXml::EfiFiles { loader, nvram_template });
        }
        for (source, bus, format, discard, cdrom) in &disks {
            let disk = DiskXml::new(source.clone()).bus(bus.clone()).format(format.clone());
            let disk = if *discard { disk.discard() } else { disk };
            spec = spec.disk(if *cdrom { disk.cdrom() } else { disk });
        }
        for (source, mac) in &nics {
            let nic = NicXml::new(source.clone());
            spec = spec.nic(mac.map_or(nic.clone(), |mac| nic.mac(mac)));
        }
        if let Some(log) = &log {
            spec = spec.console(ConsoleXml::Logged(log.clone()));
        }
        let spec = if agent { spec } else { spec.without_agent() };
        let domain = Domain::parse(&spec.to_xml().unwrap()).unwrap();

        let some = |text: String| Some(text).filter(|text| !text.is_empty());
        prop_assert_eq!((domain.name, domain.uuid), (name, Uuid::from_u128(uuid)));
        prop_assert_eq!((domain.title, domain.description), (some(title), some(description)));
        prop_assert_eq!((domain.memory, domain.current_memory), (size(kib + more), size(kib)));
        prop_assert_eq!((domain.vcpus, domain.max_vcpus), (vcpus, vcpus + more_vcpus));
        prop_assert_eq!(domain.channels.len(), usize::from(agent));
        prop_assert_eq!(&domain.serials[0].log, &log);
        let found = domain.os.kernel.zip(domain.os.initrd).zip(domain.os.cmdline).map(|((a, b), c)| (a, b, c));
        prop_assert_eq!(found, kernel);
        prop_assert_eq!(domain.os.loader.zip(domain.os.nvram_template), efi);
        let found: Vec<_> = domain.disks.iter().map(|d| (
            d.source.clone(), d.bus.clone().unwrap(), d.format.clone().unwrap(), d.discard.is_some(),
            d.device == DiskDevice::Cdrom && d.read_only,
        )).collect();
        prop_assert_eq!(found, disks);
        let targets: std::collections::BTreeSet<_> = domain.disks.iter().map(|d| &d.target).collect();
        prop_assert_eq!(targets.len(), domain.disks.len());
        let found: Vec<_> = domain.interfaces.into_iter().map(|nic| (nic.source, nic.mac)).collect();
        prop_assert_eq!(found, nics);
    }

    #[test]
    fn volumes(name in name(), bytes: u64, backing in option::of(path()), mode in option::of(0_u32..0o1000)) {
        let mut spec = VolumeXml::new(&name, Size::from_bytes(bytes), Format::Qcow2).allocation(Size::default());
        if let Some(path) = &backing {
            spec = spec.backing(path, Format::Raw);
        }
        let permissions = mode.map(|mode| Permissions { mode: Some(mode), owner: Some(7), group: None });
        if let Some(permissions) = permissions {
            spec = spec.permissions(permissions);
        }
        let volume = Volume::parse(&spec.to_xml().unwrap()).unwrap();
        prop_assert_eq!((volume.name, volume.capacity.bytes(), volume.allocation), (name, bytes, Size::default()));
        let format = Some(Format::Raw);
        prop_assert_eq!(volume.backing, backing.map(|path| BackingVolume { path, format }));
        prop_assert_eq!((volume.format, volume.permissions), (Some(Format::Qcow2), permissions));
    }

    #[test]
    fn snapshots(name in name(), description in text(), memory: bool) {
        let xml = SnapshotXml::new(&name).description(&description).memory(memory).disk("vda").without_disk("sda");
        let xml = xml.to_xml().unwrap().replace("<memory", "<state>running</state><memory");
        let snapshot = Snapshot::parse(&xml).unwrap();
        prop_assert_eq!((snapshot.has_memory(), snapshot.disks.len()), (memory, 2));
        prop_assert_eq!((snapshot.name, snapshot.description.unwrap_or_default()), (name, description));
    }

    /// Whatever is given: it is written so that it reads back, or refused with its field.
    #[test]
    fn any_text(text: String) {
        let specs = [
            ("name", DomainXml::new(&text, Size::mib(64), 1)),
            ("title", DomainXml::new("x", Size::mib(64), 1).title(&text)),
            ("description", DomainXml::new("x", Size::mib(64), 1).description(&text)),
        ];
        for (field, spec) in specs {
            match spec.uuid(Uuid::nil()).to_xml() {
                Ok(xml) => {
                    let domain = Domain::parse(&xml).unwrap();
                    let found = match field {
                        "name" => Some(domain.name),
                        "title" => domain.title,
                        _ => domain.description,
                    };
                    prop_assert_eq!(found.unwrap_or_default(), &text[..]);
                }
                Err(error) => prop_assert!(error.errors().contains_key(field), "{}", error),
            }
        }
    }
}

#[test]
fn every_example() {
    let mut names = std::collections::BTreeSet::new();
    for example in examples::domains(&VirtType::Qemu) {
        let xml = example.uuid(Uuid::nil()).to_xml().unwrap();
        assert!(names.insert(Domain::parse(&xml).unwrap().name), "{xml}");
    }
    assert!(names.len() >= 10);
}

#[test]
fn what_is_refused() {
    let domain = || DomainXml::new("x", Size::mib(64), 1);
    let space = Element::new("a").with_attribute("xmlns", "u");
    for (field, spec) in [
        ("name", DomainXml::new("15", Size::mib(64), 1)),
        ("title", domain().title("a\nb")),
        ("memory", DomainXml::new("x", Size::from_bytes(1), 1)),
        ("memory", DomainXml::new("x", Size::from_bytes(1 << 30 | 512), 1)),
        ("max_memory", domain().max_memory(Size::mib(63))),
        ("vcpus", DomainXml::new("x", Size::mib(64), 0)),
        ("vcpus", domain().max_vcpus(0)),
        ("boot", domain().boot([BootDevice::Disk, BootDevice::Disk])),
        ("boot", domain().boot([BootDevice::Other("tape".into())])),
        ("vcpus", domain().max_vcpus(256)),
        ("max_memory", domain().max_memory(Size::from_bytes(1 << 63))),
        ("disk.bus", domain().disk(DiskXml::file("/a").bus(Bus::Ide))),
        ("disk.bus", domain().disk(DiskXml::file("/a").bus(Bus::Other("fdc".into())))),
        ("disk.bus", domain().disk(DiskXml::file("/a").cdrom().bus(Bus::Virtio))),
        ("disk.target", domain().disk(DiskXml::file("/a").target("sda"))),
        ("disk.target", domain().disk(DiskXml::file("/a").target("vda1"))),
        ("disk.target", domain().machine("pc").disk(DiskXml::file("/a").bus(Bus::Ide).target("hde"))),
        ("disk.format", domain().disk(DiskXml::file("/a").format(Format::Other("iso".into())))),
        ("nic.model", domain().nic(NicXml::network("a").model("e1000.1"))),
        ("metadata", domain().metadata(Element::new("p:a").with_attribute("xmlns:p", "a b"))),
        ("machine", domain().machine("a b")),
        ("cpu", domain().cpu(CpuXml::Named("<x>".into()))),
        ("emulator", domain().emulator("qemu")),
        ("metadata", domain().metadata(Element::new("a"))),
        ("metadata", domain().metadata(Element::new("p:a").with_attribute("xmlns:q", "u"))),
        ("metadata", domain().metadata(space.clone()).metadata(space.clone())),
        ("kernel", domain().kernel(KernelXml::new("vmlinuz"))),
        ("cmdline", domain().kernel(KernelXml::new("/k").cmdline("a\nb"))),
        ("console", domain().console(ConsoleXml::Logged("x".into()))),
        (
            "disk.target",
            domain().disk(DiskXml::file("/a").target("vda")).disk(DiskXml::file("/b").target("vda")),
        ),
    ] {
        let error = spec.to_xml().unwrap_err();
        assert!(error.errors().contains_key(field), "{field}: {error}");
    }
    let volume = |format| VolumeXml::new("x", Size::mib(1), format);
    assert!(volume(Format::Raw).backing("/x", Format::Raw).to_xml().is_err());
    assert!(volume(Format::Raw).allocation(Size::mib(2)).to_xml().is_err());
    assert!(VolumeXml::new("a/b", Size::mib(1), Format::Raw).to_xml().is_err());
    assert!(PoolXml::dir("x", "relative").to_xml().is_err() && PoolXml::dir("a/b", "/x").to_xml().is_err());
    assert!(SnapshotXml::new(".x").to_xml().is_err());
    assert!(SnapshotXml::new("x").disk("vda").without_disk("vda").to_xml().is_err());
    let net = |prefix| NetworkXml::nat("x", [10, 0, 0, 1].into(), prefix);
    assert!(net(24).dhcp([10, 0, 0, 2].into(), [10, 0, 0, 9].into()).bridge("b").to_xml().is_ok());
    for (first, last) in [
        ([10, 0, 0, 9], [10, 0, 0, 2]),
        ([10, 0, 1, 2], [10, 0, 1, 3]),
        ([10, 0, 0, 1], [10, 0, 0, 2]),
        ([10, 0, 0, 0], [10, 0, 0, 0]),
        ([10, 0, 0, 2], [10, 0, 0, 255]),
    ] {
        assert!(net(24).dhcp(first.into(), last.into()).to_xml().is_err());
    }
    assert!(net(8).dhcp([10, 1, 0, 0].into(), [10, 2, 0, 0].into()).to_xml().is_err());
    assert!(
        net(0).to_xml().is_err()
            && net(31).to_xml().is_err()
            && net(24).bridge("sixteen-letters-").to_xml().is_err()
    );
}
