//! From text.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::str::FromStr;

use percent_encoding::percent_decode_str;
use proxmox_core::{Error, Result};
use proxmox_transport::SshTarget;

use super::{Driver, HostKeys, LibvirtUri, Mode, Proxy, Socket, SshWay, Way};

impl FromStr for LibvirtUri {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let bad = |why: &str| Error::invalid("uri", format!("uri: {text:?} {why}"));
        if text.contains(char::is_control) {
            return Err(bad("holds a control character"));
        }
        let (scheme, rest) = text.split_once("://").ok_or_else(|| bad("has no `://`"))?;
        if rest.contains('#') {
            return Err(bad("has a fragment (`#…`), which means nothing here"));
        }
        let (driver, way) = match scheme.split_once('+') {
            Some((driver, way)) => (driver, Some(way)),
            None => (scheme, None),
        };
        let driver = Driver::ALL
            .into_iter()
            .find(|known| known.name() == driver)
            .ok_or_else(|| bad(&format!("names the driver {driver:?}, which is not one of qemu, test")))?;
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = match rest.find('/') {
            Some(at) => rest.split_at(at),
            None => (rest, ""),
        };
        let path = decoded("path", path)?;
        check_path(driver, &path).map_err(|why| bad(&why))?;
        let mut parameters = Parameters::parse(query)?;
        let name = parameters.take("name");
        let way = match way {
            None if !authority.is_empty() => {
                return Err(bad("names a host without a way to it, which means TLS: write `+ssh`"));
            }
            None | Some("unix") if authority.is_empty() => Way::Unix(parameters.socket()?),
            Some("unix") => return Err(bad("names a host for a socket of this machine")),
            Some("ssh") if authority.is_empty() => return Err(bad("names no host")),
            Some("ssh") => Way::Ssh(Box::new(parameters.ssh(authority)?)),
            Some(other) => {
                return Err(bad(&format!("names the way {other:?}, which is not one of unix, ssh")));
            }
            None => return Err(bad("names no way")),
        };
        parameters.end(&way)?;
        let uri = Self { driver, path, way, name };
        uri.agree()?;
        Ok(uri)
    }
}

impl TryFrom<&str> for LibvirtUri {
    type Error = Error;
    fn try_from(text: &str) -> Result<Self> {
        text.parse()
    }
}

impl LibvirtUri {
    /// What each alone may be, and not together.
    fn agree(&self) -> Result<()> {
        let socket = match &self.way {
            Way::Unix(socket) => socket,
            Way::Ssh(ssh) => &ssh.socket,
        };
        if self.driver == Driver::Test && socket.mode == Mode::Direct {
            return Err(refused("mode", "the test driver has no daemon of its own: leave it out"));
        }
        if socket.path.is_some() && socket.mode != Mode::Auto {
            return Err(refused("mode", "`socket` names the daemon already: give one of them"));
        }
        let Way::Ssh(ssh) = &self.way else { return Ok(()) };
        if ssh.proxy == Proxy::Native {
            for (name, given) in [
                ("socket", socket.path.is_some()),
                ("mode", socket.mode != Mode::Auto),
                ("netcat", ssh.netcat.is_some()),
            ] {
                if given {
                    return Err(refused(name, "virt-ssh-helper (`proxy=native`) finds the socket by itself"));
                }
            }
        }
        if ssh.host_keys == HostKeys::Any && ssh.known_hosts.is_some() {
            return Err(refused("known_hosts", "no host key is verified: give it without `no_verify`"));
        }
        Ok(())
    }
}

fn check_path(driver: Driver, path: &str) -> Result<(), String> {
    match (driver, path) {
        (Driver::Qemu, "/system" | "/session") => Ok(()),
        (Driver::Qemu, _) => Err(format!("has the path {path:?}: qemu's are /system and /session")),
        (Driver::Test, path) if path.len() > 1 && path.starts_with('/') => Ok(()),
        (Driver::Test, _) => Err(format!("has the path {path:?}: the test driver's are /default and files")),
    }
}

fn decoded(what: &str, text: &str) -> Result<String> {
    let broken =
        text.split('%').skip(1).any(|hex| !hex.bytes().take(2).filter(u8::is_ascii_hexdigit).count().eq(&2));
    let decoded = percent_decode_str(text).decode_utf8().ok().filter(|_| !broken);
    match decoded {
        Some(decoded) if !decoded.contains(char::is_control) => Ok(decoded.into_owned()),
        _ => Err(refused(what, &format!("{text:?} cannot be decoded"))),
    }
}

fn refused(parameter: &str, why: &str) -> Error {
    Error::invalid(parameter, format!("{parameter}: {why}"))
}

