//! The simulated cluster, for tests of Python programs.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use proxmox_core::ErrorKind;
use proxmox_sim::{Fault, NodeRoot, PveVersion, SimGuest, SimServer, Sshd, WireFault};
use pyo3::prelude::*;
use serde_json::json;

use super::args::Seconds;
use super::connect::ROOT;
use super::error::{OrRaise, closed, invalid};
use super::process::OfProcess;
use super::records::made;

/// A whole simulated cluster in memory, with real TLS when it is asked for its `url`.
///
/// It has the nodes `pve1` and `pve2`, the template 9000, the VMs 100 (running, with a guest agent) and 101 (protected), storages
/// and users; with `vms` so many running VMs more, from 100000 on. `time_scale` is simulated seconds in each real one; in-process clients do not wait at all. `version` is `8.4` or `9.2`.
#[pyclass(frozen, module = "proxmox_sdk.sim", name = "Sim")]
pub(crate) struct Sim(OfProcess<Mutex<Option<Running>>>);

/// The number of the first of the VMs that are asked for.
const FIRST: u32 = 100_000;

struct Running {
    brain: proxmox_sim::Sim,
    // In this order they end.
    sshd: Option<Sshd>,
    root: Option<NodeRoot>,
    server: Option<SimServer>,
}

fn failed(what: &str, error: &std::io::Error) -> proxmox_core::Error {
    let text = format!("{what} cannot be started: {error}");
    proxmox_core::Error::new(ErrorKind::Unexpected, proxmox_core::Outcome::NotSent, text)
}

impl Running {
    fn server(&mut self) -> PyResult<&SimServer> {
        if self.server.is_none() {
            let started = SimServer::start(self.brain.clone());
            self.server = Some(started.map_err(|e| failed("the simulated cluster", &e)).or_raise()?);
        }
        self.server.as_ref().ok_or_else(|| closed("the simulated cluster is closed"))
    }
}

impl Sim {
    fn with<T>(&self, look: impl FnOnce(&mut Running) -> PyResult<T>) -> PyResult<T> {
        let mut running = self.0.get("the simulated cluster")?.lock().unwrap_or_else(PoisonError::into_inner);
        look(running.as_mut().ok_or_else(|| closed("the simulated cluster is closed"))?)
    }

    /// The cluster itself.
    pub(crate) fn brain(&self) -> PyResult<proxmox_sim::Sim> {
        self.with(|running| Ok(running.brain.clone()))
    }

    fn end(&self, py: Python<'_>) -> PyResult<()> {
        let running =
            self.0.get("the simulated cluster")?.lock().unwrap_or_else(PoisonError::into_inner).take();
        py.detach(|| drop(running));
        Ok(())
    }
}

#[pymethods]
impl Sim {
    #[new]
    #[pyo3(signature = (*, version="8.4", time_scale=1.0, vms=0))]
    fn new(version: &str, time_scale: f64, vms: u32) -> PyResult<Self> {
        let version = match version {
            "8.4" => PveVersion::V8,
            "9.2" => PveVersion::V9,
            _ => return Err(invalid("version", format!("version: {version:?} is neither 8.4 nor 9.2"))),
        };
        if !(0.0..=1e9).contains(&time_scale) {
            return Err(invalid("time_scale", format!("time_scale: {time_scale} is not between 0 and 1e9")));
        }
        if vms > 100_000 {
            return Err(invalid("vms", format!("vms: {vms} are more than 100000")));
        }
        let more = (0..vms).map(|n| SimGuest::vm(FIRST + n).name(&format!("vm-{n}")).running());
        let builder = proxmox_sim::Sim::builder().version(version).time_scale(time_scale);
        let brain = more.fold(builder, proxmox_sim::SimBuilder::guest).build();
        Ok(Self(OfProcess::new(Mutex::new(Some(Running { brain, sshd: None, root: None, server: None })))))
    }

    /// The address of its HTTPS server, which starts when this is first asked.
    #[getter]
    fn url(&self) -> PyResult<String> {
        self.with(|running| Ok(running.server()?.url()))
    }

    /// The CA of its server's certificate.
    #[getter]
    fn ca_pem(&self) -> PyResult<String> {
        self.with(|running| Ok(running.server()?.ca_pem().to_owned()))
    }

