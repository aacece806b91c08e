//! The command line that `workload` and `bare` share: `w1|w2|w3|w4|w5|w6|w6s BASE N [C]`, and what they check.

use std::fmt;
use std::time::Instant;

/// Whatever goes wrong ends the program with its text.
pub type Result<T, E = Box<dyn std::error::Error + Send + Sync>> = std::result::Result<T, E>;

/// Whose token it is.
pub const TOKEN_ID: &str = "root@pam!bench";
/// Its secret.
pub const TOKEN_SECRET: &str = "12345678-1234-1234-1234-1234567890ab";
/// The header that says so.
pub const AUTHORIZATION_VALUE: &str = "PVEAPIToken=root@pam!bench=12345678-1234-1234-1234-1234567890ab";

const USAGE: &str = "usage: w1|w2|w3|w4|w5|w6|w6s BASE N [C]
  w1   N GETs of /version, one after the other
  w2   N GETs of /version, C at a time
  w3   N times the list of /nodes/pve1/qemu, typed
  w4   N times /cluster/resources, typed
  w5   one GET of /version, as soon as the process has started (N is not used)
  w6   N times the list, then status/current of each VM, C at a time
  w6s  N times all VMs by the SDK's own list, in one request
environment: BENCH_CA      PEM of the authority to trust, as a file or as its text
             BENCH_ENGINE  reqwest (the default) or ureq";

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Versions, one after the other.
    W1,
    /// Versions, several at a time.
    W2,
    /// Lists of VMs.
    W3,
    /// Lists of everything.
    W4,
    /// The first answer.
    W5,
    /// A list, then each VM.
    W6,
    /// All VMs at once.
    W6s,
}

/// Which client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Client {
    /// Asynchronous.
    Reqwest,
    /// Blocking.
    Ureq,
}

/// A workload.
#[derive(Debug, Clone)]
pub struct Task {
    /// When the process began with it.
    pub started: Instant,
    /// What.
    pub kind: Kind,
    /// Where: `https://host:port`.
    pub base: String,
    /// How often.
    pub times: usize,
    /// How many at once.
    pub concurrency: usize,
    /// With what.
    pub client: Client,
    /// Whom to trust.
    pub ca_pem: String,
}

impl Task {
    /// Reads arguments and environment of this process.
    ///
    /// # Errors
    /// With the usage, when they are not as they should be.
    pub fn from_env() -> Result<Self> {
        let started = Instant::now();
        let mut args = std::env::args().skip(1);
        let kind = match args.next().as_deref() {
            Some("w1") => Kind::W1,
            Some("w2") => Kind::W2,
            Some("w3") => Kind::W3,
            Some("w4") => Kind::W4,
            Some("w5") => Kind::W5,
            Some("w6") => Kind::W6,
            Some("w6s") => Kind::W6s,
            _ => return Err(USAGE.into()),
        };
        let base = args.next().ok_or(USAGE)?;
        let base = base.trim_end_matches('/').trim_end_matches("/api2/json").to_owned();
        let times = args.next().ok_or(USAGE)?.parse()?;
        let concurrency = args.next().map_or(Ok(1), |c| c.parse())?;
        if times == 0 || concurrency == 0 || args.next().is_some() {
            return Err(USAGE.into());
        }
        let client = match std::env::var("BENCH_ENGINE").as_deref() {
            Ok("reqwest") | Err(_) => Client::Reqwest,
            Ok("ureq") => Client::Ureq,
            Ok(other) => return Err(format!("BENCH_ENGINE: {other:?} is neither reqwest nor ureq").into()),
        };
        let ca = std::env::var("BENCH_CA").map_err(|e| format!("BENCH_CA: {e}\n{USAGE}"))?;
        let ca_pem = if ca.contains("-----BEGIN") {
            ca
        } else {
            std::fs::read_to_string(&ca).map_err(|e| format!("BENCH_CA: {ca}: {e}"))?
        };
        Ok(Self { started, kind, base, times, concurrency, client, ca_pem })
    }
}

/// What was read: printed in the end, and the same in each repetition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sum {
    /// How many rows or answers.
    pub rows: usize,
    /// The sum of `maxmem`, bytes.
    pub maxmem: i64,
}

impl Sum {
    /// Adds one row.
    #[must_use]
    pub fn with(self, maxmem: Option<i64>) -> Self {
        Self { rows: self.rows + 1, maxmem: self.maxmem + maxmem.unwrap_or(0) }
    }

    /// Sums up rows.
    pub fn of(rows: impl Iterator<Item = Option<i64>>) -> Self {
        rows.fold(Self::default(), Self::with)
    }

    /// Notes one repetition.
    ///
    /// # Errors
    /// When it is empty, or not what the first one was.
    pub fn check(self, first: &mut Option<Self>) -> Result<()> {
        if self.rows == 0 {
            return Err("an empty list".into());
        }
        let expected = *first.get_or_insert(self);
        if self == expected { Ok(()) } else { Err(format!("{self}, and before it was {expected}").into()) }
    }
}

impl fmt::Display for Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rows={} maxmem={}", self.rows, self.maxmem)
    }
}

/// Whether this is a version that PVE may have: its first part is a number.
///
/// # Errors
/// When it is not.
pub fn check_version(version: &str) -> Result<()> {
    match version.split('.').next().map(str::parse::<u32>) {
        Some(Ok(_)) => Ok(()),
        _ => Err(format!("{version:?} is not a version").into()),
    }
}
