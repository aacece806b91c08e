//! Formats and patterns by name. What is not here is taken as it comes.

use crate::PveVersion;

/// Checks `text` against a format; `x-list` is a list of `x`.
pub(crate) fn check(format: &str, text: &str, version: PveVersion) -> Result<(), String> {
    if let Some(item) = format.strip_suffix("-list") {
        return items(text).try_for_each(|one| check(item, one, version));
    }
    let fault = match format {
        "vmid" if !is_vmid(text) => "value does not look like a valid VM ID".to_owned(),
        "dns-name" if !is_dns_name(text) => "value does not look like a valid DNS name".to_owned(),
        "node" if !is_label(text) => "value does not look like a valid node name".to_owned(),
        "configid" if !is_config_id(text) => format!("invalid configuration ID '{text}'"),
        "storage-id" => match storage_id_fault(text, version) {
            Some(fault) => fault,
            None => return Ok(()),
        },
        "tag" if !is_tag(text) => "invalid characters in tag".to_owned(),
        "urlencoded" if !is_urlencoded(text) => format!("invalid urlencoded string: {text}"),
        "mac-addr" if !is_mac(text) => "value does not look like a valid unicast MAC address".to_owned(),
        "bridge-id" if !is_bridge(text) => format!("invalid bridge ID '{text}'"),
        "volume" if !is_volume(text) => format!("unable to parse volume ID '{text}'"),
        "address" if text.parse::<std::net::IpAddr>().is_err() && !is_dns_name(text) => {
            "value does not look like a valid IP address".to_owned()
        }
        "ipv4-config" if !is_ip_config(text, true) => {
            "value does not look like a valid ipv4 network configuration".to_owned()
        }
        "ipv6-config" if !is_ip_config(text, false) => {
            "value does not look like a valid ipv6 network configuration".to_owned()
        }
        "ip" if text.parse::<std::net::IpAddr>().is_err() => {
            "value does not look like a valid IP address".to_owned()
        }
        "disk-size" if !is_disk_size(text) => "value does not look like a valid disk size".to_owned(),
        "userid" if !is_userid(text) => format!("value '{text}' does not look like a valid user name"),
        "poolid" if !is_plain_id(text) => format!("pool name '{text}' contains invalid characters"),
        "storage-content" if !CONTENTS.contains(&text) => format!("invalid content type '{text}'"),
        _ => return Ok(()),
    };
    Err(format!("invalid format - {fault}\n"))
}

const CONTENTS: [&str; 7] = ["images", "rootdir", "vztmpl", "iso", "backup", "snippets", "import"];

/// Whether a value fits a named pattern.
pub(crate) fn fits(pattern: &str, text: &str) -> bool {
    match pattern {
        "size" => is_size(text.strip_prefix('+').unwrap_or(text), "KMGT"),
        "word" => !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || "-_.".contains(c)),
        "alloc-size" => !text.contains('.') && is_size(text, "MG"),
        "dev" => text.strip_prefix("/dev/").is_some_and(|rest| {
            !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'/')
        }),
        "serial" => text == "socket" || text.strip_prefix("/dev/").is_some_and(|rest| !rest.is_empty()),
        "vmgenid" => text == "0" || text == "1" || is_uuid(text),
        "url" => text.starts_with("http://") || text.starts_with("https://"),
        _ => true,
    }
}

/// The items of a PVE list: separated by `,`, `;`, white space or NUL.
pub(crate) fn items(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c == ',' || c == ';' || c == '\0' || c.is_whitespace()).filter(|s| !s.is_empty())
}

/// The keys of disks in PVE's order.
pub(crate) fn disk_keys() -> Vec<String> {
    let family = |name: &'static str, count: u32| (0..count).map(move |n| format!("{name}{n}"));
    family("ide", 4)
        .chain(family("scsi", 31))
        .chain(family("virtio", 16))
        .chain(family("sata", 6))
        .chain(["efidisk0".to_owned(), "tpmstate0".to_owned()])
        .collect()
}

/// The keys of a container's volumes in PVE's order.
pub(crate) fn mount_keys() -> Vec<String> {
    std::iter::once("rootfs".to_owned()).chain((0..256).map(|n| format!("mp{n}"))).collect()
}

fn is_size(text: &str, units: &str) -> bool {
    let number = text.strip_suffix(|c| units.contains(c)).unwrap_or(text);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    [whole, fraction].iter().all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
}

fn is_disk_size(text: &str) -> bool {
    is_size(text, "KMGT")
}

fn is_vmid(text: &str) -> bool {
    text.len() <= 9 && text.len() >= 3 && !text.starts_with('0') && text.bytes().all(|b| b.is_ascii_digit())
}

fn is_label(text: &str) -> bool {
    let edge = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    edge(bytes.first())
        && edge(bytes.last())
        && bytes.len() <= 63
        && bytes.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-')
}

fn is_dns_name(text: &str) -> bool {
    !text.is_empty() && text.split('.').all(is_label)
}

