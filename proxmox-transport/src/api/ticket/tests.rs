use std::future::Future;
use std::pin::{Pin, pin};
use std::thread;

use proxmox_core::park;

use super::*;
use crate::api::{Endpoint, Login, Signature};
use crate::fault::{Fault, Stage, Why};
use crate::http::codec::HttpRequest;
use crate::http::{Answer, Budgets};

/// A server that grants tickets `t0`, `t1` …, takes the one it says, and whose clock is the test's.
struct Fake(Arc<State>);

struct State {
    clock: Mutex<Instant>,
    granted: Mutex<u32>,
    seen: Mutex<Vec<String>>,
    refuse_login: Mutex<Option<(u16, &'static str, &'static str)>>,
    refuse_below: Mutex<u32>,
    lose_login: Mutex<bool>,
    stamp: Mutex<u64>,
}

impl State {
    fn answer(&self, request: &HttpRequest, login: Signature) -> Result<Answer, Fault> {
        let answer = |status: u16, reason: &str, body: String| {
            Ok(Answer { status, reason: reason.to_owned(), body: body.into() })
        };
        let path = request.url.split("/api2/json").nth(1).unwrap();
        if path == "/access/ticket" {
            self.seen.lock().unwrap().push("login".to_owned());
            assert!(login.is_none());
            assert_eq!(
                request.form.as_ref().map(|(_, form)| &form[..]),
                Some(&b"username=root%40pam&password=hunter2"[..])
            );
            if *self.lose_login.lock().unwrap() {
                return Err(Fault::new(Stage::Sent, Why::Network("reset".to_owned())));
            }
            if let Some((status, reason, body)) = *self.refuse_login.lock().unwrap() {
                return answer(status, reason, body.to_owned());
            }
            let mut granted = self.granted.lock().unwrap();
            let stamp = *self.stamp.lock().unwrap();
            let ticket = format!("PVE:root@pam:{stamp:X}::t{granted}");
            *granted += 1;
            let data = serde_json::json!({"data": {"ticket": ticket, "CSRFPreventionToken": "csrf", "username": "root@pam"}});
            return answer(200, "", data.to_string());
        }
        let mut headers = http::HeaderMap::new();
        login.unwrap().put_into(&mut headers, &request.method);
        let cookie = headers[http::header::COOKIE].to_str().unwrap();
        let number = cookie.rsplit_once(":t").unwrap().1;
        self.seen.lock().unwrap().push(format!("{} {path} t{number}", request.method));
        if number.parse::<u32>().unwrap() < *self.refuse_below.lock().unwrap() {
            return answer(401, "permission denied - invalid PVE ticket", String::new());
        }
        answer(200, "", r#"{"data":null}"#.to_owned())
    }
}

impl Engine for Fake {
    const NAME: &'static str = "fake";
    const BLOCKING: bool = true;
    async fn exchange(&self, request: HttpRequest, login: Signature, _: Budgets) -> Result<Answer, Fault> {
        self.0.answer(&request, login)
    }
    fn now(&self) -> Instant {
        *self.0.clock.lock().unwrap()
    }
    async fn sleep(&self, duration: Duration) {
        *self.0.clock.lock().unwrap() += duration;
    }
    fn drive(&self, flow: Pin<&mut (dyn Future<Output = ()> + Send)>) {
        park(flow);
    }
}

fn fake() -> (Arc<State>, Http<Fake>) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let state = Arc::new(State {
        clock: Mutex::new(Instant::now()),
        granted: Mutex::default(),
        seen: Mutex::default(),
        refuse_login: Mutex::default(),
        refuse_below: Mutex::default(),
        lose_login: Mutex::default(),
        stamp: Mutex::new(now),
    });
    let budget = Duration::from_secs(1);
    let budgets = Budgets { connect: budget, first_byte: budget, total: budget };
    let tickets = Tickets::new(UserId::parse("root@pam").unwrap(), "hunter2".into());
    let login = Login::Ticket(Box::new(tickets));
    (state.clone(), Http::new(Fake(state), Endpoint::parse("pve1").unwrap(), login, budgets))
}

fn get(pve: &Http<Fake>) -> Result<PveResponse> {
    call(pve, &PveRequest::get(PvePath::parse("/version")?))
}

fn call(http: &Http<Fake>, request: &PveRequest) -> Result<PveResponse> {
    let mut answer = None;
    let slot = &mut answer;
    park(pin!(async move { *slot = Some(http.call(request).await) }));
    answer.unwrap()
}

