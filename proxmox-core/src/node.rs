//! stub
use crate::{Pve, NodeName};
/// stub
#[derive(Debug)]
pub struct Node { #[allow(dead_code)] pve: Pve, #[allow(dead_code)] name: NodeName }
impl Node { pub(crate) fn new(pve: Pve, name: NodeName) -> Self { Self { pve, name } } }
