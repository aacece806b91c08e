//! For programs that were written for proxmoxer: its dotted style, over any of our transports, with our safety policy.

mod api;
mod error;
mod resource;
mod tasks;

use pyo3::prelude::*;

/// Adds the classes to the module, under names of their own: `proxmox_sdk.compat` takes them from there.
pub(crate) fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let compat = PyModule::new(module.py(), "_compat")?;
    compat.add_class::<resource::ProxmoxResource>()?;
    compat.add_class::<api::ProxmoxAPI>()?;
    compat.add_class::<tasks::Tasks>()?;
    error::add(&compat)?;
    module.add("_compat", compat)
}
