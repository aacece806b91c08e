//! Storage pools and volumes.

use proxmox_core::{Error, Result};

use super::columns::table;
use super::command::{Command, Flags};
use super::domain::named;
use super::fields::{Fields, child, document, next_part, parsed, parts};
use super::form::{Form, Input, Read, Step, Unread};
use super::lists::{among, by_name, by_uuid, one_of_pairs, pairs};
use crate::rpc::{PoolInfo, PoolRef, Uuid, VolumeInfo, VolumeRef};

const WHO: Flags = &[(4, "--persistent"), (8, "--transient"), (16, "--autostart"), (32, "--no-autostart")];

/// libvirt's number for a volume that is not there.
const NO_VOLUME: i32 = 50;

pub(crate) fn pools((_, flags): (i32, u32)) -> Result<Form<Vec<PoolRef>>> {
    let command = Command::new("pool-list");
    // 1 those that do not run, 2 those that do.
    let command = match flags & 3 {
        1 => command.option("--inactive"),
        2 => command,
        _ => command.option("--all"),
    };
    Ok(pairs(&command.flags(flags & !3, WHO)?))
}

pub(crate) fn pool_by_name((name,): (String,)) -> Result<Form<PoolRef>> {
    Ok(one_of_pairs(move |all| by_name(all, &name)))
}

pub(crate) fn pool_by_uuid((uuid,): (Uuid,)) -> Result<Form<PoolRef>> {
    Ok(one_of_pairs(move |all| by_uuid(all, uuid)))
}

pub(crate) fn pool_info((pool,): (PoolRef,)) -> Result<Form<PoolInfo>> {
    Ok(Form::new(Command::new("pool-info").pool(&pool).option("--bytes"), |output| {
        let fields = Fields::of(output);
        let states = ["inactive", "building", "running", "degraded", "inaccessible"];
        let state = fields.text("State")?;
        let known = (0u8..).zip(states).find(|(_, name)| *name == state);
        let (state, _) =
            known.ok_or_else(|| Unread::Malformed(format!("{state:?} is no state of a pool")))?;
        // Of a pool that does not run nothing is printed.
        let bytes = |name| if fields.maybe(name).is_none() { Ok(0) } else { fields.number(name) };
        Ok(PoolInfo {
            state,
            capacity: bytes("Capacity")?,
            allocation: bytes("Allocation")?,
            available: bytes("Available")?,
        })
    }))
}

pub(crate) fn pool_xml((pool, flags): (PoolRef, u32)) -> Result<Form<String>> {
    let command = Command::new("pool-dumpxml").pool(&pool).flags(flags, &[(1, "--inactive")])?;
    Ok(Form::new(command, document))
}

pub(crate) fn pool_is_active((pool,): (PoolRef,)) -> Result<Form<bool>> {
    among(Command::new("pool-list"), &pool)
}

fn on_pool(name: &str, pool: &PoolRef, flags: u32, known: Flags) -> Result<Form<()>> {
    Command::new(name).pool(pool).flags(flags, known).map(Form::plain)
}

pub(crate) fn refresh_pool((pool, flags): (PoolRef, u32)) -> Result<Form<()>> {
    on_pool("pool-refresh", &pool, flags, &[])
}

pub(crate) fn define_pool((xml, flags): (String, u32)) -> Result<Form<PoolRef>> {
    let command = Command::new("pool-define").stdin("--file").flags(flags, &[(1, "--validate")])?;
    let sent = xml.clone();
    let form = Form::then(command, move |_| {
        let pool = parsed(&sent)?;
        // Without one a pool has the name of its source.
        let source =
            || pool.child("source").map_or_else(|| child(&pool, "name"), |source| child(source, "name"));
        let name = child(&pool, "name").or_else(|_| source())?;
        Ok(one_of_pairs(move |all| by_name(all, &name)))
    });
    Ok(form.document(xml))
}

pub(crate) fn build_pool((pool, flags): (PoolRef, u32)) -> Result<Form<()>> {
    on_pool("pool-build", &pool, flags, &[(4, "--no-overwrite"), (8, "--overwrite")])
}

pub(crate) fn start_pool((pool, flags): (PoolRef, u32)) -> Result<Form<()>> {
    on_pool("pool-start", &pool, flags, &[(1, "--build"), (2, "--overwrite"), (4, "--no-overwrite")])
}

