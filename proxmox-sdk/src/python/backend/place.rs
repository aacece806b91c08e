//! A place where instances live.

use std::sync::Arc;
use std::time::Duration;

use proxmox_core::backend::{self as core, InstanceId, InstanceType as Size, RegionKind};
use proxmox_core::guest::Exec;
use proxmox_core::{Error, Result};
use pyo3::prelude::*;
use pyo3::types::{PyList, PyType};

use super::events::Events;
use super::over;
use super::regions::Regions;
use super::spec::{ImageArgs, More, SizeArgs, spec};
use super::values::{Capacity, Instance, InstanceType};
use crate::python::args::{Bytes, Number, Seconds, bytes, named};
use crate::python::enums;
use crate::python::error::{OrRaise, word};
use crate::python::policy::Policy;
use crate::python::records::{record, records};
use crate::python::secret::SecretArg;
use crate::python::to_python::plain;
use crate::python::watch::InstanceWatchBase;
use crate::python::way::{Handle, Mode, Way, contexts, faces, none};

/// How long an instance may take to shut down, when nobody says.
const PATIENCE: Duration = Duration::from_secs(180);

/// A backend, and the region that it was opened as.
#[derive(Clone)]
pub(crate) struct Place {
    name: String,
    region: Arc<core::Region>,
    backend: Arc<dyn core::Backend>,
}

/// What is known of a place even when it is closed.
pub(crate) struct About {
    name: String,
    endpoint: String,
    kind: RegionKind,
    region: Arc<core::Region>,
}

impl Handle for Place {
    type About = About;
    const NAME: &'static str = "the backend";
    fn about(&self) -> About {
        let (info, region) = (self.backend.info(), Arc::clone(&self.region));
        About { name: self.name.clone(), endpoint: info.endpoint, kind: info.kind, region }
    }
    fn endpoint(about: &About) -> &str {
        &about.endpoint
    }
}

#[pyclass(frozen, subclass, module = "proxmox_sdk")]
pub(crate) struct BackendBase {
    way: Way<Place>,
}

faces! {
    /// A place where instances live: a Proxmox VE cluster, one node of it, or a libvirt host. An instance is named by its `id`: the VMID
    /// on Proxmox VE, which is given again to others, the UUID of its domain on libvirt. Use it as a context manager, or `close` it.
    Backend, AsyncBackend: BackendBase
}

contexts! { Backend, AsyncBackend }

impl BackendBase {
    /// Asks the backend.
    fn ask<T: Send + 'static, F: Future<Output = Result<T>> + Send + 'static>(
        &self,
        py: Python<'_>,
        ask: impl FnOnce(Arc<dyn core::Backend>) -> F,
        finish: impl FnOnce(Python<'_>, T) -> PyResult<Py<PyAny>> + Send + 'static,
    ) -> PyResult<Py<PyAny>> {
        self.way.flow(py, ask(self.way.handle()?.backend), finish)
    }

    fn size(&self, size: SizeArgs<'_>) -> PyResult<Size> {
        size.of(&self.way.about().region)
    }
}

#[pymethods]
impl BackendBase {
    /// Opens the region of this name, or one node of a cluster: `eu`, or `eu-pve2`. A libvirt host is connected to; of a cluster
    /// nothing is asked yet. Under `policy` instead of the usual one.
    ///
    /// Raises `NotFoundError` for a name of neither, `RefusedError` for a region that is switched off, `InvalidInputError` for a secret
    /// that is not where the region says, and what connecting to a libvirt host raises. All name the region.
    #[classmethod]
    #[pyo3(signature = (regions, name, *, policy=None))]
    fn open(
        class: &Bound<'_, PyType>,
        regions: &Regions,
        name: String,
        policy: Option<&Policy>,
    ) -> PyResult<Py<PyAny>> {
        let policy = policy.map(|policy| policy.0.clone()).unwrap_or_default();
        let (mode, regions) = (Mode::of::<AsyncBackend>(class)?, regions.0.clone());
        let flow = async move {
            let backend = Arc::from(crate::regions::open_under(&regions, &name, policy).await?);
            let region = Arc::new(regions.get(&name)?.clone());
            Ok::<_, Error>(Place { name, region, backend })
        };
        mode.flow(class.py(), flow, move |py, place| {
            Self::face(py, PyClassInitializer::from(Self { way: Way::new(place, mode) }), mode)
        })
    }

