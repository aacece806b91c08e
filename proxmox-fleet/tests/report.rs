//! The report of a cluster that has about every trouble there is, in all its forms.
#![allow(clippy::unwrap_used)]

use proxmox_fleet::{Report, Snapshot, Thresholds};

fn fleet() -> Snapshot {
    serde_json::from_str(include_str!("fleet.json")).unwrap()
}

fn report() -> Report {
    Report::of(&[fleet()], &Thresholds::default())
}

#[test]
fn markdown() {
    insta::assert_snapshot!(report().markdown());
}

#[test]
fn json() {
    insta::assert_snapshot!(serde_json::to_string_pretty(&report()).unwrap());
}

#[test]
fn html() {
    insta::assert_snapshot!(report().html());
}

#[test]
fn html_has_one_style_and_nothing_from_elsewhere() {
    let html = report().html();
    assert_eq!(html.matches("<style>").count(), 1);
    for foreign in
        ["<script", "<link", "<img", "src=", "href=", "url(", "@import", "http://", "https://", " on"]
    {
        let found = html.match_indices(foreign).map(|(i, _)| &html[i..(i + 60).min(html.len())]);
        // ` on` is looked for in tags only: it begins the names of event handlers.
        let found: Vec<&str> = found
            .filter(|at| {
                foreign != " on"
                    || at[3..].starts_with(|c: char| c.is_ascii_lowercase())
                        && at.split('>').next().unwrap().contains("=")
            })
            .collect();
        assert_eq!(found, [""; 0], "{foreign}");
    }
    assert!(html.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
}

#[test]
fn every_element_that_is_opened_is_closed() {
    let html = report().html();
    let mut open: Vec<&str> = Vec::new();
    let mut rest = html.split_once("</style>").unwrap().1;
    open.extend(["html", "head"]);
    while let Some(start) = rest.find('<') {
        let (tag, after) = rest[start + 1..].split_once('>').unwrap();
        rest = after;
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "before {}", &rest[..rest.len().min(200)]);
        } else if !tag.ends_with('/') && !tag.starts_with('!') {
            open.push(tag.split(' ').next().unwrap());
        }
    }
    assert_eq!(open, [""; 0]);
}

#[test]
fn stored_and_read_again_it_is_the_same() {
    let snapshot: Snapshot = serde_json::from_str(&serde_json::to_string(&fleet()).unwrap()).unwrap();
    assert_eq!(snapshot, fleet());
    let again: Report = serde_json::from_str(&serde_json::to_string(&report()).unwrap()).unwrap();
    assert_eq!(again, report());
}

#[test]
fn the_order_of_what_was_read_does_not_matter() {
    let mut turned = fleet();
    turned.nodes.reverse();
    turned.guests.reverse();
    for node in &mut turned.nodes {
        node.disks.reverse();
        node.storages.reverse();
    }
    let turned = Report::of(&[turned], &Thresholds::default());
    let report = report();
    assert_eq!(turned.flags, report.flags);
    assert_eq!(turned.html(), report.html());
}
