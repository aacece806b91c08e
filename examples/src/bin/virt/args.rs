//! The command line.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use libvirt_driver::{Checksum, LibvirtUri};
use proxmox_core::config::Growth;
use proxmox_core::{Policy, Result, Size};

const EXAMPLES: &str = "\
Examples:
  virt list
  virt -c 'qemu+ssh://root@host1/system' --jump me@bastion.example.com capacity
  virt create web-1 --image https://…/debian-12.qcow2 --checksum sha256:… --disk 10G
  virt ips web-1 --wait
  virt exec web-1 -- uname -a
  virt tags web-1 +blue -green
  virt shutdown web-1 --then-stop
  virt usage --watch
  virt -c test:///default list      (libvirt's test driver: its domains are made up)

Only domains that carry the managed tag are changed, and none that carries 'production' or
'protected' is interrupted or deleted, unless --force names it. What virt creates gets the managed
tag.";

fn help() -> String {
    format!("{EXAMPLES}\n\n{}", examples::exit::HELP)
}

/// Plain libvirt hosts from the command line
#[derive(Debug, Parser)]
#[command(name = "virt", version, max_term_width = 100, after_help = help(), subcommand_required = true)]
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

/// Where the host is.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Connection")]
pub(crate) struct Connection {
    /// The host, as libvirt's users write it, such as qemu+ssh://root@host1/system?keyfile=… [env: LIBVIRT_DEFAULT_URI]
    /// [default: qemu:///system]
    #[arg(short, long, global = true, value_name = "URI")]
    pub(crate) connect: Option<String>,

    /// ssh host on the way there; repeat it for several, the first is the nearest
    #[arg(long, global = true, value_name = "[USER@]HOST[:PORT]")]
    pub(crate) jump: Vec<String>,

    /// ssh_config with settings for these hosts
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) ssh_config: Option<PathBuf>,
}

impl Connection {
    /// The host that is meant.
    pub(crate) fn uri(&self) -> Result<LibvirtUri> {
        let given = self.connect.clone().or_else(|| examples::connect::env("LIBVIRT_DEFAULT_URI"));
        given.as_deref().unwrap_or("qemu:///system").parse()
    }
}

/// What may be changed.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Safety")]
pub(crate) struct Safety {
    /// Tag of the domains that may be changed
    #[arg(long, global = true, value_name = "TAG", default_value = Policy::MANAGED_TAG)]
    pub(crate) managed_tag: String,

    /// Let this command pass the safety gate of the domain of this name
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) force: Option<String>,
}

/// What is printed.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct Output {
    /// Print JSON with exact numbers: sizes in bytes
    #[arg(long, global = true)]
    pub(crate) json: bool,

    /// Show every call and its time on stderr
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,
}

