//! Many requests at once: in one `POST /nodes/{node}/execute` where that may be, each by itself where not.

mod pack;
mod unpack;

use std::borrow::Cow;
use std::collections::HashSet;

use crate::call::{Ask, Call};
use crate::policy::{Case, GuestAt, Passed};
use crate::{Effect, Error, NodeName, Pve, PveRequest, PveResponse, Result};
pub(crate) use pack::only_reads;
use pack::{Batch, batches, pack, travels};
use unpack::{Part, unpack};

/// How many of them are under way at once. pveproxy has three workers by default: more only queue up there.
const AT_ONCE: usize = 8;

impl Pve {
    /// Sends many requests and gives their answers back in the same order. One failure does not stop the others.
    ///
    /// Each answer and each error is what [`call`](Self::call) would give. The requests should not depend on one another:
    /// a few are under way at a time, in no promised order. Where the [transport](crate::TransportInfo::executes) may and
    /// no [layer](crate::Layer::takes_batches) minds, reads of one node travel together in one round trip; writes go one by
    /// one, unless asked for by [`batch_writes`](Self::batch_writes).
    ///
    /// ```
    /// # async fn demo(pve: &proxmox_core::Pve) -> proxmox_core::Result<()> {
    /// use proxmox_core::{PvePath, PveRequest};
    /// let path = |vmid| PvePath::parse(&format!("/nodes/pve1/qemu/{vmid}/config"));
    /// let requests = (100..150).map(|vmid| path(vmid).map(PveRequest::get)).collect::<Result<Vec<_>, _>>()?;
    /// for answer in pve.call_all(requests).await {
    ///     let config: serde_json::Value = answer?.decode()?;
    ///     println!("{}", config["name"]);
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Each request has its own, as [`call`](Self::call) says.
    pub async fn call_all(&self, requests: impl IntoIterator<Item = PveRequest>) -> Vec<Result<PveResponse>> {
        let requests: Vec<PveRequest> = requests.into_iter().collect();
        self.carry_out(&requests, |request| request.effect == Effect::Read).await
    }

