//! A domain that is to be made, with its disk and what cloud-init is told.

use proxmox_core::config::Tags;
use proxmox_core::{Result, Secret, Size};

use super::Image;
use crate::seed::UserData;
use crate::xml::DomainXml;

/// A domain that is to be made of an image. The machine is a [`DomainXml`], with everything that it can say; disk and seed are added to it
/// as its first and its last disk.
///
/// ```
/// use libvirt_driver::xml::{DomainXml, NicXml};
/// use libvirt_driver::{Image, NewDomain};
/// use libvirt_driver::seed::UserData;
/// use proxmox_core::Size;
///
/// let machine = DomainXml::new("web1", Size::gib(2), 2).nic(NicXml::network("default"));
/// let new = NewDomain::new(machine)
///     .disk(Image::volume("images", "debian-12.qcow2"), Size::gib(10))
///     .user_data(UserData::new("#cloud-config\npackages: [qemu-guest-agent]\n")?)
///     .tags(["web"])?
///     .autostart();
/// # Ok::<(), proxmox_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct NewDomain {
    pub(super) machine: DomainXml,
    pub(super) pool: String,
    pub(super) disk: Option<(Image, Size)>,
    pub(super) overlay: bool,
    pub(super) user_data: Option<UserData>,
    pub(super) network_config: Option<Secret>,
    pub(super) tags: Tags,
    pub(super) autostart: bool,
    pub(super) start: bool,
}

impl NewDomain {
    /// This machine, which is started when it is made. Its volumes go into the pool `default`.
    #[must_use]
    pub fn new(machine: DomainXml) -> Self {
        Self {
            machine,
            pool: "default".to_owned(),
            disk: None,
            overlay: false,
            user_data: None,
            network_config: None,
            tags: Tags::new(),
            autostart: false,
            start: true,
        }
    }

    /// With a disk made of this image, and of this size, or the image's if that is larger.
    #[must_use]
    pub fn disk(mut self, image: Image, size: Size) -> Self {
        self.disk = Some((image, size));
        self
    }

    /// Lets the disk hold only what differs from the image, instead of a copy: made at once, and broken if the image ever changes or
    /// goes.
    #[must_use]
    pub fn overlay(mut self) -> Self {
        self.overlay = true;
        self
    }

    /// Into this pool.
    #[must_use]
    pub fn pool(mut self, name: &str) -> Self {
        name.clone_into(&mut self.pool);
        self
    }

    /// What cloud-init is to do. It may hold secrets: they are in a volume of the host until the domain is deleted.
    #[must_use]
    pub fn user_data(mut self, data: UserData) -> Self {
        self.user_data = Some(data);
        self
    }

    /// How cloud-init is to set the network up: version 1 or 2, as YAML. Without it, by DHCP.
    #[must_use]
    pub fn network_config(mut self, yaml: &str) -> Self {
        self.network_config = Some(yaml.into());
        self
    }

    /// With these tags beside the managed one.
    ///
    /// # Errors
    /// `InvalidInput` for what is no tag.
    pub fn tags<T: AsRef<str>>(mut self, tags: impl IntoIterator<Item = T>) -> Result<Self> {
        self.tags = Tags::of(tags)?;
        Ok(self)
    }

    /// Starts with its host.
    #[must_use]
    pub fn autostart(mut self) -> Self {
        self.autostart = true;
        self
    }

    /// Is made, and not started.
    #[must_use]
    pub fn stopped(mut self) -> Self {
        self.start = false;
        self
    }
}
