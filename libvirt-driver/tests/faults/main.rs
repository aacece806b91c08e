//! What becomes of work that is disturbed: the daemon dies or freezes, the link is cut, a pool is full, somebody else was faster.

// These are tests, and they wait for other processes in real time.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

mod creation;
#[path = "../daemon/mod.rs"]
mod daemon;
mod others;
mod relay;
mod store;
