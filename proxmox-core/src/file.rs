//! A file that travels with a request.

use std::fmt;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::params::Params;
use crate::{Error, Result};

/// A file that a request brings along: what it is to be called, and its content.
///
/// The content is held in memory, and shared between clones. It may hold secrets, as the seed of a guest does, and is shown nowhere:
/// what is printed or written down has the name and the length. Such a request cannot be sent when it is read back.
///
/// ```
/// use proxmox_core::FilePart;
/// let file = FilePart::new("seed.iso", vec![0; 2048]);
/// assert_eq!(format!("{file:?}"), r#"FilePart("seed.iso", 2048 bytes)"#);
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilePart {
    name: String,
    length: usize,
    #[serde(skip)]
    content: Option<Bytes>,
}

/// The parameters that PVE takes beside a file, in the only order in which it finds them.
const BESIDE: [&str; 3] = ["content", "checksum-algorithm", "checksum"];

impl FilePart {
    /// A file of this name with this content.
    pub fn new(name: impl Into<String>, content: impl Into<Bytes>) -> Self {
        let content = content.into();
        Self { name: name.into(), length: content.len(), content: Some(content) }
    }

    /// What it is to be called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many bytes it has.
    #[must_use]
    pub fn length(&self) -> usize {
        self.length
    }

    /// What is in it; nothing when the request was read back from what was written down. For codecs only.
    #[must_use]
    pub fn content(&self) -> Option<&Bytes> {
        self.content.as_ref()
    }

    /// The parameters that go before the file, **secrets in the clear**. For codecs only.
    pub fn beside(params: &Params) -> impl Iterator<Item = (&'static str, String)> {
        BESIDE.into_iter().flat_map(|name| {
            let texts: Vec<_> =
                params.exposed().filter(|(n, _)| *n == name).map(|(_, text)| text.into_owned()).collect();
            texts.into_iter().map(move |text| (name, text))
        })
    }

    /// PVE would store it under another name without a word, or lose what stands beside it.
    pub(crate) fn check(&self, params: &Params) -> Result<()> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
        if self.name.is_empty() || self.name.len() > 255 || !self.name.bytes().all(plain) {
            let shown: String = self.name.chars().take(80).collect();
            let text = format!("filename: {shown:?} is not a name of letters, digits, '-', '_' and '.'");
            return Err(Error::invalid("filename", text));
        }
        if self.content.is_none() {
            let text = "filename: the content was left out when the request was written down";
            return Err(Error::invalid("filename", text));
        }
        let odd = |(name, value): &(&str, &crate::ParamValue)| {
            !BESIDE.contains(name) || value.texts().len() != 1 || value.texts()[0].contains(['\r', '\n'])
        };
        match params.iter().find(odd) {
            Some((name, _)) => {
                let text = format!("{name}: beside a file PVE takes one line each of {}", BESIDE.join(", "));
                Err(Error::invalid(name, text))
            }
            None => Ok(()),
        }
    }
}

impl fmt::Debug for FilePart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FilePart({:?}, {} bytes)", self.name, self.length)
    }
}
