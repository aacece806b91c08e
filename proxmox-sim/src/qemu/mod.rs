//! Virtual machines, one file for each thing that can be done with them.

pub(crate) mod agent;
pub(crate) mod change;
pub(crate) mod clone;
pub(crate) mod cloudinit;
pub(crate) mod config;
pub(crate) mod create;
pub(crate) mod disk;
pub(crate) mod inside;
mod interfaces;
pub(crate) mod lifecycle;
pub(crate) mod list;
pub(crate) mod net;
pub(crate) mod power;
mod shell;
pub(crate) mod snapshot;
