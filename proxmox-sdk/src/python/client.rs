//! The client: raw requests, and the way to all nouns.

use proxmox_core::{GuestKind, NodeName, PvePath, PveRequest, Upid, Verb};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyMapping, PyType};
use serde_json::value::RawValue;

use super::args::{Arg, GuestArg, GuestId, Number, Seconds, named, text};
use super::connect::{Common, HttpsOptions, SshOptions};
use super::error::OrRaise;
use super::from_json::objects;
use super::guest::GuestBase;
use super::node::NodeBase;
use super::params::params;
use super::plan::Plan;
use super::policy::Policy;
use super::records::record;
use super::rows::rows;
use super::secret::SecretArg;
use super::sim::Sim;
use super::task::TaskBase;
use super::to_python::plain;
use super::way::{Mode, Options, Way, contexts, faces};
use super::{connect, report, watch};

/// What both clients have.
#[pyclass(frozen, subclass, module = "proxmox_sdk")]
pub(crate) struct ClientBase {
    pub(crate) way: Way,
}

faces! {
    /// A Proxmox VE cluster or node, through one transport. Use it as a context manager, or `close` it.
    Client, AsyncClient: ClientBase
}

impl ClientBase {
    pub(crate) fn over(py: Python<'_>, way: Way) -> PyResult<Py<PyAny>> {
        let mode = way.mode;
        Self::face(py, PyClassInitializer::from(Self { way }), mode)
    }

    fn raw(
        &self,
        py: Python<'_>,
        verb: Verb,
        path: &Bound<'_, PyAny>,
        given: Given<'_, '_>,
    ) -> PyResult<Py<PyAny>> {
        let request = PveRequest::new(verb, PvePath::parse(&text(path)?).or_raise()?);
        let mut request = request.params(params(given.params, given.keywords)?);
        if let Some(limit) = given.timeout {
            request = request.timeout(limit.0);
        }
        let call = self.way.pve()?.request::<Box<RawValue>>(request);
        self.way.run(py, call, Options::new(given.force, None), |py, answer| {
            Ok(objects(py, answer.get())?.unbind())
        })
    }
}

/// What every raw request takes.
struct Given<'a, 'py> {
    params: Option<&'a Bound<'py, PyMapping>>,
    keywords: Option<&'a Bound<'py, PyDict>>,
    force: Option<GuestId>,
    timeout: Option<Seconds>,
}

