//! Creations that are disturbed at each of their calls.

use std::sync::Arc;
use std::time::Duration;

use libvirt_driver::Image;
use libvirt_driver::rpc::procedures::storage;
use proxmox_core::{ErrorKind, Outcome, Size};
use proxmox_sim::Sshd;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::daemon::{Daemon, daemon};
use crate::relay::{Relay, Then};
use crate::store::{Store, host, sum_of};

/// Procedures that change something, of those that a creation calls: volumes made, uploaded, copied, resized, removed, pools refreshed,
/// domains defined, started, set to start with their host.
const WRITES: &[i32] = &[93, 208, 125, 260, 94, 83, 350, 196, 29];

/// The link breaks at each call, before the daemon has it and after it has carried it out.
#[tokio::test]
async fn a_link_that_breaks_anywhere() {
    let relay = Relay::start(daemon());
    let store = Store::new(daemon(), "links").await;
    let host = host(&relay.uri("qemu", "/system")).await;
    let new = store.new_domain("linked");
    let (made, calls) = relay.calls_of(host.create(&new)).await;
    made.unwrap().delete().await.unwrap();
    assert!(calls.len() > 10 && WRITES.iter().filter(|write| calls.contains(write)).count() > 5, "{calls:?}");
    for then in [Then::Lose, Then::LoseAnswer] {
        for (n, procedure) in calls.iter().enumerate() {
            let when = format!("{then:?} at call {n}, {procedure}");
            // Images are fetched once, and here each time.
            store.without_images().await;
            match relay.disturb(n, host.create(&new), async { then }).await {
                // What only looks is looked at again.
                Ok(made) => {
                    assert!(!WRITES.contains(procedure), "{when}");
                    let deleted = made.delete().await.unwrap();
                    assert_eq!((deleted.volumes.len(), deleted.left.len()), (2, 0), "{when}: {deleted:?}");
                    assert_eq!(store.volumes().await, [""; 0], "{when}");
                }
                Err(error) => {
                    assert!(WRITES.contains(procedure), "{when}: {error}");
                    assert_eq!(
                        (error.kind(), error.outcome()),
                        (ErrorKind::Connect, Outcome::MaybeApplied),
                        "{when}: {error}"
                    );
                    assert!(
                        !error.to_string().contains("left behind"),
                        "{when}: the daemon was there: {error}"
                    );
                    store.left_by("linked", &error, &when).await;
                }
            }
        }
    }
}

/// The daemon is killed in the middle of what takes it time, and started again.
#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_that_dies_anywhere() {
    let daemon = Arc::new(Daemon::start());
    let relay = Relay::start(&daemon);
    let store = Store::new(&daemon, "deaths").await;
    let host = host(&relay.uri("qemu", "/system")).await;
    let new = store.new_domain("mortal");
    let (made, calls) = relay.calls_of(host.create(&new)).await;
    made.unwrap().delete().await.unwrap();
    // The work goes on while it is away.
    let restart = async || {
        let daemon = Arc::clone(&daemon);
        tokio::task::spawn_blocking(move || daemon.restart()).await.unwrap();
    };
    for procedure in [93, 125, 208, 350, 29] {
        let when = format!("killed at {procedure}");
        let n = calls.iter().position(|call| *call == procedure).unwrap();
        store.without_images().await;
        let other = async {
            restart().await;
            Then::Lose
        };
        let error = relay.disturb(n, host.create(&new), other).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.outcome()),
            (ErrorKind::Connect, Outcome::MaybeApplied),
            "{when}: {error}"
        );
        assert!(!error.to_string().contains("left behind"), "{when}: the daemon was there again: {error}");
        store.left_by("mortal", &error, &when).await;
    }
    // Between two calls: the next one finds the new daemon, and all goes on.
    restart().await;
    host.create(&new).await.unwrap().delete().await.unwrap();
    assert_eq!(store.volumes().await, [""; 0]);
}

