//! Domains of all shapes that a [`DomainXml`] can describe.
//!
//! Only what names something of the host is drawn from what a host has: architecture, machine, processor, program. What the host lacks no
//! check here can know.

use libvirt_driver::metadata::GuestMetadata;
use libvirt_driver::xml::InterfaceSource;
use libvirt_driver::xml::{
    BootDevice, Bus, ConsoleXml, CpuXml, DiskSource, DiskXml, DomainXml, Element, FirmwareXml, Format,
    KernelXml, NicXml, VirtType,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use proxmox_core::Size;
use proxmox_core::config::{MacAddr, Tags};
use uuid::Uuid;

use super::words::{mostly, name, path, text, wild, word};

fn source() -> impl Strategy<Value = DiskSource> {
    prop_oneof![
        30 => (name(), name()).prop_map(|(pool, volume)| DiskSource::Volume { pool, volume }),
        30 => path().prop_map(DiskSource::File),
        30 => path().prop_map(DiskSource::Block),
        1 => Just(DiskSource::Empty),
        1 => "[a-z]{0,3}".prop_map(|text| DiskSource::Other(Element::new("source").with_attribute("x", text))),
    ]
}

fn bus() -> impl Strategy<Value = Bus> {
    prop_oneof![
        40 => select(vec![Bus::Virtio, Bus::Sata, Bus::Scsi, Bus::Usb]),
        2 => Just(Bus::Ide),
        1 => word(&["fdc", "xen", "sd", "uml", "nvme"]).prop_map(|word| Bus::from(word.as_str())),
    ]
}

fn format() -> impl Strategy<Value = Format> {
    word(&["raw", "qcow2", "qcow", "qed", "vmdk", "vdi", "vpc", "vhd", "bochs", "cloop", "dmg"])
        .prop_map(|word| Format::from(word.as_str()))
}

prop_compose! {
    fn disk()(
        source in source().boxed(),
        bus in option::of(bus()).boxed(),
        format in format().boxed(),
        (drive, discard, read_only) in (prop::bool::weighted(0.3), any::<bool>(), prop::bool::weighted(0.3)),
        target in option::weighted(0.1, mostly("(vd|vd|vd|sd|hd|xvd|fd)[a-z]{1,2}")),
        serial in option::weighted(0.3, mostly("[a-zA-Z0-9_.+-]{1,25}")),
    ) -> DiskXml {
        let mut disk = DiskXml::new(source).format(format);
        for (wanted, change) in [
            (drive, DiskXml::cdrom as fn(DiskXml) -> DiskXml),
            (discard, DiskXml::discard),
            (read_only, DiskXml::read_only),
        ] {
            disk = if wanted { change(disk) } else { disk };
        }
        disk = bus.into_iter().fold(disk, DiskXml::bus);
        disk = target.iter().fold(disk, |disk, target| disk.target(target));
        serial.iter().fold(disk, |disk, serial| disk.serial(serial))
    }
}

prop_compose! {
    fn nic()(
        source in prop_oneof![
            40 => name().prop_map(InterfaceSource::Network),
            40 => mostly("[a-z0-9._-]{1,15}").prop_map(InterfaceSource::Bridge),
            40 => Just(InterfaceSource::User),
            1 => "[a-z]{1,9}".prop_map(InterfaceSource::Other),
        ],
        mac in option::of("[0-9a-fA-F][02468aceACE](:[0-9a-fA-F]{2}){5}"),
        odd in prop::bool::weighted(0.005),
        model in option::of(word(&["virtio", "e1000", "e1000e", "rtl8139"])),
    ) -> NicXml {
        let mac = if odd { Some("01:00:5e:00:00:01".to_owned()) } else { mac };
        let nic = mac.iter().fold(NicXml::new(source), |nic, mac| nic.mac(MacAddr::parse(mac).unwrap()));
        model.iter().fold(nic, |nic, model| nic.model(model))
    }
}

/// An element of somebody's own, in a namespace.
fn element() -> impl Strategy<Value = Element> {
    let leaf = (mostly("[a-z_][a-z0-9_.-]{0,6}"), option::of((mostly("[a-z]{1,5}"), wild())), text())
        .prop_map(|(name, attribute, text)| {
            attribute
                .iter()
                .fold(Element::new(name), |element, (key, value)| element.with_attribute(key, value))
                .with_text(text)
        });
    (mostly("[a-z]{1,5}"), prop_oneof![9 => "http://[a-z]{1,8}/[a-z0-9#]{0,4}", 1 => wild()], vec(leaf, 0..4))
        .prop_map(|(prefix, space, children)| {
            // Its children are in no namespace.
            Element::new(format!("{prefix}:x"))
                .with_attribute(&format!("xmlns:{prefix}"), space)
                .with_all(children)
        })
}

fn own() -> impl Strategy<Value = Option<Element>> {
    (vec("[a-z0-9][a-z0-9_.-]{0,8}", 0..4), option::of(name()), vec((name(), name()), 0..3)).prop_map(
        |(tags, marker, volumes)| {
            let metadata = GuestMetadata::new(Tags::of(tags).ok()?);
            let metadata = match marker {
                Some(marker) => metadata.marker(&marker).ok()?,
                None => metadata,
            };
            volumes
                .iter()
                .fold(metadata, |metadata, (pool, name)| metadata.volume(pool, name, "u"))
                .element()
                .ok()
        },
    )
}

/// Amounts of memory in KiB: now, and what there may be.
fn memory() -> impl Strategy<Value = (Size, Option<Size>)> {
    let kib = |kib: u64| Size::from_bytes(kib.saturating_mul(1024));
    prop_oneof![
        30 => (1024_u64..1 << 24, option::of(0_u64..1 << 24))
            .prop_map(move |(now, more)| (kib(now), more.map(|more| kib(now + more)))),
        1 => (0_u64..1 << 54, option::of(0_u64..1 << 54)).prop_map(move |(now, most)| (kib(now), most.map(kib))),
        1 => any::<u64>().prop_map(|bytes| (Size::from_bytes(bytes), None)),
    ]
}

fn vcpus() -> impl Strategy<Value = (u32, Option<u32>)> {
    prop_oneof![
        30 => (1_u32..9, option::of(0_u32..9)).prop_map(|(now, more)| (now, more.map(|more| now + more))),
        1 => (0_u32..300, option::of(0_u32..300)),
    ]
}

fn firmware() -> impl Strategy<Value = FirmwareXml> {
    let files = (path(), path())
        .prop_map(|(loader, nvram_template)| FirmwareXml::EfiFiles { loader, nvram_template });
    prop_oneof![3 => Just(FirmwareXml::Bios), 1 => files]
}

fn kernel() -> impl Strategy<Value = KernelXml> {
    (path(), option::of(path()), option::of(mostly("[a-z=, \"<&>☃]{0,40}"))).prop_map(
        |(kernel, initrd, words)| {
            let kernel = initrd.iter().fold(KernelXml::new(&kernel), |kernel, path| kernel.initrd(path));
            words.iter().fold(kernel, |kernel, words| kernel.cmdline(words))
        },
    )
}

fn console() -> impl Strategy<Value = ConsoleXml> {
    prop_oneof![
        2 => Just(ConsoleXml::Pty),
        1 => Just(ConsoleXml::None),
        1 => path().prop_map(ConsoleXml::File),
        1 => path().prop_map(ConsoleXml::Logged),
    ]
}

fn boot() -> impl Strategy<Value = Vec<BootDevice>> {
    vec(word(&["hd", "hd", "cdrom", "network", "fd"]).prop_map(|word| BootDevice::from(word.as_str())), 0..3)
}

/// A domain, and what people have written on it.
#[derive(Debug, Clone)]
pub(crate) struct Machine {
    pub(crate) name: String,
    pub(crate) uuid: Option<Uuid>,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) spec: DomainXml,
}

