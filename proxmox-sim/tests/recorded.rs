//! The simulator held against answers of a real PVE 8.4.21.
//!
//! `recorded/GROUP.jsonl` holds one recorded exchange a line: the request, the steps that bring a fresh cluster into the
//! state it was sent to, and what came back. Errors are held against status, reason, message and the texts of the
//! parameters; answers with data against its keys and types, and against the values that do not depend on the machine.
//! UPIDs, process numbers, times, digests and generated addresses are left out of it.
//!
//! `recorded/known-mismatches.json` names the cases in which the simulator differs, with the reason. Both a mismatch
//! that is not in it and a match that is in it fail the test, so the list stays true.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use proxmox_sim::{HttpRequest, Sim, SimAnswer};
use serde::Deserialize;
use serde_json::Value;

#[path = "recorded/lab.rs"]
mod lab;
#[path = "recorded/shape.rs"]
mod shape;

/// At least so many cases match.
const FLOOR: usize = 370;

/// How much simulated time passes after each step of a setup, so that its task has ended.
const STEP: Duration = Duration::from_secs(120);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    /// A variant of the lab.
    #[serde(default)]
    world: String,
    #[serde(default)]
    setup: Vec<String>,
    /// Method and target below `/api2/json`.
    request: String,
    #[serde(default)]
    auth: Option<String>,
    #[serde(default)]
    csrf: Option<String>,
    #[serde(default, rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    body: Option<String>,
    want: Want,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Want {
    #[serde(default = "ok")]
    status: u16,
    #[serde(default = "ok_reason")]
    reason: String,
    /// When it is not the reason and a line end.
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    errors: BTreeMap<String, String>,
    /// A body that is plain text.
    #[serde(default)]
    text: Option<String>,
    /// No body at all.
    #[serde(default)]
    empty: bool,
    /// The shape of the data.
    #[serde(default)]
    data: Value,
    /// The lines of a task's log, instead of `data`.
    #[serde(default)]
    lines: Option<Vec<String>>,
    /// What stands beside the data.
    #[serde(default)]
    beside: Vec<String>,
}

fn ok() -> u16 {
    200
}

fn ok_reason() -> String {
    "OK".to_owned()
}

type Cases = BTreeMap<String, Case>;

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recorded")
}

fn cases() -> Cases {
    let mut cases = Cases::new();
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ext| ext == "jsonl") {
            for line in std::fs::read_to_string(&path).unwrap().lines() {
                let case: Case = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
                assert!(
                    cases.insert(case.name.clone(), case).is_none(),
                    "a name stands for one case: {line}"
                );
            }
        }
    }
    cases
}

/// One fresh cluster, and what its answers left behind for later requests.
struct Run<'a> {
    cases: &'a Cases,
    sim: Sim,
    /// `{upid}`, `{pid}`, `{ticket}` … in requests.
    kept: BTreeMap<&'static str, String>,
}

impl Run<'_> {
    fn fill(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (name, value) in &self.kept {
            text = text.replace(&format!("{{{name}}}"), value);
        }
        // `{z*600}` stands for 600 times z.
        while let Some((before, rest)) = text.split_once("{z*") {
            let (count, after) = rest.split_once('}').unwrap();
            text = format!("{before}{}{after}", "z".repeat(count.parse().unwrap()));
        }
        text
    }

    /// Sends one request through the HTTP front, and keeps what later ones may need of the answer.
    fn send(&mut self, request: &HttpRequest) -> SimAnswer {
        let answer = self.sim.answer_http(request);
        let data = answer.data();
        let text = |value: &Value| value.as_str().map(str::to_owned);
        for (name, value) in [
            ("upid", text(&data).filter(|text| text.starts_with("UPID:"))),
            ("pid", data["pid"].as_i64().map(|pid| pid.to_string())),
            ("ticket", text(&data["ticket"])),
            ("csrf", text(&data["CSRFPreventionToken"])),
            ("digest", text(&data["digest"])),
            ("secret", text(&data["value"])),
        ] {
            if let Some(value) = value {
                self.kept.insert(name, value);
            }
        }
        answer
    }

    fn request(&self, case: &Case) -> HttpRequest {
        let (method, target) = case.request.split_once(' ').unwrap();
        let mut request = HttpRequest::new(method, format!("/api2/json{}", self.fill(target)));
        if let Some((name, value)) = self.credentials(case.auth.as_deref().unwrap_or("root")) {
            request = request.header(name, value);
        }
        if let Some(csrf) = &case.csrf {
            request = request.header("CSRFPreventionToken", self.fill(csrf));
        }
        match case.kind.as_deref() {
            Some("form") => request = request.header("Content-Type", "application/x-www-form-urlencoded"),
            Some("json") => request = request.header("Content-Type", "application/json"),
            Some(other) => request = request.header("Content-Type", other),
            None => {}
        }
        request.body(self.fill(case.body.as_deref().unwrap_or_default()))
    }

    fn credentials(&self, auth: &str) -> Option<(&'static str, String)> {
        let ticket = || self.kept["ticket"].clone();
        let encoded =
            || ticket().replace('%', "%25").replace(':', "%3A").replace('@', "%40").replace('+', "%2B");
        let (kind, rest) = auth.split_once(' ').unwrap_or((auth, ""));
        Some(match kind {
            "none" => return None,
            "root" => ("Authorization", format!("PVEAPIToken=root@pam!test={}", lab::SECRET)),
            "sep" => ("Authorization", format!("PVEAPIToken=root@pam!sep={}", lab::SECRET)),
            "bob" => ("Authorization", format!("PVEAPIToken=bob@pve!priv={}", lab::SECRET)),
            "token" => ("Authorization", format!("PVEAPIToken={}", self.fill(rest).replace(' ', "="))),
            "header" => ("Authorization", rest.to_owned()),
            "cookie" => ("Cookie", rest.to_owned()),
            "ticket" => ("Cookie", format!("PVEAuthCookie={}", encoded())),
            "ticket-plain" => ("Cookie", format!("PVEAuthCookie={}", ticket())),
            "ticket-in-authorization" => ("Authorization", format!("PVEAuthCookie={}", ticket())),
            other => panic!("no such credentials: {other}"),
        })
    }

    /// One step of a setup: `=CASE` sends the request of another case, `METHOD PATH FORM` any other; `&` before it lets
    /// no time pass after it. The rest turns the simulator's own knobs.
    fn step(&mut self, step: &str) -> Result<(), String> {
        let (wait, text) = step.strip_prefix('&').map_or((true, step), |rest| (false, rest));
        let words: Vec<&str> = text.splitn(3, ' ').collect();
        let done = match words[..] {
            ["lock", vmid, lock] => self.sim.set_lock(vmid.parse().unwrap(), Some(lock)),
            ["stubborn", vmid] => self.sim.set_obeys_shutdown(vmid.parse().unwrap(), false),
            ["no-agent", vmid] => self.sim.set_agent(vmid.parse().unwrap(), false),
            _ => {
                let request = match text.strip_prefix('=') {
                    Some(name) => self.request(&self.cases[name]),
                    None => {
                        let mut request =
                            HttpRequest::new(words[0], format!("/api2/json{}", self.fill(words[1])));
                        if words[1] != "/access/ticket" {
                            let (name, value) = self.credentials("root").unwrap();
                            request = request.header(name, value);
                        }
                        request.body(words.get(2).copied().unwrap_or_default())
                    }
                };
                let answer = self.send(&request);
                if answer.status != 200 {
                    return Err(format!("setup: {step}: {} {}", answer.status, answer.reason));
                }
                true
            }
        };
        if wait {
            self.sim.clock().advance(STEP);
        }
        if done { Ok(()) } else { Err(format!("setup: {step}: no such guest")) }
    }
}

