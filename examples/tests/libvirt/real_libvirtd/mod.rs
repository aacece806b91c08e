//! With a daemon.

mod regions;
mod virt;
