//! States and amounts, as guests and nodes show them.

use console::Style;
use examples::{human, words};
use proxmox_core::guest::GuestState;

/// A state, in colour where stdout is a terminal.
pub(crate) fn state(state: &GuestState) -> String {
    words::state(state.as_str())
}

/// A guest's state; for a template, that it is one.
pub(crate) fn guest_state(status: &GuestState, template: bool) -> String {
    if template { Style::new().cyan().apply_to("template").to_string() } else { state(status) }
}

/// `1.5 GiB of 4 GiB`, or what of it is known.
pub(crate) fn part(used: Option<i64>, all: Option<i64>) -> String {
    match (used.filter(|&n| n > 0), all) {
        (Some(used), Some(all)) => format!("{} of {}", human::bytes(used), human::bytes(all)),
        (_, Some(all)) => human::bytes(all),
        (Some(used), None) => human::bytes(used),
        (None, None) => String::new(),
    }
}

/// `1 CPU`, `2 CPUs`
pub(crate) fn cpus(n: f64) -> String {
    format!("{n} CPU{}", if n == 1.0 { "" } else { "s" })
}
