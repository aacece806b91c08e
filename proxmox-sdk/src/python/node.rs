//! A node: its state, lists, storages, tasks, and new guests on it.

use proxmox_core::{GuestKind, NodeName, StorageId};
use proxmox_lxc::LxcNode;
use proxmox_qemu::QemuNode;
use pyo3::prelude::*;
use pyo3::types::{PyAny, PyMapping};

use super::args::{Arg, Bytes, GuestId, Seconds};
use super::create;
use super::error::OrRaise;
use super::guest::GuestBase;
use super::records::{record, records};
use super::rows::{rows, warn};
use super::secret::SecretArg;
use super::way::{Options, Way, faces};

#[pyclass(frozen, subclass, module = "proxmox_sdk")]
pub(crate) struct NodeBase {
    way: Way,
    name: NodeName,
}

faces! {
    /// A node of the cluster.
    Node, AsyncNode: NodeBase
}

impl NodeBase {
    pub(crate) fn over(py: Python<'_>, way: Way, name: NodeName) -> PyResult<Py<PyAny>> {
        let mode = way.mode;
        Self::face(py, PyClassInitializer::from(Self { way, name }), mode)
    }

    fn node(&self) -> PyResult<proxmox_core::Node> {
        self.way.pve()?.node(self.name.clone()).or_raise()
    }
}

#[pymethods]
impl NodeBase {
    /// Its name.
    #[getter]
    fn name(&self) -> &str {
        self.name.as_str()
    }

    /// Load, memory, versions.
    fn status(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.way.run(py, self.node()?.status(), Options::default(), record)
    }

    /// All that is to be told of it at this moment: status, disks, storages; with `backups` also when each guest was last backed up.
    #[pyo3(signature = (*, backups=false))]
    fn telemetry(&self, py: Python<'_>, backups: bool) -> PyResult<Py<PyAny>> {
        let call = self.node()?.telemetry();
        let call = if backups { call.with_backups() } else { call };
        self.way.run(py, call, Options::default(), record)
    }

    /// Which PVE it runs.
    fn version(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.way.run(py, self.node()?.version(), Options::default(), record)
    }

    /// Its VMs, with state and telemetry.
    fn vms(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.way.run(py, self.node()?.vms().list(), Options::default(), rows)
    }

    /// Its containers, with state and telemetry.
    fn containers(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.way.run(py, self.node()?.containers().list(), Options::default(), rows)
    }

    /// Its storages and how full they are.
    fn storages(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.way.run(py, self.node()?.storages(), Options::default(), rows)
    }

    /// The volumes of a storage; with `kind` only `images`, `iso`, `vztmpl`, `backup` ...
    #[pyo3(signature = (storage, *, kind=None))]
    fn content(&self, py: Python<'_>, storage: Arg<StorageId>, kind: Option<&str>) -> PyResult<Py<PyAny>> {
        self.way.run(py, self.node()?.content(&storage.0, kind), Options::default(), rows)
    }

    /// Its network interfaces.
    fn interfaces(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.way.run(py, self.node()?.interfaces(), Options::default(), rows)
    }

    /// Its bridges.
    fn bridges(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.way.run(py, self.node()?.bridges(), Options::default(), rows)
    }

    /// Its physical disks.
    fn disks(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.way.run(py, self.node()?.disks(), Options::default(), |py, found| {
            for complaint in found.disks.complaints("the disks") {
                warn(py, &complaint)?;
            }
            if let Some(note) = &found.note {
                warn(py, note)?;
            }
            records(py, found.disks.into_vec())
        })
    }

    /// Its latest tasks, the newest first.
    #[pyo3(signature = (*, limit=50))]
    fn tasks(&self, py: Python<'_>, limit: u32) -> PyResult<Py<PyAny>> {
        self.way.run(py, self.node()?.tasks(limit), Options::default(), rows)
    }

