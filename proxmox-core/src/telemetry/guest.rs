use std::net::IpAddr;
use std::time::Instant;

use serde::Serialize;
use serde_json::Value;

use super::{Pressure, Rates};
use crate::call::{Call, Operation};
use crate::cluster::Resource;
use crate::guest::{Guest, GuestStatus, IpQuery, Kind};
use crate::{GuestKind, NodeName, Pve, PvePath, PveRequest, PveResponse, Result};

/// A guest at one moment: what PVE says of it in several places.
///
/// As JSON it has the fields of [`GuestStatus`] beside those of its own.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct GuestTelemetry {
    /// VM or container.
    pub kind: GuestKind,
    /// The node it is on.
    pub node: NodeName,
    /// State, use and counters.
    #[serde(flatten)]
    pub status: GuestStatus,
    /// Its pool.
    pub pool: Option<String>,
    /// What high availability makes of it: `started`, `stopped`, `error` …; none when it is not managed.
    pub ha_state: Option<String>,
    /// How long its work had to wait: PVE 9, while it runs.
    pub pressure: Option<Pressure>,
    /// Its usable addresses, where they were asked for: the first IPv4, the first IPv6.
    pub addresses: Vec<IpAddr>,
    /// Bytes per second since an earlier look: see [`since`](Self::since).
    pub rates: Option<Rates>,
    /// What could not be read, in sentences.
    pub notes: Vec<String>,
    #[serde(skip)]
    taken: Instant,
}

impl GuestTelemetry {
    /// With rates since an earlier look at the same guest. There are none when it was started in between.
    #[must_use]
    pub fn since(mut self, earlier: &Self) -> Self {
        let same = self.status.vmid == earlier.status.vmid;
        let time = self.taken.saturating_duration_since(earlier.taken);
        self.rates = if same { Rates::between(&earlier.status, &self.status, time) } else { None };
        self
    }
}

impl<K: Kind> Guest<K> {
    /// All that PVE tells of it at this moment: `GET …/status/current`, and its row of `GET /cluster/resources` for pool and high
    /// availability. Needs `VM.Audit`.
    ///
    /// # Errors
    /// `NotFound` when there is no such guest on this node.
    pub fn telemetry(&self) -> Call<ReadGuest<K>> {
        self.pve().bind(ReadGuest { guest: self.clone(), addresses: false })
    }
}

/// See [`Guest::telemetry`].
#[derive(Debug)]
pub struct ReadGuest<K: Kind> {
    guest: Guest<K>,
    addresses: bool,
}

impl<K: Kind> Call<ReadGuest<K>> {
    /// Also its addresses, while it runs: one more request, and a VM needs a guest agent for it. That it cannot be asked is a note.
    pub fn with_addresses(self) -> Self {
        self.map(|read| ReadGuest { addresses: true, ..read })
    }
}

impl<K: Kind> Operation for ReadGuest<K> {
    type Output = GuestTelemetry;
    fn name(&self) -> &'static str {
        "guest.telemetry"
    }
    fn request(&self) -> Result<PveRequest> {
        Ok(PveRequest::get(self.guest.path().fixed("status/current")))
    }
    async fn run(self, pve: Pve) -> Result<GuestTelemetry> {
        let resources = PvePath::parse("/cluster/resources").map(PveRequest::get)?.param("type", "vm");
        let mut answers = pve.call_all([self.request()?, resources]).await.into_iter();
        let mut next = || answers.next().unwrap_or_else(|| unreachable!("one answer for each read"));
        let status: GuestStatus = next()?.decode()?;
        let mut notes = Vec::new();
        let row = match next().and_then(|answer| answer.rows::<Resource>()) {
            Ok(rows) => rows.into_iter().find(|row| row.vmid == Some(status.vmid)),
            Err(e) => {
                notes.push(format!("its pool is not seen: {}", e.message()));
                None
            }
        };
        let mut addresses = Vec::new();
        if self.addresses && status.is_running() {
            match self.addresses(&pve).await {
                Ok(found) => addresses = found,
                Err(e) => notes.push(format!("its addresses are not seen: {}", e.message())),
            }
        }
        Ok(GuestTelemetry {
            kind: K::KIND,
            node: self.guest.node().clone(),
            pool: row.as_ref().and_then(|row| row.pool.clone()),
            ha_state: ha_state(&status, row.as_ref()),
            pressure: Pressure::of(&status.extra),
            status,
            addresses,
            rates: None,
            notes,
            taken: pve.now(),
        })
    }
}

impl<K: Kind> ReadGuest<K> {
    async fn addresses(&self, pve: &Pve) -> Result<Vec<IpAddr>> {
        let path = K::ADDRESSES.path.iter().fold(self.guest.path(), |path, word| path.fixed(word));
        let answer: PveResponse = pve.call(&PveRequest::get(path)).await?;
        Ok(IpQuery::first_of_each(&(K::ADDRESSES.read)(&answer)?))
    }
}

/// The state in the guest's own answer, or in its row.
fn ha_state(status: &GuestStatus, row: Option<&Resource>) -> Option<String> {
    let own = status.extra.get("ha").and_then(|ha| ha.get("state"));
    let listed = row.and_then(|row| row.extra.get("hastate"));
    own.and_then(Value::as_str).or_else(|| listed.and_then(Value::as_str)).map(str::to_owned)
}
