//! When two values of one key mean the same to PVE, and what to send when they do not.

use super::{
    Agent, Disk, MacAddr, Net, PropertyString, Tags, decode_sshkeys, drives, flag, numbered, scalars,
};

/// Keys that the configuration reports, or that an operation of their own sets. A change never touches them.
pub(super) fn is_reported(key: &str) -> bool {
    key.starts_with("running")
        || matches!(
            key,
            "digest" | "lock" | "lxc" | "meta" | "parent" | "snapstate" | "snaptime" | "template" | "vmstate"
        )
}

/// Keys that only a caller who names them deletes: the guest's identity, and volumes whose deletion destroys them.
pub(super) fn is_kept(key: &str) -> bool {
    matches!(key, "smbios1" | "vmgenid") || numbered(key).is_some_and(|(stem, _)| stem == "unused")
}

/// The text to send so that `key` says what `wanted` says; `None` when it does already.
pub(super) fn revised(key: &str, now: Option<&str>, wanted: &str) -> Option<String> {
    let Some(now) = now else {
        // PVE keeps no empty values.
        return (!wanted.is_empty()).then(|| wanted.to_owned());
    };
    if now == wanted {
        return None;
    }
    let stem = numbered(key).map_or(key, |(stem, _)| stem);
    if stem == "net" {
        return revised_net(now, wanted);
    }
    if drives::slot(key).is_some() {
        return revised_drive(now, wanted);
    }
    let both = |read: fn(&str) -> Option<String>| read(now).is_some() && read(now) == read(wanted);
    let same = match stem {
        "tags" => Tags::parse(now) == Tags::parse(wanted),
        "sshkeys" => both(|text| decode_sshkeys(text).ok().map(|keys| keys.join("\n"))),
        "description" => now.trim_end_matches('\n') == wanted.trim_end_matches('\n'),
        "nameserver" | "searchdomain" => words(now) == words(wanted),
        "memory" => both(|text| scalars::memory(text).map(|mib| mib.to_string())),
        "agent" => both(|text| Agent::parse(text).ok().map(|agent| format!("{:?}", agent.meaning()))),
        _ if FLAGS.contains(&key) => both(|text| flag(text).map(|yes| yes.to_string())),
        _ if NUMBERS.contains(&key) => both(|text| text.parse().ok().map(|n: f64| n.to_string())),
        _ if PROPERTIES.contains(&stem) => PropertyString::from(now).same_parts(&wanted.into()),
        _ => false,
    };
    (!same).then(|| wanted.to_owned())
}

/// The address that PVE made up stays when none is wanted.
fn revised_net(now: &str, wanted: &str) -> Option<String> {
    if let (Ok(now), Ok(wanted)) = (Net::parse(now), Net::parse(wanted)) {
        let wanted = match (wanted.mac(), now.mac()) {
            (None, Some(mac)) => wanted.clone().with_mac(mac).unwrap_or(wanted),
            _ => wanted,
        };
        return (now.meaning() != wanted.meaning()).then(|| wanted.to_string());
    }
    // A container's.
    let (mut now, mut wanted) = (PropertyString::from(now), PropertyString::from(wanted));
    for key in ["hwaddr", "type"] {
        if let (None, Some(value)) = (wanted.get(key), now.get(key)) {
            wanted = wanted.clone().with(key, value).unwrap_or(wanted);
        }
    }
    for side in [&mut now, &mut wanted] {
        if let Some(mac) = side.get("hwaddr").and_then(|mac| MacAddr::parse(mac).ok()) {
            side.put("hwaddr", mac);
        }
    }
    (!now.same_parts(&wanted)).then(|| wanted.to_string())
}

/// The volume stays when one is ordered anew, and its size and format are not the configuration's to change.
fn revised_drive(now: &str, wanted: &str) -> Option<String> {
    let (Ok(is), Ok(want)) = (Disk::parse(now), Disk::parse(wanted)) else {
        return Some(wanted.to_owned());
    };
    let satisfied = match (is.volid(), want.volid()) {
        (Some(held), Some(other)) => held == other,
        (Some(_), None) if want.is_new() => {
            want.is_cloudinit() == is.is_cloudinit() && (is.is_cdrom() == want.is_cdrom())
        }
        _ => false,
    };
    let want = if satisfied { want.on_volume_of(&is) } else { want };
    (is.meaning() != want.meaning()).then(|| want.to_string())
}

fn words(text: &str) -> Vec<&str> {
    text.split([' ', ',', ';']).filter(|word| !word.is_empty()).collect()
}

const FLAGS: [&str; 17] = [
    "acpi",
    "allow-ksm",
    "autostart",
    "ciupgrade",
    "console",
    "debug",
    "freeze",
    "keephugepages",
    "kvm",
    "localtime",
    "numa",
    "onboot",
    "protection",
    "reboot",
    "tablet",
    "tdf",
    "unprivileged",
];

const NUMBERS: [&str; 12] = [
    "balloon",
    "cores",
    "cpulimit",
    "cpuunits",
    "migrate_downtime",
    "migrate_speed",
    "shares",
    "smp",
    "sockets",
    "swap",
    "tty",
    "vcpus",
];