pub(crate) fn stop_pool((pool,): (PoolRef,)) -> Result<Form<()>> {
    on_pool("pool-destroy", &pool, 0, &[])
}

pub(crate) fn undefine_pool((pool,): (PoolRef,)) -> Result<Form<()>> {
    on_pool("pool-undefine", &pool, 0, &[])
}

pub(crate) fn set_pool_autostart((pool, on): (PoolRef, bool)) -> Result<Form<()>> {
    on_pool("pool-autostart", &pool, u32::from(!on), &[(1, "--disable")])
}

/// Names from a table, for there is no list of them alone; then the key of each, which may be another than its path.
pub(crate) fn volumes((pool, _, _): (PoolRef, i32, u32)) -> Result<Form<Vec<VolumeRef>>> {
    Ok(Form::steps(vec![Command::new("vol-list").pool(&pool)], |output| {
        let names = table(output, ["Name", "Path"])?.into_iter().map(|[name, _]| name).collect();
        Ok(keys(pool, names, Vec::new()))
    }))
}

/// So many volumes are asked for at once.
const AT_ONCE: usize = 300;

fn keys(pool: PoolRef, mut names: Vec<String>, mut found: Vec<VolumeRef>) -> Step<Vec<VolumeRef>> {
    let later = names.split_off(names.len().min(AT_ONCE));
    if names.is_empty() {
        return Step::Done(found);
    }
    let one = |name: &String| Command::new("vol-key").pool(&pool).with("--vol", name);
    let commands = names.iter().map(one).collect();
    let form = Form::steps(commands, move |output| {
        let mut rest = output;
        for name in names {
            let none = || Unread::Malformed(format!("there is no key of {name:?}"));
            let (key, more) = next_part(rest).ok_or_else(none)?;
            rest = more;
            // One that has gone since has none.
            if !key.is_empty() {
                found.push(VolumeRef { pool: pool.name.clone(), name, key: key.to_owned() });
            }
        }
        Ok(keys(pool, later, found))
    });
    Step::Then(form.tolerating(NO_VOLUME))
}

/// What a volume's document says of it.
fn volume(pool: &str, output: &str) -> Read<VolumeRef> {
    let volume = parsed(output)?;
    Ok(VolumeRef { pool: pool.to_owned(), name: child(&volume, "name")?, key: child(&volume, "key")? })
}

fn none_such(what: &str, value: &str) -> Unread {
    Unread::refused(
        NO_VOLUME,
        format!("Storage volume not found: no storage vol with matching {what} '{value}'"),
    )
}

fn by_its_name(pool: &PoolRef, name: String) -> Form<VolumeRef> {
    let command = Command::new("vol-dumpxml").pool(pool).with("--vol", &name);
    let pool = pool.name.clone();
    Form::new(command, move |output| {
        // virsh may have taken it for a key or a path.
        let found = volume(&pool, output)?;
        if found.name == name { Ok(found) } else { Err(none_such("name", &name)) }
    })
}

pub(crate) fn volume_by_name((pool, name): (PoolRef, String)) -> Result<Form<VolumeRef>> {
    Ok(by_its_name(&pool, name))
}

/// The volume that virsh finds, with its document and what that says of its pool.
fn anywhere(
    value: String,
    what: &'static str,
    is: impl FnOnce(&VolumeRef, &str, &str) -> Read<bool> + Send + Sync + 'static,
) -> Form<VolumeRef> {
    let of = |name: &str| Command::new(name).with("--vol", &value);
    Form::several(vec![of("vol-pool"), of("vol-dumpxml")], move |output| {
        let [pool, xml] = parts(output)?;
        let found = volume(pool, xml)?;
        if is(&found, xml, &value)? { Ok(found) } else { Err(none_such(what, &value)) }
    })
}

pub(crate) fn volume_by_key((key,): (String,)) -> Result<Form<VolumeRef>> {
    Ok(anywhere(key, "key", |found, _, key| Ok(found.key == key)))
}

pub(crate) fn volume_by_path((path,): (String,)) -> Result<Form<VolumeRef>> {
    Ok(anywhere(path, "path", |found, xml, path| {
        let volume = parsed(xml)?;
        let own = volume.child("target").map(|target| child(target, "path")).transpose()?;
        // The daemon may know a path by another name; the key of another volume it is not.
        Ok(own.as_deref() == Some(path) || found.key != path)
    }))
}

