//! Sessions with real ssh servers.

// Other processes are waited for in real time, and flows are left alone on purpose.
#![allow(clippy::disallowed_methods)]

use std::time::{Duration, Instant};

use proxmox_sim::Sshd;

use super::*;
use crate::fault::{Stage, Why};
use crate::shell::{Script, Shell as _};

fn settings(sshd: &Sshd) -> Settings {
    let mut settings = Settings::new(Target::parse("ssh", &sshd.target()).unwrap());
    settings.key = Some(sshd.identity_file());
    settings.known_hosts = Some(sshd.known_hosts_file());
    settings
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(10)
}

fn script(line: &str, input: &[u8]) -> Script {
    Script { line: line.to_owned(), input: input.to_vec() }
}

#[tokio::test]
async fn a_command_gets_its_input_and_gives_its_output() {
    let sshd = Sshd::start().unwrap();
    let session = Session::new(settings(&sshd));
    let input: Vec<u8> = (0..=255).cycle().take(3_000_000).collect();
    let ended = session.run(script("cat; echo problem >&2; exit 255", &input), soon()).await.unwrap();
    assert!(ended.stdout == input);
    assert_eq!((ended.exit, ended.stderr.as_slice()), (255, &b"problem\n"[..]));
    let ended = session.run(script("no-such-program", b""), soon()).await.unwrap();
    assert_eq!(ended.exit, 127);
    assert!(String::from_utf8_lossy(&ended.stderr).contains("no-such-program"));
}

/// The processes of this user whose command line has this in it.
fn processes(with: &str) -> usize {
    let all = std::fs::read_dir("/proc").unwrap();
    all.filter(|entry| {
        let file = entry.as_ref().unwrap().path().join("cmdline");
        std::fs::read(file).is_ok_and(|line| String::from_utf8_lossy(&line).replace('\0', " ").contains(with))
    })
    .count()
}

/// A command that lasts, and that no other test and no earlier run has started.
fn lasting(seconds: u32) -> String {
    format!("sleep {seconds}.{}", std::process::id())
}

