//! `extension`: methods of one's own, on guests of both kinds at once.
//!
//! The SDK knows nothing of what runs in a guest. This program teaches it Debian's packages: an [`Operation`] over
//! [`Kind::exec`], and a trait that gives it to every [`Guest`]. Below that a VM asks its guest agent and a container `pct`; the
//! safety gate, deadlines and errors are those of the SDK's own operations.

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use examples::connect::{self, Connected, Plan};
use examples::exit::Exit;
use examples::options::Connection;
use examples::{complain, place, stdout, verbose};
use proxmox_core::guest::{CloneOptions, Exec, ExecResult, IpQuery, Kind, NewId};
use proxmox_core::{
    Call, Error, ErrorKind, Guest, GuestKind, GuestRef, NodeName, Operation, Outcome, Policy, Pve,
    PveRequest, Result,
};
use proxmox_lxc::{ContainerSpec, Lxc, LxcNode};
use proxmox_qemu::{Qemu, QemuNode};

/// What systems with Debian's package manager can do, on top of what every guest can.
trait Apt {
    /// See [`apt_upgrade`](Apt::apt_upgrade).
    type Upgrade: Operation<Output = Upgraded>;

    /// Brings all installed packages up to date: `apt-get update`, then `apt-get upgrade`. It may take a quarter of an hour.
    ///
    /// # Errors
    /// `Unsupported` when there is no apt-get in the guest, `TaskFailed` when it fails, and what [`Guest::exec`] says.
    fn apt_upgrade(&self) -> Call<Self::Upgrade>;
}

impl<K: Kind> Apt for Guest<K> {
    type Upgrade = AptUpgrade<K>;

    fn apt_upgrade(&self) -> Call<AptUpgrade<K>> {
        // Whoever calls it may still set another.
        self.pve().bind(AptUpgrade(self.clone())).timeout(Duration::from_secs(15 * 60))
    }
}

/// What an upgrade has done.
#[derive(Debug, PartialEq, Eq)]
struct Upgraded {
    /// How many packages are newer now.
    packages: u32,
}

/// The operation: a flow of two programs.
struct AptUpgrade<K>(Guest<K>);

impl<K: Kind> AptUpgrade<K> {
    fn apt(&self, what: &str) -> K::Exec {
        let quiet = ["env", "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C", "apt-get", "-q", "-y"];
        K::exec(&self.0, Exec::new(quiet.into_iter().chain([what])))
    }
}

impl<K: Kind> Operation for AptUpgrade<K> {
    type Output = Upgraded;

    fn name(&self) -> &'static str {
        "apt.upgrade"
    }

    fn request(&self) -> Result<PveRequest> {
        self.apt("upgrade").request()
    }

    async fn run(self, pve: Pve) -> Result<Upgraded> {
        // On the handle of the call, which knows its time limit and what it may force.
        done(&self.apt("update").run(pve.clone()).await?)?;
        let said = done(&self.apt("upgrade").run(pve).await?)?;
        read(&said)
    }
}

/// What a program printed that went well.
fn done(end: &ExecResult) -> Result<String> {
    if end.success() {
        return Ok(end.stdout.text().into_owned());
    }
    let last = end.stderr.text().trim_end().lines().last().unwrap_or("it says nothing").to_owned();
    Err(match end.exit_code {
        Some(127) => {
            Error::new(ErrorKind::Unsupported, Outcome::Rejected, "there is no apt-get in the guest")
        }
        _ => Error::new(ErrorKind::TaskFailed, Outcome::MaybeApplied, format!("apt-get failed: {last}")),
    })
}

/// `2 upgraded, 0 newly installed, 0 to remove and 0 not upgraded.`
fn read(said: &str) -> Result<Upgraded> {
    let count = |line: &str| line.split_once(" upgraded, ")?.0.parse().ok();
    let packages = said.lines().rev().find_map(count);
    let packages = packages.ok_or_else(|| {
        Error::decode(Outcome::Applied, "apt-get does not say how many packages it upgraded")
    })?;
    Ok(Upgraded { packages })
}

