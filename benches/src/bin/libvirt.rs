//! Measures a libvirt host with fifty domains, over ssh on loopback, beside what else there is: `libvirt [ROUNDS]`, 9 unless given.
//!
//! The daemon is a real one of this program's own, as the tests of libvirt-driver have it: that takes root. Its domains are emulated and
//! halted, with 64 MiB and no disk. Clients are processes of their own (this program again, as `libvirt client URI TIMES`); `virsh` is
//! started anew for each question, and python3-libvirt asks over the same forwarded socket as the SDK.

#[path = "../../../libvirt-driver/tests/daemon/mod.rs"]
mod daemon;

use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use benches::compare::{Pairs, Used, median, run};
use benches::task::Result;
use daemon::Daemon;
use libvirt_driver::rpc::procedures::domain;
use libvirt_driver::xml::{DomainXml, VirtType};
use libvirt_driver::{Connection, Groups, Host, LibvirtUri};
use proxmox_core::Size;
use proxmox_sim::Sshd;
use proxmox_transport::{Ssh, SshSocket};
use tokio::runtime::Runtime;

const DOMAINS: usize = 50;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["client", uri, times] => client(uri, times),
        [] => compare(9),
        [rounds] => rounds.parse().map_err(Into::into).and_then(compare),
        _ => Err("usage: libvirt [ROUNDS]".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("{e}");
            ExitCode::FAILURE
        }
    }
}

/// The questions, in the order in which clients tell their times.
const QUESTIONS: [&str; 6] = [
    "all domains",
    "the state of one",
    "all with their documents",
    "usage: state",
    "usage: CPU",
    "usage: all groups",
];

/// Asks each question TIMES times and prints the median times in ms, as JSON.
fn client(uri: &str, times: &str) -> Result<()> {
    let times: usize = times.parse()?;
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        let uri: LibvirtUri = uri.parse()?;
        let host = Host::new(Connection::open(&uri).await?).await?;
        let libvirt = host.connection();
        let one = libvirt.call(domain::lookup_by_name("bench-0")).await?;
        let few = times.div_ceil(30);
        let all = [
            each(times, async || libvirt.call(domain::list(0)).await.map(|all| all.len())).await?,
            each(times, async || libvirt.call(domain::state(&one)).await.map(|_| DOMAINS)).await?,
            each(few, async || {
                let all = host.list().await?;
                Ok(all.iter().filter(|domain| domain.trouble.is_none() && domain.vcpus == 1).count())
            })
            .await?,
            each(times, async || host.usage(Groups::STATE).await.map(|all| all.len())).await?,
            each(few, async || host.usage(Groups::CPU).await.map(|all| all.len())).await?,
            each(few, async || host.usage(Groups::ALL).await.map(|all| all.len())).await?,
        ];
        println!("{}", serde_json::to_string(&all)?);
        Ok(())
    })
}

/// The median of the times; every answer must be about all domains.
async fn each(times: usize, ask: impl AsyncFn() -> proxmox_core::Result<usize>) -> Result<f64> {
    let mut all = Vec::new();
    for _ in 0..times {
        let started = Instant::now();
        let count = ask().await?;
        all.push(started.elapsed().as_secs_f64() * 1e3);
        if count != DOMAINS {
            return Err(format!("an answer was about {count} domains").into());
        }
    }
    Ok(median(all))
}

/// The same in Python. What the SDK's list reads of each document, this reads of it too.
const PYTHON: &str = r"
import json, statistics, sys, time
import xml.etree.ElementTree as tree
import libvirt
connection = libvirt.open(sys.argv[1])
times, domains = int(sys.argv[2]), int(sys.argv[3])
few = -(-times // 30)
one = connection.lookupByName('bench-0')
def documents():
    all = connection.listAllDomains(0)
    for domain in all:
        root = tree.fromstring(domain.XMLDesc(0))
        (domain.state(), root.findtext('title'), root.find('metadata'), root.findtext('vcpu'), root.findtext('memory'))
    return len(all)
def each(times, ask):
    all = []
    for _ in range(times):
        started = time.perf_counter()
        count = ask()
        all.append((time.perf_counter() - started) * 1e3)
        assert count == domains
    return statistics.median(all)
print(json.dumps([
    each(times, lambda: len(connection.listAllDomains(0))),
    each(times, lambda: one.state() and domains),
    each(few, documents),
    each(times, lambda: len(connection.getAllDomainStats(1, 0))),
    each(few, lambda: len(connection.getAllDomainStats(1 | 2, 0))),
    each(few, lambda: len(connection.getAllDomainStats(1 | 2 | 4 | 16 | 32, 0))),
]))
";

/// The daemon's socket on this side of the SDK's own ssh, for all who can only open sockets.
struct Forward {
    socket: SshSocket,
    runtime: Runtime,
}

impl Forward {
    fn start(sshd: &Sshd, daemon: &Daemon) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let socket = runtime.block_on(async {
            let ssh =
                Ssh::new(&sshd.target())?.key(sshd.identity_file()).known_hosts(sshd.known_hosts_file());
            ssh.host()?.forward(&daemon.socket(), Instant::now() + Duration::from_secs(10)).await
        })?;
        Ok(Self { socket, runtime })
    }
}

