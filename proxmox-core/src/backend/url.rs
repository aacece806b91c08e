use std::fmt;

/// An address as people may see it: without user and password, query and fragment, any of which may hold a secret.
///
/// Where it cannot be told what is a password (one with a `/` in it, or an address of no known form) only the scheme is shown.
///
/// ```
/// use proxmox_core::backend::shown_url;
///
/// let url = "https://ci:hunter2@images.example/debian-12.qcow2?signature=5f3a";
/// assert_eq!(shown_url(url), "https://images.example/debian-12.qcow2");
/// ```
#[must_use]
pub fn shown_url(url: &str) -> String {
    let plain = |text: &str| text.split(['?', '#']).next().unwrap_or_default().to_owned();
    let Some((scheme, rest)) = url.split_once("://") else {
        return if url.contains('@') { "…".to_owned() } else { plain(url) };
    };
    if !scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b)) {
        return "…".to_owned();
    }
    let end = rest.find(['/', '\\', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    // What looks like a host and its port may be a user and the beginning of a password.
    if path.contains('@') && authority.contains(['@', ':']) {
        return format!("{scheme}://…");
    }
    let host = authority.rsplit('@').next().unwrap_or_default();
    format!("{scheme}://{host}{}", plain(path))
}

/// An address that prints as [`shown_url`] shows it.
pub(super) struct Shown<'u>(pub(super) &'u str);

impl fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&shown_url(self.0), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_shown() {
        for (url, shown) in [
            ("https://x.example:8443/a/b.qcow2", "https://x.example:8443/a/b.qcow2"),
            ("https://[2001:db8::1]:8443/b.raw#part", "https://[2001:db8::1]:8443/b.raw"),
            ("http://x/pkg@1.2/b.raw", "http://x/pkg@1.2/b.raw"),
            ("https://hunter2@x/b.raw", "https://x/b.raw"),
            ("https://me:hunter2@x:80/b.raw?hunter2", "https://x:80/b.raw"),
            ("https://me:hun@ter2@x/b.raw", "https://x/b.raw"),
            ("https://x?hunter2", "https://x"),
            ("https://x/b.raw#hunter2", "https://x/b.raw"),
            // No user may be so written.
            ("https://me:hun/ter2@x/b.raw", "https://…"),
            ("https://me:hun?ter2@x/b.raw", "https://…"),
            ("https://me:hun@t/er2@x/b.raw", "https://…"),
            ("me:hunter2@x/b.raw?a://b", "…"),
            ("me:hunter2@x/b.raw", "…"),
            ("x/b.raw?hunter2", "x/b.raw"),
            ("", ""),
        ] {
            assert_eq!(shown_url(url), shown, "{url}");
        }
    }
}
