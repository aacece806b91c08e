//! The steps, in order.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use examples::human;
use proxmox_core::cluster::Resource;
use proxmox_core::config::{Disk, Growth, IpConfig, Size};
use proxmox_core::guest::{
    CloneOptions, DeleteOptions, Deleted, FoundIp, GuestStatus, HowCloned, IpQuery, Shutdown,
};
use proxmox_core::{
    ConfigBag, Error, ErrorKind, GuestKind, GuestRef, NodeName, Outcome, Pve, Result, StorageId, Vmid,
};
use proxmox_qemu::{CloudInit, Exec, ExecResult, QemuNode, Vm};
use serde::Serialize;

use crate::journal::Journal;

const TEMPLATE: u32 = 9000;
const CORES: u32 = 2;
const MEMORY_MIB: u32 = 2048;
const GROWTH: Size = Size::gib(1);
const COMMAND: [&str; 2] = ["uname", "-a"];
const SHUTDOWN: Duration = Duration::from_secs(60);

/// What is to be done, where.
pub(crate) struct Wish {
    pub(crate) node: Option<NodeName>,
    pub(crate) template: Option<GuestRef>,
    pub(crate) skip_guest: bool,
}

/// What came of it.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Found {
    pub(crate) version: Option<String>,
    pub(crate) node: Option<NodeName>,
    pub(crate) template: Option<Vmid>,
    pub(crate) vmid: Option<Vmid>,
    pub(crate) name: Option<String>,
    pub(crate) ip: Option<FoundIp>,
    pub(crate) exec: Option<ExecResult>,
    pub(crate) telemetry: Option<GuestStatus>,
    pub(crate) skipped: Vec<&'static str>,
    /// The VM, as long as it may exist.
    #[serde(skip)]
    pub(crate) vm: Option<Vm>,
    /// Whether a clone was asked for.
    #[serde(skip)]
    pub(crate) asked: bool,
}

/// The whole life. `found` tells how far it came when it fails.
pub(crate) fn live(pve: &Pve, wish: &Wish, journal: &mut Journal, found: &mut Found) -> Result<()> {
    let version =
        journal.step("version", pve.cluster().version(), |v| format!("PVE {} answers", v.version))?;
    found.version = Some(version.version);

    let template = template(pve, wish, journal)?;
    found.template = Some(template.vmid());
    let vm = clone(&template, wish, journal, found)?;

    let config = journal.step("config", vm.config(), describe_config)?;
    let (slot, disk) = boot_disk(&config)?;
    configure(&vm, &config, disk.volid().map(|volid| volid.storage()), journal)?;
    resize(&vm, &slot, disk.size(), wish.skip_guest, journal)?;

    journal.step("start", vm.start(), |_| format!("{vm} runs"))?;
    if wish.skip_guest {
        found.skipped = vec!["address", "exec", "size check"];
        journal.say("- address, exec and the check of the new size are left out (--skip-guest)")?;
    } else {
        let ip =
            journal.wait("address", "waiting for the guest agent", vm.wait_for_ip(IpQuery::v4()), |ip| {
                format!("{} on {}", ip.address, ip.interface)
            })?;
        found.ip = Some(ip);
        found.exec = Some(exec(&vm, journal)?);
    }
    found.telemetry = Some(journal.step("telemetry", vm.status(), describe_status)?);

    let shutdown = Shutdown::new().timeout(SHUTDOWN).then_stop();
    journal.step("shutdown", vm.shutdown(shutdown), |_| format!("{vm} is off"))?;
    journal.step("delete", vm.delete(DeleteOptions::new().purge()), |deleted| match deleted {
        Deleted::Done(_) => format!("{vm} is gone"),
        Deleted::Absent => format!("{vm} was gone already"),
    })?;
    found.vm = None;
    Ok(())
}

/// The template that was named; else 9000; else the first one there is.
fn template(pve: &Pve, wish: &Wish, journal: &mut Journal) -> Result<Vm> {
    if let (Some(node), Some(GuestRef::Vmid(vmid))) = (&wish.node, &wish.template) {
        let vm = pve.node(node)?.vm(*vmid)?;
        journal
            .step("template", vm.status(), |status| describe_template(*vmid, status.name.as_deref(), node))?;
        return Ok(vm);
    }
    let mut chosen: Option<(Vmid, NodeName)> = None;
    journal.step("template", pve.cluster().guests(), |guests| match choose(guests, wish) {
        Some((row, vmid, node)) => {
            chosen = Some((vmid, node.clone()));
            describe_template(vmid, row.name.as_deref(), node)
        }
        None => "none is seen".to_owned(),
    })?;
    let (vmid, node) = chosen.ok_or_else(|| {
        let text = match &wish.template {
            Some(guest) => format!("there is no VM template {guest}"),
            None => "there is no VM template".to_owned(),
        };
        Error::new(ErrorKind::NotFound, Outcome::Rejected, text).with_advice(
            "name one with --template or PVE_TEMPLATE; only what the credentials may audit is seen",
        )
    })?;
    pve.node(node)?.vm(vmid)
}

