//! The words of PVE and of this SDK as Python enums. Each member is its word as well: `GuestState.RUNNING == "running"`.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyString};

/// Names and words. What PVE may extend comes as plain text when it is not among them.
pub(crate) const ENUMS: [(&str, &[&str]); 22] = [
    ("GuestState", &["running", "stopped"]),
    ("GuestKind", &["qemu", "lxc"]),
    ("Power", &["running", "stopped"]),
    ("Verb", &["get", "create", "set", "delete"]),
    ("Effect", &["read", "write", "destroy"]),
    ("Outcome", &["not_sent", "rejected", "maybe_applied", "applied"]),
    (
        "ErrorKind",
        &[
            "invalid_input",
            "not_found",
            "already_exists",
            "unauthenticated",
            "permission_denied",
            "refused",
            "conflict",
            "locked",
            "wrong_state",
            "busy",
            "agent",
            "task_failed",
            "connect",
            "tls",
            "timeout",
            "node_unreachable",
            "unavailable",
            "unsupported",
            "decode",
            "unexpected",
        ],
    ),
    ("TaskEnd", &["ok", "warnings", "failed", "stopped"]),
    ("Severity", &["note", "warning", "error", "critical"]),
    (
        "Rule",
        &[
            "managed-tag",
            "protected-tag",
            "protection",
            "read-only",
            "elsewhere",
            "pool",
            "marker",
            "many-guests",
            "guest-data",
            "backup",
            "network",
            "lockout",
            "node",
            "unknown-path",
            "unverifiable",
        ],
    ),
    ("Verdict", &["allowed", "forced", "refused"]),
    ("StepState", &["not-done", "done", "failed", "unknown"]),
    (
        "FlagRule",
        &[
            "source-unreachable",
            "node-offline",
            "node-unreachable",
            "disk-health",
            "disk-wearout",
            "node-memory",
            "node-swap",
            "node-load",
            "node-rootfs",
            "storage-inactive",
            "storage-fill",
            "guest-memory",
            "guest-without-ip",
            "guest-locked",
            "guest-snapshot-old",
            "template-running",
            "not-seen",
        ],
    ),
    ("GuestCondition", &["running", "stopped", "template", "unknown"]),
    ("NodeState", &["online", "offline", "unreachable"]),
    (
        "EventKind",
        &[
            "snapshot",
            "added",
            "removed",
            "changed",
            "node-added",
            "node-removed",
            "node-online",
            "node-offline",
            "stale",
            "recovered",
            "unreadable",
        ],
    ),
    ("Removal", &["gone", "template"]),
    (
        "DomainState",
        &["running", "blocked", "paused", "shutting-down", "off", "crashed", "asleep", "unknown"],
    ),
    ("RegionKind", &["libvirt", "proxmox"]),
    ("InstanceState", &["running", "paused", "stopped", "crashed", "unknown"]),
    ("InstanceEventKind", &["listed", "changed", "gone"]),
    ("Fit", &["fits", "over-cpu", "no-memory", "no-disk"]),
];

static MADE: PyOnceLock<Py<PyDict>> = PyOnceLock::new();

fn all<'py>(py: Python<'py>) -> PyResult<&'py Bound<'py, PyDict>> {
    let made = MADE.get_or_try_init(py, || {
        let (all, text) = (PyDict::new(py), py.get_type::<PyString>());
        let make = py.import("enum")?.getattr("Enum")?;
        for (name, words) in ENUMS {
            let members: Vec<_> =
                words.iter().map(|word| (word.to_uppercase().replace('-', "_"), *word)).collect();
            let options = PyDict::new(py);
            options.set_item("module", "proxmox_sdk")?;
            options.set_item("type", &text)?;
            let class = make.call((name, members), Some(&options))?;
            // The same on all versions of Python: a member prints as its word.
            class.setattr("__str__", text.getattr("__str__")?)?;
            class.setattr("__format__", text.getattr("__format__")?)?;
            all.set_item(name, class)?;
        }
        PyResult::Ok(all.unbind())
    })?;
    Ok(made.bind(py))
}

/// Adds the enums to the module.
pub(crate) fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    for (name, class) in all(module.py())? {
        module.add(name.extract::<String>()?.as_str(), class)?;
    }
    Ok(())
}

/// The member with this word; the word itself when there is none.
pub(crate) fn member<'py>(py: Python<'py>, name: &str, word: &str) -> PyResult<Bound<'py, PyAny>> {
    // As in `ENUMS`: comparing a few words costs less than making a text of one, which each row of a list would.
    static MEMBERS: PyOnceLock<Vec<Vec<Py<PyAny>>>> = PyOnceLock::new();
    let members = MEMBERS.get_or_try_init(py, || {
        let all = all(py)?;
        let members = ENUMS.iter().map(|(name, words)| {
            let class = all.as_any().get_item(name)?;
            words.iter().map(|word| Ok(class.call1((*word,))?.unbind())).collect()
        });
        members.collect::<PyResult<_>>()
    })?;
    let found = ENUMS.iter().zip(members).find(|((n, _), _)| *n == name);
    let known = found.and_then(|((_, words), members)| words.iter().zip(members).find(|(w, _)| **w == word));
    Ok(known.map_or_else(|| PyString::new(py, word).into_any(), |(_, member)| member.bind(py).clone()))
}
