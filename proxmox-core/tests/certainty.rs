//! Traps that must stay closed: ways around the gate, answers that prove nothing, loops without an end.
#![allow(clippy::unwrap_used)] // In a test an unwrap is an assertion.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use proxmox_core::guest::{
    AddressSource, CloneOptions, CreateGuest, DeleteOptions, Exec, ExecResult, HowCloned, Kind, NewId,
};
use proxmox_core::policy::{GuestFacts, Verdict};
use proxmox_core::*;

#[derive(Debug)]
enum Q {}
#[derive(Debug)]
struct H(Guest<Q>);
impl From<Guest<Q>> for H {
    fn from(g: Guest<Q>) -> Self {
        Self(g)
    }
}
impl std::ops::Deref for H {
    type Target = Guest<Q>;
    fn deref(&self) -> &Guest<Q> {
        &self.0
    }
}
impl Kind for Q {
    const KIND: GuestKind = GuestKind::Qemu;
    const NAME_PARAM: &'static str = "name";
    const ADDRESSES: AddressSource = AddressSource {
        path: &["interfaces"],
        read: |answer| answer.decode(),
        fixed: None,
        teller: "the guest",
        advice: "wait longer",
    };
    type Exec = Ask<ExecResult>;
    type Handle = H;

    fn exec(guest: &Guest<Self>, exec: Exec) -> Self::Exec {
        Ask::new("test.exec", Pct::Exec(exec).request(guest.path()))
    }
}

