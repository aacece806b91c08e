use crate::Pve;
/// stub
#[derive(Debug)]
pub struct Cluster { #[allow(dead_code)] pve: Pve }
impl Cluster { pub(crate) fn new(pve: Pve) -> Self { Self { pve } } }
