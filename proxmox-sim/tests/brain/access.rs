//! Logins, tokens and privileges.

use proxmox_sim::{
    AUDITOR_TOKEN_ID, AUDITOR_TOKEN_SECRET, BARE_TOKEN_ID, BARE_TOKEN_SECRET, Credentials, ROOT_PASSWORD,
    ROOT_TOKEN_ID, ROOT_TOKEN_SECRET, Sim, SimRequest,
};
use serde_json::json;

use crate::ask::Asker;

fn answer(ask: &Asker, method: &str, path: &str, auth: Credentials) -> (u16, String, usize, u64) {
    let answer = ask.sim.answer(&SimRequest::new(method, path).auth(auth));
    (answer.status, answer.reason, answer.body.len(), answer.delay.as_secs())
}

#[test]
fn who_is_not_known_waits_three_seconds_for_an_empty_answer() {
    let ask = Asker::new();
    let bad = |text: &str| Credentials::Token(text.to_owned());
    for (auth, reason) in [
        (Credentials::None, "No ticket"),
        (bad("root@pam!sim=wrong"), "Authentication failed!"),
        (bad("nonsense"), "Authentication failed!"),
        (
            Credentials::Ticket { ticket: "PVE:root@pam:6ABCDEF0::abcd".to_owned(), csrf: None },
            "Authentication failed!",
        ),
    ] {
        let told = answer(&ask, "GET", "/version", auth.clone());
        assert_eq!(told, (401, reason.to_owned(), 0, 3));
        let unknown = answer(&ask, "GET", "/nope", auth);
        assert_eq!(unknown.0, 401, "before the path is looked at");
    }
    assert_eq!(answer(&ask, "GET", "/access/domains", Credentials::None).0, 200);
}

#[test]
fn tickets_are_made_renewed_and_end() {
    let ask = Asker::new();
    let login = |password: &str| {
        ask.ask("POST", "/access/ticket", &[("username", "root@pam"), ("password", password)])
    };
    let bad = login("wrong");
    assert_eq!((bad.status, bad.reason.as_str(), bad.delay.as_secs()), (401, "authentication failure", 3));
    assert!(!bad.body.is_empty());
    let data = login(ROOT_PASSWORD).data();
    let text = |name: &str| data[name].as_str().unwrap().to_owned();
    let ticket = |csrf: Option<String>| Credentials::Ticket { ticket: text("ticket"), csrf };
    assert_eq!(answer(&ask, "GET", "/version", ticket(None)).0, 200);
    let write = |csrf| answer(&ask, "POST", "/nodes/pve1/qemu/101/status/stop", ticket(csrf));
    assert_eq!(write(None).1, "Permission denied - invalid csrf token");
    assert_eq!(write(Some("x".to_owned())).1, "Permission denied - invalid csrf token");
    assert_eq!(write(Some(text("CSRFPreventionToken"))).0, 200);
    ask.pass(7000);
    assert_eq!(login(&text("ticket")).status, 200, "a ticket is a password for a new one");
    ask.pass(300);
    assert_eq!(answer(&ask, "GET", "/version", ticket(None)).0, 401);
    assert_eq!(login(&text("ticket")).status, 401);
}

#[test]
fn a_bare_token_sees_nothing_and_may_nothing() {
    let ask = Asker::new().token(BARE_TOKEN_ID, BARE_TOKEN_SECRET);
    for path in
        ["/nodes/pve1/qemu", "/nodes/pve1/storage", "/cluster/sdn/vnets", "/pools", "/nodes/pve1/tasks"]
    {
        assert_eq!(ask.get(path), json!([]), "{path}");
    }
    let resources = ask.get("/cluster/resources");
    assert_eq!(resources.as_array().unwrap().len(), 2, "the nodes: {resources}");
    assert_eq!(resources[0].get("maxmem"), None);
    for (method, path, what) in [
        ("GET", "/nodes/pve1/status", " (/nodes/pve1, Sys.Audit)"),
        ("GET", "/nodes/pve1/qemu/100/config", " (/vms/100, VM.Audit)"),
        ("POST", "/nodes/pve1/qemu/100/status/stop", " (/vms/100, VM.PowerMgmt)"),
        ("GET", "/cluster/status", " (/, Sys.Audit)"),
        ("POST", "/nodes/pve1/qemu/100/agent/ping", " (/vms/100, VM.Monitor)"),
    ] {
        assert_eq!(ask.refused(method, path, &[]), (403, format!("Permission check failed{what}")));
    }
    let create = ask.refused("POST", "/nodes/pve1/qemu", &[("vmid", "999")]);
    assert_eq!(create, (403, "Permission check failed".to_owned()));
}

