//! Methods of the guest agent.

use super::Line;
use crate::qemu::agent;

const AGENT_ALL: &str = "8:/vms/{vmid} VM.Monitor 9:/vms/{vmid} VM.GuestAgent.Unrestricted";
const AGENT_READ: &str =
    "8:/vms/{vmid} VM.Monitor 9:/vms/{vmid} VM.GuestAgent.Audit|VM.GuestAgent.Unrestricted";
const AGENT_FS: &str =
    "8:/vms/{vmid} VM.Monitor 9:/vms/{vmid} VM.GuestAgent.FileSystemMgmt|VM.GuestAgent.Unrestricted";
const AGENT_POWER: &str = "8:/vms/{vmid} VM.Monitor 9:/vms/{vmid} VM.PowerMgmt|VM.GuestAgent.Unrestricted";

macro_rules! agent {
    ($method:literal, $command:literal, $access:expr) => {
        ($method, concat!("/nodes/{node}/qemu/{vmid}/agent/", $command), "", $access, |ctx| {
            agent::simple($command, ctx)
        })
    };
}

pub(super) const LINES: &[Line] = &[
    ("POST", "/nodes/{node}/qemu/{vmid}/agent", "command:s", AGENT_ALL, agent::generic),
    (
        "POST",
        "/nodes/{node}/qemu/{vmid}/agent/exec",
        "command:a input-data?:s..65536",
        AGENT_ALL,
        agent::exec,
    ),
    ("GET", "/nodes/{node}/qemu/{vmid}/agent/exec-status", "pid:i", AGENT_ALL, agent::exec_status),
    (
        "GET",
        "/nodes/{node}/qemu/{vmid}/agent/file-read",
        "file:s 9!count?:i1..16777216 9!decode?:b 9!offset?:i0..",
        "8:/vms/{vmid} VM.Monitor 9:/vms/{vmid} VM.GuestAgent.FileRead|VM.GuestAgent.Unrestricted",
        agent::file_read,
    ),
    (
        "POST",
        "/nodes/{node}/qemu/{vmid}/agent/file-write",
        "content:s..61440 encode?:b file:s",
        "8:/vms/{vmid} VM.Monitor 9:/vms/{vmid} VM.GuestAgent.FileWrite|VM.GuestAgent.Unrestricted",
        agent::file_write,
    ),
    (
        "POST",
        "/nodes/{node}/qemu/{vmid}/agent/set-user-password",
        "crypted?:b password:s5..1024 username:s",
        AGENT_ALL,
        agent::set_password,
    ),
    agent!("POST", "ping", AGENT_READ),
    agent!("POST", "fsfreeze-status", AGENT_READ),
    agent!("POST", "fsfreeze-freeze", AGENT_FS),
    agent!("POST", "fsfreeze-thaw", AGENT_FS),
    agent!("POST", "fstrim", AGENT_FS),
    agent!("POST", "shutdown", AGENT_POWER),
    agent!("GET", "info", AGENT_READ),
    agent!("GET", "get-fsinfo", AGENT_READ),
    agent!("GET", "get-host-name", AGENT_READ),
    agent!("GET", "get-memory-block-info", AGENT_READ),
    agent!("GET", "get-memory-blocks", AGENT_READ),
    agent!("GET", "get-osinfo", AGENT_READ),
    agent!("GET", "get-time", AGENT_READ),
    agent!("GET", "get-timezone", AGENT_READ),
    agent!("GET", "get-users", AGENT_READ),
    agent!("GET", "get-vcpus", AGENT_READ),
    agent!("GET", "network-get-interfaces", AGENT_READ),
];
