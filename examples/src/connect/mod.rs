//! From options and environment to a handle.

mod place;
mod simulated;

use std::fmt;
use std::path::PathBuf;

use proxmox_core::{Error, NodeName, Policy, Pve, PveBuilder, Result, Secret, TokenId, UserId};
use proxmox_sim::{ROOT_TOKEN_ID, ROOT_TOKEN_SECRET};
use proxmox_transport::{Api, Local, Ssh};

use self::place::{Hop, Place, Way};
pub use self::simulated::Simulated;
use crate::options::Connection;
use crate::pairs;

/// Where the program is to work and as whom, decided but not yet connected.
#[derive(Debug, Clone)]
pub struct Plan {
    place: Place,
    who: Who,
    trust: Trust,
    /// The node to work on.
    pub node: Option<NodeName>,
    engine: proxmox_transport::Engine,
    sudo: bool,
    node_root: Option<PathBuf>,
}

#[derive(Debug, Clone)]
enum Who {
    Token(TokenId, Secret),
    User(UserId, Secret),
    /// `root@pam`, for whoever may run commands on the node.
    Root,
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
    pub sim: Option<Simulated>,
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
        let place = Place::of(given, sim_by_default, &env)?;
        if given.sudo && !matches!(place, Place::Ssh(_) | Place::Local) {
            return Err(Error::invalid("sudo", "--sudo is for --ssh and --local"));
        }
        // What the environment says is about its own server, and not about the simulated one.
        let about_server = |name: &str| env(name).filter(|_| !place.is_simulated());
        let who = Self::who(given, &place, &env, &about_server)?;
        let trust = Self::trust(given, &about_server)?;
        let node = match (&given.node, about_server("PVE_NODE")) {
            (Some(node), _) => Some(node.clone()),
            (None, Some(name)) => Some(NodeName::parse(&name)?),
            (None, None) => None,
        };
        Ok(Self {
            place,
            who,
            trust,
            node,
            engine: given.engine.into(),
            sudo: given.sudo,
            node_root: given.node_root.clone(),
        })
    }

    fn who(
        given: &Connection,
        place: &Place,
        env: &impl Fn(&str) -> Option<String>,
        about_server: &impl Fn(&str) -> Option<String>,
    ) -> Result<Who> {
        let (token, user) = match (&given.token_id, &given.user) {
            (Some(_), Some(_)) => {
                return Err(Error::invalid("user", "--token-id and --user are two identities: give one"));
            }
            (Some(token), None) => (Some(token.clone()), None),
            (None, Some(user)) => (None, Some(user.clone())),
            (None, None) => (
                about_server("PVE_TOKEN_ID").map(|id| TokenId::parse(&id)).transpose()?,
                about_server("PVE_USER").map(|user| UserId::parse(&user)).transpose()?,
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
            if place.has_root() {
                let text = format!(
                    "nobody can log in as {user} over ssh or --local: they are for a token or for root@pam"
                );
                return Err(Error::invalid("user", text));
            }
            let password = env("PVE_PASSWORD").ok_or_else(|| {
                Error::invalid("password", format!("the password of {user} is missing"))
                    .with_advice("put it into PVE_PASSWORD")
            })?;
            return Ok(Who::User(user, password.into()));
        }
        if place.has_root() {
            return Ok(Who::Root);
        }
        if place.is_simulated() {
            return Ok(Who::Token(TokenId::parse(ROOT_TOKEN_ID)?, ROOT_TOKEN_SECRET.into()));
        }
        Err(Error::invalid("credentials", "nobody is named to ask as")
            .with_advice("give --token-id with PVE_TOKEN_SECRET, or --user with PVE_PASSWORD"))
    }

    fn trust(given: &Connection, about_server: &impl Fn(&str) -> Option<String>) -> Result<Trust> {
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
            let pin = about_server("PVE_FINGERPRINT").map(Trust::Fingerprint);
            pin.or_else(|| about_server("PVE_CA").map(|file| Trust::Ca(file.into())))
        };
        Ok(options.pop().or_else(from_env).unwrap_or(Trust::System))
    }

    /// Starts the simulated cluster if that is the place, and makes the handle. Sends nothing.
    ///
    /// # Errors
    /// `InvalidInput` for what can be seen to be wrong with address, token or certificates.
    pub fn connect(self, policy: Policy) -> Result<Connected> {
        let sim = match self.place {
            Place::Sim(way) => Some(Simulated::start(way)?),
            _ => None,
        };
        let (builder, who) = self.builder(sim.as_ref())?;
        let pve = builder.policy(policy).build();
        let place = if sim.is_some() { "a simulated cluster at " } else { "" };
        let info = pve.info();
        let about = format!("{place}{}, {who}, {}", info.endpoint, info.name);
        Ok(Connected { pve, node: self.node, sim, about })
    }

    /// The handle in the making, and a few words on who asks and what is trusted.
    fn builder(&self, sim: Option<&Simulated>) -> Result<(PveBuilder, String)> {
        match (&self.place, sim) {
            (Place::Url(url), _) => self.api(url, None),
            (Place::Sim(Way::Https), Some(sim)) => self.api(&sim.server.url(), Some(sim.server.ca_pem())),
            (
                Place::Sim(Way::Ssh(engine)),
                Some(Simulated { sshd: Some(sshd), root: Some(root), server }),
            ) => {
                let ssh = Ssh::new(&format!("{}@127.0.0.1:{}", sshd.user(), sshd.port()))?
                    .key(sshd.identity_file())
                    .known_hosts(sshd.known_hosts_file())
                    .engine(*engine)
                    .node_root(root.path())
                    .pveproxy_port(server.address().port());
                self.ssh(ssh)
            }
            (Place::Ssh(hop), _) => self.ssh(hop.ssh()?),
            (Place::Sim(_), Some(Simulated { root: Some(root), .. })) => {
                Ok((Local::new().node_root(root.path()).builder()?, ROOT.to_owned()))
            }
            _ => {
                let local = self.node_root.iter().fold(Local::new(), Local::node_root);
                Ok((if self.sudo { local.sudo() } else { local }.builder()?, ROOT.to_owned()))
            }
        }
    }

    fn api(&self, url: &str, ca_pem: Option<&str>) -> Result<(PveBuilder, String)> {
        let api = Api::new(url)?.engine(self.engine);
        let (api, trust) = match (&self.trust, ca_pem) {
            (Trust::Ca(file), _) => (api.ca_file(file)?, "a CA file"),
            (Trust::Fingerprint(pin), _) => (api.fingerprint(pin)?, "a fingerprint"),
            (Trust::Anything, _) => (api.dangerous_accept_any_certificate(), "ANY certificate"),
            (Trust::System, Some(pem)) => (api.ca_pem(pem)?, "its own CA"),
            (Trust::System, None) => (api, "the system's CAs"),
        };
        let (api, who) = match &self.who {
            Who::Token(id, secret) => (api.token(id, secret.clone())?, format!("token {id}")),
            Who::User(user, password) => (api.password(user, password.clone())?, format!("user {user}")),
            Who::Root => return Err(Error::invalid("credentials", "nobody is named to ask as")),
        };
        Ok((api.builder()?, format!("{who}, trusting {trust}")))
    }

    fn ssh(&self, ssh: Ssh) -> Result<(PveBuilder, String)> {
        let ssh = ssh.http_engine(self.engine);
        let ssh = if self.sudo { ssh.sudo() } else { ssh };
        let ssh = match &self.trust {
            Trust::System => ssh,
            Trust::Fingerprint(pin) => ssh.fingerprint(pin)?,
            Trust::Ca(_) | Trust::Anything => {
                let text = "over ssh the node's certificate is known, or pinned by --fingerprint";
                return Err(Error::invalid("trust", text));
            }
        };
        Ok(match &self.who {
            Who::Token(id, secret) => (ssh.token(id, secret.clone())?.builder()?, format!("token {id}")),
            Who::Root | Who::User(..) => (ssh.builder()?, ROOT.to_owned()),
        })
    }
}

/// Who asks where no credentials are needed.
const ROOT: &str = "root@pam";

impl Hop {
    fn ssh(&self) -> Result<Ssh> {
        let mut ssh = Ssh::new(&self.to)?.engine(self.engine);
        for jump in &self.jumps {
            ssh = ssh.jump(jump)?;
        }
        if let Some(file) = &self.config {
            ssh = ssh.config_file(file);
        }
        if let Some(file) = &self.key {
            ssh = ssh.key(file);
        }
        if let Some(file) = &self.known_hosts {
            ssh = ssh.known_hosts(file);
        }
        Ok(if self.accept_new { ssh.accept_new_host_keys() } else { ssh })
    }
}

impl fmt::Debug for Connected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.about)
    }
}

#[cfg(test)]
mod tests {
    use proxmox_core::ErrorKind;

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
        assert_eq!((&plan.place, &plan.trust, &plan.node), (&Place::Sim(Way::Https), &Trust::System, &None));
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
