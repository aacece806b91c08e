//! What a plan has made of the guests so far.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::{Effect, Error, Growth, GuestKind, PropertyString, PveRequest, Target, Verb, Vmid, classify};

/// Guests that the plan touches.
#[derive(Default)]
pub(super) struct Guests(BTreeMap<Vmid, Guest>);

#[derive(Default)]
pub(super) struct Guest {
    /// It exists in the plan only.
    pub(super) new: bool,
    pub(super) deleted: bool,
    /// The pool that it is put into.
    pool: Option<String>,
    /// `running` or `stopped`, once the plan has said so.
    status: Option<&'static str>,
    /// Values that the plan has set.
    set: Map<String, Value>,
    /// Keys that the plan has removed.
    removed: BTreeSet<String>,
}

/// Parameters that are about the act, not about the guest.
const NOT_CONFIG: &[&str] = &[
    "vmid",
    "newid",
    "pool",
    "storage",
    "archive",
    "force",
    "start",
    "unique",
    "full",
    "target",
    "snapname",
    "format",
    "bwlimit",
    "ostemplate",
    "password",
    "restore",
    "live-restore",
    "ignore-unpack-errors",
    "ssh-public-keys",
    "digest",
    "skiplock",
    "background_delay",
    "revert",
    "import-working-storage",
    "ha-managed",
    "delete",
];

impl Guests {
    pub(super) fn get(&self, vmid: Vmid) -> Option<&Guest> {
        self.0.get(&vmid)
    }

    /// What PVE would say no to because of the plan itself.
    pub(super) fn refusal(&self, request: &PveRequest) -> Option<Error> {
        if let Some(vmid) = born(request)
            && self.get(vmid).is_some_and(|guest| !guest.deleted)
        {
            return Some(occupied(request, vmid));
        }
        match request.target() {
            Target::Guest { kind, vmid, .. } if self.get(vmid).is_some_and(|guest| guest.deleted) => {
                Some(absent(request, kind, vmid))
            }
            _ => None,
        }
    }

    /// Notes what the request would change. `known` is the configuration of the guest in its path, as the plan has it so far:
    /// what a clone is made from.
    pub(super) fn apply(&mut self, request: &PveRequest, known: Value) {
        if let Some(vmid) = born(request) {
            let pool = request.params.text("pool").map(std::borrow::Cow::into_owned);
            let mut guest = Guest { new: true, pool, status: Some("stopped"), ..Guest::default() };
            if let Value::Object(config) = known {
                guest.set = config;
                for key in ["digest", "template", "lock", "parent"] {
                    guest.set.remove(key);
                }
            }
            guest.configure(request);
            if request.params.text("start").as_deref() == Some("1") {
                guest.status = Some("running");
            }
            self.0.insert(vmid, guest);
            return;
        }
        let Target::Guest { vmid, .. } = request.target() else {
            return;
        };
        let what: Vec<&str> = request.path.segments().skip(4).collect();
        let guest = self.0.entry(vmid).or_default();
        match (request.verb, what.as_slice()) {
            (Verb::Delete, []) => guest.deleted = true,
            (Verb::Set | Verb::Create, ["config"]) => guest.configure(request),
            (Verb::Set, ["resize"]) => guest.resize(request, &known),
            (Verb::Create, ["template"]) => {
                guest.set.insert("template".to_owned(), json!(1));
            }
            (Verb::Create, ["status", "start" | "resume" | "reboot" | "reset"]) => {
                guest.status = Some("running");
            }
            (Verb::Create, ["status", "stop" | "shutdown"]) => guest.status = Some("stopped"),
            _ => {}
        }
    }

    /// The planned guests that are put into this pool.
    pub(super) fn of_pool(&self, pool: &str) -> Vec<Vmid> {
        let is_in = |guest: &Guest| !guest.deleted && guest.pool.as_deref() == Some(pool);
        self.0.iter().filter(|(_, guest)| is_in(guest)).map(|(vmid, _)| *vmid).collect()
    }

    /// The guest's `config` or `status`, as the plan leaves it. `real` is what PVE says, or null for a planned guest.
    pub(super) fn show(&self, vmid: Vmid, what: &str, real: Value) -> Value {
        let mut shown = match real {
            Value::Object(object) => object,
            _ => Map::new(),
        };
        let Some(guest) = self.get(vmid) else {
            return Value::Object(shown);
        };
        if what == "config" {
            shown.retain(|key, _| !guest.removed.contains(key));
            shown.extend(guest.set.clone());
            return Value::Object(shown);
        }
        if guest.new {
            shown.insert("vmid".to_owned(), json!(vmid));
        }
        for key in ["name", "tags", "template"] {
            let value = guest.set.get(key).or_else(|| guest.set.get("hostname").filter(|_| key == "name"));
            if let Some(value) = value {
                shown.insert(key.to_owned(), value.clone());
            }
        }
        if let Some(status) = guest.status {
            shown.insert("status".to_owned(), json!(status));
            if guest.new || shown.contains_key("qmpstatus") {
                shown.insert("qmpstatus".to_owned(), json!(status));
            }
        }
        Value::Object(shown)
    }
}

impl Guest {
    fn resize(&mut self, request: &PveRequest, known: &Value) {
        let (Some(slot), Some(size)) = (request.params.text("disk"), request.params.text("size")) else {
            return;
        };
        let now = known.get(&*slot).and_then(Value::as_str).map(PropertyString::from);
        let Some((now, growth)) = now.zip(size.parse::<Growth>().ok()) else {
            return;
        };
        let size = now.get("size").and_then(|size| growth.of(size.parse().ok()?).ok());
        if let Some(grown) = size.and_then(|size| now.with("size", size.to_string()).ok()) {
            self.set.insert(slot.into_owned(), json!(grown.as_str()));
        }
    }

    fn configure(&mut self, request: &PveRequest) {
        let gone = request.params.text("delete").unwrap_or_default();
        for key in gone.split([',', ';', ' ']).filter(|key| !key.is_empty()) {
            self.set.remove(key);
            self.removed.insert(key.to_owned());
        }
        for (key, text) in request.params.shown() {
            if !NOT_CONFIG.contains(&key) {
                self.removed.remove(key);
                self.set.insert(key.to_owned(), json!(text));
            }
        }
    }
}

/// The guest that the request brings into being.
pub(super) fn born(request: &PveRequest) -> Option<Vmid> {
    let segments: Vec<&str> = request.path.segments().collect();
    let name = match (request.verb, segments.as_slice()) {
        (Verb::Create, ["nodes", _, "qemu" | "lxc"]) => "vmid",
        (Verb::Create, ["nodes", _, "qemu" | "lxc", _, "clone"]) => "newid",
        _ => return None,
    };
    request.params.text(name)?.parse().ok()
}

/// What PVE says of a number that another guest has.
pub(super) fn occupied(request: &PveRequest, vmid: Vmid) -> Error {
    let text = format!("unable to create VM {vmid}: config file already exists");
    classify(request.effect, 500, &text, b"")
}

/// What PVE says of a guest that is not there.
pub(super) fn absent(request: &PveRequest, kind: GuestKind, vmid: Vmid) -> Error {
    let directory = match kind {
        GuestKind::Qemu => "qemu-server",
        GuestKind::Lxc => "lxc",
    };
    let node = match request.target() {
        Target::Guest { node, .. } | Target::Node(node) => node.to_string(),
        _ => String::new(),
    };
    let text = format!("Configuration file 'nodes/{node}/{directory}/{vmid}.conf' does not exist");
    classify(Effect::Read, 500, &text, b"")
}
