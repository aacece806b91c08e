use super::card::{self, network_card};
use super::view::{bad, property_view, read};
use super::{ConfigBag, MacAddr, PropertyString};
use crate::Result;

/// A network card of a VM, `net0` to `net31`: `virtio=BC:24:11:0C:AB:01,bridge=vmbr0,firewall=1,tag=5`.
///
/// Without a MAC address PVE makes one up when it stores the value. (That of a container is a
/// [`ContainerNet`](super::ContainerNet).)
///
/// ```
/// use proxmox_core::config::Net;
/// let net = Net::virtio().with_bridge("vmbr0")?.with_tag(5)?.with_firewall(true);
/// assert_eq!(net.to_string(), "virtio,bridge=vmbr0,tag=5,firewall=1");
/// let read = Net::parse("virtio=BC:24:11:0C:AB:01,bridge=vmbr0,from-pve-10=x")?.with_bridge("vmbr1")?;
/// assert_eq!(read.to_string(), "virtio=BC:24:11:0C:AB:01,bridge=vmbr1,from-pve-10=x");
/// assert_eq!(read.mac().unwrap().to_string(), "BC:24:11:0C:AB:01");
/// # Ok::<(), proxmox_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Net(PropertyString);

property_view!(Net);
network_card!(Net);

/// The card that the guest sees.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NetModel {
    /// `virtio`, the paravirtual card; PVE's own default.
    Virtio,
    /// `e1000`
    E1000,
    /// `e1000e`
    E1000e,
    /// `rtl8139`
    Rtl8139,
    /// `vmxnet3`
    Vmxnet3,
    /// Any other model, by PVE's name.
    Other(String),
}

impl NetModel {
    /// PVE's name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Virtio => "virtio",
            Self::E1000 => "e1000",
            Self::E1000e => "e1000e",
            Self::Rtl8139 => "rtl8139",
            Self::Vmxnet3 => "vmxnet3",
            Self::Other(name) => name,
        }
    }
}

impl From<&str> for NetModel {
    fn from(name: &str) -> Self {
        match name {
            "virtio" => Self::Virtio,
            "e1000" => Self::E1000,
            "e1000e" => Self::E1000e,
            "rtl8139" => Self::Rtl8139,
            "vmxnet3" => Self::Vmxnet3,
            other => Self::Other(other.to_owned()),
        }
    }
}

/// Where the model stands, and the address beside it: `virtio=MAC`, `virtio`, or `model=virtio,macaddr=MAC`.
fn model(properties: &PropertyString) -> Option<(&str, Option<&str>)> {
    // A model is known by the address that is its value, so a model of a later PVE is one as well.
    let pair = |(key, value): (Option<&'_ str>, _)| match key {
        Some("macaddr" | "hwaddr") | None => false,
        Some(_) => MacAddr::parse(value).is_ok(),
    };
    if let Some((key, mac)) = properties.iter().find(|part| pair(*part)) {
        return key.map(|key| (key, Some(mac)));
    }
    let name = properties.get("model").or_else(|| properties.default_value())?;
    Some((name, properties.get("macaddr")))
}

impl Net {
    fn check(properties: &PropertyString) -> Result<()> {
        let no = |why: &str| bad("net", properties, why);
        let (_, mac) = model(properties).ok_or_else(|| no("it names no model, such as virtio"))?;
        if mac.is_some_and(|mac| MacAddr::parse(mac).is_err()) {
            return Err(no("macaddr has no valid value"));
        }
        card::check("net", properties)?;
        read::<u32>("net", properties, "queues")?;
        Ok(())
    }

    /// A paravirtual card without a bridge; PVE adds the MAC address.
    #[must_use]
    pub fn virtio() -> Self {
        Self("virtio".into())
    }

    /// A card of any model: `Net::new("e1000")`, [`NetModel::E1000`].
    ///
    /// # Errors
    /// `InvalidInput` for a name that is none.
    pub fn new(model: impl Into<NetModel>) -> Result<Self> {
        Self::virtio().rebuilt(&model.into(), None)
    }

    /// The card that the guest sees.
    #[must_use]
    pub fn model(&self) -> NetModel {
        model(&self.0).map_or(NetModel::Virtio, |(name, _)| name.into())
    }

    /// The MAC address, once there is one.
    #[must_use]
    pub fn mac(&self) -> Option<MacAddr> {
        model(&self.0).and_then(|(_, mac)| MacAddr::parse(mac?).ok())
    }

    /// The number of packet queues.
    #[must_use]
    pub fn queues(&self) -> Option<u32> {
        self.0.get("queues")?.parse().ok()
    }

    /// Changes model and keeps the address.
    ///
    /// # Errors
    /// `InvalidInput` for a name that is none.
    pub fn with_model(self, to: impl Into<NetModel>) -> Result<Self> {
        let mac = self.mac();
        self.rebuilt(&to.into(), mac)
    }

    /// Sets the MAC address.
    ///
    /// # Errors
    /// `InvalidInput` when the model has a name that cannot carry it.
    pub fn with_mac(self, mac: MacAddr) -> Result<Self> {
        let model = self.model();
        self.rebuilt(&model, Some(mac))
    }

    /// Model and address in front, in PVE's own form, and the rest as it was.
    fn rebuilt(self, to: &NetModel, mac: Option<MacAddr>) -> Result<Self> {
        let name = to.as_str();
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
        if name.is_empty() || !name.bytes().all(plain) || matches!(name, "model" | "macaddr" | "hwaddr") {
            return Err(crate::Error::invalid(
                "model",
                format!("{name:?} is not the name of a network card's model"),
            ));
        }
        let first = mac.map_or_else(|| name.to_owned(), |mac| format!("{name}={mac}"));
        let rest = self.meaningful().map(|(key, value)| format!(",{key}={value}"));
        Self::of(std::iter::once(first).chain(rest).collect::<String>().into())
    }

