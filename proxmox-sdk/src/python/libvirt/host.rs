//! A libvirt host.

use std::path::PathBuf;

use libvirt_driver::rpc::Uuid;
use libvirt_driver::{Checksum, Groups, Host, VirtInstall};
use pyo3::prelude::*;
use pyo3::types::PyType;

use super::connect::{self, Options};
use super::create::{Around, ImageArgs, Machine, new_domain};
use super::domain::DomainBase;
use super::values::{DomainOverview, DomainUsage, HostCapacity, PoolCapacity};
use crate::python::args::{Arg, Bytes, Number, Seconds, named};
use crate::python::error::{OrRaise, invalid};
use crate::python::policy::Policy;
use crate::python::records::{record, records};
use crate::python::secret::SecretArg;
use crate::python::to_python::plain;
use crate::python::way::{Handle, Mode, Way, contexts, faces};

/// What is known of a host even when it is closed.
pub(crate) struct About {
    pub(super) name: String,
    uri: String,
    policy: proxmox_core::Policy,
}

impl Handle for Host {
    type About = About;
    const NAME: &'static str = "the host";
    fn about(&self) -> About {
        let (name, uri) = (self.name().to_owned(), self.connection().uri().to_string());
        About { name, uri, policy: self.policy().clone() }
    }
    fn endpoint(about: &About) -> &str {
        &about.uri
    }
}

#[pyclass(frozen, subclass, module = "proxmox_sdk")]
pub(crate) struct HostBase {
    pub(crate) way: Way<Host>,
}

faces! {
    /// A plain libvirt host, over libvirt's own protocol: `LibvirtHost.open("qemu+ssh://root@lab1/system")`. Use it as a context
    /// manager, or `close` it.
    LibvirtHost, AsyncLibvirtHost: HostBase
}

contexts! { LibvirtHost, AsyncLibvirtHost }

/// The groups of figures that have these names; all of them when none is named.
pub(super) fn groups(names: &[String]) -> PyResult<Groups> {
    if names.is_empty() {
        return Ok(Groups::ALL);
    }
    names.iter().try_fold(Groups::STATE, |all, name| {
        Ok(all.and(match name.as_str() {
            "state" => Groups::STATE,
            "cpu" => Groups::CPU,
            "memory" => Groups::MEMORY,
            "network" => Groups::NETWORK,
            "disks" => Groups::DISKS,
            _ => {
                let text = format!("{name:?} is no group of figures: state, cpu, memory, network, disks");
                return Err(invalid("groups", text));
            }
        }))
    })
}

#[pymethods]
impl HostBase {
    /// Connects to a host, by a URI as libvirt's own users write it: `qemu:///system`, `qemu+ssh://root@lab1/system?keyfile=...`.
    ///
    /// `wire` is `rpc` (libvirt's protocol), `virsh` (run on the host for each call) or `auto`, the first that works. `jumps` are
    /// bastions, the first one first; `ssh_config` is a file such as `~/.ssh/config`, which is not read by itself. `connect_timeout`
    /// is seconds for each step, 10 by default. Without `reconnect` a lost connection is not made again. `policy` is what may be done
    /// to domains.
    ///
    /// Raises `InvalidInputError` for what is no such URI, `ConnectError` when no way leads to a daemon, `TlsError` and
    /// `UnauthenticatedError` when ssh does not trust or is not let in.
    #[classmethod]
    #[pyo3(signature = (uri, *, wire="auto", jumps=Vec::new(), ssh_config=None, connect_timeout=None, reconnect=true, policy=None))]
    fn open(
        class: &Bound<'_, PyType>,
        uri: &str,
        wire: &str,
        jumps: Vec<String>,
        ssh_config: Option<PathBuf>,
        connect_timeout: Option<Seconds>,
        reconnect: bool,
        policy: Option<&Policy>,
    ) -> PyResult<Py<PyAny>> {
        let policy = policy.map(|policy| policy.0.clone()).unwrap_or_default();
        let options = Options { jumps, ssh_config, connect_timeout, wire, reconnect, policy };
        let mode = Mode::of::<AsyncLibvirtHost>(class)?;
        mode.flow(class.py(), connect::open(uri, options)?, move |py, host| {
            Self::face(py, PyClassInitializer::from(Self { way: Way::new(host, mode) }), mode)
        })
    }

    /// What the host calls itself.
    #[getter]
    fn name(&self) -> &str {
        &self.way.about().name
    }

