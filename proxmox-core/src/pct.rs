//! What PVE's API does not have: programs in containers, and files into and out of them. `pct` on the node does it.
//!
//! They are requests all the same, so that gate, layers and deadlines hold for them. Their paths are the SDK's own: a real
//! PVE answers 501 to them.

use std::borrow::Cow;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use crate::guest::Exec;
use crate::secret::REDACTED;
use crate::{
    Effect, Error, ErrorKind, NodeName, Outcome, PvePath, PveRequest, Result, Secret, TransportInfo, Verb,
    Vmid,
};

/// Something that `pct` does with a running container, on the container's node, as root.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Pct {
    /// `POST …/pct/exec`: runs a program. Parameters: `command` (a list), `input-data`. The answer has the form of the guest agent's
    /// `exec-status`: `exitcode`, `out-data`, `err-data`, `out-truncated`, `err-truncated`.
    Exec(Exec),
    /// `POST …/pct/push`: writes a file. Parameters: `path`, `content`, `perms`, `user`, `group`. The answer is nothing.
    Push(Push),
    /// `GET …/pct/pull`: reads a file. Parameter: `path`. The answer is its content, as [`GuestData`](crate::guest::GuestData).
    Pull {
        /// Absolute, in the container.
        path: String,
    },
}

/// A file for a container. Existing content is replaced.
///
/// ```
/// use proxmox_core::Push;
/// let push = Push::new("/etc/app/token", "s3cr3t\n").perms(0o600).user("app").group("app");
/// assert!(!format!("{push:?}").contains("s3cr3t"));
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Push {
    path: String,
    content: Vec<u8>,
    perms: Option<u32>,
    user: Option<String>,
    group: Option<String>,
}

impl Push {
    /// The content of the file at an absolute path of the container; its directory must be there. At most [`Pct::LONGEST`].
    pub fn new(path: impl Into<String>, content: impl Into<Vec<u8>>) -> Self {
        Self { path: path.into(), content: content.into(), perms: None, user: None, group: None }
    }

    /// Its permissions, such as `0o640`. Without them a new file has those of root's umask, and an existing one keeps its own.
    #[must_use]
    pub fn perms(mut self, mode: u32) -> Self {
        self.perms = Some(mode);
        self
    }

    /// Its owner: a user of the container by name, or a number. Root, unless set.
    #[must_use]
    pub fn user(mut self, user: impl Into<String>) -> Self {
        self.user = Some(user.into());
        self
    }

    /// Its group, likewise.
    #[must_use]
    pub fn group(mut self, group: impl Into<String>) -> Self {
        self.group = Some(group.into());
        self
    }

    /// Where it goes.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What is in it.
    #[must_use]
    pub fn content(&self) -> &[u8] {
        &self.content
    }

    /// What `pct push` takes beside the two paths, each in one word.
    #[must_use]
    pub fn options(&self) -> Vec<String> {
        let perms = self.perms.map(|mode| format!("--perms=0{mode:o}"));
        let user = self.user.as_ref().map(|user| format!("--user={user}"));
        let group = self.group.as_ref().map(|group| format!("--group={group}"));
        [perms, user, group].into_iter().flatten().collect()
    }

    fn check(&self) -> Result<()> {
        absolute(&self.path)?;
        fits("content", &self.content)?;
        if self.perms.is_some_and(|mode| mode > 0o7777) {
            return Err(Error::invalid("perms", "perms: permissions go up to 7777"));
        }
        for (field, name) in [("user", &self.user), ("group", &self.group)] {
            let odd = |name: &String| name.is_empty() || name.chars().any(|c| c.is_control() || c == ':');
            if name.as_ref().is_some_and(odd) {
                return Err(Error::invalid(
                    field,
                    format!("{field}: {name:?} is neither a name nor a number"),
                ));
            }
        }
        Ok(())
    }
}

/// Without the content, which may be a secret.
impl fmt::Debug for Push {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Push")
            .field("path", &self.path)
            .field("content", &format_args!("{} bytes", self.content.len()))
            .field("options", &self.options())
            .finish()
    }
}

/// A request for `pct`, read: for transports that carry them out.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PctRequest {
    /// The node of the container, where `pct` has to run.
    pub node: NodeName,
    /// The container.
    pub vmid: Vmid,
    /// What to do with it.
    pub what: Pct,
}