prop_compose! {
    /// Anything that can be said of a domain, be it accepted or not.
    pub(crate) fn machine()(
        (name, title, description) in (name(), prop_oneof![1 => Just(String::new()), 4 => name()], text()),
        ((memory, max_memory), (vcpus, max_vcpus)) in (memory().boxed(), vcpus().boxed()),
        uuid in option::of(any::<u128>().prop_map(Uuid::from_u128)),
        (own, elements) in (own().boxed(), vec(element().boxed(), 0..3).boxed()),
        (machine, arch) in (
            option::of(select(vec!["q35", "pc", "pc-q35-7.2", "pc-i440fx-7.2"])),
            select(vec!["x86_64", "x86_64", "x86_64", "i686"]),
        ),
        cpu in option::of(prop_oneof![
            Just(CpuXml::Maximum),
            select(vec!["qemu64", "Nehalem", "EPYC"]).prop_map(|model| CpuXml::Named(model.to_owned())),
        ]),
        (firmware, kernel) in (firmware().boxed(), option::weighted(0.3, kernel()).boxed()),
        boot in option::of(boot()).boxed(),
        (console, agent, rng) in (console().boxed(), any::<bool>(), any::<bool>()),
        disks in vec(disk().boxed(), 0..5).boxed(),
        nics in vec(nic().boxed(), 0..4).boxed(),
    ) -> Machine {
        let spec = DomainXml::new(&name, memory, vcpus).title(&title).description(&description);
        let spec = spec.virt_type(VirtType::Qemu).arch(arch).firmware(firmware).console(console);
        let spec = max_memory.into_iter().fold(spec, DomainXml::max_memory);
        let spec = max_vcpus.into_iter().fold(spec, DomainXml::max_vcpus);
        let spec = uuid.into_iter().fold(spec, DomainXml::uuid);
        let spec = own.into_iter().chain(elements).fold(spec, DomainXml::metadata);
        let spec = machine.iter().fold(spec, |spec, machine| spec.machine(machine));
        let spec = cpu.into_iter().fold(spec, DomainXml::cpu);
        let spec = kernel.into_iter().fold(spec, DomainXml::kernel);
        let spec = boot.into_iter().fold(spec, DomainXml::boot);
        let spec = if agent { spec } else { spec.without_agent() };
        let spec = if rng { spec } else { spec.without_rng() };
        let spec = disks.into_iter().fold(spec, DomainXml::disk);
        Machine { name, uuid, title, description, spec: nics.into_iter().fold(spec, DomainXml::nic) }
    }
}
