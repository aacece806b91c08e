use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Pressure;
use crate::call::{Ask, Call};
use crate::guest::{Guest, Kind};
use crate::{Error, Node, PvePath, PveRequest, Result, Rows, StorageId, de};

/// How far back a history goes. The further, the coarser: PVE keeps averages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Timeframe {
    /// An hour, a point for each minute.
    #[default]
    Hour,
    /// A day. A point for each minute in PVE 9, for each half hour in 8.
    Day,
    /// A week.
    Week,
    /// A month.
    Month,
    /// A year.
    Year,
}

impl Timeframe {
    /// PVE's word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Year => "year",
        }
    }
}

/// PVE's word.
impl FromStr for Timeframe {
    type Err = Error;
    fn from_str(word: &str) -> Result<Self> {
        let all = [Self::Hour, Self::Day, Self::Week, Self::Month, Self::Year];
        all.into_iter().find(|over| over.as_str() == word).ok_or_else(|| {
            let text = format!("timeframe: {word:?} is not hour, day, week, month or year");
            Error::invalid("timeframe", text)
        })
    }
}

impl fmt::Display for Timeframe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A guest over a while: a row of `GET /nodes/{node}/{kind}/{vmid}/rrddata`. A time of which nothing is known has no figures: it
/// is a gap, not a zero.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct GuestPoint {
    /// Seconds since 1970, by the node's clock.
    pub time: i64,
    /// CPU use, as a fraction of all its CPUs.
    #[serde(default, deserialize_with = "de::opt_float")]
    pub cpu: Option<f64>,
    /// How many CPUs it may use.
    #[serde(default, deserialize_with = "de::opt_float")]
    pub maxcpu: Option<f64>,
    /// Memory in use, bytes.
    #[serde(default, deserialize_with = "de::opt_float")]
    pub mem: Option<f64>,
    /// Memory it may use, bytes.
    #[serde(default, deserialize_with = "de::opt_float")]
    pub maxmem: Option<f64>,
    /// Memory that a VM takes of its host, bytes. PVE 9.
    #[serde(default, deserialize_with = "de::opt_float")]
    pub memhost: Option<f64>,
    /// Root disk in use, bytes.
    #[serde(default, deserialize_with = "de::opt_float")]
    pub disk: Option<f64>,
    /// Root disk, bytes.
    #[serde(default, deserialize_with = "de::opt_float")]
    pub maxdisk: Option<f64>,
    /// Read from disks, bytes per second.
    #[serde(default, deserialize_with = "de::opt_float")]
    pub diskread: Option<f64>,
    /// Written to disks, bytes per second.
    #[serde(default, deserialize_with = "de::opt_float")]
    pub diskwrite: Option<f64>,
    /// Received, bytes per second.
    #[serde(default, deserialize_with = "de::opt_float")]
    pub netin: Option<f64>,
    /// Sent, bytes per second.
    #[serde(default, deserialize_with = "de::opt_float")]
    pub netout: Option<f64>,
    /// How long its work had to wait. PVE 9.
    #[serde(flatten)]
    pub pressure: Pressure,
}

