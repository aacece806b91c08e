//! What a real daemon answered is read; what lacks something needed is refused with its place.

use proxmox_core::{ErrorKind, Size};

use super::super::*;

const RUNNING: &str = include_str!("../fixtures/domain-running.xml");
const OFF: &str = include_str!("../fixtures/domain-off.xml");

#[test]
fn a_running_domain() {
    let domain = Domain::parse(RUNNING).unwrap();
    assert_eq!(domain.uuid.to_string(), "1ffcaea7-a959-4890-94ae-e070247a8933");
    assert_eq!((domain.id, &*domain.name, domain.title.as_deref()), (Some(6), "vi1", Some("vi-title")));
    assert_eq!(domain.description.as_deref(), Some("desc & more"));
    assert_eq!((domain.memory, domain.current_memory), (Size::mib(192), Size::mib(192)));
    assert_eq!((domain.vcpus, domain.max_vcpus, &domain.virt_type), (1, 1, &VirtType::Qemu));
    assert_eq!((domain.cpu_mode.as_deref(), domain.cpu_model.as_deref()), (Some("custom"), Some("qemu64")));
    assert_eq!(domain.os.machine.as_deref(), Some("pc-i440fx-10.0"));
    assert_eq!(domain.os.cmdline.as_deref(), Some("console=ttyS0"));
    assert_eq!(domain.os.boot, [BootDevice::Disk]);

    let disk = domain.disk("vda").unwrap();
    assert_eq!(disk.source, DiskSource::File("/srv/lab/pool/disk2.qcow2".into()));
    assert_eq!((&disk.bus, &disk.format), (&Some(Bus::Virtio), &Some(Format::Qcow2)));
    let below: Vec<_> = disk.backing.iter().map(|b| (b.source.path().unwrap(), b.format.clone())).collect();
    assert_eq!(below, [("/srv/lab/pool/disk1.qcow2", Some(Format::Qcow2))]);
    let deeper = "<backingStore type='block'><source dev='/dev/base'/><format type='raw'/><backingStore/></backingStore>";
    let deeper = Domain::parse(&RUNNING.replacen("<backingStore/>", deeper, 1)).unwrap();
    let below: Vec<_> =
        deeper.disk("vda").unwrap().backing.iter().map(|b| b.source.path().unwrap()).collect();
    assert_eq!(below, ["/srv/lab/pool/disk1.qcow2", "/dev/base"]);
    let drive = domain.disk("hda").unwrap();
    assert_eq!((&drive.device, drive.read_only, drive.backing.len()), (&DiskDevice::Cdrom, true, 0));
    assert!(domain.disk("vdb").is_none());

    let [nic] = &domain.interfaces[..] else { panic!("{:?}", domain.interfaces) };
    assert_eq!(nic.source, InterfaceSource::Network("lab0".into()));
    assert_eq!(nic.mac.unwrap().to_string(), "52:54:00:09:19:6D");
    assert_eq!((nic.model.as_deref(), nic.target.as_deref()), (Some("virtio"), Some("vnet0")));
    assert_eq!(domain.serials[0].path.as_deref(), Some("/srv/lab/vm/vi1.serial"));
    assert_eq!(domain.consoles[0].target.as_deref(), Some("serial"));
    assert_eq!(domain.agent().unwrap().connected, Some(true));
    assert!(domain.metadata.is_none());
}

#[test]
fn a_domain_that_is_off() {
    let domain = Domain::parse(OFF).unwrap();
    assert_eq!((domain.id, domain.interfaces[0].source.clone()), (None, InterfaceSource::User));
    assert_eq!(domain.agent().unwrap().connected, None);
    assert!(domain.description.is_none() && domain.disks.is_empty());
}

#[test]
fn what_a_domain_needs() {
    for (from, to, place) in [
        ("<name>vi1</name>", "", "domain: it has no <name>"),
        ("<name>vi1</name>", "<name/>", "its <name> is empty"),
        ("<domain type='qemu' id='6'>", "<domain>", "it has no attribute type"),
        ("id='6'", "id='x'", "attribute id: \"x\""),
        ("1ffcaea7-a959", "1ffcaea7-xxxx", "its <uuid>"),
        ("'KiB'>196608</memory>", "'pages'>196608</memory>", "domain/memory: \"196608\" pages"),
        ("<vcpu placement='static'>1<", "<vcpu>many<", "domain/vcpu: \"many\""),
        ("dev='vda' ", "", "domain/devices/disk/target: it has no attribute dev"),
        ("network='lab0' ", "", "domain/devices/interface: its <source> has no attribute network"),
        ("52:54:00:09:19:6d", "52:54", "domain/devices/interface: \"52:54\""),
        ("<domain type='qemu' id='6'>", "<network>", "byte"),
    ] {
        let xml = RUNNING.replacen(from, to, 1);
        assert_ne!(xml, RUNNING, "{from}");
        let error = Domain::parse(&xml).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode);
        assert!(error.to_string().contains(place), "{error}");
    }
}

