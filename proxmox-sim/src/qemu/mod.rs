//! Virtual machines.

pub(crate) mod create;
pub(crate) mod disk;
pub(crate) mod inside;
