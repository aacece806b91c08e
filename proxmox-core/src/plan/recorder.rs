//! The layer below the gate of a handle that plans: it carries out reads, and notes everything else instead of sending it.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

use super::guests::{self, Guests};
use super::{Judgement, Step, work};
use crate::policy::{Decision, Passage};
use crate::{
    Effect, Error, ErrorKind, Layer, Outcome, PvePath, PveRequest, PveResponse, Result, Target, Transport,
    Verb, Vmid, async_trait, classify,
};

#[derive(Default)]
pub(super) struct Recorder(Mutex<Noted>);

#[derive(Default)]
struct Noted {
    steps: Vec<Step>,
    guests: Guests,
    /// Planned tasks of which PVE would not tell the UPID: only the node's list of tasks has them.
    quiet: Vec<String>,
    /// What the gate has said of writes that have yet to come here.
    judged: Vec<(PveRequest, Judgement)>,
}

impl Recorder {
    pub(super) fn steps(&self) -> Vec<Step> {
        self.noted().steps.clone()
    }

    /// What the gate says. What a rule refuses never comes here, and belongs to the plan all the same. A guest that is not there, or
    /// that could not be read just now, is the flow's to deal with.
    pub(super) fn note(&self, decision: &Decision<'_>) {
        let judgement = Judgement::of(&decision.passage);
        let mut noted = self.noted();
        match &decision.passage {
            Passage::Refused(e) if e.kind() == ErrorKind::Refused => {
                noted.steps.push(Step::new(decision.request.clone(), judgement, None));
            }
            Passage::Refused(_) => {}
            _ => noted.judged.push((decision.request.clone(), judgement)),
        }
    }

    fn noted(&self) -> MutexGuard<'_, Noted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<_> = self.noted().steps.iter().map(ToString::to_string).collect();
        f.debug_tuple("Recorder").field(&lines).finish()
    }
}

#[async_trait]
impl Layer for Recorder {
    async fn call(&self, inner: &dyn Transport, request: &PveRequest) -> Result<PveResponse> {
        if request.effect == Effect::Read {
            self.read(inner, request).await
        } else {
            self.write(inner, request).await
        }
    }
}

impl Recorder {
    async fn write(&self, inner: &dyn Transport, request: &PveRequest) -> Result<PveResponse> {
        let judgement = {
            let mut noted = self.noted();
            let place = noted.judged.iter().position(|(judged, _)| judged == request);
            place.map_or(Judgement::Allowed, |place| noted.judged.swap_remove(place).1)
        };
        if let Some(refusal) = self.noted().guests.refusal(request) {
            return Err(refusal);
        }
        if let Some(vmid) = guests::born(request) {
            self.still_free(inner, request, vmid).await?;
        }
        let known = self.known(inner, request).await?;
        let digest = known.get("digest").and_then(Value::as_str).map(str::to_owned);
        let mut noted = self.noted();
        // Only the first of the plan's writes to a guest comes after nothing of the plan's own.
        let basis = digest.filter(|_| match request.target() {
            Target::Guest { vmid, .. } => noted.guests.get(vmid).is_none(),
            _ => false,
        });
        noted.steps.push(Step::new(request.clone(), judgement, basis));
        noted.guests.apply(request, known);
        let number = noted.steps.len();
        noted.quiet.extend(work::quiet_upid(request, number));
        if let Some(unforeseen) = unforeseen(request) {
            return Err(unforeseen);
        }
        let data = work::upid(request, number).map_or_else(|| work::data(request), Value::from);
        Ok(answer(&data))
    }

    /// The configuration of the guest in the path, as the plan has it so far.
    async fn known(&self, inner: &dyn Transport, request: &PveRequest) -> Result<Value> {
        let Target::Guest { kind, vmid, node } = request.target() else {
            return Ok(Value::Null);
        };
        let read = PveRequest::get(PvePath::guest(&node, kind, vmid).fixed("config"));
        match self.read(inner, &read).await {
            Ok(answer) => answer.decode(),
            // Who may work with it need not be allowed to look at it.
            Err(e) if e.kind() == ErrorKind::PermissionDenied => Ok(Value::Null),
            Err(e) => Err(e.with_outcome(Outcome::NotSent)),
        }
    }

    /// Says what PVE says of a number that is taken. One that the plan has freed is free, and a restore with force takes any.
    async fn still_free(&self, inner: &dyn Transport, request: &PveRequest, vmid: Vmid) -> Result<()> {
        let freed = self.noted().guests.get(vmid).is_some_and(|guest| guest.deleted);
        let forced = request.params.text("force").is_some_and(|flag| flag != "0");
        if freed || forced {
            return Ok(());
        }
        match inner.call(&PveRequest::get(PvePath::parse("/cluster/nextid")?).param("vmid", vmid)).await {
            Err(e) if e.kind() == ErrorKind::AlreadyExists => Err(guests::occupied(request, vmid)),
            // What else is wrong with the way shows when it is applied.
            _ => Ok(()),
        }
    }

