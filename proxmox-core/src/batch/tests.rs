//! The way of a batch over a transport that carries batches out as PVE does.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::{
    Effect, ErrorKind, Layer, Outcome, Params, Policy, PvePath, Transport, TransportInfo, Verb, Vmid,
    async_trait,
};

type Answer = fn(&PveRequest) -> Result<PveResponse>;

/// Guests 100 to 199 are managed, with the digest `d`; 200 to 299 are not; others do not exist.
struct Node {
    sent: Arc<Mutex<Vec<PveRequest>>>,
    executes: bool,
    /// What becomes of a batch, when it is not carried out.
    instead: Option<Answer>,
}

fn error(effect: Effect, status: u16, message: &str) -> Result<PveResponse> {
    PveResponse::from_http(effect, status, message, json!({ "message": message }).to_string())
}

/// What the node answers to one request.
fn single(request: &PveRequest) -> Result<PveResponse> {
    let segments: Vec<&str> = request.path.segments().collect();
    let vmid = segments.get(3).and_then(|vmid| vmid.parse::<u32>().ok()).unwrap_or_default();
    let data = match (request.verb, &segments[2..]) {
        (_, ["nosuch"]) => return error(request.effect, 501, "Method 'GET /nodes/a/nosuch' not implemented"),
        (_, ["qemu", ..]) if vmid > 299 => {
            return error(request.effect, 500, &format!("Configuration file '{vmid}' does not exist"));
        }
        (Verb::Get, ["qemu", _, "config"]) if vmid > 199 => json!({"name": segments[3]}),
        (Verb::Get, ["qemu", _, "config"]) => {
            json!({"name": segments[3], "tags": "sdk-managed", "digest": "d"})
        }
        (Verb::Get, _) => json!(request.path.as_str()),
        _ => Value::Null,
    };
    Ok(PveResponse::envelope(json!({ "data": data }).to_string()))
}

/// The same within a batch.
fn command(node: &str, command: &Value) -> Value {
    let verb = match command["method"].as_str().unwrap() {
        "GET" => Verb::Get,
        "PUT" => Verb::Set,
        _ => Verb::Create,
    };
    let path = command["path"].as_str().unwrap();
    if path == "nosuch" {
        return json!({"status": 500, "message": "no handler for 'nodes/a/nosuch'\n"});
    }
    let path = PvePath::parse(&format!("/nodes/{node}/{path}")).unwrap();
    match single(&PveRequest::new(verb, path)) {
        Ok(answer) => json!({"status": 200, "data": answer.decode::<Value>().unwrap()}),
        Err(e) => json!({"status": e.status(), "message": format!("{}\n", e.message())}),
    }
}

#[async_trait]
impl Transport for Node {
    fn info(&self) -> TransportInfo {
        let info = TransportInfo::new("scripted", "nowhere").blocking();
        if self.executes { info.executes() } else { info }
    }
    async fn call(&self, request: &PveRequest) -> Result<PveResponse> {
        request.check().unwrap();
        self.sent.lock().unwrap().push(request.clone());
        if request.path.segments().last() != Some("execute") {
            return single(request);
        }
        if let Some(instead) = self.instead {
            return instead(request);
        }
        let commands: Vec<Value> = serde_json::from_str(&request.params.all("commands")[0]).unwrap();
        let node = request.path.segments().nth(1).unwrap();
        let parts: Vec<_> = commands.iter().map(|c| command(node, c)).collect();
        Ok(PveResponse::envelope(json!({ "data": parts }).to_string()))
    }
    async fn sleep(&self, _: Duration) {}
}

type Sent = Arc<Mutex<Vec<PveRequest>>>;

fn node(executes: bool, instead: Option<Answer>) -> (Pve, Sent) {
    let sent = Sent::default();
    (Pve::new(Node { sent: Arc::clone(&sent), executes, instead }), sent)
}

fn at(path: &str, verb: Verb) -> PveRequest {
    let request = PveRequest::new(verb, PvePath::parse(path).unwrap());
    if verb == Verb::Get { request } else { request.effect(Effect::Write) }
}

fn config(vmid: u32) -> PveRequest {
    at(&format!("/nodes/a/qemu/{vmid}/config"), Verb::Get)
}