fn choose<'a>(guests: &'a [Resource], wish: &Wish) -> Option<(&'a Resource, Vmid, &'a NodeName)> {
    let mut templates: Vec<(&Resource, Vmid, &NodeName)> = guests
        .iter()
        .filter(|row| row.template && row.kind == GuestKind::Qemu.segment())
        .filter_map(|row| Some((row, row.vmid?, row.node.as_ref()?)))
        .collect();
    // One on the wanted node comes first, and among equals the usual number.
    templates.sort_by_key(|(_, vmid, node)| {
        (wish.node.as_ref().is_some_and(|wanted| wanted != *node), vmid.get() != TEMPLATE, *vmid)
    });
    templates.into_iter().find(|(row, vmid, _)| match &wish.template {
        Some(GuestRef::Vmid(wanted)) => vmid == wanted,
        Some(GuestRef::Name(wanted)) => row.name.as_ref() == Some(wanted),
        None => true,
    })
}

fn describe_template(vmid: Vmid, name: Option<&str>, node: &NodeName) -> String {
    format!("{vmid} ({}) on node {node}", name.unwrap_or("without a name"))
}

fn clone(template: &Vm, wish: &Wish, journal: &mut Journal, found: &mut Found) -> Result<Vm> {
    let name = fresh_name();
    found.name = Some(name.clone());
    // Said before it exists, so that it can be found whatever ends this program.
    journal.say(&format!("- the VM of this run is named {name}"))?;
    let mut options = CloneOptions::named(name.as_str()).full();
    let node = wish.node.clone().unwrap_or_else(|| template.node().clone());
    if node != *template.node() {
        options = options.target(node.clone());
    }
    found.node = Some(node);
    found.asked = true;
    let cloned = journal.late("clone", template.clone_to(options.clone()), |cloned| {
        let said = match cloned.how {
            HowCloned::New(_) => format!("{} is a full clone of {}", cloned.guest, template.vmid()),
            _ => format!("{} was finished", cloned.guest),
        };
        // The number was chosen on the way.
        let request = template.clone_to(options.newid(cloned.vmid)).request();
        (said, request.ok().map(|request| request.to_string()))
    })?;
    found.vmid = Some(cloned.vmid);
    found.vm = Some(cloned.guest.clone());
    Ok(cloned.guest)
}

/// A name that no other run has, so that a clone whose answer was lost is found by it.
fn fresh_name() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("lifecycle-{:x}", now.as_millis())
}

/// The disk that it boots from, or the first one.
fn boot_disk(config: &ConfigBag) -> Result<(String, Disk)> {
    let order = config.boot_order();
    let devices = order.as_ref().map(|order| order.devices()).unwrap_or_default();
    let mut disks: Vec<(&str, Disk)> = config
        .disks()
        .into_iter()
        .filter_map(|(slot, disk)| Some((slot, disk.ok()?)))
        .filter(|(slot, disk)| {
            let bus = slot.trim_end_matches(|c: char| c.is_ascii_digit());
            matches!(bus, "scsi" | "virtio" | "sata" | "ide") && !disk.is_cdrom() && !disk.is_cloudinit()
        })
        .collect();
    disks.sort_by_key(|(slot, _)| devices.iter().position(|device| device == slot).unwrap_or(usize::MAX));
    let first = disks.into_iter().next().map(|(slot, disk)| (slot.to_owned(), disk));
    first.ok_or_else(|| {
        Error::new(ErrorKind::WrongState, Outcome::Rejected, "the template has no disk")
            .with_advice("name another template with --template or PVE_TEMPLATE")
    })
}

fn configure(vm: &Vm, config: &ConfigBag, storage: Option<StorageId>, journal: &mut Journal) -> Result<()> {
    let change = config.change(|want| {
        want.set("cores", CORES).set("memory", MEMORY_MIB);
    });
    if change.is_empty() {
        journal.say("- cores and memory are as wanted already")?;
    } else {
        let said = change.to_string().replace('\n', ", ");
        journal.step("resources", vm.set_config(change), |()| said)?;
    }
    let mut values = CloudInit::new().user("sdk").ip(0, IpConfig::dhcp());
    if let (Some(storage), Some(slot)) = (storage, free_slot(config)) {
        values = values.drive(slot, storage);
    }
    journal.step("cloud-init", vm.cloud_init(values), |()| "user sdk, address by DHCP".to_owned())?;
    Ok(())
}

/// Where a cloud-init drive goes if there is none yet.
fn free_slot(config: &ConfigBag) -> Option<&'static str> {
    ["ide2", "ide0", "ide1", "ide3", "sata5"].into_iter().find(|slot| config.get(slot).is_none())
}

