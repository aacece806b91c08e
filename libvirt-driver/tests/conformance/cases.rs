//! What a host must do, whatever carries the calls. Each case leaves the host as it was.

#![allow(clippy::unwrap_used)] // These are tests.

use std::path::PathBuf;
use std::time::Duration;

use libvirt_driver::rpc::procedures::{domain as raw, network, storage};
use libvirt_driver::xml::{DomainXml, NetworkXml, NicXml, PoolXml, SnapshotXml, VirtType};
use libvirt_driver::{Groups, Host, Image, NewDomain, Shutdown, State, VirtInstall};
use proxmox_core::policy::Rule;
use proxmox_core::{ErrorKind, Outcome, Policy, Size};

/// A host, and which driver it has.
pub(crate) struct Place {
    pub(crate) host: Host,
    pub(crate) qemu: bool,
    /// Where pools and files may be.
    pub(crate) directory: PathBuf,
}

impl Place {
    pub(crate) fn machine(&self, name: &str) -> DomainXml {
        let kind = if self.qemu { VirtType::Qemu } else { VirtType::Test };
        DomainXml::new(name, Size::mib(64), 1).virt_type(kind)
    }

    fn new_domain(&self, name: &str) -> NewDomain {
        NewDomain::new(self.machine(name)).stopped()
    }

    /// A domain that somebody else has defined.
    async fn foreign(&self, name: &str) {
        let xml = self.machine(name).to_xml().unwrap();
        self.host.connection().call(raw::define(&xml, 0)).await.unwrap();
    }

    async fn names(&self) -> Vec<String> {
        self.host.list().await.unwrap().into_iter().map(|domain| domain.name).collect()
    }
}

pub(crate) async fn a_whole_life(place: &Place) {
    let new = place.new_domain("life").tags(["web"]).unwrap();
    let domain = place.host.create(&new).await.unwrap();
    let listed = place.host.list().await.unwrap();
    let own = listed.iter().find(|listed| listed.name == "life").unwrap();
    assert_eq!((own.state, own.managed, own.uuid), (State::Off, true, domain.uuid()));
    assert_eq!((own.vcpus, own.memory, own.tags.to_string().as_str()), (1, Size::mib(64), "web;sdk-managed"));
    assert!(own.trouble.is_none());

    for _ in 0..2 {
        domain.start().await.unwrap();
        assert_eq!(domain.state().await.unwrap(), State::Running);
    }
    domain.suspend().await.unwrap();
    assert_eq!(domain.state().await.unwrap(), State::Paused);
    for _ in 0..2 {
        domain.resume().await.unwrap();
        assert_eq!(domain.state().await.unwrap(), State::Running);
    }
    for _ in 0..2 {
        domain.stop().await.unwrap();
        assert_eq!(domain.state().await.unwrap(), State::Off);
    }
    if place.qemu {
        domain.start_paused().await.unwrap();
        assert_eq!(domain.state().await.unwrap(), State::Paused);
    }
    assert!(!domain.autostart().await.unwrap());
    domain.set_autostart(true).await.unwrap();
    assert!(domain.autostart().await.unwrap());

    assert!(domain.delete().await.unwrap().existed);
    assert!(!domain.delete().await.unwrap().existed, "it is gone already");
    assert!(!place.names().await.contains(&"life".to_owned()));
    assert!(domain.state().await.unwrap_err().is_not_found());
    assert!(domain.start().await.unwrap_err().is_not_found());
    assert!(place.host.domain("life").await.unwrap_err().is_not_found());
    assert!(place.host.domain_by_uuid(domain.uuid()).await.unwrap_err().is_not_found());
}

pub(crate) async fn what_does_not_shut_down_is_stopped_only_when_asked(place: &Place) {
    let domain = place.host.create(&place.new_domain("deaf")).await.unwrap();
    domain.shutdown(Shutdown::new()).await.unwrap();
    domain.start().await.unwrap();
    let short = Shutdown::new().timeout(Duration::from_millis(300));
    match domain.shutdown(short).await {
        // The test driver shuts down at once.
        Ok(()) => assert!(!place.qemu),
        Err(e) => {
            assert_eq!((e.kind(), e.outcome()), (ErrorKind::Timeout, Outcome::Applied), "{e}");
            assert_eq!(domain.state().await.unwrap(), State::Running);
        }
    }
    domain.shutdown(short.then_stop()).await.unwrap();
    assert_eq!(domain.state().await.unwrap(), State::Off);
    domain.delete().await.unwrap();
}

