use proxmox_core::config::ContainerNet;
use proxmox_core::{Params, Secret, StorageId, VolId};

/// The parameters of a new container. What has no method of its own goes through [`param`](Self::param), named as in PVE.
///
/// It is unprivileged unless [`privileged`](Self::privileged) says otherwise. Systems with a recent systemd need
/// [`nesting`](Self::nesting), or their console and some services do not come up.
///
/// ```
/// use proxmox_lxc::ContainerSpec;
/// let template = "local:vztmpl/debian-12-standard_12.7-1_amd64.tar.zst".parse()?;
/// let spec = ContainerSpec::new(&template, "db-1")
///     .rootfs(&"local-lvm".parse()?, 8)
///     .mount(0, &"local-lvm".parse()?, 32, "/var/lib/postgresql")
///     .cores(2)
///     .memory_mib(2048)
///     .nesting();
/// # Ok::<(), proxmox_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ContainerSpec(Params);

proxmox_core::guest_spec!(ContainerSpec);

impl ContainerSpec {
    /// A container of this name (a DNS name), made of this template archive (content type `vztmpl`).
    #[must_use]
    pub fn new(template: &VolId, hostname: impl Into<String>) -> Self {
        Self::default()
            .param("ostemplate", template.to_string())
            .param("hostname", hostname.into())
            .param("unprivileged", true)
    }

    /// Its root on a new volume of so many GiB.
    #[must_use]
    pub fn rootfs(self, storage: &StorageId, gib: u32) -> Self {
        self.param("rootfs", format!("{storage}:{gib}"))
    }

    /// Another new volume of so many GiB, mounted at this absolute path: `mp0` to `mp255`.
    #[must_use]
    pub fn mount(self, index: u32, storage: &StorageId, gib: u32, path: &str) -> Self {
        self.param(&format!("mp{index}"), format!("{storage}:{gib},mp={path}"))
    }

    /// How many cores it may use; all of the node's without.
    #[must_use]
    pub fn cores(self, cores: u32) -> Self {
        self.param("cores", cores)
    }

    /// Swap in MiB, beside its memory; 512 without.
    #[must_use]
    pub fn swap_mib(self, mib: u32) -> Self {
        self.param("swap", mib)
    }

    /// A network card.
    #[must_use]
    pub fn net(self, index: u32, net: &ContainerNet) -> Self {
        self.param(&format!("net{index}"), net.to_string())
    }

    /// Name servers, instead of the node's.
    #[must_use]
    pub fn nameservers<'a>(self, servers: impl IntoIterator<Item = &'a str>) -> Self {
        let servers: Vec<&str> = servers.into_iter().collect();
        self.param("nameserver", servers.join(" "))
    }

    /// Public keys that may log in as root, one a line as in `authorized_keys`. They are sent as they are: other than the `sshkeys` of
    /// cloud-init they are not encoded.
    #[must_use]
    pub fn ssh_keys<'a>(self, keys: impl IntoIterator<Item = &'a str>) -> Self {
        let keys: Vec<&str> = keys.into_iter().collect();
        self.param("ssh-public-keys", keys.join("\n"))
    }

    /// The password of root in the container.
    #[must_use]
    pub fn password(self, password: impl Into<Secret>) -> Self {
        self.param("password", password.into())
    }

    /// Lets it run containers and a recent systemd: `features: nesting=1`. It then sees more of the node's `/proc` and `/sys`.
    #[must_use]
    pub fn nesting(self) -> Self {
        self.param("features", "nesting=1")
    }

    /// Makes its root the node's root. Only root@pam itself may.
    #[must_use]
    pub fn privileged(self) -> Self {
        self.param("unprivileged", false)
    }

    pub(crate) fn into_params(self) -> Params {
        self.0
    }
}
