//! A libvirt host behind the nouns that hosts of both kinds have in common.

mod watch;

use std::net::IpAddr;
use std::time::Duration;

use proxmox_core::backend::{
    Backend, BackendInfo, Capacity, Image as InstanceImage, Instance, InstanceId, InstanceSpec,
    InstanceState, InstanceWatch, LibvirtRegion, Network, RegionKind,
};
use proxmox_core::guest::{Exec, ExecResult, IpQuery};
use proxmox_core::{Error, ErrorKind, ExposeSecret as _, Outcome, Policy, Result, Size, async_trait};

use self::watch::LibvirtWatch;
use crate::rpc::Uuid;
use crate::seed::UserData;
use crate::xml::{DomainXml, NicXml, VirtType};
use crate::{Domain, Host, Image, NewDomain, Overview, Shutdown, State};

/// A libvirt host as a [`Backend`]. An instance's id is the UUID of its domain.
///
/// ```no_run
/// # async fn demo() -> proxmox_core::Result<()> {
/// use libvirt_driver::{Host, LibvirtBackend};
/// use proxmox_core::backend::Backend;
///
/// let host = Host::open("qemu+ssh://root@host1/system").await?;
/// let backend = LibvirtBackend::new(host).pool("images").network("default");
/// for instance in backend.list().await? {
///     println!("{} {}", instance.name, instance.state);
/// }
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct LibvirtBackend {
    host: Host,
    pool: String,
    network: Network,
    virt_type: VirtType,
}

impl LibvirtBackend {
    /// This host. New disks go to the pool `default`, and cards to the network `default`; KVM runs the machines.
    #[must_use]
    pub fn new(host: Host) -> Self {
        let network = Network::Network("default".to_owned());
        Self { host, pool: "default".to_owned(), network, virt_type: VirtType::Kvm }
    }

    /// Connects to a region's host.
    ///
    /// # Errors
    /// As [`Host::open`].
    pub async fn open(region: &LibvirtRegion) -> Result<Self> {
        Ok(Self::of(Host::open(&region.uri).await?, region))
    }

    /// This host with the region's pool, network and way to run machines. How it was reached, and under which policy, is the host's
    /// matter.
    #[must_use]
    pub fn of(host: Host, region: &LibvirtRegion) -> Self {
        let mut backend = Self::new(host);
        if let Some(pool) = &region.pool {
            backend = backend.pool(pool);
        }
        if let Some(network) = &region.network {
            backend.network = network.clone();
        }
        if let Some(kind) = &region.virt_type {
            backend.virt_type = VirtType::from(kind.as_str());
        }
        backend
    }

    /// Another pool for new disks.
    #[must_use]
    pub fn pool(mut self, name: &str) -> Self {
        name.clone_into(&mut self.pool);
        self
    }

    /// Another network for the cards of instances that name none.
    #[must_use]
    pub fn network(mut self, name: &str) -> Self {
        self.network = Network::Network(name.to_owned());
        self
    }

    /// Another way to run machines, such as [`VirtType::Qemu`] where there is no KVM.
    #[must_use]
    pub fn virt_type(mut self, kind: VirtType) -> Self {
        self.virt_type = kind;
        self
    }

    /// Under this policy instead of the usual one.
    #[must_use]
    pub fn with_policy(mut self, policy: Policy) -> Self {
        self.host = self.host.with_policy(policy);
        self
    }

    /// The host, for what only libvirt can do.
    #[must_use]
    pub fn host(&self) -> &Host {
        &self.host
    }

    async fn domain(&self, id: &InstanceId) -> Result<Domain> {
        let Ok(uuid) = id.as_str().parse::<Uuid>() else {
            let text = format!("{id:?} names no instance of libvirt: those have UUIDs");
            return Err(Error::new(ErrorKind::InvalidInput, Outcome::NotSent, text));
        };
        self.host.domain_by_uuid(uuid).await
    }

    fn instance(&self, overview: Overview) -> Instance {
        let id = InstanceId::new(overview.uuid.to_string());
        let mut instance = Instance::new(id, overview.name, self.host.name(), overview.state.into());
        instance.managed = overview.managed;
        instance.tags = overview.tags.into_iter().collect();
        instance.tags.sort_unstable();
        if overview.trouble.is_none() {
            instance.vcpus = Some(overview.vcpus);
            instance.memory_mib = Some(overview.memory.bytes() >> 20);
        }
        instance
    }

    fn new_domain(&self, spec: &InstanceSpec) -> Result<NewDomain> {
        spec.check()?;
        let size = |name: &str, mib: u64| {
            let bytes = mib.checked_mul(1 << 20).map(Size::from_bytes);
            bytes.ok_or_else(|| Error::invalid(name, format!("{name}: {mib} MiB are too many")))
        };
        let image = match &spec.image {
            InstanceImage::Url { url, checksum } => Image::url(url, checksum.parse()?),
            InstanceImage::Volume(name) => match name.split_once('/') {
                Some((pool, volume)) => Image::volume(pool, volume),
                None => Image::volume(&self.pool, name),
            },
            other => {
                let text = format!("a libvirt host makes nothing of {other:?}");
                let advice = "name a volume (pool/volume), or a URL with its checksum";
                return Err(Error::new(ErrorKind::Unsupported, Outcome::NotSent, text).with_advice(advice));
            }
        };
        let nic = match spec.network.as_ref().unwrap_or(&self.network) {
            Network::Bridge(name) => NicXml::bridge(name),
            Network::Network(name) => NicXml::network(name),
            other => return Err(Error::invalid("network", format!("{other:?} is nothing of libvirt"))),
        };
        let memory = size("memory_mib", spec.size.memory_mib)?;
        let machine =
            DomainXml::new(&spec.name, memory, spec.size.vcpus).virt_type(self.virt_type.clone()).nic(nic);
        let new = NewDomain::new(machine).pool(&self.pool).disk(image, size("disk_mib", spec.size.disk_mib)?);
        // Without any seed cloud-init looks for one on the network for minutes.
        let data = spec.user_data.as_ref().map_or("#cloud-config\n", |data| data.expose_secret());
        new.user_data(UserData::new(data)?).tags(&spec.tags)
    }
}

