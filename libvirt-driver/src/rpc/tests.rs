//! The client against a daemon that does what it is told.

use std::time::Duration;

use proptest::prelude::*;
use proxmox_core::{ErrorKind, Outcome};
use tokio::io::{AsyncWriteExt as _, DuplexStream, ReadHalf, WriteHalf, duplex, split};

use super::packet::{Header, Kind, Packet, Program, Status};
use super::procedures::{domain, host, storage};
use super::xdr::{Encode, encoded};
use super::{Client, DomainRef, DomainState, Event, LifecycleEvent, RemoteError, Uuid, VolumeRef};

/// The daemon's side.
struct Daemon {
    from: ReadHalf<DuplexStream>,
    to: WriteHalf<DuplexStream>,
}

fn pair() -> (Client, Daemon) {
    let (ours, theirs) = duplex(1 << 20);
    let (from, to) = split(theirs);
    (Client::new(ours), Daemon { from, to })
}

impl Daemon {
    async fn hear(&mut self) -> Packet {
        Packet::read(&mut self.from).await.unwrap().expect("the client has closed the connection")
    }

    async fn say(&mut self, header: Header, payload: &(impl Encode + Sync)) {
        self.send(header, encoded(payload).unwrap()).await;
    }

    async fn send(&mut self, header: Header, payload: Vec<u8>) {
        self.to.write_all(&Packet { header, payload }.to_bytes().unwrap()).await.unwrap();
    }

    async fn answer(&mut self, call: &Packet, payload: &(impl Encode + Sync)) {
        self.say(Header { kind: Kind::Reply, ..call.header }, payload).await;
    }

    async fn refuse(&mut self, header: Header, code: i32, message: &str) {
        let none = || None::<String>;
        let error = (
            (code, 10i32, Some(message), 2i32),
            (None::<DomainRef>, none(), none(), none()),
            (0i32, 0i32, 0u32),
        );
        self.say(Header { status: Status::Error, ..header }, &error).await;
    }
}

fn tiny() -> DomainRef {
    DomainRef { name: "tiny".to_owned(), uuid: Uuid([7; 16]), id: 1 }
}

fn volume() -> VolumeRef {
    VolumeRef { pool: "lab".to_owned(), name: "v".to_owned(), key: "/v".to_owned() }
}

#[tokio::test]
async fn answers_may_come_in_any_order() {
    let (client, mut daemon) = pair();
    let (hostname, state) = (host::hostname(), domain::state(&tiny()));
    let asked = async { tokio::join!(client.call(&hostname), client.call(&state)) };
    let daemon = async {
        let (first, second) = (daemon.hear().await, daemon.hear().await);
        assert_eq!((first.header.procedure, second.header.procedure), (59, 212));
        assert_eq!(second.payload, encoded(&(tiny(), 0u32)).unwrap());
        daemon.answer(&second, &(1i32, 1i32)).await;
        daemon.answer(&first, &"host1").await;
    };
    let ((hostname, state), ()) = tokio::join!(asked, daemon);
    assert_eq!(hostname.unwrap(), "host1");
    assert_eq!(state.unwrap(), DomainState { state: 1, reason: 1 });
}

#[tokio::test]
async fn a_refusal_keeps_its_numbers() {
    let (client, mut daemon) = pair();
    let call = domain::lookup_by_name("nope");
    let daemon = async {
        let asked = daemon.hear().await;
        daemon.refuse(Header { kind: Kind::Reply, ..asked.header }, 42, "Domain not found").await;
    };
    let (answer, ()) = tokio::join!(client.call(&call), daemon);
    let error = answer.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::NotFound, Outcome::Rejected));
    assert_eq!(error.to_string(), "domain.lookup_by_name (nope): Domain not found");
    assert_eq!(RemoteError::of(&error).map(|said| (said.code, said.domain)), Some((42, 10)));
}

