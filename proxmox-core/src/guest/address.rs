use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::{Error, Result, de};

/// A network interface as the guest sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct GuestInterface {
    /// Its name in the guest, such as `eth0`.
    pub name: String,
    /// Its MAC, lower case.
    #[serde(rename = "hardware-address", default, deserialize_with = "de::opt_text")]
    pub mac: Option<String>,
    /// Its addresses; none while it has none.
    #[serde(rename = "ip-addresses", default)]
    pub addresses: Vec<GuestAddress>,
    /// Everything else that was sent.
    #[serde(flatten)]
    pub extra: de::Extra,
}

/// One address of an interface.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct GuestAddress {
    /// The address as text.
    #[serde(rename = "ip-address")]
    pub text: String,
    /// The length of its network prefix.
    #[serde(default, deserialize_with = "de::opt_int")]
    pub prefix: Option<i64>,
}

impl GuestAddress {
    /// The address, unless something else was sent. A zone (`%eth0`) is left out.
    #[must_use]
    pub fn ip(&self) -> Option<IpAddr> {
        self.text.split('%').next()?.parse().ok()
    }
}

impl GuestInterface {
    /// An interface that has one address, as a configuration tells it.
    #[must_use]
    pub fn fixed(name: &str, mac: Option<&str>, ip: IpAddr, prefix: u8) -> Self {
        let address = GuestAddress { text: ip.to_string(), prefix: Some(prefix.into()) };
        Self {
            name: name.to_owned(),
            mac: mac.map(str::to_lowercase),
            addresses: vec![address],
            extra: de::Extra::default(),
        }
    }
}

/// Which address is wanted.
///
/// Loopback, link-local, unspecified and multicast addresses never count, nor do those of interfaces that container engines
/// and bridges of the guest make (`docker0`, `br-…`, `veth…`, `virbr0` …), unless the MAC is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IpQuery {
    family: Family,
    mac: Option<String>,
    subnet: Option<(IpAddr, u8)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    V4,
    V6,
}

/// The address that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FoundIp {
    /// The address.
    pub address: IpAddr,
    /// The guest's name of its interface.
    pub interface: String,
    /// The interface's MAC, lower case.
    pub mac: Option<String>,
}

/// Names of interfaces that lead nowhere outside of the guest.
const INNER: [&str; 10] =
    ["docker", "veth", "virbr", "cni", "flannel", "cali", "podman", "lxcbr", "lxdbr", "tap"];

/// `lo`, the networks that container engines make (docker names its own `br-` and twelve digits), and their like.
fn is_inner(name: &str) -> bool {
    let network = name
        .strip_prefix("br-")
        .is_some_and(|id| id.len() == 12 && id.bytes().all(|b| b.is_ascii_hexdigit()));
    name == "lo" || network || INNER.iter().any(|prefix| name.starts_with(prefix))
}

impl IpQuery {
    /// The first usable IPv4 address.
    #[must_use]
    pub fn v4() -> Self {
        Self { family: Family::V4, mac: None, subnet: None }
    }

    /// The first usable IPv6 address.
    #[must_use]
    pub fn v6() -> Self {
        Self { family: Family::V6, ..Self::v4() }
    }

    /// Only the interface with this MAC.
    #[must_use]
    pub fn mac(mut self, mac: &str) -> Self {
        self.mac = Some(mac.to_lowercase());
        self
    }

    /// Only addresses of this network, such as `10.0.0.0/8`.
    ///
    /// # Errors
    /// `InvalidInput` when it is not a network of the wanted family.
    pub fn subnet(mut self, cidr: &str) -> Result<Self> {
        let bad = || Error::invalid("subnet", format!("{cidr:?} is not a network such as 10.0.0.0/8"));
        let (address, prefix) = cidr.split_once('/').ok_or_else(bad)?;
        let address: IpAddr = address.parse().map_err(|_| bad())?;
        let prefix: u8 = prefix.parse().map_err(|_| bad())?;
        if prefix > bits(address).1 || address.is_ipv4() != (self.family == Family::V4) {
            return Err(bad());
        }
        self.subnet = Some((address, prefix));
        Ok(self)
    }

    fn wants(&self, ip: IpAddr) -> bool {
        let usable = match ip {
            IpAddr::V4(v4) => {
                self.family == Family::V4
                    && !(v4.is_loopback()
                        || v4.is_link_local()
                        || v4.is_unspecified()
                        || v4.is_multicast()
                        || v4.is_broadcast())
            }
            IpAddr::V6(v6) => {
                self.family == Family::V6
                    && !(v6.is_loopback()
                        || v6.is_unicast_link_local()
                        || v6.is_unspecified()
                        || v6.is_multicast())
            }
        };
        usable && self.subnet.is_none_or(|net| contains(net, ip))
    }

