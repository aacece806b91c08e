//! Snapshots of domains.

use proxmox_core::Result;

use super::command::{Command, Flags};
use super::domain::named;
use super::fields::{document, parsed};
use super::form::{Form, Read, Unread};
use crate::rpc::{DomainRef, SnapshotRef};

const WHICH: Flags = &[
    (1, "--roots"),
    (2, "--metadata"),
    (4, "--leaves"),
    (8, "--no-leaves"),
    (16, "--no-metadata"),
    (32, "--inactive"),
    (64, "--active"),
    (128, "--disk-only"),
    (256, "--internal"),
    (512, "--external"),
    (1024, "--topological"),
];

pub(crate) fn list((domain, _, flags): (DomainRef, i32, u32)) -> Result<Form<Vec<SnapshotRef>>> {
    let command = Command::new("snapshot-list").domain(&domain).option("--name").flags(flags, WHICH)?;
    Ok(Form::new(command, move |output| {
        let names = output.lines().take_while(|line| !line.is_empty());
        Ok(names.map(|name| SnapshotRef { name: name.to_owned(), domain: domain.clone() }).collect())
    }))
}

fn of(name: &str, snapshot: &SnapshotRef) -> Command {
    Command::new(name).domain(&snapshot.domain).with("--snapshotname", &snapshot.name)
}

pub(crate) fn lookup_by_name((domain, name, _): (DomainRef, String, u32)) -> Result<Form<SnapshotRef>> {
    let found = SnapshotRef { name, domain };
    Ok(Form::new(of("snapshot-dumpxml", &found), move |output| {
        let name = named(&parsed(output)?)?;
        let other = || Unread::Malformed(format!("of {:?} it tells of {name:?}", found.name));
        if name == found.name { Ok(found) } else { Err(other()) }
    }))
}

pub(crate) fn create((domain, xml, flags): (DomainRef, String, u32)) -> Result<Form<SnapshotRef>> {
    let known = &[
        (1, "--redefine"),
        (2, "--current"),
        (4, "--no-metadata"),
        (8, "--halt"),
        (16, "--disk-only"),
        (32, "--reuse-external"),
        (64, "--quiesce"),
        (128, "--atomic"),
        (256, "--live"),
        (512, "--validate"),
    ];
    let command = Command::new("snapshot-create").domain(&domain).stdin("--xmlfile").flags(flags, known)?;
    let sent = xml.clone();
    let form = Form::new(command, move |output| Ok(SnapshotRef { name: created(&sent, output)?, domain }));
    Ok(form.document(xml))
}

/// The name that was asked for, or the one that the daemon has made up.
fn created(xml: &str, output: &str) -> Read<String> {
    if let Ok(name) = named(&parsed(xml)?) {
        return Ok(name);
    }
    let line = output.lines().next().unwrap_or_default();
    let name = line
        .strip_prefix("Domain snapshot ")
        .and_then(|rest| rest.strip_suffix(" created from '/dev/stdin'"));
    name.map(str::to_owned).ok_or_else(|| Unread::Malformed(format!("{line:?} does not name the snapshot")))
}

pub(crate) fn xml((snapshot, flags): (SnapshotRef, u32)) -> Result<Form<String>> {
    let command = of("snapshot-dumpxml", &snapshot).flags(flags, &[(1, "--security-info")])?;
    Ok(Form::new(command, document))
}

pub(crate) fn revert((snapshot, flags): (SnapshotRef, u32)) -> Result<Form<()>> {
    let known = &[(1, "--running"), (2, "--paused"), (4, "--force"), (8, "--reset-nvram")];
    of("snapshot-revert", &snapshot).flags(flags, known).map(Form::plain)
}

pub(crate) fn delete((snapshot, flags): (SnapshotRef, u32)) -> Result<Form<()>> {
    let known = &[(1, "--children"), (2, "--metadata"), (4, "--children-only")];
    of("snapshot-delete", &snapshot).flags(flags, known).map(Form::plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tiny() -> DomainRef {
        let uuid = "c8025a57-4793-4637-a4ea-11dd8234eb57".parse().unwrap();
        DomainRef { name: "tiny".to_owned(), uuid, id: 1 }
    }

    #[test]
    fn commands() {
        let s1 = || SnapshotRef { name: "-s 1".to_owned(), domain: tiny() };
        let end = |form: Form<()>| form.lines()[0].split_once("eb57 ").unwrap().1.to_owned();
        assert_eq!(end(revert((s1(), 5)).unwrap()), "--snapshotname -s 1 --running --force");
        assert_eq!(end(delete((s1(), 1)).unwrap()), "--snapshotname -s 1 --children");
        let names = list((tiny(), 1, 0)).unwrap().answer("s1\n-s 1\n\n").unwrap();
        assert_eq!(names[1], s1());
        let lookup = |xml: &str| lookup_by_name((tiny(), "-s 1".to_owned(), 0)).unwrap().answer(xml);
        assert_eq!(lookup("<domainsnapshot><name>-s 1</name></domainsnapshot>\n").unwrap(), s1());
        assert!(lookup("<domainsnapshot><name>s1</name></domainsnapshot>\n").is_err());
    }

    #[test]
    fn a_snapshot_without_a_name_gets_one() {
        let create = |xml: &str, output: &str| {
            let taken = create((tiny(), xml.to_owned(), 0)).unwrap().answer(output);
            taken.map(|taken| taken.name).map_err(drop)
        };
        let output = "Domain snapshot 1795210546 created from '/dev/stdin'\n\n";
        assert_eq!(create("<domainsnapshot/>", output), Ok("1795210546".to_owned()));
        assert_eq!(create("<domainsnapshot><name>s</name></domainsnapshot>", output), Ok("s".to_owned()));
        assert_eq!(create("<domainsnapshot/>", "done\n"), Err(()));
    }
}
