//! Requests of one node become one `POST /nodes/{node}/execute`. Pure.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use crate::{Effect, NodeName, ParamValue, Params, Pct, PvePath, PveRequest, Secret, Verb};

/// How many requests one batch carries at most. The node carries them out one after another, and nothing is heard of the
/// first before the last is done.
const MOST: usize = 500;
/// How long a batch may be in a form. PVE takes 512 KiB; where `pvesh` hands it on to another node it is one argument of a
/// program, of which Linux takes 128 KiB.
const LONGEST: usize = 96 * 1024;

/// Requests that travel together, by their places in the caller's list.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) node: NodeName,
    pub(super) members: Vec<usize>,
}

/// Which of the requests travel together. Reads and writes never do: only a batch of reads may be sent again.
///
/// What is in no batch goes by itself: what `wanted` leaves out, what no batch can carry, and what would travel alone.
pub(super) fn batches(requests: &[PveRequest], wanted: impl Fn(&PveRequest) -> bool) -> Vec<Batch> {
    let mut open: BTreeMap<(NodeName, bool), (Batch, usize)> = BTreeMap::new();
    let mut done = Vec::new();
    for (index, request) in requests.iter().enumerate().filter(|(_, request)| wanted(request)) {
        let Some((node, _)) = place(request) else { continue };
        let size = command(request).map_or(usize::MAX, |text| length_in_form(&text));
        if size > LONGEST {
            continue;
        }
        let key = (node.clone(), request.effect == Effect::Read);
        let (batch, length) = open.entry(key).or_insert_with(|| (Batch { node, members: Vec::new() }, 0));
        if batch.members.len() == MOST || *length + size > LONGEST {
            let full = Batch { node: batch.node.clone(), members: std::mem::take(&mut batch.members) };
            done.push(full);
            *length = 0;
        }
        batch.members.push(index);
        *length += size;
    }
    done.extend(open.into_values().map(|(batch, _)| batch));
    done.retain(|batch| batch.members.len() > 1);
    done
}

/// The node that a request is sent to and the rest of its path, where a batch can carry it.
///
/// Not: what has a budget of its own, which it would share; what waits for a guest's agent, for which all others would
/// wait; what is not PVE's own; what brings a file along; paths that need encoding, and lists, of which nobody knows how PVE reads them there.
fn place(request: &PveRequest) -> Option<(NodeName, &str)> {
    let (node, rest) = request.path.as_str().strip_prefix("/nodes/")?.split_once('/')?;
    let fits = request.timeout.is_none()
        && rest != "execute"
        && request.path.segments().nth(4) != Some("agent")
        && !Pct::is_path(&request.path)
        && request.file.is_none()
        && request.path.url_path() == request.path.as_str()
        && request.params.get("node").is_none()
        && !request.params.iter().any(|(_, value)| matches!(value, ParamValue::List(_)));
    Some((NodeName::parse(node).ok().filter(|_| fits)?, rest))
}

/// One request of a batch.
#[derive(Serialize)]
struct Command<'r> {
    method: &'static str,
    path: &'r str,
    /// All texts, as in a form.
    args: BTreeMap<&'r str, Cow<'r, str>>,
}

/// Whether a batch of this node can carry it.
pub(super) fn travels(request: &PveRequest, with: &NodeName) -> bool {
    place(request).is_some_and(|(node, _)| node == *with)
}

/// The request as JSON in ASCII, **secrets in the clear**.
fn command(request: &PveRequest) -> Option<String> {
    let (_, path) = place(request)?;
    let command = Command { method: request.verb.method(), path, args: request.params.exposed().collect() };
    let text = serde_json::to_string(&command).ok()?;
    // Outside of ASCII PVE would read the bytes of a text that it has decoded already.
    let mut ascii = String::with_capacity(text.len());
    let mut units = [0; 2];
    for c in text.chars() {
        if c.is_ascii() {
            ascii.push(c);
        } else {
            for unit in c.encode_utf16(&mut units) {
                let _ = write!(ascii, "\\u{unit:04x}");
            }
        }
    }
    Some(ascii)
}

/// How long a text gets in a form, with the comma before it.
fn length_in_form(text: &str) -> usize {
    let plain = |b: &u8| b.is_ascii_alphanumeric() || b"-._~".contains(b);
    3 + text.bytes().map(|b| if plain(&b) { 1 } else { 3 }).sum::<usize>()
}

/// The one request. All of `requests` must have been [in a batch](batches) of this node.
pub(super) fn pack(node: &NodeName, requests: &[PveRequest]) -> PveRequest {
    let commands: Vec<String> = requests.iter().filter_map(command).collect();
    debug_assert_eq!(commands.len(), requests.len());
    let commands = format!("[{}]", commands.join(","));
    let effect = requests.iter().map(|request| request.effect).max().unwrap_or(Effect::Read);
    let value = if requests.iter().any(|request| request.params.has_secret()) {
        ParamValue::Secret(Secret::from(commands))
    } else {
        ParamValue::Text(commands)
    };
    PveRequest::create(PvePath::node(node).fixed("execute")).param("commands", value).effect(effect)
}

