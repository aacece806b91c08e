//! The operating system inside a VM, as far as its guest agent shows it.

/// What the guest agent can reach.
#[derive(Debug, Default)]
pub(crate) struct Inside {}
