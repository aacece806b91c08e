//! Addresses, credentials and certificates that are not what they should be: nothing is sent.

use std::io::Write;

use proxmox_core::{Effect, Error, ErrorKind, Outcome, PvePath, PveRequest};
use proxmox_sim::{ROOT_TOKEN_ID, ROOT_TOKEN_SECRET, SimServer};
use proxmox_transport::Api;

use crate::lab::{Lab, Way};
use crate::on_each_way;

on_each_way!(https:
    what_can_be_seen_to_be_wrong_is_not_even_tried
    a_server_that_is_not_trusted_gets_nothing
    a_server_of_another_name_gets_nothing
    who_does_not_answer_gets_nothing
    every_form_of_the_address_works
    every_way_to_trust_works
);

fn with_token(api: Api) -> Api {
    api.token(ROOT_TOKEN_ID, ROOT_TOKEN_SECRET.into()).unwrap()
}

/// What a write gets, without layers that look or try again.
fn write(lab: &Lab, api: Api) -> Result<(), Error> {
    let stop =
        PveRequest::create(PvePath::parse("/pools").unwrap()).param("poolid", "x").effect(Effect::Write);
    let pve = lab.like(api);
    lab.run(async { pve.call(&stop).await.map(drop) })
}

#[track_caller]
fn assert_names(error: &Error, field: &str, value: &str) {
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::InvalidInput, Outcome::NotSent), "{error:?}");
    assert!(error.errors().contains_key(field), "{field}: {error:?}");
    assert!(error.message().contains(value), "{value}: {error}");
}

fn what_can_be_seen_to_be_wrong_is_not_even_tried(way: Way) {
    let lab = Lab::new(way);
    let address = lab.server().address();
    for bad in [
        format!("http://{address}"),
        String::new(),
        "https://".to_owned(),
        "ftp://pve1".to_owned(),
        format!("https://{address}/elsewhere"),
        "https://pve1:port".to_owned(),
        "https://a b".to_owned(),
    ] {
        assert_names(&Api::new(&bad).unwrap_err(), "url", &bad);
    }
    let error = Api::new(&format!("https://root:hunter2@{address}")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");

    let api = || Api::new(&lab.server().url()).unwrap();
    for bad in ["root", "root@pam", "root@pam!", "@pam!x", "root@pam!a b"] {
        // It may be the secret: what is expected is said, and not what was given.
        assert_names(&api().token(bad, "s".into()).unwrap_err(), "token id", "such as root@pam!ci");
    }
    let error = api().token("root@pam!ci=12345678-aaaa", "x".into()).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("12345678"), "{error:?}");
    assert_names(&api().password("root", "x".into()).unwrap_err(), "user id", "root");
    assert_names(&api().connect().unwrap_err(), "credentials", "token");

    assert_names(&api().ca_file("/no/such/file.pem").unwrap_err(), "ca_file", "/no/such/file.pem");
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(b"no certificate\n").unwrap();
    let path = file.path().to_str().unwrap();
    assert_names(&api().ca_file(path).unwrap_err(), "ca_file", path);
    assert_names(&api().ca_pem("nothing").unwrap_err(), "ca_pem", "no certificate");
    for bad in ["", "AB:CD", "zz"] {
        assert_names(&api().fingerprint(bad).unwrap_err(), "fingerprint", bad);
    }
    let zero = std::time::Duration::ZERO;
    for (api, field) in [
        (api().connect_timeout(zero), "connect_timeout"),
        (api().first_byte_timeout(zero), "first_byte_timeout"),
        (api().total_timeout(zero), "total_timeout"),
        (api().limit(0), "limit"),
    ] {
        assert_names(&with_token(api).connect().unwrap_err(), field, field);
    }
    assert!(lab.log.entries().is_empty());
}

fn a_server_that_is_not_trusted_gets_nothing(way: Way) {
    let lab = Lab::new(way);
    let (other, url) = (Lab::new(way), lab.server().url());
    let api = || with_token(Api::new(&url).unwrap());
    for (api, advice) in [
        (api().ca_pem(other.server().ca_pem()).unwrap(), "CA"),
        (api().fingerprint(other.server().fingerprint()).unwrap(), "fingerprint"),
    ] {
        let error = write(&lab, api).unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Tls, Outcome::NotSent), "{error:?}");
        assert!(!error.is_retryable());
        assert!(error.advice().unwrap().contains(advice), "{error:?}");
    }
    // The system's authorities do not know it. A system without any says so before.
    let error = match api().connect() {
        Err(error) => error,
        Ok(_) => write(&lab, api()).unwrap_err(),
    };
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Tls, Outcome::NotSent), "{error:?}");
    assert!(lab.log.entries().is_empty());
}

fn a_server_of_another_name_gets_nothing(way: Way) {
    let lab = Lab::behind(way, SimServer::builder().names(["pve9.example.com"]));
    let api = || with_token(Api::new(&lab.server().url()).unwrap());
    let error = write(&lab, api().ca_pem(lab.server().ca_pem()).unwrap()).unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Tls, Outcome::NotSent), "{error:?}");
    assert!(lab.log.entries().is_empty());
    // The fingerprint stands in place of the name, and says so.
    write(&lab, api().fingerprint(lab.server().fingerprint()).unwrap()).unwrap();
}

fn who_does_not_answer_gets_nothing(way: Way) {
    let mut lab = Lab::new(way);
    let gone = lab.server().url();
    lab.server = None;
    for url in [gone.as_str(), "https://no-such-host.invalid"] {
        let error =
            write(&lab, with_token(Api::new(url).unwrap()).dangerous_accept_any_certificate()).unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Connect, Outcome::NotSent), "{error:?}");
        assert!(error.advice().is_some());
    }
}

fn every_form_of_the_address_works(way: Way) {
    let lab = Lab::new(way);
    let address = lab.server().address();
    for (i, url) in [
        format!("https://{address}"),
        format!("https://{address}/"),
        format!("https://{address}/api2/json"),
        format!("https://{address}/api2/json/"),
        format!("HTTPS://{address}"),
        format!("https://localhost:{}", address.port()),
        address.to_string(),
    ]
    .iter()
    .enumerate()
    {
        let api = with_token(Api::new(url).unwrap()).ca_pem(lab.server().ca_pem()).unwrap();
        let pve = lab.like(api);
        lab.run(async { pve.cluster().version().await }).unwrap();
        assert_eq!(lab.log.arrived("GET", "/version"), i + 1, "{url}");
    }
}

fn every_way_to_trust_works(way: Way) {
    let lab = Lab::new(way);
    let api = || with_token(Api::new(&lab.server().url()).unwrap());
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(lab.server().ca_pem().as_bytes()).unwrap();
    let pin = lab.server().fingerprint();
    for api in [
        api().ca_pem(lab.server().ca_pem()).unwrap(),
        api().ca_file(file.path()).unwrap(),
        api().fingerprint(pin).unwrap(),
        api().fingerprint(&pin.replace(':', "").to_lowercase()).unwrap(),
        api().dangerous_accept_any_certificate(),
    ] {
        let pve = lab.like(api);
        lab.run(async { pve.cluster().version().await }).unwrap();
    }
}
