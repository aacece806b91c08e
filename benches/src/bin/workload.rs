//! What a program with the SDK does, as a whole process.

use std::process::ExitCode;

use benches::task::{Client, Kind, Result, Sum, TOKEN_ID, TOKEN_SECRET, Task, check_version};
use proxmox_core::{NodeName, Pve};
use proxmox_qemu::{QemuNode, Vm};
use proxmox_transport::{Api, Engine};

fn main() -> ExitCode {
    match Task::from_env().and_then(|task| run(&task)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("{e}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: &Task) -> Result<()> {
    let api = Api::new(&task.base)?
        .token(TOKEN_ID, TOKEN_SECRET.into())?
        .ca_pem(&task.ca_pem)?
        .limit(task.concurrency);
    let line = match task.client {
        Client::Reqwest => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            let pve = api.engine(Engine::Reqwest).connect()?;
            runtime.block_on(flow(&pve, task))?
        }
        Client::Ureq => {
            let pve = api.engine(Engine::Ureq).connect()?;
            pve.block_on(flow(&pve, task))?
        }
    };
    println!("{line}");
    Ok(())
}

async fn version(pve: &Pve) -> Result<()> {
    check_version(&pve.cluster().version().await?.version)
}

async fn flow(pve: &Pve, task: &Task) -> Result<String> {
    let node = pve.node("pve1")?;
    let mut first = None;
    match task.kind {
        Kind::W1 => {
            for _ in 0..task.times {
                version(pve).await?;
            }
            return Ok(format!("answers={}", task.times));
        }
        Kind::W2 => {
            let answers =
                pve.fan_out(0..task.times, task.concurrency, async |pve, _| version(&pve).await).await;
            let answers = answers.into_iter().collect::<Result<Vec<_>>>()?;
            return Ok(format!("answers={}", answers.len()));
        }
        Kind::W5 => {
            version(pve).await?;
            return Ok(format!("answers=1 ms={:.3}", task.started.elapsed().as_secs_f64() * 1e3));
        }
        Kind::W3 | Kind::W6s => {
            for _ in 0..task.times {
                let rows = node.vms().list().await?;
                none_rejected(rows.rejects().len())?;
                Sum::of(rows.iter().map(|row| row.maxmem)).check(&mut first)?;
            }
        }
        Kind::W4 => {
            for _ in 0..task.times {
                let rows = pve.cluster().resources().await?;
                none_rejected(rows.rejects().len())?;
                Sum::of(rows.iter().map(|row| row.maxmem)).check(&mut first)?;
            }
        }
        Kind::W6 => {
            for _ in 0..task.times {
                each(pve, node.name(), task.concurrency).await?.check(&mut first)?;
            }
        }
    }
    Ok(first.unwrap_or_default().to_string())
}

/// The list, then every VM of it by itself; both must say the same.
async fn each(pve: &Pve, node: &NodeName, concurrency: usize) -> Result<Sum> {
    let rows = pve.node(node.clone())?.vms().list().await?;
    none_rejected(rows.rejects().len())?;
    let listed = Sum::of(rows.iter().map(|row| row.maxmem));
    let found = pve
        .fan_out(rows, concurrency, async |pve, row| {
            let status = Vm::new(&pve, node, row.vmid).status().await?;
            if status.vmid == row.vmid {
                Ok(status.maxmem)
            } else {
                Err(format!("asked for {}, got {}", row.vmid, status.vmid).into())
            }
        })
        .await;
    let found = Sum::of(found.into_iter().collect::<Result<Vec<_>>>()?.into_iter());
    if found == listed { Ok(found) } else { Err(format!("listed: {listed}; one by one: {found}").into()) }
}

fn none_rejected(rejects: usize) -> Result<()> {
    if rejects == 0 { Ok(()) } else { Err(format!("{rejects} rows did not decode").into()) }
}