#[tokio::test(start_paused = true)]
async fn a_deadline_says_what_is_known_of_the_effect() {
    let (client, mut daemon) = pair();
    let started = tokio::time::Instant::now();
    let start = domain::start(&tiny(), 0).timeout(Duration::from_secs(3));
    let error = client.call(&start).await.unwrap_err();
    assert_eq!(started.elapsed().as_secs(), 3);
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Timeout, Outcome::MaybeApplied));
    let read = domain::state(&tiny()).timeout(Duration::from_secs(3));
    assert_eq!(client.call(&read).await.unwrap_err().outcome(), Outcome::Rejected);

    // The late answers are for nobody, and do no harm.
    let (first, second) = (daemon.hear().await, daemon.hear().await);
    daemon.answer(&first, &tiny()).await;
    daemon.answer(&second, &(1i32, 1i32)).await;
    let hostname = host::hostname();
    let daemon = async {
        let asked = daemon.hear().await;
        daemon.answer(&asked, &"host1").await;
    };
    assert_eq!(tokio::join!(client.call(&hostname), daemon).0.unwrap(), "host1");
}

#[tokio::test(start_paused = true)]
async fn what_the_daemon_would_not_read_is_not_sent() {
    let (client, mut daemon) = pair();
    for _ in 0..4 {
        let call = domain::suspend(&tiny()).timeout(Duration::from_secs(1));
        assert_eq!(client.call(&call).await.unwrap_err().outcome(), Outcome::MaybeApplied);
    }
    let fifth = domain::suspend(&tiny()).timeout(Duration::from_secs(1));
    let error = client.call(&fifth).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Timeout, Outcome::NotSent));
    // An answer makes room.
    let first = daemon.hear().await;
    daemon.answer(&first, &()).await;
    let error = client.call(&fifth).await.unwrap_err();
    assert_eq!(error.outcome(), Outcome::MaybeApplied);
}

#[tokio::test]
async fn a_call_whose_caller_goes_before_it_is_sent_never_is() {
    // No room for anything: the first call stays half written.
    let (ours, theirs) = duplex(16);
    let client = Client::new(ours);
    let (from, to) = split(theirs);
    let mut daemon = Daemon { from, to };
    let hostname = host::hostname();
    let start = domain::start(&tiny(), 0);
    tokio::select! {
        biased;
        _ = client.call(&hostname) => panic!("nobody answers"),
        _ = client.call(&start) => panic!("nobody answers"),
        () = async { for _ in 0..100 { tokio::task::yield_now().await } } => {}
    }
    let state = domain::state(&tiny());
    let script = async {
        assert_eq!(daemon.hear().await.header.procedure, 59);
        let asked = daemon.hear().await;
        assert_eq!(asked.header.procedure, 212);
        daemon.answer(&asked, &(5i32, 0i32)).await;
    };
    assert_eq!(tokio::join!(client.call(&state), script).0.unwrap().state, 5);
}

#[tokio::test(start_paused = true)]
async fn an_upload_that_moves_slowly_is_no_silence() {
    let (client, mut daemon) = pair();
    open(&client, &mut daemon).await;
    let call = storage::upload(&volume(), 0, 0);
    let upload = async { client.stream(&call).await?.send_all(&mut &*vec![0; 6_000_000]).await };
    let script = async {
        let asked = daemon.hear().await;
        daemon.answer(&asked, &()).await;
        loop {
            let part = daemon.hear().await;
            match (part.header.kind, part.header.status) {
                (Kind::Stream, Status::Ok) => return daemon.send(part.header, Vec::new()).await,
                (Kind::Stream, _) => tokio::time::advance(Duration::from_secs(7)).await,
                // Signs of life are left without an answer.
                _ => {}
            }
        }
    };
    let both = async { tokio::join!(upload, script).0 };
    let sent = tokio::time::timeout(Duration::from_secs(3600), both).await.expect("it is given up");
    assert_eq!(sent.unwrap(), 6_000_000);
}

