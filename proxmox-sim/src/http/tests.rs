use super::*;
use serde_json::json;

const FORM: &str = "application/x-www-form-urlencoded";

fn put(kind: &str, body: &str) -> HttpRequest {
    HttpRequest::new("PUT", "/api2/json/nodes/pve1/qemu/101/config").header("content-type", kind).body(body)
}

fn texts(request: &HttpRequest) -> Vec<(String, String)> {
    let read = request.read().unwrap();
    read.params
        .into_iter()
        .map(|(name, value)| match value {
            SimValue::Text(text) => (name, text),
            SimValue::Json(value) => (name, format!("json {value}")),
        })
        .collect()
}

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
}

fn refusal(request: &HttpRequest) -> (u16, String, String) {
    let (Refused::AtOnce(answer) | Refused::AfterLogin(answer)) = request.read().unwrap_err();
    assert!(answer.ends_connection());
    (answer.status, answer.reason, String::from_utf8(answer.body).unwrap())
}

#[test]
fn paths() {
    for (target, path) in [
        ("/api2/json", "/"),
        ("/api2/json/", "/"),
        ("/api2/json//version", "/version"),
        ("/api2/json/version/", "/version"),
        ("/api2/json/nodes%2Fpve1%2Fqemu", "/nodes/pve1/qemu"),
        ("/api2/json/access/users/bob%40pve/token/priv", "/access/users/bob@pve/token/priv"),
        ("/api2/json/version?x=1", "/version"),
    ] {
        assert_eq!(HttpRequest::new("GET", target).read().unwrap().path, path, "{target}");
    }
    for outside in ["/", "/version", "/api2", "/api2/jsonx"] {
        let (status, reason, body) = refusal(&HttpRequest::new("GET", outside));
        assert_eq!((status, reason.clone()), (500, format!("no such file '{outside}'")));
        assert_eq!(body, reason);
    }
}

