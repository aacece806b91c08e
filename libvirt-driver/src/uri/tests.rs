use super::*;
use proptest::prelude::*;

fn ssh(text: &str) -> SshWay {
    match text.parse::<LibvirtUri>().unwrap().way {
        Way::Ssh(ssh) => *ssh,
        Way::Unix(_) => panic!("{text} goes over ssh"),
    }
}

#[test]
fn what_people_write() {
    for (text, written, daemon) in [
        ("qemu:///system", "qemu+unix:///system", "qemu:///system"),
        ("qemu:///session", "qemu+unix:///session", "qemu:///session"),
        ("qemu+unix:///system?socket=/run/l/s", "qemu+unix:///system?socket=/run/l/s", "qemu:///system"),
        ("test:///default", "test+unix:///default", "test:///default"),
        ("test+unix:///default", "test+unix:///default", "test:///default"),
        ("test:///srv/a%20b.xml", "test+unix:///srv/a%20b.xml", "test:///srv/a%20b.xml"),
        ("qemu+ssh://host1/system", "qemu+ssh://host1/system", "qemu:///system"),
        ("test+ssh://me@host1:2222/default", "test+ssh://me@host1:2222/default", "test:///default"),
        (
            "qemu+ssh://root@[2001:db8::1]:22/system",
            "qemu+ssh://root@[2001:db8::1]:22/system",
            "qemu:///system",
        ),
        ("qemu+ssh://me%40corp@h/system", "qemu+ssh://me%40corp@h/system", "qemu:///system"),
        (
            "qemu+ssh://h/system?knownhosts=/k%26h&keyfile=/a%20b&no_tty=1",
            "qemu+ssh://h/system?keyfile=/a%20b&known_hosts=/k%26h&no_tty=1",
            "qemu:///system",
        ),
        ("qemu+ssh://h/system?no_verify=1", "qemu+ssh://h/system?no_verify=1", "qemu:///system"),
        ("qemu+ssh://h/system?no_verify=0&", "qemu+ssh://h/system", "qemu:///system"),
        (
            "qemu+ssh://h/system?known_hosts_verify=auto&proxy=netcat&netcat=/bin/nc&mode=direct",
            "qemu+ssh://h/system?known_hosts_verify=auto&mode=direct&proxy=netcat&netcat=/bin/nc",
            "qemu:///system",
        ),
        (
            "qemu+ssh://h/system?name=qemu:///session",
            "qemu+ssh://h/system?name=qemu:///session",
            "qemu:///session",
        ),
    ] {
        let uri: LibvirtUri = text.parse().unwrap_or_else(|e| panic!("{text}: {e}"));
        assert_eq!((uri.to_string().as_str(), uri.daemon_uri().as_str()), (written, daemon), "{text}");
        assert_eq!(written.parse::<LibvirtUri>().unwrap(), uri, "{text}");
    }
}

#[test]
fn parts() {
    let way = ssh("qemu+ssh://me%40corp@[::1]:2222/system?socket=/s&keyfile=/k&knownhosts=/h");
    assert_eq!(way.target, SshTarget::parse("host", "me@corp@[::1]:2222").unwrap());
    assert_eq!(way.socket.path, Some("/s".into()));
    assert_eq!((way.key_file, way.known_hosts), (Some("/k".into()), Some("/h".into())));
    assert_eq!(way.host_keys, HostKeys::Known);
}

