//! Files that come onto a storage, as PVE was seen to take them and to refuse them.

use proxmox_sim::{HttpRequest, ROOT_TOKEN_ID, ROOT_TOKEN_SECRET, Sim, SimAnswer, SimRequest, SimStorage};

use crate::ask::Asker;

const UPLOAD: &str = "/nodes/pve1/storage/local/upload";
const SUM: &str = "f09672273ce66d15a4db03d9ee7a274aaacf0b70b4f3901ce46a65d42ca95acb";

/// 200 bytes with the digest above.
fn content() -> Vec<u8> {
    b"hello iso ".repeat(20)
}

fn send(sim: &Sim, path: &str, name: &str, params: &[(&str, &str)]) -> SimAnswer {
    let request = SimRequest::new("POST", path).file(name, &content());
    sim.answer(&params.iter().fold(request, |request, (name, value)| request.param(name, *value)))
}

/// How the task ends that an upload starts.
fn ended(ask: &Asker, name: &str, params: &[(&str, &str)]) -> String {
    let answer = send(&ask.sim, UPLOAD, name, params);
    assert_eq!(answer.status, 200, "{name}: {}", answer.reason);
    ask.pass(60);
    let upid = answer.data().as_str().unwrap().to_owned();
    assert!(upid.contains(":imgcopy::root@pam:"), "{upid}");
    ask.status(&upid)["exitstatus"].as_str().unwrap().to_owned()
}

fn listed(ask: &Asker, kind: &str) -> Vec<String> {
    ask.sim
        .volumes("local", "pve1")
        .into_iter()
        .filter(|volid| volid.contains(&format!(":{kind}/")))
        .collect()
}

#[test]
fn what_is_stored() {
    let ask = Asker::new();
    let before = listed(&ask, "iso");
    for name in ["a.iso", "A.ISO", "b.img", "dir/c.iso", "dir\\d.iso", "x y+z.iso", "é.iso", "..iso"] {
        assert_eq!(ended(&ask, name, &[("content", "iso")]), "OK", "{name}");
    }
    let mut new: Vec<_> = listed(&ask, "iso").into_iter().filter(|volid| !before.contains(volid)).collect();
    new.sort();
    let names = ["..iso", "A.ISO", "__.iso", "a.iso", "b.img", "c.iso", "d.iso", "x_y_z.iso"];
    assert_eq!(new, names.map(|name| format!("local:iso/{name}")));
    assert_eq!(ask.sim.file("local:iso/a.iso", "pve1"), Some(content()));
    assert_eq!(ask.sim.file("local:iso/a.iso", "pve2"), None);
    let rows = ask.get("/nodes/pve1/storage/local/content");
    let row = rows.as_array().unwrap().iter().find(|row| row["volid"] == "local:iso/a.iso").unwrap();
    assert_eq!((row["size"].as_u64(), row["format"].as_str()), (Some(200), Some("iso")));
    assert_eq!(
        ask.last_log()[1..],
        [
            "target node: pve1",
            "target file: /var/lib/vz/template/iso/..iso",
            "file size is: 200",
            &ask.last_log()[4],
            "finished file import successfully",
            "TASK OK",
        ]
    );
    assert_eq!(ended(&ask, "t.tar.zst", &[("content", "vztmpl")]), "OK");
    assert_eq!(ended(&ask, "d.raw", &[("content", "import")]), "OK");
}

#[test]
fn what_its_task_finds() {
    let ask = Asker::new();
    let sum = |sum: &str| -> String {
        ended(&ask, "a.iso", &[("content", "iso"), ("checksum-algorithm", "sha256"), ("checksum", sum)])
    };
    let zeros = "0".repeat(64);
    assert_eq!(sum(&zeros), format!("checksum mismatch: got '{SUM}' != expect '{zeros}'"));
    assert!(!listed(&ask, "iso").contains(&"local:iso/a.iso".to_owned()));
    assert_eq!((sum(SUM), sum(&SUM.to_uppercase())), ("OK".into(), "OK".into()));
    assert_eq!(ask.last_log()[1], "calculating checksum...OK, checksum verified");
    for (name, why) in
        [("a.qcow2", "Image is not in qcow2 format"), ("a.vmdk", "invalid VMDK image descriptor")]
    {
        assert!(ended(&ask, name, &[("content", "import")]).ends_with(why), "{name}");
    }
    assert!(!listed(&ask, "import").contains(&"local:import/a.qcow2".to_owned()));
}

