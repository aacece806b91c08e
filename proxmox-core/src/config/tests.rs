//! Whole configurations, in the forms that PVE 8 and 9 answer, and the laws of a change.

use proptest::prelude::*;

use super::{
    BootOrder, ConfigBag, ConfigChange, Ipv4Config, Ipv6Config, Net, NetModel, Size, Tags, encode_sshkeys,
};

fn bag(json: &str) -> ConfigBag {
    serde_json::from_str(json).unwrap()
}

/// A VM as PVE 8.4 answers it: numbers in some places, text in others, tags as `create` stored them.
fn vm() -> ConfigBag {
    bag(
        r##"{"serial0":"socket","searchdomain":"lab.local","memory":"512","sockets":1,"cpu":"host,flags=+aes","cores":2,
        "tablet":0,"startup":"order=2,up=10","ipconfig0":"ip=dhcp,ip6=auto","onboot":1,"cipassword":"**********",
        "meta":"creation-qemu=10.0.2,ctime=1795212154","tags":"Foo;bar,baz foo",
        "smbios1":"uuid=ebeba840-5365-473f-afc5-4324ee13cf25","ide2":"lab:101/vm-101-cloudinit.qcow2,media=cdrom",
        "boot":"order=scsi0;net0","protection":0,"numa":0,"hotplug":"disk,network,usb",
        "vmgenid":"861d7946-8a15-4a0f-8361-410ba5f27f50","sshkeys":"ssh-ed25519%20AAAAC3NzaC1lZDI1NTE5%2B%2F%20user%40host",
        "balloon":256,"ciuser":"ubuntu","ostype":"l26","net0":"virtio=BC:24:11:A3:26:7F,bridge=vmbr0,firewall=1,rate=10,tag=5",
        "digest":"f5724ef855566723ed3c3b4ae88ed11c588fc0f9","nameserver":"192.0.2.53 192.0.2.54",
        "scsi0":"lab:101/vm-101-disk-0.qcow2,discard=on,iothread=1,size=1G,ssd=1","virtio1":"lab2:101/vm-101-disk-0.raw,size=1G",
        "scsihw":"virtio-scsi-single","description":"line1\nline2: ünïcode ✓ %41 #x","agent":"enabled=1,fstrim_cloned_disks=1",
        "vga":"serial0","name":"bag-vm","unused0":"lab:101/vm-101-disk-7.raw"}"##,
    )
}

