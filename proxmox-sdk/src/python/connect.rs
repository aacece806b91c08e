//! From keywords to a handle, for each transport.

use std::path::PathBuf;

use proxmox_core::{Error, Policy as Gate, Pve, PveBuilder, TokenId, UserId};
use proxmox_sim::{ROOT_TOKEN_ID, ROOT_TOKEN_SECRET};
use proxmox_transport::{Api, Engine, Local, Ssh};
use pyo3::prelude::*;

use super::args::{Seconds, bytes};
use super::error::{OrRaise, raise};
use super::policy::{Policy, listener};
use super::secret::SecretArg;
use super::sim::Sim;
use super::way::{Mode, Way};

/// What all transports take.
pub(crate) struct Common<'a> {
    pub(crate) policy: Option<&'a Policy>,
    pub(crate) on_decision: Option<Py<PyAny>>,
    pub(crate) mode: Mode,
}

impl Common<'_> {
    pub(crate) fn way(self, py: Python<'_>, builder: PveBuilder) -> PyResult<Way> {
        let policy = self.policy.map_or_else(Gate::default, |policy| policy.0.clone());
        let builder = builder.policy(policy);
        let builder = match self.on_decision {
            Some(tell) => builder.on_decision(listener(py, tell)?),
            None => builder,
        };
        let pve: Pve = builder.build();
        Ok(Way::new(pve, self.mode))
    }
}

/// Keywords of `https`.
pub(crate) struct HttpsOptions<'a, 'py> {
    pub(crate) token: Option<&'a str>,
    pub(crate) secret: Option<SecretArg>,
    pub(crate) user: Option<&'a str>,
    pub(crate) password: Option<SecretArg>,
    pub(crate) ca_file: Option<PathBuf>,
    pub(crate) ca_pem: Option<&'a Bound<'py, PyAny>>,
    pub(crate) fingerprint: Option<&'a str>,
    pub(crate) any_certificate: bool,
    /// To connect, to the first byte, in all.
    pub(crate) times: [Option<Seconds>; 3],
    pub(crate) limit: Option<usize>,
}

fn contradiction(field: &str, text: &str) -> PyErr {
    raise(&Error::invalid(field, text))
}

pub(crate) fn https(url: &str, options: HttpsOptions<'_, '_>) -> PyResult<PveBuilder> {
    let HttpsOptions {
        token,
        secret,
        user,
        password,
        ca_file,
        ca_pem,
        fingerprint,
        any_certificate,
        times,
        limit,
    } = options;
    let mut api = Api::new(url).or_raise()?.engine(Engine::Reqwest);
    api = match (token, secret, user, password) {
        (Some(id), Some(secret), None, None) => {
            api.token(TokenId::parse(id).or_raise()?, secret.0).or_raise()?
        }
        (None, None, Some(user), Some(password)) => {
            api.password(UserId::parse(user).or_raise()?, password.0).or_raise()?
        }
        _ => {
            return Err(contradiction("credentials", "give either token and secret, or user and password"));
        }
    };
    let trusts = [ca_file.is_some(), ca_pem.is_some(), fingerprint.is_some(), any_certificate];
    if trusts.iter().filter(|given| **given).count() > 1 {
        let text =
            "ca_file, ca_pem, fingerprint and dangerous_accept_any_certificate exclude each other: give one";
        return Err(contradiction("trust", text));
    }
    if let Some(file) = ca_file {
        api = api.ca_file(file).or_raise()?;
    }
    if let Some(pem) = ca_pem {
        api = api.ca_pem(bytes(pem)?).or_raise()?;
    }
    if let Some(pin) = fingerprint {
        api = api.fingerprint(pin).or_raise()?;
    }
    if any_certificate {
        api = api.dangerous_accept_any_certificate();
    }
    let [connect, first_byte, total] = times;
    api = connect.into_iter().fold(api, |api, limit| api.connect_timeout(limit.0));
    api = first_byte.into_iter().fold(api, |api, limit| api.first_byte_timeout(limit.0));
    api = total.into_iter().fold(api, |api, limit| api.total_timeout(limit.0));
    api = limit.into_iter().fold(api, Api::limit);
    api.builder().or_raise()
}

