//! From a list of regions to places where instances live: what is opened, and what each trouble is called.
#![allow(clippy::unwrap_used)] // These are tests.

use proxmox_sdk::backend::{InstanceId, RegionKind, Regions};
use proxmox_sdk::regions::{open, open_named, open_under};
use proxmox_sdk::sim::{ROOT_TOKEN_ID, ROOT_TOKEN_SECRET, Sim, SimServer};
use proxmox_sdk::{ErrorKind, Policy, Result};

fn list(server: &SimServer) -> Regions {
    let proxmox = |name: &str, more: serde_json::Value| {
        let mut region = serde_json::json!({
            "region_name": name, "backend_type": "proxmox", "url": server.url(), "token_id": ROOT_TOKEN_ID,
            "fingerprint": server.fingerprint(), "storage": "local-lvm",
        });
        region.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        region
    };
    serde_json::from_value(serde_json::json!([
        proxmox("eu", serde_json::json!({"token_secret": ROOT_TOKEN_SECRET})),
        proxmox("us", serde_json::json!({"token_secret_env": "NOBODY_SETS_THIS"})),
        proxmox("off", serde_json::json!({"token_secret": ROOT_TOKEN_SECRET, "enabled": false})),
        {"region_name": "lab", "uri": "qemu:///system?socket=/does/not/exist"},
        {"region_name": "odd", "uri": "xen:///system"},
    ]))
    .unwrap()
}

async fn capacity(regions: &Regions, name: &str) -> Result<u64> {
    Ok(open_named(regions, name).await?.capacity().await?.memory_mib)
}

#[tokio::test]
async fn regions_are_opened_by_name_and_nodes_are_regions() {
    let server = SimServer::start(Sim::builder().time_scale(0.0).build()).unwrap();
    let regions = list(&server);
    let eu = open(regions.get("eu").unwrap()).await.unwrap();
    assert_eq!((eu.info().kind, eu.info().endpoint), (RegionKind::Proxmox, server.url()));
    assert_eq!(eu.list().await.unwrap().len(), 2, "instances, and no template");
    let (all, one) = (capacity(&regions, "eu").await.unwrap(), capacity(&regions, "eu-pve2").await.unwrap());
    assert_eq!(all, 2 * one);
    let none = capacity(&regions, "eu-pve9").await.unwrap_err();
    assert!(none.to_string().contains("no node of region eu-pve9 is online"), "{none}");
}

#[tokio::test]
async fn under_another_policy() {
    let server = SimServer::start(Sim::builder().time_scale(1000.0).build()).unwrap();
    let regions = list(&server);
    let id = InstanceId::new("100");
    let eu = open_named(&regions, "eu").await.unwrap();
    assert_eq!(eu.stop(&id).await.unwrap_err().kind(), ErrorKind::Refused, "it is nobody's");
    let eu = open_under(&regions, "eu", Policy::dangerous_allow_everything()).await.unwrap();
    eu.stop(&id).await.unwrap();
}

#[tokio::test]
async fn one_that_cannot_be_opened_says_which_and_why() {
    let server = SimServer::start(Sim::builder().time_scale(0.0).build()).unwrap();
    let regions = list(&server);
    for (name, kind, text) in [
        ("us", ErrorKind::InvalidInput, "region us: the secret of the token root@pam!sim is missing"),
        (
            "lab",
            ErrorKind::Connect,
            "region lab: connect (qemu+unix:///system?socket=/does/not/exist): no way to libvirt on this machine",
        ),
        ("odd", ErrorKind::InvalidInput, "region odd: "),
        ("off", ErrorKind::Refused, "region off is switched off"),
        ("nosuch", ErrorKind::NotFound, "there is no region \"nosuch\""),
    ] {
        let error = open_named(&regions, name).await.err().unwrap();
        assert_eq!(error.kind(), kind, "{name}: {error}");
        assert!(error.to_string().contains(text), "{name}: {error}");
    }
}
