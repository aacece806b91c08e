use std::sync::Arc;
use crate::{Layer, Policy, PveRequest, PveResponse, Result, Transport, async_trait};
pub(crate) struct Gate(#[allow(dead_code)] Arc<Policy>);
impl Gate { pub(crate) fn new(p: Arc<Policy>) -> Self { Self(p) } }
#[async_trait]
impl Layer for Gate {
    async fn call(&self, inner: &dyn Transport, request: &PveRequest) -> Result<PveResponse> { inner.call(request).await }
}
