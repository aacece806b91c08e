//! Values that are shown nowhere.

/// A password, token secret or ticket: never in `Debug`, errors, plans or tapes; wiped when dropped.
///
/// ```
/// use proxmox_core::Secret;
/// let secret = Secret::from("hunter2");
/// assert!(!format!("{secret:?}").contains("hunter2"));
/// ```
pub type Secret = secrecy::SecretString;

/// The name of the trait that reads a [`Secret`]; each use is a place to look at.
pub use secrecy::ExposeSecret;

/// What stands where a secret would.
pub(crate) const REDACTED: &str = "<redacted>";

/// Whether a parameter of this name holds a secret, whoever sets it. PVE marks none of them, so they are listed
/// here: passwords, keys, tickets, tokens, and what may carry one (the token of a remote cluster, a program's input, the
/// credentials of a DNS plugin).
pub(crate) fn is_secret_name(name: &str) -> bool {
    matches!(
        name,
        "password"
            | "new-password"
            | "confirmation-password"
            | "cipassword"
            | "secret"
            | "token"
            | "ticket"
            | "vncticket"
            | "otp"
            | "tfa-challenge"
            | "value"
            | "keys"
            | "key"
            | "client-key"
            | "encryption-key"
            | "eab-hmac-key"
            | "keyring"
            | "lock-token"
            | "target-endpoint"
            | "input-data"
            | "data"
    )
}
