use proxmox_core::{Result, Size};
use uuid::Uuid;

use super::super::kinds::{BootDevice, Bus, DiskDevice, VirtType};
use super::super::{Element, check, units};
use super::disk::targets;
use super::{
    AGENT_CHANNEL, ConsoleXml, CpuXml, DiskSource, DiskXml, FirmwareXml, InterfaceSource, KernelXml, NicXml,
};

/// A domain that is to be.
///
/// What is not chosen is what a server wants: a q35 machine run by KVM with the host's processor, a console that the daemon hands out,
/// a channel for the guest agent, a source of randomness, and no display.
///
/// ```
/// use libvirt_driver::xml::{Domain, DomainXml, DiskXml, Format, NicXml};
/// use proxmox_core::Size;
/// let xml = DomainXml::new("web1", Size::mib(2048), 2)
///     .title("the <first> web server")
///     .disk(DiskXml::volume("default", "web1.qcow2").format(Format::Qcow2).discard())
///     .disk(DiskXml::volume("default", "web1-seed.iso").cdrom())
///     .nic(NicXml::network("default"))
///     .to_xml()?;
/// assert!(xml.contains("<title>the &lt;first&gt; web server</title>"));
/// # Ok::<(), proxmox_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DomainXml {
    name: String,
    uuid: Option<Uuid>,
    title: String,
    description: String,
    metadata: Vec<Element>,
    memory: Size,
    max_memory: Option<Size>,
    vcpus: u32,
    max_vcpus: Option<u32>,
    virt_type: VirtType,
    arch: String,
    machine: Option<String>,
    emulator: Option<String>,
    cpu: Option<CpuXml>,
    firmware: FirmwareXml,
    kernel: Option<KernelXml>,
    boot: Vec<BootDevice>,
    disks: Vec<DiskXml>,
    nics: Vec<NicXml>,
    console: ConsoleXml,
    agent: bool,
    rng: bool,
}

impl DomainXml {
    /// A domain with this name, memory and number of processors. What is wrong with them, [`to_xml`](Self::to_xml) says.
    #[must_use]
    pub fn new(name: &str, memory: Size, vcpus: u32) -> Self {
        Self {
            name: name.to_owned(),
            uuid: None,
            title: String::new(),
            description: String::new(),
            metadata: Vec::new(),
            memory,
            max_memory: None,
            vcpus,
            max_vcpus: None,
            virt_type: VirtType::Kvm,
            arch: "x86_64".to_owned(),
            machine: None,
            emulator: None,
            cpu: None,
            firmware: FirmwareXml::Bios,
            kernel: None,
            boot: vec![BootDevice::Disk],
            disks: Vec::new(),
            nics: Vec::new(),
            console: ConsoleXml::Pty,
            agent: true,
            rng: true,
        }
    }

    /// With this UUID. A domain of the same name and UUID is changed by defining it; one of the same name and another UUID is not.
    #[must_use]
    pub fn uuid(mut self, uuid: Uuid) -> Self {
        self.uuid = Some(uuid);
        self
    }

    /// With this line for people.
    #[must_use]
    pub fn title(mut self, title: &str) -> Self {
        title.clone_into(&mut self.title);
        self
    }

    /// With this text for people.
    #[must_use]
    pub fn description(mut self, description: &str) -> Self {
        description.clone_into(&mut self.description);
        self
    }

    /// With this element in its metadata. It must have a namespace of its own, and there is one element per namespace.
    #[must_use]
    pub fn metadata(mut self, element: Element) -> Self {
        self.metadata.push(element);
        self
    }

    /// With room to grow to this much memory while it runs.
    #[must_use]
    pub fn max_memory(mut self, memory: Size) -> Self {
        self.max_memory = Some(memory);
        self
    }

    /// With room to grow to this many processors while it runs.
    #[must_use]
    pub fn max_vcpus(mut self, vcpus: u32) -> Self {
        self.max_vcpus = Some(vcpus);
        self
    }

    /// Run by this.
    #[must_use]
    pub fn virt_type(mut self, virt_type: VirtType) -> Self {
        self.virt_type = virt_type;
        self
    }

    /// Of this architecture.
    #[must_use]
    pub fn arch(mut self, arch: &str) -> Self {
        arch.clone_into(&mut self.arch);
        self
    }

    /// Of this machine, such as `pc` or `pc-q35-10.0`.
    #[must_use]
    pub fn machine(mut self, machine: &str) -> Self {
        self.machine = Some(machine.to_owned());
        self
    }

    /// Run by this program of the host instead of the daemon's choice.
    #[must_use]
    pub fn emulator(mut self, path: &str) -> Self {
        self.emulator = Some(path.to_owned());
        self
    }

    /// With this processor.
    #[must_use]
    pub fn cpu(mut self, cpu: CpuXml) -> Self {
        self.cpu = Some(cpu);
        self
    }

