//! A document as a tree that loses nothing: what this crate does not know of stays where it is.

/// One element of an XML document, with everything in it.
///
/// Reading and writing gives the same document again, apart from the XML declaration, the choice of quotes and CDATA sections, which
/// become text. Documents with a document type are refused: libvirt writes none, and entities are a way to attack readers.
///
/// ```
/// use libvirt_driver::xml::Element;
/// let mut volume = Element::parse("<volume><name>a &amp; b</name><new-in-libvirt-99/></volume>")?;
/// assert_eq!(volume.child("name").map(Element::text).as_deref(), Some("a & b"));
/// volume.edit("name", |name| name.set_text("c < d"));
/// assert_eq!(volume.to_xml()?, "<volume><name>c &lt; d</name><new-in-libvirt-99/></volume>");
/// # Ok::<(), proxmox_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element {
    pub(super) name: String,
    pub(super) attributes: Vec<(String, String)>,
    pub(super) nodes: Vec<Node>,
}

/// What stands inside an element.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Node {
    /// An element.
    Element(Element),
    /// Text, with its character references resolved.
    Text(String),
    /// A comment.
    Comment(String),
    /// A processing instruction, from its target on.
    Instruction(String),
}

impl Element {
    /// An empty element of this name, with its prefix if it has one.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), attributes: Vec::new(), nodes: Vec::new() }
    }

    /// With this attribute as well.
    #[must_use]
    pub fn with_attribute(mut self, name: &str, value: impl Into<String>) -> Self {
        self.set_attribute(name, value);
        self
    }

    /// With this text as its content.
    #[must_use]
    pub fn with_text(mut self, text: impl Into<String>) -> Self {
        self.set_text(text);
        self
    }

    /// With this element at its end.
    #[must_use]
    pub fn with(mut self, child: Self) -> Self {
        self.push(child);
        self
    }

    /// With these elements at its end.
    #[must_use]
    pub fn with_all(mut self, children: impl IntoIterator<Item = Self>) -> Self {
        self.nodes.extend(children.into_iter().map(Node::Element));
        self
    }

    /// The name as it is written, with its prefix.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The prefix and the name without it.
    #[must_use]
    pub fn split_name(&self) -> (Option<&str>, &str) {
        self.name.split_once(':').map_or((None, &self.name), |(prefix, local)| (Some(prefix), local))
    }

    /// The namespace of its name, where the element declares it itself.
    #[must_use]
    pub fn own_namespace(&self) -> Option<&str> {
        match self.split_name().0 {
            Some(prefix) => self.attribute(&format!("xmlns:{prefix}")),
            None => self.attribute("xmlns"),
        }
    }

    /// The value of an attribute.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// All attributes in order.
    pub fn attributes(&self) -> impl Iterator<Item = (&str, &str)> {
        self.attributes.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Everything inside in order.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The elements directly inside, in order.
    pub fn children(&self) -> impl Iterator<Item = &Self> {
        self.nodes.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            _ => None,
        })
    }

    /// The elements directly inside, to be changed.
    pub fn children_mut(&mut self) -> impl Iterator<Item = &mut Self> {
        self.nodes.iter_mut().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            _ => None,
        })
    }

    /// The first element of this name directly inside.
    #[must_use]
    pub fn child(&self, name: &str) -> Option<&Self> {
        self.children().find(|child| child.name == name)
    }

    /// The text directly inside, without that of its elements.
    #[must_use]
    pub fn text(&self) -> String {
        self.nodes.iter().fold(String::new(), |mut all, node| {
            if let Node::Text(text) = node {
                all.push_str(text);
            }
            all
        })
    }

    /// Sets an attribute, in its place if it is there already.
    pub fn set_attribute(&mut self, name: &str, value: impl Into<String>) {
        let value = value.into();
        match self.attributes.iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) => *old = value,
            None => self.attributes.push((name.to_owned(), value)),
        }
    }

    /// Takes an attribute away, and says whether it was there.
    pub fn remove_attribute(&mut self, name: &str) -> bool {
        let before = self.attributes.len();
        self.attributes.retain(|(known, _)| known != name);
        self.attributes.len() < before
    }

    /// Replaces all content by this text.
    pub fn set_text(&mut self, text: impl Into<String>) {
        let text = text.into();
        self.nodes.clear();
        if !text.is_empty() {
            self.nodes.push(Node::Text(text));
        }
    }

    /// Adds an element at the end.
    pub fn push(&mut self, child: Self) {
        self.nodes.push(Node::Element(child));
    }

    /// The first element of this name directly inside, to be changed.
    pub fn child_mut(&mut self, name: &str) -> Option<&mut Self> {
        self.children_mut().find(|child| child.name == name)
    }

    /// Changes the first element of this name directly inside, which is added at the end if there is none.
    pub fn edit(&mut self, name: &str, change: impl FnOnce(&mut Self)) {
        match self.child_mut(name) {
            Some(child) => change(child),
            None => {
                let mut child = Self::new(name);
                change(&mut child);
                self.push(child);
            }
        }
    }

    /// Takes away the elements directly inside for which this holds, and says how many.
    pub fn remove_children(&mut self, mut which: impl FnMut(&Self) -> bool) -> usize {
        let before = self.nodes.len();
        self.nodes.retain(|node| !matches!(node, Node::Element(element) if which(element)));
        before - self.nodes.len()
    }
}
