//! A host: where domains are found, made and measured.

mod capacity;
mod each;
mod gate;
mod overview;
mod telemetry;
mod volume_users;

use std::fmt;
use std::sync::Arc;

use proxmox_core::{Policy, Result};

pub use capacity::{HostCapacity, PoolCapacity};
pub(crate) use each::of_each;
pub(crate) use gate::{not_done, read_domain};
pub use overview::Overview;
pub use telemetry::{DiskUse, DomainUsage, Groups, NicUse};
pub(crate) use volume_users::VolumeUsers;

use crate::domain::Domain;
use crate::rpc::procedures::{domain, host};
use crate::rpc::{DomainRef, Events, Uuid};
use crate::{Connection, LibvirtUri};

/// A libvirt host, and what may be done to its domains. Cheap to clone.
///
/// Whatever writes passes the [`Policy`], with what the domain carries at that moment: the tags in its metadata. libvirt has no digest
/// that a later write could name, so a change between look and act is not noticed. Calls that are sent over the
/// [`connection`](Self::connection) itself pass no gate.
///
/// ```no_run
/// # async fn demo() -> proxmox_core::Result<()> {
/// use libvirt_driver::Host;
///
/// let host = Host::open("qemu+ssh://root@host1/system").await?;
/// for domain in host.list().await? {
///     println!("{} {} {}", domain.name, domain.state, domain.tags);
/// }
/// let web = host.domain("web1").await?;
/// web.start().await?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Host(Arc<Inner>);

struct Inner {
    connection: Connection,
    policy: Arc<Policy>,
    name: String,
}

impl Host {
    /// Connects as the URI says, with the usual settings and the usual policy.
    ///
    /// # Errors
    /// `InvalidInput` for what is no such URI; else as [`ConnectionBuilder::open`](crate::ConnectionBuilder::open).
    pub async fn open(uri: &str) -> Result<Self> {
        let uri: LibvirtUri = uri.parse()?;
        Self::new(Connection::open(&uri).await?).await
    }

    /// A host over a connection that was made with settings of one's own.
    ///
    /// # Errors
    /// When the host does not tell its name.
    pub async fn new(connection: Connection) -> Result<Self> {
        let name = connection.call(host::hostname()).await?;
        Ok(Self(Arc::new(Inner { connection, policy: Arc::default(), name })))
    }

    /// The same host under another policy.
    #[must_use]
    pub fn with_policy(&self, policy: Policy) -> Self {
        let Inner { connection, name, .. } = &*self.0;
        let (connection, name) = (connection.clone(), name.clone());
        Self(Arc::new(Inner { connection, policy: Arc::new(policy), name }))
    }

    /// What may be done.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.0.policy
    }

    /// What the host calls itself.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// What carries the calls. No gate lies before it.
    #[must_use]
    pub fn connection(&self) -> &Connection {
        &self.0.connection
    }

    /// The domain of this name, running or not.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn domain(&self, name: &str) -> Result<Domain> {
        let found = self.connection().call(domain::lookup_by_name(name)).await?;
        Ok(Domain::new(self.clone(), found))
    }

    /// The domain with this UUID.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn domain_by_uuid(&self, uuid: Uuid) -> Result<Domain> {
        let found = self.connection().call(domain::lookup_by_uuid(uuid)).await?;
        Ok(Domain::new(self.clone(), found))
    }

    /// The handle of a domain that was found earlier, by what was kept of it. Nothing is asked: of one that is gone the first question says
    /// so.
    #[must_use]
    pub fn known_domain(&self, name: &str, uuid: Uuid) -> Domain {
        Domain::new(self.clone(), DomainRef { name: name.to_owned(), uuid, id: -1 })
    }

    /// Tells of domains as they start, stop, come and go, without asking again and again.
    ///
    /// # Errors
    /// As [`Connection::events`].
    pub async fn events(&self) -> Result<Events> {
        self.connection().events().await
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "host {}", self.name())
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host")
            .field("name", &self.0.name)
            .field("uri", &self.0.connection.uri().to_string())
            .finish()
    }
}