fn created(command: Command, pool: PoolRef, xml: String) -> Form<VolumeRef> {
    let sent = xml.clone();
    let form = Form::then(command.stdin("--file"), move |_| Ok(by_its_name(&pool, named(&parsed(&sent)?)?)));
    form.document(xml)
}

pub(crate) fn create_volume((pool, xml, flags): (PoolRef, String, u32)) -> Result<Form<VolumeRef>> {
    let command = Command::new("vol-create").pool(&pool);
    Ok(created(command.flags(flags, &[(1, "--prealloc-metadata"), (4, "--validate")])?, pool, xml))
}

pub(crate) fn create_volume_from(
    (pool, xml, source, flags): (PoolRef, String, VolumeRef, u32),
) -> Result<Form<VolumeRef>> {
    let command = Command::new("vol-create-from").pool(&pool).with("--vol", &source.name);
    let known = &[(1, "--prealloc-metadata"), (2, "--reflink"), (4, "--validate")];
    Ok(created(command.with("--inputpool", &source.pool).flags(flags, known)?, pool, xml))
}

pub(crate) fn volume_info((of,): (VolumeRef,)) -> Result<Form<VolumeInfo>> {
    Ok(Form::new(Command::new("vol-info").volume(&of).option("--bytes"), |output| {
        let fields = Fields::of(output);
        let kinds = ["file", "block", "dir", "network", "netdir", "ploop"];
        let kind = fields.text("Type")?;
        let known = (0u8..).zip(kinds).find(|(_, name)| *name == kind);
        let (kind, _) = known.ok_or_else(|| Unread::Malformed(format!("{kind:?} is no kind of volume")))?;
        Ok(VolumeInfo {
            kind,
            capacity: fields.number("Capacity")?,
            allocation: fields.number("Allocation")?,
        })
    }))
}

pub(crate) fn volume_xml((of, flags): (VolumeRef, u32)) -> Result<Form<String>> {
    Ok(Form::new(Command::new("vol-dumpxml").volume(&of).flags(flags, &[])?, document))
}

pub(crate) fn volume_path((of,): (VolumeRef,)) -> Result<Form<String>> {
    Ok(Form::new(Command::new("vol-path").volume(&of), |output| Ok(output.trim_end_matches('\n').to_owned())))
}

pub(crate) fn resize_volume((of, bytes, flags): (VolumeRef, u64, u32)) -> Result<Form<()>> {
    let command = Command::new("vol-resize").volume(&of).with("--capacity", bytes);
    command.flags(flags, &[(1, "--allocate"), (2, "--delta"), (4, "--shrink")]).map(Form::plain)
}

pub(crate) fn delete_volume((of, flags): (VolumeRef, u32)) -> Result<Form<()>> {
    Command::new("vol-delete").volume(&of).flags(flags, &[(2, "--delete-snapshots")]).map(Form::plain)
}

fn content(
    name: &str,
    file: &str,
    (of, offset, length, flags): (VolumeRef, u64, u64, u32),
) -> Result<Command> {
    let command = Command::new(name).volume(&of).with("--file", file).with("--offset", offset);
    command.maybe("--length", (length > 0).then_some(length)).flags(flags, &[(1, "--sparse")])
}

pub(crate) fn upload(arguments: (VolumeRef, u64, u64, u32)) -> Result<Form<()>> {
    let form = Form::plain(content("vol-upload", "/dev/stdin", arguments)?);
    Ok(form.with_input(Input::Content))
}

