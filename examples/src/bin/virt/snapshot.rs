//! `virt snapshot`

use examples::human;
use examples::table::Table;
use libvirt_driver::xml::SnapshotXml;
use proxmox_core::Result;
use serde_json::{Value, json};

use crate::args::Snapshot;
use crate::session::Session;

pub(crate) async fn run(session: &Session, command: Snapshot) -> Result<()> {
    match command {
        Snapshot::List(name) => list(session, &name.name).await,
        Snapshot::Create { name, snapshot, description } => {
            let domain = session.domain(&name.name).await?;
            let mut spec = SnapshotXml::new(&snapshot);
            if let Some(text) = &description {
                spec = spec.description(text);
            }
            session.waiting("making the snapshot", domain.snapshot(&spec)).await?;
            session.done(&domain, &format!("snapshot {snapshot} made"))
        }
        Snapshot::Revert { name, snapshot } => {
            let domain = session.domain(&name.name).await?;
            session.waiting("reverting", domain.revert(&snapshot)).await?;
            let state = domain.state().await?;
            session.done(&domain, &format!("as it was in {snapshot}, {state}"))
        }
        Snapshot::Delete { name, snapshot } => {
            let domain = session.domain(&name.name).await?;
            session.waiting("deleting the snapshot", domain.delete_snapshot(&snapshot)).await?;
            session.done(&domain, &format!("snapshot {snapshot} deleted"))
        }
    }
}

async fn list(session: &Session, name: &str) -> Result<()> {
    let all = session.domain(name).await?.snapshots().await?;
    let answer: Vec<Value> = all
        .iter()
        .map(|snapshot| {
            json!({
                "name": snapshot.name, "created": snapshot.created, "state": snapshot.state,
                "memory": snapshot.has_memory(), "parent": snapshot.parent, "description": snapshot.description,
            })
        })
        .collect();
    session.answer(&answer.into(), || {
        let mut table = Table::new(["SNAPSHOT", "MADE", "STATE", "MEMORY", "AFTER", "DESCRIPTION"]);
        for snapshot in &all {
            table.row([
                snapshot.name.clone(),
                snapshot.created.map(human::time).unwrap_or_default(),
                // libvirt's word for it is another one here than in its lists.
                if snapshot.state == "shutoff" { "off".to_owned() } else { snapshot.state.clone() },
                if snapshot.has_memory() { "yes".to_owned() } else { String::new() },
                snapshot.parent.clone().unwrap_or_default(),
                snapshot.description.clone().unwrap_or_default(),
            ]);
        }
        if table.is_empty() {
            return "there are no snapshots\n".to_owned();
        }
        table.without_empty_columns().text()
    })
}
