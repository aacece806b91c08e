//! What goes wrong on the wire, and what is said about it.

use std::io::Read as _;
use std::net::TcpListener;
use std::sync::mpsc;
use std::time::Duration;

use proxmox_core::{Effect, Error, ErrorKind, Outcome, PvePath, PveRequest};

use super::server::{Connection, Server};
use super::{Bare, engines, get, plain, start, with_token};
use crate::Api;

/// A budget that is meant to run out, and yet is long for whoever must get there first.
const SHORT: Duration = Duration::from_millis(1000);
const LONG: Duration = Duration::from_secs(60);

const OK: &str = r#"{"data":null}"#;

fn fails(pve: &Bare, request: &PveRequest) -> Error {
    pve.call(request).unwrap_err()
}

/// A read and a write to a server that does the same to both: each reaches it exactly once.
fn both(
    first_byte: Duration,
    script: impl Fn(&mut Connection) -> std::io::Result<()> + Send + Sync + 'static,
    check: impl Fn(&str, Error, Error),
) {
    let server = Server::start(script);
    for (name, pve) in engines(&plain(&server).first_byte_timeout(first_byte)) {
        let before = server.seen().len();
        let (read, write) = (fails(&pve, &get("/version")), fails(&pve, &start()));
        assert_eq!(server.seen().len() - before, 2, "{name} sent each once");
        for error in [&read, &write] {
            assert!(error.message().contains(&server.authority()), "{name}: {error}");
        }
        check(name, read, write);
    }
}

#[test]
fn an_answer_that_never_comes() {
    both(
        SHORT,
        |c| {
            c.read()?;
            // Waits until the client goes.
            c.read().map(drop)
        },
        |name, read, write| {
            assert_eq!((read.kind(), read.outcome()), (ErrorKind::Timeout, Outcome::Rejected), "{name}");
            assert_eq!(
                (write.kind(), write.outcome()),
                (ErrorKind::Timeout, Outcome::MaybeApplied),
                "{name}"
            );
            assert!(write.message().ends_with("within 1s (first byte budget)"), "{name}: {write}");
            assert!(read.is_retryable() && !write.is_retryable(), "{name}");
        },
    );
}

#[test]
fn closed_after_reading() {
    both(
        LONG,
        |c| c.read().map(drop),
        |name, read, write| {
            assert_eq!(
                (read.kind(), read.outcome()),
                (ErrorKind::Connect, Outcome::Rejected),
                "{name}: {read:?}"
            );
            assert_eq!(
                (write.kind(), write.outcome()),
                (ErrorKind::Connect, Outcome::MaybeApplied),
                "{name}: {write:?}"
            );
            assert!(read.is_retryable() && !write.is_retryable(), "{name}");
            assert!(write.message().starts_with("no answer from "), "{name}: {write}");
            assert!(write.message().ends_with(": the connection was closed"), "{name}: {write}");
        },
    );
}

#[test]
fn cut_in_the_head_or_in_the_body() {
    for cut in [
        "HTTP/1.1 200 O",
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"data\":",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{\"da",
    ] {
        both(
            LONG,
            move |c| {
                c.read()?;
                c.write(cut)
            },
            |name, read, write| {
                assert_eq!(
                    (read.kind(), read.outcome()),
                    (ErrorKind::Connect, Outcome::Rejected),
                    "{name}: {read:?}"
                );
                assert_eq!(
                    (write.kind(), write.outcome()),
                    (ErrorKind::Connect, Outcome::MaybeApplied),
                    "{name}: {write:?}"
                );
            },
        );
    }
}

#[test]
fn a_body_that_stalls_ends_at_the_deadline() {
    let server = Server::start(|c| {
        c.read()?;
        c.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"data\":")?;
        c.read().map(drop)
    });
    for (name, pve) in engines(&plain(&server).total_timeout(SHORT)) {
        let error = fails(&pve, &start());
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Timeout, Outcome::MaybeApplied), "{name}");
        assert!(error.message().ends_with("is not complete within 1s (total budget)"), "{name}: {error}");
    }
}

