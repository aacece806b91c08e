//! From a request to the handler that answers it, through the checks that PVE makes for every method: method and
//! path, login, parameters of the path, privileges, the node that is meant, parameters.

pub(crate) mod shared;
mod table;

use std::sync::OnceLock;
use std::time::Duration;

use crate::acl::Who;
use crate::answer::{Answer, Refusal, bad_param, failed};
use crate::ctx::Ctx;
use crate::exchange::{Credentials, SimRequest, SimValue};
use crate::node::Link;
use crate::schema::{self, Param};
use crate::state::State;
use crate::{GuestKind, PveVersion};

/// What answers a method.
type Handler = fn(&mut Ctx<'_>) -> Answer;

/// A line of the table: method, path, parameters, who may, handler.
///
/// Who may: `all` who are logged in, `world`, `ticket` (no API tokens), `root` itself, or a path with the privileges of which one
/// is needed: `/vms/{vmid} VM.Audit|VM.Console`. `8:` and `9:` begin what holds for one version only.
type Line = (&'static str, &'static str, &'static str, &'static str, Handler);

struct Route {
    method: &'static str,
    path: Vec<&'static str>,
    params: Vec<Param>,
    access: Access,
    kind: GuestKind,
    run: Handler,
}

enum Access {
    World,
    All,
    Ticket,
    Root,
    On { path: &'static str, any: Vec<&'static str> },
}

impl Access {
    fn parse(text: &'static str, version: PveVersion) -> Self {
        let text = match text.strip_prefix("8:").and_then(|text| text.split_once(" 9:")) {
            Some((eight, _)) if version == PveVersion::V8 => eight,
            Some((_, nine)) => nine,
            None => text,
        };
        match text {
            "world" => Self::World,
            "all" => Self::All,
            "ticket" => Self::Ticket,
            "root" => Self::Root,
            text => {
                let (path, any) = text.split_once(' ').unwrap_or((text, ""));
                Self::On { path, any: any.split('|').collect() }
            }
        }
    }
}

impl Route {
    fn new(&(method, path, params, access, run): &Line, version: PveVersion) -> Self {
        let path: Vec<_> = path.split('/').skip(1).collect();
        let words: Vec<_> = path.iter().filter_map(|part| placeholder(part)).map(shared::path_word).collect();
        let mut all = schema::parse(&words.join(" "), version);
        all.extend(schema::parse(params, version));
        let kind = if path.get(2) == Some(&"lxc") { GuestKind::Lxc } else { GuestKind::Qemu };
        Self { method, path, params: all, access: Access::parse(access, version), kind, run }
    }

    /// The values of the placeholders when the path fits. The last one takes the rest for `{volume}`.
    fn fit<'a>(&self, path: &'a str) -> Option<Vec<(&'static str, &'a str)>> {
        let mut values = Vec::new();
        let mut rest = Some(path.strip_prefix('/')?);
        for part in &self.path {
            let here = rest?;
            let whole = *part == "{volume}";
            let (segment, behind) = match here.split_once('/') {
                Some((segment, behind)) if !whole => (segment, Some(behind)),
                _ => (here, None),
            };
            match placeholder(part) {
                Some(_) if segment.is_empty() => return None,
                Some(name) => values.push((name, segment)),
                None if *part == segment => {}
                None => return None,
            }
            rest = behind;
        }
        rest.is_none().then_some(values)
    }
}

fn placeholder(part: &'static str) -> Option<&'static str> {
    part.strip_prefix('{')?.strip_suffix('}')
}

fn routes(version: PveVersion) -> &'static [Route] {
    static EIGHT: OnceLock<Vec<Route>> = OnceLock::new();
    static NINE: OnceLock<Vec<Route>> = OnceLock::new();
    let cell = if version == PveVersion::V8 { &EIGHT } else { &NINE };
    cell.get_or_init(|| table::lines().map(|line| Route::new(line, version)).collect())
}

/// Every path of PVE with its methods, so that what is not simulated can be told from what is not there:
/// `G`ET, `P`OST, P`U`T, `D`ELETE, each followed by 8 or 9 when only that version has it.
const KNOWN: &str = include_str!("known.txt");

