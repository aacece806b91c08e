//! Who asks: tokens, tickets, and the token against forged writes.

use crate::acl::{User, Who};
use crate::answer::Refusal;
use crate::exchange::Credentials;
use crate::state::{State, digest, seconds};

/// How long a ticket lives.
const TICKET_LIFE: i64 = 2 * 3600;
/// How far a ticket may lie in the future.
const SKEW: i64 = 300;

const FAILED: Refusal = Refusal::Login("Authentication failed!");

impl State {
    /// Who sent a request. `reads`: the method is GET, so no CSRF token is needed.
    pub(crate) fn authenticate(&self, auth: &Credentials, reads: bool, now: f64) -> Result<Who, Refusal> {
        match auth {
            Credentials::None => Err(Refusal::Login("No ticket")),
            Credentials::Root => Ok(Who::user("root@pam")),
            Credentials::Token(text) => self.token(text, now).ok_or(FAILED),
            Credentials::Ticket { ticket, csrf } => {
                let user = self.ticket_user(ticket, now).ok_or(FAILED)?;
                let forged = !csrf.as_ref().is_some_and(|csrf| self.is_csrf(csrf, user, now));
                if !reads && forged {
                    return Err(Refusal::Login("Permission denied - invalid csrf token"));
                }
                Ok(Who::user(user))
            }
        }
    }

    /// A user who may log in now.
    pub(crate) fn active_user(&self, userid: &str, now: f64) -> Option<&User> {
        self.users.get(userid).filter(|user| user.enable && alive(user.expire, now))
    }

    fn token(&self, text: &str, now: f64) -> Option<Who> {
        let (id, secret) = text.split_once('=')?;
        let (user, name) = id.split_once('!')?;
        let token = self.active_user(user, now)?.tokens.get(name)?;
        let good = token.secret == secret && alive(token.expire, now);
        good.then(|| Who { user: user.to_owned(), token: Some(name.to_owned()) })
    }

    /// A fresh ticket and its CSRF token.
    pub(crate) fn ticket(&self, user: &str, now: f64) -> (String, String) {
        let time = format!("{:08X}", seconds(now));
        let ticket = format!("PVE:{user}:{time}::{}", sign("ticket", user, &time));
        (ticket, format!("{time}:{}", sign("csrf", user, &time)))
    }

    /// The user of a ticket that is good now.
    pub(crate) fn ticket_user<'a>(&self, ticket: &'a str, now: f64) -> Option<&'a str> {
        let (head, signature) = ticket.split_once("::")?;
        let (user, time) = head.strip_prefix("PVE:")?.rsplit_once(':')?;
        self.active_user(user, now)?;
        (fresh(time, now) && signature == sign("ticket", user, time)).then_some(user)
    }

    fn is_csrf(&self, csrf: &str, user: &str, now: f64) -> bool {
        csrf.split_once(':')
            .is_some_and(|(time, signature)| fresh(time, now) && signature == sign("csrf", user, time))
    }
}

/// Not a signature that keeps anybody out: it only has to notice what PVE would notice.
fn sign(what: &str, user: &str, time: &str) -> String {
    digest(&[what, user, time, "simulated"])
}

fn alive(expire: i64, now: f64) -> bool {
    expire == 0 || expire > seconds(now)
}

fn fresh(time: &str, now: f64) -> bool {
    i64::from_str_radix(time, 16).is_ok_and(|then| {
        let age = seconds(now) - then;
        (-SKEW..TICKET_LIFE).contains(&age)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builder::SimBuilder;

    const NOW: f64 = 1_800_000_000.0;

    fn state() -> State {
        crate::build::state(SimBuilder::new(), NOW)
    }

    fn reason(result: Result<Who, Refusal>) -> &'static str {
        match result {
            Err(Refusal::Login(reason)) => reason,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn tokens() {
        let state = state();
        let ask = |text: &str| state.authenticate(&Credentials::Token(text.to_owned()), false, NOW);
        let good = format!("{}={}", crate::ROOT_TOKEN_ID, crate::ROOT_TOKEN_SECRET);
        assert_eq!(ask(&good).unwrap().id(), "root@pam!sim");
        for bad in ["root@pam!sim=wrong", "root@pam!nope=x", "nobody@pam!sim=x", "garbage", "root@pam=x", ""]
        {
            assert_eq!(reason(ask(bad)), "Authentication failed!", "{bad}");
        }
        assert_eq!(reason(state.authenticate(&Credentials::None, true, NOW)), "No ticket");
    }

    #[test]
    fn expired_and_disabled() {
        let mut state = state();
        let good = format!("{}={}", crate::AUDITOR_TOKEN_ID, crate::AUDITOR_TOKEN_SECRET);
        let auth = Credentials::Token(good);
        assert!(state.authenticate(&auth, true, NOW).is_ok());
        let user = state.users.get_mut(crate::AUDITOR).unwrap();
        user.tokens.get_mut("sim").unwrap().expire = 1000;
        assert!(state.authenticate(&auth, true, NOW).is_err());
        let user = state.users.get_mut(crate::AUDITOR).unwrap();
        user.tokens.get_mut("sim").unwrap().expire = 0;
        user.enable = false;
        assert!(state.authenticate(&auth, true, NOW).is_err());
    }

    #[test]
    fn tickets_live_two_hours_and_writes_need_csrf() {
        let state = state();
        let (ticket, csrf) = state.ticket("root@pam", NOW);
        let auth = |csrf: Option<&str>| Credentials::Ticket {
            ticket: ticket.clone(),
            csrf: csrf.map(str::to_owned),
        };
        assert!(state.authenticate(&auth(None), true, NOW).unwrap().is_root());
        assert!(state.authenticate(&auth(Some(&csrf)), false, NOW).is_ok());
        for bad in [None, Some("x"), Some("00000000:x")] {
            let refused = state.authenticate(&auth(bad), false, NOW);
            assert_eq!(reason(refused), "Permission denied - invalid csrf token");
        }
        assert!(state.authenticate(&auth(None), true, NOW + 7199.0).is_ok());
        assert!(state.authenticate(&auth(None), true, NOW + 7201.0).is_err());
        let forged = ticket.replace("root@pam", "audit@pve");
        assert_eq!(state.ticket_user(&forged, NOW), None);
    }
}
