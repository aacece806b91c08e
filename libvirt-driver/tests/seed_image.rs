//! Other programs read the images that this crate builds: with Rock Ridge, with Joliet, and with neither. A reader that is missing is
//! said to be skipped, and fails the test where `CI=true`.

#![allow(clippy::unwrap_used)] // helpers of tests, which no attribute marks as such

use std::path::Path;
use std::process::{Command, Stdio};

use libvirt_driver::seed::{CloudSeed, UserData, image};

const TIME: u32 = 1_767_225_600;

fn lacks(program: &str, package: &str) -> bool {
    let mut command = Command::new(program);
    if command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok() {
        return false;
    }
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{program} is missing: apt-get install {package}");
    eprintln!("SKIPPED: {program} is missing, so it has not read the image: apt-get install {package}");
    true
}

fn run(program: &str, arguments: &[&str], file: &Path) -> String {
    let arguments = arguments.iter().map(|a| if *a == "FILE" { file.as_os_str() } else { a.as_ref() });
    let output = Command::new(program).args(arguments).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && errors.is_empty(), "{program}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

/// A seed with all files, one of them longer than a sector.
fn seed() -> (String, Vec<u8>) {
    let long = format!("#cloud-config\nruncmd:\n{}", "  - [\"true\"]\n".repeat(1000));
    let seed = CloudSeed::new("i-1").hostname("web1").user_data(UserData::new(&*long).unwrap());
    let seed = seed.vendor_data(UserData::new("#!/bin/sh\n").unwrap()).network_config("version: 2\n");
    (long, seed.to_iso(TIME).unwrap())
}

fn written(directory: &Path, image: &[u8]) -> std::path::PathBuf {
    let file = directory.join("seed.iso");
    std::fs::write(&file, image).unwrap();
    file
}

#[test]
fn libarchive_reads_it() {
    if lacks("bsdtar", "libarchive-tools") {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let (long, image) = seed();
    let file = written(directory.path(), &image);
    for options in ["rockridge,!joliet", "!rockridge,joliet"] {
        let options = &["--options", options][..];
        let listed = run("bsdtar", &[options, &["-tf", "FILE"]].concat(), &file);
        let mut names: Vec<_> = listed.lines().collect();
        names.sort_unstable();
        assert_eq!(names, [".", "meta-data", "network-config", "user-data", "vendor-data"], "{options:?}");
        let text = |name| run("bsdtar", &[options, &["-xOf", "FILE", name]].concat(), &file);
        assert_eq!(text("user-data"), long);
        assert_eq!(text("meta-data"), "instance-id: \"i-1\"\nlocal-hostname: \"web1\"\n");
        assert_eq!(text("network-config"), "version: 2\n");
    }
    let listed = run("bsdtar", &["-tvf", "FILE"], &file);
    let line = listed.lines().find(|line| line.ends_with("user-data")).unwrap();
    assert!(line.starts_with("-r--------") && line.contains("2026"), "{line}");
}

#[test]
fn isoinfo_reads_it() {
    if lacks("isoinfo", "genisoimage") {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let (long, image) = seed();
    let file = written(directory.path(), &image);
    let about = run("isoinfo", &["-d", "-i", "FILE"], &file);
    for said in ["Volume id: cidata", "Joliet with UCS level 3", "Rock Ridge signatures version 1 found"] {
        assert!(about.contains(said), "{said}: {about}");
    }
    let sectors = image.len() / 2048;
    assert!(about.contains(&format!("Volume size is: {sectors}\n")), "{about}");
    for (option, names) in [
        ("-R", ["/meta-data", "/network-config", "/user-data", "/vendor-data"]),
        ("-J", ["/meta-data", "/network-config", "/user-data", "/vendor-data"]),
        ("-s", ["/META_DAT.;1", "/NETWORK_.;1", "/USER_DAT.;1", "/VENDOR_D.;1"]),
    ] {
        let listed = run("isoinfo", &[option, "-f", "-i", "FILE"], &file);
        assert_eq!(listed.lines().collect::<Vec<_>>(), names, "{option}");
        assert_eq!(run("isoinfo", &[option, "-x", names[2], "-i", "FILE"], &file), long);
    }
}

#[test]
fn the_structure() {
    let (long, image) = seed();
    assert_eq!(image.len() % 2048, 0);
    for (sector, start) in [(16, b"\x01CD001\x01"), (17, b"\x02CD001\x01"), (18, b"\xffCD001\x01")] {
        assert_eq!(&image[sector * 2048..][..7], start);
    }
    assert_eq!(&image[16 * 2048 + 40..][..7], b"cidata ");
    assert_eq!(&image[16 * 2048 + 813..][..17], b"2026010100000000\0");
    assert_eq!(&image[17 * 2048 + 40..][..14], b"\0c\0i\0d\0a\0t\0a\0 ");
    // The places of both directories, in both byte orders.
    let number = |at: usize| -> [u8; 4] { image[at..at + 4].try_into().unwrap() };
    for (descriptor, table, root) in [(16, 19, 23), (17, 21, 24)] {
        let (d, t) = (descriptor * 2048, table as usize * 2048);
        assert_eq!(
            (number(d + 140), number(d + 148)),
            (u32::to_le_bytes(table), u32::to_be_bytes(table + 1))
        );
        assert_eq!((number(t + 2), number(t + 2048 + 2)), (u32::to_le_bytes(root), u32::to_be_bytes(root)));
        assert_eq!((number(d + 158), number(d + 162)), (u32::to_le_bytes(root), u32::to_be_bytes(root)));
    }
    let content = image.windows(long.len()).position(|window| window == long.as_bytes()).unwrap();
    assert_eq!(content % 2048, 0);
    assert_eq!(image, seed().1, "the same seed is the same image");
}

#[test]
fn files_of_all_sizes() {
    let sizes = [0, 1, 2047, 2048, 2049, 6000];
    let contents: Vec<_> = sizes.iter().map(|size| vec![b'x'; *size]).collect();
    let names = ["user-data-a", "user-data-b", "user-data.c", "n", "user-data.cc", "user-data.ccc"];
    let files: Vec<_> = names.into_iter().zip(contents.iter().map(|c| &c[..])).collect();
    let built = image("a", 0, &files).unwrap();
    if lacks("bsdtar", "libarchive-tools") {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let file = written(directory.path(), &built);
    for options in ["rockridge,!joliet", "!rockridge,joliet", "!rockridge,!joliet"] {
        let options = &["--options", options][..];
        let listed = run("bsdtar", &[options, &["-tvf", "FILE"]].concat(), &file);
        let mut found: Vec<usize> = listed
            .lines()
            .filter(|line| !line.starts_with('d'))
            .map(|line| line.split_whitespace().nth(4).unwrap().parse().unwrap())
            .collect();
        found.sort_unstable();
        assert_eq!(found, sizes, "{listed}");
    }
}

#[test]
fn what_is_refused() {
    let file = |name: &'static str| [(name, &b""[..])];
    for name in ["", "a/b", "a b", "ä", ".hidden", "123456789012345678901234567890123"] {
        assert!(image("cidata", 0, &file(name)).is_err(), "{name}");
    }
    for label in ["", "12345678901234567", "a b", "ä"] {
        assert!(image(label, 0, &file("a")).is_err(), "{label}");
    }
    assert!(image("a", 0, &[("a", b""), ("A", b"")]).is_err());
    let names: Vec<_> = (0..40).map(|n| format!("file-{n}")).collect();
    let many: Vec<_> = names.iter().map(|name| (name.as_str(), &b""[..])).collect();
    assert!(image("a", 0, &many).unwrap_err().to_string().contains("one directory"));
    assert!(image("a", 0, &many[..15]).is_ok());
    assert!(image("a", 0, &[]).is_ok());
}
