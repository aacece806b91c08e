//! Requests that the facade does not know.

use proxmox_core::{Effect, ErrorKind, Outcome, PvePath, PveRequest, Upid};
use serde::Deserialize;
use serde_json::Value;

use super::{World, assert_is};

fn path(text: &str) -> PvePath {
    PvePath::parse(text).unwrap()
}

pub async fn reads_come_as_pve_sent_them(world: &World) {
    let version: Value = world.pve.request(PveRequest::get(path("/version"))).await.unwrap();
    assert!(version["version"].is_string(), "{version}");
    #[derive(Deserialize)]
    struct Named {
        version: String,
    }
    let named: Named = world.pve.request(PveRequest::get(path("/version"))).await.unwrap();
    assert_eq!(named.version, version["version"]);
}

pub async fn writes_take_effect(world: &World) {
    let vm = world.new_vm_at(92, "raw").await;
    let change = PveRequest::set(vm.path().fixed("config"))
        .param("cores", 2)
        .param("onboot", true)
        .effect(Effect::Write);
    world.pve.request::<()>(change).await.unwrap();
    let config = vm.config().await.unwrap();
    assert_eq!((config.cores(), config.onboot()), (Some(2), true));

    let start = PveRequest::create(vm.path().fixed("status/start"));
    let upid: Upid = world.pve.request(start).await.unwrap();
    world.pve.task(upid).wait().await.unwrap();
    assert!(vm.status().await.unwrap().is_running());
    let stop = PveRequest::create(vm.path().fixed("status/stop"));
    let upid: Upid = world.pve.request(stop).await.unwrap();
    world.pve.task(upid).wait().await.unwrap();
    let delete = PveRequest::delete(vm.path()).param("purge", true);
    let upid: Upid = world.pve.request(delete).await.unwrap();
    world.pve.task(upid).wait().await.unwrap();
    assert!(vm.status().await.unwrap_err().is_not_found());
}

pub async fn an_answer_of_another_form_is_a_decode_error(world: &World) {
    let error = world.pve.request::<Vec<String>>(PveRequest::get(path("/version"))).await.unwrap_err();
    assert_is(&error, ErrorKind::Decode, Outcome::Rejected);
}

pub async fn what_is_printed_is_what_is_sent(world: &World) {
    let request = PveRequest::get(path("/cluster/resources")).param("type", "node");
    assert_eq!(request.to_string(), "pvesh get /cluster/resources --type node");
    let rows: Vec<Value> = world.pve.request(request).await.unwrap();
    assert!(rows.iter().all(|row| row["type"] == "node") && !rows.is_empty());
}
