//! Bytes to a host and back.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use openssh::{Child, ChildStderr, ChildStdin, ChildStdout};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};
use tokio::net::UnixStream;
use tokio::sync::watch;

use super::host::{SshHost, Through};

/// So much of what a command complains about is kept.
const COMPLAINT: usize = 4 << 10;

/// A stream of bytes to a host. The ssh connection lasts as long as it does.
pub struct SshStream(Inner);

enum Inner {
    Socket {
        stream: UnixStream,
        _host: SshHost,
    },
    Command {
        input: Option<ChildStdin>,
        output: ChildStdout,
        _child: Box<Child<Through>>,
    },
    /// A command without the streams that were asked for: it is at its end.
    Ended,
}

impl SshStream {
    pub(super) fn socket(stream: UnixStream, host: SshHost) -> Self {
        Self(Inner::Socket { stream, _host: host })
    }

    pub(super) fn command(mut child: Child<Through>) -> (Self, Complaint) {
        let complaint = Complaint::of(child.stderr().take());
        let inner = match (child.stdin().take(), child.stdout().take()) {
            (input, Some(output)) => Inner::Command { input, output, _child: Box::new(child) },
            _ => Inner::Ended,
        };
        (Self(inner), complaint)
    }
}

impl AsyncRead for SshStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match &mut self.0 {
            Inner::Socket { stream, .. } => Pin::new(stream).poll_read(context, buffer),
            Inner::Command { output, .. } => Pin::new(output).poll_read(context, buffer),
            Inner::Ended => Poll::Ready(Ok(())),
        }
    }
}

impl AsyncWrite for SshStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut self.0 {
            Inner::Socket { stream, .. } => Pin::new(stream).poll_write(context, bytes),
            Inner::Command { input: Some(input), .. } => Pin::new(input).poll_write(context, bytes),
            Inner::Command { input: None, .. } | Inner::Ended => {
                Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))
            }
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.0 {
            Inner::Socket { stream, .. } => Pin::new(stream).poll_flush(context),
            Inner::Command { input: Some(input), .. } => Pin::new(input).poll_flush(context),
            Inner::Command { input: None, .. } | Inner::Ended => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.0 {
            Inner::Socket { stream, .. } => Pin::new(stream).poll_shutdown(context),
            Inner::Command { input, .. } => {
                // A command sees the end of its input when the pipe is gone.
                *input = None;
                Poll::Ready(Ok(()))
            }
            Inner::Ended => Poll::Ready(Ok(())),
        }
    }
}

impl fmt::Debug for SshStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Inner::Socket { .. } => "SshStream(socket)",
            Inner::Command { .. } => "SshStream(command)",
            Inner::Ended => "SshStream(ended)",
        })
    }
}

/// What a command has said on its standard error: the last of it, as far as it has come.
#[derive(Debug, Clone)]
pub struct Complaint {
    said: Arc<Mutex<Vec<u8>>>,
    /// Closed at the end.
    open: watch::Receiver<()>,
}

impl Complaint {
    fn of(stderr: Option<ChildStderr>) -> Self {
        let (ended, open) = watch::channel(());
        let complaint = Self { said: Arc::default(), open };
        if let Some(stderr) = stderr {
            #[allow(clippy::disallowed_methods)]
            // A command whose complaints nobody reads would come to a halt.
            tokio::spawn(listen(stderr, Arc::clone(&complaint.said), ended));
        }
        complaint
    }

    /// Waits until the command says no more, which is when it has ended.
    pub async fn ended(&self) {
        // Nothing is ever sent: at the end it is an error.
        let _ = self.open.clone().changed().await;
    }

    /// The end of what it has said, 4 KiB at most.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.said.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }

    /// The last line that says anything.
    #[must_use]
    pub fn line(&self) -> Option<String> {
        let text = self.text();
        text.lines().map(str::trim).rfind(|line| !line.is_empty()).map(str::to_owned)
    }
}

async fn listen(mut stderr: ChildStderr, said: Arc<Mutex<Vec<u8>>>, _ended: watch::Sender<()>) {
    let mut part = [0; 1024];
    while let Ok(count @ 1..) = stderr.read(&mut part).await {
        let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
        said.extend_from_slice(&part[..count]);
        let excess = said.len().saturating_sub(COMPLAINT);
        said.drain(..excess);
    }
}
