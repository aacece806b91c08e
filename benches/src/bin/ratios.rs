//! Measures what the README states, in one run: `ratios [ROUNDS]`, 21 unless given.
//!
//! It runs `workload` and `bare`, which lie beside it, in turn against `server`, and compares decoding in its own process.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, ExitCode, Stdio};

use benches::compare::{Pairs, run, time};
use benches::rows::{self, Unknown};
use benches::task::Result;
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
    let rounds = std::env::args().nth(1).map_or(Ok(21), |n| n.parse())?;
    println!("medians of {rounds} rounds, in turn; the ratio pair by pair\n");
    // First: the peak of a process is at least what its parent had when it was started.
    for (unknown, name) in [(Unknown::Zero, "no unknown key"), (Unknown::Six, "six unknown keys in each row")]
    {
        let processes = Processes::new(unknown, rounds)?;
        println!("whole processes, {name}: CPU ms, wall ms, peak MiB");
        processes.all(unknown)?;
        println!();
    }
    decoding(rounds);
    Ok(())
}

fn decoding(rounds: usize) {
    for (unknown, name) in [(Unknown::Zero, "no unknown key"), (Unknown::Six, "six unknown keys in each row")]
    {
        println!("decoding, {name}: ms");
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
        let mut server = Command::new(beside.join("server"))
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

    fn all(&self, unknown: Unknown) -> Result<()> {
        for engine in ["reqwest", "ureq"] {
            if unknown == Unknown::Zero {
                self.compare(engine, ("workload", &["w1", "2000"]), ("bare", &["w1", "2000"]))?;
                self.compare(engine, ("workload", &["w2", "2000", "8"]), ("bare", &["w2", "2000", "8"]))?;
                self.compare(engine, ("workload", &["w5", "1"]), ("bare", &["w5", "1"]))?;
            }
            self.compare(engine, ("workload", &["w3", "50"]), ("bare", &["w3", "50"]))?;
            self.compare(engine, ("workload", &["w4", "10"]), ("bare", &["w4", "10"]))?;
            if unknown == Unknown::Zero {
                self.compare(engine, ("workload", &["w6s", "1"]), ("workload", &["w6", "1", "8"]))?;
            }
        }
        Ok(())
    }

    fn compare(&self, engine: &str, a: (&str, &[&str]), b: (&str, &[&str])) -> Result<()> {
        let start = |(program, args): (&str, &[&str])| {
            let mut command = Command::new(self.beside.join(program));
            let (kind, rest) = args.split_first().ok_or("no workload")?;
            command
                .arg(kind)
                .arg(&self.base)
                .args(rest)
                .env("BENCH_ENGINE", engine)
                .env("BENCH_CA", &self.ca);
            run(&mut command)
        };
        let (mut cpu, mut wall, mut peak) = (Pairs::default(), Pairs::default(), Pairs::default());
        for round in 0..=self.rounds {
            let (a, b) = (start(a)?, start(b)?);
            if !a.output.contains(" ms=") && a.output != b.output {
                return Err(format!("{} but {}", a.output, b.output).into());
            }
            if round > 0 {
                cpu.push(a.cpu, b.cpu);
                wall.push(a.wall, b.wall);
                peak.push(a.peak, b.peak);
            }
        }
        let what = format!("{engine} {} / {}", title(a), title(b));
        println!("  {what:40} cpu  {cpu}");
        println!("  {:40} wall {wall}", "");
        println!("  {:40} peak {peak}", "");
        Ok(())
    }
}

impl Drop for Processes {
    fn drop(&mut self) {
        // One that has ended already is as good.
        let _ = self.server.kill();
        let _ = self.server.wait();
        let _ = std::fs::remove_file(&self.ca);
    }
}

fn title((program, args): (&str, &[&str])) -> String {
    format!("{program} {}", args.join(" "))
}
