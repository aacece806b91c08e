//! What VMs and containers have in common.

use proxmox_core::config::IpConfig;
use proxmox_core::guest::{
    CloneOptions, DeleteOptions, Deleted, Exec, Kind, Power, Shutdown, SnapshotOptions,
};
use proxmox_core::telemetry::Timeframe;
use proxmox_core::{Call, ConfigChange, Guest, GuestKind, NodeName, StorageId, Vmid, Work};
use proxmox_lxc::Lxc;
use proxmox_qemu::Qemu;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyMapping};

use super::args::{Arg, Bytes, GuestId, Seconds, bytes, growth, ip_query};
use super::cloned;
use super::container::ContainerBase;
use super::error::{OrRaise, invalid};
use super::params::params;
use super::records::record;
use super::rows::rows;
use super::tags;
use super::task::TaskBase;
use super::to_python::plain;
use super::vm::VmBase;
use super::way::{Options, Way, none};

#[pyclass(frozen, subclass, module = "proxmox_sdk")]
pub(crate) struct GuestBase {
    pub(super) way: Way,
    pub(super) kind: GuestKind,
    node: NodeName,
    vmid: Vmid,
}

/// The same for a guest of either kind.
macro_rules! of_either {
    ($self:ident, $guest:ident => $what:expr) => {
        match $self.kind {
            GuestKind::Qemu => {
                let $guest = $self.guest::<Qemu>()?;
                $what
            }
            GuestKind::Lxc => {
                let $guest = $self.guest::<Lxc>()?;
                $what
            }
        }
    };
}

impl GuestBase {
    pub(crate) fn over(
        py: Python<'_>,
        way: Way,
        kind: GuestKind,
        node: NodeName,
        vmid: Vmid,
    ) -> PyResult<Py<PyAny>> {
        let mode = way.mode;
        let base = PyClassInitializer::from(Self { way, kind, node, vmid });
        match kind {
            GuestKind::Qemu => VmBase::over(py, base, mode),
            GuestKind::Lxc => ContainerBase::over(py, base, mode),
        }
    }

    /// The handle in Rust.
    pub(super) fn guest<K: Kind>(&self) -> PyResult<Guest<K>> {
        Ok(Guest::new(self.way.pve()?, self.node.clone(), self.vmid))
    }

    /// What starts a task: its end is waited for, or else it is given.
    pub(super) fn work(
        &self,
        py: Python<'_>,
        call: Call<Work>,
        wait: bool,
        options: Options<'_, '_>,
    ) -> PyResult<Py<PyAny>> {
        if wait {
            return self.way.run(py, call, options, record);
        }
        let way = self.way.clone();
        self.way.run(py, call.detach(), options, move |py, task| TaskBase::over(py, way, task.upid().clone()))
    }
}

#[pymethods]
impl GuestBase {
    /// Its number.
    #[getter]
    fn vmid(&self) -> u32 {
        self.vmid.get()
    }

    /// The name of the node it is on.
    #[getter]
    fn node(&self) -> &str {
        self.node.as_str()
    }

    /// Its path in the API, such as `/nodes/pve1/qemu/100`.
    #[getter]
    fn path(&self) -> PyResult<String> {
        Ok(of_either!(self, guest => guest.path().as_str().to_owned()))
    }

    /// State and telemetry. Sizes are bytes, `uptime` is seconds.
    fn status(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        of_either!(self, guest => self.way.run(py, guest.status(), Options::default(), record))
    }

    /// State and telemetry with pool, high availability and pressure; with `addresses` also the addresses.
    #[pyo3(signature = (*, addresses=false))]
    fn telemetry(&self, py: Python<'_>, addresses: bool) -> PyResult<Py<PyAny>> {
        of_either!(self, guest => {
            let call = guest.telemetry();
            let call = if addresses { call.with_addresses() } else { call };
            self.way.run(py, call, Options::default(), record)
        })
    }

    /// Its past, the oldest first: averages over an `hour`, `day`, `week`, `month` or `year`. Rates are bytes per second; a time of which
    /// nothing is known has no figures.
    #[pyo3(signature = (timeframe=Arg(Timeframe::Hour)))]
    fn history(&self, py: Python<'_>, timeframe: Arg<Timeframe>) -> PyResult<Py<PyAny>> {
        of_either!(self, guest => self.way.run(py, guest.history(timeframe.0), Options::default(), rows))
    }