#[test]
fn sources_of_disks() {
    let of = |source: &str| {
        let disk = format!("<disk type='x'>{source}<target dev='vda'/></disk>");
        let disks = format!("<devices>{disk}</devices></domain>");
        let text =
            OFF.replace("<devices>", "<was>").replace("</devices>", "</was>").replace("</domain>", &disks);
        Domain::parse(&text).unwrap().disks.remove(0).source
    };
    assert_eq!(of(""), DiskSource::Empty);
    assert_eq!(of("<source index='3'/>"), DiskSource::Empty);
    assert_eq!(of("<source file=''/>"), DiskSource::Empty);
    assert_eq!(of("<source dev='/dev/sdb'/>"), DiskSource::Block("/dev/sdb".into()));
    let volume = DiskSource::Volume { pool: "p".into(), volume: "v".into() };
    assert_eq!(of("<source pool='p' volume='v' mode='host'/>"), volume);
    let DiskSource::Other(network) = of("<source protocol='rbd' name='p/i'><host name='a'/></source>") else {
        panic!("not kept")
    };
    assert_eq!(network.child("host").and_then(|host| host.attribute("name")), Some("a"));
}

#[test]
fn a_volume() {
    let volume = Volume::parse(include_str!("../fixtures/volume.xml")).unwrap();
    assert_eq!(
        (&*volume.name, volume.capacity, volume.allocation.bytes()),
        ("disk2.qcow2", Size::mib(64), 200_704)
    );
    assert_eq!(volume.path.as_deref(), Some("/srv/lab/pool/disk2.qcow2"));
    let path = "/srv/lab/pool/disk1.qcow2".to_owned();
    assert_eq!(volume.backing, Some(BackingVolume { path, format: Some(Format::Qcow2) }));
    assert_eq!(volume.permissions, Some(Permissions { mode: Some(0o600), owner: Some(0), group: Some(0) }));
    let error = Volume::parse("<volume><name>x</name></volume>").unwrap_err();
    assert!(error.to_string().contains("volume: it has no <capacity>"), "{error}");
}

#[test]
fn a_pool() {
    let pool = Pool::parse(include_str!("../fixtures/pool.xml")).unwrap();
    assert_eq!((&*pool.kind, &*pool.name, pool.path.as_deref()), ("dir", "lab", Some("/srv/lab/pool")));
    assert_eq!(pool.capacity.bytes(), 270_553_174_016);
    assert_eq!((pool.allocation.bytes(), pool.available.bytes()), (16_006_758_400, 254_546_415_616));
    assert!(Pool::parse("<pool type='dir'><name>x</name></pool>").is_err());
}

#[test]
fn a_network() {
    let network = Network::parse(include_str!("../fixtures/network.xml")).unwrap();
    assert_eq!((network.bridge.as_deref(), network.forward.as_deref()), (Some("virbrlab0"), None));
    let [ip] = &network.addresses[..] else { panic!("{:?}", network.addresses) };
    assert_eq!((ip.address.to_string().as_str(), ip.prefix), ("10.77.0.1", Some(24)));
    let range = ["10.77.0.10", "10.77.0.99"].map(|text| text.parse().unwrap());
    assert_eq!(ip.ranges, [range.into()]);
    for bad in ["netmask='255.0.255.0'", "netmask='x'", "prefix='x'"] {
        let bad = include_str!("../fixtures/network.xml").replace("netmask='255.255.255.0'", bad);
        assert!(Network::parse(&bad).unwrap_err().to_string().contains("network/ip"), "{bad}");
    }
}

#[test]
fn a_snapshot() {
    let snapshot = Snapshot::parse(include_str!("../fixtures/snapshot.xml")).unwrap();
    assert_eq!((&*snapshot.name, &*snapshot.state, snapshot.created), ("s1", "running", Some(1_795_210_546)));
    assert!(snapshot.parent.is_none() && snapshot.has_memory());
    let disks: Vec<_> = snapshot.disks.iter().map(|d| (&*d.target, d.mode.as_deref().unwrap())).collect();
    assert_eq!(disks, [("vda", "internal"), ("hda", "no")]);
    assert_eq!(snapshot.domain.unwrap().disks.len(), 2);
    let child = "<domainsnapshot><name>b</name><parent><name>a</name></parent><state>shutoff</state>\
                 <domain><uuid>x</uuid></domain></domainsnapshot>";
    let child = Snapshot::parse(child).unwrap();
    assert_eq!((child.parent.as_deref(), child.has_memory(), child.domain), (Some("a"), false, None));
}

#[test]
fn capabilities() {
    let host = Capabilities::parse(include_str!("../fixtures/capabilities.xml")).unwrap();
    assert_eq!((&*host.arch, host.cpu_model.as_deref()), ("x86_64", Some("kvm64")));
    assert_eq!(host.memory.map(Size::bytes), Some(5_466_324 << 10));
    let guest = host.guest("x86_64").unwrap();
    assert_eq!(guest.types, [VirtType::Qemu, VirtType::Kvm]);
    assert_eq!(guest.machine("q35").unwrap().canonical.as_deref(), Some("pc-q35-10.0"));
    assert!(guest.machine("pc-q35-5.2").unwrap().deprecated && guest.machine("virt").is_none());
    assert!(host.guest("aarch64").is_none());

    let domain = DomainCapabilities::parse(include_str!("../fixtures/domain-capabilities.xml")).unwrap();
    assert_eq!((domain.virt_type, domain.max_vcpus), (VirtType::Kvm, Some(255)));
    assert_eq!(
        (domain.firmwares, domain.loaders),
        (vec!["efi".into()], vec!["/usr/share/OVMF/OVMF_CODE_4M.fd".to_owned()])
    );
    assert_eq!(domain.cpu_modes, ["host-passthrough", "maximum", "host-model", "custom"]);
    assert_eq!(domain.cpu_models, ["pentium3", "pentium2"]);
    assert_eq!(domain.disk_buses, ["ide", "fdc", "scsi", "virtio", "usb", "sata"]);
    assert_eq!(domain.disk_devices, ["disk", "cdrom", "floppy", "lun"]);
}