async fn until(what: impl Fn() -> bool) {
    let started = Instant::now();
    while !what() {
        assert!(started.elapsed() < Duration::from_secs(10), "it never came to that");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// How a session that cannot be made says so.
async fn fails(settings: Settings) -> proxmox_core::Error {
    let session = Session::new(settings);
    let fault = session.run(script("true", b""), soon()).await.unwrap_err();
    assert_eq!(fault.stage, Stage::Connecting);
    fault.into_error(proxmox_core::Effect::Write, session.host())
}

#[tokio::test]
async fn each_way_to_fail_has_its_words() {
    use proxmox_core::{ErrorKind as K, Outcome};
    let sshd = Sshd::start().unwrap();
    let other = Sshd::start().unwrap();
    let mut said = Vec::new();
    let with = |change: &dyn Fn(&mut Settings)| {
        let mut settings = settings(&sshd);
        change(&mut settings);
        settings
    };
    for (settings, kind) in [
        (with(&|s| s.target.port = Some(1)), K::Connect),
        (with(&|s| s.target.host = "no-such-host.invalid".to_owned()), K::Connect),
        (with(&|s| s.key = Some(other.identity_file())), K::Unauthenticated),
        (with(&|s| s.known_hosts = Some("/dev/null".into())), K::Tls),
    ] {
        let error = fails(settings).await;
        assert_eq!((error.kind(), error.outcome()), (kind, Outcome::NotSent), "{error}");
        assert_eq!(error.is_retryable(), kind == K::Connect, "{error}");
        said.push(error.to_string());
    }
    sshd.change_host_key().unwrap();
    let error = fails(settings(&sshd)).await;
    assert_eq!((error.kind(), error.is_retryable()), (K::Tls, false), "{error}");
    said.push(error.to_string());
    let mut filters = insta::Settings::clone_current();
    filters.add_filter(r":\d{2,}\b", ":<port>");
    filters.add_filter(r"\w+@127", "<user>@127");
    filters.add_filter(r"\w+@no-such", "<user>@no-such");
    filters.add_filter(r"port \d{2,}", "port <port>");
    filters.bind(|| insta::assert_snapshot!(said.join("\n")));
}

#[tokio::test]
async fn a_host_that_says_nothing_is_a_budget_that_ran_out() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let mut settings = Settings::new(Target::parse("ssh", &format!("127.0.0.1:{port}")).unwrap());
    settings.connect_timeout = Duration::from_secs(1);
    let fault = Session::new(settings.clone()).run(script("true", b""), soon()).await.unwrap_err();
    assert!(matches!((fault.stage, fault.why), (Stage::Connecting, Why::Budget("connect", _))));
    // The caller's own deadline counts as well, and leaves no ssh behind.
    settings.connect_timeout = Duration::from_secs(5);
    let session = Session::new(settings);
    let started = Instant::now();
    let fault = session.run(script("true", b""), started + Duration::from_millis(300)).await.unwrap_err();
    assert!(matches!(fault.stage, Stage::Connecting));
    assert!(started.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn hosts_on_the_way_are_passed() {
    let (node, first, second) = (Sshd::start().unwrap(), Sshd::start().unwrap(), Sshd::start().unwrap());
    // One key for all, and one file that knows them.
    first.trust_with(&node).unwrap();
    second.trust_with(&node).unwrap();
    let mut settings = settings(&node);
    settings.jumps = [&first, &second].map(|hop| Target::parse("jump", &hop.target()).unwrap()).into();
    let session = Session::new(settings.clone());
    assert_eq!(session.run(script("echo there", b""), soon()).await.unwrap().stdout, b"there\n");
    assert_eq!(first.log().matches("Accepted publickey").count(), 1);
    assert_eq!(second.log().matches("Accepted publickey").count(), 1);
    // A bastion that is gone takes the connection with it.
    first.stop().unwrap();
    until(|| processes(&node.identity_file().display().to_string()) == 0).await;
    // What never got its input has done nothing, whenever the end of the connection is noticed.
    let fault = session.run(script("cat", b"x"), soon()).await.unwrap_err();
    assert_eq!(fault.stage, Stage::Connecting);
}

#[tokio::test]
async fn a_connection_that_was_cut_is_made_again() {
    let sshd = Sshd::start().unwrap();
    let session = Session::new(settings(&sshd));
    session.run(script("true", b""), soon()).await.unwrap();
    sshd.cut().unwrap();
    // What never got its input has done nothing, and is carried out again: nobody notices.
    assert_eq!(session.run(script("cat", b"again"), soon()).await.unwrap().stdout, b"again");
    // In the midst of one nobody knows.
    let running = tokio::spawn({
        let session = session.clone();
        async move { session.run(script(&format!("cat; {}", lasting(60)), b"x"), soon()).await }
    });
    until(|| processes(&lasting(60)) > 0).await;
    let started = Instant::now();
    sshd.cut().unwrap();
    let fault = running.await.unwrap().unwrap_err();
    assert_eq!(fault.stage, Stage::Sent);
    assert!(started.elapsed() < Duration::from_secs(3));
    assert_eq!(session.run(script("cat", b"there"), soon()).await.unwrap().stdout, b"there");
}

#[tokio::test]
async fn a_stalled_host_ends_at_the_deadline() {
    let sshd = Sshd::start().unwrap();
    let session = Session::new(settings(&sshd));
    session.run(script("true", b""), soon()).await.unwrap();
    sshd.freeze().unwrap();
    let started = Instant::now();
    let fault = session.run(script("true", b"x"), started + Duration::from_secs(1)).await.unwrap_err();
    assert!(matches!(fault.why, Why::Budget("total", _)), "{fault:?}");
    assert!(started.elapsed() < Duration::from_secs(3));
}

#[tokio::test]
async fn a_dead_host_is_noticed_without_a_deadline() {
    let sshd = Sshd::start().unwrap();
    let mut settings = settings(&sshd);
    settings.alive_interval = Duration::from_secs(1);
    let session = Session::new(settings);
    let running = tokio::spawn({
        let session = session.clone();
        let deadline = Instant::now() + Duration::from_secs(60);
        async move { session.run(script(&format!("cat; {}", lasting(61)), b"x"), deadline).await }
    });
    until(|| processes(&lasting(61)) > 0).await;
    let started = Instant::now();
    sshd.freeze().unwrap();
    let fault = running.await.unwrap().unwrap_err();
    assert_eq!(fault.stage, Stage::Sent, "{fault:?}");
    assert!(started.elapsed() < Duration::from_secs(20));
}

#[tokio::test]
async fn more_commands_than_sshd_allows_wait_for_their_turn() {
    let sshd = Sshd::builder().max_sessions(2).start().unwrap();
    let session = Session::new(settings(&sshd));
    let all = (0..12).map(|i| {
        let session = session.clone();
        tokio::spawn(async move { session.run(script(&format!("sleep 0.1; echo {i}"), b""), soon()).await })
    });
    for (i, one) in all.collect::<Vec<_>>().into_iter().enumerate() {
        assert_eq!(one.await.unwrap().unwrap().stdout, format!("{i}\n").into_bytes());
    }
}

#[tokio::test]
async fn nothing_remains() {
    let sshd = Sshd::start().unwrap();
    let session = Session::new(settings(&sshd));
    session.run(script("true", b""), soon()).await.unwrap();
    let live = session.link(soon()).await.unwrap();
    let socket = live.link.session.control_socket().display().to_string();
    drop(live);
    assert!(processes(&socket) > 0);
    // Whoever no longer waits leaves no command behind for long.
    let line = format!("cat >/dev/null; exec {}", lasting(62));
    let waiting = session.run(script(&line, b"x"), Instant::now() + Duration::from_secs(1));
    let _ = tokio::time::timeout(Duration::from_millis(300), waiting).await;
    until(|| processes(&lasting(62)) == 0).await;
    drop(session);
    until(|| processes(&socket) == 0).await;
}

#[tokio::test]
async fn a_port_of_the_node_is_reached() {
    let sshd = Sshd::start().unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (mut peer, _) = listener.accept().await.unwrap();
            tokio::io::AsyncWriteExt::write_all(&mut peer, b"hello").await.unwrap();
        }
    });
    let session = Session::new(settings(&sshd));
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("socket");
    let talk = async |path: std::path::PathBuf| {
        let mut text = String::new();
        let mut stream = tokio::net::UnixStream::connect(path).await?;
        tokio::io::AsyncReadExt::read_to_string(&mut stream, &mut text).await?;
        std::io::Result::Ok(text)
    };
    let to = openssh::Socket::TcpSocket { host: "127.0.0.1".into(), port };
    let generation = session.forward(path.clone(), &to, soon()).await.unwrap();
    assert_eq!(talk(path.clone()).await.unwrap(), "hello");
    assert!(session.is_alive(generation).await);
    sshd.cut().unwrap();
    let started = Instant::now();
    while session.is_alive(generation).await {
        assert!(started.elapsed() < Duration::from_secs(5));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    session.forward(path.clone(), &to, soon()).await.unwrap();
    assert_eq!(talk(path.clone()).await.unwrap(), "hello");
    // One that is refused is only seen when it is used.
    let closed = Sshd::builder().forwarding(false).start().unwrap();
    let session = Session::new(settings(&closed));
    session.forward(path.clone(), &to, soon()).await.unwrap();
    assert_ne!(talk(path).await.unwrap_or_default(), "hello");
}

#[test]
fn configurations() {
    let mut settings = Settings::new(Target::parse("ssh", "root@pve1:2222").unwrap());
    settings.jumps = ["me@bastion", "[2001:db8::1]:22"].map(|hop| Target::parse("jump", hop).unwrap()).into();
    settings.key = Some("/etc/keys of \u{e4} 100%".into());
    settings.known_hosts = Some("/etc/known".into());
    settings.host_keys = HostKeys::AcceptNew;
    insta::assert_snapshot!(settings.text().unwrap());
    for bad in ["/a\nProxyCommand x", "/a\"b"] {
        settings.key = Some(bad.into());
        assert!(settings.check().unwrap_err().errors().contains_key("ssh_key"));
    }
    for bad in ["", "x\ny"] {
        let mut settings = Settings::new(settings.target.clone());
        settings.proxy_command = Some(bad.to_owned());
        assert!(settings.check().unwrap_err().errors().contains_key("ssh_proxy_command"));
    }
}

#[test]
fn words_of_the_shell() {
    use crate::shell::quote;
    proptest::proptest!(|(word in "[^\0]{0,40}")| {
        let output = std::process::Command::new("sh").arg("-c").arg(format!("printf %s {}", quote(&word))).output().unwrap();
        proptest::prop_assert_eq!(output.stdout, word.as_bytes());
    });
}

#[tokio::test]
async fn a_host_for_other_services() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let sshd = Sshd::start().unwrap();
    let host = Ssh::new(&sshd.target()).unwrap();
    let host = host.key(sshd.identity_file()).known_hosts(sshd.known_hosts_file()).host().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("service");
    let service = tokio::net::UnixListener::bind(&path).unwrap();
    let socket = host.forward(&path, soon()).await.unwrap();
    let (mut there, mut here) =
        tokio::join!(async { service.accept().await.unwrap().0 }, async { socket.connect().await.unwrap() });
    here.write_all(b"hello").await.unwrap();
    let mut text = [0; 5];
    there.read_exact(&mut text).await.unwrap();
    assert_eq!(&text, b"hello");

    // Closed it takes nobody more, and the stream goes on, even without the host's handle.
    let local = socket.path();
    socket.close().await;
    assert!(!local.exists());
    let (mut piped, complaint) = host.pipe("cat; echo \"that's all\" >&2", soon()).await.unwrap();
    drop(host);
    there.write_all(b"bye").await.unwrap();
    drop(there);
    let mut text = String::new();
    here.read_to_string(&mut text).await.unwrap();
    assert_eq!(text, "bye");

    piped.write_all(b"through").await.unwrap();
    piped.shutdown().await.unwrap();
    let mut text = String::new();
    piped.read_to_string(&mut text).await.unwrap();
    complaint.ended().await;
    assert_eq!((text.as_str(), complaint.line().as_deref()), ("through", Some("that's all")));
}

