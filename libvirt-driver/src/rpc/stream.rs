//! Streams of bytes beside the calls: the content of volumes.

use std::fmt;
use std::time::Duration;

use proxmox_core::{Effect, Error, ErrorKind, Result};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TryRecvError;
use tokio::time::timeout;

use super::client::Client;
use super::error::Loss;
use super::packet::{Header, Kind, LONGEST_CHUNK, Packet, Program, Status};
use super::shared::Chunk;
use super::tasks::UNREAD;

/// How long the daemon may take for the next part, or to take one.
const PATIENCE: Duration = Duration::from_secs(120);

/// What a stream is known by.
pub(super) struct Parts {
    pub(super) parts: mpsc::Receiver<Chunk>,
    pub(super) program: Program,
    pub(super) procedure: i32,
    pub(super) serial: u32,
}

/// A stream that a call has opened. Dropped before its end it is aborted.
///
/// What arrives must be read: other answers on the connection wait behind it, for 5 seconds at most, then the stream is given up.
pub struct Stream {
    client: Client,
    parts: Parts,
    name: &'static str,
    effect: Effect,
    open: bool,
    /// How long the next part may take.
    patience: Option<Duration>,
}

impl Stream {
    pub(super) fn new(client: Client, parts: Parts, name: &'static str, effect: Effect) -> Self {
        Self { client, parts, name, effect, open: true, patience: Some(PATIENCE) }
    }

    /// Waits for bytes for ever, as on a console, where silence means nothing. A daemon that is gone is noticed all the same.
    #[must_use]
    pub fn endless(mut self) -> Self {
        self.patience = None;
        self
    }

    /// Sends these bytes. Comes back when they are on their way, which is as fast as the daemon takes them.
    ///
    /// # Errors
    /// What the daemon says, or how the connection ended. What was sent may have been written.
    pub async fn send(&mut self, bytes: &[u8]) -> Result<()> {
        for part in bytes.chunks(LONGEST_CHUNK) {
            match self.parts.parts.try_recv() {
                Ok(Chunk::Failed(error)) => return Err(self.refused(error)),
                Err(TryRecvError::Disconnected) => return Err(self.cut()),
                Ok(Chunk::Data(_) | Chunk::End) | Err(TryRecvError::Empty) => {}
            }
            self.say(Status::Continue, part.to_vec()).await?;
        }
        Ok(())
    }

    /// Waits for the next bytes; `None` at the end. When its future is dropped nothing is lost: it may be one of several that are
    /// waited for.
    ///
    /// # Errors
    /// What the daemon says, or how the connection ended.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>> {
        if !self.open {
            return Ok(None);
        }
        match self.part().await? {
            // An empty part is the end of the data; the stream itself is then closed by this side.
            Some(data) if data.is_empty() => {
                self.finished().await?;
                Ok(None)
            }
            data => Ok(data),
        }
    }

    /// Says that all is sent, and waits until the daemon has it.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn finish(mut self) -> Result<()> {
        if self.open { self.finished().await } else { Ok(()) }
    }

    async fn finished(&mut self) -> Result<()> {
        self.say(Status::Ok, Vec::new()).await?;
        while self.part().await?.is_some() {}
        Ok(())
    }

    async fn say(&mut self, status: Status, payload: Vec<u8>) -> Result<()> {
        let packet = Packet { header: self.header(status), payload };
        match timeout(PATIENCE, self.client.send(&packet)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(loss)) => Err(self.failed(loss)),
            Err(_) => Err(self.late()),
        }
    }

    async fn part(&mut self) -> Result<Option<Vec<u8>>> {
        let part = self.parts.parts.recv();
        let part = match self.patience {
            Some(patience) => timeout(patience, part).await,
            None => Ok(part.await),
        };
        match part {
            Ok(Some(Chunk::Data(data))) => Ok(Some(data)),
            Ok(Some(Chunk::End)) => {
                self.open = false;
                Ok(None)
            }
            Ok(Some(Chunk::Failed(error))) => Err(self.refused(error)),
            Ok(None) => Err(self.cut()),
            Err(_) => Err(self.late()),
        }
    }

    /// Sends all that can be read, to its end. Gives the number of bytes.
    ///
    /// # Errors
    /// As [`send`](Self::send), and when reading fails: then the daemon is told that the rest does not come.
    pub async fn send_all(mut self, from: &mut (impl AsyncRead + Unpin)) -> Result<u64> {
        let mut buffer = vec![0; LONGEST_CHUNK];
        let mut sent = 0;
        loop {
            let count = from.read(&mut buffer).await.map_err(|e| self.own("cannot be read", e))?;
            if count == 0 {
                break;
            }
            self.send(&buffer[..count]).await?;
            sent += count as u64;
        }
        self.finish().await?;
        Ok(sent)
    }

    /// Writes all that comes, to its end. Gives the number of bytes.
    ///
    /// # Errors
    /// As [`next`](Self::next), and when writing fails.
    pub async fn receive_all(mut self, to: &mut (impl AsyncWrite + Unpin)) -> Result<u64> {
        let mut received = 0;
        while let Some(bytes) = self.next().await? {
            to.write_all(&bytes).await.map_err(|e| self.own("cannot be written", e))?;
            received += bytes.len() as u64;
        }
        to.flush().await.map_err(|e| self.own("cannot be written", e))?;
        Ok(received)
    }

    fn header(&self, status: Status) -> Header {
        let Parts { program, procedure, serial, .. } = self.parts;
        Header { program, procedure, kind: Kind::Stream, serial, status }
    }

    fn refused(&mut self, error: super::RemoteError) -> Error {
        self.open = false;
        error.into_error(self.effect).during(self.name)
    }

    fn failed(&mut self, loss: Loss) -> Error {
        loss.into_error(self.effect, true).during(self.name)
    }

    fn late(&mut self) -> Error {
        self.failed(Loss::new(ErrorKind::Timeout, format!("the stream has not moved for {PATIENCE:?}")))
    }

    /// The channel is closed before the end.
    fn cut(&mut self) -> Error {
        self.open = false;
        let unread = format!("the stream was given up: nobody read it for {UNREAD:?}");
        self.failed(self.client.reason(Loss::new(ErrorKind::Timeout, unread)))
    }

    /// The trouble is on this side.
    fn own(&mut self, what: &str, error: std::io::Error) -> Error {
        let text = format!("the content {what}: {error}");
        self.failed(Loss::new(ErrorKind::Unexpected, text)).with_source(error)
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        if self.open && self.client.forget_stream(self.parts.serial) {
            self.client.mention(&Packet { header: self.header(Status::Error), payload: Vec::new() });
        }
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream").field("name", &self.name).field("open", &self.open).finish_non_exhaustive()
    }
}