impl Pct {
    /// The longest file and the longest input, 64 MiB.
    pub const LONGEST: usize = 64 << 20;
    /// How much of each of a program's outputs is kept, 16 MiB, as much as the guest agent keeps.
    pub const OUTPUT: usize = 16 << 20;

    /// Whether a path is of this kind, `/nodes/{node}/lxc/{vmid}/pct/…`, whatever follows.
    #[must_use]
    pub fn is_path(path: &PvePath) -> bool {
        let mut segments = path.segments();
        segments.next() == Some("nodes") && segments.nth(1) == Some("lxc") && segments.nth(1) == Some("pct")
    }

    /// The request, for the container at this path.
    ///
    /// # Errors
    /// `InvalidInput` for an empty command, a path that is not absolute, and for what is too long.
    pub fn request(&self, container: PvePath) -> Result<PveRequest> {
        let bytes = |request: PveRequest, name: &str, bytes: &[u8]| match std::str::from_utf8(bytes) {
            Ok(text) if !text.contains('\0') => request.param(name, Secret::from(text)),
            _ => request.param(name, Secret::from(BASE64.encode(bytes))).param("encode", false),
        };
        Ok(match self {
            Self::Exec(exec) => {
                exec.check()?;
                let request = PveRequest::create(container.fixed("pct/exec")).effect(Effect::Write);
                let request = request.param("command", exec.argv().to_vec());
                match exec.input_bytes() {
                    Some(input) => {
                        fits("input-data", input)?;
                        bytes(request, "input-data", input)
                    }
                    None => request,
                }
            }
            Self::Push(push) => {
                push.check()?;
                let request = PveRequest::create(container.fixed("pct/push")).effect(Effect::Write);
                let request = request.param("path", push.path.as_str());
                bytes(request, "content", &push.content)
                    .param_some("perms", push.perms.map(|mode| format!("{mode:o}")))
                    .param_some("user", push.user.as_deref())
                    .param_some("group", push.group.as_deref())
            }
            Self::Pull { path } => {
                absolute(path)?;
                PveRequest::get(container.fixed("pct/pull")).param("path", path.as_str())
            }
        })
    }
}

impl PctRequest {
    /// Reads a request; `None` for any that is PVE's own.
    ///
    /// # Errors
    /// `InvalidInput` and `Unsupported`, both not sent, for what no `pct` could carry out.
    #[must_use]
    pub fn read(request: &PveRequest) -> Option<Result<Self>> {
        Pct::is_path(&request.path).then(|| Self::parse(request))
    }

    fn parse(request: &PveRequest) -> Result<Self> {
        let segments: Vec<&str> = request.path.segments().collect();
        let (Some(node), Some(vmid)) = (segments.get(1), segments.get(3)) else {
            return Err(Error::invalid("path", "path: it names no container"));
        };
        let (node, vmid) = (NodeName::parse(node)?, vmid.parse::<Vmid>()?);
        let known: &[&str] = match (request.verb, segments.get(5..)) {
            (Verb::Create, Some(["exec"])) => &["command", "input-data", "encode"],
            (Verb::Create, Some(["push"])) => &["path", "content", "encode", "perms", "user", "group"],
            (Verb::Get, Some(["pull"])) => &["path"],
            _ => {
                let text = format!("there is no {} {}", request.verb.method(), request.path);
                return Err(Error::new(ErrorKind::Unsupported, Outcome::NotSent, text)
                    .with_advice("there are POST …/pct/exec, POST …/pct/push and GET …/pct/pull"));
            }
        };
        if let Some((name, _)) = request.params.iter().find(|(name, _)| !known.contains(name)) {
            return Err(Error::invalid(name, format!("{name}: `pct` takes no such parameter here")));
        }
        let one = |name| one(request, name);
        let what = match segments[5] {
            "exec" => {
                let command = request.params.all("command").into_iter().map(Cow::into_owned);
                let exec = Exec::new(command.collect::<Vec<_>>());
                let input = bytes(request, "input-data")?;
                Pct::Exec(input.into_iter().fold(exec, Exec::input))
            }
            "push" => Pct::Push(Push {
                path: needed(request, "path")?,
                content: bytes(request, "content")?
                    .ok_or_else(|| Error::invalid("content", "content: it is missing"))?,
                perms: one("perms")?.map(|text| octal(&text)).transpose()?,
                user: one("user")?,
                group: one("group")?,
            }),
            _ => Pct::Pull { path: needed(request, "path")? },
        };
        match &what {
            Pct::Exec(exec) => {
                exec.check()?;
                fits("input-data", exec.input_bytes().unwrap_or_default())?;
            }
            Pct::Push(push) => push.check()?,
            Pct::Pull { path } => absolute(path)?,
        }
        Ok(Self { node, vmid, what })
    }
}

