//! A unix socket that wakes its runtime when there is something to read, and for nothing else.
//!
//! tokio's own asks to be told of room for writing too. The kernel says so each time that the other side has read something, and
//! so wakes whoever waits for an answer once for nothing.

use std::io::{self, IoSlice, Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};

pub(super) struct QuietStream {
    stream: AsyncFd<UnixStream>,
    /// The same socket, while there was no room for all that was to be written.
    full: Option<AsyncFd<UnixStream>>,
}

impl QuietStream {
    pub(super) async fn connect(path: &Path) -> io::Result<Self> {
        let stream = tokio::net::UnixStream::connect(path).await?.into_std()?;
        Ok(Self { stream: registered(stream, Interest::READABLE)?, full: None })
    }
}

/// tokio would have this called unsafe, since what is registered could be something that changes its descriptor: a `UnixStream` does
/// not.
#[allow(deprecated)]
fn registered(stream: UnixStream, interest: Interest) -> io::Result<AsyncFd<UnixStream>> {
    AsyncFd::with_interest(stream, interest)
}

impl AsyncRead for QuietStream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            let mut ready = ready!(self.stream.poll_read_ready(context))?;
            let room = into.initialize_unfilled();
            match ready.try_io(|stream| stream.get_ref().read(room)) {
                Ok(Err(e)) if e.kind() == io::ErrorKind::Interrupted => {}
                Ok(read) => {
                    let read = read?;
                    if read > 0 && read < room.len() {
                        // That was all: to ask once more would only tell so.
                        ready.clear_ready();
                    }
                    into.advance(read);
                    return Poll::Ready(Ok(()));
                }
                Err(_nothing_there) => {}
            }
        }
    }
}

impl QuietStream {
    /// Writes at once, and waits only where there is no room.
    fn poll_writing(
        &mut self,
        context: &mut Context<'_>,
        write: impl Fn(&mut &UnixStream) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        loop {
            if let Some(full) = &self.full {
                ready!(full.poll_write_ready(context))?.clear_ready();
            }
            let written = loop {
                match write(&mut self.stream.get_ref()) {
                    Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                    written => break written,
                }
            };
            match written {
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => {
                    if self.full.is_none() {
                        let same = self.stream.get_ref().try_clone()?;
                        self.full = Some(registered(same, Interest::WRITABLE)?);
                    }
                }
                written => {
                    self.full = None;
                    return Poll::Ready(written);
                }
            }
        }
    }
}

impl AsyncWrite for QuietStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        from: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_writing(context, |stream| stream.write(from))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        from: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_writing(context, |stream| stream.write_vectored(from))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.stream.get_ref().shutdown(Shutdown::Write))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    /// More than a socket takes at once, both ways, to and from a side that begins late.
    #[tokio::test]
    async fn all_arrives() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("socket");
        let listener = UnixListener::bind(&path).unwrap();
        let sent: Vec<u8> = (0..3_000_000_u32).map(|i| (i % 251) as u8).collect();
        let (amount, (go, gone)) = (sent.len(), std::sync::mpsc::channel());
        let other = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            gone.recv().unwrap();
            let mut all = vec![0; amount];
            stream.read_exact(&mut all).unwrap();
            stream.write_all(&all).unwrap();
            all
        });
        let mut stream = QuietStream::connect(&path).await.unwrap();
        let mut writing = std::pin::pin!(stream.write_all(&sent));
        let first = std::future::poll_fn(|context| Poll::Ready(writing.as_mut().poll(context))).await;
        assert!(first.is_pending(), "it takes all of it at once: not what this is to try");
        go.send(()).unwrap();
        writing.await.unwrap();
        let mut back = Vec::new();
        stream.read_to_end(&mut back).await.unwrap();
        assert!(back == sent && other.join().unwrap() == sent);
    }
}
