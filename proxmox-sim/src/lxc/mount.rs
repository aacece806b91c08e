//! The root file system and the mount points of containers.

use crate::answer::{Refusal, bad_param, failed};
use crate::ctx::Ctx;
use crate::guest::disk::{Drive, print_size};
use crate::state::State;
use crate::storage::{Storage, storage_of};

/// Bytes of a file system's block.
const BLOCK: u64 = 4096;
/// Blocks of a group; some groups begin with a copy of the superblock.
const GROUP: u64 = 32_768;

/// What the log says of a new volume: how its file system was made.
pub(crate) fn made(state: &mut State, volid: &str, size: u64) -> Vec<String> {
    if crate::storage::format_of(volid) == "subvol" {
        return Vec::new();
    }
    let mut lines = Vec::new();
    if is_lvm(state.storages.get(storage_of(volid))) {
        lines.push(format!("  Logical volume \"{}\" created.", name_of(volid)));
    }
    let blocks = size / BLOCK;
    lines.push(format!("Creating filesystem with {blocks} 4k blocks and {} inodes", blocks / 4));
    lines.push(format!("Filesystem UUID: {}", state.counters.uuid()));
    let copies: Vec<_> = copies(blocks).into_iter().map(|block| block.to_string()).collect();
    if !copies.is_empty() {
        lines.push("Superblock backups stored on blocks: ".to_owned());
        lines.push(format!("\t{}", copies.join(", ")));
    }
    lines
}

/// What the log says of a volume that has grown.
pub(crate) fn grown(state: &State, volid: &str, size: u64) -> String {
    if is_lvm(state.storages.get(storage_of(volid))) {
        format!("  Logical volume {} successfully resized to {}.", name_of(volid), print_size(size))
    } else {
        "Image resized.".to_owned()
    }
}

fn is_lvm(storage: Option<&Storage>) -> bool {
    storage.is_some_and(|storage| storage.kind.starts_with("lvm"))
}

fn name_of(volid: &str) -> &str {
    volid.split_once(':').map_or(volid, |(_, name)| name)
}

/// The error about a mount point that is not there: PVE reads it as an empty one.
pub(crate) fn missing() -> Refusal {
    let missing = "property is missing and it is not optional";
    Refusal::Format(["mp", "volume"].map(|name| (name.to_owned(), missing.to_owned())).to_vec())
}

/// Where the superblock is kept again: at the beginning of group 1 and of those numbered by powers of 3, 5 and 7.
fn copies(blocks: u64) -> Vec<u64> {
    let powers = |base: u64| std::iter::successors(Some(base), move |n| n.checked_mul(base));
    let mut groups = vec![1];
    for base in [3, 5, 7] {
        groups.extend(powers(base).take_while(|group| group.saturating_mul(GROUP) < blocks));
    }
    groups.sort_unstable();
    groups.into_iter().map(|group| group * GROUP).filter(|block| *block < blocks).collect()
}

/// Whether a storage can keep the root of a container, and the caller may use it.
pub(crate) fn check_storage(ctx: &Ctx<'_>, id: &str) -> Result<(), Refusal> {
    if !ctx.state.usable(id, ctx.node())?.content.contains("rootdir") {
        return bad_param("storage", format!("storage '{id}' does not support container directories"));
    }
    ctx.require(&format!("/storage/{id}"), &["Datastore.AllocateSpace"])
}

/// Whether what a changed mount point names can be had.
pub(crate) fn check_change(ctx: &Ctx<'_>, value: &str) -> Result<(), Refusal> {
    let drive = Drive::parse(value);
    if !drive.file.contains(':') {
        return Ok(());
    }
    let id = storage_of(&drive.file);
    let storage = ctx.state.usable(id, ctx.node())?;
    if !storage.content.contains("rootdir") {
        return failed(format!("storage '{id}' does not allow content type 'rootdir' (Container)"));
    }
    if drive.asks_for().is_some() {
        return ctx.require(&format!("/storage/{id}"), &["Datastore.AllocateSpace"]);
    }
    match ctx.state.volume(&drive.file, ctx.node()) {
        Some(_) => Ok(()),
        None => failed(format!("volume '{}' does not exist", drive.file)),
    }
}

/// The value of a root or mount point that names no storage: so many GiB of the default one.
pub(crate) fn with_storage(value: &str, storage: &str) -> String {
    let mut drive = Drive::parse(value);
    if drive.file.parse::<f64>().is_ok_and(f64::is_finite) {
        drive.file = format!("{storage}:{}", drive.file);
    }
    drive.print()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_the_superblock_is_kept() {
        assert_eq!(copies(262_144), [32_768, 98_304, 163_840, 229_376]);
        assert_eq!(copies(2 * 1_048_576 / 8), [32_768, 98_304, 163_840, 229_376]);
        assert_eq!(copies(1024), [0_u64; 0]);
        let large = copies(2_097_152);
        assert_eq!(large.last(), Some(&(49 * GROUP)));
        assert!(
            large.contains(&(25 * GROUP)) && large.contains(&(27 * GROUP)) && !large.contains(&(15 * GROUP))
        );
    }

    #[test]
    fn plain_numbers_are_of_the_default_storage() {
        assert_eq!(with_storage("8", "local-lvm"), "local-lvm:8");
        assert_eq!(with_storage("volume=0.5,mp=/data", "lab"), "lab:0.5,mp=/data");
        assert_eq!(with_storage("other:8", "lab"), "other:8");
        assert_eq!(with_storage("/mnt/data,mp=/data", "lab"), "/mnt/data,mp=/data");
    }
}
