//! Reading and changing the configuration of a VM.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::answer::{Answer, Refusal, bad_param, failed};
use crate::ctx::Ctx;
use crate::guest::{Guest, GuestKind};
use crate::qemu::{change, disk, net};
use crate::routes::shared::config_params;
use crate::schema::{Arg, find, format, value::Type};
use crate::state::seconds;
use crate::task::Plan;
use crate::{GuestKind as Kind, PveVersion};

/// A value as the API shows it: integers and booleans as numbers, everything else as text.
pub(crate) fn shown(kind: GuestKind, version: PveVersion, key: &str, value: &str) -> Value {
    if key == "cipassword" {
        return "**********".into();
    }
    let numeric = find(config_params(kind, version), key).is_some_and(|param| param.ty.is_number());
    match value.parse::<i64>() {
        Ok(number) if numeric || key == "snaptime" => number.into(),
        _ => value.into(),
    }
}

/// A whole configuration as the API shows it.
pub(crate) fn shown_all(
    kind: Kind,
    version: PveVersion,
    config: &BTreeMap<String, String>,
) -> Map<String, Value> {
    config.iter().map(|(key, value)| (key.clone(), shown(kind, version, key, value))).collect()
}

/// `GET …/config`
pub(crate) fn get(ctx: &mut Ctx<'_>) -> Answer {
    read(ctx, Kind::Qemu)
}

/// `GET …/config` of a guest of either kind.
pub(crate) fn read(ctx: &mut Ctx<'_>, kind: Kind) -> Answer {
    let version = ctx.version();
    let (current, snapshot) = (ctx.flag("current"), ctx.opt("snapshot").map(str::to_owned));
    let guest = ctx.guest(kind)?;
    let mut config = guest.config.clone();
    if let Some(name) = snapshot {
        let Some(snapshot) = guest.snapshots.iter().find(|s| s.name == name) else {
            return failed(format!("snapshot '{name}' does not exist"));
        };
        config = snapshot.config.clone();
        config.insert("snaptime".to_owned(), seconds(snapshot.time).to_string());
    } else if !current {
        for (key, value) in &guest.pending {
            match value {
                Some(value) => drop(config.insert(key.clone(), value.clone())),
                None => drop(config.remove(key)),
            }
        }
    }
    let mut data = shown_all(kind, version, &config);
    data.insert("digest".to_owned(), guest.digest().into());
    Ok(Value::from(data).into())
}

/// `GET …/pending`
pub(crate) fn pending(ctx: &mut Ctx<'_>) -> Answer {
    let version = ctx.version();
    let guest = ctx.vm()?;
    let show = |key: &str, value: &str| shown(Kind::Qemu, version, key, value);
    let keys: BTreeSet<_> = guest.config.keys().chain(guest.pending.keys()).collect();
    let mut rows: Vec<Value> = keys
        .into_iter()
        .map(|key| {
            let mut row = json!({ "key": key });
            if let Some(value) = guest.get(key) {
                row["value"] = show(key, value);
            }
            match guest.pending.get(key) {
                Some(Some(value)) => row["pending"] = show(key, value),
                Some(None) => row["delete"] = 1.into(),
                None => {}
            }
            row
        })
        .collect();
    rows.push(json!({ "key": "digest", "value": guest.digest() }));
    Ok(Value::from(rows).into())
}

/// `PUT …/config`: at once.
pub(crate) fn put(ctx: &mut Ctx<'_>) -> Answer {
    let wish = prepare(ctx)?;
    let (vmid, now) = (ctx.vmid(), ctx.now);
    match change::apply(ctx.state, vmid, &wish, now) {
        Ok(_) => Ok(Value::Null.into()),
        Err(sentence) => failed(sentence),
    }
}

/// `POST …/config`: in a task.
pub(crate) fn post(ctx: &mut Ctx<'_>) -> Answer {
    let wish = prepare(ctx)?;
    let vmid = ctx.vmid();
    let plan = Plan::new(0.2).line(format!("update VM {vmid}: {}", wish.summary()));
    let plan = plan.work(move |state, now| change::apply(state, vmid, &wish, now).map(drop));
    ctx.fork_vm("qmconfig", plan)
}

/// What a change asks for.
#[derive(Debug, Default)]
pub(crate) struct Wish {
    pub(crate) set: Vec<(String, String)>,
    pub(crate) delete: Vec<String>,
    pub(crate) revert: Vec<String>,
    /// Deleted disks are not kept as unused.
    pub(crate) force: bool,
}

impl Wish {
    fn summary(&self) -> String {
        let set = self.set.iter().map(|(key, value)| {
            let value = if key == "cipassword" { "<hidden>" } else { value };
            format!("-{key} {value}")
        });
        set.chain(self.delete.iter().map(|key| format!("-delete {key}"))).collect::<Vec<_>>().join(" ")
    }
}

/// The parameters that are not keys of the configuration.
const CONTROL: [&str; 18] = [
    "node",
    "vmid",
    "delete",
    "revert",
    "digest",
    "skiplock",
    "force",
    "background_delay",
    "archive",
    "bwlimit",
    "import-working-storage",
    "live-restore",
    "pool",
    "start",
    "storage",
    "unique",
    "ha-managed",
    "target",
];

