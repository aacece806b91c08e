//! From keywords to a connection.

use std::path::PathBuf;

use libvirt_driver::{Connection, Host, LibvirtUri, Reconnect, Wire};
use proxmox_core::{Policy as Gate, Result};
use pyo3::prelude::*;

use crate::python::args::Seconds;
use crate::python::error::{OrRaise, invalid};

/// Keywords of `open`.
pub(super) struct Options<'a> {
    pub(super) jumps: Vec<String>,
    pub(super) ssh_config: Option<PathBuf>,
    pub(super) connect_timeout: Option<Seconds>,
    pub(super) wire: &'a str,
    pub(super) reconnect: bool,
    pub(super) policy: Gate,
}

/// The flow that connects. What can be seen to be wrong is said at once.
pub(super) fn open(uri: &str, options: Options<'_>) -> PyResult<impl Future<Output = Result<Host>> + use<>> {
    let uri: LibvirtUri = uri.parse().or_raise()?;
    let wire = match options.wire {
        "auto" => Wire::Auto,
        "rpc" => Wire::Rpc,
        "virsh" => Wire::Virsh,
        other => return Err(invalid("wire", format!("{other:?} is not a wire: auto, rpc or virsh"))),
    };
    let mut builder = Connection::builder(&uri).wire(wire);
    for jump in options.jumps {
        builder = builder.jump(jump);
    }
    if let Some(file) = options.ssh_config {
        builder = builder.ssh_config(file);
    }
    if let Some(limit) = options.connect_timeout {
        builder = builder.connect_timeout(limit.0);
    }
    if !options.reconnect {
        builder = builder.reconnect(Reconnect::Never);
    }
    let policy = options.policy;
    Ok(async move { Ok(Host::new(builder.open().await?).await?.with_policy(policy)) })
}