    /// The region of this name, or one node of a cluster, over a `Client` or a `LibvirtHost` of one's own: how it is reached, and the policy,
    /// are those of that. Of the region count the name, the sizes, and where disks and cards go. Nothing is asked.
    #[classmethod]
    #[pyo3(signature = (handle, regions, name))]
    fn over(
        class: &Bound<'_, PyType>,
        handle: &Bound<'_, PyAny>,
        regions: &Regions,
        name: String,
    ) -> PyResult<Py<PyAny>> {
        let (mode, region) = (Mode::of::<AsyncBackend>(class)?, regions.0.get(&name).or_raise()?);
        let backend = over::backend(handle, region, &name)?;
        let place = Place { name, region: Arc::new(region.clone()), backend };
        Self::face(class.py(), PyClassInitializer::from(Self { way: Way::new(place, mode) }), mode)
    }

    /// The name of the region, or of the node of it.
    #[getter]
    fn name(&self) -> &str {
        &self.way.about().name
    }

    /// What it is.
    #[getter]
    fn kind<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        enums::member(py, "RegionKind", &word(self.way.about().kind))
    }

    /// Where it leads. Never holds a secret.
    #[getter]
    fn endpoint(&self) -> &str {
        &self.way.about().endpoint
    }

    /// The sizes that the region offers.
    #[getter]
    fn instance_types(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let types = &self.way.about().region.common().instance_types;
        records(py, types.iter().map(InstanceType::from))
    }

    /// All instances, by name: those that are not managed too.
    fn instances(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.ask(
            py,
            |place| async move { place.list().await },
            |py, all| records(py, all.into_iter().map(Instance::from)),
        )
    }

    /// One instance. Raises `NotFoundError`.
    fn get(&self, py: Python<'_>, id: String) -> PyResult<Py<PyAny>> {
        let id = InstanceId::new(id);
        self.ask(py, |place| async move { place.get(&id).await }, |py, one| record(py, Instance::from(one)))
    }

