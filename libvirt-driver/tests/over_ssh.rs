//! The ways to a real libvirtd over a real sshd.

#![allow(clippy::unwrap_used, clippy::expect_used)] // These are tests.

mod bastion;
mod daemon;

use std::time::{Duration, Instant};

use bastion::Bastion;
use daemon::daemon;
use libvirt_driver::rpc::procedures::{domain, host};
use libvirt_driver::{Connection, ConnectionBuilder, LibvirtUri};
use proxmox_core::{Error, ErrorKind, Outcome};
use proxmox_sim::Sshd;

/// `test+ssh://` through this server, with these parameters more.
fn uri(sshd: &Sshd, parameters: &str) -> String {
    format!(
        "test+ssh://{}/default?keyfile={}&known_hosts={}{parameters}",
        sshd.target(),
        sshd.identity_file().display(),
        sshd.known_hosts_file().display(),
    )
}

fn builder(sshd: &Sshd, parameters: &str) -> ConnectionBuilder {
    let uri: LibvirtUri = uri(sshd, parameters).parse().unwrap();
    Connection::builder(&uri).connect_timeout(Duration::from_secs(5))
}

fn at_socket() -> String {
    format!("&socket={}", daemon().socket().display())
}

async fn failure(builder: ConnectionBuilder) -> Error {
    builder.open().await.expect_err("there is a way")
}

async fn lists(libvirt: &Connection) {
    let domains = libvirt.call(domain::list(0)).await.unwrap();
    assert!(domains.iter().any(|domain| domain.name == "test"), "{domains:?}");
}

/// A server whose user has this daemon for his own: its socket is where a user's is.
fn with_own_daemon() -> Sshd {
    let sshd = Sshd::start().unwrap();
    // The directory of its files is also its users' home.
    let home = sshd.identity_file().parent().unwrap().to_owned();
    let directory = home.join(".cache/libvirt");
    std::fs::create_dir_all(&directory).unwrap();
    std::os::unix::fs::symlink(daemon().socket(), directory.join("libvirt-sock")).unwrap();
    sshd
}

#[tokio::test]
async fn through_a_forwarded_socket() {
    let sshd = Sshd::start().unwrap();
    let libvirt = builder(&sshd, &at_socket()).open().await.unwrap();
    assert!(libvirt.way().await.starts_with("forwarded socket /tmp/lv-"), "{}", libvirt.way().await);
    lists(&libvirt).await;
}

#[tokio::test]
async fn through_netcat_where_nothing_is_forwarded() {
    let sshd = Sshd::builder().line("AllowStreamLocalForwarding no").start().unwrap();
    let libvirt = builder(&sshd, &at_socket()).open().await.unwrap();
    assert_eq!(libvirt.way().await, "nc -U");
    lists(&libvirt).await;
}

#[tokio::test]
async fn through_a_jump_host() {
    let bastion = Bastion::start();
    let libvirt = bastion.builder(daemon(), "test", "/default").open().await.unwrap();
    lists(&libvirt).await;
}

#[tokio::test]
async fn the_users_own_daemon_is_found_on_the_host() {
    let sshd = with_own_daemon();
    let uri =
        uri(&sshd, "&name=test:///default").replace("test+ssh", "qemu+ssh").replace("/default?", "/session?");
    let libvirt = Connection::open(&uri.parse().unwrap()).await.unwrap();
    assert_eq!(libvirt.way().await, "nc -U");
    lists(&libvirt).await;
}

/// On a host whose daemon is where it always is, for commands only.
#[tokio::test]
async fn through_the_helper_where_no_socket_is_forwarded() {
    let sockets = daemon().socket().parent().unwrap().display().to_string();
    let command = format!(
        "unshare --mount sh -c 'mkdir -p /run/libvirt; mount --bind {sockets} /run/libvirt; eval \"$SSH_ORIGINAL_COMMAND\"'"
    );
    let sshd = Sshd::builder().line("AllowStreamLocalForwarding no").force_command(&command).start().unwrap();
    for (parameters, way) in
        [("", "virt-ssh-helper"), ("&proxy=native", "virt-ssh-helper"), ("&proxy=netcat", "nc -U")]
    {
        let libvirt = builder(&sshd, parameters).open().await.unwrap();
        assert_eq!(libvirt.way().await, way, "{parameters}");
        lists(&libvirt).await;
    }
}

#[tokio::test]
async fn a_link_that_is_cut_is_made_again() {
    let sshd = Sshd::start().unwrap();
    let libvirt = builder(&sshd, &at_socket()).open().await.unwrap();
    let test = libvirt.call(domain::lookup_by_name("test")).await.unwrap();
    sshd.cut().unwrap();
    // A write that cannot have been sent is sent; one that may have been is not.
    match libvirt.call(domain::suspend(&test)).await {
        Ok(()) => {}
        Err(error) => {
            assert_eq!((error.kind(), error.outcome()), (ErrorKind::Connect, Outcome::MaybeApplied));
        }
    }
    lists(&libvirt).await;
}

#[tokio::test]
async fn each_way_that_failed_is_named_with_its_reason() {
    let sshd = Sshd::start().unwrap();
    let error = failure(builder(&sshd, "&socket=/nonexistent/sock")).await;
    let text = error.to_string();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Connect, Outcome::NotSent), "{text}");
    for part in [
        "forwarded socket /nonexistent/sock: closed at once",
        "virt-ssh-helper: not tried: it finds the socket by itself",
        "nc -U: there is no socket /nonexistent/sock",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let error = failure(builder(&sshd, "&proxy=netcat&netcat=/opt/nc")).await;
    assert!(error.to_string().contains("/opt/nc -U: there is no program /opt/nc"), "{error}");
    let error = failure(builder(&sshd, "&proxy=native")).await;
    assert!(error.to_string().contains("virt-ssh-helper: "), "{error}");
}

#[tokio::test]
async fn trouble_with_ssh_is_told_once() {
    let sshd = Sshd::start().unwrap();
    sshd.change_host_key().unwrap();
    let error = failure(builder(&sshd, &at_socket())).await;
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Tls, Outcome::NotSent), "{error}");
    assert!(!error.to_string().contains("virt-ssh-helper"), "{error}");
}

/// Not a measurement, but far from what a program started for each call would take.
#[tokio::test]
async fn a_call_costs_no_process() {
    let sshd = Sshd::start().unwrap();
    let libvirt = builder(&sshd, &at_socket()).open().await.unwrap();
    let local: LibvirtUri = daemon().uri("test", "/default").parse().unwrap();
    let local = Connection::open(&local).await.unwrap();
    for (way, libvirt) in [("local", local), ("ssh", libvirt)] {
        let test = libvirt.call(domain::lookup_by_name("test")).await.unwrap();
        let list = median(async || libvirt.call(domain::list(0)).await.map(drop)).await;
        let state = median(async || libvirt.call(domain::state(&test)).await.map(drop)).await;
        println!("{way}: list {list:?}, state {state:?}");
        assert!(
            list < Duration::from_millis(15) && state < Duration::from_millis(15),
            "{way}: {list:?} {state:?}"
        );
        libvirt.call(host::hostname()).await.unwrap();
    }
}

async fn median(call: impl AsyncFn() -> Result<(), Error>) -> Duration {
    let mut times = Vec::new();
    for _ in 0..101 {
        let started = Instant::now();
        call().await.unwrap();
        times.push(started.elapsed());
    }
    times.sort();
    times[50]
}
