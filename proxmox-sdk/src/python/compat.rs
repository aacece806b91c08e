//! placeholder
use pyo3::prelude::*;
pub(crate) fn add(_: &Bound<'_, PyModule>) -> PyResult<()> {
    Ok(())
}
