//! Reading and changing the configuration of a guest.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::PveVersion;
use crate::answer::{Answer, Refusal, bad_param, failed};
use crate::ctx::Ctx;
use crate::guest::{Guest, GuestKind, change, disk};
use crate::lxc;
use crate::qemu::permit;
use crate::routes::shared::config_params;
use crate::schema::{Arg, find, format, value::Type};
use crate::state::seconds;
use crate::task::Plan;

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
    kind: GuestKind,
    version: PveVersion,
    config: &BTreeMap<String, String>,
) -> Map<String, Value> {
    config.iter().map(|(key, value)| (key.clone(), shown(kind, version, key, value))).collect()
}

/// `GET …/config`
pub(crate) fn get(ctx: &mut Ctx<'_>) -> Answer {
    let (kind, version) = (ctx.kind, ctx.version());
    let (current, snapshot) = (ctx.flag("current"), ctx.opt("snapshot").map(str::to_owned));
    let guest = ctx.guest()?;
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
    let (kind, version) = (ctx.kind, ctx.version());
    let guest = ctx.guest()?;
    let show = |key: &str, value: &str| shown(kind, version, key, value);
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
const CONTROL: [&str; 24] = [
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
    "ostemplate",
    "password",
    "restore",
    "ssh-public-keys",
    "ignore-unpack-errors",
    "unprivileged",
];

/// All checks that PVE makes before it changes anything.
fn prepare(ctx: &mut Ctx<'_>) -> Result<Wish, Refusal> {
    let kind = ctx.kind;
    if kind == GuestKind::Qemu {
        permit::only_root(ctx)?;
    }
    let list =
        |name: &str| ctx.opt(name).map(|t| format::items(t).map(str::to_owned).collect()).unwrap_or_default();
    let mut wish =
        Wish { set: Vec::new(), delete: list("delete"), revert: list("revert"), force: ctx.flag("force") };
    wish.set = given(ctx)?;
    if kind == GuestKind::Lxc && ctx.opt("unprivileged").is_some() {
        return failed("unable to modify read-only option: 'unprivileged'");
    }
    if wish.set.is_empty() && wish.delete.is_empty() && wish.revert.is_empty() {
        return failed("no options specified");
    }
    let (skiplock, digest) = (ctx.flag("skiplock"), ctx.opt("digest").map(str::to_owned));
    if kind == GuestKind::Lxc {
        lxc::config::check_state(ctx.guest()?, digest.as_deref())?;
    }
    known_keys(ctx, &wish)?;
    let path = format!("/vms/{}", ctx.vmid());
    let may = |key: &str, value: &str| match kind {
        GuestKind::Qemu => permit::permit(ctx, &path, key, value),
        GuestKind::Lxc => lxc::permit::permit(ctx, &path, key, value),
    };
    wish.set.iter().try_for_each(|(key, value)| may(key, value))?;
    wish.delete.iter().chain(&wish.revert).try_for_each(|key| may(key, ""))?;
    let node = ctx.node().to_owned();
    match kind {
        GuestKind::Qemu => {
            check_state(ctx.guest()?, digest.as_deref(), skiplock)?;
            for (_, value) in wish.set.iter().filter(|(key, _)| disk::is_disk_key(kind, key)) {
                disk::check(ctx, &node, value)?;
            }
        }
        GuestKind::Lxc => lxc::config::check(ctx, &wish)?,
    }
    Ok(wish)
}

/// What is deleted or reverted has to be a key, and not to be set in the same request.
fn known_keys(ctx: &Ctx<'_>, wish: &Wish) -> Result<(), Refusal> {
    let params = config_params(ctx.kind, ctx.version());
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
    Ok(())
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
    guest.locked().filter(|_| !skiplock).map_or(Ok(()), failed)
}

/// The keys of the configuration among the parameters.
pub(crate) fn given(ctx: &Ctx<'_>) -> Result<Vec<(String, String)>, Refusal> {
    let params = config_params(ctx.kind, ctx.version());
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
