//! The terminal sessions about `virt` in the README files, typed again on a host with a guest.

use libvirt_driver::Connection;
use libvirt_driver::rpc::procedures::domain;
use libvirt_driver::xml::DomainXml;
use proxmox_core::Size;

use super::regions::host;
use crate::common::transcript::{Shell, sessions};
use crate::daemon::Daemon;

#[tokio::test]
async fn sessions_print_what_they_are_shown_to_print() {
    let daemon = Daemon::start();
    let uri = host(&daemon).await;
    let connection = Connection::open(&uri.parse().unwrap()).await.unwrap();
    let old = DomainXml::new("old", Size::gib(1), 1).to_xml().unwrap();
    connection.call(domain::define(&old, 0)).await.unwrap();
    let hostname = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    let sessions = sessions("examples/README.md");
    let mut of_virt = sessions.iter().filter(|session| session.is_about(&["virt"])).peekable();
    assert!(of_virt.peek().is_some());
    for session in of_virt {
        session.run(&Shell {
            programs: &[("virt", env!("CARGO_BIN_EXE_virt"))],
            environment: &[("LIBVIRT_DEFAULT_URI", &uri)],
            files: &[("web.yaml", "#cloud-config\npackages: [qemu-guest-agent]\n")],
            called: &[(&format!(" {}", hostname.trim()), " vm")],
        });
    }
}
