use serde::{Deserialize, Serialize};

use crate::Severity;

/// From where on something is worth a [`Flag`](crate::Flag). The defaults are those in the fields' words.
///
/// What is absent in a file has its default; a key that is not known is an error, so that a misspelt one is not a rule that
/// silently stays as it was.
///
/// ```
/// use proxmox_fleet::Thresholds;
/// let strict: Thresholds = serde_json::from_str(r#"{"storage": {"warning": 70, "critical": 80}}"#)?;
/// assert_eq!(strict.storage.warning, 70.0);
/// assert_eq!(strict.memory, Thresholds::default().memory);
/// assert!(serde_json::from_str::<Thresholds>(r#"{"storages": null}"#).is_err());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Thresholds {
    /// Memory in use, percent: 85 and 95. Of nodes and of running containers. Not of VMs: what PVE knows of their memory
    /// includes what their systems keep as cache, so a healthy VM shows as full.
    pub memory: Levels,
    /// The node's root file system in use, percent: 80 and 90.
    pub rootfs: Levels,
    /// A storage in use, percent: 80 and 90.
    pub storage: Levels,
    /// A node's swap in use, percent, from which it is a warning: 50.
    pub swap_percent: f64,
    /// A node's load over 5 minutes for each of its CPUs, above which it is a warning: 1.
    pub load_per_cpu: f64,
    /// Life that remains to a disk, percent, down from which it is a warning: 10.
    pub wearout_percent: f64,
    /// Whether a disk is critical that SMART does not pass: yes. A disk of which SMART says nothing is only noted.
    pub smart: bool,
    /// Whether a running guest without a usable address is a warning: yes. Only where addresses were read.
    pub without_ip: bool,
    /// Age of a guest's snapshot, days, above which it is a warning: 14. Only where snapshots were read.
    pub snapshot_days: u32,
    /// Whether a locked guest is a warning: yes. A backup that is under way locks its guest, too.
    pub locked: bool,
    /// Whether a template that runs is a warning: yes.
    pub template_running: bool,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            memory: Levels::new(85.0, 95.0),
            rootfs: Levels::new(80.0, 90.0),
            storage: Levels::new(80.0, 90.0),
            swap_percent: 50.0,
            load_per_cpu: 1.0,
            wearout_percent: 10.0,
            smart: true,
            without_ip: true,
            snapshot_days: 14,
            locked: true,
            template_running: true,
        }
    }
}

/// Two levels of use, in percent. Above 100 is never reached.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Levels {
    /// A warning from here on.
    pub warning: f64,
    /// Critical from here on.
    pub critical: f64,
}

impl Levels {
    /// Two levels of use, in percent.
    #[must_use]
    pub const fn new(warning: f64, critical: f64) -> Self {
        Self { warning, critical }
    }

    /// How bad so many percent are.
    #[must_use]
    pub fn severity(&self, percent: f64) -> Option<Severity> {
        if percent >= self.critical {
            Some(Severity::Critical)
        } else if percent >= self.warning {
            Some(Severity::Warning)
        } else {
            None
        }
    }
}
