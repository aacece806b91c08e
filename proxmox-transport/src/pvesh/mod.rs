//! PVE's command line: the same requests, on a node where nothing else can be reached.

mod answer;
mod command;
mod transport;
mod upload;

pub(crate) use answer::not_pve;
pub(crate) use command::Caller;
pub(crate) use transport::Pvesh;
