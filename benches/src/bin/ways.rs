//! Compares the ways to a node, side by side on one simulated node behind a real ssh server: `ways [ROUNDS]`, 200 unless given.
//!
//! Clients are processes of their own (this program again, as `ways client WAY WHAT TIMES`, or `turns` for WAY where the CPU time of two
//! ways is compared), so that their CPU time is theirs. The
//! simulated `pvesh` starts Perl, and none of PVE's modules: a real one takes half a second more for each request.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use benches::compare::{Pairs, median, run};
use benches::task::Result;
use proxmox_core::{Pve, PvePath, PveRequest};
use proxmox_sim::{NodeRoot, ROOT_TOKEN_ID, ROOT_TOKEN_SECRET, Sim, SimGuest, SimServer, Sshd};
use proxmox_transport::{Api, Local, Ssh, SshEngine};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["client", "turns", what, times] => turns(what, times),
        ["client", way, what, times] => client(way, what, times),
        [] => compare(200),
        [rounds] => rounds.parse().map_err(Into::into).and_then(compare),
        _ => Err("usage: ways [ROUNDS]".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("{e}");
            ExitCode::FAILURE
        }
    }
}

/// What a client is told by its environment.
fn told(name: &str) -> Result<String> {
    std::env::var(name).map_err(|e| format!("{name}: {e}").into())
}

fn connect(way: &str) -> Result<Pve> {
    Ok(match way {
        "direct" => Api::new(&told("WAYS_URL")?)?
            .ca_file(told("WAYS_CA")?)?
            .token(ROOT_TOKEN_ID, ROOT_TOKEN_SECRET.into())?
            .connect()?,
        "local" => Local::new().node_root(told("WAYS_ROOT")?).connect()?,
        engine => Ssh::new(&told("WAYS_SSH")?)?
            .key(told("WAYS_KEY")?)
            .known_hosts(told("WAYS_KNOWN_HOSTS")?)
            .node_root(told("WAYS_ROOT")?)
            .pveproxy_port(told("WAYS_PORT")?.parse()?)
            .engine(engine.parse::<SshEngine>()?)
            .connect()?,
    })
}

/// What a client has measured: times in ms, memory in KiB.
#[derive(serde::Serialize, serde::Deserialize)]
struct Measured {
    /// From nothing to the first answer.
    first: f64,
    /// Of all that followed.
    median: f64,
    /// The first after the connection was lost.
    again: f64,
    /// Resident memory after a tenth of the requests, and after all.
    memory: [u64; 2],
}

/// Does WHAT over WAY, once and then TIMES times, and prints what that took.
fn client(way: &str, what: &str, times: &str) -> Result<()> {
    let times: usize = times.parse()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let started = Instant::now();
        let pve = connect(way)?;
        ask(&pve, what).await?;
        let first = milliseconds(started.elapsed());
        if what == "reconnect" {
            println!("connected");
            std::io::stdin().read_line(&mut String::new())?;
            // The first finds out that the connection is gone.
            ask(&pve, "version").await?;
        }
        let (mut all, mut early) = (Vec::new(), memory()?);
        for i in 0..times {
            let started = Instant::now();
            ask(&pve, what).await?;
            all.push(milliseconds(started.elapsed()));
            if i == times / 10 {
                early = memory()?;
            }
        }
        let measured = Measured {
            first,
            again: all.first().copied().unwrap_or_default(),
            median: if all.is_empty() { 0.0 } else { median(all) },
            memory: [early, memory()?],
        };
        println!("{}", serde_json::to_string(&measured)?);
        Ok(())
    })
}

/// Asks for WHAT once.
async fn ask(pve: &Pve, what: &str) -> Result<()> {
    let get = |path: &str| Ok::<_, proxmox_core::Error>(PveRequest::get(PvePath::parse(path)?));
    let configs = || (200..250).map(|vmid| get(&format!("/nodes/pve1/qemu/{vmid}/config")));
    match what {
        "configs" => {
            for request in configs() {
                pve.call(&request?).await?;
            }
        }
        "batch" => {
            for answer in pve.call_all(configs().collect::<std::result::Result<Vec<_>, _>>()?).await {
                answer?;
            }
        }
        "list" | "reconnect" => drop(pve.call(&get("/nodes/pve1/qemu")?).await?),
        _ => drop(pve.call(&get("/version")?).await?),
    }
    Ok(())
}

