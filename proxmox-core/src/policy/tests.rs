use super::*;
use crate::PvePath;

fn guest(tags: &str) -> GuestFacts {
    GuestFacts { tags: split_tags(tags), ..GuestFacts::new(Vmid::MIN) }
}

fn request(verb: Verb, path: &str, effect: Effect) -> PveRequest {
    PveRequest::new(verb, PvePath::parse(path).unwrap()).effect(effect)
}

fn rule(request: &PveRequest, guest: &GuestFacts) -> Option<Rule> {
    match Policy::default().verdict(request, Some(guest)) {
        Verdict::Allow => None,
        Verdict::Refuse(refusal) => Some(refusal.rule),
    }
}

#[test]
fn the_table() {
    let start = request(Verb::Create, "/nodes/pve1/qemu/100/status/start", Effect::Write);
    let stop = request(Verb::Create, "/nodes/pve1/qemu/100/status/stop", Effect::Destroy);
    let read = request(Verb::Get, "/nodes/pve1/qemu/100/config", Effect::Read);
    for (tags, on_write, on_destroy) in [
        ("sdk-managed", None, None),
        ("", Some(Rule::ManagedTag), Some(Rule::ManagedTag)),
        ("web", Some(Rule::ManagedTag), Some(Rule::ManagedTag)),
        ("sdk-managed;production", None, Some(Rule::ProtectedTag)),
        ("production", Some(Rule::ManagedTag), Some(Rule::ManagedTag)),
    ] {
        assert_eq!(rule(&start, &guest(tags)), on_write, "{tags}");
        assert_eq!(rule(&stop, &guest(tags)), on_destroy, "{tags}");
        assert_eq!(rule(&read, &guest(tags)), None, "{tags}");
    }
}

#[test]
fn force_names_one_guest() {
    let stop = request(Verb::Create, "/nodes/pve1/qemu/100/status/stop", Effect::Destroy);
    assert_eq!(rule(&stop.clone().force(Vmid::MIN), &guest("")), None);
    assert_eq!(rule(&stop.force(Vmid::MAX), &guest("")), Some(Rule::ManagedTag));
}

#[test]
fn another_guests_volume_is_not_taken() {
    let config = "/nodes/pve1/qemu/100/config";
    let managed = guest("sdk-managed");
    let with =
        |verb, path: &str, name: &str, value: &str| request(verb, path, Effect::Write).param(name, value);
    for (name, value) in [
        ("scsi0", "local-lvm:vm-101-disk-0"),
        ("virtio1", "cache=none,file=local:101/vm-101-disk-0.qcow2"),
        ("unused0", "local-lvm:base-101-disk-0"),
        ("efidisk0", "local-lvm:vm-101-disk-1,efitype=4m"),
    ] {
        for verb in [Verb::Set, Verb::Create] {
            let taking = with(verb, config, name, value);
            assert_eq!(rule(&taking, &managed), Some(Rule::GuestData), "{name}={value}");
            assert_eq!(
                rule(&taking.force(Vmid::MIN), &managed),
                Some(Rule::GuestData),
                "whose it is, force does not name"
            );
        }
    }
    for (name, value) in [
        ("scsi0", "local-lvm:vm-100-disk-0,cache=none"),
        ("scsi0", "local:9000/base-9000-disk-0.qcow2/100/vm-100-disk-0.qcow2"),
        ("scsi1", "local-lvm:0,import-from=local-lvm:vm-101-disk-0"),
        ("ide2", "local:iso/debian.iso,media=cdrom"),
        ("description", "scsi0: local-lvm:vm-101-disk-0"),
    ] {
        assert_eq!(rule(&with(Verb::Set, config, name, value), &managed), None, "{name}={value}");
    }
    let made =
        |path: &str, slot: &str, volume: &str| with(Verb::Create, path, slot, volume).param("vmid", "100");
    let disk = made("/nodes/pve1/qemu", "scsi0", "local-lvm:vm-101-disk-0");
    let mount = made("/nodes/pve1/lxc", "mp0", "local-lvm:subvol-101-disk-0,mp=/x");
    for request in [disk, mount] {
        assert_eq!(rule(&request, &managed), Some(Rule::GuestData), "{request}");
        let allowing = Policy::default().allow(Rule::GuestData).unwrap();
        assert!(matches!(allowing.verdict(&request, None), Verdict::Allow), "{request}");
    }
    assert_eq!(rule(&made("/nodes/pve1/qemu", "scsi0", "local-lvm:32"), &managed), None);
}

