//! One connection: the master process, its files, and what became of it when it could not be made.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use openssh::{ControlPersist, KnownHosts, SessionBuilder};
use tempfile::TempDir;

use super::config::{HostKeys, Settings};
use crate::fault::{Fault, Stage, Why, innermost};

/// How long a master without anything to do lives on: what nobody could end, after `kill -9`, ends itself.
const IDLE: usize = 60;

/// Paths of unix sockets end somewhere near 104 bytes; ssh appends 40 to the directory.
const LONGEST_DIRECTORY: usize = 60;

/// A master that is connected.
pub(crate) struct Link {
    // First: it ends the master through a socket in the directory, which goes after it.
    pub(crate) session: openssh::Session,
    _directory: TempDir,
    /// Counts the connections of a session.
    pub(crate) generation: u64,
}

impl Link {
    pub(crate) async fn connect(settings: &Settings, generation: u64) -> Result<Self, Fault> {
        let failed = |what: &str, e: io::Error| {
            Fault::new(Stage::Connecting, Why::Network(format!("{what}: {e}"))).because(e)
        };
        let directory = private_directory().map_err(|e| failed("no private directory for ssh", e))?;
        let config = directory.path().join("config");
        let text = settings.text().map_err(|e| Fault::new(Stage::Connecting, Why::Network(e.to_string())))?;
        std::fs::write(&config, text).map_err(|e| failed("ssh's configuration cannot be written", e))?;
        let mut builder = SessionBuilder::default();
        builder
            .config_file(&config)
            .control_directory(directory.path())
            .control_persist(
                std::num::NonZeroUsize::new(IDLE)
                    .map_or(ControlPersist::ClosedAfterInitialConnection, ControlPersist::IdleFor),
            )
            // It always says something of this, and what it says counts.
            .known_hosts_check(match settings.host_keys {
                HostKeys::Strict => KnownHosts::Strict,
                HostKeys::AcceptNew => KnownHosts::Add,
                HostKeys::Any => KnownHosts::Accept,
            });
        let files = builder.launch_master(&settings.name()).await.map_err(|e| connecting(e, settings))?;
        let socket = files.path().join("master").into_boxed_path();
        // The multiplexing protocol is ssh's own; a version that speaks another is driven by its program.
        let session = match openssh::Session::resume_mux(socket, None).check().await {
            Ok(()) => openssh::Session::new_native_mux(files),
            Err(_) => openssh::Session::new_process_mux(files),
        };
        Ok(Self { session, _directory: directory, generation })
    }
}

/// `$XDG_RUNTIME_DIR` is this user's own; the usual temporary directories can be long.
pub(crate) fn private_directory() -> io::Result<TempDir> {
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    let places = runtime.into_iter().chain([std::env::temp_dir(), PathBuf::from("/tmp")]);
    let mut last = io::Error::other("every usual place has a path too long for a socket");
    for place in places.filter(|place| fits(place)) {
        match tempfile::Builder::new().prefix("pve-").tempdir_in(place) {
            Ok(directory) => return Ok(directory),
            Err(e) => last = e,
        }
    }
    Err(last)
}

fn fits(place: &Path) -> bool {
    place.is_absolute() && place.as_os_str().len() + "/pve-123456".len() <= LONGEST_DIRECTORY
}

/// Why there is no connection, in words that say what to do.
///
/// ssh says it in English only; its exit code says nothing.
fn connecting(error: openssh::Error, settings: &Settings) -> Fault {
    let said = match &error {
        openssh::Error::Connect(e) if e.kind() == io::ErrorKind::NotFound => {
            return Fault::new(Stage::Connecting, Why::NoProgram("ssh")).because(error);
        }
        other => innermost(other),
    };
    let budget = |limit: Duration| Why::Budget("connect", limit);
    let line = said.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or("ssh says nothing");
    let line = line.strip_prefix("ssh: ").unwrap_or(line);
    let why = if said.contains("REMOTE HOST IDENTIFICATION HAS CHANGED") {
        Why::HostKey {
            problem: "its host key is not the one that is known for it: another host answers, or it was set up anew",
            remedy: "find out which; if it was set up anew, remove its old key from known_hosts (ssh-keygen -R)",
        }
    } else if said.contains("Host key verification failed") || said.contains("host key is known") {
        Why::HostKey {
            problem: "its host key is not known",
            remedy: "compare its key (ssh-keyscan) and put it into known_hosts, or accept new keys",
        }
    } else if said.contains("Permission denied") || said.contains("Too many authentication failures") {
        Why::Login(format!("it lets nobody in with these keys: {line}"))
    } else if said.contains("timed out") {
        budget(settings.connect_timeout)
    } else {
        Why::Network(line.to_owned())
    };
    Fault::new(Stage::Connecting, why).because(error)
}
