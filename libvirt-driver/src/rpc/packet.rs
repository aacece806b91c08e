//! Messages of the wire: a length, a header, a payload.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt as _};

use super::xdr::{Malformed, Reader, encoded};

/// The longest message, with its length and header: what libvirt itself allows.
pub(crate) const LONGEST_MESSAGE: usize = 32 << 20;

/// The most bytes of a stream in one message: what libvirt of every age takes.
pub(crate) const LONGEST_CHUNK: usize = 262_120;

/// What is reserved for a payload before any of it is there.
const USUAL_PAYLOAD: usize = 64 << 10;

/// The bytes of length and header.
const HEAD: usize = 4 + 6 * 4;

/// A set of procedures, with a version of its own. All versions are 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Program {
    /// libvirt's public interface.
    Remote,
    /// What only qemu has: the guest agent.
    Qemu,
    /// Signs of life.
    Keepalive,
}

impl Program {
    const fn number(self) -> u32 {
        match self {
            Self::Remote => 0x2000_8086,
            Self::Qemu => 0x2000_8087,
            Self::Keepalive => 0x6b65_6570,
        }
    }

    fn of(number: u32) -> Option<Self> {
        [Self::Remote, Self::Qemu, Self::Keepalive].into_iter().find(|p| p.number() == number)
    }
}

/// What a message is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Asks for a procedure.
    Call,
    /// Answers a call of the same serial.
    Reply,
    /// Belongs to no call: events, signs of life.
    Message,
    /// A part of the stream that the call of the same serial has opened.
    Stream,
}

/// How it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    /// Well; of a stream: it is at its end.
    Ok,
    /// It failed, and the payload tells how.
    Error,
    /// The stream goes on.
    Continue,
}

/// What stands before each payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    /// Whose procedure.
    pub(crate) program: Program,
    /// Its number.
    pub(crate) procedure: i32,
    /// What the message is for.
    pub(crate) kind: Kind,
    /// Which call it belongs to; 0 for none.
    pub(crate) serial: u32,
    /// How it stands.
    pub(crate) status: Status,
}

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Packet {
    /// What it is.
    pub(crate) header: Header,
    /// What it holds.
    pub(crate) payload: Vec<u8>,
}

impl Packet {
    /// As it goes over the wire.
    ///
    /// # Errors
    /// When it is longer than [`LONGEST_MESSAGE`].
    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>, Malformed> {
        let length = HEAD + self.payload.len();
        let Some(claim) = u32::try_from(length).ok().filter(|_| length <= LONGEST_MESSAGE) else {
            let text = format!("a message of {length} bytes is longer than libvirt's {LONGEST_MESSAGE}");
            return Err(Malformed(text));
        };
        let Header { program, procedure, kind, serial, status } = self.header;
        let mut bytes =
            encoded(&((claim, program.number(), 1u32), (procedure, kind as u32, serial, status as u32)))?;
        bytes.extend_from_slice(&self.payload);
        Ok(bytes)
    }

