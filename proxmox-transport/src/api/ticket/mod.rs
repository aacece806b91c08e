//! Login with user and password: a ticket that lives 2 hours, renewed at half of that.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use proxmox_core::{
    Effect, Error, ErrorKind, Outcome, PvePath, PveRequest, PveResponse, Result, Secret, Transport, UserId,
};
use serde::Deserialize;

use super::login::Headers;
use crate::http::{Engine, Http};
#[cfg(feature = "ssh")]
use crate::{
    shell::Shell as _,
    ssh::{Minted, Node},
};
#[cfg(feature = "ssh")]
use proxmox_core::ExposeSecret as _;

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
    grant: Grant,
    current: Mutex<Option<Arc<Ticket>>>,
    /// Held by the one who logs in.
    login: async_lock::Mutex<()>,
}

/// Who makes tickets.
enum Grant {
    /// The API, for a password.
    Password(UserId, Secret),
    /// A node, for whoever may run commands on it.
    #[cfg(feature = "ssh")]
    Node(Arc<Node>),
}

impl Grant {
    fn user(&self) -> &str {
        match self {
            Self::Password(user, _) => user.as_str(),
            #[cfg(feature = "ssh")]
            Self::Node(_) => "root@pam",
        }
    }
}

struct Ticket {
    headers: Arc<Headers>,
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
        Self::by(Grant::Password(user, password))
    }

    /// Tickets of `root@pam` that the node makes.
    #[cfg(feature = "ssh")]
    pub(crate) fn minted(node: Arc<Node>) -> Self {
        Self::by(Grant::Node(node))
    }

    fn by(grant: Grant) -> Self {
        Self { grant, current: Mutex::new(None), login: async_lock::Mutex::new(()) }
    }

    /// Gets a ticket if there is none.
    #[cfg(feature = "ssh")]
    pub(crate) async fn log_in_ahead<E: Engine>(&self, http: &Http<E>) -> Result<()> {
        self.ticket(http).await.map(drop).map_err(|e| e.with_outcome(Outcome::NotSent))
    }

    pub(crate) fn user(&self) -> &str {
        self.grant.user()
    }

    /// Sends the request under a ticket.
    ///
    /// A 401 says that PVE looked at the ticket and did nothing else. So the request, be it a write, is sent once more
    /// under a new one: the old may have been made by a node whose key has changed since.
    pub(crate) async fn call<E: Engine>(&self, http: &Http<E>, request: &PveRequest) -> Result<PveResponse> {
        let ticket = self.ticket(http).await.map_err(|e| e.with_outcome(Outcome::NotSent))?;
        match http.send(request, Some(Arc::clone(&ticket.headers))).await {
            Err(e) if e.status() == Some(401) => {
                self.forget(&ticket);
                let ticket = self.ticket(http).await.map_err(|e| e.with_outcome(Outcome::Rejected))?;
                http.send(request, Some(Arc::clone(&ticket.headers))).await.map_err(|e| ticket.explain(e))
            }
            answer => answer,
        }
    }

    fn current(&self) -> Option<Arc<Ticket>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).clone()
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
                    tracing::warn!(user = %self.grant.user(), error = %e, "the ticket could not be renewed; the old one is still good");
                    *ticket.renew.lock().unwrap_or_else(PoisonError::into_inner) = http.now() + PAUSE;
                    Ok(ticket)
                }
                None => Err(e),
            },
        }
    }

    async fn log_in<E: Engine>(&self, http: &Http<E>) -> Result<Ticket> {
        match &self.grant {
            Grant::Password(user, password) => by_password(http, user, password).await,
            #[cfg(feature = "ssh")]
            Grant::Node(node) => {
                let born = http.now();
                let Minted { ticket, csrf } = node.mint().await?;
                Ticket::new(ticket.expose_secret(), &csrf, born).ok_or_else(|| {
                    let text = format!("the ticket that {} made is malformed", node.session.host());
                    Error::new(ErrorKind::Decode, Outcome::NotSent, text)
                })
            }
        }
    }
}

/// `POST /access/ticket`. It changes nothing, so it counts as a read.
async fn by_password<E: Engine>(http: &Http<E>, user: &UserId, password: &Secret) -> Result<Ticket> {
    let request = PveRequest::create(PvePath::parse("/access/ticket")?)
        .param("username", user.as_str())
        .param("password", password.clone())
        .effect(Effect::Read);
    let born = http.now();
    let refused = |message: String| Error::new(ErrorKind::Unauthenticated, Outcome::Rejected, message);
    let answer = http.send(&request, None).await;
    let granted: Granted = match answer.and_then(|answer| answer.decode()) {
        Ok(granted) => granted,
        Err(e) => {
            let message = format!("login of {user}: {}", e.message());
            let error = Error::new(e.kind(), e.outcome(), message).with_errors(e.errors().clone());
            return Err(match (e.status(), e.reason()) {
                (Some(status), reason) => error.with_status(status, reason.unwrap_or_default()),
                _ => error,
            }
            .with_source(e));
        }
    };
    if granted.second_factor.is_some() || granted.ticket.starts_with("PVE:!tfa!") {
        return Err(refused(format!("login of {user}: the user has a second factor"))
            .with_advice("use an API token: tokens need no second factor"));
    }
    Ticket::new(&granted.ticket, &granted.csrf, born)
        .ok_or_else(|| refused(format!("login of {user}: the server's ticket is malformed")))
}

impl Ticket {
    /// `None` when the texts cannot be headers.
    fn new(ticket: &str, csrf: &str, born: Instant) -> Option<Self> {
        let headers = Arc::new(Headers::ticket(ticket, csrf)?);
        Some(Self { headers, born, renew: Mutex::new(born + RENEW), skew: skew(ticket) })
    }

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
mod tests;
