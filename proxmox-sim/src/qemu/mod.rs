//! Virtual machines, one file for each thing that can be done with them.

pub(crate) mod agent;
pub(crate) mod clone;
pub(crate) mod cloudinit;
pub(crate) mod create;
pub(crate) mod interfaces;
pub(crate) mod lifecycle;
pub(crate) mod net;
pub(crate) mod permit;
pub(crate) mod power;
