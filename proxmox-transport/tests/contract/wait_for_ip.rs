//! The wait for a guest's address.

use std::time::Duration;

use proxmox_core::guest::IpQuery;
use proxmox_core::{ErrorKind, Outcome};

use super::{Cap, World, assert_is};

pub async fn finds_the_first_usable_one(world: &World) {
    let vm = world.vm(world.answering);
    let found = vm.wait_for_ip(IpQuery::v4()).await.unwrap();
    assert!(found.address.is_ipv4() && !found.address.is_loopback());
    assert_eq!((found.interface.as_str(), found.mac.as_deref()), ("eth0", Some("bc:24:11:00:01:02")));
    let by_mac = vm.wait_for_ip(IpQuery::v4().mac("BC:24:11:00:01:02")).await.unwrap();
    assert_eq!(by_mac, found);
    let within = IpQuery::v4().subnet(&format!("{}/24", found.address)).unwrap();
    assert_eq!(vm.wait_for_ip(within).await.unwrap(), found);
}

pub async fn tells_what_it_saw(world: &World) {
    let vm = world.vm(world.answering);
    let error = vm
        .wait_for_ip(IpQuery::v4().mac("00:00:5e:00:53:01"))
        .timeout(Duration::from_millis(200))
        .await
        .unwrap_err();
    assert_is(&error, ErrorKind::Timeout, Outcome::Rejected);
    let text = error.to_string();
    assert!(text.contains("the agent answers") && text.contains("on eth0"), "{text}");

    let elsewhere = IpQuery::v4().subnet("203.0.113.0/24").unwrap();
    let error = vm.wait_for_ip(elsewhere).timeout(Duration::from_millis(200)).await.unwrap_err();
    assert_is(&error, ErrorKind::Timeout, Outcome::Rejected);
}

pub async fn a_guest_that_is_off_ends_it(world: &World) {
    if !world.needs(Cap::AgentStates) {
        return;
    }
    let vm = world.new_vm("no-address").await;
    let error = vm.wait_for_ip(IpQuery::v4()).await.unwrap_err();
    assert_is(&error, ErrorKind::WrongState, Outcome::Rejected);
}

pub async fn without_an_agent_it_says_so(world: &World) {
    let Some(simulated) = world.simulated() else {
        return;
    };
    assert!(simulated.sim.set_agent(world.answering.get(), false));
    let error = world
        .vm(world.answering)
        .wait_for_ip(IpQuery::v4())
        .timeout(Duration::from_millis(200))
        .await
        .unwrap_err();
    assert_is(&error, ErrorKind::Timeout, Outcome::Rejected);
    let text = error.to_string();
    assert!(
        text.contains("the agent was never seen") && text.contains("guest agent is not running"),
        "{text}"
    );
}

pub async fn a_fresh_clone_gets_one(world: &World) {
    if !world.needs(Cap::AgentOnClones) {
        return;
    }
    let vm = world.running_vm("fresh").await;
    let found = vm.wait_for_ip(IpQuery::v4()).await.unwrap();
    let (_, net) = vm.config().await.unwrap().nets().remove(0);
    let mac = net.unwrap().mac().unwrap().to_string().to_lowercase();
    assert_eq!(found.mac.as_deref(), Some(mac.as_str()));
}
