//! A libvirtd of this test program's own: real, private, gone when the program ends.
//!
//! It runs in namespaces of its own: what it takes for `/etc/libvirt`, `/var/lib/libvirt`, `/run/libvirt` … is a temporary directory, and
//! all that it starts ends with it. Its networks are its own as well: their bridges, addresses and filters meet nothing of the host's.
//! The end of this program, however it comes, closes a pipe that tells it to end.

// It belongs to tests, and waits for other processes in real time.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long it may take to listen.
const PATIENCE: Duration = Duration::from_secs(20);

/// What runs it, and ends with its input.
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/libvirtd");

/// The daemon of this program.
pub(crate) struct Daemon {
    root: PathBuf,
    shell: Mutex<Child>,
}

static DAEMON: LazyLock<Daemon> = LazyLock::new(Daemon::start);

/// The daemon, started by the first who asks.
#[allow(dead_code)] // Not every test program shares one.
pub(crate) fn daemon() -> &'static Daemon {
    &DAEMON
}

#[allow(dead_code)] // Each test program uses some of it.
impl Daemon {
    /// One more, for tests that disturb it. It ends with this value.
    pub(crate) fn start() -> Self {
        for (program, package) in [
            ("libvirtd", "libvirt-daemon, libvirt-daemon-driver-qemu"),
            ("qemu-system-x86_64", "qemu-system-x86"),
            ("unshare", "util-linux"),
            ("ip", "iproute2"),
            ("dnsmasq", "dnsmasq-base"),
            ("iptables", "iptables"),
        ] {
            assert!(
                is_there(program),
                "NOT TESTED against a real libvirt: there is no {program} (Debian: {package}). `scripts/setup libvirt` installs it."
            );
        }
        let user = fs::metadata("/proc/self").unwrap().uid();
        assert_eq!(user, 0, "NOT TESTED against a real libvirt: a host's daemon with qemu takes root");
        let root = tempfile::Builder::new().prefix("lv-").tempdir_in("/tmp").unwrap().keep();
        let child =
            Command::new(SCRIPT).arg(&root).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let daemon = Self { root, shell: Mutex::new(child) };
        daemon.listening();
        daemon
    }

    fn listening(&self) {
        let started = Instant::now();
        while UnixStream::connect(self.socket()).is_err() {
            let ended = self.shell.lock().unwrap_or_else(PoisonError::into_inner).try_wait().unwrap();
            assert!(
                ended.is_none(),
                "NOT TESTED against a real libvirt: there are no namespaces for it, see above"
            );
            assert!(started.elapsed() < PATIENCE, "libvirtd does not listen: {}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Its socket.
    pub(crate) fn socket(&self) -> PathBuf {
        self.root.join("sock/libvirt-sock")
    }

    /// A directory for storage pools.
    pub(crate) fn pool(&self) -> PathBuf {
        self.root.join("pool")
    }

    /// A file system of 8 MiB, which only the daemon sees.
    pub(crate) fn small(&self) -> PathBuf {
        self.root.join("small")
    }

    /// `driver+unix://path?socket=…`, such as of `test` and `/default`.
    pub(crate) fn uri(&self, driver: &str, path: &str) -> String {
        format!("{driver}+unix://{path}?socket={}", self.socket().display())
    }

    /// Kills it, and starts it again. Guests go on.
    pub(crate) fn restart(&self) {
        let _ = fs::remove_file(self.socket());
        self.tell("restart");
        self.listening();
    }

    /// Stops it: it is there, and never answers.
    pub(crate) fn freeze(&self) {
        self.tell("stop");
        let started = Instant::now();
        while !self.root.join("stopped").exists() {
            assert!(started.elapsed() < PATIENCE, "libvirtd does not stop");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Lets it go on.
    pub(crate) fn thaw(&self) {
        self.tell("go");
    }

    fn tell(&self, word: &str) {
        use std::io::Write as _;
        let mut shell = self.shell.lock().unwrap_or_else(PoisonError::into_inner);
        writeln!(shell.stdin.as_mut().unwrap(), "{word}").unwrap();
    }

    /// What it said.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.root.join("out")).unwrap_or_default()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let shell = self.shell.get_mut().unwrap_or_else(PoisonError::into_inner);
        drop(shell.stdin.take());
        let _ = shell.wait();
    }
}

fn is_there(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut places = std::env::split_paths(&path).collect::<Vec<_>>();
    places.push(PathBuf::from("/usr/sbin"));
    places.iter().any(|place| Path::new(place).join(program).exists())
}
