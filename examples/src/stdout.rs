//! Writing to stdout, where the reader may leave early.

use std::io::{self, Write};

use proxmox_core::{Error, ErrorKind, Outcome, Result};

/// Writes text as it is. A reader that has seen enough (`| head`) is no error.
///
/// # Errors
/// `Unexpected` when it cannot be written: a full disk behind a redirection.
pub fn write(text: &str) -> Result<()> {
    bytes(text.as_bytes())
}

/// The same for what may not be text.
///
/// # Errors
/// As [`write()`].
pub fn bytes(bytes: &[u8]) -> Result<()> {
    put(bytes).map(drop)
}

/// As [`write()`], for what goes on: false when the reader has seen enough.
///
/// # Errors
/// As [`write()`].
pub fn offer(text: &str) -> Result<bool> {
    put(text.as_bytes())
}

fn put(bytes: &[u8]) -> Result<bool> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Ok(()) => Ok(true),
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(e) => {
            Err(Error::new(ErrorKind::Unexpected, Outcome::Applied, format!("stdout: {e}")).with_source(e))
        }
    }
}

/// Writes a value as JSON over several lines.
///
/// # Errors
/// As [`write()`].
pub fn json(value: &impl serde::Serialize) -> Result<()> {
    let text = serde_json::to_string_pretty(value).map_err(|e| {
        Error::new(ErrorKind::Unexpected, Outcome::Applied, format!("the answer cannot be shown: {e}"))
            .with_source(e)
    })?;
    write(&format!("{text}\n"))
}
