use std::fmt;
use std::ops::Deref;

use proxmox_core::guest::{AddressSource, CreateGuest, Exec, GuestInterface, GuestStatus, Kind, NewId};
use proxmox_core::{
    Ask, Call, Effect, Error, Guest, GuestKind, Node, NodeName, Pve, PveRequest, Result, Rows, Vmid, Work,
};

use crate::agent::{Agent, RunExec, Wrapped};
use crate::cloudinit::{ApplyCloudInit, CloudInit};
use crate::create::VmSpec;

/// Marks guests that are virtual machines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Qemu {}

impl Kind for Qemu {
    const KIND: GuestKind = GuestKind::Qemu;
    const NAME_PARAM: &'static str = "name";
    const ADDRESSES: AddressSource = AddressSource {
        path: &["agent", "network-get-interfaces"],
        read: |answer| Ok(answer.decode::<Wrapped<Vec<GuestInterface>>>()?.result),
        fixed: None,
        teller: "the agent",
        advice: "check that qemu-guest-agent runs in the guest and that its network is configured",
    };
    type Exec = RunExec;
    type Handle = Vm;

    fn exec(guest: &Guest<Self>, exec: Exec) -> RunExec {
        RunExec::new(guest.path().fixed("agent"), exec)
    }
}

/// The handle of a virtual machine. Nothing is read until asked.
#[derive(Debug, Clone)]
pub struct Vm(Guest<Qemu>);

impl From<Guest<Qemu>> for Vm {
    fn from(guest: Guest<Qemu>) -> Self {
        Self(guest)
    }
}

impl Deref for Vm {
    type Target = Guest<Qemu>;
    fn deref(&self) -> &Guest<Qemu> {
        &self.0
    }
}

impl fmt::Display for Vm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Vm {
    /// The handle; whether the VM exists is not asked.
    #[must_use]
    pub fn new(pve: &Pve, node: &NodeName, vmid: Vmid) -> Self {
        Self(Guest::new(pve.clone(), node.clone(), vmid))
    }

    /// Resets it, as by its reset button: `POST …/status/reset`, waited for. Needs `VM.PowerMgmt`.
    pub fn reset(&self) -> Call<Work> {
        let request = PveRequest::create(self.path().fixed("status/reset")).effect(Effect::Destroy);
        self.pve().bind(Work::new("guest.reset", Ok(request)))
    }

    /// Turns the VM into a template, for good: `POST …/template`, waited for. Needs `VM.Allocate`.
    ///
    /// # Errors
    /// `WrongState` while it runs or has snapshots.
    pub fn template(&self) -> Call<Work> {
        let request = PveRequest::create(self.path().fixed("template")).effect(Effect::Destroy);
        self.pve().bind(Work::new("guest.template", Ok(request)))
    }

    /// What its guest agent offers.
    #[must_use]
    pub fn agent(&self) -> Agent {
        Agent::new(self.clone())
    }

    /// Sets cloud-init values and makes the drive anew: see [`CloudInit`].
    pub fn cloud_init(&self, values: CloudInit) -> Call<ApplyCloudInit> {
        self.pve().bind(ApplyCloudInit::new(self.clone(), values))
    }
}

/// The VMs of a node.
#[derive(Debug, Clone)]
pub struct Vms(Node);

impl Vms {
    /// All VMs with state and telemetry in one request: `GET /nodes/{node}/qemu`. PVE leaves out those without `VM.Audit`.
    pub fn list(&self) -> Call<Ask<Rows<GuestStatus>>> {
        self.0.guests::<Qemu>()
    }

    /// Creates a VM: `POST /nodes/{node}/qemu`, waited for. Needs `VM.Allocate` on the number or the pool,
    /// `Datastore.AllocateSpace` and the `VM.Config.*` privileges of what is set.
    ///
    /// # Errors
    /// `AlreadyExists` when the number is taken, `InvalidInput` with the parameters named, `TaskFailed`.
    pub fn create(&self, newid: impl Into<NewId>, spec: VmSpec) -> Call<CreateGuest<Qemu>> {
        CreateGuest::new(self.0.pve(), self.0.name(), newid.into(), spec.into_params())
    }
}

/// Gives a [`Node`] its VMs.
pub trait QemuNode {
    /// The VMs of the node.
    fn vms(&self) -> Vms;

    /// One VM of the node.
    ///
    /// # Errors
    /// `InvalidInput` for a number outside 100 to 999 999 999.
    fn vm<V>(&self, vmid: V) -> Result<Vm>
    where
        V: TryInto<Vmid>,
        Error: From<V::Error>;
}

impl QemuNode for Node {
    fn vms(&self) -> Vms {
        Vms(self.clone())
    }

    fn vm<V>(&self, vmid: V) -> Result<Vm>
    where
        V: TryInto<Vmid>,
        Error: From<V::Error>,
    {
        Ok(Vm::new(self.pve(), self.name(), vmid.try_into()?))
    }
}
