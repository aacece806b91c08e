//! The options that say where Proxmox VE is and who asks. Both programs have them.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use proxmox_core::{NodeName, TokenId, UserId};
use proxmox_transport::{Engine, SshEngine};

/// Where and who. What is not given is taken from the environment; see [`connect`](crate::connect).
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Connection")]
pub struct Connection {
    /// Address of any node, such as https://pve1:8006 [env: PVE_URL]
    #[arg(long, global = true, value_name = "URL")]
    pub url: Option<String>,

    /// Start a simulated cluster in this process and talk to it: over HTTPS, with --ssh-engine over a real ssh server, with
    /// --local by its node's pvesh
    #[arg(long, global = true)]
    pub sim: bool,

    /// Reach a node over ssh; nothing but sshd has to be reachable [env: PVE_SSH]
    #[arg(long, global = true, value_name = "[USER@]HOST[:PORT]")]
    pub ssh: Option<String>,

    /// Host on the way there; repeat it for several, the first is the nearest [env: PVE_SSH_JUMP]
    #[arg(long, global = true, value_name = "[USER@]HOST[:PORT]")]
    pub ssh_jump: Vec<String>,

    /// ssh_config with settings for these hosts [env: PVE_SSH_CONFIG]
    #[arg(long, global = true, value_name = "FILE")]
    pub ssh_config: Option<PathBuf>,

    /// Private key, instead of the agent's and the usual ones [env: PVE_SSH_KEY]
    #[arg(long, global = true, value_name = "FILE")]
    pub ssh_key: Option<PathBuf>,

    /// Host keys to trust, instead of those of the usual known_hosts [env: PVE_SSH_KNOWN_HOSTS]
    #[arg(long, global = true, value_name = "FILE")]
    pub ssh_known_hosts: Option<PathBuf>,

    /// Trust the key of a host that is met for the first time, and note it
    #[arg(long, global = true)]
    pub ssh_accept_new: bool,

    /// tunnel: PVE's own HTTP through ssh; pvesh: its command line; auto: the first, or else the second
    /// [env: PVE_SSH_ENGINE]
    #[arg(long, global = true, value_name = "ENGINE")]
    pub ssh_engine: Option<SshEngine>,

    /// Work on the node that this runs on, by its pvesh
    #[arg(long, global = true)]
    pub local: bool,

    /// Where the node's own files begin: for simulated nodes
    #[arg(long, global = true, hide = true, requires = "local", value_name = "DIR")]
    pub node_root: Option<PathBuf>,

    /// Become root by `sudo -n` on the node, with --ssh and --local
    #[arg(long, global = true)]
    pub sudo: bool,

    /// API token, USER@REALM!NAME; its secret in PVE_TOKEN_SECRET or a file [env: PVE_TOKEN_ID]
    #[arg(long, global = true, value_name = "ID")]
    pub token_id: Option<TokenId>,

    /// File that holds the token's secret
    #[arg(long, global = true, value_name = "FILE")]
    pub token_secret_file: Option<PathBuf>,

    /// Log in as this user, with the password in PVE_PASSWORD [env: PVE_USER]
    #[arg(long, global = true, value_name = "USER@REALM")]
    pub user: Option<UserId>,

    /// Trust the authorities in this PEM file, such as /etc/pve/pve-root-ca.pem [env: PVE_CA]
    #[arg(long, global = true, value_name = "FILE")]
    pub ca: Option<PathBuf>,

    /// Trust the server whose certificate has this SHA-256 [env: PVE_FINGERPRINT]
    #[arg(long, global = true, value_name = "SHA256")]
    pub fingerprint: Option<String>,

    /// Trust any server: whoever is in the network reads the credentials
    #[arg(long, global = true)]
    pub dangerous_accept_any_certificate: bool,

    /// Node to work on; without it, guests are found wherever they are [env: PVE_NODE]
    #[arg(long, global = true, value_name = "NODE")]
    pub node: Option<NodeName>,

    /// HTTP client: ureq (blocking) or reqwest (asynchronous)
    #[arg(long, global = true, value_enum, default_value_t, hide_possible_values = true)]
    pub engine: EngineName,
}

/// The HTTP clients by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum EngineName {
    /// Asynchronous.
    Reqwest,
    /// Blocking: a command line does one thing after the other, and this way it does not start a runtime for it.
    #[default]
    Ureq,
}

impl From<EngineName> for Engine {
    fn from(name: EngineName) -> Self {
        match name {
            EngineName::Reqwest => Self::Reqwest,
            EngineName::Ureq => Self::Ureq,
        }
    }
}
