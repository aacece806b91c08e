//! Containers are made from archives.

use proxmox_sim::{PveVersion, Sim, SimBuilder, SimStorage};
use serde_json::json;

use crate::ask::Asker;

const LXC: &str = "/nodes/pve1/lxc";
const CT: &str = "/nodes/pve1/lxc/200";
/// The archive of the default cluster.
pub(crate) const ALPINE: &str = "local:vztmpl/alpine-3.20-default_20240908_amd64.tar.xz";

/// What a request must have, and more.
fn with<'a>(more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    [&[("vmid", "200"), ("ostemplate", ALPINE)], more].concat()
}

/// A stopped container `web` with a root of 8 GiB and a card.
pub(crate) fn with_container(builder: SimBuilder) -> Asker {
    let ask = Asker::of(builder);
    let params = with(&[
        ("rootfs", "local-lvm:8"),
        ("hostname", "web"),
        ("net0", "name=eth0,bridge=vmbr0,ip=dhcp"),
        ("unprivileged", "1"),
    ]);
    assert_eq!(ask.task("POST", LXC, &params), "OK");
    ask
}

#[test]
fn everything_that_was_asked_for_is_there() {
    let ask = Asker::new();
    ask.ok("POST", "/pools", &[("poolid", "shop")]);
    let params = with(&[
        ("storage", "local-lvm"),
        ("rootfs", "8"),
        ("mp0", "volume=shared:0.5,mp=/data,backup=1"),
        ("net0", "name=eth0,bridge=vmbr0,ip=dhcp,firewall=1"),
        ("net1", "bridge=vmbr0,name=eth1,hwaddr=bc:24:11:aa:bb:cc,ip=10.0.0.5/24,gw=10.0.0.1"),
        ("cores", "2"),
        ("memory", "256"),
        ("swap", "0"),
        ("unprivileged", "1"),
        ("features", "nesting=1"),
        ("tags", "Web;a,web"),
        ("description", "one\ntwo"),
        ("nameserver", "192.0.2.53"),
        ("searchdomain", "lab.example"),
        ("onboot", "1"),
        ("protection", "1"),
        ("pool", "shop"),
        ("password", "not-to-be-seen"),
    ]);
    let upid = ask.ok("POST", LXC, &params);
    assert_eq!(ask.get(&format!("{CT}/config")).as_object().unwrap().len(), 2, "lock and digest");
    assert_eq!(ask.sim.guest(200).unwrap().lock.as_deref(), Some("create"));
    ask.pass(60);
    assert_eq!(ask.status(upid.as_str().unwrap())["exitstatus"], "OK");

    let mut config = ask.get(&format!("{CT}/config"));
    let config = config.as_object_mut().unwrap();
    config.remove("digest");
    let card = config.remove("net0").unwrap();
    let card = card.as_str().unwrap();
    assert!(card.starts_with("name=eth0,bridge=vmbr0,firewall=1,hwaddr=BC:24:11:"), "{card}");
    assert!(card.ends_with(",ip=dhcp,type=veth"), "{card}");
    let want = json!({
        "arch": "amd64", "cores": 2, "description": "one\ntwo\n", "features": "nesting=1", "hostname": "CT200",
        "memory": 256, "mp0": "shared:200/vm-200-disk-0.raw,backup=1,mp=/data,size=512M",
        "nameserver": "192.0.2.53",
        "net1": "name=eth1,bridge=vmbr0,gw=10.0.0.1,hwaddr=BC:24:11:AA:BB:CC,ip=10.0.0.5/24,type=veth",
        "onboot": 1, "ostype": "alpine", "protection": 1, "rootfs": "local-lvm:vm-200-disk-0,size=8G",
        "searchdomain": "lab.example", "swap": 0, "tags": "a;web", "unprivileged": 1,
    });
    assert_eq!(serde_json::Value::from(config.clone()), want);
    let members = ask.get("/pools/shop")["members"].clone();
    assert_eq!((&members[0]["id"], &members[0]["name"]), (&json!("lxc/200"), &json!("CT200")));
    let volumes = ask.ok("GET", "/nodes/pve1/storage/local-lvm/content", &[("vmid", "200")]);
    assert_eq!((&volumes[0]["content"], &volumes[0]["size"]), (&json!("rootdir"), &json!(8_u64 << 30)));
    assert!(!format!("{:?}", ask.sim.requests()).contains("not-to-be-seen"));
    let log = ask.last_log();
    assert_eq!(log[0], "  Logical volume \"vm-200-disk-0\" created.");
    assert_eq!(log[1], "Creating filesystem with 2097152 4k blocks and 524288 inodes");
    assert!(
        log.contains(
            &"extracting archive '/var/lib/vz/template/cache/alpine-3.20-default_20240908_amd64.tar.xz'"
                .to_owned()
        )
    );
}

