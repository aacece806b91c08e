//! From options and environment to a handle.

mod place;
mod simulated;

use std::fmt;
use std::path::PathBuf;

use proxmox_core::{Error, NodeName, Policy, Pve, PveBuilder, Result, TokenId};
use proxmox_sdk::Connect;
use proxmox_sim::{ROOT_TOKEN_ID, ROOT_TOKEN_SECRET};

use self::place::{Place, Way};
pub use self::simulated::Simulated;
use crate::options::Connection;
use crate::pairs;

/// Where the program is to work and as whom, decided but not yet connected.
#[derive(Debug, Clone)]
pub struct Plan {
    place: Place,
    connect: Connect,
    /// The node to work on.
    pub node: Option<NodeName>,
    /// Whether an option says whom to trust.
    trusts: bool,
    accept_new: bool,
    node_root: Option<PathBuf>,
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
        if given.sudo && !place.has_sudo() {
            return Err(Error::invalid("sudo", "--sudo is for --ssh and --local"));
        }
        // What the environment says is about its own server, and not about the simulated one: so that is not its place yet.
        let connect = match &place {
            Place::Sim(_) => Connect::to("sim")?,
            Place::Live(place) => Connect::to(place)?,
        };
        let about_server = |name: &str| env(name).filter(|_| !place.is_simulated());
        let connect = Self::identified(connect, given, &place, &env, &about_server)?;
        let (connect, trusts) = Self::trusting(connect, given)?;
        let node = match (&given.node, about_server("PVE_NODE")) {
            (Some(node), _) => Some(node.clone()),
            (None, Some(name)) => Some(NodeName::parse(&name)?),
            (None, None) => None,
        };
        let connect = Self::hopping(connect, given).variables(&env)?;
        let (accept_new, node_root) = (given.ssh_accept_new, given.node_root.clone());
        Ok(Self { place, connect, node, trusts, accept_new, node_root })
    }

    /// As whom, where an option says so.
    fn identified(
        connect: Connect,
        given: &Connection,
        place: &Place,
        env: &impl Fn(&str) -> Option<String>,
        about_server: &impl Fn(&str) -> Option<String>,
    ) -> Result<Connect> {
        let id = match (&given.token_id, &given.token_secret_file) {
            (None, Some(_)) => about_server("PVE_TOKEN_ID").map(|id| TokenId::parse(&id)).transpose()?,
            (id, _) => id.clone(),
        };
        match (id, &given.user) {
            (Some(_), Some(_)) => {
                Err(Error::invalid("user", "--token-id and --user are two identities: give one"))
            }
            (Some(id), None) => {
                let secret = match &given.token_secret_file {
                    Some(file) => {
                        let text = pairs::read("token-secret-file", &file.to_string_lossy())?;
                        Some(text.trim_end().to_owned())
                    }
                    None => env("PVE_TOKEN_SECRET"),
                };
                let secret = secret.ok_or_else(|| {
                    Error::invalid("token secret", format!("the secret of the token {id} is missing"))
                        .with_advice("put it into PVE_TOKEN_SECRET, or into a file for --token-secret-file")
                })?;
                connect.token(id, secret.into())
            }
            (None, Some(user)) => {
                let password = env("PVE_PASSWORD").ok_or_else(|| {
                    Error::invalid("password", format!("the password of {user} is missing"))
                        .with_advice("put it into PVE_PASSWORD")
                })?;
                connect.password(user, password.into())
            }
            (None, None) if *place == Place::Sim(Way::Https) => {
                connect.token(ROOT_TOKEN_ID, ROOT_TOKEN_SECRET.into())
            }
            (None, None) => Ok(connect),
        }
    }

    /// Whom to trust, and whether an option says so.
    fn trusting(connect: Connect, given: &Connection) -> Result<(Connect, bool)> {
        match (&given.ca, &given.fingerprint, given.dangerous_accept_any_certificate) {
            (None, None, false) => Ok((connect, false)),
            (Some(file), None, false) => Ok((connect.ca_file(file), true)),
            (None, Some(pin), false) => Ok((connect.fingerprint(pin), true)),
            (None, None, true) => Ok((connect.dangerous_accept_any_certificate(), true)),
            _ => {
                let text =
                    "--ca, --fingerprint and --dangerous-accept-any-certificate exclude each other: give one";
                Err(Error::invalid("trust", text))
            }
        }
    }

    /// What ssh is told, and by which client the rest is said.
    fn hopping(connect: Connect, given: &Connection) -> Connect {
        let mut connect = given.ssh_jump.iter().fold(connect.engine(given.engine.into()), Connect::jump);
        connect = given.ssh_config.iter().fold(connect, Connect::ssh_config);
        connect = given.ssh_key.iter().fold(connect, Connect::ssh_key);
        connect = given.ssh_known_hosts.iter().fold(connect, Connect::known_hosts);
        connect = given.ssh_engine.into_iter().fold(connect, Connect::ssh_engine);
        if given.sudo { connect.sudo() } else { connect }
    }

    /// Starts the simulated cluster if that is the place, and makes the handle. Sends nothing.
    ///
    /// # Errors
    /// `InvalidInput` for what can be seen to be wrong with address, token or certificates.
    pub fn connect(self, policy: Policy) -> Result<Connected> {
        let node = self.node.clone();
        let sim = match self.place {
            Place::Sim(way) => Some(Simulated::start(way)?),
            Place::Live(_) => None,
        };
        let (builder, who) = self.builder(sim.as_ref())?;
        let pve = builder.policy(policy).build();
        let place = if sim.is_some() { "a simulated cluster at " } else { "" };
        let info = pve.info();
        let about = format!("{place}{}, {who}, {}", info.endpoint, info.name);
        Ok(Connected { pve, node, sim, about })
    }

    /// The handle in the making, and a few words on who asks and what is trusted.
    fn builder(self, sim: Option<&Simulated>) -> Result<(PveBuilder, String)> {
        let connect = match sim {
            None => self.connect,
            Some(Simulated { sshd: Some(sshd), .. }) => self
                .connect
                .at(&format!("ssh://{}@127.0.0.1:{}", sshd.user(), sshd.port()))?
                .ssh_key(sshd.identity_file())
                .known_hosts(sshd.known_hosts_file()),
            Some(Simulated { root: Some(_), .. }) => self.connect.at("local")?,
            Some(Simulated { server, .. }) => {
                let connect = self.connect.at(&server.url())?;
                if self.trusts { connect } else { connect.ca_pem(server.ca_pem()) }
            }
        };
        let who = connect.about();
        let simulated = sim.and_then(|sim| Some((sim.root.as_ref()?.path(), sim.server.address().port())));
        let builder = match connect.way()? {
            proxmox_sdk::Way::Ssh(ssh) => {
                let ssh = if self.accept_new { ssh.accept_new_host_keys() } else { ssh };
                match simulated {
                    Some((root, port)) => ssh.node_root(root).pveproxy_port(port).builder()?,
                    None => ssh.builder()?,
                }
            }
            proxmox_sdk::Way::Local(local) => {
                let root = simulated.map(|(root, _)| root.to_owned()).or(self.node_root);
                root.iter().fold(local, proxmox_transport::Local::node_root).builder()?
            }
            other => other.builder()?,
        };
        Ok((builder, who))
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
        assert_eq!(plan.place, Place::Live("https://pve1".into()));
        assert_eq!(plan.connect.about(), "token root@pam!ci, trusting a CA file");
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
        assert_eq!(plan.connect.about(), "user eve@pve, trusting a fingerprint");
        assert_eq!(plan.node.unwrap().as_str(), "pve2");
    }

    #[test]
    fn the_simulated_cluster_takes_nothing_from_a_live_environment() {
        let plan = plan(&Connection { sim: true, ..Connection::default() }, &LIVE).unwrap();
        assert_eq!((&plan.place, &plan.node, plan.trusts), (&Place::Sim(Way::Https), &None, false));
        let connected = plan.connect(Policy::default()).unwrap();
        assert!(connected.about.contains("token root@pam!sim, trusting its own CA"), "{connected:?}");
        assert!(connected.pve.cluster().version().block().is_ok());
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
            let error = plan(&given, env).and_then(|plan| plan.connect(Policy::default())).unwrap_err();
            assert!(error.errors().contains_key(field), "{field}: {error}");
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
        }
    }
}