    /// The next one. `None` when the stream ends before it begins.
    ///
    /// # Errors
    /// `InvalidData` for what is no message of libvirt's, `UnexpectedEof` for half a message.
    pub(crate) async fn read(from: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<Self>> {
        let mut length = [0; 4];
        if from.read(&mut length[..1]).await? == 0 {
            return Ok(None);
        }
        from.read_exact(&mut length[1..]).await?;
        let length = u32::from_be_bytes(length) as usize;
        if !(HEAD..=LONGEST_MESSAGE).contains(&length) {
            let text = format!("not libvirt: a message of {length} bytes");
            return Err(io::Error::new(io::ErrorKind::InvalidData, text));
        }
        let mut head = [0; HEAD - 4];
        from.read_exact(&mut head).await?;
        let header = Header::parse(&head).map_err(|e| io::Error::new(io::ErrorKind::InvalidData, e))?;
        let expected = length - HEAD;
        // Beyond what is usual it grows with what comes, not with what is claimed.
        let mut payload = Vec::with_capacity(expected.min(USUAL_PAYLOAD));
        let mut rest = from.take(expected as u64);
        while payload.len() < expected && rest.read_buf(&mut payload).await? > 0 {}
        if payload.len() < expected {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(Some(Self { header, payload }))
    }
}

impl Header {
    fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        type Words = (u32, u32, i32, u32, u32, u32);
        let (program, version, procedure, kind, serial, status): Words = Reader::all(bytes)?;
        let odd = |what: &str, value: u32| Malformed(format!("not libvirt: {what} {value:#x}"));
        if version != 1 {
            return Err(odd("version", version));
        }
        Ok(Self {
            program: Program::of(program).ok_or_else(|| odd("program", program))?,
            procedure,
            kind: match kind {
                0 => Kind::Call,
                1 => Kind::Reply,
                2 => Kind::Message,
                3 => Kind::Stream,
                other => return Err(odd("type of message", other)),
            },
            serial,
            status: match status {
                0 => Status::Ok,
                1 => Status::Error,
                2 => Status::Continue,
                other => return Err(odd("status", other)),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const STATE: Header =
        Header { program: Program::Remote, procedure: 212, kind: Kind::Call, serial: 7, status: Status::Ok };

    async fn read(bytes: &[u8]) -> io::Result<Option<Packet>> {
        Packet::read(&mut &*bytes).await
    }

    #[test]
    fn bytes_as_the_daemon_has_them() {
        let bytes = Packet { header: STATE, payload: vec![1, 2, 3, 4] }.to_bytes().unwrap();
        let words: [u32; 8] = [32, 0x2000_8086, 1, 212, 0, 7, 0, 0x0102_0304];
        assert_eq!(bytes, words.iter().flat_map(|w| w.to_be_bytes()).collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn one_after_the_other() {
        let first = Packet { header: STATE, payload: vec![] };
        let header = Header { kind: Kind::Stream, status: Status::Continue, program: Program::Qemu, ..STATE };
        let second = Packet { header, payload: vec![9; 70_000] };
        let bytes = [first.to_bytes().unwrap(), second.to_bytes().unwrap()].concat();
        let mut from = &*bytes;
        assert_eq!(Packet::read(&mut from).await.unwrap(), Some(first));
        assert_eq!(Packet::read(&mut from).await.unwrap(), Some(second));
        assert_eq!(Packet::read(&mut from).await.unwrap(), None);
    }

    #[tokio::test]
    async fn what_is_not_libvirt_is_said_to_be_so() {
        for (bytes, kind) in [
            (&b"SSH-2.0-OpenSSH_9.2p1 Debian\r\n"[..], io::ErrorKind::InvalidData),
            (&[0, 0, 0, 3, 0, 0, 0, 0], io::ErrorKind::InvalidData),
            (
                &[0, 0, 0, 28, 1, 2, 3, 4, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
                io::ErrorKind::InvalidData,
            ),
            (&[0, 0], io::ErrorKind::UnexpectedEof),
            (&[0, 0, 0, 28, 0x20, 0, 0x80, 0x86], io::ErrorKind::UnexpectedEof),
        ] {
            assert_eq!(read(bytes).await.unwrap_err().kind(), kind, "{bytes:?}");
        }
        let mut cut = Packet { header: STATE, payload: vec![0; 64] }.to_bytes().unwrap();
        cut.pop();
        assert_eq!(read(&cut).await.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }

    #[test]
    fn too_long_is_not_sent() {
        assert!(Packet { header: STATE, payload: vec![0; LONGEST_MESSAGE - HEAD] }.to_bytes().is_ok());
        assert!(Packet { header: STATE, payload: vec![0; LONGEST_MESSAGE - HEAD + 1] }.to_bytes().is_err());
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_do_no_harm(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let _ = runtime.block_on(read(&bytes));
            let _ = Header::parse(&bytes);
        }
    }
}