fn set(vmid: u32) -> PveRequest {
    at(&format!("/nodes/a/qemu/{vmid}/config"), Verb::Set).param("cores", 2)
}

/// `METHOD path`, batches as `BATCH n`.
fn lines(sent: &Sent) -> Vec<String> {
    let line = |request: &PveRequest| match request.params.text("commands") {
        Some(text) => format!("BATCH {}", serde_json::from_str::<Vec<Value>>(&text).unwrap().len()),
        None => format!("{} {}", request.verb.method(), request.path),
    };
    let mut lines: Vec<String> = sent.lock().unwrap().iter().map(line).collect();
    sent.lock().unwrap().clear();
    // What is under way at once arrives in no order.
    lines.sort_unstable();
    lines
}

fn shown(answers: Vec<Result<PveResponse>>) -> Vec<String> {
    let show = |answer: Result<PveResponse>| match answer {
        Ok(answer) => answer.decode::<Value>().unwrap().to_string(),
        Err(e) => format!("{e:?}"),
    };
    answers.into_iter().map(show).collect()
}

#[test]
fn the_same_as_singly_in_two_round_trips() {
    let requests = || {
        let mut requests: Vec<_> = (100..150).map(config).collect();
        requests.push(config(999));
        requests.push(at("/nodes/a/nosuch", Verb::Get));
        requests.push(at("/cluster/x/y", Verb::Get));
        requests.push(at("/nodes/b/lxc", Verb::Get));
        requests.push(config(7).param("", 1));
        requests.push(config(100).timeout(Duration::ZERO));
        requests
    };
    let (pve, sent) = node(true, None);
    let packed = shown(pve.block_on(pve.call_all(requests())));
    assert_eq!(lines(&sent), ["BATCH 52", "GET /cluster/x/y", "GET /nodes/a/nosuch", "GET /nodes/b/lxc"]);
    let (plain, sent) = node(false, None);
    assert_eq!(packed, shown(plain.block_on(plain.call_all(requests()))));
    assert_eq!(lines(&sent).len(), 54);
    let singly = requests().iter().map(|request| pve.block_on(pve.call(request))).collect();
    assert_eq!(packed, shown(singly));
    assert!(packed[50].contains("VM 999 on node a") && packed[50].contains("NotFound"), "{}", packed[50]);
}