    /// The same for typed calls of one request each.
    ///
    /// ```
    /// # use proxmox_core::guest::{Guest, Kind};
    /// # async fn demo<K: Kind>(pve: &proxmox_core::Pve, guests: &[Guest<K>]) -> proxmox_core::Result<()> {
    /// for config in pve.all(guests.iter().map(|guest| guest.config())).await {
    ///     println!("{:?}", config?.tags());
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Each call has its own. One that is bound to another handle, with a transport or policy of its own, is
    /// `InvalidInput` and is not sent.
    pub async fn all<T: Send + 'static>(
        &self,
        calls: impl IntoIterator<Item = Call<Ask<T>>>,
    ) -> Vec<Result<T>> {
        let mut requests = Vec::new();
        let mut kept = Vec::new();
        for call in calls {
            let request = call.request().and_then(|request| match call.handle().is_same_way(self) {
                true => Ok(request),
                false => Err(Error::invalid("calls", "calls: one is bound to another handle")
                    .about(request.target())
                    .with_advice("give each handle's calls to that handle")),
            });
            let request = request.map(|request| requests.push(request));
            kept.push((request, call.into_operation()));
        }
        let mut answers = self.call_all(requests).await.into_iter();
        let finish = |(request, ask): (Result<()>, Ask<T>)| {
            let answer = request.and_then(|()| {
                answers.next().unwrap_or_else(|| unreachable!("there are as many answers as requests"))
            });
            ask.finish(answer)
        };
        kept.into_iter().map(finish).collect()
    }

    /// Sends many requests of which writes may travel together too.
    ///
    /// The gate is asked about each before it is packed; what it refuses is not sent, and the others are. Requests that
    /// change the same guest are carried out in the order given. What differs from [`call_all`](Self::call_all): when the
    /// answer to a batch is lost, each write in it is `MaybeApplied`, because nobody knows how far PVE came.
    ///
    /// # Errors
    /// Each request has its own, as [`call`](Self::call) says.
    pub async fn batch_writes(
        &self,
        requests: impl IntoIterator<Item = PveRequest>,
    ) -> Vec<Result<PveResponse>> {
        let mut left: Vec<(usize, PveRequest)> = requests.into_iter().enumerate().collect();
        let mut answers = Vec::with_capacity(left.len());
        while !left.is_empty() {
            // The next change of a guest is judged by what the one before has made of it.
            let mut changed = HashSet::new();
            let (now, later): (Vec<_>, Vec<_>) = left
                .into_iter()
                .partition(|(_, request)| GuestAt::changed_by(request).is_none_or(|at| changed.insert(at)));
            let (places, now): (Vec<usize>, Vec<PveRequest>) = now.into_iter().unzip();
            answers.extend(places.into_iter().zip(self.carry_out(&now, |_| true).await));
            left = later;
        }
        answers.sort_unstable_by_key(|(place, _)| *place);
        answers.into_iter().map(|(_, answer)| answer).collect()
    }

    /// Packs what may be packed, and sends what is left without an answer by itself.
    async fn carry_out(
        &self,
        requests: &[PveRequest],
        packed: fn(&PveRequest) -> bool,
    ) -> Vec<Result<PveResponse>> {
        let mut parts: Vec<Part> = requests.iter().map(|_| None).collect();
        if self.info().executes {
            let batches = batches(requests, packed);
            let answers = self
                .fan_out(batches, AT_ONCE, |pve, batch| async move { pve.send_batch(requests, batch).await })
                .await;
            for (place, part) in answers.into_iter().flatten() {
                parts[place] = part;
            }
        }
        let left: Vec<&PveRequest> =
            requests.iter().zip(&parts).filter(|(_, part)| part.is_none()).map(|(r, _)| r).collect();
        let mut singles = self
            .fan_out(left, AT_ONCE, |pve, request| async move { pve.call(request).await })
            .await
            .into_iter();
        let mut single = || singles.next().unwrap_or_else(|| unreachable!("each without an answer was sent"));
        parts.into_iter().map(|part| part.unwrap_or_else(&mut single)).collect()
    }

    /// Sends one batch of those that the gate lets pass.
    async fn send_batch(&self, requests: &[PveRequest], batch: Batch) -> Vec<(usize, Part)> {
        let asked: Vec<PveRequest> =
            batch.members.iter().map(|&place| self.forced(&requests[place]).into_owned()).collect();
        let mut parts = Vec::with_capacity(asked.len());
        let (mut places, mut passed) = (Vec::new(), Vec::new());
        for (place, judged) in batch.members.into_iter().zip(self.judge_all(&batch.node, &asked).await) {
            match judged {
                Ok(request) => {
                    places.push(place);
                    passed.push(request);
                }
                Err(refusal) => parts.push((place, Some(Err(refusal)))),
            }
        }
        parts.extend(places.into_iter().zip(self.exchange(&batch.node, &passed).await));
        let name = |(place, part): (usize, Part)| {
            let request = &requests[place];
            let part = part.map(|part| match part {
                Ok(answer) => Ok(answer.answering(request.effect)),
                Err(e) => Err(e.about(request.target())),
            });
            (place, part)
        };
        parts.into_iter().map(name).collect()
    }

    /// The gate for many: each as it is to be sent, or its refusal. The facts are read together.
    async fn judge_all(&self, node: &NodeName, requests: &[PveRequest]) -> Vec<Result<PveRequest>> {
        let case = |request| Case::of(self.policy(), request);
        let cases: Vec<_> = requests.iter().map(|r| r.check().map(|()| case(r))).collect();
        let asks = |case: &Result<Option<Case<'_>>>| match case {
            Ok(Some(case)) => case.asks(),
            _ => Vec::new(),
        };
        let reads: Vec<PveRequest> = cases.iter().flat_map(asks).collect();
        let found = self.exchange(node, &reads).await;
        let mut found = self
            .fan_out(reads.into_iter().zip(found), AT_ONCE, |pve, (read, part)| async move {
                match part {
                    Some(answer) => answer,
                    None => pve.transport().call(&read).await,
                }
            })
            .await
            .into_iter();
        let mut judge = |(request, case): (&PveRequest, Result<Option<Case<'_>>>)| match case? {
            // All of its own, also those that it does not come to look at: the next one's follow.
            Some(case) => case.judge(found.by_ref().take(case.asks().len()).collect::<Vec<_>>()),
            None => Ok(Passed::unasked(request)),
        };
        let decided = requests.iter().zip(cases).map(|(request, case)| (request, judge((request, case))));
        decided.map(|(request, decided)| self.audience().told(request, decided)).collect()
    }

    /// One round trip, below the gate: for what has passed it. A batch of one is none, and what no batch of the node can carry has
    /// no answer here.
    async fn exchange(&self, node: &NodeName, requests: &[PveRequest]) -> Vec<Part> {
        let packed: Cow<'_, [PveRequest]> = match requests.iter().all(|r| travels(r, node)) {
            true => requests.into(),
            false => requests.iter().filter(|r| travels(r, node)).cloned().collect(),
        };
        if packed.len() < 2 {
            return requests.iter().map(|_| None).collect();
        }
        let mut answers = unpack(&packed, self.transport().call(&pack(node, &packed)).await).into_iter();
        requests.iter().map(|r| if travels(r, node) { answers.next().flatten() } else { None }).collect()
    }
}

#[cfg(test)]
mod tests;