/// Whether a batch carries nothing but GETs, whoever made it.
pub(crate) fn only_reads(params: &Params) -> bool {
    #[derive(Deserialize)]
    struct Method {
        method: String,
    }
    match params.all("commands").as_slice() {
        [text] => serde_json::from_str::<Vec<Method>>(text)
            .is_ok_and(|commands| commands.iter().all(|command| command.method == Verb::Get.method())),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn get(path: &str) -> PveRequest {
        PveRequest::get(PvePath::parse(path).unwrap())
    }

    fn set(path: &str) -> PveRequest {
        PveRequest::set(PvePath::parse(path).unwrap()).effect(Effect::Write)
    }

    fn members(requests: &[PveRequest]) -> Vec<(String, Vec<usize>)> {
        batches(requests, |_| true).into_iter().map(|b| (b.node.to_string(), b.members)).collect()
    }

    #[test]
    fn one_batch_for_each_node_and_kind() {
        let requests = [
            get("/nodes/b/qemu"),
            get("/nodes/a/qemu"),
            get("/version"),
            set("/nodes/a/qemu/1/config"),
            get("/nodes/a/lxc"),
            set("/nodes/a/qemu/2/config"),
            get("/nodes/b/lxc"),
            get("/nodes/c/lxc"),
        ];
        let a = || "a".to_owned();
        assert_eq!(members(&requests), [(a(), vec![3, 5]), (a(), vec![1, 4]), ("b".to_owned(), vec![0, 6])]);
        let reads = batches(&requests, |request| request.effect == Effect::Read);
        assert_eq!(reads.len(), 2);
    }

    #[test]
    fn what_goes_by_itself() {
        let mut list = Params::new();
        list.push("command", "a").push("command", "b");
        for alone in [
            get("/nodes"),
            get("/nodes/a"),
            get("/cluster/resources"),
            get("/nodes/a.lan/version"),
            get("/nodes/a/qemu/100/agent/info"),
            get("/nodes/a/x%3Fy"),
            get("/nodes/a/tasks").timeout(Duration::from_secs(1)),
            get("/nodes/a/tasks").param("node", "b"),
            get("/nodes/a/tasks").params(list),
            set("/nodes/a/config").param("description", "ü".repeat(LONGEST / 8)),
            PveRequest::create(PvePath::parse("/nodes/a/execute").unwrap()),
        ] {
            assert!(members(&[alone.clone(), alone.clone()]).is_empty(), "{}", alone.path);
        }
        assert_eq!(members(&[get("/nodes/a/version"), get("/nodes/a/version")]).len(), 1);
    }

    #[test]
    fn no_batch_is_too_long_or_too_large() {
        let many: Vec<_> = (0..=2 * MOST).map(|_| get("/nodes/a/version")).collect();
        let sizes: Vec<_> = members(&many).into_iter().map(|(_, members)| members.len()).collect();
        // The last would travel alone.
        assert_eq!(sizes, [MOST, MOST]);

        let large: Vec<_> = (0..5)
            .map(|i| set("/nodes/a/config").param("x", i).param("d", "%".repeat(LONGEST / 8)))
            .collect();
        let batches = batches(&large, |_| true);
        let members: Vec<_> = batches.iter().flat_map(|b| b.members.clone()).collect();
        assert_eq!(members, [0, 1, 2, 3], "in order, two in each");
        let packed = pack(&batches[0].node, &large[..2]);
        assert!(length_in_form(&packed.params.all("commands")[0]) <= LONGEST);
    }

    #[test]
    fn what_is_sent() {
        let node = NodeName::parse("a").unwrap();
        let requests = [
            get("/nodes/a/qemu/100/config").param("current", true),
            set("/nodes/a/qemu/100/config").param("description", "q\"ü\u{1f600}\n").param("cores", 2),
        ];
        let packed = pack(&node, &requests);
        assert_eq!((packed.verb, packed.path.as_str()), (Verb::Create, "/nodes/a/execute"));
        assert_eq!((packed.effect, packed.may_repeat()), (Effect::Write, false));
        assert_eq!(
            packed.params.text("commands").unwrap(),
            r#"[{"method":"GET","path":"qemu/100/config","args":{"current":"1"}},{"method":"PUT","path":"qemu/100/config","args":{"cores":"2","description":"q\"\u00fc\ud83d\ude00\n"}}]"#
        );
        packed.check().unwrap();
    }

    #[test]
    fn secrets_stay_secret() {
        let node = NodeName::parse("a").unwrap();
        let packed = pack(&node, &[set("/nodes/a/qemu/100/config").param("cipassword", "hunter2")]);
        assert!(packed.params.all("commands")[0].contains("hunter2"));
        assert!(!format!("{packed} {packed:?}").contains("hunter2"));
    }

    #[test]
    fn a_batch_is_a_read_when_all_of_it_is() {
        let execute = |commands: &str| {
            PveRequest::create(PvePath::parse("/nodes/a/execute").unwrap())
                .param("commands", commands)
                .effect(Effect::Read)
        };
        let node = NodeName::parse("a").unwrap();
        let reads = pack(&node, &[get("/nodes/a/qemu"), get("/nodes/a/lxc")]);
        assert!(reads.check().is_ok() && reads.may_repeat());
        assert!(execute(r#"[{"method":"GET","path":"x"}]"#).check().is_ok());
        for write in [
            r#"[{"method":"GET","path":"x"},{"method":"POST","path":"x"}]"#,
            r#"[{"method":"GET","method":"PUT","path":"x"}]"#,
            r#"[{"method":"get","path":"x"}]"#,
            r#"[{"path":"x"}]"#,
            "{}",
            "[",
            "",
        ] {
            assert!(execute(write).check().is_err(), "{write}");
        }
        let mut twice = Params::new();
        twice.push("commands", "[]").push("commands", r#"[{"method":"PUT","path":"x"}]"#);
        assert!(execute("").params(twice).check().is_err());
    }
}
