//! The script, run by the Perl of this machine on a directory that stands for a node.

use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::process::{Command, Stdio};

use proptest::prelude::*;
use proxmox_core::guest::{Exec, ExecResult, GuestData};
use proxmox_core::{Effect, ErrorKind, Outcome, Push};

use super::*;
use crate::shell::Ended;

pub(super) fn pct(what: &Pct) -> PctRequest {
    let container = proxmox_core::PvePath::parse("/nodes/pve1/lxc/200").unwrap();
    PctRequest::read(&what.request(container).unwrap()).unwrap().unwrap()
}

/// A node whose containers are its own directory: `pct exec` runs the program, files lie below.
fn node() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    let at = |path: &str| root.path().join(path);
    for directory in ["usr/sbin", "etc/pve/nodes/pve1", "ct"] {
        std::fs::create_dir_all(at(directory)).unwrap();
    }
    symlink("nodes/pve1", at("etc/pve/local")).unwrap();
    let program = format!(
        "#!/bin/sh\necho \"$@\" >> {0}/said\ncase $1 in\n\
         exec) shift 3; exec \"$@\";;\n\
         push) cat \"$3\" > {0}/ct\"$4\";;\n\
         pull) cat {0}/ct\"$3\" > \"$4\";;\nesac\n",
        root.path().display()
    );
    std::fs::write(at("usr/sbin/pct"), program).unwrap();
    std::fs::set_permissions(at("usr/sbin/pct"), std::fs::Permissions::from_mode(0o755)).unwrap();
    root
}

fn run(script: &Script) -> Ended {
    let mut child = Command::new("sh")
        .args(["-c", &script.line])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = script.input.clone();
    // One that refuses early does not read all of it.
    let feed = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    feed.join().unwrap();
    Ended { exit: output.status.code().unwrap(), stdout: output.stdout, stderr: output.stderr }
}

fn on(root: &tempfile::TempDir, what: &Pct) -> Result<PveResponse> {
    let caller = Caller { root: root.path().into(), ..Caller::default() };
    let effect = if matches!(what, Pct::Pull { .. }) { Effect::Read } else { Effect::Write };
    let pct = pct(what);
    answer::read(&pct, effect, &run(&script(&caller, &pct)))
}

fn exec(root: &tempfile::TempDir, exec: Exec) -> ExecResult {
    on(root, &Pct::Exec(exec)).unwrap().decode().unwrap()
}

#[test]
fn any_word_and_any_byte_arrives_as_it_is() {
    let root = node();
    let words = prop::collection::vec("[^\0]{0,12}", 0..4);
    proptest!(ProptestConfig::with_cases(24), |(words in words, input in prop::collection::vec(any::<u8>(), 0..200))| {
        let mut argv = vec!["printf".to_owned(), "%s\\0".to_owned()];
        argv.extend(words.iter().cloned());
        let wanted: String = if words.is_empty() { "\0".to_owned() } else { words.iter().map(|w| format!("{w}\0")).collect() };
        prop_assert_eq!(exec(&root, Exec::new(argv)).stdout, GuestData::from(wanted.as_str()));
        prop_assert_eq!(exec(&root, Exec::new(["cat"]).input(input.clone())).stdout, GuestData::from(input.clone()));
        on(&root, &Pct::Push(Push::new("/file", input.clone()))).unwrap();
        let back: GuestData = on(&root, &Pct::Pull { path: "/file".to_owned() }).unwrap().decode().unwrap();
        prop_assert_eq!(back.as_bytes(), input.as_slice());
    });
}