/// How the simulator's answer differs from the recorded one.
fn differs(cases: &Cases, case: &Case) -> Result<(), String> {
    let mut run = Run { cases, sim: lab::world(&case.world), kept: BTreeMap::new() };
    for step in &case.setup {
        run.step(step)?;
    }
    let answer = run.send(&run.request(case));
    let want = &case.want;
    let got = String::from_utf8_lossy(&answer.body).into_owned();
    let reason = shape::normalised(&answer.reason);
    if (answer.status, &reason) != (want.status, &want.reason) {
        let errors = answer.errors();
        let errors = if errors.is_empty() { String::new() } else { format!(" {errors:?}") };
        return Err(format!(
            "{} {reason:?}{errors} instead of {} {:?}",
            answer.status, want.status, want.reason
        ));
    }
    if want.empty || want.text.is_some() {
        let text = want.text.clone().unwrap_or_default();
        return if got == text { Ok(()) } else { Err(format!("body {got:?} instead of {text:?}")) };
    }
    let mut body: BTreeMap<String, Value> = serde_json::from_str(&got).map_err(|e| format!("{e}: {got}"))?;
    let data = body.remove("data").ok_or("no data")?;
    if want.status == 200 {
        let beside: Vec<_> = body.keys().cloned().collect();
        if beside != want.beside {
            return Err(format!("beside the data {beside:?} instead of {:?}", want.beside));
        }
        return match &want.lines {
            Some(lines) => shape::log(lines, &data),
            None => shape::fits(&want.data, &data).map_err(|why| format!("data{why}")),
        };
    }
    let message = want.message.clone().unwrap_or_else(|| format!("{}\n", want.reason));
    let got = body.remove("message").unwrap_or_default();
    if got.as_str().map(shape::normalised) != Some(message.clone()) {
        return Err(format!("message {got} instead of {message:?}"));
    }
    let errors: BTreeMap<_, _> =
        answer.errors().iter().map(|(k, v)| (k.clone(), shape::normalised(v))).collect();
    if errors != want.errors {
        Err(format!("errors {errors:?} instead of {:?}", want.errors))
    } else {
        Ok(())
    }
}

#[test]
fn answers_as_recorded() {
    let cases = cases();
    let known = std::fs::read_to_string(folder().join("known-mismatches.json")).unwrap();
    let known: BTreeMap<String, String> = serde_json::from_str(&known).unwrap();
    let mut matched = 0;
    let (mut rest, mut wrong) = (Vec::new(), Vec::new());
    for (name, case) in &cases {
        match (differs(&cases, case), known.get(name)) {
            (Ok(()), None) => matched += 1,
            (Ok(()), Some(_)) => {
                wrong.push(format!("{name}: matches now; take it off the list of known mismatches"));
            }
            (Err(how), Some(why)) => rest.push(format!("{name}: {why} ({how})")),
            (Err(how), None) => wrong.push(format!("{name}: {how}")),
        }
    }
    wrong.extend(
        known.keys().filter(|name| !cases.contains_key(*name)).map(|name| format!("{name}: no such case")),
    );
    // Not by println, which a passing test keeps to itself.
    let mut out = std::io::stderr();
    writeln!(out, "recorded facts: matched {matched}/{}, known to differ {}:", cases.len(), rest.len())
        .unwrap();
    for line in rest {
        writeln!(out, "  {}", line.chars().take(400).collect::<String>()).unwrap();
    }
    assert!(wrong.is_empty(), "{} unexpected:\n{}", wrong.len(), wrong.join("\n"));
    assert!(matched >= FLOOR, "only {matched} match, {FLOOR} did");
}