#[test]
fn little_has_to_be_said() {
    let ask = Asker::of(Sim::builder().storage(SimStorage::new("zfs", "zfspool", "rootdir")));
    assert_eq!(ask.task("POST", LXC, &with(&[("storage", "zfs")])), "OK");
    let config = ask.get(&format!("{CT}/config"));
    assert_eq!(config["rootfs"], "zfs:subvol-200-disk-0,size=4G");
    assert_eq!((&config["memory"], &config["swap"]), (&json!(512), &json!(512)));
    assert_eq!(config.get("unprivileged"), None, "8.4 makes a privileged one");
    assert_eq!(config.get("net0"), None);
}

#[test]
fn nine_makes_unprivileged_ones() {
    let ask = Asker::of(
        Sim::builder()
            .version(PveVersion::V9)
            .user("bob@pve", "x")
            .token("bob@pve!t", "s", false)
            .grant("/", "bob@pve", "PVEVMAdmin")
            .grant("/storage", "bob@pve", "PVEDatastoreAdmin"),
    );
    assert_eq!(ask.task("POST", LXC, &with(&[("rootfs", "local-lvm:1")])), "OK");
    assert_eq!(ask.get(&format!("{CT}/config"))["unprivileged"], 1);
    let bob = ask.token("bob@pve!t", "s");
    let params = [("vmid", "201"), ("ostemplate", ALPINE), ("rootfs", "local-lvm:1"), ("unprivileged", "0")];
    assert_eq!(bob.refused("POST", LXC, &params).1, "Permission check failed (/, Sys.Modify)");
    assert_eq!(bob.task("POST", LXC, &params[..3]), "OK");
}

#[test]
fn start_starts_it_when_it_is_ready() {
    let ask = Asker::new();
    assert_eq!(ask.task("POST", LXC, &with(&[("rootfs", "local-lvm:1"), ("start", "1")])), "OK");
    ask.pass(5);
    let tasks = ask.sim.tasks();
    let kinds: Vec<_> = tasks.iter().map(|t| (t.kind.as_str(), t.exitstatus.as_deref())).collect();
    assert_eq!(kinds, [("vzcreate", Some("OK")), ("vzstart", Some("OK"))]);
    assert!(ask.sim.guest(200).unwrap().running);
}

