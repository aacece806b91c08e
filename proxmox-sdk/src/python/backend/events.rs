//! What becomes of instances, from the first question on.

use std::sync::Arc;

use proxmox_core::backend::{Backend, InstanceWatch};
use proxmox_core::{Result, async_trait};

use super::values::InstanceEvent;
use crate::python::records::record;
use crate::python::watch::{Event, Source};

/// The events of a backend. The watch begins when the first is asked for.
pub(super) struct Events {
    backend: Arc<dyn Backend>,
    watch: Option<Box<dyn InstanceWatch>>,
}

impl Events {
    pub(super) fn of(backend: Arc<dyn Backend>) -> Self {
        Self { backend, watch: None }
    }
}

#[async_trait]
impl Source for Events {
    async fn next(&mut self) -> Result<Event> {
        let watch = match &mut self.watch {
            Some(watch) => watch,
            None => self.watch.insert(self.backend.watch().await?),
        };
        let event = InstanceEvent::from(watch.next().await?);
        Ok(Box::new(|py| record(py, event)))
    }
}
