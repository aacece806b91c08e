use super::view::{bad, property_view};
use super::{ConfigBag, PropertyString};
use crate::{Error, Result};

/// The order in which a VM tries to boot, `boot`: `order=scsi0;net0`, or the older letters, `cdn`.
///
/// ```
/// use proxmox_core::config::BootOrder;
/// let boot = BootOrder::new(["scsi0", "net0"])?;
/// assert_eq!(boot.to_string(), "order=scsi0;net0");
/// assert_eq!(boot.devices(), ["scsi0", "net0"]);
/// # Ok::<(), proxmox_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct BootOrder(PropertyString);

property_view!(BootOrder);

impl BootOrder {
    fn check(properties: &PropertyString) -> Result<()> {
        let order = properties.get("order").unwrap_or_default();
        match order.split(';').find(|device| !is_device(device) && !device.is_empty()) {
            Some(device) => Err(bad("boot", properties, format!("{device:?} is not a device such as scsi0"))),
            None => Ok(()),
        }
    }

    /// These devices, by their keys, in this order. None at all: the VM boots from nothing.
    ///
    /// # Errors
    /// `InvalidInput` for what is not a key such as `scsi0`, `net0` or `ide2`.
    pub fn new<D: AsRef<str>>(devices: impl IntoIterator<Item = D>) -> Result<Self> {
        let devices: Vec<_> = devices.into_iter().collect();
        let names: Vec<_> = devices.iter().map(AsRef::as_ref).collect();
        match names.iter().find(|name| !is_device(name)) {
            Some(name) => {
                Err(Error::invalid("boot", format!("boot: {name:?} is not a device such as scsi0")))
            }
            None => Ok(Self(format!("order={}", names.join(";")).into())),
        }
    }

    /// The devices in order; none for the letter form.
    #[must_use]
    pub fn devices(&self) -> Vec<&str> {
        self.0.get("order").unwrap_or_default().split(';').filter(|device| !device.is_empty()).collect()
    }

    /// The letter form: `a` floppy, `c` the disk that `bootdisk` names, `d` CD-ROM, `n` network.
    #[must_use]
    pub fn legacy(&self) -> Option<&str> {
        self.0.default_value().or_else(|| self.0.get("legacy"))
    }
}

fn is_device(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_alphanumeric()) && text.starts_with(|c: char| c.is_ascii_alphabetic())
}

impl ConfigBag {
    /// The boot order; `None` when it is PVE's default, or unreadable.
    #[must_use]
    pub fn boot_order(&self) -> Option<BootOrder> {
        self.get("boot").and_then(|text| BootOrder::parse(text).ok())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn forms() {
        let read = |text| BootOrder::parse(text).unwrap();
        assert_eq!(read("order=ide2;scsi0;net0").devices(), ["ide2", "scsi0", "net0"]);
        assert_eq!((read("cdn").legacy(), read("legacy=cdn").legacy()), (Some("cdn"), Some("cdn")));
        // A VM without any disk or card has this one.
        assert_eq!(
            (read(" ").devices().len(), read(" ").legacy(), read(" ").to_string()),
            (0, None, " ".to_owned())
        );
        assert!(read("order=").devices().is_empty());
        assert!(BootOrder::parse("order=scsi0;../x").is_err());
        assert!(BootOrder::new(["scsi0;net0"]).is_err() && BootOrder::new([""]).is_err());
        assert_eq!(BootOrder::new(Vec::<&str>::new()).unwrap().to_string(), "order=");
    }

    proptest! {
        #[test]
        fn keeps_every_text_and_never_panics(text in prop_oneof![any::<String>(), "(order=|legacy=)?[a-z0-9;,]{0,12}"]) {
            if let Ok(boot) = BootOrder::parse(&text) {
                prop_assert_eq!(boot.to_string(), text);
                prop_assert!(BootOrder::new(boot.devices()).is_ok());
            }
        }
    }
}