    /// Started by this firmware.
    #[must_use]
    pub fn firmware(mut self, firmware: FirmwareXml) -> Self {
        self.firmware = firmware;
        self
    }

    /// Started with this kernel.
    #[must_use]
    pub fn kernel(mut self, kernel: KernelXml) -> Self {
        self.kernel = Some(kernel);
        self
    }

    /// Booted from these, in this order, instead of the first disk. Without any the daemon chooses: the first disk.
    #[must_use]
    pub fn boot(mut self, order: impl IntoIterator<Item = BootDevice>) -> Self {
        self.boot = order.into_iter().collect();
        self
    }

    /// With this disk or drive as well.
    #[must_use]
    pub fn disk(mut self, disk: DiskXml) -> Self {
        self.disks.push(disk);
        self
    }

    /// With this network card as well.
    #[must_use]
    pub fn nic(mut self, nic: NicXml) -> Self {
        self.nics.push(nic);
        self
    }

    /// With its first serial port ending there.
    #[must_use]
    pub fn console(mut self, console: ConsoleXml) -> Self {
        self.console = console;
        self
    }

    /// Without a channel for the guest agent.
    #[must_use]
    pub fn without_agent(mut self) -> Self {
        self.agent = false;
        self
    }

    /// Without a source of randomness.
    #[must_use]
    pub fn without_rng(mut self) -> Self {
        self.rng = false;
        self
    }

    /// Its name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// What its cards are plugged into.
    pub(crate) fn nic_sources(&self) -> impl Iterator<Item = &InterfaceSource> {
        self.nics.iter().map(NicXml::source)
    }

    /// Where the content of the disks is that it may write to.
    pub(crate) fn disk_sources(&self) -> impl Iterator<Item = &DiskSource> {
        self.disks.iter().filter(|disk| disk.is_written()).map(DiskXml::source)
    }

    /// With a disk before all others, so that it boots from it.
    pub(crate) fn first_disk(mut self, disk: DiskXml) -> Self {
        self.disks.insert(0, disk);
        self
    }

    /// The document for `virDomainDefineXML`.
    ///
    /// # Errors
    /// `InvalidInput` with the name of what libvirt would refuse or silently change: names it cannot store, a title of several lines,
    /// characters that XML cannot carry, relative paths, too little memory, no processor, the same target or boot device twice.
    pub fn to_xml(&self) -> Result<String> {
        self.element()?.to_xml()
    }

    /// The same as a tree.
    ///
    /// # Errors
    /// As [`to_xml`](Self::to_xml).
    pub fn element(&self) -> Result<Element> {
        check::domain_name(&self.name)?;
        check::word("virt_type", self.virt_type.as_str())?;
        let mut domain = Element::new("domain").with_attribute("type", self.virt_type.as_str());
        domain.push(Element::new("name").with_text(&self.name));
        if let Some(uuid) = self.uuid {
            domain.push(Element::new("uuid").with_text(uuid.to_string()));
        }
        if !self.title.is_empty() {
            check::line("title", &self.title)?;
            domain.push(Element::new("title").with_text(&self.title));
        }
        if !self.description.is_empty() {
            check::text("description", &self.description)?;
            domain.push(Element::new("description").with_text(&self.description));
        }
        if !self.metadata.is_empty() {
            let namespaces: Vec<_> = self.metadata.iter().map(Element::own_namespace).collect();
            let alone =
                |(n, space): (usize, &Option<&str>)| space.is_some() && !namespaces[..n].contains(space);
            if !namespaces.iter().enumerate().all(alone) {
                let why = "libvirt drops what has no namespace of its own";
                return Err(check::refused("metadata", &self.name, why));
            }
            namespaces.into_iter().flatten().try_for_each(|uri| check::namespace("metadata", uri))?;
            self.metadata.iter().try_for_each(|element| check::own_element("metadata", element, &[]))?;
            domain.push(Element::new("metadata").with_all(self.metadata.iter().cloned()));
        }
        let (memory, vcpu) = self.amounts()?;
        let domain = domain.with_all(memory).with(vcpu).with(self.os()?).with(self.features());
        let cpu = match (&self.cpu, &self.virt_type) {
            (Some(cpu), _) => Some(cpu.write()?),
            (None, VirtType::Kvm) => Some(CpuXml::HostPassthrough.write()?),
            (None, _) => None,
        };
        let clock = Element::new("clock").with_attribute("offset", "utc");
        Ok(domain.with_all(cpu).with(clock).with(self.devices()?))
    }

