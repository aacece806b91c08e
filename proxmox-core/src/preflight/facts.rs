//! What is asked before an operation: everything at once.

use std::collections::{BTreeMap, BTreeSet};

use super::need::{Act, Need};
use super::privilege;
use crate::cluster::Resource;
use crate::guest::GuestStatus;
use crate::node::{Content, Interface, StorageStatus};
use crate::policy::Case;
use crate::{
    ConfigBag, Error, GuestKind, NodeName, Outcome, Pve, PvePath, PveRequest, PveResponse, Result, Rows,
    Version, VolId,
};

/// What came of it.
#[derive(Debug)]
pub(super) struct Facts {
    pub(super) version: Result<Version>,
    pub(super) resources: Result<Rows<Resource>>,
    /// Of the guest that is there already.
    pub(super) config: Option<Result<ConfigBag>>,
    pub(super) status: Option<Result<GuestStatus>>,
    /// Of the node where the guest is, and of the one where it will be.
    pub(super) storages: BTreeMap<NodeName, Result<Rows<StorageStatus>>>,
    pub(super) bridges: Option<Result<Rows<Interface>>>,
    /// The CPU models that the node can give, where one is named.
    pub(super) cpu_models: Option<Result<Rows<CpuModel>>>,
    pub(super) volumes: Vec<(VolId, &'static str, Result<Rows<Content>>)>,
    /// What is needed.
    pub(super) needed: Vec<privilege::Needed>,
    /// The privileges that are held, by path. A path of which nothing could be read is not here.
    pub(super) held: BTreeMap<String, Vec<String>>,
    /// What the gate would say.
    pub(super) gate: Result<()>,
}

/// A row of `GET /nodes/{node}/capabilities/qemu/cpu`.
#[derive(Debug, serde::Deserialize)]
pub(super) struct CpuModel {
    pub(super) name: String,
}

fn storages_of(node: &NodeName) -> PveRequest {
    PveRequest::get(PvePath::node(node).fixed("storage"))
}

impl Facts {
    pub(super) async fn gather(pve: &Pve, request: &PveRequest, need: Option<&Need>) -> Result<Self> {
        let mut reads = vec![
            PveRequest::get(PvePath::parse("/version")?),
            PveRequest::get(PvePath::parse("/cluster/resources")?),
        ];
        let guest = need.and_then(|need| Some(PvePath::guest(&need.node, need.kind, need.vmid?)));
        reads.extend(guest.iter().map(|path| PveRequest::get(path.clone().fixed("config"))));
        reads.extend(guest.iter().map(|path| PveRequest::get(path.clone().fixed("status").fixed("current"))));
        let mut nodes: Vec<NodeName> =
            need.into_iter().flat_map(|need| [need.node.clone(), need.destination().clone()]).collect();
        nodes.dedup();
        reads.extend(nodes.iter().map(storages_of));
        let bridges = need
            .filter(|need| need.configures() || matches!(need.act, Act::Clone | Act::Start))
            .map(|need| {
                PveRequest::get(PvePath::node(need.destination()).fixed("network"))
                    .param("type", "any_bridge")
            });
        reads.extend(bridges.clone());
        let cpu = need.filter(|need| need.cpu_model().is_some());
        let cpu = cpu.map(|need| PveRequest::get(PvePath::node(&need.node).fixed("capabilities/qemu/cpu")));
        reads.extend(cpu.clone());
        let volumes = need.map(Need::volumes).unwrap_or_default();
        for (volid, kind) in &volumes {
            let node = need.map_or_else(|| NodeName::parse("localhost"), |need| Ok(need.node.clone()))?;
            let path = PvePath::storage(&node, &volid.storage()).fixed("content");
            // An image to import may lie among the disks as well.
            let kind = (*kind != "import").then_some(*kind);
            reads.push(PveRequest::get(path).param_some("content", kind));
        }
        let needed = need.map(|need| privilege::needed(request, need)).unwrap_or_default();
        let permissions = PvePath::parse("/access/permissions")?;
        let paths: BTreeSet<&str> =
            needed.iter().flat_map(|n| n.0.iter().map(|(path, _)| path.as_str())).collect();
        reads.extend(paths.iter().map(|path| PveRequest::get(permissions.clone()).param("path", *path)));

        let mut answers = pve.call_all(reads).await.into_iter();
        let mut next = || answers.next().unwrap_or_else(|| unreachable!("one answer for each read"));
        let version = next().and_then(|answer| answer.decode());
        let resources = next().and_then(|answer| answer.rows());
        let (config, raw) = match guest.is_some().then(&mut next) {
            Some(answer) => {
                (Some(answer.as_ref().map_err(Error::repeated).and_then(PveResponse::decode)), Some(answer))
            }
            None => (None, None),
        };
        let status = guest.is_some().then(&mut next).map(|answer| answer.and_then(|a| a.decode()));
        let storages = nodes.into_iter().map(|node| (node, next().and_then(|a| a.rows()))).collect();
        let bridges = bridges.map(|_| next().and_then(|answer| answer.rows()));
        let cpu_models = cpu.map(|_| next().and_then(|answer| answer.rows()));
        let volumes =
            volumes.into_iter().map(|(volid, kind)| (volid, kind, next().and_then(|a| a.rows()))).collect();
        let held = paths
            .into_iter()
            .filter_map(|path| Some((path.to_owned(), next().and_then(|answer| held(path, &answer)).ok()?)))
            .collect();
        let gate = match Case::of(pve.policy(), request) {
            None => Ok(()),
            Some(case) => {
                let mut answers = Vec::new();
                let mut raw = raw;
                for read in case.asks() {
                    // The configuration comes first, and may be there already.
                    answers.push(match raw.take() {
                        Some(config) => config,
                        None => pve.call(&read).await,
                    });
                }
                case.judge(answers).map(drop)
            }
        };
        Ok(Self {
            version,
            resources,
            config,
            status,
            storages,
            bridges,
            cpu_models,
            volumes,
            needed,
            held,
            gate,
        })
    }

    /// The storages of a node, where they could be read.
    pub(super) fn storages(&self, node: &NodeName) -> &[StorageStatus] {
        self.storages.get(node).and_then(|rows| rows.as_ref().ok()).map_or(&[], |rows| rows)
    }

    pub(super) fn resources(&self) -> &[Resource] {
        self.resources.as_ref().map_or(&[], |rows| rows)
    }

    /// The guests of the cluster.
    pub(super) fn guests(&self) -> impl Iterator<Item = &Resource> {
        self.resources().iter().filter(|row| row.kind == "qemu" || row.kind == "lxc")
    }

    pub(super) fn node(&self, name: &NodeName) -> Option<&Resource> {
        self.resources().iter().find(|row| row.kind == "node" && row.node.as_ref() == Some(name))
    }

    pub(super) fn config(&self) -> Option<&ConfigBag> {
        self.config.as_ref()?.as_ref().ok()
    }
}

/// `{path: {privilege: 1}}`
fn held(path: &str, answer: &PveResponse) -> Result<Vec<String>> {
    let mut all: BTreeMap<String, BTreeMap<String, serde_json::Value>> = answer.decode()?;
    // PVE names the path even where nothing is held; one that does not says nothing of it.
    let held = all
        .remove(path)
        .ok_or_else(|| Error::decode(Outcome::Rejected, format!("{path} is not in the answer")))?;
    Ok(held.into_keys().collect())
}

/// The kind of a resource, as a kind of guest.
pub(super) fn kind_of(row: &Resource) -> GuestKind {
    if row.kind == "lxc" { GuestKind::Lxc } else { GuestKind::Qemu }
}