    /// The SHA-256 fingerprint of its server's certificate.
    #[getter]
    fn fingerprint(&self) -> PyResult<String> {
        self.with(|running| Ok(running.server()?.fingerprint().to_owned()))
    }

    /// A token of `root@pam` with all privileges.
    #[getter]
    fn token(&self) -> &'static str {
        ROOT.0
    }

    /// The secret of `token`.
    #[getter]
    fn secret(&self) -> &'static str {
        ROOT.1
    }

    /// Keywords for `Client.ssh` that lead to its node by a real OpenSSH server on loopback, which starts when this is first asked.
    fn ssh<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.with(|running| {
            let port = running.server()?.address().port();
            if running.root.is_none() {
                let root = NodeRoot::new(running.server()?)
                    .map_err(|e| failed("the node's files", &e))
                    .or_raise()?;
                running.root = Some(root);
            }
            if running.sshd.is_none() {
                running.sshd = Some(Sshd::start().map_err(|e| failed("its ssh server", &e)).or_raise()?);
            }
            let (Some(root), Some(sshd)) = (&running.root, &running.sshd) else {
                return Err(closed("the simulated cluster is closed"));
            };
            let keywords = json!({
                "target": format!("{}@127.0.0.1:{}", sshd.user(), sshd.port()),
                "key": sshd.identity_file(), "known_hosts": sshd.known_hosts_file(),
                "node_root": root.path(), "pveproxy_port": port,
            });
            super::to_python::plain(py, &keywords)
        })
    }

    /// The directory that stands for the files of its node, for `Client.local(node_root=...)`.
    fn node_root(&self) -> PyResult<std::path::PathBuf> {
        self.with(|running| {
            if running.root.is_none() {
                let root = NodeRoot::new(running.server()?)
                    .map_err(|e| failed("the node's files", &e))
                    .or_raise()?;
                running.root = Some(root);
            }
            Ok(running.root.as_ref().map(|root| root.path().to_owned()).unwrap_or_default())
        })
    }

    /// The guests as they are, without asking the API.
    fn guests(&self, py: Python<'_>) -> PyResult<Vec<Py<PyAny>>> {
        let all = self.brain()?.guests();
        all.iter().map(|guest| shown(py, guest)).collect()
    }

    /// One guest as it is; `None` when there is none.
    fn guest(&self, py: Python<'_>, vmid: u32) -> PyResult<Option<Py<PyAny>>> {
        self.brain()?.guest(vmid).map(|guest| shown(py, &guest)).transpose()
    }

    /// The tasks so far.
    fn tasks(&self, py: Python<'_>) -> PyResult<Vec<Py<PyAny>>> {
        let task = |t: &proxmox_sim::TaskView| {
            let values = json!({
                "upid": t.upid, "kind": t.kind, "subject": t.subject, "user": t.user, "exitstatus": t.exitstatus, "log": t.log,
            });
            made(py, "SimTask", values)
        };
        self.brain()?.tasks().iter().map(task).collect()
    }

    /// The requests that came, in order; secrets are left out.
    fn requests(&self, py: Python<'_>) -> PyResult<Vec<Py<PyAny>>> {
        let request = |r: &proxmox_sim::SeenRequest| {
            let values = json!({"method": r.method, "path": r.path, "params": r.params, "who": r.who});
            made(py, "SimRequest", values)
        };
        self.brain()?.requests().iter().map(request).collect()
    }

    /// Forgets the requests that came.
    fn forget_requests(&self) -> PyResult<()> {
        self.brain()?.forget_requests();
        Ok(())
    }

    /// Lets simulated time pass.
    fn advance(&self, seconds: Seconds) -> PyResult<()> {
        self.brain()?.clock().advance(seconds.0);
        Ok(())
    }

    /// Turns a node off or on. False when there is no such node.
    #[pyo3(signature = (node, down=true))]
    fn set_node_down(&self, node: &str, down: bool) -> PyResult<bool> {
        Ok(self.brain()?.set_node_down(node, down))
    }

    /// Sets or takes away the lock of a guest. False when there is no such guest.
    fn set_lock(&self, vmid: u32, lock: Option<&str>) -> PyResult<bool> {
        Ok(self.brain()?.set_lock(vmid, lock))
    }

    /// Sets or takes away a key of a guest's configuration, without asking the API.
    fn set_config(&self, vmid: u32, key: &str, value: Option<&str>) -> PyResult<bool> {
        Ok(self.brain()?.set_config(vmid, key, value))
    }

    /// Turns the guest agent of a VM on or off.
    fn set_agent(&self, vmid: u32, runs: bool) -> PyResult<bool> {
        Ok(self.brain()?.set_agent(vmid, runs))
    }

    /// Lets the next task of this kind (`qmstart`, `qmclone` ...) fail with this message; with `always` all of them.
    #[pyo3(signature = (kind, message, *, vmid=None, always=false))]
    fn fail_task(&self, kind: &str, message: &str, vmid: Option<u32>, always: bool) -> PyResult<()> {
        self.add(Fault::fail(kind, message), vmid, always)
    }

    /// Lets the next task of this kind end with these warnings.
    #[pyo3(signature = (kind, lines, *, vmid=None, always=false))]
    fn warn_task(&self, kind: &str, lines: Vec<String>, vmid: Option<u32>, always: bool) -> PyResult<()> {
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        self.add(Fault::warn(kind, &lines), vmid, always)
    }

    /// Lets the next task of this kind take so many more seconds.
    #[pyo3(signature = (kind, seconds, *, vmid=None, always=false))]
    fn slow_task(&self, kind: &str, seconds: Seconds, vmid: Option<u32>, always: bool) -> PyResult<()> {
        self.add(Fault::slow(kind, seconds.0), vmid, always)
    }

    /// Makes its HTTPS server misbehave for a method and a path, `times` times: `close-before-reading`,
    /// `close-before-executing`, `close-after-executing`, `truncate`, `html`, `empty`, `stall`, `refused` (595), `broken-pipe` (596),
    /// or `delay` with `seconds`.
    #[pyo3(signature = (what, method, path, *, times=1, seconds=None))]
    fn break_wire(
        &self,
        what: &str,
        method: &str,
        path: &str,
        times: u32,
        seconds: Option<Seconds>,
    ) -> PyResult<()> {
        let fault = match what {
            "close-before-reading" => WireFault::CloseBeforeReading,
            "close-before-executing" => WireFault::CloseBeforeExecuting,
            "close-after-executing" => WireFault::CloseAfterExecuting,
            "truncate" => WireFault::Truncate,
            "html" => WireFault::Html,
            "empty" => WireFault::Empty,
            "stall" => WireFault::Stall,
            "refused" => WireFault::refused(),
            "broken-pipe" => WireFault::broken_pipe(),
            "delay" => WireFault::Delay(seconds.map_or(Duration::from_secs(1), |s| s.0)),
            _ => return Err(invalid("what", format!("{what:?} is no fault of the simulator"))),
        };
        self.with(|running| {
            running.server()?.faults().add(fault.on(method, path).times(times));
            Ok(())
        })
    }

    /// Ends it, with its servers.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        self.end(py)
    }

    fn __enter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    #[pyo3(signature = (*_raised))]
    fn __exit__(&self, py: Python<'_>, _raised: &Bound<'_, pyo3::types::PyTuple>) -> PyResult<()> {
        self.end(py)
    }

    fn __repr__(&self) -> PyResult<String> {
        let running = self.0.get("the simulated cluster")?.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(match running.as_ref() {
            None => "<Sim closed>".to_owned(),
            Some(Running { server: Some(server), .. }) => format!("<Sim at {}>", server.url()),
            Some(_) => "<Sim>".to_owned(),
        })
    }
}

impl Sim {
    fn add(&self, fault: Fault, vmid: Option<u32>, always: bool) -> PyResult<()> {
        let fault = vmid.into_iter().fold(fault, Fault::vmid);
        self.brain()?.faults().add(if always { fault.always() } else { fault });
        Ok(())
    }
}

fn shown(py: Python<'_>, g: &proxmox_sim::GuestView) -> PyResult<Py<PyAny>> {
    let values = json!({
        "vmid": g.vmid, "kind": g.kind.as_str(), "node": g.node, "name": g.name, "running": g.running, "paused": g.paused,
        "template": g.template, "lock": g.lock, "tags": g.tags, "config": g.config, "snapshots": g.snapshots,
    });
    made(py, "SimGuest", values)
}