pub(crate) async fn names_that_are_taken_or_none(place: &Place) {
    place.foreign("taken").await;
    let error = place.host.create(&place.new_domain("taken")).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::AlreadyExists, Outcome::NotSent), "{error}");
    assert!(error.to_string().starts_with("domain.create (domain taken on "), "{error}");
    for bad in ["15", "a/b", "", "6695eb01-f6a4-8304-79aa-97f2502e193f", "a\nb"] {
        let error = place.host.create(&place.new_domain(bad)).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.outcome()),
            (ErrorKind::InvalidInput, Outcome::NotSent),
            "{bad:?}: {error}"
        );
    }
    let odd = "a & <b> \"c\" 'd' ☃";
    let machine = place.machine(odd).title("<title> & 'more'").description("one\ntwo <&>");
    let domain = place.host.create(&NewDomain::new(machine).stopped()).await.unwrap();
    assert_eq!(place.host.domain(odd).await.unwrap().uuid(), domain.uuid());
    let document = domain.document().await.unwrap();
    assert_eq!(document.title.as_deref(), Some("<title> & 'more'"));
    assert_eq!(document.description.as_deref(), Some("one\ntwo <&>"));
    domain.delete().await.unwrap();
    place.host.domain("taken").await.unwrap().force("taken").unwrap().delete().await.unwrap();
}

pub(crate) async fn what_is_not_managed_is_only_looked_at(place: &Place) {
    place.foreign("foreign").await;
    let foreign = place.host.domain("foreign").await.unwrap();
    assert!(!foreign.host().list().await.unwrap().iter().any(|d| d.name == "foreign" && d.managed));
    let rule = format!("refused by rule {}", Rule::ManagedTag);
    let refused = [
        foreign.start().await,
        foreign.stop().await,
        foreign.suspend().await,
        foreign.set_autostart(true).await,
        foreign.set_tags(["sdk-managed"]).await,
        foreign.set_vcpus(2).await,
        foreign.snapshot(&SnapshotXml::new("s")).await,
        foreign.delete().await.map(drop),
    ];
    for (n, refused) in refused.into_iter().enumerate() {
        let error = refused.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Refused, Outcome::NotSent), "{n}: {error}");
        assert!(error.to_string().contains(&rule), "{error}");
        assert!(error.advice().unwrap().contains("naming foreign"), "{error}");
    }
    assert_eq!(foreign.state().await.unwrap(), State::Off);
    assert_eq!(foreign.force("other").unwrap_err().kind(), ErrorKind::Refused);
    let forced = foreign.force("foreign").unwrap();
    forced.set_tags(["sdk-managed"]).await.unwrap();
    foreign.start().await.unwrap();
    foreign.delete().await.unwrap();
}

pub(crate) async fn what_is_protected_is_not_interrupted(place: &Place) {
    let new = place.new_domain("prod").tags(["production"]).unwrap();
    let domain = place.host.create(&new).await.unwrap();
    domain.start().await.unwrap();
    let refused = [
        domain.stop().await,
        domain.suspend().await,
        domain.reset().await,
        domain.reboot().await,
        domain.shutdown(Shutdown::new()).await,
        domain.set_tags(["sdk-managed"]).await,
        domain.remove_tag("production").await.map(drop),
        domain.remove_tag("sdk-managed").await.map(drop),
        domain.delete().await.map(drop),
    ];
    for (n, refused) in refused.into_iter().enumerate() {
        let error = refused.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Refused, Outcome::NotSent), "{n}: {error}");
        assert!(error.to_string().contains("protected-tag"), "{error}");
    }
    assert_eq!(domain.state().await.unwrap(), State::Running);
    assert!(domain.add_tag("db").await.unwrap(), "which takes nothing away");
    domain.force("prod").unwrap().delete().await.unwrap();

    let elsewhere = Policy::default().only_nodes(["other".parse().unwrap()]).unwrap();
    let error = place.host.with_policy(elsewhere).create(&place.new_domain("no")).await.unwrap_err();
    assert!(error.kind() == ErrorKind::Refused && error.to_string().contains("elsewhere"), "{error}");
    let marked = place.host.with_policy(Policy::default().marker("owned by ci").unwrap());
    let domain = marked.create(&place.new_domain("marked")).await.unwrap();
    domain.start().await.unwrap();
    domain.delete().await.unwrap();
    let plain = place.host.create(&place.new_domain("unmarked")).await.unwrap();
    let error = marked.domain("unmarked").await.unwrap().start().await.unwrap_err();
    assert!(error.to_string().contains("refused by rule marker"), "{error}");
    plain.delete().await.unwrap();
}

