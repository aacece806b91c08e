//! When virsh is the way, and what becomes of calls that it could not finish.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

use libvirt_driver::rpc::procedures::domain;
use libvirt_driver::{Connection, LibvirtUri, Wire};
use proxmox_core::{ErrorKind, Outcome};
use proxmox_sim::Sshd;

use super::daemon::{Daemon, daemon};
use super::{by_virsh, over_ssh, xml};

/// The commands that `programs` names, and no others.
fn path_of(sshd: &Path, programs: &[&str]) -> PathBuf {
    let directory = sshd.join("bin");
    fs::create_dir_all(&directory).unwrap();
    for program in programs {
        let found = ["/usr/bin", "/bin"]
            .iter()
            .map(|place| Path::new(place).join(program))
            .find(|path| path.exists());
        symlink(found.expect(program), directory.join(program)).unwrap();
    }
    directory
}

/// A server that forwards nothing, with no way to the socket but what is named.
fn bare(programs: &[&str], place: &tempfile::TempDir) -> Sshd {
    let path = path_of(place.path(), programs);
    let command = format!("PATH={}; export PATH; eval \"$SSH_ORIGINAL_COMMAND\"", path.display());
    Sshd::builder().line("AllowStreamLocalForwarding no").force_command(&command).start().unwrap()
}

#[tokio::test]
async fn virsh_is_the_last_way() {
    let place = tempfile::tempdir().unwrap();
    let sshd = bare(&["sh", "cat", "env", "timeout", "virsh", "mktemp", "rm"], &place);
    let uri = over_ssh(&sshd, daemon(), "test", "/default");
    // While one is connected the made up domains stay.
    let local: LibvirtUri = daemon().uri("test", "/default").parse().unwrap();
    let holder = Connection::open(&local).await.unwrap();
    let libvirt = Connection::open(&uri).await.unwrap();
    assert_eq!(libvirt.way().await, "virsh over ssh");
    let test = libvirt.call(domain::lookup_by_name("test")).await.unwrap();
    libvirt.call(domain::suspend(&test)).await.unwrap();
    assert_eq!(holder.call(domain::state(&test)).await.unwrap().state, 3);
    // What it cannot do it says, with the way that could.
    let console = libvirt.stream(domain::console(&test, None, 0)).await.unwrap_err();
    let events = libvirt.events().await.unwrap_err();
    let call = libvirt.call(domain::console(&test, None, 0)).await.unwrap_err();
    for error in [console, events, call] {
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Unsupported, Outcome::NotSent), "{error}");
        assert!(error.advice().unwrap().contains("virt-ssh-helper"), "{error}");
    }
    // The link is made again.
    sshd.cut().unwrap();
    assert!(libvirt.call(domain::list(0)).await.unwrap().contains(&test));

    let error = Connection::builder(&uri).wire(Wire::Rpc).open().await.unwrap_err();
    assert!(error.kind() == ErrorKind::Connect && !error.to_string().contains("virsh:"), "{error}");
    let netcat = format!("{uri}&proxy=netcat").parse().unwrap();
    let error = Connection::open(&netcat).await.unwrap_err();
    assert!(error.to_string().contains("virsh: not tried"), "{error}");
    let error = Connection::builder(&netcat).wire(Wire::Virsh).open().await.unwrap_err();
    assert!(error.kind() == ErrorKind::InvalidInput && error.errors().contains_key("proxy"), "{error}");
}

#[tokio::test]
async fn a_host_without_virsh() {
    let place = tempfile::tempdir().unwrap();
    let sshd = bare(&["sh", "cat", "env", "timeout"], &place);
    let uri = over_ssh(&sshd, daemon(), "test", "/default");
    let error = Connection::open(&uri).await.unwrap_err();
    assert!(error.to_string().contains("virsh: there is no virsh on the host"), "{error}");
    assert!(error.to_string().contains("nc -U: "), "{error}");
    let error = Connection::builder(&uri).wire(Wire::Virsh).open().await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Unsupported, Outcome::NotSent), "{error}");
}