/// A body that drips never idles for long, and ends at the deadline all the same.
#[test]
fn a_body_that_drips_ends_at_the_deadline() {
    let server = Server::start(|c| {
        c.read()?;
        c.write("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")?;
        let (_never, forever) = mpsc::channel::<()>();
        loop {
            c.write("x")?;
            let _ = forever.recv_timeout(Duration::from_millis(10));
        }
    });
    for (name, pve) in engines(&plain(&server).total_timeout(SHORT)) {
        assert_eq!(fails(&pve, &get("/x")).kind(), ErrorKind::Timeout, "{name}");
    }
}

#[test]
fn a_request_has_its_own_budget() {
    let server = Server::start(|c| {
        c.read()?;
        c.read().map(drop)
    });
    for (name, pve) in engines(&plain(&server)) {
        let error = fails(&pve, &start().timeout(SHORT));
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Timeout, Outcome::MaybeApplied), "{name}");
        assert!(error.message().contains("within 1s"), "{name}: {error}");
    }
}

#[test]
fn closed_before_reading() {
    let server = Server::start(|_| Ok(()));
    for (name, pve) in engines(&plain(&server)) {
        let error = fails(&pve, &start());
        // Whether bytes left is a race here; that nobody claims a refusal is not.
        assert!(matches!(error.outcome(), Outcome::NotSent | Outcome::MaybeApplied), "{name}: {error:?}");
        assert_eq!(error.kind(), ErrorKind::Connect, "{name}: {error:?}");
        assert!(fails(&pve, &get("/version")).is_retryable(), "{name}");
    }
}

#[test]
fn nobody_listens() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    for host in [format!("127.0.0.1:{port}"), "nowhere.invalid:8006".to_owned()] {
        let api =
            with_token(Api::new(&format!("https://{host}")).unwrap()).dangerous_accept_any_certificate();
        for (name, pve) in engines(&api) {
            let error = fails(&pve, &start());
            assert_eq!(
                (error.kind(), error.outcome()),
                (ErrorKind::Connect, Outcome::NotSent),
                "{name}: {error:?}"
            );
            assert!(error.message().starts_with(&format!("no connection to {host}: ")), "{name}: {error}");
            assert!(error.is_retryable(), "{name}");
        }
    }
}

/// The server closes an idle connection without having said so: the next write takes another one, and is sent once.
#[test]
fn an_idle_connection_that_was_closed_is_not_used() {
    let (closed, was_closed) = mpsc::channel();
    let closed = std::sync::Mutex::new(closed);
    let server = Server::start(move |c| {
        c.read()?;
        c.answer("200 OK", OK)?;
        c.close();
        closed.lock().unwrap().send(()).unwrap();
        Ok(())
    });
    for (name, pve) in engines(&plain(&server)) {
        let before = server.seen().len();
        for _ in 0..20 {
            pve.call(&start()).unwrap_or_else(|e| panic!("{name}: {e:?}"));
            was_closed.recv().unwrap();
        }
        assert_eq!(server.seen().len() - before, 20, "{name}");
    }
}

/// The server reads the write on a connection that was used before, and closes: it is not sent again.
#[test]
fn a_write_on_a_used_connection_is_sent_once() {
    for verb in ["POST", "PUT", "DELETE"] {
        let server = Server::start(|c| {
            c.read()?;
            c.answer("200 OK", OK)?;
            c.read().map(drop)
        });
        for (name, pve) in engines(&plain(&server)) {
            let before = server.seen().len();
            let path = PvePath::parse("/nodes/pve1/qemu/100").unwrap();
            let request = match verb {
                "POST" => PveRequest::create(path),
                "PUT" => PveRequest::set(path),
                _ => PveRequest::delete(path),
            };
            pve.call(&get("/version")).unwrap();
            let error = fails(&pve, &request.effect(Effect::Write));
            assert_eq!(error.outcome(), Outcome::MaybeApplied, "{name} {verb}: {error:?}");
            assert_eq!(server.seen().len() - before, 2, "{name} {verb}");
        }
    }
}