#[test]
fn what_is_refused_at_once() {
    let ask = Asker::new();
    let refused = |params: &[(&str, &str)]| ask.refused("POST", LXC, params);
    for (params, sentence) in [
        (vec![("vmid", "100"), ("ostemplate", ALPINE)], "VM 100 already exists on node 'pve1'"),
        (with(&[("rootfs", "nost:1")]), "storage 'nost' does not exist"),
        (with(&[("mp0", "local-lvm:1,mp=/x")]), "mount points configured, but 'rootfs' not set - aborting"),
        (with(&[("rootfs", "local-lvm:1"), ("pool", "nopool")]), "pool 'nopool' does not exist"),
        (
            with(&[("rootfs", "local-lvm:1"), ("ssh-public-keys", "nonsense")]),
            "SSH public key validation error",
        ),
        (
            vec![
                ("vmid", "200"),
                ("ostemplate", "local:iso/debian-12-netinst.iso"),
                ("rootfs", "local-lvm:1"),
            ],
            "unable to use volume local:iso/debian-12-netinst.iso - content type needs to be 'vztmpl'",
        ),
        (
            vec![("vmid", "200"), ("ostemplate", "nost:vztmpl/x.tar.gz"), ("rootfs", "local-lvm:1")],
            "storage 'nost' does not exist",
        ),
        (with(&[("restore", "1")]), "the simulator does not restore archives"),
    ] {
        assert_eq!(refused(&params), (500, sentence.to_owned()), "{params:?}");
    }
    for wrong in [with(&[("rootfs", "local:1")]), with(&[])] {
        let text = ask.param_error("POST", LXC, &wrong, "storage");
        assert_eq!(text, "storage 'local' does not support container directories");
    }
    let text = ask.param_error("POST", LXC, &with(&[("mp0", "local-lvm:1")]), "mp0");
    assert_eq!(text, "invalid format - format error\nmp0.mp: property is missing and it is not optional\n");
    let text = ask.param_error("POST", LXC, &with(&[("net0", "name=eth0,ip=nonsense")]), "net0");
    assert!(text.contains("net0.ip: invalid format"), "{text}");
    assert_eq!(
        ask.param_error("POST", LXC, &with(&[("password", "1234")]), "password"),
        "value must be at least 5 characters long"
    );
    assert!(ask.sim.guest(200).is_none(), "nothing is left behind");
}

#[test]
fn what_fails_leaves_nothing() {
    let ask = Asker::new();
    let none = [("vmid", "200"), ("ostemplate", "local:vztmpl/none.tar.gz"), ("rootfs", "local-lvm:1")];
    let exit = ask.task("POST", LXC, &none);
    assert_eq!(exit, "unable to create CT 200 - volume 'local:vztmpl/none.tar.gz' does not exist");
    let exit = ask.task("POST", LXC, &with(&[("rootfs", "local-lvm:1"), ("mp0", "local-lvm:999999,mp=/x")]));
    assert!(exit.starts_with("unable to create CT 200 - unable to create image: "), "{exit}");
    let upid = ask.ok("POST", LXC, &with(&[("rootfs", "local-lvm:1")]));
    ask.ok("DELETE", &format!("/nodes/pve1/tasks/{}", upid.as_str().unwrap()), &[]);
    assert!(ask.sim.guest(200).is_none());
    let left = ask.ok("GET", "/nodes/pve1/storage/local-lvm/content", &[("vmid", "200")]);
    assert_eq!(left, json!([]));
}

#[test]
fn privileges_are_those_of_the_keys() {
    let ask = Asker::of(
        Sim::builder()
            .user("bob@pve", "x")
            .token("bob@pve!t", "s", false)
            .grant("/vms/200", "bob@pve", "PVEVMAdmin")
            .grant("/storage/local", "bob@pve", "PVEDatastoreUser"),
    );
    let bob = ask.token("bob@pve!t", "s");
    let root = [("rootfs", "local-lvm:1"), ("unprivileged", "1")];
    let refused =
        |more: &[(&'static str, &'static str)]| bob.refused("POST", LXC, &with(&[&root, more].concat())).1;
    assert_eq!(refused(&[]), "Permission check failed (/storage/local-lvm, Datastore.AllocateSpace)");
    assert_eq!(
        refused(&[("features", "fuse=1")]),
        "Permission check failed (changing feature flags (except nesting) is only allowed for root@pam)"
    );
    assert_eq!(
        refused(&[("mp0", "/srv/data,mp=/data")]),
        "Permission check failed (mount point type bind is only allowed for root@pam)"
    );
    assert_eq!(
        refused(&[("net0", "name=eth0,bridge=vmbr0")]),
        "Permission check failed (/sdn/zones/localnetwork/vmbr0, SDN.Use)"
    );
    let other =
        bob.refused("POST", LXC, &[("vmid", "201"), ("ostemplate", ALPINE), ("rootfs", "local-lvm:1")]);
    assert_eq!(other, (403, "Permission check failed".to_owned()));
}
