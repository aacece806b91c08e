//! Each workload works, and says what it read.

#![allow(clippy::unwrap_used)] // helpers of tests, which no attribute marks as such

use std::process::Command;

use benches::compare::run;
use benches::rows::{GUESTS, NODES, STORAGES, Unknown, VMS};
use benches::serve::Server;
use benches::task::Result;

const ENGINES: [&str; 2] = ["reqwest", "ureq"];

/// What it printed.
fn start(program: &str, engine: &str, server: &Server, args: &[&str]) -> Result<String> {
    let mut command = Command::new(program);
    command
        .arg(args[0])
        .arg(server.url())
        .args(&args[1..])
        .env("BENCH_ENGINE", engine)
        .env("BENCH_CA", server.ca_pem());
    Ok(run(&mut command)?.output)
}

#[test]
fn all_workloads_on_both_engines() {
    let server = Server::start("127.0.0.1:0", Unknown::Six).unwrap();
    for engine in ENGINES {
        let sdk = |args: &[&str]| start(env!("CARGO_BIN_EXE_workload"), engine, &server, args).unwrap();
        let bare = |args: &[&str]| start(env!("CARGO_BIN_EXE_bare"), engine, &server, args).unwrap();
        for args in [&["w1", "3"][..], &["w2", "3", "2"]] {
            assert_eq!(sdk(args), "answers=3\n");
            assert_eq!(bare(args), "answers=3\n");
        }
        let vms = sdk(&["w3", "2"]);
        assert!(vms.starts_with(&format!("rows={VMS} maxmem=")), "{vms}");
        assert_eq!(vms, bare(&["w3", "1"]));
        assert_eq!(vms, sdk(&["w6s", "1"]));
        assert_eq!(vms, sdk(&["w6", "1", "4"]));
        let all = sdk(&["w4", "1"]);
        let rows = GUESTS + NODES + STORAGES;
        assert!(all.starts_with(&format!("rows={rows} maxmem=")), "{all}");
        assert_eq!(all, bare(&["w4", "1"]));
        assert!(sdk(&["w5", "1"]).starts_with("answers=1 ms="));
        assert!(bare(&["w5", "1"]).starts_with("answers=1 ms="));
    }
}

#[test]
fn another_authority_is_not_trusted() {
    let (server, other) = (
        Server::start("127.0.0.1:0", Unknown::Zero).unwrap(),
        Server::start("127.0.0.1:0", Unknown::Zero).unwrap(),
    );
    for engine in ENGINES {
        let mut command = Command::new(env!("CARGO_BIN_EXE_workload"));
        command.args(["w1", &server.url(), "1"]).env("BENCH_ENGINE", engine).env("BENCH_CA", other.ca_pem());
        let output = command.output().unwrap();
        assert!(!output.status.success());
        assert!(String::from_utf8_lossy(&output.stderr).contains("TLS"), "{output:?}");
    }
}