#[test]
fn an_auditor_sees_and_does_not_change() {
    let ask = Asker::new().token(AUDITOR_TOKEN_ID, AUDITOR_TOKEN_SECRET);
    assert_eq!(ask.get("/nodes/pve1/qemu").as_array().unwrap().len(), 3);
    assert_eq!(ask.get("/nodes/pve1/storage").as_array().unwrap().len(), 3);
    let change = ask.refused("PUT", "/nodes/pve1/qemu/100/config", &[("memory", "512")]);
    assert_eq!(change.0, 403);
    assert!(
        change.1.starts_with("Permission check failed (/vms/100, VM.Config.Disk|VM.Config.CDROM|"),
        "{}",
        change.1
    );
    assert_eq!(ask.refused("POST", "/nodes/pve1/qemu/9000/clone", &[("newid", "200")]).0, 403);
}

#[test]
fn each_key_has_its_privilege() {
    let ask = Asker::of(Sim::builder().user("bob@pve", "x").token("bob@pve!t", "s", false).grant(
        "/vms/100",
        "bob@pve",
        "PVEVMUser",
    ));
    let bob = ask.token("bob@pve!t", "s");
    let config = "/nodes/pve1/qemu/100/config";
    bob.ok("PUT", config, &[("ciuser", "bob")]);
    let refused = bob.refused("PUT", config, &[("memory", "512")]);
    assert_eq!(refused, (403, "Permission check failed (/vms/100, VM.Config.Memory)".to_owned()));
    assert_eq!(bob.get("/nodes/pve1/qemu").as_array().unwrap().len(), 1);
    let held = bob.get("/access/permissions");
    assert_eq!(held["/vms/100"]["VM.PowerMgmt"], 1);
    assert_eq!(held.get("/"), None);
}

#[test]
fn what_only_root_itself_may() {
    let ask = Asker::new();
    let token = ask.token(ROOT_TOKEN_ID, ROOT_TOKEN_SECRET);
    let config = "/nodes/pve1/qemu/101/config";
    let text = token.param_error("PUT", config, &[("memory", "512"), ("skiplock", "1")], "skiplock");
    assert_eq!(text, "Only root may use this option.");
    assert_eq!(token.refused("PUT", config, &[("args", "-x")]).1, "only root can set 'args' config");
    ask.ok("PUT", config, &[("args", "-x")]);
    assert!(ask.sim.set_lock(101, Some("backup")));
    ask.ok("PUT", config, &[("memory", "512"), ("skiplock", "1")]);
    let password =
        token.ask("PUT", "/access/password", &[("userid", "root@pam"), ("password", "longenough")]);
    assert_eq!(password.status, 403);
    assert!(password.reason.starts_with("Permission check failed (URI '/access/password' not available"));
}

#[test]
fn users_and_tokens_can_be_made() {
    let ask = Asker::new();
    ask.ok("POST", "/access/users", &[("userid", "al@pve"), ("password", "longpass1")]);
    let twice = ask.refused("POST", "/access/users", &[("userid", "al@pve")]).1;
    assert_eq!(twice, "create user failed: user 'al@pve' already exists");
    let token = ask.ok("POST", "/access/users/al@pve/token/t1", &[("privsep", "0"), ("comment", "x")]);
    assert_eq!(token["full-tokenid"], "al@pve!t1");
    assert_eq!(token["info"]["privsep"], "0");
    let al = ask.token("al@pve!t1", token["value"].as_str().unwrap());
    assert_eq!(al.get("/nodes/pve1/qemu"), json!([]));
    ask.ok("PUT", "/access/acl", &[("path", "/vms"), ("users", "al@pve"), ("roles", "PVEVMUser")]);
    assert_eq!(al.get("/nodes/pve1/qemu").as_array().unwrap().len(), 3);
    assert_eq!(
        ask.refused("GET", "/access/users/al@pve/token/zz", &[]).1,
        "no such token 'zz' for user 'al@pve'"
    );
    assert_eq!(ask.refused("GET", "/access/users/zz@pve", &[]).1, "no such user ('zz@pve')");
    let role = [("path", "/"), ("users", "al@pve"), ("roles", "Nope")];
    assert_eq!(ask.refused("PUT", "/access/acl", &role).1, "ACL update failed: role 'Nope' does not exist");
    ask.ok("DELETE", "/access/users/al@pve", &[]);
    assert_eq!(al.refused("GET", "/version", &[]).0, 401);
}
