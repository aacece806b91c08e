//! What every write passes: facts are read, the policy is asked, and the digest goes along.

use super::{GuestAt, GuestFacts, Policy, Refusal, Subject, Verdict, tags_of};
use crate::guest::is_absent;
use crate::{Effect, Error, ErrorKind, Outcome, PvePath, PveRequest, PveResponse, Result, Verb, Vmid};

/// A write before the gate: the policy is asked about it, with facts read for this one decision.
///
/// It is split in two so that the facts of many can be read together: [`asks`](Self::asks), then [`judge`](Self::judge).
pub(crate) struct Case<'r> {
    policy: &'r Policy,
    request: &'r PveRequest,
    subject: Subject,
}

/// A write that may be sent.
#[derive(Debug)]
pub(crate) struct Passed {
    /// As it is to be sent.
    pub(crate) request: PveRequest,
    /// What it was forced against.
    pub(crate) overridden: Option<Refusal>,
}

impl Passed {
    /// The policy has no say in it.
    pub(crate) fn unasked(request: &PveRequest) -> Self {
        Self { request: request.clone(), overridden: None }
    }
}

impl<'r> Case<'r> {
    /// `None` when there is nothing to ask.
    pub(crate) fn of(policy: &'r Policy, request: &'r PveRequest) -> Option<Self> {
        policy.subject(request).map(|subject| Self { policy, request, subject })
    }

    /// What must be read first: the guest's configuration, if it is about a guest; then the pools that are allowed, if only some are.
    pub(crate) fn asks(&self) -> Vec<PveRequest> {
        let Some(at) = self.guest() else {
            return Vec::new();
        };
        let config = PveRequest::get(PvePath::guest(&at.node, at.kind, at.vmid).fixed("config"));
        let pool = |pool: &String| {
            Some(PveRequest::get(PvePath::parse("/pools").ok()?).param("poolid", pool.as_str()))
        };
        let reads = std::iter::once(config).chain(self.policy.pools().iter().filter_map(pool));
        // Who is in a hurry is so with all of it.
        match self.request.timeout {
            Some(limit) => reads.map(|read| read.timeout(limit)).collect(),
            None => reads.collect(),
        }
    }

    fn guest(&self) -> Option<&GuestAt> {
        match &self.subject {
            Subject::Guest(at) => at.as_ref(),
            Subject::Overwritten(at) => Some(at),
            Subject::NewGuest | Subject::Copy | Subject::Apart | Subject::Far(..) => None,
        }
    }

    /// The request as it is to be sent, or the refusal. `reads` is what came of [`asks`](Self::asks).
    pub(crate) fn judge(&self, reads: impl IntoIterator<Item = Result<PveResponse>>) -> Result<Passed> {
        let mut reads = reads.into_iter();
        let facts = match (self.guest(), reads.next()) {
            (Some(at), Some(read)) => match (facts(at, read), &self.subject) {
                (Ok(facts), _) => Some(GuestFacts { pool: pool_of(at, reads)?, ..facts }),
                // Then there is nothing to overwrite; PVE itself finds a guest on another node.
                (Err(e), Subject::Overwritten(_)) if is_absent(&e) => None,
                (Err(e), _) => return Err(e),
            },
            (Some(_), None) => return Err(unverifiable("they were not asked for")),
            (None, _) => None,
        };
        if let Verdict::Refuse(refusal) = self.policy.verdict(self.request, facts.as_ref()) {
            return Err(refusal.into());
        }
        let overridden = self.overridden(facts.as_ref());
        let request = match (&self.subject, facts) {
            (Subject::NewGuest | Subject::Overwritten(_), facts) => self.tagged(facts.as_ref())?,
            (_, Some(facts)) => guarded(self.request, &facts),
            _ => self.request.clone(),
        };
        Ok(Passed { request, overridden })
    }

    /// What would have been said without the force.
    fn overridden(&self, facts: Option<&GuestFacts>) -> Option<Refusal> {
        self.request.force?;
        let unforced = PveRequest { force: None, ..self.request.clone() };
        match self.policy.verdict(&unforced, facts) {
            Verdict::Refuse(refusal) => Some(refusal),
            Verdict::Allow => None,
        }
    }

