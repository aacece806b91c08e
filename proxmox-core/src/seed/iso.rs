//! A file system image as ECMA-119 (ISO 9660) describes it: one directory, names of eight letters for those who know nothing else, and
//! the real names in both extensions that systems read, Rock Ridge for Linux and Joliet for Windows.

use crate::{Error, Result};

use super::calendar;

/// Everything is counted in sectors of this size.
const SECTOR: usize = 2048;

// Where things are. The first 16 sectors are left to the system.
const PRIMARY: usize = 16;
const JOLIET: usize = 17;
const END: usize = 18;
/// Path tables: of the primary directory in both byte orders, then of the Joliet one.
const TABLES: usize = 19;
const PRIMARY_ROOT: usize = 23;
const JOLIET_ROOT: usize = 24;
const DATA: usize = 25;

const DIRECTORY: u8 = 2;

struct File<'a> {
    name: &'a str,
    short: String,
    content: &'a [u8],
    sector: usize,
}

/// Builds an image with this label and these files in its only directory. The same input gives the same bytes.
///
/// `created` is in seconds since 1970. Files are readable for the guest's administrator alone: seeds hold secrets.
///
/// ```
/// let image = proxmox_core::seed::image("cidata", 1_767_225_600, &[("meta-data", b"instance-id: i-1\n")])?;
/// assert_eq!(&image[16 * 2048 + 1..][..5], b"CD001");
/// # Ok::<(), proxmox_core::Error>(())
/// ```
///
/// # Errors
/// `InvalidInput` for a label that is not 1 to 16 letters of ASCII, a name that is not 1 to 32 letters, digits, `.`, `-` and `_`, the
/// same name twice, and more than fits into one directory of 2 KiB or an image of 2 GiB.
pub fn image(label: &str, created: u32, files: &[(&str, &[u8])]) -> Result<Vec<u8>> {
    if label.is_empty() || label.len() > 16 || !label.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(bad("label", &format!("{label:?} is not 1 to 16 letters of ASCII")));
    }
    let mut sector = DATA;
    let mut all: Vec<File<'_>> = Vec::new();
    for &(name, content) in files {
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
        if name.is_empty() || name.len() > 32 || !name.bytes().all(plain) || name.starts_with('.') {
            return Err(bad("files", &format!("{name:?} is not a name for a file of an image")));
        }
        if all.iter().any(|file| file.name.eq_ignore_ascii_case(name)) {
            return Err(bad("files", &format!("{name:?} is there twice")));
        }
        let short = short_name(name, &all);
        all.push(File { name, short, content, sector });
        sector += content.len().div_ceil(SECTOR);
    }
    let size = sector * SECTOR;
    if i32::try_from(size).is_err() {
        return Err(bad("files", "they are more than 2 GiB"));
    }

    let mut image = vec![0; size];
    let mut put = |sector: usize, bytes: &[u8]| {
        let at = sector * SECTOR;
        image[at..at + bytes.len()].copy_from_slice(bytes);
    };
    put(PRIMARY, &descriptor(label, created, sector, false));
    put(JOLIET, &descriptor(label, created, sector, true));
    put(END, b"\xffCD001\x01");
    for (table, root) in [(TABLES, PRIMARY_ROOT), (TABLES + 2, JOLIET_ROOT)] {
        let root = number(root);
        put(table, &[&[1, 0][..], &root.to_le_bytes(), &1_u16.to_le_bytes(), &[0, 0]].concat());
        put(table + 1, &[&[1, 0][..], &root.to_be_bytes(), &1_u16.to_be_bytes(), &[0, 0]].concat());
    }
    all.sort_by(|a, b| a.short.cmp(&b.short));
    put(PRIMARY_ROOT, &directory(&all, created, false)?);
    all.sort_by(|a, b| a.name.cmp(b.name));
    put(JOLIET_ROOT, &directory(&all, created, true)?);
    for file in &all {
        put(file.sector, file.content);
    }
    Ok(image)
}

fn bad(field: &str, why: &str) -> Error {
    Error::invalid(field, format!("{field}: {why}"))
}

