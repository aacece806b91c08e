//! The places by their names.

use proxmox_core::{Error, PveBuilder, Result};

/// The description of a transport, from [`Connect::way`](crate::Connect::way).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Way {
    /// PVE's API over HTTPS.
    #[cfg(any(feature = "reqwest", feature = "ureq"))]
    Api(proxmox_transport::Api),
    /// A node over ssh.
    #[cfg(feature = "ssh")]
    Ssh(proxmox_transport::Ssh),
    /// The node that this program runs on.
    #[cfg(feature = "local")]
    Local(proxmox_transport::Local),
    /// A simulated cluster in this process.
    #[cfg(feature = "sim")]
    Sim(proxmox_sim::Sim),
}

impl Way {
    pub(super) fn parse(place: &str) -> Result<Self> {
        match place.split_once("://") {
            Some((scheme, _)) if ["https", "http"].iter().any(|s| scheme.eq_ignore_ascii_case(s)) => {
                Self::api(place)
            }
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("ssh") => Self::ssh(rest),
            Some((scheme, _)) => Err(Error::invalid("place", format!("place: {scheme:?} leads nowhere"))
                .with_advice("https://HOST, ssh://[USER@]HOST, local or sim do")),
            None => match place.trim_end_matches(':') {
                "local" => Self::local(),
                "sim" => Self::sim(),
                _ => Self::api(place),
            },
        }
    }

    /// The handle in the making, open for a policy and for further layers.
    ///
    /// # Errors
    /// As the `builder` of the description says.
    pub fn builder(self) -> Result<PveBuilder> {
        match self {
            #[cfg(any(feature = "reqwest", feature = "ureq"))]
            Self::Api(api) => api.builder(),
            #[cfg(feature = "ssh")]
            Self::Ssh(ssh) => ssh.builder(),
            #[cfg(feature = "local")]
            Self::Local(local) => local.builder(),
            #[cfg(feature = "sim")]
            Self::Sim(sim) => Ok(proxmox_core::Pve::builder(sim.transport())),
        }
    }

    /// Whether requests need no signature: the place itself says who asks.
    pub(super) fn is_own(&self) -> bool {
        match *self {
            #[cfg(any(feature = "reqwest", feature = "ureq"))]
            Self::Api(_) => false,
            #[cfg(feature = "ssh")]
            Self::Ssh(_) => false,
            #[cfg(feature = "local")]
            Self::Local(_) => true,
            #[cfg(feature = "sim")]
            Self::Sim(_) => true,
        }
    }

    pub(super) fn is_ssh(&self) -> bool {
        #[cfg(feature = "ssh")]
        return matches!(self, Self::Ssh(_));
        #[cfg(not(feature = "ssh"))]
        false
    }

    /// Whether commands are run on the node: there `sudo` means something.
    pub(super) fn has_sudo(&self) -> bool {
        #[cfg(feature = "local")]
        if matches!(self, Self::Local(_)) {
            return true;
        }
        self.is_ssh()
    }

    #[cfg(any(feature = "reqwest", feature = "ureq"))]
    fn api(url: &str) -> Result<Self> {
        proxmox_transport::Api::new(url).map(Self::Api)
    }

    #[cfg(not(any(feature = "reqwest", feature = "ureq")))]
    fn api(_: &str) -> Result<Self> {
        Err(absent("an HTTP client", "`reqwest` or `ureq`"))
    }

    #[cfg(feature = "ssh")]
    fn ssh(target: &str) -> Result<Self> {
        let target = target.strip_suffix('/').unwrap_or(target);
        if target.rsplit_once('@').is_some_and(|(user, _)| user.contains(':')) {
            let text = "place: an address must not hold a password: ssh asks the agent, or takes a key";
            return Err(Error::invalid("place", text));
        }
        proxmox_transport::Ssh::new(target).map(Self::Ssh)
    }

    #[cfg(not(feature = "ssh"))]
    fn ssh(_: &str) -> Result<Self> {
        Err(absent("ssh", "`ssh`"))
    }

    #[cfg(feature = "local")]
    #[allow(clippy::unnecessary_wraps)] // Its twin for builds without it does fail.
    fn local() -> Result<Self> {
        Ok(Self::Local(proxmox_transport::Local::new()))
    }

    #[cfg(not(feature = "local"))]
    fn local() -> Result<Self> {
        Err(absent("a way to this machine's pvesh", "`local`"))
    }

    #[cfg(feature = "sim")]
    #[allow(clippy::unnecessary_wraps)]
    fn sim() -> Result<Self> {
        Ok(Self::Sim(proxmox_sim::Sim::new()))
    }

    #[cfg(not(feature = "sim"))]
    fn sim() -> Result<Self> {
        Err(absent("a simulated cluster", "`sim`"))
    }
}

#[cfg(not(all(
    any(feature = "reqwest", feature = "ureq"),
    feature = "ssh",
    feature = "local",
    feature = "sim"
)))]
fn absent(what: &str, feature: &str) -> Error {
    Error::invalid("place", format!("place: this build has not {what}"))
        .with_advice(format!("turn on feature {feature} of proxmox-sdk"))
}
