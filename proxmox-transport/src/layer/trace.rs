//! What was asked, what became of it, how long it took.

use proxmox_core::{Effect, Layer, PveRequest, PveResponse, Result, Transport, Verb, async_trait};
use serde::Deserialize;
use tracing::{Instrument, Level};

/// A `tracing` span around each request, and an event at its end: verb, path, elapsed time, and the kind of an error.
///
/// Spans are at level `DEBUG` with target `proxmox`; a write that failed is an event at `WARN`. Parameters are shown at
/// `TRACE`, with secrets redacted. A batch is told as the one request that it is, with the count of those that failed in
/// it. Without a subscriber it costs next to nothing.
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
        let span =
            tracing::debug_span!(target: "proxmox", "request", verb = %request.verb, path = %request.path);
        async {
            tracing::trace!(target: "proxmox", request = %request, "send");
            let start = inner.now();
            let answer = inner.call(request).await;
            let elapsed = inner.now().saturating_duration_since(start);
            match &answer {
                Ok(answer) if is_batch(request) => {
                    let failed = failures(answer);
                    if request.effect != Effect::Read && failed > 0 {
                        tracing::warn!(
                            target: "proxmox", ?elapsed, path = %request.path, failed, "some of a batch failed"
                        );
                    } else {
                        tracing::debug!(target: "proxmox", ?elapsed, failed, "done");
                    }
                }
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

    fn concerns(&self, _: &PveRequest) -> bool {
        tracing::enabled!(target: "proxmox", Level::WARN)
    }

    fn takes_batches(&self) -> bool {
        true
    }
}

fn is_batch(request: &PveRequest) -> bool {
    request.verb == Verb::Create && request.path.segments().nth(2) == Some("execute")
}

/// How many requests of a batch were not answered with 200.
fn failures(answer: &PveResponse) -> usize {
    #[derive(Deserialize)]
    struct Part {
        #[serde(default, deserialize_with = "proxmox_core::de::opt_int")]
        status: Option<i64>,
    }
    let parts: Vec<Part> = answer.decode().unwrap_or_default();
    parts.iter().filter(|part| part.status != Some(200)).count()
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;
    use std::sync::{Arc, Mutex};

    use proxmox_core::{Error, ErrorKind, Outcome, Pve, PvePath};
    use tracing::field::{Field, Visit};
    use tracing::span::{Attributes, Id, Record};
    use tracing::{Event, Metadata, Subscriber};

    use super::*;
    use crate::layer::testing::Scripted;

    /// Writes every span and event down as text.
    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<String>>>);

    struct Text(String);

    impl Visit for Text {
        fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
            write!(self.0, " {field}={value:?}").unwrap();
        }
    }

    impl Lines {
        fn note(&self, metadata: &Metadata<'_>, record: impl FnOnce(&mut Text)) {
            let mut text = Text(format!("{} {}", metadata.level(), metadata.target()));
            record(&mut text);
            self.0.lock().unwrap().push(text.0);
        }
    }

    impl Subscriber for Lines {
        fn enabled(&self, _: &Metadata<'_>) -> bool {
            true
        }
        fn new_span(&self, span: &Attributes<'_>) -> Id {
            self.note(span.metadata(), |text| span.record(text));
            Id::from_u64(1)
        }
        fn record(&self, _: &Id, _: &Record<'_>) {}
        fn record_follows_from(&self, _: &Id, _: &Id) {}
        fn event(&self, event: &Event<'_>) {
            self.note(event.metadata(), |text| event.record(text));
        }
        fn enter(&self, _: &Id) {}
        fn exit(&self, _: &Id) {}
    }

    #[test]
    fn each_request_is_told_without_secrets() {
        let (transport, _) = Scripted::new(|request| {
            if request.effect == Effect::Read {
                return Ok(PveResponse::envelope(r#"{"data":null}"#));
            }
            Err(Error::new(ErrorKind::Timeout, Outcome::MaybeApplied, "no answer"))
        });
        let pve = Pve::builder(transport).layer(Trace::new()).build();
        let lines = Lines::default();
        let write = PveRequest::create(PvePath::parse("/access/users").unwrap())
            .param("password", "hunter2")
            .effect(Effect::Write);
        tracing::subscriber::with_default(lines.clone(), || {
            pve.block_on(pve.call(&PveRequest::get(PvePath::parse("/version").unwrap()))).unwrap();
            pve.block_on(pve.call(&write)).unwrap_err();
        });
        let lines = lines.0.lock().unwrap();
        let starts = |text: &str| lines.iter().any(|line| line.starts_with(text));
        assert!(starts("DEBUG proxmox verb=get path=/version"), "{lines:#?}");
        assert!(starts("DEBUG proxmox message=done elapsed="), "{lines:#?}");
        assert!(starts("WARN proxmox message=failed elapsed="), "{lines:#?}");
        assert!(
            lines
                .iter()
                .any(|line| line.contains("outcome=MaybeApplied") && line.contains("path=/access/users"))
        );
        assert!(lines.iter().any(|line| line.contains("--password '<redacted>'")), "{lines:#?}");
        assert!(!lines.iter().any(|line| line.contains("hunter2")), "{lines:#?}");
    }
    #[test]
    fn a_batch_says_how_many_failed() {
        let (transport, _) = Scripted::new(|request| {
            let parts = match request.effect {
                Effect::Read => r#"{"data":{},"status":200},{"message":"x does not exist","status":500}"#,
                _ => r#"{"data":null,"status":200},{"message":"no","status":"400"}"#,
            };
            Ok(PveResponse::envelope(format!(r#"{{"data":[{parts}]}}"#)))
        });
        let pve = Pve::builder(transport)
            .policy(proxmox_core::Policy::dangerous_allow_everything())
            .layer(Trace::new())
            .build();
        let lines = Lines::default();
        let path = |n: u8| PvePath::parse(&format!("/nodes/a/x/{n}")).unwrap();
        tracing::subscriber::with_default(lines.clone(), || {
            let reads = pve.block_on(pve.call_all([1, 2].map(|n| PveRequest::get(path(n)))));
            let writes = pve.block_on(pve.batch_writes([1, 2].map(|n| PveRequest::create(path(n)))));
            assert!(reads[0].is_ok() && reads[1].is_err() && writes[0].is_ok() && writes[1].is_err());
        });
        let lines = lines.0.lock().unwrap();
        let count = |start: &str| lines.iter().filter(|line| line.starts_with(start)).count();
        assert_eq!(count("DEBUG proxmox verb=create path=/nodes/a/execute"), 2, "{lines:#?}");
        assert_eq!(count("WARN proxmox message=some of a batch failed"), 1, "{lines:#?}");
        assert!(lines.iter().any(|l| l.starts_with("DEBUG proxmox message=done") && l.ends_with("failed=1")));
    }
}
