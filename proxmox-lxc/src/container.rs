use std::fmt;
use std::ops::Deref;

use proxmox_core::config::{Ipv4Config, Ipv6Config};
use proxmox_core::guest::{
    AddressSource, CreateGuest, Exec, ExecResult, GuestData, GuestInterface, GuestStatus, Kind, NewId,
};
use proxmox_core::task::QuietWork;
use proxmox_core::{
    Ask, Call, ConfigBag, Effect, Error, ErrorKind, Guest, GuestKind, Node, NodeName, Outcome, Push, Pve,
    PveRequest, PveResponse, Result, Rows, Vmid,
};

use crate::create::ContainerSpec;
use crate::pct::RunPct;

/// Marks guests that are containers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lxc {}

impl Kind for Lxc {
    const KIND: GuestKind = GuestKind::Lxc;
    const NAME_PARAM: &'static str = "hostname";
    const ADDRESSES: AddressSource = AddressSource {
        path: &["interfaces"],
        read: interfaces,
        fixed: Some(fixed),
        teller: "the container",
        advice: "check that its card is on a bridge with DHCP, or give it a static address",
    };
    type Exec = RunPct<ExecResult>;
    type Handle = Container;

    fn exec(guest: &Guest<Self>, exec: Exec) -> Self::Exec {
        RunPct::exec(guest.path(), exec)
    }
}

/// PVE has no answer for a container that is off.
fn interfaces(answer: &PveResponse) -> Result<Vec<GuestInterface>> {
    answer.decode::<Option<Vec<GuestInterface>>>()?.ok_or_else(|| {
        Error::new(ErrorKind::WrongState, Outcome::Rejected, "the container does not run")
            .with_advice("start it first")
    })
}

/// The static addresses of its cards.
fn fixed(config: &ConfigBag) -> Vec<GuestInterface> {
    let cards = config.container_nets().into_iter().filter_map(|(_, net)| net.ok());
    let addresses = |net: proxmox_core::config::ContainerNet| {
        let mac = net.mac().map(|mac| mac.to_string());
        let ips = net.ip_config();
        let v4 = match ips.ip() {
            Some(Ipv4Config::Static(ip, prefix)) => Some((ip.into(), prefix)),
            _ => None,
        };
        let v6 = match ips.ip6() {
            Some(Ipv6Config::Static(ip, prefix)) => Some((ip.into(), prefix)),
            _ => None,
        };
        let at = |(ip, prefix)| GuestInterface::fixed(net.name(), mac.as_deref(), ip, prefix);
        [v4, v6].into_iter().flatten().map(at).collect::<Vec<_>>()
    };
    cards.flat_map(addresses).collect()
}

/// The handle of a container. Nothing is read until asked.
#[derive(Debug, Clone)]
pub struct Container(Guest<Lxc>);

impl From<Guest<Lxc>> for Container {
    fn from(guest: Guest<Lxc>) -> Self {
        Self(guest)
    }
}

impl Deref for Container {
    type Target = Guest<Lxc>;
    fn deref(&self) -> &Guest<Lxc> {
        &self.0
    }
}

impl fmt::Display for Container {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Container {
    /// The handle; whether the container exists is not asked.
    #[must_use]
    pub fn new(pve: &Pve, node: &NodeName, vmid: Vmid) -> Self {
        Self(Guest::new(pve.clone(), node.clone(), vmid))
    }

    /// Its network interfaces, as its kernel sees them: `GET …/interfaces`. Needs `VM.Audit`.
    ///
    /// # Errors
    /// `WrongState` when it does not run.
    pub fn interfaces(&self) -> Call<Ask<Vec<GuestInterface>>> {
        let request = PveRequest::get(self.path().fixed("interfaces"));
        self.pve().bind(Ask::with("guest.interfaces", Ok(request), interfaces))
    }