/// Each is refused, and what is wrong is named.
#[test]
fn what_cannot_be_honoured_is_named() {
    for (text, named) in [
        ("qemu+ssh://h/system?command=/opt/ssh", "command"),
        ("qemu+ssh://h/system?sshauth=agent", "sshauth"),
        ("qemu+ssh://h/system?pkipath=/p", "pkipath"),
        ("qemu+ssh://h/system?colour=red", "colour"),
        ("qemu+ssh://h/system?keyfile=/a&keyfile=/b", "keyfile"),
        ("qemu+ssh://h/system?known_hosts=/a&knownhosts=/b", "knownhosts"),
        ("qemu+ssh://h/system?keyfile=", "keyfile"),
        ("qemu+ssh://h/system?keyfile=id_rsa", "keyfile"),
        ("qemu+ssh://h/system?no_verify=yes", "no_verify"),
        ("qemu+ssh://h/system?no_verify=1&known_hosts_verify=normal", "no_verify"),
        ("qemu+ssh://h/system?no_verify=1&known_hosts=/k", "known_hosts"),
        ("qemu+ssh://h/system?no_tty=0", "no_tty"),
        ("qemu+ssh://h/system?mode=both", "mode"),
        ("qemu+ssh://h/system?proxy=native&socket=/s", "socket"),
        ("qemu+ssh://h/system?proxy=native&netcat=nc", "netcat"),
        ("qemu+unix:///system?keyfile=/k", "keyfile"),
        ("qemu:///system?socket=/s&mode=direct", "mode"),
        ("test:///default?mode=direct", "mode"),
        ("qemu+ssh://root:secret@h/system", "user"),
        ("qemu+ssh://-oProxyCommand=x/system", "host"),
        ("qemu+ssh://-h/system", "host"),
        ("qemu+ssh://%2doX@h/system", "host"),
        ("qemu+ssh://a%20b/system", "host"),
        ("qemu+ssh://h:0/system", "host"),
        ("qemu+ssh://h%zz/system", "host"),
        ("qemu+ssh:///system", "uri"),
        ("qemu://h/system", "uri"),
        ("qemu+tls://h/system", "uri"),
        ("qemu+libssh2://h/system", "uri"),
        ("qemu+unix://h/system", "uri"),
        ("xen:///system", "uri"),
        ("qemu:///", "uri"),
        ("qemu:///default", "uri"),
        ("test:///", "uri"),
        ("qemu:///system#x", "uri"),
        ("qemu:/system", "uri"),
        ("qemu:///system\n", "uri"),
        ("", "uri"),
    ] {
        let error = text.parse::<LibvirtUri>().expect_err(text);
        assert!(error.errors().contains_key(named), "{text}: {error:?}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}

fn file() -> impl Strategy<Value = Option<PathBuf>> {
    proptest::option::of("/[a-zA-Z0-9 &=%?#+;~äß_./-]{1,20}".prop_map(PathBuf::from))
}

fn host() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z][a-z0-9.-]{0,20}", Just("2001:db8::1".to_owned()), Just("192.0.2.7".to_owned())]
}

prop_compose! {
    fn any_ssh()(
        user in proptest::option::of("[a-z][a-z0-9@._-]{0,8}"), host in host(), port in proptest::option::of(1u16..),
        socket in file(), key_file in file(), known in file(), keys in 0..3usize, proxy in 0..2usize, mode in 0..3usize,
        netcat in proptest::option::of("/[a-z /]{1,9}"), no_tty: bool,
    ) -> SshWay {
        let host_keys = [HostKeys::Known, HostKeys::New, HostKeys::Any][keys];
        let mode = if socket.is_some() { Mode::Auto } else { [Mode::Auto, Mode::Legacy, Mode::Direct][mode] };
        let user = user.map(|user| format!("{user}@")).unwrap_or_default();
        let host = if host.contains(':') { format!("[{host}]") } else { host };
        let port = port.map(|port| format!(":{port}")).unwrap_or_default();
        SshWay {
            target: SshTarget::parse("host", &format!("{user}{host}{port}")).unwrap(),
            socket: Socket { path: socket, mode },
            key_file,
            known_hosts: known.filter(|_| host_keys != HostKeys::Any),
            host_keys,
            proxy: [Proxy::Auto, Proxy::Netcat][proxy],
            netcat,
            no_tty,
        }
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read(way in any_ssh(), session: bool, name in proptest::option::of("[a-z+:/?&=]{1,20}")) {
        let path = if session { "/session" } else { "/system" }.to_owned();
        let uri = LibvirtUri { driver: Driver::Qemu, path, way: Way::Ssh(Box::new(way)), name };
        prop_assert_eq!(uri.to_string().parse::<LibvirtUri>().unwrap(), uri);
    }

    #[test]
    fn arbitrary_text_does_no_harm(text in ".{0,80}") {
        let _ = text.parse::<LibvirtUri>();
        let _ = format!("qemu+ssh://{text}/system").parse::<LibvirtUri>();
        let _ = format!("qemu+ssh://h/system?{text}").parse::<LibvirtUri>();
    }
}
