use proxmox_core::{Effect, Error, PvePath, PveRequest, Secret, de};
use serde::{Deserialize, Serialize};

use super::Built;

/// What [`Agent::file_read`](crate::Agent::file_read) answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FileContent {
    /// The text.
    pub content: String,
    /// Whether there is more in the file.
    #[serde(default, deserialize_with = "de::flag")]
    pub truncated: bool,
    /// Everything else that PVE sent.
    #[serde(flatten)]
    pub extra: de::Extra,
}

/// PVE's own limit, bytes.
const LIMIT: usize = 60 * 1024;

pub(super) fn write_request(agent: PvePath, file: &str, content: &str) -> Built {
    if content.len() > LIMIT {
        let text =
            format!("content: {} bytes, but PVE passes at most {LIMIT} on to the agent", content.len());
        return Err(Error::invalid("content", text));
    }
    let request = PveRequest::create(agent.fixed("file-write")).effect(Effect::Write);
    Ok(request.param("file", file).param("content", Secret::from(content)))
}
