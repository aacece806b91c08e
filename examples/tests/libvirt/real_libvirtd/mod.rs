//! With a daemon.

mod documents;
mod regions;
mod virt;
