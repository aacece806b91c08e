//! From keywords to the description of a new guest.

use proxmox_core::config::{ContainerNet, Net};
use proxmox_core::guest::NewId;
use proxmox_core::{StorageId, VolId};
use proxmox_lxc::ContainerSpec;
use proxmox_qemu::VmSpec;
use pyo3::prelude::*;
use pyo3::types::PyMapping;

use super::args::{Bytes, GuestId, text};
use super::error::OrRaise;
use super::params;
use super::secret::SecretArg;

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// What VMs and containers have in common.
pub(crate) struct Common<'a, 'py> {
    pub(crate) cores: Option<u32>,
    pub(crate) memory: Option<Bytes>,
    pub(crate) tags: &'a [String],
    pub(crate) pool: Option<&'a str>,
    pub(crate) onboot: bool,
    pub(crate) start: bool,
    pub(crate) params: Option<&'a Bound<'py, PyMapping>>,
}

pub(crate) fn newid(vmid: Option<GuestId>) -> NewId {
    vmid.map_or_else(NewId::default, |id| id.0.into())
}

/// Fills in what both have: the types differ, the names of their methods do not.
macro_rules! common {
    ($spec:ident, $common:ident) => {
        if let Some(cores) = $common.cores {
            $spec = $spec.cores(cores);
        }
        if let Some(memory) = $common.memory {
            $spec = $spec.memory_mib(memory.whole("memory", MIB)?);
        }
        if !$common.tags.is_empty() {
            $spec = $spec.tags($common.tags.iter().map(String::as_str));
        }
        if let Some(pool) = $common.pool {
            $spec = $spec.pool(pool);
        }
        if $common.onboot {
            $spec = $spec.onboot();
        }
        if $common.start {
            $spec = $spec.start();
        }
        for (name, value) in params::params($common.params, None)?.iter() {
            $spec = $spec.param(name, value.clone());
        }
    };
}

pub(crate) fn vm(
    name: &str,
    common: &Common<'_, '_>,
    disks: Option<&Bound<'_, PyMapping>>,
    nets: &[String],
    cloud_init_drive: Option<(String, String)>,
    agent: bool,
) -> PyResult<VmSpec> {
    let mut spec = VmSpec::named(name);
    if let Some(disks) = disks {
        for pair in disks.items()? {
            let (slot, (storage, size)): (Bound<'_, PyAny>, (String, Bytes)) = pair.extract()?;
            let storage: StorageId = storage.parse().or_raise()?;
            spec = spec.disk(&text(&slot)?, &storage, size.whole("disks", GIB)?);
        }
    }
    for (index, line) in (0..).zip(nets) {
        spec = spec.net(index, &Net::parse(line).or_raise()?);
    }
    if let Some((slot, storage)) = cloud_init_drive {
        spec = spec.cloud_init_drive(&slot, &storage.parse::<StorageId>().or_raise()?);
    }
    if agent {
        spec = spec.agent();
    }
    common!(spec, common);
    Ok(spec)
}

/// What only a container has.
pub(crate) struct OfContainer<'a> {
    pub(crate) rootfs: Option<(String, Bytes)>,
    pub(crate) swap: Option<Bytes>,
    pub(crate) nets: &'a [String],
    pub(crate) ssh_keys: &'a [String],
    pub(crate) password: Option<SecretArg>,
    pub(crate) nesting: bool,
    pub(crate) privileged: bool,
}

pub(crate) fn container(
    hostname: &str,
    template: &str,
    common: &Common<'_, '_>,
    own: OfContainer<'_>,
) -> PyResult<ContainerSpec> {
    let mut spec = ContainerSpec::new(&template.parse::<VolId>().or_raise()?, hostname);
    if let Some((storage, size)) = own.rootfs {
        spec = spec.rootfs(&storage.parse::<StorageId>().or_raise()?, size.whole("rootfs", GIB)?);
    }
    if let Some(swap) = own.swap {
        spec = spec.swap_mib(if swap.0 == 0 { 0 } else { swap.whole("swap", MIB)? });
    }
    for (index, line) in (0..).zip(own.nets) {
        spec = spec.net(index, &ContainerNet::parse(line).or_raise()?);
    }
    if !own.ssh_keys.is_empty() {
        spec = spec.ssh_keys(own.ssh_keys.iter().map(String::as_str));
    }
    if let Some(password) = own.password {
        spec = spec.password(password.0);
    }
    if own.nesting {
        spec = spec.nesting();
    }
    if own.privileged {
        spec = spec.privileged();
    }
    common!(spec, common);
    Ok(spec)
}
