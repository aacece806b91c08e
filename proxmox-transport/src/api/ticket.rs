//! Login with user and password: a ticket that lives 2 hours, renewed at half of that.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use proxmox_core::{
    Effect, Error, ErrorKind, Outcome, PvePath, PveRequest, PveResponse, Result, Secret, Transport, UserId,
};
use serde::Deserialize;

use super::login::Headers;
use crate::http::{Engine, Http};

/// How long PVE takes a ticket.
const LIFE: Duration = Duration::from_secs(2 * 60 * 60);
/// From this age on it is renewed.
const RENEW: Duration = Duration::from_secs(60 * 60);
/// How long a failed renewal is left alone while the old ticket is still good.
const PAUSE: Duration = Duration::from_secs(60);
/// A difference of clocks that is worth a word.
const SKEW: u64 = 60;

/// Logs in when a ticket is needed, once for all callers.
pub(crate) struct Tickets {
    user: UserId,
    password: Secret,
    current: Mutex<Option<Arc<Ticket>>>,
    /// Held by the one who logs in.
    login: async_lock::Mutex<()>,
}

struct Ticket {
    headers: Headers,
    born: Instant,
    /// When to renew it.
    renew: Mutex<Instant>,
    /// How far the server's clock is ahead, in seconds.
    skew: Option<i64>,
}

/// What `POST /access/ticket` answers.
#[derive(Deserialize)]
struct Granted {
    ticket: String,
    #[serde(rename = "CSRFPreventionToken", default)]
    csrf: String,
    #[serde(rename = "NeedTFA", default)]
    second_factor: Option<serde::de::IgnoredAny>,
}

impl Tickets {
    pub(crate) fn new(user: UserId, password: Secret) -> Self {
        Self {
            user,
            password,
            current: Mutex::new(None),
            login: async_lock::Mutex::new(()),
        }
    }

    /// Sends the request under a ticket.
    ///
    /// A 401 says that PVE looked at the ticket and did nothing else. So the request, be it a write, is sent once more
    /// under a new one: the old may have been made by a node whose key has changed since.
    pub(crate) async fn call<E: Engine>(&self, http: &Http<E>, request: &PveRequest) -> Result<PveResponse> {
        let ticket = self
            .ticket(http)
            .await
            .map_err(|e| e.with_outcome(Outcome::NotSent))?;
        match http.send(request, Some(&ticket.headers)).await {
            Err(e) if e.status() == Some(401) => {
                self.forget(&ticket);
                let ticket = self
                    .ticket(http)
                    .await
                    .map_err(|e| e.with_outcome(Outcome::Rejected))?;
                http.send(request, Some(&ticket.headers))
                    .await
                    .map_err(|e| ticket.explain(e))
            }
            answer => answer,
        }
    }

    fn current(&self) -> Option<Arc<Ticket>> {
        self.current
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn forget(&self, old: &Arc<Ticket>) {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        // Another caller may have logged in meanwhile.
        if current.as_ref().is_some_and(|ticket| Arc::ptr_eq(ticket, old)) {
            *current = None;
        }
    }

    async fn ticket<E: Engine>(&self, http: &Http<E>) -> Result<Arc<Ticket>> {
        let old = self.current();
        if let Some(ticket) = old.as_ref().filter(|ticket| ticket.is_fresh(http.now())) {
            return Ok(Arc::clone(ticket));
        }
        // While one renews, the others go on with the old ticket; without a ticket they wait.
        let _mine = match old.filter(|ticket| ticket.is_valid(http.now())) {
            Some(ticket) => match self.login.try_lock() {
                Some(guard) => guard,
                None => return Ok(ticket),
            },
            None => self.login.lock().await,
        };
        let old = self.current();
        if let Some(ticket) = old.as_ref().filter(|ticket| ticket.is_fresh(http.now())) {
            return Ok(Arc::clone(ticket));
        }
        match self.log_in(http).await {
            Ok(ticket) => {
                let ticket = Arc::new(ticket);
                *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&ticket));
                Ok(ticket)
            }
            Err(e) => match old.filter(|ticket| ticket.is_valid(http.now())) {
                Some(ticket) => {
                    tracing::warn!(user = %self.user, error = %e, "the ticket could not be renewed; the old one is still good");
                    *ticket.renew.lock().unwrap_or_else(PoisonError::into_inner) = http.now() + PAUSE;
                    Ok(ticket)
                }
                None => Err(e),
            },
        }
    }

    /// `POST /access/ticket`. It changes nothing, so it counts as a read.
    async fn log_in<E: Engine>(&self, http: &Http<E>) -> Result<Ticket> {
        let request = PveRequest::create(PvePath::parse("/access/ticket")?)
            .param("username", self.user.as_str())
            .param("password", self.password.clone())
            .effect(Effect::Read);
        let born = http.now();
        let refused = |message: String| Error::new(ErrorKind::Unauthenticated, Outcome::Rejected, message);
        let granted: Granted = match http.send(&request, None).await {
            Ok(answer) => answer.decode()?,
            Err(e) => {
                let message = format!("login of {}: {}", self.user, e.message());
                let error = Error::new(e.kind(), e.outcome(), message).with_errors(e.errors().clone());
                return Err(match (e.status(), e.reason()) {
                    (Some(status), reason) => error.with_status(status, reason.unwrap_or_default()),
                    _ => error,
                }
                .with_source(e));
            }
        };
        if granted.second_factor.is_some() || granted.ticket.starts_with("PVE:!tfa!") {
            return Err(
                refused(format!("login of {}: the user has a second factor", self.user))
                    .with_advice("use an API token: tokens need no second factor"),
            );
        }
        let headers = Headers::ticket(&granted.ticket, &granted.csrf).ok_or_else(|| {
            refused(format!(
                "login of {}: the server's ticket is malformed",
                self.user
            ))
        })?;
        Ok(Ticket {
            headers,
            born,
            renew: Mutex::new(born + RENEW),
            skew: skew(&granted.ticket),
        })
    }
}

