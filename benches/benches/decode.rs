//! Lists, decoded typed by the SDK, by serde's plain derive into the same fields, and into `Value`.

use std::hint::black_box;

use benches::rows::{self, Unknown};
use benches::twin::{self, Envelope};
use bytes::Bytes;
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use proxmox_core::PveResponse;
use proxmox_core::cluster::Resource;
use proxmox_core::guest::GuestStatus;
use serde::de::DeserializeOwned;
use serde_json::Value;

fn plain<T: DeserializeOwned>(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, body: &Bytes) {
    group.bench_function(name, |b| {
        b.iter(|| black_box(serde_json::from_slice::<Envelope<T>>(body)).is_ok());
    });
}

fn lists<Sdk: DeserializeOwned, Twin: DeserializeOwned, Keeping: DeserializeOwned>(
    c: &mut Criterion,
    name: &str,
    body: &Bytes,
) {
    let mut group = c.benchmark_group(name);
    group.throughput(Throughput::Bytes(body.len() as u64)).sample_size(30);
    group.bench_function("sdk", |b| {
        b.iter(|| black_box(PveResponse::envelope(body.clone()).rows::<Sdk>()).is_ok());
    });
    plain::<Vec<Twin>>(&mut group, "derive_dropping", body);
    plain::<Vec<Keeping>>(&mut group, "derive_flatten", body);
    plain::<Value>(&mut group, "value", body);
    group.finish();
}

fn decode(c: &mut Criterion) {
    for (unknown, name) in [(Unknown::Zero, "0_unknown"), (Unknown::Six, "6_unknown")] {
        lists::<GuestStatus, twin::Guest, twin::GuestKeeping>(
            c,
            &format!("decode_1000_vms_{name}"),
            &rows::vms(unknown),
        );
        lists::<Resource, twin::Resource, twin::ResourceKeeping>(
            c,
            &format!("decode_10500_resources_{name}"),
            &rows::resources(unknown),
        );
    }
}

criterion_group!(benches, decode);
criterion_main!(benches);