const ABOUT: &str = "\
Brings the packages of guests up to date, with methods that the SDK does not have: an extension
trait over it, which works on VMs and containers alike.

Without anything it starts a simulated cluster, makes a VM and a container in it, and works on
these by the command line of the simulated node. Containers need a way that runs commands on
their node: --ssh or --local.";

/// Package upgrades as an extension of the SDK
#[derive(Debug, Parser)]
#[command(name = "extension", version, max_term_width = 100, long_about = ABOUT, after_help = examples::exit::HELP)]
struct Cli {
    #[command(flatten)]
    connection: Connection,

    /// Numbers or exact names of guests that carry the managed tag
    #[arg(value_name = "ID")]
    guests: Vec<GuestRef>,

    /// Show every request and its time on stderr
    #[arg(short, long)]
    verbose: bool,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    if cli.verbose {
        verbose::show();
    }
    match run(cli) {
        Ok(()) => Exit::Done.into(),
        Err(error) => {
            examples::tell!("{}", complain::lines(&error));
            Exit::from(&error).into()
        }
    }
}

fn run(cli: Cli) -> Result<()> {
    let mut connection = cli.connection;
    let named = connection.url.is_some() || connection.ssh.is_some() || connection.local || connection.sim;
    if !named && ["PVE_URL", "PVE_SSH"].into_iter().all(|name| connect::env(name).is_none()) {
        // By the node's command line, unless ssh is asked for: over HTTPS there is no way into a container.
        (connection.sim, connection.local) = (true, connection.ssh_engine.is_none());
    }
    let connected = Plan::new(&connection, false, connect::env)?.connect(Policy::default())?;
    let guests = match (cli.guests, &connected.sim) {
        (guests, None) if guests.is_empty() => {
            return Err(Error::invalid("ID", "no guest is named to work on"));
        }
        (guests, Some(_)) if guests.is_empty() => make(&connected)?,
        (guests, _) => guests,
    };
    for guest in guests {
        let found = connected.pve.cluster().find(guest).block()?;
        let guest = GuestRef::Vmid(found.vmid);
        match found.kind {
            GuestKind::Qemu => upgrade(&*place::guest::<Qemu>(&connected.pve, Some(&found.node), &guest)?)?,
            GuestKind::Lxc => upgrade(&*place::guest::<Lxc>(&connected.pve, Some(&found.node), &guest)?)?,
        }
    }
    Ok(())
}

/// One function for both kinds.
fn upgrade<K: Kind>(guest: &Guest<K>) -> Result<()> {
    let upgraded = guest.apt_upgrade().block()?;
    let plural = if upgraded.packages == 1 { "" } else { "s" };
    stdout::write(&format!("{guest}: {} package{plural} upgraded\n", upgraded.packages))
}

/// A VM and a container to work on, in a simulated cluster that has none of ours.
fn make(connected: &Connected) -> Result<Vec<GuestRef>> {
    let node = connected.pve.node(connected.node.clone().map_or_else(|| NodeName::parse("pve1"), Ok)?)?;
    let vm = node.vm(9000)?.clone_to(CloneOptions::named("vm-1")).block()?.guest;
    vm.start().block()?;
    // Its agent answers when it has an address.
    vm.wait_for_ip(IpQuery::v4()).block()?;
    let archive = "local:vztmpl/debian-12-minimal_12.7-1_amd64.tar.zst".parse()?;
    let spec = ContainerSpec::new(&archive, "ct-1").rootfs(&"local-lvm".parse()?, 4).nesting().start();
    let container = node.containers().create(NewId::Auto, spec).block()?;
    Ok(vec![GuestRef::Vmid(vm.vmid()), GuestRef::Vmid(container.vmid())])
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_surface_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn what_apt_says() {
        let text =
            "Reading package lists...\n12 upgraded, 1 newly installed, 0 to remove and 3 not upgraded.\n";
        assert_eq!(read(text).unwrap(), Upgraded { packages: 12 });
        assert_eq!(read("E: nothing").unwrap_err().kind(), ErrorKind::Decode);
    }
}
