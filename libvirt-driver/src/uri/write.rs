//! The canonical form.

use std::fmt;
use std::path::Path;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::{HostKeys, LibvirtUri, Mode, Proxy, Way};

const PATH: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'<').add(b'>').add(b'?').add(b'%').add(b'`');
const WORD: &AsciiSet =
    &PATH.add(b'/').add(b'@').add(b':').add(b'[').add(b']').add(b'&').add(b'=').add(b'+').add(b';');
/// Paths in values may keep their slashes.
const VALUE: &AsciiSet = &PATH.add(b'&').add(b'=').add(b'+').add(b';');

pub(super) fn path(path: &str) -> impl fmt::Display {
    utf8_percent_encode(path, PATH)
}

impl fmt::Display for LibvirtUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let driver = self.driver.name();
        let mut parameters = Parameters(Vec::new());
        match &self.way {
            Way::Unix(socket) => {
                write!(f, "{driver}+unix://")?;
                parameters.file("socket", socket.path.as_deref());
                parameters.mode(socket.mode);
            }
            Way::Ssh(ssh) => {
                write!(f, "{driver}+ssh://")?;
                if let Some(user) = ssh.target.user() {
                    write!(f, "{}@", utf8_percent_encode(user, WORD))?;
                }
                let host = ssh.target.host();
                if host.contains(':') {
                    write!(f, "[{}]", utf8_percent_encode(host, PATH))?;
                } else {
                    write!(f, "{}", utf8_percent_encode(host, WORD))?;
                }
                if let Some(port) = ssh.target.port() {
                    write!(f, ":{port}")?;
                }
                parameters.file("keyfile", ssh.key_file.as_deref());
                parameters.file("known_hosts", ssh.known_hosts.as_deref());
                match ssh.host_keys {
                    HostKeys::Known => {}
                    HostKeys::New => parameters.word("known_hosts_verify", Some("auto")),
                    HostKeys::Any => parameters.word("no_verify", Some("1")),
                }
                parameters.file("socket", ssh.socket.path.as_deref());
                parameters.mode(ssh.socket.mode);
                parameters.word(
                    "proxy",
                    match ssh.proxy {
                        Proxy::Auto => None,
                        Proxy::Native => Some("native"),
                        Proxy::Netcat => Some("netcat"),
                    },
                );
                parameters.word("netcat", ssh.netcat.as_deref());
                parameters.word("no_tty", ssh.no_tty.then_some("1"));
            }
        }
        parameters.word("name", self.name.as_deref());
        write!(f, "{}", path(&self.path))?;
        for (i, (name, value)) in parameters.0.iter().enumerate() {
            let separator = if i == 0 { '?' } else { '&' };
            write!(f, "{separator}{name}={}", utf8_percent_encode(value, VALUE))?;
        }
        Ok(())
    }
}

struct Parameters(Vec<(&'static str, String)>);

impl Parameters {
    fn word(&mut self, name: &'static str, value: Option<&str>) {
        self.0.extend(value.map(|value| (name, value.to_owned())));
    }

    fn file(&mut self, name: &'static str, path: Option<&Path>) {
        // It was text when it was read.
        self.0.extend(path.map(|path| (name, path.to_string_lossy().into_owned())));
    }

    fn mode(&mut self, mode: Mode) {
        self.word(
            "mode",
            match mode {
                Mode::Auto => None,
                Mode::Legacy => Some("legacy"),
                Mode::Direct => Some("direct"),
            },
        );
    }
}
