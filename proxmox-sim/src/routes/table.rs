//! Every method that is simulated, one line each. `super::Line` says how a line is read.

use super::Line;
use crate::qemu::{agent, clone, cloudinit, config, create, lifecycle, list, power, snapshot};
use crate::{access, cluster, content, lxc, network, node, pools, tasks};

/// All lines.
pub(super) fn lines() -> impl Iterator<Item = &'static Line> {
    [CLUSTER, NODE, STORAGE, QEMU, AGENT_LINES, LXC, ACCESS]
        .into_iter()
        .flatten()
}

const CLUSTER: &[Line] = &[
    ("GET", "/cluster/log", "max?:i1..", "all", tasks::cluster_log),
    ("GET", "/version", "", "all", node::version),
    ("GET", "/cluster", "", "all", cluster::index),
    (
        "GET",
        "/cluster/resources",
        "type?:e:vm,storage,node,sdn",
        "all",
        cluster::resources,
    ),
    ("GET", "/cluster/status", "", "/ Sys.Audit", cluster::status),
    ("GET", "/cluster/tasks", "", "all", tasks::cluster),
    ("GET", "/cluster/nextid", "vmid?:vmid", "all", cluster::nextid),
    ("GET", "/cluster/options", "", "/ Sys.Audit", cluster::options),
    (
        "GET",
        "/cluster/sdn/vnets",
        "pending?:b running?:b",
        "all",
        network::vnets,
    ),
    (
        "GET",
        "/cluster/sdn/zones",
        "pending?:b running?:b type?:s",
        "all",
        network::zones,
    ),
    (
        "GET",
        "/pools",
        "poolid?:s=poolid type?:e:qemu,lxc,storage",
        "all",
        pools::list,
    ),
    (
        "POST",
        "/pools",
        "poolid:s=poolid comment?:s",
        "all",
        pools::create,
    ),
    (
        "PUT",
        "/pools",
        "poolid:s=poolid allow-move?:b comment?:s delete?:b storage?:s=storage-id-list vms?:s=vmid-list",
        "all",
        pools::change,
    ),
    ("DELETE", "/pools", "poolid:s=poolid", "all", pools::delete),
    (
        "GET",
        "/pools/{poolid}",
        "type?:e:qemu,lxc,storage",
        "/pool/{poolid} Pool.Audit",
        pools::one,
    ),
    (
        "PUT",
        "/pools/{poolid}",
        "allow-move?:b comment?:s delete?:b storage?:s=storage-id-list vms?:s=vmid-list",
        "/pool/{poolid} Pool.Allocate",
        pools::change,
    ),
    (
        "DELETE",
        "/pools/{poolid}",
        "",
        "/pool/{poolid} Pool.Allocate",
        pools::delete,
    ),
];

const NODE: &[Line] = &[
    (
        "GET",
        "/nodes/{node}/hosts",
        "",
        "/nodes/{node} Sys.Audit",
        node::hosts,
    ),
    (
        "GET",
        "/nodes/{node}/services",
        "",
        "/nodes/{node} Sys.Audit",
        node::services,
    ),
    ("GET", "/nodes/{node}/aplinfo", "", "all", node::aplinfo),
    (
        "GET",
        "/nodes/{node}/rrddata",
        "8!timeframe:e:hour,day,week,month,year 9!timeframe:e:hour,day,week,month,year,decade cf?:e:AVERAGE,MAX",
        "/nodes/{node} Sys.Audit",
        node::rrddata,
    ),
    ("GET", "/nodes", "", "all", node::list),
    ("GET", "/nodes/{node}", "", "all", node::index),
    (
        "GET",
        "/nodes/{node}/status",
        "",
        "/nodes/{node} Sys.Audit",
        node::status,
    ),
    ("GET", "/nodes/{node}/version", "", "all", node::version),
    (
        "GET",
        "/nodes/{node}/time",
        "",
        "/nodes/{node} Sys.Audit",
        node::time,
    ),
    (
        "GET",
        "/nodes/{node}/dns",
        "",
        "/nodes/{node} Sys.Audit",
        node::dns,
    ),
    ("GET", "/nodes/{node}/subscription", "", "all", node::subscription),
    (
        "GET",
        "/nodes/{node}/network",
        "8!type?:e:bridge,bond,eth,alias,vlan,OVSBridge,OVSBond,OVSPort,OVSIntPort,vnet,any_bridge,any_local_bridge \
         9!type?:e:bridge,bond,eth,alias,vlan,fabric,OVSBridge,OVSBond,OVSPort,OVSIntPort,vnet,any_bridge,\
         any_local_bridge,include_sdn",
        "all",
        network::list,
    ),
    (
        "GET",
        "/nodes/{node}/network/{iface}",
        "",
        "/nodes/{node} Sys.Audit",
        network::one,
    ),
    (
        "GET",
        "/nodes/{node}/disks/list",
        "include-partitions?:b skipsmart?:b type?:e:unused,journal_disks",
        "/nodes/{node} Sys.Audit",
        node::disks,
    ),
    (
        "GET",
        "/nodes/{node}/disks/smart",
        "disk:s~dev healthonly?:b",
        "/ Sys.Audit",
        node::smart,
    ),
    (
        "GET",
        "/nodes/{node}/tasks",
        "errors?:b limit?:i0.. since?:i source?:e:archive,active,all start?:i0.. statusfilter?:s typefilter?:s \
         until?:i userfilter?:s vmid?:vmid",
        "all",
        tasks::list,
    ),
    ("GET", "/nodes/{node}/tasks/{upid}", "", "all", tasks::index),
    ("DELETE", "/nodes/{node}/tasks/{upid}", "", "all", tasks::stop),
    (
        "GET",
        "/nodes/{node}/tasks/{upid}/status",
        "",
        "all",
        tasks::status,
    ),
    (
        "GET",
        "/nodes/{node}/tasks/{upid}/log",
        "download?:b limit?:i0.. start?:i0..",
        "all",
        tasks::log,
    ),
];

