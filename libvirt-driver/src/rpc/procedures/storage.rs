//! Storage pools and volumes.

use super::super::call::procedures;
use super::super::types::{PoolInfo, PoolRef, Uuid, VolumeInfo, VolumeRef};
use super::{ITEMS, listed};
use crate::virsh::forms::storage;

procedures! {
    /// All pools, running or not.
    281 Read "pool.list" pools(flags: u32) sends[ITEMS, flags] gives Vec<PoolRef>, by listed,
        virsh storage::pools;
    /// The pool of this name.
    84 Read "pool.lookup_by_name" pool_by_name(name: &str) sends[name] gives PoolRef, about name,
        virsh storage::pool_by_name;
    /// The pool with this UUID.
    85 Read "pool.lookup_by_uuid" pool_by_uuid(uuid: Uuid) sends[uuid] gives PoolRef, about uuid,
        virsh storage::pool_by_uuid;
    /// The size of a pool. It is as of the last refresh.
    87 Read "pool.info" pool_info(pool: &PoolRef) sends[pool] gives PoolInfo, about &pool.name,
        virsh storage::pool_info;
    /// Its XML.
    88 Read "pool.xml" pool_xml(pool: &PoolRef, flags: u32) sends[pool, flags] gives String, about &pool.name,
        virsh storage::pool_xml;
    /// Whether it runs.
    154 Read "pool.is_active" pool_is_active(pool: &PoolRef) sends[pool] gives bool, about &pool.name,
        virsh storage::pool_is_active;
    /// Looks for volumes that came or went behind the daemon's back.
    83 Slow "pool.refresh" refresh_pool(pool: &PoolRef) sends[pool, 0u32] gives (), about &pool.name,
        virsh storage::refresh_pool;
    /// Defines a pool.
    77 Write "pool.define" define_pool(xml: &str) sends[xml, 0u32] gives PoolRef,
        virsh storage::define_pool;
    /// Makes the place that a pool is to be in, such as its directory.
    79 Slow "pool.build" build_pool(pool: &PoolRef, flags: u32) sends[pool, flags] gives (), about &pool.name,
        virsh storage::build_pool;
    /// Starts it.
    78 Write "pool.start" start_pool(pool: &PoolRef, flags: u32) sends[pool, flags] gives (), about &pool.name,
        virsh storage::start_pool;
    /// Stops it. Its volumes stay.
    80 Write "pool.stop" stop_pool(pool: &PoolRef) sends[pool] gives (), about &pool.name,
        virsh storage::stop_pool;
    /// Removes the definition. Its volumes stay.
    82 Write "pool.undefine" undefine_pool(pool: &PoolRef) sends[pool] gives (), about &pool.name,
        virsh storage::undefine_pool;
    /// Says whether it starts with the host.
    90 Write "pool.set_autostart" set_pool_autostart(pool: &PoolRef, on: bool) sends[pool, on] gives (), about &pool.name,
        virsh storage::set_pool_autostart;
    /// All volumes of a pool.
    282 Read "volume.list" volumes(pool: &PoolRef) sends[pool, ITEMS, 0u32] gives Vec<VolumeRef>, by listed, about &pool.name,
        virsh storage::volumes;
    /// The volume of this name.
    95 Read "volume.lookup_by_name" volume_by_name(pool: &PoolRef, name: &str) sends[pool, name] gives VolumeRef, about name,
        virsh storage::volume_by_name;
    /// The volume with this key.
    96 Read "volume.lookup_by_key" volume_by_key(key: &str) sends[key] gives VolumeRef, about key,
        virsh storage::volume_by_key;
    /// The volume at this path.
    97 Read "volume.lookup_by_path" volume_by_path(path: &str) sends[path] gives VolumeRef, about path,
        virsh storage::volume_by_path;
    /// Makes a volume. Flag 1 reserves the metadata of qcow2.
    93 Slow "volume.create" create_volume(pool: &PoolRef, xml: &str, flags: u32) sends[pool, xml, flags] gives VolumeRef, about &pool.name,
        virsh storage::create_volume;
    /// Makes a volume with the content of another, which may be of another pool.
    125 Slow "volume.create_from" create_volume_from(pool: &PoolRef, xml: &str, source: &VolumeRef, flags: u32)
        sends[pool, xml, source, flags] gives VolumeRef, about &pool.name,
        virsh storage::create_volume_from;
    /// Its size.
    98 Read "volume.info" volume_info(volume: &VolumeRef) sends[volume] gives VolumeInfo, about &volume.name,
        virsh storage::volume_info;
    /// Its XML.
    99 Read "volume.xml" volume_xml(volume: &VolumeRef) sends[volume, 0u32] gives String, about &volume.name,
        virsh storage::volume_xml;
    /// Where the host has it.
    100 Read "volume.path" volume_path(volume: &VolumeRef) sends[volume] gives String, about &volume.name,
        virsh storage::volume_path;
    /// Gives it this size, in bytes. Flags: 1 reserve it, 2 the size is what to add, 4 it may become smaller.
    260 Slow "volume.resize" resize_volume(volume: &VolumeRef, bytes: u64, flags: u32) sends[volume, bytes, flags] gives (), about &volume.name,
        virsh storage::resize_volume;
    /// Removes it.
    94 SlowDestroy "volume.delete" delete_volume(volume: &VolumeRef) sends[volume, 0u32] gives (), about &volume.name,
        virsh storage::delete_volume;
    /// Begins to write into it: for [`Connection::upload`](crate::Connection::upload). A length of 0 has no end.
    208 Slow "volume.upload" upload(volume: &VolumeRef, offset: u64, length: u64) sends[volume, offset, length, 0u32] gives (), about &volume.name,
        virsh storage::upload;
    /// Begins to read from it: for [`Connection::download`](crate::Connection::download). A length of 0 means all of it.
    209 Read "volume.download" download(volume: &VolumeRef, offset: u64, length: u64) sends[volume, offset, length, 0u32] gives (), about &volume.name,
        virsh storage::download;
}
