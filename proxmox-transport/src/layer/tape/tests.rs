use std::sync::Arc;

use proxmox_core::{Effect, Pve, PvePath, park};

use super::*;
use crate::layer::testing::Scripted;

fn call(transport: &dyn Transport, request: &PveRequest) -> Result<PveResponse> {
    let mut answer = None;
    let slot = &mut answer;
    park(std::pin::pin!(async {
        *slot = Some(transport.call(request).await);
    }));
    answer.unwrap()
}

fn get(path: &str) -> PveRequest {
    PveRequest::get(PvePath::parse(path).unwrap())
}

fn write(path: &str) -> PveRequest {
    PveRequest::create(PvePath::parse(path).unwrap()).effect(Effect::Write)
}

#[test]
fn a_file_is_known_by_its_name_and_length() {
    let (transport, _) = Scripted::new(|_| Ok(PveResponse::envelope(r#"{"data":null}"#)));
    let record = Arc::new(Record::new());
    let upload = |content: &str| {
        write("/nodes/pve1/storage/local/upload")
            .param("content", "iso")
            .file(proxmox_core::FilePart::new("seed.iso", content.to_owned()))
    };
    let pve = Pve::builder(transport).layer(Arc::clone(&record)).build();
    pve.block_on(pve.call(&upload("hunter2"))).unwrap();
    let tape = record.tape();
    assert!(!format!("{tape:?}").contains("hunter2"));
    let tape: Tape = serde_json::from_str(&serde_json::to_string(&tape).unwrap()).unwrap();
    let replay = Replay::new(tape);
    assert!(call(&replay, &upload("another length")).is_err());
    call(&replay, &upload("hunter3")).unwrap();
}

/// Answers of every sort, and the requests that get them.
fn recorded() -> (Tape, Vec<PveRequest>, Vec<Result<PveResponse>>) {
    let (transport, _) = Scripted::new(|request| match request.path.as_str() {
        "/version" => Ok(PveResponse::envelope(r#"{"data":{"version":"8.4.21","n":0.1}}"#)),
        "/null" => Ok(PveResponse::envelope(r#"{"data":null}"#)),
        "/html" => Ok(PveResponse::envelope("<html>")),
        "/access/users/a@pve/token/t" => {
            Ok(PveResponse::envelope(r#"{"data":{"full-tokenid":"a@pve!t","value":"hunter2"}}"#))
        }
        "/access/ticket" => {
            Ok(PveResponse::envelope(r#"{"data":{"ticket":"hunter2","CSRFPreventionToken":"hunter2"}}"#))
        }
        "/lost" => Err(Error::new(ErrorKind::Timeout, Outcome::MaybeApplied, "no answer")),
        "/400" => Err(classify(
            Effect::Write,
            400,
            "Parameter verification failed.",
            br#"{"errors":{"a":"bad"},"message":"Parameter verification failed.\n"}"#,
        )),
        _ => Err(classify(Effect::Read, 403, "Permission check failed (/vms/1, VM.Audit)", b"")),
    });
    let record = Record::new();
    let requests = vec![
        get("/version"),
        get("/null"),
        get("/html"),
        write("/access/users/a@pve/token/t"),
        write("/access/ticket").param("username", "a@pve").param("password", "hunter2"),
        write("/lost").param("x", true),
        write("/400"),
        get("/403"),
    ];
    let answers = requests
        .iter()
        .map(|request| {
            let mut answer = None;
            let slot = &mut answer;
            park(std::pin::pin!(async {
                *slot = Some(record.call(&transport, request).await);
            }));
            answer.unwrap()
        })
        .collect();
    (record.tape(), requests, answers)
}

#[test]
fn what_was_recorded_is_played() {
    let (tape, requests, answers) = recorded();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("tape.json");
    tape.save(&file).unwrap();
    let loaded = Tape::load(&file).unwrap();
    assert_eq!(loaded, tape);
    let replay = Replay::new(loaded).in_order();
    for (request, answer) in requests.iter().zip(answers) {
        match (call(&replay, request), answer) {
            (Ok(played), Ok(answer)) => {
                let (played, answer) = (played.decode::<Value>(), answer.decode::<Value>());
                assert_eq!(played.is_ok(), answer.is_ok(), "{request}");
                if request.effect == Effect::Read {
                    assert_eq!(played.ok(), answer.ok(), "{request}");
                }
            }
            (played, answer) => {
                let (played, answer) = (played.unwrap_err(), answer.unwrap_err());
                assert_eq!(format!("{played:?}"), format!("{answer:?}"), "{request}");
            }
        }
    }
    assert_eq!(replay.left().requests().count(), 0);
}

#[test]
fn no_secret_is_on_the_tape() {
    let (tape, ..) = recorded();
    let text = serde_json::to_string(&tape).unwrap();
    assert!(!text.contains("hunter2") && !format!("{tape:?}").contains("hunter2"), "{text}");
    assert!(text.contains("a@pve!t"));
}

#[test]
fn what_is_not_on_the_tape_is_named() {
    let (tape, ..) = recorded();
    let replay = Replay::new(tape.clone());
    for request in [get("/other"), get("/version").param("x", 1), write("/version")] {
        let error = call(&replay, &request).unwrap_err();
        assert!(error.message().contains(&request.to_string()), "{error}");
        assert_eq!(error.outcome(), Outcome::NotSent);
    }
    call(&replay, &get("/403")).unwrap_err();
    call(&replay, &get("/version")).unwrap();
    assert!(call(&replay, &get("/version")).unwrap_err().message().contains("next is `pvesh get /null`"));
    // In order, the second is not to be had before the first.
    assert!(call(&Replay::new(tape).in_order(), &get("/null")).is_err());
}

#[test]
fn a_file_that_is_no_tape_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("x.json");
    std::fs::write(&file, "[]").unwrap();
    for path in [file, dir.path().join("absent.json")] {
        let error = Tape::load(&path).unwrap_err();
        assert!(error.errors()["tape"].contains(path.to_str().unwrap()), "{error}");
    }
}

#[test]
fn time_is_the_tapes_own() {
    let replay = Arc::new(Replay::new(Tape::default()));
    let before = replay.now();
    park(std::pin::pin!(replay.sleep(Duration::from_secs(3600))));
    assert_eq!(replay.now() - before, Duration::from_secs(3600));
}

#[test]
fn each_request_of_a_batch_is_on_the_tape() {
    let (transport, _) = Scripted::new(|_| Ok(PveResponse::envelope(r#"{"data":1}"#)));
    let record = Arc::new(Record::new());
    let pve = Pve::builder(transport).layer(Arc::clone(&record)).build();
    let requests = || [get("/nodes/a/x"), get("/nodes/a/y")];
    pve.block_on(pve.call_all(requests()));
    let mut paths: Vec<_> = record.tape().requests().map(|r| r.path.to_string()).collect();
    paths.sort_unstable();
    assert_eq!(paths, ["/nodes/a/x", "/nodes/a/y"]);
    let replay = Pve::new(Replay::new(record.tape()));
    assert!(replay.block_on(replay.call_all(requests())).iter().all(Result::is_ok));
}
