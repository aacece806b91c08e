use proxmox_core::{Result, Size};
use uuid::Uuid;

use super::Element;
use super::at::At;
use super::kinds::VirtType;

/// What a host is and what guests it can run, as the daemon tells of it. That it names KVM does not prove that KVM works.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capabilities {
    /// What the host's firmware calls it.
    pub host_uuid: Option<Uuid>,
    /// The host's architecture.
    pub arch: String,
    /// The model of its processors that is nearest.
    pub cpu_model: Option<String>,
    /// Who made them.
    pub cpu_vendor: Option<String>,
    /// The memory of all cells, as it was when the daemon started: less than there is where memory was added since.
    pub memory: Option<Size>,
    /// What guests it can run.
    pub guests: Vec<GuestCapability>,
}

/// One kind of guest.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct GuestCapability {
    /// `hvm` for whole machines.
    pub os_type: String,
    /// Its architecture.
    pub arch: String,
    /// The program that runs it.
    pub emulator: Option<String>,
    /// What can run it.
    pub types: Vec<VirtType>,
    /// The machines there are.
    pub machines: Vec<MachineCapability>,
}

/// One machine.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MachineCapability {
    /// Its name, such as `pc-q35-10.0`, or a short one such as `q35`.
    pub name: String,
    /// What the short name stands for.
    pub canonical: Option<String>,
    /// How many processors it can have.
    pub max_vcpus: Option<u32>,
    /// Whether it will be gone in a later version.
    pub deprecated: bool,
}

impl Capabilities {
    /// Reads what `virConnectGetCapabilities` answers.
    ///
    /// # Errors
    /// `Decode` naming the element that is missing or not what it should be: a host needs an architecture, a guest an architecture and
    /// its type.
    pub fn parse(xml: &str) -> Result<Self> {
        let element = Element::parse(xml)?;
        let at = At::root(&element, "capabilities")?;
        let host = at.need("host")?;
        let cpu = host.need("cpu")?;
        Ok(Self {
            host_uuid: host.child("uuid").map(|_| host.uuid()).transpose()?,
            arch: cpu.need_text("arch")?,
            cpu_model: cpu.text_of("model"),
            cpu_vendor: cpu.text_of("vendor"),
            memory: memory(&host)?,
            guests: at.children("guest").map(|guest| GuestCapability::read(&guest)).collect::<Result<_>>()?,
        })
    }

    /// What runs whole machines of this architecture.
    #[must_use]
    pub fn guest(&self, arch: &str) -> Option<&GuestCapability> {
        self.guests.iter().find(|guest| guest.arch == arch && guest.os_type == "hvm")
    }
}

fn memory(host: &At<'_>) -> Result<Option<Size>> {
    let Some(topology) = host.child("topology") else { return Ok(None) };
    let Some(cells) = topology.child("cells") else { return Ok(None) };
    let mut sum = None;
    for cell in cells.children("cell") {
        if let Some(size) = cell.size_of("memory", "KiB")? {
            let all: Size = sum.unwrap_or_default();
            sum = Some(
                all.checked_add(size).ok_or_else(|| cells.error("it has more memory than can be counted"))?,
            );
        }
    }
    Ok(sum)
}

impl GuestCapability {
    fn read(at: &At<'_>) -> Result<Self> {
        let arch = at.need("arch")?;
        let mut types = Vec::new();
        for domain in arch.children("domain") {
            types.push(VirtType::from(domain.need_attribute("type")?));
        }
        let machine = |machine: At<'_>| {
            Ok(MachineCapability {
                name: machine.element().text(),
                canonical: machine.attribute("canonical").map(str::to_owned),
                max_vcpus: machine.number_in("maxCpus")?,
                deprecated: machine.attribute("deprecated") == Some("yes"),
            })
        };
        Ok(Self {
            os_type: at.need_text("os_type")?,
            arch: arch.need_attribute("name")?.to_owned(),
            emulator: arch.text_of("emulator"),
            types,
            machines: arch.children("machine").map(machine).collect::<Result<_>>()?,
        })
    }

    /// The machine of this name, short or not.
    #[must_use]
    pub fn machine(&self, name: &str) -> Option<&MachineCapability> {
        self.machines.iter().find(|machine| machine.name == name)
    }
}

/// What domains of one machine can have, as the daemon tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DomainCapabilities {
    /// The program that runs them.
    pub emulator: Option<String>,
    /// What runs them.
    pub virt_type: VirtType,
    /// Their architecture.
    pub arch: String,
    /// Their machine.
    pub machine: Option<String>,
    /// How many processors they can have.
    pub max_vcpus: Option<u32>,
    /// The firmwares that the daemon chooses on request, such as `efi`.
    pub firmwares: Vec<String>,
    /// The firmware programs that it knows of.
    pub loaders: Vec<String>,
    /// The ways to choose a processor that work here, such as `host-passthrough`.
    pub cpu_modes: Vec<String>,
    /// The models of processors that work here.
    pub cpu_models: Vec<String>,
    /// How disks can be attached.
    pub disk_buses: Vec<String>,
    /// What disks can be to the guest.
    pub disk_devices: Vec<String>,
}

impl DomainCapabilities {
    /// Reads what `virConnectGetDomainCapabilities` answers.
    ///
    /// # Errors
    /// `Decode` naming the element that is missing or not what it should be: the type and the architecture are needed.
    pub fn parse(xml: &str) -> Result<Self> {
        let element = Element::parse(xml)?;
        let at = At::root(&element, "domainCapabilities")?;
        let os = element.child("os");
        let disk = element.child("devices").and_then(|devices| devices.child("disk"));
        let modes = || element.child("cpu").into_iter().flat_map(|cpu| named(cpu, "mode"));
        let works = |mode: &&Element| mode.attribute("supported") == Some("yes");
        let custom = modes().filter(works).find(|mode| mode.attribute("name") == Some("custom"));
        let models = custom.into_iter().flat_map(|mode| named(mode, "model"));
        let loaders =
            os.and_then(|os| os.child("loader")).into_iter().flat_map(|loader| named(loader, "value"));
        Ok(Self {
            emulator: at.text_of("path"),
            virt_type: at.need_text("domain")?.as_str().into(),
            arch: at.need_text("arch")?,
            machine: at.text_of("machine"),
            max_vcpus: at.child("vcpu").map(|vcpu| vcpu.number_in("max")).transpose()?.flatten(),
            firmwares: values(os, "firmware"),
            loaders: loaders.map(Element::text).collect(),
            cpu_modes: modes()
                .filter(works)
                .filter_map(|mode| mode.attribute("name"))
                .map(str::to_owned)
                .collect(),
            cpu_models: models
                .filter(|model| model.attribute("usable") != Some("no"))
                .map(Element::text)
                .collect(),
            disk_buses: values(disk, "bus"),
            disk_devices: values(disk, "diskDevice"),
        })
    }
}

fn named<'a>(element: &'a Element, name: &'a str) -> impl Iterator<Item = &'a Element> {
    element.children().filter(move |child| child.name() == name)
}

/// The values of a list, such as that of the buses of disks.
fn values(element: Option<&Element>, list: &str) -> Vec<String> {
    let lists = element.into_iter().flat_map(|element| named(element, "enum"));
    let lists = lists.filter(|all| all.attribute("name") == Some(list));
    lists.flat_map(|all| named(all, "value")).map(Element::text).collect()
}