/// As many requests as a connection takes, so that each turn has its share of making one.
const TURN: u32 = 100;

/// Processor time of one turn over the tunnel and of one directly, in ms.
#[derive(serde::Serialize, serde::Deserialize)]
struct Turn {
    tunnel: f64,
    ssh: f64,
    direct: f64,
}

/// Asks for WHAT over the tunnel and directly, in turn, TIMES times: close enough to each other for both to meet the machine as fast
/// or slow as the other does.
fn turns(what: &str, times: &str) -> Result<()> {
    let times: usize = times.parse()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let others = ssh_clients()?;
        let (tunnel, direct) = (connect("tunnel")?, connect("direct")?);
        for pve in [&tunnel, &direct] {
            ask(pve, what).await?;
        }
        let myself = Path::new("/proc/self");
        let ssh = ssh_clients()?.difference(&others).next().ok_or("the tunnel has no ssh")?.clone();
        let mut turns = Vec::new();
        for _ in 0..times {
            let before = (processor_time(myself)?, processor_time(&ssh)?);
            for _ in 0..TURN {
                ask(&tunnel, what).await?;
            }
            let between = (processor_time(myself)?, processor_time(&ssh)?);
            for _ in 0..TURN {
                ask(&direct, what).await?;
            }
            turns.push(Turn {
                tunnel: between.0 - before.0,
                ssh: between.1 - before.1,
                direct: processor_time(myself)? - between.0,
            });
        }
        println!("{}", serde_json::to_string(&turns)?);
        Ok(())
    })
}

/// The ssh clients of this machine.
fn ssh_clients() -> Result<BTreeSet<PathBuf>> {
    let all = fs::read_dir("/proc")?.map(|process| Ok(process?.path())).collect::<Result<BTreeSet<_>>>()?;
    Ok(all.into_iter().filter(|p| fs::read(p.join("comm")).is_ok_and(|name| name == b"ssh\n")).collect())
}

/// Milliseconds that a process has had.
fn processor_time(process: &Path) -> Result<f64> {
    let mut nanoseconds = 0.0;
    for thread in fs::read_dir(process.join("task"))? {
        let stat = fs::read_to_string(thread?.path().join("schedstat"))?;
        nanoseconds += stat.split(' ').next().ok_or("no schedstat")?.parse::<f64>()?;
    }
    Ok(nanoseconds / 1e6)
}

/// Resident memory of this process, in KiB.
fn memory() -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// Where clients and their ssh run. The node stays where this program was started: on another, as with `ratios`.
const CLIENT_CPU: &str = "0";

struct Node {
    sshd: Sshd,
    root: NodeRoot,
    server: SimServer,
    ca: tempfile::NamedTempFile,
}

impl Node {
    fn start() -> Result<Self> {
        let guests = (200..300).fold(Sim::builder(), |sim, vmid| {
            let guest = SimGuest::vm(vmid).name(&format!("guest-{vmid}")).config("memory", "2048");
            sim.guest(guest.config("tags", "sdk-managed").disk("scsi0", "local-lvm", 1 << 30))
        });
        let server = SimServer::start(guests.build())?;
        let mut ca = tempfile::NamedTempFile::new()?;
        ca.write_all(server.ca_pem().as_bytes())?;
        Ok(Self { sshd: Sshd::start()?, root: NodeRoot::new(&server)?, server, ca })
    }

    fn client(&self, way: &str, what: &str, times: usize) -> Result<Command> {
        let mut command = Command::new("taskset");
        command
            .args(["--cpu-list", CLIENT_CPU])
            .arg(std::env::current_exe()?)
            .args(["client", way, what, &times.to_string()])
            .env("WAYS_URL", self.server.url())
            .env("WAYS_CA", self.ca.path())
            .env("WAYS_SSH", self.sshd.target())
            .env("WAYS_KEY", self.sshd.identity_file())
            .env("WAYS_KNOWN_HOSTS", self.sshd.known_hosts_file())
            .env("WAYS_ROOT", self.root.path())
            .env("WAYS_PORT", self.server.address().port().to_string());
        Ok(command)
    }