    fn amounts(&self) -> Result<(Vec<Element>, Element)> {
        let most = self.max_memory.unwrap_or(self.memory);
        check::memory("memory", self.memory)?;
        check::memory("max_memory", most)?;
        if most < self.memory {
            return Err(check::refused("max_memory", &most.to_string(), "it is less than the memory"));
        }
        let vcpus = self.max_vcpus.unwrap_or(self.vcpus);
        check::vcpus(self.vcpus, vcpus)?;
        if self.is_x86() && vcpus > 255 {
            let why = "on x86 more than 255 take an interrupt remapping unit, which is not written here";
            return Err(check::refused("vcpus", &vcpus.to_string(), why));
        }
        let mut vcpu =
            Element::new("vcpu").with_attribute("placement", "static").with_text(vcpus.to_string());
        if vcpus != self.vcpus {
            vcpu.set_attribute("current", self.vcpus.to_string());
        }
        Ok((vec![units::kib("memory", most), units::kib("currentMemory", self.memory)], vcpu))
    }

    fn is_x86(&self) -> bool {
        matches!(self.arch.as_str(), "x86_64" | "i686")
    }

    /// The machine, unless it is left to the daemon.
    fn machine_name(&self) -> Option<&str> {
        let usual = match (&self.virt_type, self.is_x86(), self.arch.as_str()) {
            (VirtType::Test, ..) => None,
            (_, true, _) => Some("q35"),
            (_, _, "aarch64" | "armv7l" | "riscv64") => Some("virt"),
            _ => None,
        };
        self.machine.as_deref().or(usual)
    }

    fn os(&self) -> Result<Element> {
        check::word("arch", &self.arch)?;
        let mut kind = Element::new("type").with_attribute("arch", &self.arch).with_text("hvm");
        if let Some(machine) = self.machine_name() {
            check::word("machine", machine)?;
            kind.set_attribute("machine", machine);
        }
        let mut os = self.firmware.write(Element::new("os").with(kind))?;
        if let Some(kernel) = &self.kernel {
            os = kernel.write(os)?;
        }
        for (n, device) in self.boot.iter().enumerate() {
            check::one_of("boot", device.as_str(), &["hd", "cdrom", "network", "fd"])?;
            if self.boot[..n].contains(device) {
                return Err(check::refused("boot", device.as_str(), "it is there twice"));
            }
            os.push(Element::new("boot").with_attribute("dev", device.as_str()));
        }
        Ok(os)
    }

    /// Without ACPI a guest does not hear of a shutdown. On ARM it comes with UEFI.
    fn features(&self) -> Element {
        let acpi = self.is_x86() || self.firmware != FirmwareXml::Bios;
        Element::new("features")
            .with_all(acpi.then(|| Element::new("acpi")))
            .with_all(self.is_x86().then(|| Element::new("apic")))
    }

    fn devices(&self) -> Result<Element> {
        let mut devices = Element::new("devices");
        if let Some(emulator) = &self.emulator {
            check::path("emulator", emulator)?;
            devices.push(Element::new("emulator").with_text(emulator));
        }
        let bus = |disk: &DiskXml| disk.bus.clone().unwrap_or_else(|| self.usual_bus(&disk.device));
        let disks: Vec<_> = self.disks.iter().map(|disk| (disk.clone(), bus(disk))).collect();
        if disks.iter().any(|(_, bus)| *bus == Bus::Ide)
            && self.machine_name().is_some_and(|name| name.contains("q35"))
        {
            return Err(check::refused("disk.bus", "ide", "the machine q35 has none; choose sata"));
        }
        for ((disk, bus), target) in disks.iter().zip(targets(&disks)?) {
            devices.push(disk.write(bus, &target)?);
        }
        if disks.iter().any(|(_, bus)| *bus == Bus::Scsi) {
            let controller = Element::new("controller").with_attribute("type", "scsi");
            devices.push(controller.with_attribute("index", "0").with_attribute("model", "virtio-scsi"));
        }
        for nic in &self.nics {
            devices.push(nic.write()?);
        }
        devices = devices.with_all(self.console.write()?);
        if self.agent {
            let target = Element::new("target").with_attribute("type", "virtio");
            let target = target.with_attribute("name", AGENT_CHANNEL);
            devices.push(Element::new("channel").with_attribute("type", "unix").with(target));
        }
        // The balloon measures the guest's memory, if it is asked to do so now and then.
        let stats = Element::new("stats").with_attribute("period", "10");
        devices.push(Element::new("memballoon").with_attribute("model", "virtio").with(stats));
        if self.rng {
            let source = Element::new("backend").with_attribute("model", "random").with_text("/dev/urandom");
            devices.push(Element::new("rng").with_attribute("model", "virtio").with(source));
        }
        Ok(devices)
    }

    fn usual_bus(&self, device: &DiskDevice) -> Bus {
        let pc = self.machine_name().is_some_and(|name| name == "pc" || name.starts_with("pc-i440fx"));
        match device {
            DiskDevice::Cdrom if pc => Bus::Ide,
            DiskDevice::Cdrom if self.is_x86() => Bus::Sata,
            DiskDevice::Cdrom => Bus::Scsi,
            _ => Bus::Virtio,
        }
    }
}