#[test]
fn a_batch_that_is_not_taken_makes_no_difference() {
    let refusals: [Answer; 6] = [
        |r| error(r.effect, 403, "Permission check failed (user != root@pam)"),
        |r| error(r.effect, 501, "Method 'POST /nodes/a/execute' not implemented"),
        |r| error(r.effect, 400, "Parameter verification failed."),
        |_| Ok(PveResponse::envelope("<html>")),
        |_| Ok(PveResponse::envelope(r#"{"data":[]}"#)),
        |r| error(r.effect, 596, "Connection timed out"),
    ];
    for (index, refusal) in refusals.into_iter().enumerate() {
        let (pve, sent) = node(true, Some(refusal));
        let answers = shown(pve.block_on(pve.call_all((100..103).map(config))));
        assert_eq!(lines(&sent).len(), 4, "{index}");
        let (plain, _) = node(false, None);
        assert_eq!(answers, shown(plain.block_on(plain.call_all((100..103).map(config)))), "{index}");
    }
}

#[test]
fn writes_go_singly_unless_asked_for() {
    let (pve, sent) = node(true, None);
    let answers = pve.block_on(pve.call_all([set(100), config(100), set(101), config(101), set(200)]));
    let kinds: Vec<_> = answers.iter().map(|a| a.as_ref().err().map(Error::kind)).collect();
    assert_eq!(kinds, [None, None, None, None, Some(ErrorKind::Refused)]);
    let lines = lines(&sent);
    assert_eq!(lines.iter().filter(|l| l.starts_with("PUT")).count(), 2);
    assert_eq!(lines[0], "BATCH 2");
}

#[test]
fn the_gate_looks_at_each_write_of_a_batch() {
    let (pve, sent) = node(true, None);
    let stop = at("/nodes/a/stopall", Verb::Create);
    let nested = at("/nodes/a/execute", Verb::Create).param("commands", r#"[{"method":"PUT","path":"x"}]"#);
    let create = at("/nodes/a/qemu", Verb::Create).param("vmid", 300);
    let forced = set(201).force(Vmid::new(201).unwrap());
    let requests = [set(100), set(200), set(101), stop, nested, create, forced, set(999)];
    let answers = pve.block_on(pve.batch_writes(requests));
    let kinds: Vec<_> = answers.iter().map(|a| a.as_ref().err().map(|e| (e.kind(), e.outcome()))).collect();
    let refused = Some((ErrorKind::Refused, Outcome::NotSent));
    let absent = Some((ErrorKind::NotFound, Outcome::NotSent));
    assert_eq!(kinds, [None, refused, None, refused, refused, None, None, absent]);
    assert!(answers[1].as_ref().unwrap_err().to_string().starts_with("VM 200 on node a: refused by rule"));
    let commands: Vec<String> = sent.lock().unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(commands.len(), 2, "the facts of all, and what passed: {commands:#?}");
    assert_eq!(
        commands[1],
        concat!(
            "pvesh create /nodes/a/execute --commands '[",
            r#"{"method":"PUT","path":"qemu/100/config","args":{"cores":"2","digest":"d"}},"#,
            r#"{"method":"PUT","path":"qemu/101/config","args":{"cores":"2","digest":"d"}},"#,
            r#"{"method":"POST","path":"qemu","args":{"tags":"sdk-managed","vmid":"300"}},"#,
            r#"{"method":"PUT","path":"qemu/201/config","args":{"cores":"2"}}]'"#
        )
    );
}

#[test]
fn changes_of_one_guest_keep_their_order() {
    let (pve, sent) = node(true, None);
    pve.block_on(pve.batch_writes([set(100), set(101), set(100).param("cores", 4), set(100).param("x", 1)]))
        .into_iter()
        .for_each(|answer| drop(answer.unwrap()));
    let writes: Vec<String> = sent
        .lock()
        .unwrap()
        .iter()
        .filter(|r| r.effect != Effect::Read)
        .map(|r| r.params.text("commands").map_or_else(|| r.to_string(), Cow::into_owned))
        .collect();
    assert_eq!(writes.len(), 3, "{writes:#?}");
    assert!(writes[0].contains("qemu/100") && writes[0].contains("qemu/101"));
    assert_eq!(writes[1], "pvesh set /nodes/a/qemu/100/config --cores 4 --digest d");
}

#[test]
fn a_lost_answer_leaves_writes_in_doubt() {
    let lost: Answer = |request| match request.effect {
        Effect::Read => error(request.effect, 403, "no"),
        _ => Err(Error::new(ErrorKind::Timeout, Outcome::MaybeApplied, "no answer within 60 s")),
    };
    let (pve, sent) = node(true, Some(lost));
    let requests = [set(100), config(100), set(200), set(101), config(101)];
    let answers = pve.block_on(pve.batch_writes(requests));
    for (place, vmid) in [(0, 100), (3, 101)] {
        let error = answers[place].as_ref().unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Timeout, Outcome::MaybeApplied));
        assert_eq!(error.target(), Some(format!("VM {vmid} on node a").as_str()));
    }
    assert_eq!(answers[2].as_ref().unwrap_err().kind(), ErrorKind::Refused);
    assert!(answers[1].is_ok() && answers[4].is_ok());
    let lines = lines(&sent);
    assert!(!lines.iter().any(|line| line.starts_with("PUT")), "no write is sent twice: {lines:?}");
}

#[test]
fn a_refused_batch_of_writes_goes_singly() {
    let refusal: Answer = |r| error(r.effect, 403, "Permission check failed (user != root@pam)");
    let (pve, sent) = node(true, Some(refusal));
    for answer in pve.block_on(pve.batch_writes([set(100), set(101)])) {
        answer.unwrap();
    }
    let lines = lines(&sent);
    assert_eq!(lines.iter().filter(|line| line.starts_with("PUT")).count(), 2, "{lines:?}");
}

/// A layer that knows nothing of batches.
#[derive(Default)]
struct Seen(Mutex<Vec<String>>);

#[async_trait]
impl Layer for Seen {
    async fn call(&self, inner: &dyn Transport, request: &PveRequest) -> Result<PveResponse> {
        self.0.lock().unwrap().push(request.path.to_string());
        inner.call(request).await
    }
}

/// One that does.
struct Aware(Seen);

#[async_trait]
impl Layer for Aware {
    async fn call(&self, inner: &dyn Transport, request: &PveRequest) -> Result<PveResponse> {
        self.0.call(inner, request).await
    }
    fn takes_batches(&self) -> bool {
        true
    }
}

#[test]
fn a_layer_sees_each_request_unless_it_takes_batches() {
    let transport = || Node { sent: Sent::default(), executes: true, instead: None };
    let (seen, aware) = (Arc::new(Seen::default()), Arc::new(Aware(Seen::default())));
    let pve = Pve::builder(transport()).layer(Arc::clone(&seen)).build();
    assert!(!pve.info().executes);
    pve.block_on(pve.call_all((100..103).map(config)));
    assert_eq!(seen.0.lock().unwrap().len(), 3);
    let pve = Pve::builder(transport()).layer(Arc::clone(&aware)).build();
    pve.block_on(pve.call_all((100..103).map(config)));
    assert_eq!(*aware.0.0.lock().unwrap(), ["/nodes/a/execute"]);
}

#[test]
fn typed_calls_travel_together() {
    let (pve, sent) = node(true, None);
    let ask = |request: Result<PveRequest>| pve.bind(Ask::<Params>::new("guest.config", request));
    let (other, other_sent) = node(true, None);
    let calls = vec![
        ask(Ok(config(100))),
        ask(Err(Error::invalid("x", "x: wrong"))),
        ask(Ok(config(999))),
        other.bind(Ask::new("guest.config", Ok(config(102)))),
        ask(Ok(at("/nodes/a/lxc", Verb::Get))),
        ask(Ok(config(101))),
    ];
    let answers = pve.block_on(pve.all(calls));
    assert_eq!(answers[0].as_ref().unwrap().text("name").unwrap(), "100");
    assert_eq!(answers[5].as_ref().unwrap().text("name").unwrap(), "101");
    let shown: Vec<_> =
        answers.iter().map(|a| a.as_ref().err().map(ToString::to_string).unwrap_or_default()).collect();
    assert_eq!(shown[1], "guest.config: x: wrong");
    assert_eq!(shown[2], "guest.config (VM 999 on node a): Configuration file '999' does not exist");
    assert_eq!(shown[3], "guest.config (VM 102 on node a): calls: one is bound to another handle");
    assert!(shown[4].starts_with("guest.config (node a): unexpected answer"), "{}", shown[4]);
    assert_eq!(lines(&sent), ["BATCH 4"]);
    assert!(other_sent.lock().unwrap().is_empty());
}

#[test]
fn force_is_for_one_call() {
    let vmid = Vmid::new(200).unwrap();
    let (pve, _) = node(true, None);
    let calls = [200, 201].map(|n| pve.bind(Ask::done("guest.set", Ok(set(n)))).force(vmid));
    let kinds: Vec<_> = pve.block_on(pve.all(calls)).into_iter().map(|a| a.err().map(|e| e.kind())).collect();
    assert_eq!(kinds, [None, Some(ErrorKind::Refused)]);
}

#[test]
fn without_a_gate_nothing_is_read_first() {
    let sent = Sent::default();
    let transport = Node { sent: Arc::clone(&sent), executes: true, instead: None };
    let pve = Pve::builder(transport).policy(Policy::dangerous_allow_everything()).build();
    pve.block_on(pve.batch_writes([set(200), set(201)])).into_iter().for_each(|a| drop(a.unwrap()));
    assert_eq!(lines(&sent), ["BATCH 2"]);
}

#[test]
fn the_futures_can_be_spawned() {
    fn spawn(flow: impl Future<Output = ()> + Send + 'static) {
        drop(flow);
    }
    let (pve, _) = node(true, None);
    spawn(async move {
        pve.call_all([config(100)]).await;
        pve.batch_writes([set(100)]).await;
        pve.all([pve.bind(Ask::<Value>::new("x", Ok(config(100))))]).await;
    });
}
