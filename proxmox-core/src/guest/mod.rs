//! Everything a VM and a container share.

mod address;
mod clone;
mod config;
mod create;
mod data;
mod delete;
mod exec;
mod power;
mod snapshot;
mod spec;
mod status;
mod wait_for_ip;

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

pub use address::{FoundIp, GuestAddress, GuestInterface, IpQuery};
pub use clone::{CloneGuest, CloneOptions, Cloned, HowCloned, NewId};
pub use config::PendingValue;
pub use create::CreateGuest;
pub use data::GuestData;
pub use delete::{DeleteGuest, DeleteOptions, Deleted};
pub use exec::{Exec, ExecResult};
pub use power::{EnsurePower, Power, Shutdown};
pub use snapshot::{GuestSnapshot, SnapshotOptions};
pub use status::{GuestState, GuestStatus};
pub use wait_for_ip::{AddressSource, WaitForIp};

use crate::policy::GuestFacts;
use crate::{Error, GuestKind, NodeName, Operation, Pve, PvePath, PveRequest, Result, Vmid};

/// What makes a VM a VM and a container a container: implemented once by each facade crate.
pub trait Kind: Send + Sync + Sized + 'static {
    /// The path segment and the noun.
    const KIND: GuestKind;
    /// The parameter that names a guest: `name` or `hostname`.
    const NAME_PARAM: &'static str;
    /// How it tells its addresses.
    const ADDRESSES: AddressSource;
    /// How it runs a program.
    type Exec: Operation<Output = ExecResult>;
    /// The facade's own handle, which wraps a [`Guest`].
    type Handle: From<Guest<Self>> + Deref<Target = Guest<Self>> + Send + 'static;

    /// The operation that runs a program in a guest: what [`Guest::exec`] binds.
    fn exec(guest: &Guest<Self>, exec: Exec) -> Self::Exec;
}

/// The handle of a guest on a node: what VMs and containers have in common. Cheap to clone; nothing is read until asked.
pub struct Guest<K> {
    pve: Pve,
    node: NodeName,
    vmid: Vmid,
    kind: PhantomData<fn() -> K>,
}

impl<K: Kind> Guest<K> {
    /// The handle; whether the guest exists is not asked.
    #[must_use]
    pub fn new(pve: Pve, node: NodeName, vmid: Vmid) -> Self {
        Self { pve, node, vmid, kind: PhantomData }
    }

    /// Its number.
    #[must_use]
    pub fn vmid(&self) -> Vmid {
        self.vmid
    }

    /// The node it is on.
    #[must_use]
    pub fn node(&self) -> &NodeName {
        &self.node
    }

    /// The handle it was made from.
    #[must_use]
    pub fn pve(&self) -> &Pve {
        &self.pve
    }

    /// Its path in the API, such as `/nodes/pve1/qemu/100`.
    #[must_use]
    pub fn path(&self) -> PvePath {
        PvePath::guest(&self.node, K::KIND, self.vmid)
    }

    /// What gates and idempotent flows ask first.
    pub(crate) async fn facts(&self) -> Result<GuestFacts> {
        let answer = self.pve.call(&PveRequest::get(self.path().fixed("config"))).await?;
        let facts: GuestFacts = answer.decode()?;
        Ok(GuestFacts { vmid: self.vmid, ..facts })
    }

    /// The same guest through a handle with the options of a call.
    pub(crate) fn through(&self, pve: Pve) -> Self {
        Self::new(pve, self.node.clone(), self.vmid)
    }
}

/// Whether an error says that the *guest* does not exist. An unknown node or storage is `NotFound` as well.
pub(crate) fn is_absent(error: &Error) -> bool {
    error.is_not_found() && error.message().to_lowercase().contains("configuration file")
}

/// A lost answer about a new guest says which guest to look for: the caller may not know the number.
pub(crate) fn name_the_lost<K: Kind>(error: Error, guest: &Guest<K>) -> Error {
    if error.is_maybe_applied() && error.upid().is_none() {
        return error
            .with_advice(format!("look for {guest}, and at the node's task list, before sending it again"));
    }
    error
}

impl<K> Clone for Guest<K> {
    fn clone(&self) -> Self {
        Self { pve: self.pve.clone(), node: self.node.clone(), vmid: self.vmid, kind: PhantomData }
    }
}

impl<K: Kind> fmt::Debug for Guest<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl<K: Kind> fmt::Display for Guest<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} on node {}", K::KIND.noun(), self.vmid, self.node)
    }
}
