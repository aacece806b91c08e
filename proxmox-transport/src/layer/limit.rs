//! Not too much at once.

use async_lock::Semaphore;
use proxmox_core::{Error, Layer, PveRequest, PveResponse, Result, Transport, async_trait};

/// Lets a bounded number of requests through at once; the others wait for their turn. Works for threads and for tasks.
///
/// pveproxy has three workers by default: more requests at once than some of them keep busy only queue up there.
#[derive(Debug)]
pub struct Limit(Semaphore);

impl Limit {
    /// What a handle has when nobody says otherwise.
    pub const DEFAULT: usize = 16;

    /// At most so many at once.
    ///
    /// # Errors
    /// `InvalidInput` for none.
    pub fn new(requests: usize) -> Result<Self> {
        if requests == 0 {
            return Err(Error::invalid("limit", "limit: 0 requests at once would never send any"));
        }
        Ok(Self(Semaphore::new(requests)))
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self(Semaphore::new(Self::DEFAULT))
    }
}

#[async_trait]
impl Layer for Limit {
    async fn call(&self, inner: &dyn Transport, request: &PveRequest) -> Result<PveResponse> {
        let _turn = self.0.acquire().await;
        inner.call(request).await
    }

    fn takes_batches(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;

    use proxmox_core::{Pve, PvePath};

    use super::*;
    use crate::layer::testing::Scripted;

    #[test]
    fn no_more_than_so_many_at_once() {
        let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let peak = Arc::clone(&most);
        let (transport, log) = Scripted::new(move |_| {
            peak.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            // Gives the others every chance to be in here at the same time.
            (0..50).for_each(|_| thread::yield_now());
            now.fetch_sub(1, Ordering::SeqCst);
            Ok(PveResponse::envelope(r#"{"data":null}"#))
        });
        let pve = Pve::builder(transport).layer(Limit::new(2).unwrap()).build();
        let request = PveRequest::get(PvePath::parse("/version").unwrap());
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| (0..5).for_each(|_| drop(pve.block_on(pve.call(&request)).unwrap())));
            }
        });
        assert_eq!(log.sent.lock().unwrap().len(), 40);
        assert_eq!(most.load(Ordering::SeqCst), 2);
    }

    #[test]
    fn none_at_all_is_refused() {
        assert!(Limit::new(0).unwrap_err().errors().contains_key("limit"));
    }
}
