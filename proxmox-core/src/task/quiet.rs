use std::time::Duration;

use super::{TaskEntry, TaskReport};
use crate::call::Operation;
use crate::rows::Rows;
use crate::{Error, ErrorKind, Outcome, Pve, PvePath, PveRequest, Result, Target, Upid};

/// How long the task may take to show itself, unless the call says otherwise.
const WAIT: Duration = Duration::from_secs(30);
/// The pause between two looks.
const PAUSE: Duration = Duration::from_millis(200);

/// One request to a guest that starts a task, of which PVE does not tell the UPID: a container becomes a template so.
///
/// The guest's tasks of that kind are noted first, and the new one is waited for. A failed task is an error.
#[derive(Debug)]
pub struct QuietWork {
    name: &'static str,
    request: Result<PveRequest>,
    kind: &'static str,
}

impl QuietWork {
    /// `kind` is the task's, as in its UPID: `vztemplate`.
    #[must_use]
    pub fn new(name: &'static str, request: Result<PveRequest>, kind: &'static str) -> Self {
        Self { name, request, kind }
    }
}

/// The tasks of the kind that there are of the guest.
async fn tasks(pve: &Pve, target: &Target, kind: &str) -> Result<Vec<Upid>> {
    let Target::Guest { node, vmid, .. } = target else {
        return Err(Error::invalid("path", format!("{target} is not a guest, so its tasks cannot be told")));
    };
    let request = PveRequest::get(PvePath::node(node).fixed("tasks"))
        .param("vmid", *vmid)
        .param("typefilter", kind)
        .param("source", "all");
    let rows: Rows<TaskEntry> = pve.call(&request).await?.rows()?;
    Ok(rows.into_iter().map(|row| row.upid).collect())
}

impl Operation for QuietWork {
    type Output = TaskReport;
    fn name(&self) -> &'static str {
        self.name
    }
    fn request(&self) -> Result<PveRequest> {
        crate::call::again(&self.request)
    }
    async fn run(self, pve: Pve) -> Result<TaskReport> {
        let request = self.request?;
        let target = request.target();
        let before = tasks(&pve, &target, self.kind).await?;
        pve.call(&request).await?.done()?;
        let deadline = pve.deadline(Some(WAIT));
        let unknown = |text: String| {
            Error::new(ErrorKind::Timeout, Outcome::MaybeApplied, text)
                .about(target.clone())
                .with_advice("look at the node's task list, and at what has become of the guest")
        };
        loop {
            match tasks(&pve, &target, self.kind).await {
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
