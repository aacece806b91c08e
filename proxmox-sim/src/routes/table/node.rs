//! Methods of a node and of its storages.

use super::Line;
use crate::{content, execute, network, node, tasks, upload};

pub(super) const LINES: &[Line] = &[
    ("GET", "/nodes/{node}/hosts", "", "/nodes/{node} Sys.Audit", node::hosts),
    ("GET", "/nodes/{node}/services", "", "/nodes/{node} Sys.Audit", node::services),
    ("GET", "/nodes/{node}/aplinfo", "", "all", node::aplinfo),
    ("GET", "/nodes/{node}/capabilities/qemu/cpu", "", "all", node::cpu_models),
    (
        "GET",
        "/nodes/{node}/rrddata",
        "8!timeframe:e:hour,day,week,month,year 9!timeframe:e:hour,day,week,month,year,decade cf?:e:AVERAGE,MAX",
        "/nodes/{node} Sys.Audit",
        node::rrddata,
    ),
    ("GET", "/nodes", "", "all", node::list),
    ("GET", "/nodes/{node}", "", "all", node::index),
    ("POST", "/nodes/{node}/execute", "commands:s", "root", execute::execute),
    ("GET", "/nodes/{node}/status", "", "/nodes/{node} Sys.Audit", node::status),
    ("GET", "/nodes/{node}/version", "", "all", node::version),
    ("GET", "/nodes/{node}/time", "", "/nodes/{node} Sys.Audit", node::time),
    ("GET", "/nodes/{node}/dns", "", "/nodes/{node} Sys.Audit", node::dns),
    (
        "GET",
        "/nodes/{node}/config",
        "property?:e:acme,acmedomain0,acmedomain1,acmedomain2,acmedomain3,acmedomain4,acmedomain5,ballooning-target,\
         description,startall-onboot-delay,wakeonlan",
        "/ Sys.Audit",
        node::config,
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
    ("GET", "/nodes/{node}/network/{iface}", "", "/nodes/{node} Sys.Audit", network::one),
    (
        "GET",
        "/nodes/{node}/disks/list",
        "include-partitions?:b skipsmart?:b type?:e:unused,journal_disks",
        "/nodes/{node} Sys.Audit",
        node::disks,
    ),
    ("GET", "/nodes/{node}/disks/smart", "disk:s~dev healthonly?:b", "/ Sys.Audit", node::smart),
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
    ("GET", "/nodes/{node}/tasks/{upid}/status", "", "all", tasks::status),
    ("GET", "/nodes/{node}/tasks/{upid}/log", "download?:b limit?:i0.. start?:i0..", "all", tasks::log),
];

const AUDIT: &str = "/storage/{storage} Datastore.Audit|Datastore.AllocateSpace";

pub(super) const STORAGE: &[Line] = &[
    ("GET", "/storage", "type?:s", "all", content::configs),
    ("GET", "/storage/{storage}", "", "/storage/{storage} Datastore.Allocate", content::config),
    (
        "GET",
        "/nodes/{node}/storage",
        "content?:s=storage-content-list enabled?:b format?:b storage?:s=storage-id target?:s=node",
        "all",
        content::list,
    ),
    ("GET", "/nodes/{node}/storage/{storage}", "", AUDIT, content::index),
    ("GET", "/nodes/{node}/storage/{storage}/status", "", AUDIT, content::status),
    (
        "GET",
        "/nodes/{node}/storage/{storage}/rrddata",
        "timeframe:e:hour,day,week,month,year cf?:e:AVERAGE,MAX",
        AUDIT,
        content::rrddata,
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
        "POST",
        "/nodes/{node}/storage/{storage}/upload",
        "content:e:iso,vztmpl,import filename:s..255 checksum?:s>checksum-algorithm \
         checksum-algorithm?:e:md5,sha1,sha224,sha256,sha384,sha512>checksum tmpfilename?:s",
        "/storage/{storage} Datastore.AllocateTemplate",
        upload::upload,
    ),
    (
        "POST",
        "/nodes/{node}/storage/{storage}/download-url",
        "content:e:iso,vztmpl,import filename:s..255 url:s checksum?:s>checksum-algorithm \
         checksum-algorithm?:e:md5,sha1,sha224,sha256,sha384,sha512>checksum verify-certificates?:b",
        "/storage/{storage} Datastore.AllocateTemplate",
        upload::download,
    ),
    ("GET", "/nodes/{node}/storage/{storage}/content/{volume}", "", "all", content::volume),
    ("DELETE", "/nodes/{node}/storage/{storage}/content/{volume}", "delay?:i1..30", "all", content::delete),
];
