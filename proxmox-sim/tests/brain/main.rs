//! The brain, asked without any wire.

mod access;
mod agent;
mod ask;
mod cluster;
mod config;
mod lifecycle;
mod tasks;
mod versions;