/// A node over a while: a row of `GET /nodes/{node}/rrddata`. A time of which nothing is known has no figures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct NodePoint {
    /// Seconds since 1970, by the node's clock.
    pub time: i64,
    /// CPU use, as a fraction of all CPUs.
    #[serde(default, deserialize_with = "de::opt_float")]
    pub cpu: Option<f64>,
    /// How many CPUs.
    #[serde(default, deserialize_with = "de::opt_float")]
    pub maxcpu: Option<f64>,
    /// Waiting for disks, as a fraction of all CPUs.
    #[serde(default, deserialize_with = "de::opt_float")]
    pub iowait: Option<f64>,
    /// Load over one minute.
    #[serde(default, deserialize_with = "de::opt_float")]
    pub loadavg: Option<f64>,
    /// Memory in use, bytes.
    #[serde(default, deserialize_with = "de::opt_float")]
    pub memused: Option<f64>,
    /// Memory, bytes.
    #[serde(default, deserialize_with = "de::opt_float")]
    pub memtotal: Option<f64>,
    /// Memory that can be had, bytes. PVE 9.
    #[serde(default, deserialize_with = "de::opt_float")]
    pub memavailable: Option<f64>,
    /// Swap in use, bytes.
    #[serde(default, deserialize_with = "de::opt_float")]
    pub swapused: Option<f64>,
    /// Swap, bytes.
    #[serde(default, deserialize_with = "de::opt_float")]
    pub swaptotal: Option<f64>,
    /// Root file system in use, bytes.
    #[serde(default, deserialize_with = "de::opt_float")]
    pub rootused: Option<f64>,
    /// Root file system, bytes.
    #[serde(default, deserialize_with = "de::opt_float")]
    pub roottotal: Option<f64>,
    /// Received, bytes per second.
    #[serde(default, deserialize_with = "de::opt_float")]
    pub netin: Option<f64>,
    /// Sent, bytes per second.
    #[serde(default, deserialize_with = "de::opt_float")]
    pub netout: Option<f64>,
    /// How long work had to wait. PVE 9.
    #[serde(flatten)]
    pub pressure: Pressure,
}

/// A storage over a while: a row of `GET /nodes/{node}/storage/{storage}/rrddata`. A time of which nothing is known has no figures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StoragePoint {
    /// Seconds since 1970, by the node's clock.
    pub time: i64,
    /// In use, bytes.
    #[serde(default, deserialize_with = "de::opt_float")]
    pub used: Option<f64>,
    /// Size, bytes.
    #[serde(default, deserialize_with = "de::opt_float")]
    pub total: Option<f64>,
}

fn history(path: PvePath, over: Timeframe) -> PveRequest {
    PveRequest::get(path.fixed("rrddata")).param("timeframe", over.as_str()).param("cf", "AVERAGE")
}

impl<K: Kind> Guest<K> {
    /// Its past, oldest first: `GET …/rrddata`, averages. Needs `VM.Audit`.
    pub fn history(&self, over: Timeframe) -> Call<Ask<Rows<GuestPoint>>> {
        self.pve().bind(Ask::rows("guest.history", Ok(history(self.path(), over))))
    }
}

impl Node {
    /// Its past, oldest first: `GET /nodes/{node}/rrddata`, averages. Needs `Sys.Audit`.
    pub fn history(&self, over: Timeframe) -> Call<Ask<Rows<NodePoint>>> {
        self.pve().bind(Ask::rows("node.history", Ok(history(self.path(), over))))
    }

    /// The past of one of its storages, oldest first: `GET /nodes/{node}/storage/{storage}/rrddata`, averages. Needs
    /// `Datastore.Audit`.
    pub fn storage_history(&self, storage: &StorageId, over: Timeframe) -> Call<Ask<Rows<StoragePoint>>> {
        let path = PvePath::storage(self.name(), storage);
        self.pve().bind(Ask::rows("storage.history", Ok(history(path, over))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read() {
        assert_eq!("week".parse::<Timeframe>().unwrap(), Timeframe::Week);
        assert!("Week".parse::<Timeframe>().is_err());
    }

    /// Shapes of 9.2; 8.4 has neither `memhost` nor pressures.
    #[test]
    fn gaps_are_kept() {
        let rows: Vec<GuestPoint> = serde_json::from_str(
            r#"[{"time":1795214880},
            {"time":1795214940,"cpu":0.028,"maxcpu":1,"mem":241110016,"memhost":212120917.333333,"netin":0,"netout":40.55,
             "pressurecpusome":2.875,"pressurecpufull":"2.76","pressureiosome":0.009}]"#,
        )
        .unwrap();
        assert_eq!((rows[0].cpu, rows[0].pressure), (None, Pressure::default()));
        assert_eq!((rows[1].netin, rows[1].diskread), (Some(0.0), None));
        assert_eq!((rows[1].pressure.cpu_some, rows[1].pressure.cpu_full), (Some(2.875), Some(2.76)));
        let again: Vec<GuestPoint> = serde_json::from_str(&serde_json::to_string(&rows).unwrap()).unwrap();
        assert_eq!(again, rows);
    }
}
