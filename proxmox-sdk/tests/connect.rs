//! The shortest way to a handle: what each place gives, what the environment adds, and what is refused.

#![allow(clippy::unwrap_used)]

use proxmox_sdk::prelude::*;
use proxmox_sdk::sim::{ROOT_PASSWORD, ROOT_TOKEN_ID, ROOT_TOKEN_SECRET, SimServer};
use proxmox_sdk::{Way, connect};

const SECRET: &str = "0d9c3f9e-5b7f-4c35-9a9b-000000000001";
const PIN: &str =
    "AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA";

fn with(place: &str, env: &[(&str, &str)]) -> Result<Connect> {
    Connect::to(place)?
        .variables(|name| env.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
}

fn server() -> SimServer {
    SimServer::start(Sim::builder().time_scale(1000.0).build()).unwrap()
}

#[test]
fn a_simulated_cluster_is_one_word() {
    for place in ["sim", "sim:"] {
        let pve = connect(place).unwrap();
        let vms = pve.node("pve1").unwrap().vms().list().block().unwrap();
        assert_eq!(vms.iter().map(|vm| vm.vmid.get()).collect::<Vec<_>>(), [100, 101, 9000]);
    }
}

#[test]
fn each_engine_blocks_without_a_runtime() {
    let server = server();
    for engine in [Engine::Reqwest, Engine::Ureq] {
        let pve = Connect::to(&server.url())
            .unwrap()
            .token(ROOT_TOKEN_ID, ROOT_TOKEN_SECRET.into())
            .unwrap()
            .ca_pem(server.ca_pem())
            .engine(engine)
            .connect()
            .unwrap();
        assert_eq!(pve.info().name, format!("https/{engine}"));
        assert_eq!(pve.cluster().version().block().unwrap().release.as_deref(), Some("8.4"));
    }
}

#[test]
fn the_usual_engine_serves_async_programs_too() {
    let server = server();
    let pve = Connect::to(&server.url())
        .unwrap()
        .password("root@pam", ROOT_PASSWORD.into())
        .unwrap()
        .fingerprint(server.fingerprint())
        .connect()
        .unwrap();
    assert!(!pve.info().blocking);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let awaited = pve.clone();
    let release = runtime.block_on(async move { awaited.cluster().version().await }).unwrap().release;
    // And the same handle outside of the runtime.
    assert_eq!(release, pve.cluster().version().block().unwrap().release);
}

#[test]
fn the_environment_says_what_is_left_open() {
    let env = [
        ("PVE_TOKEN_ID", "root@pam!ci"),
        ("PVE_TOKEN_SECRET", SECRET),
        ("PVE_USER", "bob@pve"),
        ("PVE_PASSWORD", "hunter2"),
        ("PVE_CA", "/ca.pem"),
        ("PVE_FINGERPRINT", ""),
        ("PVE_SSH_JUMP", "b1,b2"),
    ];
    let connect = with("https://pve1", &env).unwrap();
    assert_eq!(connect.about(), "token root@pam!ci, trusting a CA file");
    // What was given stands above it, as a whole.
    let given = || Connect::to("https://pve1").unwrap();
    let lookup = |name: &str| env.iter().find(|(known, _)| *known == name).map(|(_, v)| (*v).to_owned());
    let user = given().password("eve@pve", "x".into()).unwrap().fingerprint(PIN);
    assert_eq!(user.variables(lookup).unwrap().about(), "user eve@pve, trusting a fingerprint");
    // The closer trust counts.
    let both = with("https://pve1", &[("PVE_CA", "/ca.pem"), ("PVE_FINGERPRINT", PIN)]).unwrap();
    assert_eq!(both.about(), "root@pam, trusting a fingerprint");
    // Without any token it is the login.
    let login = with("pve1:8006", &env[2..4]).unwrap();
    assert_eq!(login.about(), "user bob@pve, trusting the system's CAs");
    assert_eq!(login.connect().unwrap().info().endpoint, "https://pve1:8006");
}

#[test]
fn ssh_takes_its_own_variables() {
    let connect = with(
        "ssh://root@pve1:2222",
        &[("PVE_SSH_JUMP", "b1,me@b2"), ("PVE_SSH_ENGINE", "pvesh"), ("PVE_SSH_KEY", "/key")],
    )
    .unwrap();
    assert_eq!(connect.about(), "root@pam");
    let Way::Ssh(ssh) = connect.way().unwrap() else { panic!("not ssh") };
    let text = format!("{ssh:?}");
    for word in ["\"b1\"", "\"b2\"", "Pvesh", "\"/key\"", "2222"] {
        assert!(text.contains(word), "{word}: {text}");
    }
    // What is said of jumps stands above the variable, and does not add to it.
    let given = Connect::to("ssh://pve1").unwrap().jump("near");
    let given = given.variables(|name| (name == "PVE_SSH_JUMP").then(|| "far".into())).unwrap();
    let text = format!("{:?}", given.way().unwrap());
    assert!(text.contains("\"near\"") && !text.contains("\"far\""), "{text}");
    let token =
        with("ssh://me@pve1", &[("PVE_TOKEN_ID", "root@pam!ci"), ("PVE_TOKEN_SECRET", SECRET)]).unwrap();
    assert_eq!(token.about(), "token root@pam!ci");
}

#[test]
fn this_machine_and_the_simulator_ask_nobody() {
    let env = [("PVE_TOKEN_ID", "root@pam!ci"), ("PVE_CA", "/ca.pem"), ("PVE_SSH_JUMP", "b1")];
    for place in ["local", "sim"] {
        let connect = with(place, &env).unwrap();
        assert_eq!(connect.about(), "root@pam");
        connect.connect().unwrap();
        let token = Connect::to(place).unwrap().token("root@pam!ci", SECRET.into()).unwrap();
        assert!(token.connect().unwrap_err().errors().contains_key("credentials"), "{place}");
        let pinned = Connect::to(place).unwrap().fingerprint(PIN);
        assert!(pinned.connect().unwrap_err().errors().contains_key("trust"), "{place}");
    }
}

#[test]
fn what_has_no_meaning_is_refused_before_anything_is_sent() {
    let to = |place: &str| Connect::to(place).unwrap();
    let signed = || to("https://pve1").token("root@pam!ci", SECRET.into()).unwrap();
    let cases: [(Result<Pve>, &str); 12] = [
        (connect(""), "url"),
        (connect("ftp://pve1"), "place"),
        (connect("qemu:///system"), "place"),
        (connect("http://pve1"), "url"),
        (connect("ssh://-oProxyCommand=x"), "ssh"),
        (to("https://pve1").connect(), "credentials"),
        (signed().sudo().connect(), "sudo"),
        (signed().jump("bastion").connect(), "ssh"),
        (to("ssh://pve1").ca_file("/ca.pem").connect(), "trust"),
        (to("ssh://pve1").password("bob@pve", "x".into()).and_then(Connect::connect), "user"),
        (with("https://pve1", &[("PVE_TOKEN_ID", "root@pam!ci")]).and_then(Connect::connect), "token secret"),
        (with("ssh://pve1", &[("PVE_SSH_ENGINE", "telnet")]).and_then(Connect::connect), "ssh_engine"),
    ];
    for (result, field) in cases {
        let error = result.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::InvalidInput, Outcome::NotSent), "{error}");
        assert!(error.errors().contains_key(field), "{field}: {error}");
    }
}