struct Parameters(BTreeMap<String, String>);

impl Parameters {
    fn parse(query: &str) -> Result<Self> {
        let mut all = BTreeMap::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = decoded("uri", name)?;
            let value = decoded(&name, value)?;
            if value.is_empty() {
                return Err(refused(&name, "it has no value"));
            }
            // Two names for one thing.
            let known = if name == "knownhosts" { "known_hosts".to_owned() } else { name.clone() };
            if all.insert(known, value).is_some() {
                return Err(refused(&name, "it is given twice"));
            }
        }
        Ok(Self(all))
    }

    fn take(&mut self, name: &str) -> Option<String> {
        self.0.remove(name)
    }

    fn file(&mut self, name: &str) -> Result<Option<PathBuf>> {
        match self.take(name).map(PathBuf::from) {
            Some(path) if !path.is_absolute() => Err(refused(name, "the path must be absolute")),
            path => Ok(path),
        }
    }

    fn choice<T>(&mut self, name: &str, choices: &[(&str, T)]) -> Result<Option<T>>
    where
        T: Copy,
    {
        let Some(value) = self.take(name) else { return Ok(None) };
        match choices.iter().find(|(word, _)| *word == value) {
            Some((_, choice)) => Ok(Some(*choice)),
            None => {
                let words: Vec<_> = choices.iter().map(|(word, _)| *word).collect();
                Err(refused(name, &format!("{value:?} is not one of {}", words.join(", "))))
            }
        }
    }

    fn flag(&mut self, name: &str) -> Result<Option<bool>> {
        self.choice(name, &[("0", false), ("1", true)])
    }

    fn socket(&mut self) -> Result<Socket> {
        let modes = [("auto", Mode::Auto), ("legacy", Mode::Legacy), ("direct", Mode::Direct)];
        Ok(Socket { path: self.file("socket")?, mode: self.choice("mode", &modes)?.unwrap_or_default() })
    }

    fn ssh(&mut self, authority: &str) -> Result<SshWay> {
        let (user, host) = match authority.rsplit_once('@') {
            Some((user, host)) => (Some(decoded("user", user)?), host),
            None => (None, authority),
        };
        if user.as_ref().is_some_and(|user| user.contains(':')) {
            // Not repeated: it may be one.
            return Err(refused("user", "a password has no place in a URI: use a key or the agent"));
        }
        let host = decoded("host", host)?;
        let text = user.map_or_else(|| host.clone(), |user| format!("{user}@{host}"));
        let verify = [("normal", HostKeys::Known), ("auto", HostKeys::New), ("ignore", HostKeys::Any)];
        let verify = self.choice("known_hosts_verify", &verify)?;
        let host_keys = match (self.flag("no_verify")?, verify) {
            (Some(true), Some(HostKeys::Known | HostKeys::New)) => {
                return Err(refused("no_verify", "`known_hosts_verify` says something else"));
            }
            (Some(true), _) => HostKeys::Any,
            (_, verify) => verify.unwrap_or_default(),
        };
        let no_tty = match self.flag("no_tty")? {
            Some(false) => return Err(refused("no_tty", "nothing here can ask: leave it out")),
            no_tty => no_tty.is_some(),
        };
        let proxies = [("auto", Proxy::Auto), ("native", Proxy::Native), ("netcat", Proxy::Netcat)];
        Ok(SshWay {
            target: SshTarget::parse("host", &text)?,
            socket: self.socket()?,
            key_file: self.file("keyfile")?,
            known_hosts: self.file("known_hosts")?,
            host_keys,
            proxy: self.choice("proxy", &proxies)?.unwrap_or_default(),
            netcat: self.take("netcat"),
            no_tty,
        })
    }

    /// What is left is known to nobody, or belongs to another way.
    fn end(self, way: &Way) -> Result<()> {
        let Some(name) = self.0.into_keys().next() else { return Ok(()) };
        Err(match name.as_str() {
            "command" => refused(&name, "the ssh program is the one in PATH: leave it out"),
            "sshauth" => {
                refused(&name, "ssh tries keys and the agent by itself: leave it out, or name a keyfile")
            }
            "password" | "authfile" => refused(&name, "logins of libvirt's own are not offered here"),
            "pkipath" | "no_sanity" | "tls_priority" => {
                refused(&name, "it belongs to TLS, which is not offered")
            }
            "keyfile" | "known_hosts" | "known_hosts_verify" | "no_verify" | "no_tty" | "proxy"
            | "netcat"
                if matches!(way, Way::Unix(_)) =>
            {
                refused(&name, "it belongs to ssh, and this URI does not go over ssh")
            }
            _ => refused(&name, "this parameter is not known"),
        })
    }
}
