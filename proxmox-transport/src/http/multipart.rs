//! A request with a file as the one form of it that pveproxy reads.
//!
//! Its reader looks for fixed text: the fields in the order `content`, `checksum-algorithm`, `checksum`, then the file, as the last and
//! under the name `filename`. Headers have this spelling, and the boundary no quotes. Anything else is refused, or lost without a word.

use bytes::{BufMut as _, Bytes, BytesMut};
use http::HeaderValue;
use proxmox_core::{FilePart, PveRequest};

/// The content type with its boundary, and the body. The length goes with it: of chunks pveproxy knows nothing.
pub(super) fn encode(request: &PveRequest, file: &FilePart) -> (HeaderValue, Bytes) {
    encode_with(&boundary(), request, file)
}

fn encode_with(boundary: &str, request: &PveRequest, file: &FilePart) -> (HeaderValue, Bytes) {
    let content = file.content().map_or(&[][..], |content| content);
    let mut body = BytesMut::with_capacity(content.len() + 1024);
    for (name, value) in FilePart::beside(&request.params) {
        let part =
            format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.put(part.as_bytes());
    }
    let head = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"filename\"; filename=\"{}\"\r\n\
         Content-Type: application/octet-stream\r\n\r\n",
        file.name()
    );
    body.put(head.as_bytes());
    body.put(content);
    body.put(format!("\r\n--{boundary}--\r\n").as_bytes());
    let kind = HeaderValue::try_from(format!("multipart/form-data; boundary={boundary}"));
    (kind.unwrap_or_else(|e| unreachable!("letters and digits: {e}")), body.freeze())
}

/// Of 128 bits by chance: no content has it, unless it was made to.
fn boundary() -> String {
    format!("proxmox-sdk-{:016x}{:016x}", fastrand::u64(..), fastrand::u64(..))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proxmox_core::PvePath;

    #[test]
    fn parts_have_pves_order() {
        let request = PveRequest::create(PvePath::parse("/nodes/pve1/storage/local/upload").unwrap())
            .param("checksum", "00")
            .param("content", "iso")
            .param("checksum-algorithm", "sha256")
            .file(FilePart::new("a.iso", "\0\r\nx"));
        let (kind, body) = encode_with("B", &request, request.file.as_ref().unwrap());
        assert_eq!(kind, "multipart/form-data; boundary=B");
        assert_eq!(
            String::from_utf8_lossy(&body),
            "--B\r\nContent-Disposition: form-data; name=\"content\"\r\n\r\niso\r\n\
             --B\r\nContent-Disposition: form-data; name=\"checksum-algorithm\"\r\n\r\nsha256\r\n\
             --B\r\nContent-Disposition: form-data; name=\"checksum\"\r\n\r\n00\r\n\
             --B\r\nContent-Disposition: form-data; name=\"filename\"; filename=\"a.iso\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n\0\r\nx\r\n--B--\r\n"
        );
        assert_ne!(boundary(), boundary());
    }
}
