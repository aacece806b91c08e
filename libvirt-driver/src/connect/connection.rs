//! The handle.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use proxmox_core::{Effect, Error, ErrorKind, Outcome, Result};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Mutex;

use super::builder::ConnectionBuilder;
use super::dial::{Dialed, Dialer};
use super::wire::Live;
use crate::rpc::{Call, Events, Stream};
use crate::uri::LibvirtUri;
use crate::virsh::Place;

/// What to do when the connection is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Reconnect {
    /// The next call connects again. A read that the loss has interrupted is sent once more, and so is what had not been sent; a
    /// write that had been sent never is.
    #[default]
    WhenNeeded,
    /// All further calls fail.
    Never,
}

/// A libvirt daemon. Cheap to clone, and used by many at once; the connection ends with the last clone.
///
/// ```no_run
/// # async fn demo() -> proxmox_core::Result<()> {
/// use libvirt_driver::{Connection, LibvirtUri};
/// use libvirt_driver::rpc::procedures::domain;
///
/// let uri: LibvirtUri = "qemu:///system".parse()?;
/// let host = Connection::open(&uri).await?;
/// for found in host.call(domain::list(0)).await? {
///     let state = host.call(domain::state(&found)).await?;
///     println!("{}: {}", found.name, state.state);
/// }
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Connection(Arc<Inner>);

struct Inner {
    dialer: Dialer,
    reconnect: Reconnect,
    live: Mutex<Dialed>,
}

impl Connection {
    /// Connects as the URI says, with the usual settings.
    ///
    /// # Errors
    /// As [`ConnectionBuilder::open`].
    pub async fn open(uri: &LibvirtUri) -> Result<Self> {
        Self::builder(uri).open().await
    }

    /// Starts a connection with other settings, such as jump hosts.
    #[must_use]
    pub fn builder(uri: &LibvirtUri) -> ConnectionBuilder {
        ConnectionBuilder::new(uri)
    }

    pub(super) async fn open_with(dialer: Dialer, reconnect: Reconnect) -> Result<Self> {
        let live = Mutex::new(dialer.dial().await?);
        Ok(Self(Arc::new(Inner { dialer, reconnect, live })))
    }

    /// Where it leads.
    #[must_use]
    pub fn uri(&self) -> &LibvirtUri {
        &self.0.dialer.uri
    }

    /// What carries the bytes at present, such as `socket /run/libvirt/libvirt-sock`, `virt-ssh-helper` or `virsh over ssh`.
    pub async fn way(&self) -> String {
        self.0.live.lock().await.way.clone()
    }

    /// Where programs of the host run, and the URI by which they find the daemon.
    pub(crate) fn place(&self) -> Result<(Place, String)> {
        self.0.dialer.place()
    }

    /// Carries a call out.
    ///
    /// # Errors
    /// As [`Client::call`](crate::rpc::Client::call), and those of connecting again. Over `virsh`, `Unsupported` for what it cannot do.
    pub async fn call<T>(&self, call: Call<T>) -> Result<T> {
        let began = Instant::now();
        let answer = self.carry(&call).await;
        let (name, elapsed) = (call.name(), began.elapsed());
        match &answer {
            Ok(_) => tracing::debug!(target: "libvirt", call = name, ?elapsed, "called"),
            Err(error) => tracing::debug!(target: "libvirt", call = name, ?elapsed, %error, "called"),
        }
        answer
    }

    async fn carry<T>(&self, call: &Call<T>) -> Result<T> {
        let again = |error: &Error| error.outcome() == Outcome::NotSent || call.effect() == Effect::Read;
        let live = self.live().await.map_err(|e| call.named(e))?;
        match live.call(call).await {
            Err(error)
                if live.was_lost_by(&error) && self.0.reconnect == Reconnect::WhenNeeded && again(&error) =>
            {
                tracing::debug!(target: "libvirt", %error, "once more over a new connection");
                self.live().await.map_err(|e| call.named(e))?.call(call).await
            }
            answer => answer,
        }
    }

    /// Carries a call out that opens a stream, such as the console of a domain.
    ///
    /// # Errors
    /// As [`call`](Self::call). A stream that breaks is not begun again. `Unsupported` over `virsh`.
    pub async fn stream(&self, call: Call<()>) -> Result<Stream> {
        self.live().await.map_err(|e| call.named(e))?.stream(&call).await
    }

    /// Writes all that can be read into a volume, by [`upload`](crate::rpc::procedures::storage::upload). Gives the number of bytes.
    ///
    /// # Errors
    /// As [`call`](Self::call), and [`Stream::send_all`].
    pub async fn upload(&self, call: Call<()>, from: &mut (impl AsyncRead + Unpin)) -> Result<u64> {
        self.live().await.map_err(|e| call.named(e))?.upload(&call, from).await
    }

    /// Reads a volume to its end, by [`download`](crate::rpc::procedures::storage::download). Gives the number of bytes.
    ///
    /// # Errors
    /// As [`call`](Self::call), and [`Stream::receive_all`].
    pub async fn download(&self, call: Call<()>, to: &mut (impl AsyncWrite + Unpin)) -> Result<u64> {
        self.live().await.map_err(|e| call.named(e))?.download(&call, to).await
    }

    /// Subscribes to the lifecycle of all domains. It ends with the connection: what happens until the next subscription must be
    /// looked up.
    ///
    /// # Errors
    /// As [`call`](Self::call). `Unsupported` over `virsh`.
    pub async fn events(&self) -> Result<Events> {
        self.live().await?.events().await
    }

    /// The live wire; another one where it was lost and may be made again.
    async fn live(&self) -> Result<Live> {
        let mut live = self.0.live.lock().await;
        if live.wire.is_lost() {
            if self.0.reconnect == Reconnect::Never {
                let text = format!("the connection to libvirt on {} is lost", self.uri().host());
                return Err(
                    Error::new(ErrorKind::Connect, Outcome::NotSent, text).with_advice("open it again")
                );
            }
            *live = self.0.dialer.dial_again(&live.wire).await?;
        }
        Ok(live.wire.clone())
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("uri", &self.uri().to_string()).finish_non_exhaustive()
    }
}