/// Keywords of `ssh`.
pub(crate) struct SshOptions<'a> {
    pub(crate) jumps: Vec<String>,
    pub(crate) key: Option<PathBuf>,
    pub(crate) known_hosts: Option<PathBuf>,
    pub(crate) config_file: Option<PathBuf>,
    pub(crate) accept_new_host_keys: bool,
    pub(crate) any_host_key: bool,
    pub(crate) proxy_command: Option<&'a str>,
    pub(crate) engine: Option<&'a str>,
    pub(crate) sudo: bool,
    pub(crate) token: Option<&'a str>,
    pub(crate) secret: Option<SecretArg>,
    pub(crate) fingerprint: Option<&'a str>,
    pub(crate) allow_secret_arguments: bool,
    pub(crate) connect_timeout: Option<Seconds>,
    pub(crate) limit: Option<usize>,
    pub(crate) node_root: Option<PathBuf>,
    pub(crate) pveproxy_port: Option<u16>,
}

pub(crate) fn ssh(target: &str, options: SshOptions<'_>) -> PyResult<PveBuilder> {
    let mut ssh = Ssh::new(target).or_raise()?.http_engine(Engine::Reqwest);
    for jump in &options.jumps {
        ssh = ssh.jump(jump).or_raise()?;
    }
    ssh = options.key.into_iter().fold(ssh, Ssh::key);
    ssh = options.known_hosts.into_iter().fold(ssh, Ssh::known_hosts);
    ssh = options.config_file.into_iter().fold(ssh, Ssh::config_file);
    ssh = options.node_root.into_iter().fold(ssh, Ssh::node_root);
    ssh = options.pveproxy_port.into_iter().fold(ssh, Ssh::pveproxy_port);
    ssh = options.connect_timeout.into_iter().fold(ssh, |ssh, limit| ssh.connect_timeout(limit.0));
    ssh = options.limit.into_iter().fold(ssh, Ssh::limit);
    if options.accept_new_host_keys {
        ssh = ssh.accept_new_host_keys();
    }
    if options.any_host_key {
        ssh = ssh.dangerous_accept_any_host_key();
    }
    if options.sudo {
        ssh = ssh.sudo();
    }
    if options.allow_secret_arguments {
        ssh = ssh.allow_secret_arguments();
    }
    if let Some(command) = options.proxy_command {
        ssh = ssh.proxy_command(command).or_raise()?;
    }
    if let Some(engine) = options.engine {
        ssh = ssh.engine(engine.parse().or_raise()?);
    }
    if let Some(pin) = options.fingerprint {
        ssh = ssh.fingerprint(pin).or_raise()?;
    }
    ssh = match (options.token, options.secret) {
        (Some(id), Some(secret)) => ssh.token(TokenId::parse(id).or_raise()?, secret.0).or_raise()?,
        (None, None) => ssh,
        _ => return Err(contradiction("credentials", "token and secret belong together")),
    };
    ssh.builder().or_raise()
}

pub(crate) fn local(
    sudo: bool,
    allow_secret_arguments: bool,
    limit: Option<usize>,
    node_root: Option<PathBuf>,
) -> PyResult<PveBuilder> {
    let mut local = node_root.into_iter().fold(Local::new(), Local::node_root);
    if sudo {
        local = local.sudo();
    }
    if allow_secret_arguments {
        local = local.allow_secret_arguments();
    }
    limit.into_iter().fold(local, Local::limit).builder().or_raise()
}

pub(crate) fn sim(sim: Option<&Sim>, token: Option<&str>, secret: Option<&str>) -> PyResult<PveBuilder> {
    let sim = match sim {
        Some(sim) => sim.brain()?,
        None => proxmox_sim::Sim::new(),
    };
    // The lane runs all flows on one thread: none of them may hold it.
    let transport = sim.transport().asynchronous();
    let transport = match (token, secret) {
        (None, None) => transport,
        (Some(id), Some(secret)) => transport.token(id, secret),
        _ => return Err(contradiction("credentials", "token and secret belong together")),
    };
    Ok(Pve::builder(transport))
}

/// The token of the simulated `root@pam`, with all privileges.
pub(crate) const ROOT: (&str, &str) = (ROOT_TOKEN_ID, ROOT_TOKEN_SECRET);
