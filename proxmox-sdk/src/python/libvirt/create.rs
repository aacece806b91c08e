//! From keywords to the description of a new domain.

use libvirt_driver::seed::UserData;
use libvirt_driver::xml::{CpuXml, DomainXml, FirmwareXml, NicXml, VirtType};
use libvirt_driver::{Checksum, Image, NewDomain};
use proxmox_core::ExposeSecret as _;
use pyo3::prelude::*;

use crate::python::args::{Arg, Bytes};
use crate::python::error::{OrRaise, invalid};
use crate::python::secret::SecretArg;

/// What a disk begins as, in keywords: one of the first three.
pub(super) struct ImageArgs {
    pub(super) volume: Option<String>,
    pub(super) url: Option<String>,
    pub(super) file: Option<String>,
    pub(super) checksum: Option<Arg<Checksum>>,
}

impl ImageArgs {
    /// `None` when there is to be none.
    pub(super) fn image(self) -> PyResult<Option<Image>> {
        let Self { volume, url, file, checksum } = self;
        let checksum = checksum.map(|sum| sum.0);
        Ok(Some(match (volume, url, file, checksum) {
            (None, None, None, None) => return Ok(None),
            (Some(volume), None, None, checksum) => {
                let Some((pool, name)) = volume.split_once('/') else {
                    return Err(invalid("volume", format!("volume: {volume:?} is not POOL/VOLUME")));
                };
                checksum.into_iter().fold(Image::volume(pool, name), Image::checksum)
            }
            (None, Some(url), None, Some(checksum)) => Image::url(url, checksum),
            (None, None, Some(file), Some(checksum)) => Image::file(file, checksum),
            (None, None, None, Some(_)) | (None, Some(_), None, None) | (None, None, Some(_), None) => {
                let text = "checksum: an image of the web or of this machine has one: sha256:… or sha512:…";
                return Err(invalid("checksum", text));
            }
            _ => return Err(invalid("image", "image: give one of volume, url and file")),
        }))
    }
}

/// Keywords of the machine.
pub(super) struct Machine<'a> {
    pub(super) name: &'a str,
    pub(super) memory: Bytes,
    pub(super) vcpus: u32,
    pub(super) max_memory: Option<Bytes>,
    pub(super) max_vcpus: Option<u32>,
    pub(super) networks: &'a [String],
    pub(super) bridges: &'a [String],
    pub(super) title: Option<&'a str>,
    pub(super) description: Option<&'a str>,
    pub(super) virt_type: &'a str,
    pub(super) arch: Option<&'a str>,
    pub(super) machine: Option<&'a str>,
    pub(super) cpu: Option<&'a str>,
    pub(super) uefi: bool,
}

impl Machine<'_> {
    fn document(&self) -> DomainXml {
        let mut machine = DomainXml::new(self.name, self.memory.size(), self.vcpus);
        machine = machine.virt_type(VirtType::from(self.virt_type));
        machine = self.max_memory.into_iter().fold(machine, |m, most| m.max_memory(most.size()));
        machine = self.max_vcpus.into_iter().fold(machine, DomainXml::max_vcpus);
        machine = self.title.into_iter().fold(machine, DomainXml::title);
        machine = self.description.into_iter().fold(machine, DomainXml::description);
        machine = self.arch.into_iter().fold(machine, DomainXml::arch);
        machine = self.machine.into_iter().fold(machine, DomainXml::machine);
        machine = self.cpu.into_iter().fold(machine, |m, cpu| {
            m.cpu(match cpu {
                "host-passthrough" => CpuXml::HostPassthrough,
                "host-model" => CpuXml::HostModel,
                "maximum" => CpuXml::Maximum,
                model => CpuXml::Named(model.to_owned()),
            })
        });
        if self.uefi {
            machine = machine.firmware(FirmwareXml::Efi);
        }
        machine = self.networks.iter().fold(machine, |m, name| m.nic(NicXml::network(name)));
        self.bridges.iter().fold(machine, |m, name| m.nic(NicXml::bridge(name)))
    }
}

/// What is made beside the machine.
pub(super) struct Around<'a> {
    pub(super) image: ImageArgs,
    pub(super) disk: Option<Bytes>,
    pub(super) overlay: bool,
    pub(super) pool: &'a str,
    pub(super) user_data: Option<SecretArg>,
    pub(super) network_config: Option<SecretArg>,
    pub(super) tags: &'a [String],
    pub(super) autostart: bool,
    pub(super) start: bool,
}

pub(super) fn new_domain(machine: &Machine<'_>, around: Around<'_>) -> PyResult<NewDomain> {
    let mut new = NewDomain::new(machine.document()).pool(around.pool).tags(around.tags).or_raise()?;
    match (around.image.image()?, around.disk) {
        // At least that of the image, in any case.
        (Some(image), size) => new = new.disk(image, size.map(Bytes::size).unwrap_or_default()),
        (None, None) => {}
        (None, Some(_)) => return Err(invalid("disk", "disk: its image is missing: volume, url or file")),
    }
    if around.overlay {
        new = new.overlay();
    }
    if let Some(data) = around.user_data {
        new = new.user_data(UserData::new(data.0.expose_secret()).or_raise()?);
    }
    if let Some(config) = around.network_config {
        new = new.network_config(config.0.expose_secret());
    }
    if around.autostart {
        new = new.autostart();
    }
    Ok(if around.start { new } else { new.stopped() })
}
