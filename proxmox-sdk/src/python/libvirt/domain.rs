//! A domain of a libvirt host.

use std::time::Duration;

use libvirt_driver::rpc::procedures::domain as procedures;
use libvirt_driver::rpc::{DomainRef, Uuid};
use libvirt_driver::xml::SnapshotXml;
use libvirt_driver::{self as driver, Host, Shutdown};
use proxmox_core::Size;
use proxmox_core::guest::Exec;
use pyo3::prelude::*;
use pyo3::types::PyList;

use super::host::groups;
use super::values::{DeletedDomain, DomainOverview, DomainSnapshot, DomainUsage, word};
use crate::python::args::{Bytes, Number, Seconds, bytes, growth, ip_query};
use crate::python::enums;
use crate::python::error::OrRaise;
use crate::python::records::{record, records};
use crate::python::to_python::plain;
use crate::python::way::{Way, faces, none};

/// How long to wait for an address or an agent, when nobody says.
const BOOT: Duration = Duration::from_secs(180);
/// How long a program in the guest may take, when nobody says.
const PROGRAM: Duration = Duration::from_secs(30);

#[pyclass(frozen, subclass, module = "proxmox_sdk")]
pub(crate) struct DomainBase {
    way: Way<Host>,
    name: String,
    uuid: Uuid,
}

faces! {
    /// A domain of a libvirt host, found by its UUID whatever it is called. `force=` names it, to let one call pass the policy.
    Domain, AsyncDomain: DomainBase
}

impl DomainBase {
    pub(super) fn over(py: Python<'_>, way: Way<Host>, domain: &driver::Domain) -> PyResult<Py<PyAny>> {
        let mode = way.mode;
        let base = Self { way, name: domain.name().to_owned(), uuid: domain.uuid() };
        Self::face(py, PyClassInitializer::from(base), mode)
    }

    /// The handle in Rust. It holds the connection, so it lasts for one call.
    fn domain(&self, force: Option<&str>) -> PyResult<driver::Domain> {
        let domain = self.way.handle()?.known_domain(&self.name, self.uuid);
        match force {
            Some(name) => domain.force(name).or_raise(),
            None => Ok(domain),
        }
    }
}

/// A flow over the domain, which gives nothing.
macro_rules! done {
    ($self:ident, $py:ident, $force:ident, |$domain:ident| $flow:expr) => {{
        let $domain = $self.domain($force)?;
        $self.way.flow($py, async move { $flow.await }, none)
    }};
}

#[pymethods]
impl DomainBase {
    /// Its name, as it was when it was found.
    #[getter]
    fn name(&self) -> &str {
        &self.name
    }

    /// What lasts as long as it is defined.
    #[getter]
    fn uuid(&self) -> String {
        self.uuid.to_string()
    }

    /// What it does. Raises `NotFoundError` once it is gone.
    fn state(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let domain = self.domain(None)?;
        self.way.flow(py, async move { domain.state().await }, |py, state| {
            Ok(enums::member(py, "DomainState", &word(state))?.unbind())
        })
    }

    /// It as a list shows it.
    fn overview(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let domain = self.domain(None)?;
        self.way.flow(py, async move { domain.overview().await }, |py, told| {
            record(py, DomainOverview::from(told))
        })
    }

    /// What it uses: see `LibvirtHost.usage`.
    #[pyo3(signature = (*groups))]
    fn usage(&self, py: Python<'_>, groups: Vec<String>) -> PyResult<Py<PyAny>> {
        let (domain, groups) = (self.domain(None)?, self::groups(&groups)?);
        self.way.flow(py, async move { domain.usage(groups).await }, |py, told| {
            record(py, DomainUsage::from(told))
        })
    }

    /// Its document, as libvirt writes it: of a domain that runs as it runs, with `inactive` as it will be after the next start.
    #[pyo3(signature = (*, inactive=false))]
    fn xml(&self, py: Python<'_>, inactive: bool) -> PyResult<Py<PyAny>> {
        let found = DomainRef { name: self.name.clone(), uuid: self.uuid, id: -1 };
        // VIR_DOMAIN_XML_INACTIVE
        let call = procedures::xml(&found, if inactive { 2 } else { 0 });
        let host = self.way.handle()?;
        self.way.flow(py, async move { host.connection().call(call).await }, |py, text| {
            Ok(plain(py, &text)?.unbind())
        })
    }

    /// Starts it; with `paused` its CPUs wait for `resume`. One that runs is left alone.
    #[pyo3(signature = (*, paused=false, force=None))]
    fn start(&self, py: Python<'_>, paused: bool, force: Option<&str>) -> PyResult<Py<PyAny>> {
        let domain = self.domain(force)?;
        let flow = async move { if paused { domain.start_paused().await } else { domain.start().await } };
        self.way.flow(py, flow, none)
    }

