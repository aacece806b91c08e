//! A change of a document leaves alone what it is not about.

use proxmox_core::{ErrorKind, Size};

use super::super::*;

const RUNNING: &str = include_str!("../fixtures/domain-running.xml");

fn lines(text: &str) -> Vec<String> {
    // Quotes and the spelling of empty elements are the writer's.
    Element::parse(text).unwrap().to_xml().unwrap().lines().map(str::to_owned).collect()
}

/// What is in one and not in the other.
fn difference(before: &str, after: &str) -> (Vec<String>, Vec<String>) {
    let (before, after) = (lines(before), lines(after));
    let only = |a: &[String], b: &[String]| {
        a.iter().filter(|line| !b.contains(line)).map(|line| line.trim().to_owned()).collect()
    };
    (only(&before, &after), only(&after, &before))
}

#[test]
fn memory_and_processors() {
    let edit = DomainEdit::parse(RUNNING).unwrap().memory(Size::mib(256)).unwrap().vcpus(2, 4).unwrap();
    let after = edit.to_xml().unwrap();
    let (gone, come) = difference(RUNNING, &after);
    assert_eq!(gone.len(), 3, "{gone:?}");
    assert_eq!(
        come,
        [
            "<memory unit=\"KiB\">262144</memory>",
            "<currentMemory unit=\"KiB\">262144</currentMemory>",
            "<vcpu placement=\"static\" current=\"2\">4</vcpu>",
        ]
    );
    let back = Domain::parse(&after).unwrap();
    assert_eq!((back.memory, back.vcpus, back.max_vcpus), (Size::mib(256), 2, 4));

    let edit = || DomainEdit::parse(RUNNING).unwrap();
    assert!(edit().memory(Size::from_bytes(1 << 20 | 1)).is_err() && edit().memory(Size::default()).is_err());
    assert!(edit().vcpus(0, 1).is_err() && edit().vcpus(2, 1).is_err());
    let slots = RUNNING.replace("<on_poweroff>", "<maxMemory slots='2'>9</maxMemory><on_poweroff>");
    let error = DomainEdit::parse(&slots).unwrap().memory(Size::gib(1)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}

#[test]
fn the_medium_of_a_drive() {
    let edit = DomainEdit::parse(RUNNING).unwrap().medium("hda", &DiskSource::Empty).unwrap();
    let (gone, come) = difference(RUNNING, &edit.to_xml().unwrap());
    assert_eq!(gone, ["<source file=\"/srv/seeds/seed.iso\" index=\"1\"/>", "<backingStore/>"]);
    assert!(come.iter().all(String::is_empty), "{come:?}");
    assert!(!edit.disk("hda").unwrap().to_xml().unwrap().contains("seed.iso"));

    let volume = DiskSource::Volume { pool: "p".into(), volume: "other.iso".into() };
    let text = DomainEdit::parse(RUNNING).unwrap().medium("hda", &volume).unwrap().to_xml().unwrap();
    assert_eq!(Domain::parse(&text).unwrap().disk("hda").unwrap().source, volume);

    let edit = || DomainEdit::parse(RUNNING).unwrap();
    assert_eq!(edit().medium("hdz", &volume).unwrap_err().kind(), ErrorKind::NotFound);
    assert!(edit().medium("vda", &volume).unwrap_err().to_string().contains("not a drive"));
    assert!(edit().medium("hda", &DiskSource::File("x".into())).is_err());
}

#[test]
fn disks_and_texts() {
    let edit = DomainEdit::parse(RUNNING).unwrap().without_disk("hda").unwrap();
    let edit = edit.title("new").unwrap().description("").unwrap();
    let domain = Domain::parse(&edit.to_xml().unwrap()).unwrap();
    assert_eq!((domain.disks.len(), domain.title.as_deref(), domain.description), (1, Some("new"), None));
    assert!(edit.clone().title("a\nb").is_err() && edit.clone().description("\u{1}").is_err());
    assert_eq!(edit.without_disk("hda").unwrap_err().kind(), ErrorKind::NotFound);
    assert!(DomainEdit::parse("<network/>").is_err());
}
