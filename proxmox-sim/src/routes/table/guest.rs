//! Methods of guests.

use super::Line;
use crate::guest::{config, list, snapshot};
use crate::lxc;
use crate::qemu::{clone, cloudinit, create, lifecycle, power};

const AUDIT: &str = "/vms/{vmid} VM.Audit";
const POWER: &str = "/vms/{vmid} VM.PowerMgmt";
const SNAPSHOT: &str = "/vms/{vmid} VM.Snapshot";
const CHANGE: &str = "/vms/{vmid} VM.Config.Disk|VM.Config.CDROM|VM.Config.CPU|VM.Config.Memory|VM.Config.Network|\
    VM.Config.HWType|VM.Config.Options|VM.Config.Cloudinit";

pub(super) const QEMU: &[Line] = &[
    (
        "GET",
        "/nodes/{node}/qemu/{vmid}/rrddata",
        "timeframe:e:hour,day,week,month,year cf?:e:AVERAGE,MAX",
        AUDIT,
        list::rrddata,
    ),
    ("GET", "/nodes/{node}/qemu", "full?:b", "all", list::list),
    (
        "POST",
        "/nodes/{node}/qemu",
        "@qemu vmid:vmid archive?:s..255 bwlimit?:i0.. live-restore?:b pool?:s=poolid start?:b storage?:s=storage-id \
         unique?:b>archive 9!ha-managed?:b",
        "all",
        create::create,
    ),
    ("GET", "/nodes/{node}/qemu/{vmid}", "", "all", list::index),
    (
        "DELETE",
        "/nodes/{node}/qemu/{vmid}",
        "destroy-unreferenced-disks?:b purge?:b skiplock?:b",
        "/vms/{vmid} VM.Allocate",
        lifecycle::destroy,
    ),
    ("GET", "/nodes/{node}/qemu/{vmid}/config", "current?:b snapshot?:s..40=configid", AUDIT, config::get),
    (
        "PUT",
        "/nodes/{node}/qemu/{vmid}/config",
        "@qemu delete?:s=configid-list digest?:s..40 revert?:s=configid-list skiplock?:b",
        CHANGE,
        config::put,
    ),
    (
        "POST",
        "/nodes/{node}/qemu/{vmid}/config",
        "@qemu delete?:s=configid-list digest?:s..40 revert?:s=configid-list skiplock?:b background_delay?:i1..30",
        CHANGE,
        config::post,
    ),
    ("GET", "/nodes/{node}/qemu/{vmid}/pending", "", AUDIT, config::pending),
    (
        "POST",
        "/nodes/{node}/qemu/{vmid}/clone",
        "newid:vmid bwlimit?:i0.. description?:s format?:e:raw,qcow2,vmdk full?:b name?:s=dns-name pool?:s=poolid \
         snapname?:s..40=configid storage?:s=storage-id target?:s=node",
        "/vms/{vmid} VM.Clone",
        clone::clone,
    ),
    (
        "POST",
        "/nodes/{node}/qemu/{vmid}/template",
        "disk?:disk",
        "/vms/{vmid} VM.Allocate",
        lifecycle::template,
    ),
    (
        "PUT",
        "/nodes/{node}/qemu/{vmid}/resize",
        "disk:disk size:s~size digest?:s..40 skiplock?:b",
        "/vms/{vmid} VM.Config.Disk",
        lifecycle::resize,
    ),
    (
        "PUT",
        "/nodes/{node}/qemu/{vmid}/unlink",
        "idlist:s=configid-list force?:b",
        "/vms/{vmid} VM.Config.Disk",
        lifecycle::unlink,
    ),
    ("GET", "/nodes/{node}/qemu/{vmid}/status", "", "all", list::status_index),
    ("GET", "/nodes/{node}/qemu/{vmid}/status/current", "", AUDIT, list::current),
    (
        "POST",
        "/nodes/{node}/qemu/{vmid}/status/start",
        "@power force-cpu?:s machine?:s migratedfrom?:s=node migration_network?:s \
         migration_type?:e:secure,insecure nets-host-mtu?:s stateuri?:s..128 targetstorage?:s \
         9!with-conntrack-state?:b",
        POWER,
        power::start,
    ),
    (
        "POST",
        "/nodes/{node}/qemu/{vmid}/status/stop",
        "@power keepActive?:b migratedfrom?:s=node overrule-shutdown?:b",
        POWER,
        power::stop,
    ),
    (
        "POST",
        "/nodes/{node}/qemu/{vmid}/status/shutdown",
        "@power forceStop?:b keepActive?:b",
        POWER,
        power::shutdown,
    ),
    ("POST", "/nodes/{node}/qemu/{vmid}/status/reboot", "timeout?:i0..", POWER, power::reboot),
    ("POST", "/nodes/{node}/qemu/{vmid}/status/reset", "skiplock?:b", POWER, power::reset),
    (
        "POST",
        "/nodes/{node}/qemu/{vmid}/status/suspend",
        "skiplock?:b statestorage?:s=storage-id>todisk todisk?:b",
        POWER,
        power::suspend,
    ),
    ("POST", "/nodes/{node}/qemu/{vmid}/status/resume", "nocheck?:b skiplock?:b", POWER, power::resume),
    ("GET", "/nodes/{node}/qemu/{vmid}/cloudinit", "", AUDIT, cloudinit::pending),
    (
        "PUT",
        "/nodes/{node}/qemu/{vmid}/cloudinit",
        "",
        "/vms/{vmid} VM.Config.Cloudinit",
        cloudinit::regenerate,
    ),
    ("GET", "/nodes/{node}/qemu/{vmid}/cloudinit/dump", "type:e:user,network,meta", AUDIT, cloudinit::dump),
    ("GET", "/nodes/{node}/qemu/{vmid}/snapshot", "", AUDIT, snapshot::list),
    (
        "POST",
        "/nodes/{node}/qemu/{vmid}/snapshot",
        "snapname:s..40=configid description?:s vmstate?:b",
        SNAPSHOT,
        snapshot::create,
    ),
    ("DELETE", "/nodes/{node}/qemu/{vmid}/snapshot/{snapname}", "force?:b", SNAPSHOT, snapshot::delete),
    (
        "GET",
        "/nodes/{node}/qemu/{vmid}/snapshot/{snapname}/config",
        "",
        "/vms/{vmid} VM.Snapshot|VM.Snapshot.Rollback|VM.Audit",
        snapshot::saved,
    ),
    (
        "POST",
        "/nodes/{node}/qemu/{vmid}/snapshot/{snapname}/rollback",
        "start?:b",
        "/vms/{vmid} VM.Snapshot|VM.Snapshot.Rollback",
        snapshot::rollback,
    ),
];

