//! What was asked, what became of it, how long it took.

use proxmox_core::{Effect, Layer, PveRequest, PveResponse, Result, Transport, async_trait};
use tracing::{Instrument, Level};

/// A `tracing` span around each request, and an event at its end: verb, path, elapsed time, and the kind of an error.
///
/// Spans are at level `DEBUG` with target `proxmox`; a write that failed is an event at `WARN`. Parameters are shown at
/// `TRACE`, with secrets redacted. Without a subscriber it costs next to nothing.
#[derive(Debug, Default)]
pub struct Trace(());

impl Trace {
    /// The layer.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

#[async_trait]
impl Layer for Trace {
    async fn call(&self, inner: &dyn Transport, request: &PveRequest) -> Result<PveResponse> {
        if !tracing::enabled!(target: "proxmox", Level::WARN) {
            return inner.call(request).await;
        }
        let span =
            tracing::debug_span!(target: "proxmox", "request", verb = %request.verb, path = %request.path);
        async {
            tracing::trace!(target: "proxmox", request = %request, "send");
            let start = inner.now();
            let answer = inner.call(request).await;
            let elapsed = inner.now().saturating_duration_since(start);
            match &answer {
                Ok(_) => tracing::debug!(target: "proxmox", ?elapsed, "done"),
                // The path is named again: a subscriber may want warnings without spans.
                Err(e) if request.effect != Effect::Read => tracing::warn!(
                    target: "proxmox", ?elapsed, verb = %request.verb, path = %request.path,
                    kind = ?e.kind(), outcome = ?e.outcome(), status = e.status(), error = %e, "failed"
                ),
                Err(e) => tracing::debug!(
                    target: "proxmox", ?elapsed, kind = ?e.kind(), status = e.status(), error = %e, "failed"
                ),
            }
            answer
        }
        .instrument(span)
        .await
    }
}