    /// The configuration that is wanted: texts by key, and `digest`.
    fn config(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        of_either!(self, guest => {
            self.way.run(py, guest.config(), Options::default(), |py, bag| Ok(plain(py, &bag)?.unbind()))
        })
    }

    /// The configuration in force, without changes that wait for a restart.
    fn current_config(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        of_either!(self, guest => {
            self.way.run(py, guest.current_config(), Options::default(), |py, bag| Ok(plain(py, &bag)?.unbind()))
        })
    }

    /// Key by key what is in force and what waits.
    fn pending(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        of_either!(self, guest => self.way.run(py, guest.pending(), Options::default(), rows))
    }

    /// Changes the configuration: `set_config(cores=4, delete="onboot")`. With a `digest` it fails when somebody else has changed
    /// the configuration since it was read. `_force` names the guest to pass the policy.
    #[pyo3(signature = (params=None, /, *, _force=None, **keywords))]
    fn set_config(
        &self,
        py: Python<'_>,
        params: Option<&Bound<'_, PyMapping>>,
        _force: Option<GuestId>,
        keywords: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Py<PyAny>> {
        if keywords.is_some_and(|all| all.contains("force").unwrap_or(false)) {
            let vmid = self.vmid;
            return Err(PyTypeError::new_err(format!(
                "force: `_force={vmid}` passes the policy here; PVE's own parameter comes in a mapping, {{\"force\": True}}"
            )));
        }
        let change = ConfigChange::from(self::params(params, keywords)?);
        let options = Options::new(_force, None);
        of_either!(self, guest => self.way.run(py, guest.set_config(change), options, none))
    }

    /// Adds and removes tags, on the configuration as it is at this moment. Gives the tags that it has then.
    #[pyo3(signature = (*add, remove=Vec::new(), force=None))]
    fn tag(
        &self,
        py: Python<'_>,
        add: Vec<String>,
        remove: Vec<String>,
        force: Option<GuestId>,
    ) -> PyResult<Py<PyAny>> {
        of_either!(self, guest => {
            self.way.flow(py, tags::change(guest, add, remove, force), |py, tags| Ok(PyList::new(py, tags)?.into_any().unbind()))
        })
    }

    /// Starts it. With `wait=False` it gives the task instead of waiting for its end.
    #[pyo3(signature = (*, wait=true, force=None, timeout=None, on_progress=None))]
    fn start(
        &self,
        py: Python<'_>,
        wait: bool,
        force: Option<GuestId>,
        timeout: Option<Seconds>,
        on_progress: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        let options = Options::new(force, timeout).telling(on_progress)?;
        of_either!(self, guest => self.work(py, guest.start(), wait, options))
    }

    /// Asks the guest to shut down. `guest_timeout` is how many seconds PVE gives it; with `then_stop` it is stopped after that.
    #[pyo3(signature = (*, guest_timeout=None, then_stop=false, wait=true, force=None, timeout=None, on_progress=None))]
    fn shutdown(
        &self,
        py: Python<'_>,
        guest_timeout: Option<Seconds>,
        then_stop: bool,
        wait: bool,
        force: Option<GuestId>,
        timeout: Option<Seconds>,
        on_progress: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        let how = guest_timeout.into_iter().fold(Shutdown::new(), |how, limit| how.timeout(limit.0));
        let how = if then_stop { how.then_stop() } else { how };
        let options = Options::new(force, timeout).telling(on_progress)?;
        of_either!(self, guest => self.work(py, guest.shutdown(how), wait, options))
    }

    /// Turns it off at once, as if the plug were pulled.
    #[pyo3(signature = (*, wait=true, force=None, timeout=None, on_progress=None))]
    fn stop(
        &self,
        py: Python<'_>,
        wait: bool,
        force: Option<GuestId>,
        timeout: Option<Seconds>,
        on_progress: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        let options = Options::new(force, timeout).telling(on_progress)?;
        of_either!(self, guest => self.work(py, guest.stop(), wait, options))
    }

    /// Shuts it down and starts it again. `guest_timeout` is how many seconds PVE gives it.
    #[pyo3(signature = (*, guest_timeout=None, wait=true, force=None, timeout=None, on_progress=None))]
    fn reboot(
        &self,
        py: Python<'_>,
        guest_timeout: Option<Seconds>,
        wait: bool,
        force: Option<GuestId>,
        timeout: Option<Seconds>,
        on_progress: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        let options = Options::new(force, timeout).telling(on_progress)?;
        of_either!(self, guest => self.work(py, guest.reboot(guest_timeout.map(|s| s.0)), wait, options))
    }

    /// Pauses it.
    #[pyo3(signature = (*, wait=true, force=None, timeout=None))]
    fn suspend(
        &self,
        py: Python<'_>,
        wait: bool,
        force: Option<GuestId>,
        timeout: Option<Seconds>,
    ) -> PyResult<Py<PyAny>> {
        of_either!(self, guest => self.work(py, guest.suspend(), wait, Options::new(force, timeout)))
    }

    /// Lets it go on.
    #[pyo3(signature = (*, wait=true, force=None, timeout=None))]
    fn resume(
        &self,
        py: Python<'_>,
        wait: bool,
        force: Option<GuestId>,
        timeout: Option<Seconds>,
    ) -> PyResult<Py<PyAny>> {
        of_either!(self, guest => self.work(py, guest.resume(), wait, Options::new(force, timeout)))
    }

    /// Makes it run, or not, whatever it does now: `running` or `stopped`. Gives the task's report, or `None` when it was so already.
    #[pyo3(signature = (power, *, force=None, timeout=None))]
    fn ensure(
        &self,
        py: Python<'_>,
        power: &str,
        force: Option<GuestId>,
        timeout: Option<Seconds>,
    ) -> PyResult<Py<PyAny>> {
        let power = match power {
            "running" => Power::Running,
            "stopped" => Power::Stopped,
            _ => return Err(invalid("power", format!("{power:?} is not a power state: running or stopped"))),
        };
        of_either!(self, guest => {
            self.way.run(py, guest.ensure(power), Options::new(force, timeout), |py, done| match done {
                Some(report) => record(py, report),
                None => Ok(py.None()),
            })
        })
    }

    /// Clones it: `full`, or linked (`full=False`, from templates); by default what PVE does. With `newid` it may be called again after
    /// a failure: a clone that is there with this number and name is finished, not made again. Without `newid` the next free number is
    /// taken, and each call makes another clone.
    #[pyo3(signature = (name, *, newid=None, full=None, target=None, storage=None, pool=None, snapname=None, description=None,
        force=None, timeout=None, on_progress=None))]
    fn clone(
        &self,
        py: Python<'_>,
        name: &str,
        newid: Option<GuestId>,
        full: Option<bool>,
        target: Option<Arg<NodeName>>,
        storage: Option<Arg<StorageId>>,
        pool: Option<String>,
        snapname: Option<String>,
        description: Option<String>,
        force: Option<GuestId>,
        timeout: Option<Seconds>,
        on_progress: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        let mut options = CloneOptions::named(name);
        options = match full {
            Some(true) => options.full(),
            Some(false) => options.linked(),
            None => options,
        };
        options = newid.into_iter().fold(options, |o, id| o.newid(id.0));
        options = target.into_iter().fold(options, |o, node| o.target(node.0));
        options = storage.into_iter().fold(options, |o, storage| o.storage(storage.0));
        options = pool.into_iter().fold(options, CloneOptions::pool);
        options = snapname.into_iter().fold(options, CloneOptions::snapname);
        options = description.into_iter().fold(options, CloneOptions::description);
        let with = Options::new(force, timeout).telling(on_progress)?;
        match self.kind {
            GuestKind::Qemu => cloned::clone(py, self, self.guest::<Qemu>()?.clone_to(options), with),
            GuestKind::Lxc => cloned::clone(py, self, self.guest::<Lxc>()?.clone_to(options), with),
        }
    }

    /// Deletes it with its disks. Gives the task's report, or `None` when it was not there. Volumes that its configuration does not name
    /// are left alone unless `destroy_unreferenced_disks` says otherwise: that reaches across all storages.
    #[pyo3(signature = (*, purge=false, stop_first=false, destroy_unreferenced_disks=false, force=None, timeout=None))]
    fn delete(
        &self,
        py: Python<'_>,
        purge: bool,
        stop_first: bool,
        destroy_unreferenced_disks: bool,
        force: Option<GuestId>,
        timeout: Option<Seconds>,
    ) -> PyResult<Py<PyAny>> {
        let mut options = DeleteOptions::new();
        if purge {
            options = options.purge();
        }
        if stop_first {
            options = options.stop_first();
        }
        if destroy_unreferenced_disks {
            options = options.destroy_unreferenced_disks();
        }
        of_either!(self, guest => {
            self.way.run(py, guest.delete(options), Options::new(force, timeout), |py, end| match end {
                Deleted::Done(report) => record(py, report),
                Deleted::Absent => Ok(py.None()),
            })
        })
    }

    /// Grows a disk (`scsi0`, `rootfs` ...), by or to so many bytes. PVE shrinks nothing.
    #[pyo3(signature = (disk, *, by=None, to=None, force=None, timeout=None))]
    fn resize(
        &self,
        py: Python<'_>,
        disk: &str,
        by: Option<Bytes>,
        to: Option<Bytes>,
        force: Option<GuestId>,
        timeout: Option<Seconds>,
    ) -> PyResult<Py<PyAny>> {
        let growth = growth(by, to)?;
        of_either!(self, guest => self.work(py, guest.resize(disk, growth), true, Options::new(force, timeout)))
    }

    /// Runs a program in the guest, without a shell, and waits for its end. `timeout` is seconds. A program that fails is a result,
    /// not an exception. `input` is what it reads.
    #[pyo3(signature = (argv, *, input=None, force=None, timeout=None))]
    fn exec(
        &self,
        py: Python<'_>,
        argv: Vec<String>,
        input: Option<&Bound<'_, PyAny>>,
        force: Option<GuestId>,
        timeout: Option<Seconds>,
    ) -> PyResult<Py<PyAny>> {
        let exec = Exec::new(argv);
        let exec = match input {
            Some(input) => exec.input(bytes(input)?),
            None => exec,
        };
        of_either!(self, guest => self.way.run(py, guest.exec(exec), Options::new(force, timeout), record))
    }

    /// Waits until it has an address that others can reach. `mac` and `subnet` choose among several; `timeout` is seconds.
    #[pyo3(signature = (*, v6=false, mac=None, subnet=None, timeout=None))]
    fn wait_for_ip(
        &self,
        py: Python<'_>,
        v6: bool,
        mac: Option<&str>,
        subnet: Option<&str>,
        timeout: Option<Seconds>,
    ) -> PyResult<Py<PyAny>> {
        let query = ip_query(v6, mac, subnet)?;
        of_either!(self, guest => self.way.run(py, guest.wait_for_ip(query), Options::new(None, timeout), record))
    }

    /// Its snapshots, the present state (`current`) left out.
    fn snapshots(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        of_either!(self, guest => self.way.run(py, guest.snapshots(), Options::default(), rows))
    }

    /// Makes a snapshot; with `vmstate` the memory as well.
    #[pyo3(signature = (name, *, description=None, vmstate=false, force=None, timeout=None))]
    fn snapshot(
        &self,
        py: Python<'_>,
        name: &str,
        description: Option<String>,
        vmstate: bool,
        force: Option<GuestId>,
        timeout: Option<Seconds>,
    ) -> PyResult<Py<PyAny>> {
        let options =
            description.into_iter().fold(SnapshotOptions::named(name), SnapshotOptions::description);
        let options = if vmstate { options.vmstate() } else { options };
        of_either!(self, guest => self.work(py, guest.snapshot(options), true, Options::new(force, timeout)))
    }

    /// Goes back to a snapshot: what has come since is lost.
    #[pyo3(signature = (name, *, force=None, timeout=None))]
    fn rollback(
        &self,
        py: Python<'_>,
        name: &str,
        force: Option<GuestId>,
        timeout: Option<Seconds>,
    ) -> PyResult<Py<PyAny>> {
        of_either!(self, guest => self.work(py, guest.rollback(name), true, Options::new(force, timeout)))
    }

    /// Deletes a snapshot.
    #[pyo3(signature = (name, *, force=None, timeout=None))]
    fn delete_snapshot(
        &self,
        py: Python<'_>,
        name: &str,
        force: Option<GuestId>,
        timeout: Option<Seconds>,
    ) -> PyResult<Py<PyAny>> {
        of_either!(self, guest => self.work(py, guest.delete_snapshot(name), true, Options::new(force, timeout)))
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        let this = slf.get();
        Ok(format!("<{} {} on {}>", slf.get_type().name()?, this.vmid, this.node))
    }
}

/// An address as cloud-init takes it: PVE's own line, `ip=dhcp` or `ip=10.0.0.5/24,gw=10.0.0.1`.
pub(super) fn ip_config(line: &str) -> PyResult<IpConfig> {
    IpConfig::parse(line).or_raise()
}