#[test]
fn taking_protection_away_counts_as_destroy() {
    let set = |name: &str, value: &str| {
        request(Verb::Set, "/nodes/pve1/qemu/100/config", Effect::Write).param(name, value)
    };
    let mut production = guest("sdk-managed;production");
    assert_eq!(rule(&set("tags", "sdk-managed;production;web"), &production), None);
    assert_eq!(rule(&set("tags", "production"), &production), Some(Rule::ProtectedTag));
    assert_eq!(rule(&set("tags", "sdk-managed"), &production), Some(Rule::ProtectedTag));
    assert_eq!(rule(&set("delete", "cores,tags"), &production), Some(Rule::ProtectedTag));
    assert_eq!(rule(&set("cores", "2"), &production), None);
    production.protection = true;
    assert_eq!(rule(&set("protection", "0"), &production), Some(Rule::ProtectedTag));
    assert_eq!(rule(&set("delete", "protection"), &production), Some(Rule::ProtectedTag));
}

#[test]
fn what_ends_a_guest_counts_as_destroy_whatever_it_calls_itself() {
    let production = guest("sdk-managed;production");
    for (verb, what) in [
        (Verb::Delete, ""),
        (Verb::Create, "/status/stop"),
        (Verb::Create, "/status/suspend"),
        (Verb::Create, "/template"),
        (Verb::Create, "/agent/suspend-ram"),
        (Verb::Create, "/snapshot/a/rollback"),
        (Verb::Delete, "/snapshot/a"),
    ] {
        let lied = request(verb, &format!("/nodes/n/qemu/100{what}"), Effect::Write);
        assert_eq!(rule(&lied, &production), Some(Rule::ProtectedTag), "{lied}");
    }
    let start = request(Verb::Create, "/nodes/n/qemu/100/status/start", Effect::Write);
    assert_eq!(rule(&start, &production), None);
}

#[test]
fn tasks_of_guests_are_theirs() {
    let stop = |upid: &str| request(Verb::Delete, &format!("/nodes/n/tasks/{upid}"), Effect::Write);
    for kind in ["resize", "move_volume", "hastop"] {
        let upid = format!("UPID:n:00000001:00000001:00000001:{kind}:100:root@pam:");
        let refused = Policy::default().verdict(&stop(&upid), None);
        assert!(
            matches!(&refused, Verdict::Refuse(r) if r.rule == Rule::Unverifiable),
            "{kind}: {refused:?}"
        );
    }
    for upid in [
        "UPID:n:00000001:00000001:00000001:aptupdate::root@pam:",
        "UPID:n:00000001:00000001:00000001:vzdump:100:root@pam:",
    ] {
        assert_eq!(Policy::default().verdict(&stop(upid), None), Verdict::Allow, "{upid}");
    }
}

#[test]
fn protection_flag_stops_a_delete() {
    let mut facts = guest("sdk-managed");
    facts.protection = true;
    let delete = request(Verb::Delete, "/nodes/pve1/qemu/100", Effect::Destroy);
    assert_eq!(rule(&delete, &facts), Some(Rule::Protection));
    let snapshot = request(Verb::Delete, "/nodes/pve1/qemu/100/snapshot/a", Effect::Destroy);
    assert_eq!(rule(&snapshot, &facts), None);
}