#[tokio::test]
async fn a_command_of_a_host_runs_to_its_end() {
    use proxmox_core::{Effect, ErrorKind, Outcome};
    let sshd = Sshd::start().unwrap();
    let host = Ssh::new(&sshd.target()).unwrap();
    let host = host.key(sshd.identity_file()).known_hosts(sshd.known_hosts_file()).host().unwrap();
    let failed = "cat; echo no >&2; exit 3";
    let finished = host.run(failed, b"in".to_vec(), Effect::Write, soon()).await.unwrap();
    assert_eq!((finished.exit, &*finished.stdout, &*finished.stderr), (3, &b"in"[..], &b"no\n"[..]));
    let missing = host.run("exec no-such-program", Vec::new(), Effect::Read, soon()).await.unwrap();
    assert_eq!(missing.exit, 127);
    for (effect, outcome) in [(Effect::Write, Outcome::MaybeApplied), (Effect::Read, Outcome::Rejected)] {
        let deadline = Instant::now() + Duration::from_millis(300);
        let error = host.run("sleep 9", Vec::new(), effect, deadline).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Timeout, outcome));
    }
}

#[tokio::test]
async fn a_host_that_cannot_be_reached_is_no_stream() {
    let sshd = Sshd::start().unwrap();
    let host = Ssh::new(&sshd.target()).unwrap().key(sshd.identity_file());
    let empty = tempfile::NamedTempFile::new().unwrap();
    let host = host.known_hosts(empty.path()).host().unwrap();
    let error = host.pipe("cat", soon()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.outcome()),
        (proxmox_core::ErrorKind::Tls, proxmox_core::Outcome::NotSent)
    );
}
