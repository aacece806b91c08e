//! What every command needs: the host, and where its answer goes.

use std::future::Future;

use examples::progress::Waiting;
use examples::{complain, stdout};
use libvirt_driver::rpc::Uuid;
use libvirt_driver::{Connection, Domain, Host};
use proxmox_core::{Error, Policy, Result};
use serde_json::{Value, json};

use crate::args;

pub(crate) struct Session {
    pub(crate) host: Host,
    pub(crate) json: bool,
    force: Option<String>,
}

impl Session {
    pub(crate) async fn open(
        connection: args::Connection,
        safety: args::Safety,
        output: args::Output,
    ) -> Result<Self> {
        let policy = Policy::default().managed_tag(&safety.managed_tag)?;
        let uri = connection.uri()?;
        if !matches!(uri.way(), libvirt_driver::Way::Ssh(_)) {
            for (name, given) in
                [("jump", !connection.jump.is_empty()), ("ssh-config", connection.ssh_config.is_some())]
            {
                if given {
                    let text = format!("--{name} is for hosts that are reached over ssh, and {uri} is not");
                    return Err(Error::invalid(name, text).with_advice("write it as qemu+ssh://HOST/system"));
                }
            }
        }
        let mut builder = Connection::builder(&uri);
        for jump in connection.jump {
            builder = builder.jump(jump);
        }
        if let Some(file) = connection.ssh_config {
            builder = builder.ssh_config(file);
        }
        let waiting = Waiting::new("connecting", false);
        let host = async { Host::new(builder.open().await?).await }.await;
        waiting.end();
        Ok(Self { host: host?.with_policy(policy), json: output.json, force: safety.force })
    }

    /// The domain that people mean, by name or else by UUID. `--force` makes it pass the gate.
    pub(crate) async fn domain(&self, name: &str) -> Result<Domain> {
        let found = match (self.host.domain(name).await, name.parse::<Uuid>()) {
            (Err(e), Ok(uuid)) if e.is_not_found() => self.host.domain_by_uuid(uuid).await,
            (found, _) => found,
        };
        let domain = found?;
        match &self.force {
            Some(forced) => domain.force(forced),
            None => Ok(domain),
        }
    }

    /// Waits for something that may take long, and shows that meanwhile.
    pub(crate) async fn waiting<T>(&self, what: &str, work: impl Future<Output = Result<T>>) -> Result<T> {
        let waiting = Waiting::new(what, !self.json);
        let result = work.await;
        waiting.end();
        result
    }

    /// Prints an answer: as JSON, or as text.
    pub(crate) fn answer(&self, answer: &Value, text: impl FnOnce() -> String) -> Result<()> {
        if self.json { stdout::json(answer) } else { stdout::write(&text()) }
    }

    /// `domain web-1 on host1: started`
    pub(crate) fn done(&self, domain: &Domain, end: &str) -> Result<()> {
        self.done_with(domain, end, &json!({}))
    }

    /// The same with more to say in JSON.
    pub(crate) fn done_with(&self, domain: &Domain, end: &str, more: &Value) -> Result<()> {
        let mut answer = json!({"name": domain.name(), "uuid": domain.uuid().to_string(), "done": end});
        if let (Value::Object(answer), Value::Object(more)) = (&mut answer, more) {
            answer.extend(more.clone());
        }
        self.answer(&answer, || format!("{}: {end}\n", complain::printable(&domain.to_string())))
    }
}
