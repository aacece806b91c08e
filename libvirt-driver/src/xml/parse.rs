use proxmox_core::{Error, Outcome, Result};
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

use super::check;
use super::element::{Element, Node};

/// Deeper than any document of libvirt by far; what is deeper would only be there to exhaust the stack.
const DEPTH: usize = 100;

impl Element {
    /// Reads a document.
    ///
    /// # Errors
    /// `Decode` with the place of what is not well-formed, and for document types, foreign entities, characters that XML does not
    /// have, more than one outermost element, and elements nested deeper than 100 levels.
    pub fn parse(text: &str) -> Result<Self> {
        let mut reader = Reader::from_str(text);
        let mut open: Vec<Self> = Vec::new();
        let mut root = None;
        loop {
            let event = reader.read_event();
            let place = reader.buffer_position();
            let bad = |why: &str| malformed(place, why);
            let node = match event.map_err(|e| malformed(reader.error_position(), &e.to_string()))? {
                Event::Start(start) => {
                    if open.len() >= DEPTH {
                        return Err(bad("elements are nested too deeply"));
                    }
                    open.push(element(&start, place)?);
                    continue;
                }
                Event::Empty(start) => Node::Element(element(&start, place)?),
                Event::End(_) => match open.pop() {
                    Some(element) => Node::Element(element),
                    None => return Err(bad("an end tag has no beginning")),
                },
                Event::Text(text) => Node::Text(text.xml10_content().into_owned()),
                Event::CData(text) => Node::Text(text.xml10_content().into_owned()),
                Event::GeneralRef(name) => {
                    let text = match name.resolve_char_ref().map_err(|e| bad(&e.to_string()))? {
                        Some(char) => char.to_string(),
                        None => quick_xml::escape::resolve_predefined_entity(&name)
                            .ok_or_else(|| bad("it uses an entity that XML does not predefine"))?
                            .to_owned(),
                    };
                    Node::Text(text)
                }
                Event::Comment(text) => Node::Comment(text.xml10_content().into_owned()),
                Event::PI(text) => Node::Instruction(text.to_string()),
                Event::Decl(_) => continue,
                Event::DocType(_) => return Err(bad("it has a document type")),
                Event::Eof => break,
            };
            if let Node::Text(text) = &node
                && let Some(char) = check::foreign(text)
            {
                return Err(bad(&format!("XML has no character {char:?}")));
            }
            match (open.last_mut(), node) {
                (Some(parent), node) => parent.take_in(node),
                (None, Node::Element(element)) if root.is_none() => root = Some(element),
                (None, Node::Element(_)) => return Err(bad("it has more than one outermost element")),
                (None, Node::Text(text)) if !text.trim_ascii().is_empty() => {
                    return Err(bad("text stands outside of all elements"));
                }
                // Comments and line ends around the document say nothing to libvirt either.
                (None, _) => {}
            }
        }
        match (root, open.pop()) {
            (_, Some(unfinished)) => {
                Err(malformed(reader.buffer_position(), &format!("<{}> is not closed", unfinished.name)))
            }
            (Some(root), None) => Ok(root),
            (None, None) => Err(malformed(0, "it has no element")),
        }
    }

    fn take_in(&mut self, node: Node) {
        match (self.nodes.last_mut(), node) {
            // References and CDATA sections cut one text into pieces.
            (Some(Node::Text(before)), Node::Text(text)) => before.push_str(&text),
            (_, Node::Text(text)) if text.is_empty() => {}
            (_, node) => self.nodes.push(node),
        }
    }
}

fn element(start: &BytesStart<'_>, place: u64) -> Result<Element> {
    let bad = |why: &str| malformed(place, why);
    let mut element = Element::new(start.name().as_ref());
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|e| bad(&e.to_string()))?;
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|e| bad(&e.to_string()))?;
        if let Some(char) = check::foreign(&value) {
            return Err(bad(&format!("XML has no character {char:?}")));
        }
        element.attributes.push((attribute.key.as_ref().to_owned(), value.into_owned()));
    }
    let names = element.attributes.iter().map(|(name, _)| name.as_str());
    match std::iter::once(element.name()).chain(names).find(|name| !check::is_xml_name(name)) {
        Some(name) => Err(bad(&format!("{name:?} is not a name"))),
        None => Ok(element),
    }
}

/// Texts that are read were answers: the daemon has done what it was asked.
fn malformed(place: u64, why: &str) -> Error {
    Error::decode(Outcome::Rejected, format!("XML document, byte {place}: {why}"))
}