    /// The first address that fits, in the guest's order.
    #[must_use]
    pub fn pick(&self, interfaces: &[GuestInterface]) -> Option<FoundIp> {
        let fits = |interface: &&GuestInterface| match &self.mac {
            Some(mac) => interface.mac.as_ref().is_some_and(|m| m.to_lowercase() == *mac),
            None => !is_inner(&interface.name),
        };
        interfaces.iter().filter(fits).find_map(|interface| {
            let address =
                interface.addresses.iter().filter_map(GuestAddress::ip).find(|ip| self.wants(*ip))?;
            Some(FoundIp { address, interface: interface.name.clone(), mac: interface.mac.clone() })
        })
    }

    /// The first usable address of each family: the IPv4, then the IPv6.
    #[must_use]
    pub fn first_of_each(interfaces: &[GuestInterface]) -> Vec<IpAddr> {
        let queries = [Self::v4(), Self::v6()];
        queries.iter().filter_map(|query| query.pick(interfaces)).map(|found| found.address).collect()
    }

    pub(super) fn family(&self) -> &'static str {
        match self.family {
            Family::V4 => "IPv4",
            Family::V6 => "IPv6",
        }
    }
}

/// The address as a number, left-aligned in 128 bits, and how many bits it has.
fn bits(ip: IpAddr) -> (u128, u8) {
    match ip {
        IpAddr::V4(v4) => (u128::from(u32::from(v4)) << 96, 32),
        IpAddr::V6(v6) => (v6.into(), 128),
    }
}

fn contains((net, prefix): (IpAddr, u8), ip: IpAddr) -> bool {
    let mask = u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0);
    net.is_ipv4() == ip.is_ipv4() && bits(net).0 & mask == bits(ip).0 & mask
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interfaces() -> Vec<GuestInterface> {
        serde_json::from_str(
            r#"[{"name":"lo","hardware-address":"00:00:00:00:00:00","ip-addresses":[
                {"ip-address":"127.0.0.1","prefix":8,"ip-address-type":"ipv4"},{"ip-address":"::1","prefix":128}]},
            {"name":"docker0","hardware-address":"02:42:00:00:00:01","ip-addresses":[{"ip-address":"172.17.0.1"}]},
            {"name":"eth1","hardware-address":"BC:24:11:00:00:02"},
            {"name":"eth0","hardware-address":"bc:24:11:00:00:01","ip-addresses":[{"ip-address":"169.254.1.1"},
                {"ip-address":"fe80::1%eth0"},{"ip-address":"what"},{"ip-address":"10.1.2.3","prefix":24},{"ip-address":"2001:db8::7"}]}]"#,
        )
        .unwrap()
    }

    fn picked(query: &IpQuery) -> Option<String> {
        query.pick(&interfaces()).map(|found| format!("{}%{}", found.address, found.interface))
    }

    #[test]
    fn the_noise_is_left_out() {
        assert_eq!(picked(&IpQuery::v4()).as_deref(), Some("10.1.2.3%eth0"));
        assert_eq!(picked(&IpQuery::v6()).as_deref(), Some("2001:db8::7%eth0"));
        assert_eq!(picked(&IpQuery::v4().mac("02:42:00:00:00:01")).as_deref(), Some("172.17.0.1%docker0"));
        assert_eq!(picked(&IpQuery::v4().mac("BC:24:11:00:00:02")), None);
        assert_eq!(picked(&IpQuery::v4().subnet("10.1.0.0/16").unwrap()).as_deref(), Some("10.1.2.3%eth0"));
        assert_eq!(picked(&IpQuery::v4().subnet("10.2.0.0/16").unwrap()), None);
        assert_eq!(picked(&IpQuery::v4().subnet("0.0.0.0/0").unwrap()).as_deref(), Some("10.1.2.3%eth0"));
    }

    #[test]
    fn networks_are_checked() {
        for bad in ["", "10.0.0.0", "10.0.0.0/33", "x/8", "10.0.0.0/-1", "2001:db8::/32"] {
            assert!(IpQuery::v4().subnet(bad).is_err(), "{bad}");
        }
        assert!(IpQuery::v6().subnet("2001:db8::/32").is_ok());
    }
}
