//! The command line.

mod fleet;
mod guest;
mod snapshot;

use clap::{Args, Parser, Subcommand};
use examples::later::Later;
use examples::options::Connection;
pub(crate) use fleet::{Report, Watch};
pub(crate) use guest::{Clone, Create, Lxc, Qemu, Verb};
use proxmox_core::policy::Rule;
use proxmox_core::{NodeName, PvePath, Upid};
pub(crate) use snapshot::Snapshot;

const EXAMPLES: &str = "\
Examples, on a simulated cluster that needs no set-up:
  pve --sim qemu list
  pve --sim qemu clone 9000 auto --name web-1 --full
  pve --sim qemu exec 100 --force -- uname -a
  pve --sim preflight qemu clone 9000 100 --name web-1
  pve --sim --dry-run qemu delete 101 --force
  pve --sim get /nodes/pve1/qemu/100/config --json
  pve --sim report --addresses --html fleet.html
  pve --sim watch --interval 1

Only guests that carry the managed tag are changed, and none that carries 'production' or
'protected' is stopped or deleted, unless --force is given. What pve clones or creates gets
the managed tag.";

/// Proxmox VE from the command line
#[derive(Debug, Parser)]
#[command(name = "pve", version, max_term_width = 100, after_help = help(), subcommand_required = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) connection: Connection,
    #[command(flatten)]
    pub(crate) safety: Safety,
    #[command(flatten)]
    pub(crate) output: Output,
    #[command(subcommand)]
    pub(crate) command: Command,
}

fn help() -> String {
    format!("{EXAMPLES}\n\n{}", examples::exit::HELP)
}

/// What may be changed.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Safety")]
pub(crate) struct Safety {
    /// Tag of the guests that may be changed
    #[arg(long, global = true, value_name = "TAG", default_value = proxmox_core::Policy::MANAGED_TAG)]
    pub(crate) managed_tag: String,

    /// Let this command pass the safety gate of its guest
    #[arg(long, global = true)]
    pub(crate) force: bool,

    /// Allow what this rule would refuse for what its path does: many-guests, guest-data, backup, network, lockout, node,
    /// unknown-path
    #[arg(long, global = true, value_name = "RULE")]
    pub(crate) allow: Vec<Rule>,

    /// Show the requests that would change something, and send none of them
    #[arg(long, global = true)]
    pub(crate) dry_run: bool,
}

/// What is printed.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct Output {
    /// Print JSON with exact numbers; get, create, set and delete print PVE's data byte for byte
    #[arg(long, global = true)]
    pub(crate) json: bool,

    /// Show every request and its time on stderr
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Read a path of the API (GET)
    Get(Raw),
    /// Create something, or act (POST)
    Create(Raw),
    /// Change something (PUT)
    Set(Raw),
    /// Delete something (DELETE)
    Delete(Raw),
    /// Virtual machines
    #[command(subcommand)]
    Qemu(Later<Qemu>),
    /// Containers
    #[command(subcommand)]
    Lxc(Later<Lxc>),
    /// Tell all that stands in the way of a command, and send nothing
    ///
    /// Exits with 0 when nothing does, and with 1 when something does. Of a command that does several things the first is
    /// examined.
    #[command(subcommand)]
    Preflight(Later<Examined>),
    /// Nodes
    #[command(subcommand)]
    Node(Later<Node>),
    /// Tasks: the work that PVE does in the background
    #[command(subcommand)]
    Task(Later<Task>),
    /// Health of nodes, disks, storages and guests, and what needs attention
    ///
    /// Exits with 0 whatever it has to say. A node that does not answer is named on stderr; its guests are unknown.
    Report(Report),
    /// What changes, as it changes: guests start, stop, move, come and go
    ///
    /// Nodes that go offline are told of as well. Runs until it is ended by Ctrl-C. Each look is one request, whatever the number of guests. When a look fails that is told, and
    /// it looks again after a while.
    Watch(Watch),
}

/// The commands that change something.
#[derive(Debug, Subcommand)]
pub(crate) enum Examined {
    /// Create something, or act (POST)
    Create(Raw),
    /// Change something (PUT)
    Set(Raw),
    /// Delete something (DELETE)
    Delete(Raw),
    /// Virtual machines
    #[command(subcommand)]
    Qemu(Later<Qemu>),
    /// Containers
    #[command(subcommand)]
    Lxc(Later<Lxc>),
}

impl From<Examined> for Command {
    fn from(command: Examined) -> Self {
        match command {
            Examined::Create(raw) => Self::Create(raw),
            Examined::Set(raw) => Self::Set(raw),
            Examined::Delete(raw) => Self::Delete(raw),
            Examined::Qemu(command) => Self::Qemu(command),
            Examined::Lxc(command) => Self::Lxc(command),
        }
    }
}

/// A raw request.
#[derive(Debug, Args)]
pub(crate) struct Raw {
    /// Path of the API, such as /nodes/pve1/qemu/100/config
    #[arg(value_name = "PATH")]
    pub(crate) path: PvePath,

