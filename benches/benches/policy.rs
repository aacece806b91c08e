//! What the gate costs beside its reading: the verdict alone, on requests that are all different.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use proxmox_core::policy::GuestFacts;
use proxmox_core::{Effect, Policy, PvePath, PveRequest, Verb, Vmid};

/// Ten thousand writes, of guests and of what is none.
fn requests() -> Vec<(PveRequest, Option<GuestFacts>)> {
    let path = |text: &str| PvePath::parse(text).unwrap_or_else(|e| panic!("{e}"));
    let number = |n: u32| Vmid::new(n).unwrap_or_else(|e| panic!("{e}"));
    let facts = |n: u32| {
        let mut facts = GuestFacts::new(number(n));
        facts.name = Some(format!("web-{n}"));
        let tags: &[&str] = match n % 3 {
            0 => &["sdk-managed"],
            1 => &["web"],
            _ => &["sdk-managed", "production"],
        };
        facts.tags = tags.iter().map(|&tag| tag.to_owned()).collect();
        facts
    };
    (100..10_100)
        .map(|n| {
            let node = format!("/nodes/pve{}", n % 7);
            let guest = format!("{node}/{}/{n}", if n % 2 == 0 { "qemu" } else { "lxc" });
            let write = |verb, text: &str| PveRequest::new(verb, path(text));
            match n % 6 {
                0 => (write(Verb::Create, &format!("{guest}/status/stop")), Some(facts(n))),
                1 => (write(Verb::Set, &format!("{guest}/config")).param("cores", n % 8 + 1), Some(facts(n))),
                2 => {
                    let set = write(Verb::Set, &format!("{guest}/config")).param("tags", "sdk-managed;web");
                    (set.param("delete", "onboot,net1").effect(Effect::Write), Some(facts(n)))
                }
                3 => (write(Verb::Create, &format!("{guest}/clone")).param("newid", n + 10_000), None),
                4 => (
                    write(Verb::Delete, &format!("{node}/storage/lab/content/lab:{n}/vm-{n}-disk-0.raw")),
                    None,
                ),
                _ => (write(Verb::Set, "/cluster/options").param("description", n), None),
            }
        })
        .collect()
}

fn verdict(c: &mut Criterion) {
    let requests = requests();
    let mut group = c.benchmark_group("policy_verdict");
    group.throughput(Throughput::Elements(requests.len() as u64));
    let plain = Policy::default();
    let narrow = Policy::default()
        .marker("owner: ci")
        .and_then(|policy| policy.read_only(Vmid::MIN..=Vmid::MIN))
        .and_then(|policy| policy.only_nodes(["pve1".parse()?, "pve2".parse()?]))
        .unwrap_or_else(|e| panic!("{e}"));
    for (name, policy) in [("default", &plain), ("with_marker_numbers_and_nodes", &narrow)] {
        group.bench_function(name, |b| {
            b.iter(|| {
                for (request, facts) in &requests {
                    black_box(policy.verdict(black_box(request), facts.as_ref()));
                }
            });
        });
    }
    group.finish();
}

criterion_group!(benches, verdict);
criterion_main!(benches);
