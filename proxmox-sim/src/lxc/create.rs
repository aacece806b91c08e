//! Making containers from template archives.

use crate::answer::{Answer, Refusal, failed};
use crate::ctx::Ctx;
use crate::guest::config::{self, Wish};
use crate::guest::{Guest, GuestKind, birth, change, disk, removal};
use crate::lxc::{mount, permit, power, template_file};
use crate::state::State;
use crate::task::{Plan, TaskStart, moving};

/// GiB of a root file system whose size nobody gave.
const ROOT: &str = "4";

/// `POST /nodes/{node}/lxc`
pub(crate) fn create(ctx: &mut Ctx<'_>) -> Answer {
    let (vmid, node, archive) = (ctx.vmid(), ctx.node().to_owned(), ctx.text("ostemplate").to_owned());
    if ctx.flag("restore") {
        return failed("the simulator does not restore archives");
    }
    let unprivileged = permit::unprivileged(ctx);
    if ctx.is_nine() && !unprivileged {
        ctx.require("/", &["Sys.Modify"])?;
    }
    if let Some(taken) = birth::taken(ctx, vmid) {
        return failed(taken);
    }
    check_keys(ctx.opt("ssh-public-keys").unwrap_or_default())?;
    birth::may_allocate(ctx, vmid)?;
    let mut set = config::given(ctx)?;
    for (key, value) in &set {
        permit::permit(ctx, &format!("/vms/{vmid}"), key, value)?;
    }
    template_file::check(ctx, &archive)?;
    set.retain(|(key, _)| !key.starts_with("unused"));
    mounts(ctx, &mut set)?;

    let mut guest = Guest::new(vmid, GuestKind::Lxc, &node);
    guest.set("lock", "create");
    ctx.state.guests.insert(vmid, guest);
    birth::join_pool(ctx, vmid);
    let made = make(ctx.state, vmid, set, &archive, unprivileged, ctx.now);
    let found = ctx.state.volume(&archive, &node).map(|volume| volume.size);

    let mut plan = Plan::new(1.0 + moving(found.unwrap_or_default()));
    let (finished, error) = match (made, found) {
        (Ok((finished, lines)), Some(size)) => {
            plan = lines.into_iter().fold(plan, Plan::line);
            plan = plan
                .line(format!("extracting archive '{}'", template_file::path(&archive)))
                .line_at(0.9, format!("Total bytes read: {}", size * 3))
                .line_at(
                    0.9,
                    format!("Detected container architecture: {}", finished.get("arch").unwrap_or_default()),
                );
            (Some(finished), None)
        }
        (Ok((_, lines)), None) => {
            plan = lines.into_iter().fold(plan, Plan::line);
            (None, Some(format!("volume '{archive}' does not exist")))
        }
        (Err(message), _) => (None, Some(message)),
    };
    let start = ctx.flag("start").then(|| ctx.who.id());
    let plan = plan.undo(move |state| removal::forget(state, vmid)).work(move |state, now| {
        if let Some(error) = error {
            removal::forget(state, vmid);
            return Err(format!("unable to create CT {vmid} - {error}"));
        }
        if let Some(finished) = finished {
            state.guests.insert(vmid, finished);
        }
        if let Some(user) = start {
            let plan = power::start_plan(state, vmid, &node, false);
            let subject = vmid.to_string();
            state.fork(TaskStart { now, node: &node, kind: "vzstart", subject: &subject, user: &user }, plan);
        }
        Ok(())
    });
    ctx.fork("vzcreate", &vmid.to_string(), plan)
}

/// The container as it will be, and the lines of the log about its volumes, which are made at once.
fn make(
    state: &mut State,
    vmid: u32,
    set: Vec<(String, String)>,
    archive: &str,
    unprivileged: bool,
    now: f64,
) -> Result<(Guest, Vec<String>), String> {
    let lines = change::apply(state, vmid, &Wish { set, ..Wish::default() }, now)?;
    let Some(unready) = state.guests.get_mut(&vmid) else {
        return Err("it is gone".to_owned());
    };
    let mut finished = Guest::new(vmid, GuestKind::Lxc, &unready.node);
    finished.config = std::mem::take(&mut unready.config);
    unready.set("lock", "create");
    finished.config.remove("lock");
    if unprivileged {
        finished.set("unprivileged", "1");
    }
    fill_in(&mut finished, template_file::arch(archive), template_file::ostype(archive));
    Ok((finished, lines))
}

/// What PVE itself puts into every configuration.
pub(crate) fn fill_in(guest: &mut Guest, arch: &str, ostype: &str) {
    let hostname = format!("CT{}", guest.vmid);
    for (key, value) in
        [("arch", arch), ("ostype", ostype), ("hostname", &hostname), ("memory", "512"), ("swap", "512")]
    {
        guest.config.entry(key.to_owned()).or_insert_with(|| value.to_owned());
    }
}

/// Gives the root and the mount points their storage, and checks that these can have them.
fn mounts(ctx: &Ctx<'_>, set: &mut Vec<(String, String)>) -> Result<(), Refusal> {
    let storage = ctx.opt("storage").unwrap_or("local");
    let is_disk = |key: &str| disk::is_disk_key(GuestKind::Lxc, key);
    if !set.iter().any(|(key, _)| key == "rootfs") {
        if set.iter().any(|(key, _)| is_disk(key)) {
            return failed("mount points configured, but 'rootfs' not set - aborting");
        }
        set.push(("rootfs".to_owned(), format!("{storage}:{ROOT}")));
    }
    for (_, value) in set.iter_mut().filter(|(key, _)| is_disk(key)) {
        *value = mount::with_storage(value, storage);
        let drive = disk::Drive::parse(value);
        match drive.file.split_once(':') {
            Some((storage, _)) => mount::check_storage(ctx, storage)?,
            None if ctx.who.is_root() => {}
            None => return failed("Only root can pass arbitrary filesystem paths."),
        }
    }
    // The root is made first.
    set.sort_by_key(|(key, _)| (key != "rootfs", key.clone()));
    Ok(())
}

/// PVE lets `ssh-keygen` look at every line.
fn check_keys(keys: &str) -> Result<(), Refusal> {
    let good = |line: &str| {
        let words: Vec<_> = line.split_whitespace().collect();
        words.windows(2).any(|pair| {
            let kind = ["ssh-", "ecdsa-", "sk-"].iter().any(|kind| pair[0].starts_with(kind));
            kind && pair[1].starts_with("AAAA")
        })
    };
    match keys.lines().all(|line| line.trim().is_empty() || line.starts_with('#') || good(line)) {
        true => Ok(()),
        false => failed("SSH public key validation error"),
    }
}
