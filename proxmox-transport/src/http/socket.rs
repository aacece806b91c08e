//! A unix socket as ureq's connection: what ssh forwards to the node.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;

use ureq::config::Config;
use ureq::unversioned::transport::{Buffers, LazyBuffers, NextTimeout, Transport};

#[derive(Debug)]
pub(super) struct SocketTransport {
    stream: UnixStream,
    buffers: LazyBuffers,
}

impl SocketTransport {
    pub(super) fn connect(path: &Path, config: &Config) -> Result<Self, ureq::Error> {
        let stream = UnixStream::connect(path)?;
        Ok(Self {
            stream,
            buffers: LazyBuffers::new(config.input_buffer_size(), config.output_buffer_size()),
        })
    }
}

/// What the socket takes: no limit, or one that is not zero.
fn limit(timeout: NextTimeout) -> Option<std::time::Duration> {
    (!timeout.after.is_not_happening()).then(|| (*timeout.after).max(std::time::Duration::from_millis(1)))
}

/// A socket says `WouldBlock` when its time is over.
fn late(error: io::Error, timeout: NextTimeout) -> ureq::Error {
    match error.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => ureq::Error::Timeout(timeout.reason),
        _ => error.into(),
    }
}

impl Transport for SocketTransport {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        self.stream.set_write_timeout(limit(timeout))?;
        self.stream.write_all(&self.buffers.output()[..amount]).map_err(|e| late(e, timeout))
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        self.stream.set_read_timeout(limit(timeout))?;
        let amount = loop {
            match self.stream.read(self.buffers.input_append_buf()) {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                read => break read.map_err(|e| late(e, timeout))?,
            }
        };
        self.buffers.input_appended(amount);
        Ok(amount > 0)
    }

    /// Whether nothing has come that nobody asked for: an end, or bytes of no answer.
    fn is_open(&mut self) -> bool {
        let quiet = |stream: &mut UnixStream| {
            stream.set_nonblocking(true)?;
            let read = stream.read(&mut [0]);
            stream.set_nonblocking(false)?;
            match read {
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => Ok(true),
                Err(e) => Err(e),
                Ok(_) => Ok(false),
            }
        };
        quiet(&mut self.stream).unwrap_or(false)
    }
}