#[async_trait]
impl Backend for LibvirtBackend {
    fn info(&self) -> BackendInfo {
        BackendInfo::new(RegionKind::Libvirt, self.host.connection().uri().to_string())
    }

    async fn list(&self) -> Result<Vec<Instance>> {
        Ok(self.host.list().await?.into_iter().map(|overview| self.instance(overview)).collect())
    }

    async fn get(&self, id: &InstanceId) -> Result<Instance> {
        let domain = self.domain(id).await?;
        Ok(self.instance(domain.overview().await?))
    }

    async fn create(&self, spec: &InstanceSpec) -> Result<Instance> {
        let domain = self.host.create(&self.new_domain(spec)?).await?;
        // It is there, and managed, whether it can be looked at just now or not.
        let unseen = || {
            let id = InstanceId::new(domain.uuid().to_string());
            let mut instance = Instance::new(id, domain.name(), self.host.name(), InstanceState::Unknown);
            instance.managed = true;
            instance
        };
        Ok(domain.overview().await.map_or_else(|_| unseen(), |overview| self.instance(overview)))
    }

    async fn start(&self, id: &InstanceId) -> Result<()> {
        let domain = self.domain(id).await?;
        match domain.state().await? {
            State::Paused => domain.resume().await,
            _ => domain.start().await,
        }
    }

    async fn shutdown(&self, id: &InstanceId, patience: Duration) -> Result<()> {
        self.domain(id).await?.shutdown(Shutdown::new().timeout(patience).then_stop()).await
    }

    async fn stop(&self, id: &InstanceId) -> Result<()> {
        self.domain(id).await?.stop().await
    }

    async fn delete(&self, id: &InstanceId) -> Result<bool> {
        match self.domain(id).await {
            Ok(domain) => {
                let deleted = domain.delete().await?;
                let left: Vec<_> =
                    deleted.left.iter().map(|(volume, why)| format!("{volume} ({why})")).collect();
                if left.is_empty() {
                    return Ok(deleted.existed);
                }
                let text = format!("it is deleted, and of its volumes these are left: {}", left.join(", "));
                let error = Error::new(ErrorKind::WrongState, Outcome::Applied, text);
                Err(error
                    .during("backend.delete")
                    .about(&domain)
                    .with_advice("remove them on the host when nothing uses them"))
            }
            Err(e) if e.is_not_found() => Ok(false),
            Err(e) => Err(e),
        }
    }

    async fn set_tags(&self, id: &InstanceId, tags: &[String]) -> Result<()> {
        let managed = self.host.policy().tag();
        let tags = tags.iter().map(String::as_str).filter(|tag| *tag != managed);
        self.domain(id).await?.set_tags(tags.chain([managed])).await
    }

    async fn exec(&self, id: &InstanceId, exec: Exec) -> Result<ExecResult> {
        self.domain(id).await?.exec(exec).await
    }

    async fn ips(&self, id: &InstanceId) -> Result<Vec<IpAddr>> {
        match self.domain(id).await?.addresses().await {
            Ok(interfaces) => Ok(IpQuery::first_of_each(&interfaces)),
            Err(e) if e.kind() == ErrorKind::WrongState => Ok(Vec::new()),
            Err(e) => Err(e),
        }
    }

    async fn capacity(&self) -> Result<Capacity> {
        let host = self.host.capacity().await?;
        let pool = host.pools.iter().find(|pool| pool.name == self.pool);
        let Some(pool) = pool.filter(|pool| pool.active) else {
            let text = format!("there is no started pool {}", self.pool);
            return Err(Error::new(ErrorKind::NotFound, Outcome::Rejected, text).about(&self.host));
        };
        let mib = |size: Size| size.bytes() >> 20;
        let mut capacity = Capacity::default();
        capacity.vcpus = host.cpus;
        capacity.promised_vcpus = host.promised_vcpus;
        capacity.cpu_percent = host.cpu.map(|part| part * 100.0);
        capacity.memory_mib = mib(host.memory);
        capacity.promised_memory_mib = mib(host.promised_memory);
        capacity.used_memory_mib = host.free_memory.map(|free| mib(host.memory).saturating_sub(mib(free)));
        capacity.disk_mib = mib(pool.capacity);
        capacity.free_disk_mib = mib(pool.free);
        Ok(capacity)
    }

    async fn watch(&self) -> Result<Box<dyn InstanceWatch>> {
        Ok(Box::new(LibvirtWatch::new(self.clone())))
    }
}
