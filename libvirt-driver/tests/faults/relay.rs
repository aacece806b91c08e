//! A relay between a client and the daemon that stops at a call of one's choice, and then does as it is told.

use std::cell::Cell;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::oneshot;

use crate::daemon::Daemon;

/// What becomes of the call at which it has stopped.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Then {
    /// It goes on, late.
    Forward,
    /// The connection ends, and the daemon never sees it.
    Lose,
    /// The daemon carries it out, and the connection ends before its answer.
    LoseAnswer,
}

pub(crate) struct Relay {
    directory: tempfile::TempDir,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared(Mutex<State>);

#[derive(Default)]
struct State {
    /// The numbers of the procedures that were called.
    seen: Vec<i32>,
    stop: Option<Stop>,
}

struct Stop {
    /// So many calls go through before it.
    after: usize,
    reached: oneshot::Sender<()>,
    /// How to go on.
    told: oneshot::Receiver<Then>,
}

impl Relay {
    pub(crate) fn start(daemon: &Daemon) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(directory.path().join("sock")).unwrap();
        let shared = Arc::new(Shared::default());
        let (socket, also) = (daemon.socket(), Arc::clone(&shared));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client, socket.clone(), Arc::clone(&also)));
            }
        });
        Self { directory, shared }
    }

    pub(crate) fn uri(&self, driver: &str, path: &str) -> String {
        format!("{driver}+unix://{path}?socket={}", self.directory.path().join("sock").display())
    }

    /// What was called while this was done.
    pub(crate) async fn calls_of<T>(&self, work: impl Future<Output = T>) -> (T, Vec<i32>) {
        *self.shared.state() = State::default();
        let done = work.await;
        (done, self.shared.state().seen.clone())
    }

    /// Does the work. Before its call of this number (from 0) is sent, something else happens, which says how to go on.
    pub(crate) async fn disturb<T>(
        &self,
        call: usize,
        work: impl Future<Output = T>,
        other: impl Future<Output = Then>,
    ) -> T {
        let (reached, is_reached) = oneshot::channel();
        let (tell, told) = oneshot::channel();
        *self.shared.state() = State { seen: Vec::new(), stop: Some(Stop { after: call, reached, told }) };
        let stopped = Cell::new(false);
        let mut disturb = pin!(async {
            is_reached.await.unwrap();
            stopped.set(true);
            // The connection may have ended meanwhile.
            let _ = tell.send(other.await);
        });
        let mut work = pin!(work);
        tokio::select! {
            done = &mut work => {
                if stopped.get() {
                    disturb.await;
                }
                done
            }
            () = &mut disturb => work.await,
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// Notes the call; gives how to go on if it is the one to stop at.
    fn stops_at(&self, procedure: i32) -> Option<oneshot::Receiver<Then>> {
        let mut state = self.state();
        state.seen.push(procedure);
        let now = state.seen.len() - 1;
        let stop = state.stop.take_if(|stop| stop.after == now)?;
        stop.reached.send(()).ok()?;
        Some(stop.told)
    }
}

/// Both directions; the first that ends takes the other along.
async fn carry(client: UnixStream, socket: PathBuf, shared: Arc<Shared>) {
    let Ok(daemon) = UnixStream::connect(socket).await else { return };
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_daemon, mut to_daemon) = daemon.into_split();
    // The call whose answer is withheld.
    let withheld = Mutex::new(None);
    let there = async {
        while let Some(packet) = read(&mut from_client).await {
            let mut then = Then::Forward;
            if let Some(told) = packet.is_call().then(|| shared.stops_at(packet.word(2) as i32)).flatten() {
                then = told.await.unwrap();
            }
            if then == Then::Lose {
                return;
            }
            if then == Then::LoseAnswer {
                *withheld.lock().unwrap() = Some(packet.word(4));
            }
            if to_daemon.write_all(&packet.0).await.is_err() {
                return;
            }
        }
    };
    let back = async {
        while let Some(packet) = read(&mut from_daemon).await {
            let lost = *withheld.lock().unwrap() == Some(packet.word(4));
            if lost || to_client.write_all(&packet.0).await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        () = there => {}
        () = back => {}
    }
}

/// A message with its length: program, version, procedure, kind, serial, status.
struct Packet(Vec<u8>);

impl Packet {
    fn word(&self, n: usize) -> u32 {
        u32::from_be_bytes(self.0[4 + 4 * n..8 + 4 * n].try_into().unwrap())
    }

    /// Of the public program and that of qemu, not a sign of life.
    fn is_call(&self) -> bool {
        self.word(3) == 0 && matches!(self.word(0), 0x2000_8086 | 0x2000_8087)
    }
}

async fn read(from: &mut (impl AsyncRead + Unpin)) -> Option<Packet> {
    let mut bytes = vec![0; 4];
    from.read_exact(&mut bytes).await.ok()?;
    let length = u32::from_be_bytes(bytes[..].try_into().unwrap()) as usize;
    bytes.resize(length, 0);
    from.read_exact(&mut bytes[4..]).await.ok()?;
    Some(Packet(bytes))
}