pub(crate) fn download(arguments: (VolumeRef, u64, u64, u32)) -> Result<Form<()>> {
    if arguments.3 != 0 {
        return Err(Error::invalid("flags", "flags: holes cannot be told apart in a stream of bytes"));
    }
    // virsh's own output is not for the content: it ends with a line break more.
    let form = Form::plain(content("vol-download", "/dev/fd/3", arguments)?);
    Ok(form.with_input(Input::Receives))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lab() -> PoolRef {
        PoolRef { name: "lab".to_owned(), uuid: "78728a94-e17d-451f-b095-fe52db3b81c8".parse().unwrap() }
    }

    fn disk() -> VolumeRef {
        VolumeRef { pool: "lab".to_owned(), name: "-a  b.raw".to_owned(), key: "/pool/-a  b.raw".to_owned() }
    }

    const XML: &str = "<volume><name>-a  b.raw</name><key>/pool/-a  b.raw</key><target><path>/pool/-a  b.raw</path></target></volume>\n\n";

    fn code<T: std::fmt::Debug>(answer: Read<T>) -> i32 {
        match answer {
            Err(Unread::Refused(error)) => error.code,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn volumes_with_their_keys() {
        let table =
            " Name        Path\n------\n -a  b.raw   /pool/-a  b.raw\n gone.raw    /pool/gone.raw\n\n";
        let next = volumes((lab(), 1, 0)).unwrap().next(table);
        assert_eq!(next.lines()[1], "vol-key --pool 78728a94-e17d-451f-b095-fe52db3b81c8 --vol gone.raw");
        assert_eq!(next.tolerated, Some(50));
        assert_eq!(next.answer("/pool/-a  b.raw\n\n\n").unwrap(), [disk()]);
        assert_eq!(volumes((lab(), 1, 0)).unwrap().answer(" Name   Path\n-----\n\n").unwrap(), []);
    }

    #[test]
    fn many_volumes_are_asked_for_in_parts() {
        let names: Vec<_> = (0..AT_ONCE + 1).map(|i| format!("v{i}")).collect();
        let Step::Then(first) = keys(lab(), names, Vec::new()) else { panic!("nothing is asked") };
        let second = first.next(&"k\n\n".repeat(AT_ONCE));
        assert_eq!(second.lines().len(), 1);
        assert_eq!(second.answer("k\n\n").unwrap().len(), AT_ONCE + 1);
    }

    #[test]
    fn what_virsh_found_by_something_else_is_not_it() {
        let by_name = |name: &str| volume_by_name((lab(), name.to_owned())).unwrap().answer(XML);
        assert_eq!(by_name("-a  b.raw").unwrap(), disk());
        assert_eq!(code(by_name("/pool/-a  b.raw")), 50);
        let both = format!("lab\n\n{XML}");
        let by_key = |key: &str| volume_by_key((key.to_owned(),)).unwrap().answer(&both);
        assert_eq!(by_key("/pool/-a  b.raw").unwrap(), disk());
        assert_eq!(code(by_key("-a  b.raw")), 50);
        assert_eq!(volume_by_path(("/pool/-a  b.raw".to_owned(),)).unwrap().answer(&both).unwrap(), disk());
    }

    #[test]
    fn sizes() {
        let printed = "Name:           lab\nUUID:           f9610312-2a02-4ce5-ad1d-481e4bb3f4d5\nState:          running\nCapacity:       270553174016\nAllocation:     16006758400\nAvailable:      254546415616\n\n";
        let info = pool_info((lab(),)).unwrap().answer(printed).unwrap();
        assert_eq!((info.state, info.capacity, info.available), (2, 270_553_174_016, 254_546_415_616));
        let off = pool_info((lab(),)).unwrap().answer("State:          inactive\n\n").unwrap();
        assert_eq!((off.state, off.capacity), (0, 0));
        assert!(pool_info((lab(),)).unwrap().answer("State: tired\n").is_err());
        let printed = "Name:           a\nType:           block\nCapacity:       67108864 bytes\nAllocation:     200704 bytes\n\n";
        let info = volume_info((disk(),)).unwrap().answer(printed).unwrap();
        assert_eq!((info.kind, info.capacity, info.allocation), (1, 67_108_864, 200_704));
    }

    #[test]
    fn commands() {
        let end = |form: Form<()>| form.lines()[0].split_once(".raw ").unwrap().1.to_owned();
        assert_eq!(end(resize_volume((disk(), 9, 4)).unwrap()), "--capacity 9 --shrink");
        assert_eq!(end(upload((disk(), 0, 0, 0)).unwrap()), "--file /dev/stdin --offset 0");
        assert_eq!(end(download((disk(), 4, 8, 0)).unwrap()), "--file /dev/fd/3 --offset 4 --length 8");
        let xml = "<volume><name>-a  b.raw</name></volume>";
        let form = create_volume_from((lab(), xml.to_owned(), disk(), 0)).unwrap();
        assert!(
            form.lines()[0].ends_with("--vol -a  b.raw --inputpool lab --file /dev/stdin"),
            "{:?}",
            form.lines()
        );
        assert_eq!(form.next("Vol created\n\n").answer(XML).unwrap(), disk());
        assert!(start_pool((lab(), 8)).is_err());
        assert!(stop_pool((lab(),)).unwrap().lines()[0].starts_with("pool-destroy --pool 78728a94"));
    }
}
