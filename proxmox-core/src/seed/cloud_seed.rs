use std::fmt;

use crate::{ExposeSecret, Result, Secret};

use super::check;
use super::user_data::{check_network, refused};
use super::yaml::quoted;
use super::{UserData, image};

/// The label by which cloud-init finds the image.
pub const LABEL: &str = "cidata";

/// All that cloud-init finds in the image.
///
/// The instance's id decides what a first boot is: a guest that sees a new one takes the seed in again. Hand over the domain's UUID.
///
/// ```
/// use proxmox_core::seed::{CloudSeed, UserData};
/// let image = CloudSeed::new("i-1")
///     .hostname("web1")
///     .user_data(UserData::new("#cloud-config\npackages: [nginx]\n")?)
///     .network_config("version: 2\nethernets: {all: {match: {name: 'e*'}, dhcp4: true}}\n")
///     .to_iso(1_767_225_600)?;
/// # Ok::<(), proxmox_core::Error>(())
/// ```
#[derive(Clone)]
pub struct CloudSeed {
    instance_id: String,
    hostname: Option<String>,
    user_data: Option<UserData>,
    vendor_data: Option<UserData>,
    network_config: Option<Secret>,
}

impl CloudSeed {
    /// A seed for the instance of this id.
    #[must_use]
    pub fn new(instance_id: &str) -> Self {
        let instance_id = instance_id.to_owned();
        Self { instance_id, hostname: None, user_data: None, vendor_data: None, network_config: None }
    }

    /// Names the guest.
    #[must_use]
    pub fn hostname(mut self, hostname: &str) -> Self {
        self.hostname = Some(hostname.to_owned());
        self
    }

    /// Tells the guest what to do.
    #[must_use]
    pub fn user_data(mut self, data: UserData) -> Self {
        self.user_data = Some(data);
        self
    }

    /// Tells the guest what to do unless its user says otherwise.
    #[must_use]
    pub fn vendor_data(mut self, data: UserData) -> Self {
        self.vendor_data = Some(data);
        self
    }

    /// Connects the guest: a configuration in version 1 or 2, as YAML. Without one cloud-init asks for an address by DHCP.
    #[must_use]
    pub fn network_config(mut self, yaml: &str) -> Self {
        self.network_config = Some(yaml.into());
        self
    }

    /// The files by name. The user's is always there: without it cloud-init takes the image for something else.
    ///
    /// # Errors
    /// `InvalidInput` for an id that is not one line, a name that no host can have, and a network configuration that is not YAML or names
    /// no version.
    pub fn files(&self) -> Result<Vec<(&'static str, Secret)>> {
        check::line("instance_id", &self.instance_id)?;
        let mut meta = format!("instance-id: {}\n", quoted(&self.instance_id));
        if let Some(hostname) = &self.hostname {
            check_hostname(hostname)?;
            meta.push_str(&format!("local-hostname: {}\n", quoted(hostname)));
        }
        let text = |data: &UserData| Secret::from(data.expose());
        let nothing = || Secret::from("#cloud-config\n");
        let mut files = vec![
            ("meta-data", meta.into()),
            ("user-data", self.user_data.as_ref().map_or_else(nothing, text)),
        ];
        if let Some(data) = &self.vendor_data {
            files.push(("vendor-data", text(data)));
        }
        if let Some(network) = &self.network_config {
            check_network(network.expose_secret())?;
            files.push(("network-config", network.clone()));
        }
        Ok(files)
    }

    /// The image. The same seed with the same time, in seconds since 1970, gives the same bytes.
    ///
    /// # Errors
    /// As [`files`](Self::files), and for more than 2 GiB.
    pub fn to_iso(&self, created: u32) -> Result<Vec<u8>> {
        let files = self.files()?;
        let files: Vec<_> =
            files.iter().map(|(name, text)| (*name, text.expose_secret().as_bytes())).collect();
        image(LABEL, created, &files)
    }
}

impl fmt::Debug for CloudSeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CloudSeed")
            .field("instance_id", &self.instance_id)
            .field("hostname", &self.hostname)
            .field("user_data", &self.user_data)
            .field("vendor_data", &self.vendor_data)
            .field("network_config", &self.network_config.as_ref().map(|text| text.expose_secret().len()))
            .finish()
    }
}

fn check_hostname(hostname: &str) -> Result<()> {
    let letters = |label: &str| label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let label = |label: &str| {
        (1..=63).contains(&label.len()) && letters(label) && !label.starts_with('-') && !label.ends_with('-')
    };
    if hostname.len() <= 253 && hostname.split('.').all(label) {
        return Ok(());
    }
    let shown: String = hostname.chars().take(80).collect();
    Err(refused("hostname", &format!("{shown:?} is not a name for a host: letters, digits, '-' and '.'")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files() {
        let data = UserData::new("#!/bin/sh\n").unwrap();
        let seed = CloudSeed::new("i: \"1\"").hostname("web-1.example.org").vendor_data(data);
        let seed = seed.network_config("version: 2\n");
        let files = seed.files().unwrap();
        let files: Vec<_> = files.iter().map(|(name, text)| (*name, text.expose_secret())).collect();
        assert_eq!(
            files,
            [
                ("meta-data", "instance-id: \"i: \\\"1\\\"\"\nlocal-hostname: \"web-1.example.org\"\n"),
                ("user-data", "#cloud-config\n"),
                ("vendor-data", "#!/bin/sh\n"),
                ("network-config", "version: 2\n"),
            ]
        );
        assert_eq!(seed.to_iso(7).unwrap(), seed.to_iso(7).unwrap());
        assert_ne!(seed.to_iso(7).unwrap(), seed.to_iso(8).unwrap());
        assert!(!format!("{seed:?}").contains("version"), "{seed:?}");
    }

    #[test]
    fn what_is_refused() {
        let seed = || CloudSeed::new("i-1");
        let long = "a.".repeat(127) + "a";
        for (field, seed) in [
            ("instance_id", CloudSeed::new("")),
            ("instance_id", CloudSeed::new("a\nb: c")),
            ("hostname", seed().hostname("")),
            ("hostname", seed().hostname("a b")),
            ("hostname", seed().hostname("-a")),
            ("hostname", seed().hostname("a..b")),
            ("hostname", seed().hostname(&long)),
            ("network_config", seed().network_config("version: [")),
        ] {
            assert!(seed.to_iso(0).unwrap_err().errors().contains_key(field), "{field}");
        }
    }
}