fn not_there(method: &str, path: &str, version: PveVersion) -> Refusal {
    let letter = match method {
        "GET" => 'G',
        "POST" => 'P',
        "PUT" => 'U',
        _ => 'D',
    };
    let other = if version == PveVersion::V8 { '9' } else { '8' };
    let fits = |pattern: &str| {
        let (mut left, mut right) = (pattern.split('/'), path.split('/'));
        loop {
            match (left.next(), right.next()) {
                (None, None) => return true,
                (Some("*"), Some(part)) if !part.is_empty() => {}
                (Some(a), Some(b)) if a == b => {}
                _ => return false,
            }
        }
    };
    let known = KNOWN.lines().filter_map(|line| line.split_once(' ')).any(|(pattern, methods)| {
        let has = methods.split_once(letter).is_some_and(|(_, behind)| !behind.starts_with(other));
        has && fits(pattern)
    });
    let sentence = format!("Method '{method} {path}' not implemented");
    Refusal::NotImplemented(if known { format!("{sentence} by the simulator, PVE has it") } else { sentence })
}

/// Answers one request.
pub(crate) fn answer(state: &mut State, now: f64, request: &SimRequest) -> Answer {
    let method = request.method.as_str();
    if !matches!(method, "GET" | "POST" | "PUT" | "DELETE") {
        return Err(Refusal::BadMethod(format!("method '{method}' not available")));
    }
    let path = if request.path.len() > 1 { request.path.trim_end_matches('/') } else { &request.path };
    let found = routes(state.version)
        .iter()
        .filter(|route| route.method == method)
        .find_map(|route| route.fit(path).map(|values| (route, values)));

    let world = matches!(found, Some((Route { access: Access::World, .. }, _)));
    let who = match &request.auth {
        Credentials::Token(_) if world && method == "POST" => return Err(needs_ticket(path)),
        _ if world => Who::user(""),
        auth => state.authenticate(auth, method == "GET", now)?,
    };
    let Some((route, values)) = found else {
        return Err(not_there(method, path, state.version));
    };

    let mut given = Vec::new();
    for (name, value) in &request.params {
        match values.iter().find(|(placeholder, _)| placeholder == name) {
            Some((_, in_path)) if text_of(value).as_deref() != Some(in_path) => {
                return bad_param(
                    name,
                    "duplicate parameter (already defined in URI) with conflicting values!",
                );
            }
            Some(_) => {}
            None => given.push((name.clone(), value.clone())),
        }
    }
    permit(state, route, &who, &values, path)?;
    for (name, value) in values {
        let value = if name == "node" { the_node(state, value)? } else { value.to_owned() };
        given.push((name.to_owned(), SimValue::Text(value)));
    }
    let args = schema::verify(&route.params, &given, state.version)?;
    let file = request.file.as_ref().map(crate::exchange::SimFile::content);
    (route.run)(&mut Ctx { state, now, who, kind: route.kind, args, file })
}

fn permit(
    state: &State,
    route: &Route,
    who: &Who,
    values: &[(&str, &str)],
    path: &str,
) -> Result<(), Refusal> {
    match &route.access {
        Access::Ticket if who.token.is_some() => Err(needs_ticket(path)),
        Access::Root if !who.is_root() => Err(Refusal::Forbidden(" (user != root@pam)".to_owned())),
        Access::Root | Access::World | Access::All | Access::Ticket => Ok(()),
        Access::On { path, any } => {
            let mut object = (*path).to_owned();
            for (name, value) in values {
                object = object.replace(&format!("{{{name}}}"), value);
            }
            state.require(who, &object, any)
        }
    }
}

fn needs_ticket(path: &str) -> Refusal {
    Refusal::Forbidden(format!(" (URI '{path}' not available with API token, need proper ticket.\n)"))
}

/// The node that is meant, if it can be reached.
fn the_node(state: &State, name: &str) -> Result<String, Refusal> {
    let node = match state.nodes.get(name) {
        None if name == "localhost" => state.nodes.values().next(),
        found => found,
    };
    match node {
        Some(node) => match node.link {
            Link::Up => Ok(node.name.clone()),
            Link::Refused => Err(Refusal::Bare(595, "Connection refused", Duration::ZERO)),
            Link::Unreachable => Err(Refusal::Bare(595, "No route to host", Duration::from_secs(3))),
        },
        None => failed(format!(
            "hostname lookup '{name}' failed - failed to get address info for: {name}: Name or service not known"
        )),
    }
}

fn text_of(value: &SimValue) -> Option<String> {
    match value {
        SimValue::Text(text) | SimValue::Json(serde_json::Value::String(text)) => Some(text.clone()),
        SimValue::Json(value @ serde_json::Value::Number(_)) => Some(value.to_string()),
        SimValue::Json(_) => None,
    }
}
