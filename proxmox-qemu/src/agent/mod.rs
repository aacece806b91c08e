//! The QEMU guest agent.

mod exec;
mod file;

pub use exec::RunExec;
pub use file::FileContent;

use proxmox_core::guest::{Exec, GuestInterface};
use proxmox_core::{Ask, Call, Effect, PvePath, PveRequest, Result, de};
use serde::{Deserialize, Serialize};

use crate::vm::Vm;

/// What the guest agent of a VM offers. It must be enabled (`agent: 1`), installed and running.
///
/// Privileges: `VM.Monitor` before PVE 9; since then `VM.GuestAgent.Audit` for reads, `.FileRead` and `.FileWrite` for files,
/// `.Unrestricted` for [`exec`](Self::exec).
#[derive(Debug, Clone)]
pub struct Agent {
    vm: Vm,
}

/// Most agent answers are wrapped once more.
#[derive(Deserialize)]
pub(crate) struct Wrapped<T> {
    pub(crate) result: T,
}

/// What `get-osinfo` answers.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OsInfo {
    /// Such as `debian`.
    #[serde(default, deserialize_with = "de::opt_text")]
    pub id: Option<String>,
    /// Such as `Debian GNU/Linux 12 (bookworm)`.
    #[serde(rename = "pretty-name", default, deserialize_with = "de::opt_text")]
    pub pretty_name: Option<String>,
    /// Such as `12`.
    #[serde(rename = "version-id", default, deserialize_with = "de::opt_text")]
    pub version_id: Option<String>,
    /// Such as `6.1.0-37-amd64`.
    #[serde(rename = "kernel-release", default, deserialize_with = "de::opt_text")]
    pub kernel_release: Option<String>,
    /// Such as `x86_64`.
    #[serde(default, deserialize_with = "de::opt_text")]
    pub machine: Option<String>,
    /// Everything else that the agent sent.
    #[serde(flatten)]
    pub extra: de::Extra,
}

impl Agent {
    pub(crate) fn new(vm: Vm) -> Self {
        Self { vm }
    }

    fn path(&self) -> PvePath {
        self.vm.path().fixed("agent")
    }

    /// Whether it answers: `POST …/agent/ping`.
    ///
    /// # Errors
    /// `Agent` when it is not configured or does not answer, `WrongState` when the VM is off.
    pub fn ping(&self) -> Call<Ask<()>> {
        let request = PveRequest::create(self.path().fixed("ping")).effect(Effect::Read);
        self.vm.pve().bind(Ask::done("agent.ping", Ok(request)))
    }

    /// Which system runs in the guest: `GET …/agent/get-osinfo`.
    ///
    /// # Errors
    /// As [`ping`](Self::ping).
    pub fn osinfo(&self) -> Call<Ask<OsInfo>> {
        self.read("agent.osinfo", self.path().fixed("get-osinfo"))
    }

    /// Every interface that the guest sees, with all addresses: `GET …/agent/network-get-interfaces`.
    ///
    /// # Errors
    /// As [`ping`](Self::ping).
    pub fn interfaces(&self) -> Call<Ask<Vec<GuestInterface>>> {
        self.read("agent.interfaces", self.path().fixed("network-get-interfaces"))
    }

    fn read<T: serde::de::DeserializeOwned + Send + 'static>(
        &self,
        name: &'static str,
        path: PvePath,
    ) -> Call<Ask<T>> {
        let unwrap = |answer: &proxmox_core::PveResponse| answer.decode::<Wrapped<T>>().map(|w| w.result);
        self.vm.pve().bind(Ask::with(name, Ok(PveRequest::get(path)), unwrap))
    }

    /// Runs a command in the guest and waits for its end: see [`Exec`]. The same as [`Guest::exec`](proxmox_core::Guest::exec).
    pub fn exec(&self, exec: Exec) -> Call<RunExec> {
        self.vm.pve().bind(RunExec::new(self.path(), exec))
    }

    /// Reads a text file of the guest: `GET …/agent/file-read`. At most 16 MiB; more is cut, and said to be.
    ///
    /// # Errors
    /// `Agent` when there is no such file, or the guest may not read it.
    pub fn file_read(&self, file: &str) -> Call<Ask<FileContent>> {
        let request = PveRequest::get(self.path().fixed("file-read")).param("file", file);
        self.vm.pve().bind(Ask::new("agent.file_read", Ok(request)))
    }

    /// Writes a text file in the guest, replacing what is there: `POST …/agent/file-write`. At most 60 KiB.
    ///
    /// # Errors
    /// `InvalidInput` for more than that; `Agent` when the guest cannot write it.
    pub fn file_write(&self, file: &str, content: &str) -> Call<Ask<()>> {
        let request = file::write_request(self.path(), file, content);
        self.vm.pve().bind(Ask::done("agent.file_write", request))
    }
}

/// For requests that are made from checked parts.
pub(crate) type Built = Result<PveRequest>;
