//! Containers, one file for each thing that can be done with them. What they have in common with virtual machines is
//! in [`guest`](crate::guest).

pub(crate) mod clone;
pub(crate) mod config;
pub(crate) mod create;
pub(crate) mod feature;
pub(crate) mod interfaces;
pub(crate) mod lifecycle;
pub(crate) mod mount;
pub(crate) mod move_volume;
pub(crate) mod net;
pub(crate) mod pct;
pub(crate) mod permit;
pub(crate) mod power;
mod template_file;