    /// Asks its system to shut down and waits until it is off, for `guest_timeout` seconds, 180 by default; with `then_stop` it is
    /// stopped after that. One that is off is left alone. Raises `TimeoutError` when it is still on.
    #[pyo3(signature = (*, guest_timeout=None, then_stop=false, force=None))]
    fn shutdown(
        &self,
        py: Python<'_>,
        guest_timeout: Option<Seconds>,
        then_stop: bool,
        force: Option<&str>,
    ) -> PyResult<Py<PyAny>> {
        let how = guest_timeout.into_iter().fold(Shutdown::new(), |how, limit| how.timeout(limit.0));
        let how = if then_stop { how.then_stop() } else { how };
        done!(self, py, force, |domain| domain.shutdown(how))
    }

    /// Stops it at once, as by its power switch. One that is off is left alone.
    #[pyo3(signature = (*, force=None))]
    fn stop(&self, py: Python<'_>, force: Option<&str>) -> PyResult<Py<PyAny>> {
        done!(self, py, force, |domain| domain.stop())
    }

    /// Asks its system to start anew. Comes back when it has been asked.
    #[pyo3(signature = (*, force=None))]
    fn reboot(&self, py: Python<'_>, force: Option<&str>) -> PyResult<Py<PyAny>> {
        done!(self, py, force, |domain| domain.reboot())
    }

    /// Presses the reset button: its system is not asked.
    #[pyo3(signature = (*, force=None))]
    fn reset(&self, py: Python<'_>, force: Option<&str>) -> PyResult<Py<PyAny>> {
        done!(self, py, force, |domain| domain.reset())
    }

    /// Halts its CPUs. What is in memory stays.
    #[pyo3(signature = (*, force=None))]
    fn suspend(&self, py: Python<'_>, force: Option<&str>) -> PyResult<Py<PyAny>> {
        done!(self, py, force, |domain| domain.suspend())
    }

    /// Lets its CPUs go on. One that runs is left alone.
    #[pyo3(signature = (*, force=None))]
    fn resume(&self, py: Python<'_>, force: Option<&str>) -> PyResult<Py<PyAny>> {
        done!(self, py, force, |domain| domain.resume())
    }

    /// Whether it starts with its host.
    fn autostart(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let domain = self.domain(None)?;
        self.way.flow(py, async move { domain.autostart().await }, |py, on| Ok(plain(py, &on)?.unbind()))
    }

    /// Says whether it starts with its host.
    #[pyo3(signature = (on, *, force=None))]
    fn set_autostart(&self, py: Python<'_>, on: bool, force: Option<&str>) -> PyResult<Py<PyAny>> {
        done!(self, py, force, |domain| domain.set_autostart(on))
    }

    /// Its tags, sorted: all of what runs and of what will run.
    fn tags(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let domain = self.domain(None)?;
        self.way.flow(py, async move { domain.tags().await }, |py, tags| {
            Ok(PyList::new(py, tags.iter())?.into_any().unbind())
        })
    }

    /// Sets its tags. To take the managed one or a protecting one away counts as destruction.
    #[pyo3(signature = (tags, *, force=None))]
    fn set_tags(&self, py: Python<'_>, tags: Vec<String>, force: Option<&str>) -> PyResult<Py<PyAny>> {
        done!(self, py, force, |domain| domain.set_tags(tags))
    }

    /// Adds a tag, and says whether it is new.
    #[pyo3(signature = (tag, *, force=None))]
    fn add_tag(&self, py: Python<'_>, tag: String, force: Option<&str>) -> PyResult<Py<PyAny>> {
        let domain = self.domain(force)?;
        self.way.flow(py, async move { domain.add_tag(&tag).await }, |py, new| Ok(plain(py, &new)?.unbind()))
    }

    /// Takes a tag away, and says whether it was there.
    #[pyo3(signature = (tag, *, force=None))]
    fn remove_tag(&self, py: Python<'_>, tag: String, force: Option<&str>) -> PyResult<Py<PyAny>> {
        let domain = self.domain(force)?;
        self.way
            .flow(py, async move { domain.remove_tag(&tag).await }, |py, was| Ok(plain(py, &was)?.unbind()))
    }

    /// Sets the number of virtual CPUs: of one that runs up to the most it was started with, of one that is off any number.
    #[pyo3(signature = (count, *, force=None))]
    fn set_vcpus(&self, py: Python<'_>, count: Number<u32>, force: Option<&str>) -> PyResult<Py<PyAny>> {
        let count = count.named("count")?;
        done!(self, py, force, |domain| domain.set_vcpus(count))
    }

    /// Sets the memory, in bytes: of one that runs up to the most it was started with, of one that is off any amount.
    #[pyo3(signature = (memory, *, force=None))]
    fn set_memory(&self, py: Python<'_>, memory: Bytes, force: Option<&str>) -> PyResult<Py<PyAny>> {
        done!(self, py, force, |domain| domain.set_memory(memory.size()))
    }

    /// Makes a disk larger, by its target such as `vda`, by or to so many bytes, and gives its new size. The guest's own file systems
    /// stay as they are. Raises `InvalidInputError` for less than the present size.
    #[pyo3(signature = (target, *, by=None, to=None, force=None))]
    fn resize_disk(
        &self,
        py: Python<'_>,
        target: String,
        by: Option<Bytes>,
        to: Option<Bytes>,
        force: Option<&str>,
    ) -> PyResult<Py<PyAny>> {
        let (growth, domain) = (growth(by, to)?, self.domain(force)?);
        self.way.flow(py, async move { domain.resize_disk(&target, growth).await }, |py, size: Size| {
            Ok(plain(py, &size.bytes())?.unbind())
        })
    }

