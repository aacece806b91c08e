//! The command line.

use clap::Parser;
use examples::options::Connection;
use proxmox_core::GuestRef;

const ABOUT: &str = "\
Takes a template to a running, configured, reachable VM and back: clone, cloud-init and
resources, resize, start, wait for its IPv4 address, run a command in it, read telemetry,
shut down, delete.

Without any option or variable it starts a simulated cluster in this process and talks to it
over HTTPS.";

const VARIABLES: &str = "\
On a live node:
  PVE_URL                              address of any node
  PVE_TOKEN_ID and PVE_TOKEN_SECRET    API token, or
  PVE_USER and PVE_PASSWORD            ticket login
  PVE_CA or PVE_FINGERPRINT            what to trust, if not the system's CAs
  PVE_NODE                             node for the VM
Or over ssh, as whoever may become root there, or with the token from above:
  PVE_SSH                              [user@]host[:port]
  PVE_SSH_JUMP, PVE_SSH_KEY, PVE_SSH_KNOWN_HOSTS, PVE_SSH_CONFIG, PVE_SSH_ENGINE
Either way:
  PVE_TEMPLATE                         template: 9000, or else the first one there is

Whatever fails, the VM that was made is deleted, or named together with how to delete it.";

/// A VM's whole life in one run
#[derive(Debug, Parser)]
#[command(name = "lifecycle", version, max_term_width = 100, long_about = ABOUT, after_help = help())]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) connection: Connection,

    /// Number or exact name of the template [env: PVE_TEMPLATE]
    #[arg(long, value_name = "ID")]
    pub(crate) template: Option<GuestRef>,

    /// Leave out what needs a guest agent or a real disk: the address, the command, the check of the new size
    #[arg(long)]
    pub(crate) skip_guest: bool,

    /// When a step fails, keep the VM to look at it
    #[arg(long)]
    pub(crate) keep: bool,

    /// Print one JSON summary at the end
    #[arg(long)]
    pub(crate) json: bool,

    /// Show every request and its time on stderr
    #[arg(short, long)]
    pub(crate) verbose: bool,
}

fn help() -> String {
    format!("{VARIABLES}\n\n{}", examples::exit::HELP)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_surface_is_sound() {
        Cli::command().debug_assert();
        assert!(Cli::try_parse_from(["lifecycle"]).is_ok());
        assert!(Cli::try_parse_from(["lifecycle", "--json", "--skip-guest", "--engine", "ureq"]).is_ok());
    }
}
