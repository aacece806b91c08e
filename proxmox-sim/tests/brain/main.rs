//! The brain, asked without any wire.
#![allow(clippy::unwrap_used, reason = "the helpers are tests, too")]

mod access;
mod agent;
mod ask;
mod cluster;
mod config;
mod container_change;
mod container_create;
mod container_life;
mod container_power;
mod lifecycle;
mod tasks;
mod upload;
mod versions;
