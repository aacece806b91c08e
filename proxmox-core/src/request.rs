//! The one value that every PVE operation is.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::file::FilePart;
use crate::params::{ParamValue, Params};
use crate::path::PvePath;
use crate::target::Target;
use crate::{Pct, Result, Vmid};

/// The four verbs, named as `pvesh` names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verb {
    /// Read: GET.
    Get,
    /// Create or act: POST.
    Create,
    /// Change: PUT.
    Set,
    /// Delete: DELETE.
    Delete,
}

impl Verb {
    /// The `pvesh` sub-command.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Create => "create",
            Self::Set => "set",
            Self::Delete => "delete",
        }
    }

    /// The HTTP method.
    #[must_use]
    pub const fn method(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Create => "POST",
            Self::Set => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How deep a request cuts. Decides what the gates ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// Changes nothing; may be sent again.
    Read,
    /// Changes something that can be changed back.
    Write,
    /// Ends or interrupts something: stop, delete, convert to template, roll back.
    Destroy,
}

/// One operation on one PVE API path, as data: built without I/O, sent by any transport.
///
/// ```
/// use proxmox_core::{PvePath, PveRequest};
/// let request = PveRequest::create(PvePath::parse("/nodes/pve1/qemu/100/status/start")?).param("timeout", 60);
/// assert_eq!(request.to_string(), "pvesh create /nodes/pve1/qemu/100/status/start --timeout 60");
/// # Ok::<(), proxmox_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PveRequest {
    /// What to do.
    pub verb: Verb,
    /// With what.
    pub path: PvePath,
    /// How.
    #[serde(default, skip_serializing_if = "Params::is_empty")]
    pub params: Params,
    /// What it brings along: only uploads do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<FilePart>,
    /// How deep it cuts. A raw request that is not a GET counts as [`Effect::Destroy`].
    pub effect: Effect,
    /// Whether sending it twice does the same as sending it once. Only reads are ever sent again after bytes left.
    pub idempotent: bool,
    /// Total budget for this one request, instead of the transport's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
    /// The guest whose gate this request may pass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub force: Option<Vmid>,
}

impl PveRequest {
    /// A request of any verb. A GET is a read, anything else counts as [`Effect::Destroy`] until told otherwise.
    #[must_use]
    pub fn new(verb: Verb, path: PvePath) -> Self {
        let read = verb == Verb::Get;
        Self {
            verb,
            path,
            params: Params::new(),
            file: None,
            effect: if read { Effect::Read } else { Effect::Destroy },
            idempotent: read,
            timeout: None,
            force: None,
        }
    }

    /// `GET path`
    #[must_use]
    pub fn get(path: PvePath) -> Self {
        Self::new(Verb::Get, path)
    }

    /// `POST path`
    #[must_use]
    pub fn create(path: PvePath) -> Self {
        Self::new(Verb::Create, path)
    }

    /// `PUT path`
    #[must_use]
    pub fn set(path: PvePath) -> Self {
        Self::new(Verb::Set, path)
    }

    /// `DELETE path`
    #[must_use]
    pub fn delete(path: PvePath) -> Self {
        Self::new(Verb::Delete, path)
    }

    /// Sets one parameter.
    #[must_use]
    pub fn param(mut self, name: impl Into<String>, value: impl Into<ParamValue>) -> Self {
        self.params.set(name, value);
        self
    }

    /// Sets one parameter when there is a value.
    #[must_use]
    pub fn param_some(mut self, name: &str, value: Option<impl Into<ParamValue>>) -> Self {
        self.params.set_some(name, value);
        self
    }

    /// Sets all parameters.
    #[must_use]
    pub fn params(mut self, params: Params) -> Self {
        self.params = params;
        self
    }

    /// Brings a file along.
    #[must_use]
    pub fn file(mut self, file: FilePart) -> Self {
        self.file = Some(file);
        self
    }

    /// States how deep it cuts. [`Effect::Read`] also states that it may be sent again.
    #[must_use]
    pub fn effect(mut self, effect: Effect) -> Self {
        self.effect = effect;
        self.idempotent = self.idempotent || effect == Effect::Read;
        self
    }

    /// Sets the total budget of this request.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Lets the request pass the gate of this one guest.
    #[must_use]
    pub fn force(mut self, vmid: Vmid) -> Self {
        self.force = Some(vmid);
        self
    }

    /// What the request is about.
    #[must_use]
    pub fn target(&self) -> Target {
        Target::of(&self.path)
    }

    /// Whether it may be sent again although bytes of it left.
    #[must_use]
    pub fn may_repeat(&self) -> bool {
        self.effect == Effect::Read && self.idempotent
    }

    /// What can be known to be wrong before sending. Every transport asks this first.
    ///
    /// # Errors
    /// `InvalidInput` naming the parameter.
    pub fn check(&self) -> Result<()> {
        if self.timeout.is_some_and(|t| t.is_zero()) {
            return Err(crate::Error::invalid("timeout", "timeout: must be longer than nothing"));
        }
        // A write that calls itself a read would pass the gate, and be sent again.
        if self.verb != Verb::Get && self.effect == Effect::Read && !self.reads_by_posting() {
            let text = format!("effect: {} {} is not a read", self.verb.method(), self.path);
            return Err(crate::Error::invalid("effect", text));
        }
        if let Some(file) = &self.file {
            if self.verb != Verb::Create {
                let text = format!("filename: {} takes no file", self.verb.method());
                return Err(crate::Error::invalid("filename", text));
            }
            file.check(&self.params)?;
        }
        self.params.check()
    }

