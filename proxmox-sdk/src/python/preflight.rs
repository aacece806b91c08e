//! Asking a method for something else than to do its work: what stands in its way, or the request that it is.

use std::cell::Cell;

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyCFunction, PyDict, PyTuple};

use super::client::ClientBase;
use super::guest::GuestBase;
use super::node::NodeBase;
use super::task::TaskBase;

/// What is wanted instead of the work.
#[derive(Clone, Copy)]
pub(crate) enum Exit {
    Preflight,
    Request,
}

/// The call that is asked about.
#[derive(Clone, Copy)]
struct Asked {
    exit: Exit,
    /// The [`place`](super::way::Way::place) of the object whose method it is.
    place: usize,
    /// How many calls on that object have been examined.
    heard: u32,
}

thread_local! {
    /// It stands for as long as the method runs. While its arguments are converted, any Python may run, and call other methods: so
    /// whoever is heard first must not take it from the one that is meant.
    static ASKED: Cell<Option<Asked>> = const { Cell::new(None) };
}

/// Puts back what was asked before.
struct Before(Option<Asked>);

impl Drop for Before {
    fn drop(&mut self) {
        ASKED.set(self.0);
    }
}

/// What is wanted of a call on the object with this place, when it is not to do its work. No call on the object that is asked about
/// ever does while the question stands; calls on others are as always. A question within a question stands in its place until it is
/// answered, which is before the method that was asked about first gets to its work.
pub(crate) fn wanted(place: usize) -> PyResult<Option<Exit>> {
    let Some(asked) = ASKED.get().filter(|asked| asked.place == place) else { return Ok(None) };
    ASKED.set(Some(Asked { heard: asked.heard + 1, ..asked }));
    if asked.heard > 0 {
        return Err(PyTypeError::new_err(
            "the arguments call methods of the same object: nothing was sent; make them first",
        ));
    }
    Ok(Some(asked.exit))
}

/// The place of the object that a method belongs to, if it is a noun whose methods are operations.
fn place(method: &Bound<'_, PyAny>) -> Option<usize> {
    // Only what is bound in the module itself: a function in Python may do anything, more than once.
    method.cast::<PyCFunction>().ok()?;
    let object = method.getattr("__self__").ok()?;
    if let Ok(client) = object.cast::<ClientBase>() {
        return Some(client.get().way.place());
    }
    if let Ok(node) = object.cast::<NodeBase>() {
        return Some(node.get().way.place());
    }
    if let Ok(guest) = object.cast::<GuestBase>() {
        return Some(guest.get().way.place());
    }
    Some(object.cast::<TaskBase>().ok()?.get().way.place())
}

fn instead<'py>(
    exit: Exit,
    method: &Bound<'py, PyAny>,
    args: &Bound<'py, PyTuple>,
    keywords: Option<&Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, PyAny>> {
    let no_operation =
        || PyTypeError::new_err("expected a method of this SDK that is one operation, and its arguments");
    let place = place(method).ok_or_else(no_operation)?;
    let _before = Before(ASKED.replace(Some(Asked { exit, place, heard: 0 })));
    let made = method.call(args, keywords)?;
    match ASKED.get() {
        Some(Asked { heard: 1, .. }) => Ok(made),
        _ => Err(no_operation()),
    }
}

/// What stands in the way of an operation, all of it: `preflight(vm.clone, "web", full=True)`. Only reads. With a method of an
/// asynchronous client it is to be awaited.
#[pyfunction]
#[pyo3(signature = (method, /, *args, **keywords))]
pub(crate) fn preflight<'py>(
    method: &Bound<'py, PyAny>,
    args: &Bound<'py, PyTuple>,
    keywords: Option<&Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, PyAny>> {
    instead(Exit::Preflight, method, args, keywords)
}

/// The request that an operation is, or that its flow turns on, without any I/O: `request(vm.start)`.
#[pyfunction]
#[pyo3(signature = (method, /, *args, **keywords))]
pub(crate) fn request<'py>(
    method: &Bound<'py, PyAny>,
    args: &Bound<'py, PyTuple>,
    keywords: Option<&Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, PyAny>> {
    instead(Exit::Request, method, args, keywords)
}
