//! Where a guest's drives and cards are to go, and whether there is room for what it wants.

use super::facts::Facts;
use super::need::{Act, Need};
use super::report::{Findings, Severity};
use crate::config::{Disk, DiskSource};
use crate::node::StorageStatus;
use crate::{GuestKind, NodeName, Size, StorageId};

pub(super) fn is_cloud_init(disk: &Disk) -> bool {
    disk.is_cloudinit() || matches!(disk.source(), DiskSource::NewCloudInit { .. })
}

/// How much is to be put where.
struct Load {
    storage: StorageId,
    bytes: u64,
    what: String,
}

pub(super) fn storages(need: &Need, facts: &Facts, found: &mut Findings) {
    if let Some(Err(e)) = facts.storages.get(need.destination()) {
        found.warn(
            "unreadable",
            format!("storages of node {}", need.destination()),
            e.message(),
            e.advice().unwrap_or_default(),
        );
        return;
    }
    let content = if need.kind == GuestKind::Lxc { "rootdir" } else { "images" };
    for load in together(loads(need, facts)) {
        if usable(need, need.destination(), &load.storage, content, &load.what, facts, found) {
            room(need.destination(), &load.storage, load.bytes, facts, found);
        }
    }
    for (volid, kind, list) in &facts.volumes {
        let storage = volid.storage();
        // An image to import may lie among the disks as well.
        let content = if *kind == "import" { "" } else { kind };
        if !usable(need, &need.node, &storage, content, volid.as_str(), facts, found) {
            continue;
        }
        let Ok(list) = list else { continue };
        if !list.iter().any(|row| row.volid == volid.as_str()) {
            let have: Vec<&str> = list.iter().map(|row| row.volid.as_str()).take(12).collect();
            let have = if have.is_empty() { "nothing of that kind".to_owned() } else { have.join(", ") };
            found.error(
                "volume-missing",
                format!("volume {volid}"),
                format!("it is not there; storage {storage} has {have}"),
                "name one of them, or upload it first",
            );
        }
    }
    shared(need, facts, found);
}

/// One load for each storage.
fn together(loads: Vec<Load>) -> Vec<Load> {
    let mut sums: Vec<Load> = Vec::new();
    for load in loads {
        match sums.iter_mut().find(|sum| sum.storage == load.storage) {
            Some(sum) => {
                sum.bytes = sum.bytes.saturating_add(load.bytes);
                sum.what = format!("{}, {}", sum.what, load.what);
            }
            None => sums.push(load),
        }
    }
    sums
}

/// What is to be made, or copied.
fn loads(need: &Need, facts: &Facts) -> Vec<Load> {
    let mut loads = Vec::new();
    for (key, disk) in need.drives() {
        match disk.source() {
            DiskSource::New { storage, size } => {
                loads.push(Load { storage, bytes: size.bytes(), what: key.to_owned() });
            }
            DiskSource::NewCloudInit { storage } => {
                loads.push(Load { storage, bytes: Size::mib(4).bytes(), what: key.to_owned() });
            }
            _ => {}
        }
    }
    let (Act::Clone, Some(config)) = (need.act, facts.config()) else {
        return loads;
    };
    let copies = need.full.unwrap_or(!config.is_template());
    for (key, disk) in config.disks() {
        let Ok(disk) = disk else { continue };
        let Some(volid) = disk.volid() else { continue };
        if key.starts_with("unused") || disk.is_cdrom() && !disk.is_cloudinit() {
            continue;
        }
        let storage = need.storage.clone().filter(|_| copies).unwrap_or_else(|| volid.storage());
        let bytes = if copies { disk.size().map_or(0, Size::bytes) } else { 0 };
        loads.push(Load { storage, bytes, what: format!("clone's {key}") });
    }
    loads
}

/// Whether something of this content can be there at all.
fn usable(
    need: &Need,
    node: &NodeName,
    storage: &StorageId,
    content: &str,
    what: &str,
    facts: &Facts,
    found: &mut Findings,
) -> bool {
    let all = facts.storages(node);
    let subject = format!("storage {storage} on node {node}");
    let Some(row) = all.iter().find(|row| row.storage == *storage) else {
        if !all.is_empty() {
            let have: Vec<&str> = all.iter().map(|row| row.storage.as_str()).collect();
            found.error(
                "storage-unknown",
                subject,
                format!("there is none of that name for {what}; there are {}", have.join(", ")),
                "name one of them; what lacks Datastore.Audit is not seen",
            );
        }
        return false;
    };
    let before = found.count();
    if !row.enabled {
        found.error(
            "storage-disabled",
            &subject,
            format!("it is switched off ({what})"),
            "enable it, or take another",
        );
    } else if !row.active {
        found.error(
            "storage-inactive",
            &subject,
            format!("it cannot be reached now ({what})"),
            "look at it on the node",
        );
    }
    if !content.is_empty() && !row.content.iter().any(|kind| kind == content) {
        let fitting: Vec<&str> = all
            .iter()
            .filter(|row| row.enabled && row.active && row.content.iter().any(|kind| kind == content))
            .map(|row| row.storage.as_str())
            .collect();
        // PVE clones to any storage, and looks at what it is for when the clone starts.
        let severity = if need.act == Act::Clone { Severity::Warning } else { Severity::Error };
        found.add(
            severity,
            "storage-content",
            &subject,
            format!(
                "{what}: that needs a storage for {content}, and this one is for {}",
                row.content.join(", ")
            ),
            if fitting.is_empty() {
                format!("allow {content} on one")
            } else {
                format!("take {}", fitting.join(" or "))
            },
        );
    }
    found.count() == before
}