/// Keys, without their numbers, whose values are property strings with nothing more to know about them.
const PROPERTIES: [&str; 22] = [
    "amd-sev",
    "audio",
    "boot",
    "cicustom",
    "cpu",
    "dev",
    "features",
    "hostpci",
    "hotplug",
    "intel-tdx",
    "ipconfig",
    "ivshmem",
    "machine",
    "numa",
    "rng",
    "smbios",
    "spice_enhancements",
    "startup",
    "usb",
    "vga",
    "virtiofs",
    "watchdog",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_pve_rewrites_is_the_same() {
        for (key, now, wanted) in [
            ("tags", "bar;baz;foo", "Foo;bar,baz foo"),
            ("hotplug", "disk,network,usb", "network,disk,usb"),
            ("cpu", "host,flags=+aes", "flags=+aes,host"),
            ("startup", "order=2,up=10", "up=10,order=2"),
            ("agent", "enabled=1,fstrim_cloned_disks=1", "1,fstrim_cloned_disks=1"),
            ("memory", "2048", "current=2048"),
            ("cores", "2", "2.0"),
            ("cpulimit", "0.5", "0.50"),
            ("onboot", "1", "yes"),
            ("description", "hello\nworld\n", "hello\nworld"),
            ("nameserver", "192.0.2.53 192.0.2.54", "192.0.2.53,192.0.2.54"),
            ("sshkeys", "ssh-rsa%20AAAA%2B", "ssh-rsa%20AAAA%2b%0A"),
            ("ipconfig0", "ip=dhcp,ip6=auto", "ip6=auto,ip=dhcp"),
            (
                "net0",
                "virtio=BC:24:11:A3:26:7F,bridge=vmbr0,tag=5",
                "virtio=bc:24:11:a3:26:7f,tag=5,bridge=vmbr0",
            ),
            ("net0", "virtio=BC:24:11:A3:26:7F,bridge=vmbr0", "model=virtio,bridge=vmbr0"),
            (
                "net0",
                "name=eth0,bridge=vmbr0,hwaddr=BC:24:11:2D:0E:68,ip=198.51.100.20/24,type=veth",
                "name=eth0,ip=198.51.100.20/24,bridge=vmbr0",
            ),
            ("net0", "name=eth0,hwaddr=BC:24:11:2D:0E:68,type=veth", "name=eth0,hwaddr=bc:24:11:2d:0e:68"),
            ("scsi0", "local-lvm:vm-100-disk-0,discard=on,size=32G", "local-lvm:32,discard=on"),
            ("scsi0", "local-lvm:vm-100-disk-0,size=2G", "local-lvm:0,import-from=local:import/x.qcow2"),
            ("scsi0", "local-lvm:vm-100-disk-0,size=32G,ssd=1", "local-lvm:vm-100-disk-0,ssd=1"),
            ("scsi0", "lab:101/vm-101-disk-0.qcow2,size=1G", "file=lab:101/vm-101-disk-0.qcow2,size=4G"),
            ("ide2", "lab:101/vm-101-cloudinit.qcow2,media=cdrom", "lab:cloudinit"),
            ("rootfs", "lab:200/vm-200-disk-0.raw,size=1G", "lab:1"),
            ("mp0", "lab:201/vm-201-disk-1.raw,mp=/data,size=1G", "lab:1,mp=/data"),
        ] {
            assert_eq!(revised(key, Some(now), wanted), None, "{key}: {now} / {wanted}");
        }
        assert_eq!(revised("description", None, ""), None);
    }

    #[test]
    fn what_differs_is_sent_with_what_pve_filled_in() {
        for (key, now, wanted, sent) in [
            ("tags", "a;b", "a", "a"),
            ("name", "web", "Web", "Web"),
            ("name", "7", "07", "07"),
            ("args", "-a x=1,y=2", "-a y=2,x=1", "-a y=2,x=1"),
            ("boot", "order=scsi0;net0", "order=net0;scsi0", "order=net0;scsi0"),
            ("boot", " ", "order=scsi0", "order=scsi0"),
            ("cores", "2", "x", "x"),
            ("onboot", "1", "0", "0"),
            ("memory", "2048", "4096", "4096"),
            ("sshkeys", "ssh-rsa%20AAAA", "ssh-rsa%20BBBB", "ssh-rsa%20BBBB"),
            ("agent", "1", "1,type=isa", "1,type=isa"),
            (
                "net0",
                "virtio=BC:24:11:A3:26:7F,bridge=vmbr0",
                "virtio,bridge=vmbr1",
                "virtio=BC:24:11:A3:26:7F,bridge=vmbr1",
            ),
            ("net0", "virtio=BC:24:11:A3:26:7F", "e1000", "e1000=BC:24:11:A3:26:7F"),
            ("net0", "name=eth0,hwaddr=BC:24:11:2D:0E:68", "name=eth1", "name=eth1,hwaddr=BC:24:11:2D:0E:68"),
            (
                "scsi0",
                "local-lvm:vm-100-disk-0,size=32G",
                "local-lvm:64,ssd=1",
                "local-lvm:vm-100-disk-0,ssd=1,size=32G",
            ),
            ("scsi0", "a1:vm-100-disk-0,size=2G", "b2:vm-100-disk-0,size=2G", "b2:vm-100-disk-0,size=2G"),
            ("scsi0", "broken", "local-lvm:32", "local-lvm:32"),
            ("ide2", "none,media=cdrom", "lab:cloudinit", "lab:cloudinit"),
            ("ide2", "local:iso/a.iso,media=cdrom", "lab:cloudinit", "lab:cloudinit"),
            ("ide2", "local:iso/a.iso,media=cdrom,size=1M", "none,media=cdrom", "none,media=cdrom"),
            ("ide2", "none,media=cdrom", "local:iso/a.iso,media=cdrom", "local:iso/a.iso,media=cdrom"),
            ("brand-new", "a=1,b=2", "b=2,a=1", "b=2,a=1"),
        ] {
            assert_eq!(revised(key, Some(now), wanted).as_deref(), Some(sent), "{key}: {now} / {wanted}");
        }
        assert_eq!(revised("cores", None, "2").as_deref(), Some("2"));
    }
}
