//! Output of lines: `Name: value`, single values, and what several commands print one after the other.

use std::str::FromStr;

use super::form::{Read, Unread};
use crate::rpc::Uuid;
use crate::xml::Element;

/// Lines of names and values.
pub(super) struct Fields<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Fields<'a> {
    pub(super) fn of(output: &'a str) -> Self {
        let pair = |line: &'a str| line.split_once(':').map(|(name, value)| (name.trim(), value.trim()));
        Self(output.lines().filter_map(pair).collect())
    }

    pub(super) fn maybe(&self, name: &str) -> Option<&'a str> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }

    pub(super) fn text(&self, name: &str) -> Read<&'a str> {
        self.maybe(name).ok_or_else(|| Unread::Malformed(format!("there is no `{name}:`")))
    }

    /// A number, with a unit behind it or none.
    pub(super) fn number<N: FromStr>(&self, name: &str) -> Read<N> {
        let text = self.text(name)?;
        number(text.split(' ').next().unwrap_or(text))
    }
}

pub(super) fn number<N: FromStr>(text: &str) -> Read<N> {
    text.trim().parse().map_err(|_| Unread::Malformed(format!("{text:?} is no number of its kind")))
}

pub(super) fn uuid(text: &str) -> Read<Uuid> {
    text.trim().parse().map_err(|_| Unread::Malformed(format!("{text:?} is no UUID")))
}

/// A document. virsh ends it with line breaks of its own, the daemon with one.
pub(super) fn document(output: &str) -> Read<String> {
    if output.trim_start().starts_with('<') {
        Ok(format!("{}\n", output.trim_end_matches('\n')))
    } else {
        Err(Unread::Malformed("there is no XML document".to_owned()))
    }
}

pub(super) fn parsed(output: &str) -> Read<Element> {
    Element::parse(output).map_err(|e| Unread::Malformed(e.to_string()))
}

/// The text of a child that must be there.
pub(super) fn child(element: &Element, name: &str) -> Read<String> {
    let found = element.child(name).map(Element::text);
    found.ok_or_else(|| Unread::Malformed(format!("<{}> has no <{name}>", element.name())))
}

/// What each of several commands has printed: each but the last prints lines, and an empty one after them.
pub(super) fn parts<const N: usize>(output: &str) -> Read<[&str; N]> {
    let mut parts = [""; N];
    let mut rest = output;
    for (i, part) in parts.iter_mut().enumerate() {
        if i + 1 == N {
            *part = rest;
        } else {
            (*part, rest) = next_part(rest).ok_or_else(|| {
                Unread::Malformed(format!("of {N} commands only {} have printed something", i + 1))
            })?;
        }
    }
    Ok(parts)
}

/// The lines up to the first empty one, and what comes behind it.
pub(super) fn next_part(output: &str) -> Option<(&str, &str)> {
    if let Some(rest) = output.strip_prefix('\n') {
        return Some(("", rest));
    }
    output.split_once("\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_with_units() {
        let fields =
            Fields::of("Name:           a:b\nCapacity:       1500000 bytes\ntotal  :      2468 KiB\n\n");
        assert_eq!(fields.text("Name").unwrap(), "a:b");
        assert_eq!(fields.number::<u64>("Capacity").unwrap(), 1_500_000);
        assert_eq!(fields.number::<u64>("total").unwrap(), 2468);
        assert!(fields.number::<u64>("Name").is_err() && fields.text("State").is_err());
    }

    #[test]
    fn outputs_one_after_the_other() {
        assert_eq!(parts("a\nb\n\n\nc\n\n").unwrap(), ["a\nb", "", "c\n\n"]);
        assert_eq!(parts("\n\n").unwrap(), ["", "\n"]);
        assert!(parts::<2>("a\n").is_err());
    }

    #[test]
    fn a_document_ends_as_the_daemons_do() {
        assert_eq!(document("<a/>\n\n\n").unwrap(), "<a/>\n");
        assert!(document("\n").is_err());
    }
}