    /// Its snapshots, the oldest first. `created` is seconds since 1970.
    fn snapshots(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let domain = self.domain(None)?;
        self.way.flow(py, async move { domain.snapshots().await }, |py, all| {
            records(py, all.into_iter().map(DomainSnapshot::from))
        })
    }

    /// Makes a snapshot of its disks, which must be qcow2; with `memory` of its memory as well, by default if it runs.
    #[pyo3(signature = (name, *, description=None, memory=None, force=None))]
    fn snapshot(
        &self,
        py: Python<'_>,
        name: &str,
        description: Option<&str>,
        memory: Option<bool>,
        force: Option<&str>,
    ) -> PyResult<Py<PyAny>> {
        let snapshot = SnapshotXml::new(name);
        let snapshot = description.into_iter().fold(snapshot, SnapshotXml::description);
        let snapshot = memory.into_iter().fold(snapshot, SnapshotXml::memory);
        done!(self, py, force, |domain| domain.snapshot(&snapshot))
    }

    /// Goes back to a snapshot: what has come since is lost. Its tags stay as they are now.
    #[pyo3(signature = (name, *, force=None))]
    fn revert(&self, py: Python<'_>, name: String, force: Option<&str>) -> PyResult<Py<PyAny>> {
        done!(self, py, force, |domain| domain.revert(&name))
    }

    /// Deletes a snapshot. The domain stays as it is.
    #[pyo3(signature = (name, *, force=None))]
    fn delete_snapshot(&self, py: Python<'_>, name: String, force: Option<&str>) -> PyResult<Py<PyAny>> {
        done!(self, py, force, |domain| domain.delete_snapshot(&name))
    }

    /// The addresses of its interfaces: from its agent, else from the network's DHCP, else from the host's neighbours. Raises
    /// `WrongStateError` when it is off.
    fn interfaces(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let domain = self.domain(None)?;
        self.way.flow(py, async move { domain.addresses().await }, records)
    }

    /// Waits until it has an address that others can reach, for `timeout` seconds, 180 by default. `mac` and `subnet` choose among
    /// several.
    #[pyo3(signature = (*, v6=false, mac=None, subnet=None, timeout=None))]
    fn wait_for_ip(
        &self,
        py: Python<'_>,
        v6: bool,
        mac: Option<&str>,
        subnet: Option<&str>,
        timeout: Option<Seconds>,
    ) -> PyResult<Py<PyAny>> {
        let (query, domain) = (ip_query(v6, mac, subnet)?, self.domain(None)?);
        let patience = timeout.map_or(BOOT, |limit| limit.0);
        self.way.flow(py, async move { domain.wait_for_ip(query, patience).await }, record)
    }

    /// Waits until its guest agent answers, for `timeout` seconds, 180 by default.
    #[pyo3(signature = (*, timeout=None))]
    fn wait_for_agent(&self, py: Python<'_>, timeout: Option<Seconds>) -> PyResult<Py<PyAny>> {
        let patience = timeout.map_or(BOOT, |limit| limit.0);
        let domain = self.domain(None)?;
        self.way.flow(py, async move { domain.wait_for_agent(patience).await }, none)
    }

    /// Runs a program in the guest, through its agent and without a shell, and waits for its end, for `timeout` seconds, 30 by default.
    /// A program that fails is a result, not an exception. `input` is what it reads. Raises `AgentError` when no agent answers, and
    /// `TimeoutError` when the program still runs: it goes on.
    #[pyo3(signature = (argv, *, input=None, force=None, timeout=None))]
    fn exec(
        &self,
        py: Python<'_>,
        argv: Vec<String>,
        input: Option<&Bound<'_, PyAny>>,
        force: Option<&str>,
        timeout: Option<Seconds>,
    ) -> PyResult<Py<PyAny>> {
        let exec = Exec::new(argv);
        let exec = match input {
            Some(input) => exec.input(bytes(input)?),
            None => exec,
        };
        let patience = timeout.map_or(PROGRAM, |limit| limit.0);
        let domain = self.domain(force)?;
        self.way.flow(py, async move { domain.exec_for(exec, patience).await }, record)
    }

    /// Deletes it: stops it hard, removes the volumes that were made for it, and its definition. What others have attached stays, and
    /// so does a volume that somebody else uses: `left` names it. One that is gone already is no error: `existed` tells.
    #[pyo3(signature = (*, force=None))]
    fn delete(&self, py: Python<'_>, force: Option<&str>) -> PyResult<Py<PyAny>> {
        let domain = self.domain(force)?;
        self.way
            .flow(py, async move { domain.delete().await }, |py, told| record(py, DeletedDomain::from(told)))
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        let this = slf.get();
        Ok(format!("<{} {} on {}>", slf.get_type().name()?, this.name, this.way.about().name))
    }
}
