//! What happens to a request before it is sent, and to an answer after it is read.

use std::hint::black_box;

use benches::rows;
use bytes::Bytes;
use criterion::{Criterion, criterion_group, criterion_main};
use proxmox_core::{Effect, Params, PvePath, PveRequest, PveResponse, Version};

// The codec is private to the transport, as it should be: this compiles its files once more.
#[allow(dead_code, unreachable_pub, unused_imports)]
#[path = "../../proxmox-transport/src/http/multipart.rs"]
mod multipart;
#[allow(dead_code, unreachable_pub, unused_imports)]
#[path = "../../proxmox-transport/src/http/codec.rs"]
mod codec;

const ROOT: &str = "https://pve1:8006/api2/json";

fn path(text: &str) -> PvePath {
    PvePath::parse(text).unwrap_or_else(|e| panic!("{e}"))
}

fn encode(c: &mut Criterion) {
    let mut group = c.benchmark_group("codec_encode");
    let get = PveRequest::get(path("/nodes/pve1/qemu/100/status/current"));
    group.bench_function("get", |b| b.iter(|| codec::encode(ROOT, black_box(&get))));
    let query = PveRequest::get(path("/cluster/resources")).param("type", "vm");
    group.bench_function("get_with_query", |b| {
        b.iter(|| codec::encode(ROOT, black_box(&query)));
    });
    let mut params = Params::new();
    for (name, value) in [
        ("name", "web-00042"),
        ("ipconfig0", "ip=192.0.2.7/24,gw=192.0.2.1"),
        ("net0", "virtio=BC:24:11:A3:26:7F,bridge=vmbr0,tag=5"),
        ("description", "one line\nand another, with a space"),
        ("tags", "sdk-managed;web"),
    ] {
        params.set(name, value);
    }
    params.set("memory", 4096).set("cores", 4).set("onboot", true);
    let form = PveRequest::set(path("/nodes/pve1/qemu/100/config")).params(params);
    group.bench_function("put_eight_parameters", |b| {
        b.iter(|| codec::encode(ROOT, black_box(&form)));
    });
    group.finish();
}

fn decode(c: &mut Criterion) {
    let mut group = c.benchmark_group("codec_decode");
    let body = Bytes::from_static(rows::VERSION.as_bytes());
    group.bench_function("version", |b| {
        b.iter(|| {
            PveResponse::from_http(Effect::Read, 200, "", body.clone()).and_then(|a| a.decode::<Version>())
        });
    });
    let upid =
        Bytes::from_static(br#"{"data":"UPID:pve1:00005F44:0003F654:6B00C37A:qmcreate:101:root@pam!test:"}"#);
    group.bench_function("upid", |b| {
        b.iter(|| PveResponse::from_http(Effect::Write, 200, "", upid.clone()).and_then(|a| a.upid()));
    });
    let refused = Bytes::from_static(br#"{"data":null,"message":"VM is locked (clone)\n"}"#);
    group.bench_function("error", |b| {
        b.iter(|| PveResponse::from_http(Effect::Write, 500, "VM is locked (clone)", refused.clone()));
    });
    group.finish();
}

criterion_group!(benches, encode, decode);
criterion_main!(benches);