    /// What is created through here carries the managed tag from its first moment. What stands in the place of a guest keeps that
    /// guest's tags.
    fn tagged(&self, before: Option<&GuestFacts>) -> Result<PveRequest> {
        let stated = tags_of(self.request);
        let restores = ["archive", "restore"].iter().any(|name| self.request.params.get(name).is_some());
        if restores && stated.is_none() {
            let text = "refused by rule unverifiable: the tags of the backup are not known, and the managed tag would take their place";
            return Err(Error::new(ErrorKind::Refused, Outcome::NotSent, text)
                .with_advice("state the tags that the restored guest is to have"));
        }
        let mut tags = stated.unwrap_or_default();
        tags.extend(before.iter().flat_map(|facts| facts.tags.iter().cloned()));
        tags.sort_unstable();
        tags.dedup();
        let tagged = self.request.clone().param("tags", self.policy.with_tag(&tags));
        let given = self.request.params.text("description").unwrap_or_default();
        let described = self.policy.describe(&given);
        Ok(if described == *given { tagged } else { tagged.param("description", described) })
    }
}

/// The request with the digest of the facts, where PVE takes one: a change in between makes it fail.
fn guarded(request: &PveRequest, facts: &GuestFacts) -> PveRequest {
    let takes_digest = matches!(request.path.segments().nth(4), Some("config" | "resize"))
        && matches!(request.verb, Verb::Set | Verb::Create);
    match &facts.digest {
        Some(digest) if takes_digest && request.params.get("digest").is_none() => {
            request.clone().param("digest", digest.as_str())
        }
        _ => request.clone(),
    }
}

fn facts(at: &GuestAt, read: Result<PveResponse>) -> Result<GuestFacts> {
    match read.and_then(|answer| configuration(&answer.answering(Effect::Read))) {
        Ok(facts) => Ok(GuestFacts { vmid: at.vmid, ..facts }),
        // Nothing was written, whatever the read died of.
        Err(e) if matches!(e.kind(), ErrorKind::PermissionDenied | ErrorKind::Decode) => {
            Err(unverifiable(e.message()).with_source(e))
        }
        Err(e) => Err(e.with_outcome(Outcome::NotSent)),
    }
}

#[derive(serde::Deserialize)]
struct Pool {
    poolid: String,
    #[serde(default)]
    members: Vec<Member>,
}

#[derive(serde::Deserialize)]
struct Member {
    #[serde(default)]
    vmid: Option<Vmid>,
}

/// The first of these pools that has the guest. One that cannot be read might be the one.
fn pool_of(at: &GuestAt, reads: impl Iterator<Item = Result<PveResponse>>) -> Result<Option<String>> {
    for read in reads {
        let pools: Vec<Pool> = read
            .and_then(|answer| answer.answering(Effect::Read).decode())
            .map_err(|e| unverifiable(e.message()).with_source(e))?;
        let holds = |pool: &Pool| pool.members.iter().any(|member| member.vmid == Some(at.vmid));
        if let Some(pool) = pools.into_iter().find(holds) {
            return Ok(Some(pool.poolid));
        }
    }
    Ok(None)
}

/// Of a list, whatever is in it, no facts can be read.
fn configuration(answer: &PveResponse) -> Result<GuestFacts> {
    if answer.raw_data()?.get().starts_with('{') {
        return answer.decode();
    }
    Err(Error::decode(Outcome::Rejected, "the answer is no configuration"))
}

