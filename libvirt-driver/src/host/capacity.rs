//! What a host has, what is promised to its domains, and what is used.

use std::time::Duration;

use proxmox_core::{Error, ErrorKind, Outcome, Result, Size};

use super::Host;
use super::each::of_each;
use crate::clock::Patience;
use crate::rpc::PoolRef;
use crate::rpc::procedures::{domain, host, storage};

/// What a host has. Promised counts every domain, running or not, managed or not.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct HostCapacity {
    /// Logical CPUs.
    pub cpus: u32,
    /// Virtual CPUs of all domains.
    pub promised_vcpus: u32,
    /// The part of all CPUs that was busy while it was looked at, 0 to 1.
    pub cpu: Option<f64>,
    /// Memory.
    pub memory: Size,
    /// Memory that is free or can be freed at once, where the driver tells.
    pub free_memory: Option<Size>,
    /// Memory of all domains.
    pub promised_memory: Size,
    /// The pools, by name.
    pub pools: Vec<PoolCapacity>,
}

/// What a storage pool has.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PoolCapacity {
    /// Its name.
    pub name: String,
    /// Whether it is started. Of one that is not, the sizes are unknown and zero.
    pub active: bool,
    /// All.
    pub capacity: Size,
    /// What its volumes take.
    pub allocated: Size,
    /// What is left.
    pub free: Size,
    /// What its volumes may grow to.
    pub promised: Size,
    /// What kept it from being measured. Then only its name is known.
    pub trouble: Option<String>,
}

/// How long to look at the CPUs.
const LOOK: Duration = Duration::from_millis(50);

impl Host {
    /// What the host has and what is left of it. How busy the CPUs are is seen over a twentieth of a second.
    ///
    /// # Errors
    /// When the host or its pools do not answer.
    pub async fn capacity(&self) -> Result<HostCapacity> {
        let connection = self.connection();
        let before = if_known(connection.call(host::cpu_stats()).await)?;
        let info = connection.call(host::info()).await?;
        let memory = if_known(connection.call(host::memory_stats()).await)?;
        let kib = |names: &[&str]| {
            let counted = memory.as_ref()?.iter().filter(|(name, _)| names.contains(&name.as_str()));
            Some(Size::from_bytes(counted.map(|(_, kib)| kib << 10).sum()))
        };
        let domains = connection.call(domain::list(0)).await?;
        let promised = of_each(&domains, |found| connection.call(domain::info(found))).await?;
        let pools = self.pools().await?;
        let mut cpu = None;
        if let Some(before) = before {
            Patience::new(LOOK).pause().await;
            cpu = busy(&before, &connection.call(host::cpu_stats()).await?);
        }
        Ok(HostCapacity {
            cpus: u32::try_from(info.cpus).unwrap_or_default(),
            promised_vcpus: promised.iter().map(|info| u32::from(info.vcpus)).sum(),
            cpu,
            // What the host had at its start is less than there is where memory was added since.
            memory: kib(&["total"]).unwrap_or_else(|| Size::from_bytes(info.memory << 10)),
            free_memory: kib(&["free", "buffers", "cached"]),
            promised_memory: Size::from_bytes(promised.iter().map(|info| info.max_memory << 10).sum()),
            pools,
        })
    }

    /// The storage pools, by name.
    ///
    /// # Errors
    /// When the daemon does not answer.
    pub async fn pools(&self) -> Result<Vec<PoolCapacity>> {
        let found = self.connection().call(storage::pools(0)).await?;
        let mut pools = of_each(&found, async |pool| match self.pool_capacity(pool).await {
            // One pool whose storage is away says nothing of the others.
            Err(e) if !e.is_not_found() && e.outcome() == Outcome::Rejected => {
                Ok(PoolCapacity::unknown(&pool.name, &e))
            }
            other => other,
        })
        .await?;
        pools.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Ok(pools)
    }

    async fn pool_capacity(&self, pool: &PoolRef) -> Result<PoolCapacity> {
        let connection = self.connection();
        let active = connection.call(storage::pool_is_active(pool)).await?;
        let info = connection.call(storage::pool_info(pool)).await?;
        let volumes = if active { connection.call(storage::volumes(pool)).await? } else { Vec::new() };
        let sizes = of_each(&volumes, |volume| connection.call(storage::volume_info(volume))).await?;
        let promised = sizes.iter().fold(0_u64, |sum, info| sum.saturating_add(info.capacity));
        let size = |bytes| Size::from_bytes(if active { bytes } else { 0 });
        Ok(PoolCapacity {
            name: pool.name.clone(),
            active,
            capacity: size(info.capacity),
            allocated: size(info.allocation),
            free: size(info.available),
            promised: Size::from_bytes(promised),
            trouble: None,
        })
    }
}

impl PoolCapacity {
    fn unknown(name: &str, error: &Error) -> Self {
        let nothing = Size::default();
        let trouble = Some(error.message().to_owned());
        Self {
            name: name.to_owned(),
            active: false,
            capacity: nothing,
            allocated: nothing,
            free: nothing,
            promised: nothing,
            trouble,
        }
    }
}

/// Not each driver knows all of it.
fn if_known<T>(answer: Result<T>) -> Result<Option<T>> {
    match answer {
        Ok(known) => Ok(Some(known)),
        Err(e) if e.kind() == ErrorKind::Unsupported => Ok(None),
        Err(e) => Err(e),
    }
}

/// The busy part of the time between two looks; `None` when the clock stood still.
fn busy(before: &[(String, u64)], after: &[(String, u64)]) -> Option<f64> {
    let spent = |name: &str| {
        let of =
            |look: &[(String, u64)]| look.iter().find(|(known, _)| known == name).map_or(0, |(_, ns)| *ns);
        of(after).saturating_sub(of(before)) as f64
    };
    let rest = spent("idle") + spent("iowait");
    let all = rest + spent("kernel") + spent("user");
    (all > 0.0).then(|| (all - rest) / all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_busy() {
        let look = |user, kernel, idle, iowait| {
            [("user", user), ("kernel", kernel), ("idle", idle), ("iowait", iowait)]
                .map(|(n, v)| (n.to_owned(), v))
        };
        assert_eq!(busy(&look(10, 10, 100, 0), &look(20, 20, 160, 20)), Some(0.2));
        assert_eq!(busy(&look(1, 1, 1, 1), &look(1, 1, 1, 1)), None);
    }
}
