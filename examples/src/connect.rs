//! From options and environment to a handle.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use proxmox_core::{Error, ErrorKind, NodeName, Outcome, Policy, Pve, Result, Secret, TokenId, UserId};
use proxmox_sim::{ROOT_TOKEN_ID, ROOT_TOKEN_SECRET, Sim, SimServer};
use proxmox_transport::Api;
use proxmox_transport::layer::DryRun;

use crate::options::Connection;
use crate::pairs;

/// Simulated seconds per second: tasks of the simulated cluster are over soon, and still can be watched.
const SIM_SPEED: f64 = 4.0;

/// Where the program is to work and as whom, decided but not yet connected.
#[derive(Debug, Clone)]
pub struct Plan {
    place: Place,
    who: Who,
    trust: Trust,
    /// The node to work on.
    pub node: Option<NodeName>,
    engine: proxmox_transport::Engine,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    Sim,
    Url(String),
}

#[derive(Debug, Clone)]
enum Who {
    Token(TokenId, Secret),
    User(UserId, Secret),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Trust {
    System,
    Ca(PathBuf),
    Fingerprint(String),
    Anything,
}

/// A handle, and the simulated cluster behind it where there is one.
pub struct Connected {
    /// The handle.
    pub pve: Pve,
    /// The node to work on, where one was named.
    pub node: Option<NodeName>,
    /// The simulated cluster, which ends with this value.
    pub sim: Option<SimServer>,
    /// One line for people: where, as whom, trusting what.
    pub about: String,
}

/// Reads a variable of the environment. What is set to nothing counts as not set.
#[must_use]
pub fn env(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

impl Plan {
    /// Puts options and environment together.
    ///
    /// An option stands in place of the variable of the same meaning, and of those that contradict it: `--user` of
    /// `PVE_TOKEN_ID`, `--fingerprint` of `PVE_CA`, `--sim` of `PVE_URL` with all that belongs to it. With `sim_by_default`
    /// nothing at all means the simulated cluster.
    ///
    /// # Errors
    /// `InvalidInput` when options contradict each other, or something is missing.
    pub fn new(
        given: &Connection,
        sim_by_default: bool,
        env: impl Fn(&str) -> Option<String>,
    ) -> Result<Self> {
        if given.sim && given.url.is_some() {
            return Err(Error::invalid("sim", "--sim and --url are two places: give one"));
        }
        let url = given.url.clone().or_else(|| env("PVE_URL").filter(|_| !given.sim));
        let place = match url {
            Some(url) => Place::Url(url),
            None if given.sim || sim_by_default => Place::Sim,
            None => {
                return Err(Error::invalid("url", "there is no address to talk to")
                    .with_advice("give --url or PVE_URL, or --sim for a simulated cluster"));
            }
        };
        // What the environment says is about its own server, and not about the simulated one.
        let about_url = |name: &str| env(name).filter(|_| place != Place::Sim);
        let who = Self::who(given, &place, &env, &about_url)?;
        let trust = Self::trust(given, &about_url)?;
        let node = match (&given.node, about_url("PVE_NODE")) {
            (Some(node), _) => Some(node.clone()),
            (None, Some(name)) => Some(NodeName::parse(&name)?),
            (None, None) => None,
        };
        Ok(Self { place, who, trust, node, engine: given.engine.into() })
    }

    fn who(
        given: &Connection,
        place: &Place,
        env: &impl Fn(&str) -> Option<String>,
        about_url: &impl Fn(&str) -> Option<String>,
    ) -> Result<Who> {
        let (token, user) = match (&given.token_id, &given.user) {
            (Some(_), Some(_)) => {
                return Err(Error::invalid("user", "--token-id and --user are two identities: give one"));
            }
            (Some(token), None) => (Some(token.clone()), None),
            (None, Some(user)) => (None, Some(user.clone())),
            (None, None) => (
                about_url("PVE_TOKEN_ID").map(|id| TokenId::parse(&id)).transpose()?,
                about_url("PVE_USER").map(|user| UserId::parse(&user)).transpose()?,
            ),
        };
        if let Some(id) = token {
            let secret = match &given.token_secret_file {
                Some(file) => {
                    Some(pairs::read("token-secret-file", &file.to_string_lossy())?.trim_end().to_owned())
                }
                None => env("PVE_TOKEN_SECRET"),
            };
            let secret = secret.ok_or_else(|| {
                Error::invalid("token secret", format!("the secret of the token {id} is missing"))
                    .with_advice("put it into PVE_TOKEN_SECRET, or into a file for --token-secret-file")
            })?;
            return Ok(Who::Token(id, secret.into()));
        }
        if let Some(user) = user {
            let password = env("PVE_PASSWORD").ok_or_else(|| {
                Error::invalid("password", format!("the password of {user} is missing"))
                    .with_advice("put it into PVE_PASSWORD")
            })?;
            return Ok(Who::User(user, password.into()));
        }
        if *place == Place::Sim {
            return Ok(Who::Token(TokenId::parse(ROOT_TOKEN_ID)?, ROOT_TOKEN_SECRET.into()));
        }
        Err(Error::invalid("credentials", "nobody is named to ask as")
            .with_advice("give --token-id with PVE_TOKEN_SECRET, or --user with PVE_PASSWORD"))
    }

    fn trust(given: &Connection, about_url: &impl Fn(&str) -> Option<String>) -> Result<Trust> {
        let mut options = Vec::new();
        options.extend(given.ca.clone().map(Trust::Ca));
        options.extend(given.fingerprint.clone().map(Trust::Fingerprint));
        options.extend(given.dangerous_accept_any_certificate.then_some(Trust::Anything));
        if options.len() > 1 {
            let text =
                "--ca, --fingerprint and --dangerous-accept-any-certificate exclude each other: give one";
            return Err(Error::invalid("trust", text));
        }
        // A fingerprint names one server; an authority may have signed many. The closer one counts.
        let from_env = || {
            let pin = about_url("PVE_FINGERPRINT").map(Trust::Fingerprint);
            pin.or_else(|| about_url("PVE_CA").map(|file| Trust::Ca(file.into())))
        };
        Ok(options.pop().or_else(from_env).unwrap_or(Trust::System))
    }

    /// Starts the simulated cluster if that is the place, and makes the handle. Sends nothing.
    ///
    /// # Errors
    /// `InvalidInput` for what can be seen to be wrong with address, token or certificates.
    pub fn connect(self, policy: Policy, dry_run: Option<Arc<DryRun>>) -> Result<Connected> {
        let (sim, url) = match &self.place {
            Place::Url(url) => (None, url.clone()),
            Place::Sim => {
                let server = SimServer::start(Sim::builder().time_scale(SIM_SPEED).build()).map_err(|e| {
                    let text = format!("the simulated cluster cannot be started: {e}");
                    Error::new(ErrorKind::Unexpected, Outcome::NotSent, text).with_source(e)
                })?;
                let url = server.url();
                (Some(server), url)
            }
        };
        let api = Api::new(&url)?.engine(self.engine);
        let api = match (&self.trust, &sim) {
            (Trust::Ca(file), _) => api.ca_file(file)?,
            (Trust::Fingerprint(pin), _) => api.fingerprint(pin)?,
            (Trust::Anything, _) => api.dangerous_accept_any_certificate(),
            (Trust::System, Some(server)) => api.ca_pem(server.ca_pem())?,
            (Trust::System, None) => api,
        };
        let (api, who) = match self.who {
            Who::Token(id, secret) => (api.token(&id, secret)?, format!("token {id}")),
            Who::User(user, password) => (api.password(&user, password)?, format!("user {user}")),
        };
        let builder = api.builder()?.policy(policy);
        let pve = match dry_run {
            Some(dry) => builder.layer(dry).build(),
            None => builder.build(),
        };
        let place = if sim.is_some() { "a simulated cluster at" } else { "" };
        let trust = match (&self.trust, &sim) {
            (Trust::System, Some(_)) => "its own CA",
            (Trust::System, None) => "the system's CAs",
            (Trust::Ca(_), _) => "a CA file",
            (Trust::Fingerprint(_), _) => "a fingerprint",
            (Trust::Anything, _) => "ANY certificate",
        };
        let info = pve.info();
        let about = format!("{place} {}, {who}, trusting {trust}, {}", info.endpoint, info.name);
        Ok(Connected { pve, node: self.node, sim, about: about.trim_start().to_owned() })
    }
}

impl fmt::Debug for Connected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.about)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(given: &Connection, env: &[(&str, &str)]) -> Result<Plan> {
        Plan::new(given, false, |name| {
            env.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned())
        })
    }

    const LIVE: [(&str, &str); 7] = [
        ("PVE_URL", "https://pve1"),
        ("PVE_TOKEN_ID", "root@pam!ci"),
        ("PVE_TOKEN_SECRET", "s3cr3t"),
        ("PVE_USER", "bob@pve"),
        ("PVE_PASSWORD", "hunter2"),
        ("PVE_CA", "/ca.pem"),
        ("PVE_NODE", "pve7"),
    ];

    #[test]
    fn the_environment_alone_is_enough() {
        let plan = plan(&Connection::default(), &LIVE).unwrap();
        assert_eq!(plan.place, Place::Url("https://pve1".into()));
        assert!(matches!(&plan.who, Who::Token(id, _) if id.as_str() == "root@pam!ci"));
        assert_eq!(plan.trust, Trust::Ca("/ca.pem".into()));
        assert_eq!(plan.node.as_ref().unwrap().as_str(), "pve7");
        assert!(!format!("{plan:?}").contains("s3cr3t"));
    }

    #[test]
    fn options_stand_in_place_of_variables() {
        let given = Connection {
            user: Some("eve@pve".parse().unwrap()),
            fingerprint: Some("AA".into()),
            node: Some("pve2".parse().unwrap()),
            ..Connection::default()
        };
        let plan = plan(&given, &LIVE).unwrap();
        assert!(matches!(&plan.who, Who::User(user, _) if user.as_str() == "eve@pve"));
        assert_eq!(plan.trust, Trust::Fingerprint("AA".into()));
        assert_eq!(plan.node.unwrap().as_str(), "pve2");
    }

    #[test]
    fn the_simulated_cluster_takes_nothing_from_a_live_environment() {
        let plan = plan(&Connection { sim: true, ..Connection::default() }, &LIVE).unwrap();
        assert_eq!((&plan.place, &plan.trust, &plan.node), (&Place::Sim, &Trust::System, &None));
        assert!(matches!(&plan.who, Who::Token(id, _) if id.as_str() == ROOT_TOKEN_ID));
    }

    #[test]
    fn what_is_missing_or_contradicts_is_said() {
        let with = |change: fn(&mut Connection)| {
            let mut given = Connection::default();
            change(&mut given);
            given
        };
        for (given, env, field) in [
            (with(|_| ()), &[][..], "url"),
            (with(|c| c.url = Some("https://x".into())), &[], "credentials"),
            (with(|_| ()), &LIVE[..2], "token secret"),
            (with(|c| (c.sim, c.url) = (true, Some("https://x".into()))), &LIVE, "sim"),
            (
                with(|c| (c.ca, c.dangerous_accept_any_certificate) = (Some("/x".into()), true)),
                &LIVE,
                "trust",
            ),
            (with(|c| c.token_secret_file = Some("/does/not/exist".into())), &LIVE, "token-secret-file"),
        ] {
            let error = plan(&given, env).unwrap_err();
            assert!(error.errors().contains_key(field), "{field}: {error}");
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
        }
    }
}
