use proxmox_core::Result;
use proxmox_core::config::MacAddr;

use super::super::at::At;
use super::super::{Element, check};

/// What a network card is connected to.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum InterfaceSource {
    /// A network of libvirt, by name.
    Network(String),
    /// A bridge of the host, by name.
    Bridge(String),
    /// The host's own connections, through the emulator, without any right on the host.
    User,
    /// Something else, by libvirt's word for it.
    Other(String),
}

/// A network card of a domain, as the daemon tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Interface {
    /// Its address.
    pub mac: Option<MacAddr>,
    /// What it is connected to.
    pub source: InterfaceSource,
    /// What the guest sees, such as `virtio`.
    pub model: Option<String>,
    /// The host's end, such as `vnet0`; of a running domain.
    pub target: Option<String>,
}

impl Interface {
    pub(super) fn read(at: &At<'_>) -> Result<Self> {
        let source = |name: &str| {
            let value = at.attribute_of("source", name);
            value.ok_or_else(|| at.error(&format!("its <source> has no attribute {name}")))
        };
        Ok(Self {
            mac: at.mac()?,
            source: match at.need_attribute("type")? {
                "network" => InterfaceSource::Network(source("network")?),
                "bridge" => InterfaceSource::Bridge(source("bridge")?),
                "user" => InterfaceSource::User,
                other => InterfaceSource::Other(other.to_owned()),
            },
            model: at.attribute_of("model", "type"),
            target: at.attribute_of("target", "dev"),
        })
    }
}

/// A network card that a domain is to have.
///
/// ```
/// use libvirt_driver::xml::NicXml;
/// let nic = NicXml::network("default").mac("52:54:00:54:3f:b9".parse()?);
/// # Ok::<(), proxmox_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NicXml {
    source: InterfaceSource,
    mac: Option<MacAddr>,
    model: String,
}

impl NicXml {
    /// A paravirtual card with this connection, and an address that the daemon chooses.
    #[must_use]
    pub fn new(source: InterfaceSource) -> Self {
        Self { source, mac: None, model: "virtio".to_owned() }
    }

    /// On a network of libvirt.
    #[must_use]
    pub fn network(name: &str) -> Self {
        Self::new(InterfaceSource::Network(name.to_owned()))
    }

    /// On a bridge of the host.
    #[must_use]
    pub fn bridge(name: &str) -> Self {
        Self::new(InterfaceSource::Bridge(name.to_owned()))
    }

    /// With this address.
    #[must_use]
    pub fn mac(mut self, mac: MacAddr) -> Self {
        self.mac = Some(mac);
        self
    }

    /// Of this model, such as `e1000e`.
    #[must_use]
    pub fn model(mut self, model: &str) -> Self {
        model.clone_into(&mut self.model);
        self
    }

    pub(super) fn source(&self) -> &InterfaceSource {
        &self.source
    }

    pub(super) fn write(&self) -> Result<Element> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
        if self.model.is_empty() || !self.model.bytes().all(plain) {
            let why = "it is not one word of letters, digits, '-' and '_'";
            return Err(check::refused("nic.model", &self.model, why));
        }
        let mut nic = Element::new("interface");
        if let Some(mac) = self.mac {
            if mac.octets()[0] & 1 == 1 {
                return Err(check::refused("nic.mac", &mac.to_string(), "it is an address of groups"));
            }
            nic.push(Element::new("mac").with_attribute("address", mac.to_string().to_lowercase()));
        }
        let kind = match &self.source {
            InterfaceSource::Network(name) => {
                check::name("nic.network", name)?;
                nic.push(Element::new("source").with_attribute("network", name));
                "network"
            }
            InterfaceSource::Bridge(name) => {
                check::name("nic.bridge", name)?;
                check::device("nic.bridge", name)?;
                nic.push(Element::new("source").with_attribute("bridge", name));
                "bridge"
            }
            InterfaceSource::User => "user",
            InterfaceSource::Other(kind) => {
                return Err(check::refused(
                    "nic",
                    kind,
                    "only networks, bridges and user networking are attached",
                ));
            }
        };
        nic.set_attribute("type", kind);
        Ok(nic.with(Element::new("model").with_attribute("type", &self.model)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_attached() {
        let mac = MacAddr::parse("01:00:5e:00:00:01").unwrap();
        for bad in [
            NicXml::network(""),
            NicXml::network("a/b"),
            NicXml::bridge("sixteen-letters!"),
            NicXml::bridge("a b"),
            NicXml::network("x").model("<x>"),
            NicXml::network("x").mac(mac),
            NicXml::new(InterfaceSource::Other("hostdev".into())),
        ] {
            assert!(bad.write().is_err(), "{bad:?}");
        }
    }
}