/// All checks that PVE makes before it changes anything.
fn prepare(ctx: &mut Ctx<'_>) -> Result<Wish, Refusal> {
    only_root(ctx)?;
    let list =
        |name: &str| ctx.opt(name).map(|t| format::items(t).map(str::to_owned).collect()).unwrap_or_default();
    let mut wish =
        Wish { set: Vec::new(), delete: list("delete"), revert: list("revert"), force: ctx.flag("force") };
    wish.set = given(ctx)?;
    if wish.set.is_empty() && wish.delete.is_empty() && wish.revert.is_empty() {
        return failed("no options specified");
    }
    let params = config_params(Kind::Qemu, ctx.version());
    for key in &wish.delete {
        if wish.set.iter().any(|(set, _)| set == key) {
            return bad_param(
                "delete",
                format!("you can't use '-{key}' and -delete {key}' at the same time"),
            );
        }
        if find(params, key).is_none() {
            return bad_param("delete", format!("unknown option '{key}'"));
        }
    }
    let path = format!("/vms/{}", ctx.vmid());
    for (key, value) in &wish.set {
        permit(ctx, &path, key, value)?;
    }
    for key in wish.delete.iter().chain(&wish.revert) {
        permit(ctx, &path, key, "")?;
    }
    let (skiplock, digest) = (ctx.flag("skiplock"), ctx.opt("digest").map(str::to_owned));
    check_state(ctx.vm()?, digest.as_deref(), skiplock)?;
    let node = ctx.node().to_owned();
    for (_, value) in wish.set.iter().filter(|(key, _)| disk::is_disk_key(key)) {
        disk::check(ctx, &node, value)?;
    }
    Ok(wish)
}

/// The digest and the lock.
pub(crate) fn check_state(guest: &Guest, digest: Option<&str>, skiplock: bool) -> Result<(), Refusal> {
    if digest.is_some_and(|digest| digest != guest.digest()) {
        return failed("checksum mismatch (file change by other user?)");
    }
    check_lock(guest, skiplock)
}

/// The lock, as an error of the request.
pub(crate) fn check_lock(guest: &Guest, skiplock: bool) -> Result<(), Refusal> {
    match guest.lock() {
        Some(lock) if !skiplock => failed(format!("VM is locked ({lock})")),
        _ => Ok(()),
    }
}

/// What only `root@pam` itself may use: neither other users nor its API tokens.
pub(crate) fn only_root(ctx: &Ctx<'_>) -> Result<(), Refusal> {
    if ctx.who.is_root() {
        return Ok(());
    }
    if ctx.flag("skiplock") {
        return bad_param("skiplock", "Only root may use this option.");
    }
    match ["args", "lock", "hookscript"].iter().find(|key| ctx.args.contains_key(**key)) {
        Some(key) => failed(format!("only root can set '{key}' config")),
        None => Ok(()),
    }
}

/// The keys of the configuration among the parameters.
pub(crate) fn given(ctx: &Ctx<'_>) -> Result<Vec<(String, String)>, Refusal> {
    let params = config_params(Kind::Qemu, ctx.version());
    let mut set = Vec::new();
    for (key, arg) in ctx.args.iter().filter(|(key, _)| !CONTROL.contains(&key.as_str())) {
        let Arg::One(value) = arg else {
            return failed(format!("unable to parse value of '{key}' - got undefined value"));
        };
        let integer = find(params, key).is_some_and(|param| matches!(param.ty, Type::Int(_)));
        if integer && value.starts_with('+') {
            return failed(format!(
                "unable to parse value of '{key}' - type check ('integer') failed - got '{value}'"
            ));
        }
        let key = if key == "cdrom" { "ide2" } else { key };
        set.push((key.to_owned(), value.clone()));
    }
    Ok(set)
}

/// Whether the caller may change a key.
pub(crate) fn permit(ctx: &Ctx<'_>, path: &str, key: &str, value: &str) -> Result<(), Refusal> {
    let family = key.trim_end_matches(|c: char| c.is_ascii_digit());
    let any: &[&str] = match key {
        _ if disk::is_disk_key(key) && value.contains("media=cdrom") => &["VM.Config.CDROM"],
        _ if disk::is_disk_key(key) || family == "unused" => &["VM.Config.Disk"],
        "cores" | "cpu" | "sockets" | "cpulimit" | "cpuunits" | "vcpus" | "affinity" | "numa" | "smp" => {
            &["VM.Config.CPU"]
        }
        "memory" | "balloon" | "shares" => &["VM.Config.Memory"],
        "nameserver" | "searchdomain" => &["VM.Config.Cloudinit", "VM.Config.Network"],
        "cicustom" | "cipassword" | "citype" | "ciupgrade" | "ciuser" | "sshkeys" => &["VM.Config.Cloudinit"],
        _ if family == "ipconfig" => &["VM.Config.Cloudinit", "VM.Config.Network"],
        _ if net::is_card_key(key) => &["VM.Config.Network"],
        "acpi" | "hotplug" | "kvm" | "machine" | "scsihw" | "smbios1" | "tablet" | "vga" | "watchdog"
        | "audio0" | "rng0" | "vmgenid" => &["VM.Config.HWType"],
        _ if matches!(family, "serial" | "usb" | "hostpci" | "parallel") => &["VM.Config.HWType"],
        _ => &["VM.Config.Options"],
    };
    ctx.require(path, any)?;
    let bridge = net::is_card_key(key)
        .then(|| net::Card::parse(value))
        .and_then(|c| c.get("bridge").map(str::to_owned));
    bridge.map_or(Ok(()), |bridge| ctx.require(&format!("/sdn/zones/localnetwork/{bridge}"), &["SDN.Use"]))
}
