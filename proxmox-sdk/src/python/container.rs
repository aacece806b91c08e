//! What only a container has.

use proxmox_core::Push;
use proxmox_lxc::Lxc;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::args::{GuestId, Number, Seconds, bytes, named};
use super::guest::GuestBase;
use super::records::{record, records};
use super::way::{Mode, Options, faces, none};

#[pyclass(frozen, subclass, extends = GuestBase, module = "proxmox_sdk")]
pub(crate) struct ContainerBase;

faces! {
    /// A container on a node. Nothing is read until it is asked.
    Container, AsyncContainer: ContainerBase
}

impl ContainerBase {
    pub(super) fn over(
        py: Python<'_>,
        guest: PyClassInitializer<GuestBase>,
        mode: Mode,
    ) -> PyResult<Py<PyAny>> {
        Self::face(py, guest.add_subclass(Self), mode)
    }
}

fn container(slf: &PyRef<'_, ContainerBase>) -> PyResult<proxmox_lxc::Container> {
    Ok(slf.as_super().guest::<Lxc>()?.into())
}

#[pymethods]
impl ContainerBase {
    /// Every interface that it has, with all addresses.
    fn interfaces(slf: PyRef<'_, Self>) -> PyResult<Py<PyAny>> {
        slf.as_super().way.run(slf.py(), container(&slf)?.interfaces(), Options::default(), records)
    }

    /// Makes it a template: there is no way back.
    #[pyo3(signature = (*, force=None, timeout=None))]
    fn template(
        slf: PyRef<'_, Self>,
        force: Option<GuestId>,
        timeout: Option<Seconds>,
    ) -> PyResult<Py<PyAny>> {
        slf.as_super().way.run(slf.py(), container(&slf)?.template(), Options::new(force, timeout), record)
    }

    /// Writes a file of it. Over ssh and locally only: PVE's API has no way to do that. `perms` is such as `0o644`.
    #[pyo3(signature = (path, content, *, perms=None, user=None, group=None, force=None))]
    fn push(
        slf: PyRef<'_, Self>,
        path: String,
        content: &Bound<'_, PyAny>,
        perms: Option<Number<u32>>,
        user: Option<String>,
        group: Option<String>,
        force: Option<GuestId>,
    ) -> PyResult<Py<PyAny>> {
        let mut push = Push::new(path, bytes(content)?);
        push = named("perms", perms)?.into_iter().fold(push, Push::perms);
        push = user.into_iter().fold(push, Push::user);
        push = group.into_iter().fold(push, Push::group);
        slf.as_super().way.run(slf.py(), container(&slf)?.push(push), Options::new(force, None), none)
    }

    /// The bytes of a file of it. Over ssh and locally only.
    fn pull(slf: PyRef<'_, Self>, path: String) -> PyResult<Py<PyAny>> {
        slf.as_super().way.run(slf.py(), container(&slf)?.pull(path), Options::default(), |py, data| {
            Ok(PyBytes::new(py, data.as_bytes()).into_any().unbind())
        })
    }
}
