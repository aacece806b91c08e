//! A backend over a client or a host that is there already.

use std::sync::Arc;

use libvirt_driver::LibvirtBackend;
use proxmox_core::backend::{Backend, Region};
use proxmox_fleet::PveBackend;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

use crate::python::client::ClientBase;
use crate::python::error::{OrRaise, unsupported};
use crate::python::libvirt::HostBase;

/// The region over this. `name` may be that of a node.
pub(super) fn backend(handle: &Bound<'_, PyAny>, region: &Region, name: &str) -> PyResult<Arc<dyn Backend>> {
    let other = |wanted: &str| {
        let given = handle.get_type().name();
        let text = |given| format!("a {} region is over a {wanted}, not over a {given}", region.kind());
        given.map_or_else(|e| e, |given| PyTypeError::new_err(text(given)))
    };
    match region {
        Region::Proxmox(region) => {
            let client = handle.cast::<ClientBase>().map_err(|_| other("Client"))?;
            let cluster = PveBackend::new(client.get().way.pve()?, region).or_raise()?;
            Ok(Arc::new(cluster.named(name).or_raise()?))
        }
        Region::Libvirt(region) => {
            let host = handle.cast::<HostBase>().map_err(|_| other("LibvirtHost"))?;
            Ok(Arc::new(LibvirtBackend::of(host.get().way.handle()?, region)))
        }
        _ => Err(unsupported("regions of this kind are not known here")),
    }
}
