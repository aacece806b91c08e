use proxmox_core::{Error, Result};
use quick_xml::events::{BytesEnd, BytesPI, BytesStart, BytesText, Event};
use quick_xml::writer::Writer;

use super::check;
use super::element::{Element, Node};

impl Element {
    /// The document as text, on one line unless its texts have several.
    ///
    /// # Errors
    /// `InvalidInput` naming the element whose name, attribute, text or comment XML cannot carry.
    pub fn to_xml(&self) -> Result<String> {
        let mut writer = Writer::new(Vec::new());
        self.write(&mut writer)?;
        String::from_utf8(writer.into_inner()).map_err(|e| self.unwritable(&e.to_string()))
    }

    fn write(&self, writer: &mut Writer<Vec<u8>>) -> Result<()> {
        self.check()?;
        let start = BytesStart::new(self.name.as_str()).with_attributes(self.attributes());
        if self.nodes.is_empty() {
            return self.put(writer, Event::Empty(start));
        }
        self.put(writer, Event::Start(start))?;
        for node in &self.nodes {
            match node {
                Node::Element(element) => element.write(writer)?,
                Node::Text(text) => {
                    // Readers take a bare carriage return for a line feed.
                    let escaped = quick_xml::escape::escape(text.as_str()).replace('\r', "&#13;");
                    self.put(writer, Event::Text(BytesText::from_escaped(escaped)))?;
                }
                Node::Comment(text) => {
                    self.put(writer, Event::Comment(BytesText::from_escaped(text.as_str())))?;
                }
                Node::Instruction(text) => self.put(writer, Event::PI(BytesPI::new(text.as_str())))?,
            }
        }
        self.put(writer, Event::End(BytesEnd::new(self.name.as_str())))
    }

    fn put(&self, writer: &mut Writer<Vec<u8>>, event: Event<'_>) -> Result<()> {
        writer.write_event(event).map_err(|e| self.unwritable(&e.to_string()).with_source(e))
    }

    fn check(&self) -> Result<()> {
        let texts = self.nodes.iter().filter_map(|node| match node {
            Node::Text(text) | Node::Comment(text) | Node::Instruction(text) => Some(text.as_str()),
            Node::Element(_) => None,
        });
        let values = self.attributes.iter().map(|(_, value)| value.as_str());
        if let Some(char) = texts.chain(values).find_map(check::foreign) {
            return Err(self.unwritable(&format!("XML cannot carry {char:?}")));
        }
        let names = self.attributes.iter().map(|(name, _)| &name[..]);
        if let Some(name) =
            std::iter::once(&self.name[..]).chain(names).find(|name| !check::is_xml_name(name))
        {
            return Err(self.unwritable(&format!("{name:?} is not a name")));
        }
        let ends_early = |node: &Node| match node {
            Node::Comment(text) => text.contains("--") || text.ends_with('-'),
            Node::Instruction(text) => text.contains("?>"),
            _ => false,
        };
        if self.nodes.iter().any(ends_early) {
            return Err(self.unwritable("a comment or instruction holds its own end"));
        }
        Ok(())
    }

    fn unwritable(&self, why: &str) -> Error {
        Error::invalid(&self.name, format!("element <{}>: {why}", self.name.escape_debug()))
    }
}
