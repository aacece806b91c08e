//! A real OpenSSH server on loopback, for tests of what goes over ssh.

use std::fs;
use std::io;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// How long the server may take to listen.
const PATIENCE: Duration = Duration::from_secs(10);

/// A real OpenSSH server on a free port of loopback, with keys of its own, that lets in the user it runs as.
///
/// It needs the programs `sshd` and `ssh-keygen` (Debian: openssh-server). It ends with this value, and so do its
/// connections. Together with a [`NodeRoot`](crate::NodeRoot) it makes a simulated node that is reached over ssh.
///
/// ```no_run
/// # fn main() -> std::io::Result<()> {
/// use proxmox_sim::Sshd;
/// let sshd = Sshd::builder().max_sessions(2).start()?;
/// println!("{}@127.0.0.1:{} with {}", sshd.user(), sshd.port(), sshd.identity_file().display());
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Sshd {
    options: SshdBuilder,
    port: u16,
    user: String,
    server: Mutex<Child>,
    directory: TempDir,
}

/// What the server is to allow.
#[derive(Debug, Clone, Default)]
pub struct SshdBuilder {
    lines: Vec<String>,
}

impl SshdBuilder {
    /// Whether ports may be forwarded; they may unless this says no.
    #[must_use]
    pub fn forwarding(self, allowed: bool) -> Self {
        self.line(format!("AllowTcpForwarding {}", if allowed { "yes" } else { "no" }))
    }

    /// How many sessions a connection may have at once; 10 by default. 0 forbids commands.
    #[must_use]
    pub fn max_sessions(self, sessions: u32) -> Self {
        self.line(format!("MaxSessions {sessions}"))
    }

    /// Runs this instead of any command; what was asked for is in `$SSH_ORIGINAL_COMMAND`.
    #[must_use]
    pub fn force_command(self, command: &str) -> Self {
        self.line(format!("ForceCommand {command}"))
    }

    /// Any further line of sshd_config.
    #[must_use]
    pub fn line(mut self, line: impl Into<String>) -> Self {
        self.lines.push(line.into());
        self
    }

    /// Starts the server and waits until it listens.
    ///
    /// # Errors
    /// When a program is missing, or the server does not come up; what it said is in the text.
    pub fn start(self) -> io::Result<Sshd> {
        let directory = tempfile::Builder::new().prefix("sshd-").tempdir()?;
        for key in ["host_key", "client_key"] {
            generate(&directory.path().join(key))?;
        }
        fs::copy(directory.path().join("client_key.pub"), directory.path().join("authorized_keys"))?;
        let user = whoami()?;
        // sshd starts sessions from a directory of its own when it is root's.
        if user == "root" {
            fs::create_dir_all("/run/sshd")?;
        }
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        fs::write(directory.path().join("known_hosts"), "")?;
        let server = run(&directory, &self, port)?;
        let sshd = Sshd { options: self, port, user, server: Mutex::new(server), directory };
        sshd.note_host_key()?;
        sshd.listening()?;
        Ok(sshd)
    }
}

impl Sshd {
    /// A server with the usual permissions.
    ///
    /// # Errors
    /// As [`SshdBuilder::start`].
    pub fn start() -> io::Result<Self> {
        Self::builder().start()
    }

    /// One with others.
    #[must_use]
    pub fn builder() -> SshdBuilder {
        SshdBuilder::default()
    }

    /// Its port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Who is let in.
    #[must_use]
    pub fn user(&self) -> &str {
        &self.user
    }

    /// `user@127.0.0.1:port`.
    #[must_use]
    pub fn target(&self) -> String {
        format!("{}@127.0.0.1:{}", self.user, self.port)
    }

    /// The private key that is let in.
    #[must_use]
    pub fn identity_file(&self) -> PathBuf {
        self.directory.path().join("client_key")
    }

    /// Knows this server's key.
    #[must_use]
    pub fn known_hosts_file(&self) -> PathBuf {
        self.directory.path().join("known_hosts")
    }

    /// Lets in another server's client and knows its host key as well: for a chain of hosts with one key.
    ///
    /// # Errors
    /// When files cannot be written.
    pub fn trust_with(&self, other: &Self) -> io::Result<()> {
        append(
            &self.directory.path().join("authorized_keys"),
            &other.directory.path().join("client_key.pub"),
        )?;
        append(&other.known_hosts_file(), &self.known_hosts_file())
    }

    /// Cuts every connection by killing its processes. The server goes on.
    ///
    /// # Errors
    /// When `/proc` cannot be read.
    pub fn cut(&self) -> io::Result<()> {
        self.signal_connections("KILL")
    }

    /// Stops every connection's processes: to the client they are there, and never answer.
    ///
    /// # Errors
    /// When `/proc` cannot be read.
    pub fn freeze(&self) -> io::Result<()> {
        self.signal_connections("STOP")
    }

    /// Lets them go on.
    ///
    /// # Errors
    /// When `/proc` cannot be read.
    pub fn thaw(&self) -> io::Result<()> {
        self.signal_connections("CONT")
    }