fn unverifiable(why: &str) -> Error {
    let message = format!("refused by rule unverifiable: what decides cannot be read: {why}");
    Error::new(ErrorKind::Refused, Outcome::NotSent, message)
        .with_advice("make the guest's configuration (VM.Audit), and pools that the policy names (Pool.Audit), readable for these credentials")
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use super::*;
    use crate::{Pve, Transport, TransportInfo, async_trait};

    /// Answers every GET with one config, and writes down everything else.
    struct Scripted {
        config: Result<&'static str, u16>,
        written: Arc<Mutex<Vec<String>>>,
    }

    #[async_trait]
    impl Transport for Scripted {
        fn info(&self) -> TransportInfo {
            TransportInfo::new("scripted", "nowhere").blocking().pct()
        }
        async fn call(&self, request: &PveRequest) -> Result<PveResponse> {
            if request.verb != Verb::Get {
                self.written.lock().unwrap().push(request.to_string());
                return Ok(PveResponse::bare("null"));
            }
            match self.config {
                Ok(config) => Ok(PveResponse::bare(config)),
                Err(403) => PveResponse::from_http(
                    Effect::Read,
                    403,
                    "Permission check failed (/vms/100, VM.Audit)",
                    "",
                ),
                Err(status) => PveResponse::from_http(Effect::Read, status, "x does not exist", ""),
            }
        }
        async fn sleep(&self, _: Duration) {}
    }

    fn send(config: Result<&'static str, u16>, request: &PveRequest) -> (Result<()>, Vec<String>) {
        let written = Arc::new(Mutex::new(Vec::new()));
        let pve = Pve::new(Scripted { config, written: Arc::clone(&written) });
        let result = pve.block_on(async { pve.call(request).await.map(drop) });
        let written = written.lock().unwrap().clone();
        (result, written)
    }

    fn at(path: &str, verb: Verb) -> PveRequest {
        PveRequest::new(verb, PvePath::parse(path).unwrap())
    }

    #[test]
    fn raw_requests_are_gated() {
        let (result, written) =
            send(Ok(r#"{"name":"handmade"}"#), &at("/nodes/n/qemu/100/status/stop", Verb::Create));
        let error = result.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Refused, Outcome::NotSent));
        assert_eq!(
            error.to_string(),
            "VM 100 on node n: refused by rule managed-tag: guest 100 (handmade): it does not carry the tag \"sdk-managed\""
        );
        assert_eq!(error.advice(), Some("if that is what you want, force it, naming 100"));
        assert!(written.is_empty());
    }

    #[test]
    fn nothing_gets_into_a_container_beside_the_gate() {
        let exec = at("/nodes/n/lxc/100/pct/exec", Verb::Create).param("command", "reboot");
        let push = at("/nodes/n/lxc/100/pct/push", Verb::Create).param("path", "/x").param("content", "");
        for request in [exec.clone(), push, exec.clone().effect(Effect::Write)] {
            let (result, written) = send(Ok("{}"), &request);
            assert_eq!(result.unwrap_err().kind(), ErrorKind::Refused, "{request}");
            assert!(written.is_empty());
            let (result, written) = send(Ok(r#"{"tags":"sdk-managed"}"#), &request);
            result.unwrap();
            assert_eq!(written.len(), 1, "{request}");
        }
        let (result, written) = send(Ok("{}"), &exec.effect(Effect::Read));
        assert_eq!(result.unwrap_err().kind(), ErrorKind::InvalidInput);
        assert!(written.is_empty());
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        for (config, kind) in
            [(Err(403), ErrorKind::Refused), (Ok("[1]"), ErrorKind::Refused), (Err(500), ErrorKind::NotFound)]
        {
            let (result, written) = send(config, &at("/nodes/n/lxc/100/status/start", Verb::Create));
            let error = result.unwrap_err();
            assert_eq!((error.kind(), error.outcome()), (kind, Outcome::NotSent), "{error}");
            assert!(kind != ErrorKind::Refused || error.message().contains("rule unverifiable"), "{error}");
            assert!(written.is_empty());
        }
    }

    #[test]
    fn a_config_write_carries_the_digest_it_was_judged_by() {
        let config = r#"{"tags":"sdk-managed","digest":"abc"}"#;
        let (result, written) =
            send(Ok(config), &at("/nodes/n/qemu/100/config", Verb::Set).param("cores", 2));
        result.unwrap();
        assert_eq!(written, ["pvesh set /nodes/n/qemu/100/config --cores 2 --digest abc"]);
        let given = at("/nodes/n/qemu/100/config", Verb::Set).param("digest", "mine");
        assert_eq!(send(Ok(config), &given).1, ["pvesh set /nodes/n/qemu/100/config --digest mine"]);
    }

    #[test]
    fn what_is_created_is_tagged_at_once() {
        let create = at("/nodes/n/qemu", Verb::Create).param("vmid", 100).param("tags", "web");
        let (result, written) = send(Err(500), &create);
        result.unwrap();
        assert_eq!(written, ["pvesh create /nodes/n/qemu --vmid 100 --tags 'web;sdk-managed'"]);
        // A restored guest has the tags that are stated, and those of the guest in whose place it comes; never fewer.
        let restore = create.clone().param("archive", "local:backup/x.vma.zst").param("force", true);
        let ours = Ok(r#"{"tags":"sdk-managed;old"}"#);
        let (result, written) = send(ours, &restore);
        result.unwrap();
        assert!(written[0].contains("--tags 'old;sdk-managed;web'"), "{written:?}");
        let mut silent = restore;
        silent.params.remove("tags");
        let error = send(ours, &silent).0.unwrap_err();
        assert!(error.message().contains("the tags of the backup are not known"), "{error}");
        // Over an existing guest, which PVE does when restoring with force, the guest's own gate stands.
        let (result, written) = send(Ok("{}"), &create.param("force", true));
        assert_eq!(result.unwrap_err().kind(), ErrorKind::Refused);
        assert!(written.is_empty());
    }
}
