use proxmox_core::{Result, Size};
use uuid::Uuid;

use super::super::Element;
use super::super::at::At;
use super::super::kinds::{BootDevice, VirtType};
use super::{AGENT_CHANNEL, CharDevice, Disk, Interface};

/// A domain, as the daemon tells of it. Whatever else the document holds is passed over.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Domain {
    /// What lasts as long as the domain is defined. Names may change, ids do so with every start.
    pub uuid: Uuid,
    /// Its number while it runs.
    pub id: Option<u32>,
    /// Its name.
    pub name: String,
    /// One line for people.
    pub title: Option<String>,
    /// Text for people.
    pub description: Option<String>,
    /// What runs it.
    pub virt_type: VirtType,
    /// What it can have at most.
    pub memory: Size,
    /// What it has now, if the balloon took some.
    pub current_memory: Size,
    /// How many processors it has now.
    pub vcpus: u32,
    /// How many it can have.
    pub max_vcpus: u32,
    /// How its processors are chosen: `custom`, `host-model` and others.
    pub cpu_mode: Option<String>,
    /// The model of its processors, if a certain one.
    pub cpu_model: Option<String>,
    /// What it starts with.
    pub os: Os,
    /// Its disks.
    pub disks: Vec<Disk>,
    /// Its network cards.
    pub interfaces: Vec<Interface>,
    /// Its serial ports.
    pub serials: Vec<CharDevice>,
    /// Its consoles. The first one is the first serial port again, mostly.
    pub consoles: Vec<CharDevice>,
    /// Its channels to programs in the guest.
    pub channels: Vec<CharDevice>,
    /// The element `<metadata>` with everything in it.
    pub metadata: Option<Element>,
}

/// What a domain starts with.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Os {
    /// The architecture, such as `x86_64`.
    pub arch: Option<String>,
    /// The machine, such as `pc-q35-10.0`.
    pub machine: Option<String>,
    /// The firmware that the daemon was asked to choose, such as `efi`.
    pub firmware: Option<String>,
    /// The firmware's program.
    pub loader: Option<String>,
    /// The firmware's variables: a file that belongs to the domain.
    pub nvram: Option<String>,
    /// What its variables begin as.
    pub nvram_template: Option<String>,
    /// A kernel that is started without a boot loader.
    pub kernel: Option<String>,
    /// Its first file system.
    pub initrd: Option<String>,
    /// Its words.
    pub cmdline: Option<String>,
    /// What it boots from, in order.
    pub boot: Vec<BootDevice>,
}

impl Domain {
    /// Reads what `virDomainGetXMLDesc` answers.
    ///
    /// ```
    /// # let answer = "<domain type='qemu'><name>a</name><uuid>c8025a57-4793-4637-a4ea-11dd8234eb57</uuid>\
    /// #     <memory>196608</memory><vcpu current='1'>2</vcpu></domain>";
    /// let domain = libvirt_driver::xml::Domain::parse(answer)?;
    /// assert_eq!((domain.vcpus, domain.max_vcpus), (1, 2));
    /// assert!(domain.agent().is_none());
    /// # Ok::<(), proxmox_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Decode` naming the element that is missing or not what it should be. A domain needs a name, a UUID, a type, its memory and
    /// its processors; a disk needs a target, and a network card a type.
    pub fn parse(xml: &str) -> Result<Self> {
        Self::read(&Element::parse(xml)?)
    }

    /// Reads it from a document.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn read(element: &Element) -> Result<Self> {
        let at = At::root(element, "domain")?;
        let memory = at.need("memory")?.size("KiB")?;
        let vcpu = at.need("vcpu")?;
        let max_vcpus = vcpu.number()?;
        let cpu = at.child("cpu");
        let mut domain = Self {
            uuid: at.uuid()?,
            id: at.number_in("id")?,
            name: at.need_text("name")?,
            title: at.text_of("title"),
            description: at.text_of("description"),
            virt_type: at.need_attribute("type")?.into(),
            memory,
            current_memory: at.size_of("currentMemory", "KiB")?.unwrap_or(memory),
            vcpus: vcpu.number_in("current")?.unwrap_or(max_vcpus),
            max_vcpus,
            cpu_mode: cpu.and_then(|cpu| cpu.attribute("mode")).map(str::to_owned),
            cpu_model: cpu.and_then(|cpu| cpu.text_of("model")),
            os: at.child("os").map(|os| Os::read(&os)).unwrap_or_default(),
            disks: Vec::new(),
            interfaces: Vec::new(),
            serials: Vec::new(),
            consoles: Vec::new(),
            channels: Vec::new(),
            metadata: element.child("metadata").cloned(),
        };
        if let Some(devices) = at.child("devices") {
            domain.disks = devices.children("disk").map(|at| Disk::read(&at)).collect::<Result<_>>()?;
            domain.interfaces =
                devices.children("interface").map(|at| Interface::read(&at)).collect::<Result<_>>()?;
            let all = |name| devices.children(name).map(|at| CharDevice::read(&at)).collect();
            domain.serials = all("serial");
            domain.consoles = all("console");
            domain.channels = all("channel");
        }
        Ok(domain)
    }

    /// The channel of the guest agent, if the domain has one. Whether the agent is there, [`CharDevice::connected`] tells.
    #[must_use]
    pub fn agent(&self) -> Option<&CharDevice> {
        self.channels.iter().find(|channel| channel.name.as_deref() == Some(AGENT_CHANNEL))
    }

    /// The disk with this target.
    #[must_use]
    pub fn disk(&self, target: &str) -> Option<&Disk> {
        self.disks.iter().find(|disk| disk.target == target)
    }
}

impl Os {
    fn read(at: &At<'_>) -> Self {
        let boot =
            at.children("boot").filter_map(|boot| boot.attribute("dev")).map(BootDevice::from).collect();
        Self {
            arch: at.attribute_of("type", "arch"),
            machine: at.attribute_of("type", "machine"),
            firmware: at.attribute("firmware").map(str::to_owned),
            loader: at.text_of("loader"),
            nvram: at.text_of("nvram"),
            nvram_template: at.attribute_of("nvram", "template"),
            kernel: at.text_of("kernel"),
            initrd: at.text_of("initrd"),
            cmdline: at.text_of("cmdline"),
            boot,
        }
    }
}
