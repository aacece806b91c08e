//! Places where instances live, of both kinds by the same nouns: a Proxmox VE cluster, a node of it, a libvirt host.
//!
//! | file | |
//! |---|---|
//! | `place` | the noun |
//! | `regions` | the list that says where they are |
//! | `over` | a backend over a client or a host that is there already |
//! | `spec` | from keywords to an instance that is to be made |
//! | `events` | what becomes of instances |
//! | `values` | results, with sizes in bytes |

mod events;
mod over;
mod place;
mod regions;
mod spec;
mod values;

use pyo3::prelude::*;

pub(super) use values::{Capacity, Instance, InstanceEvent, InstanceType, Region};

/// Adds the classes to the module.
pub(super) fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<regions::Regions>()?;
    module.add_class::<place::Backend>()?;
    module.add_class::<place::AsyncBackend>()
}
