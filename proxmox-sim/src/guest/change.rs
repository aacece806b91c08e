//! Carrying out a change of a configuration.

use crate::GuestKind;
use crate::guest::config::Wish;
use crate::guest::{Guest, disk};
use crate::lxc;
use crate::qemu::net;
use crate::state::State;

/// Changes a guest. The lines of the log, or the error.
pub(crate) fn apply(state: &mut State, vmid: u32, wish: &Wish, now: f64) -> Result<Vec<String>, String> {
    let Some((kind, node)) = state.guests.get(&vmid).map(|guest| (guest.kind, guest.node.clone())) else {
        return Err(format!("unable to find configuration file for VM {vmid}"));
    };
    let mut log = Vec::new();
    for key in &wish.delete {
        delete(state, vmid, &node, key, wish.force);
    }
    for (key, value) in &wish.set {
        let later = state.guests.get(&vmid).is_some_and(|guest| guest.is_running() && waits(guest, key));
        let value = if disk::is_disk_key(kind, key) {
            // A mount point that waits is made when its time comes.
            if later {
                value.clone()
            } else {
                let (value, lines) = disk::allocate(state, vmid, &node, key, value, now)?;
                log.extend(lines);
                value
            }
        } else if net::is_card_key(key) {
            match kind {
                GuestKind::Qemu => card(state, vmid, key, value),
                GuestKind::Lxc => lxc::net::stored(state, value),
            }
        } else {
            stored(kind, key, value)
        };
        let Some(guest) = state.guests.get_mut(&vmid) else {
            continue;
        };
        // A cloud-init drive whose place something else takes is not kept.
        let old = guest.get(key).map(disk::Drive::parse).filter(disk::Drive::is_cloudinit);
        set(guest, key, value);
        let now = guest.get(key).map(disk::Drive::parse);
        if let Some(old) = old.filter(|old| now.is_none_or(|now| now.file != old.file)) {
            state.remove_volume(&old.file, &node);
        }
    }
    if let Some(guest) = state.guests.get_mut(&vmid) {
        for key in &wish.revert {
            guest.pending.remove(key);
        }
    }
    Ok(log)
}

/// A VM's card, which keeps its address when the change names none.
fn card(state: &mut State, vmid: u32, key: &str, value: &str) -> String {
    let old = state.guests.get(&vmid).and_then(|g| g.get(key)).and_then(|old| net::Card::parse(old).mac);
    let mut card = net::Card::parse(value);
    card.mac = card.mac.or(old);
    let text = if card.mac.is_some() { card.print() } else { value.to_owned() };
    net::stored(state, &text)
}

/// A value as the configuration keeps it.
pub(crate) fn stored(kind: GuestKind, key: &str, value: &str) -> String {
    match key {
        "tags" => tags(value),
        "cipassword" => {
            format!("$5$simulated${}", crate::state::digest(&[value]))
        }
        // A container's is kept as comment lines, the last of which ends as well.
        "description" if kind == GuestKind::Lxc && !value.is_empty() && !value.ends_with('\n') => {
            format!("{value}\n")
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
    if guest.is_running() && waits(guest, key) && !value.is_empty() {
        if guest.get(key) == Some(&value) {
            guest.pending.remove(key);
        } else {
            guest.pending.insert(key.to_owned(), Some(value));
        }
        return;
    }
    if disk::is_disk_key(guest.kind, key) {
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
    } else {
        guest.config.insert(key.to_owned(), value);
    }
    guest.pending.remove(key);
}

fn delete(state: &mut State, vmid: u32, node: &str, key: &str, force: bool) {
    let Some(guest) = state.guests.get_mut(&vmid) else {
        return;
    };
    let Some(value) = guest.get(key).map(str::to_owned) else {
        guest.pending.remove(key);
        return;
    };
    if guest.is_running() && waits(guest, key) {
        guest.pending.insert(key.to_owned(), None);
        return;
    }
    guest.config.remove(key);
    guest.pending.remove(key);
    let drive = disk::Drive::parse(&value);
    let is_disk = disk::is_disk_key(guest.kind, key);
    if key.starts_with("unused") || (is_disk && (drive.is_cloudinit() || force)) {
        if drive.owns_volume() {
            state.free_own_volume(&drive.file, node, vmid);
        }
    } else if is_disk && drive.owns_volume() {
        keep_unused(guest, &drive.file);
    }
}

/// Keeps a volume that no key names any more.
pub(crate) fn keep_unused(guest: &mut Guest, volid: &str) {
    let free = (0_u32..256).map(|n| format!("unused{n}")).find(|key| guest.get(key).is_none());
    if let Some(key) = free {
        guest.set(&key, volid);
    }
}

/// Whether a change of this key waits for the next start of a running guest.
fn waits(guest: &Guest, key: &str) -> bool {
    match guest.kind {
        GuestKind::Qemu => vm_waits(key),
        GuestKind::Lxc => lxc::config::waits(guest, key),
    }
}

fn vm_waits(key: &str) -> bool {
    let family = key.trim_end_matches(|c: char| c.is_ascii_digit());
    let at_once = net::is_card_key(key)
        || disk::is_disk_key(GuestKind::Qemu, key)
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

/// What waited is now so.
pub(crate) fn settle(state: &mut State, vmid: u32, now: f64) -> Result<(), String> {
    let Some(guest) = state.guests.get(&vmid) else {
        return Ok(());
    };
    let mut wish = Wish::default();
    for (key, value) in &guest.pending {
        match value {
            Some(value) => wish.set.push((key.clone(), value.clone())),
            None => wish.delete.push(key.clone()),
        }
    }
    apply(state, vmid, &wish, now).map(drop)
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
            assert_eq!(vm_waits(key), wait, "{key}");
        }
    }
}
