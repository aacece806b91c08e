//! From a builder to a state.

use std::collections::{BTreeMap, VecDeque};

use crate::builder::SimBuilder;
use crate::guest::disk::{self, Drive};
use crate::guest::{Guest, GuestKind, Run};
use crate::node::{Disk, Node};
use crate::spec::{SimGuest, SimNode, SimStorage};
use crate::state::{Counters, State, Vnet};
use crate::storage::{Storage, Volume};

/// How long what runs at the beginning has run.
const UPTIME: f64 = 86_400.0;

pub(crate) fn state(builder: SimBuilder, now: f64) -> State {
    let nodes = (1..).zip(builder.nodes).map(|(i, spec)| (spec.name.clone(), node(spec, i, now))).collect();
    let mut state = State {
        version: builder.version,
        nodes,
        storages: BTreeMap::new(),
        guests: BTreeMap::new(),
        pools: BTreeMap::new(),
        vnets: builder.vnets.into_iter().map(|(name, zone)| (name, Vnet { zone })).collect(),
        files: BTreeMap::new(),
        web: builder.web,
        users: builder.users.into_iter().collect(),
        acl: builder.acl,
        dying: Vec::new(),
        tasks: Vec::new(),
        seen: VecDeque::new(),
        faults: std::sync::Arc::default(),
        counters: Counters::default(),
    };
    for spec in builder.storages {
        let storage = storage(&state, spec, now);
        state.storages.insert(storage.id.clone(), storage);
    }
    for spec in builder.guests {
        guest(&mut state, spec, now);
    }
    state
}

fn node(spec: SimNode, number: u32, now: f64) -> Node {
    let disk = |dev: &str, model: &str, n: u32, size| Disk {
        dev: dev.to_owned(),
        model: model.to_owned(),
        serial: format!("SIM{number:03}{n:03}"),
        size,
        healthy: true,
    };
    Node {
        name: spec.name,
        link: spec.link,
        ip: format!("192.0.2.{}", 10 + number),
        cores: spec.cores,
        memory: spec.memory,
        booted: now - 2.0 * UPTIME,
        bridges: spec.bridges,
        disks: vec![
            disk("/dev/sda", "SIM_SSD_480", 1, 480_103_981_056),
            disk("/dev/sdb", "SIM_HDD_4000", 2, 4_000_787_030_016),
        ],
    }
}

fn storage(state: &State, spec: SimStorage, now: f64) -> Storage {
    let mut storage = Storage {
        id: spec.id,
        kind: spec.kind,
        content: spec.content.split(',').map(|c| c.trim().to_owned()).collect(),
        nodes: spec.nodes,
        shared: spec.shared,
        enabled: spec.enabled,
        total: spec.total,
        volumes: Vec::new(),
    };
    for (name, size) in spec.volumes {
        let homes: Vec<_> = if storage.shared {
            vec![None]
        } else {
            state.nodes.keys().filter(|n| storage.is_on(n)).map(|n| Some(n.clone())).collect()
        };
        let content = name.split_once('/').map_or("images", |(content, _)| content).to_owned();
        let volid = format!("{}:{name}", storage.id);
        storage.volumes.extend(homes.into_iter().map(|node| Volume {
            volid: volid.clone(),
            node,
            content: content.clone(),
            format: crate::storage::format_of(&name).to_owned(),
            size,
            vmid: None,
            parent: None,
            ctime: now - UPTIME,
        }));
    }
    storage
}

fn guest(state: &mut State, spec: SimGuest, now: f64) {
    assert!(state.nodes.contains_key(&spec.node), "guest {}: no node {}", spec.vmid, spec.node);
    let mut guest = Guest::new(spec.vmid, spec.kind, &spec.node);
    guest.config = spec.config;
    guest.has_agent = spec.has_agent;
    guest.obeys = spec.obeys;
    for (key, storage, size) in spec.disks {
        let known = state.storages.contains_key(&storage);
        assert!(known, "guest {}: no storage {storage} for {key}", spec.vmid);
        let mut drive = Drive::parse(&disk::built(state, &guest, &storage, size, now));
        if let Some(path) = spec.mounts.get(&key) {
            drive.set("mp", path);
        }
        guest.set(&key, drive.print());
    }
    match guest.kind {
        GuestKind::Qemu => crate::qemu::create::fill_in(state, &mut guest, now - UPTIME),
        GuestKind::Lxc => {
            crate::lxc::create::fill_in(&mut guest, "amd64", "debian");
            for (number, card) in crate::lxc::net::cards(&guest) {
                let card = crate::lxc::net::stored(state, &card.print());
                guest.set(&format!("net{number}"), card);
            }
        }
    }
    if spec.running {
        guest.run = Some(Run { since: now - UPTIME, pid: state.counters.pid(), paused: false });
    }
    state.guests.insert(guest.vmid, guest);
}