    /// Makes an instance of an image, with cloud-init, and starts it. It is managed from its first moment.
    ///
    /// It is as large as a `size` that the region offers, or as `vcpus`, `memory` and `disk` say, in bytes and whole MiB. It is made of a
    /// `volume` (`storage:import/debian-12.qcow2` of Proxmox VE, `pool/volume` of libvirt), of a `url` with its `checksum`
    /// (`sha256:...`), or of a `template` of Proxmox VE. Its card is plugged into a `network` or a `bridge`, else into what the region
    /// says.
    ///
    /// Raises `AlreadyExistsError` when another instance has the name. What a failed creation has made is removed.
    #[pyo3(signature = (name, *, size=None, vcpus=None, memory=None, disk=None, volume=None, url=None, checksum=None, template=None,
        network=None, bridge=None, user_data=None, tags=Vec::new()))]
    fn create(
        &self,
        py: Python<'_>,
        name: String,
        size: Option<&str>,
        vcpus: Option<Number<u32>>,
        memory: Option<Bytes>,
        disk: Option<Bytes>,
        volume: Option<String>,
        url: Option<String>,
        checksum: Option<String>,
        template: Option<String>,
        network: Option<String>,
        bridge: Option<String>,
        user_data: Option<SecretArg>,
        tags: Vec<String>,
    ) -> PyResult<Py<PyAny>> {
        let size = self.size(SizeArgs { size, vcpus: named("vcpus", vcpus)?, memory, disk })?;
        let image = ImageArgs { volume, url, checksum, template };
        let spec = spec(name, size, More { image, network, bridge, user_data, tags })?;
        self.ask(
            py,
            |place| async move { place.create(&spec).await },
            |py, made| record(py, Instance::from(made)),
        )
    }

    /// Starts it. One that runs is left alone.
    fn start(&self, py: Python<'_>, id: String) -> PyResult<Py<PyAny>> {
        let id = InstanceId::new(id);
        self.ask(py, |place| async move { place.start(&id).await }, none)
    }

    /// Asks its system to shut down, and stops it when it has not within `guest_timeout` seconds, 180 by default. One that is off is
    /// left alone.
    #[pyo3(signature = (id, *, guest_timeout=None))]
    fn shutdown(&self, py: Python<'_>, id: String, guest_timeout: Option<Seconds>) -> PyResult<Py<PyAny>> {
        let (id, patience) = (InstanceId::new(id), guest_timeout.map_or(PATIENCE, |limit| limit.0));
        self.ask(py, |place| async move { place.shutdown(&id, patience).await }, none)
    }

    /// Stops it at once, as by its power switch. One that is off is left alone.
    fn stop(&self, py: Python<'_>, id: String) -> PyResult<Py<PyAny>> {
        let id = InstanceId::new(id);
        self.ask(py, |place| async move { place.stop(&id).await }, none)
    }

    /// Deletes it with its disks, stopping it first. True when there was something to delete. What is deleted is what has the id now:
    /// on Proxmox VE a kept number may be another machine's meanwhile.
    fn delete(&self, py: Python<'_>, id: String) -> PyResult<Py<PyAny>> {
        let id = InstanceId::new(id);
        self.ask(py, |place| async move { place.delete(&id).await }, |py, was| Ok(plain(py, &was)?.unbind()))
    }

    /// Sets its tags. The managed tag stays.
    fn set_tags(&self, py: Python<'_>, id: String, tags: Vec<String>) -> PyResult<Py<PyAny>> {
        let id = InstanceId::new(id);
        self.ask(py, |place| async move { place.set_tags(&id, &tags).await }, none)
    }

    /// Runs a program in it, through its guest agent and without a shell, and waits for its end. A program that fails is a result, not
    /// an exception. `input` is what it reads.
    #[pyo3(signature = (id, argv, *, input=None))]
    fn exec(
        &self,
        py: Python<'_>,
        id: String,
        argv: Vec<String>,
        input: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        let exec = Exec::new(argv);
        let exec = match input {
            Some(input) => exec.input(bytes(input)?),
            None => exec,
        };
        let id = InstanceId::new(id);
        self.ask(py, |place| async move { place.exec(&id, exec).await }, record)
    }

    /// Its usable addresses, as far as they are known now: none of one that is off.
    fn ips(&self, py: Python<'_>, id: String) -> PyResult<Py<PyAny>> {
        let id = InstanceId::new(id);
        self.ask(
            py,
            |place| async move { place.ips(&id).await },
            |py, all| {
                let texts = all.iter().map(ToString::to_string);
                Ok(PyList::new(py, texts.collect::<Vec<_>>())?.into_any().unbind())
            },
        )
    }

    /// What there is, and what is promised and used of it. Sizes are bytes.
    fn capacity(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.ask(
            py,
            |place| async move { place.capacity().await },
            |py, told| record(py, Capacity::from(told)),
        )
    }

    /// Whether one more has room: of a `size` that the region offers, or as `vcpus`, `memory` and `disk` say, in bytes.
    #[pyo3(signature = (*, size=None, vcpus=None, memory=None, disk=None))]
    fn fit(
        &self,
        py: Python<'_>,
        size: Option<&str>,
        vcpus: Option<Number<u32>>,
        memory: Option<Bytes>,
        disk: Option<Bytes>,
    ) -> PyResult<Py<PyAny>> {
        let size = self.size(SizeArgs { size, vcpus: named("vcpus", vcpus)?, memory, disk })?;
        self.ask(
            py,
            |place| async move { Ok(place.capacity().await?.fit(&size)) },
            |py, fit| Ok(enums::member(py, "Fit", &word(fit))?.unbind()),
        )
    }

    /// What becomes of its instances, as events: an iterator, or an async iterator. The first has all of them.
    fn watch(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let events = Events::of(self.way.handle()?.backend);
        InstanceWatchBase::over(py, self.way.clone(), events)
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
        let (class, about) = (slf.get_type().name()?, slf.get().way.about());
        let closed = if slf.get().way.is_closed() { ", closed" } else { "" };
        Ok(format!("<{class} {} at {}{closed}>", about.name, about.endpoint))
    }
}
