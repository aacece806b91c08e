//! What only a VM has.

use proxmox_core::StorageId;
use proxmox_qemu::{CloudInit, Qemu};
use pyo3::prelude::*;

use super::args::{Arg, GuestId, Seconds};
use super::guest::{GuestBase, ip_config};
use super::records::{record, records};
use super::secret::SecretArg;
use super::to_python::plain;
use super::way::{Mode, Options, faces, none};

#[pyclass(frozen, subclass, extends = GuestBase, module = "proxmox_sdk")]
pub(crate) struct VmBase;

faces! {
    /// A virtual machine on a node. Nothing is read until it is asked.
    Vm, AsyncVm: VmBase
}

impl VmBase {
    pub(super) fn over(
        py: Python<'_>,
        guest: PyClassInitializer<GuestBase>,
        mode: Mode,
    ) -> PyResult<Py<PyAny>> {
        Self::face(py, guest.add_subclass(Self), mode)
    }
}

fn vm(slf: &PyRef<'_, VmBase>) -> PyResult<proxmox_qemu::Vm> {
    Ok(slf.as_super().guest::<Qemu>()?.into())
}

#[pymethods]
impl VmBase {
    /// Resets it, as the button does.
    #[pyo3(signature = (*, wait=true, force=None, timeout=None))]
    fn reset(
        slf: PyRef<'_, Self>,
        wait: bool,
        force: Option<GuestId>,
        timeout: Option<Seconds>,
    ) -> PyResult<Py<PyAny>> {
        slf.as_super().work(slf.py(), vm(&slf)?.reset(), wait, Options::new(force, timeout))
    }

    /// Makes it a template: there is no way back.
    #[pyo3(signature = (*, force=None, timeout=None))]
    fn template(
        slf: PyRef<'_, Self>,
        force: Option<GuestId>,
        timeout: Option<Seconds>,
    ) -> PyResult<Py<PyAny>> {
        slf.as_super().work(slf.py(), vm(&slf)?.template(), true, Options::new(force, timeout))
    }

    /// Sets cloud-init values and makes the drive's image anew. `ips` are PVE's own lines, one for each card: `ip=dhcp`,
    /// `ip=10.0.0.5/24,gw=10.0.0.1`. `drive=("ide2", "local-lvm")` attaches a drive when there is none.
    #[pyo3(signature = (*, user=None, password=None, ssh_keys=None, ips=None, nameserver=None, searchdomain=None, upgrade=None,
        drive=None, force=None))]
    fn cloud_init(
        slf: PyRef<'_, Self>,
        user: Option<String>,
        password: Option<SecretArg>,
        ssh_keys: Option<Vec<String>>,
        ips: Option<Vec<String>>,
        nameserver: Option<String>,
        searchdomain: Option<String>,
        upgrade: Option<bool>,
        drive: Option<(String, Arg<StorageId>)>,
        force: Option<GuestId>,
    ) -> PyResult<Py<PyAny>> {
        let mut values = CloudInit::new();
        values = user.into_iter().fold(values, CloudInit::user);
        values = password.into_iter().fold(values, |v, p| v.password(p.0));
        values = ssh_keys.into_iter().fold(values, CloudInit::ssh_keys);
        for (index, line) in (0..).zip(ips.into_iter().flatten()) {
            values = values.ip(index, ip_config(&line)?);
        }
        values = nameserver.into_iter().fold(values, CloudInit::nameserver);
        values = searchdomain.into_iter().fold(values, CloudInit::searchdomain);
        values = upgrade.into_iter().fold(values, CloudInit::upgrade);
        values = drive.into_iter().fold(values, |v, (slot, storage)| v.drive(slot, storage.0));
        slf.as_super().way.run(slf.py(), vm(&slf)?.cloud_init(values), Options::new(force, None), none)
    }

    /// Asks whether the guest agent answers: `AgentError` when not.
    fn agent_ping(slf: PyRef<'_, Self>) -> PyResult<Py<PyAny>> {
        slf.as_super().way.run(slf.py(), vm(&slf)?.agent().ping(), Options::default(), none)
    }

    /// Which system runs in the guest.
    fn agent_osinfo(slf: PyRef<'_, Self>) -> PyResult<Py<PyAny>> {
        slf.as_super().way.run(slf.py(), vm(&slf)?.agent().osinfo(), Options::default(), record)
    }

    /// Every interface that the guest sees, with all addresses.
    fn interfaces(slf: PyRef<'_, Self>) -> PyResult<Py<PyAny>> {
        slf.as_super().way.run(slf.py(), vm(&slf)?.agent().interfaces(), Options::default(), records)
    }

    /// A text file of the guest.
    fn file_read(slf: PyRef<'_, Self>, file: &str) -> PyResult<Py<PyAny>> {
        slf.as_super().way.run(slf.py(), vm(&slf)?.agent().file_read(file), Options::default(), |py, read| {
            Ok(plain(py, &read.content)?.unbind())
        })
    }

    /// Writes a text file of the guest.
    #[pyo3(signature = (file, content, *, force=None))]
    fn file_write(
        slf: PyRef<'_, Self>,
        file: &str,
        content: &str,
        force: Option<GuestId>,
    ) -> PyResult<Py<PyAny>> {
        let call = vm(&slf)?.agent().file_write(file, content);
        slf.as_super().way.run(slf.py(), call, Options::new(force, None), none)
    }
}