fn one(request: &PveRequest, name: &str) -> Result<Option<String>> {
    let mut texts = request.params.all(name);
    if texts.len() > 1 {
        return Err(Error::invalid(name, format!("{name}: it takes one value")));
    }
    Ok(texts.pop().map(Cow::into_owned))
}

fn needed(request: &PveRequest, name: &str) -> Result<String> {
    one(request, name)?.ok_or_else(|| Error::invalid(name, format!("{name}: it is missing")))
}

/// Bytes under a name: text as it is, or with `encode=0`, as PVE's own `file-write` has it, base64 that the caller has made.
fn bytes(request: &PveRequest, name: &str) -> Result<Option<Vec<u8>>> {
    let plain = match one(request, "encode")?.as_deref() {
        None | Some("1") => true,
        Some("0") => false,
        Some(_) => return Err(Error::invalid("encode", "encode: it is 0 or 1")),
    };
    let Some(text) = one(request, name)? else {
        return Ok(None);
    };
    if plain {
        return Ok(Some(text.into_bytes()));
    }
    let bytes =
        BASE64.decode(text).map_err(|e| Error::invalid(name, format!("{name}: it is not base64: {e}")))?;
    Ok(Some(bytes))
}

fn octal(text: &str) -> Result<u32> {
    u32::from_str_radix(text, 8)
        .map_err(|_| Error::invalid("perms", format!("perms: {text:?} is no octal number such as 0640")))
}

/// `pct` would take it from the root of the container's file system, and other words for options.
fn absolute(path: &str) -> Result<()> {
    if path.starts_with('/') && !path.contains('\0') {
        return Ok(());
    }
    Err(Error::invalid("path", format!("path: {path:?} is not an absolute path in the container")))
}

fn fits(name: &str, bytes: &[u8]) -> Result<()> {
    if bytes.len() <= Pct::LONGEST {
        return Ok(());
    }
    let text = format!(
        "{name}: {} bytes are too many: at most {} MiB are passed on",
        bytes.len(),
        Pct::LONGEST >> 20
    );
    Err(Error::invalid(name, text).with_advice("send it in parts, or let the container fetch it"))
}

/// Whether the way to PVE can carry the request: only `pct` can do what the API does not have.
pub(crate) fn check_way(request: &PveRequest, way: impl FnOnce() -> TransportInfo) -> Result<()> {
    if !Pct::is_path(&request.path) {
        return Ok(());
    }
    let way = way();
    if way.pct {
        return Ok(());
    }
    let node = request.path.segments().nth(1).unwrap_or_default();
    let text = format!(
        "PVE's API cannot do that: it takes `pct` as root on the container's node, and {way} runs no commands there"
    );
    let advice = format!(
        "connect over ssh to node {node}, as root or with sudo and without a token, or run on it (local)"
    );
    Err(Error::new(ErrorKind::Unsupported, Outcome::NotSent, text).with_advice(advice))
}

/// The words of the `pct` line that a request is, for people, secrets redacted.
pub(crate) fn line(request: &PveRequest) -> Option<Vec<String>> {
    if !Pct::is_path(&request.path) {
        return None;
    }
    let vmid = request.path.segments().nth(3)?;
    let what = request.path.segments().nth(5)?;
    let shown = |name: &str| -> Vec<String> {
        request.params.shown().filter(|(n, _)| *n == name).map(|(_, value)| value.into_owned()).collect()
    };
    let mut words = vec!["pct".to_owned(), what.to_owned(), vmid.to_owned()];
    match what {
        "exec" => {
            words.push("--".to_owned());
            words.extend(shown("command"));
        }
        "push" => {
            words.push(REDACTED.to_owned());
            words.extend(shown("path"));
        }
        "pull" => {
            words.extend(shown("path"));
            words.push("/dev/stdout".to_owned());
        }
        _ => return None,
    }
    for name in ["perms", "user", "group"] {
        words.extend(shown(name).into_iter().map(|value| format!("--{name}={value}")));
    }
    Some(words)
}

#[cfg(test)]
mod tests;