struct Lab {
    // It ends before the server does.
    forward: Forward,
    daemon: Daemon,
    sshd: Sshd,
    directory: tempfile::TempDir,
}

impl Lab {
    fn start() -> Result<Self> {
        let (daemon, sshd, directory) = (Daemon::start(), Sshd::start()?, tempfile::tempdir()?);
        fill(&daemon)?;
        let forward = Forward::start(&sshd, &daemon)?;
        // virsh finds its ssh by the URI.
        let script = format!(
            "#!/bin/sh\nexec ssh -F none -o BatchMode=yes -o IdentitiesOnly=yes -o UserKnownHostsFile={} -i {} \"$@\"\n",
            sshd.known_hosts_file().display(),
            sshd.identity_file().display()
        );
        let program = directory.path().join("ssh");
        std::fs::write(&program, script)?;
        std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o700))?;
        Ok(Self { forward, daemon, sshd, directory })
    }

    fn over_ssh(&self) -> String {
        format!(
            "qemu+ssh://{}/system?keyfile={}&known_hosts={}&socket={}",
            self.sshd.target(),
            self.sshd.identity_file().display(),
            self.sshd.known_hosts_file().display(),
            self.daemon.socket().display()
        )
    }

    fn forwarded(&self) -> String {
        format!("qemu+unix:///system?socket={}", self.forward.socket.path().display())
    }

    fn sdk(&self, uri: &str, times: usize) -> Result<(Vec<f64>, Used)> {
        told(Command::new(std::env::current_exe()?).args(["client", uri, &times.to_string()]))
    }

    fn python(&self, times: usize) -> Result<(Vec<f64>, Used)> {
        let mut command = Command::new("/usr/bin/python3");
        told(command.args(["-c", PYTHON, &self.forwarded(), &times.to_string(), &DOMAINS.to_string()]))
    }

    /// Milliseconds of one `virsh`, from its start to its end.
    fn virsh(&self, words: &[&str]) -> Result<f64> {
        let uri = format!(
            "qemu+ssh://{}/system?command={}&socket={}",
            self.sshd.target(),
            self.directory.path().join("ssh").display(),
            self.daemon.socket().display()
        );
        Ok(run(Command::new("virsh").args(["-c", &uri]).args(words))?.wall)
    }
}

fn told(command: &mut Command) -> Result<(Vec<f64>, Used)> {
    let used = run(command)?;
    Ok((serde_json::from_str(&used.output)?, used))
}

/// Makes the domains and starts them halted.
fn fill(daemon: &Daemon) -> Result<()> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        let uri: LibvirtUri = daemon.uri("qemu", "/system").parse()?;
        let libvirt = Connection::open(&uri).await?;
        for n in 0..DOMAINS {
            let spec = DomainXml::new(&format!("bench-{n}"), Size::mib(64), 1).virt_type(VirtType::Qemu);
            let spec = spec.machine("pc").title("a domain of a bench").without_rng();
            let found = libvirt.call(domain::define(&spec.to_xml()?, 1)).await?;
            libvirt.call(domain::start(&found, 1)).await?;
        }
        Ok(())
    })
}

fn compare(rounds: usize) -> Result<()> {
    const TIMES: usize = 300;
    let lab = Lab::start()?;
    let (mut own, mut same): (Vec<Vec<f64>>, Vec<Pairs>) = (Vec::new(), Vec::new());
    same.resize_with(QUESTIONS.len(), Pairs::default);
    let (mut cpu, mut list, mut state) = (Pairs::default(), Pairs::default(), Pairs::default());
    for _ in 0..rounds {
        let (over_ssh, _) = lab.sdk(&lab.over_ssh(), TIMES)?;
        list.push(lab.virsh(&["list", "--all"])?, over_ssh[0]);
        state.push(lab.virsh(&["domstate", "bench-0"])?, over_ssh[1]);
        own.push(over_ssh);
        let ((sdk, used), (python, others)) = (lab.sdk(&lab.forwarded(), TIMES)?, lab.python(TIMES)?);
        for ((pairs, sdk), python) in same.iter_mut().zip(sdk).zip(python) {
            pairs.push(sdk, python);
        }
        cpu.push(used.cpu, others.cpu);
    }
    println!("{DOMAINS} domains, ms (medians of {rounds} rounds)\n\nthe SDK over qemu+ssh://");
    for (n, question) in QUESTIONS.iter().enumerate() {
        println!("  {question:26} {:9.3}", median(own.iter().map(|all| all[n]).collect()));
    }
    println!("\nover one forwarded socket           SDK    Python     ratio");
    for (pairs, question) in same.iter().zip(QUESTIONS) {
        println!("  {question:26} {pairs}");
    }
    println!("  {:26} {cpu}", "CPU of the whole process");
    println!("\nqemu+ssh://                       virsh       SDK     ratio");
    println!("  {:26} {list}\n  {:26} {state}", QUESTIONS[0], QUESTIONS[1]);
    let Forward { socket, runtime } = lab.forward;
    runtime.block_on(socket.close());
    Ok(())
}