#[pymethods]
impl ClientBase {
    /// Over PVE's own HTTPS interface, with an API token or with user and password. Nothing is sent yet.
    ///
    /// Certificates are verified: by the system's CAs, those of `ca_file` or `ca_pem`, or one SHA-256 `fingerprint`. Times are seconds.
    /// At most `limit` requests are under way at once.
    #[classmethod]
    #[pyo3(signature = (url, *, token=None, secret=None, user=None, password=None, ca_file=None, ca_pem=None,
        fingerprint=None, dangerous_accept_any_certificate=false, connect_timeout=None, first_byte_timeout=None,
        total_timeout=None, limit=None, policy=None, on_decision=None))]
    fn https(
        class: &Bound<'_, PyType>,
        url: &str,
        token: Option<&str>,
        secret: Option<SecretArg>,
        user: Option<&str>,
        password: Option<SecretArg>,
        ca_file: Option<std::path::PathBuf>,
        ca_pem: Option<&Bound<'_, PyAny>>,
        fingerprint: Option<&str>,
        dangerous_accept_any_certificate: bool,
        connect_timeout: Option<Seconds>,
        first_byte_timeout: Option<Seconds>,
        total_timeout: Option<Seconds>,
        limit: Option<Number<usize>>,
        policy: Option<&Policy>,
        on_decision: Option<Py<PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        let options = HttpsOptions {
            token,
            secret,
            user,
            password,
            ca_file,
            ca_pem,
            fingerprint,
            any_certificate: dangerous_accept_any_certificate,
            times: [connect_timeout, first_byte_timeout, total_timeout],
            limit: named("limit", limit)?,
        };
        let common = Common { policy, on_decision, mode: Mode::of::<AsyncClient>(class)? };
        Self::over(class.py(), common.way(class.py(), connect::https(url, options)?)?)
    }

    /// Through an ssh session to a node, by the system's OpenSSH client: `user@host`, `user@host:port` or an alias of
    /// `ssh_config`. `engine` is `auto`, `tunnel` or `pvesh`; `jumps` are bastions, the first one first. Nothing is sent yet.
    #[classmethod]
    #[pyo3(signature = (target, *, jumps=Vec::new(), key=None, known_hosts=None, config_file=None, accept_new_host_keys=false,
        dangerous_accept_any_host_key=false, proxy_command=None, engine=None, sudo=false, token=None, secret=None,
        fingerprint=None, allow_secret_arguments=false, connect_timeout=None, limit=None, node_root=None,
        pveproxy_port=None, policy=None, on_decision=None))]
    fn ssh(
        class: &Bound<'_, PyType>,
        target: &str,
        jumps: Vec<String>,
        key: Option<std::path::PathBuf>,
        known_hosts: Option<std::path::PathBuf>,
        config_file: Option<std::path::PathBuf>,
        accept_new_host_keys: bool,
        dangerous_accept_any_host_key: bool,
        proxy_command: Option<&str>,
        engine: Option<&str>,
        sudo: bool,
        token: Option<&str>,
        secret: Option<SecretArg>,
        fingerprint: Option<&str>,
        allow_secret_arguments: bool,
        connect_timeout: Option<Seconds>,
        limit: Option<Number<usize>>,
        node_root: Option<std::path::PathBuf>,
        pveproxy_port: Option<Number<u16>>,
        policy: Option<&Policy>,
        on_decision: Option<Py<PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        let options = SshOptions {
            jumps,
            key,
            known_hosts,
            config_file,
            accept_new_host_keys,
            any_host_key: dangerous_accept_any_host_key,
            proxy_command,
            engine,
            sudo,
            token,
            secret,
            fingerprint,
            allow_secret_arguments,
            connect_timeout,
            limit: named("limit", limit)?,
            node_root,
            pveproxy_port: named("pveproxy_port", pveproxy_port)?,
        };
        let common = Common { policy, on_decision, mode: Mode::of::<AsyncClient>(class)? };
        Self::over(class.py(), common.way(class.py(), connect::ssh(target, options)?)?)
    }

    /// By the `pvesh` of this machine, which is a node.
    #[classmethod]
    #[pyo3(signature = (*, sudo=false, allow_secret_arguments=false, limit=None, node_root=None, policy=None, on_decision=None))]
    fn local(
        class: &Bound<'_, PyType>,
        sudo: bool,
        allow_secret_arguments: bool,
        limit: Option<Number<usize>>,
        node_root: Option<std::path::PathBuf>,
        policy: Option<&Policy>,
        on_decision: Option<Py<PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        let common = Common { policy, on_decision, mode: Mode::of::<AsyncClient>(class)? };
        let made = connect::local(sudo, allow_secret_arguments, named("limit", limit)?, node_root)?;
        Self::over(class.py(), common.way(class.py(), made)?)
    }

    /// To a simulated cluster in this process, without sockets: waiting moves its clock and costs no time.
    #[classmethod]
    #[pyo3(signature = (sim=None, *, token=None, secret=None, policy=None, on_decision=None))]
    fn sim(
        class: &Bound<'_, PyType>,
        sim: Option<&Sim>,
        token: Option<&str>,
        secret: Option<&str>,
        policy: Option<&Policy>,
        on_decision: Option<Py<PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        let common = Common { policy, on_decision, mode: Mode::of::<AsyncClient>(class)? };
        let made = connect::sim(sim, token, secret)?;
        Self::over(class.py(), common.way(class.py(), made)?)
    }

    /// `GET path`: plain values. Parameters are keywords; those whose names are no identifiers come in `params`.
    #[pyo3(signature = (path, params=None, /, *, _timeout=None, **keywords))]
    fn get(
        &self,
        py: Python<'_>,
        path: &Bound<'_, PyAny>,
        params: Option<&Bound<'_, PyMapping>>,
        _timeout: Option<Seconds>,
        keywords: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Py<PyAny>> {
        self.raw(py, Verb::Get, path, Given { params, keywords, force: None, timeout: _timeout })
    }

    /// `POST path`. A raw write counts as one that destroys: it passes for managed guests that nothing protects. What the policy refuses
    /// about a guest passes when `_force` names it.
    #[pyo3(signature = (path, params=None, /, *, _force=None, _timeout=None, **keywords))]
    fn create(
        &self,
        py: Python<'_>,
        path: &Bound<'_, PyAny>,
        params: Option<&Bound<'_, PyMapping>>,
        _force: Option<GuestId>,
        _timeout: Option<Seconds>,
        keywords: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Py<PyAny>> {
        self.raw(py, Verb::Create, path, Given { params, keywords, force: _force, timeout: _timeout })
    }

    /// `PUT path`, gated as `create` is.
    #[pyo3(signature = (path, params=None, /, *, _force=None, _timeout=None, **keywords))]
    fn set(
        &self,
        py: Python<'_>,
        path: &Bound<'_, PyAny>,
        params: Option<&Bound<'_, PyMapping>>,
        _force: Option<GuestId>,
        _timeout: Option<Seconds>,
        keywords: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Py<PyAny>> {
        self.raw(py, Verb::Set, path, Given { params, keywords, force: _force, timeout: _timeout })
    }

    /// `DELETE path`, gated as `create` is.
    #[pyo3(signature = (path, params=None, /, *, _force=None, _timeout=None, **keywords))]
    fn delete(
        &self,
        py: Python<'_>,
        path: &Bound<'_, PyAny>,
        params: Option<&Bound<'_, PyMapping>>,
        _force: Option<GuestId>,
        _timeout: Option<Seconds>,
        keywords: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Py<PyAny>> {
        self.raw(py, Verb::Delete, path, Given { params, keywords, force: _force, timeout: _timeout })
    }

    /// Which PVE answers. Needs no privilege, so it tells that address and credentials work.
    fn version(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.way.run(py, self.way.pve()?.cluster().version(), Options::default(), record)
    }

    /// Every guest, node, storage and pool in one answer. What the credentials may not audit is silently left out by PVE.
    fn resources(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.way.run(py, self.way.pve()?.cluster().resources(), Options::default(), rows)
    }

    /// Every guest of the cluster.
    fn guests(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.way.run(py, self.way.pve()?.cluster().guests(), Options::default(), rows)
    }

    /// The nodes as the cluster sees them.
    fn nodes(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.way.run(py, self.way.pve()?.cluster().nodes(), Options::default(), rows)
    }

    /// The virtual networks of the cluster.
    fn vnets(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.way.run(py, self.way.pve()?.cluster().vnets(), Options::default(), rows)
    }

    /// A number that is free right now. PVE reserves nothing.
    fn next_id(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.way.run(py, self.way.pve()?.cluster().next_id(), Options::default(), |py, id| {
            Ok(plain(py, &id)?.unbind())
        })
    }

    /// Where a guest is, by its number or its exact name.
    fn find(&self, py: Python<'_>, guest: GuestArg) -> PyResult<Py<PyAny>> {
        self.way.run(py, self.way.pve()?.cluster().find(guest.0), Options::default(), record)
    }

    /// The handle of a guest, wherever it is, by its number or its exact name: a VM or a container.
    fn guest(&self, py: Python<'_>, guest: GuestArg) -> PyResult<Py<PyAny>> {
        let way = self.way.clone();
        self.way.run(py, self.way.pve()?.cluster().find(guest.0), Options::default(), move |py, at| {
            GuestBase::over(py, way, at.kind, at.node, at.vmid)
        })
    }

    /// The handle of a node. Nothing is asked.
    fn node(&self, py: Python<'_>, name: Arg<NodeName>) -> PyResult<Py<PyAny>> {
        NodeBase::over(py, self.way.clone(), name.0)
    }

    /// The handle of a VM. Nothing is asked: `guest` finds its node.
    #[pyo3(signature = (vmid, *, node))]
    fn vm(&self, py: Python<'_>, vmid: GuestId, node: Arg<NodeName>) -> PyResult<Py<PyAny>> {
        GuestBase::over(py, self.way.clone(), GuestKind::Qemu, node.0, vmid.0)
    }

    /// The handle of a container. Nothing is asked: `guest` finds its node.
    #[pyo3(signature = (vmid, *, node))]
    fn container(&self, py: Python<'_>, vmid: GuestId, node: Arg<NodeName>) -> PyResult<Py<PyAny>> {
        GuestBase::over(py, self.way.clone(), GuestKind::Lxc, node.0, vmid.0)
    }

    /// The handle of a task that was started earlier, or by somebody else.
    fn task(&self, py: Python<'_>, upid: Arg<Upid>) -> PyResult<Py<PyAny>> {
        TaskBase::over(py, self.way.clone(), upid.0)
    }

    /// What a piece of program would send, without sending it: a context manager, see `Plan`.
    fn plan(&self, py: Python<'_>) -> PyResult<Plan> {
        Plan::new(py, &self.way)
    }

    /// Health of nodes, storages, disks and guests in one object, with what needs attention.
    #[pyo3(signature = (*, name=None, node=None, addresses=false, snapshots=false, thresholds=None))]
    fn report(
        &self,
        py: Python<'_>,
        name: Option<String>,
        node: Option<Arg<NodeName>>,
        addresses: bool,
        snapshots: bool,
        thresholds: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Py<PyAny>> {
        let wanted = report::Wanted { name, node: node.map(|n| n.0), addresses, snapshots };
        report::report(py, &self.way, wanted, thresholds)
    }

    /// What changes, as events: an iterator, or an async iterator. It never ends; `interval` is seconds between two looks.
    #[pyo3(signature = (*, interval=None, longest_pause=None, templates=None, cpu_points=None, memory_percent=None, queue=None))]
    fn watch(
        &self,
        py: Python<'_>,
        interval: Option<Seconds>,
        longest_pause: Option<Seconds>,
        templates: Option<bool>,
        cpu_points: Option<f64>,
        memory_percent: Option<f64>,
        queue: Option<Number<usize>>,
    ) -> PyResult<Py<PyAny>> {
        let mut watch = proxmox_fleet::Watch::new(&self.way.pve()?);
        watch = interval.into_iter().fold(watch, |w, s| w.interval(s.0));
        watch = longest_pause.into_iter().fold(watch, |w, s| w.longest_pause(s.0));
        watch = templates.into_iter().fold(watch, proxmox_fleet::Watch::templates);
        watch = cpu_points.into_iter().fold(watch, proxmox_fleet::Watch::cpu_points);
        watch = memory_percent.into_iter().fold(watch, proxmox_fleet::Watch::memory_percent);
        watch = named("queue", queue)?.into_iter().fold(watch, proxmox_fleet::Watch::queue);
        watch::WatchBase::over(py, self.way.clone(), watch.subscribe())
    }

    /// The policy in force.
    #[getter]
    fn policy(&self) -> PyResult<Policy> {
        Ok(Policy(self.way.pve()?.policy().clone()))
    }

    /// The name of the transport, such as `https/reqwest`.
    #[getter]
    fn transport(&self) -> &'static str {
        self.way.info().name
    }

    /// Where it leads, such as `https://pve1:8006`.
    #[getter]
    fn endpoint(&self) -> &str {
        &self.way.info().endpoint
    }

    /// Lets go of all connections. Every later call raises `ClosedError`.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        self.way.close(py)
    }

    /// Whether it is closed.
    #[getter]
    fn closed(&self) -> bool {
        self.way.is_closed()
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        let (class, info) = (slf.get_type().name()?, slf.get().way.info());
        let closed = if slf.get().way.is_closed() { ", closed" } else { "" };
        Ok(format!("<{class} {} to {}{closed}>", info.name, info.endpoint))
    }
}

contexts! { Client, AsyncClient }
