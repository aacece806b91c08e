//! `pve qemu snapshot` and `pve lxc snapshot`

use examples::human;
use examples::table::Table;
use proxmox_core::guest::{GuestSnapshot, Kind, SnapshotOptions};
use proxmox_core::{GuestRef, Result};

use crate::args::Snapshot;
use crate::session::Session;
use crate::verbs::act;

pub(crate) fn run<K: Kind>(session: &Session, command: Snapshot) -> Result<()> {
    match command {
        Snapshot::List(id) => list::<K>(session, &id.id),
        Snapshot::Create { id, name, description, memory } => {
            let mut options = SnapshotOptions::named(&name);
            if let Some(text) = description {
                options = options.description(text);
            }
            if memory {
                options = options.vmstate();
            }
            let end = format!("snapshot {name} made");
            act::<K>(session, &id.id, "making the snapshot", |guest| guest.snapshot(options), &end)
        }
        Snapshot::Rollback { id, name } => {
            let end = format!("as it was in {name}");
            act::<K>(session, &id.id, "going back", |guest| guest.rollback(&name), &end)
        }
        Snapshot::Delete { id, name } => {
            let end = format!("snapshot {name} deleted");
            act::<K>(session, &id.id, "deleting the snapshot", |guest| guest.delete_snapshot(&name), &end)
        }
    }
}

fn list<K: Kind>(session: &Session, id: &GuestRef) -> Result<()> {
    let all = session.guest::<K>(id)?.snapshots().block()?;
    session.warn_of_rejects(&all);
    session.answer(&all.into_vec(), |all| table(all))
}

fn table(all: &[GuestSnapshot]) -> String {
    let mut table = Table::new(["SNAPSHOT", "MADE", "MEMORY", "AFTER", "DESCRIPTION"]);
    for snapshot in all {
        table.row([
            snapshot.name.clone(),
            snapshot.snaptime.map(human::time).unwrap_or_default(),
            if snapshot.vmstate { "yes".to_owned() } else { String::new() },
            snapshot.parent.clone().unwrap_or_default(),
            snapshot.description.as_deref().unwrap_or_default().trim_end().to_owned(),
        ]);
    }
    if table.is_empty() {
        return "there are no snapshots\n".to_owned();
    }
    table.without_empty_columns().text()
}
