//! What works.

use std::time::Duration;

use proxmox_core::{Effect, ErrorKind, Outcome, PvePath, PveRequest, PveResponse, Result};

use super::server::{Authority, Server};
use super::{SECRET, engines, get, plain, start, with_token};
use crate::Api;

const VERSION: &str = r#"{"data":{"version":"8.4.21","release":"8.4"}}"#;

fn version(answer: Result<PveResponse>) -> String {
    let data: serde_json::Value = answer.unwrap().decode().unwrap();
    data["version"].as_str().unwrap().to_owned()
}

#[test]
fn a_read_over_verified_tls_on_one_connection() {
    let ca = Authority::new("ours");
    let (config, _) = ca.server(&["localhost"]);
    let server = Server::tls(config, |c| c.serve("200 OK", VERSION));
    let api = with_token(Api::new(&server.url("localhost")).unwrap()).ca_pem(ca.pem()).unwrap();
    for (i, (name, pve)) in engines(&api).iter().enumerate() {
        for _ in 0..3 {
            assert_eq!(version(pve.call(&get("/version"))), "8.4.21", "{name}");
        }
        assert_eq!(server.connections(), i + 1, "{name} keeps its connection");
    }
}

#[test]
fn what_goes_over_the_wire() {
    let server = Server::start(|c| c.serve("200 OK", r#"{"data":null}"#));
    for (name, pve) in engines(&plain(&server)) {
        let before = server.seen().len();
        let empty = PveRequest::create(PvePath::parse("/nodes/pve1/qemu/100/template").unwrap())
            .effect(Effect::Write);
        let put =
            PveRequest::set(PvePath::parse("/nodes/pve1/qemu/100/config").unwrap()).param("name", "a b");
        let delete = PveRequest::delete(PvePath::parse("/nodes/pve1/qemu/100").unwrap()).param("purge", true);
        for request in [&get("/nodes").param("x", true), &start(), &empty, &put, &delete] {
            pve.call(request).unwrap();
        }
        let seen: Vec<_> = server.seen().into_iter().skip(before).collect();
        let length = |text: &str| {
            text.to_ascii_lowercase()
                .lines()
                .find_map(|l| l.strip_prefix("content-length: ").map(str::to_owned))
        };
        let firsts: Vec<_> = seen.iter().map(|text| text.lines().next().unwrap()).collect();
        assert_eq!(
            firsts,
            [
                "GET /api2/json/nodes?x=1 HTTP/1.1",
                "POST /api2/json/nodes/pve1/qemu/100/status/start HTTP/1.1",
                "POST /api2/json/nodes/pve1/qemu/100/template HTTP/1.1",
                "PUT /api2/json/nodes/pve1/qemu/100/config HTTP/1.1",
                "DELETE /api2/json/nodes/pve1/qemu/100?purge=1 HTTP/1.1",
            ],
            "{name}"
        );
        let lengths: Vec<_> = seen.iter().map(|text| length(text)).collect();
        let some = |n: &str| Some(n.to_owned());
        assert_eq!(lengths, [None, some("9"), some("0"), some("10"), None], "{name}");
        assert!(seen[1].ends_with("\r\n\r\ntimeout=5") && seen[3].ends_with("\r\n\r\nname=a%20b"), "{name}");
        for text in &seen {
            let head = text.to_ascii_lowercase();
            assert!(
                head.contains(&format!("authorization: pveapitoken=root@pam!ci={SECRET}\r\n")),
                "{name}: {text}"
            );
            assert!(head.contains(&format!("host: {}\r\n", server.authority())), "{name}: {text}");
            assert!(
                !head.contains("transfer-encoding") && !head.contains("accept-encoding: g"),
                "{name}: {text}"
            );
            assert_eq!(
                head.matches("content-length").count(),
                usize::from(length(text).is_some()),
                "{name}: {text}"
            );
        }
    }
}

#[test]
fn the_reason_phrase_reaches_the_error() {
    for (line, kind, reason) in [
        ("401 No ticket", ErrorKind::Unauthenticated, "No ticket"),
        ("500 VM 100 is not running", ErrorKind::WrongState, "VM 100 is not running"),
        ("595 No route to host", ErrorKind::NodeUnreachable, "No route to host"),
        ("596 Broken pipe", ErrorKind::NodeUnreachable, "Broken pipe"),
        ("500 Internal Server Error", ErrorKind::Unexpected, "Internal Server Error"),
    ] {
        let server = Server::start(move |c| {
            c.read()?;
            c.write(&format!("HTTP/1.1 {line}\r\nConnection: close\r\n\r\n"))
        });
        for (name, pve) in engines(&plain(&server)) {
            let error = pve.call(&get("/version")).unwrap_err();
            assert_eq!(
                (error.kind(), error.reason(), error.message()),
                (kind, Some(reason), reason),
                "{name}"
            );
            assert_eq!(error.outcome(), Outcome::Rejected, "{name}");
        }
    }
}

#[test]
fn a_status_line_in_small_pieces() {
    let server = Server::start(|c| {
        c.read()?;
        for piece in
            ["HTTP/1", ".1 5", "00 VM 100 is", " not running\r", "\nContent-Len", "gth: 0\r\n\r", "\n"]
        {
            c.write(piece)?;
        }
        Ok(())
    });
    for (name, pve) in engines(&plain(&server)) {
        let error = pve.call(&get("/version")).unwrap_err();
        assert_eq!(error.reason(), Some("VM 100 is not running"), "{name}");
    }
}

/// pveproxy closes after each error answer and after 100 requests, and says so.
#[test]
fn a_connection_that_ends_is_not_noticed() {
    let server = Server::start(|c| {
        for n in 0..3 {
            if c.read()?.is_none() {
                return Ok(());
            }
            if n < 2 {
                c.answer("200 OK", VERSION)?;
            }
        }
        c.write(&format!(
            "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{VERSION}",
            VERSION.len()
        ))
    });
    for (name, pve) in engines(&plain(&server)) {
        let before = (server.seen().len(), server.connections());
        for i in 0..10 {
            let request = if i % 2 == 0 { get("/version") } else { start() };
            pve.call(&request).unwrap_or_else(|e| panic!("{name}: {e}"));
        }
        assert_eq!((server.seen().len() - before.0, server.connections() - before.1), (10, 4), "{name}");
    }
}

#[test]
fn redirects_are_answers() {
    let server = Server::start(|c| {
        c.read()?;
        c.write(
            "HTTP/1.1 301 Moved Permanently\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
        )
    });
    for (name, pve) in engines(&plain(&server)) {
        let error = pve.call(&start()).unwrap_err();
        assert_eq!((error.status(), error.reason()), (Some(301), Some("Moved Permanently")), "{name}");
    }
    assert_eq!(server.seen().len(), engines(&plain(&server)).len());
}

#[test]
fn a_large_answer_in_chunks() {
    let server = Server::start(|c| {
        while c.read()?.is_some() {
            c.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")?;
            c.write("9\r\n{\"data\":[\r\n")?;
            for i in 0..2000 {
                let row = format!("{}{i}", if i > 0 { "," } else { "" });
                c.write(&format!("{:x}\r\n{row}\r\n", row.len()))?;
            }
            c.write("2\r\n]}\r\n0\r\n\r\n")?;
        }
        Ok(())
    });
    for (name, pve) in engines(&plain(&server)) {
        let rows: Vec<u32> = pve.call(&get("/x")).unwrap().decode().unwrap();
        assert_eq!(rows.len(), 2000, "{name}");
    }
}

/// pveproxy's 401 has no length and ends without TLS having said so.
#[test]
fn an_error_that_ends_with_its_connection() {
    let ca = Authority::new("ours");
    for answer in [
        "HTTP/1.1 401 No ticket\r\nConnection: close\r\n\r\n",
        "HTTP/1.1 500 VM is locked (clone)\r\nContent-Length: 100\r\n\r\n{\"mess",
    ] {
        let server = Server::tls(ca.server(&["localhost"]).0, move |c| {
            c.read()?;
            c.write(answer)
        });
        let api = with_token(Api::new(&server.url("localhost")).unwrap()).ca_pem(ca.pem()).unwrap();
        for (name, pve) in engines(&api) {
            let error = pve.call(&start()).unwrap_err();
            assert_eq!(error.outcome(), Outcome::Rejected, "{name}: {error:?}");
            assert!(
                matches!(error.reason(), Some("No ticket" | "VM is locked (clone)")),
                "{name}: {error:?}"
            );
        }
    }
}

#[test]
fn a_timeout_of_its_own_takes_no_other_connection() {
    let server = Server::start(|c| c.serve("200 OK", VERSION));
    for (i, (name, pve)) in engines(&plain(&server)).iter().enumerate() {
        for request in [get("/version"), get("/version").timeout(Duration::from_secs(50)), get("/version")] {
            assert_eq!(version(pve.call(&request)), "8.4.21", "{name}");
        }
        assert_eq!(server.connections(), i + 1, "{name}");
    }
}
