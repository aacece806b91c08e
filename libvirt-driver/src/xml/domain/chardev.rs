use proxmox_core::Result;

use super::super::at::At;
use super::super::{Element, check};

/// The name of the channel on which the guest agent of QEMU listens.
pub const AGENT_CHANNEL: &str = "org.qemu.guest_agent.0";

/// A serial port, console or channel of a domain, as the daemon tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CharDevice {
    /// What is at the host's end: `pty`, `file`, `unix` and others.
    pub kind: String,
    /// The path of the host's end; that of a `pty` only while the domain runs.
    pub path: Option<String>,
    /// The file into which the daemon writes what passes.
    pub log: Option<String>,
    /// What the guest sees it as: `isa-serial`, `serial`, `virtio` and others.
    pub target: Option<String>,
    /// The name of a channel.
    pub name: Option<String>,
    /// Whether the guest has opened the channel; only told while the domain runs.
    pub connected: Option<bool>,
}

impl CharDevice {
    pub(super) fn read(at: &At<'_>) -> Self {
        Self {
            kind: at.attribute("type").unwrap_or_default().to_owned(),
            path: at.attribute_of("source", "path").or_else(|| at.attribute("tty").map(str::to_owned)),
            log: at.attribute_of("log", "file"),
            target: at.attribute_of("target", "type"),
            name: at.attribute_of("target", "name"),
            connected: at.attribute_of("target", "state").map(|state| state == "connected"),
        }
    }
}

/// Where the first serial port of a domain ends.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConsoleXml {
    /// There is none.
    None,
    /// The daemon hands it out as a stream.
    Pty,
    /// The same, and what passes is written to this file of the host as well, which takes `virtlogd`.
    Logged(String),
    /// Only this file of the host.
    File(String),
}

impl ConsoleXml {
    pub(super) fn write(&self) -> Result<Vec<Element>> {
        let (kind, file) = match self {
            Self::None => return Ok(Vec::new()),
            Self::Pty => ("pty", None),
            Self::Logged(path) => ("pty", Some(Element::new("log").with_attribute("file", path))),
            Self::File(path) => ("file", Some(Element::new("source").with_attribute("path", path))),
        };
        if let Self::Logged(path) | Self::File(path) = self {
            check::path("console", path)?;
        }
        let device = |name, target: Element| {
            let device = Element::new(name).with_attribute("type", kind).with_all(file.clone());
            device.with(target.with_attribute("port", "0"))
        };
        let target = || Element::new("target");
        Ok(vec![device("serial", target()), device("console", target().with_attribute("type", "serial"))])
    }
}
