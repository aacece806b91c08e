//! Carrying out a change of a configuration.

use crate::guest::Guest;
use crate::qemu::config::Wish;
use crate::qemu::{disk, net};
use crate::state::State;

/// Changes a VM. The lines of the log, or the error.
pub(crate) fn apply(state: &mut State, vmid: u32, wish: &Wish, now: f64) -> Result<Vec<String>, String> {
    let Some(node) = state.guests.get(&vmid).map(|guest| guest.node.clone()) else {
        return Err(format!("unable to find configuration file for VM {vmid}"));
    };
    let mut log = Vec::new();
    for key in &wish.delete {
        delete(state, vmid, &node, key, wish.force);
    }
    for (key, value) in &wish.set {
        let value = if disk::is_disk_key(key) {
            let (value, line) = disk::allocate(state, vmid, &node, key, value, now)?;
            log.extend(line);
            value
        } else if net::is_card_key(key) {
            let old =
                state.guests.get(&vmid).and_then(|g| g.get(key)).and_then(|old| net::Card::parse(old).mac);
            let mut card = net::Card::parse(value);
            card.mac = card.mac.or(old);
            let text = if card.mac.is_some() { card.print() } else { value.clone() };
            net::stored(state, &text)
        } else {
            stored(key, value)
        };
        let Some(guest) = state.guests.get_mut(&vmid) else {
            continue;
        };
        set(guest, key, value);
    }
    if let Some(guest) = state.guests.get_mut(&vmid) {
        for key in &wish.revert {
            guest.pending.remove(key);
        }
    }
    Ok(log)
}

/// A value as the configuration keeps it.
pub(crate) fn stored(key: &str, value: &str) -> String {
    match key {
        "tags" => tags(value),
        "cipassword" => {
            format!("$5$simulated${}", crate::state::digest(&[value]))
        }
        _ => value.to_owned(),
    }
}

/// Tags as PVE keeps them: lower case, each once, sorted, separated by `;`.
pub(crate) fn tags(value: &str) -> String {
    let tags: std::collections::BTreeSet<_> =
        crate::schema::format::items(value).map(str::to_lowercase).collect();
    tags.into_iter().collect::<Vec<_>>().join(";")
}

fn set(guest: &mut Guest, key: &str, value: String) {
    if disk::is_disk_key(key) {
        let new = disk::Drive::parse(&value);
        let old = guest.get(key).map(disk::Drive::parse);
        if let Some(old) = old.filter(|old| old.owns_volume() && !old.is_cloudinit() && old.file != new.file)
        {
            keep_unused(guest, &old.file);
        }
        guest.config.retain(|key, value| !key.starts_with("unused") || *value != new.file);
    }
    if value.is_empty() {
        guest.config.remove(key);
    } else if guest.is_running() && waits(key) {
        if guest.get(key) == Some(&value) {
            guest.pending.remove(key);
        } else {
            guest.pending.insert(key.to_owned(), Some(value));
        }
    } else {
        guest.pending.remove(key);
        guest.config.insert(key.to_owned(), value);
    }
}

fn delete(state: &mut State, vmid: u32, node: &str, key: &str, force: bool) {
    let Some(guest) = state.guests.get_mut(&vmid) else {
        return;
    };
    let Some(value) = guest.get(key).map(str::to_owned) else {
        guest.pending.remove(key);
        return;
    };
    if guest.is_running() && waits(key) {
        guest.pending.insert(key.to_owned(), None);
        return;
    }
    guest.config.remove(key);
    guest.pending.remove(key);
    let drive = disk::Drive::parse(&value);
    if key.starts_with("unused") || (disk::is_disk_key(key) && (drive.is_cloudinit() || force)) {
        if drive.owns_volume() {
            state.remove_volume(&drive.file, node);
        }
    } else if disk::is_disk_key(key) && drive.owns_volume() {
        keep_unused(guest, &drive.file);
    }
}

fn keep_unused(guest: &mut Guest, volid: &str) {
    let free = (0_u32..256).map(|n| format!("unused{n}")).find(|key| guest.get(key).is_none());
    if let Some(key) = free {
        guest.set(&key, volid);
    }
}

/// Whether a change of this key of a running VM waits for its next start.
fn waits(key: &str) -> bool {
    let family = key.trim_end_matches(|c: char| c.is_ascii_digit());
    let at_once = net::is_card_key(key)
        || disk::is_disk_key(key)
        || matches!(family, "usb" | "unused" | "ipconfig")
        || matches!(
            key,
            "description"
                | "name"
                | "onboot"
                | "protection"
                | "tags"
                | "startup"
                | "shares"
                | "lock"
                | "hookscript"
                | "migrate_downtime"
                | "migrate_speed"
                | "vmstatestorage"
                | "affinity"
                | "ciuser"
                | "cipassword"
                | "cicustom"
                | "citype"
                | "ciupgrade"
                | "sshkeys"
                | "nameserver"
                | "searchdomain"
                | "template"
        );
    !at_once
}

/// What waited is now so: at a start.
pub(crate) fn settle_pending(guest: &mut Guest) {
    for (key, value) in std::mem::take(&mut guest.pending) {
        match value {
            Some(value) => guest.set(&key, value),
            None => drop(guest.config.remove(&key)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_normalised() {
        assert_eq!(tags("Foo;bar,baz foo"), "bar;baz;foo");
        assert_eq!(tags("b;a;B"), "a;b");
        assert_eq!(tags("x;;y"), "x;y");
    }

    #[test]
    fn what_waits_for_a_restart() {
        for (key, wait) in
            [("memory", true), ("cores", true), ("name", false), ("net0", false), ("agent", true)]
        {
            assert_eq!(waits(key), wait, "{key}");
        }
    }
}