#[test]
fn how_a_program_ends() {
    let root = node();
    let sh = |script: &str| exec(&root, Exec::new(["sh", "-c", script]));
    let done = sh("echo out; echo err >&2; exit 124");
    assert_eq!((done.exit_code, &*done.stdout.text(), &*done.stderr.text()), (Some(124), "out\n", "err\n"));
    assert_eq!(sh("kill -9 $$").exit_code, Some(137));
    // What it leaves running keeps nobody waiting.
    let begin = Instant::now();
    assert_eq!(sh("sleep 20 & echo started").stdout, "started\n");
    assert!(begin.elapsed() < Duration::from_secs(10));
    // The environment is the same on every node, and has nothing of the login's.
    let environment = exec(&root, Exec::new(["env"])).stdout;
    let mut names: Vec<_> =
        environment.text().lines().filter_map(|l| Some(l.split_once('=')?.0.to_owned())).collect();
    names.retain(|name| !matches!(name.as_str(), "PWD" | "_" | "OLDPWD" | "SHLVL"));
    names.sort_unstable();
    assert_eq!(names, ["HOME", "LC_ALL", "PATH"]);
}

#[test]
fn long_output_is_cut_and_said_to_be() {
    let root = node();
    let done = exec(&root, Exec::new(["head", "-c", &(Pct::OUTPUT + 1).to_string(), "/dev/zero"]));
    assert_eq!((done.stdout.len(), done.out_truncated, done.err_truncated), (Pct::OUTPUT, true, false));
    let done = exec(&root, Exec::new(["head", "-c", &Pct::OUTPUT.to_string(), "/dev/zero"]));
    assert_eq!((done.stdout.len(), done.out_truncated), (Pct::OUTPUT, false));
}

/// A file without an end does not fill the node's disk.
#[test]
fn a_file_that_is_too_long_is_not_read() {
    let root = node();
    symlink("/dev/zero", root.path().join("ct/endless")).unwrap();
    let error = on(&root, &Pct::Pull { path: "/endless".to_owned() }).unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::InvalidInput, Outcome::Rejected), "{error}");
    assert!(error.message().contains("64 MiB"), "{error}");
}

#[test]
fn what_was_cut_is_not_carried_out() {
    let root = node();
    let caller = Caller { root: root.path().into(), ..Caller::default() };
    let pct = pct(&Pct::Exec(Exec::new(["sh"]).input("rm a\nrm b\n")));
    let whole = script(&caller, &pct);
    for end in 0..whole.input.len() {
        let script = Script { line: whole.line.clone(), input: whole.input[..end].to_vec() };
        let error = answer::read(&pct, Effect::Write, &run(&script)).unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Connect, Outcome::NotSent), "{end}: {error}");
    }
    assert!(!root.path().join("said").exists(), "pct was run");
}

#[test]
fn another_node_and_none_are_told_before_anything_runs() {
    let root = node();
    let link = root.path().join("etc/pve/local");
    std::fs::remove_file(&link).unwrap();
    let error = on(&root, &Pct::Exec(Exec::new(["true"]))).unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Unsupported, Outcome::NotSent), "{error}");
    symlink("nodes/pve2", &link).unwrap();
    let error = on(&root, &Pct::Exec(Exec::new(["true"]))).unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Unsupported, Outcome::NotSent), "{error}");
    assert!(error.message().contains("pve2") && error.advice().unwrap().contains("node pve1"), "{error:?}");
    assert!(!root.path().join("said").exists(), "pct was run");
}

#[test]
fn contents_are_in_no_command_line() {
    let sudo = Caller { sudo: true, ..Caller::default() };
    for what in [
        Pct::Exec(Exec::new(["word-of-argv"]).input("hunter2")),
        Pct::Push(Push::new("/word-of-argv", "hunter2")),
    ] {
        let script = script(&sudo, &pct(&what));
        assert!(
            script.line.starts_with("LC_ALL=C.UTF-8 exec sudo -n perl -e 'use strict;"),
            "{}",
            script.line
        );
        for secret in ["hunter2", "word-of-argv"] {
            assert!(!script.line.contains(secret) && String::from_utf8_lossy(&script.input).contains(secret));
        }
    }
    let root = node();
    on(&root, &Pct::Push(Push::new("/x", "hunter2").perms(0o600))).unwrap();
    let said = std::fs::read_to_string(root.path().join("said")).unwrap();
    assert!(said.starts_with("push 200 /proc/") && said.ends_with(" /x --perms=0600\n"), "{said}");
}