pub(crate) async fn tags_are_in_what_runs_and_what_will(place: &Place) {
    let domain = place.host.create(&place.new_domain("tags")).await.unwrap();
    assert!(domain.add_tag("Web").await.unwrap());
    assert!(!domain.add_tag("web").await.unwrap());
    domain.start().await.unwrap();
    assert!(domain.add_tag("live").await.unwrap());
    assert_eq!(domain.tags().await.unwrap().iter().collect::<Vec<_>>(), ["live", "sdk-managed", "web"]);
    domain.stop().await.unwrap();
    assert!(domain.tags().await.unwrap().contains("live"), "it was written into the definition as well");
    assert!(domain.remove_tag("web").await.unwrap());
    assert_eq!(place.host.tagged("live").await.unwrap()[0].uuid(), domain.uuid());
    assert!(place.host.tagged("web").await.unwrap().is_empty());
    assert_eq!(domain.set_tags(["no spaces"]).await.unwrap_err().kind(), ErrorKind::InvalidInput);
    domain.delete().await.unwrap();
}

pub(crate) async fn sizes_change(place: &Place) {
    let domain = place.host.create(&place.new_domain("sizes")).await.unwrap();
    domain.set_vcpus(2).await.unwrap();
    domain.set_memory(Size::mib(96)).await.unwrap();
    let definition = domain.definition().await.unwrap();
    assert_eq!((definition.vcpus, definition.max_vcpus), (2, 2));
    assert_eq!((definition.memory, definition.current_memory), (Size::mib(96), Size::mib(96)));
    domain.start().await.unwrap();
    for error in
        [domain.set_vcpus(3).await.unwrap_err(), domain.set_memory(Size::mib(128)).await.unwrap_err()]
    {
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::InvalidInput, Outcome::NotSent), "{error}");
    }
    domain.set_memory(Size::mib(80)).await.unwrap();
    assert_eq!(domain.definition().await.unwrap().current_memory, Size::mib(80));
    let error = domain.resize_disk("vdz", "+1G".parse().unwrap()).await.unwrap_err();
    assert!(error.is_not_found(), "{error}");
    domain.delete().await.unwrap();
}

pub(crate) async fn snapshots_are_made_reverted_and_removed(place: &Place) {
    let domain = place.host.create(&place.new_domain("moments")).await.unwrap();
    // Without disks and memory there is nothing that qemu could take.
    if !place.qemu {
        domain.start().await.unwrap();
        domain.snapshot(&SnapshotXml::new("first").description("<before> & after")).await.unwrap();
        let error = domain.snapshot(&SnapshotXml::new("first")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{error}");
        domain.stop().await.unwrap();
        let all = domain.snapshots().await.unwrap();
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].description.as_deref(), Some("<before> & after"));
        domain.revert("first").await.unwrap();
        assert_eq!(domain.state().await.unwrap(), State::Running);
        domain.delete_snapshot("first").await.unwrap();
    }
    assert!(domain.snapshots().await.unwrap().is_empty());
    for error in [domain.revert("nope").await.unwrap_err(), domain.delete_snapshot("nope").await.unwrap_err()]
    {
        assert!(error.is_not_found() && error.to_string().contains("no snapshot \"nope\""), "{error}");
    }
    domain.delete().await.unwrap();
}

