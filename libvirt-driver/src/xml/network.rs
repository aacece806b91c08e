use std::net::{IpAddr, Ipv4Addr};

use proxmox_core::Result;
use proxmox_core::config::MacAddr;
use uuid::Uuid;

use super::at::At;
use super::{Element, check};

/// A network of libvirt, as the daemon tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Network {
    /// Its name.
    pub name: String,
    /// What lasts as long as it is defined.
    pub uuid: Uuid,
    /// The bridge of the host that it is.
    pub bridge: Option<String>,
    /// How it reaches others: `nat`, `route`, `bridge` and others; not at all if it is missing.
    pub forward: Option<String>,
    /// The bridge's address.
    pub mac: Option<MacAddr>,
    /// The host's addresses in it.
    pub addresses: Vec<NetworkAddress>,
}

/// An address of the host in a network, and what the daemon hands out around it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NetworkAddress {
    /// The host's address.
    pub address: IpAddr,
    /// How many bits the network's part of it has.
    pub prefix: Option<u8>,
    /// What is handed out by DHCP, first and last.
    pub ranges: Vec<(IpAddr, IpAddr)>,
}

impl Network {
    /// Reads what `virNetworkGetXMLDesc` answers.
    ///
    /// # Errors
    /// `Decode` naming the element that is missing or not what it should be: a network needs a name and a UUID.
    pub fn parse(xml: &str) -> Result<Self> {
        let element = Element::parse(xml)?;
        let at = At::root(&element, "network")?;
        // The mode that is meant when none is named.
        let forward =
            at.child("forward").map(|forward| forward.attribute("mode").unwrap_or("nat").to_owned());
        Ok(Self {
            name: at.need_text("name")?,
            uuid: at.uuid()?,
            bridge: at.attribute_of("bridge", "name"),
            forward,
            mac: at.mac()?,
            addresses: at
                .children("ip")
                .filter(|ip| ip.attribute("address").is_some())
                .map(|ip| NetworkAddress::read(&ip))
                .collect::<Result<_>>()?,
        })
    }
}

impl NetworkAddress {
    fn read(at: &At<'_>) -> Result<Self> {
        let prefix = match at.attribute("netmask") {
            Some(_) => {
                let mask = u32::from(need::<Ipv4Addr>(at, "netmask")?);
                if mask.leading_ones() + mask.trailing_zeros() < 32 {
                    return Err(at.error("its netmask has gaps"));
                }
                u8::try_from(mask.leading_ones()).ok()
            }
            None => at.number_in("prefix")?,
        };
        let mut ranges = Vec::new();
        if let Some(dhcp) = at.child("dhcp") {
            for range in dhcp.children("range") {
                ranges.push((need(&range, "start")?, need(&range, "end")?));
            }
        }
        Ok(Self { address: need(at, "address")?, prefix, ranges })
    }
}

fn need<T: std::str::FromStr>(at: &At<'_>, name: &str) -> Result<T> {
    let text = at.need_attribute(name)?;
    text.parse().map_err(|_| at.error(&format!("attribute {name}: {text:?} is not an address")))
}

/// So many addresses libvirt takes for one range.
const MOST_LEASES: u32 = 65535;

/// A network that is to be: the host at its gateway, DHCP around it, and a way out by address translation.
///
/// ```
/// use libvirt_driver::xml::NetworkXml;
/// let xml = NetworkXml::nat("lab", "10.77.0.1".parse()?, 24)
///     .dhcp("10.77.0.10".parse()?, "10.77.0.99".parse()?)
///     .to_xml()?;
/// assert!(xml.contains("<range start=\"10.77.0.10\" end=\"10.77.0.99\"/>"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkXml {
    name: String,
    bridge: Option<String>,
    forward: bool,
    gateway: Ipv4Addr,
    prefix: u8,
    dhcp: Option<(Ipv4Addr, Ipv4Addr)>,
}

impl NetworkXml {
    /// With this name, and the host at this address.
    #[must_use]
    pub fn nat(name: &str, gateway: Ipv4Addr, prefix: u8) -> Self {
        Self { name: name.to_owned(), bridge: None, forward: true, gateway, prefix, dhcp: None }
    }

    /// Without a way out.
    #[must_use]
    pub fn isolated(mut self) -> Self {
        self.forward = false;
        self
    }

    /// On a bridge of this name instead of one that the daemon chooses.
    #[must_use]
    pub fn bridge(mut self, bridge: &str) -> Self {
        self.bridge = Some(bridge.to_owned());
        self
    }

    /// Handing out these addresses, both included.
    #[must_use]
    pub fn dhcp(mut self, first: Ipv4Addr, last: Ipv4Addr) -> Self {
        self.dhcp = Some((first, last));
        self
    }

    /// The document for `virNetworkDefineXML`.
    ///
    /// # Errors
    /// `InvalidInput` for names that libvirt or Linux refuse, a prefix that leaves no room, and a range that is empty, outside of the
    /// network or includes the gateway.
    pub fn to_xml(&self) -> Result<String> {
        check::name("name", &self.name)?;
        if !(1..=30).contains(&self.prefix) {
            return Err(check::refused("prefix", &self.prefix.to_string(), "expected 1 to 30"));
        }
        let mut network = Element::new("network").with(Element::new("name").with_text(&self.name));
        if self.forward {
            network.push(Element::new("forward").with_attribute("mode", "nat"));
        }
        let mut bridge = Element::new("bridge").with_attribute("stp", "on").with_attribute("delay", "0");
        if let Some(name) = &self.bridge {
            check::device("bridge", name)?;
            bridge.set_attribute("name", name);
        }
        network.push(bridge);
        let mut ip = Element::new("ip")
            .with_attribute("address", self.gateway.to_string())
            .with_attribute("prefix", self.prefix.to_string());
        if let Some((first, last)) = self.dhcp {
            let net = |address: Ipv4Addr| u32::from(address) >> (32 - self.prefix);
            let inside = net(first) == net(self.gateway) && net(last) == net(self.gateway);
            let refused = |why| Err(check::refused("dhcp", &format!("{first} to {last}"), why));
            if first > last || !inside || (first..=last).contains(&self.gateway) {
                return refused("expected addresses of the network in order, without the gateway");
            }
            let host = u32::MAX >> self.prefix;
            if u32::from(first) & host == 0 || u32::from(last) & host == host {
                return refused("the first address of a network is its own, and the last one is for all");
            }
            if u32::from(last) - u32::from(first) >= MOST_LEASES {
                return refused("libvirt hands out 65535 addresses at most");
            }
            let range = Element::new("range").with_attribute("start", first.to_string());
            ip.push(Element::new("dhcp").with(range.with_attribute("end", last.to_string())));
        }
        network.with(ip).to_xml()
    }
}