    /// Parameters; repeat a KEY for an array, KEY=@FILE reads a file, KEY=@@TEXT is text that begins with @
    #[arg(value_name = "KEY=VALUE")]
    pub(crate) params: Vec<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Node {
    /// All nodes of the cluster
    List,
    /// Load, memory, versions
    Status(NodeArg),
    /// The node's own settings
    Config(NodeArg),
}

/// The node that a command is about.
#[derive(Debug, Args)]
pub(crate) struct NodeArg {
    /// The node, if it is not --node
    #[arg(value_name = "NODE")]
    pub(crate) name: Option<NodeName>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Task {
    /// The last tasks of a node
    List,
    /// Whether it runs, and how it ended
    Status(UpidArg),
    /// Its whole log
    Log(UpidArg),
    /// Wait for its end; a failed task is exit code 7
    Wait(UpidArg),
    /// Ask it to stop
    Stop(UpidArg),
}

/// The task that a command is about.
#[derive(Debug, Args)]
pub(crate) struct UpidArg {
    /// The task's id, as PVE prints it: UPID:…
    #[arg(value_name = "UPID")]
    pub(crate) upid: Upid,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn parse(line: &str) -> Result<Cli, clap::Error> {
        Cli::try_parse_from(std::iter::once("pve").chain(line.split_whitespace()))
    }

    #[test]
    fn the_surface_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_form_of_the_manual_parses() {
        let upid = "UPID:pve1:00007073:000445CD:6B00C445:qmclone:100:root@pam!test:";
        for line in [
            "get /version",
            "create /nodes/pve1/qemu vmid=200 name=x",
            "--json set /nodes/pve1/qemu/100/config a=1 a=2",
            "delete /nodes/pve1/qemu/100 purge=1",
            "--sim qemu list",
            "qemu status web-1 --json",
            "qemu clone 9000 auto --name x --full --storage local --target pve2",
            "qemu clone debian 120 --name x",
            "qemu set 100 cores=2 delete=onboot",
            "qemu resize 100 scsi0 +5G",
            "qemu start 100 --wait-ip",
            "--force qemu shutdown 100",
            "qemu stop 100 --force",
            "qemu delete 100 --purge --dry-run",
            "qemu exec 100 --input /tmp/x -- sh -c -v",
            "qemu ip 100",
            "lxc list",
            "lxc status ct-1 --json",
            "lxc create local:vztmpl/debian-12.tar.zst auto --name web-1",
            "lxc create local:vztmpl/x.tar 200 --name a --storage local-lvm --size 4 --cores 1 --memory 512 --swap 0 \
             --bridge vmbr0 --ip 192.0.2.5/24 --gw 192.0.2.1 --ssh-keys k --nesting --start mp0=local-lvm:1,mp=/x onboot=1",
            "lxc resize 200 rootfs +1G",
            "lxc template 200 --force",
            "lxc exec web-1 --input /tmp/x -- sh -c -v",
            "lxc push 200 /tmp/x /etc/x --perms 0640 --owner www-data --group 33",
            "lxc pull 200 /etc/x",
            "lxc pull 200 /etc/x /tmp/x",
            "node list",
            "node status",
            "node status pve2",
            "--node pve2 node config",
            "task list",
            "report",
            "report --node pve1 --node pve2 --addresses --snapshots --md --thresholds x.json",
            "--node pve1 report --html /tmp/x.html",
            "report --json",
            "watch",
            "--node pve1 watch --json --interval 0.5 --templates --count 3",
            &format!("task wait {upid}"),
            "--url https://pve1 --token-id root@pam!ci --token-secret-file f --ca ca.pem --engine ureq -v node list",
            "--url https://pve1 --user root@pam --fingerprint AA --managed-tag ci node list",
        ] {
            assert!(parse(line).is_ok(), "{line}: {}", parse(line).unwrap_err());
        }
        let nodes = |line: &str| match parse(line).unwrap().command {
            Command::Report(report) => report.node.len(),
            _ => 0,
        };
        assert_eq!(nodes("report --node pve1 --node pve2"), 2);
        assert_eq!(nodes("--node pve1 report"), 1);
        let exec = parse("qemu exec 100 -- ls --json").unwrap();
        assert!(!exec.output.json);
    }

    #[test]
    fn wrong_input_is_found_before_anything_is_sent() {
        for line in [
            "",
            "get version",
            "get /a/../b",
            "qemu status 99",
            "qemu clone 9000 --name x",
            "qemu clone 9000 1e3 --name x",
            "qemu clone 9000 auto",
            "qemu resize 100 scsi0 big",
            "qemu resize 100 scsi0 -5G",
            "qemu set 100",
            "qemu exec 100",
            "qemu exec 100 --",
            "lxc reset 200",
            "lxc exec 200",
            "lxc push 200 /tmp/x",
            "lxc push 200 /tmp/x /x --perms rwx",
            "lxc pull 200",
            "lxc create x 200 --name a",
            "lxc create local:vztmpl/x.tar 200",
            "lxc create local:vztmpl/x.tar 200 --name a --ip 192.0.2.5/24",
            "lxc create local:vztmpl/x.tar 200 --name a --size 4",
            "node status a/b",
            "task status UPID:x",
            "report --md --html x",
            "report --html",
            "watch --interval 0",
            "watch --interval soon",
            "watch --count 0",
            "--engine curl node list",
            "--token-id root@pam node list",
            "--user root node list",
        ] {
            let error = parse(line).unwrap_err();
            assert_eq!(error.exit_code(), 2, "{line}");
        }
    }
}
