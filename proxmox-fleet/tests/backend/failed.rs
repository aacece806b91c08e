//! What a creation that fails leaves.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use proxmox_core::backend::{Backend, Image, InstanceId};
use proxmox_core::guest::{DeleteOptions, NewId};
use proxmox_core::{
    Error, ErrorKind, Outcome, Pve, PveRequest, PveResponse, Transport, TransportInfo, async_trait,
};
use proxmox_fleet::PveBackend;
use proxmox_qemu::{QemuNode as _, Vm, VmSpec};
use proxmox_sim::{Fault, Sim, SimTransport, WireFault};

use super::{SECRETS, of_url, region, sim, spec, world};

#[test]
fn what_fails_leaves_nothing() {
    for (task, kept_image) in
        [("qmcreate", true), ("imgcopy", true), ("resize", true), ("qmstart", true), ("download", false)]
    {
        let world = world(&sim());
        world.sim.faults().add(Fault::fail(task, "no space left on device"));
        let error = world.create(&spec("web-1", of_url()).user_data(SECRETS)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TaskFailed, "{task}: {error:?}");
        assert_eq!(error.outcome(), Outcome::Rejected, "{task}: {error:?}");
        assert!(error.to_string().contains("no space left") && !format!("{error:?}").contains("hunter2"));
        world.assert_nothing_left();
        assert_eq!(world.files().len(), usize::from(kept_image), "{task}");
    }
    // Also what would be protected from then on.
    let world = world(&sim());
    world.sim.faults().add(Fault::fail("qmstart", "no"));
    world.create(&spec("web-1", of_url()).tags(["production"])).unwrap_err();
    world.assert_nothing_left();
}

#[test]
fn a_failed_download_does_not_show_how_one_gets_in() {
    let world = world(&sim());
    let url = "https://me:hunter2@images.example/none.qcow2?signature=hunter2".to_owned();
    let image = Image::Url { url, checksum: format!("sha256:{}", "0a".repeat(32)) };
    let error = world.create(&spec("web-1", image)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TaskFailed, "{error:?}");
    let text = format!("{error} {error:?}");
    assert!(text.contains("https://images.example/none.qcow2") && !text.contains("hunter2"), "{text}");
}

#[test]
fn a_copy_that_fails_leaves_nothing() {
    for task in ["qmclone", "resize", "qmstart"] {
        let world = world(&sim());
        world.sim.faults().add(Fault::fail(task, "no space left on device"));
        let template = spec("web-1", Image::Template("9000".into())).user_data(SECRETS);
        let error = world.create(&template).unwrap_err();
        assert_eq!(error.outcome(), Outcome::Rejected, "{task}: {error:?}");
        world.assert_nothing_left();
    }
}

#[test]
fn what_a_lost_answer_has_made_is_found_and_removed() {
    let world = world(&sim());
    let spec = spec("web-1", of_url());
    world.transport.faults().add(WireFault::CloseAfterExecuting.on("POST", "/nodes/pve2/qemu"));
    let error = world.create(&spec).unwrap_err();
    // The machine was still being made: its end is waited for.
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Connect, Outcome::Rejected), "{error:?}");
    world.assert_nothing_left();
    assert_eq!(world.sim.tasks().iter().filter(|task| task.kind == "qmcreate").count(), 1);
}

/// What somebody else does with VM 102.
#[derive(Debug, Clone, Copy)]
enum Deed {
    /// Deletes it.
    Delete,
    /// Deletes it, and makes another that gets its number, with these tags.
    Replace(&'static str),
    /// Moves it to the other node.
    Move,
}

/// Somebody else, right before the first request of this kind.
#[derive(Debug)]
struct Meddler {
    way: SimTransport,
    method: &'static str,
    path: &'static str,
    deed: Deed,
    done: AtomicBool,
}

impl Meddler {
    async fn meddle(&self) -> Result<(), Error> {
        let (sim, pve, vmid) = (self.way.sim(), self.way.sim().pve(), "102".parse()?);
        let config = sim.guest(102).unwrap().config;
        let old = Vm::new(&pve, &"pve2".parse()?, vmid);
        old.delete(DeleteOptions::new().stop_first().purge()).force(vmid).await?;
        let (node, name) = match self.deed {
            Deed::Delete => return Ok(()),
            Deed::Replace(_) => ("pve2", "theirs"),
            Deed::Move => ("pve1", "web-1"),
        };
        let new = pve.node(node)?.vms().create(NewId::Vmid(vmid), VmSpec::named(name)).await?;
        match self.deed {
            Deed::Replace(tags) => {
                new.start().await?;
                assert!(sim.set_config(102, "tags", Some(tags)));
            }
            _ => assert!(sim.set_config(102, "description", Some(&config["description"]))),
        }
        Ok(())
    }
}

#[async_trait]
impl Transport for Meddler {
    fn info(&self) -> TransportInfo {
        self.way.info()
    }

