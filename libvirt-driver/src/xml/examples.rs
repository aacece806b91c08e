//! Documents of all shapes, for tests against the daemon's own reader.

use proxmox_core::Size;
use proxmox_core::config::MacAddr;
use uuid::Uuid;

use super::{
    BootDevice, Bus, ConsoleXml, CpuXml, DiskSource, DiskXml, DomainXml, FirmwareXml, Format, KernelXml,
    NicXml, VirtType,
};

/// A text with everything that has a meaning in XML, and much that only looks as if it had.
pub const NASTY: &str = "<&>\"' ]]> &amp; <!-- --> <![CDATA[ ünï ☃ 😀 \u{85}x";

/// Domains that the daemon must take, each with another part of what [`DomainXml`] can say. They share no name and no UUID. Files that
/// they name need not exist to define them.
pub fn domains(virt_type: &VirtType) -> impl Iterator<Item = DomainXml> {
    let virt_type = virt_type.clone();
    let x86 = |n: u128| {
        let domain = DomainXml::new(&format!("sdk-example-{n}"), Size::mib(192), 1);
        domain.uuid(Uuid::from_u128((n + 1) << 64 | 0x8000_0000_0000_4000)).virt_type(virt_type.clone())
    };
    let image = || DiskXml::file("/srv/image.qcow2").format(Format::Qcow2);
    let mac = MacAddr::parse("52:54:00:12:34:56").ok();
    let nic = NicXml::network("default");
    [
        x86(0),
        x86(1)
            .title("a <title> & \"more\" ☃")
            .description(&format!("{NASTY}\nline 2\n\n\tline 4\n"))
            .disk(image().discard().serial("serial-1"))
            .disk(DiskXml::volume("a <pool>", "a 'volume' & \"more\"").cdrom())
            .nic(mac.map_or(nic.clone(), |mac| nic.clone().mac(mac)))
            .nic(NicXml::bridge("br0").model("e1000e")),
        x86(2)
            .machine("pc")
            .disk(DiskXml::file("/srv/seed.iso").cdrom())
            .boot([BootDevice::Cdrom, BootDevice::Disk]),
        x86(3).kernel(
            KernelXml::new("/srv/vm <&> linuz")
                .initrd("/srv/initrd.gz")
                .cmdline("console=ttyS0 a=\"b c\" <&>"),
        ),
        x86(4).firmware(FirmwareXml::EfiFiles {
            loader: "/usr/share/OVMF/OVMF_CODE_4M.fd".to_owned(),
            nvram_template: "/usr/share/OVMF/OVMF_VARS_4M.fd".to_owned(),
        }),
        x86(5).cpu(CpuXml::Named("qemu64".to_owned())).max_vcpus(4).max_memory(Size::mib(512)),
        x86(6)
            .console(ConsoleXml::File("/srv/console.log".to_owned()))
            .without_agent()
            .without_rng()
            .boot([]),
        x86(7).console(ConsoleXml::Logged("/srv/console.log".to_owned())).cpu(CpuXml::Maximum),
        x86(8)
            .disk(image().bus(Bus::Scsi).read_only())
            .disk(image().bus(Bus::Sata))
            .disk(image().target("vdz"))
            .disk(DiskXml::new(DiskSource::Block("/dev/example".to_owned())).bus(Bus::Usb))
            .disk(DiskXml::new(DiskSource::Empty).cdrom())
            .nic(NicXml::new(super::InterfaceSource::User)),
        x86(9).console(ConsoleXml::None).cpu(CpuXml::HostModel),
    ]
    .into_iter()
}
