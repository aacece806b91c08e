//! Files from the web, as they come.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use proxmox_core::backend::shown_url;
use proxmox_core::{Error, ErrorKind, Outcome, Result};
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, Response, redirect};

use crate::fault::innermost;
use crate::http::engine::AGENT;
use crate::tls::{Trust, tls};

/// How long it may take until there is a connection.
const CONNECT: Duration = Duration::from_secs(10);
/// How long the next part may take.
const STALLED: Duration = Duration::from_secs(60);
/// So many times it may be sent elsewhere.
const REDIRECTS: usize = 8;

/// A file that is being fetched by HTTP or HTTPS, part by part. The system's authorities are trusted, and its proxies used.
///
/// ```no_run
/// # async fn demo() -> proxmox_core::Result<()> {
/// use proxmox_transport::Download;
/// let mut image = Download::open("https://cloud.example.com/debian-12.qcow2").await?;
/// while let Some(part) = image.next().await? {
///     println!("{} bytes of {:?}", part.len(), image.length());
/// }
/// # Ok(()) }
/// ```
pub struct Download {
    url: String,
    response: Response,
}

impl Download {
    /// Asks for the file. What is told of it is known then, and nothing of it read.
    ///
    /// # Errors
    /// `InvalidInput` for what is no such URL, `NotFound` for 404 and 410, `PermissionDenied` for 401 and 403, `Connect`, `Tls`, and
    /// `Unexpected` for any other answer.
    pub async fn open(url: &str) -> Result<Self> {
        let shown = shown_url(url);
        let client = Client::builder()
            .tls_backend_preconfigured(tls(&Trust::System)?)
            .redirect(redirect::Policy::limited(REDIRECTS))
            .connect_timeout(CONNECT)
            .read_timeout(STALLED)
            .user_agent(AGENT)
            .build()
            .map_err(|e| failed(&shown, &e))?;
        let response = client.get(url).send().await.map_err(|e| failed(&shown, &e))?;
        let status = response.status();
        if status.is_success() {
            return Ok(Self { url: shown, response });
        }
        let kind = match status.as_u16() {
            404 | 410 => ErrorKind::NotFound,
            401 | 403 => ErrorKind::PermissionDenied,
            502..=504 => ErrorKind::Unavailable,
            _ => ErrorKind::Unexpected,
        };
        let text = format!("{shown} was answered with {status}");
        Err(Error::new(kind, Outcome::Rejected, text).with_status(status.as_u16(), status.to_string()))
    }

    /// How long it is, where the server tells.
    #[must_use]
    pub fn length(&self) -> Option<u64> {
        self.response.content_length()
    }

    /// What the server takes it for, such as `application/octet-stream`.
    #[must_use]
    pub fn content_type(&self) -> Option<&str> {
        self.response.headers().get(CONTENT_TYPE)?.to_str().ok()
    }

    /// Waits for the next part; `None` at the end.
    ///
    /// # Errors
    /// `Connect` when it breaks off, `Timeout` when nothing comes for a minute.
    pub async fn next(&mut self) -> Result<Option<Bytes>> {
        self.response.chunk().await.map_err(|e| failed(&self.url, &e))
    }
}

impl fmt::Debug for Download {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Download")
            .field("url", &self.url)
            .field("length", &self.length())
            .finish_non_exhaustive()
    }
}

fn failed(url: &str, error: &reqwest::Error) -> Error {
    let kind = if error.is_timeout() {
        ErrorKind::Timeout
    } else if error.is_builder() {
        ErrorKind::InvalidInput
    } else {
        ErrorKind::Connect
    };
    let outcome = if error.is_connect() || error.is_builder() { Outcome::NotSent } else { Outcome::Rejected };
    Error::new(kind, outcome, format!("{url}: {}", innermost(error)))
}

#[cfg(test)]
mod tests {
    use wiremock::matchers::path;
    use wiremock::{Mock, MockServer, ResponseTemplate};

    use super::*;

    #[tokio::test]
    async fn what_comes() {
        let server = MockServer::start().await;
        Mock::given(path("/image"))
            .respond_with(ResponseTemplate::new(200).set_body_raw(vec![7; 100_000], "application/x-qcow2"))
            .mount(&server)
            .await;
        Mock::given(path("/secret")).respond_with(ResponseTemplate::new(403)).mount(&server).await;
        let mut image = Download::open(&format!("{}/image", server.uri())).await.unwrap();
        assert_eq!((image.length(), image.content_type()), (Some(100_000), Some("application/x-qcow2")));
        let mut length = 0;
        while let Some(part) = image.next().await.unwrap() {
            length += part.len();
        }
        assert_eq!(length, 100_000);

        let error = Download::open(&format!("{}/nope?signature=hunter2", server.uri())).await.unwrap_err();
        assert_eq!((error.kind(), error.status()), (ErrorKind::NotFound, Some(404)));
        assert!(!error.to_string().contains("hunter2"), "{error}");
        let error = Download::open(&format!("{}/secret", server.uri())).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PermissionDenied);
        assert_eq!(Download::open("no url").await.unwrap_err().kind(), ErrorKind::InvalidInput);
        let error = Download::open("http://127.0.0.1:1/").await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Connect, Outcome::NotSent));
    }
}