#[tokio::test]
async fn all_who_wait_learn_of_the_end() {
    let (client, mut daemon) = pair();
    let (read, write) = (domain::state(&tiny()), domain::start(&tiny(), 0));
    let daemon = async {
        daemon.hear().await;
        daemon.hear().await;
        drop(daemon);
    };
    let (read, write, ()) = tokio::join!(client.call(&read), client.call(&write), daemon);
    let (read, write) = (read.unwrap_err(), write.unwrap_err());
    assert_eq!((read.kind(), read.outcome()), (ErrorKind::Connect, Outcome::Rejected));
    assert_eq!((write.kind(), write.outcome()), (ErrorKind::Connect, Outcome::MaybeApplied));
    assert!(client.is_lost());
    let after = client.call(&domain::start(&tiny(), 0)).await.unwrap_err();
    assert_eq!(after.outcome(), Outcome::NotSent);
}

#[tokio::test]
async fn what_is_no_libvirt_ends_the_connection() {
    let (client, mut daemon) = pair();
    daemon.to.write_all(b"SSH-2.0-OpenSSH_9.2p1\r\n").await.unwrap();
    let error = client.call(&host::hostname()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert!(error.message().contains("not libvirt"), "{error}");
}

#[tokio::test]
async fn an_answer_of_another_shape_leaves_the_connection_alone() {
    let (client, mut daemon) = pair();
    let start = domain::start(&tiny(), 0);
    let script = async {
        let asked = daemon.hear().await;
        daemon.answer(&asked, &1u32).await;
    };
    let error = tokio::join!(client.call(&start), script).0.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Decode, Outcome::Applied));
    assert!(!client.is_lost());
}

#[tokio::test]
async fn what_is_asked_is_logged_in_for() {
    let (client, mut daemon) = pair();
    let script = async {
        let asked = daemon.hear().await;
        daemon.answer(&asked, &vec![1u32]).await;
    };
    let error = tokio::join!(client.open("qemu:///system"), script).0.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.message().contains("SASL"), "{error}");
}

/// Logs the client in, at a daemon that answers signs of life.
async fn open(client: &Client, daemon: &mut Daemon) {
    let script = async {
        for procedure in [66, 1, 60] {
            let asked = daemon.hear().await;
            assert_eq!(asked.header.procedure, procedure);
            match procedure {
                66 => daemon.answer(&asked, &vec![0u32]).await,
                1 => daemon.answer(&asked, &()).await,
                _ => daemon.answer(&asked, &1i32).await,
            }
        }
    };
    tokio::join!(client.open("test:///default"), script).0.unwrap();
}

const PING: Header =
    Header { program: Program::Keepalive, procedure: 1, kind: Kind::Message, serial: 0, status: Status::Ok };

#[tokio::test(start_paused = true)]
async fn a_silent_daemon_is_given_up() {
    let (client, mut daemon) = pair();
    open(&client, &mut daemon).await;
    let started = tokio::time::Instant::now();
    let call = domain::start(&tiny(), 0).timeout(Duration::from_secs(3600));
    let error = client.call(&call).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Connect, Outcome::MaybeApplied));
    assert!(error.message().contains("no sign of life"), "{error}");
    assert!((25..=40).contains(&started.elapsed().as_secs()), "{:?}", started.elapsed());
}

#[tokio::test(start_paused = true)]
async fn signs_of_life_keep_a_connection() {
    let (client, mut daemon) = pair();
    open(&client, &mut daemon).await;
    let call = domain::start(&tiny(), 0).timeout(Duration::from_secs(3600));
    let script = async {
        let asked = daemon.hear().await;
        for _ in 0..30 {
            assert_eq!(daemon.hear().await.header, PING);
            daemon.send(Header { procedure: 2, ..PING }, Vec::new()).await;
        }
        daemon.answer(&asked, &tiny()).await;
    };
    assert_eq!(tokio::join!(client.call(&call), script).0.unwrap(), tiny());
}