const CHANGE_CT: &str =
    "/vms/{vmid} VM.Config.Disk|VM.Config.CPU|VM.Config.Memory|VM.Config.Network|VM.Config.Options";

pub(super) const LXC: &[Line] = &[
    ("GET", "/nodes/{node}/lxc", "", "all", list::list),
    (
        "POST",
        "/nodes/{node}/lxc",
        "@lxc vmid:vmid ostemplate:s..255 bwlimit?:n0.. force?:b ignore-unpack-errors?:b password?:s5.. \
         pool?:s=poolid restore?:b ssh-public-keys?:s start?:b storage?:s=storage-id unique?:b>restore \
         9!ha-managed?:b",
        "all",
        lxc::create::create,
    ),
    ("GET", "/nodes/{node}/lxc/{vmid}", "", "all", list::index),
    (
        "DELETE",
        "/nodes/{node}/lxc/{vmid}",
        "destroy-unreferenced-disks?:b force?:b purge?:b",
        "/vms/{vmid} VM.Allocate",
        lxc::lifecycle::destroy,
    ),
    ("GET", "/nodes/{node}/lxc/{vmid}/config", "current?:b snapshot?:s..40=configid", AUDIT, config::get),
    (
        "PUT",
        "/nodes/{node}/lxc/{vmid}/config",
        "@lxc delete?:s=configid-list digest?:s..40 revert?:s=configid-list",
        CHANGE_CT,
        config::put,
    ),
    ("GET", "/nodes/{node}/lxc/{vmid}/pending", "", AUDIT, config::pending),
    (
        "POST",
        "/nodes/{node}/lxc/{vmid}/clone",
        "newid:vmid bwlimit?:n0.. description?:s full?:b hostname?:s=dns-name pool?:s=poolid \
         snapname?:s..40=configid storage?:s=storage-id target?:s=node",
        "/vms/{vmid} VM.Clone",
        lxc::clone::clone,
    ),
    ("POST", "/nodes/{node}/lxc/{vmid}/template", "", "/vms/{vmid} VM.Allocate", lxc::lifecycle::template),
    (
        "PUT",
        "/nodes/{node}/lxc/{vmid}/resize",
        "disk:mount size:s~size digest?:s..40",
        "/vms/{vmid} VM.Config.Disk",
        lxc::lifecycle::resize,
    ),
    (
        "POST",
        "/nodes/{node}/lxc/{vmid}/move_volume",
        "volume:mount bwlimit?:n0.. delete?:b digest?:s..40 storage?:s=storage-id target-digest?:s..40 \
         target-vmid?:vmid target-volume?:mount",
        "/vms/{vmid} VM.Config.Disk",
        lxc::move_volume::move_volume,
    ),
    (
        "GET",
        "/nodes/{node}/lxc/{vmid}/feature",
        "feature:e:snapshot,clone,copy snapname?:s..40=configid",
        AUDIT,
        lxc::feature::get,
    ),
    (
        "GET",
        "/nodes/{node}/lxc/{vmid}/rrddata",
        "timeframe:e:hour,day,week,month,year cf?:e:AVERAGE,MAX",
        AUDIT,
        list::rrddata,
    ),
    ("GET", "/nodes/{node}/lxc/{vmid}/status", "", "all", list::status_index),
    ("GET", "/nodes/{node}/lxc/{vmid}/status/current", "", AUDIT, list::current),
    ("POST", "/nodes/{node}/lxc/{vmid}/status/start", "debug?:b skiplock?:b", POWER, lxc::power::start),
    (
        "POST",
        "/nodes/{node}/lxc/{vmid}/status/stop",
        "overrule-shutdown?:b skiplock?:b",
        POWER,
        lxc::power::stop,
    ),
    (
        "POST",
        "/nodes/{node}/lxc/{vmid}/status/shutdown",
        "forceStop?:b timeout?:i0..",
        POWER,
        lxc::power::shutdown,
    ),
    ("POST", "/nodes/{node}/lxc/{vmid}/status/reboot", "timeout?:i0..", POWER, lxc::power::reboot),
    ("POST", "/nodes/{node}/lxc/{vmid}/status/suspend", "", POWER, lxc::power::suspend),
    ("POST", "/nodes/{node}/lxc/{vmid}/status/resume", "", POWER, lxc::power::resume),
    ("GET", "/nodes/{node}/lxc/{vmid}/interfaces", "", AUDIT, lxc::interfaces::get),
    ("GET", "/nodes/{node}/lxc/{vmid}/snapshot", "", AUDIT, snapshot::list),
    (
        "POST",
        "/nodes/{node}/lxc/{vmid}/snapshot",
        "snapname:s..40=configid description?:s",
        SNAPSHOT,
        snapshot::create,
    ),
    ("DELETE", "/nodes/{node}/lxc/{vmid}/snapshot/{snapname}", "force?:b", SNAPSHOT, snapshot::delete),
    (
        "GET",
        "/nodes/{node}/lxc/{vmid}/snapshot/{snapname}/config",
        "",
        "/vms/{vmid} VM.Snapshot|VM.Snapshot.Rollback|VM.Audit",
        snapshot::saved,
    ),
    (
        "POST",
        "/nodes/{node}/lxc/{vmid}/snapshot/{snapname}/rollback",
        "start?:b",
        "/vms/{vmid} VM.Snapshot|VM.Snapshot.Rollback",
        snapshot::rollback,
    ),
];
