//! From keywords to an instance that is to be made.

use proxmox_core::ExposeSecret as _;
use proxmox_core::backend::{Image, InstanceSpec, InstanceType, Network, Region};
use pyo3::prelude::*;

use crate::python::args::Bytes;
use crate::python::error::{OrRaise, invalid};
use crate::python::secret::SecretArg;

const MIB: u64 = 1 << 20;

/// How large: the name of a size that the region offers, or all three figures.
pub(super) struct SizeArgs<'a> {
    pub(super) size: Option<&'a str>,
    pub(super) vcpus: Option<u32>,
    pub(super) memory: Option<Bytes>,
    pub(super) disk: Option<Bytes>,
}

impl SizeArgs<'_> {
    pub(super) fn of(self, region: &Region) -> PyResult<InstanceType> {
        match (self.size, self.vcpus, self.memory, self.disk) {
            (Some(name), None, None, None) => region.instance_type(name).cloned().or_raise(),
            (None, Some(vcpus), Some(memory), Some(disk)) => Ok(InstanceType {
                name: "as wanted".to_owned(),
                vcpus,
                memory_mib: memory.whole("memory", MIB)?,
                disk_mib: disk.whole("disk", MIB)?,
            }),
            _ => Err(invalid("size", "size: give either `size`, or `vcpus`, `memory` and `disk`")),
        }
    }
}

/// What it is made of: one of three.
pub(super) struct ImageArgs {
    pub(super) volume: Option<String>,
    pub(super) url: Option<String>,
    pub(super) checksum: Option<String>,
    pub(super) template: Option<String>,
}

impl ImageArgs {
    fn image(self) -> PyResult<Image> {
        match (self.volume, self.url, self.template, self.checksum) {
            (Some(volume), None, None, None) => Ok(Image::Volume(volume)),
            (None, Some(url), None, Some(checksum)) => Ok(Image::Url { url, checksum }),
            (None, None, Some(template), None) => Ok(Image::Template(template)),
            _ => {
                let text = "image: give one of `volume`, `template`, and `url` with its `checksum`";
                Err(invalid("image", text))
            }
        }
    }
}

/// What else may be said of it.
pub(super) struct More {
    pub(super) image: ImageArgs,
    pub(super) network: Option<String>,
    pub(super) bridge: Option<String>,
    pub(super) user_data: Option<SecretArg>,
    pub(super) tags: Vec<String>,
}

pub(super) fn spec(name: String, size: InstanceType, more: More) -> PyResult<InstanceSpec> {
    let mut spec = InstanceSpec::new(name, size, more.image.image()?).tags(more.tags);
    match (more.network, more.bridge) {
        (None, None) => {}
        (Some(network), None) => spec = spec.network(Network::Network(network)),
        (None, Some(bridge)) => spec = spec.network(Network::Bridge(bridge)),
        _ => return Err(invalid("network", "network: give either `network` or `bridge`")),
    }
    if let Some(data) = more.user_data {
        spec = spec.user_data(data.0.expose_secret());
    }
    Ok(spec)
}
