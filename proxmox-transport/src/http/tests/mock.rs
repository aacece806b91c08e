//! Both engines against wiremock, which checks what it is sent.

use proxmox_core::{ErrorKind, PvePath, PveRequest};
use wiremock::matchers::{body_string, header, method, path, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::{SECRET, engines, get, with_token};
use crate::Api;
use crate::api::{Endpoint, Engine};

fn api(server: &MockServer) -> Api {
    with_token(Api::at(Endpoint::plain(&server.address().to_string())))
}

fn data(json: &serde_json::Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(serde_json::json!({ "data": json }))
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_arrive_as_pve_reads_them() {
    let server = MockServer::start().await;
    let engines = engines(&api(&server));
    let times = engines.len() as u64;
    let token = format!("PVEAPIToken=root@pam!ci={SECRET}");
    Mock::given(method("GET"))
        .and(path("/api2/json/nodes/pve1/qemu"))
        .and(query_param("full", "1"))
        .and(header("authorization", token.as_str()))
        .respond_with(data(&serde_json::json!([{"vmid": 100}])))
        .expect(times)
        .mount(&server)
        .await;
    Mock::given(method("POST"))
        .and(path("/api2/json/nodes/pve1/qemu/100/agent/exec"))
        .and(header("content-type", "application/x-www-form-urlencoded"))
        .and(body_string("command=echo&command=a%20b%26c&input-data=%C3%BC"))
        .respond_with(data(&serde_json::json!({"pid": 7})))
        .expect(times)
        .mount(&server)
        .await;
    for (name, transport) in engines {
        let rows: serde_json::Value =
            transport.call(&get("/nodes/pve1/qemu").param("full", true)).unwrap().decode().unwrap();
        assert_eq!(rows[0]["vmid"], 100, "{name}");
        let exec = PveRequest::create(PvePath::parse("/nodes/pve1/qemu/100/agent/exec").unwrap())
            .param("command", vec!["echo".to_owned(), "a b&c".to_owned()])
            .param("input-data", "ü");
        let answer: serde_json::Value = transport.call(&exec).unwrap().decode().unwrap();
        assert_eq!(answer["pid"], 7, "{name}");
    }
}

/// The whole handle: its layers repeat a read that could not be served, and leave a write alone.
#[tokio::test(flavor = "multi_thread")]
async fn the_standard_layers_are_there() {
    for engine in ["reqwest", "ureq"] {
        let Ok(engine) = engine.parse::<Engine>() else {
            continue;
        };
        let server = MockServer::start().await;
        Mock::given(method("GET"))
            .respond_with(ResponseTemplate::new(503))
            .up_to_n_times(1)
            .mount(&server)
            .await;
        Mock::given(method("GET"))
            .respond_with(data(&serde_json::json!({"version": "8.4.21"})))
            .mount(&server)
            .await;
        Mock::given(method("POST")).respond_with(ResponseTemplate::new(503)).expect(1).mount(&server).await;
        let pve = api(&server).engine(engine).connect().unwrap();
        assert_eq!(pve.cluster().version().await.unwrap().version, "8.4.21", "{engine}");
        let apply = PveRequest::create(PvePath::parse("/nodes/pve1/apt/update").unwrap())
            .effect(proxmox_core::Effect::Write);
        let error = pve.call(&apply).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{engine}: {error:?}");
        assert!(error.is_maybe_applied(), "{engine}");
    }
}

#[test]
fn what_is_missing_is_named() {
    let api = || Api::new("pve1").unwrap();
    let with_token = || with_token(api()).dangerous_accept_any_certificate();
    for (field, result) in [
        ("credentials", api().connect()),
        ("limit", with_token().limit(0).connect()),
        ("connect_timeout", with_token().connect_timeout(std::time::Duration::ZERO).connect()),
        ("first_byte_timeout", with_token().first_byte_timeout(std::time::Duration::ZERO).connect()),
        ("total_timeout", with_token().total_timeout(std::time::Duration::ZERO).connect()),
    ] {
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.errors().contains_key(field), "{field}: {error:?}");
    }
    assert!(api().token("root@pam", "x".into()).is_err());
    assert!(api().password("root", "x".into()).is_err());
    assert!("curl".parse::<Engine>().unwrap_err().message().contains("\"curl\""));
}