    /// Writes a file into the running container: `pct push` on its node, `POST …/pct/push` as a request. Without a
    /// [`timeout`](Call::timeout) it may take two minutes.
    ///
    /// The content reaches the node on standard input and a file without a name, so no process list and no directory shows it. PVE
    /// does not say when the container's disk is full: read back what must be whole.
    ///
    /// ```
    /// # async fn demo(container: proxmox_lxc::Container) -> proxmox_core::Result<()> {
    /// use proxmox_lxc::Push;
    /// container.push(Push::new("/etc/motd", "hello\n").perms(0o644)).await?;
    /// assert_eq!(container.pull("/etc/motd").await?, "hello\n");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// `Unsupported`, not sent, where the transport runs no commands on the container's node; `WrongState` when it does not run;
    /// `NotFound` when there is no such directory in it; `InvalidInput` for a relative path, for an owner that it does not know, and
    /// for more than 64 MiB. A connection that is lost in between leaves `MaybeApplied`.
    pub fn push(&self, push: Push) -> Call<RunPct<()>> {
        self.pve().bind(RunPct::push(self.path(), push))
    }

    /// Reads a file of the running container, as bytes: `pct pull` on its node, `GET …/pct/pull` as a request. It changes nothing, and
    /// takes root on the node all the same. Without a [`timeout`](Call::timeout) it may take two minutes.
    ///
    /// # Errors
    /// `Unsupported`, not sent, where the transport runs no commands on the container's node; `WrongState` when it does not run;
    /// `NotFound` when there is no such file in it; `InvalidInput` for a relative path and for a file of more than 64 MiB.
    pub fn pull(&self, path: impl Into<String>) -> Call<RunPct<GuestData>> {
        self.pve().bind(RunPct::pull(self.path(), path.into()))
    }

    /// Turns the container into a template, for good: `POST …/template`, waited for. Needs `VM.Allocate`.
    ///
    /// # Errors
    /// `WrongState` while it runs or has snapshots; `TaskFailed`; `Timeout` when its task is not found.
    pub fn template(&self) -> Call<QuietWork> {
        let request = PveRequest::create(self.path().fixed("template")).effect(Effect::Destroy);
        self.pve().bind(QuietWork::new("guest.template", Ok(request), "vztemplate"))
    }
}

/// The containers of a node.
#[derive(Debug, Clone)]
pub struct Containers(Node);

impl Containers {
    /// All containers with state and telemetry in one request: `GET /nodes/{node}/lxc`. PVE leaves out those without `VM.Audit`.
    pub fn list(&self) -> Call<Ask<Rows<GuestStatus>>> {
        self.0.guests::<Lxc>()
    }

    /// Creates a container from a template archive: `POST /nodes/{node}/lxc`, waited for. Needs `VM.Allocate` on the number or the
    /// pool, `Datastore.AllocateSpace` where its disks go, `Datastore.Audit` where the archive is, and the `VM.Config.*`
    /// privileges of what is set. A privileged container, and features other than `nesting`, need root@pam itself.
    ///
    /// # Errors
    /// `AlreadyExists` when the number is taken, `InvalidInput` with the parameters named, `TaskFailed`.
    pub fn create(&self, newid: impl Into<NewId>, spec: ContainerSpec) -> Call<CreateGuest<Lxc>> {
        CreateGuest::new(self.0.pve(), self.0.name(), newid.into(), spec.into_params())
    }
}

/// Gives a [`Node`] its containers.
pub trait LxcNode {
    /// The containers of the node.
    fn containers(&self) -> Containers;

    /// One container of the node.
    ///
    /// # Errors
    /// `InvalidInput` for a number outside 100 to 999 999 999.
    fn container<V>(&self, vmid: V) -> Result<Container>
    where
        V: TryInto<Vmid>,
        Error: From<V::Error>;
}

impl LxcNode for Node {
    fn containers(&self) -> Containers {
        Containers(self.clone())
    }

    fn container<V>(&self, vmid: V) -> Result<Container>
    where
        V: TryInto<Vmid>,
        Error: From<V::Error>,
    {
        Ok(Container::new(self.pve(), self.name(), vmid.try_into()?))
    }
}
