//! The guest agent.

use std::time::Duration;

use proxmox_core::{ErrorKind, Outcome};
use proxmox_qemu::Exec;

use super::{Cap, World, assert_is};

pub async fn answers_a_ping(world: &World) {
    world.vm(world.answering).agent().ping().await.unwrap();
}

pub async fn that_is_not_configured_is_told(world: &World) {
    if !world.needs(Cap::AgentStates) {
        return;
    }
    let vm = world.running_vm("no-agent").await;
    vm.set_config([("agent", "0")]).await.unwrap();
    vm.ensure(proxmox_core::guest::Power::Stopped).await.unwrap();
    vm.start().await.unwrap();
    let error = vm.agent().ping().await.unwrap_err();
    assert_is(&error, ErrorKind::Agent, Outcome::Rejected);
    assert!(error.message().contains("No QEMU guest agent configured"), "{error}");
    assert!(error.advice().unwrap().contains("agent: 1"), "{error:?}");
}

pub async fn that_does_not_run_is_told(world: &World) {
    let Some(simulated) = world.simulated() else {
        return;
    };
    assert!(simulated.sim.set_agent(world.answering.get(), false));
    let error = world.vm(world.answering).agent().ping().await.unwrap_err();
    assert_is(&error, ErrorKind::Agent, Outcome::Rejected);
    assert!(error.message().contains("guest agent is not running"), "{error}");
}

pub async fn of_a_guest_that_is_off_is_a_wrong_state(world: &World) {
    let vm = world.new_vm("off").await;
    let error = vm.agent().ping().await.unwrap_err();
    if !world.has(Cap::AgentStates) {
        assert_is(&error, ErrorKind::Agent, Outcome::Rejected);
        return;
    }
    assert_is(&error, ErrorKind::WrongState, Outcome::Rejected);
    let error = vm.agent().exec(Exec::new(["true"])).await.unwrap_err();
    assert_is(&error, ErrorKind::WrongState, Outcome::Rejected);
}

pub async fn runs_a_command(world: &World) {
    let agent = world.vm(world.answering).agent();
    let done = agent.exec(Exec::new(["echo", "hello"])).await.unwrap();
    assert!(done.success(), "{done:?}");
    if world.has(Cap::ExecOutput) {
        assert_eq!((&*done.stdout.text(), &*done.stderr.text()), ("hello\n", ""));
    }
    assert!(!done.out_truncated && done.signal.is_none());
}

pub async fn a_failing_command_is_a_result(world: &World) {
    let agent = world.vm(world.answering).agent();
    let done = agent.exec(Exec::new(["false"])).await.unwrap();
    assert_eq!((done.success(), done.exit_code), (false, Some(1)));
}

pub async fn exit_code_and_both_outputs_come_back(world: &World) {
    if !world.needs(Cap::ExecOutput) {
        return;
    }
    let agent = world.vm(world.answering).agent();
    let script = "echo out; echo err >&2; exit 3";
    let done = agent.exec(Exec::new(["sh", "-c", script])).await.unwrap();
    assert_eq!((done.exit_code, &*done.stdout.text(), &*done.stderr.text()), (Some(3), "out\n", "err\n"));
}

pub async fn a_program_that_is_not_there_leaves_doubts(world: &World) {
    if !world.needs(Cap::ExecOutput) {
        return;
    }
    let agent = world.vm(world.answering).agent();
    let error = agent.exec(Exec::new(["/no/such/program"])).await.unwrap_err();
    if !world.has(Cap::HttpFaults) {
        // The command line can say what HTTP cannot carry.
        return assert_is(&error, ErrorKind::Agent, Outcome::Rejected);
    }
    // PVE chokes on the agent's own words and hangs up: nobody says what became of it.
    assert_is(&error, ErrorKind::NodeUnreachable, Outcome::MaybeApplied);
    assert_eq!((error.status(), error.message()), (Some(596), "Broken pipe"));
}

pub async fn a_command_reads_its_input(world: &World) {
    if !world.needs(Cap::ExecOutput) {
        return;
    }
    let agent = world.vm(world.answering).agent();
    let text = "a b\nc ü & = +\n";
    let done = agent.exec(Exec::new(["cat"]).input(text)).await.unwrap();
    assert_eq!(done.stdout, text);
    // The whole of what PVE passes on.
    let long = "x".repeat(64 * 1024);
    let done = agent.exec(Exec::new(["cat"]).input(long.as_str())).await.unwrap();
    assert_eq!(done.stdout.len(), long.len());
}

pub async fn a_command_that_goes_on_is_a_timeout(world: &World) {
    if !world.needs(Cap::ExecOutput) {
        return;
    }
    let agent = world.vm(world.answering).agent();
    let error =
        agent.exec(Exec::new(["sleep", "10000000"])).timeout(Duration::from_secs(1)).await.unwrap_err();
    assert_is(&error, ErrorKind::Timeout, Outcome::Applied);
    assert!(error.message().contains("still running"), "{error}");
}

pub async fn interfaces_have_their_addresses(world: &World) {
    let interfaces = world.vm(world.answering).agent().interfaces().await.unwrap();
    let lo = interfaces.iter().find(|i| i.name == "lo").unwrap();
    assert!(lo.addresses.iter().any(|a| a.ip().unwrap().is_loopback()));
    let eth = interfaces.iter().find(|i| i.name == "eth0").unwrap();
    assert_eq!(eth.mac.as_deref(), Some("bc:24:11:00:01:02"));
    assert!(eth.addresses.iter().any(|a| a.ip().unwrap().is_ipv4()), "{eth:?}");
}

pub async fn the_system_is_named(world: &World) {
    let os = world.vm(world.answering).agent().osinfo().await.unwrap();
    assert!(os.id.is_some() && os.pretty_name.is_some(), "{os:?}");
}

pub async fn files_are_written_and_read(world: &World) {
    let agent = world.vm(world.answering).agent();
    let path = format!("/tmp/{}", world.number(40));
    let content = "first\nsecond ü & = + %\n";
    agent.file_write(&path, content).await.unwrap();
    if !world.needs(Cap::GuestFiles) {
        return;
    }
    let read = agent.file_read(&path).await.unwrap();
    assert_eq!((read.content.as_str(), read.truncated), (content, false));
    agent.file_write(&path, "").await.unwrap();
    assert_eq!(agent.file_read(&path).await.unwrap().content, "");
}

pub async fn a_file_that_is_not_there_is_told(world: &World) {
    if !world.needs(Cap::GuestFiles) {
        return;
    }
    let agent = world.vm(world.answering).agent();
    let error = agent.file_read("/no/such/file").await.unwrap_err();
    assert_is(&error, ErrorKind::Agent, Outcome::Rejected);
}