#[test]
fn bodies_and_queries() {
    assert_eq!(
        texts(&put(FORM, "a=1+2%2B3&b=%C3%BC&a=x;c=&d")),
        pairs(&[("a", "1 2+3"), ("b", "ü"), ("a", "x"), ("c", "")])
    );
    assert_eq!(texts(&put(&format!("{FORM}; charset=UTF-8"), "a=1")), pairs(&[("a", "1")]));
    let json = put("application/json;charset=utf-8", r#"{"n":2,"list":["a"],"yes":true}"#);
    assert_eq!(texts(&json), pairs(&[("list", r#"json ["a"]"#), ("n", "json 2"), ("yes", "json true")]));
    assert_eq!(json.read().unwrap().params[1].1, SimValue::Json(json!(2)));
    assert_eq!(texts(&put("application/json", "null")), []);

    let mut both = put(FORM, "name=x&description=body");
    both.target.push_str("?description=query");
    assert_eq!(texts(&both), pairs(&[("name", "x"), ("description", "query")]));
    let get = HttpRequest::new("GET", "/api2/json/cluster/resources?type=vm&type=node");
    assert_eq!(texts(&get), pairs(&[("type", "vm"), ("type", "node")]));
    let untyped = HttpRequest::new("POST", "/api2/json/x").body("description=noct");
    assert_eq!(texts(&untyped), pairs(&[("description", "noct")]));
}

#[test]
fn refused_by_the_web_server() {
    for method in ["PATCH", "HEAD", "OPTIONS"] {
        let answer = refusal(&HttpRequest::new(method, "/api2/json/version"));
        assert_eq!(answer, (501, format!("method '{method}' not available"), String::new()));
    }
    for (request, status, sentence) in [
        (
            HttpRequest::new("DELETE", "/api2/json/x").body("a=1"),
            501,
            "Unexpected content for method 'DELETE'",
        ),
        (
            HttpRequest::new("GET", "/api2/json/x").header("Content-Length", "9"),
            501,
            "Unexpected content for method 'GET'",
        ),
        (
            put(FORM, "").header("Transfer-Encoding", "chunked"),
            501,
            "chunked transfer encoding not supported",
        ),
        (put("text/plain", "a=1"), 506, "upload 'Content-Type 'text/plain' not implemented"),
        (put(FORM, "").header("Content-Length", "524289"), 501, "for data too large"),
    ] {
        assert_eq!(refusal(&request), (status, sentence.to_owned(), sentence.to_owned()));
    }
    assert!(put(FORM, "").header("Content-Length", "524288").check().is_ok());
    assert!(HttpRequest::new("GET", "/api2/json/x").header("Content-Length", "0").read().is_ok());
}

#[test]
fn who_is_not_let_in_hears_that_first() {
    let sim = Sim::new();
    let with_body = HttpRequest::new("DELETE", "/api2/json/nodes/pve1/qemu/100").body("purge=1");
    assert_eq!(sim.answer_http(&with_body).reason, "No ticket");
    let chunked = HttpRequest::new("POST", "/api2/json/x").header("Transfer-Encoding", "chunked");
    assert_eq!(sim.answer_http(&chunked).reason, "chunked transfer encoding not supported");
    let login =
        HttpRequest::new("POST", "/api2/json/access/ticket").header("Content-Type", "text/plain").body("x");
    assert_eq!(sim.answer_http(&login).status, 506);
}

#[test]
fn broken_json() {
    let malformed =
        "malformed JSON string, neither tag, array, object, number, string or atom, at character offset";
    for (body, at) in [
        ("", r#"0 (before "(end of string)")"#),
        (r#"{"description":"#, r#"15 (before "(end of string)")"#),
        ("x", r#"0 (before "x")"#),
    ] {
        let (status, reason, text) = refusal(&put("application/json", body));
        assert_eq!(status, 500);
        let sentence = format!("{malformed} {at} at /usr/share/perl5/PVE/APIServer/AnyEvent.pm line 917.");
        assert_eq!((reason, text), (sentence.clone(), sentence + "\n"));
    }
    assert!(refusal(&put("application/json", "[1]")).1.starts_with("Not a HASH reference"));
}

#[test]
fn who_asks() {
    let auth = |headers: &[(&str, &str)]| {
        let request = HttpRequest::new("GET", "/api2/json/version");
        headers.iter().fold(request, |r, (name, value)| r.header(*name, *value)).read().unwrap().auth
    };
    let ticket = |ticket: &str, csrf: Option<&str>| Credentials::Ticket {
        ticket: ticket.to_owned(),
        csrf: csrf.map(str::to_owned),
    };
    let token = |text: &str| Credentials::Token(text.to_owned());
    assert_eq!(auth(&[]), Credentials::None);
    assert_eq!(auth(&[("Authorization", "Bearer abc")]), Credentials::None);
    assert_eq!(auth(&[("Authorization", "PVEAPIToken=a@pve!t=s")]), token("a@pve!t=s"));
    assert_eq!(auth(&[("authorization", "PVEAPIToken a@pve!t=s")]), token("a@pve!t=s"));
    assert_eq!(auth(&[("Authorization", "PVEAuthCookie=PVE:x")]), ticket("PVE:x", None));
    let cookie = ("Cookie", "lang=de; PVEAuthCookie=PVE%3Abob%40pve%3A1; z=1");
    assert_eq!(auth(&[cookie, ("CSRFPreventionToken", "c")]), ticket("PVE:bob@pve:1", Some("c")));
    assert_eq!(auth(&[("Authorization", "PVEAPIToken=t"), cookie]), ticket("PVE:bob@pve:1", None));
    assert_eq!(auth(&[("Cookie", "XPVEAuthCookie=a")]), Credentials::None);
}

#[test]
fn headers_of_answers() {
    let mut answer = text(501, "for data too large");
    assert!(answer.headers().contains(&("Connection", "close")));
    assert!(answer.headers().iter().all(|(name, _)| *name != "Content-Type"));
    (answer.status, answer.body) = (200, br#"{"data":null}"#.to_vec());
    assert!(answer.headers().contains(&("Connection", "Keep-Alive")));
    assert!(answer.headers().contains(&("Content-Type", "application/json;charset=UTF-8")));
}