/// The daemon stops to answer. Its time is up when it should be, and what may be there is named.
#[tokio::test]
async fn a_daemon_that_freezes() {
    let daemon = Daemon::start();
    let relay = Relay::start(&daemon);
    let store = Store::new(&daemon, "frozen").await;
    let host = host(&relay.uri("qemu", "/system")).await;
    let new = store.new_domain("cold");
    host.create(&new).await.unwrap().delete().await.unwrap();
    let (made, calls) = relay.calls_of(host.create(&new)).await;
    made.unwrap().delete().await.unwrap();
    let define = calls.iter().position(|call| *call == 350).unwrap();
    // From here on, time passes when everything waits.
    let freeze = async {
        daemon.freeze();
        tokio::time::pause();
        Then::Forward
    };
    let began = tokio::time::Instant::now();
    let error = relay.disturb(define, host.create(&new), freeze).await.unwrap_err();
    let took = began.elapsed();
    tokio::time::resume();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Timeout, Outcome::MaybeApplied), "{error}");
    assert!((30..180).contains(&took.as_secs()), "{took:?}");
    for part in ["left behind: domain cold (", "volume frozen/cold-", "-seed.iso (", ".qcow2 ("] {
        assert!(error.to_string().contains(part), "{part}: {error}");
    }
    daemon.thaw();
    store.left_by("cold", &error, "frozen").await;
}

/// The ssh link is cut while an image is on its way.
#[tokio::test]
async fn an_ssh_link_that_is_cut_in_an_upload() {
    let sshd = Sshd::start().unwrap();
    let store = Store::new(daemon(), "cut").await;
    let uri = format!(
        "qemu+ssh://{}/system?keyfile={}&known_hosts={}&socket={}",
        sshd.target(),
        sshd.identity_file().display(),
        sshd.known_hosts_file().display(),
        daemon().socket().display(),
    );
    let host = host(&uri).await;
    let content = vec![9; 4 << 20];
    let (half, go_on, server) = slow_server(content.clone()).await;
    let new = store.new_domain("cut").disk(Image::url(server, sum_of(&content)), Size::mib(8));
    let cut = async {
        half.await.unwrap();
        // The daemon has most of the half.
        while !store.is_filled(1 << 20) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        sshd.cut().unwrap();
        go_on.send(()).unwrap();
    };
    let (made, ()) = tokio::join!(host.create(&new), cut);
    let error = made.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Connect, Outcome::MaybeApplied), "{error}");
    assert!(!error.to_string().contains("left behind"), "the host can be reached again: {error}");
    store.left_by("cut", &error, "cut").await;
    // The next one goes over a new link.
    host.create(&store.new_domain("cut")).await.unwrap().delete().await.unwrap();
}

/// Gives half of this file, waits until it is told to go on, and gives the rest. The half has arrived when the first channel says so, and
/// most of it is in the volume then.
async fn slow_server(content: Vec<u8>) -> (oneshot::Receiver<()>, oneshot::Sender<()>, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/image", listener.local_addr().unwrap());
    let (half, half_sent) = oneshot::channel();
    let (go_on, told) = oneshot::channel();
    tokio::spawn(async move {
        let (mut client, _) = listener.accept().await.unwrap();
        let mut request = [0; 4096];
        let _ = client.read(&mut request).await.unwrap();
        let head =
            format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", content.len());
        client.write_all(head.as_bytes()).await.unwrap();
        let (first, rest) = content.split_at(content.len() / 2);
        client.write_all(first).await.unwrap();
        half.send(()).unwrap();
        told.await.unwrap();
        // The other side may be gone.
        let _ = client.write_all(rest).await;
    });
    (half_sent, go_on, url)
}

/// A pool that has less room than the daemon believes: somebody else has filled its file system.
#[tokio::test]
async fn a_pool_that_is_full() {
    let daemon = Daemon::start();
    let store = Store::at(&daemon, "a", &daemon.small().join("a")).await;
    let other = Store::at(&daemon, "b", &daemon.small().join("b")).await;
    let filling = "<volume><name>filling</name><capacity unit='B'>7864320</capacity><target><format type='raw'/></target></volume>";
    other.libvirt.call(storage::create_volume(&other.pool, filling, 0)).await.unwrap();
    let host = host(&daemon.uri("qemu", "/system")).await;
    let new = store.new_domain("squeezed");
    for (text, outcome) in
        [("No space left", Outcome::Rejected), ("512K free, and 1M are needed", Outcome::NotSent)]
    {
        let error = host.create(&new).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::WrongState, outcome), "{error}");
        assert!(error.to_string().contains(text), "{text}: {error}");
        assert!(!error.to_string().contains("left behind"), "{error}");
        // Looking at the pool tells the daemon how full it is.
        assert_eq!(store.volumes().await, [""; 0], "{text}");
    }
    let filling = other.libvirt.call(storage::volume_by_name(&other.pool, "filling")).await.unwrap();
    other.libvirt.call(storage::delete_volume(&filling)).await.unwrap();
    assert_eq!(store.volumes().await, [""; 0]);
    host.create(&new).await.unwrap().delete().await.unwrap();
}
