//! The root of all paths, and what it may be told about the way there.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict};

use super::resource::ProxmoxResource;
use crate::python::args::{Number, Seconds, text};
use crate::python::client::ClientBase;
use crate::python::connect::{self, Common, HttpsOptions, SshOptions};
use crate::python::error::{invalid, unsupported};
use crate::python::policy::Policy;
use crate::python::secret::SecretArg;
use crate::python::way::Mode;

/// The root of PVE's API, over `https`, `openssh` (or `ssh_paramiko`: both are the system's OpenSSH client here), `local`, or any
/// client of ours: `ProxmoxAPI(client=...)`.
#[pyclass(frozen, extends = ProxmoxResource, module = "proxmox_sdk.compat")]
pub(crate) struct ProxmoxAPI;

/// Takes a keyword out; `None` when it is not there, or is none.
fn take<'py>(keywords: &Bound<'py, PyDict>, name: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
    let found = keywords.get_item(name)?;
    if found.is_some() {
        keywords.del_item(name)?;
    }
    Ok(found.filter(|value| !value.is_none()))
}

fn take_text(keywords: &Bound<'_, PyDict>, name: &str) -> PyResult<Option<String>> {
    take(keywords, name)?.map(|value| text(&value)).transpose()
}

fn take_secret(keywords: &Bound<'_, PyDict>, name: &str) -> PyResult<Option<SecretArg>> {
    take(keywords, name)?.map(|value| value.extract()).transpose()
}