#[test]
fn a_vm() {
    let bag = vm();
    assert_eq!((bag.memory_mib(), bag.cores(), bag.sockets()), (Some(512), Some(2), Some(1)));
    assert_eq!((bag.name(), bag.ostype(), bag.lock()), (Some("bag-vm"), Some("l26"), None));
    assert_eq!((bag.onboot(), bag.is_protected(), bag.is_template()), (true, false, false));
    assert_eq!(bag.description(), Some("line1\nline2: ünïcode ✓ %41 #x"));
    assert_eq!(bag.tags(), Tags::parse("bar;baz;foo"));
    assert_eq!(bag.boot_order(), Some(BootOrder::new(["scsi0", "net0"]).unwrap()));
    assert!(bag.agent().unwrap().is_enabled() && bag.agent().unwrap().fstrim_cloned_disks());
    assert_eq!(bag.ssh_keys().unwrap(), ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5+/ user@host"]);
    let (n, net) = bag.nets().remove(0);
    let net = net.unwrap();
    assert_eq!((n, net.model(), net.tag()), (0, NetModel::Virtio, Some(5)));
    let (n, ip) = bag.ip_configs().remove(0);
    let ip = ip.unwrap();
    assert_eq!((n, ip.ip(), ip.ip6()), (0, Some(Ipv4Config::Dhcp), Some(Ipv6Config::Auto)));
    let drives: Vec<_> = bag.disks().into_iter().map(|(key, disk)| (key, disk.unwrap().is_cdrom())).collect();
    assert_eq!(drives, [("ide2", true), ("scsi0", false), ("virtio1", false), ("unused0", false)]);
    assert_eq!(bag.disk("scsi0").unwrap().size(), Some(Size::gib(1)));
    assert_eq!(bag.digest().unwrap().len(), 40);
    assert_eq!(bag.get("cipassword"), Some("**********"));
}

#[test]
fn a_container_and_odd_states() {
    let ct = bag(
        r#"{"description":"hello\nworld\n","hostname":"ct1","net0":"name=eth0,bridge=vmbr0,hwaddr=BC:24:11:2D:0E:68,ip=198.51.100.20/24,type=veth",
            "unprivileged":1,"ostype":"alpine","rootfs":"lab:200/vm-200-disk-0.raw,size=1G","swap":512,"memory":128,
            "mp0":"lab:201/vm-201-disk-1.raw,mp=/data,size=1G"}"#,
    );
    assert_eq!((ct.name(), ct.memory_mib(), ct.flag("unprivileged")), (Some("ct1"), Some(128), Some(true)));
    assert_eq!(ct.disks().into_iter().map(|(key, _)| key).collect::<Vec<_>>(), ["rootfs", "mp0"]);
    assert!(ct.nets()[0].1.is_err(), "a container's card is no VM's");
    assert_eq!(ct.properties("net0").unwrap().get("bridge"), Some("vmbr0"));

    let cloning = bag(r#"{"digest":"eb54fb","description":" qmclone temporary file","lock":"clone"}"#);
    assert_eq!((cloning.lock(), cloning.memory_mib(), cloning.agent()), (Some("clone"), None, None));
    let template = bag(r#"{"template":1,"protection":"1","boot":" ","memory":"current=2048"}"#);
    assert!(template.is_template() && template.is_protected());
    assert!(template.boot_order().unwrap().devices().is_empty());
    assert_eq!(template.memory_mib(), Some(2048));
}

#[test]
fn cards_come_by_number() {
    let bag = bag(r#"{"net10":"virtio","net2":"broken=1","net0":"e1000","net":"x","netx":"y","scsihw":"z"}"#);
    let numbers: Vec<_> = bag.nets().into_iter().map(|(n, net)| (n, net.is_ok())).collect();
    assert_eq!(numbers, [(0, true), (2, false), (10, true)]);
}

#[test]
fn a_change_is_as_small_as_it_can_be() {
    let is = vm();
    // Everything said again in other words, and a change of two keys.
    let wanted: ConfigBag = [
        ("cores", "4"),
        ("memory", "current=512"),
        ("tags", "foo,bar baz"),
        ("net0", "virtio,bridge=vmbr0,tag=5,rate=10,firewall=1"),
        ("scsi0", "lab:8,ssd=1,discard=on,iothread=1"),
        ("ide2", "lab:cloudinit"),
        ("agent", "1,fstrim_cloned_disks=1"),
        ("hotplug", "network,disk,usb"),
        ("ipconfig0", "ip6=auto,ip=192.0.2.5/24"),
        ("cipassword", "**********"),
        ("lock", "backup"),
        ("meta", "mine"),
        ("template", "1"),
    ]
    .into_iter()
    .collect();
    let change = is.changes_to(&wanted);
    assert_eq!(change.to_string(), "cores: 2 -> 4\nipconfig0: ip=dhcp,ip6=auto -> ip6=auto,ip=192.0.2.5/24");
    let params = change.params().unwrap();
    let sent: Vec<_> = params.exposed().map(|(key, _)| key).collect();
    assert_eq!(sent, ["cores", "ipconfig0", "digest"]);

    let exact = is.changes_to_exactly(&wanted);
    let deleted: Vec<_> = exact.deletes().collect();
    // Not smbios1, vmgenid, unused0, meta, digest.
    assert_eq!(
        deleted.join(" "),
        "serial0 searchdomain sockets cpu tablet startup onboot boot protection numa sshkeys balloon ciuser ostype \
         nameserver virtio1 scsihw description vga name"
    );
}

#[test]
fn an_edit_says_what_it_does() {
    let is = vm();
    let change = is.change(|want| {
        want.set("sshkeys", encode_sshkeys(["ssh-rsa AAAA+x me"]).unwrap())
            .set("memory", 1024)
            .set("onboot", true);
        want.set("net1", Net::virtio().with_firewall(true)).set("cipassword", "hunter2").set("lock", "");
        want.remove("unused0");
        want.remove("meta");
    });
    assert_eq!(change.sets().collect::<Vec<_>>(), ["memory", "cipassword", "sshkeys", "net1"]);
    assert_eq!(change.deletes().collect::<Vec<_>>(), ["unused0"]);
    let params = change.params().unwrap();
    assert_eq!(params.text("delete").as_deref(), Some("unused0"));
    assert!(params.text("cipassword").is_none() && params.has_secret());
    assert!(!change.to_string().contains("hunter2"), "{change}");
    assert!(is.change(|_| ()).is_empty());
}

/// What PVE would store, without what it rewrites.
fn apply(change: &ConfigChange, to: &ConfigBag) -> ConfigBag {
    let mut bag = to.clone();
    for key in change.deletes() {
        bag.remove(key);
    }
    let params = change.params().unwrap();
    for key in change.sets() {
        bag.set(key, params.get(key).unwrap().clone());
    }
    bag
}

fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "(virtio|e1000)?(=BC:24:11:A3:26:7F)?(,bridge=vmbr[01])?(,tag=[0-9])?",
        "(none|ab:(1|cloudinit|vm-1-disk-0|vm-1-cloudinit))(,media=cdrom)?(,size=[12]G)?(,ssd=[01])?",
        "[01a;, =]{0,5}",
    ]
}

fn any_bag() -> impl Strategy<Value = ConfigBag> {
    let key = "(cores|tags|net0|scsi0|ide2|agent|memory|description|name|onboot|sshkeys|boot|lock|unused0|new-key|ipconfig0)";
    prop::collection::btree_map(key, value(), 0..8).prop_map(|entries| entries.into_iter().collect())
}

proptest! {
    #[test]
    fn a_change_leads_to_what_was_wanted(is in any_bag(), wanted in any_bag()) {
        prop_assert!(is.changes_to_exactly(&is).is_empty());
        let merged = apply(&is.changes_to(&wanted), &is);
        prop_assert!(merged.changes_to(&wanted).is_empty(), "{}", merged.changes_to(&wanted));
        let exact = apply(&is.changes_to_exactly(&wanted), &is);
        prop_assert!(exact.changes_to_exactly(&wanted).is_empty(), "{}", exact.changes_to_exactly(&wanted));
        prop_assert_eq!(is.changes_to(&wanted).deletes().count(), 0);
    }

    #[test]
    fn no_configuration_panics(bag in any_bag()) {
        let _ = (bag.memory_mib(), bag.cores(), bag.tags(), bag.boot_order(), bag.agent(), bag.ssh_keys());
        let _ = (bag.nets(), bag.disks(), bag.ip_configs(), bag.lock(), bag.is_protected(), bag.disk("scsi0"));
        let _ = bag.change(|want| { want.set("cores", 1); }).to_string();
    }
}
