//! Domains that others delete, spoil or keep the daemon from telling of.

use libvirt_driver::rpc::procedures::domain as raw;
use libvirt_driver::xml::Element;
use libvirt_driver::{Domain, Groups, Host, NewDomain, Shutdown};
use proxmox_core::{ErrorKind, Outcome, Result, Size};

use crate::daemon::{Daemon, daemon};
use crate::relay::{Relay, Then};
use crate::store::{Store, host, machine};

const OPERATIONS: &[&str] = &[
    "list",
    "overview",
    "document",
    "usage",
    "state",
    "start",
    "stop",
    "shut down",
    "vcpus",
    "memory",
    "autostart",
    "tags",
    "delete",
    "by tag",
    "capacity",
];

async fn act(host: &Host, domain: &Domain, operation: &str) -> Result<()> {
    match operation {
        "list" => {
            let all = host.list().await?;
            assert!(all.iter().all(|row| row.name != "prey" || row.trouble.is_none()), "{all:?}");
        }
        "by tag" => drop(host.tagged("hunted").await?),
        "capacity" => drop(host.capacity().await?),
        "overview" => drop(domain.overview().await?),
        "document" => drop(domain.document().await?),
        "usage" => drop(domain.usage(Groups::ALL).await?),
        "state" => drop(domain.state().await?),
        "start" => domain.start().await?,
        "stop" => domain.stop().await?,
        "shut down" => domain.shutdown(Shutdown::new()).await?,
        "vcpus" => domain.set_vcpus(1).await?,
        "memory" => domain.set_memory(Size::mib(64)).await?,
        "autostart" => domain.set_autostart(true).await?,
        "tags" => drop(domain.add_tag("hunted").await?),
        "delete" => drop(domain.delete().await?),
        other => panic!("{other}"),
    }
    Ok(())
}

/// Somebody else deletes a domain before each of the calls that an operation on it makes.
#[tokio::test]
async fn a_domain_that_goes_meanwhile() {
    let relay = Relay::start(daemon());
    let store = Store::new(daemon(), "prey").await;
    let host = host(&relay.uri("qemu", "/system")).await;
    let new = NewDomain::new(machine("prey")).stopped();
    let end = async || match store.libvirt.call(raw::lookup_by_name("prey")).await {
        Ok(found) => store.end(&found).await,
        Err(e) => assert!(e.is_not_found(), "{e}"),
    };
    for operation in OPERATIONS {
        let domain = host.create(&new).await.unwrap();
        let (done, calls) = relay.calls_of(act(&host, &domain, operation)).await;
        done.unwrap();
        end().await;
        for n in 0..calls.len() {
            let domain = host.create(&new).await.unwrap();
            let other = async {
                end().await;
                Then::Forward
            };
            let done = relay.disturb(n, act(&host, &domain, operation), other).await;
            let when = format!("{operation}, gone before call {n} of {calls:?}");
            match done {
                // Nothing is left to be said of one domain that is gone.
                Ok(()) => {}
                Err(error) => {
                    assert!(error.is_not_found(), "{when}: {error}");
                    assert_ne!(error.outcome(), Outcome::MaybeApplied, "{when}: {error}");
                    assert!(
                        !matches!(*operation, "list" | "by tag" | "capacity" | "delete"),
                        "{when}: {error}"
                    );
                }
            }
            end().await;
        }
    }
}

/// What cannot be read of one domain does not hide the others.
#[tokio::test]
async fn a_document_that_cannot_be_read() {
    let daemon = Daemon::start();
    let host = host(&daemon.uri("qemu", "/system")).await;
    host.create(&NewDomain::new(machine("good")).stopped()).await.unwrap();
    let space = libvirt_driver::metadata::URI;
    let deep = (0..150).fold(Element::new("x"), |inner, _| Element::new("x").with(inner));
    let alien = Element::new("p:something").with_attribute("xmlns:p", space);
    let deep = Element::new("p:deep").with_attribute("xmlns:p", "http://example.com/").with(deep);
    for (name, element) in [("alien", alien), ("deep", deep)] {
        let xml = machine(name).metadata(element).to_xml().unwrap();
        host.connection().call(raw::define(&xml, 0)).await.unwrap();
    }
    let all = host.list().await.unwrap();
    let told: Vec<_> = all
        .iter()
        .map(|row| (row.name.as_str(), row.managed, row.trouble.as_ref().map(proxmox_core::Error::kind)))
        .collect();
    let trouble = Some(ErrorKind::Decode);
    assert_eq!(told, [("alien", false, trouble), ("deep", false, trouble), ("good", true, None)]);
    // Nothing is done to what cannot be read.
    for name in ["alien", "deep"] {
        let error = host.domain(name).await.unwrap().start().await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Refused, Outcome::NotSent), "{error}");
        assert!(host.domain(name).await.unwrap().delete().await.is_err());
    }
}

/// A daemon that never answers is given up when its time is over: half a minute, which passes at once here.
#[tokio::test]
async fn a_daemon_that_never_answers() {
    let daemon = Daemon::start();
    let host = host(&daemon.uri("qemu", "/system")).await;
    daemon.freeze();
    tokio::time::pause();
    let began = tokio::time::Instant::now();
    let error = host.list().await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Timeout, Outcome::Rejected), "{error}");
    assert_eq!(began.elapsed().as_secs(), 30, "{error}");
    tokio::time::resume();
    daemon.thaw();
    assert!(host.list().await.unwrap().is_empty());
}
