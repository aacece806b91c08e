//! Every method that is simulated, one line each. [`Line`](super::Line) says how a line is read.

mod access;
mod agent;
mod cluster;
mod guest;
mod node;

use super::Line;

/// All lines.
pub(super) fn lines() -> impl Iterator<Item = &'static Line> {
    [cluster::LINES, node::LINES, node::STORAGE, guest::QEMU, guest::LXC, agent::LINES, access::LINES]
        .into_iter()
        .flatten()
}
