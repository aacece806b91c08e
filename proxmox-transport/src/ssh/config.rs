//! The ssh_config of one connection: private, generated, and all that ssh is told.
//!
//! Options on ssh's command line do not reach the hosts on the way; a configuration file does, as ssh hands it on.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use proxmox_core::{Error, Result};

use super::target::Target;

/// Whose key is trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum HostKeys {
    /// Known ones only.
    #[default]
    Strict,
    /// Also those met for the first time, which are noted.
    AcceptNew,
    /// All.
    Any,
}

/// All that a connection is made from.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) target: Target,
    /// The nearest first.
    pub(crate) jumps: Vec<Target>,
    pub(crate) proxy_command: Option<String>,
    pub(crate) config: Option<PathBuf>,
    pub(crate) key: Option<PathBuf>,
    pub(crate) known_hosts: Option<PathBuf>,
    pub(crate) host_keys: HostKeys,
    pub(crate) connect_timeout: Duration,
    pub(crate) alive_interval: Duration,
}

impl Settings {
    pub(crate) fn new(target: Target) -> Self {
        Self {
            target,
            jumps: Vec::new(),
            proxy_command: None,
            config: None,
            key: None,
            known_hosts: None,
            host_keys: HostKeys::Strict,
            connect_timeout: Duration::from_secs(10),
            alive_interval: Duration::from_secs(5),
        }
    }

    /// What cannot be written into a configuration, or contradicts itself.
    pub(crate) fn check(&self) -> Result<()> {
        for (field, path) in
            [("ssh_config", &self.config), ("ssh_key", &self.key), ("ssh_known_hosts", &self.known_hosts)]
        {
            let Some(path) = path else { continue };
            quoted(field, path)?;
            // What known_hosts are to be noted in need not be there yet.
            if field != "ssh_known_hosts" && !path.is_file() {
                return Err(Error::invalid(field, format!("{field}: there is no file {}", path.display())));
            }
        }
        if let Some(command) = &self.proxy_command {
            if command.trim().is_empty() || command.contains(char::is_control) {
                let text = format!("ssh_proxy_command: {command:?} is empty or holds a control character");
                return Err(Error::invalid("ssh_proxy_command", text));
            }
            if !self.jumps.is_empty() {
                let text = "ssh_proxy_command: a proxy command and jump hosts are two ways: give one";
                return Err(Error::invalid("ssh_proxy_command", text));
            }
        }
        if self.connect_timeout.is_zero() {
            return Err(Error::invalid("connect_timeout", "connect_timeout: must be longer than nothing"));
        }
        Ok(())
    }

    /// The text of the file.
    ///
    /// The first value that ssh finds for an option counts: so what is given here stands above a file of the user's, whose
    /// `Host` blocks are for the names that people write. Where such a file is given, these names go to ssh as they are, for
    /// its blocks to match.
    pub(crate) fn text(&self) -> Result<String> {
        let mut text = String::from("# Written by proxmox-sdk for one connection.\n");
        let mut before: Option<String> = None;
        for (alias, target) in self.names().zip(self.jumps.iter().chain([&self.target])) {
            self.block(&mut text, &alias, target, before.as_deref())?;
            before = Some(alias);
        }
        text.push_str("\nHost *\n");
        let mut line = |name: &str, value: &str| {
            let _ = writeln!(text, "  {name} {value}");
        };
        line("BatchMode", "yes");
        let strict = match self.host_keys {
            HostKeys::Strict => "yes",
            HostKeys::AcceptNew => "accept-new",
            HostKeys::Any => "no",
        };
        line("StrictHostKeyChecking", strict);
        if self.host_keys == HostKeys::Any {
            // Nothing learnt in this way is worth keeping, and a changed key is no obstacle.
            line("UserKnownHostsFile", "/dev/null");
            line("GlobalKnownHostsFile", "/dev/null");
        } else if let Some(file) = &self.known_hosts {
            line("UserKnownHostsFile", &quoted("ssh_known_hosts", file)?);
            line("GlobalKnownHostsFile", "/dev/null");
        }
        line("UpdateHostKeys", "no");
        line("ConnectTimeout", &seconds(self.connect_timeout).to_string());
        line("ServerAliveInterval", &seconds(self.alive_interval).to_string());
        line("ServerAliveCountMax", "3");
        line("TCPKeepAlive", "yes");
        line("ForwardAgent", "no");
        line("ForwardX11", "no");
        line("PermitLocalCommand", "no");
        line("ExitOnForwardFailure", "no");
        line("RequestTTY", "no");
        line("LogLevel", "ERROR");
        if let Some(file) = &self.config {
            // Inside of no block: then its own blocks count for whatever host they name.
            let _ = write!(text, "\nMatch all\n  Include {}\n", quoted("ssh_config", file)?);
        }
        Ok(text)
    }

    /// What the hosts are called, the nearest first.
    fn names(&self) -> impl Iterator<Item = String> {
        let hops = self.jumps.iter().chain([&self.target]).enumerate();
        hops.map(|(i, target)| match &self.config {
            Some(_) => target.host.clone(),
            None if i == self.jumps.len() => "node".to_owned(),
            None => format!("hop{}", i + 1),
        })
    }

    /// What ssh is to connect to.
    pub(crate) fn name(&self) -> String {
        self.names().last().unwrap_or_default()
    }

    fn block(&self, text: &mut String, alias: &str, target: &Target, before: Option<&str>) -> Result<()> {
        let _ = writeln!(text, "\nHost {alias}");
        let mut line = |name: &str, value: &str| {
            let _ = writeln!(text, "  {name} {value}");
        };
        if self.config.is_none() {
            line("HostName", &target.host);
        }
        if let Some(port) = target.port {
            line("Port", &port.to_string());
        }
        if let Some(user) = &target.user {
            line("User", user);
        }
        if let Some(key) = &self.key {
            line("IdentityFile", &quoted("ssh_key", key)?);
            line("IdentitiesOnly", "yes");
        }
        match (before, &self.proxy_command) {
            (Some(hop), _) => line("ProxyJump", hop),
            (None, Some(command)) => line("ProxyCommand", command),
            (None, None) => {}
        }
        Ok(())
    }
}

/// Whole seconds, and never none: ssh takes 0 for "no limit".
fn seconds(duration: Duration) -> u64 {
    (duration.as_secs() + u64::from(duration.subsec_nanos() > 0)).clamp(1, 86_400)
}

/// A path as ssh's configuration takes it.
fn quoted(field: &str, path: &Path) -> Result<String> {
    let text = path.to_str().filter(|t| !t.is_empty() && !t.contains(|c: char| c.is_control() || c == '"'));
    let text = text.ok_or_else(|| {
        Error::invalid(field, format!("{field}: {path:?} is not a path that ssh can be told"))
    })?;
    // A percent sign begins a token.
    Ok(format!("\"{}\"", text.replace('%', "%%")))
}
