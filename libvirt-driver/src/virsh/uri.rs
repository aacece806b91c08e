//! What virsh is told to open.

use proxmox_core::{Error, Result};

use crate::uri::{LibvirtUri, Proxy, Way};

/// The URI for a virsh on the host itself. It goes to the daemon's socket also where virsh has the driver in itself, as it has `test`,
/// whose domains would be gone after each command.
///
/// # Errors
/// `InvalidInput` for what is about a way of bytes to the daemon, which virsh goes without.
pub(crate) fn on_the_host(uri: &LibvirtUri) -> Result<String> {
    let socket = match uri.way() {
        Way::Unix(socket) => socket,
        Way::Ssh(ssh) => {
            let proxy = (ssh.proxy != Proxy::Auto).then_some("proxy");
            if let Some(name) = ssh.netcat.as_ref().map(|_| "netcat").or(proxy) {
                let text = format!(
                    "{name}: it says what carries bytes to the socket, and virsh opens the socket by itself"
                );
                return Err(Error::invalid(name, text));
            }
            &ssh.socket
        }
    };
    Ok(LibvirtUri { way: Way::Unix(socket.clone()), ..uri.clone() }.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_honoured_or_refused() {
        for (uri, expected) in [
            ("qemu:///system", "qemu+unix:///system"),
            ("qemu+ssh://root@host1/session?keyfile=/k", "qemu+unix:///session"),
            ("qemu+ssh://host1/system?socket=/a b/s", "qemu+unix:///system?socket=/a%20b/s"),
            ("qemu+ssh://host1/system?mode=direct", "qemu+unix:///system?mode=direct"),
            ("test+ssh://host1/default?name=qemu:///system", "test+unix:///default?name=qemu:///system"),
        ] {
            assert_eq!(on_the_host(&uri.parse().unwrap()).unwrap(), expected);
        }
        for (uri, name) in [
            ("qemu+ssh://host1/system?proxy=native", "proxy"),
            ("qemu+ssh://host1/system?proxy=netcat&netcat=/opt/nc", "netcat"),
        ] {
            let error = on_the_host(&uri.parse().unwrap()).unwrap_err();
            assert!(error.errors().contains_key(name), "{error}");
        }
    }
}