#[test]
fn a_fresh_clone_of_ours_may_get_its_tag_and_nothing_else() {
    let mut facts = guest("inherited");
    facts.description = Policy::default().clone_marker(Vmid::MAX, None);
    let set = request(Verb::Set, "/nodes/pve1/qemu/100/config", Effect::Write);
    assert_eq!(rule(&set.clone().param("tags", "inherited;sdk-managed"), &facts), None);
    assert_eq!(rule(&set.clone().param("tags", "x"), &facts), Some(Rule::ManagedTag));
    assert_eq!(rule(&set.param("tags", "sdk-managed").param("cores", 8), &facts), Some(Rule::ManagedTag));
}

#[test]
fn what_a_path_does_may_be_allowed_by_name() {
    let verdict =
        |policy: Policy, path: &str| policy.verdict(&request(Verb::Create, path, Effect::Destroy), None);
    for (path, rule) in [("/nodes/pve1/stopall", Rule::ManyGuests), ("/nodes/pve1/status", Rule::Node)] {
        let Verdict::Refuse(refusal) = verdict(Policy::default(), path) else { panic!("{path}") };
        assert_eq!(refusal.rule, rule, "{path}");
        assert!(refusal.advice.contains(rule.as_str()), "{}", refusal.advice);
        assert_eq!(verdict(Policy::dangerous_allow_everything(), path), Verdict::Allow);
        assert_eq!(verdict(Policy::default().allow(rule).unwrap(), path), Verdict::Allow);
        assert_ne!(verdict(Policy::default().allow(Rule::Network).unwrap(), path), Verdict::Allow);
        assert_eq!(rule.as_str().parse::<Rule>().unwrap(), rule);
    }
    assert!(Policy::default().allow(Rule::ManagedTag).is_err());
    assert!("x".parse::<Rule>().is_err());
}

#[test]
fn numbers_and_nodes_may_be_ruled_out() {
    let vmid = |n| Vmid::new(n).unwrap();
    let policy = Policy::default().read_only(vmid(100)..=vmid(199)).unwrap();
    let policy = policy.only_nodes(["pve1".parse().unwrap()]).unwrap();
    let rule = |request: &PveRequest, guest: Option<&GuestFacts>| match policy.verdict(request, guest) {
        Verdict::Allow => None,
        Verdict::Refuse(refusal) => Some(refusal.rule),
    };
    let ours = |n| GuestFacts { tags: split_tags("sdk-managed"), ..GuestFacts::new(vmid(n)) };
    let on = |path: &str| request(Verb::Create, path, Effect::Write);
    let start = on("/nodes/pve1/qemu/100/status/start");
    assert_eq!(rule(&start, Some(&ours(100))), Some(Rule::ReadOnly));
    assert_eq!(rule(&start.clone().force(vmid(100)), Some(&ours(100))), Some(Rule::ReadOnly));
    assert_eq!(rule(&on("/nodes/pve1/qemu/200/status/start"), Some(&ours(200))), None);
    let elsewhere = on("/nodes/pve2/qemu/200/status/start");
    assert_eq!(rule(&elsewhere.clone().force(vmid(200)), Some(&ours(200))), Some(Rule::Elsewhere));
    let clone = on("/nodes/pve1/qemu/9000/clone").param("newid", 200);
    assert_eq!(rule(&clone, None), None);
    assert_eq!(rule(&clone.clone().param("target", "pve2"), None), Some(Rule::Elsewhere));
    assert_eq!(rule(&clone.param("newid", 150), None), Some(Rule::ReadOnly));
    assert_eq!(rule(&on("/nodes/pve1/qemu").param("vmid", 199), None), Some(Rule::ReadOnly));
    assert_eq!(rule(&on("/nodes/pve1/lxc").param("vmid", 200), None), None);
    let read = request(Verb::Get, "/nodes/pve2/qemu/100/config", Effect::Read);
    assert_eq!(rule(&read, None), None);

    let policy = policy.only_pools(["web", "ci"]).unwrap();
    let rule = |request: &PveRequest, guest: Option<&GuestFacts>| match policy.verdict(request, guest) {
        Verdict::Allow => None,
        Verdict::Refuse(refusal) => Some(refusal.rule),
    };
    let start = on("/nodes/pve1/qemu/200/status/start");
    let within = |pool: &str| GuestFacts { pool: Some(pool.to_owned()), ..ours(200) };
    assert_eq!(rule(&start, Some(&within("ci"))), None);
    assert_eq!(rule(&start, Some(&ours(200))), Some(Rule::Pool));
    assert_eq!(rule(&start.clone().force(vmid(200)), Some(&within("db"))), Some(Rule::Pool));
    let create = on("/nodes/pve1/lxc").param("vmid", 200);
    assert_eq!(rule(&create, None), Some(Rule::Pool));
    assert_eq!(rule(&create.param("pool", "web"), None), None);

    assert!(
        policy.clone().only_pools([""]).is_err() && policy.clone().only_pools(Vec::<String>::new()).is_err()
    );
    assert!(policy.clone().read_only(vmid(150)..=vmid(300)).is_err(), "overlapping");
    #[allow(clippy::reversed_empty_ranges)]
    let empty = vmid(300)..=vmid(200);
    assert!(policy.clone().read_only(empty).is_err(), "empty");
    assert!(policy.clone().only_nodes([]).is_err(), "no node");
}