/// The domain that a command is about.
#[derive(Debug, Args)]
pub(crate) struct Name {
    /// Its exact name, or its UUID
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// All domains of the host
    List,
    /// Everything about one of them
    Show(Name),
    /// Make one of an image, with cloud-init, and start it
    Create(Create),
    /// Start it
    Start {
        #[command(flatten)]
        name: Name,
        /// With its CPUs halted, until it is resumed
        #[arg(long)]
        paused: bool,
    },
    /// Ask its system to shut down, and wait until it is off
    Shutdown {
        #[command(flatten)]
        name: Name,
        /// Stop it hard when the time is over
        #[arg(long)]
        then_stop: bool,
        /// How long it may take
        #[arg(long, value_name = "SECONDS", default_value = "180", value_parser = seconds)]
        timeout: Duration,
    },
    /// Stop it hard, as by its power switch
    Stop(Name),
    /// Ask its system to start anew
    Reboot(Name),
    /// Press its reset button: its system is not asked
    Reset(Name),
    /// Halt its CPUs
    Suspend(Name),
    /// Let them go on
    Resume(Name),
    /// Stop it hard, and delete it with the volumes that were made for it
    Delete(Name),
    /// Its tags, or a change of them
    Tags {
        #[command(flatten)]
        name: Name,
        /// Tags to add, and with a '-' before them tags to take away
        #[arg(value_name = "+TAG|-TAG", allow_hyphen_values = true)]
        changes: Vec<TagChange>,
    },
    /// Its snapshots
    #[command(subcommand)]
    Snapshot(Snapshot),
    /// Grow a disk
    Resize {
        #[command(flatten)]
        name: Name,
        /// Such as vda
        disk: String,
        /// New size (20G), or growth (+10G)
        #[arg(value_name = "SIZE", allow_hyphen_values = true)]
        size: Growth,
    },
    /// Change its processors or its memory
    Set {
        #[command(flatten)]
        name: Name,
        /// Number of virtual CPUs
        #[arg(long, value_name = "N", required_unless_present = "memory")]
        vcpus: Option<u32>,
        /// Memory, such as 2G
        #[arg(long, value_name = "SIZE")]
        memory: Option<Size>,
    },
    /// Whether it starts with its host, or say so
    Autostart {
        #[command(flatten)]
        name: Name,
        #[arg(value_name = "on|off", hide_possible_values = true)]
        when: Option<Switch>,
    },
    /// Run a program in it, through its guest agent
    ///
    /// The program's output goes to stdout and stderr. When the program fails, virt exits with 1 and says what the program's own exit
    /// code was.
    Exec(Exec),
    /// Its addresses: of its agent, else of the network's DHCP, else of the host's neighbours
    Ips {
        #[command(flatten)]
        name: Name,
        /// Wait until it has an IPv4 address, for so many seconds
        #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "120", value_parser = seconds)]
        wait: Option<Duration>,
    },
    /// Its first serial console; Ctrl-] leaves it
    Console {
        #[command(flatten)]
        name: Name,
        /// Throw out whoever is on it
        #[arg(long)]
        take_over: bool,
    },
    /// What the host has, and what is promised and used of it
    Capacity,
    /// The storage pools of the host
    Pools,
    /// What domains use
    Usage(Usage),
    /// What happens to domains, as it happens, until Ctrl-C ends it
    Events {
        /// End after so many
        #[arg(long, value_name = "N")]
        count: Option<NonZeroUsize>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Create {
    /// Its name, also that of its system
    #[arg(value_name = "NAME")]
    pub(crate) name: String,

    /// What its disk begins as: an address, a volume of the host (POOL/VOLUME), or a file here (/FILE, ./FILE)
    #[arg(long, value_name = "IMAGE")]
    pub(crate) image: Option<String>,

    /// What the image must be: sha256:… or sha512:…
    #[arg(long, value_name = "SUM", requires = "image")]
    pub(crate) checksum: Option<Checksum>,

    /// Size of its disk; without it, that of the image
    #[arg(long, value_name = "SIZE", requires = "image")]
    pub(crate) disk: Option<Size>,

    /// Keep on the disk only what differs from the image: made at once, and broken if the image ever goes
    #[arg(long, requires = "image")]
    pub(crate) overlay: bool,

    /// Pool for its volumes
    #[arg(long, value_name = "POOL", default_value = "default")]
    pub(crate) pool: String,

    /// Memory
    #[arg(long, value_name = "SIZE", default_value = "1G")]
    pub(crate) memory: Size,

    /// Virtual CPUs
    #[arg(long, value_name = "N", default_value = "1")]
    pub(crate) vcpus: u32,

    /// Virtual CPUs that it may have while it runs; without it, those that it begins with
    #[arg(long, value_name = "N")]
    pub(crate) max_vcpus: Option<u32>,

    /// Plug its card into this network of libvirt [default: default]
    #[arg(long, value_name = "NETWORK", conflicts_with_all = ["bridge", "no_network"])]
    pub(crate) network: Option<String>,

    /// Plug its card into this bridge of the host
    #[arg(long, value_name = "BRIDGE", conflicts_with = "no_network")]
    pub(crate) bridge: Option<String>,

    /// Without a card
    #[arg(long)]
    pub(crate) no_network: bool,

    /// What cloud-init is to do: a document that begins with #cloud-config, or a script
    #[arg(long, value_name = "FILE")]
    pub(crate) user_data: Option<PathBuf>,

    /// A tag beside the managed one; repeat it for several
    #[arg(long, value_name = "TAG")]
    pub(crate) tag: Vec<String>,

    /// One line for people
    #[arg(long, value_name = "TEXT")]
    pub(crate) title: Option<String>,

    /// What runs it: kvm, or qemu where there is no KVM [default: kvm]
    #[arg(long, value_name = "TYPE")]
    pub(crate) virt_type: Option<String>,

    /// Let it start with its host
    #[arg(long)]
    pub(crate) autostart: bool,

    /// Make it, and do not start it
    #[arg(long)]
    pub(crate) stopped: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Exec {
    #[command(flatten)]
    pub(crate) name: Name,

    /// Feed it this file
    #[arg(long, value_name = "FILE")]
    pub(crate) input: Option<PathBuf>,

    /// How long to wait for its end
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    pub(crate) timeout: Duration,

    /// Program and arguments, as they are: no shell reads them
    #[arg(value_name = "COMMAND", required = true, last = true)]
    pub(crate) argv: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Usage {
    /// Only these
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,

    /// Look again and again, until Ctrl-C
    #[arg(long)]
    pub(crate) watch: bool,

    /// Between two looks
    #[arg(long, value_name = "SECONDS", default_value = "2", value_parser = seconds, requires = "watch")]
    pub(crate) interval: Duration,

    /// End after so many looks
    #[arg(long, value_name = "N", requires = "watch")]
    pub(crate) count: Option<NonZeroUsize>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Snapshot {
    /// All of them, the oldest first
    List(Name),
    /// Make one of its disks, and of its memory if it runs
    Create {
        #[command(flatten)]
        name: Name,
        /// Name of the snapshot
        snapshot: String,
        /// A text for people
        #[arg(long, value_name = "TEXT")]
        description: Option<String>,
    },
    /// Take the domain back to it: what came after is lost
    Revert {
        #[command(flatten)]
        name: Name,
        /// Name of the snapshot
        snapshot: String,
    },
    /// Remove it; the domain stays as it is
    Delete {
        #[command(flatten)]
        name: Name,
        /// Name of the snapshot
        snapshot: String,
    },
}

/// On or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Switch {
    On,
    Off,
}

/// A tag that comes or goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TagChange {
    Add(String),
    Remove(String),
}

impl std::str::FromStr for TagChange {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match (text.strip_prefix('+'), text.strip_prefix('-')) {
            (Some(tag), _) if !tag.is_empty() => Ok(Self::Add(tag.to_owned())),
            (_, Some(tag)) if !tag.is_empty() => Ok(Self::Remove(tag.to_owned())),
            _ => Err("it must begin with + to add it, or with - to take it away".to_owned()),
        }
    }
}

/// Seconds, more than none.
fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "it is no number of seconds".to_owned())?;
    match Duration::try_from_secs_f64(seconds) {
        Ok(time) if !time.is_zero() => Ok(time),
        _ => Err("it must be more than 0 seconds".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn parse(line: &str) -> Result<Cli, clap::Error> {
        Cli::try_parse_from(std::iter::once("virt").chain(line.split_whitespace()))
    }

    #[test]
    fn the_surface_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_form_of_the_manual_parses() {
        let sum = format!("sha256:{}", "0a".repeat(32));
        for line in [
            "list",
            "--json show web-1",
            "-c qemu+ssh://root@h/system --jump a --jump b@c:22 --ssh-config f list",
            &format!("create web-1 --image https://x/i --checksum {sum} --disk 10G --memory 2G --vcpus 2"),
            "create web-1 --image pool/volume --overlay --bridge br0 --user-data f --tag a --tag b --pool p",
            "create web-1 --no-network --virt-type qemu --stopped --autostart --title x --max-vcpus 4",
            "start web-1 --paused",
            "shutdown web-1 --then-stop --timeout 1.5",
            "stop web-1 --force web-1",
            "tags web-1",
            "tags web-1 +a -b",
            "snapshot list web-1",
            "snapshot create web-1 s --description d",
            "snapshot revert web-1 s",
            "snapshot delete web-1 s",
            "resize web-1 vda +10G",
            "set web-1 --vcpus 2",
            "set web-1 --memory 2G",
            "autostart web-1",
            "autostart web-1 on",
            "exec web-1 --input f --timeout 5 -- sh -c -v",
            "ips web-1 --wait",
            "ips web-1 --wait 5",
            "console web-1 --take-over",
            "capacity",
            "pools",
            "usage",
            "usage web-1 web-2 --watch --interval 0.5 --count 2",
            "events --count 3",
        ] {
            assert!(parse(line).is_ok(), "{line}: {}", parse(line).unwrap_err());
        }
        match parse("tags web-1 +a -b").unwrap().command {
            Command::Tags { changes, .. } => {
                assert_eq!(changes, [TagChange::Add("a".into()), TagChange::Remove("b".into())]);
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn wrong_input_is_found_before_anything_is_sent() {
        for line in [
            "",
            "show",
            "create",
            "create x --disk 10G",
            "create x --image p/v --checksum md5:00",
            "create x --network a --bridge b",
            "create x --memory much",
            "shutdown x --timeout 0",
            "tags x a",
            "resize x vda -5G",
            "set x",
            "autostart x perhaps",
            "exec x ls",
            "exec x --",
            "usage --interval 2",
            "events --count 0",
        ] {
            assert_eq!(parse(line).unwrap_err().exit_code(), 2, "{line}");
        }
    }
}
