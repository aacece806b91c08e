use serde::{Deserialize, Serialize};

use super::InstanceType;

/// What a place has, what is promised to its instances, and what is used.
///
/// Promised counts every instance there is, running or not, managed or not. More may be promised than there is: then nothing is
/// free.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Capacity {
    /// CPUs of the host.
    pub vcpus: u32,
    /// Virtual CPUs of all its instances.
    pub promised_vcpus: u32,
    /// CPU use in percent of all CPUs, where known.
    pub cpu_percent: Option<f64>,
    /// Memory in MiB.
    pub memory_mib: u64,
    /// Memory promised to instances, in MiB.
    pub promised_memory_mib: u64,
    /// Memory in use, in MiB, where known.
    pub used_memory_mib: Option<u64>,
    /// Disk space for instances, in MiB.
    pub disk_mib: u64,
    /// Disk space that is left, in MiB.
    pub free_disk_mib: u64,
}

/// Whether an instance of some type has room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Fit {
    /// It has.
    Fits,
    /// Only if CPUs are promised more than once.
    OverCpu,
    /// There is not enough memory that is not promised.
    NoMemory,
    /// There is not enough disk space.
    NoDisk,
}

impl Capacity {
    /// CPUs that are promised to nobody.
    #[must_use]
    pub const fn free_vcpus(&self) -> u32 {
        self.vcpus.saturating_sub(self.promised_vcpus)
    }

    /// Memory in MiB that is promised to nobody.
    #[must_use]
    pub const fn free_memory_mib(&self) -> u64 {
        self.memory_mib.saturating_sub(self.promised_memory_mib)
    }

    /// Whether one more of this type has room. CPUs may be promised more than once, memory and disk may not.
    #[must_use]
    pub fn fit(&self, kind: &InstanceType) -> Fit {
        if kind.disk_mib > self.free_disk_mib {
            Fit::NoDisk
        } else if kind.memory_mib > self.free_memory_mib() {
            Fit::NoMemory
        } else if kind.vcpus > self.free_vcpus() {
            Fit::OverCpu
        } else {
            Fit::Fits
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits() {
        let capacity = Capacity {
            vcpus: 8,
            promised_vcpus: 6,
            memory_mib: 16_384,
            promised_memory_mib: 8192,
            disk_mib: 100_000,
            free_disk_mib: 20_000,
            ..Capacity::default()
        };
        let kind =
            |vcpus, memory_mib, disk_mib| InstanceType { name: "x".into(), vcpus, memory_mib, disk_mib };
        assert_eq!(capacity.fit(&kind(2, 8192, 20_000)), Fit::Fits);
        assert_eq!(capacity.fit(&kind(3, 8192, 20_000)), Fit::OverCpu);
        assert_eq!(capacity.fit(&kind(1, 8193, 20_000)), Fit::NoMemory);
        assert_eq!(capacity.fit(&kind(1, 1, 20_001)), Fit::NoDisk);
        // More is promised than there is.
        assert_eq!(Capacity { promised_vcpus: 90, ..capacity }.free_vcpus(), 0);
    }
}
