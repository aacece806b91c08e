//! Every verb, on libvirt's test driver; and what it cannot do, on a host with qemu.

use std::process::Stdio;

use libvirt_driver::Host;

use crate::common::{Ran, clean, golden};
use crate::daemon::Daemon;
use crate::program;

const VIRT: &str = env!("CARGO_BIN_EXE_virt");

/// A made up host, which is as new as long as somebody holds it.
struct Place {
    _daemon: Daemon,
    _host: Host,
    uri: String,
}

impl Place {
    /// Each test has its own: all users of one daemon share its made up host.
    async fn new() -> Self {
        let daemon = Daemon::start();
        let uri = daemon.uri("test", "/default");
        Self { _host: Host::open(&uri).await.unwrap(), _daemon: daemon, uri }
    }

    fn virt(&self, line: &str) -> Ran {
        self.args(&line.split_whitespace().collect::<Vec<_>>())
    }

    fn args(&self, args: &[&str]) -> Ran {
        program(VIRT, args, Some(&self.uri))
    }

    #[track_caller]
    fn fails(&self, line: &str, code: i32, error: &str) {
        let ran = self.virt(line);
        assert_eq!((ran.code, ran.stdout.as_str()), (code, ""), "{line}: {ran:?}");
        assert!(ran.stderr.contains(error), "{line}: {ran:?}");
    }
}

/// What the daemon's machine is called differs, and so do addresses of cards and times.
macro_rules! shown {
    ($name:expr, $text:expr) => {{
        let mut settings = insta::Settings::clone_current();
        settings.add_filter(r" on [A-Za-z0-9._-]+:", " on <host>:");
        settings.add_filter(r"(?m)^host( +)\S+", "host$1<host>");
        settings.add_filter(r"([0-9A-F]{2}:){5}[0-9A-F]{2}", "<mac>");
        settings.add_filter(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "<day> <time>");
        settings.bind(|| golden!($name, $text));
    }};
}

#[tokio::test]
async fn a_whole_life_by_its_verbs() {
    let place = Place::new().await;
    let mut told = String::new();
    for line in [
        "list",
        "create web-1 --memory 512M --max-vcpus 4 --tag blue",
        "list",
        "show web-1",
        "tags web-1",
        "tags web-1 +green -blue",
        "autostart web-1",
        "autostart web-1 on",
        "autostart web-1",
        "snapshot list web-1",
        "snapshot create web-1 one --description first",
        "snapshot list web-1",
        "snapshot revert web-1 one",
        "snapshot delete web-1 one",
        "set web-1 --memory 256M --vcpus 2",
        "suspend web-1",
        "list",
        "resume web-1",
        "ips web-1",
        "reboot web-1",
        "shutdown web-1",
        "shutdown web-1",
        "start web-1",
        "stop web-1",
        "usage",
        "capacity",
        "pools",
        "delete web-1",
        "list",
    ] {
        let ran = place.virt(line);
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{line}: {ran:?}");
        told.push_str(&format!("$ virt {line}\n{}", ran.stdout));
    }
    shown!("virt_life", told);
}

#[tokio::test]
async fn what_is_wrong_has_its_code() {
    let place = Place::new().await;
    for (line, code, error) in [
        ("show nosuch", 3, "domain.lookup_by_name (nosuch): Domain not found"),
        ("stop test", 4, "it does not carry the tag \"sdk-managed\""),
        ("stop test", 4, "hint: if that is what you want, force it, naming test (--force)"),
        ("stop test --force other", 4, "force names \"other\"; it must name \"test\""),
        ("tags test +mine", 4, "it does not carry the tag"),
        ("create test", 6, "there is a domain test already"),
        ("create 12", 2, "it is a number"),
        ("create x --network nope", 3, "no network with matching name 'nope'"),
        ("create x --image p/v", 3, "no storage pool with matching name 'default'"),
        ("resize test vdz 1G", 3, "hint: it has vda"),
        ("exec test --force test -- true", 1, "not supported by the connection driver"),
        ("console test --force test", 1, "not supported by the connection driver"),
        ("snapshot revert test nosuch --force test", 3, "it has no snapshot \"nosuch\""),
    ] {
        place.fails(line, code, error);
    }
    assert_eq!(place.virt("stop test --force test").code, 0);
    place.fails("ips test", 1, "domain is not running");
    assert_eq!(place.virt("list --json").json()[0]["state"], "off");
    assert_eq!(place.virt("create web --tag production").code, 0);
    place.fails("delete web", 4, "it carries the tag \"production\"");
    assert_eq!(place.virt("delete web --force web").code, 0);
}

#[tokio::test]
async fn json_is_nothing_but_json() {
    let place = Place::new().await;
    for line in ["list", "show test", "capacity", "pools", "usage", "snapshot list test", "tags test"] {
        let ran = place.virt(&format!("--json {line}"));
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{line}");
        ran.json();
    }
    let shown = place.virt("show test --json").json();
    assert_eq!((&shown["memory"], &shown["vcpus"]), (&8_589_934_592_u64.into(), &2.into()));
    let made = place.virt("create a --json --stopped").json();
    assert_eq!((&made["name"], &made["state"]), (&"a".into(), &"off".into()));
    let by_uuid = place.virt(&format!("show {} --json", made["uuid"].as_str().unwrap())).json();
    assert_eq!(by_uuid["name"], "a");
    assert_eq!(place.virt("delete a --json").json()["done"], "deleted");
}

#[tokio::test]
async fn events_are_told_as_they_happen() {
    let place = Place::new().await;
    let mut events = clean(VIRT)
        .env("LIBVIRT_DEFAULT_URI", &place.uri)
        .args(["events", "--count", "3"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It says when nothing is missed any more.
    let mut said = std::io::BufReader::new(events.stderr.take().unwrap());
    let mut line = String::new();
    std::io::BufRead::read_line(&mut said, &mut line).unwrap();
    assert!(line.starts_with("listening on host "), "{line}");
    assert_eq!(place.virt("create a").code, 0);
    assert_eq!(place.virt("stop a").code, 0);
    let end = events.wait_with_output().unwrap();
    let text = String::from_utf8(end.stdout).unwrap();
    let words: Vec<&str> = text.lines().map(|line| line.split_once("  ").unwrap().1).collect();
    assert_eq!((end.status.code(), words), (Some(0), vec!["a: defined", "a: started", "a: stopped"]));
}

#[tokio::test]
async fn a_watch_is_some_looks_and_verbose_shows_calls() {
    let place = Place::new().await;
    let ran = place.virt("usage --watch --count 2 --interval 0.1");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(ran.stdout.matches("NAME").count(), 2, "{ran:?}");
    let ran = place.virt("-v list");
    assert!(ran.stderr.contains("\n> domain.list  ") && ran.stderr.contains("connected host=this machine"));
}
