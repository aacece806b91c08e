//! What may stand in a document, and what libvirt takes as a name.

use proxmox_core::{Error, Result, Size};

use super::Element;
use super::kinds::Format;

/// The first character that XML 1.0 does not have, not even as a reference.
pub(crate) fn foreign(text: &str) -> Option<char> {
    text.chars().find(
        |c| !matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..),
    )
}

/// Whether an element or attribute may be called this. XML excludes a few letters more.
pub(crate) fn is_xml_name(name: &str) -> bool {
    let first = |c: char| c.is_alphabetic() || matches!(c, '_' | ':');
    name.chars().next().is_some_and(first)
        && name.chars().all(|c| first(c) || c.is_alphanumeric() || matches!(c, '-' | '.'))
}

/// An element of somebody's own. libvirt drops what has a prefix that nothing stands behind, or loses its name.
pub(crate) fn own_element<'a>(field: &str, element: &'a Element, known: &[&'a str]) -> Result<()> {
    let declared = element.attributes().filter_map(|(name, _)| name.strip_prefix("xmlns:"));
    let known: Vec<_> = known.iter().copied().chain(declared).collect();
    let names = element.attributes().map(|(name, _)| name);
    for name in std::iter::once(element.name()).chain(names) {
        let (prefix, local) = name.split_once(':').unwrap_or(("xml", name));
        if [prefix, local].iter().any(|part| part.contains(':') || !is_xml_name(part)) {
            return Err(refused(field, name, "it is no name with a prefix, or without one"));
        }
        if !matches!(prefix, "xml" | "xmlns") && !known.contains(&prefix) {
            return Err(refused(field, name, "its prefix stands for no namespace"));
        }
    }
    element.children().try_for_each(|child| own_element(field, child, &known))
}

/// What names a namespace. libvirt drops an element whose namespace is empty, and does not keep blanks in one.
pub(crate) fn namespace(field: &str, uri: &str) -> Result<()> {
    line(field, uri)?;
    if uri.contains(char::is_whitespace) {
        return Err(refused(field, uri, "a namespace has no blanks"));
    }
    Ok(())
}

/// Text of any number of lines.
pub(crate) fn text(field: &str, text: &str) -> Result<()> {
    match foreign(text) {
        Some(char) => Err(refused(field, text, &format!("XML cannot carry {char:?}"))),
        // libvirt writes it as it is, and whoever reads that reads a line feed: the next change of the domain would lose it.
        None if text.contains('\r') => {
            Err(refused(field, text, "libvirt does not keep carriage returns")
                .with_advice("end lines with \\n"))
        }
        None => Ok(()),
    }
}

/// Text of one line that is not empty.
pub(crate) fn line(field: &str, text: &str) -> Result<()> {
    match text.chars().find(|c| c.is_control()) {
        Some(char) => Err(refused(field, text, &format!("{char:?} has no place in it"))),
        None if text.is_empty() => Err(refused(field, text, "it is empty")),
        None => self::text(field, text),
    }
}

/// A name of a pool, volume, network or snapshot: what the daemon makes a file name of.
pub(crate) fn name(field: &str, name: &str) -> Result<()> {
    line(field, name)?;
    let why = if name.contains('/') {
        "'/' has no place in it"
    } else if name == "." || name == ".." {
        "it means a directory"
    } else if name.trim().is_empty() {
        "it is blank"
    } else if name.len() > 240 {
        "it is longer than 240 bytes, and files are named after it"
    } else {
        return Ok(());
    };
    Err(refused(field, name, why))
}

/// A name of a domain. Tools look for ids and UUIDs first, so a domain named like one is found by chance.
pub(crate) fn domain_name(name: &str) -> Result<()> {
    self::name("name", name)?;
    if name.bytes().all(|b| b.is_ascii_digit()) {
        return Err(refused("name", name, "it is a number, so the id of another domain hides it"));
    }
    if uuid::Uuid::try_parse(name).is_ok() {
        return Err(refused("name", name, "it is a UUID, so another domain's may hide it"));
    }
    Ok(())
}

/// The name of a snapshot, which libvirt does not let begin with a dot.
pub(crate) fn snapshot_name(name: &str) -> Result<()> {
    self::name("name", name)?;
    if name.starts_with('.') { Err(refused("name", name, "it begins with a dot")) } else { Ok(()) }
}

/// An absolute path on the host.
pub(crate) fn path(field: &str, path: &str) -> Result<()> {
    line(field, path)?;
    match path.strip_prefix('/') {
        None => Err(refused(field, path, "it is not an absolute path")),
        Some(rest) if rest.trim_start_matches('/').is_empty() => {
            Err(refused(field, path, "it names nothing"))
        }
        Some(_) => Ok(()),
    }
}

/// A network device of Linux, with the characters that libvirt allows.
pub(crate) fn device(field: &str, name: &str) -> Result<()> {
    self::name(field, name)?;
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b':');
    if name.len() <= 15 && name.bytes().all(plain) {
        return Ok(());
    }
    Err(refused(field, name, "expected 15 characters at most: letters, digits, '-', '_', '.' and ':'"))
}

