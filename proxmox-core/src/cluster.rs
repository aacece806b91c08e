//! The cluster as a whole: its guests, nodes and storages in one list, and free numbers.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::call::{Ask, Call, Operation};
use crate::extra::keeping_extra;
use crate::guest::GuestState;
use crate::rows::Rows;
use crate::{
    Error, ErrorKind, GuestKind, GuestRef, NodeName, Outcome, Pve, PvePath, PveRequest, Result, Version,
    Vmid, de,
};

/// The handle of the cluster that the transport leads to.
#[derive(Debug, Clone)]
pub struct Cluster {
    pve: Pve,
}

keeping_extra! {
    /// One row of `GET /cluster/resources`. Which fields are set depends on [`kind`](Self::kind).
    pub struct Resource {
        /// `qemu/100`, `node/pve1`, `storage/pve1/local` …
        pub id: String,
        /// `qemu`, `lxc`, `node`, `storage`, `pool`, `sdn` (8.x) or `network` (9.x).
        #[serde(rename = "type")]
        pub kind: String,
        /// The node it is on.
        #[serde(default)]
        pub node: Option<NodeName>,
        /// The number of a guest.
        #[serde(default)]
        pub vmid: Option<Vmid>,
        /// The name of a guest.
        #[serde(default, deserialize_with = "de::opt_text")]
        pub name: Option<String>,
        /// `running`, `stopped`, `online`, `available`, `unknown` …
        #[serde(default)]
        pub status: Option<GuestState>,
        /// The storage's name.
        #[serde(default, deserialize_with = "de::opt_text")]
        pub storage: Option<String>,
        /// The guest's pool.
        #[serde(default, deserialize_with = "de::opt_text")]
        pub pool: Option<String>,
        /// CPU use, as a fraction of `maxcpu`: 0 to 1.
        #[serde(default, deserialize_with = "de::opt_float")]
        pub cpu: Option<f64>,
        /// How many CPUs.
        #[serde(default, deserialize_with = "de::opt_float")]
        pub maxcpu: Option<f64>,
        /// Memory in use, bytes.
        #[serde(default, deserialize_with = "de::opt_int")]
        pub mem: Option<i64>,
        /// Memory, bytes.
        #[serde(default, deserialize_with = "de::opt_int")]
        pub maxmem: Option<i64>,
        /// Memory that a VM takes of its host, bytes. PVE 9.
        #[serde(default, deserialize_with = "de::opt_int")]
        pub memhost: Option<i64>,
        /// Disk in use, bytes.
        #[serde(default, deserialize_with = "de::opt_int")]
        pub disk: Option<i64>,
        /// Disk, bytes.
        #[serde(default, deserialize_with = "de::opt_int")]
        pub maxdisk: Option<i64>,
        /// Bytes that a guest has read from disks since its start.
        #[serde(default, deserialize_with = "de::opt_int")]
        pub diskread: Option<i64>,
        /// Bytes that a guest has written to disks since its start.
        #[serde(default, deserialize_with = "de::opt_int")]
        pub diskwrite: Option<i64>,
        /// Bytes that a guest has received since its start.
        #[serde(default, deserialize_with = "de::opt_int")]
        pub netin: Option<i64>,
        /// Bytes that a guest has sent since its start.
        #[serde(default, deserialize_with = "de::opt_int")]
        pub netout: Option<i64>,
        /// Seconds since start.
        #[serde(default, deserialize_with = "de::opt_int")]
        pub uptime: Option<i64>,
        /// Whether the guest is a template.
        #[serde(default, deserialize_with = "de::flag")]
        pub template: bool,
        /// The guest's tags.
        #[serde(default, deserialize_with = "de::tags")]
        pub tags: Vec<String>,
        /// The guest's lock.
        #[serde(default, deserialize_with = "de::opt_text")]
        pub lock: Option<String>,
    }
}

/// Where a guest is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Location {
    /// Its number.
    pub vmid: Vmid,
    /// VM or container.
    pub kind: GuestKind,
    /// Its node.
    pub node: NodeName,
    /// Its name.
    pub name: Option<String>,
}

fn path(text: &'static str) -> PvePath {
    PvePath::root().fixed(text)
}

impl Cluster {
    pub(crate) fn new(pve: Pve) -> Self {
        Self { pve }
    }

    pub(crate) fn pve(&self) -> &Pve {
        &self.pve
    }

    /// Which PVE answers: `GET /version`. Needs no privilege, so it tells that address and credentials work.
    pub fn version(&self) -> Call<Ask<Version>> {
        self.pve.bind(Ask::new("version", Ok(PveRequest::get(path("version")))))
    }

    /// Every guest, node, storage and pool in one answer: `GET /cluster/resources`. What the credentials may not audit is
    /// silently left out by PVE.
    pub fn resources(&self) -> Call<Ask<Rows<Resource>>> {
        self.pve.bind(Ask::rows("cluster.resources", Ok(PveRequest::get(path("cluster/resources")))))
    }