pub(crate) async fn hosts_are_measured(place: &Place) {
    let before = place.host.capacity().await.unwrap();
    assert!(before.cpus > 0 && before.memory > Size::mib(100), "{before:?}");
    let domain = place.host.create(&place.new_domain("measured")).await.unwrap();
    let after = place.host.capacity().await.unwrap();
    assert_eq!(after.promised_vcpus, before.promised_vcpus + 1);
    assert_eq!(after.promised_memory.bytes(), before.promised_memory.bytes() + Size::mib(64).bytes());
    domain.start().await.unwrap();
    let usage = domain.usage(Groups::STATE).await.unwrap();
    assert_eq!((usage.name.as_str(), usage.state), ("measured", State::Running));
    assert!(place.host.usage(Groups::STATE).await.unwrap().contains(&usage));
    if place.qemu {
        let usage = domain.usage(Groups::ALL).await.unwrap();
        assert!(usage.cpu_time.is_some() && usage.memory == Some(Size::mib(64)), "{usage:?}");
    }
    domain.delete().await.unwrap();
    assert!(domain.usage(Groups::STATE).await.is_err());
}

pub(crate) async fn what_is_missing_is_said_before_anything_is_made(place: &Place) {
    let connection = place.host.connection();
    let names = place.names().await;
    let on = |name: &str| NewDomain::new(place.machine("gaps").nic(NicXml::network(name))).stopped();
    let error = place.host.create(&on("nowhere")).await.unwrap_err();
    assert!(error.is_not_found() && error.to_string().contains("nowhere"), "{error}");
    let xml = NetworkXml::nat("asleep", "192.0.2.1".parse().unwrap(), 24).to_xml().unwrap();
    let asleep = connection.call(network::define(&xml)).await.unwrap();
    let error = place.host.create(&on("asleep")).await.unwrap_err();
    assert!(error.kind() == ErrorKind::WrongState && error.to_string().contains("not started"), "{error}");
    connection.call(network::undefine(&asleep)).await.unwrap();

    let disk = |pool: &str, image| place.new_domain("gaps").pool(pool).disk(image, Size::mib(1));
    let error = place.host.create(&disk("nowhere", Image::volume("nowhere", "x"))).await.unwrap_err();
    assert!(error.is_not_found() && error.to_string().contains("nowhere"), "{error}");
    let pool =
        connection.call(storage::define_pool(&PoolXml::dir("idle", "/tmp").to_xml().unwrap())).await.unwrap();
    let error = place.host.create(&disk("idle", Image::volume("idle", "x"))).await.unwrap_err();
    assert!(error.kind() == ErrorKind::WrongState && error.to_string().contains("not started"), "{error}");
    connection.call(storage::undefine_pool(&pool)).await.unwrap();
    assert_eq!(place.names().await, names);
}

pub(crate) async fn machines_in_the_words_of_virt_install(place: &Place) {
    let kind = if place.qemu { "qemu" } else { "test" };
    let words = |name: &str| {
        let words = "--virt-type KIND --memory 64 --vcpus 1 --import --disk none --osinfo generic --network none \
                     --graphics none --name NAME";
        let words = words.split_whitespace().map(|word| word.replace("KIND", kind).replace("NAME", name));
        VirtInstall::new(words.collect::<Vec<_>>())
    };
    let domain = place.host.virt_install(&words("odd'name").tags(["web"]).unwrap()).await.unwrap();
    assert_eq!(domain.name(), "odd'name");
    assert_eq!(domain.state().await.unwrap(), State::Running);
    assert_eq!(domain.tags().await.unwrap().iter().collect::<Vec<_>>(), ["sdk-managed", "web"]);
    let error = place.host.virt_install(&words("odd'name")).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::AlreadyExists, Outcome::NotSent), "{error}");
    domain.delete().await.unwrap();
    let wrong = VirtInstall::new("--name x --memory much --osinfo generic --import --disk none".split(' '));
    let error = place.host.virt_install(&wrong).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::InvalidInput, Outcome::NotSent), "{error}");
    assert!(error.to_string().contains("much"), "{error}");
}