const AUDIT: &str = "/storage/{storage} Datastore.Audit|Datastore.AllocateSpace";

const STORAGE: &[Line] = &[
    ("GET", "/storage", "type?:s", "all", content::configs),
    (
        "GET",
        "/storage/{storage}",
        "",
        "/storage/{storage} Datastore.Allocate",
        content::config,
    ),
    (
        "GET",
        "/nodes/{node}/storage",
        "content?:s=storage-content-list enabled?:b format?:b storage?:s=storage-id target?:s=node",
        "all",
        content::list,
    ),
    (
        "GET",
        "/nodes/{node}/storage/{storage}",
        "",
        AUDIT,
        content::index,
    ),
    (
        "GET",
        "/nodes/{node}/storage/{storage}/status",
        "",
        AUDIT,
        content::status,
    ),
    (
        "GET",
        "/nodes/{node}/storage/{storage}/content",
        "content?:s=storage-content vmid?:vmid",
        AUDIT,
        content::content,
    ),
    (
        "POST",
        "/nodes/{node}/storage/{storage}/content",
        "filename:s format?:e:raw,qcow2,subvol,vmdk size:s~alloc-size vmid:vmid",
        "/storage/{storage} Datastore.AllocateSpace",
        content::allocate,
    ),
    (
        "GET",
        "/nodes/{node}/storage/{storage}/content/{volume}",
        "",
        "all",
        content::volume,
    ),
    (
        "DELETE",
        "/nodes/{node}/storage/{storage}/content/{volume}",
        "delay?:i1..30",
        "all",
        content::delete,
    ),
];

const QAUDIT: &str = "/vms/{vmid} VM.Audit";
const POWER: &str = "/vms/{vmid} VM.PowerMgmt";
const SNAPSHOT: &str = "/vms/{vmid} VM.Snapshot";
const CHANGE: &str = "/vms/{vmid} VM.Config.Disk|VM.Config.CDROM|VM.Config.CPU|VM.Config.Memory|VM.Config.Network|\
    VM.Config.HWType|VM.Config.Options|VM.Config.Cloudinit";