#[pymethods]
impl ProxmoxAPI {
    #[new]
    #[pyo3(signature = (host=None, backend="https", service="PVE", **keywords))]
    fn new(
        py: Python<'_>,
        host: Option<String>,
        backend: &str,
        service: &str,
        keywords: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<PyClassInitializer<Self>> {
        let given = keywords.map_or_else(|| Ok(PyDict::new(py)), PyDictMethods::copy)?;
        if !service.eq_ignore_ascii_case("PVE") {
            return Err(unsupported(&format!("service {service}: this SDK is for Proxmox VE")));
        }
        if let Some(client) = take(&given, "client")? {
            nothing_left(&given)?;
            let client = client.cast::<ClientBase>()?;
            return Ok(PyClassInitializer::from(ProxmoxResource::root(client.get().way.clone(), false))
                .add_subclass(Self));
        }
        let by_password = given.contains("password")? && !given.contains("token_name")?;
        let policy = take(&given, "policy")?;
        let policy = policy.as_ref().map(|policy| policy.cast::<Policy>().cloned()).transpose()?;
        let common =
            Common { policy: policy.as_ref().map(Bound::get), on_decision: None, mode: Mode::Blocking };
        let host = || host.clone().ok_or_else(|| invalid("host", "host: it is missing"));
        let builder = match backend.to_ascii_lowercase().as_str() {
            "https" => https(&host()?, &given)?,
            "openssh" | "ssh_paramiko" => ssh(&host()?, &given)?,
            "local" => {
                let sudo = take(&given, "sudo")?.map_or(Ok(false), |sudo| sudo.is_truthy())?;
                let root = take(&given, "node_root")?.map(|root| root.extract()).transpose()?;
                connect::local(sudo, false, None, root)?
            }
            _ => {
                return Err(invalid(
                    "backend",
                    format!("backend: {backend:?} is not https, openssh or local"),
                ));
            }
        };
        nothing_left(&given)?;
        let way = common.way(py, builder)?;
        Ok(PyClassInitializer::from(ProxmoxResource::root(way, by_password)).add_subclass(Self))
    }
}

fn nothing_left(given: &Bound<'_, PyDict>) -> PyResult<()> {
    match given.keys().iter().next() {
        Some(name) => Err(PyTypeError::new_err(format!("unexpected keyword argument {}", name.repr()?))),
        None => Ok(()),
    }
}

fn https(host: &str, given: &Bound<'_, PyDict>) -> PyResult<proxmox_core::PveBuilder> {
    for name in ["otp", "otptype", "cert", "path_prefix", "proxies"] {
        if take(given, name)?.is_some() {
            return Err(unsupported(&format!("{name}: this SDK has no such option")));
        }
    }
    // How parameters are encoded is PVE's affair.
    take(given, "mode")?;
    let port = take(given, "port")?.map(|port| port.extract::<Number<u16>>()?.named("port")).transpose()?;
    let bare_ipv6 = host.matches(':').count() > 1 && !host.starts_with('[');
    let host = if bare_ipv6 { format!("[{host}]") } else { host.to_owned() };
    let url = match port {
        Some(port) => format!("https://{host}:{port}"),
        None => format!("https://{host}"),
    };
    let user = take_text(given, "user")?;
    let (name, value) = (take_text(given, "token_name")?, take_secret(given, "token_value")?);
    let token = match (&user, name) {
        (Some(user), Some(name)) => Some(format!("{user}!{name}")),
        (None, Some(_)) => return Err(invalid("user", "user: a token belongs to a user")),
        _ => None,
    };
    let verify = take(given, "verify_ssl")?;
    let (mut ca_file, mut any_certificate) = (None, false);
    if let Some(verify) = &verify {
        match verify.cast::<PyBool>() {
            Ok(verify) => any_certificate = !verify.is_true(),
            Err(_) => ca_file = Some(verify.extract()?),
        }
    }
    let ca_pem = take(given, "ca_pem")?;
    let fingerprint = take_text(given, "fingerprint")?;
    let timeout = take(given, "timeout")?.map(|limit| limit.extract::<Seconds>()).transpose()?;
    connect::https(
        &url,
        HttpsOptions {
            user: user.as_deref().filter(|_| token.is_none()),
            token: token.as_deref(),
            secret: value,
            password: take_secret(given, "password")?,
            ca_file,
            ca_pem: ca_pem.as_ref(),
            fingerprint: fingerprint.as_deref(),
            any_certificate,
            times: [None, None, timeout],
            limit: None,
        },
    )
}

fn ssh(host: &str, given: &Bound<'_, PyDict>) -> PyResult<proxmox_core::PveBuilder> {
    if take(given, "password")?.is_some() {
        return Err(unsupported(
            "password: ssh asks for keys here; use ssh_config or an agent for anything else",
        ));
    }
    let flag = |name| take(given, name)?.map_or(Ok(false), |flag| flag.is_truthy());
    flag("forward_ssh_agent")?;
    let user = take_text(given, "user")?;
    let port = take(given, "port")?.map(|port| port.extract::<Number<u16>>()?.named("port")).transpose()?;
    let user = user.map(|user| format!("{user}@")).unwrap_or_default();
    let port = port.map(|port| format!(":{port}")).unwrap_or_default();
    let path = |name| take(given, name)?.map(|path| path.extract()).transpose();
    let key = match path("identity_file")? {
        Some(key) => Some(key),
        None => path("private_key_file")?,
    };
    let timeout = take(given, "timeout")?.map(|limit| limit.extract::<Seconds>()).transpose()?;
    connect::ssh(
        &format!("{user}{host}{port}"),
        SshOptions {
            jumps: Vec::new(),
            key,
            known_hosts: path("known_hosts")?,
            config_file: path("config_file")?,
            accept_new_host_keys: false,
            any_host_key: false,
            proxy_command: None,
            engine: take_text(given, "engine")?.as_deref(),
            sudo: flag("sudo")?,
            token: None,
            secret: None,
            fingerprint: None,
            allow_secret_arguments: false,
            connect_timeout: timeout,
            limit: None,
            node_root: path("node_root")?,
            pveproxy_port: take(given, "pveproxy_port")?
                .map(|port| port.extract::<Number<u16>>()?.named("pveproxy_port"))
                .transpose()?,
        },
    )
}
