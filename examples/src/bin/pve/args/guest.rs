//! What is about one guest.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use examples::later::Later;
use proxmox_core::config::Growth;
use proxmox_core::guest::NewId;
use proxmox_core::{GuestRef, NodeName, Result, StorageId, VolId};

use super::Snapshot;

/// The guest that a command is about.
#[derive(Debug, Args)]
pub(crate) struct Id {
    /// Number or exact name of the guest
    #[arg(value_name = "ID")]
    pub(crate) id: GuestRef,
}

/// What VMs and containers have in common.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// All of them in the cluster, or on --node
    List,
    /// State and telemetry
    Status(Id),
    /// Configuration, with pending changes applied
    Config(Id),
    /// Clone it, or a template, and wait for it
    Clone(Clone),
    /// Change the configuration
    Set {
        #[command(flatten)]
        id: Id,
        /// As in the configuration; delete=KEY takes a key away, sshkeys are taken as in authorized_keys
        #[arg(value_name = "KEY=VALUE", required = true)]
        changes: Vec<String>,
    },
    /// Grow a disk
    Resize {
        #[command(flatten)]
        id: Id,
        /// Such as scsi0 or rootfs
        disk: String,
        /// New size (20G), or growth (+5G)
        #[arg(value_name = "SIZE", allow_hyphen_values = true)]
        size: Growth,
    },
    /// Start it
    Start {
        #[command(flatten)]
        id: Id,
        /// Wait until it has an IPv4 address, and print it; a VM needs a guest agent for that
        #[arg(long)]
        wait_ip: bool,
    },
    /// Ask its system to shut down, and wait for it
    Shutdown(Id),
    /// Stop it hard, as by pulling the plug
    Stop(Id),
    /// Shut it down and start it again
    Reboot(Id),
    /// Pause it
    Suspend(Id),
    /// Let it go on
    Resume(Id),
    /// Its snapshots
    #[command(subcommand)]
    Snapshot(Later<Snapshot>),
    /// Delete it with its disks; it must be off
    Delete {
        #[command(flatten)]
        id: Id,
        /// Also take it out of backup jobs, replication and HA
        #[arg(long)]
        purge: bool,
    },
    /// The guest's IPv4 address
    Ip(Id),
    /// Run a program in the guest: in a VM through its guest agent, in a container through pct
    ///
    /// The program's output goes to stdout and stderr. When the program fails, pve exits with 1 and says what the
    /// program's own exit code was. Containers need a way that runs commands on their node: --ssh or --local.
    Exec {
        #[command(flatten)]
        id: Id,
        /// File for the program's standard input; for a VM at most 64 KiB of text
        #[arg(long, value_name = "FILE")]
        input: Option<PathBuf>,
        /// The program and its arguments, each passed as it is: there is no shell
        #[arg(last = true, required = true, value_name = "ARGV")]
        argv: Vec<String>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Qemu {
    #[command(flatten)]
    Guest(Verb),
    /// Reset it, as by its reset button
    Reset(Id),
    /// Turn it into a template, for good
    Template(Id),
}

#[derive(Debug, Subcommand)]
pub(crate) enum Lxc {
    #[command(flatten)]
    Guest(Verb),
    /// Create a container from a template archive, and wait for it
    Create(Box<Create>),
    /// Turn it into a template, for good
    Template(Id),
    /// Write a file into it, over --ssh to its node or --local
    Push {
        #[command(flatten)]
        id: Id,
        /// File on this machine
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Where it goes, an absolute path in the container
        #[arg(value_name = "PATH")]
        path: String,
        /// Its permissions, octal
        #[arg(long, value_name = "MODE", value_parser = octal)]
        perms: Option<u32>,
        /// Its owner, by name or number
        #[arg(long = "owner", value_name = "NAME")]
        owner: Option<String>,
        /// Its group, by name or number
        #[arg(long = "group", value_name = "NAME")]
        group: Option<String>,
    },
    /// Read a file of it, over --ssh to its node or --local
    ///
    /// It goes to stdout as it is, byte for byte, unless a file is named.
    Pull {
        #[command(flatten)]
        id: Id,
        /// Absolute path in the container
        #[arg(value_name = "PATH")]
        path: String,
        /// File on this machine, which is overwritten
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
    },
}

/// A new container.
#[derive(Debug, Args)]
pub(crate) struct Create {
    /// Volume of the archive, such as local:vztmpl/debian-12-standard_12.7-1_amd64.tar.zst
    #[arg(value_name = "TEMPLATE")]
    pub(crate) template: VolId,

    /// Number of the container, or auto for the next free one
    #[arg(value_name = "NEWID|auto", value_parser = new_id)]
    pub(crate) newid: NewId,

    /// Its name
    #[arg(long)]
    pub(crate) name: String,

    /// Storage for its root; PVE's own default is local
    #[arg(long, value_name = "STORAGE")]
    pub(crate) storage: Option<StorageId>,

    /// Size of its root in GiB
    #[arg(long, value_name = "GIB", default_value_t = 8, requires = "storage")]
    pub(crate) size: u32,

    /// Cores it may use
    #[arg(long, value_name = "N")]
    pub(crate) cores: Option<u32>,

    /// Memory in MiB
    #[arg(long, value_name = "MIB")]
    pub(crate) memory: Option<u32>,

    /// Swap in MiB
    #[arg(long, value_name = "MIB")]
    pub(crate) swap: Option<u32>,

    /// Bridge or vnet for a card eth0, by DHCP unless --ip is given
    #[arg(long, value_name = "BRIDGE")]
    pub(crate) bridge: Option<String>,

    /// Its IPv4 address, such as 192.0.2.5/24
    #[arg(long, value_name = "CIDR", requires = "bridge")]
    pub(crate) ip: Option<String>,

    /// Its IPv4 gateway
    #[arg(long, value_name = "ADDRESS", requires = "ip")]
    pub(crate) gw: Option<String>,

    /// File of public keys that may log in as root
    #[arg(long, value_name = "FILE")]
    pub(crate) ssh_keys: Option<PathBuf>,

    /// Allow what a recent systemd needs (features: nesting=1)
    #[arg(long)]
    pub(crate) nesting: bool,

    /// Start it at once
    #[arg(long)]
    pub(crate) start: bool,

    /// Anything else, named as in PVE: mp0=local-lvm:32,mp=/srv
    #[arg(value_name = "KEY=VALUE")]
    pub(crate) params: Vec<String>,
}

/// A clone.
#[derive(Debug, Args)]
pub(crate) struct Clone {
    /// Number or exact name of what is cloned
    #[arg(value_name = "TEMPLATE")]
    pub(crate) source: GuestRef,

    /// Number of the clone, or auto for the next free one
    #[arg(value_name = "NEWID|auto", value_parser = new_id)]
    pub(crate) newid: NewId,

    /// Name of the clone
    #[arg(long)]
    pub(crate) name: String,

    /// Copy all disks, instead of sharing the template's
    #[arg(long)]
    pub(crate) full: bool,

    /// Storage for the copied disks
    #[arg(long, value_name = "STORAGE")]
    pub(crate) storage: Option<StorageId>,

    /// Node for the clone; the disks must be on shared storage
    #[arg(long, value_name = "NODE")]
    pub(crate) target: Option<NodeName>,
}

fn octal(text: &str) -> std::result::Result<u32, std::num::ParseIntError> {
    u32::from_str_radix(text, 8)
}

fn new_id(text: &str) -> Result<NewId> {
    match text {
        "auto" => Ok(NewId::Auto),
        number => number.parse().map(NewId::Vmid),
    }
}