#[tokio::test]
async fn the_daemons_signs_of_life_are_answered() {
    let (_client, mut daemon) = pair();
    daemon.send(PING, Vec::new()).await;
    assert_eq!(daemon.hear().await.header, Header { procedure: 2, ..PING });
}

const EVENT: Header =
    Header { program: Program::Remote, procedure: 318, kind: Kind::Message, serial: 0, status: Status::Ok };

fn event(event: i32) -> LifecycleEvent {
    LifecycleEvent { domain: tiny(), event, detail: 0 }
}

#[tokio::test]
async fn events_reach_their_subscriber_and_slow_ones_are_told() {
    let (client, mut daemon) = pair();
    let script = async {
        let asked = daemon.hear().await;
        // Before the answer: nothing may be missed.
        daemon.say(EVENT, &(5i32, event(2))).await;
        daemon.answer(&asked, &5i32).await;
    };
    let mut events = tokio::join!(client.events(), script).0.unwrap();
    daemon.say(EVENT, &(6i32, event(0))).await;
    daemon.say(EVENT, &(5i32, event(5))).await;
    assert_eq!(events.next().await.unwrap(), Event::Lifecycle(event(2)));
    assert_eq!(events.next().await.unwrap(), Event::Lifecycle(event(5)));

    for _ in 0..2000 {
        daemon.say(EVENT, &(5i32, event(4))).await;
    }
    drop(daemon);
    let mut seen = (0, 0);
    let error = loop {
        match events.next().await {
            Ok(Event::Missed(missed)) => seen.0 += missed,
            Ok(Event::Lifecycle(_)) => seen.1 += 1,
            Err(error) => break error,
        }
    };
    assert_eq!(seen.0 + seen.1, 2000);
    assert_eq!(error.kind(), ErrorKind::Connect);
}

#[tokio::test]
async fn a_subscription_ends_with_its_value() {
    let (client, mut daemon) = pair();
    let script = async {
        let asked = daemon.hear().await;
        daemon.answer(&asked, &5i32).await;
    };
    drop(tokio::join!(client.events(), script).0.unwrap());
    let told = daemon.hear().await;
    assert_eq!((told.header.procedure, told.payload), (317, encoded(&5i32).unwrap()));
}

#[tokio::test]
async fn a_stream_goes_up() {
    let (client, mut daemon) = pair();
    let content = vec![3u8; 600_000];
    let call = storage::upload(&volume(), 0, 0);
    let upload = async { client.stream(&call).await?.send_all(&mut &*content).await };
    let script = async {
        let asked = daemon.hear().await;
        daemon.answer(&asked, &()).await;
        let mut received = Vec::new();
        loop {
            let part = daemon.hear().await;
            assert_eq!((part.header.kind, part.header.serial), (Kind::Stream, asked.header.serial));
            if part.header.status == Status::Ok {
                daemon.send(part.header, Vec::new()).await;
                break received;
            }
            received.extend(part.payload);
        }
    };
    let (sent, received) = tokio::join!(upload, script);
    assert_eq!(sent.unwrap(), 600_000);
    assert_eq!(received, content);
}

/// One thread of the daemon sends the content, and another the answer.
#[tokio::test]
async fn parts_before_the_answer_are_kept() {
    let (client, mut daemon) = pair();
    let (call, mut content) = (storage::download(&volume(), 0, 0), Vec::new());
    let script = async {
        let asked = daemon.hear().await;
        let part = Header { kind: Kind::Stream, status: Status::Continue, ..asked.header };
        daemon.send(part, vec![7; 5000]).await;
        daemon.send(part, Vec::new()).await;
        daemon.answer(&asked, &()).await;
        let end = daemon.hear().await.header;
        daemon.send(end, Vec::new()).await;
    };
    let download = async { client.stream(&call).await?.receive_all(&mut content).await };
    assert_eq!(tokio::join!(download, script).0.unwrap(), 5000);
}