    /// Every guest of the cluster: `GET /cluster/resources?type=vm`.
    pub fn guests(&self) -> Call<Ask<Rows<Resource>>> {
        let request = PveRequest::get(path("cluster/resources")).param("type", "vm");
        self.pve.bind(Ask::rows("cluster.guests", Ok(request)))
    }

    /// The nodes as the cluster sees them: `GET /nodes`.
    pub fn nodes(&self) -> Call<Ask<Rows<Resource>>> {
        self.pve.bind(Ask::rows("cluster.nodes", Ok(PveRequest::get(path("nodes")))))
    }

    /// A number that is free right now: `GET /cluster/nextid`. PVE reserves nothing.
    pub fn next_id(&self) -> Call<Ask<Vmid>> {
        self.pve.bind(Ask::new("cluster.next_id", Ok(PveRequest::get(path("cluster/nextid")))))
    }

    /// Finds a guest by number or exact name, wherever it is.
    ///
    /// # Errors
    /// `NotFound`; `InvalidInput` naming the numbers when several guests have the name.
    pub fn find(&self, guest: GuestRef) -> Call<Find> {
        self.pve.bind(Find(guest))
    }
}

/// See [`Cluster::find`].
#[derive(Debug)]
pub struct Find(GuestRef);

impl Operation for Find {
    type Output = Location;
    fn name(&self) -> &'static str {
        "cluster.find"
    }
    fn request(&self) -> Result<PveRequest> {
        Ok(PveRequest::get(path("cluster/resources")).param("type", "vm"))
    }
    async fn run(self, pve: Pve) -> Result<Location> {
        let rows: Rows<Resource> = pve.call(&self.request()?).await?.rows()?;
        let matches = |row: &Resource| match &self.0 {
            GuestRef::Vmid(vmid) => row.vmid == Some(*vmid),
            GuestRef::Name(name) => row.name.as_ref() == Some(name),
        };
        let mut found: Vec<Location> = rows.iter().filter(|row| matches(row)).filter_map(locate).collect();
        match found.len() {
            1 => Ok(found.remove(0)),
            0 => Err(Error::new(
                ErrorKind::NotFound,
                Outcome::Rejected,
                format!("there is no guest {}", self.0),
            )
            .with_advice("guests that the credentials may not audit (VM.Audit) are not seen")),
            _ => {
                found.sort_unstable_by_key(|l| l.vmid);
                let ids: Vec<String> = found.iter().map(|l| l.vmid.to_string()).collect();
                let text = format!("the name {} is ambiguous: vmids {}", self.0, ids.join(", "));
                Err(Error::invalid("guest", text).with_advice("use the vmid"))
            }
        }
    }
}

fn locate(row: &Resource) -> Option<Location> {
    let kind = match row.kind.as_str() {
        "qemu" => GuestKind::Qemu,
        "lxc" => GuestKind::Lxc,
        _ => return None,
    };
    Some(Location { vmid: row.vmid?, kind, node: row.node.clone()?, name: row.name.clone() })
}

/// Numbers that calls of this process are about to use.
pub(crate) type Reservations = Arc<Mutex<BTreeSet<Vmid>>>;

/// A free number, kept from the other calls of this handle until it is dropped.
pub(crate) struct Reserved {
    vmid: Vmid,
    all: Reservations,
}

impl Reserved {
    pub(crate) fn vmid(&self) -> Vmid {
        self.vmid
    }

    fn take(all: &Reservations, vmid: Vmid) -> Option<Self> {
        let fresh = all.lock().unwrap_or_else(PoisonError::into_inner).insert(vmid);
        fresh.then(|| Self { vmid, all: Arc::clone(all) })
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.vmid);
    }
}

/// Finds free numbers, one after the other, where somebody else may take each in between.
#[derive(Default)]
pub(crate) struct FreeIds {
    taken: BTreeSet<Vmid>,
}

impl FreeIds {
    /// Ten losses in a row are no coincidence.
    const TRIES: usize = 10;

    /// The next number that is free, not reserved here, and has not just proved to be taken.
    pub(crate) async fn next(&self, pve: &Pve) -> Result<Reserved> {
        let mut candidate = pve.cluster().next_id().await?;
        loop {
            if !self.taken.contains(&candidate)
                && let Some(reserved) = Reserved::take(pve.reservations(), candidate)
            {
                return Ok(reserved);
            }
            candidate = Self::free_after(pve, candidate).await?;
        }
    }

    async fn free_after(pve: &Pve, mut candidate: Vmid) -> Result<Vmid> {
        loop {
            candidate = Vmid::new(candidate.get() + 1)?;
            let request = PveRequest::get(path("cluster/nextid")).param("vmid", candidate);
            match pve.call(&request).await {
                Ok(_) => return Ok(candidate),
                Err(e) if e.kind() == ErrorKind::AlreadyExists => {}
                Err(e) => return Err(e),
            }
        }
    }

    /// Whether the number was lost to somebody else and another is worth trying.
    pub(crate) fn lost(&mut self, reserved: &Reserved, error: &Error) -> bool {
        error.kind() == ErrorKind::AlreadyExists
            && self.taken.len() < Self::TRIES
            && self.taken.insert(reserved.vmid)
    }
}
