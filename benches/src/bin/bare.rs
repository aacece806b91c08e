//! The same workloads without the SDK: the HTTP client itself, with the same pool, and serde_json into
//! [`twin`](benches::twin) structs.
//!
//! It sets no timeouts, which the SDK does: each costs a timer, and ureq then also starts a thread for each name lookup.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use benches::task::{AUTHORIZATION_VALUE, Client, Kind, Result, Sum, Task, check_version};
use benches::twin::{Envelope, Guest, Resource, Version};
use futures_util::{StreamExt, TryStreamExt, stream};
use reqwest::header::{AUTHORIZATION, HeaderValue};
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use serde::de::DeserializeOwned;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

const IDLE: Duration = Duration::from_millis(3250);

fn main() -> ExitCode {
    let done = Task::from_env().and_then(|task| match task.client {
        Client::Reqwest => reqwest(&task),
        Client::Ureq => ureq(&task),
    });
    match done {
        Ok(line) => {
            println!("{line}");
            ExitCode::SUCCESS
        }
        Err(e) => {
            eprintln!("{e}");
            ExitCode::FAILURE
        }
    }
}

fn url(task: &Task, path: &str) -> String {
    format!("{}/api2/json{path}", task.base)
}

fn decode<T: DeserializeOwned>(body: &[u8]) -> Result<T> {
    Ok(serde_json::from_slice::<Envelope<T>>(body)?.data)
}

fn version(body: &[u8]) -> Result<()> {
    check_version(&decode::<Version>(body)?.version)
}

/// Decodes a list, and sums it up.
fn list(task: &Task, body: &[u8]) -> Result<Sum> {
    Ok(if task.kind == Kind::W4 {
        Sum::of(decode::<Vec<Resource>>(body)?.iter().map(|row| row.maxmem))
    } else {
        Sum::of(decode::<Vec<Guest>>(body)?.iter().map(|row| row.maxmem))
    })
}

/// What a workload asks for.
fn path(task: &Task) -> Result<&'static str> {
    match task.kind {
        Kind::W1 | Kind::W2 | Kind::W5 => Ok("/version"),
        Kind::W3 | Kind::W6s => Ok("/nodes/pve1/qemu"),
        Kind::W4 => Ok("/cluster/resources"),
        Kind::W6 => Err("w6 has no bare form".into()),
    }
}

fn ending(task: &Task, sum: Option<Sum>) -> String {
    match (task.kind, sum) {
        (Kind::W5, _) => format!("answers=1 ms={:.3}", task.started.elapsed().as_secs_f64() * 1e3),
        (_, Some(sum)) => sum.to_string(),
        (_, None) => format!("answers={}", task.times),
    }
}

fn reqwest(task: &Task) -> Result<String> {
    let mut roots = RootCertStore::empty();
    for certificate in rustls_pemfile::certs(&mut task.ca_pem.as_bytes()) {
        roots.add(certificate?)?;
    }
    let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .http1_only()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .tcp_nodelay(true)
        .pool_idle_timeout(IDLE)
        .build()?;
    let url = url(task, path(task)?);
    let get = async || -> Result<_> {
        let mut token = HeaderValue::from_static(AUTHORIZATION_VALUE);
        token.set_sensitive(true);
        let response = client.get(&url).header(AUTHORIZATION, token).send().await?;
        Ok(response.error_for_status()?.bytes().await?)
    };
    runtime.block_on(async {
        let mut first = None;
        match task.kind {
            Kind::W2 => {
                stream::iter(0..task.times)
                    .map(|_| async { version(&get().await?) })
                    .buffered(task.concurrency)
                    .try_collect::<Vec<()>>()
                    .await?;
            }
            Kind::W5 => version(&get().await?)?,
            Kind::W1 => {
                for _ in 0..task.times {
                    version(&get().await?)?;
                }
            }
            _ => {
                for _ in 0..task.times {
                    list(task, &get().await?)?.check(&mut first)?;
                }
            }
        }
        Ok(ending(task, first))
    })
}

fn ureq(task: &Task) -> Result<String> {
    let certificates: Vec<Certificate<'static>> = rustls_pemfile::certs(&mut task.ca_pem.as_bytes())
        .map(|certificate| Ok(Certificate::from_der(&certificate?).to_owned()))
        .collect::<Result<_>>()?;
    let tls = TlsConfig::builder()
        .root_certs(RootCerts::Specific(Arc::new(certificates)))
        .unversioned_rustls_crypto_provider(Arc::new(ring::default_provider()))
        .build();
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .tls_config(tls)
        .proxy(None)
        .max_redirects(0)
        .no_delay(true)
        .max_idle_age(IDLE)
        .max_idle_connections(64)
        .max_idle_connections_per_host(64)
        .build()
        .into();
    let url = url(task, path(task)?);
    let get = || -> Result<_> {
        let response = agent.get(&url).header("authorization", AUTHORIZATION_VALUE).call()?;
        Ok(response.into_body().into_with_config().limit(64 << 20).read_to_vec()?)
    };
    let mut first = None;
    match task.kind {
        Kind::W2 => {
            let next = AtomicUsize::new(0);
            let work = || -> Result<()> {
                while next.fetch_add(1, Ordering::Relaxed) < task.times {
                    version(&get()?)?;
                }
                Ok(())
            };
            std::thread::scope(|scope| {
                let threads: Vec<_> = (0..task.concurrency).map(|_| scope.spawn(work)).collect();
                threads.into_iter().try_for_each(|thread| thread.join().map_err(|_| "a thread panicked")?)
            })?;
        }
        Kind::W5 => version(&get()?)?,
        Kind::W1 => {
            for _ in 0..task.times {
                version(&get()?)?;
            }
        }
        _ => {
            for _ in 0..task.times {
                list(task, &get()?)?.check(&mut first)?;
            }
        }
    }
    Ok(ending(task, first))
}