    /// Where it was reached.
    #[getter]
    fn uri(&self) -> &str {
        &self.way.about().uri
    }

    /// The policy in force.
    #[getter]
    fn policy(&self) -> Policy {
        Policy(self.way.about().policy.clone())
    }

    /// What carries the calls at present, such as `socket /run/libvirt/libvirt-sock` or `virsh over ssh`.
    fn transport(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let host = self.way.handle()?;
        self.way.flow(py, async move { Ok(host.connection().way().await) }, |py, way| {
            Ok(plain(py, &way)?.unbind())
        })
    }

    /// All domains, running or not, managed or not, by name. One that cannot be read is there with its `trouble`.
    fn domains(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let host = self.way.handle()?;
        self.way.flow(py, async move { host.list().await }, |py, all| {
            records(py, all.into_iter().map(DomainOverview::from))
        })
    }

    /// The handle of the domain with this name, running or not. Raises `NotFoundError`.
    fn domain(&self, py: Python<'_>, name: String) -> PyResult<Py<PyAny>> {
        let (host, way) = (self.way.handle()?, self.way.clone());
        self.way.flow(py, async move { host.domain(&name).await }, |py, domain| {
            DomainBase::over(py, way, &domain)
        })
    }

    /// The handle of the domain with this UUID. Raises `NotFoundError`.
    fn domain_by_uuid(&self, py: Python<'_>, uuid: Arg<Uuid>) -> PyResult<Py<PyAny>> {
        let (host, way) = (self.way.handle()?, self.way.clone());
        self.way.flow(py, async move { host.domain_by_uuid(uuid.0).await }, |py, domain| {
            DomainBase::over(py, way, &domain)
        })
    }

    /// The handles of all domains that carry this tag.
    fn tagged(&self, py: Python<'_>, tag: String) -> PyResult<Py<PyAny>> {
        let (host, way) = (self.way.handle()?, self.way.clone());
        self.way.flow(py, async move { host.tagged(&tag).await }, move |py, all| {
            let handles = all.iter().map(|domain| DomainBase::over(py, way.clone(), domain));
            Ok(handles.collect::<PyResult<Vec<_>>>()?.into_pyobject(py)?.into_any().unbind())
        })
    }

    /// What all domains use, in one call, by name. `groups` are `state`, `cpu`, `memory`, `network`, `disks`: ask for what is shown only,
    /// without any it is all of them. Counters begin with a domain's start; sizes are bytes, `cpu_time` is seconds.
    #[pyo3(signature = (*groups))]
    fn usage(&self, py: Python<'_>, groups: Vec<String>) -> PyResult<Py<PyAny>> {
        let (host, groups) = (self.way.handle()?, self::groups(&groups)?);
        self.way.flow(py, async move { host.usage(groups).await }, |py, all| {
            records(py, all.into_iter().map(DomainUsage::from))
        })
    }

    /// What the host has, and what is promised to its domains. Sizes are bytes, `cpu` is the busy part of all CPUs, 0 to 1.
    fn capacity(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let host = self.way.handle()?;
        self.way
            .flow(py, async move { host.capacity().await }, |py, told| record(py, HostCapacity::from(told)))
    }

    /// The storage pools, by name. Sizes are bytes.
    fn pools(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let host = self.way.handle()?;
        self.way.flow(py, async move { host.pools().await }, |py, all| {
            records(py, all.into_iter().map(PoolCapacity::from))
        })
    }

    /// Sees that a pool has this image, and gives the volume that it is, as `POOL/VOLUME`: one that is there is not fetched again. An
    /// image is a `url` of the web or a `file` of this machine, with a `checksum` (`sha256:...` or `sha512:...`), or a `volume`
    /// (`POOL/VOLUME`).
    ///
    /// Raises `InvalidInputError` for what is no image, is based on other files, or has another sum.
    #[pyo3(signature = (pool, *, volume=None, url=None, file=None, checksum=None))]
    fn ensure_image(
        &self,
        py: Python<'_>,
        pool: String,
        volume: Option<String>,
        url: Option<String>,
        file: Option<String>,
        checksum: Option<Arg<Checksum>>,
    ) -> PyResult<Py<PyAny>> {
        let Some(image) = (ImageArgs { volume, url, file, checksum }).image()? else {
            return Err(invalid("image", "image: give one of volume, url and file"));
        };
        let host = self.way.handle()?;
        self.way.flow(py, async move { host.ensure_image(&pool, &image).await }, |py, volume| {
            Ok(plain(py, &format!("{}/{}", volume.pool, volume.name))?.unbind())
        })
    }