/// A word of libvirt's own, such as a model, bus or format.
pub(crate) fn word(field: &str, word: &str) -> Result<()> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'+');
    if !word.is_empty() && word.bytes().all(plain) {
        return Ok(());
    }
    Err(refused(field, word, "it is not one word of letters, digits, '-', '_', '.' and '+'"))
}

/// One of these words, which are all that libvirt knows or this crate writes.
pub(crate) fn one_of(field: &str, word: &str, known: &[&str]) -> Result<()> {
    if known.contains(&word) {
        return Ok(());
    }
    Err(refused(field, word, &format!("expected one of {}", known.join(", "))))
}

/// The formats of images in libvirt's schema that hold a disk.
const FORMATS: &[&str] =
    &["raw", "qcow2", "qcow", "qed", "vmdk", "vdi", "vpc", "vhd", "bochs", "cloop", "dmg"];

/// The format of an image.
pub(crate) fn format(field: &str, format: &Format) -> Result<()> {
    one_of(field, format.as_str(), FORMATS)
}

/// An amount of memory: libvirt counts it in KiB, rounds what does not fit, and ends at 2^63 bytes.
pub(crate) fn memory(field: &str, size: Size) -> Result<()> {
    if size >= Size::mib(1) && size.bytes().is_multiple_of(1024) && i64::try_from(size.bytes()).is_ok() {
        return Ok(());
    }
    Err(refused(field, &size.to_string(), "expected 1 MiB or more and less than 8 EiB, in whole KiB"))
}

/// A number of processors, and how many there may be.
pub(crate) fn vcpus(now: u32, most: u32) -> Result<()> {
    if now > 0 && now <= most && most <= 65535 {
        return Ok(());
    }
    Err(refused("vcpus", &format!("{now} of {most}"), "expected 1 or more, and no more than the maximum"))
}

pub(crate) fn refused(field: &str, value: &str, why: &str) -> Error {
    let shown: String = value.chars().take(80).collect();
    Error::invalid(field, format!("{field}: {shown:?} is refused: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for good in ["web-1", "a", "1a", "ünïcödé ☃", "a b", "<&>\"'", "x.qcow2", "-x"] {
            name("name", good).unwrap();
            domain_name(good).unwrap();
        }
        for bad in
            ["", " ", "a/b", "a\nb", "a\tb", "\u{1}", "\u{fffe}", ".", "..", &"x".repeat(241), "\u{85}"]
        {
            assert!(name("name", bad).unwrap_err().to_string().starts_with("name: "), "{bad:?}");
        }
        for bad in ["15", "0", "6695eb01-f6a4-8304-79aa-97f2502e193f", "6695eb01f6a4830479aa97f2502e193f"] {
            name("name", bad).unwrap();
            assert!(domain_name(bad).unwrap_err().to_string().contains("hide"), "{bad:?}");
        }
        assert!(snapshot_name(".x").is_err() && snapshot_name("x.").is_ok());
    }

    #[test]
    fn what_libvirt_would_refuse_or_lose() {
        for good in ["br0", "virbr-a", "a.b:c_d"] {
            device("bridge", good).unwrap();
        }
        for bad in ["", ".", "br☃", "a b", "a/b", "sixteen-letters-"] {
            assert!(device("bridge", bad).is_err(), "{bad}");
        }
        assert!(format("format", &Format::Qcow2).is_ok() && format("format", &Format::from("iso")).is_err());
        let most = Size::from_bytes(i64::MAX as u64 & !1023);
        assert!(memory("memory", most).is_ok() && memory("memory", Size::from_bytes(1 << 63)).is_err());
        assert!(namespace("metadata", "http://a/b#").is_ok());
        assert!(["", " ", "a b", "a\tb"].iter().all(|bad| namespace("metadata", bad).is_err()));
    }

    #[test]
    fn elements_of_others() {
        let parsed =
            |text| own_element("metadata", &Element::parse(text).unwrap(), &[]).map_err(|e| e.to_string());
        parsed("<a:b xmlns:a='x' a:c='1' xml:lang='de'><d/><a:e xmlns:f='y'><f:g/></a:e></a:b>").unwrap();
        for (bad, why) in [
            ("<:x xmlns:='x'/>", "no name"),
            ("<a: xmlns:a='x'/>", "no name"),
            ("<a:b:c xmlns:a='x'/>", "no name"),
            ("<a:b/>", "no namespace"),
            ("<a><b c:d='1'/></a>", "no namespace"),
            ("<a><b xmlns:c='x'/><c:d/></a>", "no namespace"),
        ] {
            assert!(parsed(bad).unwrap_err().contains(why), "{bad}");
        }
    }

    #[test]
    fn texts() {
        text("description", "a\nb\tc <&> ☃ \u{85}").unwrap();
        for bad in ["\0", "\u{b}", "\u{1b}[0m", "\u{ffff}", "a\r\nb"] {
            let error = text("description", bad).unwrap_err();
            assert!(error.errors().contains_key("description"), "{error}");
        }
        assert!(line("title", "a\nb").is_err() && path("kernel", "boot/vmlinuz").is_err());
        assert!(
            path("kernel", "/").is_err() && path("kernel", "//").is_err() && path("kernel", "/ ").is_ok()
        );
        assert!(
            word("cpu", "x86-64-v2.1_a+").is_ok() && word("cpu", "a b").is_err() && word("cpu", "").is_err()
        );
    }
}