#[test]
fn what_is_refused_at_once() {
    let ask = Asker::of(Sim::builder().storage(SimStorage::new("isos", "dir", "iso")));
    let iso = ("content", "iso");
    for (name, params, field, why) in [
        ("a.iso", &[][..], "content", "property is missing and it is not optional"),
        (
            "a.raw",
            &[("content", "images")],
            "content",
            "value 'images' does not have a value in the enumeration 'iso, vztmpl, import'",
        ),
        ("a.txt", &[iso], "filename", "wrong file extension"),
        ("a.iso", &[("content", "vztmpl")], "filename", "wrong file extension"),
        ("a.iso", &[("content", "import")], "filename", "invalid filename or wrong extension"),
        (&"a".repeat(256), &[iso], "filename", "value may only be 255 characters long"),
        (
            "a.iso",
            &[iso, ("checksum", SUM)],
            "checksum-algorithm",
            "missing property - 'checksum' requires this property",
        ),
        (
            "a.iso",
            &[iso, ("checksum-algorithm", "sha256")],
            "checksum",
            "missing property - 'checksum-algorithm' requires this property",
        ),
    ] {
        let answer = send(&ask.sim, UPLOAD, name, params);
        assert_eq!(answer.status, 400, "{name} {params:?}: {}", answer.reason);
        assert_eq!(answer.errors().get(field).map(String::as_str), Some(why), "{name} {params:?}");
    }
    for (path, kind, name, why) in [
        ("/nodes/pve1/storage/nope/upload", "iso", "a.iso", "storage 'nope' does not exist"),
        (
            "/nodes/pve1/storage/isos/upload",
            "vztmpl",
            "a.tar",
            "storage 'isos' does not support 'vztmpl' content",
        ),
        ("/nodes/pve1/storage/local-lvm/upload", "iso", "a.iso", "can't upload to storage type 'lvmthin'"),
    ] {
        let answer = send(&ask.sim, path, name, &[("content", kind)]);
        assert_eq!((answer.status, answer.reason.as_str()), (500, why));
    }
    assert!(ask.sim.tasks().is_empty());
}

#[test]
fn over_http() {
    let sim = Sim::builder().time_scale(0.0).build();
    let send = |path: &str, kind: &str, body: &str| {
        let request = HttpRequest::new("POST", format!("/api2/json{path}"))
            .header("Authorization", format!("PVEAPIToken={ROOT_TOKEN_ID}={ROOT_TOKEN_SECRET}"))
            .header("Content-Type", kind)
            .body(body);
        let answer = sim.answer_http(&request);
        (answer.status, answer.reason)
    };
    let file =
        "--B\r\nContent-Disposition: form-data; name=\"filename\"; filename=\"h.iso\"\r\n\r\nx\r\n--B--\r\n";
    let field = "--B\r\nContent-Disposition: form-data; name=\"content\"\r\n\r\niso\r\n";
    let kind = "multipart/form-data; boundary=B";
    assert_eq!(send(UPLOAD, kind, &format!("{field}{file}")), (200, "OK".to_owned()));
    // What stands in the query counts as well.
    assert_eq!(send(&format!("{UPLOAD}?content=iso"), kind, file), (200, "OK".to_owned()));
    assert_eq!(send(UPLOAD, kind, file), (400, "Parameter verification failed.".to_owned()));
    let elsewhere = send("/nodes/pve1/qemu/100/config", kind, &format!("{field}{file}"));
    assert_eq!(elsewhere, (506, format!("upload 'Content-Type '{kind}' not implemented")));
    // Longer than any form may be.
    let long = file.replace("\r\nx\r\n", &format!("\r\n{}\r\n", "x".repeat(600 << 10)));
    assert_eq!(send(UPLOAD, kind, &format!("{field}{long}")), (200, "OK".to_owned()));
    sim.clock().advance(std::time::Duration::from_secs(60));
    assert_eq!(sim.file("local:iso/h.iso", "pve1").map(|content| content.len()), Some(600 << 10));
}

#[test]
fn what_is_fetched() {
    let url = "https://images.example/a.iso";
    let ask = Asker::of(Sim::builder().url(url, &content()));
    let path = "/nodes/pve1/storage/local/download-url";
    let fetch = |name: &str, url: &str, sum: Option<&str>| {
        let mut params = vec![("content", "iso"), ("filename", name), ("url", url)];
        params.extend(sum.map(|_| ("checksum-algorithm", "sha256")));
        params.extend(sum.map(|sum| ("checksum", sum)));
        ask.task("POST", path, &params)
    };
    let zeros = "0".repeat(64);
    let mismatch = format!("checksum mismatch: got '{SUM}' != expect '{zeros}'");
    assert_eq!(fetch("a.iso", "https://images.example/none.iso", None), "download failed: exit code 8");
    assert_eq!(fetch("a.iso", url, Some(&zeros)), mismatch);
    assert_eq!(fetch("a.iso", url, Some(SUM)), "OK");
    assert_eq!(
        fetch("a.iso", url, None),
        "refusing to override existing file '/var/lib/vz/template/iso/a.iso'"
    );
    assert_eq!(fetch("a.iso", url, Some(SUM)), "OK");
    assert_eq!(fetch("a.iso", url, Some(&zeros)), format!("{mismatch}, aborting"));
    let bad = ask.param_error(
        "POST",
        path,
        &[("content", "iso"), ("filename", "u.iso"), ("url", "file:///x")],
        "url",
    );
    assert_eq!(bad, "value does not match the regex pattern");
}