/// Sizes and places are below 2 GiB, which has been checked by then.
fn number(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// A number in both byte orders.
fn both(n: u32) -> Vec<u8> {
    [n.to_le_bytes(), n.to_be_bytes()].concat()
}

fn both_short(n: u16) -> Vec<u8> {
    [n.to_le_bytes(), n.to_be_bytes()].concat()
}

/// Eight letters, a dot, three letters and a version, unlike those of the other files.
fn short_name(name: &str, others: &[File<'_>]) -> String {
    let letters = |text: &str, most: usize| -> String {
        let letter = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
        text.chars().map(letter).take(most).collect()
    };
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    let names = (0_usize..).map(|n| match n {
        0 => format!("{}.{};1", letters(stem, 8), letters(extension, 3)),
        n => format!("{}{n:03}.{};1", letters(stem, 5), letters(extension, 3)),
    });
    // There is one: at most a few files fit into the directory.
    names.take(1000).find(|short| others.iter().all(|file| file.short != *short)).unwrap_or_default()
}

/// A text of fixed length, filled up with blanks.
fn padded(text: &str, length: usize, wide: bool) -> Vec<u8> {
    let unit = |b: u8| if wide { vec![0, b] } else { vec![b] };
    let blanks = std::iter::repeat(b' ');
    let mut all: Vec<u8> = text.bytes().chain(blanks).flat_map(unit).take(length).collect();
    if wide && length % 2 == 1 {
        // Half of a letter would be left.
        all[length - 1] = 0;
    }
    all
}

fn descriptor(label: &str, created: u32, sectors: usize, joliet: bool) -> Vec<u8> {
    let text = |text: &str, length| padded(text, length, joliet);
    let [year, month, day, hour, minute, second] = calendar::utc(created);
    let date = format!("{year:04}{month:02}{day:02}{hour:02}{minute:02}{second:02}00\0");
    let never = "0000000000000000\0";
    let (kind, table, root) = if joliet { (2, TABLES + 2, JOLIET_ROOT) } else { (1, TABLES, PRIMARY_ROOT) };
    let mut escapes = [0; 32];
    if joliet {
        // The third level of the letters that Joliet has.
        escapes[..3].copy_from_slice(b"%/E");
    }
    let mut all = vec![kind];
    for part in [
        b"CD001\x01\0".to_vec(),
        text("LINUX", 32),
        text(label, 32),
        vec![0; 8],
        both(number(sectors)),
        escapes.to_vec(),
        both_short(1),
        both_short(1),
        both_short(2048),
        both(10),
        number(table).to_le_bytes().to_vec(),
        vec![0; 4],
        number(table + 1).to_be_bytes().to_vec(),
        vec![0; 4],
        record(&[0], root, SECTOR, created, DIRECTORY, &[]),
        // Names of a set, its makers, and files that hold legal texts: there are none.
        text("", 128 * 4),
        text("", 37),
        text("", 37),
        text("", 37),
        [date.as_bytes(), date.as_bytes(), never.as_bytes(), never.as_bytes()].concat(),
        vec![1],
    ] {
        all.extend(part);
    }
    all
}

/// One entry of a directory.
fn record(name: &[u8], sector: usize, size: usize, created: u32, flags: u8, extension: &[u8]) -> Vec<u8> {
    let [year, month, day, hour, minute, second] = calendar::utc(created);
    let date =
        [year - 1900, month, day, hour, minute, second, 0].map(|n| u8::try_from(n).unwrap_or_default());
    let mut all = vec![0, 0];
    all.extend(
        [both(number(sector)), both(number(size)), date.to_vec(), vec![flags, 0, 0], both_short(1)].concat(),
    );
    all.push(u8::try_from(name.len()).unwrap_or_default());
    all.extend(name);
    for part in [&[][..], extension] {
        all.extend(part);
        if all.len() % 2 == 1 {
            all.push(0);
        }
    }
    // Names have 32 letters at most, so this is far below 255.
    all[0] = u8::try_from(all.len()).unwrap_or_default();
    all
}

/// Rock Ridge: who may do what.
fn posix(mode: u32, links: u32) -> Vec<u8> {
    [&b"PX\x24\x01"[..], &both(mode), &both(links), &both(0), &both(0)].concat()
}

fn directory(files: &[File<'_>], created: u32, joliet: bool) -> Result<Vec<u8>> {
    let root = if joliet { JOLIET_ROOT } else { PRIMARY_ROOT };
    let (mut here, mut above) = (Vec::new(), Vec::new());
    if !joliet {
        above = posix(0o40_555, 2);
        // The first entry says that the extension is there, and which.
        here = [&b"SP\x07\x01\xbe\xef\0"[..], &above, b"ER\x12\x01\x0a\0\0\x01RRIP_1991A"].concat();
    }
    let mut all = record(&[0], root, SECTOR, created, DIRECTORY, &here);
    all.extend(record(&[1], root, SECTOR, created, DIRECTORY, &above));
    for file in files {
        let (name, extension) = if joliet {
            (file.name.bytes().flat_map(|b| [0, b]).collect(), Vec::new())
        } else {
            let length = u8::try_from(5 + file.name.len()).unwrap_or_default();
            let real = [b"NM", &[length, 1, 0][..], file.name.as_bytes()].concat();
            (file.short.clone().into_bytes(), [posix(0o100_400, 1), real].concat())
        };
        all.extend(record(&name, file.sector, file.content.len(), created, 0, &extension));
    }
    if all.len() > SECTOR {
        return Err(bad("files", "they are more than one directory holds"));
    }
    Ok(all)
}
