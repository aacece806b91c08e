//! Everything that goes wrong × everything that is asked.

use std::time::Duration;

use proxmox_core::guest::{CloneOptions, DeleteOptions, HowCloned};
use proxmox_core::{Error, ErrorKind, Outcome, Vmid};
use proxmox_sim::WireFault;

use crate::lab::{BOUND, IDLE, Lab, TEMPLATE, Way};
use crate::on_each_way;

/// What is known of a fault.
struct Trouble {
    fault: WireFault,
    /// The kind of error that it is.
    kind: ErrorKind,
    /// What is known of a write that it befell.
    outcome: Outcome,
    /// Whether the cluster executed what it befell.
    executed: bool,
    /// Whether a read is worth another try.
    passes: bool,
}

fn trouble(fault: WireFault) -> Trouble {
    use ErrorKind::{Connect, Decode, NodeUnreachable, Timeout, Unavailable};
    use Outcome::{MaybeApplied, Rejected};
    let (kind, outcome, executed, passes) = match &fault {
        WireFault::CloseBeforeReading | WireFault::CloseBeforeExecuting => {
            (Connect, MaybeApplied, false, true)
        }
        WireFault::CloseAfterExecuting | WireFault::Truncate => (Connect, MaybeApplied, true, true),
        WireFault::Stall => (Timeout, MaybeApplied, false, true),
        // The proxy could not connect to the node: the only one of these that is an answer.
        WireFault::Status(595, _) => (NodeUnreachable, Rejected, false, true),
        WireFault::Status(596, _) => (NodeUnreachable, MaybeApplied, false, true),
        WireFault::Status(503, _) | WireFault::Html => (Unavailable, MaybeApplied, false, true),
        WireFault::Empty | WireFault::Garbage(_) | WireFault::Body(_) => (Decode, MaybeApplied, true, false),
        other => panic!("{other:?}"),
    };
    Trouble { fault, kind, outcome, executed, passes }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Read,
    Put,
    Start,
    Clone,
    CloneAuto,
    Delete,
}

impl What {
    /// The request that matters.
    fn request(self) -> (&'static str, String) {
        let idle = |rest: &str| format!("/nodes/pve1/qemu/{IDLE}{rest}");
        match self {
            Self::Read => ("GET", idle("/status/current")),
            Self::Put => ("PUT", idle("/config")),
            Self::Start => ("POST", idle("/status/start")),
            Self::Clone | Self::CloneAuto => ("POST", format!("/nodes/pve1/qemu/{TEMPLATE}/clone")),
            Self::Delete => ("DELETE", idle("")),
        }
    }

    fn ask(self, lab: &Lab) -> Result<(), Error> {
        let (vm, template) = (lab.vm(IDLE), lab.vm(TEMPLATE));
        let clone = |options: CloneOptions| {
            let call = template.clone_to(options);
            lab.run(async {
                let done = call.await?;
                assert!(matches!(done.how, HowCloned::New(_) | HowCloned::Resumed), "{:?}", done.how);
                Ok(())
            })
        };
        match self {
            Self::Read => lab.run(async { vm.status().await.map(drop) }),
            Self::Put => lab.run(async { vm.set_config([("cores", "2")]).await }),
            Self::Start => lab.run(async { vm.start().await.map(drop) }),
            Self::Clone => clone(CloneOptions::named("copy").newid(Vmid::new(700).unwrap())),
            Self::CloneAuto => clone(CloneOptions::named("copy")),
            Self::Delete => lab.run(async { vm.delete(DeleteOptions::new()).await.map(drop) }),
        }
    }

    /// Whether the cluster shows that it was executed.
    fn is_done(self, lab: &Lab) -> bool {
        lab.settle();
        let idle = lab.sim.guest(IDLE);
        match self {
            Self::Read => false,
            Self::Put => idle.unwrap().config["cores"] == "2",
            Self::Start => idle.unwrap().running,
            Self::Clone | Self::CloneAuto => {
                let copies = lab.named("copy");
                assert!(copies <= 1, "{copies} clones");
                copies == 1
            }
            Self::Delete => idle.is_none(),
        }
    }
}

