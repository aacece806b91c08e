//! What a domain lives through, and what is changed in it.

use std::time::Duration;

use examples::stdout;
use libvirt_driver::{Domain, Shutdown};
use proxmox_core::config::Growth;
use proxmox_core::{Result, Size};
use serde_json::json;

use crate::args::{Switch, TagChange};
use crate::look::size;
use crate::session::Session;

pub(crate) async fn start(session: &Session, name: &str, paused: bool) -> Result<()> {
    let domain = session.domain(name).await?;
    if paused {
        session.waiting("starting", domain.start_paused()).await?;
        return session.done(&domain, "started, paused");
    }
    session.waiting("starting", domain.start()).await?;
    session.done(&domain, "started")
}

pub(crate) async fn shutdown(
    session: &Session,
    name: &str,
    then_stop: bool,
    timeout: Duration,
) -> Result<()> {
    let domain = session.domain(name).await?;
    let how = Shutdown::new().timeout(timeout);
    session.waiting("shutting down", domain.shutdown(if then_stop { how.then_stop() } else { how })).await?;
    session.done(&domain, "off")
}

pub(crate) async fn stop(session: &Session, name: &str) -> Result<()> {
    let domain = session.domain(name).await?;
    session.waiting("stopping", domain.stop()).await?;
    session.done(&domain, "stopped")
}

pub(crate) async fn reboot(session: &Session, name: &str) -> Result<()> {
    let domain = session.domain(name).await?;
    domain.reboot().await?;
    session.done(&domain, "asked to reboot")
}

pub(crate) async fn reset(session: &Session, name: &str) -> Result<()> {
    let domain = session.domain(name).await?;
    domain.reset().await?;
    session.done(&domain, "reset")
}

pub(crate) async fn suspend(session: &Session, name: &str) -> Result<()> {
    let domain = session.domain(name).await?;
    domain.suspend().await?;
    session.done(&domain, "suspended")
}

pub(crate) async fn resume(session: &Session, name: &str) -> Result<()> {
    let domain = session.domain(name).await?;
    domain.resume().await?;
    session.done(&domain, "resumed")
}

pub(crate) async fn delete(session: &Session, name: &str) -> Result<()> {
    let domain = session.domain(name).await?;
    let deleted = session.waiting("deleting", domain.delete()).await?;
    let gone: Vec<String> = deleted.volumes.iter().map(|v| format!("{}/{}", v.pool, v.name)).collect();
    let left: Vec<(String, &str)> =
        deleted.left.iter().map(|(v, why)| (format!("{}/{}", v.pool, v.name), why.as_str())).collect();
    let mut end = if deleted.existed { "deleted" } else { "was gone already" }.to_owned();
    if !gone.is_empty() {
        end.push_str(&format!(", with {}", gone.join(", ")));
    }
    for (volume, why) in &left {
        end.push_str(&format!("\n  {volume} stays: {why}"));
    }
    let left: Vec<_> = left.iter().map(|(volume, why)| json!({"volume": volume, "why": why})).collect();
    let answer = json!({
        "name": domain.name(), "uuid": domain.uuid().to_string(), "done": if deleted.existed { "deleted" } else { "absent" },
        "volumes": gone, "left": left,
    });
    session.answer(&answer, || format!("{domain}: {end}\n"))
}

pub(crate) async fn autostart(session: &Session, name: &str, when: Option<Switch>) -> Result<()> {
    let domain = session.domain(name).await?;
    let Some(when) = when else {
        let on = domain.autostart().await?;
        return session
            .answer(&json!({ "autostart": on }), || format!("{}\n", if on { "on" } else { "off" }));
    };
    domain.set_autostart(when == Switch::On).await?;
    session.done(
        &domain,
        match when {
            Switch::On => "starts with its host",
            Switch::Off => "does not start with its host",
        },
    )
}

pub(crate) async fn tags(session: &Session, name: &str, changes: &[TagChange]) -> Result<()> {
    let domain = session.domain(name).await?;
    let mut tags = domain.tags().await?;
    for change in changes {
        match change {
            TagChange::Add(tag) => drop(tags.insert(tag)?),
            TagChange::Remove(tag) => drop(tags.remove(tag)),
        }
    }
    if !changes.is_empty() {
        domain.set_tags(tags.iter()).await?;
        tags = domain.tags().await?;
    }
    let tags: Vec<&str> = tags.iter().collect();
    if session.json {
        return stdout::json(&json!({ "tags": tags }));
    }
    stdout::write(&tags.iter().map(|tag| format!("{tag}\n")).collect::<String>())
}

pub(crate) async fn resize(session: &Session, name: &str, disk: &str, to: Growth) -> Result<()> {
    let domain = session.domain(name).await?;
    let now = domain.resize_disk(disk, to).await?;
    let more = json!({"disk": disk, "size": now.bytes()});
    session.done_with(&domain, &format!("{disk} has {}", size(now)), &more)
}

pub(crate) async fn set(
    session: &Session,
    name: &str,
    vcpus: Option<u32>,
    memory: Option<Size>,
) -> Result<()> {
    let domain = session.domain(name).await?;
    if let Some(count) = vcpus {
        domain.set_vcpus(count).await?;
    }
    if let Some(memory) = memory {
        domain.set_memory(memory).await?;
    }
    let now = now(&domain).await?;
    session.done(&domain, &now)
}

/// `2 vCPUs, 1 GiB`, as the next start will have it.
async fn now(domain: &Domain) -> Result<String> {
    let document = domain.definition().await?;
    let vcpus = examples::human::count(usize::try_from(document.vcpus).unwrap_or(0), "vCPU", "vCPUs");
    Ok(format!("{vcpus}, {}", size(document.current_memory)))
}
