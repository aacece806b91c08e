//! Where daemons listen.

use std::path::{Path, PathBuf};

use crate::uri::{Driver, LibvirtUri, Mode, Socket};

/// The directory of the host's daemons.
const SYSTEM: &str = "/run/libvirt";

/// The names of the sockets that may be the right one, most likely first.
pub(super) fn names(mode: Mode, driver: Driver) -> &'static [&'static str] {
    match (mode, driver) {
        (Mode::Legacy, _) | (_, Driver::Test) => &["libvirt-sock"],
        (Mode::Direct, Driver::Qemu) => &["virtqemud-sock"],
        (Mode::Auto, Driver::Qemu) => &["libvirt-sock", "virtqemud-sock"],
    }
}

/// The sockets of the host's daemons; of a user's own ones the paths are known on the host only.
pub(super) fn of_host(uri: &LibvirtUri, socket: &Socket) -> Vec<PathBuf> {
    match &socket.path {
        Some(path) => vec![path.clone()],
        None if uri.is_session() => Vec::new(),
        None => within(Path::new(SYSTEM), uri, socket).collect(),
    }
}

/// The sockets on this machine. `variable` reads the environment.
pub(super) fn here(
    uri: &LibvirtUri,
    socket: &Socket,
    variable: impl Fn(&str) -> Option<PathBuf>,
) -> Vec<PathBuf> {
    let mut all = of_host(uri, socket);
    // Any user's daemon has the test driver.
    if socket.path.is_none() && (uri.is_session() || uri.driver == Driver::Test) {
        let runtime = variable("XDG_RUNTIME_DIR").map(|runtime| runtime.join("libvirt"));
        let cache = variable("XDG_CACHE_HOME").or_else(|| Some(variable("HOME")?.join(".cache")));
        let own = runtime.or_else(|| Some(cache?.join("libvirt")));
        all.extend(own.iter().flat_map(|own| within(own, uri, socket)));
    }
    all
}

fn within(directory: &Path, uri: &LibvirtUri, socket: &Socket) -> impl Iterator<Item = PathBuf> {
    names(socket.mode, uri.driver).iter().map(move |name| directory.join(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::uri::Way;

    fn paths(uri: &str, environment: &[(&str, &str)]) -> Vec<String> {
        let uri: LibvirtUri = uri.parse().unwrap();
        let Way::Unix(socket) = uri.way() else { panic!("not local") };
        let variable =
            |name: &str| environment.iter().find(|(n, _)| *n == name).map(|(_, value)| PathBuf::from(value));
        here(&uri, socket, variable).iter().map(|path| path.display().to_string()).collect()
    }

    #[test]
    fn where_daemons_listen() {
        let all = [("XDG_RUNTIME_DIR", "/run/user/1000"), ("HOME", "/srv/me")];
        for (uri, environment, expected) in [
            ("qemu:///system", &all[..], &["/run/libvirt/libvirt-sock", "/run/libvirt/virtqemud-sock"][..]),
            ("qemu:///system?mode=direct", &all, &["/run/libvirt/virtqemud-sock"]),
            ("qemu:///system?socket=/s", &all, &["/s"]),
            (
                "qemu:///session",
                &all,
                &["/run/user/1000/libvirt/libvirt-sock", "/run/user/1000/libvirt/virtqemud-sock"],
            ),
            ("qemu:///session?mode=legacy", &all[1..], &["/srv/me/.cache/libvirt/libvirt-sock"]),
            ("qemu:///session", &[], &[]),
            ("test:///default", &all, &["/run/libvirt/libvirt-sock", "/run/user/1000/libvirt/libvirt-sock"]),
        ] {
            assert_eq!(paths(uri, environment), expected, "{uri}");
        }
    }
}
