//! What each call is to virsh: one file for each table of [`procedures`](crate::rpc::procedures). A function takes what the call sends.

mod addresses;
mod agent;
pub(crate) mod device;
pub(crate) mod domain;
pub(crate) mod host;
mod lists;
mod metadata;
pub(crate) mod network;
pub(crate) mod snapshot;
mod stats;
pub(crate) mod storage;

use super::{columns, command, fields, form};
