//! Measures what the README states, in one run: `ratios [ROUNDS]`, 21 unless given.
//!
//! It starts the server inside of itself, runs `workload` and `bare`, which lie beside it, in turn, and compares decoding in
//! its own process.

use std::path::PathBuf;
use std::process::{Command, ExitCode};

use benches::compare::{Pairs, run, time};
use benches::rows::{self, Unknown};
use benches::serve::Server;
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
    decoding(rounds);
    for (unknown, name) in [
        (Unknown::Zero, "no unknown key"),
        (Unknown::Six, "six unknown keys in each row"),
    ] {
        let processes = Processes::new(unknown, rounds)?;
        println!("\nwhole processes, {name}: CPU ms, wall ms, peak MiB");
        processes.all(unknown)?;
    }
    Ok(())
}

fn decoding(rounds: usize) {
    for (unknown, name) in [
        (Unknown::Zero, "no unknown key"),
        (Unknown::Six, "six unknown keys in each row"),
    ] {
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
    println!(
        "  {name:18} SDK / derive, dropping    {}",
        time(rounds, sdk, || plain::<Vec<Twin>>(body))
    );
    println!(
        "  {name:18} SDK / derive, flatten     {}",
        time(rounds, sdk, || plain::<Vec<Keeping>>(body))
    );
    println!(
        "  {name:18} SDK / Value               {}",
        time(rounds, sdk, || plain::<Value>(body))
    );
}

struct Processes {
    server: Server,
    beside: PathBuf,
    rounds: usize,
}

impl Processes {
    fn new(unknown: Unknown, rounds: usize) -> Result<Self> {
        let server = Server::start("127.0.0.1:0", unknown)?;
        let mut beside = std::env::current_exe()?;
        beside.pop();
        Ok(Self {
            server,
            beside,
            rounds,
        })
    }

    fn all(&self, unknown: Unknown) -> Result<()> {
        for engine in ["reqwest", "ureq"] {
            if unknown == Unknown::Zero {
                self.compare(engine, ("workload", &["w1", "2000"]), ("bare", &["w1", "2000"]))?;
                self.compare(
                    engine,
                    ("workload", &["w2", "2000", "8"]),
                    ("bare", &["w2", "2000", "8"]),
                )?;
                self.compare(engine, ("workload", &["w5", "1"]), ("bare", &["w5", "1"]))?;
            }
            self.compare(engine, ("workload", &["w3", "50"]), ("bare", &["w3", "50"]))?;
            self.compare(engine, ("workload", &["w4", "10"]), ("bare", &["w4", "10"]))?;
            if unknown == Unknown::Zero {
                self.compare(
                    engine,
                    ("workload", &["w6s", "1"]),
                    ("workload", &["w6", "1", "8"]),
                )?;
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
                .arg(self.server.url())
                .args(rest)
                .env("BENCH_ENGINE", engine)
                .env("BENCH_CA", self.server.ca_pem());
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

fn title((program, args): (&str, &[&str])) -> String {
    format!("{program} {}", args.join(" "))
}
