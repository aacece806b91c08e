//! Building a cluster.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::acl::{Acl, Token, User};
use crate::clock::Clock;
use crate::default_cluster;
use crate::sim::{PveVersion, Sim};
use crate::spec::{SimGuest, SimNode, SimStorage};

/// Builds a [`Sim`]: the [default cluster](crate#the-default-cluster) with changes, or a [bare](Self::bare) one.
///
/// What is added with the name or number of something that is there replaces it.
///
/// ```
/// use proxmox_sim::{PveVersion, Sim, SimGuest};
/// let sim = Sim::builder()
///     .version(PveVersion::V9)
///     .time_scale(0.0)
///     .guest(SimGuest::vm(200).name("web").disk("scsi0", "local-lvm", 4 << 30).agent().running())
///     .build();
/// assert!(sim.guest(200).unwrap().running);
/// ```
#[derive(Debug, Clone)]
pub struct SimBuilder {
    pub(crate) version: PveVersion,
    scale: f64,
    start: Option<Duration>,
    pub(crate) nodes: Vec<SimNode>,
    pub(crate) storages: Vec<SimStorage>,
    pub(crate) guests: Vec<SimGuest>,
    pub(crate) users: Vec<(String, User)>,
    pub(crate) acl: Vec<Acl>,
    pub(crate) vnets: Vec<(String, String)>,
    pub(crate) web: BTreeMap<String, Vec<u8>>,
}

impl SimBuilder {
    pub(crate) fn new() -> Self {
        default_cluster::fill(Self::empty())
    }

    fn empty() -> Self {
        let builder = Self {
            version: PveVersion::default(),
            scale: 1.0,
            start: None,
            nodes: Vec::new(),
            storages: Vec::new(),
            guests: Vec::new(),
            users: Vec::new(),
            acl: Vec::new(),
            vnets: Vec::new(),
            web: BTreeMap::new(),
        };
        default_cluster::root(builder)
    }

    /// Forgets everything but `root@pam` with its password and tokens, version and time: no nodes, storages or guests.
    #[must_use]
    pub fn bare(self) -> Self {
        Self { version: self.version, scale: self.scale, start: self.start, ..Self::empty() }
    }

    /// Which PVE answers.
    #[must_use]
    pub fn version(mut self, version: PveVersion) -> Self {
        self.version = version;
        self
    }

    /// Simulated seconds per second, 1 at first: 10 makes a task of 3 s take 0.3 s. With 0 the clock moves only by
    /// [`Clock::advance`], which is also what the in-process transport's sleep does.
    #[must_use]
    pub fn time_scale(mut self, scale: f64) -> Self {
        self.scale = scale;
        self
    }

    /// What the clock shows at the beginning, as time since 1970; the machine's own time when not set.
    #[must_use]
    pub fn start_at(mut self, time: Duration) -> Self {
        self.start = Some(time);
        self
    }

    /// Adds a node.
    #[must_use]
    pub fn node(mut self, node: SimNode) -> Self {
        self.nodes.retain(|n| n.name != node.name);
        self.nodes.push(node);
        self
    }

    /// Adds a storage.
    #[must_use]
    pub fn storage(mut self, storage: SimStorage) -> Self {
        self.storages.retain(|s| s.id != storage.id);
        self.storages.push(storage);
        self
    }

    /// Adds a guest.
    #[must_use]
    pub fn guest(mut self, guest: SimGuest) -> Self {
        self.guests.retain(|g| g.vmid != guest.vmid);
        self.guests.push(guest);
        self
    }

    /// Adds a user (`name@realm`) who may log in with a password and has no privileges yet.
    #[must_use]
    pub fn user(mut self, userid: &str, password: &str) -> Self {
        let user = User { password: Some(password.to_owned()), enable: true, ..User::default() };
        self.users.retain(|(id, _)| id != userid);
        self.users.push((userid.to_owned(), user));
        self
    }

    /// Adds an API token (`user@realm!name`) of a user that is there. With `privsep` it has only the privileges that
    /// it is [granted](Self::grant) itself and that its user has too; without it has those of its user.
    ///
    /// # Panics
    /// When there is no such user.
    #[must_use]
    pub fn token(mut self, id: &str, secret: &str, privsep: bool) -> Self {
        let (userid, name) = id.split_once('!').unwrap_or((id, ""));
        let user = self.users.iter_mut().find(|(id, _)| id == userid);
        assert!(user.is_some() && !name.is_empty(), "no user for the token {id}");
        if let Some((_, user)) = user {
            let token = Token { secret: secret.to_owned(), privsep, expire: 0, comment: None };
            user.tokens.insert(name.to_owned(), token);
        }
        self
    }

    /// Grants `role` on `path` (and below) to a user or an API token: `grant("/vms/100", "bob@pve", "PVEVMUser")`.
    #[must_use]
    pub fn grant(mut self, path: &str, who: &str, role: &str) -> Self {
        let (path, who, role) = (path.to_owned(), who.to_owned(), role.to_owned());
        self.acl.push(Acl { path, who, role, propagate: true });
        self
    }

    /// Adds an SDN vnet in a zone.
    #[must_use]
    pub fn vnet(mut self, name: &str, zone: &str) -> Self {
        self.vnets.push((name.to_owned(), zone.to_owned()));
        self
    }

    /// Puts a file where nodes can fetch it by `download-url`. Every other address answers 404.
    #[must_use]
    pub fn url(mut self, url: &str, content: &[u8]) -> Self {
        self.web.insert(url.to_owned(), content.to_vec());
        self
    }

    /// Builds the cluster.
    ///
    /// # Panics
    /// When a guest or its disk names a node or a storage that is not there.
    #[must_use]
    pub fn build(self) -> Sim {
        let clock = Clock::new(self.scale, self.start);
        let version = self.version;
        let state = crate::build::state(self, clock.now().as_secs_f64());
        Sim::from_parts(clock, version, state)
    }
}