#[test]
fn no_secret_is_shown() {
    let connect =
        with("https://pve1", &[("PVE_TOKEN_ID", "root@pam!ci"), ("PVE_TOKEN_SECRET", SECRET)]).unwrap();
    let mut texts = vec![connect.about(), format!("{connect:?}")];
    texts.push(format!("{:?}", connect.clone().way().unwrap()));
    texts.push(format!("{:?}", connect.connect().unwrap()));
    let login = with("https://pve1", &[("PVE_USER", "bob@pve"), ("PVE_PASSWORD", SECRET)]).unwrap();
    texts.push(format!("{login:?} {}", login.about()));
    for place in [format!("ssh://root:{SECRET}@pve1"), format!("https://root:{SECRET}@pve1")] {
        let error = connect_error(&place);
        texts.push(format!("{error} {error:?}"));
    }
    for text in texts {
        assert!(!text.contains(SECRET), "{text}");
    }
}

fn connect_error(place: &str) -> Error {
    connect(place).unwrap_err()
}

#[test]
fn the_same_credentials_elsewhere() {
    let one = Connect::to("https://pve1").unwrap().token("root@pam!ci", SECRET.into()).unwrap();
    let other = one.clone().at("https://other:443").unwrap();
    assert_eq!(other.about(), one.about());
    assert_eq!(other.connect().unwrap().info().endpoint, "https://other:443");
}
