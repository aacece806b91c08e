//! What the network cards of VMs and of containers share.

use super::PropertyString;
use super::view::{bad, read};
use crate::{Error, Result};

/// The parts that both know.
pub(super) fn check(what: &str, properties: &PropertyString) -> Result<()> {
    let no = |why: &str| bad(what, properties, why);
    if read::<u16>(what, properties, "tag")?.is_some_and(|tag| !(1..=4094).contains(&tag)) {
        return Err(no("tag must be 1 to 4094"));
    }
    if read::<f64>(what, properties, "rate")?.is_some_and(|rate| !rate.is_finite() || rate < 0.0) {
        return Err(no("rate must be a number of MB/s"));
    }
    read::<u32>(what, properties, "mtu")?;
    Ok(())
}

pub(super) fn check_bridge(bridge: &str) -> Result<()> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    if bridge.is_empty() || !bridge.bytes().all(plain) {
        return Err(Error::invalid("bridge", format!("{bridge:?} is not the name of a bridge or vnet")));
    }
    Ok(())
}

/// For a view of a card: what can be asked and said of either.
macro_rules! network_card {
    ($name:ident) => {
        impl $name {
            /// The bridge or SDN vnet it is plugged into; `None` leaves a VM with QEMU's own NAT, and a container with nothing.
            #[must_use]
            pub fn bridge(&self) -> Option<&str> {
                self.0.get("bridge")
            }

            /// The VLAN tag, 1 to 4094.
            #[must_use]
            pub fn tag(&self) -> Option<u16> {
                self.0.get("tag")?.parse().ok()
            }

            /// Whether the guest's firewall applies to this card.
            #[must_use]
            pub fn firewall(&self) -> bool {
                self.0.flag("firewall").unwrap_or(false)
            }

            /// Whether the cable is pulled.
            #[must_use]
            pub fn link_down(&self) -> bool {
                self.0.flag("link_down").unwrap_or(false)
            }

            /// The limit of traffic in MB/s (10^6 bytes).
            #[must_use]
            pub fn rate(&self) -> Option<f64> {
                self.0.get("rate")?.parse().ok()
            }

            /// The MTU; 1 means that of the bridge. Of a VM for virtio only.
            #[must_use]
            pub fn mtu(&self) -> Option<u32> {
                self.0.get("mtu")?.parse().ok()
            }

            /// Plugs it into a bridge or vnet.
            ///
            /// # Errors
            /// `InvalidInput` for a name with other characters than letters, digits, `-`, `_` and `.`.
            pub fn with_bridge(self, bridge: &str) -> $crate::Result<Self> {
                $crate::config::card::check_bridge(bridge)?;
                self.with("bridge", bridge)
            }

            /// Sets the VLAN tag.
            ///
            /// # Errors
            /// `InvalidInput` outside 1 to 4094.
            pub fn with_tag(self, tag: u16) -> $crate::Result<Self> {
                self.with("tag", i64::from(tag))
            }

            /// Applies the guest's firewall to this card, or not.
            #[must_use]
            pub fn with_firewall(mut self, on: bool) -> Self {
                self.0.put("firewall", u8::from(on));
                self
            }

            /// Pulls the cable, or plugs it in.
            #[must_use]
            pub fn with_link_down(mut self, down: bool) -> Self {
                self.0.put("link_down", u8::from(down));
                self
            }
        }
    };
}
pub(super) use network_card;
