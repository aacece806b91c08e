//! The second wire: `virsh`, run on the host where no way leads to the daemon's socket.
//!
//! A [`Call`](crate::rpc::Call) has a [`Form`] beside its procedure: the commands that do the same, and what their output means. Only
//! output that is made for programs is read, and columns where there is none. Each command is a process of about 35 ms.

mod client;
mod columns;
mod command;
mod fields;
mod form;
pub(crate) mod forms;
mod place;
mod said;
mod uri;

pub(crate) use client::Virsh;
pub(crate) use command::{beyond, quote};
pub(crate) use form::Form;
pub(crate) use place::Place;
pub(crate) use uri::on_the_host;
