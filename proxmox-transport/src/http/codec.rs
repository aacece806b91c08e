//! A request becomes method, URL and body; nothing here touches a socket.

use bytes::Bytes;
use http::{HeaderValue, Method};
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};
use proxmox_core::{PveRequest, Verb};

use super::multipart;

/// Everything but RFC 3986's unreserved characters. A space becomes `%20`, which no reader takes for anything else.
const VALUE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What an engine sends.
#[derive(Debug)]
pub(crate) struct HttpRequest {
    pub(crate) method: Method,
    /// With scheme, host and query.
    pub(crate) url: String,
    /// A form, and its content type. PVE answers 501 to a GET or DELETE with a body and to chunks, and wants the length of an empty
    /// form too: so these have none, and the others always do.
    pub(crate) form: Option<(HeaderValue, Bytes)>,
}

/// Encodes a request for the API at `root` (`https://pve1:8006/api2/json`).
pub(crate) fn encode(root: &str, request: &PveRequest) -> HttpRequest {
    let path = request.path.url_path();
    let (method, in_form) = match request.verb {
        Verb::Get => (Method::GET, false),
        Verb::Create => (Method::POST, true),
        Verb::Set => (Method::PUT, true),
        Verb::Delete => (Method::DELETE, false),
    };
    let mut url = String::with_capacity(root.len() + path.len() + 64);
    url.push_str(root);
    url.push_str(&path);
    let form = if let Some(file) = request.file.as_ref().filter(|_| in_form) {
        Some(multipart::encode(request, file))
    } else if in_form {
        let mut form = String::new();
        pairs(&mut form, request.params.exposed());
        Some((HeaderValue::from_static("application/x-www-form-urlencoded"), form.into()))
    } else {
        if !request.params.is_empty() {
            url.push('?');
            pairs(&mut url, request.params.exposed());
            // A lone `?` is what a list without items leaves.
            if url.ends_with('?') {
                url.pop();
            }
        }
        None
    };
    HttpRequest { method, url, form }
}

/// Appends `name=value&…`.
pub(crate) fn pairs<'a, V: AsRef<str>>(text: &mut String, pairs: impl Iterator<Item = (&'a str, V)>) {
    for (i, (name, value)) in pairs.enumerate() {
        if i > 0 {
            text.push('&');
        }
        text.extend(utf8_percent_encode(name, VALUE));
        text.push('=');
        text.extend(utf8_percent_encode(value.as_ref(), VALUE));
    }
}

/// What cannot stand in a cookie as it is. PVE decodes the value, so the percent sign is one of them.
const NOT_IN_COOKIES: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'%').add(b',').add(b';').add(b'\\');

/// A ticket as the value of its cookie: as it came, but for what would end the value. PVE takes it encoded as well;
/// other servers of the same API compare it with what they gave out.
pub(crate) fn cookie(ticket: &str) -> String {
    utf8_percent_encode(ticket, NOT_IN_COOKIES).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proxmox_core::{Params, PvePath};

    const ROOT: &str = "https://pve1:8006/api2/json";

    fn text(request: &PveRequest) -> String {
        let http = encode(ROOT, request);
        let form = http.form.map(|(_, form)| format!("\n{}", String::from_utf8_lossy(&form)));
        format!("{} {}{}", http.method, http.url.strip_prefix(ROOT).unwrap(), form.unwrap_or_default())
    }

    fn path(text: &str) -> PvePath {
        PvePath::parse(text).unwrap()
    }

    #[test]
    fn parameters_of_reads_and_deletes_are_in_the_query() {
        assert_eq!(text(&PveRequest::get(path("/version"))), "GET /version");
        let request = PveRequest::get(path("/cluster/resources")).param("type", "vm").param("full", true);
        assert_eq!(text(&request), "GET /cluster/resources?type=vm&full=1");
        let request =
            PveRequest::delete(path("/nodes/pve1/qemu/100")).param("purge", true).param("skiplock", false);
        assert_eq!(text(&request), "DELETE /nodes/pve1/qemu/100?purge=1&skiplock=0");
        assert_eq!(text(&PveRequest::get(path("/x")).param("l", Vec::<String>::new())), "GET /x");
    }

    #[test]
    fn writes_have_a_form_even_when_it_is_empty() {
        assert_eq!(
            text(&PveRequest::create(path("/nodes/pve1/qemu/100/status/start"))),
            "POST /nodes/pve1/qemu/100/status/start\n"
        );
        let request = PveRequest::set(path("/nodes/pve1/qemu/100/config"))
            .param("memory", 2048)
            .param("cpulimit", 0.5)
            .param("onboot", false)
            .param("cipassword", "hunter2");
        assert_eq!(
            text(&request),
            "PUT /nodes/pve1/qemu/100/config\nmemory=2048&cpulimit=0.5&onboot=0&cipassword=hunter2"
        );
    }

    #[test]
    fn every_reserved_character_is_encoded() {
        let request = PveRequest::create(path("/x")).param("d", "a b+c&d=e%f/g\r\n;ü\u{1f600}\"'-._~*");
        assert_eq!(
            text(&request),
            "POST /x\nd=a%20b%2Bc%26d%3De%25f%2Fg%0D%0A%3B%C3%BC%F0%9F%98%80%22%27-._~%2A"
        );
        // A value that is encoded already is encoded once more: PVE wants ssh keys so.
        assert_eq!(
            text(&PveRequest::create(path("/x")).param("sshkeys", "a%20b")),
            "POST /x\nsshkeys=a%2520b"
        );
    }

    #[test]
    fn lists_repeat_their_name() {
        let mut params = Params::new();
        params.push("command", "ls").push("command", "-l").push("command", "a b");
        let request = PveRequest::create(path("/nodes/pve1/qemu/100/agent/exec")).params(params);
        assert_eq!(
            text(&request),
            "POST /nodes/pve1/qemu/100/agent/exec\ncommand=ls&command=-l&command=a%20b"
        );
    }

    #[test]
    fn outside_text_stays_in_its_segment() {
        let request = PveRequest::get(path("/access/users").segment("a b@pve?x#y").unwrap());
        assert_eq!(text(&request), "GET /access/users/a%20b@pve%3Fx%23y");
    }

    #[test]
    fn a_ticket_travels_as_it_came() {
        assert_eq!(cookie("PVE:root@pam:6B00C84F::a+b/c=="), "PVE:root@pam:6B00C84F::a+b/c==");
        assert_eq!(cookie("PVE:a;b%c é\r@x:1"), "PVE:a%3Bb%25c%20%C3%A9%0D@x:1");
    }
}
