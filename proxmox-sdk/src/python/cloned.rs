//! The end of a clone: its number, how it came about, and its handle.

use proxmox_core::Call;
use proxmox_core::guest::{CloneGuest, HowCloned, Kind};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::guest::GuestBase;
use super::record::of_dict;
use super::records;
use super::way::Options;

pub(super) fn clone<K: Kind>(
    py: Python<'_>,
    guest: &GuestBase,
    call: Call<CloneGuest<K>>,
    options: Options<'_, '_>,
) -> PyResult<Py<PyAny>> {
    let (way, kind) = (guest.way.clone(), guest.kind);
    guest.way.run(py, call, options, move |py, cloned| {
        let dict = PyDict::new(py);
        let (how, warnings) = match cloned.how {
            HowCloned::New(report) => ("new", report.warnings),
            HowCloned::Resumed => ("resumed", Vec::new()),
            _ => ("existing", Vec::new()),
        };
        dict.set_item("vmid", cloned.vmid.get())?;
        dict.set_item("how", how)?;
        dict.set_item("warnings", warnings)?;
        let handle = GuestBase::over(py, way, kind, cloned.guest.node().clone(), cloned.vmid)?;
        dict.set_item("guest", handle)?;
        Ok(of_dict(py, records::class("Cloned"), dict)?.unbind())
    })
}