    fn measure(&self, way: &str, what: &str, times: usize) -> Result<Measured> {
        Ok(serde_json::from_str(&run(&mut self.client(way, what, times)?)?.output)?)
    }

    /// A connection and a command each time, as a script would do it.
    fn fresh(&self, line: &str) -> Result<f64> {
        let started = Instant::now();
        let known = format!("UserKnownHostsFile={}", self.sshd.known_hosts_file().display());
        let status = Command::new("ssh")
            .args(["-F", "none", "-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes", "-o", &known, "-i"])
            .arg(self.sshd.identity_file())
            .args(["-p", &self.sshd.port().to_string(), &format!("{}@127.0.0.1", self.sshd.user()), line])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .status()?;
        if status.success() { Ok(milliseconds(started.elapsed())) } else { Err("ssh failed".into()) }
    }
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn compare(rounds: usize) -> Result<()> {
    let node = Node::start()?;
    let pvesh = format!("{}/usr/bin/pvesh get /version --output-format json", node.root.path().display());
    let fresh = median((0..9).map(|_| node.fresh(&pvesh)).collect::<Result<_>>()?);
    println!("a request, ms (median)          GET /version   35 kB list");
    println!("  fresh ssh and pvesh           {fresh:12.2}");
    for way in ["pvesh", "local", "tunnel", "direct"] {
        let times = if matches!(way, "pvesh" | "local") { rounds.div_ceil(10) } else { rounds };
        let median = |what| Ok::<_, Failure>(node.measure(way, what, times)?.median);
        println!("  {way:28}  {:12.3} {:12.3}", median("version")?, median("list")?);
    }

    let mut client =
        node.client("tunnel", "reconnect", 20)?.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let mut lines = BufReader::new(client.stdout.take().ok_or("no output")?).lines();
    lines.next().ok_or("the client has ended")??;
    node.sshd.cut()?;
    client.stdin.take().ok_or("no input")?.write_all(b"\n")?;
    let after: Measured = serde_json::from_str(&lines.next().ok_or("the client has ended")??)?;
    client.wait()?;
    println!("  tunnel, made again, the first {:25.3}", after.again);
    println!("  tunnel, made again, all       {:25.3}", after.median);

    let mut setup = Pairs::default();
    for _ in 0..9 {
        let ssh = node.fresh("perl -e 1")?;
        setup.push(node.measure("tunnel", "version", 0)?.first, ssh);
    }
    println!("\n                                                 ours    theirs     ratio");
    println!("  first answer / ssh -- perl                   {setup}");
    for (what, name) in [("version", "GET /version"), ("list", "35 kB list")] {
        let (mut cpu, mut master) = (Pairs::default(), Pairs::default());
        for _ in 0..5 {
            let turns = run(&mut node.client("turns", what, rounds.div_ceil(5))?)?.output;
            for turn in serde_json::from_str::<Vec<Turn>>(&turns)? {
                cpu.push(turn.tunnel, turn.direct);
                master.push(turn.tunnel + turn.ssh, turn.direct);
            }
        }
        println!("  CPU, {name}: SDK / SDK directly         {cpu}");
        println!("  CPU, {name}: SDK and ssh / SDK directly {master}");
    }

    let long = node.measure("tunnel", "version", rounds * 50)?.memory;
    println!("\nmemory over {} requests, KiB: after a tenth {}, after all {}", rounds * 50, long[0], long[1]);

    println!("\n50 configurations, ms (median)    one by one     together        ratio");
    for way in ["pvesh", "tunnel"] {
        let times = if way == "pvesh" { 3 } else { 20 };
        let (singly, together) =
            (node.measure(way, "configs", times)?.median, node.measure(way, "batch", times)?.median);
        println!("  {way:28}  {singly:12.2} {together:12.2} {:12.3}", together / singly);
    }
    Ok(())
}