fn is_config_id(text: &str) -> bool {
    text.len() >= 2
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

fn is_plain_id(text: &str) -> bool {
    let good = |b: u8| b.is_ascii_alphanumeric() || b".-_/".contains(&b);
    text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.bytes().all(good)
}

fn storage_id_fault(text: &str, version: PveVersion) -> Option<String> {
    let edge = |c: char| c.is_ascii_alphanumeric();
    let good = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.ends_with(edge)
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    if text.len() < 2 && version == PveVersion::V9 {
        Some(format!("storage ID '{text}' cannot be shorter than 2 characters"))
    } else if !good || text.len() < 2 {
        Some(format!("storage ID '{text}' contains illegal characters"))
    } else {
        None
    }
}

fn is_tag(text: &str) -> bool {
    let first = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.starts_with(first) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-+.".contains(&b))
}

/// Percent-encoded with nothing left that an encoder would have changed.
fn is_urlencoded(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_alphanumeric() || b"%-_.!~*'()".contains(&b))
}

fn is_mac(text: &str) -> bool {
    let octets: Vec<_> = text.split(':').collect();
    let hex = |o: &str| o.len() == 2 && o.bytes().all(|b| b.is_ascii_hexdigit());
    let unicast = u8::from_str_radix(octets[0], 16).is_ok_and(|first| first & 1 == 0);
    octets.len() == 6 && octets.iter().all(|o| hex(o)) && unicast
}

fn is_bridge(text: &str) -> bool {
    text.len() >= 2
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b))
}

/// A volume id, a path, or `none` and `cdrom`.
fn is_volume(text: &str) -> bool {
    let volid = |(storage, name): (&str, &str)| {
        storage_id_fault(storage, PveVersion::V8).is_none() && !name.is_empty()
    };
    matches!(text, "none" | "cdrom") || text.starts_with('/') || text.split_once(':').is_some_and(volid)
}

fn is_ip_config(text: &str, four: bool) -> bool {
    let cidr = |(ip, bits): (&str, &str)| {
        let ip: Option<std::net::IpAddr> = ip.parse().ok();
        let limit = if four { 32 } else { 128 };
        ip.is_some_and(|ip| ip.is_ipv4() == four) && bits.parse::<u8>().is_ok_and(|bits| bits <= limit)
    };
    text == "dhcp" || text == "manual" || (!four && text == "auto") || text.split_once('/').is_some_and(cidr)
}

fn is_uuid(text: &str) -> bool {
    let groups: Vec<_> = text.split('-').map(str::len).collect();
    groups == [8, 4, 4, 4, 12] && text.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-')
}

fn is_userid(text: &str) -> bool {
    text.split_once('@').is_some_and(|(user, realm)| {
        !user.is_empty()
            && !user.contains([':', '/', ' '])
            && realm.len() >= 2
            && realm.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_".contains(&b))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(format: &str, text: &str) -> Option<String> {
        check(format, text, PveVersion::V8).err()
    }

    #[test]
    fn good_and_bad_values() {
        for (format, good, bad) in [
            ("vmid", "100", "99"),
            ("vmid", "999999999", "1000000000"),
            ("dns-name", "web-1.lab", "bad_name"),
            ("node", "pve1", "a/b"),
            ("configid", "s1", "1bad"),
            ("storage-id", "local-lvm", "x"),
            ("tag-list", "a;b c,A-b_c+d.e", "-bad"),
            ("urlencoded", "ssh-ed25519%20AA%2B%40", "ssh-ed25519 AA"),
            ("mac-addr", "BC:24:11:00:00:01", "01:24:11:00:00:01"),
            ("volume", "local-lvm:vm-1-disk-0", "nocolon"),
            ("ipv4-config", "10.0.0.5/24", "10.0.0.5"),
            ("ipv6-config", "auto", "10.0.0.5/24"),
            ("userid", "root@pam", "root"),
            ("address-list", "192.0.2.53 192.0.2.54", "::g"),
        ] {
            assert_eq!(refused(format, good), None, "{format} {good}");
            assert!(refused(format, bad).is_some(), "{format} {bad}");
        }
        assert_eq!(refused("no such format", "x"), None);
    }

    #[test]
    fn the_texts_are_those_of_pve() {
        assert_eq!(refused("configid", "q").unwrap(), "invalid format - invalid configuration ID 'q'\n");
        assert_eq!(refused("tag-list", "ümlaut").unwrap(), "invalid format - invalid characters in tag\n");
        assert_eq!(
            check("storage-id", "x", PveVersion::V9).unwrap_err(),
            "invalid format - storage ID 'x' cannot be shorter than 2 characters\n"
        );
    }

    #[test]
    fn sizes() {
        for good in ["1", "+1G", "0.5T", "10K"] {
            assert!(fits("size", good), "{good}");
        }
        for bad in ["", "+", "G", "1.G", "1 G", "-1G", "1P", "++1"] {
            assert!(!fits("size", bad), "{bad}");
        }
    }
}