/// The server answers before it has read a long form, and reads no more of it: the next request does not wait for that connection.
#[test]
fn a_form_that_is_answered_early_is_in_nobodys_way() {
    let (done, over) = mpsc::channel::<()>();
    let over = std::sync::Mutex::new(over);
    let server = Server::start(move |c| {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            c.stream.read_exact(&mut byte)?;
            head.push(byte[0]);
        }
        if head.starts_with(b"GET") {
            return c.answer("200 OK", OK);
        }
        c.answer("401 No ticket", "")?;
        over.lock().unwrap().recv().map_err(std::io::Error::other)
    });
    // ureq writes all of a form before it reads.
    for (name, pve) in engines(&plain(&server).total_timeout(LONG)).into_iter().filter(|(n, _)| *n != "ureq")
    {
        let long = start().param("description", "x".repeat(64 << 20));
        assert_eq!(fails(&pve, &long).kind(), ErrorKind::Unauthenticated, "{name}");
        let next = pve.call(&get("/version").timeout(Duration::from_secs(2)));
        next.unwrap_or_else(|e| panic!("{name}: {e:?}"));
        done.send(()).unwrap();
    }
}

#[test]
fn ten_megabytes_of_garbage() {
    let server = Server::start(|c| {
        c.read()?;
        let noise = "\u{1}garbage".repeat(1 << 10);
        for _ in 0..(10 << 20) / noise.len() {
            c.write(&noise)?;
        }
        Ok(())
    });
    for (name, pve) in engines(&plain(&server)) {
        let error = fails(&pve, &start());
        assert_eq!(
            (error.kind(), error.outcome()),
            (ErrorKind::Decode, Outcome::MaybeApplied),
            "{name}: {error:?}"
        );
        assert!(error.message().len() < 500, "{name}: {error}");
    }
    let server = Server::start(|c| c.serve("200 OK", &"garbage ".repeat(10 << 17)));
    for (name, pve) in engines(&plain(&server)) {
        let error = pve.call(&get("/version")).unwrap().decode::<u8>().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode, "{name}");
        assert!(error.message().len() < 500, "{name}");
    }
}

#[test]
fn an_answer_that_is_too_long_is_not_read() {
    for head in ["Content-Length: 99999999999", "Transfer-Encoding: chunked"] {
        let server = Server::start(move |c| {
            c.read()?;
            c.write(&format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n"))?;
            let piece = format!("10000\r\n{}\r\n", "x".repeat(1 << 16));
            loop {
                c.write(&piece)?;
            }
        });
        for (name, pve) in engines(&plain(&server)) {
            let error = fails(&pve, &get("/x"));
            assert_eq!(
                (error.kind(), error.outcome()),
                (ErrorKind::Decode, Outcome::Rejected),
                "{name}: {error:?}"
            );
            assert!(error.message().contains("longer than 64 MiB"), "{name}: {error}");
        }
    }
}

#[test]
fn answers_that_are_not_pves() {
    for (status, body, kind) in [
        ("200 OK", "", ErrorKind::Decode),
        ("200 OK", "<html><body>login</body></html>", ErrorKind::Decode),
        ("200 OK", "{\"data\":", ErrorKind::Decode),
        ("204 No Content", "", ErrorKind::Decode),
        ("502 Bad Gateway", "<html>502</html>", ErrorKind::Unavailable),
        ("404 Not Found", "<html>404</html>", ErrorKind::NotFound),
    ] {
        let server = Server::start(move |c| {
            while c.read()?.is_some() {
                // A 204 has no length.
                if status.starts_with("204") {
                    c.write("HTTP/1.1 204 No Content\r\n\r\n")?;
                } else {
                    c.answer(status, body)?;
                }
            }
            Ok(())
        });
        for (name, pve) in engines(&plain(&server)) {
            let error = pve
                .call(&get("/version"))
                .and_then(|answer| answer.decode::<serde_json::Value>())
                .unwrap_err();
            assert_eq!(error.kind(), kind, "{name} {status} {body:?}: {error:?}");
        }
    }
}

#[test]
fn no_error_shows_the_secret() {
    let lost = Server::start(|c| c.read().map(drop));
    let cut = Server::start(|c| {
        c.read()?;
        c.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
    });
    for server in [lost, cut] {
        for (name, pve) in engines(&plain(&server)) {
            let request = start().param("cipassword", "hunter2");
            let delete = PveRequest::delete(PvePath::parse("/x").unwrap()).param("password", "hunter2");
            for error in [fails(&pve, &request), fails(&pve, &delete)] {
                let text = format!("{error} {error:?}");
                assert!(!text.contains("hunter2") && !text.contains(super::SECRET), "{name}: {text}");
            }
        }
    }
}
