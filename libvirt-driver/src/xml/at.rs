//! Reading a document strictly where something is needed, with the place in every complaint.

use std::fmt;
use std::str::FromStr;

use proxmox_core::config::MacAddr;
use proxmox_core::{Error, Outcome, Result, Size};
use uuid::Uuid;

use super::Element;
use super::units;

/// An element and the way to it.
#[derive(Clone, Copy)]
pub(crate) struct At<'a> {
    element: &'a Element,
    parent: Option<&'a Self>,
}

impl<'a> At<'a> {
    /// The outermost element, which must have this name.
    pub(crate) fn root(element: &'a Element, name: &str) -> Result<Self> {
        if element.name() == name {
            return Ok(Self { element, parent: None });
        }
        let found = element.name();
        Err(Error::decode(Outcome::Rejected, format!("XML document: expected <{name}>, found <{found}>")))
    }

    pub(crate) fn element(&self) -> &'a Element {
        self.element
    }

    pub(crate) fn child(&'a self, name: &str) -> Option<Self> {
        Some(Self { element: self.element.child(name)?, parent: Some(self) })
    }

    pub(crate) fn children(&'a self, name: &'a str) -> impl Iterator<Item = Self> {
        let all = self.element.children().filter(move |child| child.name() == name);
        all.map(|element| Self { element, parent: Some(self) })
    }

    pub(crate) fn need(&'a self, name: &str) -> Result<Self> {
        self.child(name).ok_or_else(|| self.error(&format!("it has no <{name}>")))
    }

    pub(crate) fn attribute(&self, name: &str) -> Option<&'a str> {
        self.element.attribute(name)
    }

    pub(crate) fn need_attribute(&self, name: &str) -> Result<&'a str> {
        self.attribute(name).ok_or_else(|| self.error(&format!("it has no attribute {name}")))
    }

    /// A number in an attribute, if it is there.
    pub(crate) fn number_in<T: FromStr>(&self, name: &str) -> Result<Option<T>> {
        let number = |text: &str| {
            text.trim()
                .parse()
                .map_err(|_| self.error(&format!("attribute {name}: {text:?} is not a number")))
        };
        self.attribute(name).map(number).transpose()
    }

    /// The text of a child, if the child is there and has one.
    pub(crate) fn text_of(&self, name: &str) -> Option<String> {
        self.element.child(name).map(Element::text).filter(|text| !text.is_empty())
    }

    /// An attribute of a child.
    pub(crate) fn attribute_of(&self, child: &str, name: &str) -> Option<String> {
        self.element.child(child)?.attribute(name).map(str::to_owned)
    }

    /// The text of a child that must be there and not empty.
    pub(crate) fn need_text(&'a self, name: &str) -> Result<String> {
        let text = self.need(name)?.element.text();
        if text.is_empty() { Err(self.error(&format!("its <{name}> is empty"))) } else { Ok(text) }
    }

    pub(crate) fn number<T: FromStr>(&self) -> Result<T> {
        let text = self.element.text();
        text.trim().parse().map_err(|_| self.error(&format!("{text:?} is not a number")))
    }

    /// An amount with its unit; this one if it names none.
    pub(crate) fn size(&self, unit: &str) -> Result<Size> {
        let text = self.element.text();
        let unit = self.attribute("unit").unwrap_or(unit);
        units::size(text.trim(), unit).ok_or_else(|| self.error(&format!("{text:?} {unit} is not an amount")))
    }

    pub(crate) fn size_of(&'a self, name: &str, unit: &str) -> Result<Option<Size>> {
        self.child(name).map(|child| child.size(unit)).transpose()
    }

    pub(crate) fn uuid(&'a self) -> Result<Uuid> {
        let text = self.need_text("uuid")?;
        Uuid::try_parse(text.trim()).map_err(|_| self.error(&format!("its <uuid> {text:?} is not a UUID")))
    }

    /// The address in `<mac>`, if there is one.
    pub(crate) fn mac(&self) -> Result<Option<MacAddr>> {
        let read = |text: String| {
            MacAddr::parse(&text).map_err(|_| self.error(&format!("{text:?} is not a MAC address")))
        };
        self.attribute_of("mac", "address").map(read).transpose()
    }

    pub(crate) fn error(&self, why: &str) -> Error {
        Error::decode(Outcome::Rejected, format!("XML document, {self}: {why}"))
    }
}

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent {
            write!(f, "{parent}/")?;
        }
        f.write_str(self.element.name())
    }
}
