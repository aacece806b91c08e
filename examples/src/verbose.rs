//! `-v`: each request to Proxmox VE, each call to libvirt, and its time, on stderr.

use std::fmt;
use std::io;

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// Shows what the SDK traces: `> pvesh get /version`, then `< 1.5 ms`; of libvirt `> domain.state 0.2 ms`. Secrets are redacted there already.
///
/// Call it once, first thing. Without it the layer costs next to nothing.
pub fn show() {
    let shown = tracing_subscriber::fmt()
        .with_max_level(Level::TRACE)
        .with_writer(io::stderr)
        .event_format(Lines)
        .finish();
    // Fails only when something set one before: then that one shows it.
    let _ = tracing::subscriber::set_global_default(shown);
}

struct Lines;

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut out: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        // HTTP clients trace as well, and would show headers.
        if !matches!(event.metadata().target(), "proxmox" | "libvirt") {
            return Ok(());
        }
        let mut seen = Seen::default();
        event.record(&mut seen);
        match seen.message.as_str() {
            "send" => writeln!(out, "> {}", seen.request),
            "done" => writeln!(out, "< {}", seen.elapsed),
            "called" => {
                writeln!(out, "{}", format!("> {}  {} {}", seen.call, seen.elapsed, seen.error).trim_end())
            }
            "failed" => writeln!(out, "< {} {}", seen.elapsed, seen.error),
            other => writeln!(out, "  {other}{}", seen.rest),
        }
    }
}

#[derive(Default)]
struct Seen {
    message: String,
    request: String,
    call: String,
    elapsed: String,
    error: String,
    rest: String,
}

impl Visit for Seen {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let text = format!("{value:?}");
        match field.name() {
            "message" => self.message = text,
            "request" => self.request = text,
            "elapsed" => self.elapsed = rounded(&text),
            "call" => self.call = text.trim_matches('"').to_owned(),
            "error" => self.error = text,
            name => self.rest.push_str(&format!(" {name}={text}")),
        }
    }
}

/// `4.963942ms` as `4.9 ms`: the time comes as the text that `Duration` makes of itself.
fn rounded(text: &str) -> String {
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let number = &text[..text.len() - unit.len()];
    match number.split_once('.') {
        Some((whole, fraction)) => format!("{whole}.{} {unit}", &fraction[..fraction.len().min(1)]),
        None => format!("{number} {unit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_rounded() {
        for (text, short) in [("4.963942ms", "4.9 ms"), ("12ms", "12 ms"), ("1.5s", "1.5 s"), ("odd", " odd")]
        {
            assert_eq!(rounded(text), short);
        }
    }
}
