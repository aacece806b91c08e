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
            return Err(Error::invalid(
                "limit",
                "limit: 0 requests at once would never send any",
            ));
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
}
