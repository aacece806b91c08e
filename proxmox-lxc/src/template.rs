use std::time::Duration;

use proxmox_core::task::{TaskEntry, TaskReport};
use proxmox_core::{
    Effect, Error, ErrorKind, Guest, Operation, Outcome, Pve, PvePath, PveRequest, Result, Rows, Upid,
};

use crate::container::Lxc;

/// How long the task may take to show itself, unless the call says otherwise.
const WAIT: Duration = Duration::from_secs(30);
/// The pause between two looks.
const PAUSE: Duration = Duration::from_millis(200);

/// Turns a container into a template: see [`Container::template`](crate::Container::template).
///
/// PVE starts a task for it and does not tell which. So those that are known before are noted, and the new one is waited for.
#[derive(Debug)]
pub struct MakeTemplate {
    container: Guest<Lxc>,
}

impl MakeTemplate {
    pub(crate) fn new(container: Guest<Lxc>) -> Self {
        Self { container }
    }

    async fn tasks(&self, pve: &Pve) -> Result<Vec<Upid>> {
        let request = PveRequest::get(PvePath::node(self.container.node()).fixed("tasks"))
            .param("vmid", self.container.vmid())
            .param("typefilter", "vztemplate")
            .param("source", "all");
        let rows: Rows<TaskEntry> = pve.call(&request).await?.rows()?;
        Ok(rows.into_iter().map(|row| row.upid).collect())
    }
}

impl Operation for MakeTemplate {
    type Output = TaskReport;
    fn name(&self) -> &'static str {
        "guest.template"
    }
    fn request(&self) -> Result<PveRequest> {
        Ok(PveRequest::create(self.container.path().fixed("template")).effect(Effect::Destroy))
    }
    async fn run(self, pve: Pve) -> Result<TaskReport> {
        let before = self.tasks(&pve).await?;
        pve.call(&self.request()?).await?.done()?;
        let deadline = pve.deadline(Some(WAIT));
        let unknown = |text: String| {
            Error::new(ErrorKind::Timeout, Outcome::MaybeApplied, text)
                .about(&self.container)
                .with_advice("look at the node's task list, and whether the container is a template now")
        };
        loop {
            match self.tasks(&pve).await {
                Ok(now) => {
                    if let Some(upid) = now.into_iter().find(|upid| !before.contains(upid)) {
                        return pve.task(upid).wait().await;
                    }
                }
                Err(e) => return Err(unknown("its task cannot be looked for".to_owned()).with_source(e)),
            }
            let left = deadline.left(&pve);
            if left.is_zero() {
                return Err(unknown(format!("its task has not appeared within {:?}", deadline.wait())));
            }
            pve.sleep(PAUSE.min(left)).await;
        }
    }
}
