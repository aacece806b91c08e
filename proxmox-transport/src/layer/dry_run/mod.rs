//! Everything but the writes.

mod guests;
mod work;

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use proxmox_core::{
    Effect, Error, ErrorKind, Layer, Outcome, PvePath, PveRequest, PveResponse, Result, Target, Transport,
    Upid, Verb, Vmid, async_trait, classify,
};
use serde_json::{Value, json};

use guests::Guests;

type Tell = Box<dyn Fn(&PveRequest) + Send + Sync>;

/// Carries out reads, and writes down everything else instead of sending it.
///
/// A planned write is answered as if it had been done, so that whole flows run to their end: a request that PVE would
/// answer with a task gets a task of this layer's own, which has ended well. Later reads of the guest's configuration and
/// status show what the plan has made of it, also for guests that are only planned. Lists show what is really there.
///
/// What cannot be known is an error that says so: the agent of a guest that is only planned, or anything else of it.
/// Secrets are in the plan, and are redacted wherever it is printed.
///
/// ```
/// # use proxmox_core::{PveRequest, PvePath};
/// use std::sync::Arc;
/// use proxmox_transport::{Api, layer::DryRun};
///
/// # fn main() -> proxmox_core::Result<()> {
/// let plan = Arc::new(DryRun::new().on_plan(|request| println!("{request}")));
/// let api = Api::new("https://pve1")?.password("root@pam", "secret".into())?.dangerous_accept_any_certificate();
/// let pve = api.builder()?.layer(Arc::clone(&plan)).build();
/// // … and when all is planned:
/// let requests: Vec<PveRequest> = plan.planned();
/// # Ok(()) }
/// ```
#[derive(Default)]
pub struct DryRun {
    plan: Mutex<Plan>,
    tell: Option<Tell>,
}

#[derive(Default)]
struct Plan {
    requests: Vec<PveRequest>,
    guests: Guests,
}

impl DryRun {
    /// A plan without any request yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Is told about each planned request, when it is planned.
    #[must_use]
    pub fn on_plan(mut self, tell: impl Fn(&PveRequest) + Send + Sync + 'static) -> Self {
        self.tell = Some(Box::new(tell));
        self
    }

    /// All that would have been sent so far, in order.
    #[must_use]
    pub fn planned(&self) -> Vec<PveRequest> {
        self.plan().requests.clone()
    }

    fn plan(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for DryRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<_> = self.plan().requests.iter().map(ToString::to_string).collect();
        f.debug_struct("DryRun").field("planned", &lines).finish_non_exhaustive()
    }
}

#[async_trait]
impl Layer for DryRun {
    async fn call(&self, inner: &dyn Transport, request: &PveRequest) -> Result<PveResponse> {
        if request.effect == Effect::Read {
            self.read(inner, request).await
        } else {
            self.write(inner, request).await
        }
    }
}

impl DryRun {
    async fn write(&self, inner: &dyn Transport, request: &PveRequest) -> Result<PveResponse> {
        request.check()?;
        if let Some(refusal) = self.plan().guests.refusal(request) {
            return Err(refusal);
        }
        // A clone begins as its template.
        let template = match (request.target(), request.path.segments().nth(4)) {
            (Target::Guest { .. }, Some("clone")) => self.source(inner, request).await?,
            _ => Value::Null,
        };
        let data = {
            let mut plan = self.plan();
            plan.requests.push(request.clone());
            plan.guests.apply(request, template);
            let number = plan.requests.len();
            work::upid(request, number).map_or_else(|| work::data(request), Value::from)
        };
        if let Some(tell) = &self.tell {
            tell(request);
        }
        Ok(answer(&data))
    }

    /// The configuration of what is cloned, as far as it may be read.
    async fn source(&self, inner: &dyn Transport, clone: &PveRequest) -> Result<Value> {
        let Target::Guest { kind, vmid, node } = clone.target() else {
            return Ok(Value::Null);
        };
        let request = PveRequest::get(PvePath::guest(&node, kind, vmid).fixed("config"));
        self.read(inner, &request).await?.decode()
    }

    async fn read(&self, inner: &dyn Transport, request: &PveRequest) -> Result<PveResponse> {
        if let Some(data) = work::task(&request.path) {
            return Ok(answer(&data));
        }
        if request.verb == Verb::Get && request.path.as_str() == "/cluster/nextid" {
            return self.nextid(inner, request).await;
        }
        let Target::Guest { kind, vmid, .. } = request.target() else {
            return inner.call(request).await;
        };
        let what: Vec<&str> = request.path.segments().skip(4).collect();
        let (known, new) = {
            let plan = self.plan();
            match plan.guests.get(vmid) {
                None => (false, false),
                Some(guest) if guest.deleted => return Err(guests::absent(request, kind, vmid)),
                Some(guest) => (true, guest.new),
            }
        };
        match what.as_slice() {
            ["config"] | ["status", "current"] if known => {
                let real = if new { Value::Null } else { inner.call(request).await?.decode()? };
                Ok(answer(&self.plan().guests.show(vmid, what[0], real)))
            }
            _ if new => {
                let message =
                    format!("{} {vmid} is only planned: there is no answer to `{request}`", kind.noun());
                Err(Error::new(ErrorKind::Unsupported, Outcome::NotSent, message))
            }
            _ => inner.call(request).await,
        }
    }

    /// `GET /cluster/nextid`, which knows nothing of planned guests.
    async fn nextid(&self, inner: &dyn Transport, request: &PveRequest) -> Result<PveResponse> {
        let is_planned =
            |id: Vmid| self.plan().guests.get(id).is_some_and(|guest| guest.new && !guest.deleted);
        if let Some(id) = request.params.text("vmid").and_then(|text| text.parse::<Vmid>().ok()) {
            return if is_planned(id) { Err(taken(id)) } else { inner.call(request).await };
        }
        let mut free: Vmid = inner.call(request).await?.decode()?;
        while is_planned(free) {
            // PVE says of a single number whether it is free.
            free = Vmid::new(free.get() + 1)?;
            while let Err(e) = inner.call(&request.clone().param("vmid", free)).await {
                if e.kind() != ErrorKind::AlreadyExists {
                    return Err(e);
                }
                free = Vmid::new(free.get() + 1)?;
            }
        }
        Ok(answer(&json!(free.get().to_string())))
    }
}

fn taken(id: Vmid) -> Error {
    let text = format!("VM {id} already exists");
    let body = json!({"data": null, "message": "Parameter verification failed.", "errors": {"vmid": text}});
    classify(Effect::Read, 400, "Parameter verification failed.", body.to_string().as_bytes())
}

fn answer(data: &Value) -> PveResponse {
    PveResponse::envelope(json!({ "data": data }).to_string())
}

/// Whether it is a task of this layer.
fn is_ours(upid: &Upid) -> bool {
    upid.user() == work::USER
}

#[cfg(test)]
mod tests;
