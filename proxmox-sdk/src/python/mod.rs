//! The Python module `proxmox_sdk`: every call goes straight to a flow of this SDK.
//!
//! | file | |
//! |---|---|
//! | `way` | the one way from a method to a flow: blocking or for asyncio |
//! | `lane`, `wait`, `aio` | where flows run, how a thread waits for one, how asyncio does |
//! | `process` | what belongs to one process and not to its forks |
//! | `record`, `records` | results: one class in Rust, a line for each in Python |
//! | `to_python`, `field`, `from_json` | from whatever serialises to Python objects: all of it, or one field; and from JSON itself |
//! | `error`, `enums` | exceptions and enums |
//! | `args`, `params`, `secret` | what comes from Python |
//! | `client`, `connect`, `node`, `guest`, `vm`, `container`, `task` … | the nouns |
//! | `libvirt`, `backend` | plain libvirt hosts, and places of both kinds |

// PyO3 hands arguments over by value, and Python's keywords are many.
#![allow(clippy::needless_pass_by_value, clippy::too_many_arguments)]

mod aio;
mod args;
mod backend;
mod client;
mod cloned;
mod compat;
mod connect;
mod container;
mod create;
mod enums;
mod error;
mod field;
mod from_json;
mod guest;
mod lane;
mod libvirt;
mod node;
mod params;
mod plan;
mod policy;
mod preflight;
mod process;
mod record;
mod records;
mod report;
mod rows;
mod secret;
mod sim;
mod tags;
mod task;
mod to_python;
mod vm;
mod wait;
mod watch;
mod way;

use pyo3::prelude::*;

/// The native half of `proxmox_sdk`.
#[pymodule]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    error::add(module)?;
    enums::add(module)?;
    records::add(module)?;
    module.add_class::<client::Client>()?;
    module.add_class::<client::AsyncClient>()?;
    module.add_class::<node::Node>()?;
    module.add_class::<node::AsyncNode>()?;
    module.add_class::<vm::Vm>()?;
    module.add_class::<vm::AsyncVm>()?;
    module.add_class::<container::Container>()?;
    module.add_class::<container::AsyncContainer>()?;
    module.add_class::<task::Task>()?;
    module.add_class::<task::AsyncTask>()?;
    module.add_class::<watch::Watch>()?;
    module.add_class::<watch::AsyncWatch>()?;
    module.add_class::<plan::Plan>()?;
    module.add_class::<policy::Policy>()?;
    module.add_class::<watch::InstanceWatch>()?;
    module.add_class::<watch::AsyncInstanceWatch>()?;
    libvirt::add(module)?;
    backend::add(module)?;
    module.add_class::<secret::Secret>()?;
    module.add_class::<sim::Sim>()?;
    module.add("UnreadableRowWarning", rows::unreadable(module.py())?)?;
    module.add_function(wrap_pyfunction!(preflight::preflight, module)?)?;
    module.add_function(wrap_pyfunction!(preflight::request, module)?)?;
    module.add("KIB", 1_u64 << 10)?;
    module.add("MIB", 1_u64 << 20)?;
    module.add("GIB", 1_u64 << 30)?;
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    compat::add(module)
}