fn resize(vm: &Vm, slot: &str, before: Option<Size>, unchecked: bool, journal: &mut Journal) -> Result<()> {
    journal.step("resize", vm.resize(slot, Growth::By(GROWTH)), |_| format!("{slot} grew by {GROWTH}"))?;
    if unchecked {
        return Ok(());
    }
    let wanted = before.and_then(|before| before.checked_add(GROWTH));
    let after = journal.step("size check", vm.config(), |config| match size(config, slot) {
        Some(size) => format!("{slot} has {size}"),
        None => format!("the size of {slot} is not known"),
    })?;
    let after = size(&after, slot);
    if wanted.is_some() && after != wanted {
        let said =
            |size: Option<Size>| size.map_or_else(|| "an unknown size".to_owned(), |size| size.to_string());
        let text = format!("{slot} should have {} now, but it has {}", said(wanted), said(after));
        return Err(Error::new(ErrorKind::Unexpected, Outcome::Applied, text));
    }
    Ok(())
}

fn size(config: &ConfigBag, slot: &str) -> Option<Size> {
    config.disk(slot).ok()?.size()
}

fn exec(vm: &Vm, journal: &mut Journal) -> Result<ExecResult> {
    let result = journal.step("exec", vm.agent().exec(Exec::new(COMMAND)), |result| {
        result.stdout.text().lines().next().unwrap_or("(no output)").to_owned()
    })?;
    if result.success() {
        return Ok(result);
    }
    let code = result.exit_code.map_or_else(|| "no exit code".to_owned(), |code| format!("exit code {code}"));
    let text = format!(
        "{:?} ended with {code} in the guest: {}",
        COMMAND.join(" "),
        result.stderr.text().trim_end()
    );
    Err(Error::new(ErrorKind::Unexpected, Outcome::Applied, text))
}

fn describe_config(config: &ConfigBag) -> String {
    let disks = config.disks().into_iter().filter_map(|(slot, disk)| {
        let disk = disk.ok().filter(|disk| !disk.is_cdrom() && !disk.is_cloudinit())?;
        Some(format!("{slot} {}", disk.size()?))
    });
    let nets =
        config.nets().into_iter().filter_map(|(n, net)| Some(format!("net{n} on {}", net.ok()?.bridge()?)));
    disks.chain(nets).collect::<Vec<_>>().join(", ")
}

fn describe_status(status: &GuestStatus) -> String {
    let cpu = status.cpu_percent().map_or_else(|| "unknown".to_owned(), human::percent);
    let memory = match (status.mem, status.maxmem) {
        (Some(used), Some(all)) => format!("{} of {}", human::bytes(used), human::bytes(all)),
        _ => "unknown".to_owned(),
    };
    format!("{}, up {}, cpu {cpu}, memory {memory}", status.status, human::uptime(status.uptime.unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guests() -> Vec<Resource> {
        serde_json::from_str(
            r#"[{"id":"qemu/100","type":"qemu","vmid":100,"node":"pve1","name":"web"},
            {"id":"qemu/800","type":"qemu","vmid":800,"node":"pve2","name":"old","template":1},
            {"id":"qemu/9000","type":"qemu","vmid":9000,"node":"pve1","name":"debian","template":1},
            {"id":"lxc/200","type":"lxc","vmid":200,"node":"pve1","name":"ct","template":1}]"#,
        )
        .unwrap()
    }

    #[test]
    fn the_template_that_is_meant() {
        for (node, template, chosen) in [
            (None, None, Some(9000)),
            (Some("pve2"), None, Some(800)),
            (Some("pve3"), None, Some(9000)),
            (None, Some("old"), Some(800)),
            (None, Some("800"), Some(800)),
            (None, Some("web"), None),
            (None, Some("ct"), None),
        ] {
            let wish = Wish {
                node: node.map(|n| n.parse().unwrap()),
                template: template.map(|t| t.parse().unwrap()),
                skip_guest: false,
            };
            let guests = guests();
            assert_eq!(
                choose(&guests, &wish).map(|(_, vmid, _)| vmid.get()),
                chosen,
                "{node:?} {template:?}"
            );
        }
    }

    #[test]
    fn the_disk_that_it_boots_from() {
        let config: ConfigBag = serde_json::from_str(
            r#"{"scsi0":"local:vm-1-disk-0,size=1G","virtio0":"shared:vm-1-disk-1,size=2G","ide2":"local:vm-1-cloudinit,media=cdrom",
            "boot":"order=ide2;virtio0;net0"}"#,
        )
        .unwrap();
        let (slot, disk) = boot_disk(&config).unwrap();
        assert_eq!((slot.as_str(), disk.size()), ("virtio0", Some(Size::gib(2))));
        assert_eq!(free_slot(&config), Some("ide0"));
        let bare: ConfigBag =
            serde_json::from_str(r#"{"ide2":"none,media=cdrom","unused0":"local:x"}"#).unwrap();
        assert_eq!(boot_disk(&bare).unwrap_err().kind(), ErrorKind::WrongState);
    }
}