#[tokio::test]
async fn a_stream_that_the_daemon_refuses() {
    let (client, mut daemon) = pair();
    let call = storage::upload(&volume(), 0, 0);
    let script = async {
        let asked = daemon.hear().await;
        daemon.answer(&asked, &()).await;
        let header = Header { kind: Kind::Stream, ..asked.header };
        daemon.refuse(header, 38, "No space left on device").await;
    };
    let (stream, ()) = tokio::join!(client.stream(&call), script);
    let error = stream.unwrap().finish().await.unwrap_err();
    assert_eq!(error.to_string(), "volume.upload: No space left on device");
    assert!(!client.is_lost());
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_nobody_reads_does_not_hold_up_the_others() {
    let (client, mut daemon) = pair();
    let call = storage::download(&volume(), 0, 0);
    let script = async {
        let asked = daemon.hear().await;
        daemon.answer(&asked, &()).await;
        asked.header
    };
    let (stream, header) = tokio::join!(client.stream(&call), script);
    let mut stream = stream.unwrap();
    let part = Header { kind: Kind::Stream, status: Status::Continue, ..header };
    for _ in 0..10 {
        daemon.send(part, vec![1; 100]).await;
    }
    let hostname = host::hostname();
    let script = async {
        let asked = daemon.hear().await;
        daemon.answer(&asked, &"host1").await;
        let abort = daemon.hear().await.header;
        assert_eq!((abort.kind, abort.status), (Kind::Stream, Status::Error));
    };
    assert_eq!(tokio::join!(client.call(&hostname), script).0.unwrap(), "host1");
    let error = loop {
        match stream.next().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("the stream was cut, and looks complete"),
            Err(error) => break error,
        }
    };
    assert!(error.message().contains("nobody read it"), "{error}");
}

#[tokio::test]
async fn a_dropped_stream_is_aborted() {
    let (client, mut daemon) = pair();
    let call = storage::download(&volume(), 0, 0);
    let script = async {
        let asked = daemon.hear().await;
        daemon.answer(&asked, &()).await;
    };
    drop(tokio::join!(client.stream(&call), script).0.unwrap());
    let abort = daemon.hear().await.header;
    assert_eq!((abort.kind, abort.status), (Kind::Stream, Status::Error));
}

#[tokio::test]
async fn the_connection_ends_with_its_last_handle() {
    let (client, mut daemon) = pair();
    let other = client.clone();
    drop(client);
    assert!(!other.is_lost());
    drop(other);
    assert_eq!(Packet::read(&mut daemon.from).await.unwrap(), None);
}

fn header() -> impl Strategy<Value = Header> {
    let program = prop_oneof![Just(Program::Remote), Just(Program::Qemu), Just(Program::Keepalive)];
    let kind = prop_oneof![Just(Kind::Call), Just(Kind::Reply), Just(Kind::Message), Just(Kind::Stream)];
    let status = prop_oneof![Just(Status::Ok), Just(Status::Error), Just(Status::Continue)];
    (program, prop_oneof![Just(1), Just(318), any::<i32>()], kind, 0u32..4, status).prop_map(
        |(program, procedure, kind, serial, status)| Header { program, procedure, kind, serial, status },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever a daemon says, each call comes to an end.
    #[test]
    fn a_daemon_may_say_anything(
        packets in proptest::collection::vec((header(), proptest::collection::vec(any::<u8>(), 0..64)), 0..12),
        rest in proptest::collection::vec(any::<u8>(), 0..40),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let (client, mut daemon) = pair();
            let (hostname, download) = (host::hostname(), storage::download(&volume(), 0, 0));
            let calls = async {
                let _ = client.call(&hostname).await;
                if let Ok(mut stream) = client.stream(&download).await {
                    while let Ok(Some(_)) = stream.next().await {}
                }
            };
            let script = async {
                for (header, payload) in packets {
                    daemon.send(header, payload).await;
                }
                daemon.to.write_all(&rest).await.unwrap();
                drop(daemon);
            };
            tokio::join!(calls, script);
            assert!(client.is_lost());
        });
    }
}