impl Ticket {
    fn is_fresh(&self, now: Instant) -> bool {
        self.is_valid(now) && now < *self.renew.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_valid(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.born) < LIFE
    }

    /// Says what may be behind a 401 to a ticket that was just granted.
    fn explain(&self, error: Error) -> Error {
        match self.skew.filter(|skew| skew.unsigned_abs() > SKEW) {
            Some(skew) if error.status() == Some(401) => {
                let (seconds, way) = (skew.unsigned_abs(), if skew > 0 { "ahead of" } else { "behind" });
                error.with_advice(format!(
                    "the server's clock is {seconds} s {way} this machine's: check the clocks of all nodes"
                ))
            }
            _ => error,
        }
    }
}

/// How far the server's clock is ahead of ours: its time is the ticket's third field, in hexadecimal.
fn skew(ticket: &str) -> Option<i64> {
    let theirs = i64::from_str_radix(ticket.split(':').nth(2)?, 16).ok()?;
    let ours = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs();
    Some(theirs - i64::try_from(ours).ok()?)
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::{Pin, pin};
    use std::thread;

    use proxmox_core::park;

    use super::*;
    use crate::api::{Endpoint, Login};
    use crate::http::codec::HttpRequest;
    use crate::http::{Answer, Budgets, Fault, Stage, Why};

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
        fn answer(&self, request: &HttpRequest) -> Result<Answer, Fault> {
            let answer = |status: u16, reason: &str, body: String| {
                Ok(Answer {
                    status,
                    reason: reason.to_owned(),
                    body: body.into(),
                })
            };
            let path = request.url.split("/api2/json").nth(1).unwrap();
            if path == "/access/ticket" {
                self.seen.lock().unwrap().push("login".to_owned());
                assert!(request.headers.is_empty());
                assert_eq!(
                    request.form.as_deref(),
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
            let cookie = request.headers[0].1.to_str().unwrap();
            let number = cookie.rsplit_once(":t").unwrap().1;
            self.seen
                .lock()
                .unwrap()
                .push(format!("{} {path} t{number}", request.method));
            if number.parse::<u32>().unwrap() < *self.refuse_below.lock().unwrap() {
                return answer(401, "permission denied - invalid PVE ticket", String::new());
            }
            answer(200, "", r#"{"data":null}"#.to_owned())
        }
    }

    impl Engine for Fake {
        const NAME: &'static str = "fake";
        const BLOCKING: bool = true;
        async fn exchange(&self, request: HttpRequest, _: Budgets) -> Result<Answer, Fault> {
            self.0.answer(&request)
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
        let budgets = Budgets {
            connect: budget,
            first_byte: budget,
            total: budget,
        };
        let tickets = Tickets::new(UserId::parse("root@pam").unwrap(), "hunter2".into());
        let login = Login::Ticket(Box::new(tickets));
        (
            state.clone(),
            Http::new(Fake(state), Endpoint::parse("pve1").unwrap(), login, budgets),
        )
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
        let expected = [
            "login",
            "GET /version t0",
            "GET /version t0",
            "login",
            "GET /version t1",
            "GET /version t1",
        ];
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
        let expected = [
            "login",
            "GET /version t0",
            "POST /start t0",
            "login",
            "POST /start t1",
        ];
        assert_eq!(seen(&state), expected);

        *state.refuse_below.lock().unwrap() = 99;
        let error = call(&pve, &start).unwrap_err();
        assert_eq!(
            (error.kind(), error.outcome()),
            (ErrorKind::Unauthenticated, Outcome::Rejected)
        );
        assert_eq!(seen(&state), ["POST /start t1", "login", "POST /start t2"]);
    }

    #[test]
    fn a_wrong_password_is_named_and_nothing_is_sent() {
        let (state, pve) = fake();
        let body = r#"{"data":null,"message":"authentication failure\n"}"#;
        *state.refuse_login.lock().unwrap() = Some((401, "authentication failure", body));
        let error = get(&pve).unwrap_err();
        assert_eq!(
            (error.kind(), error.outcome()),
            (ErrorKind::Unauthenticated, Outcome::NotSent)
        );
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
        assert_eq!(
            (error.outcome(), error.is_retryable()),
            (Outcome::NotSent, true),
            "{error:?}"
        );
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
}