    async fn call(&self, request: &PveRequest) -> Result<PveResponse, Error> {
        let matches = request.verb.method() == self.method && request.path.as_str().ends_with(self.path);
        if matches && !self.done.swap(true, Ordering::SeqCst) {
            self.meddle().await.unwrap();
        }
        self.way.call(request).await
    }

    async fn sleep(&self, duration: Duration) {
        self.way.sleep(duration).await;
    }

    fn now(&self) -> Instant {
        self.way.now()
    }
}

/// What comes of a creation that somebody else meddles with.
fn meddled(method: &'static str, path: &'static str, deed: Deed) -> (Sim, Error) {
    let sim = sim();
    let way = sim.transport();
    let pve = Pve::new(Meddler { way, method, path, deed, done: AtomicBool::new(false) });
    let eu = PveBackend::new(pve.clone(), &region()).unwrap();
    let error = pve.block_on(eu.create(&spec("web-1", of_url()).user_data(SECRETS))).unwrap_err();
    (sim, error)
}

#[test]
fn what_has_got_the_number_meanwhile_is_left_alone() {
    // Somebody's that nothing protects from this policy but the word, and one that is protected.
    for (method, path, tags) in [
        ("GET", "/qemu/102/config", "sdk-managed"),
        ("POST", "/storage/local/upload", "sdk-managed"),
        ("POST", "/qemu/102/status/start", "production"),
    ] {
        let (sim, error) = meddled(method, path, Deed::Replace(tags));
        let theirs = sim.guest(102).unwrap();
        assert_eq!((theirs.config["name"].as_str(), theirs.running), ("theirs", true), "{path}: {error:?}");
        assert!(!theirs.config.contains_key("ide2"), "{path}: {:?}", theirs.config);
        assert_eq!(error.outcome(), Outcome::Applied, "{path}: {error:?}");
        let advice = error.advice().unwrap();
        assert!(advice.contains("VM 102 on node pve2") && advice.contains("left alone"), "{path}: {advice}");
        // The seed is this creation's, by its name.
        assert!(!sim.volumes("local", "pve2").iter().any(|volid| volid.contains("sdk-seed")), "{path}");
    }
}

#[test]
fn what_somebody_has_deleted_or_moved_meanwhile_is_gone() {
    for deed in [Deed::Delete, Deed::Move] {
        let (sim, error) = meddled("POST", "/qemu/102/status/start", deed);
        assert!(error.message().contains("does not exist") && error.advice().is_none(), "{error:?}");
        assert_eq!(error.outcome(), Outcome::Rejected, "{deed:?}");
        assert!(sim.guest(102).is_none(), "{deed:?}");
        assert!(!sim.volumes("local", "pve2").iter().any(|volid| volid.contains("sdk-seed")), "{deed:?}");
    }
}

#[test]
fn a_seed_whose_answer_was_lost_is_removed() {
    for fault in [WireFault::CloseBeforeExecuting, WireFault::CloseAfterExecuting] {
        let world = world(&sim());
        // It takes longer to arrive than the machine takes to go.
        world.sim.faults().add(Fault::slow("imgcopy", Duration::from_secs(60)));
        world.transport.faults().add(fault.clone().on("POST", "/nodes/pve2/storage/local/upload"));
        let error = world.create(&spec("web-1", of_url()).user_data(SECRETS)).unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Connect, Outcome::Rejected), "{error:?}");
        world.sim.clock().advance(Duration::from_secs(600));
        world.assert_nothing_left();
        let came = world.sim.tasks().iter().any(|task| task.kind == "imgcopy");
        assert_eq!(came, fault == WireFault::CloseAfterExecuting);
    }
}

#[test]
fn what_could_not_be_removed_is_named() {
    let world = world(&sim());
    world.sim.faults().add(Fault::fail("qmstart", "no"));
    world.sim.faults().add(Fault::fail("qmdestroy", "busy").always());
    world.sim.faults().add(Fault::fail("imgdel", "busy too").always());
    let error = world.create(&spec("web-1", of_url()).user_data(SECRETS)).unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::TaskFailed, Outcome::Applied), "{error:?}");
    let advice = error.advice().unwrap();
    assert!(advice.contains("VM 102 on node pve2") && advice.contains("local:iso/sdk-seed-102-"), "{advice}");
    // The same for a deletion.
    world.sim.faults().clear();
    world.sim.faults().add(Fault::fail("imgdel", "busy too"));
    let error = world.run(world.eu.delete(&InstanceId::new("102"))).unwrap_err();
    assert_eq!(error.outcome(), Outcome::Applied);
    assert!(error.advice().unwrap().contains("local:iso/sdk-seed-102-"), "{error:?}");
    assert!(world.sim.guest(102).is_none());
}
