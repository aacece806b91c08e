//! The public way in.

use std::fmt;
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use proxmox_core::{Error, Pve, PveBuilder, Result, Secret, TokenId, Transport, UserId};

use super::login::{Credentials, Login};
use super::url::Endpoint;
use crate::http::{Budgets, Http, YEAR};
use crate::layer::{Limit, standard};
use crate::tls::{Fingerprint, Trust, read_pem};

/// Which HTTP client moves the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Engine {
    /// Asynchronous; also serves callers without a runtime, on a thread of its own.
    #[cfg(feature = "reqwest")]
    Reqwest,
    /// Blocking: does its work on the calling thread, and starts no other.
    #[cfg(feature = "ureq")]
    Ureq,
}

impl Engine {
    /// Those that this build has; the first is the default.
    const ALL: &'static [Self] = &[
        #[cfg(feature = "reqwest")]
        Self::Reqwest,
        #[cfg(feature = "ureq")]
        Self::Ureq,
    ];

    /// The one to take when nobody says which.
    pub(crate) fn usual() -> Result<Self> {
        Self::ALL.first().copied().ok_or_else(|| {
            Error::invalid("engine", "engine: this build has none; turn on feature `reqwest` or `ureq`")
        })
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match *self {
            #[cfg(feature = "reqwest")]
            Self::Reqwest => "reqwest",
            #[cfg(feature = "ureq")]
            Self::Ureq => "ureq",
        })
    }
}

impl FromStr for Engine {
    type Err = Error;
    /// Reads `reqwest` or `ureq`, where this build has it.
    fn from_str(text: &str) -> Result<Self> {
        Self::ALL.iter().copied().find(|engine| engine.to_string() == text).ok_or_else(|| {
            let names: Vec<_> = Self::ALL.iter().map(ToString::to_string).collect();
            Error::invalid("engine", format!("engine: {text:?} is not one of {}", names.join(", ")))
        })
    }
}

/// Describes a connection to PVE's REST interface; [`connect`](Self::connect) makes the handle. Nothing here sends anything.
///
/// The server's certificate is verified: by default against the system's authorities, else as the last of
/// [`ca_file`](Self::ca_file), [`fingerprint`](Self::fingerprint) or
/// [`dangerous_accept_any_certificate`](Self::dangerous_accept_any_certificate) says.
///
/// Proxies named in the environment are not used, redirects are not followed, cookies are not kept.
///
/// ```
/// use std::time::Duration;
/// use proxmox_transport::Api;
///
/// # fn main() -> proxmox_core::Result<()> {
/// let pve = Api::new("https://pve1")?
///     .token("root@pam!ci", "12345678-1234-1234-1234-1234567890ab".into())?
///     .fingerprint(&"AA:".repeat(31).chars().chain("AA".chars()).collect::<String>())?
///     .total_timeout(Duration::from_secs(300))
///     .connect()?;
/// assert_eq!(pve.info().endpoint, "https://pve1:8006");
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct Api {
    endpoint: Endpoint,
    credentials: Option<Credentials>,
    trust: Trust,
    budgets: Budgets,
    engine: Option<Engine>,
    limit: usize,
}

impl Api {
    /// An API at `https://host[:port][/api2/json]`. Without a port it is 8006.
    ///
    /// # Errors
    /// `InvalidInput` for `http://`, for credentials in the address, and for anything else that is not such an address.
    pub fn new(url: &str) -> Result<Self> {
        Ok(Self::at(Endpoint::parse(url)?))
    }

    pub(crate) fn at(endpoint: Endpoint) -> Self {
        Self {
            endpoint,
            credentials: None,
            trust: Trust::System,
            budgets: Budgets::default(),
            engine: None,
            limit: Limit::DEFAULT,
        }
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

    /// Asks with a ticket that user and password get. `user` is `name@realm`.
    ///
    /// The ticket is fetched with the first request and renewed after an hour, at half its life, once for all callers.
    /// When PVE answers 401 to it, the request is sent once more with a new one. Users with a second factor cannot log in
    /// so: use a token.
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

    /// Trusts the authorities in a PEM file, and no others. For a cluster it is `/etc/pve/pve-root-ca.pem`.
    ///
    /// # Errors
    /// `InvalidInput` naming the file, when it cannot be read or holds no certificate.
    pub fn ca_file(mut self, path: impl AsRef<Path>) -> Result<Self> {
        let shown = format!("{:?}", path.as_ref());
        let pem = std::fs::read(path.as_ref())
            .map_err(|e| Error::invalid("ca_file", format!("ca_file: {shown} cannot be read: {e}")))?;
        self.trust = Trust::Authorities(read_pem("ca_file", &shown, &pem)?);
        Ok(self)
    }

    /// Trusts the authorities in a PEM text, and no others.
    ///
    /// # Errors
    /// `InvalidInput` when it holds no certificate.
    pub fn ca_pem(mut self, pem: impl AsRef<[u8]>) -> Result<Self> {
        self.trust = Trust::Authorities(read_pem("ca_pem", "the text", pem.as_ref())?);
        Ok(self)
    }

    /// Trusts the server whose certificate has this SHA-256, as `pvenode cert info` shows it. Called again, it adds one.
    ///
    /// This *replaces* the checks of authority, name and validity. That the server holds the certificate's key is still
    /// verified.
    ///
    /// # Errors
    /// `InvalidInput` when it is not 32 bytes in hexadecimal, with or without colons.
    pub fn fingerprint(mut self, sha256: &str) -> Result<Self> {
        let pin = Fingerprint::parse(sha256)?;
        match &mut self.trust {
            Trust::Pins(pins) => pins.push(pin),
            other => *other = Trust::Pins(vec![pin]),
        }
        Ok(self)
    }

    /// Trusts any server. Whoever can reach into the network then reads the credentials and can do all that they allow.
    #[must_use]
    pub fn dangerous_accept_any_certificate(mut self) -> Self {
        self.trust = Trust::Anything;
        self
    }

    /// How long name lookup, TCP and TLS may take together; 10 s by default. Running out of it means `NotSent`.
    #[must_use]
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.budgets.connect = limit.min(YEAR);
        self
    }