fn hold(way: Way, fault: WireFault, what: What) {
    let lab = match fault {
        WireFault::Stall => Lab::impatient(way),
        _ => Lab::new(way),
    };
    let t = trouble(fault);
    let (method, path) = what.request();
    lab.faults.add(t.fault.clone().on(method, path.as_str()));
    let before = lab.pve.now();
    let result = what.ask(&lab);
    let took = lab.pve.now().saturating_duration_since(before);
    assert!(took < 4 * BOUND, "took {took:?}");

    let arrived = lab.log.arrived(method, &path);
    match what {
        What::Read if t.passes => {
            assert!(result.is_ok(), "the trouble passes: {result:?}");
            assert_eq!(arrived, 2);
        }
        What::Read => {
            let error = result.unwrap_err();
            assert_eq!((error.kind(), error.outcome()), (t.kind, Outcome::Rejected), "{error:?}");
            assert_eq!(arrived, 1, "what cannot be read now cannot be read later");
        }
        // The clone was made and nobody said so: it is found, and finished.
        What::Clone | What::CloneAuto if t.executed => {
            assert!(result.is_ok(), "reconciled: {result:?}");
            assert_eq!(arrived, 1);
            assert!(what.is_done(&lab));
            let copy = lab.sim.guests().into_iter().find(|g| g.name.as_deref() == Some("copy"));
            assert!(copy.unwrap().tags.contains(&"sdk-managed".to_owned()));
        }
        _ => {
            let error = result.unwrap_err();
            assert_eq!((error.kind(), error.outcome()), (t.kind, t.outcome), "{error:?}");
            assert!(error.advice().is_some(), "{error:?}");
            assert_eq!(arrived, 1);
            assert_eq!(lab.log.executed(method, &path), usize::from(t.executed));
            assert_eq!(what.is_done(&lab), t.executed);
        }
    }
    lab.assert_no_write_twice();
}

/// A read that never succeeds is tried four times and says so.
fn hold_for_ever(way: Way, fault: WireFault) {
    let lab = match fault {
        WireFault::Stall => Lab::impatient(way),
        _ => Lab::new(way),
    };
    let t = trouble(fault);
    let (method, path) = What::Read.request();
    lab.faults.add(t.fault.clone().on(method, path.as_str()).always());
    let before = lab.pve.now();
    let error = What::Read.ask(&lab).unwrap_err();
    let took = lab.pve.now().saturating_duration_since(before);
    assert!(took < 5 * BOUND, "took {took:?}");
    assert_eq!((error.kind(), error.outcome()), (t.kind, Outcome::Rejected), "{error:?}");
    assert!(!error.is_retryable(), "outer loops are not to multiply the tries: {error:?}");
    let arrived = lab.log.arrived(method, &path);
    if t.passes {
        assert!((2..=4).contains(&arrived), "{arrived}");
        assert_eq!(error.attempts() as usize, arrived, "{error}");
    } else {
        assert_eq!(arrived, 1);
    }
}

macro_rules! matrix {
    ($($name:ident: $fault:expr;)*) => {
        $(
            mod $name {
                use super::*;
                fn read(way: Way) { hold(way, $fault, What::Read); }
                fn read_for_ever(way: Way) { hold_for_ever(way, $fault); }
                fn put(way: Way) { hold(way, $fault, What::Put); }
                fn start(way: Way) { hold(way, $fault, What::Start); }
                fn clone(way: Way) { hold(way, $fault, What::Clone); }
                fn clone_auto(way: Way) { hold(way, $fault, What::CloneAuto); }
                fn delete(way: Way) { hold(way, $fault, What::Delete); }
                on_each_way!(read read_for_ever put start clone clone_auto delete);
            }
        )*
    };
}

matrix! {
    close_before_reading: WireFault::CloseBeforeReading;
    close_before_executing: WireFault::CloseBeforeExecuting;
    close_after_executing: WireFault::CloseAfterExecuting;
    truncated: WireFault::Truncate;
    stalled: WireFault::Stall;
    status_595: WireFault::refused();
    status_596: WireFault::broken_pipe();
    status_503: WireFault::Status(503, "Service Unavailable".to_owned());
    html_page: WireFault::Html;
    html_page_as_200: WireFault::Body("<html><body>Welcome</body></html>".to_owned());
    empty_200: WireFault::Empty;
    ten_megabytes_of_garbage: WireFault::Garbage(10 << 20);
    truncated_json: WireFault::Body(r#"{"data":{"vmid":103,"#.to_owned());
    json_of_another_form: WireFault::Body("[null]".to_owned());
    json_without_data: WireFault::Body(r#"{"success":1}"#.to_owned());
}

/// Late, but within the budget: nothing is wrong, and nothing is sent again.
mod late {
    use super::*;

    fn all(way: Way) {
        for what in [What::Read, What::Put, What::Start, What::Clone, What::CloneAuto, What::Delete] {
            let lab = Lab::new(way);
            let (method, path) = what.request();
            lab.faults.add(WireFault::Delay(Duration::from_millis(100)).on(method, path.as_str()));
            what.ask(&lab).unwrap();
            assert_eq!(lab.log.arrived(method, &path), 1);
            assert!(what == What::Read || what.is_done(&lab));
            lab.assert_no_write_twice();
        }
    }
    on_each_way!(all);
}
