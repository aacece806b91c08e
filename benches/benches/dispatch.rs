//! From a call to the transport and back, through no layer, through the gate, and through further ones.

use std::future::{Future, IntoFuture};
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use benches::rows;
use bytes::Bytes;
use criterion::{Criterion, criterion_group, criterion_main};
use proxmox_core::{
    Layer, Pve, PvePath, PveRequest, PveResponse, Result, Transport, TransportInfo, async_trait,
};
use proxmox_transport::layer::{Limit, Retry, Trace};

/// Answers at once.
struct Ready;

#[async_trait]
impl Transport for Ready {
    fn info(&self) -> TransportInfo {
        TransportInfo::new("ready", "nowhere").blocking()
    }
    async fn call(&self, _: &PveRequest) -> Result<PveResponse> {
        Ok(PveResponse::envelope(Bytes::from_static(rows::VERSION.as_bytes())))
    }
    async fn sleep(&self, _: Duration) {}
}

/// Does nothing.
struct Through;

#[async_trait]
impl Layer for Through {
    async fn call(&self, inner: &dyn Transport, request: &PveRequest) -> Result<PveResponse> {
        inner.call(request).await
    }
}

/// Everything here is ready at once.
fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("it waits"),
    }
}

fn dispatch(c: &mut Criterion) {
    let mut group = c.benchmark_group("dispatch");
    let request = PveRequest::get(PvePath::parse("/version").unwrap_or_else(|e| panic!("{e}")));
    group.bench_function("transport", |b| b.iter(|| now(Ready.call(black_box(&request)))));
    for layers in [0, 1, 4] {
        let mut builder = Pve::builder(Ready);
        for _ in 0..layers {
            builder = builder.layer(Through);
        }
        let pve = builder.build();
        group.bench_function(format!("gate_and_{layers}"), |b| {
            b.iter(|| now(pve.call(black_box(&request))));
        });
    }
    let pve = Pve::builder(Ready).layer(Retry::new()).layer(Limit::default()).layer(Trace::new()).build();
    group.bench_function("standard_layers", |b| {
        b.iter(|| now(pve.call(black_box(&request))));
    });
    group.bench_function("typed_call", |b| {
        b.iter(|| now(pve.cluster().version().into_future()));
    });
    group.bench_function("typed_call_blocking", |b| {
        b.iter(|| pve.cluster().version().block());
    });
    group.finish();
}

criterion_group!(benches, dispatch);
criterion_main!(benches);