    /// Everything but model and address, in order.
    fn meaningful(&self) -> impl Iterator<Item = (&str, &str)> {
        let name = model(&self.0).map(|(name, _)| name);
        let rest = self.0.iter().filter_map(|(key, value)| key.map(|key| (key, value)));
        rest.filter(move |(key, _)| *key != "model" && *key != "macaddr" && Some(*key) != name)
    }

    /// Model, address and the other parts in an order of their own: what two texts of one meaning share.
    pub(super) fn meaning(&self) -> (NetModel, Option<MacAddr>, Vec<(&str, &str)>) {
        let mut rest: Vec<_> = self.meaningful().collect();
        rest.sort_unstable();
        (self.model(), self.mac(), rest)
    }
}

impl ConfigBag {
    /// The network cards of a VM by number; an unreadable one does not spoil the others.
    #[must_use]
    pub fn nets(&self) -> Vec<(u32, Result<Net>)> {
        self.numbered("net").into_iter().map(|(n, text)| (n, Net::parse(text))).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_pve_stores() {
        let net = Net::parse("virtio=BC:24:11:A3:26:7F,bridge=vmbr0,firewall=1,rate=10,tag=5").unwrap();
        assert_eq!((net.model(), net.bridge(), net.tag()), (NetModel::Virtio, Some("vmbr0"), Some(5)));
        assert_eq!((net.firewall(), net.link_down(), net.rate()), (true, false, Some(10.0)));
        assert_eq!((net.mtu(), net.queues()), (None, None));
        assert_eq!(net.mac(), Some(MacAddr::parse("bc:24:11:a3:26:7f").unwrap()));
        let long = Net::parse("model=e1000,macaddr=BC:24:11:A3:26:7F,mtu=1,queues=4").unwrap();
        assert_eq!(
            (long.model(), long.mac(), long.mtu(), long.queues()),
            (NetModel::E1000, net.mac(), Some(1), Some(4))
        );
        let new = Net::parse("bridge=vmbr0,quantum=BC:24:11:A3:26:7F").unwrap();
        assert_eq!((new.model(), new.mac()), (NetModel::Other("quantum".into()), net.mac()));
    }

    #[test]
    fn one_part_changes() {
        let mac = MacAddr::parse("BC:24:11:A3:26:7F").unwrap();
        let net = Net::parse("virtio,bridge=vmbr0,trunks=1;2").unwrap().with_mac(mac).unwrap();
        assert_eq!(net.to_string(), "virtio=BC:24:11:A3:26:7F,bridge=vmbr0,trunks=1;2");
        let net = net.with_model(NetModel::E1000e).unwrap().with_link_down(true).without("trunks").unwrap();
        assert_eq!(net.to_string(), "e1000e=BC:24:11:A3:26:7F,bridge=vmbr0,link_down=1");
        let long = Net::parse("model=e1000,macaddr=BC:24:11:A3:26:7F,tag=7").unwrap();
        assert_eq!(long.meaning(), Net::parse("tag=7,e1000=bc:24:11:a3:26:7f").unwrap().meaning());
        assert_eq!(long.with_model(NetModel::Virtio).unwrap().to_string(), "virtio=BC:24:11:A3:26:7F,tag=7");
    }

    #[test]
    fn malformed() {
        for bad in [
            "",
            "bridge=vmbr0",
            "virtio,tag=0",
            "virtio,tag=4095",
            "virtio,tag=x",
            "virtio,rate=fast",
            "virtio,rate=-1",
            "virtio,rate=NaN",
            "virtio,mtu=-1",
            "model=virtio,macaddr=nonsense",
            "name=eth0,bridge=vmbr0,hwaddr=zz,ip=dhcp",
        ] {
            let error = Net::parse(bad).unwrap_err();
            assert!(error.to_string().contains(&format!("{bad:?}")), "{error}");
        }
        let net = Net::virtio;
        assert!(net().with_tag(0).is_err() && net().with_tag(5000).is_err());
        assert!(
            net().with_bridge("a,b").is_err()
                && net().with_bridge("").is_err()
                && net().with_bridge("a b").is_err()
        );
        for name in ["", "a,b", "a=b", "model", "a b"] {
            assert!(Net::new(name).is_err() && net().with_model(name).is_err(), "{name:?}");
        }
        assert_eq!(Net::new("ne2k_pci").unwrap().to_string(), "ne2k_pci");
    }

    proptest! {
        #[test]
        fn keeps_every_text_and_never_panics(
            text in prop_oneof![any::<String>(), "(virtio|model=e1000|x)(=BC:24:11:A3:26:7F)?[a-c=,0-9]{0,12}(,tag=[0-9]{0,5})?"],
        ) {
            if let Ok(net) = Net::parse(&text) {
                prop_assert_eq!(net.to_string(), text);
                let _ = (net.model(), net.mac(), net.tag(), net.rate(), net.meaning());
                let tagged = net.clone().with_tag(7).unwrap();
                prop_assert_eq!(tagged.tag(), Some(7));
                if let Ok(moved) = net.clone().with_model(NetModel::E1000) {
                    prop_assert_eq!((moved.mac(), moved.model()), (net.mac(), NetModel::E1000));
                    prop_assert_eq!(moved.meaning().2, net.meaning().2);
                }
            }
        }
    }
}
