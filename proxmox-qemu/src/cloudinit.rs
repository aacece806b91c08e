use proxmox_core::config::IpConfig;
use proxmox_core::{
    ConfigBag, Effect, Error, ErrorKind, Operation, Outcome, Params, Pve, PveRequest, Result, Secret,
    StorageId,
};

use crate::vm::Vm;

/// What cloud-init is to tell the guest at its next start. Only what is set is changed.
///
/// ```
/// use proxmox_qemu::CloudInit;
/// let values = CloudInit::new()
///     .user("admin")
///     .ssh_keys(["ssh-ed25519 AAAAC3Nza… admin@example"])
///     .ip(0, "ip=10.0.0.5/24,gw=10.0.0.1".parse()?);
/// # Ok::<(), proxmox_core::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct CloudInit {
    user: Option<String>,
    password: Option<Secret>,
    ssh_keys: Option<Vec<String>>,
    ips: Vec<(u32, IpConfig)>,
    nameserver: Option<String>,
    searchdomain: Option<String>,
    upgrade: Option<bool>,
    drive: Option<(String, StorageId)>,
}

impl CloudInit {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The user to set up, instead of the image's default one.
    #[must_use]
    pub fn user(mut self, user: impl Into<String>) -> Self {
        self.user = Some(user.into());
        self
    }

    /// The user's password.
    #[must_use]
    pub fn password(mut self, password: impl Into<Secret>) -> Self {
        self.password = Some(password.into());
        self
    }

    /// The user's public keys, as in `authorized_keys`; PVE's double encoding is done here.
    #[must_use]
    pub fn ssh_keys<S: Into<String>>(mut self, keys: impl IntoIterator<Item = S>) -> Self {
        self.ssh_keys = Some(keys.into_iter().map(Into::into).collect());
        self
    }

    /// The addresses of network device `net{index}`.
    #[must_use]
    pub fn ip(mut self, index: u32, config: IpConfig) -> Self {
        self.ips.push((index, config));
        self
    }

    /// DNS servers, separated by spaces.
    #[must_use]
    pub fn nameserver(mut self, servers: impl Into<String>) -> Self {
        self.nameserver = Some(servers.into());
        self
    }

    /// DNS search domains, separated by spaces.
    #[must_use]
    pub fn searchdomain(mut self, domains: impl Into<String>) -> Self {
        self.searchdomain = Some(domains.into());
        self
    }

    /// Whether packages are upgraded at the first start.
    #[must_use]
    pub fn upgrade(mut self, upgrade: bool) -> Self {
        self.upgrade = Some(upgrade);
        self
    }

    /// Attaches a cloud-init drive in this slot (`ide2` is usual) on this storage, if the VM has none.
    #[must_use]
    pub fn drive(mut self, slot: impl Into<String>, storage: StorageId) -> Self {
        self.drive = Some((slot.into(), storage));
        self
    }

    fn params(&self) -> Result<Params> {
        let mut params = Params::new();
        params.set_some("ciuser", self.user.as_deref()).set_some("cipassword", self.password.clone());
        if let Some(keys) = &self.ssh_keys {
            params.set("sshkeys", proxmox_core::config::encode_sshkeys(keys)?);
        }
        for (index, ip) in &self.ips {
            params.set(format!("ipconfig{index}"), ip.to_string());
        }
        params
            .set_some("nameserver", self.nameserver.as_deref())
            .set_some("searchdomain", self.searchdomain.as_deref())
            .set_some("ciupgrade", self.upgrade);
        Ok(params)
    }
}

/// Applies [`CloudInit`] values: `GET …/config` to see the drive, `PUT …/config`, then `PUT …/cloudinit`, which makes the
/// drive's image anew. Needs `VM.Config.Cloudinit`, and `VM.Config.CDROM` to attach a drive.
///
/// # Errors
/// `WrongState` when the VM has no cloud-init drive and none is to be attached: the values would never reach the guest.
#[derive(Debug)]
pub struct ApplyCloudInit {
    vm: Vm,
    values: CloudInit,
}

impl ApplyCloudInit {
    pub(crate) fn new(vm: Vm, values: CloudInit) -> Self {
        Self { vm, values }
    }
}

impl Operation for ApplyCloudInit {
    type Output = ();
    fn name(&self) -> &'static str {
        "qemu.cloud_init"
    }
    fn request(&self) -> Result<PveRequest> {
        let params = self.values.params()?;
        if params.is_empty() && self.values.drive.is_none() {
            return Err(Error::invalid("cloud-init", "cloud-init: nothing is set"));
        }
        Ok(PveRequest::set(self.vm.path().fixed("config")).params(params).effect(Effect::Write))
    }
    async fn run(self, pve: Pve) -> Result<()> {
        let mut request = self.request()?;
        let config: ConfigBag = pve.call(&PveRequest::get(self.vm.path().fixed("config"))).await?.decode()?;
        let has_drive =
            config.disks().into_iter().any(|(_, disk)| disk.is_ok_and(|disk| disk.is_cloudinit()));
        match &self.values.drive {
            _ if has_drive => {}
            Some((slot, storage)) => {
                request.params.set(slot.as_str(), format!("{storage}:cloudinit"));
            }
            None => {
                let text =
                    format!("{} has no cloud-init drive: the values would never reach the guest", self.vm);
                return Err(Error::new(ErrorKind::WrongState, Outcome::NotSent, text)
                    .with_advice("attach one with CloudInit::drive(\"ide2\", storage)"));
            }
        }
        request.params.set_some("digest", config.digest());
        pve.call(&request).await?.done()?;
        let regenerate = PveRequest::set(self.vm.path().fixed("cloudinit")).effect(Effect::Write);
        let made = async { pve.call(&regenerate).await?.done() }.await;
        made.map_err(|e| {
            let outcome = if e.is_maybe_applied() { Outcome::MaybeApplied } else { Outcome::Applied };
            e.with_outcome(outcome).with_advice(
                "the values are set, but the drive's image may be the old one: make the same call again",
            )
        })
    }
}
