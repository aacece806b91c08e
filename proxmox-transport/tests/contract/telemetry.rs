//! How guests and nodes fare.

use std::time::Duration;

use proxmox_core::guest::IpQuery;
use proxmox_core::telemetry::Timeframe;

use super::{Cap, World};

pub async fn of_a_guest(world: &World) {
    let vm = world.vm(world.answering);
    let address = vm.wait_for_ip(IpQuery::v4()).await.unwrap().address;
    let first = vm.telemetry().with_addresses().await.unwrap();
    assert!(first.status.is_running() && first.status.maxmem.is_some(), "{first:?}");
    assert_eq!((first.status.vmid, &first.node), (vm.vmid(), vm.node()));
    assert!(first.addresses.contains(&address), "{first:?}");
    world.pve.sleep(Duration::from_millis(10)).await;
    let second = vm.telemetry().await.unwrap().since(&first);
    assert!(second.rates.is_some_and(|rates| rates.seconds > 0.0), "{second:?}");
}

pub async fn of_a_node(world: &World) {
    let told = world.node().telemetry().with_backups().await.unwrap();
    assert!(told.status.is_some_and(|status| status.uptime.is_some()));
    assert!(told.storages.iter().any(|row| row.storage == world.storage));
}

pub async fn histories_have_times(world: &World) {
    if !world.needs(Cap::NodeFacts) {
        return;
    }
    let guest = world.vm(world.answering).history(Timeframe::Hour).await.unwrap();
    let node = world.node().history(Timeframe::Hour).await.unwrap();
    assert!(
        guest.iter().any(|point| point.cpu.is_some()) && node.iter().any(|point| point.memtotal.is_some())
    );
    let storage = world.node().storage_history(&world.storage, Timeframe::Hour).await.unwrap();
    assert!(storage.last().is_some_and(|point| point.total.is_some_and(|total| total > 0.0)), "{storage:?}");
    assert!(node.windows(2).all(|pair| pair[0].time < pair[1].time));
}