    /// The handle of a VM on it. Nothing is asked.
    fn vm(&self, py: Python<'_>, vmid: GuestId) -> PyResult<Py<PyAny>> {
        GuestBase::over(py, self.way.clone(), GuestKind::Qemu, self.name.clone(), vmid.0)
    }

    /// The handle of a container on it. Nothing is asked.
    fn container(&self, py: Python<'_>, vmid: GuestId) -> PyResult<Py<PyAny>> {
        GuestBase::over(py, self.way.clone(), GuestKind::Lxc, self.name.clone(), vmid.0)
    }

    /// Creates a VM and gives its handle. Sizes are bytes: `disks={"scsi0": ("local-lvm", 8 * GIB)}`; `nets` are PVE's own lines,
    /// such as `virtio,bridge=vmbr0`. Without `vmid` the next free number is taken.
    #[pyo3(signature = (name, *, vmid=None, cores=None, memory=None, disks=None, nets=Vec::new(), cloud_init_drive=None,
        agent=false, tags=Vec::new(), pool=None, onboot=false, start=false, params=None, timeout=None))]
    fn create_vm(
        &self,
        py: Python<'_>,
        name: &str,
        vmid: Option<GuestId>,
        cores: Option<u32>,
        memory: Option<Bytes>,
        disks: Option<&Bound<'_, PyMapping>>,
        nets: Vec<String>,
        cloud_init_drive: Option<(String, String)>,
        agent: bool,
        tags: Vec<String>,
        pool: Option<&str>,
        onboot: bool,
        start: bool,
        params: Option<&Bound<'_, PyMapping>>,
        timeout: Option<Seconds>,
    ) -> PyResult<Py<PyAny>> {
        let common = create::Common { cores, memory, tags: &tags, pool, onboot, start, params };
        let spec = create::vm(name, &common, disks, &nets, cloud_init_drive, agent)?;
        let call = self.node()?.vms().create(create::newid(vmid), spec);
        let way = self.way.clone();
        self.way.run(py, call, Options::new(None, timeout), move |py, vm| {
            GuestBase::over(py, way, GuestKind::Qemu, vm.node().clone(), vm.vmid())
        })
    }

    /// Creates a container from a template file, such as `local:vztmpl/debian-12-standard_12.7-1_amd64.tar.zst`, and gives its
    /// handle. Sizes are bytes: `rootfs=("local-lvm", 4 * GIB)`.
    #[pyo3(signature = (hostname, *, template, vmid=None, rootfs=None, cores=None, memory=None, swap=None, nets=Vec::new(),
        ssh_keys=Vec::new(), password=None, nesting=false, privileged=false, tags=Vec::new(), pool=None, onboot=false,
        start=false, params=None, timeout=None))]
    fn create_container(
        &self,
        py: Python<'_>,
        hostname: &str,
        template: &str,
        vmid: Option<GuestId>,
        rootfs: Option<(String, Bytes)>,
        cores: Option<u32>,
        memory: Option<Bytes>,
        swap: Option<Bytes>,
        nets: Vec<String>,
        ssh_keys: Vec<String>,
        password: Option<SecretArg>,
        nesting: bool,
        privileged: bool,
        tags: Vec<String>,
        pool: Option<&str>,
        onboot: bool,
        start: bool,
        params: Option<&Bound<'_, PyMapping>>,
        timeout: Option<Seconds>,
    ) -> PyResult<Py<PyAny>> {
        let common = create::Common { cores, memory, tags: &tags, pool, onboot, start, params };
        let own = create::OfContainer {
            rootfs,
            swap,
            nets: &nets,
            ssh_keys: &ssh_keys,
            password,
            nesting,
            privileged,
        };
        let spec = create::container(hostname, template, &common, own)?;
        let call = self.node()?.containers().create(create::newid(vmid), spec);
        let way = self.way.clone();
        self.way.run(py, call, Options::new(None, timeout), move |py, ct| {
            GuestBase::over(py, way, GuestKind::Lxc, ct.node().clone(), ct.vmid())
        })
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        Ok(format!("<{} {}>", slf.get_type().name()?, slf.get().name))
    }
}
