//! Methods of the cluster and of pools.

use super::Line;
use crate::{cluster, network, node, pools, tasks};

pub(super) const LINES: &[Line] = &[
    ("GET", "/cluster/log", "max?:i1..", "all", tasks::cluster_log),
    ("GET", "/version", "", "all", node::version),
    ("GET", "/cluster", "", "all", cluster::index),
    ("GET", "/cluster/resources", "type?:e:vm,storage,node,sdn", "all", cluster::resources),
    ("GET", "/cluster/status", "", "/ Sys.Audit", cluster::status),
    ("GET", "/cluster/tasks", "", "all", tasks::cluster),
    ("GET", "/cluster/nextid", "vmid?:vmid", "all", cluster::nextid),
    ("GET", "/cluster/options", "", "/ Sys.Audit", cluster::options),
    ("GET", "/cluster/sdn/vnets", "pending?:b running?:b", "all", network::vnets),
    ("GET", "/cluster/sdn/zones", "pending?:b running?:b type?:s", "all", network::zones),
    ("GET", "/pools", "poolid?:s=poolid type?:e:qemu,lxc,storage", "all", pools::list),
    ("POST", "/pools", "poolid:s=poolid comment?:s", "all", pools::create),
    (
        "PUT",
        "/pools",
        "poolid:s=poolid allow-move?:b comment?:s delete?:b storage?:s=storage-id-list vms?:s=vmid-list",
        "all",
        pools::change,
    ),
    ("DELETE", "/pools", "poolid:s=poolid", "all", pools::delete),
    ("GET", "/pools/{poolid}", "type?:e:qemu,lxc,storage", "/pool/{poolid} Pool.Audit", pools::one),
    (
        "PUT",
        "/pools/{poolid}",
        "allow-move?:b comment?:s delete?:b storage?:s=storage-id-list vms?:s=vmid-list",
        "/pool/{poolid} Pool.Allocate",
        pools::change,
    ),
    ("DELETE", "/pools/{poolid}", "", "/pool/{poolid} Pool.Allocate", pools::delete),
];
