use serde::{Deserialize, Serialize};

use crate::de;
use crate::de::Extra;

/// Pressure stall information: the share of the last ten seconds, in percent, in which work had to wait. PVE 9 tells it of running
/// guests, 8 does not know it.
///
/// `some`: at least one task waited. `full`: all of them did.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Pressure {
    /// For a CPU, some.
    #[serde(default, rename = "pressurecpusome", deserialize_with = "de::opt_float")]
    pub cpu_some: Option<f64>,
    /// For a CPU, all.
    #[serde(default, rename = "pressurecpufull", deserialize_with = "de::opt_float")]
    pub cpu_full: Option<f64>,
    /// For disks, some.
    #[serde(default, rename = "pressureiosome", deserialize_with = "de::opt_float")]
    pub io_some: Option<f64>,
    /// For disks, all.
    #[serde(default, rename = "pressureiofull", deserialize_with = "de::opt_float")]
    pub io_full: Option<f64>,
    /// For memory, some.
    #[serde(default, rename = "pressurememorysome", deserialize_with = "de::opt_float")]
    pub memory_some: Option<f64>,
    /// For memory, all.
    #[serde(default, rename = "pressurememoryfull", deserialize_with = "de::opt_float")]
    pub memory_full: Option<f64>,
}

impl Pressure {
    /// What a row says of it, numbers or texts; `None` when it says nothing.
    pub(crate) fn of(extra: &Extra) -> Option<Self> {
        // Containers are told of in texts, VMs in numbers.
        let read = |key: &str| match extra.get(key)? {
            serde_json::Value::String(text) => text.trim().parse().ok(),
            value => value.as_f64(),
        };
        let pressure = Self {
            cpu_some: read("pressurecpusome"),
            cpu_full: read("pressurecpufull"),
            io_some: read("pressureiosome"),
            io_full: read("pressureiofull"),
            memory_some: read("pressurememorysome"),
            memory_full: read("pressurememoryfull"),
        };
        (pressure != Self::default()).then_some(pressure)
    }
}