const QEMU: &[Line] = &[
    (
        "GET",
        "/nodes/{node}/qemu/{vmid}/rrddata",
        "timeframe:e:hour,day,week,month,year cf?:e:AVERAGE,MAX",
        QAUDIT,
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
    (
        "GET",
        "/nodes/{node}/qemu/{vmid}/config",
        "current?:b snapshot?:s..40=configid",
        QAUDIT,
        config::get,
    ),
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
    (
        "GET",
        "/nodes/{node}/qemu/{vmid}/pending",
        "",
        QAUDIT,
        config::pending,
    ),
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
    (
        "GET",
        "/nodes/{node}/qemu/{vmid}/status",
        "",
        "all",
        list::status_index,
    ),
    (
        "GET",
        "/nodes/{node}/qemu/{vmid}/status/current",
        "",
        QAUDIT,
        list::current,
    ),
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
    (
        "POST",
        "/nodes/{node}/qemu/{vmid}/status/reboot",
        "timeout?:i0..",
        POWER,
        power::reboot,
    ),
    (
        "POST",
        "/nodes/{node}/qemu/{vmid}/status/reset",
        "skiplock?:b",
        POWER,
        power::reset,
    ),
    (
        "POST",
        "/nodes/{node}/qemu/{vmid}/status/suspend",
        "skiplock?:b statestorage?:s=storage-id>todisk todisk?:b",
        POWER,
        power::suspend,
    ),
    (
        "POST",
        "/nodes/{node}/qemu/{vmid}/status/resume",
        "nocheck?:b skiplock?:b",
        POWER,
        power::resume,
    ),
    (
        "GET",
        "/nodes/{node}/qemu/{vmid}/cloudinit",
        "",
        QAUDIT,
        cloudinit::pending,
    ),
    (
        "PUT",
        "/nodes/{node}/qemu/{vmid}/cloudinit",
        "",
        "/vms/{vmid} VM.Config.Cloudinit",
        cloudinit::regenerate,
    ),
    (
        "GET",
        "/nodes/{node}/qemu/{vmid}/cloudinit/dump",
        "type:e:user,network,meta",
        QAUDIT,
        cloudinit::dump,
    ),
    (
        "GET",
        "/nodes/{node}/qemu/{vmid}/snapshot",
        "",
        QAUDIT,
        snapshot::list,
    ),
    (
        "POST",
        "/nodes/{node}/qemu/{vmid}/snapshot",
        "snapname:s..40=configid description?:s vmstate?:b",
        SNAPSHOT,
        snapshot::create,
    ),
    (
        "DELETE",
        "/nodes/{node}/qemu/{vmid}/snapshot/{snapname}",
        "force?:b",
        SNAPSHOT,
        snapshot::delete,
    ),
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

const AGENT_ALL: &str = "8:/vms/{vmid} VM.Monitor 9:/vms/{vmid} VM.GuestAgent.Unrestricted";
const AGENT_READ: &str =
    "8:/vms/{vmid} VM.Monitor 9:/vms/{vmid} VM.GuestAgent.Audit|VM.GuestAgent.Unrestricted";
const AGENT_FS: &str =
    "8:/vms/{vmid} VM.Monitor 9:/vms/{vmid} VM.GuestAgent.FileSystemMgmt|VM.GuestAgent.Unrestricted";
const AGENT_POWER: &str = "8:/vms/{vmid} VM.Monitor 9:/vms/{vmid} VM.PowerMgmt|VM.GuestAgent.Unrestricted";

macro_rules! agent {
    ($method:literal, $command:literal, $access:expr) => {
        (
            $method,
            concat!("/nodes/{node}/qemu/{vmid}/agent/", $command),
            "",
            $access,
            |ctx| agent::simple($command, ctx),
        )
    };
}

const AGENT_LINES: &[Line] = &[
    (
        "POST",
        "/nodes/{node}/qemu/{vmid}/agent",
        "command:s",
        AGENT_ALL,
        agent::generic,
    ),
    (
        "POST",
        "/nodes/{node}/qemu/{vmid}/agent/exec",
        "command:a input-data?:s..65536",
        AGENT_ALL,
        agent::exec,
    ),
    (
        "GET",
        "/nodes/{node}/qemu/{vmid}/agent/exec-status",
        "pid:i",
        AGENT_ALL,
        agent::exec_status,
    ),
    (
        "GET",
        "/nodes/{node}/qemu/{vmid}/agent/file-read",
        "file:s 9!count?:i1..16777216 9!decode?:b 9!offset?:i0..",
        "8:/vms/{vmid} VM.Monitor 9:/vms/{vmid} VM.GuestAgent.FileRead|VM.GuestAgent.Unrestricted",
        agent::file_read,
    ),
    (
        "POST",
        "/nodes/{node}/qemu/{vmid}/agent/file-write",
        "content:s..61440 encode?:b file:s",
        "8:/vms/{vmid} VM.Monitor 9:/vms/{vmid} VM.GuestAgent.FileWrite|VM.GuestAgent.Unrestricted",
        agent::file_write,
    ),
    (
        "POST",
        "/nodes/{node}/qemu/{vmid}/agent/set-user-password",
        "crypted?:b password:s5..1024 username:s",
        AGENT_ALL,
        agent::set_password,
    ),
    agent!("POST", "ping", AGENT_READ),
    agent!("POST", "fsfreeze-status", AGENT_READ),
    agent!("POST", "fsfreeze-freeze", AGENT_FS),
    agent!("POST", "fsfreeze-thaw", AGENT_FS),
    agent!("POST", "fstrim", AGENT_FS),
    agent!("POST", "shutdown", AGENT_POWER),
    agent!("GET", "info", AGENT_READ),
    agent!("GET", "get-fsinfo", AGENT_READ),
    agent!("GET", "get-host-name", AGENT_READ),
    agent!("GET", "get-memory-block-info", AGENT_READ),
    agent!("GET", "get-memory-blocks", AGENT_READ),
    agent!("GET", "get-osinfo", AGENT_READ),
    agent!("GET", "get-time", AGENT_READ),
    agent!("GET", "get-timezone", AGENT_READ),
    agent!("GET", "get-users", AGENT_READ),
    agent!("GET", "get-vcpus", AGENT_READ),
    agent!("GET", "network-get-interfaces", AGENT_READ),
];

const LXC: &[Line] = &[
    ("GET", "/nodes/{node}/lxc", "", "all", lxc::list),
    (
        "GET",
        "/nodes/{node}/lxc/{vmid}/config",
        "current?:b snapshot?:s..40=configid",
        QAUDIT,
        lxc::get,
    ),
    (
        "GET",
        "/nodes/{node}/lxc/{vmid}/status/current",
        "",
        QAUDIT,
        lxc::current,
    ),
    (
        "POST",
        "/nodes/{node}/lxc/{vmid}/status/start",
        "debug?:b skiplock?:b",
        POWER,
        lxc::start,
    ),
    (
        "POST",
        "/nodes/{node}/lxc/{vmid}/status/stop",
        "overrule-shutdown?:b skiplock?:b",
        POWER,
        lxc::stop,
    ),
    (
        "POST",
        "/nodes/{node}/lxc/{vmid}/status/shutdown",
        "forceStop?:b timeout?:i0..",
        POWER,
        lxc::shutdown,
    ),
    (
        "GET",
        "/nodes/{node}/lxc/{vmid}/interfaces",
        "",
        QAUDIT,
        lxc::interfaces,
    ),
    (
        "GET",
        "/nodes/{node}/lxc/{vmid}/snapshot",
        "",
        QAUDIT,
        lxc::snapshots,
    ),
];

const ACCESS: &[Line] = &[
    ("GET", "/access", "", "all", access::index),
    ("GET", "/access/domains", "", "world", access::domains),
    ("GET", "/access/ticket", "", "world", access::ticket_index),
    (
        "POST",
        "/access/ticket",
        "username:s..64 password:s new-format?:b otp?:s path?:s..64>privs privs?:s..64>path realm?:s..32 \
         tfa-challenge?:s",
        "world",
        access::ticket,
    ),
    (
        "PUT",
        "/access/password",
        "userid:s..64=userid password:s8..64 confirmation-password?:s5..64",
        "ticket",
        access::password,
    ),
    (
        "GET",
        "/access/permissions",
        "path?:s userid?:s",
        "all",
        access::permissions,
    ),
    ("GET", "/access/roles", "", "all", access::roles),
    ("GET", "/access/acl", "", "all", access::list_acl),
    (
        "PUT",
        "/access/acl",
        "path:s roles:s delete?:b groups?:s propagate?:b tokens?:s users?:s",
        "all",
        access::change_acl,
    ),
    ("GET", "/access/users", "enabled?:b full?:b", "all", access::users),
    (
        "POST",
        "/access/users",
        "userid:s..64=userid comment?:s..2048 email?:s..254 enable?:b expire?:i0.. firstname?:s..1024 groups?:s \
         keys?:s lastname?:s..1024 password?:s8..64",
        "all",
        access::create_user,
    ),
    ("GET", "/access/users/{userid}", "", "all", access::user),
    (
        "PUT",
        "/access/users/{userid}",
        "append?:b comment?:s..2048 email?:s..254 enable?:b expire?:i0.. firstname?:s..1024 groups?:s keys?:s \
         lastname?:s..1024",
        "all",
        access::change_user,
    ),
    ("DELETE", "/access/users/{userid}", "", "all", access::delete_user),
    ("GET", "/access/users/{userid}/token", "", "all", access::tokens),
    (
        "GET",
        "/access/users/{userid}/token/{tokenid}",
        "",
        "all",
        access::token,
    ),
    (
        "POST",
        "/access/users/{userid}/token/{tokenid}",
        "comment?:s expire?:i0.. privsep?:b",
        "all",
        access::create_token,
    ),
    (
        "DELETE",
        "/access/users/{userid}/token/{tokenid}",
        "",
        "all",
        access::delete_token,
    ),
];
