//! Plain libvirt hosts.
//!
//! | file | |
//! |---|---|
//! | `host`, `domain` | the nouns |
//! | `connect`, `create` | from keywords to a connection, and to a domain that is to be made |
//! | `values` | results: what the driver answers, with sizes in bytes |

mod connect;
mod create;
mod domain;
mod host;
mod values;

use pyo3::prelude::*;

pub(super) use host::HostBase;
pub(super) use values::{
    DeletedDomain, DomainOverview, DomainSnapshot, DomainUsage, HostCapacity, PoolCapacity,
};

/// Adds the classes to the module.
pub(super) fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<host::LibvirtHost>()?;
    module.add_class::<host::AsyncLibvirtHost>()?;
    module.add_class::<domain::Domain>()?;
    module.add_class::<domain::AsyncDomain>()
}