    /// How long PVE may think before it begins to answer; 60 s by default. Some requests do their work meanwhile.
    #[must_use]
    pub fn first_byte_timeout(mut self, limit: Duration) -> Self {
        self.budgets.first_byte = limit.min(YEAR);
        self
    }

    /// How long one exchange may take in all; 120 s by default. A request's own
    /// [`timeout`](proxmox_core::PveRequest::timeout) stands in place of this and of the first-byte budget.
    #[must_use]
    pub fn total_timeout(mut self, limit: Duration) -> Self {
        self.budgets.total = limit.min(YEAR);
        self
    }

    /// Which HTTP client to use; by default reqwest where this build has it.
    #[must_use]
    pub fn engine(mut self, engine: Engine) -> Self {
        self.engine = Some(engine);
        self
    }

    /// How many requests may be under way at once; 16 by default. The others wait for their turn.
    #[must_use]
    pub fn limit(mut self, requests: usize) -> Self {
        self.limit = requests;
        self
    }

    /// The handle, with the standard layers and the default safety policy. It sends nothing yet.
    ///
    /// # Errors
    /// `InvalidInput` when credentials are missing, a timeout is zero or an authority is malformed; `Tls` when the system
    /// has no trusted authorities and none are given.
    pub fn connect(self) -> Result<Pve> {
        Ok(self.builder()?.build())
    }

    /// The same, open for a policy and for further layers. It has, from the wire outwards, [`Limit`](crate::layer::Limit), [`Retry`](crate::layer::Retry)
    /// and [`Trace`](crate::layer::Trace).
    ///
    /// ```
    /// # fn main() -> proxmox_core::Result<()> {
    /// use std::sync::Arc;
    /// use proxmox_transport::{Api, layer::Record};
    ///
    /// let record = Arc::new(Record::new());
    /// let api = Api::new("https://pve1")?.password("root@pam", "secret".into())?.dangerous_accept_any_certificate();
    /// let pve = api.builder()?.layer(Arc::clone(&record)).build();
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    pub fn builder(self) -> Result<PveBuilder> {
        let engine = self.engine.map_or_else(Engine::usual, Ok)?;
        let limit = Limit::new(self.limit)?;
        let builder = match engine {
            #[cfg(feature = "reqwest")]
            Engine::Reqwest => Pve::builder(self.reqwest()?),
            #[cfg(feature = "ureq")]
            Engine::Ureq => Pve::builder(self.ureq()?),
        };
        Ok(standard(builder, limit))
    }

    /// The bare asynchronous transport, without any layer.
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    #[cfg(feature = "reqwest")]
    pub fn reqwest(self) -> Result<impl Transport> {
        let login = self.check()?;
        let tls = crate::tls::tls(&self.trust)?;
        let engine = crate::http::reqwest::Reqwest::engine(self.endpoint.origin(), tls, self.budgets)?;
        Ok(Http::new(engine, self.endpoint, login, self.budgets))
    }

    /// The bare blocking transport, without any layer.
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    #[cfg(feature = "ureq")]
    pub fn ureq(self) -> Result<impl Transport> {
        let login = self.check()?;
        let engine = crate::http::ureq::Ureq::new(crate::tls::tls(&self.trust)?, self.budgets);
        Ok(Http::new(engine, self.endpoint, login, self.budgets))
    }

    /// The asynchronous transport as a tunnel has it, through this unix socket.
    #[cfg(all(test, feature = "reqwest", feature = "ssh"))]
    pub(crate) fn through(self, socket: std::path::PathBuf) -> Result<impl Transport> {
        let login = self.check()?;
        let tls = crate::tls::tls(&self.trust)?;
        let engine = crate::http::hyper::Hyper::engine(socket, self.endpoint.origin(), tls, self.budgets)?;
        Ok(Http::new(engine, self.endpoint, login, self.budgets))
    }

    /// The address that requests name.
    #[cfg(all(test, feature = "reqwest", feature = "ssh"))]
    pub(crate) fn authority(&self) -> &str {
        self.endpoint.authority()
    }

    fn check(&self) -> Result<Login> {
        let Budgets { connect, first_byte, total } = self.budgets;
        for (name, limit) in
            [("connect_timeout", connect), ("first_byte_timeout", first_byte), ("total_timeout", total)]
        {
            if limit.is_zero() {
                return Err(Error::invalid(name, format!("{name}: must be longer than nothing")));
            }
        }
        let credentials = self.credentials.as_ref().ok_or_else(|| {
            Error::invalid("credentials", "credentials: give an API token, or user and password")
        })?;
        Login::new(credentials)
    }
}
