//! `pve watch`, while things happen to its cluster; and the short programs `watch` and `report`.

#![allow(clippy::unwrap_used)] // helpers of tests, which no attribute marks as such

mod common;

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use common::{Cluster, clean, golden, run, still};

/// Far more than anything here takes.
const PATIENCE: Duration = Duration::from_secs(20);

struct Watching {
    child: Child,
    lines: Receiver<String>,
}

impl Watching {
    fn start(cluster: &Cluster, line: &str) -> Self {
        let mut child = cluster
            .command(env!("CARGO_BIN_EXE_pve"))
            .args(line.split_whitespace())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, lines) = channel();
        let out = BufReader::new(child.stdout.take().unwrap());
        // Ends when nobody listens, and with it the pipe.
        thread::spawn(move || out.lines().map_while(Result::ok).all(|line| sender.send(line).is_ok()));
        Self { child, lines }
    }

    fn line(&self) -> String {
        self.lines.recv_timeout(PATIENCE).unwrap()
    }

    /// A line without its time.
    fn words(&self) -> String {
        let line = self.line();
        let (time, words) = line.split_once("  ").unwrap();
        assert!(time.len() == 19 && time.starts_with("20"), "{line}");
        format!("{words}\n")
    }

    /// The exit code, and what was written to stderr.
    fn end(mut self) -> (Option<i32>, String) {
        drop(self.lines);
        let begin = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            if begin.elapsed() > PATIENCE {
                self.child.kill().unwrap();
                panic!("it does not end");
            }
            thread::yield_now();
        };
        let mut stderr = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        (status.code(), stderr)
    }
}

#[test]
fn lines_for_people() {
    let cluster = still();
    let watching = Watching::start(&cluster, "watch --interval 0.1 --count 8");
    let mut lines = watching.words();
    assert!(cluster.sim().set_lock(101, Some("backup")));
    lines += &watching.words();
    assert!(cluster.sim().set_config(101, "tags", Some("production;web")));
    lines += &watching.words();
    assert!(cluster.sim().set_node_down("pve1", true));
    lines += &(0..3).map(|_| watching.words()).collect::<String>();
    assert!(cluster.sim().set_node_down("pve1", false));
    lines += &(0..2).map(|_| watching.words()).collect::<String>();
    golden!("watch", lines);
    assert_eq!(watching.end(), (Some(0), String::new()));
}

#[test]
fn lines_of_json() {
    let cluster = still();
    let watching = Watching::start(&cluster, "--json --node pve1 watch --interval 0.1 --templates --count 2");
    let first: serde_json::Value = serde_json::from_str(&watching.line()).unwrap();
    assert_eq!((&first["event"], first["guests"].as_array().unwrap().len()), (&"snapshot".into(), 3));
    assert_eq!(first["nodes"], serde_json::json!([{"node": "pve1", "status": "online"}]));
    assert!(first["time"].as_i64().unwrap() > 1_700_000_000);
    assert!(cluster.sim().set_node_down("pve2", true), "of which nothing is said");
    assert!(cluster.sim().set_lock(9000, Some("clone")));
    let second: serde_json::Value = serde_json::from_str(&watching.line()).unwrap();
    assert_eq!((&second["event"], &second["guest"]["vmid"]), (&"changed".into(), &9000.into()));
    assert_eq!(second["what"], serde_json::json!([{"field": "lock", "from": null, "to": "clone"}]));
    assert_eq!(watching.end(), (Some(0), String::new()));
}

#[test]
fn a_reader_may_leave() {
    let cluster = still();
    let watching = Watching::start(&cluster, "watch --interval 0.1");
    watching.line();
    let end = thread::spawn(|| watching.end());
    // It is not seen to have left before there is something to say.
    let mut lock = ["a", "b"].into_iter().cycle();
    while !end.is_finished() {
        assert!(cluster.sim().set_lock(101, lock.next()));
        thread::yield_now();
    }
    assert_eq!(end.join().unwrap(), (Some(0), String::new()));
}

#[cfg(unix)]
#[test]
fn it_is_ended_quietly() {
    let cluster = still();
    let watching = Watching::start(&cluster, "watch");
    watching.line();
    let pid = watching.child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    assert_eq!(watching.end(), (None, String::new()), "by the signal itself");
}

#[test]
fn what_cannot_begin_is_an_error() {
    let cluster = still();
    let wrong =
        cluster.command(env!("CARGO_BIN_EXE_pve")).env("PVE_TOKEN_SECRET", "wrong").arg("watch").output();
    let wrong = wrong.unwrap();
    assert_eq!((wrong.status.code(), wrong.stdout.as_slice()), (Some(5), &b""[..]), "{wrong:?}");
}

#[test]
fn the_short_programs_need_nothing() {
    let said = run(&mut clean(env!("CARGO_BIN_EXE_watch"))).ok();
    let lines: Vec<&str> = said.lines().collect();
    let [first, .., gone, left] = lines.as_slice() else { panic!("{said}") };
    assert_eq!((*first, *gone, *left), ("2 guests on 2 nodes", "200: gone", "2 guests are left"));
    assert!(lines.contains(&"200: new on pve1") && said.contains("to: Running"), "{said}");

    let report = run(&mut clean(env!("CARGO_BIN_EXE_report"))).ok();
    assert!(report.starts_with("# Fleet report\n") && report.contains("handmade"), "{report}");
}

#[test]
fn the_short_programs_work_on_any_cluster() {
    let cluster = still();
    assert!(cluster.sim().set_node_down("pve2", true));
    let ran = run(&mut cluster.command(env!("CARGO_BIN_EXE_report")));
    assert!(ran.stderr.contains("critical node pve2: is offline"), "{ran:?}");
    ran.ok();
    let error = run(cluster.command(env!("CARGO_BIN_EXE_report")).env("PVE_TOKEN_SECRET", "wrong"));
    assert!(error.code == 1 && error.stderr.contains("error: "), "{error:?}");
}
