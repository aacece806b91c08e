//! From a place to a handle.

mod env;
mod hop;
mod place;
mod who;

use std::path::PathBuf;

use proxmox_core::{Error, Pve, PveBuilder, Result, Secret, TokenId, UserId};

#[cfg(feature = "ssh")]
use self::hop::Hop;
pub use self::place::Way;
use self::who::{Credentials, Trust};

/// A handle on the cluster at `place`, with what the environment says about credentials and trust.
///
/// | place | what it is |
/// |---|---|
/// | `https://pve1:8006`, `pve1` | PVE's API on any node of a cluster; without a port it is 8006 |
/// | `ssh://root@pve1` | a node of which only sshd can be reached (feature `ssh`) |
/// | `local` | the node that this program runs on (feature `local`) |
/// | `sim` | a simulated cluster in this process, where waiting takes no time (feature `sim`) |
///
/// | variable | what it says | for |
/// |---|---|---|
/// | `PVE_TOKEN_ID`, `PVE_TOKEN_SECRET` | an API token: `user@realm!name`, and the UUID that PVE showed once | https, ssh |
/// | `PVE_USER`, `PVE_PASSWORD` | a login, when there is no `PVE_TOKEN_ID` | https |
/// | `PVE_FINGERPRINT` | the SHA-256 of the server's certificate | https, ssh |
/// | `PVE_CA` | a PEM file of authorities, when there is no `PVE_FINGERPRINT`; without both, the system's are trusted | https |
/// | `PVE_SSH_JUMP` | hosts on the way, separated by commas; the first is the nearest | ssh |
/// | `PVE_SSH_CONFIG`, `PVE_SSH_KEY`, `PVE_SSH_KNOWN_HOSTS` | files for ssh | ssh |
/// | `PVE_SSH_ENGINE` | `auto`, `tunnel` or `pvesh` | ssh |
///
/// The environment is not asked for `local` and `sim`. [`Connect`] takes all of this as arguments, and says what comes first.
///
/// Nothing is sent yet. The handle serves blocking programs and asynchronous ones; no runtime is needed for `.block()`.
///
/// ```
/// # #[cfg(all(feature = "sim", feature = "qemu"))]
/// # fn main() -> proxmox_sdk::Result<()> {
/// use proxmox_sdk::prelude::*;
///
/// let pve = proxmox_sdk::connect("sim")?;
/// for vm in &pve.node("pve1")?.vms().list().block()? {
///     println!("{} {}", vm.vmid, vm.status);
/// }
/// # Ok(()) }
/// # #[cfg(not(all(feature = "sim", feature = "qemu")))]
/// # fn main() {}
/// ```
///
/// # Errors
/// `InvalidInput` for a place that is none or that this build cannot reach, and for credentials that are missing or malformed;
/// `Tls` when the system has no trusted authorities and none are named.
pub fn connect(place: &str) -> Result<Pve> {
    Connect::to(place)?.env()?.connect()
}

/// Where to connect, as whom, and whom to trust; [`connect`](Self::connect) makes the handle. Nothing here sends anything.
///
/// It has what all programs need. For the rest (timeouts, limits, host keys) [`way`](Self::way) leads on to the description of the
/// transport itself: `Api`, `Ssh` or `Local`.
///
/// ```no_run
/// # fn main() -> proxmox_sdk::Result<()> {
/// use proxmox_sdk::{Connect, Policy};
///
/// # let secret = proxmox_sdk::Secret::from("x");
/// let pve = Connect::to("https://pve1.example.com")?
///     .token("root@pam!ci", secret)?
///     .ca_file("/etc/ssl/pve-root-ca.pem")
///     .builder()?
///     .policy(Policy::default().protected_tags(["precious"])?)
///     .build();
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct Connect {
    way: Way,
    credentials: Option<Credentials>,
    trust: Option<Trust>,
    sudo: bool,
    #[cfg(feature = "ssh")]
    hop: Hop,
    #[cfg(any(feature = "reqwest", feature = "ureq"))]
    engine: Option<proxmox_transport::Engine>,
}

impl Connect {
    /// A place as [`connect`](crate::connect) takes it. The environment is not asked.
    ///
    /// # Errors
    /// `InvalidInput` for what is no place, and for one that this build cannot reach, naming the feature that can.
    pub fn to(place: &str) -> Result<Self> {
        Ok(Self {
            way: Way::parse(place)?,
            credentials: None,
            trust: None,
            sudo: false,
            #[cfg(feature = "ssh")]
            hop: Hop::default(),
            #[cfg(any(feature = "reqwest", feature = "ureq"))]
            engine: None,
        })
    }

    /// Asks with an API token. `id` is `user@realm!name`, the secret is the UUID that PVE showed once.
    ///
    /// # Errors
    /// `InvalidInput` for a malformed id; the secret is never repeated.
    pub fn token<I>(mut self, id: I, secret: Secret) -> Result<Self>
    where
        I: TryInto<TokenId>,
        Error: From<I::Error>,
    {
        self.credentials = Some(Credentials::Token(id.try_into()?, secret));
        Ok(self)
    }

