//! Measures what the README states, in one run: `ratios [ROUNDS [NAME ...]]`, 21 unless given, all unless named: `decode`
//! or one of the workloads.
//!
//! It runs `workload`, `pve` and `bare`, which lie beside it, in turn against `server`, and compares decoding in its own process.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, ExitCode, Stdio};

use benches::compare::{Pairs, run, time};
use benches::rows::{self, Unknown};
use benches::task::{Result, TOKEN_ID, TOKEN_SECRET};
use benches::twin::{self, Envelope};
use bytes::Bytes;
use proxmox_core::PveResponse;
use proxmox_core::cluster::Resource;
use proxmox_core::guest::GuestStatus;
use serde::de::DeserializeOwned;
use serde_json::Value;

fn main() -> ExitCode {
    match all() {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("{e}");
            ExitCode::FAILURE
        }
    }
}

fn all() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let rounds = args.next().map_or(Ok(21), |n| n.parse())?;
    let names: Vec<String> = args.collect();
    let wanted = |name: &str| names.is_empty() || names.iter().any(|n| n == name);
    println!("medians of {rounds} rounds, in turn; the ratio pair by pair");
    // First: the peak of a process is at least what its parent had when it was started.
    for (unknown, title) in UNKNOWN {
        let processes = Processes::new(unknown, rounds)?;
        println!("\nwhole processes, {title}: CPU ms, wall ms, peak MiB");
        for engine in ["reqwest", "ureq"] {
            for Comparison(name, a, b) in COMPARISONS {
                // The others do not look at rows, or only count requests.
                let with_rows = matches!(*name, "w3" | "w4");
                if wanted(name) && (with_rows || unknown == Unknown::Zero) {
                    processes.compare(engine, a, b)?;
                }
            }
        }
    }
    if wanted("decode") {
        decoding(rounds);
    }
    Ok(())
}

const UNKNOWN: [(Unknown, &str); 2] =
    [(Unknown::Zero, "no unknown key"), (Unknown::Six, "six unknown keys in each row")];

/// A name, and two command lines to compare.
struct Comparison(&'static str, &'static str, &'static str);

const COMPARISONS: &[Comparison] = &[
    Comparison("w1", "workload w1 2000", "bare w1 2000"),
    Comparison("w2", "workload w2 2000 8", "bare w2 2000 8"),
    Comparison("w5", "workload w5 1", "bare w5 1"),
    Comparison("pve", "pve get /version", "bare w5 1"),
    Comparison("w3", "workload w3 50", "bare w3 50"),
    Comparison("w4", "workload w4 10", "bare w4 10"),
    Comparison("w6s", "workload w6s 1", "workload w6 1 8"),
];

fn decoding(rounds: usize) {
    for (unknown, title) in UNKNOWN {
        println!("\ndecoding, {title}: ms");
        let (vms, resources) = (rows::vms(unknown), rows::resources(unknown));
        list::<GuestStatus, twin::Guest, twin::GuestKeeping>("1,000 VMs", &vms, rounds * 10);
        list::<Resource, twin::Resource, twin::ResourceKeeping>("10,500 resources", &resources, rounds);
    }
}

fn list<Sdk: DeserializeOwned, Twin: DeserializeOwned, Keeping: DeserializeOwned>(
    name: &str,
    body: &Bytes,
    rounds: usize,
) {
    let sdk = || PveResponse::envelope(body.clone()).rows::<Sdk>();
    fn plain<T: DeserializeOwned>(body: &Bytes) -> serde_json::Result<Envelope<T>> {
        serde_json::from_slice(body)
    }
    println!("  {name:18} SDK / derive, dropping    {}", time(rounds, sdk, || plain::<Vec<Twin>>(body)));
    println!("  {name:18} SDK / derive, flatten     {}", time(rounds, sdk, || plain::<Vec<Keeping>>(body)));
    println!("  {name:18} SDK / Value               {}", time(rounds, sdk, || plain::<Value>(body)));
}

struct Processes {
    server: Child,
    base: String,
    ca: String,
    beside: PathBuf,
    rounds: usize,
}

impl Processes {
    fn new(unknown: Unknown, rounds: usize) -> Result<Self> {
        let mut beside = std::env::current_exe()?;
        beside.pop();
        let mut server = Command::new("taskset")
            .args(["--cpu-list", SERVER_CPU])
            .arg(beside.join("server"))
            .args(["127.0.0.1:0", if unknown == Unknown::Zero { "0" } else { "6" }])
            .stdout(Stdio::piped())
            .spawn()?;
        let mut lines = server.stdout.take().map(BufReader::new).ok_or("no output")?.lines();
        let mut value = || -> Result<String> {
            let line = lines.next().ok_or("the server has ended")??;
            let (_, value) = line.split_once('=').ok_or("the server says something else")?;
            Ok(value.to_owned())
        };
        let (ca, base) = (value()?, value()?);
        Ok(Self { server, base, ca, beside, rounds })
    }

    fn compare(&self, engine: &str, a: &str, b: &str) -> Result<()> {
        let start = |line: &str| {
            let mut words = line.split(' ');
            let mut next = || words.next().ok_or("a command line is program, workload, times");
            let program = next()?;
            let mut command = Command::new(self.beside.join(program));
            if program == "pve" {
                // What people run, as they run it.
                command.args(words).args(["--engine", engine, "--url", &self.base, "--ca", &self.ca]);
                command.args(["--token-id", TOKEN_ID]).env("PVE_TOKEN_SECRET", TOKEN_SECRET);
                return run(&mut command);
            }
            command.arg(next()?).arg(&self.base).args(words);
            run(command.env("BENCH_ENGINE", engine).env("BENCH_CA", &self.ca))
        };
        let (mut cpu, mut wall, mut peak) = (Pairs::default(), Pairs::default(), Pairs::default());
        for round in 0..=self.rounds {
            let (a, b) = (start(a)?, start(b)?);
            // A time that is told differs, and so does what `pve` prints.
            if !b.output.contains(" ms=") && a.output != b.output {
                return Err(format!("{} but {}", a.output, b.output).into());
            }
            if round > 0 {
                cpu.push(a.cpu, b.cpu);
                wall.push(a.wall, b.wall);
                peak.push(a.peak, b.peak);
            }
        }
        let what = format!("{engine}: {a} / {b}");
        println!("  {what:46} cpu  {cpu}");
        println!("  {:46} wall {wall}", "");
        println!("  {:46} peak {peak}", "");
        Ok(())
    }
}

/// Where the server stays. Two processes that share a core now and then measure the scheduler more than themselves, so
/// this program, and with it the others, is started on another.
const SERVER_CPU: &str = "1";

impl Drop for Processes {
    fn drop(&mut self) {
        // One that has ended already is as good.
        let _ = self.server.kill();
        let _ = self.server.wait();
        let _ = std::fs::remove_file(&self.ca);
    }
}