    /// Restarts on the same port with another host key, which [`known_hosts_file`](Self::known_hosts_file) does not know.
    ///
    /// # Errors
    /// When the server does not come up again.
    pub fn change_host_key(&self) -> io::Result<()> {
        let key = self.directory.path().join("host_key");
        fs::remove_file(&key)?;
        fs::remove_file(key.with_extension("pub"))?;
        generate(&key)?;
        self.restart()
    }

    /// Ends the server, and starts it again on the same port.
    ///
    /// # Errors
    /// When the server does not come up again.
    pub fn restart(&self) -> io::Result<()> {
        self.stop()?;
        *self.server.lock().unwrap_or_else(PoisonError::into_inner) =
            run(&self.directory, &self.options, self.port)?;
        self.listening()
    }

    /// Ends the server and its connections.
    ///
    /// # Errors
    /// When `/proc` cannot be read.
    pub fn stop(&self) -> io::Result<()> {
        let cut = self.cut();
        let mut server = self.server.lock().unwrap_or_else(PoisonError::into_inner);
        server.kill()?;
        server.wait()?;
        cut
    }

    /// What the server has said.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(self.directory.path().join("log")).unwrap_or_default()
    }

    fn note_host_key(&self) -> io::Result<()> {
        let key = fs::read_to_string(self.directory.path().join("host_key.pub"))?;
        fs::write(self.known_hosts_file(), format!("[127.0.0.1]:{} {key}", self.port))
    }

    #[allow(clippy::disallowed_methods)] // Another process, in real time.
    fn listening(&self) -> io::Result<()> {
        let started = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            let ended = self.server.lock().unwrap_or_else(PoisonError::into_inner).try_wait()?;
            if ended.is_some() || started.elapsed() > PATIENCE {
                return Err(io::Error::other(format!("sshd did not come up: {}", self.log())));
            }
            thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    fn signal_connections(&self, signal: &str) -> io::Result<()> {
        let server = self.server.lock().unwrap_or_else(PoisonError::into_inner).id();
        let mut found = descendants(server)?;
        // Children last: one whose parent is gone is still known here.
        found.dedup();
        if found.is_empty() {
            return Ok(());
        }
        let pids = found.iter().map(u32::to_string);
        Command::new("kill").arg(format!("-{signal}")).args(pids).stderr(Stdio::null()).status()?;
        Ok(())
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        // Whatever is left then, nothing more can be done about it.
        let _ = self.thaw();
        let _ = self.stop();
    }
}

fn run(directory: &TempDir, options: &SshdBuilder, port: u16) -> io::Result<Child> {
    let at = |name: &str| directory.path().join(name).display().to_string();
    let mut config = format!(
        "ListenAddress 127.0.0.1:{port}\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\n\
         UsePAM no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nPubkeyAuthentication yes\n\
         PermitRootLogin prohibit-password\nStrictModes no\nPrintMotd no\nMaxStartups 100\nPermitUserEnvironment no\n\
         SetEnv HOME={}\n",
        at("host_key"),
        at("authorized_keys"),
        // What the user's own shell reads at its start is no part of a test, and takes its time.
        directory.path().display(),
    );
    for line in &options.lines {
        config += line;
        config.push('\n');
    }
    let file = directory.path().join("sshd_config");
    fs::write(&file, config)?;
    Command::new(sshd_program()?)
        .args(["-D", "-e", "-f"])
        .arg(&file)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(fs::OpenOptions::new().create(true).append(true).open(directory.path().join("log"))?)
        .spawn()
}

/// sshd insists on being called by its full path, and is in no user's `$PATH`.
fn sshd_program() -> io::Result<PathBuf> {
    let places = ["/usr/sbin/sshd", "/usr/local/sbin/sshd", "/usr/bin/sshd"].map(PathBuf::from);
    places.into_iter().find(|path| path.exists()).ok_or_else(|| {
        io::Error::new(io::ErrorKind::NotFound, "there is no program sshd (Debian: openssh-server)")
    })
}

fn generate(key: &Path) -> io::Result<()> {
    let made = Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-C", "proxmox-sim", "-f"])
        .arg(key)
        .status()?;
    if made.success() { Ok(()) } else { Err(io::Error::other("ssh-keygen made no key")) }
}

fn whoami() -> io::Result<String> {
    let output = Command::new("id").arg("-un").output()?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn append(to: &Path, from: &Path) -> io::Result<()> {
    let mut text = fs::read_to_string(to)?;
    text += &fs::read_to_string(from)?;
    fs::write(to, text)
}

/// All processes below this one, the nearest first.
fn descendants(of: u32) -> io::Result<Vec<u32>> {
    let mut parents = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let Ok(pid) = entry?.file_name().to_string_lossy().parse::<u32>() else { continue };
        // One that has ended meanwhile is no loss.
        let Ok(stat) = fs::read_to_string(format!("/proc/{pid}/stat")) else { continue };
        let parent = stat.rsplit_once(") ").and_then(|(_, rest)| rest.split(' ').nth(1)?.parse::<u32>().ok());
        parents.extend(parent.map(|parent| (pid, parent)));
    }
    let mut found = vec![of];
    let mut at = 0;
    while at < found.len() {
        let parent = found[at];
        found.extend(parents.iter().filter(|(_, p)| *p == parent).map(|(pid, _)| *pid));
        at += 1;
    }
    Ok(found.split_off(1))
}