fn room(node: &NodeName, storage: &StorageId, bytes: u64, facts: &Facts, found: &mut Findings) {
    let row: Option<&StorageStatus> = facts.storages(node).iter().find(|row| row.storage == *storage);
    let Some(avail) = row.and_then(|row| row.avail).and_then(|avail| u64::try_from(avail).ok()) else {
        return;
    };
    if bytes <= avail {
        return;
    }
    let subject = format!("storage {storage} on node {node}");
    let text = format!("{} are to be put there, and {} are free", human(bytes), human(avail));
    // Of most storages nobody knows from here whether they are thin; PVE lets those promise more than they have.
    let thick = row.is_some_and(|row| row.kind == "lvm");
    if !thick {
        found.warn("storage-overcommitted", subject, text, "it will run full if all of it is used");
    } else {
        found.error("storage-full", subject, text, "make room, take another storage, or less");
    }
}

fn human(bytes: u64) -> String {
    let tenths = bytes.saturating_mul(10) >> 30;
    format!("{}.{} GiB", tenths / 10, tenths % 10)
}

/// A guest comes up elsewhere only with what is there as well.
fn shared(need: &Need, facts: &Facts, found: &mut Findings) {
    let (Some(target), Some(config)) =
        (need.target.as_ref().filter(|target| **target != need.node), facts.config())
    else {
        return;
    };
    if need.act != Act::Clone {
        return;
    }
    let here = facts.storages(&need.node);
    for (key, disk) in config.disks() {
        let Some(volid) = disk.ok().and_then(|disk| disk.volid()) else { continue };
        let storage = volid.storage();
        if here.iter().any(|row| row.storage == storage && !row.shared) {
            found.error(
                "storage-not-shared",
                format!("{key} of {}", need.subject()),
                format!("it is on {storage}, which node {target} does not share"),
                "clone it on its own node and migrate it then, or put it on shared storage first",
            );
        }
    }
}

pub(super) fn network(need: &Need, facts: &Facts, found: &mut Findings) {
    let node = need.destination();
    let known = match &facts.bridges {
        Some(Ok(rows)) => rows,
        Some(Err(e)) => {
            return found.warn(
                "unreadable",
                format!("bridges of node {node}"),
                e.message(),
                e.advice().unwrap_or_default(),
            );
        }
        None => return,
    };
    let mut cards = need.bridges();
    if let (Act::Clone | Act::Start, Some(config)) = (need.act, facts.config()) {
        let nets = config.iter().filter(|(key, _)| key.starts_with("net"));
        cards.extend(nets.filter_map(|(key, _)| {
            let bridge = config.properties(key)?.get("bridge")?.to_owned();
            Some((key.to_owned(), Some(bridge)))
        }));
    }
    for (card, bridge) in cards {
        match bridge {
            None => found.warn(
                "card-without-bridge",
                format!("{card} of {}", need.subject()),
                match need.kind {
                    GuestKind::Qemu => "without a bridge it gets QEMU's own NAT: nobody reaches the guest",
                    GuestKind::Lxc => "without a bridge it leads nowhere",
                },
                "name a bridge or vnet",
            ),
            Some(bridge) => {
                let is_known = known.iter().any(|row| row.iface == bridge);
                // An empty list says that these credentials see none.
                if !is_known && !known.is_empty() {
                    let have: Vec<&str> = known.iter().map(|row| row.iface.as_str()).collect();
                    // PVE takes any name, looks for it when the guest starts, and lists only what these credentials may use.
                    found.warn(
                        "bridge-unknown",
                        format!("bridge {bridge} on node {node}"),
                        format!("none of that name is seen for {card}: without it the guest does not start; there are {}", have.join(", ")),
                        "name one of them; what lacks SDN.Use is not seen",
                    );
                }
            }
        }
    }
}

/// Processors and memory against the node's. PVE lets memory be promised twice.
pub(super) fn size(need: &Need, facts: &Facts, found: &mut Findings) {
    let Some(node) = facts.node(need.destination()).filter(|_| need.configures()) else {
        return;
    };
    let wanted = &need.wanted;
    let sockets = wanted.int("sockets").and_then(|n| u32::try_from(n).ok()).unwrap_or(1);
    let cores = wanted.cores().unwrap_or(0).saturating_mul(sockets);
    let too_many = node.maxcpu.is_some_and(|max| f64::from(cores) > max);
    if too_many {
        found.warn(
            "cores-exceed-node",
            need.subject(),
            format!(
                "{cores} cores are more than node {} has ({})",
                need.destination(),
                node.maxcpu.unwrap_or_default()
            ),
            "a VM with more than the node has does not start there",
        );
    }
    let models = facts.cpu_models.as_ref().and_then(|models| models.as_ref().ok());
    if let (Some(model), Some(models)) = (need.cpu_model(), models)
        && !models.is_empty()
        && models.iter().all(|known| known.name != model)
    {
        found.warn(
            "cpu-unknown",
            need.subject(),
            format!("node {} does not list a CPU model {model}", need.node),
            "take x86-64-v2-AES, or host; models of one's own are named custom-…",
        );
    }
    let memory =
        wanted.memory_mib().and_then(|mib| i64::try_from(mib).ok()).map(|mib| mib.saturating_mul(1 << 20));
    if let (Some(memory), Some(max)) = (memory, node.maxmem)
        && memory > max
    {
        found.warn(
            "memory-exceeds-node",
            need.subject(),
            format!("{} MiB are more than node {} has ({} MiB)", memory >> 20, need.destination(), max >> 20),
            "it does not start there unless swap and ballooning make up for it",
        );
    }
}