    async fn read(&self, inner: &dyn Transport, request: &PveRequest) -> Result<PveResponse> {
        if let Some(data) = work::task(&request.path) {
            return Ok(answer(&data));
        }
        let segments: Vec<&str> = request.path.segments().collect();
        match (request.verb, segments.as_slice()) {
            (Verb::Get, ["cluster", "nextid"]) => self.next_id(inner, request).await,
            (Verb::Get, ["nodes", _, "tasks"]) => self.tasks(inner, request).await,
            (Verb::Get, ["pools"]) => self.pools(inner, request).await,
            (_, ["nodes", _, "qemu" | "lxc", _, what @ ..]) => self.guest(inner, request, what).await,
            _ => inner.call(request).await,
        }
    }

    async fn guest(&self, inner: &dyn Transport, request: &PveRequest, what: &[&str]) -> Result<PveResponse> {
        let Target::Guest { kind, vmid, .. } = request.target() else {
            return inner.call(request).await;
        };
        let (known, new) = {
            let noted = self.noted();
            match noted.guests.get(vmid) {
                None => (false, false),
                Some(guest) if guest.deleted => return Err(guests::absent(request, kind, vmid)),
                Some(guest) => (true, guest.new),
            }
        };
        match what {
            ["config"] | ["status", "current"] if known => {
                let real = if new { Value::Null } else { inner.call(request).await?.decode()? };
                Ok(answer(&self.noted().guests.show(vmid, what[0], real)))
            }
            _ if new => {
                let text =
                    format!("{} {vmid} is only planned: there is no answer to `{request}`", kind.noun());
                Err(Error::new(ErrorKind::Unsupported, Outcome::NotSent, text))
            }
            _ => inner.call(request).await,
        }
    }

    /// `GET /cluster/nextid`, which knows nothing of planned guests.
    async fn next_id(&self, inner: &dyn Transport, request: &PveRequest) -> Result<PveResponse> {
        let is_planned =
            |id: Vmid| self.noted().guests.get(id).is_some_and(|guest| guest.new && !guest.deleted);
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

    /// `GET /pools` with a name: with the planned guests that are put into it.
    async fn pools(&self, inner: &dyn Transport, request: &PveRequest) -> Result<PveResponse> {
        let real = inner.call(request).await?;
        let Some(pool) = request.params.text("poolid") else {
            return Ok(real);
        };
        let planned = self.noted().guests.of_pool(&pool);
        if planned.is_empty() {
            return Ok(real);
        }
        let mut rows: Vec<Value> = real.decode()?;
        let members = rows.iter_mut().filter(|row| row["poolid"].as_str() == Some(&*pool));
        for row in members {
            if let Some(members) = row["members"].as_array_mut() {
                members.extend(planned.iter().map(|vmid| json!({ "vmid": vmid })));
            } else {
                row["members"] = planned.iter().map(|vmid| json!({ "vmid": vmid })).collect();
            }
        }
        Ok(answer(&Value::from(rows)))
    }

    /// `GET /nodes/{node}/tasks`, with the planned ones that are found there only.
    async fn tasks(&self, inner: &dyn Transport, request: &PveRequest) -> Result<PveResponse> {
        let vmid = request.params.text("vmid");
        let planned: Vec<Value> = {
            let noted = self.noted();
            let rows = noted.quiet.iter().filter_map(|upid| work::listed(upid));
            rows.filter(|row| row["id"].as_str() == vmid.as_deref()).collect()
        };
        let real = inner.call(request).await?;
        if planned.is_empty() {
            return Ok(real);
        }
        let mut rows: Vec<Value> = real.decode()?;
        rows.splice(0..0, planned);
        Ok(answer(&Value::from(rows)))
    }
}

/// A program's answer, on which the flow depends.
fn unforeseen(request: &PveRequest) -> Option<Error> {
    let runs = matches!(request.path.segments().collect::<Vec<_>>()[..], [.., "agent" | "pct", "exec"]);
    let Target::Guest { kind, vmid, .. } = request.target() else {
        return None;
    };
    let text = format!("what a program in {} {vmid} would say cannot be foreseen", kind.noun());
    runs.then(|| Error::new(ErrorKind::Unsupported, Outcome::NotSent, text))
}

fn taken(id: Vmid) -> Error {
    let text = format!("VM {id} already exists");
    let body = json!({"data": null, "message": "Parameter verification failed.", "errors": {"vmid": text}});
    classify(Effect::Read, 400, "Parameter verification failed.", body.to_string().as_bytes())
}

fn answer(data: &Value) -> PveResponse {
    PveResponse::envelope(json!({ "data": data }).to_string())
}
