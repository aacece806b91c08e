use super::{Guest, Kind, NewId, name_the_lost};
use crate::call::{Call, Operation, Work};
use crate::cluster::FreeIds;
use crate::params::Params;
use crate::{Effect, Error, NodeName, Pve, PvePath, PveRequest, Result, Vmid};

/// Creates a guest from parameters: see the `create` of the facades.
#[derive(Debug)]
pub struct CreateGuest<K: Kind> {
    node: NodeName,
    newid: NewId,
    params: Params,
    kind: std::marker::PhantomData<fn() -> K>,
}

impl<K: Kind> CreateGuest<K> {
    /// `POST /nodes/{node}/{kind}` with these parameters, waited for; with `start` then [`Guest::start`], waited for as well. The safety
    /// gate adds the managed tag.
    pub fn new(pve: &Pve, node: &NodeName, newid: NewId, params: Params) -> Call<Self> {
        let kind = std::marker::PhantomData;
        pve.bind(Self { node: node.clone(), newid, params, kind })
    }

    async fn attempt(&self, pve: &Pve, vmid: Vmid) -> Result<K::Handle> {
        let guest = Guest::<K>::new(pve.without_options(), self.node.clone(), vmid);
        let work = pve.bind(Work::new("guest.create", self.request_for(NewId::Vmid(vmid))));
        work.await.map_err(|e| name_the_lost(e, &guest))?;
        if self.starts() {
            let started = guest.through(pve.clone()).start().await;
            started.map_err(|e| {
                e.with_advice(format!("{guest} is made, and does not run: start it, or delete it"))
            })?;
        }
        Ok(guest.into())
    }

    /// Asked for in the same request PVE starts it by a task of its own, of which nobody is told.
    fn starts(&self) -> bool {
        self.params.all("start").iter().any(|flag| flag != "0")
    }

    fn request_for(&self, newid: NewId) -> Result<PveRequest> {
        let path = PvePath::node(&self.node).segment(K::KIND.segment())?;
        let mut request = PveRequest::create(path).effect(Effect::Write);
        if self.params.get("vmid").is_some() {
            return Err(Error::invalid("vmid", "vmid: the number is given beside the parameters"));
        }
        if let NewId::Vmid(vmid) = newid {
            request.params.set("vmid", vmid);
        }
        let stated = self.params.iter().filter(|(name, _)| *name != "start");
        request.params.extend(stated.map(|(k, v)| (k, v.clone())));
        Ok(request)
    }
}

impl<K: Kind> Operation for CreateGuest<K> {
    type Output = K::Handle;
    fn name(&self) -> &'static str {
        "guest.create"
    }
    fn request(&self) -> Result<PveRequest> {
        self.request_for(self.newid)
    }
    async fn run(self, pve: Pve) -> Result<K::Handle> {
        self.request()?;
        if let NewId::Vmid(vmid) = self.newid {
            return self.attempt(&pve, vmid).await;
        }
        let mut free = FreeIds::default();
        loop {
            let id = free.next(&pve).await?;
            match self.attempt(&pve, id.vmid()).await {
                Err(e) if free.lost(&id, &e) => {}
                result => return result,
            }
        }
    }
}