fn seen(state: &State) -> Vec<String> {
    std::mem::take(&mut *state.seen.lock().unwrap())
}

fn later(state: &State, minutes: u64) {
    *state.clock.lock().unwrap() += Duration::from_secs(60 * minutes);
}

#[test]
fn one_login_serves_many_and_is_renewed_at_half_its_life() {
    let (state, pve) = fake();
    get(&pve).unwrap();
    later(&state, 59);
    get(&pve).unwrap();
    later(&state, 2);
    get(&pve).unwrap();
    get(&pve).unwrap();
    let expected =
        ["login", "GET /version t0", "GET /version t0", "login", "GET /version t1", "GET /version t1"];
    assert_eq!(seen(&state), expected);
}

#[test]
fn many_callers_log_in_once() {
    let (state, pve) = fake();
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| get(&pve).unwrap());
        }
    });
    assert_eq!(seen(&state).iter().filter(|line| *line == "login").count(), 1);
}

/// A 401 says that the write was not looked at: it is sent once more, and only once.
#[test]
fn a_401_is_followed_by_one_new_login() {
    let (state, pve) = fake();
    get(&pve).unwrap();
    *state.refuse_below.lock().unwrap() = 1;
    let start = PveRequest::create(PvePath::parse("/start").unwrap()).effect(Effect::Write);
    call(&pve, &start).unwrap();
    let expected = ["login", "GET /version t0", "POST /start t0", "login", "POST /start t1"];
    assert_eq!(seen(&state), expected);

    *state.refuse_below.lock().unwrap() = 99;
    let error = call(&pve, &start).unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Unauthenticated, Outcome::Rejected));
    assert_eq!(seen(&state), ["POST /start t1", "login", "POST /start t2"]);
}

#[test]
fn a_wrong_password_is_named_and_nothing_is_sent() {
    let (state, pve) = fake();
    let body = r#"{"data":null,"message":"authentication failure\n"}"#;
    *state.refuse_login.lock().unwrap() = Some((401, "authentication failure", body));
    let error = get(&pve).unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Unauthenticated, Outcome::NotSent));
    assert_eq!(error.message(), "login of root@pam: authentication failure");
    assert_eq!((error.status(), error.is_retryable()), (Some(401), false));
    assert!(!format!("{error:?}").contains("hunter2"));
    assert_eq!(seen(&state), ["login"]);
}

/// The write that waited for the login was not sent, whatever became of the login.
#[test]
fn a_lost_login_is_not_a_lost_write() {
    let (state, pve) = fake();
    *state.lose_login.lock().unwrap() = true;
    let start = PveRequest::create(PvePath::parse("/start").unwrap()).effect(Effect::Write);
    let error = call(&pve, &start).unwrap_err();
    assert_eq!((error.outcome(), error.is_retryable()), (Outcome::NotSent, true), "{error:?}");
}

#[test]
fn a_failed_renewal_is_borne_while_the_old_ticket_is_good() {
    let (state, pve) = fake();
    get(&pve).unwrap();
    *state.lose_login.lock().unwrap() = true;
    later(&state, 61);
    get(&pve).unwrap();
    get(&pve).unwrap();
    assert_eq!(seen(&state)[2..], ["login", "GET /version t0", "GET /version t0"]);
    later(&state, 60);
    assert_eq!(get(&pve).unwrap_err().kind(), ErrorKind::Connect);
}

#[test]
fn a_second_factor_is_refused_with_advice() {
    let (state, pve) = fake();
    let body = r#"{"data":{"ticket":"PVE:!tfa!x:6B00C84F::y","NeedTFA":1,"username":"root@pam"}}"#;
    *state.refuse_login.lock().unwrap() = Some((200, "OK", body));
    let error = get(&pve).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    assert!(error.advice().unwrap().contains("API token"), "{error:?}");
}

#[test]
fn clocks_that_differ_are_named() {
    let (state, pve) = fake();
    *state.refuse_below.lock().unwrap() = 99;
    *state.stamp.lock().unwrap() -= 3 * 60 * 60;
    let error = get(&pve).unwrap_err();
    let advice = error.advice().unwrap();
    assert!(
        advice.starts_with("the server's clock is 10") && advice.contains("behind this machine's"),
        "{advice}"
    );
}
