//! What wraps a transport: one method, state in the layer.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;

use crate::transport::{Transport, TransportInfo};
use crate::{PveRequest, PveResponse, Result};

/// Sees every request and every answer, and knows only what is below it.
///
/// A layer may change the request, answer it itself, or call `inner` any number of times. It must not call `inner` again
/// after an error whose outcome is `MaybeApplied`, unless [`PveRequest::may_repeat`] says so.
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
/// use proxmox_core::{Layer, PveRequest, PveResponse, Result, Transport, async_trait};
///
/// #[derive(Default)]
/// struct Count(AtomicU64);
///
/// #[async_trait]
/// impl Layer for Count {
///     async fn call(&self, inner: &dyn Transport, request: &PveRequest) -> Result<PveResponse> {
///         self.0.fetch_add(1, Ordering::Relaxed);
///         inner.call(request).await
///     }
/// }
/// ```
#[async_trait]
pub trait Layer: Send + Sync + 'static {
    /// Handles one request.
    async fn call(&self, inner: &dyn Transport, request: &PveRequest) -> Result<PveResponse>;

    /// Whether this layer has to do with the request. One that it would only pass on may go around it, which saves a
    /// future for each.
    fn concerns(&self, _request: &PveRequest) -> bool {
        true
    }

    /// Whether this layer may be shown a batch, `POST /nodes/{node}/execute`, in the place of the requests that it
    /// carries. One that does not say so sees each request by itself: then nothing is packed on its handle.
    fn takes_batches(&self) -> bool {
        false
    }
}

#[async_trait]
impl<L: Layer + ?Sized> Layer for Arc<L> {
    async fn call(&self, inner: &dyn Transport, request: &PveRequest) -> Result<PveResponse> {
        (**self).call(inner, request).await
    }
    fn concerns(&self, request: &PveRequest) -> bool {
        (**self).concerns(request)
    }
    fn takes_batches(&self) -> bool {
        (**self).takes_batches()
    }
}

/// A layer over a transport is a transport.
pub(crate) struct Layered {
    pub(crate) layer: Box<dyn Layer>,
    pub(crate) inner: Arc<dyn Transport>,
}

#[async_trait]
impl Transport for Layered {
    fn info(&self) -> TransportInfo {
        let mut info = self.inner.info();
        info.executes &= self.layer.takes_batches();
        info
    }
    // Written out: the layer's future is the answer, and needs no other around it.
    fn call<'a, 'r, 'f>(
        &'a self,
        request: &'r PveRequest,
    ) -> Pin<Box<dyn Future<Output = Result<PveResponse>> + Send + 'f>>
    where
        'a: 'f,
        'r: 'f,
        Self: 'f,
    {
        if self.layer.concerns(request) {
            self.layer.call(&*self.inner, request)
        } else {
            self.inner.call(request)
        }
    }
    async fn sleep(&self, duration: Duration) {
        self.inner.sleep(duration).await;
    }
    fn now(&self) -> Instant {
        self.inner.now()
    }
    fn drive(&self, flow: Pin<&mut (dyn Future<Output = ()> + Send)>) {
        self.inner.drive(flow);
    }
}
