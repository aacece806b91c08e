//! Amounts with libvirt's units.

use proxmox_core::Size;

use super::Element;

/// libvirt reads powers of 1000 from `KB` and powers of 1024 from `KiB` and `K`, in any case.
pub(super) fn size(number: &str, unit: &str) -> Option<Size> {
    let unit = unit.to_ascii_lowercase();
    let factor: u64 = match unit.as_str() {
        "b" | "byte" | "bytes" => 1,
        _ => {
            let (first, rest) = unit.split_at_checked(1)?;
            let power = u32::try_from("kmgtpe".find(first)?).ok()? + 1;
            match rest {
                "" | "ib" => 1024_u64.checked_pow(power)?,
                "b" => 1000_u64.checked_pow(power)?,
                _ => return None,
            }
        }
    };
    Some(Size::from_bytes(number.parse::<u64>().ok()?.checked_mul(factor)?))
}

/// An amount of memory, which libvirt counts in KiB.
pub(super) fn kib(name: &str, size: Size) -> Element {
    Element::new(name).with_attribute("unit", "KiB").with_text((size.bytes() >> 10).to_string())
}

/// An amount of storage.
pub(super) fn bytes(name: &str, size: Size) -> Element {
    Element::new(name).with_attribute("unit", "bytes").with_text(size.bytes().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_units_of_libvirt() {
        for (number, unit, bytes) in [
            ("196608", "KiB", 201_326_592),
            ("1", "KB", 1000),
            ("1", "k", 1024),
            ("2", "MiB", 2 << 20),
            ("2", "G", 2 << 30),
            ("3", "TB", 3_000_000_000_000),
            ("7", "bytes", 7),
            ("7", "b", 7),
            ("1", "EiB", 1 << 60),
        ] {
            assert_eq!(size(number, unit).map(Size::bytes), Some(bytes), "{number} {unit}");
        }
        for (number, unit) in
            [("1", ""), ("1", "KiBi"), ("1", "é"), ("-1", "k"), ("16", "EiB"), ("", "k"), ("1", "x")]
        {
            assert_eq!(size(number, unit), None, "{number} {unit}");
        }
    }
}