type Script = dyn Fn(&PveRequest, usize) -> Result<PveResponse> + Send + Sync;
struct S {
    script: Box<Script>,
    log: Arc<Mutex<Vec<String>>>,
    start: Instant,
    slept: Mutex<Duration>,
}
#[async_trait]
impl Transport for S {
    fn info(&self) -> TransportInfo {
        TransportInfo::new("s", "x").blocking()
    }
    async fn call(&self, r: &PveRequest) -> Result<PveResponse> {
        let n = {
            let mut l = self.log.lock().unwrap();
            l.push(r.to_string());
            l.len()
        };
        (self.script)(r, n)
    }
    async fn sleep(&self, d: Duration) {
        *self.slept.lock().unwrap() += d;
    }
    fn now(&self) -> Instant {
        self.start + *self.slept.lock().unwrap()
    }
}
fn pve(
    script: impl Fn(&PveRequest, usize) -> Result<PveResponse> + Send + Sync + 'static,
) -> (Pve, Arc<Mutex<Vec<String>>>) {
    let log = Arc::new(Mutex::new(Vec::new()));
    (
        Pve::new(S {
            script: Box::new(script),
            log: log.clone(),
            start: Instant::now(),
            slept: Mutex::default(),
        }),
        log,
    )
}
fn ok(t: &str) -> Result<PveResponse> {
    Ok(PveResponse::bare(t.to_owned()))
}
fn fail(r: &PveRequest, t: &str) -> Result<PveResponse> {
    PveResponse::from_http(r.effect, 500, t, "")
}
const UPID: &str = "\"UPID:n:00007073:000445CD:6B00C445:qmx:100:root@pam:\"";
fn v(n: u32) -> Vmid {
    Vmid::new(n).unwrap()
}
fn p(s: &str) -> PvePath {
    PvePath::parse(s).unwrap()
}
fn node() -> NodeName {
    NodeName::parse("n").unwrap()
}
fn done(r: &PveRequest) -> Option<Result<PveResponse>> {
    r.path.as_str().ends_with("/status").then(|| ok(r#"{"upid":"UPID:n:00007073:000445CD:6B00C445:qmx:100:root@pam:","status":"stopped","exitstatus":"OK"}"#)).filter(|_| r.path.as_str().contains("/tasks/"))
}
fn allowed(r: &PveRequest, tags: &str) -> bool {
    let mut f: GuestFacts = serde_json::from_str(&format!(r#"{{"tags":"{tags}"}}"#)).unwrap();
    f.vmid = v(100);
    Policy::default().verdict(r, Some(&f)) == Verdict::Allow
}
fn allowed_none(r: &PveRequest) -> bool {
    Policy::default().verdict(r, None) == Verdict::Allow
}

#[test] // the handle that comes back keeps the force of the call
fn a_force_must_not_outlive_its_call() {
    let (pve, log) = pve(|r, _| {
        if let Some(d) = done(r) {
            return d;
        }
        if r.verb == Verb::Get {
            return ok(r#"{"tags":"production"}"#);
        }
        ok(UPID)
    });
    let params: Params =
        [("archive", "local:backup/x.vma"), ("force", "1"), ("tags", "production")].into_iter().collect();
    let vm = CreateGuest::<Q>::new(&pve, &node(), NewId::Vmid(v(100)), params).force(v(100)).block().unwrap();
    let later = vm.0.delete(DeleteOptions::new()).block(); // no force here
    println!("{:#?}", log.lock().unwrap());
    assert!(later.is_err(), "deleted an unmanaged, protected guest without force");
}

#[test] // restore over a protected guest
fn forced_restore_over_protected() {
    let r = PveRequest::create(p("/nodes/n/qemu"))
        .param("vmid", 100)
        .param("archive", "a")
        .param("force", true)
        .effect(Effect::Write);
    assert!(!allowed(&r, "sdk-managed;production"));
}
#[test]
fn destroying_a_volume_of_protected() {
    let r = PveRequest::set(p("/nodes/n/qemu/100/config")).param("delete", "unused0").effect(Effect::Write);
    assert!(!allowed(&r, "sdk-managed;production"));
}
#[test]
fn destroying_a_disk_of_protected_with_force() {
    let r = PveRequest::set(p("/nodes/n/qemu/100/config"))
        .param("delete", "scsi0")
        .param("force", true)
        .effect(Effect::Write);
    assert!(!allowed(&r, "sdk-managed;production"));
}
#[test]
fn tags_as_list() {
    let r = PveRequest::set(p("/nodes/n/qemu/100/config"))
        .param("tags", vec!["web".to_owned()])
        .effect(Effect::Write);
    assert!(!allowed(&r, "sdk-managed;production"));
}
#[test]
fn vmid_as_list() {
    let (pve, log) = pve(|r, _| if r.verb == Verb::Get { ok(r#"{"name":"handmade"}"#) } else { ok(UPID) });
    let r = PveRequest::create(p("/nodes/n/qemu"))
        .param("vmid", vec!["100".to_owned()])
        .param("archive", "a")
        .param("force", true);
    let _ = pve.block_on(pve.call(&r));
    assert!(!log.lock().unwrap().iter().any(|l| l.contains("create")), "{:?}", log.lock().unwrap());
}
#[test]
fn ipset_named_clone() {
    let (pve, log) = pve(|r, _| if r.verb == Verb::Get { ok(r#"{"name":"handmade"}"#) } else { ok("null") });
    let r = PveRequest::create(p("/nodes/n/qemu/100/firewall/ipset/clone")).param("cidr", "0.0.0.0/0");
    let _ = pve.block_on(pve.call(&r));
    assert!(log.lock().unwrap().iter().all(|l| !l.contains("create")), "{:?}", log.lock().unwrap());
}
#[test]
fn other_endpoints() {
    let mut bad = Vec::new();
    for r in [
        PveRequest::set(p("/cluster/ha/resources/vm:100")).param("state", "stopped"),
        PveRequest::create(p("/cluster/ha/resources")).param("sid", "vm:100").param("state", "stopped"),
        PveRequest::create(p("/cluster/ha/resources/vm:100/relocate")).param("node", "n2"),
        PveRequest::create(p("/nodes/n/vzdump")).param("vmid", 100).param("mode", "stop"),
        PveRequest::delete(p("/nodes/n/storage/lab/content/lab:100/data.qcow2")),
        PveRequest::delete(p("/nodes/n/disks/lvmthin/data")),
        PveRequest::delete(p("/nodes/n/disks/zfs/tank")),
        PveRequest::delete(p("/nodes/n/ceph/pool/rbd")),
        PveRequest::delete(p("/nodes/n/tasks/UPID:n:00007073:000445CD:6B00C445:qmmigrate:100:root@pam:")),
    ] {
        if allowed_none(&r) {
            bad.push(r.to_string());
        }
    }
    let r = PveRequest::create(p("/nodes/n/qemu/100/move_disk"))
        .param("disk", "scsi0")
        .param("target-vmid", 500)
        .param("target-disk", "scsi1");
    if allowed(&r, "sdk-managed") {
        bad.push(r.to_string());
    }
    assert!(bad.is_empty(), "{bad:#?}");
}
#[test]
fn a_delete_that_says_read() {
    let (pve, log) = pve(|r, _| if r.verb == Verb::Get { ok(r#"{"name":"handmade"}"#) } else { ok(UPID) });
    let r: PveRequest = serde_json::from_str(
        r#"{"verb":"delete","path":"/nodes/n/qemu/100","effect":"read","idempotent":true}"#,
    )
    .unwrap();
    let _ = pve.block_on(pve.call(&r));
    assert!(log.lock().unwrap().iter().all(|l| !l.contains("delete")), "{:?}", log.lock().unwrap());
}
#[test] // somebody took the number between nextid and create
fn auto_create_survives_a_collision() {
    let (pve, log) = pve(|r, _| {
        if let Some(d) = done(r) {
            return d;
        }
        let path = r.path.as_str();
        if path == "/cluster/nextid" {
            return match r.params.text("vmid").as_deref() {
                Some("101") => ok("\"101\""),
                _ => ok("\"100\""),
            };
        }
        if path.ends_with("100/config") {
            return ok(r#"{"name":"theirs"}"#);
        }
        if r.verb == Verb::Get {
            return fail(r, "Configuration file 'nodes/n/qemu-server/101.conf' does not exist");
        }
        ok(UPID)
    });
    let e = CreateGuest::<Q>::new(&pve, &node(), NewId::Auto, Params::new()).block();
    println!("{:#?}", log.lock().unwrap());
    assert!(e.is_ok(), "{e:?} {:?}", e.as_ref().unwrap_err().advice());
}
#[test] // a token that has its rights on a pool alone
fn create_in_a_pool() {
    let (pve, _) = pve(|r, _| {
        if let Some(d) = done(r) {
            return d;
        }
        if r.verb == Verb::Get {
            return PveResponse::from_http(r.effect, 403, "Permission check failed (/vms/200, VM.Audit)", "");
        }
        ok(UPID)
    });
    let params: Params = [("pool", "ci")].into_iter().collect();
    let e = CreateGuest::<Q>::new(&pve, &node(), NewId::Vmid(v(200)), params).block();
    assert!(e.is_ok(), "{e:?}");
}
#[test]
fn the_handle_is_of_the_created_guest() {
    let (pve, log) = pve(|r, _| {
        if let Some(d) = done(r) {
            return d;
        }
        if r.verb == Verb::Get {
            return fail(r, "Configuration file 'x' does not exist");
        }
        ok(UPID)
    });
    let params: Params = [("vmid", 150)].into_iter().collect();
    let vm = CreateGuest::<Q>::new(&pve, &node(), NewId::Vmid(v(200)), params).block();
    let Ok(vm) = vm else { return };
    let sent = log.lock().unwrap().iter().find(|l| l.contains("create")).unwrap().clone();
    assert!(sent.contains(&format!("--vmid {}", vm.0.vmid())), "{sent} but handle {}", vm.0);
}
#[test]
fn tags_of_a_create_given_as_a_list_are_kept() {
    let (pve, log) =
        pve(
            |r, _| {
                if r.verb == Verb::Get { fail(r, "Configuration file 'x' does not exist") } else { ok(UPID) }
            },
        );
    let r = PveRequest::create(p("/nodes/n/qemu"))
        .param("vmid", 200)
        .param("tags", vec!["a".to_owned(), "b".to_owned()]);
    let _ = pve.block_on(pve.call(&r));
    assert!(log.lock().unwrap().last().unwrap().contains("a;b"), "{:?}", log.lock().unwrap());
}
#[test] // a task that ended with warnings, and whose log cannot be read
fn a_good_end_with_an_unread_log() {
    let (pve, _) = pve(|r, _| {
        let path = r.path.as_str();
        if path.ends_with("/log") {
            return PveResponse::from_http(Effect::Read, 596, "Broken pipe", "");
        }
        if path.contains("/tasks/") {
            return ok(
                r#"{"upid":"UPID:n:00007073:000445CD:6B00C445:qmx:100:root@pam:","status":"stopped","exitstatus":"WARNINGS: 1"}"#,
            );
        }
        if r.verb == Verb::Get {
            return ok(r#"{"tags":"sdk-managed"}"#);
        }
        ok(UPID)
    });
    let e = Guest::<Q>::new(pve, node(), v(100)).start().block();
    if let Err(e) = e {
        assert!(
            e.outcome() == Outcome::Applied && !e.is_retryable(),
            "retryable={} upid={:?} {e:?}",
            e.is_retryable(),
            e.upid()
        );
    }
}
#[test] // a log whose server does not page
fn a_log_that_never_ends() {
    let page: String =
        format!("[{}]", (1..=500).map(|n| format!(r#"{{"n":{n},"t":"x"}}"#)).collect::<Vec<_>>().join(","));
    let (pve, log) = pve(move |_, n| {
        if n > 50 {
            Err(Error::new(ErrorKind::Unexpected, Outcome::Rejected, "asked 50 times"))
        } else {
            ok(&page)
        }
    });
    let t = pve.task(serde_json::from_str(UPID).unwrap());
    let e = t.tail(3).block();
    assert!(log.lock().unwrap().len() < 10, "{} requests {e:?}", log.lock().unwrap().len());
}
#[test]
fn a_wait_without_bounds() {
    let (pve, _) = pve(|r, _| done(r).unwrap_or_else(|| ok("[]")));
    let t = pve.task(serde_json::from_str(UPID).unwrap());
    t.wait().timeout(Duration::MAX).block().unwrap();
}
#[test]
fn codes_597_and_598() {
    for s in [597, 598, 520, 524] {
        let e = classify(Effect::Write, s, "", b"");
        assert_eq!(e.outcome(), Outcome::MaybeApplied, "{s} {:?}", e.kind());
    }
}
#[test]
fn secrets_pushed_twice() {
    let mut q = Params::new();
    q.push("secret", "name=a,value=hunter2").push("secret", "name=b,value=hunter3");
    let shown: Vec<_> = q.shown().map(|(k, v)| format!("{k}={v}")).collect();
    assert!(!format!("{shown:?} {q:?}").contains("hunter"), "{shown:?}");
}
#[test]
fn secrets_in_a_list() {
    let r = PveRequest::create(p("/cluster/notifications/endpoints/webhook"))
        .param("secret", vec!["name=a,value=hunter2".to_owned()]);
    assert!(!format!("{r} {r:?} {}", serde_json::to_string(&r).unwrap()).contains("hunter"), "{r}");
}
#[test]
fn secrets_by_other_names() {
    let mut bad = Vec::new();
    for (n, v) in [
        ("target-endpoint", "apitoken=PVEAPIToken=root@pam!x=hunter2,host=h"),
        ("data", "CF_Token=hunter2"),
        ("input-data", "root:hunter2\n"),
    ] {
        let r = PveRequest::create(p("/x")).param(n, v);
        if r.to_string().contains("hunter2") {
            bad.push(n);
        }
    }
    assert!(bad.is_empty(), "{bad:?}");
}
#[test] // a 200 that is not PVE's
fn a_tag_that_nobody_confirmed() {
    let (pve, _) = pve(|r, _| {
        if let Some(d) = done(r) {
            return d;
        }
        if r.verb == Verb::Get {
            return ok(r#"{"description":"<!-- sdk-managed clone-of=9000 -->","name":"w"}"#);
        }
        if r.path.as_str().ends_with("config") {
            return ok("<html>please log in</html>");
        }
        ok(UPID)
    });
    let c = Guest::<Q>::new(pve, node(), v(9000)).clone_to(CloneOptions::named("w").newid(v(200))).block();
    assert!(c.is_err(), "{c:?}");
}
#[test] // between the look at the lock and the look at the tasks
fn a_clone_that_ends_while_it_is_looked_for() {
    let (pve, _) = pve(|r, n| {
        let path = r.path.as_str();
        if path.ends_with("clone") {
            return Err(Error::new(ErrorKind::Connect, Outcome::MaybeApplied, "lost"));
        }
        match r.verb {
            Verb::Get if path.ends_with("/tasks") => ok("[]"),
            Verb::Get if path.ends_with("9000/config") => ok("{}"),
            Verb::Get => ok(&format!(
                r#"{{{}"tags":"sdk-managed","description":"<!-- sdk-managed clone-of=9000 -->","name":"w"}}"#,
                if n <= 2 { r#""lock":"clone","# } else { "" }
            )),
            _ => ok("null"),
        }
    });
    let c = Guest::<Q>::new(pve, node(), v(9000)).clone_to(CloneOptions::named("w").newid(v(200))).block();
    assert_eq!(c.unwrap().how, HowCloned::Existing);
}
#[test] // A and B both make `ci` from 9000 with the next free number; A's request lost the race, and its answer got lost too
fn a_lost_race_with_a_lost_answer() {
    let (pve, log) = pve(|r, _| {
        let path = r.path.as_str();
        if path == "/cluster/nextid" {
            return ok("\"105\"");
        }
        if path.ends_with("105/config") && r.verb == Verb::Get {
            return ok(
                r#"{"tags":"sdk-managed","description":"<!-- sdk-managed clone-of=9000 -->","name":"ci"}"#,
            );
        }
        if path.ends_with("clone") {
            return Err(Error::new(ErrorKind::Timeout, Outcome::MaybeApplied, "no answer"));
        }
        ok("null")
    });
    let c = Guest::<Q>::new(pve, node(), v(9000)).clone_to(CloneOptions::named("ci")).block();
    assert!(c.is_err(), "adopted B's clone: {:?} {:#?}", c.unwrap().how, log.lock().unwrap());
}
#[test]
fn a_lost_create_names_its_number() {
    let (pve, _) = pve(|r, _| {
        if r.path.as_str() == "/cluster/nextid" {
            return ok("\"105\"");
        }
        if r.verb == Verb::Get {
            return fail(r, "Configuration file 'x' does not exist");
        }
        Err(Error::new(ErrorKind::Timeout, Outcome::MaybeApplied, "no answer from pve1:8006 within 60s"))
    });
    let e = CreateGuest::<Q>::new(&pve, &node(), NewId::Auto, Params::new()).block().unwrap_err();
    let c = Guest::<Q>::new(pve, node(), v(9000)).clone_to(CloneOptions::named("ci")).block().unwrap_err();
    assert!(
        format!("{e} {:?}", e.advice()).contains("105") && format!("{c} {:?}", c.advice()).contains("105"),
        "{e} / {:?}\n{c} / {:?}",
        e.advice(),
        c.advice()
    );
}
#[test] // the guest lives on another node: PVE says what it says of an absent one
fn a_migrated_guest_is_not_absent() {
    let (pve, _) = pve(|r, _| {
        if r.path.as_str() == "/cluster/resources" {
            return ok(r#"[{"id":"qemu/101","type":"qemu","vmid":101,"node":"n2","status":"running"}]"#);
        }
        fail(r, "Configuration file 'nodes/n/qemu-server/101.conf' does not exist")
    });
    let d = Guest::<Q>::new(pve, node(), v(101)).delete(DeleteOptions::new()).block();
    assert!(d.is_err(), "{d:?}");
}
#[test]
fn sentences() {
    for (t, k) in [
        ("unable to create template, because VM contains snapshots", ErrorKind::WrongState),
        ("you can't convert a template to a template", ErrorKind::WrongState),
        ("unable to destroy CT 200 - container is running", ErrorKind::WrongState),
    ] {
        assert_eq!(classify(Effect::Write, 500, t, b"").kind(), k, "{t}");
    }
}
#[test] // a look that hangs is bounded by the wait
fn looks_carry_the_rest_of_the_wait() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let s2 = seen.clone();
    let (pve, _) = pve(move |r, _| {
        s2.lock().unwrap().push(r.timeout);
        done(r).unwrap_or_else(|| ok("[]"))
    });
    pve.task(serde_json::from_str(UPID).unwrap()).wait().timeout(Duration::from_secs(5)).block().unwrap();
    assert!(seen.lock().unwrap().iter().all(Option::is_some), "{:?}", seen.lock().unwrap());
}
