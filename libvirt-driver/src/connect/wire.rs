//! What carries calls: the daemon's own protocol, or its command line.

use proxmox_core::{Error, ErrorKind, Result};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::rpc::{Call, Client, Events, RemoteError, Stream};
use crate::virsh::{Virsh, beyond};

/// What carries the calls of a [`Connection`](crate::Connection).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Wire {
    /// libvirt's own protocol; where no way leads to the daemon's socket, `virsh`, with a warning that says why.
    #[default]
    Auto,
    /// libvirt's own protocol only.
    Rpc,
    /// `virsh` only, run on the host for each call: 35 ms each, no console, no events. What it is told is visible in the host's
    /// process list, apart from documents, content and commands of the agent.
    Virsh,
}

/// A wire that works.
#[derive(Clone)]
pub(super) enum Live {
    Rpc(Client),
    Virsh(Virsh),
}

impl Live {
    pub(super) async fn call<T>(&self, call: &Call<T>) -> Result<T> {
        match self {
            Self::Rpc(client) => client.call(call).await,
            Self::Virsh(virsh) => virsh.call(call).await,
        }
    }

    pub(super) async fn stream(&self, call: &Call<()>) -> Result<Stream> {
        match self {
            Self::Rpc(client) => client.stream(call).await,
            Self::Virsh(_) => Err(call.named(beyond("virsh has no stream of bytes for a program"))),
        }
    }

    pub(super) async fn upload(&self, call: &Call<()>, from: &mut (impl AsyncRead + Unpin)) -> Result<u64> {
        match self {
            Self::Rpc(client) => client.stream(call).await?.send_all(from).await,
            Self::Virsh(virsh) => virsh.upload(call, from).await,
        }
    }

    pub(super) async fn download(&self, call: &Call<()>, to: &mut (impl AsyncWrite + Unpin)) -> Result<u64> {
        match self {
            Self::Rpc(client) => client.stream(call).await?.receive_all(to).await,
            Self::Virsh(virsh) => virsh.download(call, to).await,
        }
    }

    pub(super) async fn events(&self) -> Result<Events> {
        match self {
            Self::Rpc(client) => client.events().await,
            Self::Virsh(_) => Err(beyond("virsh has no events for a program").during("events.register")),
        }
    }

    /// Whether another must be made before the next call. Each virsh makes its own way to the daemon, and ssh its own to the host.
    pub(super) fn is_lost(&self) -> bool {
        match self {
            Self::Rpc(client) => client.is_lost(),
            Self::Virsh(_) => false,
        }
    }

    /// Whether this error came of the connection's end, and not from the daemon.
    pub(super) fn was_lost_by(&self, error: &Error) -> bool {
        match self {
            Self::Rpc(client) => client.is_lost(),
            Self::Virsh(_) => error.kind() == ErrorKind::Connect && RemoteError::of(error).is_none(),
        }
    }
}