    /// The few of PVE's methods that change nothing although they are POSTs.
    fn reads_by_posting(&self) -> bool {
        let segments: Vec<&str> = self.path.segments().collect();
        let reads = match segments.as_slice() {
            ["nodes", _, "qemu", _, "agent", "ping"] | ["access", "ticket"] => true,
            ["nodes", _, "execute"] => crate::batch::only_reads(&self.params),
            _ => false,
        };
        self.verb == Verb::Create && reads
    }

    /// The request as a `curl` line for the API below `base` (`https://host:8006`), secrets redacted. What the API does not have is
    /// the line of [`Display`](fmt::Display).
    #[must_use]
    pub fn curl_line(&self, base: &str) -> String {
        if Pct::is_path(&self.path) {
            return self.to_string();
        }
        let url = format!("{}/api2/json{}", base.trim_end_matches('/'), self.path.url_path());
        let mut line = format!("curl -X {}", self.verb.method());
        if !self.params.is_empty() && matches!(self.verb, Verb::Get | Verb::Delete) {
            line.push_str(" -G");
        }
        let option = if self.file.is_some() { " --form-string " } else { " --data-urlencode " };
        for (name, value) in self.params.shown() {
            line.push_str(option);
            line.push_str(&shell_word(&format!("{name}={value}")));
        }
        if let Some(file) = &self.file {
            line.push_str(" --form ");
            line.push_str(&shell_word(&format!("filename=@{}", file.name())));
        }
        line.push(' ');
        line.push_str(&shell_word(&url));
        line
    }
}

/// The request as a `pvesh` line that a shell would take, secrets redacted; as a `pct` line where only that can do it.
impl fmt::Display for PveRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(words) = crate::pct::line(self) {
            let words: Vec<String> = words.iter().map(|word| shell_word(word)).collect();
            return f.write_str(&words.join(" "));
        }
        write!(f, "pvesh {} {}", self.verb, shell_word(self.path.as_str()))?;
        for (name, value) in self.params.shown() {
            write!(f, " --{name} {}", shell_word(&value))?;
        }
        if let Some(file) = &self.file {
            let content = format!("<{} bytes>", file.length());
            write!(f, " --filename {} --tmpfilename {}", shell_word(file.name()), shell_word(&content))?;
        }
        Ok(())
    }
}

/// Quotes for a POSIX shell, only where needed.
fn shell_word(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"@%_-+=:,./".contains(&b);
    if !text.is_empty() && text.bytes().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> PveRequest {
        PveRequest::set(PvePath::parse("/nodes/pve1/qemu/100/config").unwrap())
            .param("description", "it's\nso")
            .param("onboot", true)
            .param("cipassword", "hunter2")
            .effect(Effect::Write)
            .timeout(Duration::from_secs(5))
    }

    #[test]
    fn prints_as_lines_without_secrets() {
        assert_eq!(
            request().to_string(),
            "pvesh set /nodes/pve1/qemu/100/config --description 'it'\\''s\nso' --onboot 1 --cipassword '<redacted>'"
        );
        assert_eq!(
            request().curl_line("https://pve1:8006/"),
            "curl -X PUT --data-urlencode 'description=it'\\''s\nso' --data-urlencode onboot=1 \
             --data-urlencode 'cipassword=<redacted>' https://pve1:8006/api2/json/nodes/pve1/qemu/100/config"
        );
    }

    #[test]
    fn serde_round_trip() {
        let mut plain = request();
        plain.params.remove("cipassword");
        let text = serde_json::to_string(&plain).unwrap();
        assert_eq!(serde_json::from_str::<PveRequest>(&text).unwrap(), plain);
        let text = serde_json::to_string(&request()).unwrap();
        assert!(!text.contains("hunter2"));
        assert!(serde_json::from_str::<PveRequest>(&text).unwrap().check().is_err());
    }

    #[test]
    fn a_file_is_not_shown() {
        let upload = PveRequest::create(PvePath::parse("/nodes/pve1/storage/local/upload").unwrap())
            .param("content", "iso")
            .file(FilePart::new("seed.iso", "hunter2"));
        upload.check().unwrap();
        assert_eq!(
            upload.to_string(),
            "pvesh create /nodes/pve1/storage/local/upload --content iso --filename seed.iso --tmpfilename '<7 bytes>'"
        );
        assert_eq!(
            upload.curl_line("https://pve1:8006"),
            "curl -X POST --form-string content=iso --form filename=@seed.iso \
             https://pve1:8006/api2/json/nodes/pve1/storage/local/upload"
        );
        let text = serde_json::to_string(&upload).unwrap();
        assert!(!format!("{text}{upload:?}").contains("hunter2"));
        // What is read back has no content to send.
        let back: PveRequest = serde_json::from_str(&text).unwrap();
        assert!(back.check().unwrap_err().to_string().contains("left out"), "{back:?}");
        for (name, why) in [("a b.iso", "letters"), ("../x.iso", "letters"), ("", "letters")] {
            let error = upload.clone().file(FilePart::new(name, "")).check().unwrap_err();
            assert!(error.to_string().contains(why), "{name}: {error}");
        }
        let beside = upload.clone().param("tmpfilename", "/etc/shadow").check().unwrap_err();
        assert!(beside.errors().contains_key("tmpfilename"), "{beside}");
        assert!(upload.clone().param("content", "a\r\nb").check().is_err());
        assert!(PveRequest { verb: Verb::Set, ..upload }.check().is_err());
    }

    #[test]
    fn a_raw_write_counts_as_the_worst() {
        let path = PvePath::parse("/x").unwrap();
        assert_eq!(PveRequest::get(path.clone()).effect, Effect::Read);
        for verb in [Verb::Create, Verb::Set, Verb::Delete] {
            let request = PveRequest::new(verb, path.clone());
            assert_eq!((request.effect, request.may_repeat()), (Effect::Destroy, false));
        }
    }
}
