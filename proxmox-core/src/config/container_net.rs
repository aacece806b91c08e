use super::card::{self, network_card};
use super::view::{bad, property_view};
use super::{ConfigBag, IpConfig, MacAddr, PropertyString};
use crate::Result;

/// A network card of a container, `net0` to `net31`: `name=eth0,bridge=vmbr0,hwaddr=BC:24:11:0C:AB:01,ip=dhcp,type=veth`.
///
/// It carries the address as well, which a VM has in `ipconfigN`. Without a MAC address PVE makes one up when it stores
/// the value.
///
/// ```
/// use proxmox_core::config::{ContainerNet, IpConfig};
/// let ip = IpConfig::new().with_ip("192.0.2.5/24")?.with_gw("192.0.2.1")?;
/// let net = ContainerNet::new("eth0")?.with_bridge("vmbr0")?.with_ip_config(&ip)?.with_firewall(true);
/// assert_eq!(net.to_string(), "name=eth0,bridge=vmbr0,ip=192.0.2.5/24,gw=192.0.2.1,firewall=1");
/// # Ok::<(), proxmox_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ContainerNet(PropertyString);

property_view!(ContainerNet);
network_card!(ContainerNet);

/// The parts that say where addresses come from.
const ADDRESSES: [&str; 4] = ["ip", "gw", "ip6", "gw6"];

impl ContainerNet {
    fn check(properties: &PropertyString) -> Result<()> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
        match properties.get("name") {
            Some(name) if !name.is_empty() && name.bytes().all(plain) => {}
            Some(_) => return Err(bad("net", properties, "name is not that of an interface")),
            None => return Err(bad("net", properties, "it has no name, such as name=eth0")),
        }
        if properties.get("hwaddr").is_some_and(|mac| MacAddr::parse(mac).is_err()) {
            return Err(bad("net", properties, "hwaddr has no valid value"));
        }
        Self::addresses(properties)?;
        card::check("net", properties)
    }

    /// What `ipconfigN` of a VM would be. `manual` leaves the card to the container's own system.
    fn addresses(properties: &PropertyString) -> Result<IpConfig> {
        let set = |key: &str| properties.get(key).filter(|value| *value != "manual");
        let parts = ADDRESSES.into_iter().filter_map(|key| Some(format!("{key}={}", set(key)?)));
        IpConfig::parse(&parts.collect::<Vec<_>>().join(","))
    }

    /// A card that the container sees under this name, without bridge and address.
    ///
    /// # Errors
    /// `InvalidInput` for a name with other characters than letters, digits, `-`, `_` and `.`.
    pub fn new(name: &str) -> Result<Self> {
        Self::of(PropertyString::new().with("name", name)?)
    }

    /// Its name in the container.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.get("name").unwrap_or_default()
    }

    /// The MAC address, once there is one.
    #[must_use]
    pub fn mac(&self) -> Option<MacAddr> {
        MacAddr::parse(self.0.get("hwaddr")?).ok()
    }

    /// Where its addresses come from.
    #[must_use]
    pub fn ip_config(&self) -> IpConfig {
        Self::addresses(&self.0).unwrap_or_default()
    }

    /// Sets the MAC address.
    ///
    /// # Errors
    /// None that a valid address can cause.
    pub fn with_mac(self, mac: MacAddr) -> Result<Self> {
        self.with("hwaddr", mac.to_string())
    }

    /// Sets where its addresses come from, all of them: what `to` does not name goes away.
    ///
    /// # Errors
    /// None that a valid configuration can cause.
    pub fn with_ip_config(mut self, to: &IpConfig) -> Result<Self> {
        for key in ADDRESSES {
            self.0.remove(key);
        }
        for (key, value) in to.properties().iter().filter_map(|(key, value)| Some((key?, value))) {
            self.0.set(key, value)?;
        }
        Self::of(self.0)
    }
}

impl ConfigBag {
    /// The network cards of a container by number; an unreadable one does not spoil the others.
    #[must_use]
    pub fn container_nets(&self) -> Vec<(u32, Result<ContainerNet>)> {
        self.numbered("net").into_iter().map(|(n, text)| (n, ContainerNet::parse(text))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Ipv4Config;

    #[test]
    fn what_pve_stores() {
        let net = ContainerNet::parse(
            "name=eth0,bridge=vmbr0,firewall=1,gw=10.0.0.1,hwaddr=BC:24:11:2D:0E:68,ip=10.0.0.5/24,ip6=auto,tag=7,type=veth",
        )
        .unwrap();
        assert_eq!(
            (net.name(), net.bridge(), net.tag(), net.firewall()),
            ("eth0", Some("vmbr0"), Some(7), true)
        );
        assert_eq!(net.mac().unwrap().to_string(), "BC:24:11:2D:0E:68");
        assert_eq!(net.ip_config().ip(), Some(Ipv4Config::Static([10, 0, 0, 5].into(), 24)));
        let moved = net.with_ip_config(&IpConfig::dhcp()).unwrap();
        assert_eq!(
            moved.to_string(),
            "name=eth0,bridge=vmbr0,firewall=1,hwaddr=BC:24:11:2D:0E:68,tag=7,type=veth,ip=dhcp"
        );
        let manual = ContainerNet::parse("name=eth0,ip=manual,ip6=manual").unwrap();
        assert_eq!((manual.ip_config(), manual.bridge()), (IpConfig::new(), None));
    }

    #[test]
    fn what_is_none() {
        for bad in ["", "bridge=vmbr0", "name=e/0", "name=eth0,ip=10.0.0.5", "name=eth0,ip=dhcp,gw=10.0.0.1"]
        {
            assert!(ContainerNet::parse(bad).is_err(), "{bad}");
        }
        for bad in ["name=eth0,tag=0", "name=eth0,hwaddr=x", "name=eth0,mtu=x", "name=eth0,ip6=2001:db8::5"] {
            assert!(ContainerNet::parse(bad).is_err(), "{bad}");
        }
        assert!(ContainerNet::new("eth0").unwrap().with_bridge("vm br0").is_err());
        assert!(ContainerNet::new("eth0").unwrap().with_bridge("").is_err());
    }
}
