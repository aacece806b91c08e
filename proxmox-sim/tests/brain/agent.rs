//! The guest agent of a clone.

use crate::ask::Asker;
use proxmox_sim::{PveVersion, Sim};
use serde_json::{Value, json};

const AGENT: &str = "/nodes/pve1/qemu/200/agent";

/// A clone that runs long enough.
fn running(params: &[(&str, &str)]) -> Asker {
    let ask = Asker::new();
    ask.task("POST", "/nodes/pve1/qemu/9000/clone", &[("newid", "200"), ("name", "web")]);
    if !params.is_empty() {
        ask.ok("PUT", "/nodes/pve1/qemu/200/config", params);
    }
    assert_eq!(ask.task("POST", "/nodes/pve1/qemu/200/status/start", &[]), "OK");
    ask.pass(30);
    ask
}

fn addresses(ask: &Asker) -> Vec<String> {
    let list = ask.get(&format!("{AGENT}/network-get-interfaces"));
    let interfaces = list["result"].as_array().unwrap().iter();
    let ips = interfaces.flat_map(|i| i["ip-addresses"].as_array().unwrap());
    ips.map(|ip| ip["ip-address"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn it_answers_only_some_time_after_the_start() {
    let ask = Asker::new();
    let ping = || ask.ask("POST", "/nodes/pve1/qemu/101/agent/ping", &[]).reason;
    assert_eq!(ping(), "VM 101 is not running");
    ask.ok("POST", "/nodes/pve1/qemu/101/status/start", &[]);
    ask.pass(2);
    assert_eq!(ping(), "QEMU guest agent is not running");
    ask.pass(10);
    assert_eq!(ping(), "OK");
    assert!(ask.sim.set_agent(101, false));
    assert_eq!(ping(), "QEMU guest agent is not running");
    assert!(ask.sim.set_config(101, "agent", None));
    assert_eq!(ping(), "No QEMU guest agent configured");
}

#[test]
fn addresses_come_with_noise() {
    let dynamic = addresses(&running(&[]));
    for noise in ["127.0.0.1", "::1", "172.17.0.1"] {
        assert!(dynamic.contains(&noise.to_owned()), "{dynamic:?}");
    }
    assert!(dynamic.iter().any(|ip| ip.starts_with("10.77.")), "{dynamic:?}");
    assert!(dynamic.iter().any(|ip| ip.starts_with("fe80::")), "{dynamic:?}");
    let fixed = addresses(&running(&[("ipconfig0", "ip=10.0.0.9/24,gw=10.0.0.1")]));
    assert!(fixed.contains(&"10.0.0.9".to_owned()), "{fixed:?}");
}

#[test]
fn addresses_come_late() {
    let ask = Asker::new();
    ask.ok("POST", "/nodes/pve1/qemu/101/status/start", &[]);
    ask.pass(7);
    let list = ask.get("/nodes/pve1/qemu/101/agent/network-get-interfaces");
    let eth0 = &list["result"][1];
    assert_eq!(eth0["name"], "eth0");
    assert_eq!(eth0["ip-addresses"].as_array().unwrap().len(), 1, "only link-local");
    ask.pass(3);
    let list = ask.get("/nodes/pve1/qemu/101/agent/network-get-interfaces");
    assert_eq!(list["result"][1]["ip-addresses"].as_array().unwrap().len(), 2);
}

fn exec(ask: &Asker, argv: &[&str], input: Option<&str>) -> Value {
    let mut params: Vec<_> = argv.iter().map(|arg| ("command", *arg)).collect();
    params.extend(input.map(|input| ("input-data", input)));
    ask.ok("POST", &format!("{AGENT}/exec"), &params)["pid"].clone()
}

fn look(ask: &Asker, pid: &Value) -> Value {
    ask.ok("GET", &format!("{AGENT}/exec-status"), &[("pid", &pid.to_string())])
}

#[test]
fn commands_run_in_the_guest() {
    let ask = running(&[]);
    let pid = exec(&ask, &["/bin/sh", "-c", "echo hi; echo err >&2; exit 3"], None);
    ask.pass(1);
    assert_eq!(
        look(&ask, &pid),
        json!({
            "exited": 1, "exitcode": 3, "out-data": "hi\n", "out-truncated": 0, "err-data": "err\n", "err-truncated": 0,
        })
    );
    let again = ask.refused("GET", &format!("{AGENT}/exec-status"), &[("pid", &pid.to_string())]);
    assert_eq!(again, (500, "Agent error: Invalid parameter 'pid'".to_owned()), "told only once");

    let pid = exec(&ask, &["cat"], Some("in\nput ü"));
    ask.pass(1);
    assert_eq!(look(&ask, &pid)["out-data"], "in\nput ü");

    let pid = exec(&ask, &["/bin/sleep", "4"], None);
    ask.pass(1);
    assert_eq!(look(&ask, &pid), json!({ "exited": 0 }));
    ask.pass(4);
    assert_eq!(look(&ask, &pid), json!({ "exited": 1, "exitcode": 0 }));

    let pid = exec(&ask, &["sh", "-c", "kill -9 $$"], None);
    ask.pass(1);
    assert_eq!(look(&ask, &pid), json!({ "exited": 1, "signal": 9 }));

    let pid = exec(&ask, &["hostname"], None);
    ask.pass(1);
    assert_eq!(look(&ask, &pid)["out-data"], "web\n");
}

#[test]
fn too_much_output_is_cut() {
    let ask = running(&[]);
    let pid = exec(&ask, &["seq", "2500000"], None);
    ask.pass(1);
    let done = look(&ask, &pid);
    assert_eq!(done["out-truncated"], 1);
    assert_eq!(done["out-data"].as_str().unwrap().len(), 16 << 20);
}

#[test]
fn a_missing_command_breaks_the_answer() {
    let ask = running(&[]);
    for command in ["/bin/nosuch", "echo hello world"] {
        let answer = ask.ask("POST", &format!("{AGENT}/exec"), &[("command", command)]);
        assert_eq!((answer.status, answer.reason.as_str()), (596, "Broken pipe"));
        assert!(answer.body.is_empty() && answer.delay.as_secs() == 5);
    }
    let text = ask.param_error("POST", &format!("{AGENT}/exec"), &[], "command");
    assert_eq!(text, "property is missing and it is not optional");
}

#[test]
fn files_are_kept() {
    let ask = running(&[]);
    let (read, write) = (format!("{AGENT}/file-read"), format!("{AGENT}/file-write"));
    let missing = ask.refused("GET", &read, &[("file", "/tmp/x")]).1;
    assert_eq!(missing, "Agent error: failed to open file '/tmp/x' (mode: 'r'): No such file or directory");
    assert_eq!(ask.ok("POST", &write, &[("file", "/tmp/x"), ("content", "héllo\nworld")]), json!(null));
    let content = ask.ok("GET", &read, &[("file", "/tmp/x")]);
    assert_eq!(content, json!({ "bytes-read": 12, "content": "héllo\nworld" }));
    ask.ok("POST", &write, &[("file", "/tmp/y"), ("content", "YWI="), ("encode", "0")]);
    assert_eq!(ask.ok("GET", &read, &[("file", "/tmp/y")])["content"], "ab");
    let text = ask.param_error("GET", &read, &[("file", "/tmp/x"), ("count", "2")], "count");
    assert!(text.starts_with("property is not defined"), "8.4 does not know it: {text}");
    assert_eq!(ask.task("POST", "/nodes/pve1/qemu/200/status/reboot", &[]), "OK");
    ask.pass(30);
    assert_eq!(ask.ok("GET", &read, &[("file", "/tmp/y")])["content"], "ab");
}

#[test]
fn nine_reads_parts_of_files() {
    let ask = Asker::of(Sim::builder().version(PveVersion::V9));
    let agent = "/nodes/pve1/qemu/100/agent";
    ask.ok("POST", &format!("{agent}/file-write"), &[("file", "/x"), ("content", "abcdef")]);
    let read = |params: &[(&str, &str)]| ask.ok("GET", &format!("{agent}/file-read"), params);
    let part = read(&[("file", "/x"), ("offset", "1"), ("count", "2")]);
    assert_eq!(part, json!({ "bytes-read": 2, "content": "bc", "truncated": 1 }));
    assert_eq!(read(&[("file", "/x"), ("decode", "0")])["content"], "YWJjZGVm");
}

#[test]
fn other_commands() {
    let ask = running(&[]);
    assert_eq!(ask.ok("POST", &format!("{AGENT}/ping"), &[]), json!({ "result": {} }));
    assert_eq!(ask.get(&format!("{AGENT}/get-host-name")), json!({ "result": { "host-name": "web" } }));
    assert_eq!(ask.get(&format!("{AGENT}/get-osinfo"))["result"]["id"], "debian");
    assert_eq!(ask.ok("POST", AGENT, &[("command", "ping")]), json!({ "result": {} }));
    let unknown = ask.refused("GET", &format!("{AGENT}/nope"), &[]);
    assert_eq!(unknown, (501, "Method 'GET /nodes/pve1/qemu/200/agent/nope' not implemented".to_owned()));
    ask.ok("POST", &format!("{AGENT}/shutdown"), &[]);
    ask.pass(5);
    assert!(!ask.sim.guest(200).unwrap().running);
}