#[test]
fn a_marker_is_a_second_sign() {
    let policy = Policy::default().marker("owner: ci").unwrap();
    let set = |name: &str, value: &str| {
        request(Verb::Set, "/nodes/pve1/qemu/100/config", Effect::Write).param(name, value)
    };
    let rule = |request: &PveRequest, tags: &str, description: &str| {
        let facts = GuestFacts { description: description.to_owned(), ..guest(tags) };
        match policy.verdict(request, Some(&facts)) {
            Verdict::Allow => None,
            Verdict::Refuse(refusal) => Some(refusal.rule),
        }
    };
    let cores = set("cores", "2");
    assert_eq!(rule(&cores, "sdk-managed", "web\nowner: ci\n"), None);
    assert_eq!(rule(&cores, "sdk-managed", "web"), Some(Rule::Marker));
    assert_eq!(rule(&cores, "", "owner: ci"), Some(Rule::ManagedTag));
    let protected = "sdk-managed;production";
    assert_eq!(rule(&set("description", "x"), protected, "owner: ci"), Some(Rule::ProtectedTag));
    assert_eq!(rule(&set("delete", "description"), protected, "owner: ci"), Some(Rule::ProtectedTag));
    assert_eq!(rule(&set("description", "x, owner: ci"), protected, "owner: ci"), None);
    assert_eq!(policy.describe(""), "owner: ci");
    assert_eq!(policy.describe("web"), "web\n\nowner: ci");
    assert_eq!(policy.describe("is owner: ci"), "is owner: ci");
    for bad in ["", " ", "a\nb"] {
        assert!(Policy::default().marker(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn a_guest_without_facts_is_refused() {
    for path in ["/nodes/pve1/qemu/100/status/stop", "/nodes/pve1.lan/qemu/100", "/nodes/pve1/lxc/1e2/config"]
    {
        let request = request(Verb::Delete, path, Effect::Destroy);
        let Verdict::Refuse(refusal) = Policy::default().verdict(&request, None) else { panic!("{path}") };
        assert_eq!(refusal.rule, Rule::Unverifiable, "{path}");
    }
}

#[test]
fn tags_are_checked() {
    assert!(Policy::default().managed_tag("ci.x-1").is_ok());
    for bad in ["", "a b", "a;b", "Ü", "-a", "A"] {
        assert!(Policy::default().managed_tag(bad).is_err(), "{bad}");
    }
}
