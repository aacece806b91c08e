//! What is printed: readable text as it was agreed on, JSON that is nothing but JSON, and never a secret.

mod common;

use common::{clean, cluster, golden, run, still};
use proxmox_sim::ROOT_TOKEN_SECRET;

#[test]
fn readable() {
    let cluster = still();
    for (name, line) in [
        ("help", "--help"),
        ("qemu_help", "qemu --help"),
        ("lxc_help", "lxc --help"),
        ("watch_help", "watch --help"),
        ("qemu_list", "qemu list"),
        ("qemu_list_node", "--node pve1 qemu list"),
        ("qemu_status_running", "qemu status handmade"),
        ("qemu_status_template", "qemu status 9000"),
        ("qemu_config", "qemu config 101"),
        ("node_list", "node list"),
        ("node_status", "node status"),
        ("node_config", "node config pve2"),
        ("report", "report --addresses"),
        ("report_markdown", "report --md --node pve1"),
        ("raw_object", "get /version"),
        ("raw_list", "get /nodes/pve1/storage"),
        ("raw_error", "get /nodes/pve1/storage/nosuch/content"),
        ("refused", "qemu stop 100"),
        ("preflight", "preflight qemu clone 9000 100 --name shop-db --full --storage nope"),
        ("dry_run_clone", "--dry-run qemu clone 9000 auto --name web-1 --full"),
        ("dry_run_json", "--dry-run --json qemu set 101 cores=4 delete=onboot cipassword=hunter2"),
    ] {
        golden!(name, cluster.pve(line).all());
    }
}

#[test]
fn what_opens_the_gate_is_never_proposed() {
    let cluster = still();
    let ran = cluster.pve("set /nodes/pve1/qemu/101/config --cores 4");
    assert!(ran.code == 2 && ran.stderr.contains("'--cores'") && !ran.stderr.contains("--force"), "{ran:?}");
    assert!(cluster.pve("qemu list --jso").stderr.contains("'--json'"));
}

#[test]
fn json_is_exactly_what_pve_sent() {
    let cluster = still();
    for path in ["/version", "/nodes/pve1/qemu/100/config", "/nodes/pve1/qemu", "/cluster/nextid"] {
        let printed = cluster.pve(&format!("get {path} --json")).ok();
        let sent = cluster.sim().answer(&proxmox_sim::SimRequest::new("GET", path));
        let body = String::from_utf8(sent.body).unwrap();
        let data = printed.strip_suffix('\n').unwrap();
        assert!(body.contains(&format!("\"data\":{data}")), "{data} is not a part of {body}");
    }
}

#[test]
fn json_of_typed_commands_has_exact_numbers() {
    let cluster = still();
    let list = cluster.pve("qemu list --json");
    assert_eq!(list.stderr, "");
    let vms = list.json();
    assert_eq!(vms[0]["vmid"], 100);
    assert_eq!(vms[0]["maxmem"], 2_147_483_648_i64);
    for line in [
        "qemu status 100",
        "qemu config 101",
        "--node pve1 qemu list",
        "node list",
        "node status",
        "node config",
        "task list",
        "report",
        "report --addresses --node pve1",
        "qemu ip 100",
    ] {
        let ran = cluster.pve(&format!("--json {line}"));
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{line}");
        ran.json();
    }
}

#[test]
fn a_report_of_a_cluster_that_is_not_whole() {
    let cluster = still();
    assert!(cluster.sim().set_node_down("pve1", true));
    assert!(cluster.sim().set_lock(101, Some("backup")));
    golden!("report_partial", cluster.pve("report").all());
    let report = cluster.pve("report --json").json();
    assert_eq!(report["summary"]["unknown"], 3);
    assert_eq!(report["nodes"][0]["condition"]["state"], "offline");
    assert_eq!(report["flags"][0]["rule"], "node-offline");
}

#[test]
fn a_report_by_other_thresholds() {
    let cluster = still();
    let mut file = tempfile::NamedTempFile::new().unwrap();
    std::io::Write::write_all(&mut file, br#"{"rootfs": {"warning": 20, "critical": 30}}"#).unwrap();
    let report = cluster.pve(&format!("report --json --thresholds {}", file.path().display())).json();
    let rules: Vec<&str> =
        report["flags"].as_array().unwrap().iter().map(|flag| flag["rule"].as_str().unwrap()).collect();
    assert_eq!(rules, ["node-rootfs", "node-rootfs"]);
}

#[test]
fn a_report_as_a_page() {
    let cluster = still();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("fleet.html");
    let ran = cluster.pve(&format!("report --html {}", file.display()));
    assert_eq!((ran.code, ran.stdout.as_str()), (0, ""), "{ran:?}");
    assert!(ran.stderr.contains("the report is in "), "{ran:?}");
    let page = std::fs::read_to_string(&file).unwrap();
    assert!(page.starts_with("<!doctype html>") && page.contains("handmade"), "{page}");
    let nowhere = cluster.pve(&format!("report --html {}/no/x.html", folder.path().display()));
    assert!(nowhere.code == 1 && nowhere.stderr.contains("cannot be written to"), "{nowhere:?}");
}

#[test]
fn secrets_are_never_printed() {
    let cluster = cluster();
    let ran = [
        cluster.pve("-v qemu set 101 cipassword=hunter2"),
        cluster.pve("-v --dry-run qemu set 101 cipassword=hunter2"),
        cluster.pve("-v --dry-run --json create /access/users userid=a@pve password=hunter2"),
        cluster.pve("-v create /access/users userid=a@pve password=hunter2"),
        cluster.pve("-v create /access/users userid=a@pve password=hunter2 password=hunter2"),
        cluster.pve("-v qemu config 101"),
        cluster.pve("-v get /nope"),
        cluster.lifecycle("-v --skip-guest --json"),
    ];
    for ran in ran {
        let all = ran.all();
        assert!(!all.contains("hunter2") && !all.contains(ROOT_TOKEN_SECRET), "{all}");
    }
}

#[test]
fn verbose_shows_requests_and_times() {
    let cluster = still();
    let ran = cluster.pve("-v get /nope");
    golden!("verbose", ran.all());
}

#[test]
fn a_reader_may_leave_early() {
    let cluster = still();
    let mut child = cluster
        .command(env!("CARGO_BIN_EXE_pve"))
        .args(["get", "/cluster/resources"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let end = child.wait_with_output().unwrap();
    assert_eq!(end.status.code(), Some(0), "{end:?}");
    assert!(!String::from_utf8_lossy(&end.stderr).contains("panicked"));
}

#[test]
fn the_simulated_cluster_needs_nothing() {
    let list = run(clean(env!("CARGO_BIN_EXE_pve")).args(["--sim", "qemu", "list"])).ok();
    assert!(list.contains("handmade") && list.contains("debian-12-cloud"), "{list}");
}
