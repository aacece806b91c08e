//! What was asked and answered, in a file: to look at, and to test against without a server.

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use proxmox_core::{
    Error, ErrorKind, Layer, Outcome, PveRequest, PveResponse, Result, Transport, TransportInfo, async_trait,
    classify,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A recording: requests with their answers, in the order in which the answers came.
///
/// As a file it is JSON. Secrets are left out: those among the parameters, and the tickets, passwords and token secrets of
/// answers. What else an answer holds is there as PVE sent it: look at a tape before you hand it on.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Tape {
    exchanges: VecDeque<Exchange>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Exchange {
    request: PveRequest,
    #[serde(flatten)]
    answer: Answer,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Answer {
    /// What PVE's answer holds.
    Data(Value),
    /// An answer that is none of PVE's.
    Text(String),
    Error(Failure),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Failure {
    kind: ErrorKind,
    outcome: Outcome,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    message: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    errors: BTreeMap<String, String>,
}

impl Tape {
    /// Reads a tape.
    ///
    /// # Errors
    /// `InvalidInput` naming the file, when it cannot be read or is no tape.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let bad = |why: String| Error::invalid("tape", format!("tape: {path:?} {why}"));
        let text = std::fs::read(path).map_err(|e| bad(format!("cannot be read: {e}")))?;
        serde_json::from_slice(&text).map_err(|e| bad(format!("is not a tape: {e}")))
    }

    /// Writes the tape, in place of what the file held.
    ///
    /// # Errors
    /// `InvalidInput` naming the file, when it cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let text =
            serde_json::to_string_pretty(self).unwrap_or_else(|e| unreachable!("a tape is plain data: {e}"));
        std::fs::write(path, text + "\n")
            .map_err(|e| Error::invalid("tape", format!("tape: {path:?} cannot be written: {e}")))
    }

    /// The recorded requests, in order.
    pub fn requests(&self) -> impl Iterator<Item = &PveRequest> {
        self.exchanges.iter().map(|exchange| &exchange.request)
    }
}

/// Writes down what passes, on a [`Tape`].
///
/// Nearest to the wire it sees each try; outside of [`Retry`](super::Retry) it sees what became of it.
///
/// ```no_run
/// # async fn demo(api: proxmox_transport::Api) -> proxmox_core::Result<()> {
/// use std::sync::Arc;
/// use proxmox_transport::layer::Record;
///
/// let record = Arc::new(Record::new());
/// let pve = api.builder()?.layer(Arc::clone(&record)).build();
/// pve.cluster().version().await?;
/// record.tape().save("version.json")?;
/// # Ok(()) }
/// ```
#[derive(Debug, Default)]
pub struct Record(Mutex<Tape>);

impl Record {
    /// An empty tape.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What was recorded so far.
    #[must_use]
    pub fn tape(&self) -> Tape {
        lock(&self.0).clone()
    }
}

#[async_trait]
impl Layer for Record {
    async fn call(&self, inner: &dyn Transport, request: &PveRequest) -> Result<PveResponse> {
        let answer = inner.call(request).await;
        let exchange = Exchange { request: written_down(request), answer: Answer::of(request, &answer) };
        lock(&self.0).exchanges.push_back(exchange);
        answer
    }
}

impl Answer {
    fn of(request: &PveRequest, answer: &Result<PveResponse>) -> Self {
        match answer {
            Ok(answer) => match answer.decode::<Value>() {
                Ok(mut data) => {
                    redact(&mut data, request.path.segments().any(|segment| segment == "token"));
                    Self::Data(data)
                }
                Err(_) => Self::Text(String::from_utf8_lossy(answer.body()).into_owned()),
            },
            Err(e) => Self::Error(Failure {
                kind: e.kind(),
                outcome: e.outcome(),
                status: e.status(),
                reason: e.reason().map(str::to_owned),
                message: e.message().to_owned(),
                errors: e.errors().clone(),
            }),
        }
    }

    fn play(self, request: &PveRequest) -> Result<PveResponse> {
        match self {
            Self::Data(data) => Ok(PveResponse::envelope(json!({ "data": data }).to_string())),
            Self::Text(text) => Ok(PveResponse::envelope(text)),
            Self::Error(failure) => Err(failure.error(request)),
        }
    }
}

impl Failure {
    /// The same error: read off PVE's words again where there are any, for all that they say.
    fn error(self, request: &PveRequest) -> Error {
        let Some(status) = self.status else {
            return Error::new(self.kind, self.outcome, self.message).with_errors(self.errors);
        };
        let body = json!({"data": null, "message": self.message, "errors": self.errors}).to_string();
        let reason = self.reason.unwrap_or_default();
        classify(request.effect, status, &reason, body.as_bytes()).with_outcome(self.outcome)
    }
}

/// Answers from a [`Tape`], without any server. Time passes only when somebody sleeps, and then at once.
///
/// A request gets the first answer that was recorded for it and has not been given yet. One that is not on the tape, or no
/// more, is an error that names it.
///
/// ```
/// use proxmox_core::Pve;
/// use proxmox_transport::layer::{Replay, Tape};
///
/// # fn main() -> proxmox_core::Result<()> {
/// let tape: Tape = serde_json::from_str(r#"{"exchanges": [{
///     "request": {"verb": "get", "path": "/version", "effect": "read", "idempotent": true},
///     "data": {"version": "8.4.21"}
/// }]}"#).unwrap();
/// let pve = Pve::new(Replay::new(tape));
/// assert_eq!(pve.cluster().version().block()?.version, "8.4.21");
/// assert!(pve.cluster().version().block().is_err());
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Replay {
    left: Mutex<Tape>,
    in_order: bool,
    start: Instant,
    slept: Mutex<Duration>,
}

impl Replay {
    /// Plays this tape.
    #[must_use]
    pub fn new(tape: Tape) -> Self {
        Self { left: Mutex::new(tape), in_order: false, start: Instant::now(), slept: Mutex::default() }
    }

    /// Takes requests in the recorded order only.
    #[must_use]
    pub fn in_order(mut self) -> Self {
        self.in_order = true;
        self
    }

    /// What was not asked for yet.
    #[must_use]
    pub fn left(&self) -> Tape {
        lock(&self.left).clone()
    }
}

#[async_trait]
impl Transport for Replay {
    fn info(&self) -> TransportInfo {
        TransportInfo::new("replay", "a tape").blocking()
    }

    async fn call(&self, request: &PveRequest) -> Result<PveResponse> {
        request.check()?;
        let exchange = {
            let left = &mut lock(&self.left).exchanges;
            let reach = if self.in_order { 1 } else { left.len() };
            let at = left.iter().take(reach).position(|exchange| is_same(&exchange.request, request));
            at.and_then(|at| left.remove(at)).ok_or_else(|| missing(request, left.front()))?
        };
        exchange.answer.play(request)
    }

    async fn sleep(&self, duration: Duration) {
        *lock(&self.slept) += duration;
    }

    fn now(&self) -> Instant {
        self.start + *lock(&self.slept)
    }
}

fn missing(request: &PveRequest, next: Option<&Exchange>) -> Error {
    let next =
        next.map_or_else(|| "it is at its end".to_owned(), |next| format!("next is `{}`", next.request));
    let message = format!("the tape has no answer for `{request}`: {next}");
    Error::new(ErrorKind::Unsupported, Outcome::NotSent, message).with_advice("record it again")
}

/// The same to PVE. Secrets are not on a tape, so they cannot differ.
fn is_same(recorded: &PveRequest, asked: &PveRequest) -> bool {
    recorded.verb == asked.verb
        && recorded.path == asked.path
        && recorded.params.shown().eq(asked.params.shown())
        && shape(recorded) == shape(asked)
}

/// What is known of a file that is not on the tape.
fn shape(request: &PveRequest) -> Option<(&str, usize)> {
    request.file.as_ref().map(|file| (file.name(), file.length()))
}

/// Without secrets, also in memory: by the way through its written form.
fn written_down(request: &PveRequest) -> PveRequest {
    if !request.params.has_secret() && request.file.is_none() {
        return request.clone();
    }
    // As text: a `Value` would sort the parameters.
    serde_json::to_string(request)
        .and_then(|text| serde_json::from_str(&text))
        .unwrap_or_else(|e| unreachable!("a request reads back as it was written: {e}"))
}

/// Takes the secrets out of an answer. `value` is one where a token was made.
fn redact(data: &mut Value, token: bool) {
    match data {
        Value::Object(object) => {
            for (key, value) in object {
                let secret = matches!(
                    key.as_str(),
                    "ticket" | "CSRFPreventionToken" | "password" | "vncticket" | "secret"
                ) || (token && key == "value");
                if secret && value.is_string() {
                    *value = json!("<redacted>");
                } else {
                    redact(value, token);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| redact(item, token)),
        _ => {}
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