#[tokio::test]
async fn on_this_machine() {
    let uri: LibvirtUri = daemon().uri("qemu", "/system").parse().unwrap();
    let libvirt = by_virsh(&uri).await;
    assert_eq!(libvirt.way().await, "virsh");
    let tiny = libvirt.call(domain::define(&xml("w-here"), 0)).await.unwrap();
    let error = libvirt.call(domain::destroy(&tiny, 0)).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::WrongState, Outcome::Rejected), "{error}");
    libvirt.call(domain::undefine(&tiny, 0)).await.unwrap();
    let uri: LibvirtUri = "qemu+unix:///system?socket=/nonexistent/sock".parse().unwrap();
    let error = Connection::builder(&uri).wire(Wire::Virsh).open().await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Connect, Outcome::NotSent), "{error}");
}

const AGENT: &str = "<devices><channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel></devices></domain>";

#[tokio::test(flavor = "multi_thread")]
async fn what_is_under_way_when_all_stands_still() {
    let (daemon, sshd) = (Daemon::start(), Sshd::start().unwrap());
    let libvirt = by_virsh(&over_ssh(&sshd, &daemon, "qemu", "/system")).await;
    let tiny = libvirt.call(domain::define(&xml("w-agent").replace("</domain>", AGENT), 0)).await.unwrap();
    let tiny = libvirt.call(domain::start(&tiny, 0)).await.unwrap();
    let ping = r#"{"execute":"guest-ping","arguments":{"it's":"Z-hunter2 ü"}}"#;
    let error = libvirt.call(domain::agent_command(&tiny, ping, 1)).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Agent, Outcome::Rejected), "{error}");
    let home = sshd.identity_file().parent().unwrap().to_owned();
    assert!(!home.join(".cache/libvirt/virsh").exists(), "virsh has noted what it was told");

    daemon.freeze();
    let secret = xml("w-secret").replace("<memory", "<title>Z-hunter2</title><memory");
    let limit = Duration::from_millis(900);
    let (asked, defined, lines) = tokio::join!(
        libvirt.call(domain::agent_command(&tiny, ping, 1).timeout(limit)),
        libvirt.call(domain::define(&secret, 0).timeout(limit)),
        async {
            tokio::time::sleep(limit / 2).await;
            command_lines()
        }
    );
    assert!(lines.iter().filter(|line| line.contains("virsh")).count() >= 2, "{lines:?}");
    let shown: Vec<_> = lines.iter().filter(|line| line.contains("Z-hunter2")).collect();
    assert!(shown.is_empty(), "everybody on the host can read it: {shown:?}");
    for error in [asked.unwrap_err(), defined.unwrap_err()] {
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Timeout, Outcome::MaybeApplied), "{error}");
    }
    // The daemon goes, and so does the link: what was written may have been done.
    let (destroyed, ()) = tokio::join!(libvirt.call(domain::destroy(&tiny, 0)), async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        tokio::task::block_in_place(|| sshd.cut().unwrap());
    });
    let error = destroyed.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Connect, Outcome::MaybeApplied), "{error}");
    let (state, ()) = tokio::join!(libvirt.call(domain::state(&tiny)), async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        tokio::task::block_in_place(|| sshd.cut().unwrap());
        daemon.thaw();
    });
    // The read was sent once more.
    assert!(state.unwrap().state > 0);
    let _ = libvirt.call(domain::destroy(&tiny, 0)).await;
    assert_eq!(libvirt.call(domain::state(&tiny)).await.unwrap().state, 5);
}

/// What everybody on the host can see.
fn command_lines() -> Vec<String> {
    let all =
        fs::read_dir("/proc").unwrap().filter_map(|entry| fs::read(entry.ok()?.path().join("cmdline")).ok());
    all.map(|line| String::from_utf8_lossy(&line).replace('\0', " ")).collect()
}
