//! Title, description, and elements of other programs.

use proxmox_core::{Error, Result};

use super::command::Command;
use super::fields::{document, parsed};
use super::form::{Form, Unread};
use crate::rpc::DomainRef;
use crate::xml::Element;

const DESCRIPTION: i32 = 0;
const TITLE: i32 = 1;

pub(crate) fn metadata(
    (domain, kind, uri, flags): (DomainRef, i32, Option<String>, u32),
) -> Result<Form<String>> {
    match kind {
        DESCRIPTION => text(&domain, "description", flags),
        TITLE => text(&domain, "title", flags),
        _ => {
            let command = Command::new("metadata").domain(&domain).with("--uri", uri.unwrap_or_default());
            let form = Form::new(command.impact(flags, &[])?, document);
            // The daemon ends it without a line break.
            Ok(form.and(|text| Ok(text.trim_end_matches('\n').to_owned())))
        }
    }
}

/// virsh prints a sentence where there is none: the domain's document tells.
fn text(domain: &DomainRef, name: &'static str, flags: u32) -> Result<Form<String>> {
    let command = Command::new("dumpxml").domain(domain);
    // To look at both at once is refused by the daemon as well.
    if flags & 3 == 3 {
        return Err(Error::invalid("flags", "flags: either the running domain or its definition"));
    }
    let command = command.flags(flags & !1, &[(2, "--inactive")])?;
    Ok(Form::new(command, move |output| {
        let domain = parsed(output)?;
        if flags & 1 != 0 && domain.attribute("id").is_none() {
            return Err(Unread::refused(55, "Requested operation is not valid: domain is not running"));
        }
        let missing = || Unread::refused(80, "metadata not found: Requested metadata element is not present");
        domain.child(name).map(Element::text).ok_or_else(missing)
    }))
}

type Setting = (DomainRef, i32, Option<String>, Option<String>, Option<String>, u32);

pub(crate) fn set_metadata((domain, kind, value, key, uri, flags): Setting) -> Result<Form<()>> {
    let command = match kind {
        DESCRIPTION | TITLE => {
            let command = Command::new("desc").domain(&domain);
            let command = if kind == TITLE { command.option("--title") } else { command };
            command.impact(flags, &[])?.with("--new-desc", value.unwrap_or_default())
        }
        _ => {
            let command = Command::new("metadata").domain(&domain).with("--uri", uri.unwrap_or_default());
            let command = command.impact(flags, &[])?;
            match value {
                Some(value) => command.maybe("--key", key).with("--set", value),
                None => command.option("--remove"),
            }
        }
    };
    Ok(Form::plain(command))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tiny() -> DomainRef {
        let uuid = "c8025a57-4793-4637-a4ea-11dd8234eb57".parse().unwrap();
        DomainRef { name: "tiny".to_owned(), uuid, id: -1 }
    }

    #[test]
    fn a_title_is_in_the_document_or_missing() {
        let read = |flags, xml: &str| metadata((tiny(), TITLE, None, flags)).unwrap().answer(xml);
        let xml = "<domain><title>a &lt; b</title></domain>\n\n";
        assert_eq!(read(2, xml).unwrap(), "a < b");
        let code = |answer| match answer {
            Err(Unread::Refused(error)) => error.code,
            other => panic!("{other:?}"),
        };
        assert_eq!(code(read(0, "<domain/>\n")), 80);
        assert_eq!(code(read(1, xml)), 55);
        assert!(metadata((tiny(), TITLE, None, 3)).is_err());
        let form = metadata((tiny(), 2, Some("https://a/".to_owned()), 2)).unwrap();
        assert!(form.lines()[0].ends_with("--uri https://a/ --config"));
        assert_eq!(form.answer("<tags/>\n\n").unwrap(), "<tags/>");
    }

    #[test]
    fn what_begins_with_a_dash_is_a_value() {
        let set = |kind, value: Option<&str>| {
            let (key, uri) = (Some("t".to_owned()), Some("https://a/".to_owned()));
            let form = set_metadata((tiny(), kind, value.map(str::to_owned), key, uri, 2)).unwrap();
            form.lines()[0].split_once("eb57 ").unwrap().1.to_owned()
        };
        assert_eq!(set(TITLE, Some("--live")), "--title --config --new-desc --live");
        assert_eq!(set(DESCRIPTION, None), "--config --new-desc ");
        assert_eq!(set(2, Some("<a/>")), "--uri https://a/ --config --key t --set <a/>");
        assert_eq!(set(2, None), "--uri https://a/ --config --remove");
    }
}
