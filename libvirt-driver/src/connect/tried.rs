//! The ways that did not lead anywhere.

use proxmox_core::{Error, ErrorKind, Outcome};

/// Each way that was tried or could not be, with the reason.
#[derive(Default)]
pub(super) struct Tried(Vec<(String, ErrorKind, String)>);

impl Tried {
    pub(super) fn failed(&mut self, way: impl Into<String>, error: &Error) {
        self.0.push((way.into(), error.kind(), error.message().to_owned()));
    }

    /// A way that this URI does not allow.
    pub(super) fn skipped(&mut self, way: impl Into<String>, why: &str) {
        self.0.push((way.into(), ErrorKind::Unsupported, format!("not tried: {why}")));
    }

    pub(super) fn into_error(self, host: &str) -> Error {
        // Not all may be the same: what is none of the network's is worth more, and what nobody understands is not.
        let kinds = self.0.iter().map(|(_, kind, _)| *kind).filter(|kind| *kind != ErrorKind::Unsupported);
        let kind = kinds.max_by_key(|kind| {
            !matches!(kind, ErrorKind::Connect | ErrorKind::Timeout | ErrorKind::Unexpected)
        });
        let reasons: Vec<_> = self.0.iter().map(|(way, _, why)| format!("{way}: {why}")).collect();
        let text = match &*reasons {
            [] => format!("no way to libvirt on {host} is known"),
            reasons => format!("no way to libvirt on {host}: {}", reasons.join("; ")),
        };
        Error::new(
            kind.filter(|kind| *kind != ErrorKind::Unexpected).unwrap_or(ErrorKind::Connect),
            Outcome::NotSent,
            text,
        )
        .with_advice(
            "check that libvirtd runs there and that this user may use its socket, or name it by `socket=`",
        )
    }
}
