use super::*;
use crate::guest::Exec;

fn container() -> PvePath {
    PvePath::parse("/nodes/pve1/lxc/200").unwrap()
}

fn raw(verb: Verb, rest: &str) -> PveRequest {
    PveRequest::new(verb, PvePath::parse(&format!("/nodes/pve1/lxc/200/pct/{rest}")).unwrap())
}

#[test]
fn what_is_asked_for_is_what_is_read() {
    for what in [
        Pct::Exec(Exec::new(["ls", "", "-l", "a b\n'$x"])),
        Pct::Exec(Exec::new(["cat"]).input("text ü")),
        Pct::Exec(Exec::new(["cat"]).input("")),
        Pct::Exec(Exec::new(["cat"]).input(vec![0, 255, 10])),
        Pct::Push(Push::new("/etc/x", "text")),
        Pct::Push(Push::new("/etc/-x y", vec![0xc3, 0]).perms(0o640).user("app").group("0")),
        Pct::Pull { path: "/etc/x".to_owned() },
    ] {
        let request = what.request(container()).unwrap();
        request.check().unwrap();
        assert!(Pct::is_path(&request.path));
        let read = PctRequest::read(&request).unwrap().unwrap();
        assert_eq!((read.node.as_str(), read.vmid.get(), read.what), ("pve1", 200, what));
    }
}

#[test]
fn contents_are_shown_nowhere() {
    for what in
        [Pct::Exec(Exec::new(["sh"]).input("hunter2")), Pct::Push(Push::new("/x", "hunter2").perms(0o600))]
    {
        let request = what.request(container()).unwrap();
        let json = serde_json::to_string(&request).unwrap();
        for text in [format!("{what:?}"), format!("{request:?}"), request.to_string(), json] {
            assert!(!text.contains("hunter2"), "{text}");
        }
    }
}

#[test]
fn as_a_line() {
    for (what, line) in [
        (Pct::Exec(Exec::new(["echo", "a b"])), "pct exec 200 -- echo 'a b'"),
        (
            Pct::Push(Push::new("/x", "y").perms(0o600).user("app")),
            "pct push 200 '<redacted>' /x --perms=600 --user=app",
        ),
        (Pct::Pull { path: "/x".to_owned() }, "pct pull 200 /x /dev/stdout"),
    ] {
        let request = what.request(container()).unwrap();
        assert_eq!((request.to_string(), request.curl_line("https://x")), (line.to_owned(), line.to_owned()));
    }
}

#[test]
fn what_no_pct_could_do_is_refused() {
    let exec = || raw(Verb::Create, "exec");
    let push = || raw(Verb::Create, "push").param("path", "/x").param("content", "y");
    for (request, field) in [
        (exec(), "command"),
        (exec().param("command", vec![String::new()]), "command"),
        (exec().param("command", "ls").param("keep", 1), "keep"),
        (exec().param("command", "cat").param("input-data", "%").param("encode", false), "input-data"),
        (exec().param("command", "cat").param("encode", "maybe"), "encode"),
        (raw(Verb::Create, "push").param("path", "/x"), "content"),
        (raw(Verb::Create, "push").param("content", "y"), "path"),
        (push().param("path", "x"), "path"),
        (push().param("path", "--x"), "path"),
        (push().param("perms", "rwx"), "perms"),
        (push().param("perms", "17777"), "perms"),
        (push().param("user", ""), "user"),
        (raw(Verb::Get, "pull"), "path"),
        (raw(Verb::Get, "pull").param("path", vec!["/a".to_owned(), "/b".to_owned()]), "path"),
    ] {
        let error = PctRequest::read(&request).unwrap().unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::InvalidInput, Outcome::NotSent), "{request}");
        assert!(error.errors().contains_key(field), "{field}: {error}");
    }
    // A read that runs a program would pass the gate.
    for request in
        [raw(Verb::Get, "exec").param("command", "ls"), raw(Verb::Set, "push"), raw(Verb::Create, "enter")]
    {
        let error = PctRequest::read(&request).unwrap().unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Unsupported, Outcome::NotSent), "{request}");
    }
    assert!(raw(Verb::Create, "exec").effect(Effect::Read).check().is_err());
    let long = Push::new("/x", vec![b'x'; Pct::LONGEST + 1]);
    assert!(Pct::Push(long).request(container()).unwrap_err().errors().contains_key("content"));
}

#[test]
fn where_nobody_runs_commands_it_is_not_sent() {
    let api = || TransportInfo::new("https/ureq", "https://pve1:8006");
    let request = Pct::Pull { path: "/x".to_owned() }.request(container()).unwrap();
    let error = check_way(&request, api).unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Unsupported, Outcome::NotSent));
    assert!(error.message().contains("https/ureq to https://pve1:8006"), "{error}");
    assert!(error.advice().unwrap().contains("ssh to node pve1"), "{error:?}");
    check_way(&request, || api().pct()).unwrap();
    check_way(&PveRequest::get(container().fixed("config")), || unreachable!("it is not asked")).unwrap();
}

#[test]
fn pves_own_paths_are_not_ours() {
    for path in ["/nodes/pve1/lxc/200/status/start", "/nodes/pve1/qemu/200/pct/exec", "/pct"] {
        let request = PveRequest::create(PvePath::parse(path).unwrap());
        assert!(PctRequest::read(&request).is_none(), "{path}");
    }
}