    /// Asks with a ticket that user and password get. `user` is `name@realm`. Over HTTPS only.
    ///
    /// # Errors
    /// `InvalidInput` for a malformed user.
    pub fn password<U>(mut self, user: U, password: Secret) -> Result<Self>
    where
        U: TryInto<UserId>,
        Error: From<U::Error>,
    {
        self.credentials = Some(Credentials::Password(user.try_into()?, password));
        Ok(self)
    }

    /// Trusts the authorities in this PEM file, and no others. For a cluster it is `/etc/pve/pve-root-ca.pem`.
    #[must_use]
    pub fn ca_file(self, path: impl Into<PathBuf>) -> Self {
        self.trusting(Trust::CaFile(path.into()))
    }

    /// Trusts the authorities in this PEM text, and no others.
    #[must_use]
    pub fn ca_pem(self, pem: impl Into<String>) -> Self {
        self.trusting(Trust::CaPem(pem.into()))
    }

    /// Trusts the server whose certificate has this SHA-256, as `pvenode cert info` shows it, and no other.
    #[must_use]
    pub fn fingerprint(self, sha256: impl Into<String>) -> Self {
        self.trusting(Trust::Fingerprint(sha256.into()))
    }

    /// Trusts any server. Whoever can reach into the network then reads the credentials and can do all that they allow.
    #[must_use]
    pub fn dangerous_accept_any_certificate(self) -> Self {
        self.trusting(Trust::Anything)
    }

    fn trusting(mut self, trust: Trust) -> Self {
        self.trust = Some(trust);
        self
    }

    /// Becomes root by `sudo -n` on the node: for `ssh` and `local`.
    #[must_use]
    pub fn sudo(mut self) -> Self {
        self.sudo = true;
        self
    }

    /// Which HTTP client to use; by default reqwest where this build has it. It serves blocking programs as well, on a thread of its
    /// own; ureq starts none, and blocks the thread that awaits it.
    #[cfg(any(feature = "reqwest", feature = "ureq"))]
    #[must_use]
    pub fn engine(mut self, engine: proxmox_transport::Engine) -> Self {
        self.engine = Some(engine);
        self
    }

    /// The same credentials, trust and settings for another place.
    ///
    /// # Errors
    /// As [`to`](Self::to).
    pub fn at(mut self, place: &str) -> Result<Self> {
        self.way = Way::parse(place)?;
        Ok(self)
    }

    /// Who asks and what is trusted, in a few words: `token root@pam!ci, trusting a CA file`. Without any secret.
    #[must_use]
    pub fn about(&self) -> String {
        who::about(self)
    }

    /// The description of the transport, for what is special to it.
    ///
    /// ```no_run
    /// # #[cfg(feature = "ssh")]
    /// # fn main() -> proxmox_sdk::Result<()> {
    /// use proxmox_sdk::{Connect, Way};
    ///
    /// let pve = match Connect::to("ssh://root@pve1")?.way()? {
    ///     Way::Ssh(ssh) => ssh.accept_new_host_keys().limit(4).connect()?,
    ///     other => other.builder()?.build(),
    /// };
    /// # Ok(()) }
    /// # #[cfg(not(feature = "ssh"))]
    /// # fn main() {}
    /// ```
    ///
    /// # Errors
    /// `InvalidInput` for credentials that are missing, and for what does not fit the place.
    #[allow(unreachable_code)] // A build that has no way has no value of this type.
    pub fn way(self) -> Result<Way> {
        who::check(&self)?;
        Ok(match self.way {
            #[cfg(any(feature = "reqwest", feature = "ureq"))]
            Way::Api(api) => {
                let api = self.engine.into_iter().fold(api, proxmox_transport::Api::engine);
                let api = self.credentials.map_or_else(|| Err(who::missing()), |who| who.sign(api))?;
                Way::Api(self.trust.map_or_else(|| Ok(api.clone()), |trust| trust.check(api.clone()))?)
            }
            #[cfg(feature = "ssh")]
            Way::Ssh(ssh) => {
                let ssh = self.hop.lead(if self.sudo { ssh.sudo() } else { ssh })?;
                #[cfg(any(feature = "reqwest", feature = "ureq"))]
                let ssh = {
                    let ssh = self.engine.into_iter().fold(ssh, proxmox_transport::Ssh::http_engine);
                    let ssh = match self.credentials {
                        Some(Credentials::Token(id, secret)) => ssh.token(id, secret)?,
                        Some(Credentials::Password(..)) | None => ssh,
                    };
                    match self.trust {
                        Some(Trust::Fingerprint(pin)) => ssh.fingerprint(&pin)?,
                        _ => ssh,
                    }
                };
                Way::Ssh(ssh)
            }
            #[cfg(feature = "local")]
            Way::Local(local) => Way::Local(if self.sudo { local.sudo() } else { local }),
            #[cfg(feature = "sim")]
            Way::Sim(sim) => Way::Sim(sim),
        })
    }

    /// The handle in the making, open for a policy and for further layers.
    ///
    /// # Errors
    /// As [`connect`](crate::connect).
    pub fn builder(self) -> Result<PveBuilder> {
        self.way()?.builder()
    }

    /// The handle, with the standard layers and the default safety policy.
    ///
    /// # Errors
    /// As [`connect`](crate::connect).
    pub fn connect(self) -> Result<Pve> {
        Ok(self.builder()?.build())
    }
}
