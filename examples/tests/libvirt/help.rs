//! What both programs say without a host: their manuals, and what is wrong before anything is sent.

use crate::common::golden;
use crate::program;

const VIRT: &str = env!("CARGO_BIN_EXE_virt");
const REGIONS: &str = env!("CARGO_BIN_EXE_regions");

#[test]
fn manuals() {
    for (name, program_name, args) in [
        ("virt_help", VIRT, &["--help"][..]),
        ("virt_create_help", VIRT, &["create", "--help"]),
        ("regions_help", REGIONS, &["--help"]),
    ] {
        golden!(name, program(program_name, args, None).all());
    }
}

#[test]
fn what_is_wrong_is_said_without_a_host() {
    let sum = format!("sha256:{}", "0a".repeat(32));
    for (args, error, hint) in [
        (&["-c", "xen:///", "list"][..], "names the driver \"xen\"", None),
        (&["-c", "qemu:///system?colour=red", "list"], "colour: this parameter is not known", None),
        (
            &["--jump", "a@b", "list"],
            "--jump is for hosts that are reached over ssh",
            Some("qemu+ssh://HOST/system"),
        ),
        (&["--managed-tag", "A!", "list"], "is not a tag", None),
        (&["create", "x", "--image", "https://x/i"], "has no checksum", Some("--checksum sha256:…")),
        (&["create", "x", "--image", "/etc/hosts"], "has no checksum", Some("sha256sum tells it")),
        (&["create", "x", "--image", "i"], "is no address, no volume and no file", Some("POOL/VOLUME")),
        (&["create", "x", "--tag", "a b"], "is not a tag", None),
        (&["create", "x", "--user-data", "/does/not/exist"], "/does/not/exist", None),
        (&["create", "x", "--user-data", "/dev/null"], "user_data", None),
        (&["create", "x", "--image", "a/b", "--checksum", &sum[..20]], "no sha256:", None),
    ] {
        let ran = program(VIRT, args, None);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{args:?}: {ran:?}");
        assert!(ran.stderr.contains("error: ") && ran.stderr.contains(error), "{args:?}: {ran:?}");
        assert!(hint.is_none_or(|hint| ran.stderr.contains(hint)), "{args:?}: {ran:?}");
    }
    let nobody = program(VIRT, &["list"], Some("qemu:///system?socket=/does/not/exist"));
    assert_eq!(nobody.code, 8, "{nobody:?}");
    assert!(nobody.stderr.contains("socket /does/not/exist: there is none"), "{nobody:?}");
}

#[test]
fn regions_that_cannot_be_used_are_said_before_anything_is_asked() {
    let file = tempfile::Builder::new().suffix(".toml").tempfile().unwrap();
    let text = "[[regions]]\nregion_name = \"lab\"\nuri = \"qemu:///system?socket=/does/not/exist\"\n";
    std::fs::write(file.path(), text).unwrap();
    let file = file.path().to_str().unwrap();
    for (args, code, error) in [
        (&["--libvirt", ""][..], 2, "it lacks uri"),
        (&["--file", "/does/not/exist"], 2, "/does/not/exist"),
        (&["--file", "/dev/null"], 2, "missing field `regions`"),
        (&["--file", file, "--region", "us"], 3, "there is no region \"us\""),
        (&["--file", file, "--image", "us=a/b"], 2, "an image is for region us, and that is none of lab"),
        (&["--file", file, "--image", "template:x"], 2, "region lab is a libvirt host, and has no templates"),
        (&["--file", file, "--image", "https://x/i.qcow2"], 2, "has no checksum"),
        (&["--file", file, "--user-data", "/does/not/exist"], 2, "/does/not/exist"),
    ] {
        let ran = program(REGIONS, args, None);
        assert_eq!((ran.code, ran.stdout.as_str()), (code, ""), "{args:?}: {ran:?}");
        assert!(ran.stderr.contains(error), "{args:?}: {ran:?}");
    }
}

#[test]
fn a_region_that_fails_hides_no_other() {
    let file = tempfile::Builder::new().suffix(".toml").tempfile().unwrap();
    let text = "[[regions]]\nregion_name = \"lab\"\nuri = \"qemu:///system?socket=/does/not/exist\"\n\
                [[regions]]\nregion_name = \"eu\"\nbackend_type = \"proxmox\"\nurl = \"https://127.0.0.1:1\"\n\
                token_id = \"ci@pve!sdk\"\ntoken_secret_env = \"NOBODY_SETS_THIS\"\nstorage = \"local\"\n\
                [[regions]]\nregion_name = \"off\"\nenabled = false\nuri = \"qemu:///system\"\n";
    std::fs::write(file.path(), text).unwrap();
    let ran = program(REGIONS, &["--sim", "--file", file.path().to_str().unwrap()], None);
    assert_eq!(ran.code, 8, "the highest of them: {ran:?}");
    assert!(ran.stdout.contains("sim     proxmox  12 of 16"), "{ran:?}");
    assert!(ran.stdout.contains("lab     libvirt  failed") && ran.stdout.contains("eu      proxmox  failed"));
    assert!(!ran.stdout.contains("off"), "{ran:?}");
    // It has an image of its own, so there an instance is made, and it goes again.
    assert!(ran.stderr.contains("sim: made on pve") && ran.stderr.contains("sim: deleted"), "{ran:?}");
    assert!(ran.stderr.contains("error: region lab: connect ("), "{ran:?}");
    let secret = "error: region eu: the secret of the token ci@pve!sdk is missing: the environment has no NOBODY_SETS_THIS";
    assert!(ran.stderr.contains(secret), "{ran:?}");
}

#[test]
fn one_node_is_a_region_too() {
    let ran = program(REGIONS, &["--sim", "--region", "sim-pve1", "--json"], None);
    let summary = ran.json();
    let region = &summary["regions"][0];
    assert_eq!(
        (ran.code, &region["region"], &region["capacity"]["vcpus"]),
        (0, &"sim-pve1".into(), &8.into())
    );
    assert_eq!((&region["made"]["node"], &region["deleted"]), (&"pve1".into(), &true.into()));
    assert_eq!(region["instance_types"][2]["fit"], "no-disk", "{summary}");
    assert_eq!(region["made"]["tags"], serde_json::json!(["example", "sdk-managed"]));
}
