//! Files that stand for a node's own: what a program that runs there, or comes there over ssh, finds.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tempfile::TempDir;

use crate::log::RequestLog;
use crate::pvesh::PveshOutput;
use crate::server::SimServer;
use crate::sim::Sim;

/// A directory with what the SDK looks for on a node: `usr/bin/pvesh`, `usr/sbin/pct` for containers of the node, the certificate
/// that pveproxy serves under `etc/pve/local`, and the Perl module that makes tickets. All of it leads to one simulated cluster, as
/// `root@pam` on its first node.
///
/// Point the SDK at it with `node_root`. It needs Perl, and nothing but what is in Debian's perl-base. It ends with this value.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// use proxmox_sim::{NodeRoot, Sim, SimServer};
/// let server = SimServer::start(Sim::new())?;
/// let root = NodeRoot::new(&server)?;
/// let pvesh = std::process::Command::new(root.path().join("usr/bin/pvesh")).args(["get", "/version"]).output()?;
/// assert!(pvesh.status.success());
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct NodeRoot {
    directory: TempDir,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// What each file says to the simulated cluster: its name and its arguments, with a NUL behind each, after their length.
const CLIENT: &str = r#"
sub ask {
    my $socket = IO::Socket::UNIX->new(Peer => 'SOCKET') or die "the simulated node is gone: $!\n";
    my $words = join('', map { "$_\0" } @_);
    print {$socket} pack('N', length($words)) . $words;
    $socket->flush();
    local $/ = undef;
    return unpack('N N/a N/a', scalar(<$socket>) // die "the simulated node is gone\n");
}
"#;

const PVESH: &str = r#"#!/usr/bin/perl -T
use strict;
use IO::Socket::UNIX;
CLIENT
my ($exit, $out, $err) = ask('pvesh', $ENV{LC_ALL} // '', @ARGV);
print STDOUT $out;
print STDERR $err;
exit($exit);
"#;

/// Files and standard input are read and written here, and what is in them goes as hexadecimal digits.
const PCT: &str = r#"#!/usr/bin/perl
use strict;
use IO::Socket::UNIX;
CLIENT
local $/ = undef;
my $given = '-';
if (@ARGV && $ARGV[0] eq 'exec') {
    binmode(STDIN);
    $given = unpack('H*', scalar(<STDIN>) // '');
} elsif (@ARGV > 3 && $ARGV[0] eq 'push' && open(my $file, '<:raw', $ARGV[2])) {
    $given = unpack('H*', scalar(<$file>) // '');
}
my ($exit, $out, $err) = ask('pct', $given, @ARGV);
($out, $err) = map { pack('H*', $_) } ($out, $err);
binmode($_) for *STDOUT, *STDERR;
if (@ARGV > 3 && $ARGV[0] eq 'pull' && $exit == 0) {
    open(my $file, '>:raw', $ARGV[3]) or die "failed to create file: $ARGV[3]: $!\n";
    print {$file} $out;
    close($file) or die "$!\n";
} else {
    print STDOUT $out;
}
print STDERR $err;
exit($exit);
"#;

const ACCESS_CONTROL: &str = r"package PVE::AccessControl;
use strict;
use IO::Socket::UNIX;
CLIENT
sub assemble_ticket { return (ask('ticket', @_))[1] }
sub assemble_csrf_prevention_token { return (ask('csrf', @_))[1] }
1;
";

impl NodeRoot {
    /// Files that lead to this server's cluster.
    ///
    /// # Errors
    /// When files, socket or thread cannot be had.
    pub fn new(server: &SimServer) -> io::Result<Self> {
        let directory = tempfile::Builder::new().prefix("node-").tempdir()?;
        let at = |path: &str| directory.path().join(path);
        let socket = at("socket");
        let client = CLIENT.replace("SOCKET", &socket.display().to_string());
        // As on a node, where this link is the cluster's own word for which node it is.
        let name = server.sim().first_node().unwrap_or_else(|| "pve1".to_owned());
        fs::create_dir_all(at(&format!("etc/pve/nodes/{name}")))?;
        std::os::unix::fs::symlink(format!("nodes/{name}"), at("etc/pve/local"))?;
        let files = [
            ("usr/bin/pvesh", PVESH.replace("CLIENT", &client), 0o755),
            ("usr/sbin/pct", PCT.replace("CLIENT", &client), 0o755),
            ("usr/share/perl5/PVE/AccessControl.pm", ACCESS_CONTROL.replace("CLIENT", &client), 0o644),
            ("etc/pve/local/pve-ssl.pem", server.certificate_pem().to_owned(), 0o640),
            ("etc/pve/local/pve-ssl.key", "the simulator keeps it to itself\n".to_owned(), 0o600),
        ];
        for (path, text, mode) in files {
            let path = at(path);
            fs::create_dir_all(path.parent().unwrap_or(Path::new("/")))?;
            fs::write(&path, text)?;
            fs::set_permissions(&path, fs::Permissions::from_mode(mode))?;
        }
        fs::create_dir_all(at("etc/default"))?;
        fs::create_dir_all(at("var/tmp"))?;
        let listener = UnixListener::bind(&socket)?;
        listener.set_nonblocking(true)?;
        let stop = Arc::new(AtomicBool::new(false));
        let (node, stopped) = (
            Node {
                root: directory.path().to_owned(),
                name,
                sim: server.sim().clone(),
                log: server.log().clone(),
            },
            Arc::clone(&stop),
        );
        let thread = thread::Builder::new()
            .name("proxmox-sim-node".to_owned())
            .spawn(move || serve(&listener, &node, &stopped))?;
        Ok(Self { directory, stop, thread: Some(thread) })
    }

    /// Where the node's files begin.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.directory.path()
    }
}

impl Drop for NodeRoot {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            // A panic of that thread has been printed; a second one here would hide the test's own.
            let _ = thread.join();
        }
    }
}

/// Who answers.
#[derive(Debug, Clone)]
struct Node {
    root: PathBuf,
    name: String,
    sim: Sim,
    log: RequestLog,
}

#[allow(clippy::disallowed_methods)] // A thread of its own, in real time.
fn serve(listener: &UnixListener, node: &Node, stop: &Arc<AtomicBool>) {
    while !stop.load(Ordering::SeqCst) {
        match listener.accept() {
            Ok((stream, _)) => {
                let (node, stop) = (node.clone(), Arc::clone(stop));
                // Who has gone does not hear of it.
                thread::spawn(move || drop(answer(stream, &node, &stop)));
            }
            Err(_) => thread::sleep(Duration::from_millis(2)),
        }
    }
}

fn answer(mut stream: UnixStream, node: &Node, stop: &AtomicBool) -> io::Result<()> {
    stream.set_nonblocking(false)?;
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let mut words = vec![0; u32::from_be_bytes(length) as usize];
    stream.read_exact(&mut words)?;
    let words: Vec<&[u8]> =
        words.split_inclusive(|b| *b == 0).map(|word| word.strip_suffix(&[0]).unwrap_or(word)).collect();
    let output = match words.as_slice() {
        [b"pvesh", locale, arguments @ ..] => {
            let arguments: Vec<String> = arguments.iter().map(|word| text(word, locale)).collect();
            let file = uploaded(&node.root, &arguments);
            while_there(&stream, stop, |gone| {
                node.sim.pvesh_with(&arguments, file.as_deref(), &node.log, gone)
            })?
        }
        [b"pct", given, arguments @ ..] => {
            let arguments: Vec<String> =
                arguments.iter().map(|word| String::from_utf8_lossy(word).into_owned()).collect();
            let given = unhex(given);
            let run = |gone: &dyn Fn() -> bool| {
                node.sim.pct_on(&node.name, &arguments, given.as_deref(), &node.log, gone)
            };
            let done = while_there(&stream, stop, run)?;
            PveshOutput { exit: done.exit, stdout: hex(&done.stdout), stderr: hex(&done.stderr) }
        }
        [what, user] => {
            let (ticket, csrf) = node.sim.mint(&String::from_utf8_lossy(user));
            let stdout = if *what == b"ticket" { ticket } else { csrf };
            PveshOutput { stdout, ..PveshOutput::default() }
        }
        _ => PveshOutput {
            exit: 255,
            stderr: "the simulated node does not know this\n".to_owned(),
            ..PveshOutput::default()
        },
    };
    let mut answer = output.exit.to_be_bytes().to_vec();
    for part in [&output.stdout, &output.stderr] {
        answer.extend(u32::try_from(part.len()).map_err(io::Error::other)?.to_be_bytes());
        answer.extend(part.as_bytes());
    }
    stream.write_all(&answer)
}

/// Does something that wants to know whether whoever asked has gone.
fn while_there<T>(
    stream: &UnixStream,
    stop: &AtomicBool,
    work: impl FnOnce(&dyn Fn() -> bool) -> T,
) -> io::Result<T> {
    let watched = stream.try_clone()?;
    watched.set_nonblocking(true)?;
    // Whoever asked sends nothing more: what comes is the end.
    let gone = || stop.load(Ordering::SeqCst) || matches!((&watched).read(&mut [0]), Ok(0));
    let done = work(&gone);
    stream.set_nonblocking(false)?;
    Ok(done)
}

/// The file that an upload names: PVE takes only such as its own web server would have made.
fn uploaded(root: &Path, arguments: &[String]) -> Option<Vec<u8>> {
    let name = arguments.iter().find_map(|word| word.strip_prefix("--tmpfilename="))?;
    let digits = name.strip_prefix("/var/tmp/pveupload-")?;
    let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'a'..=b'f'));
    plain.then(|| fs::read(root.join(name.trim_start_matches('/'))).ok()).flatten()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// `None` for what is no such number: a file that could not be read.
fn unhex(digits: &[u8]) -> Option<Vec<u8>> {
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    digits.chunks(2).map(pair).collect()
}

/// An argument as PVE reads it: without a UTF-8 locale each byte of another character is lost.
fn text(word: &[u8], locale: &[u8]) -> String {
    if locale.ends_with(b"UTF-8") {
        return String::from_utf8_lossy(word).into_owned();
    }
    word.iter().map(|b| if b.is_ascii() { char::from(*b) } else { char::REPLACEMENT_CHARACTER }).collect()
}
