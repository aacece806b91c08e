//! States, as tables show them.

use console::Style;

/// A state, in colour where stdout is a terminal.
#[must_use]
pub fn state(state: &str) -> String {
    let style = match state {
        "running" | "online" => Style::new().green(),
        "stopped" | "off" => Style::new().dim(),
        _ => Style::new().yellow(),
    };
    style.apply_to(state).to_string()
}