    /// Makes a domain and gives its handle: fetches its image where it is not there yet, makes its disk and its seed, defines it with
    /// the managed tag, and starts it. What a failure has left is removed.
    ///
    /// Its disk begins as a `volume` of the host (`POOL/VOLUME`), or as a `url` of the web or a `file` of this machine with a `checksum`
    /// (`sha256:...`). `memory` and `disk` are bytes; a disk is never smaller than its image. With `overlay` it holds only what differs
    /// from the image. Each of `networks` and `bridges` is a card. `user_data` and `network_config` are for cloud-init; without any seed
    /// cloud-init may look for one on the network for minutes: `"#cloud-config\n"` is one. `virt_type` is `kvm`, or `qemu` where
    /// there is none. `cpu` is `host-passthrough`, `host-model`, `maximum` or a model.
    ///
    /// Raises `AlreadyExistsError` for a name that is taken, `NotFoundError` for a pool, network, volume or address that there is not,
    /// `WrongStateError` for a pool or network that is not started and a pool that is full.
    #[pyo3(signature = (name, *, memory, vcpus=Number(Ok(1)), max_memory=None, max_vcpus=None, volume=None, url=None, file=None, checksum=None,
        disk=None, overlay=false, pool="default", networks=Vec::new(), bridges=Vec::new(), user_data=None, network_config=None,
        tags=Vec::new(), title=None, description=None, virt_type="kvm", arch=None, machine=None, cpu=None, uefi=false,
        autostart=false, start=true))]
    fn create(
        &self,
        py: Python<'_>,
        name: &str,
        memory: Bytes,
        vcpus: Number<u32>,
        max_memory: Option<Bytes>,
        max_vcpus: Option<Number<u32>>,
        volume: Option<String>,
        url: Option<String>,
        file: Option<String>,
        checksum: Option<Arg<Checksum>>,
        disk: Option<Bytes>,
        overlay: bool,
        pool: &str,
        networks: Vec<String>,
        bridges: Vec<String>,
        user_data: Option<SecretArg>,
        network_config: Option<SecretArg>,
        tags: Vec<String>,
        title: Option<&str>,
        description: Option<&str>,
        virt_type: &str,
        arch: Option<&str>,
        machine: Option<&str>,
        cpu: Option<&str>,
        uefi: bool,
        autostart: bool,
        start: bool,
    ) -> PyResult<Py<PyAny>> {
        let (networks, bridges) = (&networks[..], &bridges[..]);
        let machine = Machine {
            name,
            memory,
            vcpus: vcpus.named("vcpus")?,
            max_memory,
            max_vcpus: named("max_vcpus", max_vcpus)?,
            networks,
            bridges,
            title,
            description,
            virt_type,
            arch,
            machine,
            cpu,
            uefi,
        };
        let image = ImageArgs { volume, url, file, checksum };
        let around =
            Around { image, disk, overlay, pool, user_data, network_config, tags: &tags, autostart, start };
        let new = new_domain(&machine, around)?;
        let (host, way) = (self.way.handle()?, self.way.clone());
        self.way
            .flow(py, async move { host.create(&new).await }, |py, domain| DomainBase::over(py, way, &domain))
    }

    /// Makes a domain as `virt-install` describes it, which must be installed on the host, and gives its handle. Disks must be there:
    /// none is made, and none is deleted with the domain. The words are seen in the host's list of processes.
    #[pyo3(signature = (words, *, tags=Vec::new(), start=true))]
    fn virt_install(
        &self,
        py: Python<'_>,
        words: Vec<String>,
        tags: Vec<String>,
        start: bool,
    ) -> PyResult<Py<PyAny>> {
        let new = VirtInstall::new(words).tags(tags).or_raise()?;
        let new = if start { new } else { new.stopped() };
        let (host, way) = (self.way.handle()?, self.way.clone());
        self.way.flow(py, async move { host.virt_install(&new).await }, |py, domain| {
            DomainBase::over(py, way, &domain)
        })
    }

    /// Lets go of the connection. Every later call raises `ClosedError`.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        self.way.close(py)
    }

    /// Whether it is closed.
    #[getter]
    fn closed(&self) -> bool {
        self.way.is_closed()
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        let (class, about) = (slf.get_type().name()?, slf.get().way.about());
        let closed = if slf.get().way.is_closed() { ", closed" } else { "" };
        Ok(format!("<{class} {} at {}{closed}>", about.name, about.uri))
    }
}
