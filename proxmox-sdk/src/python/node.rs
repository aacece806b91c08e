//! A node: its state, lists, storages, tasks, and new guests on it.

use proxmox_core::node::{Checksum, Download, FileKind, Upload};
use proxmox_core::telemetry::Timeframe;
use proxmox_core::{GuestKind, NodeName, StorageId, VolId};
use proxmox_lxc::LxcNode;
use proxmox_qemu::QemuNode;
use pyo3::prelude::*;
use pyo3::types::{PyAny, PyBytes, PyMapping, PyString};

use super::args::{Arg, Bytes, GuestId, Number, Seconds, named};
use super::create;
use super::error::OrRaise;
use super::guest::GuestBase;
use super::records::{record, records};
use super::rows::{boxed, rows, warn};
use super::secret::SecretArg;
use super::way::{Options, Way, faces};

#[pyclass(frozen, subclass, module = "proxmox_sdk")]
pub(crate) struct NodeBase {
    pub(super) way: Way,
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

    /// Its past, the oldest first: averages over an `hour`, `day`, `week`, `month` or `year`. Rates are bytes per second; a time of which
    /// nothing is known has no figures.
    #[pyo3(signature = (timeframe=Arg(Timeframe::Hour)))]
    fn history(&self, py: Python<'_>, timeframe: Arg<Timeframe>) -> PyResult<Py<PyAny>> {
        self.way.run(py, self.node()?.history(timeframe.0), Options::default(), rows)
    }

    /// The past of one of its storages, the oldest first.
    #[pyo3(signature = (storage, timeframe=Arg(Timeframe::Hour)))]
    fn storage_history(
        &self,
        py: Python<'_>,
        storage: Arg<StorageId>,
        timeframe: Arg<Timeframe>,
    ) -> PyResult<Py<PyAny>> {
        self.way.run(py, self.node()?.storage_history(&storage.0, timeframe.0), Options::default(), rows)
    }

    /// Which PVE it runs.
    fn version(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.way.run(py, self.node()?.version(), Options::default(), record)
    }

    /// Its VMs, with state and telemetry.
    fn vms(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.way.run(py, boxed(self.node()?.vms().list()), Options::default(), rows)
    }

    /// Its containers, with state and telemetry.
    fn containers(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.way.run(py, boxed(self.node()?.containers().list()), Options::default(), rows)
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

    /// Puts a file onto a storage and gives its volid. `kind` is `iso`, `vztmpl` or `import`, `checksum` such as `sha256:...`. A file of
    /// that name is replaced by PVE without a word.
    #[pyo3(signature = (storage, name, content, *, kind=Arg(FileKind::Iso), checksum=None, timeout=None))]
    fn upload(
        &self,
        py: Python<'_>,
        storage: Arg<StorageId>,
        name: &str,
        content: &Bound<'_, PyBytes>,
        kind: Arg<FileKind>,
        checksum: Option<&str>,
        timeout: Option<Seconds>,
    ) -> PyResult<Py<PyAny>> {
        let mut upload = Upload::new(kind.0, name, content.as_bytes().to_vec());
        if let Some(sum) = checksum {
            upload = upload.checksum(Checksum::parse(sum).or_raise()?);
        }
        self.way.run(py, self.node()?.upload(&storage.0, upload), Options::new(None, timeout), volid)
    }

    /// Lets the node itself fetch a file onto a storage, and gives its volid. With a `checksum` a file of that name that is this
    /// already is left as it is.
    #[pyo3(signature = (storage, name, url, *, kind=Arg(FileKind::Iso), checksum=None, timeout=None, on_progress=None))]
    fn download(
        &self,
        py: Python<'_>,
        storage: Arg<StorageId>,
        name: &str,
        url: &str,
        kind: Arg<FileKind>,
        checksum: Option<&str>,
        timeout: Option<Seconds>,
        on_progress: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        let mut download = Download::new(kind.0, name, url);
        if let Some(sum) = checksum {
            download = download.checksum(Checksum::parse(sum).or_raise()?);
        }
        let options = Options::new(None, timeout).telling(on_progress)?;
        self.way.run(py, self.node()?.download(&storage.0, download), options, volid)
    }

    /// Deletes a volume. One that is not there is fine, too; one that may be a guest's, or a backup, is refused.
    #[pyo3(signature = (volid, *, force=None, timeout=None))]
    fn delete_volume(
        &self,
        py: Python<'_>,
        volid: Arg<VolId>,
        force: Option<GuestId>,
        timeout: Option<Seconds>,
    ) -> PyResult<Py<PyAny>> {
        self.way.run(py, self.node()?.delete_volume(&volid.0), Options::new(force, timeout), record)
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
    #[pyo3(signature = (*, limit=Number(Ok(50))))]
    fn tasks(&self, py: Python<'_>, limit: Number<u32>) -> PyResult<Py<PyAny>> {
        self.way.run(py, self.node()?.tasks(limit.named("limit")?), Options::default(), rows)
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
        cores: Option<Number<u32>>,
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
        let cores = named("cores", cores)?;
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
        cores: Option<Number<u32>>,
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
        let cores = named("cores", cores)?;
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

/// A volid is text in Python.
fn volid(py: Python<'_>, volid: VolId) -> PyResult<Py<PyAny>> {
    Ok(PyString::new(py, volid.as_str()).into_any().unbind())
}
